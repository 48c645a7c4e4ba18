"""Elements along a dimension by index: picked, put, added; and what masks pick and fill.

What enters: arrays, a dimension and integers. What leaves: fresh arrays; functions whose names end in `_at` write
into the array that they are given.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.support import unbroadcast
from srcgrad.rules.table import linear, rule
from srcgrad.torch.kernels.indexing import add_flat, add_rows
from srcgrad.torch.plan import SHAPE_READERS


def along(dim: int, where: Any) -> tuple[Any, ...]:
    """The index of the elements that `where` names along a dimension, each at its own place in the others."""
    n = where.ndim
    grid = []
    for d, size in enumerate(where.shape):
        grid.append(where if d == dim else np.arange(size).reshape((size,) + (1,) * (n - d - 1)))
    return tuple(grid)


# Slices along a dimension: index_select, index_add, index_copy, index_fill.


def index_select(x: Any, dim: int, where: Any) -> Any:
    """Some slices along a dimension."""
    return x.take(where.reshape(-1), dim) if x.ndim else x.reshape(1).take(where).reshape(())


def index_add(x: Any, dim: int, where: Any, source: Any, alpha: Any) -> Any:
    """x with multiples of slices added to some of its slices."""
    y = np.array(x, order="C")
    index_add_at(y, dim, where, source, alpha)
    return y


def index_add_at(y: Any, dim: int, where: Any, source: Any, alpha: Any) -> None:
    """The same, in place."""
    if not y.ndim:
        y += np.sum(source, dtype=y.dtype) * alpha
        return
    added = np.moveaxis(source, dim, 0) if source.ndim else source.reshape(1)
    if alpha != 1:
        added = added * added.dtype.type(alpha)
    z = np.moveaxis(y, dim, 0)
    if y.dtype.kind == "b":
        z[where] |= added
    elif z.ndim == 1:
        np.add.at(z, where.reshape(-1), added)
    else:
        add_rows(z, where.reshape(-1), added)


def index_copy(x: Any, dim: int, where: Any, source: Any) -> Any:
    """x with some slices along a dimension replaced."""
    y = np.array(x)
    index_copy_at(y, dim, where, source)
    return y


def index_copy_at(y: Any, dim: int, where: Any, source: Any) -> None:
    """The same, in place."""
    if y.ndim:
        y[(slice(None),) * dim + (where.reshape(-1),)] = source if source.ndim == y.ndim else source.reshape(1)
    else:
        y[...] = source.reshape(-1)[-1]


def index_fill(x: Any, dim: int, where: Any, value: Any) -> Any:
    """x with one value in some slices along a dimension."""
    y = np.array(x)
    index_fill_at(y, dim, where, value)
    return y


def index_fill_at(y: Any, dim: int, where: Any, value: Any) -> None:
    """The same, in place."""
    if y.ndim:
        y[(slice(None),) * dim + (where.reshape(-1),)] = value
    elif where.size:
        y[...] = value


def select_sum(g: Any, dim: int, where: Any, value: Any) -> Any:
    """The sum of some slices along a dimension, in the shape of a value that filled them."""
    return unbroadcast(np.sum(index_select(g, dim, np.unique(where))), value)


linear(index_select, "x, dim, where", x="index_add(np.zeros(np.shape(x), y_bar.dtype), dim, where, y_bar, 1)")
rule(
    index_add,
    "x, dim, where, source, alpha",
    vjp={"x": "y_bar", "source": "scaled(index_select(y_bar, dim, where), alpha, source)"},
    jvp={"x": "x_dot", "source": "index_add(np.zeros_like(y), dim, where, source_dot, alpha)"},
)
rule(
    index_copy,
    "x, dim, where, source",
    vjp={
        "x": "index_fill(y_bar, dim, where, 0)",
        "source": "np.reshape(index_select(y_bar, dim, where), np.shape(source))",
    },
    jvp={
        "x": "index_fill(x_dot, dim, where, 0)",
        "source": "index_copy(np.zeros_like(y), dim, where, source_dot)",
    },
)
rule(
    index_fill,
    "x, dim, where, value",
    vjp={"x": "index_fill(y_bar, dim, where, 0)", "value": "select_sum(y_bar, dim, where, value)"},
    jvp={
        "x": "index_fill(x_dot, dim, where, 0)",
        "value": "index_fill(np.zeros_like(y), dim, where, value_dot)",
    },
)


def scaled(g: Any, alpha: Any, source: Any) -> Any:
    """alpha times g, in the shape of the source."""
    return np.reshape(g * alpha, np.shape(source))


SHAPE_READERS[scaled] = (2,)
SHAPE_READERS[select_sum] = (3,)
rule(
    scaled,
    "g, alpha, source",
    vjp={"g": "np.reshape(y_bar * alpha, np.shape(g))", "source": ""},
    jvp={"g": "scaled(g_dot, alpha, source)", "source": ""},
)
rule(
    select_sum,
    "g, dim, where, value",
    vjp={
        "g": "index_add(np.zeros_like(g), dim, np.unique(where), np.broadcast_to(y_bar, np.shape(index_select(g, dim, np.unique(where)))), 1)",
        "value": "",
    },
    jvp={"g": "select_sum(g_dot, dim, where, value)", "value": ""},
)


# Elements along a dimension: gather, scatter, scatter_add.


def gather(x: Any, dim: int, where: Any) -> Any:
    """For each place of `where` the element that it names along a dimension."""
    if not x.ndim:
        return np.broadcast_to(x, where.shape).copy()
    if not where.size:
        return np.empty(where.shape, x.dtype)
    where = where if where.ndim else where.reshape(1)
    return x[along(dim, where)]


def scatter(x: Any, dim: int, where: Any, source: Any) -> Any:
    """x with elements put where `where` says along a dimension."""
    y = np.array(x, order="C")
    scatter_at(y, dim, where, source)
    return y


def scatter_at(y: Any, dim: int, where: Any, source: Any) -> None:
    """The same, in place; of several at one place, the last."""
    if not where.size:
        return
    if not y.ndim:
        y[...] = _beginning(source, where).reshape(-1)[-1] if np.ndim(source) else source
        return
    where = where if where.ndim else where.reshape(1)
    y[along(dim, where)] = _beginning(source, where)


def _beginning(source: Any, where: Any) -> Any:
    """As much of a source as the index has places."""
    if not np.ndim(source):
        return source
    return source[tuple([slice(n) for n in where.shape])] if source.shape != where.shape else source


def scatter_add(x: Any, dim: int, where: Any, source: Any) -> Any:
    """x with elements added where `where` says along a dimension."""
    y = np.array(x, order="C")
    scatter_add_at(y, dim, where, source)
    return y


def scatter_add_at(y: Any, dim: int, where: Any, source: Any) -> None:
    """The same, in place."""
    if not where.size:
        return
    if not y.ndim:
        y += np.sum(source, dtype=y.dtype)
        return
    where = where if where.ndim else where.reshape(1)
    added = np.broadcast_to(_beginning(source, where), where.shape)
    if y.dtype.kind == "b":
        np.logical_or.at(y, along(dim, where), added)
    elif y.flags.c_contiguous:
        flat = np.ravel_multi_index(np.broadcast_arrays(*along(dim, where)), y.shape)
        add_flat(y.reshape(-1), flat.reshape(-1), added.reshape(-1))
    else:
        np.add.at(y, along(dim, where), added)


def picked(g: Any, dim: int, where: Any, source: Any) -> Any:
    """The elements at some places along a dimension, with zeros for what of the source was not used."""
    values = gather(g, dim, where)
    shape = np.shape(source)
    if shape == values.shape:
        return values
    if not shape:
        return np.sum(values)
    found = np.zeros(shape, values.dtype)
    found[tuple([slice(n) for n in values.shape])] = values
    return found


SHAPE_READERS[picked] = (3,)
linear(gather, "x, dim, where", x="scatter_add(np.zeros(np.shape(x), y_bar.dtype), dim, where, y_bar)")
rule(
    scatter_add,
    "x, dim, where, source",
    vjp={"x": "y_bar", "source": "picked(y_bar, dim, where, source)"},
    jvp={"x": "x_dot", "source": "scatter_add(np.zeros_like(y), dim, where, source_dot)"},
)
rule(
    scatter,
    "x, dim, where, source",
    vjp={"x": "scatter(y_bar, dim, where, 0)", "source": "picked(y_bar, dim, where, source)"},
    jvp={"x": "scatter(x_dot, dim, where, 0)", "source": "scatter(np.zeros_like(y), dim, where, source_dot)"},
)
rule(
    picked,
    "g, dim, where, source",
    vjp={"g": "scatter_add(np.zeros_like(g), dim, where, y_bar)", "source": ""},
    jvp={"g": "picked(g_dot, dim, where, source)", "source": ""},
)


# Masks.


def masked_fill(x: Any, mask: Any, value: Any) -> Any:
    """x with one value where the mask holds."""
    shape = np.broadcast_shapes(x.shape, mask.shape)
    y = np.array(np.broadcast_to(x, shape), order="C")
    np.copyto(y, value, where=mask, casting="unsafe")
    return y


def masked_sum(g: Any, mask: Any, value: Any) -> Any:
    """The sum where the mask holds, in the shape of the value."""
    return unbroadcast(np.sum(g, where=mask, keepdims=False), value)


def masked_select(x: Any, mask: Any) -> Any:
    """The elements where the mask holds, one after the other."""
    shape = np.broadcast_shapes(x.shape, mask.shape)
    return np.broadcast_to(x, shape)[np.broadcast_to(mask, shape)]


def masked_place(g: Any, mask: Any, x: Any) -> Any:
    """Zeros with elements put where the mask holds, summed to the shape of x."""
    shape = np.broadcast_shapes(np.shape(x), mask.shape)
    z = np.zeros(shape, g.dtype)
    z[np.broadcast_to(mask, shape)] = g
    return unbroadcast(z, x)


def masked_scatter(x: Any, mask: Any, source: Any) -> Any:
    """x with the elements of a source put one after the other where the mask holds."""
    shape = np.broadcast_shapes(x.shape, mask.shape)
    y = np.array(np.broadcast_to(x, shape), order="C")
    masked_scatter_at(y, mask, source)
    return y


def masked_scatter_at(y: Any, mask: Any, source: Any) -> None:
    """The same, in place."""
    mask = np.broadcast_to(mask, y.shape)
    y[mask] = source.reshape(-1)[: np.count_nonzero(mask)]


def masked_took(g: Any, mask: Any, source: Any) -> Any:
    """The elements where the mask holds, filled up with zeros to the shape of the source."""
    values = g[np.broadcast_to(mask, g.shape)]
    shape = np.shape(source)
    found = np.zeros(int(np.prod(shape)), g.dtype)
    found[: values.size] = values
    return np.reshape(found, shape)


def cleared_by(g: Any, mask: Any, x: Any) -> Any:
    """Zero where the mask holds, summed to the shape of x."""
    return unbroadcast(np.where(mask, 0, g), x)


for _reader in (masked_sum, masked_place, masked_took, cleared_by):
    SHAPE_READERS[_reader] = (2,)
rule(
    masked_fill,
    "x, mask, value",
    vjp={"x": "cleared_by(y_bar, mask, x)", "value": "masked_sum(y_bar, mask, value)"},
    jvp={"x": "masked_fill(x_dot, mask, 0)", "value": "masked_fill(np.zeros_like(y), mask, value_dot)"},
)
linear(masked_select, "x, mask", x="masked_place(y_bar, mask, x)")
rule(
    masked_place,
    "g, mask, x",
    vjp={"g": "masked_select(np.broadcast_to(y_bar, np.broadcast_shapes(np.shape(x), np.shape(mask))), mask)", "x": ""},
    jvp={"g": "masked_place(g_dot, mask, x)", "x": ""},
)
rule(
    masked_scatter,
    "x, mask, source",
    vjp={"x": "cleared_by(y_bar, mask, x)", "source": "masked_took(y_bar, mask, source)"},
    jvp={"x": "masked_fill(x_dot, mask, 0)", "source": "masked_scatter(np.zeros_like(y), mask, source_dot)"},
)
rule(
    masked_took,
    "g, mask, source",
    vjp={"g": "masked_scatter(np.zeros_like(g), mask, y_bar)", "source": ""},
    jvp={"g": "masked_took(g_dot, mask, source)", "source": ""},
)
rule(
    cleared_by,
    "g, mask, x",
    vjp={"g": "np.where(mask, 0, np.broadcast_to(y_bar, np.shape(g)))", "x": ""},
    jvp={"g": "cleared_by(g_dot, mask, x)", "x": ""},
)
rule(
    masked_sum,
    "g, mask, value",
    vjp={"g": "np.where(mask, np.broadcast_to(y_bar, np.shape(g)), 0)", "value": ""},
    jvp={"g": "masked_sum(g_dot, mask, value)", "value": ""},
)


# The flattened tensor: take, put.


def take(x: Any, where: Any) -> Any:
    """Elements by their numbers in the flattened array."""
    return x.reshape(-1)[where]


def put(x: Any, where: Any, source: Any, accumulate: bool) -> Any:
    """x with elements put or added at their numbers in the flattened array."""
    y = np.array(x, order="C")
    put_flat_at(y, where, source, accumulate)
    return y


def put_flat_at(y: Any, where: Any, source: Any, accumulate: bool) -> None:
    """The same, in place."""
    if not y.ndim:
        if where.size:
            y[...] = y + np.sum(source) if accumulate else source.reshape(-1)[-1]
        return
    places = np.unravel_index(np.where(where < 0, where + y.size, where).reshape(-1), y.shape)
    if accumulate:
        np.add.at(y, places, source.reshape(-1))
    else:
        y[places] = source.reshape(-1)


def put_cleared(g: Any, where: Any, accumulate: bool) -> Any:
    """Zeros at some numbers of the flattened array, unless values were added there."""
    return g if accumulate else put(g, where, np.zeros(where.size, g.dtype), False)


linear(take, "x, where", x="put(np.zeros(np.shape(x), y_bar.dtype), where, y_bar, True)")
rule(
    put,
    "x, where, source, accumulate",
    vjp={
        "x": "put_cleared(y_bar, where, accumulate)",
        "source": "np.reshape(take(y_bar, where), np.shape(source))",
    },
    jvp={
        "x": "put_cleared(x_dot, where, accumulate)",
        "source": "put(np.zeros_like(y), where, source_dot, accumulate)",
    },
)
linear(put_cleared, "g, where, accumulate", g="put_cleared(y_bar, where, accumulate)")
