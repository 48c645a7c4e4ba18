"""Products of matrices and vectors.

What enters: tensors. What leaves: their products, from BLAS; `matmul` is composed of the others as in PyTorch, so
that the graph has the same nodes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srcgrad.torch.calling import of_two
from srcgrad.torch.kernels import contractions as kernels
from srcgrad.torch.names import op
from srcgrad.torch.ops.dims import broadcast, check_expands
from srcgrad.torch.ops.views import unsafe_view_
from srcgrad.torch.primitive import primitive
from srcgrad.torch.recorded import FACES
from srcgrad.torch.tensor import Tensor

_mm = primitive(kernels.matrix_product, "MmBackward0")
_bmm = primitive(kernels.matrix_product, "BmmBackward0")
_mv = primitive(kernels.matrix_vector, "MvBackward0")
_dot = primitive(kernels.inner_product, "DotBackward0")
_addmm = primitive(kernels.added_product, "AddmmBackward0")
_outer = primitive(kernels.outer_product, "MulBackward0")


def _same_dtype(name: str, a: Tensor, b: Tensor) -> None:
    if a._a.dtype != b._a.dtype:
        raise RuntimeError(
            f"{name} must have the same dtype, but got {a.dtype._c_name} and {b.dtype._c_name}"
            if name == "mat1 and mat2"
            else f"expected scalar type {a.dtype._c_name} but found {b.dtype._c_name}"
        )


@op("mm", out=True)
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices."""
    a, b = input._a, mat2._a
    if a.ndim != 2:
        raise RuntimeError("self must be a matrix")
    if b.ndim != 2:
        raise RuntimeError("mat2 must be a matrix")
    if a.shape[1] != b.shape[0]:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({a.shape[0]}x{a.shape[1]} and {b.shape[0]}x{b.shape[1]})"
        )
    if a.dtype is not b.dtype:
        from srcgrad.torch.drawing import CPP

        raise RuntimeError(
            f"expected m1 and m2 to have the same dtype, but got: {CPP[a.dtype.name]} != {CPP[b.dtype.name]}"
        )
    return _mm(input, mat2)  # type: ignore[no-any-return]


@op("bmm", out=True)
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """Products of two equally long rows of matrices."""
    a, b = input._a, mat2._a
    if a.ndim != 3:
        raise RuntimeError("batch1 must be a 3D tensor")
    if b.ndim != 3:
        raise RuntimeError("batch2 must be a 3D tensor")
    if a.shape[0] != b.shape[0] or a.shape[2] != b.shape[1]:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{a.shape[0]}, {a.shape[2]}] but got: "
            f"[{b.shape[0]}, {b.shape[1]}]."
        )
    _same_dtype("", input, mat2)
    return _bmm(input, mat2)  # type: ignore[no-any-return]


@op("mv", out=True)
def mv(input: Tensor, vec: Tensor) -> Tensor:
    """The product of a matrix and a vector."""
    a, b = input._a, vec._a
    if a.ndim != 2 or b.ndim != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got 1, {a.ndim}, {b.ndim}")
    if a.shape[1] != b.shape[0]:
        raise RuntimeError(
            f"size mismatch, got input ({a.shape[0]}), mat ({a.shape[0]}x{a.shape[1]}), vec ({b.shape[0]})"
        )
    if a.dtype != b.dtype:
        kinds = f"{vec.dtype._c_name}, {input.dtype._c_name}, and {vec.dtype._c_name}"
        raise RuntimeError(f"addmv input tensors must have the same dtype, but got {kinds}")
    return _mv(input, vec)  # type: ignore[no-any-return]


@op("dot", out=True)
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The product of two vectors."""
    a, b = input._a, tensor._a
    if a.ndim != 1 or b.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {a.ndim}D and {b.ndim}D tensors")
    if a.dtype != b.dtype:
        raise RuntimeError(
            f"dot : expected both vectors to have same dtype, but found {input.dtype._c_name} and {tensor.dtype._c_name}"
        )
    if a.shape != b.shape:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{a.shape[0]}] and src [{b.shape[0]}] to have the same number "
            f"of elements, but got {a.shape[0]} and {b.shape[0]} elements respectively"
        )
    return _dot(input, tensor)  # type: ignore[no-any-return]


@op("addmm", out=True, inplace=True)
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2)."""
    a, b = mat1._a, mat2._a
    if a.ndim != 2 or b.ndim != 2:
        raise RuntimeError(
            f"mat{1 if a.ndim != 2 else 2} must be a matrix, got {a.ndim if a.ndim != 2 else b.ndim}-D tensor"
        )
    if a.shape[1] != b.shape[0]:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({a.shape[0]}x{a.shape[1]} and {b.shape[0]}x{b.shape[1]})"
        )
    if a.dtype is not b.dtype:
        _same_dtype("mat1 and mat2", mat1, mat2)
    if input._a.dtype is not a.dtype:
        raise RuntimeError(
            f"self and mat2 must have the same dtype, but got {input.dtype._c_name} and {mat2.dtype._c_name}"
        )
    c = input._a.shape
    if len(c) != 1 or c[0] != b.shape[1]:
        check_expands(input, (a.shape[0], b.shape[1]))
    return _addmm(input, mat1, mat2, beta, alpha)  # type: ignore[no-any-return]


@op("matmul", out=True)
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The product of two tensors as NumPy's `@` has it."""
    if not isinstance(other, Tensor):
        raise TypeError(f"matmul(): argument 'other' (position 2) must be Tensor, not {type(other).__name__}")
    n, m = input._a.ndim, other._a.ndim
    if n == 2 and m == 2:
        return mm(input, other)
    if n == 0 or m == 0:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {n}D and {m}D")
    if n == 1 and m == 1:
        return dot(input, other)
    if n == 2 and m == 1:
        return mv(input, other)
    if n == 1 and m == 2:
        return mm(input.unsqueeze(0), other).squeeze_(0)  # type: ignore[attr-defined,no-any-return]
    return _batched(input, other)  # type: ignore[no-any-return]


def _batched(a: Any, b: Any) -> Any:
    """At least one operand has leading dimensions: fold into one matrix where the other has none, else bmm."""
    n, m = a._a.ndim, b._a.ndim
    if n == m == 3 and (a._a.shape[0] == 1) != (b._a.shape[0] == 1):
        # One matrix for all: its cotangent is one product rather than a sum of many.
        if b._a.shape[0] == 1 and b._needs:
            b, m = b.squeeze(0), 2
        elif a._a.shape[0] == 1 and a._needs:
            a, n = a.squeeze(0), 2
    if m <= 2:
        rows = a.shape[:-1]
        folded = a.reshape(math.prod(rows), a.shape[-1])
        return unsafe_view_(mv(folded, b), rows) if m == 1 else unsafe_view_(mm(folded, b), (*rows, b.shape[1]))
    if n <= 2:
        rows = (*b.shape[:-2], b.shape[-1])
        folded = b.transpose(-1, -2).reshape(math.prod(rows), b.shape[-2])
        if n == 1:
            return unsafe_view_(mv(folded, a), rows)
        return unsafe_view_(mm(folded, a.t()), (*rows, a.shape[0])).transpose(-1, -2).contiguous()
    lead = broadcast(a._a.shape[:-2], b._a.shape[:-2])
    count = math.prod(lead)
    left = a.expand(*lead, *a.shape[-2:]).reshape(count, *a.shape[-2:])
    right = b.expand(*lead, *b.shape[-2:]).reshape(count, *b.shape[-2:])
    return unsafe_view_(bmm(left, right), (*lead, a.shape[-2], b.shape[-1]))


def _operator(self: Tensor, other: Any) -> Any:
    if not isinstance(other, Tensor):
        return NotImplemented
    a = self._a
    if a.ndim == 2 and other._a.ndim == 2 and (a.dtype is _FLOAT32 or a.dtype is _FLOAT64):
        return _product(self, other)
    return matmul(self, other)


_FLOAT32, _FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
_product = of_two(_mm, np.ndarray.dot, matmul)


setattr(Tensor, "__matmul__", _operator)  # noqa: B010 - attached as all operators are

FACES.update({
    kernels.matrix_product: matmul,
    kernels.matrix_vector: matmul,
    kernels.turned: lambda a: a.transpose(-1, -2),
    kernels.outer_product: lambda a, b: a.unsqueeze(1) * b.unsqueeze(0),
    kernels.inner_product: dot,
})  # fmt: skip
