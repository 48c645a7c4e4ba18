"""Samples of products that sum over an index, and what cannot be said by a sample."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest
from checking import check, vjp_of

from srcgrad.rules.einsum import implied_output

rng = np.random.default_rng(0)


def real(*shape: int) -> Any:
    return rng.normal(size=shape)


def cplx(*shape: int) -> Any:
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


v2, v3, v4 = real(2), real(3), real(4)
DOT_RANKS = [
    (2.5, 1.5),
    (2.5, real(3, 2)),
    (real(2, 3), 1.5),
    (np.array(2.5), v3),
    (v3, real(3)),
    (v3, real(3, 2)),
    (real(2, 3), v3),
    (real(2, 3), real(3, 4)),
    (v3, real(2, 3, 4)),
    (real(4, 2, 3), v3),
    (real(2, 3), real(4, 3, 2)),
    (real(4, 2, 3), real(3, 2)),
    (real(2, 4, 3), real(2, 3, 5)),
    (cplx(2, 3), cplx(3)),
    (real(2, 3), cplx(3, 2)),
    (real(0, 3), real(3, 2)),
]
MATMUL_RANKS = [
    (v3, real(3)),
    (v3, real(3, 2)),
    (real(2, 3), v3),
    (real(2, 3), real(3, 4)),
    (v3, real(5, 3, 2)),
    (real(5, 2, 3), v3),
    (real(5, 2, 3), real(5, 3, 4)),
    (real(1, 2, 3), real(5, 3, 4)),
    (real(5, 2, 3), real(3, 4)),
    (real(2, 3), real(4, 5, 3, 2)),
    (real(4, 1, 2, 3), real(5, 3, 2)),
    (cplx(2, 3), cplx(3, 2)),
    (real(5, 2, 3), cplx(3)),
    (v3.astype(np.float32), real(3, 2).astype(np.float32)),
]
INNER_RANKS = [
    (2.5, v3),
    (real(2, 3), 1.5),
    (v3, real(3)),
    (v3, real(2, 3)),
    (real(2, 3), v3),
    (real(2, 3), real(4, 3)),
    (real(2, 4, 3), cplx(5, 3)),
]
TENSORDOT_AXES: list[tuple[Any, ...]] = [
    (real(2, 3, 4), real(3, 4, 5)),
    (real(2, 3), real(4), 0),
    (real(2, 3), real(3, 4), 1),
    (real(2, 3, 4), real(5, 2, 3), ([0, 1], [1, 2])),
    (real(2, 3, 4), real(3, 5, 2), ([1, 0], [0, 2])),
    (real(2, 3, 4), real(5, 3, 2, 4), ([2, 0, 1], [-1, 2, 1])),
    (real(2, 3, 4), real(5, 3), (1, 1)),
    (cplx(2, 3), cplx(3, 2), ((0, 1), (1, 0))),
]
EINSUMS: list[tuple[Any, ...]] = [
    ("ij,jk->ik", real(2, 3), real(3, 4)),
    ("ij,jk", real(2, 3), real(3, 4)),
    ("ba,cb", real(2, 3), real(4, 2)),
    ("i,i", v3, real(3)),
    ("i , j -> j i", v3, v4),
    ("ij->", real(2, 3)),
    ("ij->i", real(2, 3)),
    ("ij->ji", real(2, 3)),
    ("ii", real(3, 3)),
    ("ii->i", real(3, 3)),
    ("iij->j", real(3, 3, 2)),
    ("iiji->ij", real(2, 2, 3, 2)),
    ("ii,i->i", real(3, 3), v3),
    ("ijk,l->il", real(2, 3, 4), v3),
    ("ij,ij,ij->", real(2, 3), real(2, 3), real(2, 3)),
    ("ij,jk,kl->il", real(2, 3), real(3, 4), real(4, 2)),
    ("...ij,...jk->...ik", real(5, 2, 3), real(5, 3, 4)),
    ("...ij,...jk", real(5, 2, 3), real(3, 4)),
    ("...ij,j->...i", real(4, 5, 2, 3), v3),
    ("...i,...i->...", real(5, 3), real(4, 1, 3)),
    ("i...->...", real(3, 2)),
    ("i...,...->...i", real(3, 2), v2),
    ("ij,ij->ij", real(1, 3), real(2, 3)),
    ("ij,ij->j", real(1, 3), real(2, 3)),
    ("ii,ij->j", real(1, 1), real(2, 3)),
    ("ij,j->i", cplx(2, 3), cplx(3)),
    ("ij,jk->ik", real(2, 3), cplx(3, 4)),
    (",i->i", 2.5, v3),
    (real(2, 3), [0, 1], real(3, 4), [1, 2], [0, 2]),
    (real(2, 3), [0, 1], real(3, 4), [1, 2]),
    (real(5, 2, 3), [Ellipsis, 0, 1], real(3), [1], [Ellipsis, 0]),
    (real(3, 3), [4, 4]),
]
VECTORS = [
    (v3, real(3)),
    (real(5, 3), v3),
    (real(5, 1, 3), real(4, 3)),
    (cplx(5, 3), cplx(3)),
    (real(5, 3), cplx(5, 3)),
]
CROSSES: list[tuple[Any, Any, dict[str, Any]]] = [
    (v3, real(3), {}),
    (real(5, 3), v3, {}),
    (real(5, 1, 3), real(4, 3), {}),
    (real(3, 5), real(5, 3), {"axisa": 0}),
    (real(3, 5), real(3, 5), {"axis": 0}),
    (real(5, 3), real(3, 5), {"axisb": 0, "axisc": 0}),
    (cplx(3), real(3), {}),
]
PLANE_CROSSES: list[tuple[Any, Any, dict[str, Any]]] = [
    (v2, v3, {}),
    (real(5, 3), v2, {}),
    (v2, real(2), {}),
    (real(2, 5), real(5, 2), {"axisa": 0}),
]

SAMPLES = [
    *[(np.dot, pair, {}) for pair in DOT_RANKS],
    *[(f, pair, {}) for f in (np.matmul, operator.matmul) for pair in MATMUL_RANKS],
    (np.linalg.matmul, (real(2, 3), real(5, 3, 4)), {}),
    *[(np.inner, pair, {}) for pair in INNER_RANKS],
    *[(np.tensordot, sample, {}) for sample in TENSORDOT_AXES],
    (np.linalg.tensordot, (real(2, 3), real(3, 2)), {"axes": ([0], [1])}),
    *[(np.einsum, sample, {}) for sample in EINSUMS],
    (np.einsum, ("ij,jk,kl->il", real(2, 3), real(3, 4), real(4, 2)), {"optimize": True}),
    (np.einsum, ("ij,jk,kl->il", real(2, 3), real(3, 4), real(4, 2)), {"optimize": "greedy"}),
    (np.outer, (v3, v4), {}),
    (np.outer, (real(2, 2), cplx(3)), {}),
    (np.outer, (2.5, v3), {}),
    (np.linalg.outer, (v3, cplx(4)), {}),
    (np.kron, (real(2, 3), real(3, 2)), {}),
    (np.kron, (v3, v4), {}),
    (np.kron, (v3, real(2, 2)), {}),
    (np.kron, (real(2, 1, 3), cplx(2, 2)), {}),
    (np.kron, (2.5, v3), {}),
    *[(np.cross, (a, b), kwargs) for a, b, kwargs in CROSSES],
    (np.linalg.cross, (real(5, 3), real(5, 3)), {}),
    (np.linalg.cross, (real(3, 5), real(3, 5)), {"axis": 0}),
    (np.vdot, (v3, real(3)), {}),
    (np.vdot, (cplx(2, 3), cplx(6)), {}),
    (np.vdot, (cplx(3), v3), {}),
    *[(f, pair, {}) for f in (np.vecdot, np.linalg.vecdot) for pair in VECTORS],
    (np.vecdot, (cplx(3, 5), cplx(3, 5)), {"axis": 0}),
    (np.vecdot, (cplx(3, 5), real(3, 1)), {"axis": 0, "keepdims": True}),
    (np.linalg.vecdot, (real(3, 5), real(3, 5)), {"axis": 0}),
    (np.matvec, (real(2, 3), v3), {}),
    (np.matvec, (real(5, 2, 3), real(4, 1, 3)), {}),
    (np.matvec, (cplx(2, 3), cplx(5, 3)), {}),
    (np.vecmat, (v3, real(3, 2)), {}),
    (np.vecmat, (real(4, 1, 3), real(5, 3, 2)), {}),
    (np.vecmat, (cplx(5, 3), cplx(3, 2)), {}),
    (np.vecmat, (cplx(3), real(3, 2)), {}),
    (np.linalg.multi_dot, ([real(2, 3), real(3, 4)],), {}),
    (np.linalg.multi_dot, ([real(2, 3), real(3, 4), real(4, 2), real(2, 5)],), {}),
    (np.linalg.multi_dot, ([v3, real(3, 4), real(4, 2)],), {}),
    (np.linalg.multi_dot, ([real(2, 3), real(3, 4), v4],), {}),
    (np.linalg.multi_dot, ((v3, cplx(3, 4), v4),), {}),
    (np.linalg.trace, (real(3, 4),), {}),
    (np.linalg.trace, (real(2, 3, 4),), {"offset": 1}),
    (np.linalg.trace, (cplx(2, 4, 3),), {"offset": -2}),
    (np.linalg.diagonal, (real(3, 4),), {}),
    (np.linalg.diagonal, (real(2, 3, 4),), {"offset": 2}),
    (np.linalg.diagonal, (cplx(2, 4, 3),), {"offset": -1}),
    (np.linalg.matrix_transpose, (real(2, 3, 4),), {}),
]


@pytest.mark.filterwarnings("ignore:Arrays of 2-dimensional vectors")
@pytest.mark.parametrize(("a", "b", "kwargs"), PLANE_CROSSES)
def test_cross_of_vectors_in_the_plane(a: Any, b: Any, kwargs: dict[str, Any]) -> None:
    if np.lib.NumpyVersion(np.__version__) >= "2.5.0":
        with pytest.raises(ValueError, match="3-dimensional"):  # NumPy has it no more
            np.cross(a, b, **kwargs)
    else:
        check(np.cross, a, b, **kwargs)


def test_einsum_implies_its_output_as_numpy_does() -> None:
    assert implied_output([list("ba"), list("cb")]) == ["a", "c"]
    assert implied_output([[".", "j"], ["j", "."]]) == ["."]
    assert implied_output([[3, 3]]) == []


def test_einsum_gives_nothing_for_its_notation() -> None:
    x = v3
    assert vjp_of(np.einsum, 1.0, "i->", x)["operands"][0] is None
    assert vjp_of(np.einsum, 1.0, x, [0], [])["operands"][1] == [None]


def test_a_diagonal_keeps_infinity_to_itself() -> None:
    bars = vjp_of(np.linalg.diagonal, np.array([np.inf, 1.0]), real(2, 2))
    assert np.array_equal(bars["x"], np.array([[np.inf, 0.0], [0.0, 1.0]]))
