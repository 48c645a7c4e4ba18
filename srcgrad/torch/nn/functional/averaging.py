"""Means over windows as functions: regular windows, windows that share out an image, and power means."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srcgrad.torch.kernels import adaptive_pooling
from srcgrad.torch.kernels import pooling as kernels
from srcgrad.torch.names import op
from srcgrad.torch.nn.functional.arguments import check_tensor, spread, whole
from srcgrad.torch.nn.functional.batching import Batched
from srcgrad.torch.nn.functional.pooling import (
    check_dims,
    check_image,
    check_windows,
    max_pool1d_with_indices,
    max_pool2d_with_indices,
    max_pool3d_with_indices,
    output_sizes,
    window_sizes,
)
from srcgrad.torch.ops.dims import axis
from srcgrad.torch.pointwise import unsupported
from srcgrad.torch.tensor import Tensor, wrap

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d",
    "lp_pool1d", "lp_pool2d", "lp_pool3d",
]  # fmt: skip

_mean = {d: Batched(kernels.avg_pool, f"AvgPool{d}DBackward0", d + 2) for d in (2, 3)}
_adaptive = {d: Batched(adaptive_pooling.adaptive_avg_pool, f"AdaptiveAvgPool{d}DBackward0", d + 2) for d in (2, 3)}


def _averaged(
    rank: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool, count_include_pad: bool,
    divisor_override: int | None,
) -> Any:  # fmt: skip
    name = f"avg_pool{rank}d"
    check_tensor(name, input)
    kernel, stride, padding, once = window_sizes(name, rank, kernel_size, stride, padding)
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero")
    a = input._a
    if rank == 2:
        axis(-3, a.ndim)
    check_image(rank, a)
    check_windows(a, kernel, stride, padding, once, ceil_mode, volumes_first=rank == 3)
    if a.dtype.kind not in "fi":
        raise unsupported("avg_pool2d_out_frame", a.dtype)
    sizes = (kernel, stride, padding, ceil_mode, count_include_pad, divisor_override)
    if a.dtype.kind == "i":
        # Whole numbers are divided towards zero.
        means = _mean[rank](wrap(a.astype(np.float64)), *sizes)._a
        return wrap(np.trunc(means).astype(a.dtype))
    return _mean[rank](input, *sizes)


@op("avg_pool1d", method=False)
def avg_pool1d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:  # fmt: skip
    """The mean of each window."""
    check_tensor("avg_pool1d", input)
    check_dims("avg_pool1d", input._a)
    sizes = []
    for option, value, place in (
        ("kernel_size", kernel_size, 2), ("stride", kernel_size if stride is None else stride, 3),
        ("padding", padding, 4),
    ):  # fmt: skip
        numbers = whole("avg_pool1d", value, option, place)
        numbers = (numbers,) if numbers.__class__ is int else numbers
        if len(numbers) != 1:
            raise RuntimeError(
                f"avg_pool1d() {option} must be an int, list of ints or tuple of ints of size 1 but got size {len(numbers)}"
            )
        sizes.append(numbers[0])
    k, s, p = sizes
    x: Any = input
    y = _averaged(2, x.unsqueeze(-2), (1, k), (1, s), (0, p), ceil_mode, count_include_pad, None)
    return y.squeeze(-2)  # type: ignore[no-any-return]


def avg_pool2d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """The mean of each window, or its sum over another divisor."""
    return _averaged(  # type: ignore[no-any-return]
        2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def avg_pool3d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """The mean of each window, or its sum over another divisor."""
    return _averaged(  # type: ignore[no-any-return]
        3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


@op("adaptive_avg_pool1d", method=False)
def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """The means of `output_size` windows."""
    check_tensor("adaptive_avg_pool1d", input)
    check_dims("adaptive_avg_pool1d", input._a)
    n = whole("adaptive_avg_pool1d", output_size, "output_size", 2)
    x: Any = input
    y: Any = _shared_out(2, x.unsqueeze(-2), (1, n if n.__class__ is int else n[0]))
    return y.squeeze(-2)  # type: ignore[no-any-return]


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """The means of `output_size` windows."""
    check_tensor("adaptive_avg_pool2d", input)
    return _shared_out(2, input, output_sizes("adaptive_avg_pool2d", 2, output_size, input._a))


def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """The means of `output_size` windows."""
    check_tensor("adaptive_avg_pool3d", input)
    return _shared_out(3, input, output_sizes("adaptive_avg_pool3d", 3, output_size, input._a))


def _shared_out(rank: int, input: Any, sizes: tuple[Any, ...]) -> Tensor:
    name = f"adaptive_avg_pool{rank}d"
    if len(sizes) != rank:
        raise RuntimeError(f"{name}: output_size must be {rank}")
    if min(sizes) < 0:
        shown = f"{sizes[0]}, {sizes[1]}" + "".join(f",{n}" for n in sizes[2:])
        raise RuntimeError(
            f"{name}: elements of output_size must be greater than or equal to 0 but received {{{shown}}}"
        )
    a = input._a
    if all(n == 1 for n in sizes):
        # PyTorch takes the mean over the space.
        return input.mean(tuple(range(-1, -1 - rank, -1)), True)  # type: ignore[no-any-return]
    if a.ndim not in {rank + 1, rank + 2}:
        raise RuntimeError(
            f"{name}(): Expected {rank + 1}D or {rank + 2}D tensor, but got [{', '.join(map(str, a.shape))}]"
        )
    if a.dtype.kind != "f":
        raise unsupported("adaptive_avg_pool2d" if rank == 2 else "adaptive_avg_pool3d_cpu", a.dtype)
    return _adaptive[rank](input, sizes)  # type: ignore[no-any-return]


def _power_mean(
    rank: int, input: Any, norm_type: Any, kernel_size: Any, stride: Any, ceil_mode: bool, extreme: Any
) -> Tensor:
    if math.isinf(norm_type):
        x = input.abs()
        if norm_type > 0:
            return extreme(x, kernel_size, stride, 0, 1, ceil_mode)[0]  # type: ignore[no-any-return]
        return -extreme(-x, kernel_size, stride, 0, 1, ceil_mode)[0]  # type: ignore[no-any-return]
    kernel = spread(whole(f"lp_pool{rank}d", kernel_size, "kernel_size", 3), rank)
    mean: Any = (avg_pool1d, avg_pool2d, avg_pool3d)[rank - 1](input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return (mean.sign() * mean.abs().relu()).mul(math.prod(kernel)).pow(1.0 / norm_type)  # type: ignore[no-any-return]


def lp_pool1d(input: Tensor, norm_type: Any, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """The p-norm of each window."""
    return _power_mean(1, input, norm_type, kernel_size, stride, ceil_mode, max_pool1d_with_indices)


def lp_pool2d(input: Tensor, norm_type: Any, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """The p-norm of each window."""
    return _power_mean(2, input, norm_type, kernel_size, stride, ceil_mode, max_pool2d_with_indices)


def lp_pool3d(input: Tensor, norm_type: Any, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """The p-norm of each window."""
    return _power_mean(3, input, norm_type, kernel_size, stride, ceil_mode, max_pool3d_with_indices)
