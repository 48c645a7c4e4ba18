"""The leading singular values and vectors of large matrices, from a random subspace.

What enters: matrices and how many values are wanted. What leaves: u, s and v. Halko, Martinsson and Tropp 2009,
algorithm 5.1 on a basis of algorithm 4.4.
"""

from __future__ import annotations

from typing import Any

from srcgrad.torch.names import FUNCTIONS, op
from srcgrad.torch.ops.factors import qr
from srcgrad.torch.ops.spectra import svd


def _basis(A: Any, q: int, niter: int) -> Any:
    """Orthonormal columns that span most of what the columns of A do."""
    start = FUNCTIONS["randn"](A.shape[-1], q, dtype=A.dtype)
    found = qr(A.matmul(start))[0]
    for _ in range(niter):
        found = qr(A.mH.matmul(found))[0]
        found = qr(A.matmul(found))[0]
    return found


def _leading(A: Any, q: int, niter: int) -> tuple[Any, Any, Any]:
    wide = A.shape[-2] < A.shape[-1]
    if wide:
        A = A.mH
    basis = _basis(A, q, niter)
    u, s, vh = svd(basis.mH.matmul(A), full_matrices=False)
    u, v = basis.matmul(u), vh.mH
    return (v, s, u) if wide else (u, s, v)


@op("svd_lowrank", method=False)
def svd_lowrank(A: Any, q: int | None = 6, niter: int | None = 2, M: Any = None) -> tuple[Any, Any, Any]:
    """The q leading singular values and vectors of A, or of A - M."""
    if M is not None:
        A = A - M.broadcast_to(A.shape)
    return _leading(A, 6 if q is None else q, 2 if niter is None else niter)


@op("pca_lowrank", method=False)
def pca_lowrank(A: Any, q: int | None = None, center: bool = True, niter: int = 2) -> tuple[Any, Any, Any]:
    """The q leading principal directions of the rows of A."""
    m, n = A.shape[-2:]
    if q is None:
        q = min(6, m, n)
    elif not 0 <= q <= min(m, n):
        raise ValueError(f"q(={q}) must be non-negative integer and not greater than min(m, n)={min(m, n)}")
    if not niter >= 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    return _leading(A - A.mean(dim=-2, keepdim=True) if center else A, q, niter)
