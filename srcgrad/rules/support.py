"""What rule texts may call: small functions in plain NumPy, each the mathematics of one idea.

They are copied by their source into saved gradients, so each stands on NumPy and on the others of
this module alone, and they are differentiated like any user's function for second derivatives.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def unbroadcast(x_bar: Any, x: Any) -> Any:
    """Sum a cotangent over the dimensions along which the operand x was broadcast.

    A real operand keeps the real part of a complex cotangent: the transpose of the embedding of
    the reals in the complex numbers.
    """
    if (
        isinstance(x, np.ndarray)
        and isinstance(x_bar, np.ndarray)
        and x.shape == x_bar.shape
        and x.dtype == x_bar.dtype
    ):
        return x_bar
    shape = np.shape(x)
    if np.shape(x_bar) != shape:
        extra = np.ndim(x_bar) - len(shape)
        if extra > 0:
            x_bar = np.sum(x_bar, axis=tuple(range(extra)))
        stretched = tuple(k for k, (n, m) in enumerate(zip(shape, np.shape(x_bar), strict=False)) if n == 1 and m != 1)
        if stretched:
            x_bar = np.sum(x_bar, axis=stretched, keepdims=True)
        if np.shape(x_bar) != shape:
            x_bar = np.broadcast_to(x_bar, shape)
    if np.iscomplexobj(x_bar) and not np.iscomplexobj(x):
        x_bar = np.real(x_bar)
    return x_bar


def mT(a: Any) -> Any:
    """The transpose of the last two dimensions (without conjugation)."""
    return np.swapaxes(a, -1, -2)


def guarded(y_bar: Any, x_bar: Any) -> Any:
    """A product y_bar * partial, taken as zero where y_bar is zero and the partial is not finite.

    The branch that np.where did not take receives a zero cotangent; 0 * inf would turn it into NaN.
    """
    if isinstance(x_bar, float):
        return x_bar if y_bar != 0 or math.isfinite(x_bar) else 0.0
    finite = np.isfinite(x_bar)
    if finite.all():
        return x_bar
    return np.where((np.asarray(y_bar) == 0) & ~finite, 0.0, x_bar)


def with_axes(y: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """A reduction's result, with the reduced dimensions put back as 1, to broadcast against x."""
    if keepdims or np.ndim(x) == 0:
        return y
    if axis is None:
        return np.reshape(y, (1,) * np.ndim(x))
    axes = axis if isinstance(axis, tuple) else (axis,)
    return np.expand_dims(y, tuple(a % np.ndim(x) for a in axes))


def spread(y_bar: Any, a: Any, axis: Any, keepdims: bool, where: Any = True) -> Any:
    """Give every element of `a` the cotangent of the reduction's result that it went into."""
    a_bar = np.broadcast_to(with_axes(y_bar, a, axis, keepdims), np.shape(a))
    return a_bar if where is True else np.where(where, a_bar, 0.0)


def counted(a: Any, axis: Any, keepdims: bool, where: Any = True) -> Any:
    """How many elements of `a` went into each result of a reduction."""
    if where is not True:
        return np.sum(np.broadcast_to(where, np.shape(a)), axis=axis, keepdims=keepdims)
    shape = np.shape(a)
    if axis is None or not shape:
        return np.size(a)
    count = 1
    for k in axis if isinstance(axis, tuple) else (axis,):
        count *= shape[k]
    return count


def delivered(y: Any, out: Any) -> Any:
    """The result, written into `out` if the caller gave one."""
    if out is None:
        return y
    target = out[0] if isinstance(out, tuple) else out
    target[...] = y
    return target


def scatter_add(shape: Any, index: Any, v: Any) -> Any:
    """Zeros of a shape with v added at an index: the transpose of `x[index]`, repeats included."""
    z = np.zeros(shape, dtype=np.asarray(v).dtype)
    if hits_once(index):
        z[index] = v
    else:
        np.add.at(z, index, v)
    return z


def hits_once(index: Any) -> bool:
    """Whether an index by its kind alone names no element twice: slices, integers and masks."""
    for part in index if isinstance(index, tuple) else (index,):
        if part is None or part is Ellipsis or isinstance(part, (slice, int, np.integer)):
            continue
        if np.ndim(part) and np.asarray(part).dtype != bool:
            return False
    return True
