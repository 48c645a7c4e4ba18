"""Maxima over windows that a random number places, and the way back from maxima to images, as functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.torch import drawing
from srcgrad.torch.kernels import adaptive_pooling, places
from srcgrad.torch.nn.functional.arguments import check_tensor, listed, spread, whole
from srcgrad.torch.nn.functional.batching import Batched
from srcgrad.torch.tensor import Tensor

__all__ = [
    "fractional_max_pool2d", "fractional_max_pool2d_with_indices", "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices", "max_unpool1d", "max_unpool2d", "max_unpool3d",
]  # fmt: skip

_fractional = {
    d: Batched(adaptive_pooling.fractional_max_pool, f"FractionalMaxPool{d}DBackward0", d + 2) for d in (2, 3)
}
_unpooled = {d: Batched(places.max_unpool, f"MaxUnpool{d}DBackward0", d + 2) for d in (2, 3)}


def _fractional_max(
    rank: int, input: Tensor, kernel_size: Any, output_size: Any, output_ratio: Any, samples: Tensor | None
) -> Any:
    name = f"fractional_max_pool{rank}d"
    check_tensor(name, input)
    if output_size is None and output_ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    a = input._a
    kernel = spread(whole(name, kernel_size, "kernel_size", 2), rank)
    if output_size is None:
        ratio = (output_ratio,) * rank if rank == 3 and isinstance(output_ratio, float) else output_ratio
        if len(ratio) > rank:
            raise ValueError(f"{name} requires output_ratio to either be a single Int or tuple of Ints.")
        output_size = [int(n * r) for n, r in zip(a.shape[-rank:], ratio, strict=True)]
    counts = spread(whole(name, output_size, "output_size", 3), rank)
    images = 1 if a.ndim == rank + 1 else a.shape[0]
    if samples is None:
        drawn = drawing.rand((images, a.shape[-rank - 1], rank), a.dtype)
    else:
        drawn = samples._a
    words = ("height", "width") if rank == 2 else ("time", "height", "width")
    function = name if rank == 2 else f"{name}_out"
    for word, k, m, n in zip(words, kernel, counts, a.shape[-rank:], strict=True):
        if m + k - 1 > n:
            raise RuntimeError(f"{function}(): pool {word} {k} too large relative to input {word} {n}")
    return _fractional[rank](input, kernel, counts, drawn)


def fractional_max_pool2d_with_indices(
    input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:  # fmt: skip
    """The largest value of each of randomly placed windows, and its place."""
    del return_indices
    return _fractional_max(2, input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool3d_with_indices(
    input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:  # fmt: skip
    """The largest value of each of randomly placed windows, and its place."""
    del return_indices
    return _fractional_max(3, input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool2d(
    input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:  # fmt: skip
    """The largest value of each of randomly placed windows; with `return_indices` also its place."""
    found = _fractional_max(2, input, kernel_size, output_size, output_ratio, _random_samples)
    return found if return_indices else found[0]


def fractional_max_pool3d(
    input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:  # fmt: skip
    """The largest value of each of randomly placed windows; with `return_indices` also its place."""
    found = _fractional_max(3, input, kernel_size, output_size, output_ratio, _random_samples)
    return found if return_indices else found[0]


def _unpool(
    rank: int, input: Tensor, indices: Tensor, kernel_size: Any, stride: Any, padding: Any, output_size: Any
) -> Any:
    name = f"max_unpool{rank}d"
    check_tensor(name, input)
    kernel = spread(whole(name, kernel_size, "kernel_size", 3), rank)
    steps = kernel if stride is None else spread(whole(name, stride, "stride", 4), rank)
    pads = spread(whole(name, padding, "padding", 5), rank)
    sizes = _unpooled_sizes(input._a.shape, kernel, steps, pads, output_size)
    if indices._a.dtype != np.int64:
        raise RuntimeError(f"elements in indices should be type int64 but got: {indices.dtype._c_name}")
    if indices._a.shape != input._a.shape:
        raise RuntimeError(
            f"Expected shape of indices to be same as that of the input tensor ({listed(input._a.shape)}) but got "
            f"indices tensor with shape: {listed(indices._a.shape)}"
        )
    x: Any = input
    where: Any = indices
    if rank == 1:
        x, where, sizes = x.unsqueeze(-2), where.unsqueeze(-2), (1, *sizes)
    b = where._a
    count = int(np.prod(sizes))
    wrong = b[(b < 0) | (b >= count)]
    if wrong.size:
        raise RuntimeError(
            f"Found an invalid max index: {wrong[0]} (output volumes are of size {'x'.join(map(str, sizes))}"
        )
    y: Any = _unpooled[len(sizes)](x, b if x._a.ndim == len(sizes) + 2 else b[None], sizes)
    return y.squeeze(-2) if rank == 1 else y


def _unpooled_sizes(shape: Any, kernel: Any, stride: Any, padding: Any, output_size: Any) -> tuple[int, ...]:
    rank = len(kernel)
    usual = tuple((n - 1) * s + k - 2 * p for n, k, s, p in zip(shape[-rank:], kernel, stride, padding, strict=True))
    if output_size is None:
        wanted = usual
    else:
        wanted = tuple(output_size)
        if len(wanted) == rank + 2:
            wanted = wanted[2:]
        if len(wanted) != rank:
            raise ValueError(
                f"output_size should be a sequence containing {rank} or {rank + 2} elements, but it has a length of "
                f"'{len(wanted)}'"
            )
        for d, (n, m, s) in enumerate(zip(wanted, usual, stride, strict=True)):
            if not m - s < n < m + s:
                raise ValueError(
                    f'invalid output_size "{wanted if isinstance(output_size, tuple) else list(wanted)}" (dim {d} '
                    f"must be between {m - s} and {m + s})"
                )
    for d, n in enumerate(wanted):
        if n < 0:
            raise ValueError(
                f"max_unpooling: output_size must contain non-negative spatial dimensions, but got output_size[{d}]={n}"
            )
    return wanted


def max_unpool1d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """Zeros with the values at the places where max_pool1d found them."""
    return _unpool(1, input, indices, kernel_size, stride, padding, output_size)  # type: ignore[no-any-return]


def max_unpool2d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """Zeros with the values at the places where max_pool2d found them."""
    return _unpool(2, input, indices, kernel_size, stride, padding, output_size)  # type: ignore[no-any-return]


def max_unpool3d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """Zeros with the values at the places where max_pool3d found them."""
    return _unpool(3, input, indices, kernel_size, stride, padding, output_size)  # type: ignore[no-any-return]
