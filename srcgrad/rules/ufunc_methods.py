"""Methods of ufuncs, `np.add.at`, `np.multiply.reduce` and the like, as Python functions.

The methods belong to the ufunc objects and are not functions of their own, so they are not entered in the table:
`written_out` gives the function in whose place a method is differentiated. Of a ufunc of two operands that has a rule
it can always be had, element after element; the dicts hold what is quicker.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from srcgrad.rules.support import delivered, hits_once, scatter_add, unbroadcast  # noqa: F401 - in the rules' texts
from srcgrad.rules.table import has_rule, rule, zero

# at: a[indices] = op(a[indices], b), one after the other where indices repeat; op(a[indices]) of a ufunc of one.


def added_at(a: Any, index: Any, b: Any) -> Any:
    """A copy of a with b added at an index, one after the other where it repeats."""
    y = np.array(a)
    np.add.at(y, index, np.array(b))
    return y


rule(
    added_at,
    "a, index, b",
    vjp={"a": "y_bar", "b": "unbroadcast(y_bar[index], b)"},
    jvp={"a": "a_dot", "b": "scatter_add(np.shape(a), index, np.broadcast_to(b_dot, np.shape(a[index])))"},
)


def add_at(a: Any, indices: Any, b: Any) -> None:
    """As np.add.at."""
    if hits_once(indices):
        a[indices] += b
    else:
        a[...] = added_at(a, indices, b)


def subtract_at(a: Any, indices: Any, b: Any) -> None:
    """As np.subtract.at."""
    if hits_once(indices):
        a[indices] -= b
    else:
        a[...] = added_at(a, indices, -b)


def at_one_by_one(op: Any, a: Any, indices: Any, *b: Any) -> None:
    """Apply op at the indices in rounds, in each of which every element is met once at most."""
    if hits_once(indices):
        a[indices] = op(a[indices], *b)
        return
    number = np.reshape(np.arange(np.size(a)), np.shape(a))[indices]
    places = np.ravel(number)
    operands = [np.ravel(np.broadcast_to(v, np.shape(number))) for v in b]
    meeting = occurrence(places)
    for k in range(int(np.max(meeting, initial=-1)) + 1):
        index = np.unravel_index(places[meeting == k], np.shape(a))
        a[index] = op(a[index], *[v[meeting == k] for v in operands])


def occurrence(places: Any) -> Any:
    """For each number, how many equal ones come before it."""
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    starts = np.searchsorted(ordered, ordered, side="left")
    count = np.empty(np.shape(places), dtype=np.intp)
    count[order] = np.arange(np.size(places)) - starts
    return count


def one_by_one(op: Any) -> Callable[..., None]:
    """As the ufunc's `at`."""

    def at(a: Any, indices: Any, *b: Any) -> None:
        at_one_by_one(op, a, indices, *b)

    return at


# reduce: all the elements along an axis; unlike np.sum, along the first one if none is named.


def by_reduction(step: Any, nothing: Any) -> Callable[..., Any]:
    """As the ufunc's `reduce`, through the function that reduces in one go."""

    def reduce(
        array: Any,
        axis: Any = 0,
        dtype: Any = None,
        out: Any = None,
        keepdims: bool = False,
        initial: Any = nothing,
        where: Any = True,
    ) -> Any:
        y = step(in_dtype(array, dtype), axis, keepdims=keepdims, initial=initial, where=where)
        return delivered(y, out)

    return reduce


def by_fold(op: Any) -> Callable[..., Any]:
    """As the ufunc's `reduce`, element after element."""

    def reduce(
        array: Any,
        axis: Any = 0,
        dtype: Any = None,
        out: Any = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = True,
    ) -> Any:
        return delivered(fold(op, in_dtype(array, dtype), axis, keepdims, initial, where), out)

    return reduce


def fold(op: Any, array: Any, axis: Any, keepdims: bool, initial: Any, where: Any = True) -> Any:
    """op between all the elements along the axes, from the first to the last."""
    array = np.asarray(array)
    ndim = np.ndim(array)
    axes = range(ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(sorted({a % ndim for a in axes})) if ndim else ()
    rest = tuple(n for k, n in enumerate(np.shape(array)) if k not in axes)
    rows = rows_along(array, axes, rest)
    if where is not True:
        where = rows_along(np.broadcast_to(where, np.shape(array)), axes, rest)
    # A lone element of hypot is its absolute value: NumPy begins there with the identity.
    seeded = initial is not None or where is not True or len(rows) == 0 or op is np.hypot
    first = op.identity if initial is None else initial
    y = np.full(rest, first, np.result_type(array, 0.5))[()] if seeded else rows[0]
    for k in range(0 if seeded else 1, len(rows)):
        y = op(y, rows[k]) if where is True else np.where(where[k], op(y, rows[k]), y)
    return np.expand_dims(y, axes) if keepdims else y


def rows_along(array: Any, axes: tuple[int, ...], rest: tuple[int, ...]) -> Any:
    """The array with the axes in front and made one."""
    count = math.prod(np.shape(array)[k] for k in axes)
    return np.reshape(np.moveaxis(array, axes, range(len(axes))), (count, *rest))


def in_dtype(x: Any, dtype: Any) -> Any:
    """An operand in the type in which the ufunc is to work."""
    return x if dtype is None else np.asarray(x).astype(dtype)


# accumulate: the results of all the leading elements along an axis.


def leading(array: Any, order: Any, axis: int) -> Any:
    """Of the elements up to each, the one that `order` has last; the latest of equal ones."""
    return np.take_along_axis(np.asarray(array), latest(order, axis), axis)


def latest(order: Any, axis: int) -> Any:
    """Of the places up to each, the one that `order` has last."""
    highest = np.maximum.accumulate(np.argsort(order, axis, kind="stable"), axis)
    return np.take_along_axis(order, highest, axis)


zero(occurrence, latest)


def maximum_accumulate(array: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
    """As np.maximum.accumulate; a cotangent goes to the latest of equal maxima."""
    array = in_dtype(array, dtype)
    return delivered(leading(array, np.argsort(array, axis, kind="stable"), axis), out)


def minimum_accumulate(array: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
    """As np.minimum.accumulate; a cotangent goes to the latest of equal minima."""
    array = in_dtype(array, dtype)
    descending = np.argsort(np.negative(array), axis, kind="stable")
    return delivered(leading(array, descending, axis), out)


def scan(op: Any, array: Any, axis: int) -> Any:
    """op between all the leading elements along an axis."""
    if np.size(array) == 0:
        return np.copy(array)
    rows = np.moveaxis(np.asarray(array), axis, 0)
    results = [rows[0]]
    for k in range(1, len(rows)):
        results.append(op(results[-1], rows[k]))
    return np.moveaxis(np.stack(results), 0, axis)


def by_scan(op: Any) -> Callable[..., Any]:
    """As the ufunc's `accumulate`, element after element."""

    def accumulate(array: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
        return delivered(scan(op, in_dtype(array, dtype), axis), out)

    return accumulate


def by_accumulation(step: Any) -> Callable[..., Any]:
    """As the ufunc's `accumulate`, through the function that accumulates in one go."""

    def accumulate(array: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
        return delivered(step(array, axis, dtype), out)

    return accumulate


# outer: every element of the first operand with every element of the second.


def outer_of(op: Any) -> Callable[..., Any]:
    """As the ufunc's `outer`."""

    def outer(a: Any, b: Any) -> Any:
        return op(np.reshape(a, np.shape(a) + (1,) * np.ndim(b)), b)

    return outer


# reduceat: the elements from each index to before the next; one element where the next is not greater.


def by_segments(step: Any) -> Callable[..., Any]:
    """As the ufunc's `reduceat`, segment after segment."""

    def reduceat(array: Any, indices: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
        rows = np.moveaxis(np.asarray(in_dtype(array, dtype)), axis, 0)
        starts = [int(k) for k in indices]
        results = []
        for start, stop in zip(starts, [*starts[1:], len(rows)], strict=True):
            end = stop if start < stop else start + 1
            results.append(step(rows[start:end], axis=0))
        return delivered(np.moveaxis(np.stack(results), 0, axis), out)

    return reduceat


def by_folded_segments(op: Any) -> Callable[..., Any]:
    """As the ufunc's `reduceat`, element after element."""
    return by_segments(lambda rows, axis: scan(op, rows, axis)[-1])


QUICK: Mapping[str, Mapping[np.ufunc, Callable[..., Any]]] = {
    "at": {np.add: add_at, np.subtract: subtract_at},
    "reduce": {
        np.add: by_reduction(np.sum, 0),
        np.multiply: by_reduction(np.prod, 1),
        np.maximum: by_reduction(np.max, None),
        np.minimum: by_reduction(np.min, None),
    },
    "accumulate": {
        np.add: by_accumulation(np.cumsum),
        np.multiply: by_accumulation(np.cumprod),
        np.maximum: maximum_accumulate,
        np.minimum: minimum_accumulate,
    },
    "outer": {},
    "reduceat": {
        np.add: by_segments(np.sum),
        np.multiply: by_segments(np.prod),
        np.maximum: by_segments(np.max),
        np.minimum: by_segments(np.min),
    },
}
GENERAL: Mapping[str, Callable[[Any], Callable[..., Any]]] = {
    "at": one_by_one,
    "reduce": by_fold,
    "accumulate": by_scan,
    "outer": outer_of,
    "reduceat": by_folded_segments,
}


# NumPy's own reductions by these are wrong: np.power.reduce([1.3, 0.8, 1.7]) is not (1.3 ** 0.8) ** 1.7 in NumPy 2.4.
NOT_REDUCED = (np.power, np.arctan2)


@functools.cache
def element_after_element(ufunc: np.ufunc, method: str) -> Callable[..., Any]:
    """A ufunc's method in terms of the ufunc itself, one and the same function each time."""
    return GENERAL[method](ufunc)


def written_out(ufunc: np.ufunc, method: str) -> Callable[..., Any] | None:
    """The function in whose place a ufunc's method is differentiated, or None."""
    if method not in GENERAL:
        return None
    known = QUICK[method].get(ufunc)
    if known is not None:
        return known
    if ufunc in NOT_REDUCED and method in ("reduce", "accumulate", "reduceat"):
        return None
    fits = ufunc.nout == 1 and ufunc.signature is None and ufunc.nin in ((1, 2) if method == "at" else (2,))
    return element_after_element(ufunc, method) if fits and has_rule(ufunc) else None
