"""Functions that rearrange the elements of one array: shape, axes, order.

`joining` holds what puts arrays together or takes them apart, `creation` what makes new ones,
`padding` np.pad, and `differences` what subtracts neighbours.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import srcgrad.rules.creation
import srcgrad.rules.differences
import srcgrad.rules.joining
import srcgrad.rules.padding  # noqa: F401 - the four enter their rules
from srcgrad.rules.support import mT, scatter_add, unbroadcast  # noqa: F401 - in the rules' texts
from srcgrad.rules.table import composed, linear, rule, same, zero

# Shape. Order "A" and "K" depend on the memory of the operand, so its cotangent is given their meaning.


def order_of(a: Any, order: str) -> str:
    """The order "C" or "F" that "A" or "K" means for this array."""
    if order in ("C", "F"):
        return order
    return "F" if isinstance(a, np.ndarray) and np.isfortran(a) else "C"


rule(
    np.reshape,
    "a, shape, order='C', *, copy=None",
    vjp={"a": "np.reshape(y_bar, np.shape(a), order=order_of(a, order))"},
    jvp={"a": "np.reshape(a_dot, shape, order=order_of(a, order))"},
)
rule(
    np.ndarray.reshape,
    "a, *shape, order='C', copy=None",
    vjp={"a": "np.reshape(y_bar, np.shape(a), order=order_of(a, order))"},
    jvp={"a": "np.reshape(a_dot, np.shape(y), order=order_of(a, order))"},
)


def raveled_at(a: Any, order: str) -> Any:
    """For each element of np.ravel(a, order), its number in the order "C"."""
    number: Any = np.empty_like(a, dtype=np.intp)
    number[...] = np.reshape(np.arange(np.size(a)), np.shape(a))
    return np.ravel(number, order)  # type: ignore[call-overload]


def flattened(a_dot: Any, a: Any, order: str) -> Any:
    """A tangent in the order in which `a` is flattened."""
    if order_of(a, order) == "F":
        return np.ravel(a_dot, "F")
    return np.ravel(a_dot) if order != "K" else np.take(a_dot, raveled_at(a, order))


def unflattened(y_bar: Any, a: Any, order: str) -> Any:
    """The transpose of `flattened`."""
    if order_of(a, order) == "F":
        return np.reshape(y_bar, np.shape(a), order="F")
    if order != "K":
        return np.reshape(y_bar, np.shape(a))
    return np.reshape(np.take(y_bar, np.argsort(raveled_at(a, order))), np.shape(a))


rule(
    np.ravel,
    "a, order='C'",
    vjp={"a": "unflattened(y_bar, a, order)"},
    jvp={"a": "flattened(a_dot, a, order)"},
)
same(np.ravel, np.ndarray.ravel, np.ndarray.flatten)

linear(np.squeeze, "a, axis=None", a="np.reshape(y_bar, np.shape(a))")
linear(np.expand_dims, "a, axis", a="np.reshape(y_bar, np.shape(a))")
same(np.squeeze, np.ndarray.squeeze)


def reshaped_each(y_bar: Any, arys: Any) -> Any:
    """Cotangents of several arrays that were each reshaped; of one alone, it comes without a tuple."""
    bars = (y_bar,) if len(arys) == 1 else y_bar
    return tuple(np.reshape(bar, np.shape(x)) for bar, x in zip(bars, arys, strict=True))


linear(np.atleast_1d, "*arys", arys="reshaped_each(y_bar, arys)")
linear(np.atleast_2d, "*arys", arys="reshaped_each(y_bar, arys)")
linear(np.atleast_3d, "*arys", arys="reshaped_each(y_bar, arys)")

# Axes.


def inverse_axes(axes: Any) -> Any:
    """The axes that undo a transposition; None reverses them all."""
    return None if axes is None else tuple(np.argsort([k % len(axes) for k in axes]))


def axes_given(axes: Any) -> Any:
    """The axes of `a.transpose(*axes)`, which may come as one tuple, or as None or nothing at all."""
    if not axes:
        return None
    return axes[0] if len(axes) == 1 and not isinstance(axes[0], (int, np.integer)) else axes


linear(np.transpose, "a, axes=None", a="np.transpose(y_bar, inverse_axes(axes))")
linear(np.ndarray.transpose, "a, *axes", a="np.transpose(y_bar, inverse_axes(axes_given(axes)))")
linear(np.moveaxis, "a, source, destination", a="np.moveaxis(y_bar, destination, source)")
linear(np.swapaxes, "a, axis1, axis2", a="np.swapaxes(y_bar, axis1, axis2)")
same(np.swapaxes, np.ndarray.swapaxes)
if hasattr(np, "permute_dims"):  # NumPy 2.0
    same(np.transpose, np.permute_dims)
    linear(np.matrix_transpose, "x", x="mT(y_bar)")


@composed(np.rollaxis)
def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """The axis moved to before `start`."""
    ndim = np.ndim(a)
    axis, start = axis % ndim, start + ndim if start < 0 else start
    return np.moveaxis(a, axis, start - 1 if axis < start else start)


# Broadcasting and repetition.

linear(np.broadcast_to, "array, shape, subok=False", array="unbroadcast(y_bar, array)")
rule(
    np.broadcast_arrays,
    "*args, subok=False",
    vjp={"args": "tuple(unbroadcast(bar, x) for bar, x in zip(y_bar, args, strict=True))"},
    jvp={"args": "tuple(np.broadcast_to(dot, np.shape(y[0])) for dot in args_dot)"},
)


def untiled(y_bar: Any, a: Any, reps: Any) -> Any:
    """The sum of the cotangents of all the tiles."""
    reps = tuple(reps) if np.ndim(reps) else (reps,)
    shape = np.shape(a)
    ndim = max(len(reps), len(shape))
    reps = (1,) * (ndim - len(reps)) + reps
    sides = (1,) * (ndim - len(shape)) + shape
    tiles = np.reshape(y_bar, tuple(n for pair in zip(reps, sides, strict=True) for n in pair))
    return np.reshape(np.sum(tiles, axis=tuple(range(0, 2 * ndim, 2))), shape)


linear(np.tile, "A, reps", A="untiled(y_bar, A, reps)")


def unrepeated(y_bar: Any, a: Any, repeats: Any, axis: Any) -> Any:
    """The sum of the cotangents of each element's copies."""
    if axis is None or np.ndim(a) == 0:
        return np.reshape(unrepeated(y_bar, np.ravel(a), repeats, 0), np.shape(a))
    shape = np.shape(a)
    axis = axis % len(shape)
    if np.size(repeats) == 1:
        count = int(np.reshape(repeats, ()))
        copies = np.reshape(y_bar, (*shape[: axis + 1], count, *shape[axis + 1 :]))
        return np.sum(copies, axis=axis + 1)
    source = np.repeat(np.arange(shape[axis]), repeats)
    return scatter_add(shape, (slice(None),) * axis + (source,), y_bar)


linear(np.repeat, "a, repeats, axis=None", a="unrepeated(y_bar, a, repeats, axis)")
same(np.repeat, np.ndarray.repeat)


@composed(np.resize)
def resize(a: Any, new_shape: Any) -> Any:
    """The elements repeated until they fill the new shape."""
    shape = (new_shape,) if isinstance(new_shape, (int, np.integer)) else tuple(new_shape)
    size = 1
    for n in shape:
        size *= n
    if np.size(a) == 0:
        return np.zeros(shape, dtype=np.asarray(a).dtype)
    return np.reshape(np.take(a, np.arange(size) % np.size(a)), shape)


# Order along axes.

linear(np.roll, "a, shift, axis=None", a="np.roll(y_bar, np.negative(shift), axis)")
linear(np.flip, "m, axis=None", m="np.flip(y_bar, axis)")
linear(np.fliplr, "m", m="np.fliplr(y_bar)")
linear(np.flipud, "m", m="np.flipud(y_bar)")
linear(np.rot90, "m, k=1, axes=(0, 1)", m="np.rot90(y_bar, -k, axes)")

# What depends on the shape, the memory or the type alone.

zero(order_of, raveled_at, inverse_axes, axes_given)
zero(np.shape, np.ndim, np.size, np.isfortran, np.broadcast_shapes, np.result_type)
zero(np.iscomplexobj, np.isrealobj, np.may_share_memory, np.shares_memory, np.can_cast, np.issubdtype)
