"""Sums and means in the forms in which tensors ask for them most: of everything, and along dimensions.

What enters: an array. What leaves: an array; the cotangent is a view of one number's or one row's memory.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srcgrad.rules.table import linear

_sum: Any = np.add.reduce


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
    if axis is not None and not keepdims:
        v = np.expand_dims(v, axis)
    if math.prod(shape) < 2048:
        # For few elements, memory of their own costs less than a broadcast view.
        x_bar = np.empty(shape, v.dtype)
        x_bar[...] = v
        return x_bar
    return np.broadcast_to(v, shape)


def gathered(x: Any, axis: Any, keepdims: Any) -> Any:
    """The transpose of `spread_out`."""
    return np.sum(x) if axis is None else np.sum(x, axis=axis, keepdims=keepdims)


def count_along(shape: Any, axis: Any) -> int:
    """How many elements of a shape go into each result."""
    return math.prod([shape[k] for k in (axis if isinstance(axis, tuple) else (axis,))])


linear(spread_out, "v, shape, axis=None, keepdims=False", v="gathered(y_bar, axis, keepdims)")
linear(total, "x", x="spread_out(y_bar, x.shape)")
linear(mean_of_all, "x", x="spread_out(y_bar / x.size, x.shape)")
linear(sum_along, "x, axis, keepdims", x="spread_out(y_bar, x.shape, axis, keepdims)")
linear(mean_along, "x, axis, keepdims", x="spread_out(y_bar / count_along(x.shape, axis), x.shape, axis, keepdims)")
