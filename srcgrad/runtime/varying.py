"""Why a tangent is zero: because a value does not vary, or because of the numbers that stand there now.

    np.sqrt(x) along (0, 1)     at (0, 1) the first root does not vary: its tangent is 0
    np.log(x * x)               at 0 the square has the tangent 2 x x_dot, which happens to be 0;
                                0 times infinity is not the derivative, and is left as NaN

A run that meets a zero times something not finite is made anew with a second set of tangents beside its own, the
support: random ones, pushed through the same operations at values a little beside those of the program. Where the
support is zero, no value that a derivative depends on has made the tangent zero. Of the support only that matters, so
each step puts fresh random numbers in place of what it computed; see `zeros` for reverse mode.

The support is never differentiated itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import Rule
from srcgrad.runtime.binding import binding_of
from srcgrad.runtime.cotangents import LEAVES, present
from srcgrad.runtime.operations import is_active
from srcgrad.runtime.zeros import Support, computed


class Variation:
    """The support of a run, in a trace of its own."""

    def __init__(self, trace: Any) -> None:
        self.trace = trace
        self.drawn = Support({})

    def begin(self, x: Any, x_dot: Any) -> None:
        """An input varies where its tangent is not zero, or depends on an input of another derivative."""
        self._set(x, (np.asarray(x_dot) != 0) | is_active(x_dot))

    def everywhere(self, y: Any) -> None:
        """A result of a function that brings its own derivative: as if it varied in each part."""
        self._set(y, True)

    def still(self, x: Any) -> Any:
        """Where an operand does not vary."""
        return False if isinstance(x, (list, tuple)) else np.asarray(self.trace.tangent(x)) == 0

    def picked(self, x: np.ndarray, index: Any, y: Any) -> None:
        self.trace.picked(x, index, y)

    def stored(self, x: np.ndarray, index: Any, v: Any) -> None:
        self.trace.stored(x, index, v)

    def follow(self, rule: Rule, y: Any, y_dot: Any, values: tuple[Any, ...], active: list[int]) -> None:
        """From the operands of an operation to its result, whose actual tangent is y_dot."""
        several = isinstance(y, (tuple, list))
        parts, dots = (list(y), list(y_dot)) if several else ([y], [y_dot])
        varies = [np.asarray(dot) != 0 for dot in dots]
        outer, present.run = present.run, None
        try:
            with np.errstate(all="ignore"):
                for share in self._shares(rule, values, active):
                    found = [True] * len(parts) if share is None else list(share) if several else [share]
                    varies = [v | (np.asarray(f) != 0) for v, f in zip(varies, found, strict=True)]
        finally:
            present.run = outer
        for part, where in zip(parts, varies, strict=True):
            self._set(part, where)

    def _shares(self, rule: Rule, values: tuple[Any, ...], active: list[int]) -> list[Any]:
        """What each operand's support adds to that of the result; None where the formula fails beside the values."""
        beside = tuple([self.drawn.beside(v) if k in active or is_active(v) else v for k, v in enumerate(values)])
        numbers = [np.float64(v) if type(v) is float else v for v in beside]
        binding = binding_of(rule)
        shares: list[Any] = []
        for k in active:
            try:
                shares.append(binding.jvp(k)(computed(rule, beside), self.trace.tangent(values[k]), *numbers))
            except Exception:
                shares.append(None)
        return shares

    def _set(self, y: Any, varies: Any) -> None:
        if isinstance(y, LEAVES):
            self.trace.set(y, self.drawn.weights(np.broadcast_to(varies, np.shape(y)), y))
