"""Sums, products, extremes and statistics, along any axes."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from tests.recorded.drawing import apart, complex_, positive, real, single

# How an axis may be given, with the words for it.
AXES: dict[str, dict[str, Any]] = {
    "of all": {},
    "along -1": {"axis": -1},
    "along 0, kept": {"axis": 0, "keepdims": True},
    "along (0, -1)": {"axis": (0, -1)},
    "along (1, 2), kept": {"axis": (1, 2), "keepdims": True},
    "of all, kept": {"keepdims": True},
}
# No two along any axis, so that at least two elements are left.
HOLES = np.arange(27).reshape(3, 3, 3) % 7 == 0


def samples(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    return {**over_axes(xp), **with_holes(xp), **running(xp), **others(xp)}


def over_axes(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    def sample(name: str, keywords: dict[str, Any]) -> tuple[Any, ...]:
        function = getattr(xp, name, None)
        return (lambda x: function(x, **keywords), apart(2, 3, 2))

    names = ("sum", "prod", "mean", "var", "std", "max", "min", "amax", "amin")
    return {f"{name} {how}": sample(name, keywords) for name in names for how, keywords in AXES.items()}


def with_holes(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    def sample(name: str, keywords: dict[str, Any]) -> tuple[Any, ...]:
        function = getattr(xp, name, None)
        return (lambda x: function(xp.where(HOLES, np.nan, x), **keywords), apart(3, 3, 3))

    names = ("nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin")
    ways = {how: AXES[how] for how in ("of all", "along -1", "along 0, kept", "along (0, -1)")}
    return {f"{name} {how}": sample(name, keywords) for name in names for how, keywords in ways.items()}


def running(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    return {
        "cumsum": (lambda x: xp.cumsum(x), real(2, 3)),
        "cumsum along -2": (lambda x: xp.cumsum(x, axis=-2), real(2, 3)),
        "cumprod": (lambda x: xp.cumprod(x), real(2, 3)),
        "cumprod along 1": (lambda x: xp.cumprod(x, axis=1), real(2, 3)),
        "cumulative_sum": (lambda x: xp.cumulative_sum(x, axis=1, include_initial=True), real(2, 3)),
        "cumulative_prod": (lambda x: xp.cumulative_prod(x, axis=0), real(2, 3)),
        "nancumsum": (lambda x: xp.nancumsum(xp.where(HOLES, np.nan, x), axis=1), real(3, 3, 3)),
        "nancumprod": (lambda x: xp.nancumprod(xp.where(HOLES, np.nan, x), axis=0), real(3, 3, 3)),
        "diff": (lambda x: xp.diff(x), real(2, 5)),
        "diff twice along 0": (lambda x: xp.diff(x, n=2, axis=0), real(4, 3)),
        "diff with ends": (lambda x, a, b: xp.diff(x, prepend=a, append=b), real(2, 3), real(2, 1), real(2, 2)),
        "ediff1d": (lambda x: xp.ediff1d(x), real(2, 3)),
        "trapezoid": (lambda y: xp.trapezoid(y), real(2, 4)),
        "trapezoid over x": (lambda y, x: xp.trapezoid(y, x), real(2, 4), apart(4)),
        "trapezoid along 0": (lambda y: xp.trapezoid(y, dx=0.3, axis=0), real(3, 2)),
        "gradient": (lambda x: xp.gradient(x), real(5)),
        "gradient, spaced": (lambda x: xp.gradient(x, 0.3, axis=1), real(3, 4)),
        "gradient along both": (lambda x: xp.gradient(x), real(3, 4)),
    }


def others(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    mask = np.array([[True, False, True], [True, True, False]])
    return {
        "var, ddof": (lambda x: xp.var(x, axis=-1, ddof=1), real(2, 3)),
        "std, ddof": (lambda x: xp.std(x, ddof=1), real(2, 3)),
        "sum where": (lambda x: xp.sum(x * x, axis=0, where=mask), real(2, 3)),
        "mean where": (lambda x: xp.mean(x * x, axis=1, where=mask), real(2, 3)),
        "prod where": (lambda x: xp.prod(x, axis=1, where=mask), real(2, 3)),
        "max where": (lambda x: xp.max(x, axis=1, where=mask, initial=-9.0), apart(2, 3)),
        "max, initial": (lambda x: xp.max(x, axis=0, initial=0.1), apart(2, 3)),
        "min where": (lambda x: xp.min(x, where=mask, initial=9.0), apart(2, 3)),
        "sum, initial": (lambda x: xp.sum(x, axis=0, initial=3.0), real(2, 3)),
        "prod, initial": (lambda x: xp.prod(x, axis=0, initial=3.0), real(2, 3)),
        "prod with one zero": (lambda x: xp.prod(x * np.array([1.0, 0.0, 1.0])), real(3)),
        "prod with two zeros": (lambda x: xp.prod(x * np.array([0.0, 0.0, 1.0])), real(3)),
        "cumprod with a zero": (lambda x: xp.cumprod(x * np.array([1.0, 0.0, 1.0, 1.0])), real(4)),
        "ptp": (lambda x: xp.ptp(x), apart(2, 3)),
        "ptp along 0": (lambda x: xp.ptp(x, axis=0, keepdims=True), apart(2, 3)),
        "average": (lambda x: xp.average(x), real(2, 3)),
        "average, weighted": (lambda x, w: xp.average(x, axis=1, weights=w), real(2, 3), positive(3)),
        "average, weighted fully": (lambda x, w: xp.average(x, weights=w), real(2, 3), positive(2, 3)),
        "median": (lambda x: xp.median(x), apart(2, 3)),
        "median along 1": (lambda x: xp.median(x, axis=1, keepdims=True), apart(2, 3)),
        "nanmedian": (lambda x: xp.nanmedian(xp.where(HOLES, np.nan, x), axis=1), apart(3, 3, 3)),
        "quantile": (lambda x: xp.quantile(x, 0.3), apart(2, 3)),
        "quantiles along 0": (lambda x: xp.quantile(x, np.array([0.2, 0.6]), axis=0), apart(4, 2)),
        "quantile, lower": (lambda x: xp.quantile(x, 0.4, axis=-1, method="lower"), apart(2, 4)),
        "quantile, higher": (lambda x: xp.quantile(x, 0.4, axis=-1, method="higher"), apart(2, 4)),
        "quantile, midpoint": (lambda x: xp.quantile(x, 0.4, axis=-1, method="midpoint"), apart(2, 4)),
        "quantile, nearest": (lambda x: xp.quantile(x, 0.4, axis=-1, method="nearest"), apart(2, 4)),
        "percentile": (lambda x: xp.percentile(x, 35.0, axis=1), apart(2, 4)),
        "nanpercentile": (lambda x: xp.nanpercentile(xp.where(HOLES, np.nan, x), 35.0, axis=1), apart(3, 3, 3)),
        "cov": (lambda x: xp.cov(x), real(3, 5)),
        "cov of two": (lambda x, y: xp.cov(x, y, ddof=0), real(5), real(5)),
        "cov, columns": (lambda x: xp.cov(x, rowvar=False, bias=True), real(5, 2)),
        "corrcoef": (lambda x: xp.corrcoef(x), real(3, 5)),
        "logsumexp": (lambda x: xp.max(x) + xp.log(xp.sum(xp.exp(x - xp.max(x)))), apart(5)),
        "softmax": (lambda x: xp.exp(x) / xp.sum(xp.exp(x), axis=-1, keepdims=True), real(2, 3)),
        "count_nonzero": (lambda x: xp.sum(x) * xp.count_nonzero(x > 0), real(5)),
        "argmax": (lambda x: x * xp.argmax(x), apart(5)),
        "complex sum": (lambda z: xp.sum(z, axis=0), complex_(2, 3)),
        "complex mean": (lambda z: xp.mean(z, axis=1), complex_(2, 3)),
        "complex prod": (lambda z: xp.prod(z, axis=1), complex_(2, 3)),
        "complex cumsum": (lambda z: xp.cumsum(z), complex_(4)),
        "complex cumprod": (lambda z: xp.cumprod(z), complex_(4)),
        "complex var": (lambda z: xp.var(z), complex_(2, 3)),
        "complex std": (lambda z: xp.std(z, axis=0), complex_(2, 3)),
        "single sum": (lambda x: xp.sum(x * x, axis=0), single(real(2, 3))),
        "single mean": (lambda x: xp.mean(x * x, axis=(0, 1)), single(real(2, 3))),
        "single std": (lambda x: xp.std(x), single(real(2, 3))),
        "sum to another dtype": (lambda x: xp.sum(x * x, dtype=np.float64), single(real(2, 3))),
        "sum of no element": (lambda x: xp.sum(x * 2.0, axis=0), real(0, 3)),
        "sum of no dimension": (lambda x: xp.sum(x), real()),
        "max of no dimension": (lambda x: xp.max(x) * xp.mean(x), real()),
        "method sum": (lambda x: x.sum(axis=0) * x.mean(), real(2, 3)),
        "methods": (lambda x: x.max() * x.min() + x.std() + x.var(axis=0).prod(), apart(2, 3)),
        "method cumsum": (lambda x: x.cumsum(axis=1) + x.cumprod(axis=0), real(2, 3)),
    }
