"""The slope of every norm: what multiplies the cotangent of |x|, and whose real inner product with
a tangent of x is the tangent of |x|.

Where a norm has a kink the slope is a subgradient: 0 at the zero vector and the zero matrix, equal
shares among tied maxima or minima, 0 for an entry that is zero. For complex x the slope is conj(x) / |x|.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.support import with_axes


def safe_ratio(x: Any, y: Any) -> Any:
    """x / y, and 0 where y is 0."""
    return np.where(y == 0, 0.0, x / np.where(y == 0, 1.0, y))


def conj_sign(x: Any) -> Any:
    """conj(x) / |x|, the sign of a real x; 0 at 0."""
    return safe_ratio(np.conj(x), np.abs(x)) if np.iscomplexobj(x) else np.sign(x)


def tied(values: Any, extreme: Any, axis: Any) -> Any:
    """The weight of each value in its maximum or minimum along an axis: shares where several attain it."""
    hits = np.where(values == extreme(values, axis=axis, keepdims=True), 1.0, 0.0)
    return hits / np.sum(hits, axis=axis, keepdims=True)


def vector_slope(x: Any, y: Any, ord: Any, axis: Any) -> Any:
    """The slope of a vector norm over one axis, several or all; y has the reduced dimensions as 1."""
    if ord is None or ord == 2:
        return safe_ratio(np.conj(x), y)
    if ord in (np.inf, -np.inf):
        return tied(np.abs(x), np.max if ord > 0 else np.min, axis) * conj_sign(x)
    if ord == 0:
        return np.zeros(np.shape(x))
    if ord == 1:
        return conj_sign(x)
    apart = (x != 0) & (y != 0)
    relative = np.where(apart, np.abs(np.where(apart, x, 1.0)) / np.where(y == 0, 1.0, y), 1.0)
    return np.where(apart, relative ** (ord - 1), 0.0) * conj_sign(x)


def singular_slope(x: Any, y: Any, ord: Any) -> Any:
    """The slope of a matrix norm that is a sum, maximum or minimum of singular values."""
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    weights = np.where(s > 0, 1.0, 0.0)
    if ord != "nuc":
        weights = weights * tied(s, np.max if ord > 0 else np.min, -1)
    return (np.conj(u) * weights[..., None, :]) @ np.conj(vh)


def matrix_slope(x: Any, y: Any, ord: Any) -> Any:
    """The slope of a matrix norm over the last two axes; y has them as 1."""
    if ord in (None, "fro", "f"):
        return safe_ratio(np.conj(x), y)
    if ord in ("nuc", 2, -2):
        return singular_slope(x, y, ord)
    summed, compared = (-2, -1) if ord in (1, -1) else (-1, -2)
    lengths = np.sum(np.abs(x), axis=summed, keepdims=True)
    return tied(lengths, np.max if ord > 0 else np.min, compared) * conj_sign(x)


def norm_slope(x: Any, y: Any, ord: Any, axis: Any, keepdims: bool) -> Any:
    """The slope of np.linalg.norm."""
    x = np.asarray(x)
    if axis is None and ord is None:
        return safe_ratio(np.conj(x), y)
    if axis is None:
        axis = 0 if np.ndim(x) == 1 else (0, 1)
    if np.ndim(axis) == 1 and len(axis) == 1:
        axis = axis[0]
    y = with_axes(y, x, tuple(axis) if np.ndim(axis) == 1 else axis, keepdims)
    if np.ndim(axis) == 0:
        return vector_slope(x, y, ord, axis)
    slope = matrix_slope(np.moveaxis(x, axis, (-2, -1)), np.moveaxis(y, axis, (-2, -1)), ord)
    return np.moveaxis(slope, (-2, -1), axis)


def order_slope(x: Any, y: Any, ord: Any, axis: Any, keepdims: bool) -> Any:
    """The derivative of a vector norm with respect to its order p: y / p · Σ r^p log r with r = |x| / y."""
    if np.isinf(ord) or ord == 0:
        return np.zeros(np.shape(y))
    whole = with_axes(y, x, axis, keepdims)
    apart = (x != 0) & (whole != 0)
    r = np.where(apart, np.abs(np.where(apart, x, 1.0)) / np.where(whole == 0, 1.0, whole), 1.0)
    terms = np.where(apart, r**ord * np.log(r), 0.0)
    return y / ord * np.sum(terms, axis=axis, keepdims=keepdims)


def order_slope_of_norm(x: Any, y: Any, ord: Any, axis: Any, keepdims: bool) -> Any:
    """The derivative of np.linalg.norm with respect to its order, for vectors."""
    axes = np.ndim(x) if axis is None else np.size(axis)
    if axes > 1 and not np.isinf(ord):
        raise NotImplementedError("a matrix norm has a few orders only, which do not vary", "give ord as it is: ord=2")
    return order_slope(x, y, ord, axis, keepdims)


def inner_product(slope: Any, x_dot: Any, axis: Any, keepdims: bool) -> Any:
    """The tangent of a norm."""
    return np.sum(np.real(slope * x_dot), axis=axis, keepdims=keepdims)


def vector_norm_slope(x: Any, y: Any, ord: Any, axis: Any, keepdims: bool) -> Any:
    """The slope of np.linalg.vector_norm, which takes any number of axes for one vector."""
    return vector_slope(np.asarray(x), with_axes(y, x, axis, keepdims), ord, axis)
