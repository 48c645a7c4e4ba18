"""Samples for the rules of sums, products, extrema, moments and quantiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checking import check, jvp_of, vjp_of

from srcgrad.rules import table

rng = np.random.default_rng(20)
v = rng.normal(size=5)
m = rng.normal(size=(3, 4))
t = rng.normal(size=(2, 3, 4))
z = m + 1j * rng.normal(size=(3, 4))
single = m.astype(np.float32)
holed = np.where(rng.random((3, 4)) < 0.3, np.nan, m)
holed[1] = np.nan
partly = np.where(np.eye(3, 4) > 0, np.nan, m)
mask = rng.random((3, 4)) < 0.6
mask[:, 0] = True
mask[0, 1] = True
zeros = m.copy()
zeros[0, 1] = zeros[2, 0] = zeros[2, 2] = 0.0
weights = rng.random((3, 4)) + 0.1

AXES: list[dict[str, Any]] = [
    {},
    {"axis": 0},
    {"axis": -1, "keepdims": True},
    {"axis": (0, 2)},
    {"axis": (-1, 0), "keepdims": True},
    {"keepdims": True},
    {"axis": ()},
]
PLAIN = [np.sum, np.mean, np.prod, np.max, np.min, np.amax, np.amin, np.var, np.std]
METHODS = [
    *(np.ndarray.sum, np.ndarray.mean, np.ndarray.prod, np.ndarray.max, np.ndarray.min),
    *(np.ndarray.var, np.ndarray.std),
]

SAMPLES: list[Any] = [
    *[
        (function, (t,), dict(kwargs))
        for function in [*PLAIN, *METHODS]
        for kwargs in AXES
        if function not in {np.var, np.std, np.ndarray.var, np.ndarray.std} or kwargs != {"axis": ()}
    ],
    *[(function, (single, 1), {}) for function in PLAIN],
    *[(function, ([0.3, -1.2, 2.0],), {}) for function in PLAIN],
    *[(function, (m,), {"axis": 1, "where": mask}) for function in [np.sum, np.mean, np.prod, np.var]],
    *[(function, (partly,), {"where": ~np.isnan(partly), "axis": 0}) for function in [np.sum, np.mean]],
    *[(function, (partly,), {"where": ~np.isnan(partly), "axis": 0}) for function in [np.prod, np.var]],
    *[(function, (m,), {"where": mask}) for function in [np.sum, np.mean, np.prod, np.std]],
    *[(function, (m,), {"where": mask[:, :1], "axis": 1}) for function in [np.sum, np.mean, np.var]],
    *[(function, (z, 0), {}) for function in [np.sum, np.mean, np.prod, np.var, np.std]],
    *[(function, (z,), {}) for function in [np.sum, np.mean, np.prod, np.var, np.std]],
    *[(function, (np.float64(0.7),), {}) for function in [np.sum, np.mean, np.prod, np.max]],
    *[(function, (0.7,), {}) for function in [np.sum, np.mean, np.prod, np.min]],
    (np.sum, (m,), {"initial": 0.4, "axis": 0}),
    (np.sum, (m,), {"initial": 0.4, "axis": 0, "where": mask}),
    (np.sum, (single,), {"dtype": np.float64}),
    (np.sum, (m, 1, complex), {}),
    (np.mean, (single,), {"dtype": np.float64}),
    (np.prod, (m,), {"initial": 0.4, "axis": 0}),
    (np.prod, (m,), {"initial": 0.0, "axis": 0}),
    (np.prod, (m,), {"initial": 0.4, "axis": 1, "where": mask, "keepdims": True}),
    *[(np.prod, (zeros,), {"axis": axis}) for axis in (None, 0, 1, -1, (0, 1))],
    (np.prod, (zeros, 1), {"initial": 0.5, "where": mask}),
    (np.prod, (zeros + 0j, 1), {}),
    *[
        (function, (m,), {"initial": initial, "axis": 0})
        for function in (np.max, np.min)
        for initial in (-9.0, 0.0, 9.0)
    ],
    (np.max, (m,), {"initial": -9.0, "where": mask, "axis": 1}),
    (np.min, (m,), {"initial": 9.0, "where": mask, "axis": 1, "keepdims": True}),
    *[
        (function, (m,), dict(kwargs))
        for function in (np.var, np.std)
        for kwargs in (
            {"ddof": 1},
            {"ddof": 1.5, "axis": 0},
            {"correction": 1, "axis": 1},
            {"correction": 0.8, "axis": 1},
            {"mean": np.mean(m, 1, keepdims=True) + 0.1, "axis": 1},
            {"mean": np.full((1, 1), 0.3), "keepdims": True},
            {"ddof": 1, "axis": 1, "where": mask, "keepdims": True},
        )
    ],
    *[(function, (t,), {"axis": axis}) for function in (np.cumsum, np.cumprod) for axis in (None, 0, -1)],
    *[(function, (z, 1), {}) for function in (np.cumsum, np.cumprod)],
    *[(function, (single, 1), {}) for function in (np.cumsum, np.cumprod)],
    *[(function, (0.7,), {}) for function in (np.cumsum, np.cumprod)],
    *[(np.cumprod, (zeros, axis), {}) for axis in (None, 0, 1)],
    (np.cumsum, (single,), {"dtype": np.float64}),
    (np.ndarray.cumsum, (m, 0), {}),
    (np.ndarray.cumprod, (m, 0), {}),
    *[
        (function, (m,), {"axis": 1, "include_initial": initial})
        for function in (np.cumulative_sum, np.cumulative_prod)
        for initial in (False, True)
    ],
    *[(function, (v,), {}) for function in (np.cumulative_sum, np.cumulative_prod)],
    *[(np.ptp, (m,), dict(kwargs)) for kwargs in ({}, {"axis": 1}, {"axis": 0, "keepdims": True})],
    *[
        (np.average, (m,), dict(kwargs))
        for kwargs in (
            {},
            {"axis": 1},
            {"weights": weights},
            {"weights": weights[0], "axis": 1},
            {"weights": weights[0], "axis": -1, "returned": True, "keepdims": True},
            {"weights": weights.T, "axis": (1, 0)},
            {"axis": 0, "returned": True},
            {"returned": True},
            {"returned": True, "weights": weights},
        )
    ],
    *[
        (function, (partly,), dict(kwargs))
        for function in (np.nansum, np.nanmean, np.nanmax, np.nanmin, np.nanprod, np.nanstd, np.nanvar)
        for kwargs in ({}, {"axis": 1}, {"axis": 0, "keepdims": True}, {"axis": (0, 1)})
    ],
    *[(function, (m, 1), {}) for function in (np.nansum, np.nanmean, np.nanmax, np.nanprod, np.nanvar)],
    *[(function, (single, 1), {}) for function in (np.nansum, np.nanmean, np.nanmax, np.nanstd)],
    *[(function, (holed, 1), {}) for function in (np.nansum, np.nanprod)],
    *[(function, (partly, axis), {}) for function in (np.nancumsum, np.nancumprod) for axis in (None, 1)],
    *[(function, (partly,), {"ddof": 1, "axis": 1}) for function in (np.nanstd, np.nanvar)],
    *[(function, (partly,), {"axis": 1, "where": mask}) for function in (np.nanmean, np.nansum)],
    *[(function, (partly,), {"axis": 1, "initial": 0.5}) for function in (np.nanmax, np.nanmin)],
    *[
        (function, (a,), dict(kwargs))
        for function in (np.median, np.nanmedian)
        for a in (v, m, t, partly, single)
        for kwargs in ({}, {"axis": -1}, {"axis": 0, "keepdims": True}, {"keepdims": True})
    ],
    (np.median, (t,), {"axis": (0, -1)}),
    (np.median, (t,), {"axis": (2, 0), "keepdims": True}),
    *[
        (function, (m, 0.3), {"method": method, "axis": 1})
        for function in (np.quantile, np.nanquantile, np.percentile)
        for method in (
            *("linear", "lower", "higher", "nearest", "midpoint", "hazen", "weibull"),
            *("median_unbiased", "normal_unbiased", "interpolated_inverted_cdf", "inverted_cdf"),
            *("averaged_inverted_cdf", "closest_observation"),
        )
    ],
    *[
        (function, (a, level), dict(kwargs))
        for function in (np.quantile, np.nanquantile)
        for a in (t, partly)
        for level in (0.35, [0.1, 0.55, 0.8], np.array([0.0, 0.2, 0.5, 1.0]), np.array([[0.1, 0.9]]))
        for kwargs in ({}, {"axis": 0}, {"axis": -1, "keepdims": True})
    ],
    (np.percentile, (v, [10.0, 90.0]), {}),
    (np.percentile, (t, 25), {"axis": (0, 2), "keepdims": True}),
    (np.nanpercentile, (partly, 40.0), {"axis": 1}),
    *[
        (np.trapezoid, (m,), dict(kwargs))
        for kwargs in ({}, {"dx": 0.3, "axis": 0}, {"x": np.array([0.0, 1.0, 1.5, 4.0])}, {"x": m**2})
    ],
]


@pytest.mark.parametrize(
    "method",
    ["inverted_cdf", "averaged_inverted_cdf", "closest_observation", "nearest", "midpoint", "hazen"],
)
@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_quantile_at_exact_positions(method: str, n: int) -> None:
    sample = np.random.default_rng(n).normal(size=n)
    for level in np.linspace(0.0, 1.0, 2 * n + 1):
        check(np.quantile, sample, level, method=method)


@pytest.mark.parametrize("function", [np.max, np.min])
def test_ties_share_equally(function: Any) -> None:
    tied = np.array([[2.0, 2.0, 2.0, 2.0], [1.0, 1.0, 1.0, 1.0]])
    np.testing.assert_array_equal(np.full((2, 4), 0.25), vjp_of(function, np.ones(2), tied, axis=1)["a"])
    bars = vjp_of(function, 1.0, np.array([3.0, 3.0, 3.0]), initial=3.0)
    np.testing.assert_allclose(0.25, bars["a"])
    np.testing.assert_allclose(0.25, bars["initial"])


@pytest.mark.parametrize("function", [np.max, np.min])
def test_nan_result_belongs_to_nan(function: Any) -> None:
    bar = vjp_of(function, 1.0, np.array([1.0, np.nan, 2.0]))["a"]
    np.testing.assert_array_equal([0.0, 1.0, 0.0], bar)


def test_std_of_equal_elements_has_derivative_zero() -> None:
    equal = np.full((2, 3), 0.5)
    np.testing.assert_array_equal(np.zeros((2, 3)), vjp_of(np.std, np.ones(2), equal, axis=1)["a"])
    np.testing.assert_array_equal(0.0, jvp_of(np.std, {"a": np.ones((2, 3))}, equal))


@pytest.mark.parametrize("function", [np.var, np.std, np.sum, np.prod, np.mean])
def test_nan_left_out_by_where_stays_out(function: Any) -> None:
    bar = vjp_of(function, np.ones(4), partly, axis=0, where=~np.isnan(partly))["a"]
    assert np.all(np.isfinite(bar))
    assert np.all(bar[np.isnan(partly)] == 0)


@pytest.mark.parametrize("function", [np.quantile, np.nanquantile, np.percentile, np.nanpercentile])
@pytest.mark.parametrize(
    ("sample", "options"),
    [
        (v, {"weights": np.array([0.0, 2.0, 0.5, 1.0, 0.0])}),
        (m, {"weights": weights}),
        (m, {"weights": weights, "axis": 1, "keepdims": True}),
        (partly, {"weights": weights, "axis": 1}),
        (single, {"weights": np.tile(np.arange(4), (3, 1)), "axis": -1}),
    ],
)
def test_weighted_quantiles(function: Any, sample: Any, options: Any) -> None:
    for level in (0.4, np.array([[0.0, 0.3], [0.85, 1.0]])):
        scaled = level if "quantile" in function.__name__ else np.multiply(100, level)
        check(function, sample, scaled, method="inverted_cdf", argnums=0, **options)


def test_one_weight_for_each_row() -> None:
    check(np.quantile, m, [0.2, 0.7], axis=0, weights=weights[:, 0], method="inverted_cdf", argnums=0)


def test_refused_quantiles() -> None:
    quantile = table.substitute(np.quantile)
    assert quantile is not None
    with pytest.raises(NotImplementedError, match="weights"):
        quantile(t, 0.5, axis=(0, 2), weights=np.ones(3), method="inverted_cdf")
    for options in ({"method": "unheard_of"}, {"weights": np.abs(v)}):
        for function in (quantile, np.quantile):
            with pytest.raises(ValueError, match="method"):
                function(v, 0.5, **options)
