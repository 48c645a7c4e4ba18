"""The memory of tensors by PyTorch's names: `torch.UntypedStorage`, `torch.FloatStorage(3)`."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.torch.ops.storages import TypedStorage, UntypedStorage

__all__ = ["TypedStorage", "UntypedStorage"]


class _OfOneDtype(type):
    """The kinds of typed storages: calling one makes a TypedStorage, which is then an instance of it."""

    kind: Any

    def __call__(cls, data: Any = 0) -> TypedStorage:
        if isinstance(data, str):
            raise TypeError("new(): invalid data type 'str'")
        if isinstance(data, int):
            return TypedStorage(np.zeros(data, cls.kind))
        return TypedStorage(np.array(list(data), cls.kind))

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, TypedStorage) and bool(instance._whole.dtype == cls.kind)

    @property
    def dtype(cls) -> Any:
        """The dtype of the elements."""
        from srcgrad.torch import dtypes

        return dtypes.of(np.dtype(cls.kind))


def _kind(name: str, dtype: str) -> Any:
    return _OfOneDtype(name, (), {"kind": np.dtype(dtype), "__module__": "torch", "__doc__": f"Memory as {dtype}."})


FloatStorage = _kind("FloatStorage", "float32")
DoubleStorage = _kind("DoubleStorage", "float64")
HalfStorage = _kind("HalfStorage", "float16")
LongStorage = _kind("LongStorage", "int64")
IntStorage = _kind("IntStorage", "int32")
ShortStorage = _kind("ShortStorage", "int16")
CharStorage = _kind("CharStorage", "int8")
ByteStorage = _kind("ByteStorage", "uint8")
BoolStorage = _kind("BoolStorage", "bool")
ComplexFloatStorage = _kind("ComplexFloatStorage", "complex64")
ComplexDoubleStorage = _kind("ComplexDoubleStorage", "complex128")
