"""Storages: the memory behind tensors, as checkpoints hold it. From them arrays are rebuilt, in them arrays are found.

A checkpoint says of a tensor: this storage, from this element on, with these sizes and strides. Nothing of that is believed: an array is
only made when its last element lies within the storage.
"""

import math
import sys
import warnings
from collections.abc import Callable
from pickle import UnpicklingError
from typing import Any, NamedTuple

import numpy as np

from srcgrad.torch import dtypes

Array = np.ndarray[Any, Any]

MAX_AXES = 64

# What a checkpoint calls the storages of a dtype; what is missing here is saved as raw bytes and a dtype.
STORAGE_NAMES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "BFloat16Storage": "bfloat16",
    "ComplexDoubleStorage": "complex128",
    "ComplexFloatStorage": "complex64",
}
NAMES_OF_STORAGES = {dtype: name for name, dtype in STORAGE_NAMES.items()}


class StorageType(NamedTuple):
    """What kind of elements a storage holds; UntypedStorage holds bytes."""

    name: str
    dtype: str

    @property
    def itemsize(self) -> int:
        return int(dtypes.NAMES[self.dtype].itemsize)


class Storage:
    """Memory read from a checkpoint, and where it was when it was saved.

    In the old format the bytes come after all that is said about them: arrays are made of the memory before it is `filled`.
    """

    __slots__ = ("_arrays", "_filled", "_later", "content", "kind", "location", "swapped")

    def __init__(self, content: Array, kind: StorageType, location: str, swapped: bool, filled: bool = True) -> None:
        self.content = content  # writable bytes
        self.kind = kind
        self.location = location
        self.swapped = swapped  # whether the bytes have the other order than this machine's
        self._arrays: dict[str, Array] = {}
        self._filled = False
        self._later: list[Callable[[], None]] = []
        if filled:
            self.fill()

    def fill(self) -> None:
        """The bytes are there."""
        self._filled = True
        if self.swapped and self.kind.itemsize > 1:
            parts = 2 if self.kind.dtype.startswith("complex") else 1
            self.content.view(f"u{self.kind.itemsize // parts}").byteswap(inplace=True)
            self.swapped = False
        for action in self._later:
            action()

    def when_filled(self, action: Callable[[], None]) -> None:
        """Do something that needs the values."""
        if self._filled:
            action()
        else:
            self._later.append(action)

    @property
    def device(self) -> Any:
        return dtypes.device("cpu")

    def nbytes(self) -> int:
        return self.content.size

    def elements(self, dtype: str) -> Array:
        """All of it as a flat array, the same memory at each call."""
        if dtype not in self._arrays:
            self._arrays[dtype] = self._converted(dtype)
        return self._arrays[dtype]

    def _converted(self, dtype: str) -> Array:
        itemsize = dtypes.NAMES[dtype].itemsize
        whole = self.content[: self.content.size // itemsize * itemsize]
        if dtype == "bfloat16":
            message = "NumPy has no bfloat16: the checkpoint's bfloat16 tensors become float32 ones of the same values"
            warnings.warn(message, UserWarning, stacklevel=2)
            wide = np.zeros(whole.size // 2, np.float32)
            self.when_filled(lambda: wide.__setitem__(..., widened(whole.view(np.uint16))))
            return wide
        elements: Array = whole.view(np.dtype(dtype))
        if self.swapped and self._filled and itemsize > 1:
            # Of raw bytes only the tensor knows where an element ends.
            elements.byteswap(inplace=True)
            self.swapped = False
        return elements


def widened(halves: Array) -> Array:
    """bfloat16 numbers, given as integers, as float32: they are its upper halves."""
    return (halves.astype(np.uint32) << 16).view(np.float32)


class Parts(NamedTuple):
    """A tensor as it is written: elements of the flat array `root`, which is all of its memory."""

    root: Array
    offset: int
    sizes: tuple[int, ...]
    strides: tuple[int, ...]


def view_of(storage: Any, offset: Any, sizes: Any, strides: Any, dtype: str | None = None) -> Array:
    """The elements of a storage that a checkpoint speaks of, as an array that shares its memory."""
    if type(storage) is not Storage:
        raise UnpicklingError(f"a tensor is rebuilt from a storage, but got {type(storage)}")
    for numbers in (sizes, strides):
        if not isinstance(numbers, tuple) or not all(type(n) is int and n >= 0 for n in numbers):
            raise UnpicklingError(
                f"sizes and strides of a tensor must be tuples of non-negative integers, but got {_short(numbers)}"
            )
    if type(offset) is not int or offset < 0 or len(sizes) != len(strides) or len(sizes) > MAX_AXES:
        raise UnpicklingError(
            f"no tensor has storage offset {_short(offset)}, sizes {_short(sizes)} and strides {_short(strides)}"
        )
    flat = storage.elements(dtype or storage.kind.dtype)
    needed = offset + sum((n - 1) * step for n, step in zip(sizes, strides, strict=True)) + 1 if 0 not in sizes else 0
    if needed > flat.size:
        raise UnpicklingError(
            f"setStorage: sizes {_short(list(sizes))}, strides {_short(list(strides))}, storage offset {_short(offset)}, and itemsize "
            f"{flat.itemsize} requiring a storage size of {_short(needed * flat.itemsize)} are out of bounds for storage of size {flat.nbytes}"
        )
    if 0 in sizes:
        return np.empty(_addressable(sizes, flat.itemsize), flat.dtype)
    steps = tuple(step * flat.itemsize if n > 1 else flat.itemsize for n, step in zip(sizes, strides, strict=True))
    _addressable(sizes, flat.itemsize)
    return np.ndarray(sizes, flat.dtype, flat, offset * flat.itemsize, steps)


def _addressable(sizes: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    if math.prod(n or 1 for n in sizes) * itemsize >= 1 << 63:
        raise UnpicklingError(f"sizes {_short(list(sizes))} are more than any memory")
    return sizes


def _short(value: object) -> str:
    """A hostile number may have thousands of digits, more than Python cares to print."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        return "(too long to show)"
    return text if len(text) < 200 else text[:200] + "…"


def parts_of(a: Array) -> Parts:
    """Where an array lies in the memory that it shares with others; one that fits no storage is copied."""
    root: Array = a
    while isinstance(root.base, np.ndarray):
        root = root.base
    if root.flags.f_contiguous and not root.flags.c_contiguous:
        root = root.T
    item = a.itemsize
    start = _address(a) - _address(root)
    fits = root.flags.c_contiguous and a.dtype.isnative and root.nbytes % item == 0 and start % item == 0 and start >= 0
    if (
        a.size == 0
        or not fits
        or any(step < 0 or step % item for step, n in zip(a.strides, a.shape, strict=True) if n > 1)
    ):
        root = np.array(a, a.dtype.newbyteorder("="), order="C")
        a, start = root, 0
    flat = root.reshape(-1).view(np.uint8)[: root.nbytes].view(a.dtype) if root.size else root.reshape(-1)
    strides = _dense(a.shape) if a.flags.c_contiguous else tuple(step // item for step in a.strides)
    return Parts(flat, start // item, a.shape, strides)


def _address(a: Array) -> int:
    return int(a.__array_interface__["data"][0])


def identity(root: Array) -> tuple[int, int]:
    """The same for arrays over the same memory. Empty ones share none."""
    return (_address(root), root.nbytes) if root.nbytes else (id(root), 0)


def _dense(shape: tuple[int, ...]) -> tuple[int, ...]:
    strides: list[int] = []
    step = 1
    for n in reversed(shape):
        strides.insert(0, step)
        step *= max(n, 1)
    return tuple(strides)


def little_endian(flat: Array) -> Array:
    """The bytes of an array in the order that the old format wants."""
    return flat if sys.byteorder == "little" else flat.byteswap()


# The two sides of the Tensor class that reading and writing know.


def tensor_of(array: Array, requires_grad: bool) -> Any:
    from srcgrad.torch.tensor import wrap

    tensor = wrap(array)
    if requires_grad:
        tensor.requires_grad_(True)
    return tensor


def parameter_of(tensor: Any, requires_grad: bool) -> Any:
    from srcgrad.torch.nn.parameter import Parameter

    return Parameter(tensor, requires_grad)


def tensor_types() -> tuple[type, type]:
    """Tensor and Parameter."""
    from srcgrad.torch.nn.parameter import Parameter
    from srcgrad.torch.tensor import Tensor

    return Tensor, Parameter


def array_of(tensor: Any) -> Array:
    array: Array = tensor._a
    return array
