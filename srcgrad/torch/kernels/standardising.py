"""Values in units of their group's deviation: the arithmetic that the normalisations share.

Arrays are (a, groups, b): a group's values are those with its number in the middle. In a pass over a large array, memory
sets the pace, so a few groups at a time are worked on while they are in the cache. With r = rstd,
z = (x - mean) r and n values in a group:

    x_bar = r (z_bar - mean(z_bar) - z mean(z_bar z)) + mean_bar / n - rstd_bar r^2 z / n

Each kernel here has a plain formula beside it, as which it is differentiated.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from srcgrad.rules.table import composed

# How many values are worked on at a time.
BLOCK = 1 << 15
_sum: Any = np.add.reduce


def _blocks(x: Any) -> Iterator[slice]:
    a, groups, b = x.shape
    step = max(1, BLOCK // max(1, a * b))
    return (slice(start, start + step) for start in range(0, groups, step))


def _of(v: Any, block: slice) -> Any:
    """The part of a weight for some groups."""
    return v if v.shape[1] == 1 else v[:, block]


def standardised(x: Any, weight: Any, bias: Any, eps: float) -> tuple[Any, Any, Any]:
    """The values by their groups' mean and deviation, weighted; the means and the variances (1, groups, 1)."""
    n = max(1, x.shape[0] * x.shape[2])
    if x.size <= BLOCK:
        mean = _sum(x, (0, 2), None, None, True) / n
        y = x - mean
        var = _sum(y * y, (0, 2), None, None, True) / n
        y *= 1 / np.sqrt(var + eps)
        if weight is not None:
            y *= weight
        if bias is not None:
            y += bias
        return y, mean, var
    y = np.empty(x.shape, x.dtype)
    mean = np.empty((1, x.shape[1], 1), x.dtype)
    var = np.empty_like(mean)
    for block in _blocks(x):
        part, z = x[:, block], y[:, block]
        mean[:, block] = part.sum(axis=(0, 2), keepdims=True) / n
        np.subtract(part, mean[:, block], out=z)
        var[0, block, 0] = np.einsum("agb,agb->g", z, z) / n
        z *= 1 / np.sqrt(var[:, block] + eps)
        if weight is not None:
            z *= _of(weight, block)
        if bias is not None:
            z += _of(bias, block)
    return y, mean, var


def standardised_bar(y_bar: Any, mean_bar: Any, rstd_bar: Any, x: Any, weight: Any, mean: Any, rstd: Any) -> Any:
    """The cotangent of x, from those of the weighted values, the means and the inverse deviations."""
    n = max(1, x.shape[0] * x.shape[2])
    if x.size <= BLOCK:
        z = (x - mean) * rstd
        x_bar = y_bar.copy() if weight is None else y_bar * weight
        shift = _sum(x_bar, (0, 2), None, None, True) / n - mean_bar / (rstd * n)
        z *= _sum(x_bar * z, (0, 2), None, None, True) / n + rstd_bar * rstd / n
        x_bar -= z
        x_bar -= shift
        x_bar *= rstd
        return x_bar
    x_bar = np.empty(x.shape, x.dtype)
    for block in _blocks(x):
        r = rstd[:, block]
        z = x[:, block] - mean[:, block]
        z *= r
        part = x_bar[:, block]
        np.multiply(y_bar[:, block], 1 if weight is None else _of(weight, block), out=part)
        shift = part.sum(axis=(0, 2), keepdims=True) / n - mean_bar[:, block] / (r * n)
        slope = np.einsum("agb,agb->g", part, z)[:, None] / n + rstd_bar[:, block] * r / n
        z *= slope
        part -= z
        part -= shift
        part *= r
    return x_bar


@composed(standardised_bar)
def _standardised_bar(y_bar: Any, mean_bar: Any, rstd_bar: Any, x: Any, weight: Any, mean: Any, rstd: Any) -> Any:
    n = max(1, np.shape(x)[0] * np.shape(x)[2])
    z = (x - mean) * rstd
    z_bar = y_bar if weight is None else y_bar * weight
    shift = np.mean(z_bar, axis=(0, 2), keepdims=True) - mean_bar / (rstd * n)
    slope = np.mean(z_bar * z, axis=(0, 2), keepdims=True) + rstd_bar * rstd / n
    return (z_bar - shift - z * slope) * rstd


def dotted(y_bar: Any, x: Any, mean: Any, rstd: Any, by_group: bool) -> Any:
    """The cotangent of the weight: the products with the standardised values, summed for each group or each place in it."""
    if x.size <= BLOCK:
        z = (x - mean) * rstd
        z *= y_bar
        return _sum(z, (0, 2) if by_group else (0, 1))
    sums = np.zeros(x.shape[1] if by_group else x.shape[2], x.dtype)
    for block in _blocks(x):
        z = x[:, block] - mean[:, block]
        z *= rstd[:, block]
        if by_group:
            sums[block] = np.einsum("agb,agb->g", y_bar[:, block], z)
        else:
            z *= y_bar[:, block]
            sums += z.sum(axis=(0, 1))
    return sums


@composed(dotted)
def _dotted(y_bar: Any, x: Any, mean: Any, rstd: Any, by_group: bool) -> Any:
    return np.sum(y_bar * ((x - mean) * rstd), axis=(0, 2) if by_group else (0, 1))


def standardised_dot(x_dot: Any, x: Any, weight: Any, mean: Any, rstd: Any) -> tuple[Any, Any, Any]:
    """The tangents of the weighted values, of the means and of the inverse deviations."""
    z = (x - mean) * rstd
    mean_dot = np.mean(x_dot, axis=(0, 2), keepdims=True)
    slope = np.mean(x_dot * z, axis=(0, 2), keepdims=True)
    z_dot = (x_dot - mean_dot - z * slope) * rstd
    return z_dot if weight is None else z_dot * weight, mean_dot, -rstd * rstd * slope
