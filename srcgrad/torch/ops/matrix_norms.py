"""Norms of matrices and vectors, condition numbers, and other functions of torch.linalg that are made of others.

What enters: tensors. What leaves: tensors.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.torch.names import FUNCTIONS
from srcgrad.torch.ops import products
from srcgrad.torch.ops.matrices import check_floating, check_matrix, check_square, public
from srcgrad.torch.ops.products import cross_along
from srcgrad.torch.ops.reductions import vector_norm as norm_of_vectors
from srcgrad.torch.ops.reductions import wrapped_dim
from srcgrad.torch.ops.spectra import svdvals
from srcgrad.torch.ops.systems import inv_ex
from srcgrad.torch.pointwise import check_broadcast
from srcgrad.torch.tensor import Tensor


@public
def vector_norm(x: Tensor, ord: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The norm of the elements as vectors along dimensions."""
    return norm_of_vectors(x, ord, dim, keepdim, dtype)


def _planes(A: Any, dim: Any, name: str) -> tuple[int, int]:
    """The two dimensions of the matrices."""
    check_matrix(A, name)
    if isinstance(dim, int) or len(dim) != 2:
        raise RuntimeError(
            f"{name}: dim must be a 2-tuple. Got {dim if isinstance(dim, int) else ' '.join(map(str, dim))}"
        )
    first, second = wrapped_dim(dim[0], A._a.ndim), wrapped_dim(dim[1], A._a.ndim)
    if first == second:
        raise RuntimeError(f"{name}: dims must be different. Got ({dim[0]}, {dim[1]})")
    return first, second


@public
def matrix_norm(A: Any, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The norm of matrices: "fro", "nuc", or a number."""
    name = "linalg.matrix_norm"
    rows, columns = _planes(A, dim, name)
    if A._a.dtype.kind not in "fc":
        check_floating(A, name)
    if dtype is not None:
        A = A.to(dtype)
    if isinstance(ord, str):
        if ord == "fro":
            return norm_of_vectors(A, 2, (rows, columns), keepdim)
        if ord != "nuc":
            raise RuntimeError(f"{name}: Order {ord} not supported.")
        return _of_values(A, rows, columns, keepdim, lambda s: s.sum(-1))
    if isinstance(ord, Tensor):
        ord = ord._a.item()
    size = abs(ord)
    if size == 2:
        return _of_values(A, rows, columns, keepdim, lambda s: s.amax(-1) if ord > 0 else s.amin(-1))
    if size not in {1, np.inf}:
        raise RuntimeError(f"{name}: Order {ord} not supported.")
    summed, compared = (columns, rows) if size == np.inf else (rows, columns)
    if not keepdim and compared > summed:
        compared -= 1
    lines = norm_of_vectors(A, 1, summed, keepdim)
    return FUNCTIONS["amax" if ord > 0 else "amin"](lines, compared, keepdim)


def _of_values(A: Any, rows: int, columns: int, keepdim: bool, reduce: Any) -> Any:
    """A function of the singular values."""
    n = A._a.ndim
    order = [k for k in range(n) if k not in (rows, columns)] + [rows, columns]
    found = reduce(svdvals(A.permute(order)))
    if keepdim:
        found = found.unsqueeze(-1).unsqueeze(-1).permute([order.index(k) for k in range(n)])
    return found


@public
def norm(A: Any, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The norm of vectors or matrices, as the order and the dimensions say."""
    if isinstance(dim, int):
        dim = (dim,)
    if ord is None:
        return norm_of_vectors(A, 2, dim, keepdim, dtype)
    if dim is not None and len(dim) not in {1, 2}:
        raise RuntimeError(f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dim)}")
    if dim is None and not isinstance(ord, str) and A._a.ndim not in {1, 2}:
        raise RuntimeError(
            f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {A._a.ndim}D."
        )
    if isinstance(ord, str):
        if dim is not None and len(dim) != 2:
            raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {' '.join(map(str, dim))}")
        if dim is None and A._a.ndim > 2:
            raise RuntimeError(
                f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {A._a.ndim}D."
            )
        return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    if (dim is not None and len(dim) == 2) or (dim is None and A._a.ndim == 2):
        return matrix_norm(A, ord, (0, 1) if dim is None else dim, keepdim, dtype=dtype)
    return norm_of_vectors(A, ord, dim, keepdim, dtype)


@public
def cond(A: Any, p: Any = None) -> Any:
    """The condition number: the norm times the norm of the inverse."""
    if A._a.ndim < 2:
        raise RuntimeError("linalg.cond: The input tensor must have at least 2 dimensions.")
    if isinstance(p, str) and p not in {"fro", "nuc"}:
        raise RuntimeError(f"linalg.cond got an invalid norm type: {p}")
    if p is not None and not isinstance(p, str) and abs(p) not in {1, 2, np.inf}:
        raise RuntimeError(f"linalg.cond got an invalid norm type: {p}")
    if p is None or (not isinstance(p, str) and abs(p) == 2):
        s = svdvals(A)
        if not s._a.shape[-1]:
            return Tensor._wrap(np.zeros(A._a.shape[:-2], s._a.dtype))
        top, bottom = s.narrow(-1, 0, 1), s.narrow(-1, s._a.shape[-1] - 1, 1)
        return (bottom / top if p == -2 else top / bottom).squeeze(-1)
    check_square(A, f"linalg.cond(ord={p})")
    if not A._a.size:
        return Tensor._wrap(np.zeros(A._a.shape[:-2], A._a.real.dtype))
    inverse, info = inv_ex(A)
    if np.any(info._a):
        inverse = inverse.masked_fill((info != 0)[..., None, None], float("inf"))
    found = matrix_norm(A, p) * matrix_norm(inverse, p)
    return found.nan_to_num(float("inf"), float("inf"), float("-inf")) if p != "nuc" else found


@public
def vander(x: Any, *, N: int | None = None) -> Any:
    """Rows of powers from 0 to N - 1."""
    if x._a.dtype.kind == "b" or x._a.dtype == np.float16:
        raise RuntimeError(
            f"linalg.vander supports floating point, complex, and integer tensors, but got {x.dtype._c_name}"
        )
    if x._a.ndim == 0:
        x = x.unsqueeze(-1)
    count = x._a.shape[-1] if N is None else int(N)
    if count <= 1:
        raise RuntimeError("N must be greater than 1.")
    powers = x.unsqueeze(-1).expand(*x._a.shape, count - 1).cumprod(-1)
    ones = FUNCTIONS["ones"](*x._a.shape, 1, dtype=powers.dtype)
    return FUNCTIONS["cat"]([ones, powers], -1)


@public
def vecdot(x: Any, y: Any, *, dim: int = -1) -> Any:
    """Products of vectors along a dimension, the first conjugated."""
    if x._a.dtype.kind not in "fc":
        check_floating(x, "linalg.vecdot")
    if x._a.dtype != y._a.dtype:
        raise RuntimeError(
            f"linalg.vecdot: Expected x and y to have the same dtype, but found x of type {x.dtype._c_name} and y of type "
            f"{y.dtype._c_name} instead"
        )
    check_broadcast(x._a.shape, y._a.shape)
    if x._a.ndim == 1 and y._a.ndim == 1 and x._a.shape == y._a.shape:
        return products.vdot(x, y)
    left = x.conj()
    if x._a.ndim == 0 and y._a.ndim == 0:
        return left * y
    return (left * y).sum(dim)


@public
def cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Any:
    """The vector product along a dimension."""
    return cross_along(input, other, dim)


@public
def diagonal(A: Any, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """The diagonals of matrices."""
    return A.diagonal(offset, dim1, dim2)


@public
def matmul(input: Any, other: Any) -> Any:
    """The product of two tensors as NumPy's `@` has it."""
    return input.matmul(other)


def multi_dot(tensors: Any, *, out: Any = None) -> Any:
    """The product of a chain of matrices."""
    found = products.multi_dot(tensors)
    if out is None:
        return found
    from srcgrad.torch.names import deliver

    deliver(out, found)
    return out


FUNCTIONS["linalg_matrix_norm"] = matrix_norm
