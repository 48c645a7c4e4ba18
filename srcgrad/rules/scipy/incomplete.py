"""Derivatives of the incomplete gamma and beta functions with respect to their parameters.

With the density f of the gamma distribution, P(a, x) is the integral of f from 0 to x, and
dP/da is that of f(t) (log t - psi(a)). Over all t it vanishes, so it may be taken over either side of x:
on one of the two the second factor keeps its sign, and nothing cancels. The same holds for the beta distribution.
With t = x exp(-u) or x exp(u), on a logistic scale for the beta distribution, the integrand decays
exponentially in u > 0; the double exponential rule gives such integrals to nearly double precision.

DLMF 8.2.4 and 8.17.1; Takahasi and Mori 1974, Double exponential formulas for numerical integration.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special  # type: ignore[import-untyped]


def nodes() -> tuple[Any, Any]:
    """Nodes and weights of the double exponential rule on (0, inf), for integrands of width about 1."""
    s = np.arange(-4.0, 10.0, 0.0625)
    u = np.exp(s - np.exp(-s))
    return u, 0.0625 * u * (1 + np.exp(-s))


def gammainc_by_a(a: Any, x: Any) -> Any:
    """The derivative of P(a, x) with respect to a."""
    wide_a, wide_x = np.asarray(a) + 0.0, np.asarray(x) + 0.0
    inside = (wide_x > 0) & (wide_x < np.inf)
    a, x = wide_a[..., None], np.where(inside, wide_x, 1.0)[..., None]
    mean = special.digamma(a)
    below = x < np.maximum(np.exp(mean), 0.3)
    side = np.where(below, -1.0, 1.0)
    u, weight = nodes()
    width = 1 / (np.abs(x - a) + np.sqrt(np.where(below, a, np.maximum(a, x))))
    u = u * width
    log_t = np.log(x) + side * u
    density = np.exp(np.minimum(a * log_t - np.exp(np.minimum(log_t, 700.0)) - special.gammaln(a), 700.0))
    slope = -side * np.sum(density * (log_t - mean) * weight * width, axis=-1, keepdims=True)
    return np.where(inside, slope[..., 0], 0.0)


def betainc_by_a(a: Any, b: Any, x: Any, rest: Any = None) -> Any:
    """The derivative of I_x(a, b) with respect to a; rest is 1 - x, where that is known better."""
    rest = 1.0 - np.asarray(x) if rest is None else np.asarray(rest) + 0.0
    wide_a, wide_b, wide_x = np.asarray(a) + 0.0, np.asarray(b) + 0.0, np.asarray(x) + 0.0
    inside = (wide_x > 0) & (rest > 0)
    a, b = wide_a[..., None], wide_b[..., None]
    x = np.where(inside, wide_x, 0.5)[..., None]
    start = np.log(x) - np.log(np.where(inside, rest, 0.5)[..., None])
    mean = special.digamma(a) - special.digamma(a + b)
    below = x < np.maximum(np.exp(mean), 0.3 * a / (a + b))
    side = np.where(below, -1.0, 1.0)
    u, weight = nodes()
    width = 1 / (np.abs((a + b) * x - a) + np.sqrt(a * b / (a + b)))
    u = u * width
    v = start + side * u
    log_t = special.log_expit(v)
    density = np.exp(a * log_t + b * special.log_expit(-v) - special.betaln(a, b))
    slope = -side * np.sum(density * (log_t - mean) * weight * width, axis=-1, keepdims=True)
    return np.where(inside, slope[..., 0], 0.0)


def betainc_by_b(a: Any, b: Any, x: Any) -> Any:
    """The derivative of I_x(a, b) = 1 - I_{1-x}(b, a) with respect to b."""
    return -betainc_by_a(b, a, 1.0 - np.asarray(x), x)


def gamma_density(a: Any, x: Any) -> Any:
    """The derivative of P(a, x) with respect to x. DLMF 8.8.13."""
    return np.exp(special.xlogy(a - 1, x) - x - special.gammaln(a))


def beta_density(a: Any, b: Any, x: Any) -> Any:
    """The derivative of I_x(a, b) with respect to x."""
    return np.exp(special.xlogy(a - 1, x) + special.xlog1py(b - 1, -x) - special.betaln(a, b))


def t_density(df: Any, t: Any) -> Any:
    """The density of Student's distribution."""
    return np.exp(-special.xlog1py((df + 1) / 2, t * t / df) - special.betaln(0.5, df / 2)) / np.sqrt(df)


LEGENDRE = np.polynomial.legendre.leggauss(24)


def stdtr_by_df(df: Any, t: Any) -> Any:
    """The derivative of Student's distribution function with respect to df.

    Far from zero it is 1/2 + sign(t) I_x(1/2, df/2) / 2 with x = t^2 / (df + t^2), and x varies with df as well. That form
    has no second derivative at t = 0: near there, the derivative of the density is integrated from 0 to t.
    """
    near = np.abs(t) < np.minimum(1.0, np.sqrt(df))
    far = np.where(near, 1.0, t)
    total = df + far * far
    by_b = betainc_by_a(df / 2, 0.5 + 0.0 * df, df / total, far * far / total)
    away = -np.sign(far) * by_b / 4 - t_density(df, far) * far / (2 * df)
    points, weights = LEGENDRE
    close = np.where(near, t, 0.0)
    s = close[..., None] * (points + 1) / 2
    df = np.asarray(df)[..., None]
    level = special.digamma((df + 1) / 2) - special.digamma(df / 2) - 1 / df
    square = s * s
    slope = level - np.log1p(square / df) + (df + 1) * square / (df * (df + square))
    inner = close / 4 * np.sum(t_density(df, s) * slope * weights, axis=-1)
    return np.where(near, inner, away)
