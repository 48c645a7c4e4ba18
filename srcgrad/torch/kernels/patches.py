"""Patches of images as columns and back, and channels traded for pixels."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from srcgrad.rules.table import linear
from srcgrad.torch.kernels.windows import Sizes, bordered, taps, window_counts, windows


def unfold(x: Any, kernel: Sizes, dilation: Sizes, padding: Sizes, stride: Sizes) -> Any:
    """The windows of (images, channels, *space) as columns (images, channels * taps, places)."""
    counts = window_counts(x.shape[2:], kernel, stride, padding, dilation)
    view = windows(bordered(x, padding, padding), 2, kernel, counts, stride, dilation)
    return np.array(view).reshape(len(x), x.shape[1] * prod(kernel), prod(counts))


def fold(columns: Any, space: Sizes, kernel: Sizes, dilation: Sizes, padding: Sizes, stride: Sizes) -> Any:
    """The transpose of `unfold`: each column added to the window it stands for."""
    counts = window_counts(space, kernel, stride, padding, dilation)
    images, channels = len(columns), columns.shape[1] // prod(kernel)
    columns = columns.reshape(images, channels, *kernel, *counts)
    line: Any = np.zeros((images, channels, *(n + 2 * p for n, p in zip(space, padding, strict=True))), columns.dtype)
    for tap, where in taps(kernel, counts, stride, dilation):
        line[(..., *where)] += columns[(slice(None), slice(None), *tap)]
    return np.ascontiguousarray(line[(..., *(slice(p, p + n) for n, p in zip(space, padding, strict=True)))])


linear(
    unfold,
    "x, kernel, dilation, padding, stride",
    x="fold(y_bar, np.shape(x)[2:], kernel, dilation, padding, stride)",
)
linear(
    fold,
    "columns, space, kernel, dilation, padding, stride",
    columns="unfold(y_bar, kernel, dilation, padding, stride)",
)


def pixel_shuffle(x: Any, factor: int) -> Any:
    """(..., channels * factor^2, height, width) as (..., channels, height * factor, width * factor)."""
    *lead, channels, height, width = x.shape
    n = len(lead)
    split = x.reshape(*lead, channels // (factor * factor), factor, factor, height, width)
    mixed = split.transpose(*range(n), n, n + 3, n + 1, n + 4, n + 2)
    return np.array(mixed).reshape(*lead, channels // (factor * factor), height * factor, width * factor)


def pixel_unshuffle(x: Any, factor: int) -> Any:
    """The inverse of `pixel_shuffle`."""
    *lead, channels, height, width = x.shape
    n = len(lead)
    split = x.reshape(*lead, channels, height // factor, factor, width // factor, factor)
    mixed = split.transpose(*range(n), n, n + 2, n + 4, n + 1, n + 3)
    return np.array(mixed).reshape(*lead, channels * factor * factor, height // factor, width // factor)


linear(pixel_shuffle, "x, factor", x="pixel_unshuffle(y_bar, factor)")
linear(pixel_unshuffle, "x, factor", x="pixel_shuffle(y_bar, factor)")


def channel_shuffle(x: Any, groups: int) -> Any:
    """Channels (images, groups, each, ...) reordered as (images, each, groups, ...)."""
    split = x.reshape(x.shape[0], groups, x.shape[1] // groups, *x.shape[2:])
    return np.array(split.swapaxes(1, 2)).reshape(x.shape)


linear(channel_shuffle, "x, groups", x="channel_shuffle(y_bar, np.shape(x)[1] // groups)")
