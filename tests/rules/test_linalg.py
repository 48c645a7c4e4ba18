"""Samples of numpy.linalg, and its degenerate points."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from checking import Sample, direction, jvp_of, leaves, vjp_of

from srcgrad.rules import table
from srcgrad.rules.decompositions import mH
from srcgrad.rules.determinants import adjugate_and_det, cofactors

rng = np.random.default_rng(2)


def real(*shape: int) -> Any:
    return rng.normal(size=shape)


def cplx(*shape: int) -> Any:
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


def definite(a: Any) -> Any:
    """A positive definite matrix of the kind of a."""
    return a @ mH(a) + np.eye(a.shape[-1])


SQUARE = [real(3, 3), real(2, 3, 3), cplx(3, 3), real(1, 1)]
ANY_SHAPE = [real(3, 3), real(4, 3), real(3, 4), real(2, 4, 3), real(2, 3, 4)]
ANY_COMPLEX = [cplx(3, 3), cplx(4, 3), cplx(3, 5), cplx(2, 4, 3)]
SYSTEMS = [
    (real(3, 3), real(3)),
    (real(3, 3), real(3, 2)),
    (real(2, 3, 3), real(3)),
    (real(2, 3, 3), real(2, 3, 2)),
    (real(2, 3, 3), real(3, 2)),
    (real(3, 3), real(2, 3, 2)),
    (real(4, 1, 3, 3), real(2, 3, 1)),
    (cplx(3, 3), cplx(3)),
    (cplx(3, 3), real(3, 2)),
    (real(3, 3), cplx(3)),
    (real(3, 3).astype(np.float32) + 3 * np.eye(3, dtype=np.float32), real(3).astype(np.float32)),
]
VECTOR_ORDS = (None, 2, 1, 0, np.inf, -np.inf, 3, 2.5, 0.5, -1, -2)
MATRIX_ORDS = (None, "fro", "nuc", np.inf, -np.inf, 1, -1, 2, -2)
VALUES_WITH_OPTIONS: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    (np.linalg.norm, (real(2, 3, 4),), {}),
    (np.linalg.norm, (real(2, 3),), {"keepdims": True}),
    (np.linalg.norm, (real(3),), {"ord": 3, "keepdims": True}),
    (np.linalg.norm, (cplx(2, 3),), {}),
    (np.linalg.norm, (real(3).astype(np.float32),), {}),
    *[(np.linalg.norm, (x,), {"ord": o}) for o in VECTOR_ORDS for x in (real(4), cplx(4))],
    *[(np.linalg.norm, (real(2, 3, 4),), {"ord": o, "axis": 1}) for o in VECTOR_ORDS],
    *[(np.linalg.norm, (real(2, 3),), {"ord": o, "axis": -1, "keepdims": True}) for o in VECTOR_ORDS],
    (np.linalg.norm, (real(2, 3),), {"ord": 1, "axis": (1,)}),
    (np.linalg.norm, (np.array([1.0, 0.0, -2.0]),), {"ord": 2.5, "argnums": "ord"}),
    *[(np.linalg.norm, (x,), {"ord": o}) for o in MATRIX_ORDS for x in (real(3, 4), cplx(3, 2))],
    *[(np.linalg.norm, (real(2, 3, 4),), {"ord": o, "axis": (2, 0)}) for o in MATRIX_ORDS],
    *[(np.linalg.norm, (real(2, 3),), {"ord": o, "axis": (0, -1), "keepdims": True}) for o in MATRIX_ORDS],
    *[(np.linalg.vector_norm, (1 + real(2, 3, 2) ** 2,), {"ord": o}) for o in VECTOR_ORDS[1:]],
    *[(np.linalg.vector_norm, (1 + real(2, 3, 2) ** 2,), {"ord": o, "axis": (0, 2)}) for o in VECTOR_ORDS[1:]],
    (np.linalg.vector_norm, (cplx(2, 3),), {"axis": 0, "keepdims": True}),
    (np.linalg.vector_norm, (cplx(2, 3),), {"ord": 3, "keepdims": True}),
    *[(np.linalg.matrix_norm, (real(2, 3, 4),), {"ord": o}) for o in MATRIX_ORDS[1:]],
    (np.linalg.matrix_norm, (cplx(2, 3, 4),), {"ord": "nuc", "keepdims": True}),
]

SAMPLES = [
    *[(f, (a,), {}) for f in (np.linalg.inv, np.linalg.det, np.linalg.slogdet) for a in SQUARE],
    (np.linalg.det, (cplx(2, 3, 3),), {}),
    (np.linalg.det, (np.array([[1.0, 2.0], [2.0, 4.0]]),), {}),
    (np.linalg.det, (np.zeros((3, 3)),), {}),
    (np.linalg.det, (np.stack([np.ones((3, 3)), np.eye(3), np.zeros((3, 3))]),), {}),
    (np.linalg.det, (np.outer([1, 2j, 3], [1, 1j, 1]) + np.diag([0, 1j, 0]),), {}),
    *[(np.linalg.solve, pair, {}) for pair in SYSTEMS],
    (np.linalg.tensorsolve, (real(2, 3, 6), real(2, 3)), {}),
    (np.linalg.tensorsolve, (real(2, 6, 3), real(2, 3)), {"axes": (1,)}),
    (np.linalg.tensorsolve, (real(2, 3, 6), real(6)), {"axes": (0, 1)}),
    (np.linalg.tensorinv, (real(4, 6, 8, 3),), {}),
    (np.linalg.tensorinv, (real(6, 2, 3),), {"ind": 1}),
    *[(np.linalg.matrix_power, (a, n), {}) for a in SQUARE[:3] for n in (-2, -1, 0, 1, 2, 3, 5)],
    *VALUES_WITH_OPTIONS,
    *[
        (np.linalg.cholesky, (definite(a),), {"upper": upper})
        for a in (real(3, 3), real(2, 3, 3), cplx(3, 3), cplx(2, 2, 2))
        for upper in (False, True)
    ],
    *[(np.linalg.eigh, (a, uplo), {}) for a in (real(4, 4), real(2, 3, 3)) for uplo in "LU"],
    *[(np.linalg.eigvalsh, (a, uplo), {}) for a in (real(4, 4), cplx(2, 3, 3)) for uplo in "LUl"],
    *[(f, (definite(real(3, 3)),), {}) for f in (np.linalg.eig, np.linalg.eigvals)],
    *[
        (f, (a,), {})
        for f in (np.linalg.eig, np.linalg.eigvals)
        for a in (real(4, 4), cplx(3, 3), cplx(2, 3, 3), np.array([[0.0, 2.0], [-1.0, 0.3]]))
    ],
    *[(np.linalg.svd, (a,), {"full_matrices": False}) for a in ANY_SHAPE],
    *[(np.linalg.svd, (a,), {}) for a in ANY_SHAPE],
    *[(np.linalg.svd, (a,), {"compute_uv": False}) for a in (*ANY_SHAPE, *ANY_COMPLEX)],
    (np.linalg.svd, (real(3, 3),), {"hermitian": True}),
    (np.linalg.svd, (cplx(2, 3, 3),), {"hermitian": True, "compute_uv": False}),
    *[(np.linalg.svdvals, (a,), {}) for a in (*ANY_SHAPE, *ANY_COMPLEX)],
    *[(np.linalg.qr, (a,), {"mode": mode}) for a in ANY_SHAPE for mode in ("reduced", "complete", "r")],
    *[(np.linalg.qr, (a,), {}) for a in ANY_COMPLEX],
    *[(np.linalg.qr, (a,), {"mode": "r"}) for a in ANY_COMPLEX],
    *[(np.linalg.pinv, (a,), {}) for a in (*ANY_SHAPE, *ANY_COMPLEX)],
    (np.linalg.pinv, (real(3, 3),), {"hermitian": True}),
    (np.linalg.pinv, (cplx(2, 3, 3),), {"hermitian": True}),
    *[(np.linalg.lstsq, (real(*s), real(s[0])), {}) for s in ((3, 3), (4, 3), (3, 4))],
    *[(np.linalg.lstsq, (real(*s), real(s[0], 2)), {"rcond": 1e-9}) for s in ((4, 3), (3, 4))],
    (np.linalg.lstsq, (cplx(4, 3), cplx(4, 2)), {}),
    (np.linalg.lstsq, (cplx(3, 5), cplx(3)), {}),
    (np.linalg.lstsq, (real(4, 3), cplx(4)), {}),
    *[(np.linalg.cond, (real(3, 3), p), {}) for p in (None, 1, 2, -2, "fro", np.inf)],
    (np.linalg.cond, (cplx(2, 3, 2),), {}),
]


# Complex vectors are unique up to a phase. The rules keep JAX's; differences see LAPACK's.

PHASES: list[tuple[Any, Any, dict[str, Any], Callable[[Any], Any]]] = [
    (np.linalg.eigh, cplx(3, 3), {}, lambda y: (y[0], np.abs(y[1]), y[1] @ mH(y[1] * [1, 2, 3]))),
    (np.linalg.eigh, cplx(2, 3, 3), {"UPLO": "U"}, lambda y: (y[0], np.abs(y[1]))),
    *[
        (np.linalg.svd, a, {"full_matrices": False}, lambda y: (np.abs(y[0]), y[1], (y[0] * 1j) @ y[2]))
        for a in ANY_COMPLEX
    ],
    (np.linalg.svd, cplx(3, 3), {}, lambda y: (np.abs(y[0]), y[1], y[0] @ y[2])),
    (np.linalg.svd, cplx(3, 3), {"hermitian": True}, lambda y: (np.abs(y[0]), y[1], y[0] @ y[2])),
]


def number_of_phase(case: Any) -> str:
    return case.__name__ if hasattr(case, "__name__") else ""


@pytest.mark.parametrize(("function", "a", "kwargs", "invariants"), PHASES, ids=number_of_phase)
def test_what_does_not_depend_on_a_phase(function: Any, a: Any, kwargs: Any, invariants: Any) -> None:
    rule = table.lookup(function)
    assert rule is not None
    sample = Sample(rule, (a,), kwargs)
    a_dot = direction(a, rng)
    y_dot = sample.tangent({"a": a_dot})
    y_bar = direction(sample.y, rng)
    left = sum(np.sum(bar * dot).real for bar, dot in zip(y_bar, y_dot, strict=True))
    right = np.sum(sample.cotangent("a", y_bar) * a_dot).real
    assert np.isclose(left, right, rtol=1e-9, atol=1e-9)

    h = 1e-5

    def along(step: float) -> Any:
        return invariants(tuple(y + step * dot for y, dot in zip(sample.y, y_dot, strict=True)))

    def true(step: float) -> Any:
        return invariants(function(a + step * a_dot, **kwargs))

    for p, m, tp, tm in zip(along(h), along(-h), true(h), true(-h), strict=True):
        assert np.allclose((tp - tm) / (2 * h), (p - m) / (2 * h), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("x", [np.zeros(3), np.zeros((2, 3)), np.zeros(3, complex)])
@pytest.mark.parametrize("ord", [None, 2, 1, np.inf, -np.inf])
def test_norm_of_zero_has_slope_zero(x: Any, ord: Any) -> None:
    assert np.array_equal(vjp_of(np.linalg.norm, 1.0, x, ord)["x"], np.zeros_like(x))
    assert jvp_of(np.linalg.norm, {"x": np.ones_like(x)}, x, ord) == 0


@pytest.mark.parametrize("ord", [3, 0.5, -1, "fro", "nuc", -2])
def test_other_norms_of_zero_have_slope_zero(ord: Any) -> None:
    x = np.zeros((3, 3)) if isinstance(ord, str) else np.zeros(3)
    assert np.array_equal(vjp_of(np.linalg.norm, 1.0, x, ord)["x"], np.zeros_like(x))


def test_norm_of_one_zero_row() -> None:
    x = np.array([[3.0, 4.0], [0.0, 0.0]])
    bars = vjp_of(np.linalg.norm, np.ones(2), x, axis=1)
    assert np.allclose([[0.6, 0.8], [0.0, 0.0]], bars["x"])


def test_tied_entries_share_the_slope_of_a_maximum() -> None:
    bars = vjp_of(np.linalg.norm, 1.0, np.array([2.0, -2.0, 1.0]), np.inf)
    assert np.array_equal([0.5, -0.5, 0.0], bars["x"])
    bars = vjp_of(np.linalg.norm, 1.0, np.eye(2), 2)
    assert np.allclose(np.eye(2) / 2, bars["x"])


@pytest.mark.parametrize("p", [3, 1.5])
def test_a_zero_entry_has_slope_zero(p: float) -> None:
    x_bar = vjp_of(np.linalg.norm, 1.0, np.array([0.0, 1.0]), p)["x"]
    assert np.array_equal([0.0, 1.0], x_bar)


def minors(a: Any) -> Any:
    """The cofactors by their definition."""
    n = len(a)
    out = np.empty_like(a)
    for i, j in itertools.product(range(n), range(n)):
        minor = np.delete(np.delete(a, i, 0), j, 1)
        out[i, j] = (-1) ** (i + j) * np.linalg.det(minor)
    return out


@pytest.mark.parametrize("rank", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("draw", [real, cplx])
def test_cofactors_at_every_rank(rank: int, draw: Any) -> None:
    a = draw(4, rank) @ draw(rank, 4)
    assert np.allclose(minors(a), cofactors(a, np.linalg.det(a)), atol=1e-10)


def test_cofactors_of_what_is_not_finite() -> None:
    a = np.stack([np.zeros((2, 2)), np.full((2, 2), np.nan)])
    assert np.isnan(cofactors(a, np.linalg.det(a))[1]).all()
    assert np.isnan(cofactors(a[1], np.nan)).all()


def test_the_logarithm_of_a_singular_determinant() -> None:
    a, no_sign = np.stack([np.eye(2), np.ones((2, 2))]), np.zeros(2)
    unused = vjp_of(np.linalg.slogdet, (no_sign, np.array([1.0, 0.0])), a)["a"]
    assert np.array_equal(np.stack([np.eye(2), np.zeros((2, 2))]), unused)
    used = vjp_of(np.linalg.slogdet, (no_sign, np.array([1.0, 1.0])), a)["a"]
    assert np.isnan(used[1]).all()
    _, moved = jvp_of(np.linalg.slogdet, {"a": np.stack([np.eye(2), np.zeros((2, 2))])}, a)
    assert np.array_equal([2.0, 0.0], moved)


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_adjugate_by_its_polynomial(n: int) -> None:
    a = real(n, n)
    adjugate, det = adjugate_and_det(a)
    assert np.isclose(np.linalg.det(a), det)
    assert n == 0 or np.allclose(np.linalg.det(a) * np.linalg.inv(a), adjugate)


def test_values_alone_have_a_derivative_where_values_are_equal() -> None:
    a, w_bar = np.eye(3), np.array([1.0, 2.0, 3.0])
    for function in (np.linalg.eigh, np.linalg.eig):
        bars = vjp_of(function, (w_bar, np.zeros((3, 3))), a)
        assert np.allclose(np.diag(w_bar), bars["a"])
    y_bar = (np.zeros((4, 4)), w_bar, np.zeros((3, 3)))
    assert np.allclose(np.eye(4, 3) * w_bar, vjp_of(np.linalg.svd, y_bar, np.eye(4, 3))["a"])


def test_vectors_have_none_where_values_are_equal() -> None:
    bars = vjp_of(np.linalg.eigh, (np.zeros(2), real(2, 2)), np.eye(2))
    assert np.isnan(bars["a"]).any()


def test_one_matrix_of_a_stack_does_not_spoil_the_other() -> None:
    a = np.stack([np.eye(2), np.diag([1.0, 2.0])])
    v_bar = np.stack([np.zeros((2, 2)), real(2, 2)])
    assert np.isfinite(vjp_of(np.linalg.eigh, (np.zeros((2, 2)), v_bar), a)["a"]).all()


@pytest.mark.parametrize(("function", "kwargs"), [(np.linalg.svd, {}), (np.linalg.qr, {"mode": "complete"})])
def test_columns_that_are_not_unique_are_refused(function: Any, kwargs: Any) -> None:
    a = real(5, 3)
    y_bar = tuple(np.zeros_like(part) for part in function(a, **kwargs))
    assert np.array_equal(np.zeros_like(a), vjp_of(function, y_bar, a, **kwargs)["a"])
    y_bar[0][0, 4] = 1.0
    with pytest.raises(NotImplementedError, match="not unique"):
        vjp_of(function, y_bar, a, **kwargs)
    y_dot = next(iter(leaves(jvp_of(function, {"a": real(5, 3)}, a, **kwargs))))
    assert np.isfinite(y_dot[:, :3]).all()
    assert np.isnan(y_dot[:, 3:]).all()


def test_a_pseudo_inverse_that_cuts_off_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="rcond"):
        vjp_of(np.linalg.pinv, np.ones((2, 2)), np.diag([1.0, 0.1]), 0.5)


def test_a_pseudo_inverse_at_constant_rank() -> None:
    left, right, moved = real(4, 2), real(2, 3), real(4, 2)
    a, h = left @ right, 1e-6

    def along(step: float) -> Any:
        return np.linalg.pinv((left + step * moved) @ right, 1e-9)

    y_dot = jvp_of(np.linalg.pinv, {"a": moved @ right}, a, 1e-9)
    assert np.allclose((along(h) - along(-h)) / (2 * h), y_dot, atol=1e-6)


def test_the_reflectors_of_qr_are_refused() -> None:
    with pytest.raises(NotImplementedError, match="raw"):
        jvp_of(np.linalg.qr, {"a": real(3, 2)}, real(3, 2), mode="raw")


def test_rank_has_no_derivative() -> None:
    assert table.is_zero(np.linalg.matrix_rank)
