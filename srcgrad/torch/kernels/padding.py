"""Borders around the last dimensions: of a constant, or of what lies inside.

A `pad` is PyTorch's: before and after the last dimension, before and after the one before it, and so on. A negative
number cuts away.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import linear, rule
from srcgrad.torch.kernels.windows import Sizes


def _sides(pad: Sizes, ndim: int) -> list[tuple[int, int, int]]:
    """(axis, before, after) of each padded dimension."""
    return [(ndim - 1 - k, pad[2 * k], pad[2 * k + 1]) for k in range(len(pad) // 2)]


def constant_pad(x: Any, pad: Sizes, value: Any = 0) -> Any:
    """A border of one value."""
    shape = list(x.shape)
    source, target = [slice(None)] * x.ndim, [slice(None)] * x.ndim
    for axis, before, after in _sides(pad, x.ndim):
        n = shape[axis]
        shape[axis] = n + before + after
        source[axis] = slice(max(0, -before), n - max(0, -after))
        target[axis] = slice(max(0, before), shape[axis] - max(0, after))
    y = np.zeros(shape, x.dtype) if value == 0 else np.full(shape, value, x.dtype)
    y[tuple(target)] = x[tuple(source)]
    return y


rule(
    constant_pad,
    "x, pad, value=0",
    vjp={"x": "constant_pad(y_bar, [-n for n in pad])"},
    jvp={"x": "constant_pad(x_dot, pad)"},
)


def border_places(n: int, before: int, after: int, mode: str) -> Any:
    """Which of n rows stands at each place of the padded dimension."""
    place = np.arange(-before, n + after)
    if mode == "replicate":
        return np.clip(place, 0, n - 1)
    if mode == "circular":
        # What a negative width cuts away does not come round again.
        first, last = max(0, -before), n - max(0, -after)
        return first + (place - first) % (last - first)
    # Reflected at the first and the last row, which are not repeated.
    place = np.abs(place)
    return np.where(place < n, place, 2 * (n - 1) - place)


def border_pad(x: Any, pad: Sizes, mode: str) -> Any:
    """A border that goes on with what is inside: "reflect", "replicate" or "circular"."""
    for axis, before, after in _sides(pad, x.ndim):
        if before or after:
            x = x.take(border_places(x.shape[axis], before, after, mode), axis)
    return np.ascontiguousarray(x)


def border_add(grown: Any, shape: Sizes, pad: Sizes, mode: str) -> Any:
    """The transpose of `border_pad` for an array of the given shape: the border added to what it repeats."""
    for axis, before, after in _sides(pad, grown.ndim):
        if not before and not after:
            continue
        n = shape[axis]
        places = border_places(n, before, after, mode)
        rows = np.moveaxis(grown, axis, 0)
        total = np.zeros((n, *rows.shape[1:]), grown.dtype)
        first, last = max(0, -before), n - max(0, -after)
        total[first:last] = rows[first + before : last + before]
        for k in (*range(max(0, before)), *range(before + n, before + n + after)):
            total[places[k]] += rows[k]
        grown = np.moveaxis(total, 0, axis)
    return np.ascontiguousarray(grown)


linear(border_pad, "x, pad, mode", x="border_add(y_bar, np.shape(x), pad, mode)")
linear(border_add, "grown, shape, pad, mode", grown="border_pad(y_bar, pad, mode)")
