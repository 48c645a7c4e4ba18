"""Samples of scipy.linalg."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checking import vjp_of
from scipy import linalg

from srcgrad.rules.decompositions import mH

rng = np.random.default_rng(7)


def real(*shape: int) -> Any:
    return rng.normal(size=shape)


def cplx(*shape: int) -> Any:
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


def definite(a: Any) -> Any:
    return a @ mH(a) + np.eye(a.shape[-1])


square, other, tall, wide = real(3, 3), real(3, 3), real(4, 3), real(3, 4)
vector, columns = real(3), real(3, 2)
bands = np.concatenate([real(1, 5), 5 + real(1, 5), real(2, 5)])
upper_bands = np.concatenate([real(2, 5), 9 + real(1, 5)])
complex_bands = np.concatenate([cplx(1, 4), 6 + real(1, 4)])
regular, complex_regular = square + 4 * np.eye(3), cplx(3, 3) + 4 * np.eye(3)
spread = square @ np.diag([1.0, 2.5, 4.5]) @ np.linalg.inv(square)
TRANS = (0, 1, 2, "N", "T", "C")
ASSUMED = ("gen", "sym", "her", "pos")

SAMPLES: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    *((linalg.solve, (definite(square), b), {"assume_a": s}) for b in (vector, columns) for s in ASSUMED),
    (linalg.solve, (definite(cplx(3, 3)), cplx(3)), {"assume_a": "pos", "lower": True}),
    (linalg.solve, (square, vector), {"transposed": True}),
    (linalg.solve, (square, vector), {}),
    *((f, (a,), {}) for f in (linalg.inv, linalg.det) for a in (square, cplx(3, 3))),
    (linalg.norm, (square, "fro"), {}),
    (linalg.norm, (vector, 3), {}),
    (linalg.lstsq, (tall, real(4)), {}),
    (linalg.lstsq, (tall, real(4, 2)), {}),
    (linalg.pinv, (tall,), {}),
    (linalg.pinv, (wide,), {"return_rank": True, "rtol": 1e-9, "argnums": "a"}),
    *((linalg.solve_triangular, (a, b, t, low, unit), {})
      for a, b in ((regular, vector), (regular, columns), (complex_regular, cplx(3)))
      for t in TRANS for low in (False, True) for unit in (False, True)),
    (linalg.solve_triangular, (regular.astype(np.float32), vector.astype(np.float32)), {}),
    *((linalg.solve_banded, ((2, 1), bands, b), {}) for b in (real(5), real(5, 2))),
    (linalg.solve_banded, ((0, 3), bands[::-1], real(5)), {}),
    (linalg.solve_banded, ((1, 0), np.stack([3 + real(1), real(1)]), real(1)), {}),
    (linalg.solveh_banded, (upper_bands, real(5)), {}),
    (linalg.solveh_banded, (upper_bands[::-1], real(5, 2)), {"lower": True}),
    (linalg.solveh_banded, (complex_bands, cplx(4)), {}),
    (linalg.solve_toeplitz, ((vector + 5 * np.eye(3)[0], real(3)), real(3)), {}),
    *((f, (definite(a), low), {}) for f in (linalg.cholesky, linalg.cho_factor)
      for a in (square, cplx(3, 3)) for low in (False, True)),
    *((linalg.cho_solve, (linalg.cho_factor(definite(square), low), b), {})
      for low in (False, True) for b in (vector, columns)),
    (linalg.cho_solve, (linalg.cho_factor(definite(cplx(3, 3))), cplx(3)), {}),
    *((linalg.lu, (a,), kw) for a in (square, tall, wide, cplx(3, 3))
      for kw in ({}, {"permute_l": True}, {"p_indices": True})),
    *((linalg.lu_factor, (a,), {}) for a in (square, cplx(3, 3), tall, wide)),
    *((linalg.lu_solve, (linalg.lu_factor(square), b, t), {}) for b in (vector, columns) for t in (0, 1, 2)),
    (linalg.lu_solve, (linalg.lu_factor(cplx(3, 3)), cplx(3), 2), {}),
    *((linalg.qr, (a,), {"mode": mode, "pivoting": p}) for a in (square, tall, wide, cplx(3, 3))
      for mode in ("economic", "r") for p in (False, True)),
    *((linalg.qr, (a,), {}) for a in (square, tall)),
    *((linalg.svd, (a,), {"full_matrices": False}) for a in (square, tall, wide)),
    (linalg.svd, (tall,), {"compute_uv": False}),
    (linalg.svdvals, (cplx(3, 4),), {}),
    *((linalg.eigh, (a,), {"lower": low, "driver": "evd"}) for a in (definite(square),)
      for low in (False, True)),
    *((linalg.eigh, (square + square.T, definite(other)), {"lower": low}) for low in (False, True)),
    (linalg.eigh, (definite(square),), {"eigvals_only": True, "subset_by_index": [1, 2]}),
    (linalg.eigvalsh, (definite(cplx(3, 3)),), {}),
    (linalg.eigvalsh, (square + square.T, definite(other)), {"lower": False}),
    (linalg.eig, (cplx(3, 3),), {"argnums": "a"}),
    (linalg.eig, (spread,), {}),
    (linalg.eig, (spread,), {"right": False}),
    (linalg.eigvals, (square,), {}),
    *((linalg.polar, (a, side), {}) for a, side in ((square, "right"), (square, "left"), (tall, "right"),
      (wide, "left"), (cplx(3, 3), "right"), (cplx(3, 3), "left"))),
    (linalg.solve_sylvester, (square, other + 4 * np.eye(3), real(3, 3)), {}),
    (linalg.solve_sylvester, (square, real(2, 2) + 5 * np.eye(2), columns), {}),
    (linalg.solve_sylvester, (cplx(3, 3), cplx(3, 3) + 5 * np.eye(3), cplx(3, 3)), {}),
    *((linalg.solve_continuous_lyapunov, pair, {}) for pair in ((square, other), (cplx(3, 3), cplx(3, 3)))),
    *((linalg.solve_discrete_lyapunov, (square / 3, other), {"method": m}) for m in (None, "direct", "bilinear")),
    (linalg.solve_discrete_lyapunov, (cplx(3, 3) / 5, cplx(3, 3)), {"method": "bilinear"}),
    *((linalg.expm, (a,), {}) for a in (square, real(2, 3, 3), cplx(3, 3))),
    (linalg.logm, (definite(square),), {}),
    *((linalg.sqrtm, (a,), {}) for a in (definite(square), definite(cplx(3, 3)))),
    (linalg.expm_frechet, (square, other), {}),
    (linalg.expm_frechet, (square, other), {"compute_expm": False}),
    (linalg.toeplitz, (vector,), {}),
    (linalg.toeplitz, (cplx(3),), {}),
    (linalg.toeplitz, (vector, real(4)), {}),
    (linalg.circulant, (vector,), {}),
    (linalg.hankel, (vector,), {}),
    (linalg.hankel, (vector, real(4)), {}),
    (linalg.block_diag, (square, vector, columns), {}),
    (linalg.issymmetric, (square,), {}),
    (linalg.ishermitian, (square,), {}),
    (linalg.bandwidth, (square,), {}),
]  # fmt: skip


def test_what_is_not_unique_is_refused() -> None:
    with pytest.raises(NotImplementedError):
        vjp_of(linalg.eigh, (np.ones(2), np.ones((3, 2))), square + square.T, subset_by_index=[0, 1])
    with pytest.raises(NotImplementedError):
        vjp_of(linalg.polar, (np.ones((3, 4)), np.ones((4, 4))), wide)
