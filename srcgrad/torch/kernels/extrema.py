"""The largest and smallest elements, and the elements that an index picked along a dimension.

What enters: arrays. What leaves: arrays; the cotangent of an extremum is shared among equals, that of a picked
element goes to the place it was picked from.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import linear, rule


def restored(y: Any, x: Any, axis: Any, keepdims: Any) -> Any:
    """A reduction's result with the reduced dimensions as 1."""
    if keepdims or np.ndim(x) == 0:
        return y
    return np.reshape(y, (1,) * np.ndim(x)) if axis is None else np.expand_dims(y, axis)


def shared(y_bar: Any, x: Any, y: Any, axis: Any, keepdims: Any) -> Any:
    """A cotangent in equal parts for all the elements that equal the result."""
    equal = x == restored(y, x, axis, keepdims)
    count = np.sum(equal, axis=axis, keepdims=True)
    return restored(y_bar, x, axis, keepdims) * (equal / count).astype(np.asarray(y).dtype)


def shared_dot(x_dot: Any, x: Any, y: Any, axis: Any, keepdims: Any) -> Any:
    """The mean of the tangents of all the elements that equal the result."""
    equal = x == restored(y, x, axis, keepdims)
    count = np.sum(equal, axis=axis, keepdims=True)
    return np.sum(x_dot * (equal / count).astype(np.asarray(y).dtype), axis=axis, keepdims=keepdims)


def largest(x: Any, axis: Any, keepdims: Any) -> Any:
    """The largest elements along dimensions."""
    return np.max(x, axis=axis, keepdims=keepdims)


def smallest(x: Any, axis: Any, keepdims: Any) -> Any:
    """The smallest elements along dimensions."""
    return np.min(x, axis=axis, keepdims=keepdims)


def extent(x: Any, axis: Any, keepdims: Any) -> Any:
    """The smallest and the largest elements along dimensions."""
    return np.min(x, axis=axis, keepdims=keepdims), np.max(x, axis=axis, keepdims=keepdims)


def middle(x: Any, nan: bool) -> Any:
    """The lower median of all elements; of those that are numbers, if `nan`."""
    flat = np.sort(x, axis=None)
    if not flat.size:
        return np.array(np.nan, x.dtype)
    if x.dtype.kind == "f" and np.isnan(flat[-1]):
        if not nan:
            return flat[-1]
        flat = flat[~np.isnan(flat)]
        if not flat.size:
            return np.array(np.nan, x.dtype)
    return flat[(flat.size - 1) // 2]


for _kernel in (largest, smallest):
    rule(
        _kernel,
        "x, axis, keepdims",
        vjp={"x": "shared(y_bar, x, y, axis, keepdims)"},
        jvp={"x": "shared_dot(x_dot, x, y, axis, keepdims)"},
    )
rule(
    extent,
    "x, axis, keepdims",
    vjp={"x": "shared(y_bar[0], x, y[0], axis, keepdims) + shared(y_bar[1], x, y[1], axis, keepdims)"},
    jvp={"x": "(shared_dot(x_dot, x, y[0], axis, keepdims), shared_dot(x_dot, x, y[1], axis, keepdims))"},
)
rule(
    middle,
    "x, nan",
    vjp={"x": "shared_with_nan(y_bar, x, y)"},
    jvp={"x": "shared_dot(x_dot, x, y, None, False)"},
)


def shared_with_nan(y_bar: Any, x: Any, y: Any) -> Any:
    """As `shared` for a single result; where that is NaN, among the NaNs."""
    equal = np.isnan(x) if np.isnan(y) else x == y
    return y_bar * (equal / np.sum(equal)).astype(np.asarray(y).dtype)


def spots(indices: Any, axis: Any, keepdims: Any) -> tuple[Any, ...] | None:
    """For a vector or a matrix NumPy's index of the places along a dimension; else None."""
    if keepdims or indices.ndim > 1:
        return None
    if indices.ndim == 0:
        return (indices,)
    along = np.arange(indices.size)
    return (along, indices) if axis in {1, -1} else (indices, along)


def picked(x: Any, indices: Any, axis: Any, keepdims: Any) -> Any:
    """The elements at the given places along a dimension, which goes unless `keepdims`."""
    if np.ndim(x) == 0:
        return np.array(x)
    place = spots(indices, axis, keepdims)
    if place is not None:
        return x[place]
    found = np.take_along_axis(x, indices if keepdims else np.expand_dims(indices, axis), axis)
    return found if keepdims else np.squeeze(found, axis)


def put_back(v: Any, indices: Any, axis: Any, keepdims: Any, shape: Any) -> Any:
    """The transpose of `picked`."""
    if not shape:
        return np.array(v)
    x_bar = np.zeros(shape, np.asarray(v).dtype)
    place = spots(indices, axis, keepdims)
    if place is not None:
        x_bar[place] = v
        return x_bar
    if not keepdims:
        indices, v = np.expand_dims(indices, axis), np.expand_dims(v, axis)
    np.put_along_axis(x_bar, indices, v, axis)
    return x_bar


linear(picked, "x, indices, axis, keepdims", x="put_back(y_bar, indices, axis, keepdims, x.shape)")
linear(put_back, "v, indices, axis, keepdims, shape", v="picked(y_bar, indices, axis, keepdims)")


def gathered_along(x: Any, indices: Any, axis: Any) -> Any:
    """The elements at the given places along a dimension, of which some may be repeated."""
    return np.take_along_axis(x, indices, axis) if np.ndim(x) else np.array(x)


def scattered_along(v: Any, indices: Any, axis: Any, shape: Any) -> Any:
    """The transpose of `gathered_along`."""
    if not shape:
        return np.array(v)
    x_bar = np.zeros(shape, np.asarray(v).dtype)
    grid = list(np.ogrid[tuple(slice(n) for n in indices.shape)])
    grid[axis] = indices
    np.add.at(x_bar, tuple(grid), v)
    return x_bar


linear(gathered_along, "x, indices, axis", x="scattered_along(y_bar, indices, axis, x.shape)")
linear(scattered_along, "v, indices, axis, shape", v="gathered_along(y_bar, indices, axis)")
