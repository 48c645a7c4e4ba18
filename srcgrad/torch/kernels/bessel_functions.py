"""Bessel functions of the orders 0 and 1, and Airy's function, to the last digits of a double.

What enters: real arrays. What leaves: arrays of the same dtype. Formulas by their numbers in DLMF, the NIST Digital Library of
Mathematical Functions: the power series 10.2.2, 10.8.1, 10.25.2, 10.31.1; for large arguments 10.17.3 and 10.40.1; between
them J by the recurrence 10.6.1 from above (Miller) and Y by 10.23.17; K by the trapezoidal sum of 10.32.9.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from srcgrad.rules.table import elementwise
from srcgrad.torch.kernels.error_functions import by_range, doubled, polynomial

EULER = 0.57721566490153286061
FAR = 25.0  # from here on the asymptotic series
_TERMS = 80


def _power_series(order: int, sign: int) -> tuple[float, ...]:
    """The coefficients in (x / 2)^2 of J (sign -1) or I (sign 1), over (x / 2)^order."""
    return tuple(sign**k / (math.factorial(k) * math.factorial(k + order)) for k in range(_TERMS))


def _harmonic_series(order: int, sign: int) -> tuple[float, ...]:
    """The same, each times psi(k + 1) + psi(k + order + 1)."""
    found = []
    first, second = -EULER, -EULER + sum(1 / j for j in range(1, order + 1))
    for k in range(40):
        found.append(sign**k * (first + second) / (math.factorial(k) * math.factorial(k + order)))
        first += 1 / (k + 1)
        second += 1 / (k + order + 1)
    return tuple(found)


_J = {n: _power_series(n, -1)[:40] for n in (0, 1)}
_I = {n: _power_series(n, 1) for n in (0, 1)}
_YH = {n: _harmonic_series(n, -1) for n in (0, 1)}
_KH = {n: _harmonic_series(n, 1) for n in (0, 1)}


@functools.cache
def _hankel(order: float) -> tuple[float, ...]:
    """a_k of 10.17.1."""
    found = [1.0]
    for k in range(1, 24):
        found.append(found[-1] * (4 * order * order - (2 * k - 1) ** 2) / (8 * k))
    return tuple(found)


def _far_parts(order: float, x: Any) -> tuple[Any, Any]:
    """The two sums of the asymptotic series, by cosine and sine."""
    a = _hankel(order)
    s = -1 / (x * x)
    return polynomial(a[0::2], s), polynomial(a[1::2], s) / x


def _far(order: int, x: Any, second_kind: bool) -> Any:
    p, q = _far_parts(order, x)
    # cos(x - pi / 4) and sin(x - pi / 4), without the rounding of that difference.
    c, s = np.cos(x), np.sin(x)
    cosine, sine = (c + s) * math.sqrt(0.5), (s - c) * math.sqrt(0.5)
    if order:
        cosine, sine = sine, -cosine
    return np.sqrt(2 / (math.pi * x)) * (p * sine + q * cosine if second_kind else p * cosine - q * sine)


def _descended(x: Any) -> list[Any]:
    """J of every order up to 70, for x from 3 to FAR."""
    found = [np.zeros_like(x), np.full_like(x, 1e-280)]
    for n in range(70, 0, -1):
        found.append(2 * n / x * found[-1] - found[-2])
    found.reverse()
    total = found[0] + 2 * sum(found[2::2])
    return [f / total for f in found]


def _first_kind(order: int, x: Any) -> Any:
    a = np.abs(x)
    y = by_range(
        a,
        [
            (a <= 3, lambda v: (v / 2) ** order * polynomial(_J[order], v * v / 4)),
            ((a > 3) & (a <= FAR), lambda v: _descended(v)[order]),
            ((a > FAR) & (a < np.inf), lambda v: _far(order, v, second_kind=False)),
        ],
    )
    return np.where(x < 0, -y, y) if order else y


def _second_kind(order: int, x: Any) -> Any:
    return by_range(
        x,
        [
            ((x > 0) & (x <= 3), lambda v: _near_second_kind(order, v)),
            ((x > 3) & (x <= FAR), lambda v: _neumann(order, v)),
            ((x > FAR) & (x < np.inf), lambda v: _far(order, v, second_kind=True)),
            (x == 0, lambda v: np.full_like(v, -np.inf)),
        ],
    )


def _near_second_kind(order: int, x: Any) -> Any:
    s = x * x / 4
    y = 2 * np.log(x / 2) * polynomial(_J[order], s) - polynomial(_YH[order], s)
    return y / math.pi if order == 0 else (x / 2 * y - 2 / x) / math.pi


def _neumann(order: int, x: Any) -> Any:
    j = _descended(x)
    log = np.log(x / 2) + EULER - order
    y = log * j[order] - (j[0] / x if order else 0.0)
    for k in range(1, 34):
        y = y - (-1) ** k * (order + 2 * k) / (k * (order + k)) * j[order + 2 * k]
    return y * (2 / math.pi)


@doubled
def bessel_j0(x: Any) -> Any:
    return _first_kind(0, x)


@doubled
def bessel_j1(x: Any) -> Any:
    return _first_kind(1, x)


@doubled
def bessel_y0(x: Any) -> Any:
    return _second_kind(0, x)


@doubled
def bessel_y1(x: Any) -> Any:
    return _second_kind(1, x)


# The modified ones.


def _scaled_first_kind(order: int, x: Any) -> Any:
    """exp(-|x|) I(x)."""
    a = np.abs(x)
    y = by_range(
        a,
        [
            (a <= FAR, lambda v: np.exp(-v) * (v / 2) ** order * polynomial(_I[order], v * v / 4)),
            ((a > FAR) & (a < np.inf), lambda v: polynomial(_hankel(order), -1 / v) / np.sqrt(2 * math.pi * v)),
            (a == np.inf, np.zeros_like),
        ],
    )
    return np.where(x < 0, -y, y) if order else y


def _first_kind_modified(order: int, x: Any) -> Any:
    half = np.exp(np.abs(x) / 2)
    return _scaled_first_kind(order, x) * half * half


@doubled
def i0(x: Any) -> Any:
    """The modified Bessel function of order 0."""
    return _first_kind_modified(0, x)


@doubled
def i1(x: Any) -> Any:
    """The modified Bessel function of order 1."""
    return _first_kind_modified(1, x)


@doubled
def i0e(x: Any) -> Any:
    """exp(-|x|) times the modified Bessel function of order 0."""
    return _scaled_first_kind(0, x)


@doubled
def i1e(x: Any) -> Any:
    """exp(-|x|) times the modified Bessel function of order 1."""
    return _scaled_first_kind(1, x)


def over(y: Any, x: Any) -> Any:
    """y / x, and 1/2 where x is 0: the slope of i1 there."""
    return np.where(x == 0, 0.5, y / np.where(x == 0, 1, x))


elementwise(i0, "i1(x)")
elementwise(i1, "i0(x) - over(y, x)")
elementwise(i0e, "i1e(x) - np.sign(x) * y")
elementwise(i1e, "i0e(x) - np.sign(x) * y - over(y, x)")


def _scaled_third_kind(order: float, x: Any) -> Any:
    """exp(x) K(x) for x >= 2."""
    end = np.arccosh(1 + 40 / x)
    step = end / 24
    total = np.full_like(x, 0.5)
    for k in range(1, 25):
        t = k * step
        half = np.sinh(t / 2)
        total += np.exp(-2 * x * half * half) * np.cosh(order * t)
    return total * step


def _near_third_kind(order: int, x: Any) -> Any:
    """K(x) for 0 < x < 2."""
    s = x * x / 4
    y = -np.log(x / 2) * polynomial(_I[order][:40], s) + 0.5 * polynomial(_KH[order], s)
    return y if order == 0 else 1 / x - x / 2 * y


def _third_kind(order: int, x: Any, scaled: bool) -> Any:
    return by_range(
        x,
        [
            ((x > 0) & (x < 2), lambda v: _near_third_kind(order, v) * (np.exp(v) if scaled else 1)),
            (
                (x >= 2) & (x < np.inf),
                lambda v: _scaled_third_kind(order, v) * (1 if scaled else np.exp(-v)),
            ),
            (x == np.inf, np.zeros_like),
            (x == 0, lambda v: np.full_like(v, np.inf)),
        ],
    )


@doubled
def modified_bessel_k0(x: Any) -> Any:
    return _third_kind(0, x, scaled=False)


@doubled
def modified_bessel_k1(x: Any) -> Any:
    return _third_kind(1, x, scaled=False)


@doubled
def scaled_modified_bessel_k0(x: Any) -> Any:
    return _third_kind(0, x, scaled=True)


@doubled
def scaled_modified_bessel_k1(x: Any) -> Any:
    return _third_kind(1, x, scaled=True)


@doubled
def spherical_bessel_j0(x: Any) -> Any:
    """sin(x) / x."""
    return np.where(x == 0, 1.0, np.where(np.isinf(x), 0.0, np.sin(x) / np.where(x == 0, 1.0, x)))


# Airy's function: its Taylor series around points that are half a unit apart, 9.7.5 and 9.7.9 beyond them.

_LEFT, _RIGHT, _BITS = -10, 3, 256


@functools.cache
def _airy_at(twice: int) -> tuple[float, float]:
    """Ai and its derivative at a multiple of one half, by the series 9.4.1 in whole numbers of 256 bits."""
    one = 1 << _BITS
    # Ai(0) and -Ai'(0), as 3^(-2/3) / gamma(2/3) and 3^(-1/3) / gamma(1/3), times 10^60.
    start = one * 355028053887817239260063186004183176397979174199177749780393 // 10**60
    slope = one * 258819403792806798405183560189203963479091138354934582210002 // 10**60
    total = [0, 0]
    for first, power, factor in ((start, 0, 1), (-slope, 1, 1)):
        term = first * factor
        n = power
        derivative = term * n
        # Terms of x^n; the derivative's are n x^(n - 1).
        value = term if n == 0 else term * twice // 2
        change = 0 if n == 0 else derivative
        total[0] += value
        total[1] += change
        while value or change:
            n += 3
            value = value * twice**3 // (8 * n * (n - 1))
            change = value * 2 * n // twice if twice else 0
            total[0] += value
            total[1] += change
            if not twice or n > 400:
                break
    return total[0] / one, total[1] / one


def _airy_between(x: Any) -> Any:
    twice = np.rint(2 * x).astype(np.int64)
    y = np.empty_like(x)
    for k in np.unique(twice):
        here = twice == k
        y[here] = _airy_taylor(x[here] - k / 2, k / 2, *_airy_at(int(k)))
    return y


def _airy_taylor(h: Any, centre: float, value: float, slope: float) -> Any:
    """The solution of y'' = x y with this value and slope at the centre."""
    c = [value, slope]
    for n in range(26):
        c.append((centre * c[n] + (c[n - 1] if n else 0.0)) / ((n + 1) * (n + 2)))
    return polynomial(c, h)


def _airy_left(x: Any) -> Any:
    a = -x
    z = 2 / 3 * a * np.sqrt(a)
    p, q = _far_parts(1 / 3, z)
    angle = z - math.pi / 4
    return (np.cos(angle) * p - np.sin(angle) * q) / (math.sqrt(math.pi) * np.sqrt(np.sqrt(a)))


def _airy_right(x: Any) -> Any:
    z = 2 / 3 * x * np.sqrt(x)
    return np.sqrt(x / 3) / math.pi * _scaled_third_kind(1 / 3, z) * np.exp(-z)


@doubled
def airy_ai(x: Any) -> Any:
    """The solution of y'' = x y that decays for large x."""
    return by_range(
        x,
        [
            ((x >= _LEFT) & (x <= _RIGHT), _airy_between),
            ((x < _LEFT) & (x > -np.inf), _airy_left),
            ((x > _RIGHT) & (x < np.inf), _airy_right),
        ],
    )
