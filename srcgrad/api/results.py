"""Results: the cotangent that starts a reverse sweep, and gradients in the structure of arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from srcgrad.errors import NotDifferentiableError
from srcgrad.runtime import tree


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


def cotangents_for(y: Any, y_bar: Any) -> list[Any]:
    """The leaves of a cotangent that a caller gave for the result y, checked against it."""
    if tree.is_leaf(y):
        if np.shape(y_bar) != np.shape(y):
            raise NotDifferentiableError(
                f"the cotangent has shape {np.shape(y_bar)}, the result {np.shape(y)}",
                ways=("give a cotangent of the result's shape",),
            )
        return [y_bar]
    members = tree.children(y)
    if members is None:
        return []
    given = tree.children(y_bar)
    if given is None or len(given) != len(members):
        raise NotDifferentiableError(
            f"the cotangent is not of the result's structure: {type(y_bar).__name__} for {type(y).__name__}",
            ways=("give a cotangent of the structure that the function returns",),
        )
    if isinstance(y, dict):
        given = [y_bar[key] for key in y]
    return [leaf for a, b in zip(members, given, strict=True) for leaf in cotangents_for(a, b)]
