"""scipy.linalg, scipy.signal and scipy.ndimage, as jax.scipy has them."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from tests.recorded.drawing import complex_, definite, positive, real, regular
from tests.recorded.special import counterpart


def samples(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    la = counterpart(xp, "linalg")
    return {**systems(la), **functions(xp, la), **signals(counterpart(xp, "signal"), counterpart(xp, "ndimage"))}


def systems(la: ModuleType) -> dict[str, tuple[Any, ...]]:
    return {
        "solve_triangular": (lambda a, b: la.solve_triangular(a, b), regular(3, 3), real(3)),
        "solve_triangular, lower": (lambda a, b: la.solve_triangular(a, b, lower=True), regular(3, 3), real(3, 2)),
        "solve_triangular, transposed": (lambda a, b: la.solve_triangular(a, b, trans=1), regular(3, 3), real(3)),
        "solve_triangular, unit": (
            lambda a, b: la.solve_triangular(a, b, trans="T", lower=True, unit_diagonal=True), regular(3, 3), real(3),
        ),
        "solve": (lambda a, b: la.solve(a, b), regular(3, 3), real(3)),
        "solve, positive definite": (
            lambda a, b: la.solve((a + a.T) / 2, b, assume_a="pos"), definite(3, 3), real(3, 2),
        ),
        "cholesky": (lambda a: la.cholesky((a + a.T) / 2, lower=True), definite(3, 3)),
        "cho_solve": (lambda a, b: la.cho_solve(la.cho_factor((a + a.T) / 2), b), definite(3, 3), real(3)),
        "lu": (lambda a: la.lu(a)[1:], regular(3, 3)),
        "lu, tall": (lambda a: la.lu(a)[1:], real(4, 3)),
        "lu, with rows in order": (lambda a: la.lu(a, permute_l=True), regular(3, 3)),
        "lu_solve": (lambda a, b: la.lu_solve(la.lu_factor(a), b), regular(3, 3), real(3)),
        "lu_solve, transposed": (lambda a, b: la.lu_solve(la.lu_factor(a), b, 1), regular(3, 3), real(3)),
        "det": (lambda a: la.det(a), regular(3, 3)),
        "inv": (lambda a: la.inv(a), complex_(3, 3)),
    }  # fmt: skip


def functions(xp: ModuleType, la: ModuleType) -> dict[str, tuple[Any, ...]]:
    return {
        "expm": (lambda a: la.expm(a), regular(3, 3)),
        "expm, batched": (lambda a: la.expm(a), real(2, 3, 3)),
        "expm_frechet": (lambda a, e: la.expm_frechet(a, e), real(3, 3), real(3, 3)),
        "block_diag": (lambda a, b: la.block_diag(a, b), real(2, 3), real(3)),
        "toeplitz": (lambda c, r: la.toeplitz(c, r), real(3), real(4)),
        "hankel": (lambda c, r: la.hankel(c, r), real(3), real(4)),
        "polar": (lambda a: la.polar(a), regular(3, 3)),
        "qr": (lambda a: la.qr(a, mode="economic"), regular(3, 3)),
        "singular values": (lambda a: la.svd(a, compute_uv=False), real(3, 2)),
        "eigh, values": (lambda a: la.eigh((a + a.T) / 2, eigvals_only=True), definite(3, 3)),
    }  # fmt: skip


def signals(signal: ModuleType, nd: ModuleType) -> dict[str, tuple[Any, ...]]:
    return {
        "convolve": (lambda a, b: signal.convolve(a, b), real(5), real(3)),
        "convolve, same": (lambda a, b: signal.convolve(a, b, mode="same"), real(4, 5), real(2, 3)),
        "correlate": (lambda a, b: signal.correlate(a, b, mode="same"), real(5), real(3)),
        "fftconvolve": (lambda a, b: signal.fftconvolve(a, b, mode="valid"), real(4, 5), real(2, 3)),
        "convolve2d": (lambda a, b: signal.convolve2d(a, b, mode="same"), real(4, 5), real(3, 3)),
        "detrend": (lambda a: signal.detrend(a), real(6)),
        "map_coordinates": (
            lambda a, c: nd.map_coordinates(a, [c, 2 - c], order=1, mode="nearest"), real(4, 4), positive(5),
        ),
    }  # fmt: skip
