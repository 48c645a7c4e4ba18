"""Python's own functions of numbers: builtins, operator, math and cmath.

What enters: the functions. What leaves: their entries in the table. The partial derivatives of math's
functions are written in math and plain operators, so that a float stays a float; they give an
infinity at a pole, where Python's own division would raise, since the result may belong to
an expression that is not used.
"""

from __future__ import annotations

import builtins
import cmath
import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from srcgrad.rules.support import unbroadcast  # noqa: F401 - the texts call it
from srcgrad.rules.table import elementwise, rule, same, zero
from srcgrad.rules.ufuncs import ratio  # noqa: F401 - the texts call it

# Operators and builtins act on arrays as well as on numbers.

same(np.add, operator.add)
same(np.subtract, operator.sub)
same(np.multiply, operator.mul)
same(np.divide, operator.truediv)
same(np.remainder, operator.mod)
same(np.power, operator.pow, builtins.pow)
same(np.negative, operator.neg)
same(np.positive, operator.pos)
same(np.absolute, operator.abs, builtins.abs)
same(np.divmod, builtins.divmod)
zero(operator.floordiv, operator.index, operator.truth, operator.not_, operator.is_, operator.is_not)
zero(operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge)
zero(operator.contains, operator.countOf, operator.indexOf, operator.length_hint)

rule(float, "x=0.0", vjp={"x": "unbroadcast(y_bar, x)"}, jvp={"x": "float(x_dot)"})
rule(
    complex,
    "real=0.0, imag=0.0",
    vjp={"real": "y_bar", "imag": "1j * y_bar"},
    jvp={"real": "complex(real_dot)", "imag": "1j * complex(imag_dot)"},
)
zero(int, bool, round, len, isinstance, issubclass, callable, hasattr, type, id, hash, any, all)
zero(repr, str, ascii, format, print, range, slice, chr, ord, bin, oct, hex)
zero(float.is_integer, float.as_integer_ratio, float.hex)


def over(a: float, b: Any) -> Any:
    """The quotient a / b as IEEE arithmetic has it: infinite or NaN where b is zero."""
    if b != 0:
        return a / b
    return math.copysign(math.inf, a) if a != 0 else math.nan


def sign(x: float) -> float:
    """The sign of x, zero at zero."""
    return (x > 0) * 1.0 - (x < 0) * 1.0


def steep(x1: float, x2: float) -> float:
    """The power x1 ** x2, and infinite where x1 is zero and x2 negative."""
    return math.pow(x1, x2) if x1 != 0 or x2 >= 0 else math.inf


def log_positive(x: float) -> float:
    """The logarithm; zero for zero (0 ** p is constant in p), NaN for negative numbers."""
    if x > 0:
        return math.log(x)
    return 0.0 if x == 0 else math.nan


# math: powers, exponentials, logarithms

elementwise(math.sqrt, "over(0.5, y)")
elementwise(math.cbrt, "over(1.0, 3 * y * y)")
elementwise(
    math.pow,
    "(x2 * steep(x1, x2 - 1) if x1 != 0 or x2 != 0 else 0.0)",
    "y * log_positive(x1)",
)
elementwise(math.exp, "y")
elementwise(math.exp2, "y * math.log(2)")
elementwise(math.expm1, "math.exp(x)")
rule(
    math.log,
    "x, base=None",
    vjp={
        "x": "(y_bar / x if base is None else y_bar / (x * math.log(base)))",
        "base": "-y_bar * y / (base * math.log(base))",
    },
    jvp={
        "x": "(x_dot / x if base is None else x_dot / (x * math.log(base)))",
        "base": "-base_dot * y / (base * math.log(base))",
    },
)
elementwise(math.log2, "1 / (x * math.log(2))")
elementwise(math.log10, "1 / (x * math.log(10))")
elementwise(math.log1p, "1 / (1 + x)")

# math: trigonometric and hyperbolic functions

elementwise(math.sin, "math.cos(x)")
elementwise(math.cos, "-math.sin(x)")
elementwise(math.tan, "1 + y * y")
elementwise(math.asin, "over(1.0, math.sqrt((1 - x) * (1 + x)))")
elementwise(math.acos, "over(-1.0, math.sqrt((1 - x) * (1 + x)))")
elementwise(math.atan, "1 / (1 + x * x)")
elementwise(math.atan2, "over(x2, x1 * x1 + x2 * x2)", "over(-x1, x1 * x1 + x2 * x2)")
elementwise(math.sinh, "math.cosh(x)")
elementwise(math.cosh, "math.sinh(x)")
elementwise(math.tanh, "1 - y * y")
elementwise(math.asinh, "1 / math.sqrt(1 + x * x)")
elementwise(math.acosh, "over(1.0, math.sqrt((x - 1) * (x + 1)))")
elementwise(math.atanh, "1 / ((1 - x) * (1 + x))")
elementwise(math.degrees, "180 / math.pi")
elementwise(math.radians, "math.pi / 180")

# math: parts and remainders

elementwise(math.fabs, "sign(x)")
elementwise(math.copysign, "sign(x1) * math.copysign(1.0, x2)", "")
elementwise(math.nextafter, "1", "")
elementwise(math.ldexp, "math.ldexp(1.0, x2)", "")
elementwise(math.fmod, "1", "-round((x1 - y) / x2)")
elementwise(math.remainder, "1", "-round((x1 - y) / x2)")
rule(math.modf, "x", vjp={"x": "y_bar[0]"}, jvp={"x": "(x_dot, 0.0)"})
rule(
    math.frexp,
    "x",
    vjp={"x": "math.ldexp(y_bar[0], -y[1])"},
    jvp={"x": "(math.ldexp(x_dot, -y[1]), 0.0)"},
)
zero(math.floor, math.ceil, math.trunc, math.ulp)
zero(math.isnan, math.isinf, math.isfinite, math.isclose)
zero(math.comb, math.perm, math.factorial, math.gcd, math.lcm, math.isqrt)

# math: sums and products


def alike(values: list[Any], sequence: Any) -> Any:
    """A list of cotangents in the form that their sequence has: an array for an array."""
    return np.array(values) if isinstance(sequence, np.ndarray) else values


def other_factors(factors: Sequence[Any], start: Any) -> list[Any]:
    """For each factor the product of the others and of start, right where factors are zero."""
    before = [start]
    for factor in factors[:-1]:
        before.append(before[-1] * factor)
    products = []
    after = 1.0
    for k in range(len(factors) - 1, -1, -1):
        products.append(before[k] * after)
        after = after * factors[k]
    return products[::-1]


def inner(a: Sequence[Any], b: Sequence[Any]) -> Any:
    """The sum of the products of two sequences."""
    total = 0.0
    for k in range(len(a)):
        total = total + a[k] * b[k]
    return total


rule(math.fsum, "seq", vjp={"seq": "alike([y_bar for _ in seq], seq)"}, jvp={"seq": "math.fsum(seq_dot)"})
rule(
    math.prod,
    "iterable, *, start=1",
    vjp={
        "iterable": "alike([y_bar * p for p in other_factors(iterable, start)], iterable)",
        "start": "y_bar * math.prod(iterable)",
    },
    jvp={
        "iterable": "inner(other_factors(iterable, start), iterable_dot)",
        "start": "start_dot * math.prod(iterable)",
    },
)
rule(
    math.hypot,
    "*coordinates",
    vjp={"coordinates": "[y_bar * ratio(x, y) for x in coordinates]"},
    jvp={"coordinates": "inner([ratio(x, y) for x in coordinates], coordinates_dot)"},
)
rule(
    math.dist,
    "p, q",
    vjp={
        "p": "alike([y_bar * ratio(a - b, y) for a, b in zip(p, q)], p)",
        "q": "alike([y_bar * ratio(b - a, y) for a, b in zip(p, q)], q)",
    },
    jvp={
        "p": "inner([ratio(a - b, y) for a, b in zip(p, q)], p_dot)",
        "q": "inner([ratio(b - a, y) for a, b in zip(p, q)], q_dot)",
    },
)
if hasattr(math, "sumprod"):
    rule(
        math.sumprod,
        "p, q",
        vjp={"p": "alike([y_bar * b for b in q], p)", "q": "alike([y_bar * a for a in p], q)"},
        jvp={"p": "inner(p_dot, q)", "q": "inner(p, q_dot)"},
    )
if hasattr(math, "fma"):
    elementwise(math.fma, "x2", "x1", "1")

# math: the error and gamma functions


def digamma(x: float) -> float:
    """The logarithmic derivative of the gamma function.

    Reflected to positive x, shifted upwards to x >= 12, and there the asymptotic series with Bernoulli
    numbers: Abramowitz and Stegun 6.3.7, 6.3.5 and 6.3.18. Its derivatives, taken term by term, are the
    polygamma functions to nearly the same accuracy.
    """
    if x <= 0:
        return digamma(1 - x) - math.pi / math.tan(math.pi * x)
    shift = 0.0
    while x < 12:
        shift = shift + 1 / x
        x = x + 1
    z = 1 / (x * x)
    series = 1 / 132 - z * (691 / 32760 - z / 12)
    series = 1 / 12 - z * (1 / 120 - z * (1 / 252 - z * (1 / 240 - z * series)))
    return math.log(x) - 0.5 / x - z * series - shift


# 2 / sqrt(pi), written out so that nobody computes it at every call.
elementwise(math.erf, "1.1283791670955126 * math.exp(-x * x)")
elementwise(math.erfc, "-1.1283791670955126 * math.exp(-x * x)")
elementwise(math.gamma, "y * digamma(x)")
elementwise(math.lgamma, "digamma(x)")

# cmath: holomorphic, but for the modulus and the phase of polar coordinates

elementwise(cmath.sqrt, "over(0.5, y)")
elementwise(cmath.exp, "y")
elementwise(cmath.log10, "1 / (x * math.log(10))")
elementwise(cmath.sin, "cmath.cos(x)")
elementwise(cmath.cos, "-cmath.sin(x)")
elementwise(cmath.tan, "1 + y * y")
elementwise(cmath.asin, "over(1.0, cmath.sqrt((1 - x) * (1 + x)))")
elementwise(cmath.acos, "over(-1.0, cmath.sqrt((1 - x) * (1 + x)))")
elementwise(cmath.atan, "1 / (1 + x * x)")
elementwise(cmath.sinh, "cmath.cosh(x)")
elementwise(cmath.cosh, "cmath.sinh(x)")
elementwise(cmath.tanh, "1 - y * y")
elementwise(cmath.asinh, "1 / cmath.sqrt(1 + x * x)")
elementwise(cmath.acosh, "over(1.0, cmath.sqrt(x - 1) * cmath.sqrt(x + 1))")
elementwise(cmath.atanh, "1 / ((1 - x) * (1 + x))")
rule(
    cmath.log,
    "x, base=None",
    vjp={
        "x": "(y_bar / x if base is None else y_bar / (x * cmath.log(base)))",
        "base": "-y_bar * y / (base * cmath.log(base))",
    },
    jvp={
        "x": "(x_dot / x if base is None else x_dot / (x * cmath.log(base)))",
        "base": "-base_dot * y / (base * cmath.log(base))",
    },
)
rule(
    cmath.phase,
    "x",
    vjp={"x": "y_bar * ratio(-1j, x)"},
    jvp={"x": "np.real(x_dot * ratio(-1j, x))"},
)
rule(
    cmath.polar,
    "x",
    vjp={"x": "y_bar[0] * ratio(np.conj(x), y[0]) + y_bar[1] * ratio(-1j, x)"},
    jvp={"x": "(np.real(x_dot * ratio(np.conj(x), y[0])), np.real(x_dot * ratio(-1j, x)))"},
)
rule(
    cmath.rect,
    "r, phi",
    vjp={"r": "y_bar * cmath.rect(1.0, phi)", "phi": "1j * y_bar * y"},
    jvp={"r": "r_dot * cmath.rect(1.0, phi)", "phi": "1j * phi_dot * y"},
)
zero(cmath.isnan, cmath.isinf, cmath.isfinite, cmath.isclose)
