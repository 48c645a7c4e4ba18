"""Forward mode: the tangent of each value, computed beside it as the program runs.

A number's tangent is found by the number's identity, an array's by the memory that it shows: a
buffer and its shadow of tangents, written together.

Like the reverse sweep, this code is differentiated itself when derivatives are nested.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import Rule
from srcgrad.runtime import anomaly, memory
from srcgrad.runtime.binding import binding_of
from srcgrad.runtime.cotangents import SCALARS, as_scalar, moved, present, with_infinities
from srcgrad.runtime.levels import at
from srcgrad.runtime.undefined import without_derivative
from srcgrad.runtime.varying import Variation


class ForwardTrace:
    """Which values carry a tangent in one run, and the tangents."""

    def __init__(self, *, careful: bool = False) -> None:
        self.known: dict[int, Any] = {}
        self.tangents: dict[int, Any] = {}
        self.open = True
        self.met = False  # whether a zero of which the reason is not known was taken for that of a value that is still
        self.support = Variation(ForwardTrace()) if careful else None

    def is_active(self, x: Any) -> bool:
        if isinstance(x, np.ndarray):
            return id(memory.owner(x)) in self.known
        return id(x) in self.known

    def tangent(self, x: Any) -> Any:
        """The tangent of a value, of its structure; zero where it does not depend on the inputs."""
        if isinstance(x, np.ndarray):
            whole = memory.owner(x)
            shadow = self.tangents.get(id(whole))
            if shadow is None:
                return np.zeros(x.shape, x.dtype if x.dtype.kind in "fc" else float)
            return memory.view_of(shadow, whole, x)
        if isinstance(x, list):
            return [self.tangent(part) for part in x]
        if isinstance(x, tuple):
            return tuple([self.tangent(part) for part in x])
        known = self.tangents.get(id(x))
        return 0.0 if known is None else known

    def set(self, x: Any, x_dot: Any) -> None:
        """Give a new value its tangent."""
        if isinstance(x, np.ndarray):
            if x.dtype.kind not in "fc":
                return
            whole = memory.owner(x)
            shadow = self.tangents.get(id(whole))
            if shadow is None:
                shadow = np.zeros_like(whole)
                self.known[id(whole)] = whole
                self.tangents[id(whole)] = shadow
            part = memory.view_of(shadow, whole, x)
            part[...] = real_if(x_dot, x)
        elif isinstance(x, SCALARS):
            self.known[id(x)] = x
            self.tangents[id(x)] = as_scalar(x_dot, x)
        elif isinstance(x, (list, tuple)):
            for part, share in zip(x, x_dot, strict=True):
                self.set(part, share)

    def operation(
        self, outer: Any, rule: Rule, y: Any, values: tuple[Any, ...], active: list[int], watched: Any = None
    ) -> None:
        at(outer, self.computed, rule, y, values, active, watched)

    def computed(self, rule: Rule, y: Any, values: tuple[Any, ...], active: list[int], watched: Any) -> None:
        """The tangent of a result from those of the operands."""
        y_dot: Any = None
        outer = present.run, present.still
        present.run = self
        try:
            for k in active:
                if self.support is not None:
                    present.still = self.support.still(values[k])
                share = self._share(rule, k, y, values)
                if y_dot is None:
                    y_dot = share
                elif isinstance(y, (tuple, list)):
                    y_dot = [a + b for a, b in zip(y_dot, share, strict=True)]
                else:
                    y_dot = y_dot + share
        finally:
            present.run, present.still = outer
        if watched is not None:
            anomaly.check_tangent(y_dot, watched)
        if self.support is not None:
            self.support.follow(rule, y, y_dot, values, active)
        self.set(y, y_dot)

    def _share(self, rule: Rule, k: int, y: Any, values: tuple[Any, ...]) -> Any:
        """What the tangent of operand number k adds to that of the result."""
        push = binding_of(rule).jvp(k)
        x_dot = self.tangent(values[k])
        try:
            share = push(y, x_dot, *values)
        except ArithmeticError:
            share = with_infinities(push, y, x_dot, *values)
        except NotImplementedError as error:
            raise without_derivative(rule.function, error) from None
        return moved(x_dot, share) if rule.singular else share

    def gather(self, outer: Any, x: np.ndarray, index: Any, y: Any) -> None:
        at(outer, self.picked, x, index, y)

    def picked(self, x: np.ndarray, index: Any, y: Any) -> None:
        self.set(y, self.tangent(x)[index])
        if self.support is not None:
            self.support.picked(x, index, y)

    def holds(self, _x: np.ndarray) -> bool:
        """Whether a change of an array's memory has to be noted: nothing refers to earlier contents."""
        return False

    def prepared(self, _outer: Any, x: np.ndarray, index: Any, v: Any, active: bool) -> Any:
        """What is to be noted of a write that is about to happen, or None."""
        return (x, index, v) if active and x.dtype.kind in "fc" else None

    def written(self, outer: Any, entry: Any) -> None:
        """Make in the shadow the write that has happened."""
        at(outer, self.stored, *entry)

    def stored(self, x: np.ndarray, index: Any, v: Any) -> None:
        whole = memory.owner(x)
        if id(whole) not in self.known:
            self.known[id(whole)] = whole
            self.tangents[id(whole)] = np.zeros_like(whole)
        shadow = memory.view_of(self.tangents[id(whole)], whole, x)
        shadow[index] = real_if(self.tangent(v), x) if self.is_active(v) else 0.0
        if self.support is not None:
            self.support.stored(x, index, v)


def real_if(x_dot: Any, x: Any) -> Any:
    """The tangent of a real value is real."""
    return np.real(x_dot) if np.iscomplexobj(x_dot) and not np.iscomplexobj(x) else x_dot
