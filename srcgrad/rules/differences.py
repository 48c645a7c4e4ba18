"""Functions that subtract neighbours: differences and the gradient of samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import composed


@composed(np.diff)
def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """The n-th differences along an axis."""
    y = np.asarray(a)
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n!r}")
    if n == 0:
        return a
    axis = axis % np.ndim(y)
    members = [_as_edge(prepend, y, axis), y, _as_edge(append, y, axis)]
    if prepend is not None or append is not None:
        y = np.concatenate([x for x in members if x is not None], axis)
    for _ in range(n):
        y = _part(y, axis, 1, None) - _part(y, axis, None, -1)
    return y


def _part(y: Any, axis: int, start: Any, stop: Any) -> Any:
    return y[(slice(None),) * axis + (slice(start, stop),)]


def _as_edge(x: Any, y: Any, axis: int) -> Any:
    """A scalar to put before or after `y` as a row."""
    if x is None or np.ndim(x):
        return x
    shape = np.shape(y)
    return np.broadcast_to(x, (*shape[:axis], 1, *shape[axis + 1 :]))


@composed(np.ediff1d)
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """The differences of the flattened array, with given values before and after."""
    flat = np.ravel(ary)
    inner = flat[1:] - flat[:-1]
    before = np.ravel(to_begin) if to_begin is not None else flat[:0]
    after = np.ravel(to_end) if to_end is not None else flat[:0]
    return np.concatenate([before, inner, after]).astype(flat.dtype)


@composed(np.gradient)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Central differences inside, one-sided ones of the given order at the edges."""
    f = np.asarray(f)
    ndim = np.ndim(f)
    if axis is None:
        axes: tuple[int, ...] = tuple(range(ndim))
    else:
        axes = tuple(k % ndim for k in (axis if isinstance(axis, tuple) else (axis,)))
    if edge_order not in (1, 2):
        raise ValueError("'edge_order' greater than 2 not supported")
    if not varargs:
        spacings: tuple[Any, ...] = (1.0,) * len(axes)
    elif len(varargs) == 1 and np.ndim(varargs[0]) == 0:
        spacings = varargs * len(axes)
    elif len(varargs) == len(axes):
        spacings = varargs
    else:
        raise TypeError("invalid number of arguments")
    parts = [_slope(f, h, k, edge_order) for h, k in zip(spacings, axes, strict=True)]
    return parts[0] if len(parts) == 1 else tuple(parts)


def _slope(f: Any, spacing: Any, axis: int, edge_order: int) -> Any:
    """The derivative along one axis, of samples at given distances or coordinates."""
    rows = np.moveaxis(f, axis, 0)
    if len(rows) < edge_order + 1:
        raise ValueError(
            "Shape of array too small to calculate a numerical gradient, "
            "at least (edge_order + 1) elements are required."
        )
    if np.ndim(spacing) == 0:
        steps = np.broadcast_to(spacing, (len(rows) - 1,))
    else:
        if np.shape(spacing) != (len(rows),):
            raise ValueError("when 1d, distances must match the length of the dimension")
        steps = np.diff(spacing)
    h = np.reshape(steps, (-1,) + (1,) * (np.ndim(f) - 1))
    rise = (rows[1:] - rows[:-1]) / h
    # The slope inside is that of the parabola through three samples: the two one-sided slopes,
    # each weighted by the other's step.
    inner = (h[1:] * rise[:-1] + h[:-1] * rise[1:]) / (h[1:] + h[:-1])
    if edge_order == 1:
        first, last = rise[:1], rise[-1:]
    else:
        bend = (rise[1:] - rise[:-1]) / (h[1:] + h[:-1])
        first, last = rise[:1] - h[:1] * bend[:1], rise[-1:] + h[-1:] * bend[-1:]
    slope = np.concatenate([first, inner, last])
    if np.issubdtype(f.dtype, np.inexact):
        slope = slope.astype(f.dtype)
    return np.moveaxis(slope, 0, axis)
