"""Derivatives of any Python callable, by recording one run of it.

The caller's arguments are copied first, so that a program that writes into them changes nothing of
the caller's, and so that each differentiated number is an object of its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

import srcgrad.syntax.instrument  # noqa: F401 - gives the recorder its rewriter
from srcgrad.errors import Place, UnsupportedSyntaxError
from srcgrad.runtime import memory, tree
from srcgrad.runtime.forward import ForwardTrace
from srcgrad.runtime.leaves import copied_leaves, copied_tree, results_of, start, tangents_of
from srcgrad.runtime.levels import at, run, state
from srcgrad.runtime.operations import REINTERPRETING
from srcgrad.runtime.reverse import ReverseTrace, sweep

Pullback = Callable[[list[Any]], list[Any]]


def vjp(
    f: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], chosen: Sequence[int | str]
) -> tuple[Any, Pullback]:
    """The result of `f(*args, **kwargs)`, and a function from cotangents of its leaves to those of the inputs' leaves.

    `chosen` says which arguments are differentiated: positions in args, names in kwargs.
    """
    outer = state.levels
    inputs = at(outer, copied_leaves, leaves_of(args, kwargs, chosen))
    positional, named = _substituted(args, kwargs, chosen, inputs, outer)
    trace = ReverseTrace()
    for x in inputs:
        trace.mark(x)
        trace.hold(x)
    y = run(trace, f, *positional, **named)
    outputs = _checked(trace, f, tree.leaves(y))

    def pullback(y_bars: list[Any]) -> list[Any]:
        x_bars: list[Any] = at(state.levels, sweep, trace, outputs, y_bars, inputs)
        return x_bars

    results = iter(at(outer, results_of, outputs))
    return tree.map_leaves(lambda _: next(results), y), pullback


def jvp(
    f: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    chosen: Sequence[int | str],
    tangents: list[Any],
) -> tuple[Any, list[Any]]:
    """The result of `f(*args, **kwargs)` and the tangents of its leaves, given those of the inputs' leaves.

    A run that meets zero times infinity is made a second time, to find out why the one is zero.
    """
    outer = state.levels
    for careful in (False, True):
        inputs = at(outer, copied_leaves, leaves_of(args, kwargs, chosen))
        positional, named = _substituted(args, kwargs, chosen, inputs, outer)
        trace = ForwardTrace(careful=careful)
        at(outer, start, trace, inputs, tangents)
        y = run(trace, f, *positional, **named)
        if not trace.met:
            break
    outputs = _checked(trace, f, tree.leaves(y))
    y_dots: list[Any] = at(outer, tangents_of, trace, outputs)
    results = iter(at(outer, results_of, outputs))
    return tree.map_leaves(lambda _: next(results), y), y_dots


def _checked(trace: Any, f: Callable[..., Any], found: Iterable[Any]) -> list[Any]:
    """The leaves of a result; none may show the bits of active memory in another type."""
    outputs = list(found)
    for y in outputs:
        if isinstance(y, np.ndarray) and y.base is not None and trace.is_active(y) and memory.reinterprets(y):
            code = getattr(inspect.unwrap(f), "__code__", None)
            place = Place(code.co_filename, code.co_firstlineno, function=code.co_name) if code else None
            what = f"the result shows memory of type {memory.owner(y).dtype} as {y.dtype}"
            raise UnsupportedSyntaxError(what, place, ways=REINTERPRETING)
    return outputs


def leaves_of(args: Sequence[Any], kwargs: Mapping[str, Any], chosen: Sequence[int | str]) -> list[Any]:
    """The differentiable leaves of the chosen arguments, in order."""
    return [leaf for key in chosen for leaf in tree.leaves(kwargs[key] if isinstance(key, str) else args[key])]


def _substituted(
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    chosen: Sequence[int | str],
    inputs: list[Any],
    outer: tuple[Any, ...],
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments with the differentiated leaves replaced, and everything else that is mutable copied."""
    fresh = iter(inputs)
    seen: dict[int, Any] = {}
    replaced: dict[int | str, Any] = {}
    for key in chosen:
        argument = kwargs[key] if isinstance(key, str) else args[key]
        replaced[key] = tree.map_leaves(lambda _: next(fresh), argument)
    positional = [replaced[n] if n in replaced else at(outer, copied_tree, a, seen) for n, a in enumerate(args)]
    named = {k: replaced[k] if k in replaced else at(outer, copied_tree, a, seen) for k, a in kwargs.items()}
    return positional, named
