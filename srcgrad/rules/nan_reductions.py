"""Reductions that pass over NaN, through those that do not."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.support import counted, delivered
from srcgrad.rules.table import composed


def without_nan(a: Any, filling: Any) -> Any:
    """`a` with its NaNs replaced."""
    missing = np.isnan(a)
    return np.where(missing, filling, a) if np.any(missing) else a


@composed(np.nansum)
def nansum(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = 0,
    where: Any = True,
) -> Any:
    """The sum of what is not NaN."""
    filled = without_nan(a, 0)
    y = np.sum(filled, axis, dtype, keepdims=keepdims, initial=initial, where=where)
    return delivered(y, out)


@composed(np.nanprod)
def nanprod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = 1,
    where: Any = True,
) -> Any:
    """The product of what is not NaN."""
    filled = without_nan(a, 1)
    y = np.prod(filled, axis, dtype, keepdims=keepdims, initial=initial, where=where)
    return delivered(y, out)


@composed(np.nancumsum)
def nancumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """The cumulative sum of what is not NaN."""
    return delivered(np.cumsum(without_nan(a, 0), axis, dtype), out)


@composed(np.nancumprod)
def nancumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """The cumulative product of what is not NaN."""
    return delivered(np.cumprod(without_nan(a, 1), axis, dtype), out)


@composed(np.nanmean)
def nanmean(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    *,
    where: Any = True,
) -> Any:
    """The mean of what is not NaN."""
    y = np.mean(a, axis, dtype, keepdims=keepdims, where=where & ~np.isnan(a))
    return delivered(y, out)


@composed(np.nanvar)
def nanvar(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    """The variance of what is not NaN."""
    known = where & ~np.isnan(a)
    if mean is None:
        mean = nanmean(a, axis, keepdims=True, where=where)
    centred = np.where(known, without_nan(a, 0) - mean, 0)
    squares = np.sum(np.real(centred * np.conj(centred)), axis, dtype, keepdims=keepdims)
    left = counted(a, axis, keepdims, known) - (ddof if correction is None else correction)
    # A variance of too few elements is unknown, not negative or infinite.
    y = squares / np.where(left > 0, left, np.nan).astype(squares.dtype)
    return delivered(y, out)


@composed(np.nanstd)
def nanstd(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    """The standard deviation of what is not NaN."""
    y = nanvar(a, axis, dtype, None, ddof, keepdims, where=where, mean=mean, correction=correction)
    # At zero variance the derivative is taken as zero: that of the root is infinite.
    positive = np.greater(y, 0) | np.isnan(y)
    root = np.where(positive, np.sqrt(np.where(positive, y, 1.0)), 0.0)
    return delivered(root if np.ndim(root) else root[()], out)


def _nan_extremum(step: Any, worst: float, a: Any, axis: Any, keepdims: bool, initial: Any, where: Any) -> Any:
    missing = np.isnan(a)
    filled = np.where(missing, worst, a) if np.any(missing) else a
    if initial is None:
        y = step(filled, axis, keepdims=keepdims)
    else:
        y = step(filled, axis, keepdims=keepdims, initial=initial, where=where)
    unknown = np.all(missing | ~np.asarray(where), axis=axis, keepdims=keepdims)
    if initial is None and np.any(unknown):
        y = np.where(unknown, np.nan, y)
        return y if np.ndim(y) else y[()]
    return y


@composed(np.nanmax)
def nanmax(
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """The maximum of what is not NaN."""
    return delivered(_nan_extremum(np.max, -np.inf, a, axis, keepdims, initial, where), out)


@composed(np.nanmin)
def nanmin(
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """The minimum of what is not NaN."""
    return delivered(_nan_extremum(np.min, np.inf, a, axis, keepdims, initial, where), out)
