"""Tensors filled with a value, or counting up.

What enters: sizes, or a tensor to be like. What leaves: tensors without history, of the default dtype.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from srcgrad.torch.boxmuller import fused
from srcgrad.torch.creation import (
    array_of,
    check_placement,
    finished,
    given_sizes,
    number_or_array,
    numpy_dtype,
    sizes,
)
from srcgrad.torch.dtypes import default_complex, default_float
from srcgrad.torch.names import ArgumentError, op
from srcgrad.torch.tensor import Tensor


def _filler(name: str, value: Any) -> None:
    """torch.zeros, torch.zeros_like, Tensor.new_zeros and their relatives."""

    @op(name, method=False)
    def fill(
        *size: Any, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
        requires_grad: bool = False, pin_memory: bool = False, memory_format: Any = None, **named: Any,
    ) -> Tensor:  # fmt: skip
        del pin_memory, memory_format
        check_placement(device, layout)
        shape = given_sizes(size, named)
        kind = out._a.dtype if out is not None and dtype is None else numpy_dtype(dtype)
        return finished(np.zeros(shape, kind) if value == 0 else np.ones(shape, kind), requires_grad, out)

    @op(f"{name}_like", method=False)
    def like(
        input: Tensor, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
        pin_memory: bool = False, memory_format: Any = None,
    ) -> Tensor:  # fmt: skip
        del pin_memory, memory_format
        check_placement(device, layout)
        kind = numpy_dtype(dtype, input._a.dtype)
        shape = input._a.shape
        return finished(np.zeros(shape, kind) if value == 0 else np.ones(shape, kind), requires_grad)

    @op(f"new_{name}", function=False)
    def new(
        self: Tensor, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False,
        layout: Any = None, pin_memory: bool = False, **named: Any,
    ) -> Tensor:  # fmt: skip
        del pin_memory
        check_placement(device, layout)
        shape = given_sizes(size, named)
        kind = numpy_dtype(dtype, self._a.dtype)
        return finished(np.zeros(shape, kind) if value == 0 else np.ones(shape, kind), requires_grad)

    for f, public in ((fill, name), (like, f"{name}_like"), (new, f"new_{name}")):
        f.__name__ = f.__qualname__ = public


_filler("zeros", 0)
_filler("ones", 1)
_filler("empty", 0)


def _filled(shape: tuple[int, ...], value: Any, dtype: Any) -> Any:
    if isinstance(value, Tensor):
        value = value._a[()]
    if not isinstance(value, (int, float, complex, np.generic)):
        raise ArgumentError(f"argument 'fill_value' (position 2) must be Number, not {type(value).__name__}")
    if dtype is None:
        dtype = array_of(value.item() if isinstance(value, np.generic) else value).dtype
    else:
        dtype = numpy_dtype(dtype)
    return np.full(shape, value, dtype)


@op("full", method=False)
def full(
    size: Any, fill_value: Any, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor of one value."""
    del pin_memory
    check_placement(device, layout)
    if not isinstance(size, (tuple, list)):
        raise ArgumentError(f"argument 'size' (position 1) must be tuple of ints, not {type(size).__name__}")
    return finished(_filled(sizes((size,)), fill_value, dtype), requires_grad, out)


@op("full_like", method=False)
def full_like(
    input: Tensor, fill_value: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, pin_memory: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """A tensor of one value with the shape and dtype of another."""
    del pin_memory, memory_format
    check_placement(device, layout)
    return finished(_filled(input._a.shape, fill_value, dtype or input.dtype), requires_grad)


@op("new_full", function=False)
def new_full(
    self: Tensor, size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
    layout: Any = None, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor of one value with the dtype of this one."""
    del pin_memory
    check_placement(device, layout)
    return finished(_filled(sizes((size,)), fill_value, dtype or self.dtype), requires_grad)


@op("new_tensor", function=False)
def new_tensor(
    self: Tensor, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
    layout: Any = None, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor of the data with the dtype of this one."""
    del pin_memory
    check_placement(device, layout)
    return finished(array_of(data, dtype or self.dtype), requires_grad)


@op("empty_strided", method=False)
def empty_strided(
    size: Any, stride: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor with given strides, in elements."""
    del pin_memory
    check_placement(device, layout)
    return finished(_strided(tuple(size), tuple(stride), numpy_dtype(dtype)), requires_grad)


@op("new_empty_strided", function=False)
def new_empty_strided(
    self: Tensor, size: Any, stride: Any, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor with given strides and the dtype of this one."""
    del pin_memory
    check_placement(device, layout)
    return finished(_strided(tuple(size), tuple(stride), numpy_dtype(dtype, self._a.dtype)), requires_grad)


def _strided(shape: tuple[int, ...], strides: tuple[int, ...], dtype: Any) -> Any:
    if len(shape) != len(strides):
        raise RuntimeError(
            f"dimensionality of sizes ({len(shape)}) must match dimensionality of strides ({len(strides)})"
        )
    span = 0 if 0 in shape else 1 + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
    memory = np.zeros(span, dtype)
    return np.lib.stride_tricks.as_strided(memory, shape, [s * memory.itemsize for s in strides])


@op("empty_permuted", method=False)
def empty_permuted(
    size: Any, physical_layout: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor whose dimensions lie in memory in a given order."""
    del pin_memory
    check_placement(device, layout)
    order = tuple(physical_layout)
    memory = np.zeros([size[k] for k in order], numpy_dtype(dtype))
    return finished(memory.transpose(np.argsort(order)), requires_grad)


@op("scalar_tensor", method=False)
def scalar_tensor(
    s: Any,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A 0-d tensor."""
    del pin_memory
    check_placement(device, layout)
    return finished(np.array(s._a if isinstance(s, Tensor) else s, numpy_dtype(dtype)), requires_grad)


@op("eye", method=False)
def eye(
    n: int, m: int | None = None, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """The identity matrix."""
    del pin_memory
    check_placement(device, layout)
    if n < 0:
        raise RuntimeError(f"n must be greater or equal to 0, got {n}")
    if m is not None and m < 0:
        raise RuntimeError(f"m must be greater or equal to 0, got {m}")
    return finished(np.eye(n, m, dtype=numpy_dtype(dtype)), requires_grad, out)


def _number(x: Any) -> Any:
    return x._a.item() if isinstance(x, Tensor) else x


@op("arange", method=False)
def arange(
    start: Any, end: Any = None, step: Any = 1, *, out: Any = None, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """start, start + step, … below end."""
    del pin_memory
    check_placement(device, layout)
    start, end, step = _number(start), _number(end), _number(step)
    if end is None:
        start, end = 0, start
    _check_numbers(start, end, step)
    whole = all(isinstance(v, (int, np.integer)) for v in (start, end, step))
    kind = numpy_dtype(dtype, np.dtype(np.int64) if whole else default_float())
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    if whole:
        return finished(np.arange(start, end, step).astype(kind), requires_grad, out)
    if kind == np.int64:
        start, end, step = int(start), int(end), int(step)
        if step == 0:
            raise ValueError("step must be nonzero")
    count = int(np.ceil((end - start) / step))
    if kind.kind in "iu":
        start, step = int(start), int(step)
    values = _counted(start, step, count, kind)
    return finished(values.astype(kind), requires_grad, out)


def _check_numbers(start: Any, end: Any, step: Any) -> None:
    """Raise for what does not count up from a number to a number."""
    for name, value in (("start", start), ("end", end), ("step", step)):
        if isinstance(value, complex):
            raise RuntimeError("value cannot be converted to type double without overflow")
        if not isinstance(value, (int, float, np.number, np.bool_)):
            raise ArgumentError(f"argument '{name}' (position 1) must be Number, not {type(value).__name__}")
    if not (np.isfinite(start) and np.isfinite(end)):
        raise RuntimeError(f"unsupported range: {start:g} -> {end:g}")


@op("range", method=False)
def range_(
    start: Any = 0, end: Any = None, step: Any = 1, *, dtype: Any = None, requires_grad: bool = False, **_: Any
) -> Tensor:
    """start, start + step, … up to and with end."""
    warnings.warn(
        "torch.range is deprecated and will be removed in a future release because its behavior is inconsistent with "
        "Python's range builtin. Instead, use torch.arange, which produces values in [start, end).",
        UserWarning,
        stacklevel=2,
    )
    count = int(np.floor((end - start) / step)) + 1
    return finished((start + step * np.arange(count)).astype(numpy_dtype(dtype)), requires_grad)


def _spaced(start: Any, end: Any, steps: int, kind: Any) -> Any:
    """Evenly spaced values, counted from both ends as PyTorch does."""
    start, end = number_or_array(start), number_or_array(end)
    work = np.dtype(np.float64) if kind.kind in "iu" else kind
    if steps == 0:
        return np.zeros((0, *np.broadcast_shapes(np.shape(start), np.shape(end))), kind)
    # Whole numbers are counted between whole ends.
    start, end = np.asarray(start).astype(kind).astype(work), np.asarray(end).astype(kind).astype(work)
    if steps == 1:
        return start[None].astype(kind)
    step = (end - start) / work.type(steps - 1)
    k = np.arange(steps).astype(work).reshape((steps,) + (1,) * max(start.ndim, end.ndim))
    back = work.type(steps - 1) - k
    if start.ndim or end.ndim or work.kind != "f" or work.itemsize < 4:
        values = np.where(k < steps / 2, start + step * k, end - step * back)
    else:
        half = steps // 2
        values = np.concatenate([fused(k[:half], step, start), fused(back[half:], -step, end)])
    return values.astype(kind)


def _counted(start: float, step: float, count: int, kind: Any) -> Any:
    """start, start + step, …, rounded as PyTorch's vector kernel does: each group of lanes starts from a rounded value."""
    number = np.arange(count, dtype=np.float64)
    if float(start).is_integer() and float(step).is_integer():
        return start + step * number
    lanes = 8 if kind.itemsize == 4 else 4
    whole = count // (2 * lanes) * 2 * lanes
    lane = number[:whole] % lanes
    base = fused(number[:whole] - lane, step, start).astype(kind).astype(np.float64)
    return np.concatenate([fused(lane, step, base), fused(number[whole:], step, start)])


def _spaced_dtype(dtype: Any, start: Any, end: Any) -> Any:
    complex_given = any(
        isinstance(v, complex) or (isinstance(v, Tensor) and v._a.dtype.kind == "c") for v in (start, end)
    )
    return numpy_dtype(dtype, default_complex() if complex_given else default_float())


@op("linspace", method=False)
def linspace(
    start: Any, end: Any, steps: int, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """`steps` evenly spaced values from start to end."""
    del pin_memory
    check_placement(device, layout)
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    return finished(_spaced(start, end, steps, _spaced_dtype(dtype, start, end)), requires_grad, out)


@op("logspace", method=False)
def logspace(
    start: Any, end: Any, steps: int, base: float = 10.0, *, out: Any = None, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """base to the power of evenly spaced values."""
    del pin_memory
    check_placement(device, layout)
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    kind = _spaced_dtype(dtype, start, end)
    work = np.dtype(np.float64) if kind.kind in "iu" else kind
    if kind.kind in "iu":
        start, end = [np.asarray(number_or_array(v)).astype(kind) for v in (start, end)]
    powers = np.power(work.type(base), _spaced(start, end, steps, work))
    return finished(powers.astype(kind), requires_grad, out)
