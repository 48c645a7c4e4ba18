"""Reverse mode: what a program did, kept as entries, and the sweep that walks them backwards.

An entry holds references, not copies: the program's own writes are entries too, and walking back
over a write first puts the old contents back. So every value that an entry refers to is, when the
sweep comes by, what it was when the entry was made (an undo log; after the sweep the writes are
made again, so that objects of the user's keep their final state and a pullback can be called twice).

This code is itself differentiated, by the same source rewriting, when a derivative is taken of a
derivative: it is plain Python over NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.rules.support import guarded, unbroadcast
from srcgrad.rules.table import Rule
from srcgrad.runtime import memory
from srcgrad.runtime.formulas import vjp_function

SCALARS = (float, complex, np.inexact)


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
    """A call of a function that has a rule."""

    def __init__(self, rule: Rule, y: Any, values: dict[str, Any], active: list[str]) -> None:
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
        for name in self.active:
            x = self.values[name]
            x_bar = vjp_function(self.rule, name)(y, y_bar, *self.values.values())
            if self.rule.singular:
                x_bar = guarded(y_bar, x_bar)
            bars.add(x, x_bar)


class Gather:
    """`y = x[index]` where y is a copy: a scalar, or the result of a mask or an integer array."""

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


class Write:
    """`x[index] = v`; `old` is what stood there."""

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
            if memory.repeats(self.index):
                # Of several writes to one element the last one counts.
                count = np.arange(v_bar.size).reshape(v_bar.shape)
                winner = np.zeros(self.x.shape, int)
                winner[self.index] = count
                v_bar = np.where(winner[self.index] == count, v_bar, 0.0)
            shadow[self.index] = 0.0
            if memory.sign_of(memory.owner(self.x), self.x) < 0:
                v_bar = -v_bar
            if isinstance(self.v, (np.ndarray, *SCALARS)):
                bars.add(self.v, trimmed(v_bar, self.v))
        self.new = np.array(self.x[self.index])
        self.x[self.index] = self.old

    def again(self) -> None:
        """Make the write once more, after the sweep."""
        if self.new is not None:
            self.x[self.index] = self.new
            self.new = None


def trimmed(v_bar: Any, v: Any) -> Any:
    """The cotangent without the leading dimensions of 1 that assignment allows v to have too many."""
    return np.reshape(v_bar, np.shape(v)) if np.ndim(v) > np.ndim(v_bar) else v_bar


class ReverseTrace:
    """The entries of one run, and which values in it depend on the inputs."""

    def __init__(self) -> None:
        self.entries: list[Any] = []
        self.known: dict[int, Any] = {}  # by id; holding the value keeps the id its own
        self.held: dict[int, Any] = {}  # buffers that entries refer to
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
        if isinstance(x, np.ndarray):
            whole = memory.owner(x)
            self.held[id(whole)] = whole
        elif isinstance(x, (list, tuple)):
            for part in x:
                self.hold(part)

    def operation(self, rule: Rule, y: Any, values: dict[str, Any], active: list[str]) -> None:
        self.entries.append(Operation(rule, y, values, active))
        for x in values.values():
            self.hold(x)
        self.born(y)

    def born(self, y: Any) -> None:
        """The result of an entry: active in each part that can be."""
        if isinstance(y, (tuple, list)):
            for part in y:
                self.born(part)
        elif (isinstance(y, np.ndarray) and y.dtype.kind in "fc") or isinstance(y, SCALARS):
            self.mark(y)
            self.hold(y)

    def gather(self, x: np.ndarray, index: Any, y: Any) -> None:
        self.entries.append(Gather(x, index, y))
        self.born(y)

    def before_write(self, x: np.ndarray, index: Any, v: Any, active: bool) -> None:
        """Note a write that is about to happen."""
        if active and x.dtype.kind in "fc":
            self.mark(x)
        elif id(memory.owner(x)) not in self.held:
            return
        entry = Write(x, index, np.array(x[index]), v, active and x.dtype.kind in "fc")
        if entry.active:
            self.hold(v)
        self.entries.append(entry)


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
        if isinstance(entry, Write):
            entry.again()
    return x_bars


Reverse = Callable[[Cotangents], None]
