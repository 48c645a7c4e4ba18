"""How a tensor lies in memory: strides, offsets, storages; copies in one order or another.

What enters: a tensor. What leaves: numbers about its memory, or the same values in fresh memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import linear
from srcgrad.torch import dtypes
from srcgrad.torch.kernels.memory import address, dense, elements, offset_of, owner
from srcgrad.torch.names import op
from srcgrad.torch.ops.dims import axis
from srcgrad.torch.primitive import primitive
from srcgrad.torch.recorded import FACES
from srcgrad.torch.tensor import Tensor

# The orders of dimensions, from the outermost in memory, of the formats with channels last.
_LAST = {dtypes.channels_last: (0, 2, 3, 1), dtypes.channels_last_3d: (0, 2, 3, 4, 1)}


def copied(x: Any, order: Any = "K") -> Any:
    """The same values in fresh memory: in the order "C" or "K", or with the dimensions in a given order."""
    if isinstance(order, tuple):
        back = [order.index(k) for k in range(x.ndim)]
        return np.array(x.transpose(order), order="C").transpose(back)
    if order == "K" and not dense(x):
        order = "C"
    return np.array(x, order=order)


linear(copied, "x, order='K'", x="y_bar")
copy_ = primitive(copied, "CloneBackward0")
FACES[np.copy] = copy_


@op("clone")
def clone(input: Tensor, *, memory_format: Any = dtypes.preserve_format) -> Tensor:
    """The same values in memory of their own."""
    return copy_(input, _order(input, memory_format))  # type: ignore[no-any-return]


def _order(x: Tensor, memory_format: Any) -> Any:
    if memory_format is None or memory_format is dtypes.preserve_format:
        return "K"
    if memory_format is dtypes.contiguous_format:
        return "C"
    order = _LAST[memory_format]
    if x._a.ndim != len(order):
        name = "channels_last_3d" if len(order) == 5 else "channels_last"
        raise RuntimeError(f"required rank {len(order)} tensor to use {name} format")
    return order


@op("contiguous", function=False)
def contiguous(self: Tensor, memory_format: Any = dtypes.contiguous_format) -> Tensor:
    """The tensor itself where its elements lie in that order, else a copy."""
    if memory_format is dtypes.preserve_format:
        raise RuntimeError("preserve memory format is unsupported by the contiguous operator")
    if is_contiguous(self, memory_format=memory_format):
        return self
    return copy_(self, _order(self, memory_format))  # type: ignore[no-any-return]


@op("is_contiguous", function=False)
def is_contiguous(self: Tensor, memory_format: Any = dtypes.contiguous_format) -> bool:
    """Whether the elements lie in memory in the order of a format, without gaps."""
    if memory_format is dtypes.contiguous_format:
        return bool(self._a.flags.c_contiguous)
    order = _LAST[memory_format]
    return self._a.ndim == len(order) and bool(self._a.transpose(order).flags.c_contiguous)


@op("stride", function=False)
def stride(self: Tensor, dim: Any = None) -> Any:
    """How many elements lie between neighbours along each dimension, or along one."""
    a = self._a
    if dim is not None:
        if not a.ndim:
            raise IndexError("Dimension specified as 0 but tensor has no dimensions")
        return strides_of(a)[axis(dim, a.ndim, "stride")]
    return strides_of(a)


def strides_of(a: Any) -> tuple[int, ...]:
    """The strides in elements as PyTorch has them where there are no elements."""
    if a.size or not a.flags.c_contiguous:
        return elements(a)
    found = [1]
    for n in a.shape[:0:-1]:
        found.append(found[-1] * max(n, 1))
    return tuple(found[::-1])[: a.ndim]


@op("storage_offset", function=False)
def storage_offset(self: Tensor) -> int:
    """How many elements of the storage lie before the first one."""
    return offset_of(self._a)


@op("data_ptr", function=False)
def data_ptr(self: Tensor) -> int:
    """Where the first element lies."""
    return address(self._a) if self._a.size else 0


@op("size", function=False)
def size(self: Tensor, dim: Any = None) -> Any:
    """The shape, or its entry for one dimension."""
    shape = self._a.shape
    if dim is None:
        return dtypes.size_of(shape)
    if not shape:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return shape[axis(dim, len(shape), "size")]


@op("dim", "ndimension", function=False)
def dim(self: Tensor) -> int:
    """The number of dimensions."""
    return self._a.ndim


@op("numel", "nelement")
def numel(input: Tensor) -> int:
    """The number of elements."""
    return self_size(input._a)


def self_size(a: Any) -> int:
    """The number of elements of an array."""
    found: int = a.size
    return found


@op("element_size", function=False)
def element_size(self: Tensor) -> int:
    """The number of bytes of an element."""
    return self._a.itemsize


@op("dim_order", function=False)
def dim_order(self: Tensor, *, ambiguity_check: Any = False) -> tuple[int, ...]:  # noqa: ARG001 - PyTorch's parameter
    """The dimensions from the outermost in memory to the innermost."""
    strides = strides_of(self._a)
    return tuple(sorted(range(self._a.ndim), key=lambda k: -strides[k]))


@op("is_set_to", function=False)
def is_set_to(self: Tensor, tensor: Tensor) -> bool:
    """Whether both look at the same memory in the same way."""
    a, b = self._a, tensor._a
    return owner(a) is owner(b) and a.shape == b.shape and a.strides == b.strides and address(a) == address(b)


@op("is_same_size")
def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether both have the same shape."""
    return input._a.shape == other._a.shape  # type: ignore[no-any-return]


@op("is_non_overlapping_and_dense", function=False)
def is_non_overlapping_and_dense(self: Tensor) -> bool:
    """Whether every element of the memory between the first and the last belongs to exactly one index."""
    return dense(self._a)


def _len(self: Tensor) -> int:
    shape = self._a.shape
    if not shape:
        raise TypeError("len() of a 0-d tensor")
    return shape[0]  # type: ignore[no-any-return]


Tensor.__len__ = _len  # type: ignore[attr-defined]
Tensor.nbytes = property(lambda self: self._a.nbytes)  # type: ignore[attr-defined]
Tensor.itemsize = property(lambda self: self._a.itemsize)  # type: ignore[attr-defined]
Tensor._is_view = lambda self: self._base is not None  # type: ignore[attr-defined]
