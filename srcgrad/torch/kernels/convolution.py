"""Convolution in any number of dimensions, as one matrix product over the windows of an array.

Three bilinear kernels are each other's transposes. With c = correlate(x, w) for an array x (images,
channels, *space) and a weight w (outputs, channels / groups, *kernel):

    correlate          x, w -> c      columns(x) multiplied by w
    correlate_input    c, w -> x      w^T c, each column added where it came from; the transposed convolution
    correlate_weight   c, x -> w      c columns(x)^T

The columns of a few images at a time are copied out of a view, so many that they stay in the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import numpy as np

from srcgrad.rules.table import linear, rule
from srcgrad.torch.kernels.windows import Sizes, bordered, extent, taps, window_counts, windows

# How many bytes of columns are made at a time.
BLOCK = 1 << 19
# Images with fewer places than this go into one matrix product together.
FEW_PLACES = 256


def convolution(
    input: Any,
    weight: Any,
    bias: Any,
    stride: Sizes,
    padding: Sizes,
    dilation: Sizes,
    transposed: bool,
    output_padding: Sizes,
    groups: int,
) -> Any:
    """The convolution (images, channels, *space) -> (images, outputs, *places) of deep learning, or its transpose."""
    if transposed:
        counts, kernel = input.shape[2:], weight.shape[2:]
        grown = extent(counts, kernel, stride, dilation)
        space = tuple(n - 2 * p + q for n, p, q in zip(grown, padding, output_padding, strict=True))
        y = correlate_input(input, weight, space, stride, padding, dilation, groups)
    else:
        counts = window_counts(input.shape[2:], weight.shape[2:], stride, padding, dilation)
        y = correlate(input, weight, counts, stride, padding, dilation, groups)
    if bias is not None:
        y += along_channels(bias, y.ndim)
    return y


def along_channels(v: Any, ndim: int) -> Any:
    """A vector with one entry for each channel, to broadcast against (images, channels, *space)."""
    return np.reshape(v, (-1,) + (1,) * (ndim - 2))


def channel_sums(y_bar: Any) -> Any:
    """The sum over everything but the channels."""
    return np.sum(y_bar, axis=(0, *range(2, np.ndim(y_bar))))


def convolution_input_bar(
    y_bar: Any, weight: Any, shape: Any, stride: Any, padding: Any, dilation: Any, transposed: Any, groups: Any
) -> Any:
    if transposed:
        return correlate(y_bar, weight, shape[2:], stride, padding, dilation, groups)
    return correlate_input(y_bar, weight, shape[2:], stride, padding, dilation, groups)


def convolution_weight_bar(
    y_bar: Any, input: Any, shape: Any, stride: Any, padding: Any, dilation: Any, transposed: Any, groups: Any
) -> Any:
    if transposed:
        return correlate_weight(input, y_bar, shape[2:], stride, padding, dilation, groups)
    return correlate_weight(y_bar, input, shape[2:], stride, padding, dilation, groups)


def correlate(x: Any, weight: Any, counts: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int) -> Any:
    """The products of the weight with the windows of x, `counts` along each dimension."""
    images, outputs, places = len(x), weight.shape[0], prod(counts)
    w = weight.reshape(groups, outputs // groups, -1)
    c = np.empty((images, groups, outputs // groups, places), np.result_type(x, weight))
    columns_of = _columns(x, weight.shape, counts, stride, padding, dilation, groups)
    for block in _blocks(images, weight.shape, x.itemsize, counts):
        columns = columns_of(block)
        if columns.ndim == 3:
            c[block] = np.moveaxis((w @ columns).reshape(groups, outputs // groups, places, -1), 3, 0)
        else:
            np.matmul(w, columns, out=c[block])
    return c.reshape(images, outputs, *counts)


def correlate_input(
    c: Any, weight: Any, space: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Any:
    """The transpose of `correlate` in x, which has the given spatial sizes."""
    kernel, counts, images = weight.shape[2:], c.shape[2:], len(c)
    channels, places = weight.shape[1] * groups, prod(counts)
    w = weight.reshape(groups, weight.shape[0] // groups, -1).swapaxes(1, 2)
    c = c.reshape(images, groups, w.shape[2], places)
    grown = tuple(n + 2 * p for n, p in zip(space, padding, strict=True))
    x = np.empty((images, channels, *space), np.result_type(c, weight))
    inner = tuple(slice(p, p + n) for p, n in zip(padding, space, strict=True))
    for block in _blocks(images, weight.shape, x.itemsize, counts):
        part = c[block]
        if prod(kernel) == 1 and grown == counts:
            x[block] = (w @ part).reshape(-1, channels, *space)
        elif _images_last(images, counts):
            columns = w @ np.moveaxis(part, 0, 3).reshape(groups, w.shape[2], -1)
            columns = columns.reshape(channels, *kernel, *counts, len(part))
            line: Any = np.zeros((channels, *grown, len(part)), x.dtype)
            for tap, where in taps(kernel, counts, stride, dilation):
                line[(slice(None), *where)] += columns[(slice(None), *tap)]
            x[block] = np.moveaxis(line[(slice(None), *inner)], -1, 0)
        else:
            columns = (w @ part).reshape(len(part), channels, *kernel, *counts)
            line = np.zeros((len(part), channels, *grown), x.dtype)
            for tap, where in taps(kernel, counts, stride, dilation):
                line[(..., *where)] += columns[(slice(None), slice(None), *tap)]
            x[block] = line[(..., *inner)]
    return x


def correlate_weight(c: Any, x: Any, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int) -> Any:
    """The transpose of `correlate` in the weight, which has the given kernel sizes."""
    images, outputs, counts = len(c), c.shape[1], c.shape[2:]
    c = c.reshape(images, groups, outputs // groups, prod(counts))
    shape = (outputs, x.shape[1] // groups, *kernel)
    # The result has memory of its own, which a leaf's gradient can take over.
    weight = np.empty(shape, np.result_type(x, c))
    total = weight.reshape(groups, outputs // groups, prod(shape[1:]))
    columns_of = _columns(x, shape, counts, stride, padding, dilation, groups)
    first = True
    for block in _blocks(images, shape, x.itemsize, counts):
        columns, part = columns_of(block), c[block]
        if columns.ndim == 3:
            part, columns = np.moveaxis(part, 0, 3).reshape(groups, outputs // groups, -1), columns.swapaxes(1, 2)
        elif len(part) == 1:
            part, columns = part[0], columns[0].swapaxes(1, 2)
        else:
            products = (part @ columns.swapaxes(2, 3)).sum(0)
            total[...] = products if first else total + products
            first = False
            continue
        if first:
            np.matmul(part, columns, out=total)
        else:
            total += part @ columns
        first = False
    if first:
        weight[...] = 0
    return weight


def _images_last(images: int, counts: Sizes) -> bool:
    """Whether the images of a block stand along the last axis, so that what is copied together is long enough."""
    return images > 1 and prod(counts) < FEW_PLACES


def _blocks(images: int, shape: Sizes, itemsize: int, counts: Sizes) -> Iterator[slice]:
    """The images, a few at a time, for a weight of the given shape."""
    each = max(1, prod(shape[1:]) * prod(counts) * itemsize)
    if _images_last(images, counts):
        step = max(8, max(2 * BLOCK, prod(shape) * itemsize) // each)
    else:
        step = max(1, BLOCK // each)
    return (slice(start, start + step) for start in range(0, images, step))


def _columns(
    x: Any, shape: Sizes, counts: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Callable[[slice], Any]:
    """What some images' windows are as matrices (groups, channels / groups * taps, places).

    There is one matrix for each image, or, where these would be narrow, one for all of them.
    """
    kernel = shape[2:]
    rows, places = x.shape[1] // groups * prod(kernel), prod(counts)
    if _images_last(len(x), counts):

        def together(block: slice) -> Any:
            line = bordered(np.moveaxis(x[block], 0, -1), (*padding, 0), (*padding, 0))
            view = windows(line, 1, kernel, counts, stride, dilation)
            return view.reshape(groups, rows, places * line.shape[-1])

        return together
    view = windows(bordered(x, padding, padding), 2, kernel, counts, stride, dilation)
    buffers: dict[int, Any] = {}

    def one_by_one(block: slice) -> Any:
        part = view[block]
        if prod(kernel) == 1:
            return part.reshape(-1, groups, rows, places)
        buffer = buffers.get(len(part))
        if buffer is None:
            buffer = buffers[len(part)] = np.empty(part.shape, x.dtype)
        np.copyto(buffer, part)
        return buffer.reshape(-1, groups, rows, places)

    return one_by_one


rule(
    convolution,
    "input, weight, bias, stride, padding, dilation, transposed, output_padding, groups",
    vjp={
        "input": "convolution_input_bar(y_bar, weight, np.shape(input), stride, padding, dilation, transposed, groups)",
        "weight": "convolution_weight_bar(y_bar, input, np.shape(weight), stride, padding, dilation, transposed, groups)",
        "bias": "channel_sums(y_bar)",
    },
    jvp={
        "input": "convolution(input_dot, weight, None, stride, padding, dilation, transposed, output_padding, groups)",
        "weight": "convolution(input, weight_dot, None, stride, padding, dilation, transposed, output_padding, groups)",
        "bias": "np.broadcast_to(along_channels(bias_dot, np.ndim(y)), np.shape(y))",
    },
)
linear(
    correlate,
    "x, weight, counts, stride, padding, dilation, groups",
    x="correlate_input(y_bar, weight, np.shape(x)[2:], stride, padding, dilation, groups)",
    weight="correlate_weight(y_bar, x, np.shape(weight)[2:], stride, padding, dilation, groups)",
)
linear(
    correlate_input,
    "c, weight, space, stride, padding, dilation, groups",
    c="correlate(y_bar, weight, np.shape(c)[2:], stride, padding, dilation, groups)",
    weight="correlate_weight(c, y_bar, np.shape(weight)[2:], stride, padding, dilation, groups)",
)
linear(
    correlate_weight,
    "c, x, kernel, stride, padding, dilation, groups",
    c="correlate(x, y_bar, np.shape(c)[2:], stride, padding, dilation, groups)",
    x="correlate_input(c, y_bar, np.shape(x)[2:], stride, padding, dilation, groups)",
)
