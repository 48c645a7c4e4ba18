"""Eigenvalues, singular values, and the factor of a positive definite matrix.

What enters: matrices in the last two dimensions. What leaves: values and vectors.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from srcgrad.torch.kernels import spectra as kernels
from srcgrad.torch.kernels.positive import inverse_from_factor, partial_factor, solution_from_factor
from srcgrad.torch.modes import state
from srcgrad.torch.names import FUNCTIONS, op
from srcgrad.torch.ops.matrices import (
    LinAlgError,
    batch_words,
    check_floating,
    check_matrix,
    check_square,
    int32,
    public,
)
from srcgrad.torch.pointwise import check_broadcast, unsupported
from srcgrad.torch.primitive import primitive
from srcgrad.torch.return_types import named
from srcgrad.torch.tensor import Tensor

_cholesky = primitive(kernels.cholesky, "LinalgCholeskyExBackward0")
_old_cholesky = primitive(kernels.cholesky, "CholeskyBackward0")
_inverse = primitive(inverse_from_factor, "CholeskyInverseBackward0")
_solution = primitive(solution_from_factor, "CholeskySolveBackward0")
_eigh = primitive(kernels.eigh, "LinalgEighBackward0")
_eig = primitive(kernels.eig, "LinalgEigBackward0")
_svd = primitive(kernels.svd, "LinalgSvdBackward0")
_DIVERGED = "The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated "


def _factored(A: Tensor, upper: bool, node: Any) -> tuple[Any, Any]:
    """The factor, and for each matrix the order of the minor that is not positive definite, or 0."""
    try:
        found = node(A, upper)
    except np.linalg.LinAlgError:
        pass
    else:
        if np.all(np.isfinite(found._a)):
            return found, np.zeros(A._a.shape[:-2], np.int32)
    n = A._a.shape[-1]
    done = [partial_factor(m, upper) for m in A._a.reshape(-1, n, n)]
    infos = np.array([d[1] for d in done], np.int32).reshape(A._a.shape[:-2])
    return Tensor._wrap(np.array([d[0] for d in done], A._a.dtype).reshape(A._a.shape)), infos


def _not_definite(name: str, infos: Any) -> LinAlgError:
    where, number = batch_words(infos)
    return LinAlgError(
        f"{name}: {where}The factorization could not be completed because the input is not positive-definite (the leading "
        f"minor of order {number} is not positive-definite)."
    )


@public
def cholesky_ex(input: Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    """l with l l^H = input, and the order of the minor that is not positive definite."""
    check_square(input, "linalg.cholesky")
    check_floating(input, "linalg.cholesky", "cholesky_cpu")
    found, infos = _factored(input, upper, _cholesky)
    if check_errors and np.any(infos):
        raise _not_definite("linalg.cholesky", infos)
    return named("linalg_cholesky_ex", "L", "info")((found, int32(infos)))


@public
def cholesky(input: Tensor, *, upper: bool = False) -> Any:
    """l with l l^H = input."""
    return cholesky_ex(input, upper=upper, check_errors=True)[0]


@op("cholesky", out=True)
def old_cholesky(input: Tensor, upper: bool = False) -> Any:
    """l with l l^H = input."""
    warnings.warn(
        "torch.cholesky is deprecated in favor of torch.linalg.cholesky and will be removed in a future PyTorch release.",
        UserWarning,
        stacklevel=2,
    )
    check_square(input, "cholesky")
    check_floating(input, "cholesky", "cholesky_cpu")
    found, infos = _factored(input, upper, _old_cholesky)
    if np.any(infos):
        raise _not_definite("cholesky", infos)
    return found


@op("cholesky_inverse", out=True)
def cholesky_inverse(L: Tensor, upper: bool = False) -> Any:
    """The inverse of the matrix whose factor is given."""
    check_square(L, "cholesky_inverse")
    return _inverse(L, upper)


@op("cholesky_solve", out=True)
def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Any:
    """x in A x = B, for the factor of A."""
    b, a = B._a, L._a
    for x, name in ((b, "b"), (a, "u")):
        if x.ndim < 2:
            raise RuntimeError(f"{name} should have at least 2 dimensions, but has {x.ndim} dimensions instead")
    if a.shape[-1] != a.shape[-2]:
        raise RuntimeError(
            f"A must be batches of square matrices, but they are {a.shape[-2]} by {a.shape[-1]} matrices"
        )
    if a.shape[-1] != b.shape[-2]:
        raise RuntimeError(
            f"Incompatible matrix sizes for cholesky_solve: each A matrix is {a.shape[-1]} by {a.shape[-1]} but each b matrix "
            f"is {b.shape[-2]} by {b.shape[-1]}"
        )
    check_broadcast(b.shape[:-2], a.shape[:-2])
    return _solution(B, L, upper)


def _recorded(x: Tensor) -> bool:
    return x._needs and state.enabled


# Hermitian matrices.


def _check_uplo(A: Tensor, UPLO: str) -> Any:
    check_square(A, "linalg.eigh")
    if UPLO.upper() not in {"L", "U"}:
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    if A._a.dtype.kind not in "fc" or A._a.dtype == np.float16:
        raise unsupported("linalg_eigh_cpu", A._a.dtype)
    if not np.all(np.isfinite(A._a)):
        raise LinAlgError(f"linalg.eigh: {_DIVERGED}eigenvalues (error code: {A._a.shape[-1] - 1}).")
    return UPLO.upper()


@public
def eigh(A: Tensor, UPLO: str = "L") -> Any:
    """The eigenvalues and vectors of a Hermitian matrix."""
    return named("linalg_eigh", "eigenvalues", "eigenvectors")(_eigh(A, _check_uplo(A, UPLO)))


@public
def eigvalsh(A: Tensor, UPLO: str = "L") -> Any:
    """The eigenvalues of a Hermitian matrix."""
    uplo = _check_uplo(A, UPLO)
    return _eigh(A, uplo)[0] if _recorded(A) else Tensor._wrap(np.linalg.eigvalsh(A._a, uplo))


# General matrices.


def _check_eig(A: Tensor, name: str) -> None:
    check_square(A, name)
    if A._a.dtype.kind not in "fc":
        raise RuntimeError(f"Unknown Complex ScalarType for {A.dtype._c_name}")
    if A._a.dtype == np.float16:
        raise unsupported("linalg_eig_out_cpu", A._a.dtype)
    if not np.all(np.isfinite(A._a)):
        raise RuntimeError(f"torch.{name}: input tensor should not contain infs or NaNs.")


@public
def eig(A: Tensor) -> Any:
    """The eigenvalues and vectors of a matrix."""
    _check_eig(A, "linalg.eig")
    return named("linalg_eig", "eigenvalues", "eigenvectors")(_eig(A))


@public
def eigvals(A: Tensor) -> Any:
    """The eigenvalues of a matrix."""
    _check_eig(A, "linalg.eigvals")
    if _recorded(A):
        return _eig(A)[0]
    w = np.linalg.eigvals(A._a)
    return Tensor._wrap(w if w.dtype.kind == "c" else w.astype(np.result_type(w, np.complex64)))


# Singular values.


def _check_svd(A: Tensor) -> None:
    check_matrix(A, "linalg.svd")
    check_floating(A, "linalg.svd", "linalg_svd_cpu")
    if not np.all(np.isfinite(A._a)):
        code = min(A._a.shape[-2:]) + 1 if min(A._a.shape[-2:]) else 0
        raise LinAlgError(f"linalg.svd: {_DIVERGED}singular values (error code: {code}).")


@public
def svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> Any:
    """u, s and v^H with u diag(s) v^H = A."""
    if driver is not None:
        raise RuntimeError(
            "linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend."
        )
    _check_svd(A)
    return named("linalg_svd", "U", "S", "Vh")(_svd(A, full_matrices))


@public
def svdvals(A: Tensor, *, driver: str | None = None) -> Any:
    """The singular values."""
    del driver
    _check_svd(A)
    if _recorded(A):
        return _svd(A, False)[1]
    return Tensor._wrap(np.linalg.svd(A._a, compute_uv=False))


@op("svd", out=True)
def old_svd(input: Any, some: bool = True, compute_uv: bool = True) -> Any:
    """u, s and v with u diag(s) v^H = input."""
    check_matrix(input, "linalg.svd", "input")
    if compute_uv:
        u, s, vh = svd(input, not some)
        v = vh.mH if vh._a.dtype.kind == "c" else vh.transpose(-1, -2)
        return named("svd", "U", "S", "V")((u, s, v))
    m, n = input._a.shape[-2:]
    lead = input._a.shape[:-2]
    u, v = (FUNCTIONS["zeros"](*lead, k, k, dtype=input.dtype) for k in (m, n))
    return named("svd", "U", "S", "V")((u, svdvals(input), v))
