"""Samples of interpolation, convolution, polynomials, covariance and functions applied along axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checking import check, jvp_of

import srcgrad as sg
from srcgrad.rules import table
from srcgrad.rules.numerics import core_ranks

rng = np.random.default_rng(3)


def real(*shape: int) -> Any:
    return rng.normal(size=shape)


def cplx(*shape: int) -> Any:
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


knots = np.array([-1.0, 0.0, 0.4, 2.0, 3.0])
inside = np.array([[-0.5, 0.1, 0.2], [1.5, 2.5, 2.9]])
outside = np.array([-2.0, 0.2, 5.0])
LENGTHS = [(5, 3), (3, 5), (4, 4), (6, 4), (4, 6), (5, 2), (2, 5), (1, 3), (3, 1), (1, 1)]
MODES = ("full", "same", "valid")


def spread(v: Any, power: float = 1.0) -> Any:
    return np.sum(v * v) ** power


def doubled(v: Any) -> Any:
    return np.concatenate([v, 2 * v])


def table_of(v: Any, scale: float) -> Any:
    return scale * v[:, None] * v[None, :2]


def hill(x: float, height: float = 1.0) -> Any:
    return height * np.exp(-x * x)


def both(x: float, y: float) -> Any:
    return x * y, x + 1j * y


def weighted(matrix: Any, vector: Any) -> Any:
    return matrix @ vector


called = np.vectorize.__call__

SAMPLES = [
    *[(np.interp, (x, knots, fp), {}) for x in (0.3, inside, outside, [0.1, 0.5]) for fp in (real(5), cplx(5))],
    (np.interp, (knots, knots, real(5)), {}),
    (np.interp, (outside, knots, real(5)), {"left": 2.5, "right": -1.5}),
    (np.interp, (np.array([-3.0, 0.3, 8.1]), knots, real(5)), {"period": 4.5}),
    (np.interp, (np.array([-3.0, 0.3]), np.array([1.0]), np.array([2.0])), {}),
    (np.interp, (outside.astype(np.float32), knots, real(5)), {}),
    (np.unwrap, (np.array([0.1, 3.0, -2.5, 0.4, 7.0]),), {}),
    (np.unwrap, (real(3, 4) * 5,), {"axis": 0}),
    (np.unwrap, (real(3, 4) * 5,), {"period": 4.1, "discont": 3.3}),
    *[(np.convolve, (real(n), real(m), mode), {}) for n, m in LENGTHS for mode in MODES],
    *[(np.correlate, (real(n), real(m), mode), {}) for n, m in LENGTHS for mode in MODES],
    *[(f, (cplx(4), cplx(3), mode), {}) for f in (np.convolve, np.correlate) for mode in MODES],
    *[(f, (real(3), cplx(4), mode), {}) for f in (np.convolve, np.correlate) for mode in MODES],
    (np.convolve, (2.5, real(3)), {}),
    (np.polyval, (real(4), 0.7), {}),
    (np.polyval, (real(4), real(2, 3)), {}),
    (np.polyval, ([1.0, 2.0], cplx(3)), {}),
    (np.polyval, (cplx(3), 2.0), {}),
    *[(np.polyder, (real(5), m), {}) for m in (0, 1, 2, 5)],
    *[(np.polyint, (real(3), m), {}) for m in (0, 1, 3)],
    (np.polyint, (real(3), 2), {"k": [2.5, 1.5]}),
    (np.polyint, (real(3), 2), {"k": 2.5}),
    (np.polymul, (real(3), real(4)), {}),
    (np.polymul, (np.array([0.0, 1.0, 2.0]), 3.0), {}),
    (np.polymul, (np.zeros(2), real(2)), {}),
    *[(f, (real(n), real(m)), {}) for f in (np.polyadd, np.polysub) for n, m in ((3, 3), (2, 4), (4, 2))],
    (np.polysub, (2.5, real(2)), {}),
    (np.vander, (real(3),), {}),
    (np.vander, (real(3),), {"N": 5}),
    (np.vander, (cplx(3), 2), {"increasing": True}),
    (np.vander, (np.array([0.0, 2.0]), 3), {}),
    (np.roots, (np.array([1.0, -6.0, 11.0, -6.1]),), {}),
    (np.roots, (np.array([2.0, 1.0, 3.0]),), {}),
    (np.roots, (cplx(4),), {}),
    *[(np.poly, (a,), {}) for a in (real(4), real(3, 3), cplx(3), np.array([1 + 2j, 1 - 2j]), [0, 2], np.zeros(0))],
    (np.poly, (np.array([[0.0, 1.0], [-1.0, 0.3]]),), {}),
    (np.poly, (real(3).astype(np.float32),), {}),
    *[(np.kaiser, (points, 2.3), {}) for points in (0, 1, 2, 7)],
    (np.polyfit, (real(6), real(6), 2), {}),
    (np.polyfit, (real(6), real(6, 2), 3), {"w": 1 + real(6) ** 2}),
    (np.polyfit, (real(6), real(6), 2), {"full": True}),
    (np.polyfit, (real(6), real(6), 2), {"cov": True}),
    (np.polyfit, (real(6), real(6, 2), 2), {"cov": "unscaled", "w": 1 + real(6) ** 2}),
    (np.cov, (real(3, 5),), {}),
    (np.cov, (real(5),), {}),
    (np.cov, (cplx(3, 5),), {"bias": True}),
    (np.cov, (real(3, 5).astype(np.float32),), {}),
    (np.cov, (real(3, 5).astype(np.float32),), {"dtype": np.float32}),
    (np.cov, (real(5), real(5)), {"ddof": 2}),
    (np.cov, (real(5, 2), real(5, 3)), {"rowvar": False}),
    (np.cov, (real(5, 2), real(5)), {"rowvar": False}),
    (np.cov, (real(2, 4),), {"fweights": np.array([1, 2, 1, 3])}),
    (np.cov, (real(2, 4),), {"aweights": 1 + real(4) ** 2}),
    (np.cov, (real(2, 4),), {"aweights": 1 + real(4) ** 2, "fweights": [1, 2, 1, 3], "ddof": 1}),
    (np.cov, (real(2, 4),), {"aweights": 1 + real(4) ** 2, "ddof": 0}),
    (np.corrcoef, (real(3, 5),), {}),
    (np.corrcoef, (real(5), real(5)), {}),
    (np.corrcoef, (real(5),), {}),
    (np.corrcoef, (cplx(5, 3),), {"rowvar": False}),
    *[(np.apply_along_axis, (f, k, real(2, 3, 4)), {}) for f in (spread, doubled) for k in (0, 1, -1)],
    (np.apply_along_axis, (spread, 0, real(3)), {"power": 0.5}),
    (np.apply_along_axis, (table_of, 1, real(2, 3, 4), 2.5), {}),
    (np.apply_over_axes, (np.sum, real(2, 3, 4), (0, -1)), {}),
    (np.apply_over_axes, (np.max, real(2, 3, 4), 1), {}),
    (called, (np.vectorize(hill), real(2, 3)), {}),
    (called, (np.vectorize(hill), real(2, 1), real(3)), {}),
    (called, (np.vectorize(hill), real(3)), {"height": 2.5}),
    (called, (np.vectorize(hill), 0.3), {}),
    (called, (np.vectorize(hill, otypes=[np.float32]), real(3)), {}),
    (called, (np.vectorize(both), real(3), real(2, 1)), {}),
    (called, (np.vectorize(spread, excluded={0}), real(3), np.array([1.0, 2.0])), {}),
    (called, (np.vectorize(spread, excluded={"power"}), real(3)), {"power": 2.0}),
    (called, (np.vectorize(weighted, signature="(m,n),(n)->(m)"), real(4, 2, 3), real(3)), {}),
    (called, (np.vectorize(np.dot, signature="(n),(n)->()"), real(4, 1, 3), real(2, 3)), {}),
]


def test_unwrap_moves_by_whole_periods() -> None:
    p = np.array([0.0, 4.0, -4.0])
    steps = (np.unwrap(p, period=3.0) - p) / 3.0
    assert np.allclose(steps, jvp_of(np.unwrap, {"period": 1.0}, p, period=3.0))


def test_signatures_of_vectorized_functions() -> None:
    assert core_ranks("(m, n),(n)->(m)") == [2, 1]
    assert core_ranks("(),(i)->()") == [0, 1]


def test_a_vectorized_function_of_nothing_is_refused() -> None:
    vectorized = table.substitute(np.vectorize.__call__)
    assert vectorized is not None
    with pytest.raises(ValueError, match="no elements"):
        vectorized(np.vectorize(hill), np.zeros(0))


def test_no_dimension_to_iterate_over_is_numpys_error() -> None:
    along = table.substitute(np.apply_along_axis)
    assert along is not None
    with pytest.raises(ValueError, match="iteration dimensions"):
        along(spread, 0, np.zeros((3, 0)))


@pytest.mark.parametrize("x", [0.0, 1e-8, 0.5, 30.0, 500.0])
def test_bessel_function_of_order_zero(x: float) -> None:
    check(np.i0, np.array([x, -x]), tol=1e-5)


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda a, b: np.vectorize(weighted, signature="(m,n),(n)->(m)")(a, b), (real(4, 2, 3), real(3))),
        (lambda a, p: np.vectorize(spread, excluded={"power"})(a, power=p), (real(3) ** 2, 2.5)),
    ],
)
def test_vectorized_functions_of_a_signature(f: Any, args: Any) -> None:
    sg.check_grads(f, args)
