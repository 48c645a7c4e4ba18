"""Sums with a product in them, products of vectors, and chains of products.

What enters: tensors. What leaves: their products.
"""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np

from srcgrad.torch.kernels import products as kernels
from srcgrad.torch.names import op
from srcgrad.torch.ops.contractions import dot, matmul, mm
from srcgrad.torch.ops.conversion import cast
from srcgrad.torch.ops.dims import check_expands
from srcgrad.torch.ops.reductions import wrapped_dim
from srcgrad.torch.ops.views import unsafe_view_
from srcgrad.torch.pointwise import check_broadcast, not_a_tensor, unsupported
from srcgrad.torch.primitive import primitive
from srcgrad.torch.recorded import FACES
from srcgrad.torch.tensor import Tensor, _name

_addmv = primitive(kernels.added_vector, "AddmvBackward0")
_addr = primitive(kernels.added_outer, "AddrBackward0")
_addbmm = primitive(kernels.added_sum, "AddbmmBackward0")
_baddbmm = primitive(kernels.added_batch, "BaddbmmBackward0")
_vdot = primitive(kernels.conjugate_inner, "VdotBackward0")
_trace = primitive(kernels.diagonal_sum, "TraceBackward0")
_cross = primitive(kernels.cross_product, "LinalgCrossBackward0")


def weights_of(dtype: Any, beta: Any, alpha: Any) -> tuple[Any, Any]:
    """The factors as numbers that do not change the dtype; whole ones for whole numbers."""
    if dtype.kind in "iu":
        return int(beta), int(alpha)
    return beta, alpha


def _check_one_dtype(*operands: Tensor) -> None:
    first = operands[0]
    for other in operands[1:]:
        if other._a.dtype != first._a.dtype:
            raise RuntimeError(f"expected scalar type {first.dtype._c_name} but found {other.dtype._c_name}")


@op("addmv", out=True, inplace=True)
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * (mat @ vec)."""
    a, x, term = mat._a, vec._a, input._a
    if a.ndim != 2 or x.ndim != 1 or term.ndim > 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got {term.ndim}, {a.ndim}, {x.ndim}")
    if a.shape[1] != x.shape[0] or (term.ndim and term.shape[0] not in {1, a.shape[0]}):
        size = term.shape[0] if term.ndim else 1
        raise RuntimeError(f"size mismatch, got input ({size}), mat ({a.shape[0]}x{a.shape[1]}), vec ({x.shape[0]})")
    _check_one_dtype(input, mat, vec)
    return _addmv(input, mat, vec, *weights_of(a.dtype, beta, alpha))  # type: ignore[no-any-return]


@op("addr", out=True, inplace=True)
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * outer(vec1, vec2)."""
    for name, v in (("vec1", vec1), ("vec2", vec2)):
        if v._a.ndim != 1:
            raise RuntimeError(f"addr: Expected 1-D argument {name}, but got {v._a.ndim}-D")
    check_expands(input, (vec1._a.shape[0], vec2._a.shape[0]))
    dtype = np.result_type(input._a.dtype, vec1._a.dtype, vec2._a.dtype)
    if dtype.kind == "b":
        found = vec1._a[:, None] & vec2._a[None, :]
        return Tensor._wrap((found & bool(alpha)) | (input._a & bool(beta)))
    operands = [cast(t, dtype) for t in (input, vec1, vec2)]
    return _addr(*operands, *weights_of(dtype, beta, alpha))  # type: ignore[no-any-return]


@op("addbmm", out=True, inplace=True)
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * (the sum of the products of two rows of matrices)."""
    a, b = batch1._a, batch2._a
    if a.ndim == 3 and b.ndim == 3:
        if a.shape[0] != b.shape[0]:
            raise RuntimeError(f"batch1 and batch2 must have same number of batches, got {a.shape[0]} and {b.shape[0]}")
        if a.shape[2] != b.shape[1]:
            raise RuntimeError(
                f"Incompatible matrix sizes for bmm ({a.shape[1]}x{a.shape[2]} and {b.shape[1]}x{b.shape[2]})"
            )
    _check_batches(a, b)
    check_expands(input, (a.shape[1], b.shape[2]))
    _check_one_dtype(input, batch1, batch2)
    return _addbmm(input, batch1, batch2, *weights_of(a.dtype, beta, alpha))  # type: ignore[no-any-return]


@op("baddbmm", out=True, inplace=True)
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * (the products of two rows of matrices)."""
    a, b = batch1._a, batch2._a
    _check_batches(a, b)
    if a.shape[0] != b.shape[0] or a.shape[2] != b.shape[1]:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{a.shape[0]}, {a.shape[2]}] but got: "
            f"[{b.shape[0]}, {b.shape[1]}]."
        )
    check_expands(input, (a.shape[0], a.shape[1], b.shape[2]))
    if not input._a.dtype == a.dtype == b.dtype:
        names = [_name(t) for t in (input, batch1, batch2)]
        raise RuntimeError(
            f"Input dtypes must be the same, got: input {names[0]}, batch1: {names[1]}, batch2: {names[2]}"
        )
    return _baddbmm(input, batch1, batch2, *weights_of(a.dtype, beta, alpha))  # type: ignore[no-any-return]


def _check_batches(a: Any, b: Any) -> None:
    for x in (a, b):
        if x.ndim < 3:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-x.ndim}, {x.ndim - 1}], but got 2)"
            )
    for name, x in (("batch1", a), ("batch2", b)):
        if x.ndim != 3:
            raise RuntimeError(f"{name} must be a 3D tensor")


@op("vdot", out=True)
def vdot(input: Tensor, other: Tensor) -> Tensor:
    """The product of two vectors, the first conjugated."""
    a, b = input._a, other._a
    if a.ndim != 1 or b.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {a.ndim}D and {b.ndim}D tensors")
    if a.dtype != b.dtype:
        raise RuntimeError(
            f"dot : expected both vectors to have same dtype, but found {input.dtype._c_name} and {other.dtype._c_name}"
        )
    if a.shape != b.shape:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{a.shape[0]}] and src [{b.shape[0]}] to have the same number "
            f"of elements, but got {a.shape[0]} and {b.shape[0]} elements respectively"
        )
    return _vdot(input, other)  # type: ignore[no-any-return]


@op("outer", "ger", out=True)
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """Every product of an element of one vector with one of another."""
    for name, v in (("self", input), ("vec2", vec2)):
        if v._a.ndim != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {v._a.ndim}-D")
    return input.view(-1, 1) * vec2  # type: ignore[attr-defined,no-any-return]


@op("inner", out=True)
def inner(input: Tensor, other: Tensor) -> Tensor:
    """Products of vectors along the last dimension of both."""
    n, m = input._a.shape, other._a.shape
    if not n or not m:
        return input * other  # type: ignore[operator,no-any-return]
    if n[-1] != m[-1]:
        raise RuntimeError(
            f"inner() the last dimension must match on both input tensors but got shapes {list(n)} and {list(m)}"
        )
    return tensordot(input, other, ([-1], [-1]))


@op("tensordot", method=False, out=True)
def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """Sums of products over pairs of dimensions."""
    first, second = _paired(a, b, dims)
    return contracted(a, b, first, second)  # type: ignore[no-any-return]


def _paired(a: Tensor, b: Tensor, dims: Any) -> tuple[list[int], list[int]]:
    n, m = a._a.ndim, b._a.ndim
    if isinstance(dims, Tensor):
        dims = dims._a.tolist()
    if isinstance(dims, (tuple, list)):
        first, second = ([d] if isinstance(d, int) else list(d) for d in dims)
        return first, second
    if dims < 0:
        raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
    if dims > min(n, m):
        raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
    return list(range(-dims, 0)), list(range(dims))


def contracted(a: Any, b: Any, first: list[int], second: list[int]) -> Any:
    """One product of matrices, after the dimensions that are summed were put together."""
    if len(first) != len(second):
        raise RuntimeError("both dimension lists should have same length")
    if a._a.dtype != b._a.dtype:
        raise RuntimeError("both inputs should have same dtype")
    n, m = a._a.ndim, b._a.ndim
    over_a, over_b = [wrapped_dim(d, n) for d in first], [wrapped_dim(d, m) for d in second]
    for d, e, p, q in zip(over_a, over_b, first, second, strict=True):
        left, right = a._a.shape[d], b._a.shape[e]
        if right == 1 != left:
            a = a.sum(d, keepdim=True)
        elif left == 1 != right:
            b = b.sum(e, keepdim=True)
        elif left != right:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {left} in dim {p} and second has size {right} "
                f"in dim {q}"
            )
    rest_a, rest_b = [k for k in range(n) if k not in over_a], [k for k in range(m) if k not in over_b]
    shape = [a._a.shape[k] for k in rest_a] + [b._a.shape[k] for k in rest_b]
    count = int(np.prod([a._a.shape[d] for d in over_a], dtype=int))
    left, right = a.permute(rest_a + over_a), b.permute(over_b + rest_b)
    if not shape and count:
        return dot(left.reshape(-1), right.reshape(-1)).reshape(())  # type: ignore[attr-defined]
    rows = int(np.prod([a._a.shape[k] for k in rest_a], dtype=int))
    columns = int(np.prod([b._a.shape[k] for k in rest_b], dtype=int))
    return mm(left.reshape(rows, count), right.reshape(count, columns)).reshape(shape)  # type: ignore[attr-defined]


@op("kron", out=True)
def kron(input: Any, other: Any) -> Any:
    """Every element of one tensor times the other tensor, as one tensor of blocks."""
    for position, (name, t) in enumerate((("input", input), ("other", other)), 1):
        if not isinstance(t, Tensor):
            raise not_a_tensor("kron", t, name, position)
    n = max(input._a.ndim, other._a.ndim)
    left = (1,) * (n - input._a.ndim) + input._a.shape
    right = (1,) * (n - other._a.ndim) + other._a.shape
    wide = input.reshape([s for k in left for s in (k, 1)]) if n else input
    narrow = other.reshape([s for k in right for s in (1, k)]) if n else other
    return unsafe_view_(wide * narrow, tuple(p * q for p, q in zip(left, right, strict=True)))


@op("trace")
def trace(input: Tensor) -> Tensor:
    """The sum of a matrix's diagonal."""
    if input._a.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input._a.ndim}")
    if input._a.dtype.kind == "b":
        raise unsupported("trace", input._a.dtype)
    if input._a.dtype.kind in "iu":
        input = cast(input, np.dtype(np.int64))
    return _trace(input)  # type: ignore[no-any-return]


def cross_along(input: Tensor, other: Tensor, dim: int) -> Tensor:
    """The vector product along a dimension, with broadcasting."""
    a, b = input._a, other._a
    if a.ndim != b.ndim:
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    if not a.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    axis = wrapped_dim(dim, a.ndim)
    if a.shape[axis] != 3 or b.shape[axis] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {a.shape[axis]} and {b.shape[axis]}"
        )
    check_broadcast(a.shape, b.shape)
    dtype = np.result_type(a.dtype, b.dtype)
    return _cross(cast(input, dtype), cast(other, dtype), axis)  # type: ignore[no-any-return]


@op("cross", out=True)
def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """The vector product along a dimension, or along the first one of length 3."""
    if dim is None:
        if 3 not in input._a.shape:
            check_broadcast(input._a.shape, other._a.shape)
            raise RuntimeError("no dimension of size 3 in input")
        dim = input._a.shape.index(3)
    return cross_along(input, other, dim)


def multi_dot(tensors: Any) -> Any:
    """The product of a chain of matrices, in the order that takes the fewest multiplications."""
    if isinstance(tensors, Tensor) or not isinstance(tensors, (list, tuple)):
        raise TypeError(
            f"linalg_multi_dot(): argument 'tensors' (position 1) must be tuple of Tensors, not {type(tensors).__name__}"
        )
    if len(tensors) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(tensors)}")
    chain = list(tensors)
    shape = []
    for place, word, where in ((0, "first", 0), (-1, "last", -1)):
        t = chain[place]
        if t._a.ndim not in {1, 2}:
            raise RuntimeError(f"multi_dot(): the {word} tensor must be 1D or 2D but got {t._a.ndim}D")
        if t._a.ndim == 1:
            chain[place] = t.unsqueeze(where)
        else:
            shape.append(t._a.shape[where])
    for k, t in enumerate(chain):
        if t._a.ndim != 2:
            raise RuntimeError(f"multi_dot(): tensor {k} must be 2D but got {t._a.ndim}D")
        if t._a.dtype != chain[0]._a.dtype:
            raise RuntimeError(
                f"multi_dot(): all tensors must have be the same dtype but tensor 0 is {chain[0].dtype._c_name} and tensor "
                f"{k} {t.dtype._c_name}"
            )
    for k, (t, u) in enumerate(itertools.pairwise(chain)):
        if t._a.shape[1] != u._a.shape[0]:
            raise RuntimeError(
                f"multi_dot(): tensors {k} and {k + 1} with shapes {list(t._a.shape)} and {list(u._a.shape)} cannot be "
                "multiplied"
            )
    return _multiplied(chain, _splits(chain), 0, len(chain) - 1).reshape(shape)


def _splits(chain: list[Any]) -> dict[tuple[int, int], int]:
    """Where the cheapest product of each stretch of a chain is split."""
    sizes = [t._a.shape[0] for t in chain] + [chain[-1]._a.shape[1]]
    cost = {(k, k): 0 for k in range(len(chain))}
    splits = {}
    for length in range(1, len(chain)):
        for i in range(len(chain) - length):
            j = i + length
            costs = [cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1] for k in range(i, j)]
            # Of equals PyTorch takes the first, and of three matrices the last.
            best = len(costs) - 1 - int(np.argmin(costs[::-1])) if len(chain) == 3 else int(np.argmin(costs))
            cost[i, j], splits[i, j] = costs[best], i + best
    return splits


def _multiplied(chain: list[Any], splits: dict[tuple[int, int], int], i: int, j: int) -> Any:
    if i == j:
        return chain[i]
    k = splits[i, j]
    return mm(_multiplied(chain, splits, i, k), _multiplied(chain, splits, k + 1, j))


@op("chain_matmul", method=False)
def chain_matmul(*matrices: Any, out: Tensor | None = None) -> Any:
    """The product of a chain of matrices."""
    warnings.warn(
        "torch.chain_matmul is deprecated and will be removed in a future PyTorch release. Use torch.linalg.multi_dot "
        "instead, which accepts a list of two or more tensors rather than multiple parameters.",
        UserWarning,
        stacklevel=2,
    )
    if len(matrices) == 1 and isinstance(matrices[0], (list, tuple)):
        matrices = tuple(matrices[0])
    for k, t in enumerate(matrices):
        if not isinstance(t, Tensor):
            raise not_a_tensor("chain_matmul", t, "matrices", k + 1)
    found = matrices[0] if len(matrices) == 1 else multi_dot(matrices)
    if out is None:
        return found
    from srcgrad.torch.names import deliver

    deliver(out, found)
    return out


def _reversed_operator(self: Tensor, other: Any) -> Any:
    return matmul(other, self) if isinstance(other, Tensor) else NotImplemented


Tensor.__rmatmul__ = _reversed_operator  # type: ignore[attr-defined]
FACES[kernels.cross_product] = cross_along
FACES[kernels.diagonal_sum] = trace
