"""Contractions: matrix products, einsum, and what is built from them."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from tests.recorded.drawing import complex_, number, real, single

EINSUMS: dict[str, tuple[Any, ...]] = {
    "ij,jk->ik": (real(2, 3), real(3, 4)),
    "ij,jk": (real(2, 3), real(3, 4)),
    "...ij,...jk->...ik": (real(5, 2, 3), real(3, 4)),
    "...ij,...jk->...ki": (real(1, 2, 3), real(5, 3, 4)),
    "i,i->": (real(3), real(3)),
    "ii->i": (real(3, 3),),
    "ii": (real(3, 3),),
    "ii,i->": (real(3, 3), real(3)),
    "ij->j": (real(2, 3),),
    "ij->": (real(2, 3),),
    "ij->ji": (real(2, 3),),
    "i,j->ij": (real(2), real(3)),
    "ij,jk,kl->il": (real(2, 3), real(3, 4), real(4, 2)),
    "ij,ij,ij->i": (real(2, 3), real(2, 3), real(2, 3)),
    "iij,jk->ik": (real(2, 2, 3), real(3, 2)),
    "i...,i...->...": (real(2, 3), real(2, 3)),
    "bij,bjk->bik": (complex_(2, 2, 3), real(2, 3, 2)),
    "ab,cd->": (real(2, 3), real(3, 2)),
}


def samples(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    def einsum(subscripts: str) -> tuple[Any, ...]:
        return (lambda *operands: xp.einsum(subscripts, *operands), *EINSUMS[subscripts])

    return {**products(xp), **{f"einsum {subscripts}": einsum(subscripts) for subscripts in EINSUMS}}


def products(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    return {
        "@": (lambda a, b: a @ b, real(2, 3), real(3, 4)),
        "matrix @ vector": (lambda a, b: a @ b, real(2, 3), real(3)),
        "vector @ matrix": (lambda a, b: a @ b, real(3), real(3, 4)),
        "vector @ vector": (lambda a, b: a @ b, real(3), real(3)),
        "@ in batches": (lambda a, b: a @ b, real(5, 1, 2, 3), real(2, 3, 2)),
        "batches @ vector": (lambda a, b: a @ b, real(2, 2, 3), real(3)),
        "vector @ batches": (lambda a, b: a @ b, real(3), real(2, 3, 2)),
        "x @ x": (lambda a: a @ a, real(3, 3)),
        "x.T @ x": (lambda a: a.T @ a, real(2, 3)),
        "single @ double": (lambda a, b: a @ b, single(real(2, 3)), real(3)),
        "complex @ real": (lambda a, b: a @ b, complex_(2, 3), real(3, 2)),
        "real @ complex": (lambda a, b: a @ b, real(2, 3), complex_(3)),
        "no element @": (lambda a, b: a @ b, real(2, 0), real(0, 3)),
        "matmul": (lambda a, b: xp.matmul(a, b), real(2, 2, 3), real(3, 2)),
        "dot": (lambda a, b: xp.dot(a, b), real(2, 3), real(3, 2)),
        "dot of vectors": (lambda a, b: xp.dot(a, b), real(3), real(3)),
        "dot with a number": (lambda a, b: xp.dot(a, b), real(2, 3), number),
        "dot of many": (lambda a, b: xp.dot(a, b), real(2, 2, 3), real(2, 3, 2)),
        "method dot": (lambda a, b: a.dot(b), real(2, 3), real(3)),
        "vdot": (lambda a, b: xp.vdot(a, b), complex_(2, 3), complex_(2, 3)),
        "vecdot": (lambda a, b: xp.vecdot(a, b), complex_(2, 3), complex_(3)),
        "vecdot along 0": (lambda a, b: xp.vecdot(a, b, axis=0), real(3, 2), real(3, 1)),
        "matvec": (lambda a, b: xp.matvec(a, b), real(2, 3), real(4, 3)),
        "vecmat": (lambda a, b: xp.vecmat(a, b), complex_(4, 3), complex_(3, 2)),
        "inner": (lambda a, b: xp.inner(a, b), real(2, 3), real(4, 3)),
        "inner with a number": (lambda a, b: xp.inner(a, b), real(2, 3), number),
        "outer": (lambda a, b: xp.outer(a, b), real(3), real(2, 2)),
        "tensordot": (lambda a, b: xp.tensordot(a, b), real(2, 3, 4), real(3, 4, 2)),
        "tensordot 0": (lambda a, b: xp.tensordot(a, b, 0), real(2), real(3)),
        "tensordot of axes": (lambda a, b: xp.tensordot(a, b, axes=([0, -1], [1, 0])), real(2, 3, 4), real(4, 2, 5)),
        "tensordot of one axis": (lambda a, b: xp.tensordot(a, b, axes=(1, -1)), real(2, 3), real(4, 3)),
        "kron": (lambda a, b: xp.kron(a, b), real(2, 3), real(3, 2)),
        "kron of vectors": (lambda a, b: xp.kron(a, b), real(2), real(3)),
        "kron of a vector and a matrix": (lambda a, b: xp.kron(a, b), real(2), real(3, 2)),
        "cross": (lambda a, b: xp.cross(a, b), real(4, 3), real(3)),
        "cross along 0": (lambda a, b: xp.cross(a, b, axis=0), real(3, 2), real(3, 2)),
        "einsum of lists": (lambda a, b: xp.einsum(a, [0, 1], b, [1, 2], [2, 0]), real(2, 3), real(3, 4)),
        "einsum of one twice": (lambda a: xp.einsum("ij,kj->ik", a, a), real(2, 3)),
        "einsum, optimized": (
            lambda a, b, c: xp.einsum("ij,jk,k->i", a, b, c, optimize=True),
            real(2, 3),
            real(3, 4),
            real(4),
        ),
        "convolve": (lambda a, b: xp.convolve(a, b), real(5), real(3)),
        "convolve, same": (lambda a, b: xp.convolve(a, b, mode="same"), real(3), real(5)),
        "convolve, valid": (lambda a, b: xp.convolve(a, b, mode="valid"), real(5), real(2)),
        "correlate": (lambda a, b: xp.correlate(a, b), real(5), real(3)),
        "correlate, full": (lambda a, b: xp.correlate(a, b, mode="full"), complex_(3), complex_(4)),
        "correlate, same": (lambda a, b: xp.correlate(a, b, mode="same"), real(4), real(5)),
    }
