"""Triangular and orthogonal factors: LU, LDL, QR, and the products of reflectors.

What enters: matrices in the last two dimensions. What leaves: their factors, and solutions from them.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from srcgrad.torch.graph import Missing
from srcgrad.torch.kernels import indefinite, reflectors, spectra, triangles
from srcgrad.torch.modes import state
from srcgrad.torch.names import op
from srcgrad.torch.ops.matrices import (
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
from srcgrad.torch.tensor import Tensor, edge_of

_factor = primitive(triangles.lu_compact, "LinalgLuFactorExBackward0")
_split = primitive(triangles.lu_split, "LinalgLuBackward0")
_unpack = primitive(triangles.lu_parts, "LuUnpackBackward0")
_solve = primitive(triangles.solve_factored, "LinalgLuSolveBackward0")
_orthogonal = primitive(reflectors.orthogonal, "LinalgHouseholderProductBackward0")
_multiplied = primitive(reflectors.multiplied, "OrmqrBackward0")
_qr = primitive(spectra.qr, "LinalgQrBackward0")


def without_derivative(results: tuple[Tensor, ...], x: Tensor, name: str, error: Exception) -> None:
    """Give results of an operation that has no derivative a node that says so when it is reached."""
    edge = edge_of(x) if state.enabled and x._needs else None
    if edge is None:
        return
    node = Missing(name, error)
    node.edges = (edge,)
    node.outputs = tuple((t._a.shape, t._a.dtype) for t in results)
    for number, t in enumerate(results):
        t._node, t._output, t._needs = node, number, True


def _check_pivoting(pivot: bool) -> None:
    if not pivot:
        raise RuntimeError("linalg.lu_factor: LU without pivoting is not implemented on the CPU")


def _check_two(A: Tensor, name: str) -> None:
    if A._a.ndim < 2:
        raise RuntimeError(f"{name}: Expected tensor with 2 or more dimensions. Got size: {list(A._a.shape)} instead")
    if A._a.dtype.kind not in "fc" or A._a.dtype == np.float16:
        raise unsupported("lu_cpu", A._a.dtype)


def _eliminated(A: Tensor) -> tuple[Any, Any, Any]:
    """The pivots, the order of the rows and the first zero pivots of a matrix."""
    factors, pivots = triangles.eliminated(A._a)
    zero = np.diagonal(factors, axis1=-2, axis2=-1) == 0
    infos = np.where(zero.any(-1), zero.argmax(-1) + 1, 0) if zero.shape[-1] else np.zeros(zero.shape[:-1])
    return pivots, triangles.rows_in_order(pivots, A._a.shape[-2]), infos


@public
def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> Any:
    """Both factors in one matrix, the pivots, and which pivot was zero."""
    _check_two(A, "torch.lu_factor")
    _check_pivoting(pivot)
    pivots, order, infos = _eliminated(A)
    if check_errors and np.any(infos):
        where, number = batch_words(infos)
        raise RuntimeError(
            f"torch.linalg.lu_factor: {where}U[{number},{number}] is zero and using it on lu_solve would result in a division "
            "by zero. If you still want to perform the factorization, consider calling linalg.lu(A, pivot) or "
            "linalg.lu_factor_ex(A, pivot)"
        )
    found = (_factor(A, order), int32(pivots + 1), int32(infos))
    return named("linalg_lu_factor_ex", "LU", "pivots", "info")(found)


@public
def lu_factor(A: Tensor, *, pivot: bool = True) -> Any:
    """Both factors in one matrix, and the pivots."""
    return named("linalg_lu_factor", "LU", "pivots")(lu_factor_ex(A, pivot=pivot, check_errors=True)[:2])


@public
def lu(A: Tensor, *, pivot: bool = True) -> Any:
    """p, l and u with p l u = A."""
    _check_two(A, "linalg.lu")
    _check_pivoting(pivot)
    order = _eliminated(A)[1]
    p = Tensor._wrap(np.ascontiguousarray(triangles.permutation(order, A._a)))
    return named("linalg_lu", "P", "L", "U")((p, *_split(A, order)))


@op("lu")
def old_lu(input: Tensor, pivot: bool = True, get_infos: bool = False, out: Any = None) -> Any:
    """Both factors in one matrix, the pivots, and on demand which pivot was zero."""
    warnings.warn(
        "torch.lu is deprecated in favor of torch.linalg.lu_factor / torch.linalg.lu_factor_ex and will be removed in a "
        "future PyTorch release.",
        UserWarning,
        stacklevel=2,
    )
    found = tuple(lu_factor_ex(input, pivot=pivot, check_errors=not get_infos))
    found = named("_lu_with_info", "LU", "pivots", "info")(found) if get_infos else found[:2]
    if out is not None:
        from srcgrad.torch.names import deliver

        for target, value in zip(out, found, strict=True):
            deliver(target, value)
        return out
    return found


@op("lu_unpack", method=False, out=True)
def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True) -> Any:
    """p, l and u from both factors in one matrix and the pivots."""
    a, pivots = LU_data._a, LU_pivots._a
    check_matrix(LU_data, "torch.lu_unpack", "LU_data")
    if unpack_pivots and pivots.dtype != np.int32:
        raise RuntimeError(
            "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype.\nNote: this function is "
            "intended to be used with the output produced by torch.linalg.lu_factor"
        )
    p = np.zeros(0, a.dtype)
    if unpack_pivots:
        p = np.ascontiguousarray(triangles.permutation(triangles.rows_in_order(pivots - 1, a.shape[-2]), a))
    if unpack_data:
        parts = _unpack(LU_data)
    else:
        parts = (Tensor._wrap(np.zeros(0, a.dtype)), Tensor._wrap(np.zeros(0, a.dtype)))
    return named("lu_unpack", "P", "L", "U")((Tensor._wrap(p), *parts))


@public
def lu_solve(LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False) -> Any:
    """x in A x = B, for the factors of A."""
    check_floating(LU, "linalg.lu_solve")
    if LU._a.dtype != B._a.dtype:
        raise RuntimeError(
            f"linalg.lu_solve: Expected LU and B to have the same dtype, but found LU of type {LU.dtype._c_name} and B of "
            f"type {B.dtype._c_name} instead"
        )
    if pivots._a.dtype != np.int32:
        raise RuntimeError("linalg.lu_solve: pivots should be a Tensor of scalar type torch.int32")
    check_square(LU, "torch.linalg.lu_solve", "LU")
    check_matrix(B, "linalg.lu_solve", "B")
    a, b = LU._a, B._a
    if a.shape[-1] != b.shape[-2 if left else -1]:
        raise RuntimeError(
            f"linalg.lu_solve: Incompatible shapes of A and B for the equation {'AX = B' if left else 'XA = B'} "
            f"({a.shape[-2]}x{a.shape[-1]} and {b.shape[-2]}x{b.shape[-1]})"
        )
    if pivots._a.shape[-1:] != a.shape[-1:]:
        raise RuntimeError("linalg.lu_solve: Number of pivots per batch should be same as the dimension of the matrix")
    if pivots._a.shape != a.shape[:-1]:
        raise RuntimeError(
            "linalg.lu_solve: Expected LU.shape[:-1] and pivots.shape to be the same, but got pivots with shape "
            f"{list(pivots._a.shape)} instead"
        )
    check_broadcast(b.shape[:-2], a.shape[:-2])
    return _solve(LU, triangles.rows_in_order(pivots._a - 1, a.shape[-1]), B, left, adjoint)


@op("lu_solve", out=True)
def old_lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Any:
    """x in A x = b, for the factors of A."""
    return lu_solve(LU_data, LU_pivots, b)


# Indefinite matrices.


@public
def ldl_factor_ex(A: Tensor, *, hermitian: bool = False, check_errors: bool = False) -> Any:
    """The factors of l d l^T in one matrix, the pivots, and which pivot was zero."""
    check_square(A, "torch.linalg.ldl_factor_ex")
    check_floating(A, "torch.linalg.ldl_factor_ex", "ldl_factor_kernel_cpu")
    a = A._a
    n = a.shape[-1]
    done = (
        [indefinite.ldl(m, hermitian and a.dtype.kind == "c") for m in a.reshape(math.prod(a.shape[:-2]), n, n)]
        if a.size
        else []
    )
    factors = np.array([d[0] for d in done], a.dtype).reshape(a.shape)
    pivots = np.array([d[1] for d in done], np.int32).reshape(a.shape[:-1])
    infos = np.array([d[2] for d in done], np.int32).reshape(a.shape[:-2]) if done else np.zeros(a.shape[:-2], np.int32)
    if check_errors and np.any(infos):
        where, number = batch_words(infos)
        raise RuntimeError(f"torch.linalg.ldl_factor: {where}D[{number},{number}] is zero.")
    found = Tensor._wrap(factors)
    error = RuntimeError("derivative for aten::linalg_ldl_factor_ex is not implemented")
    without_derivative((found,), A, "torch::autograd::NotImplemented", error)
    return named("linalg_ldl_factor_ex", "LD", "pivots", "info")((found, int32(pivots), int32(infos)))


@public
def ldl_factor(A: Tensor, *, hermitian: bool = False) -> Any:
    """The factors of l d l^T in one matrix, and the pivots."""
    return named("linalg_ldl_factor", "LD", "pivots")(ldl_factor_ex(A, hermitian=hermitian, check_errors=True)[:2])


@public
def ldl_solve(LD: Tensor, pivots: Tensor, B: Tensor, *, hermitian: bool = False) -> Any:
    """x in A x = B, for the factors of an indefinite A."""
    check_square(LD, "torch.linalg.ldl_solve", "LD")
    check_floating(LD, "torch.linalg.ldl_solve", "ldl_solve_kernel_cpu")
    a, b, p = LD._a, B._a, pivots._a
    if b.ndim < 2:
        raise RuntimeError(
            f"torch.linalg.ldl_solve: Expected B to have at least 2 dimensions, but it has {b.ndim} dimensions instead"
        )
    if a.dtype != b.dtype:
        raise RuntimeError(f"torch.linalg.ldl_solve: LD dtype {LD.dtype} does not match b dtype {B.dtype}")
    if p.shape != a.shape[:-1]:
        raise RuntimeError(
            f"torch.linalg.ldl_solve: Expected LD.shape[:-1] and pivots.shape to be the same, but got pivots with shape "
            f"{list(p.shape)} instead"
        )
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    n, m = b.shape[-2:]
    count = math.prod(lead)
    every = zip(
        np.broadcast_to(a, (*lead, n, n)).reshape(count, n, n),
        np.broadcast_to(p, (*lead, n)).reshape(count, n),
        np.broadcast_to(b, (*lead, n, m)).reshape(count, n, m),
        strict=True,
    )
    is_hermitian = hermitian and a.dtype.kind == "c"
    done = [indefinite.solve_ldl(f, q, c, is_hermitian) for f, q, c in every] if n * m else []
    found = Tensor._wrap(np.array(done, b.dtype).reshape(*lead, n, m))
    error = RuntimeError("derivative for aten::linalg_ldl_solve is not implemented")
    for x in (LD, B):
        without_derivative((found,), x, "torch::autograd::NotImplemented", error)
    return found


# Orthogonal factors.


@public
def qr(A: Tensor, mode: str = "reduced") -> Any:
    """q with orthonormal columns and an upper triangular r with q r = A."""
    check_matrix(A, "linalg.qr")
    if mode not in {"reduced", "r", "complete"}:
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    check_floating(A, "linalg.qr", "geqrf_cpu")
    return named("linalg_qr", "Q", "R")(_qr(A, mode))


@op("qr", out=True)
def old_qr(input: Tensor, some: bool = True) -> Any:
    """q with orthonormal columns and an upper triangular r."""
    warnings.warn(
        "torch.qr is deprecated in favor of torch.linalg.qr and will be removed in a future PyTorch release.",
        UserWarning,
        stacklevel=2,
    )
    return named("qr", "Q", "R")(qr(input, "reduced" if some else "complete"))


@op("geqrf", out=True)
def geqrf(input: Tensor) -> Any:
    """The factors of q r in LAPACK's form."""
    check_matrix(input, "torch.geqrf", "input")
    check_floating(input, "torch.geqrf", "geqrf_cpu")
    found = tuple(Tensor._wrap(part) for part in reflectors.geqrf(input._a))
    error = NotImplementedError("the derivative for 'geqrf' is not implemented.")
    without_derivative(found, input, "GeqrfBackward0", error)
    return named("geqrf", "a", "tau")(found)


@public
def householder_product(A: Tensor, tau: Tensor) -> Any:
    """The leading columns of a product of reflectors."""
    name = "torch.linalg.householder_product"
    a, t = A._a, tau._a
    if a.ndim < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if a.shape[-2] < a.shape[-1]:
        raise RuntimeError(f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]")
    if a.shape[-1] < t.shape[-1]:
        raise RuntimeError(f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]")
    if a.ndim - t.ndim != 1:
        raise RuntimeError(
            f"{name}: Expected tau to have one dimension less than input, but got tau.ndim equal to {t.ndim} and input.ndim "
            f"is equal to {a.ndim}"
        )
    if a.shape[:-2] != t.shape[:-1]:
        raise RuntimeError(
            f"{name}: Expected batch dimensions of tau to be equal to input.shape[:-2], but got {list(t.shape[:-1])}"
        )
    if a.dtype != t.dtype:
        raise RuntimeError(f"{name}: tau dtype {tau.dtype._c_name} does not match input dtype {A.dtype._c_name}")
    return _orthogonal(A, tau)


@op("orgqr", out=True)
def orgqr(input: Tensor, tau: Tensor) -> Any:
    """The leading columns of a product of reflectors."""
    return householder_product(input, tau)


@op("ormqr", out=True)
def ormqr(input: Tensor, tau: Tensor, other: Tensor, left: bool = True, transpose: bool = False) -> Any:
    """A product of reflectors, or its adjoint, times a matrix."""
    a, t, c = input._a, tau._a, other._a
    for x, name in ((a, "input"), (c, "other")):
        if x.ndim < 2:
            raise RuntimeError(f"torch.ormqr: {name} must have at least 2 dimensions.")
    size = c.shape[-2 if left else -1]
    if size < t.shape[-1]:
        raise RuntimeError(
            f"torch.ormqr: other.shape[{-2 if left else -1}] must be greater than or equal to tau.shape[-1]"
        )
    if size != a.shape[-2]:
        raise RuntimeError(f"torch.ormqr: other.shape[{-2 if left else -1}] must be equal to input.shape[-2]")
    if t.shape[-1] != min(size, a.shape[-1]):
        raise RuntimeError(
            f"torch.ormqr: tau.shape[-1] must be equal to min(other.shape[{-2 if left else -1}], input.shape[-1])"
        )
    return _multiplied(input, tau, other, left, transpose)
