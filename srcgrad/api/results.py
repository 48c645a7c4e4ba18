"""Results: the cotangent that starts a reverse sweep, and gradients in the structure of arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from srcgrad.errors import NotDifferentiableError
from srcgrad.runtime import tree
from srcgrad.runtime.calls import call


def seed_of_scalar(f: Callable[..., Any], y: Any) -> list[Any]:
    """The cotangent 1 of a scalar result, one per leaf; refuses a result that is not a real scalar."""
    name = getattr(f, "__name__", "the function")
    if isinstance(y, (bool, int, np.integer, np.bool_)):
        return []
    if isinstance(y, (float, np.floating)):
        return [1.0]
    if isinstance(y, np.ndarray) and y.size == 1 and y.dtype.kind in "fiub":
        return [np.ones_like(y)] if y.dtype.kind == "f" else []
    if isinstance(y, (complex, np.complexfloating)) or (isinstance(y, np.ndarray) and y.dtype.kind == "c"):
        what, way = "complex", "take np.abs, np.real or np.imag of it, or use srcgrad.vjp"
    elif isinstance(y, np.ndarray):
        what, way = f"an array of shape {y.shape}", "sum it, or use srcgrad.jacobian, elementwise_grad or vjp"
    else:
        what, way = f"of type {type(y).__name__}", "return a float; has_aux=True lets more come with it"
    raise NotDifferentiableError(f"grad needs a real scalar result, but that of {name}() is {what}", ways=(way,))


def in_structure(
    args: Sequence[Any], kwargs: Mapping[str, Any], keys: Sequence[int | str], x_bars: list[Any]
) -> tuple[Any, ...]:
    """Gradients of the leaves as one tree per differentiated argument."""
    remaining = iter(x_bars)
    arguments = [kwargs[k] if isinstance(k, str) else args[k] for k in keys]
    return tuple(tree.map_leaves(lambda _: next(remaining), a) for a in arguments)


def cotangents_for(y: Any, y_bar: Any, what: str = "cotangent", of: str = "result") -> list[Any]:
    """The leaves of a cotangent that was given for y, checked against it."""
    if tree.is_leaf(y):
        return [_fitting(y, y_bar, what, of)]
    members = tree.children(y)
    if members is None:
        return []
    given = _members(y, y_bar)
    if given is None or len(given) != len(members):
        raise NotDifferentiableError(
            f"the {what} is not of its {of}'s structure: {type(y_bar).__name__} for {type(y).__name__}",
            ways=("give it that structure",),
        )
    return [leaf for a, b in zip(members, given, strict=True) for leaf in cotangents_for(a, b, what, of)]


def _members(y: Any, y_bar: Any) -> list[Any] | None:
    """The members of a cotangent in the order of y's; of a dict by their keys."""
    if isinstance(y, dict):
        same = isinstance(y_bar, dict) and y.keys() == y_bar.keys()
        return [y_bar[key] for key in y] if same else None
    return tree.children(y_bar)


def _fitting(y: Any, y_bar: Any, what: str, of: str) -> Any:
    """One leaf of a cotangent or tangent: a number or array of numbers, of y's shape, real where y is."""
    if not isinstance(y_bar, (float, complex, np.inexact, np.ndarray)):
        y_bar = call(np.asarray, y_bar)
        if not y_bar.shape:
            y_bar = y_bar[()]
    kind = np.asarray(y_bar).dtype.kind
    if kind not in "biufc" or (kind == "c" and not np.iscomplexobj(y)):
        found = "complex" if kind == "c" else f"of type {type(y_bar).__name__}"
        raise NotDifferentiableError(f"the {what} is {found}, its {of} real", ways=("give a real number or array",))
    if np.shape(y_bar) != np.shape(y):
        raise NotDifferentiableError(
            f"the {what} has shape {np.shape(y_bar)}, its {of} {np.shape(y)}", ways=(f"give it the {of}'s shape",)
        )
    if kind in "biu":
        return y_bar.astype(float) if isinstance(y_bar, np.ndarray) else float(y_bar)
    return y_bar


def in_structure_of_result(y: Any, y_dots: list[Any]) -> Any:
    """Tangents in the result's structure: 0 for numbers in it that have no derivative, such as ints."""
    remaining = iter(y_dots)

    def tangent(part: Any) -> Any:
        if tree.is_leaf(part):
            return next(remaining)
        members = tree.children(part)
        if members is not None:
            return tree.rebuild(part, [tangent(m) for m in members])
        return np.zeros(np.shape(part)) if isinstance(part, np.ndarray) else 0.0

    return tangent(y)
