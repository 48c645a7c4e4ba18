"""Variances and norms along dimensions, each with its derivative by formula.

What enters: arrays and dimensions. What leaves: arrays. At the degenerate points (a norm of zeros, a deviation of
equal elements) the derivative is zero.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srcgrad.rules.table import linear, rule
from srcgrad.torch.kernels.extrema import restored

_sum: Any = np.add.reduce


def count_of(x: Any, axis: Any) -> int:
    """How many elements go into each result."""
    if axis is None:
        return int(np.size(x))
    n = 1
    for k in axis if isinstance(axis, tuple) else (axis,):
        n *= np.shape(x)[k]
    return n


def centred(x: Any, axis: Any) -> Any:
    """The elements less their mean."""
    if x.dtype.char == "e":
        return x - np.mean(x, axis=axis, keepdims=True)  # which sums in float32
    return x - _sum(x, axis, None, None, True) / (count_of(x, axis) or math.nan)


linear(centred, "x, axis", x="centred(y_bar, axis)")


def freedom(x: Any, axis: Any, correction: Any) -> Any:
    """The number that a sum of squares is divided by."""
    return max(count_of(x, axis) - correction, 0)


def variance(x: Any, axis: Any, correction: Any, keepdims: Any) -> Any:
    """The variance, with n - correction degrees of freedom."""
    c = centred(x, axis)
    squares = (c * np.conj(c)).real if x.dtype.kind == "c" else c * c
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.divide(_sum(squares, axis, None, None, keepdims), x.real.dtype.type(freedom(x, axis, correction)))


def deviation(x: Any, axis: Any, correction: Any, keepdims: Any) -> Any:
    """The standard deviation."""
    return np.sqrt(variance(x, axis, correction, keepdims))


def variance_bar(y_bar: Any, x: Any, axis: Any, correction: Any, keepdims: Any) -> Any:
    """The cotangent of the elements, given that of their variance."""
    return restored(y_bar, x, axis, keepdims) * (2.0 / freedom(x, axis, correction)) * np.conj(centred(x, axis))


def variance_dot(x_dot: Any, x: Any, axis: Any, correction: Any, keepdims: Any) -> Any:
    """The tangent of the variance."""
    products = np.real(np.conj(centred(x, axis)) * x_dot)
    return np.sum(products, axis=axis, keepdims=keepdims) * (2.0 / freedom(x, axis, correction))


def half_inverse(y: Any) -> Any:
    """1 / (2 y), and 0 where y is 0."""
    return np.where(y == 0, 0, 0.5 / np.where(y == 0, 1, y))


rule(
    variance,
    "x, axis, correction, keepdims",
    vjp={"x": "variance_bar(y_bar, x, axis, correction, keepdims)"},
    jvp={"x": "variance_dot(x_dot, x, axis, correction, keepdims)"},
)
rule(
    deviation,
    "x, axis, correction, keepdims",
    vjp={"x": "variance_bar(y_bar * half_inverse(y), x, axis, correction, keepdims)"},
    jvp={"x": "variance_dot(x_dot, x, axis, correction, keepdims) * half_inverse(y)"},
)


def variance_and_mean(x: Any, axis: Any, correction: Any, keepdims: Any) -> Any:
    """Both."""
    return variance(x, axis, correction, keepdims), np.mean(x, axis=axis, keepdims=keepdims)


def deviation_and_mean(x: Any, axis: Any, correction: Any, keepdims: Any) -> Any:
    """Both."""
    return deviation(x, axis, correction, keepdims), np.mean(x, axis=axis, keepdims=keepdims)


def mean_bar(y_bar: Any, x: Any, axis: Any, keepdims: Any) -> Any:
    """The cotangent of the elements, given that of their mean."""
    return np.broadcast_to(restored(y_bar, x, axis, keepdims) / count_of(x, axis), np.shape(x))


rule(
    variance_and_mean,
    "x, axis, correction, keepdims",
    vjp={"x": "variance_bar(y_bar[0], x, axis, correction, keepdims) + mean_bar(y_bar[1], x, axis, keepdims)"},
    jvp={"x": "(variance_dot(x_dot, x, axis, correction, keepdims), np.mean(x_dot, axis=axis, keepdims=keepdims))"},
)
rule(
    deviation_and_mean,
    "x, axis, correction, keepdims",
    vjp={
        "x": "variance_bar(y_bar[0] * half_inverse(y[0]), x, axis, correction, keepdims)"
        " + mean_bar(y_bar[1], x, axis, keepdims)"
    },
    jvp={
        "x": "(variance_dot(x_dot, x, axis, correction, keepdims) * half_inverse(y[0]),"
        " np.mean(x_dot, axis=axis, keepdims=keepdims))"
    },
)


def unit(x: Any) -> Any:
    """x / |x|, and 0 at 0."""
    if not np.iscomplexobj(x):
        return np.sign(x)
    size = np.abs(x)
    return np.where(size == 0, 0, x / np.where(size == 0, 1, size))


def vector_norm(x: Any, order: Any, axis: Any, keepdims: Any) -> Any:
    """(sum |x|^order)^(1/order), the largest |x| for infinity, the number of nonzeros for 0."""
    if order == np.inf:
        return np.max(np.abs(x), axis=axis, keepdims=keepdims)
    if order == -np.inf:
        return np.min(np.abs(x), axis=axis, keepdims=keepdims)
    if order == 0:
        return np.sum(x != 0, axis=axis, keepdims=keepdims).astype(np.real(x).dtype)
    if order == 1:
        return np.sum(np.abs(x), axis=axis, keepdims=keepdims)
    if order == 2:
        squares = np.real(x) ** 2 + np.imag(x) ** 2 if np.iscomplexobj(x) else x * x
        return np.sqrt(_sum(squares, axis, None, None, keepdims))
    return np.sum(np.abs(x) ** order, axis=axis, keepdims=keepdims) ** (1.0 / order)


def norm_slope(x: Any, y: Any, order: Any, axis: Any, keepdims: Any) -> Any:
    """The partial derivatives of a norm: zero where the norm is."""
    y = restored(y, x, axis, keepdims)
    if order == 0:
        return 0 * x
    if order == 1:
        return np.conj(unit(x))
    if abs(order) == np.inf:
        equal = np.abs(x) == y
        return np.conj(unit(x)) * (equal / np.sum(equal, axis=axis, keepdims=True)).astype(y.dtype)
    zero = y == 0
    safe = np.where(zero, 1, y)
    if order == 2:
        return np.where(zero, 0, np.conj(x) / safe)
    size = np.abs(x)
    if order < 1:
        absent = size == 0
        power = np.where(absent, 0, np.where(absent, 1, size) ** (order - 1))
    elif order < 2:
        power = size ** (order - 1)
    else:
        return np.where(zero, 0, np.conj(x) * size ** (order - 2) / safe ** (order - 1))
    return np.where(zero, 0, np.conj(unit(x)) * power / safe ** (order - 1))


def norm_dot(x_dot: Any, slope: Any, axis: Any, keepdims: Any) -> Any:
    """The tangent of a norm."""
    return np.sum(np.real(x_dot * slope), axis=axis, keepdims=keepdims)


rule(
    vector_norm,
    "x, order, axis, keepdims",
    vjp={"x": "restored(y_bar, x, axis, keepdims) * norm_slope(x, y, order, axis, keepdims)"},
    jvp={"x": "norm_dot(x_dot, norm_slope(x, y, order, axis, keepdims), axis, keepdims)"},
)


def log_sum_exp(x: Any, axis: Any, keepdims: Any) -> Any:
    """log(sum(exp(x))), from the largest element on."""
    top = np.maximum.reduce(x.real, axis=axis, keepdims=True) if x.size else np.zeros((), x.dtype)
    finite_top = np.isfinite(top)
    if not finite_top.all():
        top = np.where(finite_top, top, 0).astype(x.real.dtype)
    with np.errstate(divide="ignore"):
        y = np.log(_sum(np.exp(x - top), axis, None, None, True)) + top
    return y if keepdims else y.squeeze(axis)


rule(
    log_sum_exp,
    "x, axis, keepdims",
    vjp={"x": "restored(y_bar, x, axis, keepdims) * np.exp(x - restored(finite(y), x, axis, keepdims))"},
    jvp={"x": "np.sum(x_dot * np.exp(x - restored(finite(y), x, axis, keepdims)), axis=axis, keepdims=keepdims)"},
)


def finite(y: Any) -> Any:
    """y, and 0 where y is -inf: the derivative of the log of no terms is 0."""
    return np.where(np.isneginf(np.real(y)), 0, y)


def sum_of_numbers(x: Any, axis: Any, keepdims: Any) -> Any:
    """The sum of the elements that are not NaN."""
    return np.nansum(x, axis=axis, keepdims=keepdims)


rule(
    sum_of_numbers,
    "x, axis, keepdims",
    vjp={"x": "restored(y_bar, x, axis, keepdims) * np.where(np.isnan(x), 0, 1)"},
    jvp={"x": "np.sum(x_dot * np.where(np.isnan(x), 0, 1), axis=axis, keepdims=keepdims)"},
)
