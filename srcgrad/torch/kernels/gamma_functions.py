"""The gamma function's relatives: its logarithm and that one's derivatives, zeta, incomplete gamma functions.

What enters: real arrays. What leaves: arrays of the same dtype. Formulas by their numbers in DLMF, the NIST Digital Library of
Mathematical Functions: 5.11.2 and 5.15.8 (asymptotic series), 25.11.28 (Euler and Maclaurin's sum), 8.7.1, 8.9.2.
"""

from __future__ import annotations

import math
from typing import Any, NoReturn

import numpy as np

from srcgrad.rules.table import elementwise, rule
from srcgrad.torch.kernels.error_functions import by_element, doubled

# The Bernoulli numbers B2, B4, … B24.
BERNOULLI = (
    1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330,
    854513 / 138, -236364091 / 2730,
)  # fmt: skip


@doubled
def lgamma(x: Any) -> Any:
    """log |gamma(x)|."""
    pole = (x <= 0) & (x == np.floor(x))
    return np.where(pole, np.inf, by_element(math.lgamma, np.where(pole, 1.0, x)))


@doubled
def digamma(x: Any) -> Any:
    """The derivative of log gamma."""
    pole = (x < 0) & (x == np.floor(x))
    low = x < 0.5
    # Reflection: psi(1 - x) - psi(x) = pi / tan(pi x).
    z = np.where(low, 1 - x, x)
    y = _digamma_right(z)
    fraction = x - np.round(x)
    y = np.where(low, y - math.pi / np.tan(math.pi * np.where(fraction == 0, 0.25, fraction)), y)
    y = np.where(x == 0, -np.copysign(np.inf, x), y)
    return np.where(pole | (x == -np.inf), np.nan, y)


def _digamma_right(x: Any) -> Any:
    """digamma for x >= 1/2: ten steps up, then the asymptotic series."""
    lower = np.zeros_like(x)
    for k in range(9, -1, -1):
        lower += 1 / (x + k)
    z = x + 10
    s = 1 / (z * z)
    series = np.zeros_like(x)
    for k in range(8, 0, -1):
        series = (series + BERNOULLI[k - 1] / (2 * k)) * s
    return np.where(np.isinf(x), x, np.log(z) - 0.5 / z - series - lower)


elementwise(lgamma, "digamma(x)")
elementwise(digamma, "polygamma(1, x)")


def _zeta(q: Any, s: Any) -> Any:
    steps = 10 + max(0, math.ceil(-np.min(q, initial=0.0, where=np.isfinite(q)))) if q.size else 0
    total = np.zeros_like(q)
    for k in range(min(steps, 10_000)):
        total += (q + k) ** -s
    z = q + steps
    power = z**-s
    total += z * power / (s - 1) + 0.5 * power
    factor = s / z * power
    for k in range(12):
        total += factor * (BERNOULLI[k] / math.factorial(2 * k + 2))
        factor = factor * (s + 2 * k + 1) * (s + 2 * k + 2) / (z * z)
    return np.where(np.isinf(z), 0.0, total)


def zeta(x1: Any, x2: Any) -> Any:
    """Hurwitz's zeta function: the sum of (x2 + k) ** -x1 over k = 0, 1, …"""
    s, q = np.broadcast_arrays(np.asarray(x1), np.asarray(x2))
    kind = np.result_type(s, q)
    s, q = s.astype(np.float64), q.astype(np.float64)
    whole = q == np.floor(q)
    good = (s > 1) & ((q > 0) | (~whole & (s == np.floor(s))))
    y = np.where(s == 1, np.inf, np.where(s < 1, np.nan, np.where((q <= 0) & whole, np.inf, np.nan)))
    if good.any():
        y[good] = _zeta(q[good], s[good])
    y = np.where(np.isnan(s) | np.isnan(q), np.nan, y)
    return y.astype(kind)


def refused(name: str) -> NoReturn:
    """There is no derivative, in PyTorch neither."""
    raise NotImplementedError(f"the derivative for '{name}' is not implemented.")


rule(
    zeta,
    "x1, x2",
    vjp={"x1": "refused('zeta')", "x2": "y_bar * (-x1 * zeta(x1 + 1, x2))"},
    jvp={"x1": "refused('zeta')", "x2": "x2_dot * (-x1 * zeta(x1 + 1, x2))"},
)


def polygamma(n: int, x: Any) -> Any:
    """The n-th derivative of digamma."""
    if n == 0:
        return digamma(x)
    if n == 1:
        return trigamma(x)
    return ((-1.0) ** (n + 1) * math.factorial(n) * zeta(np.asarray(float(n + 1)), np.asarray(x, np.float64))).astype(
        np.asarray(x).dtype
    )


@doubled
def trigamma(x: Any) -> Any:
    """The derivative of digamma."""
    low = x < 0.5
    z = np.where(low, 1 - x, x)
    y = _zeta(np.where(np.isfinite(z), z, 1.0), np.asarray(2.0))
    fraction = x - np.round(x)
    with np.errstate(divide="ignore"):
        y = np.where(low, (math.pi / np.sin(math.pi * fraction)) ** 2 - y, y)
    return np.where(np.isnan(x), x, np.where(np.isinf(x), 0.0, y))


rule(
    polygamma,
    "n, x",
    vjp={"x": "y_bar * polygamma(n + 1, x)"},
    jvp={"x": "x_dot * polygamma(n + 1, x)"},
)
elementwise(trigamma, "polygamma(2, x)")


def mvlgamma(x: Any, p: int) -> Any:
    """The log of the gamma function of matrices of dimension p."""
    y = np.full_like(x, p * (p - 1) / 4 * math.log(math.pi))
    for k in range(p):
        y = y + lgamma(x - 0.5 * k)
    return y


def mvlgamma_slope(x: Any, p: int) -> Any:
    y = digamma(x)
    for k in range(1, p):
        y = y + digamma(x - 0.5 * k)
    return y


rule(mvlgamma, "x, p", vjp={"x": "y_bar * mvlgamma_slope(x, p)"}, jvp={"x": "x_dot * mvlgamma_slope(x, p)"})


# The incomplete gamma functions, as parts of the complete one.


def igamma(x1: Any, x2: Any) -> Any:
    """The part of gamma(x1) that the integral up to x2 gives."""
    return _incomplete(x1, x2)[0]


def igammac(x1: Any, x2: Any) -> Any:
    """The part of gamma(x1) that the integral from x2 gives."""
    return _incomplete(x1, x2)[1]


def _incomplete(x1: Any, x2: Any) -> tuple[Any, Any]:
    a, x = np.broadcast_arrays(np.asarray(x1), np.asarray(x2))
    kind = np.result_type(a, x)
    a, x = a.astype(np.float64), x.astype(np.float64)
    lower = np.full_like(a, np.nan)
    upper = np.full_like(a, np.nan)
    plain = (a > 0) & (x > 0) & np.isfinite(a) & np.isfinite(x)
    series = plain & (x < a + 1)
    fraction = plain & ~series
    lower[series] = _by_series(a[series], x[series])
    upper[series] = 1 - lower[series]
    upper[fraction] = _by_fraction(a[fraction], x[fraction])
    lower[fraction] = 1 - upper[fraction]
    nothing = ((x == 0) & (a > 0)) | (np.isinf(a) & np.isfinite(x) & (x >= 0))
    all_of_it = ((a == 0) & (x > 0)) | ((x == np.inf) & np.isfinite(a) & (a >= 0))
    lower = np.where(nothing, 0.0, np.where(all_of_it, 1.0, lower))
    upper = np.where(nothing, 1.0, np.where(all_of_it, 0.0, upper))
    return lower.astype(kind), upper.astype(kind)


def _density(a: Any, x: Any) -> Any:
    """x^a exp(-x) / gamma(a + 1)."""
    large = a > 20
    ratio = (x - a) / np.where(large, a, 1.0)
    # For large a, around its maximum: log(1 + r) - r, and Stirling's formula for what is left.
    s = 1 / np.where(large, a, 20.0)
    stirling = s / 12 - s**3 / 360 + s**5 / 1260 - s**7 / 1680
    log1p = np.where(large, np.log1p(np.where(large, ratio, 0.0)) - ratio, 0.0)
    far = a * log1p - stirling - 0.5 * np.log(2 * math.pi * np.where(large, a, 1.0))
    near = a * np.log(x) - x - lgamma(a + 1)
    return np.exp(np.where(large, far, near))


def _by_series(a: Any, x: Any) -> Any:
    term = np.ones_like(a)
    total = np.ones_like(a)
    k = 0
    while k < 20_000 and (term > 1e-17 * total).any():
        k += 1
        term = term * x / (a + k)
        total = total + term
    return total * _density(a, x)


def _by_fraction(a: Any, x: Any) -> Any:
    """Lentz's evaluation of the continued fraction."""
    tiny = 1e-300
    b = x + 1 - a
    c = np.full_like(a, 1 / tiny)
    d = 1 / np.where(b == 0, tiny, b)
    y = d
    for k in range(1, 20_000):
        step = -k * (k - a)
        b = b + 2
        d = step * d + b
        d = 1 / np.where(d == 0, tiny, d)
        c = b + step / c
        c = np.where(c == 0, tiny, c)
        y = y * (c * d)
        if not (np.abs(c * d - 1) > 1e-16).any():
            break
    return y * _density(a, x) * a


def gamma_density(a: Any, x: Any) -> Any:
    """x^(a - 1) exp(-x) / gamma(a)."""
    return np.exp((a - 1) * np.log(x) - x - lgamma(a))


rule(
    igamma,
    "x1, x2",
    vjp={"x1": "refused('igamma: input')", "x2": "y_bar * gamma_density(x1, x2)"},
    jvp={"x1": "refused('igamma: input')", "x2": "x2_dot * gamma_density(x1, x2)"},
)
rule(
    igammac,
    "x1, x2",
    vjp={"x1": "refused('igammac: input')", "x2": "-y_bar * gamma_density(x1, x2)"},
    jvp={"x1": "refused('igammac: input')", "x2": "-x2_dot * gamma_density(x1, x2)"},
)
