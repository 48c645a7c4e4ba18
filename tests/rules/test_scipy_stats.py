"""Samples of the kernels of scipy.stats, and the distributions over them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import _ufuncs
from scipy.stats import _stats

import srcgrad as sg

x, p = np.array([0.3, 0.7, 1.2]), np.array([0.2, 0.45, 0.85])
k = np.array([0.0, 1.0, 3.0])
KERNELS: list[tuple[str, tuple[Any, ...]]] = [
    ("_beta_pdf", (p, 1.5, 2.5)),
    ("_beta_ppf", (p, 1.5, 2.5)),
    ("_cauchy_ppf", (p, 0.1, 1.3)),
    ("_cauchy_isf", (p, 0.1, 1.3)),
    *((name, (k, 3.0, p)) for name in ("_binom_pmf", "_binom_cdf", "_binom_sf")),
    *((name, (k, 2.5, p)) for name in ("_nbinom_pmf", "_nbinom_cdf", "_nbinom_sf")),
    *((name, (2.5, p)) for name in ("_nbinom_mean", "_nbinom_variance")),
    ("_skewnorm_cdf", (x, 0.1, 1.2, 0.7)),
    ("_skewnorm_ppf", (p, 0.1, 1.2, 0.7)),
    ("_skewnorm_isf", (p, 0.1, 1.2, 0.7)),
]
SAMPLES: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    *((getattr(_ufuncs, name), args, {}) for name, args in KERNELS if hasattr(_ufuncs, name)),
    *(
        (_stats.von_mises_cdf, (np.full(4, kappa), np.array([-9.0, -0.3, 1.2, 2.9])), {})
        for kappa in (0.3, 2.0, 20.0, 49.0, 70.0)
    ),
]

# With shape parameters, location and scale. The methods of a distribution share one test, since each draws in much code.
CONTINUOUS: dict[str, tuple[float, ...]] = {
    "norm": (0.2, 1.3), "t": (3.2, 0.1, 1.2), "gamma": (1.7, 0.0, 1.2), "beta": (1.5, 2.5, -0.1, 2.0), "chi2": (3.1,),
    "expon": (0.1, 1.4), "uniform": (-1.0, 3.3), "laplace": (0.1, 1.2), "logistic": (0.1, 0.9), "cauchy": (0.1, 0.9),
    "lognorm": (0.7, 0.0, 1.1), "weibull_min": (1.4, 0.0, 1.2), "pareto": (1.4, -1.2, 1.1), "gumbel_r": (0.1, 0.7),
    "halfnorm": (-0.1, 0.8), "truncnorm": (-0.5, 1.5, 0.2, 1.0), "vonmises": (1.3, 0.2, 1.0), "gennorm": (1.3, 0.2, 0.9),
    "f": (3.1, 4.2), "invgamma": (1.7, 0.0, 1.1), "rayleigh": (0.1, 1.1), "skewnorm": (0.7, 0.1, 1.2),
}  # fmt: skip
QUANTILES = sorted(set(CONTINUOUS) - {"vonmises"})
DISCRETE: dict[str, tuple[float, ...]] = {
    "poisson": (1.7,), "nbinom": (2.5, 0.4), "bernoulli": (0.3,), "geom": (0.3,),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_distributions(name: str) -> None:
    d = getattr(stats, name)

    def density(x: Any, *p: Any) -> Any:
        return d.pdf(x, *p) + d.logpdf(x, *p)

    def probability(x: Any, *p: Any) -> Any:
        return d.cdf(x, *p) - 2 * d.sf(x, *p)

    def logarithm(x: Any, *p: Any) -> Any:
        return 3 * d.logcdf(x, *p) - 4 * d.logsf(x, *p)

    # The logarithms for von Mises' distribution search for its median by brentq.
    for f in (density, probability, logarithm)[: 2 if name == "vonmises" else 3]:
        sg.check_grads(f, (x, *CONTINUOUS[name]), order=1)


@pytest.mark.parametrize("name", QUANTILES)
def test_quantiles(name: str) -> None:
    d = getattr(stats, name)
    sg.check_grads(lambda q, *p: d.ppf(q, *p) + 2 * d.isf(q, *p), (p, *CONTINUOUS[name]), order=1, modes=("rev",))


@pytest.mark.parametrize("name", DISCRETE)
def test_discrete_distributions(name: str) -> None:
    d = getattr(stats, name)
    k = np.array([0, 1]) if name == "bernoulli" else np.array([1, 2, 5])

    def mass(*p: Any) -> Any:
        return d.pmf(k, *p) + 2 * d.logpmf(k, *p)

    def probability(*p: Any) -> Any:
        return d.cdf(k, *p) - 2 * d.sf(k, *p) + d.logcdf(k, *p)

    for f in (mass, probability):
        sg.check_grads(f, DISCRETE[name], order=1)


def test_binomial_distribution() -> None:
    d = stats.binom
    sg.check_grads(lambda p: d.pmf([0, 1, 3], 5, p) + d.logpmf([0, 1, 3], 5, p), (0.3,), order=2)
    sg.check_grads(lambda p: d.cdf([0, 1, 3], 5, p) - 2 * d.sf([0, 1, 3], 5, p), (0.3,), order=2)


def test_second_derivatives_and_frozen_distributions() -> None:
    sg.check_grads(lambda x, a, s: stats.gamma(a, scale=s).cdf(x), (x, 1.7, 1.2), order=2)
    sg.check_grads(lambda x, m, s: stats.norm(m, s).logpdf(x), (x, 0.2, 1.3), order=2)
    sg.check_grads(lambda x, df: stats.t.logcdf(x, df), (x, 3.2), order=2)
    sg.check_grads(lambda a: stats.gamma.mean(a, scale=2 * a) + stats.beta.var(a, 2.0), (1.3,), order=1)


def test_outside_of_the_support_nothing_changes() -> None:
    outside = np.array([-1.0, 0.5])
    assert [0.0, -1.4] == sg.grad(lambda x: np.sum(stats.expon.logpdf(x[1:], 0.0, 1 / 1.4)))(outside).tolist()
    assert 0.0 == sg.grad(lambda a: stats.gamma.cdf(-1.0, a))(1.7)


matrix = np.array([[2.0, 0.3, 0.1], [0.3, 1.5, -0.2], [0.1, -0.2, 1.0]])


def test_distributions_of_vectors() -> None:
    def symmetric(a: Any) -> Any:
        return (a + a.T) / 2

    sg.check_grads(lambda x, m, a: stats.multivariate_normal.logpdf(x, m, symmetric(a)), (x, x / 2, matrix), order=2)
    sg.check_grads(lambda x, m, a: stats.multivariate_normal(m, symmetric(a)).pdf(x), (x, x / 2, matrix), order=1)
    sg.check_grads(lambda x, a: stats.multivariate_t.logpdf(x, x / 2, symmetric(a), df=3.0), (x, matrix), order=1)
    sg.check_grads(lambda x, a: stats.dirichlet.logpdf(x / np.sum(x), a), (x, x + 1), order=2)
    sg.check_grads(lambda a: stats.wishart.logpdf(symmetric(a), 5, np.eye(3)), (matrix,), order=1)
