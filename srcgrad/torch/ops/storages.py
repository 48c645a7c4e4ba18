"""The memory behind tensors as an object: `x.untyped_storage()`, `x.storage()`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from srcgrad.torch import dtypes
from srcgrad.torch.devices import CPU
from srcgrad.torch.kernels.memory import address, flat, owner, through
from srcgrad.torch.names import op
from srcgrad.torch.tensor import Tensor


class UntypedStorage:
    """The bytes of a memory that tensors look into."""

    __module__ = "torch.storage"

    def __init__(self, whole: Any) -> None:
        if isinstance(whole, (int, np.integer)):
            whole = np.zeros(int(whole), np.uint8)
        self._whole = whole

    @property
    def _bytes(self) -> Any:
        return flat(self._whole).view(np.uint8)

    device = CPU
    is_cuda = False

    def nbytes(self) -> int:
        """How many bytes there are."""
        return int(self._whole.nbytes)

    size = nbytes
    __len__ = nbytes

    def data_ptr(self) -> int:
        """Where the first byte lies."""
        return address(self._whole) if self._whole.size else 0

    def element_size(self) -> int:
        """The size of a byte."""
        return 1

    def __getitem__(self, index: Any) -> Any:
        found = self._bytes[index]
        return UntypedStorage(found) if isinstance(index, slice) else int(found)

    def __setitem__(self, index: Any, value: Any) -> None:
        self._bytes[index] = value

    def __iter__(self) -> Iterator[int]:
        return iter(self.tolist())

    def tolist(self) -> list[int]:
        """The bytes as numbers."""
        found: list[int] = self._bytes.tolist()
        return found

    def clone(self) -> UntypedStorage:
        """The same bytes in memory of their own."""
        return UntypedStorage(self._bytes.copy())

    def fill_(self, value: Any) -> UntypedStorage:
        """One value in every byte."""
        self._bytes[...] = value
        return self

    def copy_(self, source: UntypedStorage, non_blocking: Any = None) -> UntypedStorage:  # noqa: ARG002
        """The bytes of another."""
        self._bytes[...] = source._bytes
        return self

    def __reduce__(self) -> Any:
        return _rebuilt, (isinstance(self, TypedStorage), self._whole)

    def cpu(self) -> UntypedStorage:
        """Itself: every storage is there."""
        return self

    def is_shared(self) -> bool:
        """Whether other processes see it."""
        return False

    is_pinned = is_shared

    def _shown(self, values: list[Any], kind: str) -> str:
        return "".join(f" {v}\n" for v in values) + f"[torch.storage.{kind}"

    def __repr__(self) -> str:
        return self._shown(self.tolist(), f"UntypedStorage(device=cpu) of size {self.nbytes()}]")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UntypedStorage) and self.data_ptr() == other.data_ptr()

    def __hash__(self) -> int:
        return self.data_ptr()


def _rebuilt(typed: bool, whole: Any) -> UntypedStorage:
    """What a pickle of a storage calls."""
    return (TypedStorage if typed else UntypedStorage)(whole)


class TypedStorage(UntypedStorage):
    """The memory as elements of a dtype."""

    __module__ = "torch.storage"

    @property
    def _line(self) -> Any:
        return flat(self._whole)

    @property
    def dtype(self) -> Any:
        return dtypes.of(self._whole.dtype)

    def size(self) -> int:
        """How many elements there are."""
        return int(self._whole.size)

    __len__ = size

    def element_size(self) -> int:
        """The number of bytes of an element."""
        return int(self._whole.itemsize)

    def untyped(self) -> UntypedStorage:
        """The bytes."""
        return UntypedStorage(self._whole)

    def __getitem__(self, index: Any) -> Any:
        return self._line[index].item()

    def __setitem__(self, index: Any, value: Any) -> None:
        self._line[index] = value

    def tolist(self) -> list[Any]:
        """The elements as numbers."""
        found: list[Any] = self._line.tolist()
        return found

    def fill_(self, value: Any) -> TypedStorage:
        """One value everywhere."""
        self._line[...] = value
        return self

    def __repr__(self) -> str:
        return self._shown(self.tolist(), f"TypedStorage(dtype={self.dtype}, device=cpu) of size {self.size()}]")


@op("untyped_storage", function=False)
def untyped_storage(self: Tensor) -> UntypedStorage:
    """The bytes that the tensor looks into."""
    return UntypedStorage(owner(self._a))


@op("storage", function=False)
def storage(self: Tensor) -> TypedStorage:
    """The memory that the tensor looks into, as elements of its dtype."""
    whole = owner(self._a)
    return TypedStorage(whole if whole.dtype == self._a.dtype else flat(self._a))


@op("storage_type", function=False)
def storage_type(self: Tensor) -> type:  # noqa: ARG001 - every tensor has the same
    """The class of the storage."""
    return TypedStorage


def array_on(source: Any, dtype: Any, offset: int, size: Any, stride: Any) -> Any:
    """What a geometry shows of a storage, or of the memory of a tensor."""
    whole = owner(source._a) if isinstance(source, Tensor) else source._whole
    line = flat(whole)
    if line.dtype != dtype:
        line = line.view(np.uint8)[: line.nbytes // dtype.itemsize * dtype.itemsize].view(dtype)
    shape = (line.size - offset,) if size is None else (size,) if isinstance(size, int) else tuple(size)
    if stride is None:
        steps = [math.prod(shape[k + 1 :]) for k in range(len(shape))]
    else:
        steps = list(stride)
    return through(line, (shape, tuple(steps), offset))
