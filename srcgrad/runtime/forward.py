"""Forward mode: the tangent of each value, computed beside it as the program runs.

A number's tangent is found by the number's identity, an array's by the memory that it shows: a
buffer and its shadow of tangents, written together.

Like the reverse sweep, this code is differentiated itself when derivatives are nested.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.support import guarded
from srcgrad.rules.table import Rule
from srcgrad.runtime import anomaly, memory
from srcgrad.runtime.binding import binding_of
from srcgrad.runtime.cotangents import SCALARS, as_scalar, with_infinities
from srcgrad.runtime.levels import at
from srcgrad.runtime.undefined import without_derivative


class ForwardTrace:
    """Which values carry a tangent in one run, and the tangents."""

    def __init__(self) -> None:
        self.known: dict[int, Any] = {}
        self.tangents: dict[int, Any] = {}
        self.open = True

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
        binding = binding_of(rule)
        y_dot: Any = None
        for k in active:
            try:
                share = binding.jvp(k)(y, self.tangent(values[k]), *values)
            except ArithmeticError:
                share = with_infinities(binding.jvp(k), y, self.tangent(values[k]), *values)
            except NotImplementedError as error:
                raise without_derivative(rule.function, error) from None
            if rule.singular:
                share = guarded(self.tangent(values[k]), share)
            if y_dot is None:
                y_dot = share
            elif isinstance(y, (tuple, list)):
                y_dot = [a + b for a, b in zip(y_dot, share, strict=True)]
            else:
                y_dot = y_dot + share
        if watched is not None:
            anomaly.check_tangent(y_dot, watched)
        self.set(y, y_dot)

    def gather(self, outer: Any, x: np.ndarray, index: Any, y: Any) -> None:
        at(outer, self.picked, x, index, y)

    def picked(self, x: np.ndarray, index: Any, y: Any) -> None:
        self.set(y, self.tangent(x)[index])

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


def real_if(x_dot: Any, x: Any) -> Any:
    """The tangent of a real value is real."""
    return np.real(x_dot) if np.iscomplexobj(x_dot) and not np.iscomplexobj(x) else x_dot
