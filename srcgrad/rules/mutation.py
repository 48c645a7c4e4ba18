"""Functions that write into an argument, as plain assignments at an index.

`ufunc_methods` holds `np.add.at` and the other methods of ufuncs. Shuffles are left out: which
elements a generator exchanges is not known.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.selection import along, wrapped
from srcgrad.rules.table import composed, same


@composed(np.copyto)
def copyto(dst: Any, src: Any, casting: Any = "same_kind", where: Any = True) -> None:
    """Assign the source, broadcast, where the mask holds."""
    if np.ndim(src) and not np.can_cast(np.asarray(src).dtype, dst.dtype, casting):
        raise TypeError(f"Cannot cast from {np.asarray(src).dtype} to {dst.dtype} by {casting!r}")
    if where is True:
        dst[...] = src
    else:
        mask = np.broadcast_to(where, np.shape(dst))
        dst[mask] = np.broadcast_to(src, np.shape(dst))[mask]


def filled(values: Any, number: int) -> Any:
    """The values in one dimension, repeated until there are `number` of them."""
    flat = np.ravel(values)
    return np.take(flat, np.arange(number) % np.size(flat))


def flat_index(places: Any, a: Any) -> Any:
    """The full index of elements that are numbered in the order "C"."""
    return np.unravel_index(places, np.shape(a))


@composed(np.put)
def put(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    """Assign values at numbers of elements, the values repeated as needed."""
    places = np.ravel(wrapped(np.asarray(ind), np.size(a), mode))
    number = int(np.size(places))
    if number == 0 or np.size(v) == 0:
        return
    size = np.size(a)
    if np.any((places < -size) | (places >= size)):
        raise IndexError(f"index out of bounds for size {size}")
    places = np.where(places < 0, places + size, places)
    # Where a number is repeated the last value stays, so that only that one is assigned.
    last = np.unique(places[::-1], return_index=True)[1]
    kept = number - 1 - last
    a[flat_index(places[kept], a)] = filled(v, number)[kept]


same(np.put, np.ndarray.put)


@composed(np.place)
def place(arr: Any, mask: Any, vals: Any) -> None:
    """Assign the values, one after the other, where the mask holds."""
    chosen = np.reshape(np.asarray(mask, dtype=bool), np.shape(arr))
    number = int(np.count_nonzero(chosen))
    if number == 0:
        return
    if np.size(vals) == 0:
        raise ValueError("Cannot insert from an empty array!")
    arr[chosen] = filled(vals, number)


@composed(np.putmask)
def putmask(a: Any, mask: Any, values: Any) -> None:
    """Assign, where the mask holds, the value that the repeated values have at that place."""
    chosen = np.reshape(np.asarray(mask, dtype=bool), np.shape(a))
    if np.size(values):
        a[chosen] = np.reshape(filled(values, np.size(a)), np.shape(a))[chosen]


@composed(np.fill_diagonal)
def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """Assign the main diagonal, of a tall matrix again and again if it is to wrap."""
    shape = np.shape(a)
    if len(shape) < 2:
        raise ValueError("array must be at least 2-d")
    if len(shape) == 2:
        step = shape[1] + 1
        end = np.size(a) if wrap else shape[1] * shape[1]
    else:
        if len(set(shape)) > 1:
            raise ValueError("All dimensions of input must be of equal length")
        step = 1 + sum(shape[0] ** k for k in range(1, len(shape)))
        end = np.size(a)
    places = np.arange(0, min(end, np.size(a)), step)
    if np.size(places):
        a[flat_index(places, a)] = filled(val, np.size(places))


@composed(np.put_along_axis)
def put_along_axis(arr: Any, indices: Any, values: Any, axis: Any) -> None:
    """Assign values at the indices along the axis."""
    if axis is None:
        arr[flat_index(np.asarray(indices) % np.size(arr), arr)] = values
    else:
        arr[along(indices, np.shape(arr), axis)] = values


@composed(np.ndarray.fill)
def fill(a: Any, value: Any) -> None:
    """Assign one value to all elements."""
    a[...] = value


@composed(np.ndarray.sort)
def sort(a: Any, axis: int = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> None:
    """Sort in place."""
    a[...] = np.sort(a, axis, kind, order)


@composed(np.ndarray.partition)
def partition(a: Any, kth: Any, axis: int = -1, kind: Any = "introselect", order: Any = None) -> None:
    """Partition in place."""
    a[...] = np.partition(a, kth, axis, kind, order)
