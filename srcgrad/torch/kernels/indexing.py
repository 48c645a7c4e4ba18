"""Elements at places: read, put, added; and their transposes.

What enters: an array and places, a tuple with one entry for each dimension: None for all of it, or an array
of integers or of booleans. What leaves: fresh arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.support import unbroadcast
from srcgrad.rules.table import linear, rule
from srcgrad.torch.plan import SHAPE_READERS

Places = tuple[Any, ...]
FEW = 256


def key_of(places: Places) -> tuple[Any, ...]:
    """The places as NumPy's index."""
    return tuple([slice(None) if p is None else p for p in places])


def index(x: Any, places: Places) -> Any:
    """The elements at some places."""
    y = x[key_of(places)]
    return y if y.__class__ is np.ndarray and y.base is None and y.flags.c_contiguous else np.array(y, order="C")


def add_at(z: Any, places: Places, values: Any) -> None:
    """Add values into an array at some places, each as often as it occurs."""
    if all(p is None or p.dtype == bool for p in places):
        z[key_of(places)] += values
        return
    if values.size < FEW:
        np.add.at(z, key_of(places), values)
        return
    if len(places) == 1 and places[0].ndim == 1 and z.ndim > 1:
        add_rows(z, places[0], values)
        return
    if all(p is not None for p in places) and len(places) == z.ndim and z.flags.c_contiguous:
        flat = np.ravel_multi_index(np.broadcast_arrays(*places), z.shape, mode="wrap") if _longs(places) else None
        if flat is not None:
            add_flat(z.reshape(-1), flat.reshape(-1), np.broadcast_to(values, flat.shape).reshape(-1))
            return
    np.add.at(z, key_of(places), values)


def _longs(places: Places) -> bool:
    return all(p.dtype != bool for p in places)


def add_flat(line: Any, where: Any, values: Any) -> None:
    """Add values into a vector."""
    if line.dtype.kind == "f" and values.dtype.itemsize <= 8 and where.size:
        line += np.bincount(where, values, line.size).astype(line.dtype)
    else:
        np.add.at(line, where, values)


def add_rows(z: Any, rows: Any, values: Any) -> None:
    """Add rows into an array: all the first occurrences of places at once, then the second, and so on."""
    if not rows.size:
        return
    values = np.broadcast_to(values, (rows.size, *z.shape[1:]))
    where = np.where(rows < 0, rows + z.shape[0], rows)
    counts = np.bincount(where)
    most = int(counts.max())
    if most == 1:
        z[where] += values
        return
    width = z[0].size
    if most > 64 or width < 16:
        # Few places, or short rows: column by column.
        if z.dtype.kind == "f" and z.itemsize <= 8 and width <= 64:
            columns = values.reshape(rows.size, width)
            sums = [np.bincount(where, columns[:, k], z.shape[0]) for k in range(width)]
            z += np.stack(sums, -1).reshape(z.shape).astype(z.dtype)
        else:
            np.add.at(z, where, values)
        return
    order = np.argsort(where, kind="stable")
    places = np.flatnonzero(counts)
    counts = counts[places]
    starts = np.cumsum(counts) - counts
    # The places with the most occurrences come first, so that each round is a beginning of the rest.
    by_count = np.argsort(-counts, kind="stable")
    starts, counts = starts[by_count], counts[by_count]
    sums = values[order[starts]]
    for r in range(1, most):
        k = int(np.searchsorted(-counts, -r))
        sums[:k] += values[order[starts[:k] + r]]
    z[places[by_count]] += sums


def place_indexed(g: Any, shape: tuple[int, ...], places: Places) -> Any:
    """Zeros with values added at some places."""
    z = np.zeros(shape, g.dtype)
    add_at(z, places, g)
    return z


def index_put(x: Any, values: Any, places: Places, accumulate: bool) -> Any:
    """x with values put or added at some places."""
    y = np.array(x)
    put_at(y, values, places, accumulate)
    return y


def put_at(y: Any, values: Any, places: Places, accumulate: bool) -> None:
    """The same, in place."""
    if accumulate:
        add_at(y, places, values)
    else:
        y[key_of(places)] = values


def cleared(g: Any, places: Places, accumulate: bool) -> Any:
    """Zeros at some places, unless values were added there."""
    if accumulate:
        return g
    x = np.array(g)
    x[key_of(places)] = 0
    return x


def taken(g: Any, values: Any, places: Places) -> Any:
    """The elements at some places, summed to the shape of the values that were put there."""
    return unbroadcast(index(g, places), values)


SHAPE_READERS[taken] = (1,)
linear(index, "x, places", x="place_indexed(y_bar, np.shape(x), places)")
linear(place_indexed, "g, shape, places", g="index(y_bar, places)")
rule(
    index_put,
    "x, values, places, accumulate",
    vjp={"x": "cleared(y_bar, places, accumulate)", "values": "taken(y_bar, values, places)"},
    jvp={
        "x": "cleared(x_dot, places, accumulate)",
        "values": "index_put(np.zeros_like(y), values_dot, places, accumulate)",
    },
)
linear(cleared, "g, places, accumulate", g="cleared(y_bar, places, accumulate)")
rule(
    taken,
    "g, values, places",
    vjp={"g": "place_indexed(np.broadcast_to(y_bar, np.shape(index(g, places))), np.shape(g), places)", "values": ""},
    jvp={"g": "taken(g_dot, values, places)", "values": ""},
)
