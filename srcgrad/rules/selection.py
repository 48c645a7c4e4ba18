"""Functions that pick elements, by index, by mask, by order or by position; and indexing itself.

What picks elements is linear: its transpose puts the cotangents back where they came from.
`methods` holds the methods of arrays whose signature is their own.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

import srcgrad.rules.histograms
import srcgrad.rules.methods
import srcgrad.rules.sets  # noqa: F401 - these enter their rules
from srcgrad.rules.support import delivered, hits_once, scatter_add, unbroadcast  # noqa: F401 - in the rules' texts
from srcgrad.rules.table import composed, linear, rule, same, zero

# Indexing and its transpose, each the transpose of the other.

linear(operator.getitem, "x, index", x="scatter_add(np.shape(x), index, y_bar)")
linear(scatter_add, "shape, index, v", v="unbroadcast(y_bar[index], v)")


def wrapped(indices: Any, n: int, mode: str) -> Any:
    """Indices beyond n as the mode of np.take reads them."""
    if mode == "wrap":
        return np.mod(indices, n)
    return np.clip(indices, 0, n - 1) if mode == "clip" else indices


def taken_bar(y_bar: Any, a: Any, indices: Any, axis: Any, mode: str) -> Any:
    """The cotangent of an array from which some indices along an axis were taken."""
    if axis is None:
        flat = scatter_add((np.size(a),), wrapped(np.asarray(indices), np.size(a), mode), y_bar)
        return np.reshape(flat, np.shape(a))
    axis = axis % np.ndim(a)
    index = wrapped(np.asarray(indices), np.shape(a)[axis], mode)
    return scatter_add(np.shape(a), (slice(None),) * axis + (index,), y_bar)


rule(
    np.take,
    "a, indices, axis=None, out=None, mode='raise'",
    vjp={"a": "taken_bar(y_bar, a, indices, axis, mode)"},
    jvp={"a": "np.take(a_dot, indices, axis, mode=mode)"},
)
same(np.take, np.ndarray.take)


def along(indices: Any, shape: Any, axis: int) -> Any:
    """The full index of np.take_along_axis: `indices` along the axis, every place along the others."""
    ndim = len(shape)
    index: list[Any] = [np.reshape(np.arange(n), (n,) + (1,) * (ndim - k - 1)) for k, n in enumerate(shape)]
    index[axis] = np.asarray(indices)
    return tuple(index)


def taken_along_bar(y_bar: Any, arr: Any, indices: Any, axis: Any) -> Any:
    """The cotangent of the array of np.take_along_axis."""
    if axis is None:
        return np.reshape(scatter_add((np.size(arr),), np.asarray(indices), y_bar), np.shape(arr))
    return scatter_add(np.shape(arr), along(indices, np.shape(arr), axis), y_bar)


linear(
    np.take_along_axis,
    "arr, indices, axis=-1",
    arr="taken_along_bar(y_bar, arr, indices, axis)",
)


@composed(np.compress)
def compress(condition: Any, a: Any, axis: Any = None, out: Any = None) -> Any:
    """The slices along the axis for which the condition holds."""
    return delivered(np.take(a, np.flatnonzero(condition), axis), out)


@composed(np.extract)
def extract(condition: Any, arr: Any) -> Any:
    """The elements for which the condition holds, in one dimension."""
    return np.take(np.ravel(arr), np.flatnonzero(condition))


@composed(np.choose, np.ndarray.choose)
def choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    """Each element from the choice that `a` names at its place."""
    given = [choices[k] for k in range(len(choices))]
    kind = np.result_type(*[c if type(c) in (int, float, complex) else np.asarray(c).dtype for c in given])
    members = np.broadcast_arrays(np.asarray(a), *[np.asarray(c, dtype=kind) for c in given])
    options = np.stack(members[1:])
    number = len(options)
    if mode == "raise" and np.any((members[0] < 0) | (members[0] >= number)):
        raise ValueError("invalid entry in choice array")
    which = np.expand_dims(wrapped(members[0], number, mode), 0)
    return delivered(np.take_along_axis(options, which, axis=0)[0], out)


@composed(np.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Each element from the first choice whose condition holds there."""
    if len(condlist) != len(choicelist):
        raise ValueError("list of cases must be same length as list of conditions")
    if len(condlist) == 0:
        raise ValueError("select with an empty condition list is not possible")
    y = default
    for k in range(len(condlist) - 1, -1, -1):
        if np.asarray(condlist[k]).dtype != bool:
            raise TypeError(f"invalid entry {k} in condlist: should be boolean ndarray")
        y = np.where(condlist[k], choicelist[k], y)
    return y


@composed(np.piecewise)
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """Each function, or constant, on the elements where its condition holds."""
    x = np.asarray(x)
    single = np.isscalar(condlist) or (not isinstance(condlist[0], (list, np.ndarray)) and np.ndim(x) != 0)
    masks = list(np.asarray([condlist] if single else condlist, dtype=bool))
    number = len(masks)
    if len(funclist) == number + 1:
        masks.append(~np.any(np.stack(masks), axis=0))
    elif len(funclist) != number:
        raise ValueError(f"with {number} condition(s), either {number} or {number + 1} functions are expected")
    y = np.zeros(np.shape(x), dtype=x.dtype)
    for mask, function in zip(masks, funclist, strict=True):
        if not callable(function):
            y[mask] = function
        elif np.any(mask):
            y[mask] = function(x[mask], *args, **kw)
    return y


# Diagonals and triangles.


def diagonal_index(shape: Any, offset: int) -> Any:
    """The rows and the columns of a diagonal of a matrix of the given shape."""
    rows, columns = shape[0] - max(-offset, 0), shape[1] - max(offset, 0)
    place = np.arange(max(min(rows, columns), 0))
    return place + max(-offset, 0), place + max(offset, 0)


def diagonal_bar(y_bar: Any, a: Any, offset: int, axis1: int, axis2: int) -> Any:
    """The cotangent of an array of which a diagonal was taken; it lies along y_bar's last axis."""
    shape = np.shape(a)
    first, second = axis1 % len(shape), axis2 % len(shape)
    rest = tuple(n for k, n in enumerate(shape) if k not in (first, second))
    index = diagonal_index((shape[first], shape[second]), offset)
    matrices = scatter_add((shape[first], shape[second], *rest), index, np.moveaxis(y_bar, -1, 0))
    return np.moveaxis(matrices, (0, 1), (first, second))


DIAGONAL = "a, offset=0, axis1=0, axis2=1"
linear(np.diagonal, DIAGONAL, a="diagonal_bar(y_bar, a, offset, axis1, axis2)")
same(np.diagonal, np.ndarray.diagonal)
linear(
    np.diag,
    "v, k=0",
    v="np.diag(y_bar, k) if np.ndim(v) == 1 else diagonal_bar(y_bar, v, k, 0, 1)",
)


def trace_bar(y_bar: Any, a: Any, offset: int, axis1: int, axis2: int) -> Any:
    """The cotangent of an array of which a trace was taken: the same all along the diagonal."""
    shape = np.shape(a)
    length = len(diagonal_index((shape[axis1], shape[axis2]), offset)[0])
    along_diagonal = np.broadcast_to(np.expand_dims(y_bar, -1), (*np.shape(y_bar), length))
    return diagonal_bar(along_diagonal, a, offset, axis1, axis2)


rule(
    np.trace,
    f"{DIAGONAL}, dtype=None, out=None",
    vjp={"a": "trace_bar(y_bar, a, offset, axis1, axis2)"},
    jvp={"a": "np.trace(a_dot, offset, axis1, axis2, dtype)"},
)
same(np.trace, np.ndarray.trace)


@composed(np.diagflat)
def diagflat(v: Any, k: int = 0) -> Any:
    """A matrix with all the elements on a diagonal."""
    return np.diag(np.ravel(v), k)


linear(np.tril, "m, k=0", m="unbroadcast(np.tril(y_bar, k), m)")
linear(np.triu, "m, k=0", m="unbroadcast(np.triu(y_bar, k), m)")

# Sorting. Where y's elements came from is read off y and a, both of which are at hand; equal
# elements keep their order.


def source_of(y: Any, a: Any, axis: int) -> Any:
    """For each element of y, which is `a` rearranged along the axis, its place in `a`."""
    rank = np.argsort(np.argsort(y, axis, kind="stable"), axis)
    return np.take_along_axis(np.argsort(a, axis, kind="stable"), rank, axis)


def unsorted(y_bar: Any, y: Any, a: Any, axis: Any) -> Any:
    """The cotangent of an array that was rearranged along an axis, or flattened before."""
    if axis is None:
        return np.reshape(unsorted(y_bar, y, np.ravel(a), 0), np.shape(a))
    return np.take_along_axis(y_bar, np.argsort(source_of(y, a, axis), axis), axis)


def rearranged(a_dot: Any, y: Any, a: Any, axis: Any) -> Any:
    """The tangent of an array that was rearranged along an axis, or flattened before."""
    if axis is None:
        return rearranged(np.ravel(a_dot), y, np.ravel(a), 0)
    return np.take_along_axis(np.asarray(a_dot), source_of(y, a, axis), axis)


for function, parameters in (
    (np.sort, "a, axis=-1, kind=None, order=None, *, stable=None"),
    (np.partition, "a, kth, axis=-1, kind='introselect', order=None"),
):
    rule(
        function,
        parameters,
        vjp={"a": "unsorted(y_bar, y, a, axis)"},
        jvp={"a": "rearranged(a_dot, y, a, axis)"},
    )


def found_at(values: Any, flat: Any) -> Any:
    """Where each value stands first in a flat array that holds them all."""
    order = np.argsort(flat, kind="stable")
    return order[np.searchsorted(flat, values, sorter=order)]


def first_of(values: Any, ar: Any, axis: Any) -> Any:
    """Where the values, or slices, that np.unique returns stand first in its argument."""
    if axis is None:
        return found_at(values, np.ravel(ar))
    return np.unique(ar, return_index=True, axis=axis)[1]


def unique_bar(y_bar: Any, y: Any, ar: Any, axis: Any) -> Any:
    """The cotangent of the array: that of a value belongs to the first element that has it."""
    value, bar = (y[0], y_bar[0]) if isinstance(y, tuple) else (y, y_bar)
    return taken_bar(bar, ar, first_of(value, ar, axis), axis, "raise")


def unique_dot(ar_dot: Any, y: Any, ar: Any, axis: Any) -> Any:
    """The tangent of the values; indices and counts have none."""
    if not isinstance(y, tuple):
        return np.take(ar_dot, first_of(y, ar, axis), axis)
    values = np.take(ar_dot, first_of(y[0], ar, axis), axis)
    return (values, *[np.zeros(np.shape(part)) for part in y[1:]])


rule(
    np.unique,
    "ar, return_index=False, return_inverse=False, return_counts=False, axis=None, *, equal_nan=True, sorted=True",
    vjp={"ar": "unique_bar(y_bar, y, ar, axis)"},
    jvp={"ar": "unique_dot(ar_dot, y, ar, axis)"},
)
if hasattr(np, "unique_values"):  # NumPy 2.0
    rule(
        np.unique_values,
        "x",
        vjp={"x": "unique_bar(y_bar, y, x, None)"},
        jvp={"x": "unique_dot(x_dot, y, x, None)"},
    )

# Indices have no derivative.

zero(hits_once, wrapped, along, diagonal_index, source_of, found_at, first_of)
zero(np.argsort, np.argpartition, np.lexsort, np.searchsorted, np.digitize, np.isin)
zero(np.nonzero, np.flatnonzero, np.argwhere, np.ix_, np.indices, np.ravel_multi_index)
zero(np.unravel_index, np.triu_indices, np.tril_indices, np.triu_indices_from, np.tril_indices_from)
zero(np.diag_indices, np.diag_indices_from, np.mask_indices)
zero(np.ndarray.argsort, np.ndarray.argpartition, np.ndarray.searchsorted, np.ndarray.nonzero)
