"""scipy.stats: the kernels in C++ under some distributions.

A distribution is an object of Python, whose methods are differentiated as they stand over scipy.special, with respect to
the value and to all parameters.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special  # type: ignore[import-untyped]
from scipy.special import _ufuncs  # type: ignore[import-untyped]
from scipy.stats import _stats  # type: ignore[import-untyped]

from srcgrad.rules.scipy.incomplete import beta_density
from srcgrad.rules.table import composed, elementwise, zero


def kernel(name: str) -> tuple[Any, ...]:
    """The kernel of a name, where this version of SciPy has it."""
    return (getattr(_ufuncs, name),) if hasattr(_ufuncs, name) else ()


BETA_PDF, BETA_PPF = kernel("_beta_pdf"), kernel("_beta_ppf")
CAUCHY_PPF, CAUCHY_ISF = kernel("_cauchy_ppf"), kernel("_cauchy_isf")
BINOM_PMF, BINOM_CDF, BINOM_SF = kernel("_binom_pmf"), kernel("_binom_cdf"), kernel("_binom_sf")
NBINOM_PMF, NBINOM_CDF, NBINOM_SF = kernel("_nbinom_pmf"), kernel("_nbinom_cdf"), kernel("_nbinom_sf")
NBINOM_MEAN, NBINOM_VARIANCE = kernel("_nbinom_mean"), kernel("_nbinom_variance")
SKEWNORM_CDF = kernel("_skewnorm_cdf")


@composed(*BETA_PDF)
def beta_pdf(x: Any, a: Any, b: Any) -> Any:
    """The density of the beta distribution."""
    return beta_density(a, b, x)


@composed(*BETA_PPF)
def beta_ppf(q: Any, a: Any, b: Any) -> Any:
    """Its quantiles."""
    return special.betaincinv(a, b, q)


@composed(*CAUCHY_PPF)
def cauchy_ppf(q: Any, loc: Any, scale: Any) -> Any:
    """The quantiles of Cauchy's distribution."""
    return loc - scale / np.tan(np.pi * q)


@composed(*CAUCHY_ISF)
def cauchy_isf(q: Any, loc: Any, scale: Any) -> Any:
    """Those of the complement."""
    return loc + scale / np.tan(np.pi * q)


@composed(*BINOM_PMF)
def binom_pmf(k: Any, n: Any, p: Any) -> Any:
    """The probabilities of the binomial distribution."""
    logarithm = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return np.exp(logarithm + special.xlogy(k, p) + special.xlog1py(n - k, -p))


@composed(*BINOM_CDF)
def binom_cdf(k: Any, n: Any, p: Any) -> Any:
    """The distribution function: DLMF 8.17.5."""
    rest = np.maximum(n - k, 1.0)
    return np.where(k >= n, 1.0, special.betainc(rest, k + 1, 1 - p))


@composed(*BINOM_SF)
def binom_sf(k: Any, n: Any, p: Any) -> Any:
    """Its complement."""
    rest = np.maximum(n - k, 1.0)
    return np.where(k >= n, 0.0, special.betainc(k + 1, rest, p))


@composed(*NBINOM_PMF)
def nbinom_pmf(k: Any, n: Any, p: Any) -> Any:
    """The probabilities of the negative binomial distribution."""
    logarithm = special.gammaln(n + k) - special.gammaln(k + 1) - special.gammaln(n)
    return np.exp(logarithm + special.xlogy(n, p) + special.xlog1py(k, -p))


@composed(*NBINOM_CDF)
def nbinom_cdf(k: Any, n: Any, p: Any) -> Any:
    """The distribution function."""
    return special.betainc(n, k + 1, p)


@composed(*NBINOM_SF)
def nbinom_sf(k: Any, n: Any, p: Any) -> Any:
    """Its complement."""
    return special.betainc(k + 1, n, 1 - p)


@composed(*NBINOM_MEAN)
def nbinom_mean(n: Any, p: Any) -> Any:
    """The mean."""
    return n * (1 - p) / p


@composed(*NBINOM_VARIANCE)
def nbinom_variance(n: Any, p: Any) -> Any:
    """The variance."""
    return n * (1 - p) / (p * p)


@composed(*SKEWNORM_CDF)
def skewnorm_cdf(x: Any, loc: Any, scale: Any, a: Any) -> Any:
    """The distribution function of the skew normal distribution, by Owen's T."""
    z = (x - loc) / scale
    return special.ndtr(z) - 2 * special.owens_t(z, a)


def skewnorm_density(z: Any, a: Any) -> Any:
    """The standard density."""
    return np.sqrt(2 / np.pi) * np.exp(-0.5 * z * z) * special.ndtr(a * z)


def skewnorm_by_shape(z: Any, a: Any) -> Any:
    """The derivative of the distribution function with respect to a."""
    return -np.exp(-0.5 * z * z * (1 + a * a)) / (np.pi * (1 + a * a))


for name, sign in (("_skewnorm_ppf", ""), ("_skewnorm_isf", "-")):
    for function in kernel(name):
        elementwise(
            function,
            f"{sign}x3 / skewnorm_density((y - x2) / x3, x4)",
            "1",
            "(y - x2) / x3",
            "-x3 * skewnorm_by_shape((y - x2) / x3, x4) / skewnorm_density((y - x2) / x3, x4)",
        )

# Quantiles of discrete distributions are steps.
zero(*kernel("_binom_ppf"), *kernel("_binom_isf"), *kernel("_nbinom_ppf"), *kernel("_nbinom_isf"))


@composed(_stats.von_mises_cdf)
def von_mises_cdf(k_obj: Any, x_obj: Any) -> Any:
    """The integral of the density's Fourier series; from kappa = 50 on, SciPy's normal approximation."""
    kappa, x = np.asarray(k_obj) + 0.0, np.asarray(x_obj) + 0.0
    turns = np.round(x / (2 * np.pi))
    x = x - 2 * np.pi * turns
    wide = np.where(kappa < 50, kappa, 1.0)
    orders = np.arange(1.0, 80.0)
    ratios = special.ive(orders, wide[..., None]) / special.i0e(wide)[..., None]
    series = 0.5 + x / (2 * np.pi) + np.sum(ratios * np.sin(orders * x[..., None]) / orders, axis=-1) / np.pi
    narrow = special.ndtr(np.sqrt(2 / np.pi) / special.i0e(kappa) * np.sin(x / 2))
    return turns + np.where(kappa < 50, series, narrow)
