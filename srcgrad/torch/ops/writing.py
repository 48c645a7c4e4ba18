"""Writes of values over what was there: `copy_`, `fill_`, `zero_`, and in-place changes of the shape.

What enters: a tensor and new values. What leaves: the same tensor, its version one higher.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srcgrad.torch.dtypes import of
from srcgrad.torch.inplace import check_alone, check_apart, check_history, mutate
from srcgrad.torch.kernels.writing import copied_over, filled
from srcgrad.torch.names import op
from srcgrad.torch.primitive import primitive
from srcgrad.torch.recorded import FACES
from srcgrad.torch.tensor import Tensor, wrap

copied_over_ = primitive(copied_over, "CopyBackwards")
copied_over_.node_class.name = lambda _: "torch::autograd::CopyBackwards"  # type: ignore[method-assign, assignment]
zeroed_ = primitive(filled, "ZeroBackward0", operands=["x"])
filled_anew_ = primitive(filled, "FillBackward0", operands=["x"])
filled_anew_by_tensor_ = primitive(filled, "FillBackward1")
filled_ = primitive(filled, "FillBackward2", operands=["x"])
filled_by_tensor_ = primitive(filled, "FillBackward3")

FACES[np.zeros_like] = lambda y: wrap(np.zeros_like(y._a))


@op("copy_", function=False)
def copy_(self: Tensor, src: Any, non_blocking: bool = False) -> Tensor:  # noqa: ARG001 - PyTorch's parameter
    """Take over the values of another tensor, broadcast and converted."""
    if not isinstance(src, Tensor):
        raise TypeError(f"copy_(): argument 'src' (position 1) must be Tensor, not {type(src).__name__}")
    a, b = self._a, src._a
    if a.shape != b.shape:
        stretched(b.shape, a.shape)
    check_history(self, self._needs or src._needs)
    check_alone(self)
    check_apart(self, src)
    if b.dtype.kind == "c" and a.dtype.kind != "c":
        import warnings

        warnings.warn("Casting complex values to real discards the imaginary part", UserWarning, stacklevel=2)
        return mutate(self, lambda x: x.__setitem__(..., b.real), copied_over_, src)
    return mutate(self, lambda x: np.copyto(x, b, casting="unsafe"), copied_over_, src)


def stretched(shape: tuple[int, ...], target: tuple[int, ...]) -> None:
    """Raise where a shape does not broadcast to that of the tensor that is written to."""
    try:
        found = np.broadcast_shapes(shape, target)
    except ValueError:
        n = max(len(shape), len(target))
        for k in range(-1, -min(len(shape), len(target)) - 1, -1):
            if shape[k] != target[k] and 1 not in (shape[k], target[k]):
                raise RuntimeError(
                    f"The size of tensor a ({target[k]}) must match the size of tensor b ({shape[k]}) at non-singleton "
                    f"dimension {n + k}"
                ) from None
        raise
    if found != target:
        raise RuntimeError(f"output with shape {list(target)} doesn't match the broadcast shape {list(found)}")


def number_of(value: Any, dtype: Any) -> Any:
    """A number as a dtype has it; raises where it does not fit, as a complex one in real numbers."""
    if isinstance(value, complex) and dtype.kind != "c":
        if value.imag != 0:
            raise RuntimeError(f"value cannot be converted to type {_c_type(dtype)} without overflow")
        value = value.real
    if dtype.kind in "iu" and not isinstance(value, bool):
        whole = int(value)
        info = np.iinfo(dtype)
        low = -int(info.max) if dtype.kind == "u" else info.min
        if not low <= whole <= info.max:
            raise RuntimeError(f"value cannot be converted to type {_c_type(dtype)} without overflow")
        return whole % (int(info.max) + 1) if dtype.kind == "u" else whole
    if dtype.kind == "f" and dtype.itemsize < 8 and math.isfinite(value) and abs(value) > np.finfo(dtype).max:
        raise RuntimeError(f"value cannot be converted to type {_c_type(dtype)} without overflow")
    return value


_C_TYPES = {
    "int64": "int64_t", "int32": "int", "int16": "short", "int8": "int8_t", "uint8": "uint8_t", "float32": "float",
    "float16": "at::Half", "float64": "double",
}  # fmt: skip


def _c_type(dtype: Any) -> str:
    return str(_C_TYPES.get(dtype.name, dtype.name))


@op("fill_", function=False)
def fill_(self: Tensor, value: Any) -> Tensor:
    """One value everywhere, a number or a 0-d tensor."""
    if isinstance(value, Tensor):
        if value._a.ndim:
            raise RuntimeError(
                f"fill_ only supports 0-dimension value tensor but got tensor with {value._a.ndim} dimensions."
            )
        v = value._a
        return mutate(self, lambda x: np.copyto(x, v, casting="unsafe"), filled_by_tensor_, value)
    number = number_of(value, self._a.dtype)
    return mutate(self, lambda x: x.__setitem__(..., number), filled_, number)


@op("fill", method=False)
def fill(input: Tensor, value: Any) -> Tensor:
    """The value everywhere, in a new tensor."""
    if isinstance(value, Tensor):
        if value._a.ndim:
            raise RuntimeError(
                f"fill_ only supports 0-dimension value tensor but got tensor with {value._a.ndim} dimensions."
            )
        return filled_anew_by_tensor_(input, value)  # type: ignore[no-any-return]
    return filled_anew_(input, number_of(value, input._a.dtype))  # type: ignore[no-any-return]


@op("zero_", function=False)
def zero_(self: Tensor) -> Tensor:
    """Zero everywhere."""
    return mutate(self, lambda x: x.__setitem__(..., 0), zeroed_, 0)


@op("fill_diagonal_", function=False)
def fill_diagonal_(self: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """One value on the main diagonal; with `wrap` on all of its repetitions in a tall matrix."""
    from srcgrad.torch.ops.memory import strides_of
    from srcgrad.torch.ops.parts import as_strided

    a = self._a
    if a.ndim < 2:
        raise RuntimeError("dimensions must larger than 1")
    if a.ndim > 2 and len(set(a.shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    step = sum(strides_of(a))
    count = min(a.shape)
    if wrap and a.ndim == 2 and a.shape[0] > a.shape[1] + 1:
        line = -(-a.size // (a.shape[1] + 1))
        fill_(as_strided(self, (line,), (step,)), fill_value)
        return self
    fill_(as_strided(self, (count,), (step,)), fill_value)
    return self


def name_of(t: Tensor) -> str:
    """The type of a tensor in the words of the errors: torch.FloatTensor."""
    return f"torch.{of(t._a.dtype)._c_name}Tensor"
