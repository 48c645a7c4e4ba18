"""Reverse mode: what a program did, kept as entries, and the sweep that walks them backwards.

An entry holds references, not copies: the program's own writes are entries too, and walking back
over a write first puts the old contents back. So every value that an entry refers to is, when the
sweep comes by, what it was when the entry was made (an undo log; after the sweep the writes are
made again, so that objects of the user's keep their final state and a pullback can be called twice).

This code is itself differentiated, by the same source rewriting, when a derivative is taken of a
derivative: it is plain Python over NumPy.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from srcgrad.rules.support import guarded, unbroadcast
from srcgrad.rules.table import Rule
from srcgrad.runtime import anomaly, memory
from srcgrad.runtime.binding import Binding, binding_of
from srcgrad.runtime.levels import at

SCALARS = (float, complex, np.inexact)
LARGEST = float(np.finfo(float).max)
_LEAVES = (np.ndarray, float, complex, np.inexact)


class Cotangents:
    """The cotangents of a sweep: one number per scalar, one array per buffer of memory."""

    def __init__(self) -> None:
        self.scalars: dict[int, Any] = {}
        self.shadows: dict[int, np.ndarray] = {}

    def shadow(self, x: np.ndarray) -> np.ndarray:
        """The part of the shadow that belongs to x, made of zeros where there was none."""
        whole = memory.owner(x)
        shadow = self.shadows.get(id(whole))
        if shadow is None:
            shadow = self.shadows[id(whole)] = np.zeros_like(whole)
        return memory.view_of(shadow, whole, x)

    def add(self, x: Any, amount: Any) -> None:
        """Add to the cotangent of a value: a number, an array, or a sequence of such."""
        if isinstance(x, np.ndarray):
            if x.dtype.kind not in "fc":
                return
            amount = unbroadcast(amount, x)
            whole = memory.owner(x)
            if x is whole and id(whole) not in self.shadows:
                shadow = np.empty_like(whole)
                shadow[...] = amount
                self.shadows[id(whole)] = shadow
            else:
                shadow = self.shadow(x)
                if memory.sign_of(whole, x) < 0:
                    amount = -amount
                memory.add_into(shadow, amount)
        elif isinstance(x, SCALARS):
            amount = as_scalar(amount, x)
            known = self.scalars.get(id(x))
            self.scalars[id(x)] = amount if known is None else known + amount
        elif isinstance(x, (list, tuple)):
            for part, share in zip(x, amount):
                self.add(part, share)

    def take(self, y: Any) -> Any:
        """The cotangent of a value at its birth, or None where nothing depends on it."""
        if isinstance(y, np.ndarray):
            whole = memory.owner(y)
            shadow = self.shadows.pop(id(whole), None)
            if shadow is None:
                return None
            part = memory.each_once(memory.view_of(shadow, whole, y))
            return -part if memory.sign_of(whole, y) < 0 else part
        return self.scalars.pop(id(y), None)

    def known(self, x: Any) -> Any:
        """The cotangent of a value so far, or None."""
        if isinstance(x, np.ndarray):
            return self.shadow(x) if id(memory.owner(x)) in self.shadows else None
        return self.scalars.get(id(x))

    def get(self, x: Any) -> Any:
        """The cotangent of an input, zero where nothing depends on it."""
        if isinstance(x, np.ndarray):
            return self.shadow(x)
        known = self.scalars.get(id(x))
        return type(x)(0.0) if known is None else known


def as_scalar(amount: Any, x: Any) -> Any:
    """A cotangent in the type of the scalar that it belongs to."""
    if type(amount) is type(x):
        return amount
    amount = unbroadcast(amount, x)
    if isinstance(x, np.inexact):
        return np.asarray(amount, dtype=x.dtype)[()]
    if isinstance(amount, (np.ndarray, np.generic)):
        amount = amount.item()
    return amount if isinstance(amount, type(x)) else type(x)(amount)


def zeros_of(y: Any) -> Any:
    """The zero cotangent of one member of a tuple of results."""
    if isinstance(y, np.ndarray):
        return np.zeros(y.shape, y.dtype if y.dtype.kind in "fc" else float)
    return 0.0


class Operation:
    """A call of a function that has a rule: `values` are its parameters', `active` numbers some of them."""

    __slots__ = ("active", "rule", "values", "y")

    def __init__(self, rule: Rule, y: Any, values: tuple[Any, ...], active: list[int]) -> None:
        self.rule = rule
        self.y = y
        self.values = values
        self.active = active

    def reverse(self, bars: Cotangents) -> None:
        y = self.y
        if isinstance(y, (tuple, list)):
            parts = [bars.take(part) for part in y]
            if all(part is None for part in parts):
                return
            y_bar = [zeros_of(v) if part is None else part for v, part in zip(y, parts)]
            y_bar = y_bar if isinstance(y, list) else tuple(y_bar)
        else:
            y_bar = bars.take(y)
            if y_bar is None:
                return
        binding = binding_of(self.rule)
        for k in self.active:
            amount = binding.vjp(k)(y, y_bar, *self.values)
            if self.rule.singular:
                amount = guarded(y_bar, amount)
            bars.add(self.values[k], amount)

    def operands(self) -> list[Any]:
        """What the reverse step adds cotangents to."""
        return [self.values[k] for k in self.active]


class Step:
    """An operation on plain numbers, whose cotangents need no unbroadcasting."""

    __slots__ = ("pull1", "pull2", "singular", "x1", "x2", "y")

    def __init__(self, y: Any, x1: Any, x2: Any, pull1: Any, pull2: Any, singular: bool) -> None:
        self.y = y
        self.x1 = x1
        self.x2 = x2
        self.pull1 = pull1
        self.pull2 = pull2
        self.singular = singular

    def reverse(self, bars: Cotangents) -> None:
        scalars = bars.scalars
        y_bar = scalars.pop(id(self.y), None)
        if y_bar is None:
            return
        if self.pull1 is not None:
            x = self.x1
            amount = self.pull1(self.y, y_bar, x, self.x2)
            if self.singular and not -LARGEST <= amount <= LARGEST and y_bar == 0.0:
                amount = 0.0
            if type(amount) is not type(x):
                amount = as_scalar(amount, x)
            known = scalars.get(id(x))
            scalars[id(x)] = amount if known is None else known + amount
        if self.pull2 is not None:
            x = self.x2
            amount = self.pull2(self.y, y_bar, self.x1, x)
            if self.singular and not -LARGEST <= amount <= LARGEST and y_bar == 0.0:
                amount = 0.0
            if type(amount) is not type(x):
                amount = as_scalar(amount, x)
            known = scalars.get(id(x))
            scalars[id(x)] = amount if known is None else known + amount

    def operands(self) -> list[Any]:
        """What the reverse step adds cotangents to."""
        return [self.x1 if self.pull1 is not None else None, self.x2 if self.pull2 is not None else None]


class StepOfOne:
    """An operation on one plain number."""

    __slots__ = ("pull", "singular", "x", "y")

    def __init__(self, y: Any, x: Any, pull: Any, singular: bool) -> None:
        self.y = y
        self.x = x
        self.pull = pull
        self.singular = singular

    def reverse(self, bars: Cotangents) -> None:
        scalars = bars.scalars
        y_bar = scalars.pop(id(self.y), None)
        if y_bar is None:
            return
        x = self.x
        amount = self.pull(self.y, y_bar, x)
        if self.singular and not -LARGEST <= amount <= LARGEST and y_bar == 0.0:
            amount = 0.0
        if type(amount) is not type(x):
            amount = as_scalar(amount, x)
        known = scalars.get(id(x))
        scalars[id(x)] = amount if known is None else known + amount

    def operands(self) -> list[Any]:
        """What the reverse step adds cotangents to."""
        return [self.x]


class Pick:
    """`y = x[index]` where y is one element of a real array."""

    __slots__ = ("index", "x", "y")

    def __init__(self, x: np.ndarray, index: Any, y: Any) -> None:
        self.x = x
        self.index = index
        self.y = y

    def reverse(self, bars: Cotangents) -> None:
        y_bar = bars.scalars.pop(id(self.y), None)
        if y_bar is None:
            return
        x = self.x
        if x.base is None:
            shadow = bars.shadows.get(id(x))
            if shadow is None:
                shadow = bars.shadows[id(x)] = np.zeros_like(x)
            elif shadow.shape != x.shape:
                shadow = memory.view_of(shadow, x, x)
        else:
            shadow = bars.shadow(x)
            if memory.sign_of(memory.owner(x), x) < 0:
                y_bar = -y_bar
        shadow[self.index] += y_bar

    def operands(self) -> list[Any]:
        """What the reverse step adds cotangents to."""
        return [self.x]


class Gather:
    """`y = x[index]` where y is a copy: a scalar, or the result of a mask or an integer array."""

    __slots__ = ("index", "x", "y")

    def __init__(self, x: np.ndarray, index: Any, y: Any) -> None:
        self.x = x
        self.index = index
        self.y = y

    def reverse(self, bars: Cotangents) -> None:
        y_bar = bars.take(self.y)
        if y_bar is None:
            return
        if memory.sign_of(memory.owner(self.x), self.x) < 0:
            y_bar = -y_bar
        shadow = bars.shadow(self.x)
        if memory.overlaps_itself(self.x):
            x_bar = np.zeros(self.x.shape, self.x.dtype)
            np.add.at(x_bar, self.index, y_bar)
            memory.add_into(shadow, x_bar)
        elif memory.repeats(self.index):
            np.add.at(shadow, self.index, y_bar)
        else:
            shadow[self.index] += y_bar

    def operands(self) -> list[Any]:
        """What the reverse step adds cotangents to."""
        return [self.x]


class Write:
    """`x[index] = v`; `old` is what stood there."""

    __slots__ = ("active", "index", "new", "old", "v", "x")

    def __init__(self, x: np.ndarray, index: Any, old: Any, v: Any, active: bool) -> None:
        self.x = x
        self.index = index
        self.old = old
        self.v = v
        self.active = active
        self.new: Any = None

    def reverse(self, bars: Cotangents) -> None:
        if self.active:
            shadow = bars.shadow(self.x)
            v_bar = np.array(shadow[self.index])
            if memory.overlaps_itself(self.x):
                v_bar = np.where(last_of(memory.numbers_of(self.x)[self.index]), v_bar, 0.0)
            elif memory.repeats(self.index):
                numbers = np.arange(self.x.size).reshape(self.x.shape)
                v_bar = np.where(last_of(numbers[self.index]), v_bar, 0.0)
            shadow[self.index] = 0.0
            if memory.sign_of(memory.owner(self.x), self.x) < 0:
                v_bar = -v_bar
            if isinstance(self.v, _LEAVES):
                bars.add(self.v, trimmed(v_bar, self.v))
        self.new = np.array(self.x[self.index])
        self.x[self.index] = self.old

    def again(self) -> None:
        """Make the write once more, after the sweep."""
        if self.new is not None:
            self.x[self.index] = self.new
            self.new = None

    def operands(self) -> list[Any]:
        """What the reverse step adds cotangents to."""
        return [self.v]


def last_of(numbers: Any) -> Any:
    """Where an assignment in order leaves its value: at the last place of each of equal numbers."""
    flat = np.ravel(numbers)
    _, first = np.unique(flat[::-1], return_index=True)
    last = np.zeros(flat.size, bool)
    last[flat.size - 1 - first] = True
    return np.reshape(last, np.shape(numbers))


def trimmed(v_bar: Any, v: Any) -> Any:
    """The cotangent without the leading dimensions of 1 that assignment allows v to have too many."""
    return np.reshape(v_bar, np.shape(v)) if np.ndim(v) > np.ndim(v_bar) else v_bar


class Reshape:
    """`x.shape = …`: entries from before it refer to an array that had another shape."""

    __slots__ = ("new", "old", "x")

    def __init__(self, x: np.ndarray, old: tuple[int, ...], new: tuple[int, ...]) -> None:
        self.x = x
        self.old = old
        self.new = new

    def reverse(self, bars: Cotangents) -> None:
        reshape_in_place(self.x, self.old)

    def again(self) -> None:
        """Give the array its later shape once more, after the sweep."""
        reshape_in_place(self.x, self.new)

    def operands(self) -> list[Any]:
        """What the reverse step adds cotangents to."""
        return []


def reshape_in_place(x: np.ndarray, shape: tuple[int, ...]) -> None:
    """`x.shape = shape`, which NumPy warns of since 2.5."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        x.shape = shape


class Watched:
    """An entry under detect_anomaly(), and where in the program it was made."""

    __slots__ = ("entry", "where")

    def __init__(self, entry: Any, where: anomaly.Birth) -> None:
        self.entry = entry
        self.where = where

    def reverse(self, bars: Cotangents) -> None:
        self.entry.reverse(bars)
        for x in self.entry.operands():
            if isinstance(x, _LEAVES):
                anomaly.check_backward(bars.known(x), self.where)

    def again(self) -> None:
        """As the entry in it."""
        if isinstance(self.entry, (Write, Reshape)):
            self.entry.again()


class ReverseTrace:
    """The entries of one run, and which values in it depend on the inputs."""

    def __init__(self) -> None:
        self.entries: list[Any] = []
        self.known: dict[int, Any] = {}  # by id; holding the value keeps the id its own
        self.held: dict[int, Any] = {}  # the keepers of memory that entries refer to
        self.open = True

    def is_active(self, x: Any) -> bool:
        if isinstance(x, np.ndarray):
            return id(memory.owner(x)) in self.known
        return id(x) in self.known

    def mark(self, x: Any) -> None:
        """From here on x depends on the inputs."""
        if isinstance(x, np.ndarray):
            whole = memory.owner(x)
            self.known[id(whole)] = whole
        else:
            self.known[id(x)] = x

    def hold(self, x: Any) -> None:
        """An entry refers to x: changes of its memory are to be noted."""
        if isinstance(x, np.ndarray):
            kept = memory.keeper(x)
            self.held[id(kept)] = kept
        elif isinstance(x, (list, tuple)):
            for part in x:
                self.hold(part)

    def holds(self, x: np.ndarray) -> bool:
        """Whether a change of an array's memory has to be noted."""
        return id(memory.keeper(x)) in self.held

    def append(self, entry: Any, watched: Any = None) -> None:
        self.entries.append(entry if watched is None else Watched(entry, watched))

    def step(self, binding: Binding, y: Any, a: Any, b: Any, active_a: bool, active_b: bool) -> None:
        """Note an operation on two plain numbers."""
        texts = binding.rule.vjp
        pull_a = binding.vjp(0) if active_a and texts.get(binding.names[0]) else None
        pull_b = binding.vjp(1) if active_b and texts.get(binding.names[1]) else None
        if pull_a is not None or pull_b is not None:
            self.entries.append(Step(y, a, b, pull_a, pull_b, binding.rule.singular))
            self.known[id(y)] = y

    def step_of_one(self, binding: Binding, y: Any, x: Any) -> None:
        """Note an operation on one plain number."""
        if binding.rule.vjp.get(binding.names[0]):
            self.entries.append(StepOfOne(y, x, binding.vjp(0), binding.rule.singular))
            self.known[id(y)] = y

    def pick(self, x: np.ndarray, index: Any, y: Any) -> None:
        """Note the reading of one element of a real array."""
        self.entries.append(Pick(x, index, y))
        kept = memory.keeper(x)
        self.held[id(kept)] = kept
        self.known[id(y)] = y

    def operation(
        self, outer: Any, rule: Rule, y: Any, values: tuple[Any, ...], active: list[int], watched: Any = None
    ) -> None:
        self.append(Operation(rule, y, values, active), watched)
        for x in values:
            self.hold(x)
        self.born(y)

    def born(self, y: Any) -> None:
        """The result of an entry: active in each part that can be."""
        if isinstance(y, (tuple, list)):
            for part in y:
                self.born(part)
        elif isinstance(y, SCALARS):
            self.known[id(y)] = y
        elif isinstance(y, np.ndarray) and y.dtype.kind in "fc":
            self.mark(y)
            self.hold(y)

    def gather(self, outer: Any, x: np.ndarray, index: Any, y: Any) -> None:
        watched = anomaly.check_forward(y) if anomaly.watch.on else None
        self.append(Gather(x, index, y), watched)
        self.hold(x)
        self.born(y)

    def prepared(self, outer: Any, x: np.ndarray, index: Any, v: Any, active: bool) -> Any:
        """What is to be noted of a write that is about to happen, or None."""
        active = active and x.dtype.kind in "fc"
        if not active and not self.holds(x):
            return None
        return Write(x, index, at(outer, contents, x, index), v, active)

    def written(self, outer: Any, entry: Any) -> None:
        """Note a write that has happened."""
        if entry.active:
            self.mark(entry.x)
            self.hold(entry.v)
        self.hold(entry.x)
        self.append(entry, anomaly.here() if anomaly.watch.on else None)


def contents(x: np.ndarray, index: Any) -> Any:
    """What stands at an index, as an array of its own."""
    return np.array(x[index])


def sweep(trace: ReverseTrace, outputs: list[Any], y_bars: list[Any], inputs: list[Any]) -> list[Any]:
    """The cotangents of the inputs, given those of the outputs."""
    bars = Cotangents()
    for y, y_bar in zip(outputs, y_bars):
        if trace.is_active(y):
            bars.add(y, y_bar)
    for entry in trace.entries[::-1]:
        entry.reverse(bars)
    x_bars = [bars.get(x) for x in inputs]
    for entry in trace.entries:
        if isinstance(entry, (Write, Reshape, Watched)):
            entry.again()
    return x_bars
