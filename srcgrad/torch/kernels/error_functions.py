"""The error function and its relatives, to the last digits of a double.

What enters: real arrays. What leaves: arrays of the same dtype. Rational approximations in three ranges of |x|: W. J. Cody 1969, Rational Chebyshev approximations for the
error function; the single precision one is a fit of our own. The inverse: an estimate, then two steps of Halley's method.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcgrad.rules.table import elementwise

# Below this many elements a loop over math.erf is the quicker way.
FEW = 150

_SMALL_P = (3.20937758913846947e03, 3.77485237685302021e02, 1.13864154151050156e02, 3.16112374387056560e00, 1.85777706184603153e-1)  # fmt: skip
_SMALL_Q = (2.84423683343917062e03, 1.28261652607737228e03, 2.44024637934444173e02, 2.36012909523441209e01, 1.0)
_MIDDLE_P = (
    1.23033935479799725e03, 2.05107837782607147e03, 1.71204761263407058e03, 8.81952221241769090e02,
    2.98635138197400131e02, 6.61191906371416295e01, 8.88314979438837594e0, 5.64188496988670089e-1, 2.15311535474403846e-8,
)  # fmt: skip
_MIDDLE_Q = (
    1.23033935480374942e03, 3.43936767414372164e03, 4.36261909014324716e03, 3.29079923573345963e03,
    1.62138957456669019e03, 5.37181101862009858e02, 1.17693950891312499e02, 1.57449261107098347e01, 1.0,
)  # fmt: skip
_LARGE_P = (6.58749161529837803e-4, 1.60837851487422766e-2, 1.25781726111229246e-1, 3.60344899949804439e-1, 3.05326634961232344e-1, 1.63153871373020978e-2)  # fmt: skip
_LARGE_Q = (2.33520497626869185e-3, 6.05183413124413191e-2, 5.27905102951428412e-1, 1.87295284992346725e00, 2.56852019228982242e00, 1.0)  # fmt: skip
_SINGLE_P = (1.12837915, 0.190592708, 0.0527690575, 0.00377247228, 0.000284836177, 2.04596485e-06)
_SINGLE_Q = (1.0, 0.502241121, 0.114182194, 0.0149830533, 0.00116382805, 3.8046736e-05)
_SINGLE_END = 3.925  # where erf rounds to 1

_SQRT_PI = math.sqrt(math.pi)


def polynomial(coefficients: Sequence[float], x: Any) -> Any:
    """The value of a polynomial, its coefficients from the lowest power up, by Horner's scheme."""
    y = np.full_like(x, coefficients[-1])
    for c in coefficients[-2::-1]:
        y *= x
        y += c
    return y


def by_range(x: Any, parts: Sequence[tuple[Any, Callable[[Any], Any]]]) -> Any:
    """A function made of parts: each (where, function) is computed for its elements alone; the rest stays NaN."""
    for where, part in parts:
        if where.all():
            return part(x)
    y = np.full_like(x, np.nan)
    for where, part in parts:
        if where.any():
            y[where] = part(x[where])
    return y


def _erf_small(x: Any) -> Any:
    s = x * x
    return x * polynomial(_SMALL_P, s) / polynomial(_SMALL_Q, s)


def _scaled_middle(y: Any) -> Any:
    return polynomial(_MIDDLE_P, y) / polynomial(_MIDDLE_Q, y)


def _scaled_large(y: Any) -> Any:
    s = 1 / (y * y)
    return (1 / _SQRT_PI - s * polynomial(_LARGE_P, s) / polynomial(_LARGE_Q, s)) / y


def _gaussian(y: Any) -> Any:
    """exp(-y^2), the square taken in two parts so that none of its digits is lost."""
    z = np.floor(y * 16) / 16
    return np.exp(-z * z) * np.exp(-(y - z) * (y + z))


def doubled(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function of doubles for any array; integers do not come here."""

    def of(x: Any) -> Any:
        x = np.asarray(x)
        kind = x.dtype
        return function(x if kind == np.float64 else x.astype(np.float64)).astype(kind, copy=False)

    return of


def by_element(function: Callable[[float], float], x: Any) -> Any:
    return np.array([function(v) for v in x.ravel().tolist()], x.dtype).reshape(x.shape)


def erf(x: Any) -> Any:
    """2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x."""
    x = np.asarray(x)
    if x.size <= FEW:
        return by_element(math.erf, x)
    if x.dtype != np.float64:
        return _erf_single(x)
    y = np.abs(x)
    return by_range(
        x,
        [
            (y <= 0.46875, _erf_small),
            ((y > 0.46875) & (y <= 4), lambda v: _signed(v, _scaled_middle)),
            ((y > 4) & (y <= 6), lambda v: _signed(v, _scaled_large)),
            (y > 6, np.sign),
        ],
    )


def _signed(x: Any, scaled: Callable[[Any], Any]) -> Any:
    y = np.abs(x)
    return np.copysign(1 - _gaussian(y) * scaled(y), x)


def _erf_single(x: Any) -> Any:
    a = np.minimum(np.maximum(x, -_SINGLE_END), _SINGLE_END)
    s = a * a
    y = polynomial(_SINGLE_P, s)
    y *= a
    y /= polynomial(_SINGLE_Q, s)
    return np.minimum(np.maximum(y, -1), 1)


@doubled
def erfc(x: Any) -> Any:
    """1 - erf(x), without cancellation."""
    if x.size <= FEW:
        return by_element(math.erfc, x)
    return by_range(
        x,
        [
            (np.abs(x) <= 0.46875, lambda v: 1 - _erf_small(v)),
            ((x > 0.46875) & (x <= 4), lambda v: _gaussian(v) * _scaled_middle(v)),
            ((x > 4) & (x < 27), lambda v: _gaussian(v) * _scaled_large(v)),
            (x >= 27, np.zeros_like),
            ((x < -0.46875) & (x >= -4), lambda v: 2 - _gaussian(-v) * _scaled_middle(-v)),
            ((x < -4) & (x > -6), lambda v: 2 - _gaussian(-v) * _scaled_large(-v)),
            (x <= -6, lambda v: np.full_like(v, 2)),
        ],
    )


def _reflected_scaled(x: Any) -> Any:
    y = -x
    with np.errstate(over="ignore"):
        return 2 / _gaussian(np.minimum(y, 30)) - by_range(y, [(y <= 4, _scaled_middle), (y > 4, _scaled_large)])


@doubled
def erfcx(x: Any) -> Any:
    """exp(x^2) erfc(x)."""
    return by_range(
        x,
        [
            (np.abs(x) <= 0.46875, lambda v: np.exp(v * v) * (1 - _erf_small(v))),
            ((x > 0.46875) & (x <= 4), _scaled_middle),
            ((x > 4) & (x < np.inf), _scaled_large),
            (x == np.inf, np.zeros_like),
            (x < -0.46875, _reflected_scaled),
        ],
    )


# The derivatives. Each text reads the value alone, so that it can be differentiated again.

_SLOPE = 2 / _SQRT_PI
elementwise(erf, "_SLOPE * np.exp(-(x * x))")
elementwise(erfc, "-_SLOPE * np.exp(-(x * x))")
elementwise(erfcx, "2 * x * y - _SLOPE")


@doubled
def erfinv(x: Any) -> Any:
    """The y with erf(y) = x."""
    a = np.minimum(np.abs(x), 1)
    y = _erfinv_estimate(a)
    finite = a < 1
    v = np.where(finite, y, 0.0)
    for _ in range(2):
        # Halley's method on erfc, which keeps its digits near 1.
        error = np.where(a < 0.5, erf(v) - a, (1 - a) - erfc(v))
        step = error / (_SLOPE * np.exp(-v * v))
        v = v - step / (1 + v * step)
    v = np.where(finite, v, np.inf)
    return np.where(np.abs(x) <= 1, np.copysign(v, x), np.nan)


def _erfinv_estimate(a: Any) -> Any:
    """S. Winitzki 2008, within 0.2%: the formula for erf by a Gaussian of a rational function, solved for x."""
    c = 0.147
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.log1p(-a) + np.log1p(a)
        b = 2 / (math.pi * c) + log / 2
        return np.sqrt(np.sqrt(b * b - log / c) - b)


elementwise(erfinv, "0.5 * _SQRT_PI * np.exp(y * y)")


# The normal distribution.


@doubled
def log_ndtr(x: Any) -> Any:
    """The log of the normal distribution's probability of being less than x."""
    t = x * _HALF_SQRT
    low = x < -1
    far = np.log(0.5 * erfcx(np.where(low, -t, 1.0))) - t * t
    near = np.log1p(-0.5 * erfc(np.where(low, 0.0, t)))
    return np.where(low, np.where(np.isinf(x), -np.inf, far), near)


_HALF_SQRT = math.sqrt(0.5)
_RATIO = math.sqrt(2 / math.pi)
elementwise(log_ndtr, "_RATIO / erfcx(x * -_HALF_SQRT)")


@doubled
def ndtri(p: Any) -> Any:
    """The x below which the normal distribution has the probability p."""
    q = np.minimum(p, 1 - p)
    inner = q > 0
    # Abramowitz and Stegun 26.2.23, then three steps of Halley's method.
    t = np.sqrt(-2 * np.log(np.where(inner, q, 0.5)))
    x = (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t
    for _ in range(3):
        v = -x * _HALF_SQRT
        # The error over the density, written so that neither underflows.
        step = 0.5 * erfcx(v) * math.sqrt(2 * math.pi) * (1 - np.exp(np.log(np.where(inner, q, 0.5)) - log_ndtr(x)))
        x = x - step / (1 + 0.5 * x * step)
    x = np.where(inner, x, -np.inf)
    x = np.where(p > 0.5, -x, x)
    return np.where((p >= 0) & (p <= 1), np.where(p == 0.5, 0.0, x), np.nan)


_ROOT = math.sqrt(2 * math.pi)
elementwise(ndtri, "_ROOT * np.exp(0.5 * (y * y))")


def entr(x: Any) -> Any:
    """-x log(x): 0 at 0, and minus infinity below."""
    return np.where(x > 0, -x * np.log(np.where(x > 0, x, 1)), np.where(x == 0, 0, np.where(np.isnan(x), x, -np.inf)))


elementwise(entr, "-1 - np.log(x)")
