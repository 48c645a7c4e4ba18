"""Pooling over regular windows: maxima with their places, and averages, in any number of dimensions.

Arrays are (images, channels, *space). Places are numbered within an image's channel, row by row. The maxima are
found tap by tap, each a strided slice of all windows at once; the first of equal values wins.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import linear, rule
from srcgrad.torch.kernels.places import gather_places, scatter_places  # noqa: F401 - in the rule's text
from srcgrad.torch.kernels.windows import Sizes, bordered, extent, taps, window_counts


def pooled_counts(
    space: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, ceil_mode: bool
) -> tuple[int, ...]:
    """How many windows there are; with `ceil_mode` also a last one that reaches out, if it starts inside."""
    if not ceil_mode:
        return window_counts(space, kernel, stride, padding, dilation)
    counts = []
    for n, k, s, p, d in zip(space, kernel, stride, padding, dilation, strict=True):
        count = -((n + 2 * p - d * (k - 1) - 1) // -s) + 1
        counts.append(count - 1 if (count - 1) * s >= n + p else count)
    return tuple(counts)


def _around(x: Any, counts: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, value: Any) -> Any:
    """The array with so much border that all windows lie inside."""
    spans = extent(counts, kernel, stride, dilation)
    after = [max(0, span - p - n) for span, p, n in zip(spans, padding, x.shape[2:], strict=True)]
    return bordered(x, padding, after, value)


def max_pool(x: Any, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, ceil_mode: bool) -> Any:
    """The largest value of each window, and its place."""
    space = x.shape[2:]
    counts = pooled_counts(space, kernel, stride, padding, dilation, ceil_mode)
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    line = _around(x, counts, kernel, stride, padding, dilation, lowest)
    views = [line[(..., *where)] for _, where in taps(kernel, counts, stride, dilation)]
    best = views[0].copy()
    chosen = np.empty(best.shape, np.min_scalar_type(len(views)))
    chosen[...] = _first_inside(counts, kernel, stride, padding, dilation)
    better, number = np.empty(best.shape, bool), np.empty_like(chosen)
    for tap, view in enumerate(views[1:], 1):
        np.greater(view, best, out=better)
        # A later tap has a larger number, which arithmetic enters faster than a mask would.
        np.multiply(better.view(np.uint8), chosen.dtype.type(tap), out=number)
        np.maximum(chosen, number, out=chosen)
        np.maximum(best, view, out=best)
    if np.isnan(best.max(initial=lowest)):
        # The last NaN of a window is the one that PyTorch reports.
        for tap, view in enumerate(views):
            np.copyto(chosen, tap, where=np.isnan(view))
    return best, _places(chosen, space, counts, kernel, stride, padding, dilation)


def _first_inside(counts: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Any:
    """For each window, the number of the first tap that is not in the border."""
    number: Any = 0
    for axis, (n, k, s, p, d) in enumerate(zip(counts, kernel, stride, padding, dilation, strict=True)):
        first = np.maximum(0, -((np.arange(n) * s - p) // d))
        number = number * k + first.reshape((-1,) + (1,) * (len(counts) - axis - 1))
    return number


def _places(
    chosen: Any, space: Sizes, counts: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes
) -> Any:
    """Where the chosen tap of each window lies."""
    start: Any = 0
    step: Any = 0
    for axis, (m, n, k, s, p, d) in enumerate(zip(space, counts, kernel, stride, padding, dilation, strict=True)):
        later = (1,) * (len(counts) - axis - 1)
        start = start * m + (np.arange(n) * s - p).reshape(-1, *later)
        step = step * m + (np.arange(k) * d).reshape(-1, *later)
    places = np.ravel(step).take(chosen)
    places += start
    return places


def apart(kernel: Any, stride: Any, dilation: Any) -> bool:
    """Whether no two windows overlap."""
    return all(d * (k - 1) < s for k, s, d in zip(kernel, stride, dilation, strict=True))


def avg_pool(
    x: Any,
    kernel: Sizes,
    stride: Sizes,
    padding: Sizes,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The mean of each window, or its sum over another divisor."""
    once = (1,) * len(kernel)
    counts = pooled_counts(x.shape[2:], kernel, stride, padding, once, ceil_mode)
    line = _around(x, counts, kernel, stride, padding, once, 0)
    y = np.zeros((*x.shape[:2], *counts), x.dtype)
    for _, where in taps(kernel, counts, stride, once):
        y += line[(..., *where)]
    y /= _divisors(x.shape[2:], counts, kernel, stride, padding, count_include_pad, divisor_override).astype(x.dtype)
    return y


def avg_pool_input(
    means: Any,
    space: Sizes,
    kernel: Sizes,
    stride: Sizes,
    padding: Sizes,
    ceil_mode: bool = False,  # noqa: ARG001 - the signature of its transpose
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The transpose of `avg_pool` for an array of the given spatial sizes."""
    counts, once = means.shape[2:], (1,) * len(kernel)
    divisors = _divisors(space, counts, kernel, stride, padding, count_include_pad, divisor_override)
    share = means / divisors.astype(means.dtype)
    spans = extent(counts, kernel, stride, once)
    grown = [max(span, n + p) for span, n, p in zip(spans, space, padding, strict=True)]
    line: Any = np.zeros((*means.shape[:2], *grown), means.dtype)
    for _, where in taps(kernel, counts, stride, once):
        line[(..., *where)] += share
    inner = tuple(slice(p, p + n) for p, n in zip(padding, space, strict=True))
    return np.ascontiguousarray(line[(..., *inner)])


def _divisors(
    space: Sizes,
    counts: Sizes,
    kernel: Sizes,
    stride: Sizes,
    padding: Sizes,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Any:
    """By what the sum of each window is divided; a border that `ceil_mode` adds never counts."""
    if divisor_override is not None:
        return np.array(divisor_override)
    size: Any = np.ones((), np.int64)
    for m, n, k, s, p in zip(space, counts, kernel, stride, padding, strict=True):
        start = np.arange(n) * s - p
        end = np.minimum(start + k, m + p)
        if not count_include_pad:
            start, end = np.maximum(start, 0), np.minimum(end, m)
        size = size[..., None] * (end - start)
    return size


rule(
    max_pool,
    "x, kernel, stride, padding, dilation, ceil_mode",
    vjp={"x": "scatter_places(y_bar[0], y[1], np.shape(x)[2:], apart(kernel, stride, dilation))"},
    jvp={"x": "(gather_places(x_dot, y[1]), np.zeros(np.shape(y[1]), np.int64))"},
)
linear(
    avg_pool,
    "x, kernel, stride, padding, ceil_mode=False, count_include_pad=True, divisor_override=None",
    x="avg_pool_input(y_bar, np.shape(x)[2:], kernel, stride, padding, ceil_mode, count_include_pad, divisor_override)",
)
linear(
    avg_pool_input,
    "means, space, kernel, stride, padding, ceil_mode=False, count_include_pad=True, divisor_override=None",
    means="avg_pool(y_bar, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override)",
)
