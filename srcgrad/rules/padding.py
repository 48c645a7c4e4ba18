"""np.pad: along one axis after the other, rows are put before and after the array.

Those of the mode "empty", and those that a user's function computes, are refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import composed, zero

COPYING = ("edge", "reflect", "symmetric", "wrap")
STATISTICS: dict[str, Any] = {"mean": np.mean, "maximum": np.max, "minimum": np.min, "median": np.median}


@composed(np.pad)
def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    """The array grown by `pad_width` on each side of each axis."""
    x = np.asarray(array)
    widths = _widths(pad_width, np.ndim(x))
    for axis, (before, after) in enumerate(widths):
        if before or after:
            x = _padded(x, axis, before, after, mode, kwargs, array)
    return np.copy(x) if x is array else x


def _widths(pad_width: Any, ndim: int) -> list[tuple[int, int]]:
    if isinstance(pad_width, dict):
        given = {axis % ndim: width for axis, width in pad_width.items()}
        pairs = [np.broadcast_to(given.get(axis, 0), (2,)) for axis in range(ndim)]
        return [(int(before), int(after)) for before, after in pairs]
    return [(int(before), int(after)) for before, after in np.broadcast_to(pad_width, (ndim, 2))]


def _padded(x: Any, axis: int, before: int, after: int, mode: Any, given: dict[str, Any], array: Any) -> Any:
    ndim = np.ndim(x)
    if mode == "constant":
        values = np.broadcast_to(given.get("constant_values", 0), (ndim, 2))[axis]
        sides = [_constant(x, axis, n, v) for n, v in zip((before, after), values, strict=True)]
        return np.concatenate([sides[0], x, sides[1]], axis)
    if mode == "linear_ramp":
        ends = np.broadcast_to(given.get("end_values", 0), (ndim, 2))[axis]
        left = _ramp(x, axis, before, ends[0], 0)
        right = np.flip(_ramp(x, axis, after, ends[1], -1), axis)
        return np.concatenate([left, x, right], axis)
    if mode in COPYING:
        return _copies(x, axis, before, after, mode, given.get("reflect_type", "even"))
    if mode in STATISTICS:
        lengths = given.get("stat_length")
        if lengths is None:
            lengths = np.shape(array)[axis]
        spans = np.broadcast_to(lengths, (ndim, 2))[axis]
        left = _statistic(x, axis, before, mode, slice(0, int(spans[0])))
        start = max(np.shape(x)[axis] - int(spans[1]), 0)
        right = _statistic(x, axis, after, mode, slice(start, None))
        return np.concatenate([left, x, right], axis)
    raise NotImplementedError(f"the mode {mode!r} has no rule", "write into an array made by np.empty")


def _constant(x: Any, axis: int, n: int, value: Any) -> Any:
    shape = np.shape(x)
    return np.full((*shape[:axis], n, *shape[axis + 1 :]), value, dtype=x.dtype)


def _ramp(x: Any, axis: int, n: int, end: Any, edge: int) -> Any:
    edge_row = np.take(x, [edge], axis)
    steps = np.reshape(np.arange(n) / max(n, 1), (n,) + (1,) * (np.ndim(x) - axis - 1))
    return (end + (edge_row - end) * steps).astype(x.dtype)


def _copies(x: Any, axis: int, before: int, after: int, mode: Any, reflect_type: str) -> Any:
    n = np.shape(x)[axis]
    source = padded_places(n, before, after, mode)
    if reflect_type == "even" or mode in ("edge", "wrap"):
        return np.take(x, source, axis)
    if max(before, after) > (n if mode == "symmetric" else n - 1):
        raise NotImplementedError("odd reflections of reflections have no rule", "pad several times, each by less")
    mirrored = np.take(x, source, axis)
    inner = (slice(None),) * axis
    left = 2 * np.take(x, [0], axis) - mirrored[(*inner, slice(0, before))]
    right = 2 * np.take(x, [-1], axis) - mirrored[(*inner, slice(before + n, None))]
    return np.concatenate([left, x, right], axis)


def padded_places(n: int, before: int, after: int, mode: Any) -> Any:
    """Which of n rows stands at each place of the grown axis."""
    return np.pad(np.arange(n), (before, after), mode)


zero(padded_places)


def _statistic(x: Any, axis: int, n: int, mode: Any, span: slice) -> Any:
    shape = np.shape(x)
    row = STATISTICS[mode](x[(slice(None),) * axis + (span,)], axis, keepdims=True)
    return np.broadcast_to(row, (*shape[:axis], n, *shape[axis + 1 :]))
