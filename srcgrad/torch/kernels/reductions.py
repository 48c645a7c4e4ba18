"""Sums and means in the forms in which tensors ask for them most: of everything, and along dimensions.

What enters: an array. What leaves: an array; the cotangent is a view of one number's or one row's memory.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srcgrad.rules.table import linear
from srcgrad.torch.texts import number

_sum: Any = np.add.reduce


FEW = 2048
_NONE: Any = object()  # what a dtype without a unit has in its place
# The cotangent with which a sweep from a single number starts; nothing writes into it, nor into what is made of it.
UNITS: dict[Any, Any] = {np.dtype(kind): np.ones((), kind) for kind in (np.float32, np.float64)}
_ALIKE: dict[Any, Any] = {}
for _one in UNITS.values():
    _one.flags.writeable = False


def alike(shape: tuple[int, ...], dtype: Any, count: int) -> Any:
    """1 / count in every place, not to be written into; arrays of few elements are made once for all."""
    found = _ALIKE.get((shape, dtype, count))
    if found is None:
        value = UNITS[dtype] / number(count, dtype)
        if math.prod(shape) >= FEW:
            return np.broadcast_to(value, shape)
        found = np.full(shape, value, dtype)
        found.flags.writeable = False
        if len(_ALIKE) > 64:
            _ALIKE.clear()
        _ALIKE[shape, dtype, count] = found
    return found


def with_ones(shape: tuple[int, ...], axis: Any) -> list[int]:
    """A shape with ones for the dimensions that a reduction takes."""
    found = list(shape)
    for k in axis if axis.__class__ is tuple else (axis,):
        found[k] = 1
    return found


def total(x: Any) -> Any:
    """The sum of all elements."""
    return _sum(x, None)


def mean_of_all(x: Any) -> Any:
    """The mean of all elements."""
    n = x.size
    return _sum(x, None) / n if n else np.mean(x)


def sum_along(x: Any, axis: Any, keepdims: Any) -> Any:
    """The sum along dimensions."""
    return _sum(x, axis, None, None, keepdims)


def mean_along(x: Any, axis: Any, keepdims: Any) -> Any:
    """The mean along dimensions."""
    n = count_along(x.shape, axis)
    if n and x.dtype.char in "fd":
        return _sum(x, axis, None, None, keepdims) / n
    return np.mean(x, axis=axis, keepdims=keepdims)


def spread_out(v: Any, shape: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """The cotangent of a sum for each of the elements of a shape."""
    if axis is None:
        if v is UNITS.get(v.dtype, _NONE):
            return alike(shape, v.dtype, 1)
    elif not keepdims:
        v = v.reshape(with_ones(shape, axis))
    if math.prod(shape) < FEW:
        # For few elements, memory of their own costs less than a broadcast view.
        x_bar = np.empty(shape, v.dtype)
        x_bar[...] = v
        return x_bar
    return np.broadcast_to(v, shape)


def shared_out(v: Any, shape: Any) -> Any:
    """The cotangent of a mean for each of the elements of a shape."""
    count = math.prod(shape) or 1
    if v is UNITS.get(v.dtype, _NONE):
        return alike(shape, v.dtype, count)
    return spread_out(v / number(count, v.dtype), shape)


def gathered(x: Any, axis: Any, keepdims: Any) -> Any:
    """The transpose of `spread_out`."""
    return np.sum(x) if axis is None else np.sum(x, axis=axis, keepdims=keepdims)


def count_along(shape: Any, axis: Any) -> int:
    """How many elements of a shape go into each result."""
    return math.prod([shape[k] for k in (axis if isinstance(axis, tuple) else (axis,))])


linear(spread_out, "v, shape, axis=None, keepdims=False", v="gathered(y_bar, axis, keepdims)")
linear(shared_out, "v, shape", v="gathered(y_bar, None, False) / math.prod(shape)")
linear(total, "x", x="spread_out(y_bar, x.shape)")
linear(mean_of_all, "x", x="shared_out(y_bar, x.shape)")
linear(sum_along, "x, axis, keepdims", x="spread_out(y_bar, x.shape, axis, keepdims)")
linear(mean_along, "x, axis, keepdims", x="spread_out(y_bar / count_along(x.shape, axis), x.shape, axis, keepdims)")
