"""Functions of two or three operands, element by element, that NumPy lacks or whose slopes PyTorch takes otherwise.

What enters: arrays that broadcast. What leaves: an array of their shape. Where a slope is 0 / 0 it stays NaN, as PyTorch's.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srcgrad.rules.table import elementwise, rule
from srcgrad.torch.kernels.masks import mantissa_slope, signs  # noqa: F401 - the rules' texts name them

LOG_2 = math.log(2)


def atan2(x1: Any, x2: Any) -> Any:
    """The angle of the point (x2, x1)."""
    return np.arctan2(x1, x2)


elementwise(atan2, "x2 * np.reciprocal(x1 * x1 + x2 * x2)", "-x1 * np.reciprocal(x1 * x1 + x2 * x2)")


def hypot(x1: Any, x2: Any) -> Any:
    """The square root of the sum of squares."""
    return np.hypot(x1, x2)


elementwise(hypot, "x1 / y", "x2 / y")


def logaddexp(x1: Any, x2: Any) -> Any:
    """log(exp(x1) + exp(x2)), without overflow."""
    if np.asarray(x1).dtype.kind != "c":
        return np.logaddexp(x1, x2)
    first = np.real(x1) >= np.real(x2)
    high, low = np.where(first, x1, x2), np.where(first, x2, x1)
    return np.where((high == low) & ~np.isfinite(high), high, high + np.log1p(np.exp(low - high)))


def logaddexp2(x1: Any, x2: Any) -> Any:
    """log2(2**x1 + 2**x2), without overflow."""
    return np.logaddexp2(x1, x2)


elementwise(logaddexp, "np.reciprocal(1 + np.exp(x2 - x1))", "np.reciprocal(1 + np.exp(x1 - x2))")
elementwise(logaddexp2, "np.reciprocal(1 + np.exp2(x2 - x1))", "np.reciprocal(1 + np.exp2(x1 - x2))")


def xlogy(x1: Any, x2: Any) -> Any:
    """x1 log(x2), and 0 where x1 is 0, unless x2 is NaN."""
    return np.where(np.equal(x1, 0) & ~np.isnan(x2), 0, x1 * np.log(x2))


def logarithm_or_zero(x1: Any, x2: Any) -> Any:
    """log(x2), and 0 where x1 is 0 and there is no logarithm."""
    return np.where((x1 == 0) & (x2 <= 0), 0, np.log(x2))


elementwise(xlogy, "logarithm_or_zero(x1, x2)", "x1 / x2")


def xlog1py(x1: Any, x2: Any) -> Any:
    """x1 log(1 + x2), and 0 where x1 is 0, unless x2 is NaN."""
    return np.where(np.equal(x1, 0) & ~np.isnan(x2), 0, x1 * np.log1p(x2))


def logarithm_of_next_or_zero(x1: Any, x2: Any) -> Any:
    """log(1 + x2), and 0 where x1 is 0 and there is no logarithm."""
    return np.where((x1 == 0) & (x2 <= -1), 0, np.log1p(x2))


elementwise(xlog1py, "logarithm_of_next_or_zero(x1, x2)", "x1 / (x2 + 1)")


def copysign(x1: Any, x2: Any) -> Any:
    """The magnitude of x1 with the sign of x2."""
    return np.copysign(x1, x2)


def sign_ratio(x: Any, y: Any) -> Any:
    """y / x of numbers of the same magnitude, 0 at 0."""
    return signs(x) * signs(y)


elementwise(copysign, "sign_ratio(x1, y)", "0")


def ldexp(x1: Any, x2: Any) -> Any:
    """x1 times 2 to the power of x2."""
    return x1 * np.exp2(x2)


elementwise(ldexp, "np.exp2(x2)", "y * LOG_2")


def frexp(x: Any) -> Any:
    """The mantissa, of a magnitude from 1/2 to 1, and the exponent of 2."""
    return np.frexp(x)


rule(
    frexp,
    "x",
    vjp={"x": "y_bar[0] * mantissa_slope(x)"},
    jvp={"x": "(x_dot * mantissa_slope(x), np.zeros_like(y[1]))"},
)


def lerp(x1: Any, x2: Any, x3: Any) -> Any:
    """x1 + x3 (x2 - x1), computed from the nearer end."""
    step = x2 - x1
    return np.where(np.abs(x3) < 0.5, x1 + x3 * step, x2 - step * (1 - x3))


elementwise(lerp, "1 - x3", "x3", "x2 - x1")


def lerp_by(x1: Any, x2: Any, weight: Any) -> Any:
    """`lerp` with a number as the weight."""
    return x1 + weight * (x2 - x1) if abs(weight) < 0.5 else x2 - (x2 - x1) * (1 - weight)


rule(
    lerp_by,
    "x1, x2, weight",
    vjp={"x1": "y_bar * (1 - weight)", "x2": "y_bar * weight"},
    jvp={"x1": "x1_dot * (1 - weight)", "x2": "x2_dot * weight"},
)


def addcmul(x1: Any, x2: Any, x3: Any, value: Any) -> Any:
    """x1 + value x2 x3."""
    return x1 + value * x2 * x3 if value != 1 else x1 + x2 * x3


rule(
    addcmul,
    "x1, x2, x3, value",
    vjp={"x1": "y_bar", "x2": "y_bar * (x3 * value)", "x3": "y_bar * (x2 * value)"},
    jvp={"x1": "x1_dot", "x2": "x2_dot * (x3 * value)", "x3": "x3_dot * (x2 * value)"},
)


def addcdiv(x1: Any, x2: Any, x3: Any, value: Any) -> Any:
    """x1 + value x2 / x3."""
    return x1 + value * (x2 / x3)


rule(
    addcdiv,
    "x1, x2, x3, value",
    vjp={"x1": "y_bar", "x2": "y_bar * (value / x3)", "x3": "-y_bar * (value * x2 / (x3 * x3))"},
    jvp={"x1": "x1_dot", "x2": "x2_dot * (value / x3)", "x3": "-x3_dot * (value * x2 / (x3 * x3))"},
)


# Of one operand.


def rsqrt(x: Any) -> Any:
    """One over the square root."""
    return np.reciprocal(np.sqrt(x))


elementwise(rsqrt, "-0.5 * y * y * y")


def logit(x: Any, eps: Any) -> Any:
    """log(x / (1 - x)), of x cut off at eps and 1 - eps if eps is given."""
    if eps is not None:
        x = np.minimum(np.maximum(x, eps), 1 - eps)
    return np.log(x / (1 - x))


def logit_slope(x: Any, eps: Any) -> Any:
    low = 0 if eps is None else eps
    outside = (x < low) | (x > 1 - low)
    return np.where(outside, math.nan if eps is None else 0, np.reciprocal(x * (1 - x)))


rule(logit, "x, eps", vjp={"x": "y_bar * logit_slope(x, eps)"}, jvp={"x": "x_dot * logit_slope(x, eps)"})


def nan_to_num(x: Any, nan: Any, posinf: Any, neginf: Any) -> Any:
    """x with its NaNs and infinities replaced, by default with zero and the largest numbers."""
    if x.dtype.kind in "iub":
        return x.copy()
    return np.nan_to_num(x, nan=0.0 if nan is None else nan, posinf=posinf, neginf=neginf)


def if_finite(g: Any, x: Any) -> Any:
    """g where x is finite, 0 elsewhere."""
    return np.where(np.isfinite(x), g, 0)


rule(
    nan_to_num,
    "x, nan, posinf, neginf",
    vjp={"x": "if_finite(y_bar, x)"},
    jvp={"x": "if_finite(x_dot, x)"},
)


# Complex numbers and their parts.


def absolute(x: Any) -> Any:
    """|x|; its slope at 0 is 0."""
    return np.abs(x)


def unit(x: Any) -> Any:
    """x / |x|, and 0 at 0."""
    if x.dtype.kind != "c":
        return np.greater(x, 0) if x.dtype.kind == "b" else signs(x)
    r = np.abs(x)
    return np.where(r == 0, 0, x / np.where(r == 0, 1, r))


def by_length(z: Any, x: Any) -> Any:
    """z / |x|, and 0 where x is 0."""
    r = np.abs(x)
    return np.where(r == 0, 0, z / np.where(r == 0, 1, r))


rule(
    absolute,
    "x",
    vjp={"x": "y_bar * np.conj(unit(x))"},
    jvp={"x": "np.real(x_dot * np.conj(unit(x)))"},
)
rule(
    unit,
    "x",
    vjp={"x": "by_length(y_bar - np.real(y_bar * y) * np.conj(y), x) if y.dtype.kind == 'c' else np.zeros_like(y_bar)"},
    jvp={"x": "by_length(x_dot - y * np.real(np.conj(y) * x_dot), x) if y.dtype.kind == 'c' else np.zeros_like(x_dot)"},
)


def angle(x: Any) -> Any:
    """The angle of a complex number; of a real one 0 or pi."""
    if x.dtype.kind == "c":
        return np.angle(x)
    y = (
        np.where(np.less(x, 0), x.dtype.type(math.pi), x.dtype.type(0))
        if x.dtype.kind == "f"
        else np.where(np.less(x, 0), math.pi, 0)
    )
    return np.where(np.isnan(x), x, y)


def angle_slope(x: Any) -> Any:
    if x.dtype.kind != "c":
        return np.zeros_like(x)
    return by_length(by_length(-1j * np.conj(x), x), x)


rule(angle, "x", vjp={"x": "y_bar * angle_slope(x)"}, jvp={"x": "np.real(x_dot * angle_slope(x))"})


def conjugate(x: Any) -> Any:
    """The complex conjugate."""
    return np.conj(x)


rule(conjugate, "x", vjp={"x": "np.conj(y_bar)"}, jvp={"x": "np.conj(x_dot)"})


def complex_of(x1: Any, x2: Any) -> Any:
    """x1 + i x2."""
    y = np.empty(np.broadcast_shapes(x1.shape, x2.shape), np.result_type(x1.dtype, np.complex64))
    y.real, y.imag = x1, x2
    return y


rule(
    complex_of,
    "x1, x2",
    vjp={"x1": "np.real(y_bar)", "x2": "-np.imag(y_bar)"},
    jvp={"x1": "x1_dot + 0j", "x2": "1j * x2_dot"},
)


def polar(x1: Any, x2: Any) -> Any:
    """The number of length x1 and angle x2."""
    return complex_of(x1 * np.cos(x2), x1 * np.sin(x2))


rule(
    polar,
    "x1, x2",
    vjp={"x1": "np.real(y_bar * direction(x2))", "x2": "-np.imag(y_bar * y)"},
    jvp={"x1": "x1_dot * direction(x2)", "x2": "1j * x2_dot * y"},
)


def direction(x: Any) -> Any:
    return np.cos(x) + 1j * np.sin(x)
