"""numpy.linalg, batched and complex."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from tests.recorded.drawing import complex_, definite, real, regular

NORMS: dict[str, tuple[dict[str, Any], Any]] = {
    "of a vector": ({}, real(4)),
    "1 of a vector": ({"ord": 1}, real(4)),
    "3 of a vector": ({"ord": 3}, real(4)),
    "-2 of a vector": ({"ord": -2}, real(4)),
    "inf of a vector": ({"ord": float("inf")}, real(4)),
    "-inf of a vector": ({"ord": -float("inf")}, real(4)),
    "of a matrix": ({}, real(3, 2)),
    "fro": ({"ord": "fro"}, real(3, 2)),
    "nuc": ({"ord": "nuc"}, real(3, 2)),
    "1 of a matrix": ({"ord": 1}, real(3, 2)),
    "-1 of a matrix": ({"ord": -1}, real(3, 2)),
    "2 of a matrix": ({"ord": 2}, real(3, 2)),
    "-2 of a matrix": ({"ord": -2}, real(3, 2)),
    "inf of a matrix": ({"ord": float("inf")}, real(3, 2)),
    "along 1": ({"axis": 1}, real(3, 2)),
    "3 along 0, kept": ({"ord": 3, "axis": 0, "keepdims": True}, real(3, 2)),
    "along (0, 2)": ({"axis": (0, 2)}, real(2, 3, 2)),
    "of complex numbers": ({}, complex_(4)),
    "1 of complex numbers": ({"ord": 1}, complex_(4)),
    "3 of complex numbers": ({"ord": 3, "axis": 1}, complex_(2, 3)),
}


def samples(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    def norm(keywords: dict[str, Any], draw: Any) -> tuple[Any, ...]:
        return (lambda x: xp.linalg.norm(x, **keywords), draw)

    return {**{f"norm {how}": norm(*given) for how, given in NORMS.items()}, **decompositions(xp), **solutions(xp)}


def decompositions(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    la = xp.linalg
    return {
        "det": (lambda a: la.det(a), regular(3, 3)),
        "det, batched": (lambda a: la.det(a), regular(2, 3, 3)),
        "det, complex": (lambda a: la.det(a), complex_(3, 3)),
        "slogdet": (lambda a: la.slogdet(a)[1], regular(2, 3, 3)),
        "slogdet, complex": (lambda a: la.slogdet(a), complex_(3, 3)),
        "inv": (lambda a: la.inv(a), regular(3, 3)),
        "inv, batched": (lambda a: la.inv(a), regular(2, 3, 3)),
        "inv, complex": (lambda a: la.inv(a), complex_(3, 3)),
        "pinv": (lambda a: la.pinv(a), real(3, 2)),
        "pinv, wide": (lambda a: la.pinv(a), real(2, 3)),
        "cholesky": (lambda a: la.cholesky((a + a.mT) / 2), definite(3, 3)),
        "cholesky, batched": (lambda a: la.cholesky((a + a.mT) / 2), definite(2, 3, 3)),
        "eigvalsh": (lambda a: la.eigvalsh(a + a.mT), regular(3, 3)),
        "eigh, values": (lambda a: la.eigh(a + a.mT)[0], regular(2, 3, 3)),
        "eigh, projector": (lambda a: la.eigh(a + a.mT)[1][:, :1] @ la.eigh(a + a.mT)[1][:, :1].T, regular(3, 3)),
        "eigh, complex": (lambda a: la.eigh(a + xp.conj(a.mT))[0], complex_(3, 3)),
        "eigvals": (lambda a: xp.sum(la.eigvals(a) ** 3), regular(3, 3)),
        "svd, values": (lambda a: la.svd(a, compute_uv=False), real(3, 2)),
        "svdvals": (lambda a: la.svdvals(a), real(2, 2, 3)),
        "svd": (lambda a: (la.svd(a, full_matrices=False)[0] ** 2, la.svd(a, full_matrices=False)[2] ** 2), real(3, 2)),
        "svd, a function of the matrix": (
            lambda a: (lambda u, s, vh: u @ xp.diag(xp.sin(s)) @ vh)(*la.svd(a, full_matrices=False)),
            real(2, 3),
        ),
        "qr": (lambda a: la.qr(a), regular(3, 3)),
        "qr, tall": (lambda a: la.qr(a), real(4, 2)),
        "qr, r alone": (lambda a: xp.abs(la.qr(a, mode="r")), real(4, 2)),
        "cond": (lambda a: la.cond(a), regular(3, 3)),
        "matrix_power": (lambda a: la.matrix_power(a, 3), regular(2, 2)),
        "matrix_power -2": (lambda a: la.matrix_power(a, -2), regular(2, 2)),
        "matrix_norm": (lambda a: la.matrix_norm(a), real(2, 3, 2)),
        "vector_norm": (lambda a: la.vector_norm(a, axis=-1, ord=3), real(2, 3)),
        "vector_norm of all": (lambda a: la.vector_norm(a), real(2, 3)),
    }


def solutions(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    la = xp.linalg
    return {
        "solve": (lambda a, b: la.solve(a, b), regular(3, 3), real(3, 2)),
        "solve for a vector": (lambda a, b: la.solve(a, b), regular(3, 3), real(3)),
        "solve, batched": (lambda a, b: la.solve(a, b), regular(2, 3, 3), real(1, 3, 2)),
        "solve, complex": (lambda a, b: la.solve(a, b), complex_(3, 3), real(3, 1)),
        "lstsq": (lambda a, b: la.lstsq(a, b)[0], real(4, 2), real(4)),
        "lstsq of many": (lambda a, b: la.lstsq(a, b)[0], real(4, 2), real(4, 3)),
        "multi_dot": (lambda a, b, c: la.multi_dot([a, b, c]), real(2, 3), real(3, 4), real(4, 2)),
        "multi_dot of vectors": (lambda a, b, c: la.multi_dot([a, b, c]), real(3), real(3, 4), real(4)),
        "tensorsolve": (lambda a, b: la.tensorsolve(xp.reshape(a, (2, 3, 6)), b), regular(6, 6), real(2, 3)),
        "tensorinv": (lambda a: la.tensorinv(xp.reshape(a, (2, 3, 6))), regular(6, 6)),
        "linalg.outer": (lambda a, b: la.outer(a, b), real(3), real(2)),
        "linalg.cross": (lambda a, b: la.cross(a, b), real(2, 3), real(2, 3)),
        "linalg.trace": (lambda a: la.trace(a**2), real(2, 3, 3)),
        "linalg.diagonal": (lambda a: la.diagonal(a**2), real(2, 3, 3)),
        "linalg.tensordot": (lambda a, b: la.tensordot(a, b, axes=1), real(2, 3), real(3, 2)),
        "linalg.vecdot": (lambda a, b: la.vecdot(a, b), real(2, 3), real(3)),
        "linalg.matmul": (lambda a, b: la.matmul(a, b), real(2, 3), real(3, 2)),
        "linalg.matrix_transpose": (lambda a: la.matrix_transpose(a**2), real(2, 3)),
    }
