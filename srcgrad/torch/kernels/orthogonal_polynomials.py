"""Orthogonal polynomials of a degree that may differ from element to element, by their three-term recurrences.

What enters: arrays of points and of degrees, of which the fraction is dropped. What leaves: arrays of the values; 0 for negative
degrees.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Step = Callable[[Any, int, Any, Any], Any]


def recurred(x: Any, n: Any, first: Any, step: Step) -> Any:
    """p_n(x) where p_0 = 1, p_1 = first and p_(k+1) = step(x, k, p_k, p_(k-1))."""
    x, n = np.broadcast_arrays(x, n)
    first = np.broadcast_to(first, x.shape)
    degree = np.trunc(n)
    y = np.where(degree < 0, 0, np.where(degree == 0, 1, first)).astype(x.dtype)
    before, now = np.ones_like(x), np.array(first)
    for k in range(1, int(degree.max(initial=0))):
        before, now = now, step(x, k, now, before)
        y = np.where(degree == k + 1, now, y)
    return y


def _chebyshev(x: Any, _k: int, now: Any, before: Any) -> Any:
    return (x + x) * now - before


def chebyshev_polynomial_t(x: Any, n: Any) -> Any:
    return recurred(x, n, x, _chebyshev)


def chebyshev_polynomial_u(x: Any, n: Any) -> Any:
    return recurred(x, n, x + x, _chebyshev)


def chebyshev_polynomial_v(x: Any, n: Any) -> Any:
    return recurred(x, n, x + x - 1, _chebyshev)


def chebyshev_polynomial_w(x: Any, n: Any) -> Any:
    return recurred(x, n, x + x + 1, _chebyshev)


def shifted_chebyshev_polynomial_t(x: Any, n: Any) -> Any:
    return chebyshev_polynomial_t(x + x - 1, n)


def shifted_chebyshev_polynomial_u(x: Any, n: Any) -> Any:
    return chebyshev_polynomial_u(x + x - 1, n)


def shifted_chebyshev_polynomial_v(x: Any, n: Any) -> Any:
    return chebyshev_polynomial_v(x + x - 1, n)


def shifted_chebyshev_polynomial_w(x: Any, n: Any) -> Any:
    return chebyshev_polynomial_w(x + x - 1, n)


def hermite_polynomial_h(x: Any, n: Any) -> Any:
    return recurred(x, n, x + x, lambda x, k, now, before: (x + x) * now - 2 * k * before)


def hermite_polynomial_he(x: Any, n: Any) -> Any:
    return recurred(x, n, x, lambda x, k, now, before: x * now - k * before)


def laguerre_polynomial_l(x: Any, n: Any) -> Any:
    return recurred(x, n, 1 - x, lambda x, k, now, before: ((2 * k + 1 - x) * now - k * before) / (k + 1))


def legendre_polynomial_p(x: Any, n: Any) -> Any:
    return recurred(x, n, x, lambda x, k, now, before: ((2 * k + 1) * x * now - k * before) / (k + 1))


POLYNOMIALS = (
    chebyshev_polynomial_t,
    chebyshev_polynomial_u,
    chebyshev_polynomial_v,
    chebyshev_polynomial_w,
    shifted_chebyshev_polynomial_t,
    shifted_chebyshev_polynomial_u,
    shifted_chebyshev_polynomial_v,
    shifted_chebyshev_polynomial_w,
    hermite_polynomial_h,
    hermite_polynomial_he,
    laguerre_polynomial_l,
    legendre_polynomial_p,
)
