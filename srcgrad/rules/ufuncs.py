"""Functions that act element by element.

What enters: NumPy's ufuncs and their relatives. What leaves: their entries in the table, one line of
mathematics each, in which y is the result and x (or x1, x2) are the operands.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.support import unbroadcast  # noqa: F401 - the texts call it
from srcgrad.rules.table import composed, elementwise, linear, rule, same, zero

# Arithmetic

elementwise(np.add, "1", "1")
elementwise(np.subtract, "1", "-1")
elementwise(np.multiply, "x2", "x1")
elementwise(np.divide, "1 / x2", "-y / x2")
elementwise(np.negative, "-1")
elementwise(np.positive, "1")
elementwise(np.reciprocal, "-y * y")
elementwise(np.square, "2 * x")
elementwise(np.sqrt, "0.5 / y")
elementwise(np.cbrt, "1 / (3 * y * y)")
# x1 // x2 is the quotient that % used; floor(x1 / x2) can differ from it by one after rounding.
elementwise(np.remainder, "1", "-(x1 // x2)")
elementwise(np.fmod, "1", "-np.rint((x1 - y) / x2)")
rule(
    np.divmod,
    "x1, x2",
    vjp={"x1": "unbroadcast(y_bar[1], x1)", "x2": "unbroadcast(-y[0] * y_bar[1], x2)"},
    jvp={
        "x1": "(0.0 * y[0], x1_dot + 0.0 * y[1])",
        "x2": "(0.0 * y[0], -y[0] * x2_dot)",
    },
)


def lowered(x1: Any, x2: Any) -> Any:
    """The exponent x2 - 1 in the derivative of x1 ** x2; where both are zero, 1.

    So x2 * x1 ** lowered(x1, x2) is zero for 0 ** 0. Of a Python number x1 the exponent is NumPy's, since
    Python raises where 0.0 has a negative exponent, and NumPy gives the infinity that the derivative is.
    """
    less = np.subtract(x2, 1.0) if isinstance(x1, (int, float, complex)) else x2 - 1.0
    flat = (x1 == 0) & (x2 == 0)
    return np.where(flat, 1.0, less) if np.any(flat) else less


def log_nonzero(x: Any) -> Any:
    """The logarithm, and zero for zero: the derivative of 0 ** p with respect to p is zero."""
    return np.log(np.where(x == 0, 1, x))


elementwise(np.power, "x2 * x1 ** lowered(x1, x2)", "y * log_nonzero(x1)")
same(np.power, np.float_power)

# Exponentials and logarithms

elementwise(np.exp, "y")
elementwise(np.exp2, "y * np.log(2)")
elementwise(np.expm1, "np.exp(x)")
elementwise(np.log, "1 / x")
elementwise(np.log2, "1 / (x * np.log(2))")
elementwise(np.log10, "1 / (x * np.log(10))")
elementwise(np.log1p, "1 / (1 + x)")
elementwise(np.logaddexp, "np.exp(x1 - y)", "np.exp(x2 - y)")
elementwise(np.logaddexp2, "np.exp2(x1 - y)", "np.exp2(x2 - y)")

# Trigonometric and hyperbolic functions. The products of roots keep to the branch of the function
# itself for complex operands and are accurate near the ends of the domain.

elementwise(np.sin, "np.cos(x)")
elementwise(np.cos, "-np.sin(x)")
elementwise(np.tan, "1 + y * y")
elementwise(np.arcsin, "1 / np.sqrt((1 - x) * (1 + x))")
elementwise(np.arccos, "-1 / np.sqrt((1 - x) * (1 + x))")
elementwise(np.arctan, "1 / (1 + x * x)")
elementwise(np.arctan2, "x2 / (x1 * x1 + x2 * x2)", "-x1 / (x1 * x1 + x2 * x2)")
elementwise(np.sinh, "np.cosh(x)")
elementwise(np.cosh, "np.sinh(x)")
elementwise(np.tanh, "1 - y * y")
elementwise(np.arcsinh, "1 / np.sqrt(1 + x * x)")
elementwise(np.arccosh, "1 / (np.sqrt(x - 1) * np.sqrt(x + 1))")
elementwise(np.arctanh, "1 / ((1 - x) * (1 + x))")
elementwise(np.deg2rad, "np.pi / 180")
elementwise(np.rad2deg, "180 / np.pi")
same(np.deg2rad, np.radians)
same(np.rad2deg, np.degrees)


def ratio(a: Any, b: Any) -> Any:
    """The quotient a / b, and zero where b is zero: the subgradient of a norm at the origin."""
    if np.all(b != 0):
        return a / b
    return np.where(b == 0, 0, a / np.where(b == 0, 1, b))


elementwise(np.hypot, "ratio(x1, y)", "ratio(x2, y)")


def sinc_slope(x: Any) -> Any:
    """The derivative of sin(pi x) / (pi x): near zero its Taylor series, where the quotient cancels."""
    u = np.pi * x
    small = np.abs(u) < 0.5
    near = np.where(small, u, 0)
    far = np.where(small, 1, x)
    square = near * near
    series = 1 / 45360 - square * (1 / 3991680 - square / 518918400)
    series = 1 / 3 - square * (1 / 30 - square * (1 / 840 - square * series))
    return np.where(small, -np.pi * near * series, (np.cos(np.pi * far) - np.sinc(far)) / far)


elementwise(np.sinc, "sinc_slope(x)")


def bessel_i1(x: Any) -> Any:
    """The modified Bessel function I1, the derivative of I0, by Bessel's integral.

    I1(x) is the mean of exp(x cos t) cos t over the circle. The midpoint rule converges geometrically for a
    periodic integrand; 256 nodes reach double precision as far as exp(x) does (Trefethen and
    Weideman 2014, The exponentially convergent trapezoidal rule).
    """
    cosines = np.cos(np.pi * (np.arange(128) + 0.5) / 128)
    return np.mean(np.exp(np.expand_dims(x, -1) * cosines) * cosines, axis=-1)


elementwise(np.i0, "bessel_i1(x)")

# Selection. Ties share equally.

elementwise(np.maximum, "(x1 > x2) + 0.5 * (x1 == x2)", "(x2 > x1) + 0.5 * (x1 == x2)")
elementwise(np.minimum, "(x1 < x2) + 0.5 * (x1 == x2)", "(x2 < x1) + 0.5 * (x1 == x2)")
# The result tells which operand was taken where the other is NaN.
elementwise(np.fmax, "(x1 == y) / (1.0 + (x1 == x2))", "(x2 == y) / (1.0 + (x1 == x2))")
same(np.fmax, np.fmin)
rule(
    np.where,
    "condition, x1=None, x2=None",
    vjp={
        "x1": "unbroadcast(np.where(condition, y_bar, 0), x1)",
        "x2": "unbroadcast(np.where(condition, 0, y_bar), x2)",
    },
    jvp={
        "x1": "np.broadcast_to(np.where(condition, x1_dot, 0), np.shape(y))",
        "x2": "np.broadcast_to(np.where(condition, 0, x2_dot), np.shape(y))",
    },
)
elementwise(np.heaviside, "", "x1 == 0")


@composed(np.clip)
def clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None) -> Any:
    """np.clip as a maximum and a minimum; a value that equals its bound shares with it."""
    lower = min if a_min is None else a_min
    upper = max if a_max is None else a_max
    y = a if lower is None else np.maximum(a, lower)
    y = y if upper is None else np.minimum(y, upper)
    if out is not None:
        out[...] = y
        return out
    return np.positive(y) if y is a else y


@composed(np.nan_to_num)
def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """np.nan_to_num as a choice between x and constants."""
    if np.iscomplexobj(x):
        y = replaced(np.real(x), nan, posinf, neginf) + 1j * replaced(np.imag(x), nan, posinf, neginf)
    else:
        y = replaced(x, nan, posinf, neginf)
    if not copy and isinstance(x, np.ndarray):
        x[...] = y
        return x
    return y


def replaced(x: Any, nan: Any, posinf: Any, neginf: Any) -> Any:
    """A real x with its NaNs and infinities replaced, by default with zero and the largest numbers."""
    kind = np.asarray(x).dtype
    if kind.kind != "f":
        return np.array(x)[()]
    limits = np.finfo(kind)
    above = limits.max if posinf is None else posinf
    below = limits.min if neginf is None else neginf
    y = np.where(np.isnan(x), nan, x)
    y = np.where(np.isposinf(x), above, y)
    return np.where(np.isneginf(x), below, y)[()]


# Signs and parts of numbers


def phase(x: Any) -> Any:
    """The conjugate of x / |x|, the derivative of |x| with respect to a complex x; zero at zero."""
    return ratio(np.conj(x), np.abs(x))


rule(
    np.absolute,
    "x",
    vjp={"x": "y_bar * (np.sign(x) if np.isrealobj(x) else phase(x))"},
    jvp={"x": "(x_dot * np.sign(x) if np.isrealobj(x) else np.real(x_dot * phase(x)))"},
)
elementwise(np.fabs, "np.sign(x)")
elementwise(np.copysign, "np.sign(x1) * np.copysign(1.0, x2)", "")
elementwise(np.nextafter, "1", "")
elementwise(np.ldexp, "np.ldexp(1.0, x2)", "")
rule(np.modf, "x", vjp={"x": "y_bar[0]"}, jvp={"x": "(x_dot, np.zeros_like(y[1]))"})
rule(
    np.frexp,
    "x",
    vjp={"x": "np.ldexp(y_bar[0], -y[1])"},
    jvp={"x": "(np.ldexp(x_dot, -y[1]), np.zeros(np.shape(y[1])))"},
)

# Complex numbers: the transpose without conjugation, of maps that are linear over the reals only.

linear(np.conjugate, "x", x="np.conj(y_bar)")
linear(np.real, "val", val="y_bar")
linear(np.imag, "val", val="-1j * y_bar")
rule(
    np.angle,
    "z, deg=False",
    vjp={"z": "y_bar * ratio(-1j, z) * (180 / np.pi if deg else 1)"},
    jvp={"z": "np.real(z_dot * ratio(-1j, z)) * (180 / np.pi if deg else 1)"},
)
rule(
    np.real_if_close,
    "a, tol=100",
    vjp={"a": "y_bar"},
    jvp={"a": "(np.real(a_dot) if np.isrealobj(y) else a_dot)"},
)

# Constant wherever they are differentiable

zero(np.sign, np.floor, np.ceil, np.trunc, np.rint, np.round, np.around, np.fix, np.spacing)
zero(np.floor_divide, np.signbit)
zero(np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal)
zero(np.logical_and, np.logical_or, np.logical_xor, np.logical_not)
zero(np.isnan, np.isinf, np.isfinite, np.isposinf, np.isneginf, np.isnat)
zero(np.isreal, np.iscomplex, np.isrealobj, np.iscomplexobj, np.isscalar)
zero(np.isclose, np.allclose, np.array_equal, np.array_equiv)
zero(np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert)
zero(np.left_shift, np.right_shift, np.gcd, np.lcm, np.finfo, np.iinfo)
if hasattr(np, "bitwise_count"):
    zero(np.bitwise_count)
