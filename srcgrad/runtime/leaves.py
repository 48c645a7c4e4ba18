"""The ends of a run: arguments going in as objects of their own, results and tangents coming out.

This code is differentiated itself when derivatives are nested.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.runtime import tree
from srcgrad.runtime.forward import ForwardTrace


def copied(x: Any) -> Any:
    """A leaf as a new object: an array of its own memory, a number of its own identity."""
    if isinstance(x, np.ndarray):
        return np.array(x, order="K") if type(x) is np.ndarray else np.array(x, order="K", subok=True)
    opposite = -x
    return -opposite  # exact for infinities and signed zeros too, and a new object


def copied_tree(argument: Any, seen: dict[int, Any]) -> Any:
    """An argument that is not differentiated, with its arrays and containers copied."""
    if id(argument) in seen:
        return seen[id(argument)]
    if isinstance(argument, np.ndarray):
        made: Any = np.array(argument, order="K") if type(argument) is np.ndarray else argument.copy()
    elif type(argument) is set:
        made = set(argument)
    elif (members := tree.children(argument)) is not None:
        made = tree.rebuild(argument, [copied_tree(m, seen) for m in members])
    else:
        return argument
    seen[id(argument)] = made
    return made


def copied_leaves(leaves: list[Any]) -> list[Any]:
    return [copied(x) for x in leaves]


def results_of(leaves: list[Any]) -> list[Any]:
    """The outputs as the caller's own arrays, apart from memory that a later sweep restores."""
    return [np.array(y) if isinstance(y, np.ndarray) else y for y in leaves]


def start(trace: ForwardTrace, inputs: list[Any], tangents: list[Any]) -> None:
    for x, x_dot in zip(inputs, tangents, strict=True):
        trace.set(x, x_dot)
        if trace.support is not None:
            trace.support.begin(x, x_dot)


def tangents_of(trace: ForwardTrace, outputs: list[Any]) -> list[Any]:
    """Tangents of the outputs, in their types."""
    return [_tangent_like(trace, y) for y in outputs]


def _tangent_like(trace: ForwardTrace, y: Any) -> Any:
    y_dot = trace.tangent(y)
    if isinstance(y, np.ndarray):
        return np.array(y_dot)
    return y_dot if trace.is_active(y) else type(y)(0.0)
