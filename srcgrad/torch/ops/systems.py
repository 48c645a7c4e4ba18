"""Inverses and linear systems.

What enters: matrices in the last two dimensions. What leaves: solutions; where a matrix is singular, an error that says
which and where, or from the functions that end in `_ex` a number that says so.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from srcgrad.torch.kernels import systems as kernels
from srcgrad.torch.kernels import triangles
from srcgrad.torch.names import op
from srcgrad.torch.ops.conversion import cast
from srcgrad.torch.ops.dims import integer
from srcgrad.torch.ops.matrices import (
    LinAlgError,
    batch_words,
    check_floating,
    check_matrix,
    check_square,
    int32,
    public,
)
from srcgrad.torch.pointwise import check_broadcast
from srcgrad.torch.primitive import primitive
from srcgrad.torch.return_types import named
from srcgrad.torch.tensor import Tensor

_inverse = primitive(kernels.inverse, "LinalgInvExBackward0")
_solution = primitive(kernels.solution, "LinalgSolveExBackward0")
_triangle = primitive(triangles.solve_triangle, "LinalgSolveTriangularBackward0")
_legacy_triangle = primitive(triangles.solve_triangle, "TriangularSolveBackward0", operands=["b", "a"])


def zero_pivots(a: Any, result: Any) -> Any:
    """For each matrix the number of its first zero pivot, or 0; only a result that is not finite is looked into."""
    lead = a.shape[:-2]
    if np.all(np.isfinite(result)) or not a.size:
        return np.zeros(lead, np.int32)
    diagonal = np.diagonal(kernels.singular_factors(a)[0], axis1=-2, axis2=-1)
    zero = diagonal == 0
    return np.where(zero.any(-1), zero.argmax(-1) + 1, 0).astype(np.int32)


@public
def inv_ex(A: Tensor, *, check_errors: bool = False) -> Any:
    """The inverse, and which pivot was zero."""
    check_square(A, "linalg.inv")
    check_floating(A, "linalg.inv")
    found = _inverse(A)
    infos = zero_pivots(A._a, found._a)
    if check_errors and np.any(infos):
        where, number = batch_words(infos)
        raise LinAlgError(
            f"linalg.inv: {where}The diagonal element {number} is zero, the inversion could not be completed because the "
            "input matrix is singular."
        )
    return named("linalg_inv_ex", "inverse", "info")((found, int32(infos)))


@op("inverse", out=True)
def inverse(input: Tensor) -> Any:
    """The inverse."""
    return inv_ex(input, check_errors=True)[0]


@public
def inv(A: Tensor) -> Any:
    """The inverse."""
    return inv_ex(A, check_errors=True)[0]


def is_vector(a: Any, b: Any) -> bool:
    """Whether the right-hand side is made of vectors rather than of matrices."""
    return bool(b.ndim == 1 or (a.ndim - 1 == b.ndim and b.shape == a.shape[:-1]))


@public
def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> Any:
    """x in A x = B, and which pivot was zero."""
    check_floating(A, "linalg.solve")
    a, b = A._a, B._a
    if a.dtype != b.dtype:
        raise RuntimeError(
            f"linalg.solve: Expected A and B to have the same dtype, but found A of type {A.dtype._c_name} and B of type "
            f"{B.dtype._c_name} instead"
        )
    check_square(A, "linalg.solve")
    vector = is_vector(a, b)
    if vector and not left:
        raise RuntimeError("linalg.solve: Vector broadcasting of the left hand side is not supported for left=False")
    _check_sides("linalg.solve", A, B, left, vector)
    found = _solution(A, B, left, vector)
    infos = zero_pivots(a, found._a)
    if check_errors and np.any(infos):
        where, _ = batch_words(infos)
        raise LinAlgError(f"torch.linalg.solve: {where}The solver failed because the input matrix is singular.")
    return named("linalg_solve_ex", "result", "info")((found, int32(infos)))


def _check_sides(name: str, A: Tensor, B: Tensor, left: bool, vector: bool) -> None:
    a, b = A._a, B._a
    if not vector:
        check_matrix(B, name, "B")
    rows, columns = (b.shape[-1], 1) if vector else b.shape[-2:]
    if a.shape[-1] != (rows if left else columns):
        equation = "AX = B" if left else "XA = B"
        raise RuntimeError(
            f"{name}: Incompatible shapes of A and B for the equation {equation} ({a.shape[-2]}x{a.shape[-1]} and "
            f"{rows}x{columns})"
        )
    if not vector:
        check_broadcast(b.shape[:-2], a.shape[:-2])


@public
def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Any:
    """x in A x = B."""
    return solve_ex(A, B, left=left, check_errors=True)[0]


@public
def solve_triangular(A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Any:
    """x in A x = B, for a triangular A."""
    check_square(A, "linalg.solve_triangular")
    check_matrix(B, "linalg.solve_triangular", "B")
    _check_sides("linalg.solve_triangular", A, B, left, False)
    dtype = np.result_type(A._a.dtype, B._a.dtype)
    return _triangle(cast(A, dtype), cast(B, dtype), upper, left, unitriangular)


@op("triangular_solve")
def triangular_solve(
    b: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False, *, out: Any = None
) -> Any:
    """x in A x = b for a triangular A, and A."""
    warnings.warn(
        "torch.triangular_solve is deprecated in favor of torch.linalg.solve_triangular", UserWarning, stacklevel=2
    )
    for t, name in ((b, "b"), (A, "A")):
        if t._a.ndim < 2:
            raise RuntimeError(
                f"torch.triangular_solve: Expected {name} to have at least 2 dimensions, but it has {t._a.ndim} dimensions "
                "instead"
            )
    coefficient = A.conj().transpose(-1, -2) if transpose and A._a.dtype.kind == "c" else A  # type: ignore[attr-defined]
    if transpose:
        matrix: Any = A.transpose(-1, -2)  # type: ignore[attr-defined]
        found = _legacy_triangle(matrix, b, not upper, True, unitriangular)
    else:
        found = _legacy_triangle(coefficient, b, upper, True, unitriangular)
    lead = found._a.shape[:-2]
    cloned = A.expand(*lead, *A._a.shape[-2:]).clone()  # type: ignore[attr-defined]
    result = named("triangular_solve", "solution", "cloned_coefficient")((found, cloned))
    if out is not None:
        from srcgrad.torch.names import deliver

        for target, value in zip(out, result, strict=True):
            deliver(target, value)
    return result


# Powers.


@public
def matrix_power(A: Any, n: int) -> Any:
    """The n-th power, by squaring."""
    check_matrix(A, "linalg.matrix_power")
    check_square(A, "linalg.matrix_power")
    n = integer(n, "linalg_matrix_power", "n", 2)
    if n == 0:
        from srcgrad.torch.names import FUNCTIONS

        eye = FUNCTIONS["eye"](A._a.shape[-1], dtype=A.dtype)
        found: Any = A.clone()
        return found.copy_(eye.expand(*A._a.shape)) if A._a.size else found
    if n == 1:
        return A.clone()
    if n == -1:
        return inv(A)
    base = inv(A) if n < 0 else A
    n = abs(n)
    if n == 2:
        return base.matmul(base)
    if n == 3:
        return base.matmul(base).matmul(base)
    result = None
    square = None
    while n:
        square = base if square is None else square.matmul(square)
        if n & 1:
            result = square if result is None else result.matmul(square)
        n >>= 1
    return result


@op("matrix_power", out=True)
def power(input: Tensor, n: int) -> Any:
    """The n-th power, by squaring."""
    return matrix_power(input, n)


# Systems over several indices.


def _product(sizes: Any) -> int:
    return math.prod(int(n) for n in sizes)


@public
def tensorinv(A: Any, ind: int = 2) -> Any:
    """The inverse with respect to tensordot over the first `ind` dimensions."""
    shape = A._a.shape
    if ind <= 0:
        raise RuntimeError(f"Expected a strictly positive integer for 'ind', but got {ind}")
    if ind > len(shape):
        raise RuntimeError(f"ArrayRef: invalid slice, N = {ind}; size = {len(shape)}")
    rows, columns = shape[:ind], shape[ind:]
    if _product(rows) != _product(columns):
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got "
            f"{_product(columns)} != {_product(rows)}"
        )
    n = _product(columns)
    return inv(A.reshape((n, n))).reshape((*columns, *rows))


@public
def tensorsolve(A: Any, B: Any, dims: Any = None) -> Any:
    """x in tensordot(A, x) = B."""
    if dims is not None:
        n = A._a.ndim
        taken = [d % n for d in dims]
        A = A.movedim(tuple(taken), tuple(range(n - len(taken), n)))
    shape = A._a.shape
    columns = shape[B._a.ndim :]
    n = _product(columns)
    if n != B._a.size:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), but "
            f"got {n} != {B._a.size}"
        )
    return solve(A.reshape((n, n)), B.flatten()).reshape(columns)
