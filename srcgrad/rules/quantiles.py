"""Medians and quantiles: all are interpolations between the sorted elements.

Differentiated through the sort and through the interpolation's weights, so that the level q has
a derivative too; quantiles of weighted samples are elements, so that only those have one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.support import delivered
from srcgrad.rules.table import composed

# The position of the quantile q among n sorted elements, for the continuous methods of Hyndman and
# Fan 1996: n q + alpha + q (1 - alpha - beta) - 1.
PLOTTING_POSITIONS = {
    "interpolated_inverted_cdf": (0.0, 1.0),
    "hazen": (0.5, 0.5),
    "weibull": (0.0, 0.0),
    "median_unbiased": (1 / 3.0, 1 / 3.0),
    "normal_unbiased": (3 / 8.0, 3 / 8.0),
}


def rows_of(a: Any, axis: Any) -> Any:
    """`a` with the elements along the given axes in rows, as its last axis."""
    a = np.asarray(a)
    if axis is None:
        return np.ravel(a)
    ndim = np.ndim(a)
    axes = tuple(k % ndim for k in (axis if isinstance(axis, (tuple, list)) else (axis,)))
    kept = tuple(k for k in range(ndim) if k not in axes)
    shape = tuple(np.shape(a)[k] for k in kept)
    length = 1
    for k in axes:
        length *= np.shape(a)[k]
    return np.reshape(np.transpose(a, kept + axes), (*shape, length))


def restored_axes(y: Any, a: Any, axis: Any, keepdims: bool, leading: int = 0) -> Any:
    """A result of rows_of(a, axis), its axes put back as 1 after `leading` others; 0-d as a scalar."""
    if keepdims:
        ndim = np.ndim(a)
        given = axis if isinstance(axis, (tuple, list)) else (axis,)
        axes = range(ndim) if axis is None else tuple(k % ndim for k in given)
        y = np.expand_dims(y, tuple(leading + k for k in axes))
    return y if np.ndim(y) else y[()]


def middle(rows: Any, count: Any) -> Any:
    """The median of the first `count` of the sorted elements of each row; NaN if there are none."""
    if np.shape(rows)[-1] == 0:
        return np.full(np.shape(rows)[:-1], np.nan)
    low = np.expand_dims(np.maximum((count - 1) // 2, 0), -1)
    high = np.expand_dims(count // 2, -1)
    pair = np.take_along_axis(rows, np.concatenate([low, high], axis=-1), axis=-1)
    return np.mean(pair, axis=-1)


@composed(np.median)
def median(a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    """The middle of the sorted elements, or the mean of the two in the middle; NaN if one is NaN."""
    rows = np.sort(rows_of(a, axis), axis=-1)
    y = middle(rows, np.full(np.shape(rows)[:-1], np.shape(rows)[-1]))
    if np.shape(rows)[-1] and np.any(np.isnan(rows[..., -1])):
        y = np.where(np.isnan(rows[..., -1]), rows[..., -1], y)
    return delivered(restored_axes(y, a, axis, keepdims), out)


@composed(np.nanmedian)
def nanmedian(a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    """The median of what is not NaN."""
    rows = np.sort(rows_of(a, axis), axis=-1)
    y = middle(rows, np.sum(~np.isnan(rows), axis=-1))
    return delivered(restored_axes(y, a, axis, keepdims), out)


def position(count: Any, q: Any, method: str) -> Any:
    """Where the quantile q lies among `count` sorted elements: a whole number for a discrete method."""
    if method in PLOTTING_POSITIONS:
        alpha, beta = PLOTTING_POSITIONS[method]
        return count * q + (alpha + q * (1 - alpha - beta)) - 1
    if method == "linear":
        return (count - 1) * q
    if method == "lower":
        return np.floor((count - 1) * q)
    if method == "higher":
        return np.ceil((count - 1) * q)
    if method == "nearest":
        return np.round((count - 1) * q)
    if method == "midpoint":
        return 0.5 * (np.floor((count - 1) * q) + np.ceil((count - 1) * q))
    if method == "inverted_cdf":
        return np.ceil(count * q - 1)
    if method == "averaged_inverted_cdf":
        below = np.floor(count * q - 1)
        return np.where(count * q - 1 == below, below + 0.5, below + 1)
    if method == "closest_observation":
        # Round half to odd: the ranks of Hyndman and Fan, which count from 1, round half to even.
        return np.round(count * q) - 1
    raise ValueError(f"{method!r} is not a valid method")


STEPS = ("lower", "higher", "nearest", "inverted_cdf", "closest_observation")


def interpolated(rows: Any, count: Any, q: Any, method: str, exact: bool) -> Any:
    """The quantiles q of the first `count` sorted elements of each row, as leading axes."""
    place = position(np.expand_dims(count, -1), np.ravel(q), method)
    last = np.maximum(np.expand_dims(count, -1) - 1, 0)
    place = np.clip(place, 0, last)
    below = np.floor(place)
    low = below.astype(np.intp)
    high = np.minimum(low + 1, last)
    fraction = place - below
    if rows.dtype.kind == "f":
        # A level that is a NumPy number brings its own precision, unless only elements are returned.
        fraction = fraction.astype(np.result_type(rows, q) if exact and method not in STEPS else rows.dtype)
    start = np.take_along_axis(rows, low, axis=-1)
    rise = np.take_along_axis(rows, high, axis=-1) - start
    # The rise to an infinite neighbour that has no weight is not to make NaN of a finite element.
    y = start + np.where(fraction == 0, 0.0, rise) * fraction
    return np.reshape(np.moveaxis(y, -1, 0), np.shape(q) + np.shape(rows)[:-1])


def weights_of(a: Any, axis: Any, weights: Any) -> Any:
    """One weight for each element of `rows_of(a, axis)`."""
    if np.shape(weights) == np.shape(a):
        return rows_of(weights, axis)
    if np.ndim(weights) != 1 or not isinstance(axis, (int, np.integer)):
        raise NotImplementedError("these weights have no rule", "give weights of the shape of a")
    return np.broadcast_to(weights, np.shape(rows_of(a, axis)))


def weighted(rows: Any, weights: Any, q: Any) -> Any:
    """The first elements of sorted rows at which the sum of weights reaches the shares q, as leading axes."""
    reached = np.cumsum(weights, axis=-1, dtype=float)
    reached = reached / reached[..., -1:]
    reached = np.where(reached == 0, -1.0, reached)  # the share 0 is reached where there is any weight
    place = np.sum(reached[..., None, :] < np.reshape(q, (-1, 1)), axis=-1)
    y = np.take_along_axis(rows, np.minimum(place, np.shape(rows)[-1] - 1), axis=-1)
    return np.reshape(np.moveaxis(y, -1, 0), np.shape(q) + np.shape(rows)[:-1])


def _sorted(a: Any, q: Any, axis: Any, method: str, weights: Any) -> tuple[Any, Any]:
    """The rows in order, and their weights, which are zero for NaN."""
    if not np.all((np.asarray(q) >= 0) & (np.asarray(q) <= 1)):
        raise ValueError("Quantiles must be in the range [0, 1]")
    rows = rows_of(a, axis)
    if weights is None:
        return np.sort(rows, axis=-1), None
    if method != "inverted_cdf":
        raise ValueError(f"Only method 'inverted_cdf' supports weights. Got: {method}.")
    order = np.argsort(rows, axis=-1)
    rows = np.take_along_axis(rows, order, axis=-1)
    given = np.take_along_axis(weights_of(a, axis, weights), order, axis=-1)
    return rows, np.where(np.isnan(rows), 0, given)


def is_exact(q: Any) -> bool:
    """Whether a level has a precision of its own, as all but Python's numbers have."""
    return type(q) not in (int, float)


def _quantile(a: Any, q: Any, axis: Any, method: str, keepdims: bool, weights: Any, exact: bool) -> Any:
    rows, given = _sorted(a, q, axis, method, weights)
    if given is None:
        count = np.full(np.shape(rows)[:-1], np.shape(rows)[-1])
        y = interpolated(rows, count, q, method, exact)
    else:
        y = weighted(rows, given, q)
    if np.any(np.isnan(rows[..., -1])):
        y = np.where(np.isnan(rows[..., -1]), rows[..., -1], y)
    return restored_axes(y, a, axis, keepdims, np.ndim(q))


def _nanquantile(a: Any, q: Any, axis: Any, method: str, keepdims: bool, weights: Any, exact: bool) -> Any:
    rows, given = _sorted(a, q, axis, method, weights)
    if given is None:
        y = interpolated(rows, np.sum(~np.isnan(rows), axis=-1), q, method, exact)
    else:
        y = weighted(rows, given, q)
    return restored_axes(y, a, axis, keepdims, np.ndim(q))


@composed(np.quantile)
def quantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """The quantiles at the levels q in [0, 1]; NaN where an element is NaN."""
    return delivered(_quantile(a, np.asarray(q), axis, method, keepdims, weights, is_exact(q)), out)


@composed(np.percentile)
def percentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """The quantiles at the levels q in [0, 100]; NaN where an element is NaN."""
    level = np.divide(q, 100)
    return delivered(_quantile(a, level, axis, method, keepdims, weights, is_exact(q)), out)


@composed(np.nanquantile)
def nanquantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """The quantiles of what is not NaN, at the levels q in [0, 1]."""
    return delivered(_nanquantile(a, np.asarray(q), axis, method, keepdims, weights, is_exact(q)), out)


@composed(np.nanpercentile)
def nanpercentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """The quantiles of what is not NaN, at the levels q in [0, 100]."""
    level = np.divide(q, 100)
    return delivered(_nanquantile(a, level, axis, method, keepdims, weights, is_exact(q)), out)
