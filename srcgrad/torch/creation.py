"""Making tensors: from data, filled with a value, counting up.

What enters: Python's numbers and lists, NumPy arrays, sizes. What leaves: tensors without history, of the default
dtype where the data is made of Python's floats.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from srcgrad.torch import dtypes
from srcgrad.torch.devices import on_cpu
from srcgrad.torch.dtypes import Size, default_complex, default_float
from srcgrad.torch.names import ArgumentError, deliver, op
from srcgrad.torch.tensor import Tensor, wrap


def finished(array: Any, requires_grad: bool = False, out: Tensor | None = None) -> Tensor:
    """A tensor around a fresh array, or `out` with its values."""
    t = wrap(array)
    if out is not None:
        deliver(out, t)
        t = out
    if requires_grad:
        if t._a.dtype.kind not in "fc":
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        t.requires_grad_(True)
    return t


def numpy_dtype(dtype: Any, default: Any = None) -> Any:
    """NumPy's dtype of a torch dtype; the default dtype's where None is given."""
    if dtype is None:
        return default_float() if default is None else default
    if not isinstance(dtype, dtypes.dtype):
        try:
            return _OF_PYTHON[dtype]
        except (KeyError, TypeError):
            raise ArgumentError(f"argument 'dtype' must be torch.dtype, not {type(dtype).__name__}") from None
    return dtype.numpy


# Python's types stand for the dtypes of their numbers.
_OF_PYTHON = {
    float: np.dtype(np.float64), int: np.dtype(np.int64), bool: np.dtype(bool), complex: np.dtype(np.complex128)
}  # fmt: skip


def check_placement(device: Any, layout: Any = None) -> None:
    """Raise for another device than the CPU and another layout than strided."""
    if device is not None:
        on_cpu(device)
    if layout is not None and layout is not dtypes.strided:
        raise NotImplementedError(f"tensors here are strided; there is no layout {layout}")


def sizes(size: tuple[Any, ...]) -> tuple[int, ...]:
    """A shape given as `2, 3`, as `(2, 3)` or as a Size."""
    within = len(size) == 1 and isinstance(size[0], (tuple, list))
    if within:
        size = tuple(size[0])
    shape = tuple([n if n.__class__ is int else _length(n, k, within or len(size) > 1) for k, n in enumerate(size)])
    for n in shape:
        if n < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {n}: {list(shape)}")
    return shape


def _length(n: Any, place: int, among: bool) -> int:
    """A length that is given as something else than an int."""
    if isinstance(n, Tensor) and n._a.dtype.kind in "iu" and not n._a.ndim:
        return int(n._a)
    if hasattr(n, "__index__") and not isinstance(n, Tensor):
        return int(n.__index__())
    kind = type(n).__name__
    if not among:
        raise ArgumentError(f"argument 'size' (position 1) must be tuple of ints, not {kind}")
    if not place:
        raise ArgumentError(
            f"argument 'size' (position 1) must be tuple of ints, but found element of type {kind} at pos 0"
        )
    raise ArgumentError(
        f"argument 'size' failed to unpack the object at pos {place + 1} with error \"type must be tuple of ints,but got "
        f'{kind}"'
    )


def given_sizes(size: tuple[Any, ...], named: dict[str, Any]) -> tuple[int, ...]:
    """The shape from positional arguments or from `size=`; raises for other keywords."""
    if not size:
        if "size" not in named:
            raise TypeError("f() missing 1 required positional argument: 'size'")
        size = (named.pop("size"),)
        if not isinstance(size[0], (tuple, list)):
            raise ArgumentError(f"argument 'size' must be tuple of ints, not {type(size[0]).__name__}")
    if named:
        raise TypeError(f"f() got an unexpected keyword argument '{next(iter(named))}'")
    return sizes(size)


def array_of(data: Any, dtype: Any = None) -> Any:
    """A fresh array with the values of lists, numbers, arrays or tensors, in the dtype that PyTorch infers."""
    wanted = None if dtype is None else numpy_dtype(dtype)
    if isinstance(data, Tensor):
        return np.array(data._a, dtype=wanted)
    if isinstance(data, (np.ndarray, np.generic)):
        dtypes.of(data.dtype)
        _check_strides(data)
        return np.array(data, dtype=wanted)
    if hasattr(data, "__array__") and not isinstance(data, (list, tuple)):
        return np.array(data, dtype=wanted)
    shape = _shape_of(data)
    plain = _plain(data)
    if wanted is None:
        wanted = _inferred(data)
    try:
        found = np.array(plain, dtype=wanted)
    except (OverflowError, ValueError, TypeError) as error:
        found = _converted(plain, wanted, error)
    return found if found.shape == shape else found.reshape(shape)


def _converted(plain: Any, wanted: Any, error: Exception) -> Any:
    """Numbers that a dtype does not hold: small negative ones wrap around in uint8, others raise as PyTorch does."""
    flat: list[Any] = [plain]
    while any(isinstance(v, (list, tuple)) for v in flat):
        flat = [w for v in flat for w in (v if isinstance(v, (list, tuple)) else [v])]
    kind = np.dtype(wanted)
    for value in flat:
        if isinstance(value, complex) and kind.kind != "c":
            if kind.kind == "f":
                return _raise(TypeError("must be real number, not complex"))
            return _raise(TypeError("'complex' object cannot be interpreted as an integer"))
    if kind.kind in "iu" and all(isinstance(v, (int, float)) for v in flat):
        if any(isinstance(v, int) and not -(1 << 63) <= v < 1 << 63 for v in flat):
            return _raise(ValueError("Overflow when unpacking long long"))
        if kind == np.uint8 and all(isinstance(v, int) and -255 <= v <= 255 for v in flat):
            return np.array(plain, np.int64).astype(np.uint8)
        return _raise(RuntimeError(f"value cannot be converted to type {kind.name} without overflow"))
    return _raise(ValueError(str(error)) if isinstance(error, ValueError) else error)


def _raise(error: Exception) -> Any:
    raise error from None


def _shape_of(data: Any) -> tuple[int, ...]:
    """The shape of nested sequences; raises where one is ragged."""
    if isinstance(data, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
    if isinstance(data, Tensor):
        return tuple(data._a.shape)
    if isinstance(data, np.ndarray):
        return tuple(data.shape)
    if not hasattr(data, "__len__") or not hasattr(data, "__getitem__"):
        if not isinstance(data, (int, float, complex, bool, np.generic)) and not hasattr(data, "__float__"):
            raise RuntimeError(f"Could not infer dtype of {type(data).__name__}")
        return ()
    if isinstance(data, dict):
        raise RuntimeError("Could not infer dtype of dict")
    if not len(data):
        return (0,)
    if isinstance(data[0], (str, bytes)):
        raise ValueError(f"too many dimensions '{type(data[0]).__name__}'")
    first = _shape_of(data[0])
    for k in range(1, len(data)):
        part = data[k]
        other = _shape_of(part)
        if other != first:
            dim, want, got = _difference(first, other)
            if want is None or got is None:
                kind = type(part).__name__
                if not other and not hasattr(part, "__len__"):
                    raise TypeError("not a sequence")
                if isinstance(part, (list, tuple)):
                    whole = isinstance(data[0], int)
                    raise TypeError(
                        f"'{kind}' object cannot be interpreted as an integer"
                        if whole
                        else f"must be real number, not {kind}"
                    )
                if isinstance(part, Tensor) and part._a.dtype.kind in "iu":
                    raise TypeError("only integer tensors of a single element can be converted to an index")
                raise ValueError("only one element tensors can be converted to Python scalars")
            raise ValueError(f"expected sequence of length {want} at dim {dim + 1} (got {got})")
    return (len(data), *first)


def _difference(first: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, Any, Any]:
    for k in range(max(len(first), len(other))):
        a = first[k] if k < len(first) else None
        b = other[k] if k < len(other) else None
        if a != b:
            return k, a, b
    return 0, None, None


def _plain(data: Any) -> Any:
    """Nested sequences with numbers in place of tensors and arrays."""
    if isinstance(data, Tensor):
        return data._a.tolist()
    if isinstance(data, (list, tuple)):
        if data and data[0].__class__ in {float, int, bool, complex}:
            return data
        return [_plain(v) for v in data]
    if hasattr(data, "__len__") and hasattr(data, "__getitem__") and not isinstance(data, np.ndarray):
        return [_plain(data[k]) for k in range(len(data))]
    return data


_RANK = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}


def _inferred(data: Any) -> Any:
    """The dtype of nested data: Python's floats have the default one, arrays and tensors their own."""
    found = _leaf_dtype(data)
    return default_float() if found is None else found


def _leaf_dtype(data: Any) -> Any:
    if isinstance(data, (Tensor, np.ndarray, np.generic)):
        return (data._a if isinstance(data, Tensor) else data).dtype
    if isinstance(data, bool):
        return np.dtype(bool)
    if isinstance(data, int):
        return np.dtype(np.int64)
    if isinstance(data, float):
        return default_float()
    if isinstance(data, complex):
        return default_complex()
    if hasattr(data, "__len__") and hasattr(data, "__getitem__"):
        best = None
        kinds = {v.__class__ for v in data}
        if kinds <= {float}:
            return default_float() if kinds else None
        for v in data:
            one = _leaf_dtype(v)
            if one is not None and (best is None or one is not best):
                best = one if best is None else dtypes.promote_types(dtypes.of(best), dtypes.of(one)).numpy
        return best
    if hasattr(data, "__float__"):
        return default_float()
    raise RuntimeError(f"Could not infer dtype of {type(data).__name__}")


@op("tensor", method=False)
def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False
) -> Tensor:
    """A tensor with the values of lists, numbers or arrays, which are copied."""
    del pin_memory
    check_placement(device)
    if isinstance(data, Tensor):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
            "sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor).",
            UserWarning,
            stacklevel=2,
        )
    return finished(array_of(data, dtype), requires_grad)


@op("as_tensor", method=False)
def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """The data as a tensor, sharing its memory where that can be."""
    check_placement(device)
    if isinstance(data, Tensor):
        return data if dtype is None or data.dtype is dtype else data.to(dtype)  # type: ignore[attr-defined]
    if isinstance(data, np.ndarray) and (dtype is None or dtype.numpy == data.dtype):
        return from_numpy(data)
    return wrap(array_of(data, dtype))


@op("asarray", method=False)
def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool = False
) -> Tensor:
    """The data as a tensor; `copy` says whether memory must (True) or must not (False) be copied."""
    t = as_tensor(obj, dtype, device)
    shared = isinstance(obj, (Tensor, np.ndarray)) and np.may_share_memory(
        t._a, obj._a if isinstance(obj, Tensor) else obj
    )
    if copy and shared:
        t = wrap(t._a.copy())
    if copy is False and not shared:
        raise ValueError("can't alias tensor with requested dtype")
    return t.requires_grad_(True) if requires_grad else t


def _check_strides(array: Any) -> None:
    if array.strides and min(array.strides) < 0:
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not "
            "currently supported. (You can probably work around this by making a copy of your array  with "
            "array.copy().) "
        )


@op("from_numpy", method=False)
def from_numpy(array: Any) -> Tensor:
    """A tensor that shares an array's memory."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(array).__name__})")
    dtypes.of(array.dtype)
    _check_strides(array)
    if type(array) is not np.ndarray:
        array = array.view(np.ndarray)
    return wrap(array)


@op("frombuffer", method=False)
def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A one-dimensional tensor that shares a buffer's memory."""
    return finished(np.frombuffer(buffer, numpy_dtype(dtype), count, offset), requires_grad)


def number_or_array(x: Any) -> Any:
    """The array of a tensor; a number as it is."""
    return x._a if isinstance(x, Tensor) else x


def legacy(*args: Any, **kwargs: Any) -> Any:
    """The array of `torch.Tensor(…)`: sizes make memory, a sequence makes values, of the default dtype."""
    return _legacy(default_float(), args, kwargs)


def _legacy(kind: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    check_placement(kwargs.pop("device", None))
    if kwargs:
        raise TypeError(f"new() received an invalid keyword argument: {next(iter(kwargs))}")
    if len(args) == 1 and isinstance(args[0], Tensor):
        return args[0]._a if args[0]._a.dtype == kind else args[0]._a.astype(kind)
    if len(args) == 1 and isinstance(args[0], np.ndarray):
        return args[0].astype(kind)
    if len(args) == 1 and isinstance(args[0], (list, tuple)) and not isinstance(args[0], Size):
        return array_of(args[0]).astype(kind)
    if len(args) == 1 and isinstance(args[0], float):
        raise TypeError("new(): data must be a sequence (got float)")
    return np.zeros(sizes(args) if args else (0,), kind)


class _LegacyKind(type):
    """`isinstance(x, torch.FloatTensor)` asks for the dtype."""

    kind: Any

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor) and instance._a.dtype == cls.kind

    def __call__(cls, *args: Any, **kwargs: Any) -> Tensor:
        return wrap(_legacy(np.dtype(cls.kind), args, kwargs))


LEGACY_TYPES = {
    f"{name}Tensor": _LegacyKind(f"{name}Tensor", (), {"kind": np.dtype(kind), "__module__": "torch"})
    for name, kind in {
        "Float": "float32", "Double": "float64", "Half": "float16", "Long": "int64", "Int": "int32",
        "Short": "int16", "Char": "int8", "Byte": "uint8", "Bool": "bool",
    }.items()
}  # fmt: skip


def result_type(tensor1: Any, tensor2: Any) -> Any:
    """The dtype that an operator would give for two operands."""
    return dtypes.result_type(number_or_array(tensor1), number_or_array(tensor2))
