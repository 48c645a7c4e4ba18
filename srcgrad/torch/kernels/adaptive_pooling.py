"""Pooling over windows that differ in place or size: adaptive ones, and those of fractional max pooling.

The windows of an axis are given by their first row and the row after their last. They are seen through taps as
regular ones are: the t-th row of every window, or once more its last row where the window is shorter.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from srcgrad.rules.table import linear, rule
from srcgrad.torch.kernels.places import gather_places, scatter_places  # noqa: F401 - in the rules' texts
from srcgrad.torch.kernels.windows import Sizes


def adaptive_windows(n: int, m: int) -> tuple[Any, Any]:
    """The first and last-plus-one of n rows in each of m windows."""
    k = np.arange(m)
    return k * n // m, -((k + 1) * n // -m)


def adaptive_avg_pool(x: Any, counts: Sizes) -> Any:
    """The means of windows that share out (images, channels, *space) evenly, `counts` along each dimension."""
    for axis, m in enumerate(counts, 2):
        start, end = adaptive_windows(x.shape[axis], m)
        rows = np.moveaxis(x, axis, 0)
        total = rows[start]
        for t in range(1, int(np.max(end - start, initial=0))):
            longer = np.flatnonzero(start + t < end)
            if len(longer) == m:
                total += rows[start + t]
            else:
                total[longer] += rows[start[longer] + t]
        total /= (end - start).astype(x.dtype).reshape((-1,) + (1,) * (x.ndim - 1))
        x = np.moveaxis(total, 0, axis)
    return np.ascontiguousarray(x)


def adaptive_avg_pool_input(c: Any, space: Sizes) -> Any:
    """The transpose of `adaptive_avg_pool` for an array of the given spatial sizes."""
    for axis, n in enumerate(space, 2):
        start, end = adaptive_windows(n, c.shape[axis])
        rows = np.moveaxis(c, axis, 0)
        share = rows / (end - start).astype(c.dtype).reshape((-1,) + (1,) * (c.ndim - 1))
        total = np.zeros((n, *rows.shape[1:]), c.dtype)
        for k in range(len(start)):
            total[start[k] : end[k]] += share[k]
        c = np.moveaxis(total, 0, axis)
    return np.ascontiguousarray(c)


linear(adaptive_avg_pool, "x, counts", x="adaptive_avg_pool_input(y_bar, np.shape(x)[2:])")
linear(adaptive_avg_pool_input, "c, space", c="adaptive_avg_pool(y_bar, np.shape(c)[2:])")


def adaptive_max_pool(x: Any, counts: Sizes) -> tuple[Any, Any]:
    """The largest value of each of such windows, and its place."""
    axes = []
    for n, m in zip(x.shape[2:], counts, strict=True):
        start, end = adaptive_windows(n, m)
        longest = int(np.max(end - start, initial=1))
        axes.append(np.minimum(start + np.arange(longest)[:, None], end - 1)[:, None, None])
    return _largest(x, axes)


def fractional_max_pool(x: Any, kernel: Sizes, counts: Sizes, samples: Any) -> tuple[Any, Any]:
    """The largest value of each window, and its place, where a random number places the windows of an axis.

    `samples` are (images, channels, axes) numbers from 0 to 1; for images, of the last axis first.
    """
    axes = []
    order = (1, 0) if len(kernel) == 2 else range(len(kernel))
    for n, m, k, which in zip(x.shape[2:], counts, kernel, order, strict=True):
        sample = samples[:, :, which, None]
        start = np.full((*sample.shape[:2], m), n - k)
        if m > 1:
            alpha = ((n - k) / sample.dtype.type(m - 1)).astype(sample.dtype)
            steps = np.arange(m - 1).astype(sample.dtype)
            start[:, :, :-1] = ((steps + sample) * alpha).astype(np.int64) - (sample * alpha).astype(np.int64)
        axes.append(start + np.arange(k)[:, None, None, None])
    return _largest(x, axes)


def _largest(x: Any, axes: list[Any]) -> tuple[Any, Any]:
    """The largest value of each window and its place; `axes` hold, by tap, the rows (images, channels, windows).

    The first of equal values counts, and of several NaN the last.
    """
    space = x.shape[2:]
    best: Any = None
    for taps in itertools.product(*axes):
        place: Any = 0
        for axis, (n, rows) in enumerate(zip(space, taps, strict=True)):
            later = (1,) * (len(space) - axis - 1)
            place = place * n + rows.reshape(*rows.shape[:2], *(1,) * axis, rows.shape[2], *later)
        place = np.broadcast_to(place, (*x.shape[:2], *place.shape[2:]))
        value = gather_places(x, place)
        if best is None:
            best, chosen = value, place.copy()
        else:
            better = (value > best) | np.isnan(value)
            np.copyto(best, value, where=better)
            np.copyto(chosen, place, where=better)
    return best, chosen


for _pool, _signature in (
    (adaptive_max_pool, "x, counts"),
    (fractional_max_pool, "x, kernel, counts, samples"),
):
    rule(
        _pool,
        _signature,
        vjp={"x": "scatter_places(y_bar[0], y[1], np.shape(x)[2:])"},
        jvp={"x": "(gather_places(x_dot, y[1]), np.zeros(np.shape(y[1]), np.int64))"},
    )
