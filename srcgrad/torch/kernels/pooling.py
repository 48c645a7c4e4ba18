"""Pooling over regular windows: maxima with their places, and averages, in any number of dimensions.

Arrays are (images, channels, *space). Places are numbered within an image's channel, row by row. The maxima are
found tap by tap, each a strided slice of all windows at once; the first of equal values wins.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from srcgrad.rules.table import linear, rule
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


def _around(
    x: Any, counts: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, value: Any
) -> Any:
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
    better = np.empty(best.shape, bool)
    for tap, view in enumerate(views[1:], 1):
        np.greater(view, best, out=better)
        np.copyto(chosen, tap, where=better)
        np.maximum(best, view, out=best)
    if x.dtype.kind == "f" and np.isnan(best.sum()):
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


def gathered(x: Any, places: Any) -> Any:
    """The values at the given places of each image's channel."""
    flat, places = _flat(x, places), np.reshape(places, (*places.shape[:2], -1))
    return np.take_along_axis(flat, places, 2).reshape(_result_shape)


