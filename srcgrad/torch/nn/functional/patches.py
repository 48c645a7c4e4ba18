"""Patches of images as columns and back, and channels traded for pixels, as functions."""

from __future__ import annotations

from math import prod
from typing import Any

from srcgrad.torch.kernels import patches as kernels
from srcgrad.torch.kernels.windows import window_counts
from srcgrad.torch.names import FUNCTIONS, op
from srcgrad.torch.nn.functional.arguments import check_tensor, spread, whole
from srcgrad.torch.nn.functional.batching import Batched
from srcgrad.torch.ops.dims import axis
from srcgrad.torch.primitive import primitive
from srcgrad.torch.tensor import Tensor

__all__ = ["channel_shuffle", "fold", "native_channel_shuffle", "pixel_shuffle", "pixel_unshuffle", "unfold"]

_unfold = Batched(kernels.unfold, "Im2ColBackward0", 4)
_fold = Batched(kernels.fold, "Col2ImBackward0", 3)
_pixel_shuffle = primitive(kernels.pixel_shuffle, "PixelShuffleBackward0")
_pixel_unshuffle = primitive(kernels.pixel_unshuffle, "PixelUnshuffleBackward0")
_channel_shuffle = primitive(kernels.channel_shuffle, "ChannelShuffleBackward0")


def _pair(name: str, value: Any, parameter: str) -> tuple[int, ...]:
    found = spread(whole(name, value, parameter, 2), 2)
    if len(found) != 2:
        raise RuntimeError(f"It is expected {parameter} equals to 2, but got size {len(found)}")
    return found


def _pairs(name: str, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> tuple[Any, Any, Any, Any]:
    kernel, dilation, padding, stride = (
        _pair(name, value, parameter)
        for value, parameter in (
            (kernel_size, "kernel_size"), (dilation, "dilation"), (padding, "padding"), (stride, "stride")
        )
    )  # fmt: skip
    for what, sizes, least in (
        ("kernel size", kernel, 1), ("dilation", dilation, 1), ("padding", padding, 0), ("stride", stride, 1)
    ):  # fmt: skip
        if min(sizes) < least:
            word = "non-negative" if least == 0 else "greater than zero"
            raise RuntimeError(
                f"{what} should be {word}, but got {what.replace(' ', '_')}_height: {sizes[0]} "
                f"{what.replace(' ', '_')}_width: {sizes[1]}"
            )
    return kernel, dilation, padding, stride


def unfold(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """The windows of images as columns (images, channels * taps, places)."""
    check_tensor("im2col", input)
    kernel, dilation, padding, stride = _pairs("im2col", kernel_size, dilation, padding, stride)
    shape = input._a.shape
    if len(shape) not in {3, 4}:
        axis(2, len(shape))
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, "
            f"but got: [{', '.join(map(str, shape))}]"
        )
    counts = window_counts(shape[-2:], kernel, stride, padding, dilation)
    if min(counts) < 1:
        raise RuntimeError(
            f"Given input with spatial size {tuple(shape[-2:])}, kernel_size={kernel}, dilation={dilation}, "
            f"padding={padding}, calculated shape of the array of sliding blocks as {counts}, but its components must be "
            "at least one."
        )
    return _unfold(input, kernel, dilation, padding, stride)  # type: ignore[no-any-return]


def fold(
    input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """Columns added to the windows that they stand for; the transpose of `unfold`."""
    check_tensor("col2im", input)
    space = _pair("col2im", output_size, "output_size")
    kernel, dilation, padding, stride = _pairs("col2im", kernel_size, dilation, padding, stride)
    shape = input._a.shape
    if len(shape) not in {2, 3}:
        raise RuntimeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for "
            f"input, but got: [{', '.join(map(str, shape))}]"
        )
    if shape[-2] % prod(kernel):
        raise RuntimeError(
            f"Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={shape[-2]} and kernel_size={kernel}."
        )
    counts = window_counts(space, kernel, stride, padding, dilation)
    if shape[-1] != prod(counts):
        raise RuntimeError(
            f"Given output_size={space}, kernel_size={kernel}, dilation={dilation}, padding={padding}, "
            f"stride={stride}, expected size of input's dimension 2 to match the calculated number of sliding blocks "
            f"{counts[0]} * {counts[1]} = {prod(counts)}, but got input.size(2)={shape[-1]}."
        )
    return _fold(input, space, kernel, dilation, padding, stride)  # type: ignore[no-any-return]


@op("pixel_shuffle", method=False)
def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """(..., channels * r², height, width) as (..., channels, height * r, width * r)."""
    check_tensor("pixel_shuffle", input)
    shape = input._a.shape
    if len(shape) < 3:
        raise RuntimeError(
            f"pixel_shuffle expects input to have at least 3 dimensions, but got input with {len(shape)} dimension(s)"
        )
    if upscale_factor <= 0:
        raise RuntimeError(f"pixel_shuffle expects a positive upscale_factor, but got {upscale_factor}")
    square = upscale_factor * upscale_factor
    if shape[-3] % square:
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but "
            f"input.size(-3)={shape[-3]} is not divisible by {square}"
        )
    return _pixel_shuffle(input, upscale_factor)  # type: ignore[no-any-return]


@op("pixel_unshuffle", method=False)
def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """(..., channels, height * r, width * r) as (..., channels * r², height, width)."""
    check_tensor("pixel_unshuffle", input)
    shape = input._a.shape
    if len(shape) < 3:
        raise RuntimeError(
            f"pixel_unshuffle expects input to have at least 3 dimensions, but got input with {len(shape)} dimension(s)"
        )
    if downscale_factor <= 0:
        raise RuntimeError(f"pixel_unshuffle expects a positive downscale_factor, but got {downscale_factor}")
    for k, word in ((-2, "height"), (-1, "width")):
        if shape[k] % downscale_factor:
            raise RuntimeError(
                f"pixel_unshuffle expects {word} to be divisible by downscale_factor, but input.size({k})={shape[k]} is "
                f"not divisible by {downscale_factor}"
            )
    return _pixel_unshuffle(input, downscale_factor)  # type: ignore[no-any-return]


@op("channel_shuffle", method=False)
def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """Channels (groups, each) reordered as (each, groups)."""
    check_tensor("channel_shuffle", input)
    shape = input._a.shape
    if len(shape) < 3:
        raise RuntimeError(
            f"channel_shuffle expects input with > 2 dims, but got input with sizes [{', '.join(map(str, shape))}]"
        )
    if groups <= 0:
        raise RuntimeError(f"Number of groups to divide channels in must be positive. Value of groups:{groups}")
    if shape[1] % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {shape[1]} channels and {groups} groups."
        )
    return _channel_shuffle(input, groups)  # type: ignore[no-any-return]


native_channel_shuffle = FUNCTIONS["native_channel_shuffle"] = channel_shuffle
