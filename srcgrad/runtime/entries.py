"""What a reverse trace keeps of each step of a program, and how each step is walked back.

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

from srcgrad.rules.table import Rule
from srcgrad.runtime import anomaly, memory
from srcgrad.runtime.binding import binding_of
from srcgrad.runtime.cotangents import (
    LARGEST,
    LEAVES,
    Cotangents,
    as_scalar,
    present,
    settled,
    with_infinities,
    zeros_of,
)
from srcgrad.runtime.undefined import Where, without_derivative


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
            y_bar: Any = [zeros_of(v) if part is None else part for v, part in zip(y, parts, strict=True)]
            y_bar = y_bar if isinstance(y, list) else tuple(y_bar)
            present.parts = y_bar
        else:
            y_bar = bars.take(y)
            if y_bar is None:
                return
        binding = binding_of(self.rule)
        for k in self.active:
            try:
                amount = binding.vjp(k)(y, y_bar, *self.values)
            except ArithmeticError:
                amount = with_infinities(binding.vjp(k), y, y_bar, *self.values)
            if self.rule.singular:
                amount = settled(y_bar, amount)
            bars.add(self.values[k], amount)

    def operands(self) -> list[Any]:
        """What the reverse step adds cotangents to."""
        return [self.values[k] for k in self.active]


class Placed:
    """An operation whose rule may refuse, and where in the program it was made."""

    __slots__ = ("operation", "where")

    def __init__(self, operation: Operation, where: Where) -> None:
        self.operation = operation
        self.where = where

    def reverse(self, bars: Cotangents) -> None:
        try:
            self.operation.reverse(bars)
        except NotImplementedError as error:
            raise without_derivative(self.operation.rule.function, error, self.where) from None

    def operands(self) -> list[Any]:
        """What the reverse step adds cotangents to."""
        return self.operation.operands()


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
            try:
                amount = self.pull1(self.y, y_bar, x, self.x2)
            except ArithmeticError:
                amount = with_infinities(self.pull1, self.y, y_bar, x, self.x2)
            if self.singular and not -LARGEST <= amount <= LARGEST and y_bar == 0.0:
                amount = settled(y_bar, amount)
            if type(amount) is not type(x):
                amount = as_scalar(amount, x)
            known = scalars.get(id(x))
            scalars[id(x)] = amount if known is None else known + amount
        if self.pull2 is not None:
            x = self.x2
            try:
                amount = self.pull2(self.y, y_bar, self.x1, x)
            except ArithmeticError:
                amount = with_infinities(self.pull2, self.y, y_bar, self.x1, x)
            if self.singular and not -LARGEST <= amount <= LARGEST and y_bar == 0.0:
                amount = settled(y_bar, amount)
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
        try:
            amount = self.pull(self.y, y_bar, x)
        except ArithmeticError:
            amount = with_infinities(self.pull, self.y, y_bar, x)
        if self.singular and not -LARGEST <= amount <= LARGEST and y_bar == 0.0:
            amount = settled(y_bar, amount)
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


class Put:
    """`x[index] = v` for one element of a real array."""

    __slots__ = ("active", "index", "new", "old", "v", "x")

    def __init__(self, x: np.ndarray, index: Any, old: Any, v: Any, active: bool) -> None:
        self.x = x
        self.index = index
        self.old = old
        self.v = v
        self.active = active
        self.new: Any = None

    def reverse(self, bars: Cotangents) -> None:
        x = self.x
        shadow = bars.known(x)
        if shadow is not None:
            if self.active:
                v = self.v
                amount = shadow[self.index]
                if x.base is not None and memory.sign_of(memory.owner(x), x) < 0:
                    amount = -amount
                if type(amount) is not type(v):
                    amount = as_scalar(amount, v)
                known = bars.scalars.get(id(v))
                bars.scalars[id(v)] = amount if known is None else known + amount
            shadow[self.index] = 0.0
        self.new = x[self.index]
        x[self.index] = self.old

    def again(self) -> None:
        """Make the write once more, after the sweep."""
        if self.new is not None:
            self.x[self.index] = self.new
            self.new = None

    def operands(self) -> list[Any]:
        """What the reverse step adds cotangents to."""
        return [self.v] if self.active else []


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
            if isinstance(self.v, LEAVES):
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

    def reverse(self, _bars: Cotangents) -> None:
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
            if isinstance(x, LEAVES):
                anomaly.check_backward(bars.known(x), self.where)

    def again(self) -> None:
        """As the entry in it."""
        if isinstance(self.entry, (Put, Write, Reshape)):
            self.entry.again()
