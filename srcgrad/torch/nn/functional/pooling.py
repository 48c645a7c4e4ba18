"""Maxima over windows as functions, with the places of the maxima where asked for.

What enters: tensors (images, channels, *space), or one image alone. What leaves: one value for each window.
"""

from __future__ import annotations

from typing import Any

from srcgrad.torch.kernels import adaptive_pooling
from srcgrad.torch.kernels import pooling as kernels
from srcgrad.torch.names import op
from srcgrad.torch.nn.functional.arguments import check_tensor, listed, spread, whole
from srcgrad.torch.nn.functional.batching import Batched
from srcgrad.torch.ops.dims import axis
from srcgrad.torch.tensor import Tensor

__all__ = [
    "adaptive_max_pool1d", "adaptive_max_pool1d_with_indices", "adaptive_max_pool2d",
    "adaptive_max_pool2d_with_indices", "adaptive_max_pool3d", "adaptive_max_pool3d_with_indices", "max_pool1d",
    "max_pool1d_with_indices", "max_pool2d", "max_pool2d_with_indices", "max_pool3d", "max_pool3d_with_indices",
]  # fmt: skip

WORDS = {2: "two", 3: "three"}

_largest = {d: Batched(kernels.max_pool, f"MaxPool{d}DWithIndicesBackward0", d + 2) for d in (2, 3)}
_adaptive = {d: Batched(adaptive_pooling.adaptive_max_pool, f"AdaptiveMaxPool{d}DBackward0", d + 2) for d in (2, 3)}


def window_sizes(
    name: str, rank: int, kernel_size: Any, stride: Any, padding: Any, dilation: Any = 1
) -> tuple[Any, Any, Any, Any]:
    """The sizes of windows, one for each dimension."""
    found: list[Any] = []
    for option, value, place in (
        ("kernel_size", kernel_size, 2), ("stride", stride, 3), ("padding", padding, 4), ("dilation", dilation, 5)
    ):  # fmt: skip
        if option == "stride" and (value is None or (isinstance(value, (list, tuple)) and not value)):
            found.append(found[0])
            continue
        numbers = whole(name, value, option, place)
        if isinstance(numbers, tuple) and len(numbers) not in {1, rank}:
            if option == "stride":
                raise RuntimeError(
                    f"{name}: stride must either be omitted, a single int, or a tuple of {WORDS[rank]} ints"
                )
            raise RuntimeError(f"{name}: {option} must either be a single int, or a tuple of {WORDS[rank]} ints")
        found.append(spread(numbers, rank))
    return found[0], found[1], found[2], found[3]


def check_image(rank: int, a: Any) -> None:
    """Raise where an array is neither images nor one image, or has no elements to pool."""
    if a.ndim not in {rank + 1, rank + 2} or 0 in a.shape[-rank - 1 :]:
        raise RuntimeError(f"non-empty {rank + 1}D or {rank + 2}D (batch mode) tensor expected for input")


def check_windows(
    a: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, *, volumes_first: bool = False
) -> None:
    """Raise where windows do not fit."""
    if min(stride) == 0:
        raise RuntimeError("stride should not be zero")
    if min(padding) < 0:
        raise RuntimeError(f"pad must be non-negative, but got pad: {min(padding)}")
    for k, p, d in zip(kernel, padding, dilation, strict=True):
        if p > (d * (k - 1) + 1) // 2:
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got pad={p}, kernel_size={k} and dilation={d}"
            )
    if min(dilation) < 1:
        raise RuntimeError(f"dilation should be greater than zero, but got dilation: {min(dilation)}")
    rank = len(kernel)
    space = a.shape[-rank:]
    counts = kernels.pooled_counts(space, kernel, stride, padding, dilation, ceil_mode)
    if min(counts) < 1:
        if volumes_first:
            names = [f"{n}: {m}" for n, m in zip("THW", space, strict=True)]
            sizes = [f"k{n}: {m}" for n, m in zip("THW", kernel, strict=True)]
            raise RuntimeError(f"input image ({' '.join(names)}) smaller than kernel size ({' '.join(sizes)})")
        raise RuntimeError(
            f"Given input size: ({'x'.join(map(str, a.shape[-rank - 1 :]))}). Calculated output size: "
            f"({'x'.join(map(str, (a.shape[-rank - 1], *counts)))}). Output size is too small"
        )


def _max_pool(
    name: str, rank: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> Any:
    check_tensor(name, input)
    kernel, stride, padding, dilation = window_sizes(name, rank, kernel_size, stride, padding, dilation)
    check_image(rank, input._a)
    check_windows(input._a, kernel, stride, padding, dilation, ceil_mode)
    return _largest[rank](input, kernel, stride, padding, dilation, ceil_mode)


@op("max_pool1d_with_indices", method=False)
def max_pool1d_with_indices(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = True,
) -> Any:  # fmt: skip
    """The largest value of each window, and its place."""
    del return_indices
    check_tensor("max_pool1d", input)
    a = input._a
    if a.ndim not in {2, 3}:
        raise RuntimeError(
            "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, but "
            f"got:{listed(a.shape)}"
        )
    sizes: list[int] = []
    for option, value, place in (
        ("kernel_size", kernel_size, 2), ("stride", kernel_size if stride is None else stride, 3),
        ("padding", padding, 4), ("dilation", dilation, 5),
    ):  # fmt: skip
        numbers = whole("max_pool1d", value, option, place)
        numbers = (numbers,) if numbers.__class__ is int else numbers or (sizes[0],)
        if len(numbers) != 1:
            raise RuntimeError(
                f"max_pool1d() {option} must be an int, list of ints or tuple of ints of size 1 but got size "
                f"{len(numbers)}"
            )
        sizes.append(numbers[0])
    k, s, p, d = sizes
    for option, n in (("kernel_size", k), ("stride", s)):
        if n <= 0:
            raise RuntimeError(f"max_pool1d() {option} must be greater than zero, but got {n}")
    if p < 0:
        raise RuntimeError(f"max_pool1d() padding must be non-negative, but got {p}")
    if p > k // 2:
        raise RuntimeError(
            f"max_pool1d() padding should be at most half of kernel size, but got padding={p} and kernel_size={k}"
        )
    if d <= 0:
        raise RuntimeError(f"max_pool1d() dilation must be greater than zero, but got {d}")
    count = kernels.pooled_counts(a.shape[-1:], (k,), (s,), (p,), (d,), ceil_mode)[0]
    if count <= 0:
        raise RuntimeError(f"max_pool1d() Invalid computed output size: {count}")
    if a.dtype.kind != "f":
        from srcgrad.torch.pointwise import unsupported

        raise unsupported("max_pool1d_impl", a.dtype)
    x: Any = input
    found: Any = _largest[2](x.unsqueeze(-2), (1, k), (1, s), (0, p), (1, d), ceil_mode)
    return found[0].squeeze(-2), found[1].squeeze(-2)


@op("max_pool2d_with_indices", method=False)
def max_pool2d_with_indices(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = True,
) -> Any:  # fmt: skip
    """The largest value of each window, and its place."""
    del return_indices
    return _max_pool("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode)


@op("max_pool3d_with_indices", method=False)
def max_pool3d_with_indices(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = True,
) -> Any:  # fmt: skip
    """The largest value of each window, and its place."""
    del return_indices
    return _max_pool("max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode)


@op("max_pool1d", method=False)
def max_pool1d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest value of each window; with `return_indices` also its place."""
    found = max_pool1d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)
    return found if return_indices else found[0]


@op("max_pool2d", method=False)
def max_pool2d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest value of each window; with `return_indices` also its place."""
    found = max_pool2d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)
    return found if return_indices else found[0]


@op("max_pool3d", method=False)
def max_pool3d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest value of each window; with `return_indices` also its place."""
    found = max_pool3d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)
    return found if return_indices else found[0]


# Windows that share out an image evenly.


def output_sizes(name: str, rank: int, output_size: Any, a: Any) -> tuple[int, ...]:
    """How many windows are asked for along each dimension; None asks for as many as there are elements."""
    wanted: tuple[Any, ...]
    if output_size is None or isinstance(output_size, int):
        wanted = (output_size,) * rank
    else:
        wanted = tuple(output_size)
    for k, n in enumerate(wanted):
        if n is None:
            axis(-rank, a.ndim)
        elif not hasattr(n, "__index__"):
            raise TypeError(
                f"{name}(): argument 'output_size' (position 2) must be tuple of ints, but found element of type "
                f"{type(n).__name__} at pos {k}"
            )
    if rank > 1 and a.ndim > rank:
        wanted = tuple(m if n is None else int(n) for n, m in zip(wanted, a.shape[-rank:], strict=False))
    return wanted  # type: ignore[return-value]


def _adaptive_max(name: str, rank: int, input: Tensor, output_size: Any) -> Any:
    check_tensor(name, input)
    a = input._a
    sizes = output_sizes(name, rank, output_size, a)
    if a.ndim not in {rank + 1, rank + 2}:
        raise RuntimeError(f"{name}(): Expected {rank + 1}D or {rank + 2}D tensor, but got: {listed(a.shape)}")
    for k in range(1 - a.ndim + rank, rank + 1) if a.ndim == rank + 2 else range(rank + 1):
        if k > 0 and a.shape[k + a.ndim - rank - 1] == 0:
            raise RuntimeError(
                f"{name}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes "
                f"{listed(a.shape)} with dimension {k + a.ndim - rank - 1} being empty"
            )
    if len(sizes) != rank:
        raise RuntimeError(f"{name}(): internal error: output_size.size() must be {rank}")
    return _adaptive[rank](input, sizes)


@op("adaptive_max_pool1d", method=False)
def adaptive_max_pool1d_with_indices(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest value of each of `output_size` windows, and its place."""
    del return_indices
    check_tensor("adaptive_max_pool1d", input)
    check_dims("adaptive_max_pool1d", input._a)
    n = whole("adaptive_max_pool1d", output_size, "output_size", 2)
    x: Any = input
    found = _adaptive_max("adaptive_max_pool2d", 2, x.unsqueeze(-2), (1, n if n.__class__ is int else n[0]))
    return found[0].squeeze(-2), found[1].squeeze(-2)


def check_dims(name: str, a: Any) -> None:
    """Raise where an array is neither (images, channels, length) nor (channels, length)."""
    if a.ndim not in {2, 3}:
        raise RuntimeError(
            f"Expected 2 to 3 dimensions, but got {a.ndim}-dimensional tensor for argument #1 'self' (while checking "
            f"arguments for {name})"
        )


def adaptive_max_pool2d_with_indices(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest value of each of `output_size` windows, and its place."""
    del return_indices
    return _adaptive_max("adaptive_max_pool2d", 2, input, output_size)


def adaptive_max_pool3d_with_indices(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest value of each of `output_size` windows, and its place."""
    del return_indices
    return _adaptive_max("adaptive_max_pool3d", 3, input, output_size)


def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest value of each of `output_size` windows; with `return_indices` also its place."""
    found = adaptive_max_pool1d_with_indices(input, output_size)
    return found if return_indices else found[0]


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest value of each of `output_size` windows; with `return_indices` also its place."""
    found = adaptive_max_pool2d_with_indices(input, output_size)
    return found if return_indices else found[0]


def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest value of each of `output_size` windows; with `return_indices` also its place."""
    found = adaptive_max_pool3d_with_indices(input, output_size)
    return found if return_indices else found[0]
