"""scipy.stats, as jax.scipy.stats has it: each function of a value and of all parameters."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from tests.recorded.drawing import definite, inside, positive, real
from tests.recorded.special import counterpart

# The draws of the value and of the parameters.
CONTINUOUS: dict[str, tuple[Any, ...]] = {
    "norm": (real(3), real(), positive()),
    "t": (real(3), positive(), real(), positive()),
    "gamma": (positive(3), positive()),
    "beta": (inside(3), positive(), positive()),
    "chi2": (positive(3), positive()),
    "expon": (positive(3),),
    "laplace": (real(3), real(), positive()),
    "logistic": (real(3), real(), positive()),
    "cauchy": (real(3), real(), positive()),
    "gennorm": (real(3), positive()),
    "vonmises": (real(3), positive()),
}
METHODS: dict[str, str] = {
    "norm": "pdf logpdf cdf sf logcdf logsf", "t": "pdf logpdf", "gamma": "pdf logpdf cdf sf", "beta": "pdf logpdf",
    "chi2": "logpdf cdf sf", "expon": "pdf logpdf", "laplace": "logpdf cdf", "logistic": "logpdf cdf sf",
    "cauchy": "logpdf cdf", "gennorm": "logpdf cdf", "vonmises": "logpdf",
}  # fmt: skip


def samples(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    stats = counterpart(xp, "stats")

    def method(name: str, which: str) -> tuple[Any, ...]:
        def f(x: Any, *parameters: Any) -> Any:
            return getattr(getattr(stats, name), which)(x * x if name == "beta" else x, *parameters)

        return f, *CONTINUOUS[name]

    return {
        **{f"{name}.{which}": method(name, which) for name, methods in METHODS.items() for which in methods.split()},
        "poisson.pmf": (lambda mu: stats.poisson.pmf(2, mu), positive(3)),
        "poisson.logpmf": (lambda mu: stats.poisson.logpmf(2, mu), positive(3)),
        "multivariate_normal.logpdf": (
            lambda x, m, a: stats.multivariate_normal.logpdf(x, m, (a + a.T) / 2), real(3), real(3), definite(3, 3),
        ),
        "dirichlet.logpdf": (lambda x, a: stats.dirichlet.logpdf(x / x.sum(), a), positive(3), positive(3)),
    }  # fmt: skip
