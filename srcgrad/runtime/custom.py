"""Functions that bring their own derivative: how a trace records a call of one.

`Pulled` is an entry whose cotangents a user's function computes. Where a user gave a rule for one mode
only, the other follows by transposition: both are linear in what they are given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from srcgrad.runtime import anomaly, tree
from srcgrad.runtime.cotangents import Cotangents, zeros_of
from srcgrad.runtime.forward import ForwardTrace
from srcgrad.runtime.levels import at, state
from srcgrad.runtime.reverse import ReverseTrace

Pull = Callable[[list[Any]], list[Any]]


class Pulled:
    """An entry: results, operands, and the function from the ones' cotangents to the others'."""

    def __init__(self, outputs: list[Any], inputs: list[Any], pull: Pull) -> None:
        self.outputs = outputs
        self.inputs = inputs
        self.pull = pull

    def operands(self) -> list[Any]:
        """What the reverse step adds cotangents to."""
        return self.inputs

    def reverse(self, bars: Cotangents) -> None:
        y_bars = [bars.take(y) for y in self.outputs]
        if all(y_bar is None for y_bar in y_bars):
            return
        given = [zeros_of(y) if y_bar is None else y_bar for y, y_bar in zip(self.outputs, y_bars, strict=True)]
        for x, x_bar in zip(self.inputs, self.pull(given), strict=True):
            bars.add(x, x_bar)


def innermost(leaves: list[Any]) -> int:
    """The index of the innermost level that a call with these operands concerns, or -1."""
    levels = state.levels
    for i in range(len(levels) - 1, -1, -1):
        if any(levels[i].is_active(x) for x in leaves):
            return i
    return -1


def record(y: Any, leaves: list[Any], level: int, pull: Pull, push: Callable[[list[Any]], list[Any]]) -> None:
    """Note in one level a call whose derivative is known as a function of all leaves at once."""
    levels = state.levels
    trace = levels[level]
    outputs = list(tree.leaves(y))
    if isinstance(trace, ReverseTrace):
        trace.append(Pulled(outputs, leaves, pull), anomaly.check_forward(outputs) if anomaly.watch.on else None)
        for x in leaves:
            trace.hold(x)
        trace.born(outputs)
    else:
        at(levels[:level], _push, trace, outputs, leaves, push)


def _push(trace: ForwardTrace, outputs: list[Any], leaves: list[Any], push: Any) -> None:
    y_dots = push([trace.tangent(x) for x in leaves])
    for y, y_dot in zip(outputs, y_dots, strict=True):
        trace.set(y, y_dot)
        if trace.support is not None:
            trace.support.everywhere(y)
