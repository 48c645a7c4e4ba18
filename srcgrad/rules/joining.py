"""Functions that put arrays together and take them apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import composed, linear, rule, same, zero

# The cotangent of a sequence of arrays is a list; of an array that stands for the sequence of its
# rows, an array.


def gathered(bars: list[Any], arrays: Any) -> Any:
    """The cotangents of the members, in the form in which the members were given."""
    if isinstance(arrays, np.ndarray):
        return np.stack(bars) if bars else np.zeros(np.shape(arrays))
    return bars


def pieces(y_bar: Any, arrays: Any, axis: Any) -> list[Any]:
    """The parts of the cotangent of a concatenation, one for each of the arrays."""
    bars = []
    start = 0
    for x in arrays:
        stop = start + (np.size(x) if axis is None else np.shape(x)[axis])
        if axis is None:
            bars.append(np.reshape(y_bar[start:stop], np.shape(x)))
        else:
            bars.append(y_bar[(slice(None),) * (axis % np.ndim(x)) + (slice(start, stop),)])
        start = stop
    return bars


rule(
    np.concatenate,
    "arrays, axis=0, out=None, *, dtype=None, casting='same_kind'",
    vjp={"arrays": "gathered(pieces(y_bar, arrays, axis), arrays)"},
    jvp={"arrays": "np.concatenate(arrays_dot, axis)"},
)
if hasattr(np, "concat"):  # NumPy 2.0
    same(np.concatenate, np.concat)


def slabs(y_bar: Any, arrays: Any, axis: int) -> list[Any]:
    """The parts of the cotangent of a stack."""
    first = np.moveaxis(y_bar, axis, 0)
    return [first[k] for k in range(len(arrays))]


rule(
    np.stack,
    "arrays, axis=0, out=None, *, dtype=None, casting='same_kind'",
    vjp={"arrays": "gathered(slabs(y_bar, arrays, axis), arrays)"},
    jvp={"arrays": "np.stack(arrays_dot, axis)"},
)


def fitted_pieces(y_bar: Any, arrays: Any, fit: Any, axis: int) -> Any:
    """As pieces, where `fit` reshaped each array before they were joined along the axis."""
    bars = pieces(y_bar, [fit(x) for x in arrays], axis)
    return gathered([np.reshape(bar, np.shape(x)) for bar, x in zip(bars, arrays, strict=True)], arrays)


def hstack_pieces(y_bar: Any, arrays: Any) -> Any:
    """As fitted_pieces for hstack: arrays of one dimension are joined along their only axis."""
    return fitted_pieces(y_bar, arrays, np.atleast_1d, 0 if np.ndim(y_bar) == 1 else 1)


def as_column(x: Any) -> Any:
    """An array of at most one dimension as a column of a matrix."""
    return np.reshape(x, (-1, 1)) if np.ndim(x) < 2 else x


STACK = "tup, *, dtype=None, casting='same_kind'"
linear(np.vstack, STACK, tup="fitted_pieces(y_bar, tup, np.atleast_2d, 0)")
linear(np.hstack, STACK, tup="hstack_pieces(y_bar, tup)")
linear(np.dstack, "tup", tup="fitted_pieces(y_bar, tup, np.atleast_3d, 2)")
linear(np.column_stack, "tup", tup="fitted_pieces(y_bar, tup, as_column, 1)")
if hasattr(np, "row_stack"):
    same(np.vstack, np.row_stack)  # noqa: NPY201 - the old name of vstack


@composed(np.append)
def append(arr: Any, values: Any, axis: Any = None) -> Any:
    """The two concatenated, flat if no axis is given."""
    if axis is None:
        return np.concatenate([np.ravel(arr), np.ravel(values)])
    return np.concatenate([arr, values], axis)


@composed(np.block)
def block(arrays: Any) -> Any:
    """Nested lists of blocks, the innermost joined along the last axis."""
    depth = _depth(arrays)
    ndim = max(depth, _greatest_ndim(arrays))
    y = _joined(arrays, depth, ndim)
    # A block alone is copied.
    return y if depth else np.copy(y)


def _depth(arrays: Any) -> int:
    if not isinstance(arrays, list):
        return 0
    if not arrays:
        raise ValueError("List at arrays cannot be empty")
    depths = [_depth(x) for x in arrays]
    if min(depths) != max(depths):
        raise ValueError("List depths are mismatched.")
    return 1 + depths[0]


def _greatest_ndim(arrays: Any) -> int:
    if isinstance(arrays, list):
        return max(_greatest_ndim(x) for x in arrays)
    return np.ndim(arrays)


def _joined(arrays: Any, depth: int, ndim: int) -> Any:
    if depth == 0:
        return np.reshape(arrays, (1,) * (ndim - np.ndim(arrays)) + np.shape(arrays))
    return np.concatenate([_joined(x, depth - 1, ndim) for x in arrays], axis=-depth)


# Taking apart. The parts hold every element once, in order, unless the borders run backwards.


def unsplit(y_bar: Any, ary: Any, axis: int) -> Any:
    """The cotangents of the parts, joined again."""
    joined = np.concatenate(y_bar, axis)
    if np.shape(joined) != np.shape(ary):
        raise NotImplementedError("the parts overlap or leave gaps", "take the parts as slices: ary[i:j]")
    return joined


SECTIONS = "ary, indices_or_sections"
linear(np.split, f"{SECTIONS}, axis=0", ary="unsplit(y_bar, ary, axis)")
linear(np.array_split, f"{SECTIONS}, axis=0", ary="unsplit(y_bar, ary, axis)")
linear(np.hsplit, SECTIONS, ary="unsplit(y_bar, ary, 0 if np.ndim(ary) == 1 else 1)")
linear(np.vsplit, SECTIONS, ary="unsplit(y_bar, ary, 0)")
linear(np.dsplit, SECTIONS, ary="unsplit(y_bar, ary, 2)")
if hasattr(np, "unstack"):  # NumPy 2.1
    linear(np.unstack, "x, *, axis=0", x="np.stack(y_bar, axis)")


@composed(np.insert)
def insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    """The values put before the positions `obj` along the axis."""
    if axis is None:
        arr, axis = np.ravel(arr), 0
    shape = np.shape(arr)
    axis = axis % len(shape)
    if isinstance(obj, slice):
        obj = np.arange(*obj.indices(shape[axis]))
    elif np.asarray(obj).dtype == bool:
        obj = np.flatnonzero(obj)
    values = np.reshape(values, (1,) * (len(shape) - np.ndim(values)) + np.shape(values))
    if np.ndim(obj) == 0:
        values = np.moveaxis(values, 0, axis)
    number = np.shape(values)[axis] if np.size(obj) == 1 else np.size(obj)
    new = np.broadcast_to(values, (*shape[:axis], number, *shape[axis + 1 :]))
    every = np.concatenate([arr, new.astype(np.asarray(arr).dtype)], axis)
    return np.take(every, inserted_positions(shape[axis], obj, number), axis)


def inserted_positions(n: int, obj: Any, number: int) -> Any:
    """Where the elements come from when `number` more, which stand at the end, move to before `obj`."""
    return np.insert(np.arange(n), obj, np.arange(n, n + number))


@composed(np.delete)
def delete(arr: Any, obj: Any, axis: Any = None) -> Any:
    """What is left without the positions `obj` along the axis."""
    if axis is None:
        arr, axis = np.ravel(arr), 0
    return np.take(arr, kept_positions(np.shape(arr)[axis], obj), axis)


def kept_positions(n: int, obj: Any) -> Any:
    """Which of n positions are left without those of `obj`."""
    return np.delete(np.arange(n), obj)


zero(inserted_positions, kept_positions)


@composed(np.trim_zeros)
def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    """The smallest box that holds all that is not zero."""
    ndim = np.ndim(filt)
    axes = range(ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    trim = trim.lower()
    if trim not in {"fb", "bf", "f", "b"}:
        raise ValueError(f"unexpected character(s) in `trim`: {trim!r}")
    box = [slice(None)] * ndim
    found = np.argwhere(filt)
    for k in (k % ndim for k in axes):
        if len(found) == 0:
            box[k] = slice(0, 0)
            continue
        start = int(np.min(found[:, k])) if "f" in trim else None
        stop = int(np.max(found[:, k])) + 1 if "b" in trim else None
        box[k] = slice(start, stop)
    return filt[box[0]] if ndim == 1 else filt[tuple(box)]


@composed(type(np.r_).__getitem__)
def concatenated(self: Any, key: Any) -> Any:
    """What np.r_[key] and np.c_[key] give: slices as ranges, all members concatenated."""
    axis, ndmin, trans1d = self.axis, self.ndmin, self.trans1d
    members = []
    kinds: list[Any] = []  # Python's numbers take on the precision of the arrays beside them
    for k, item in enumerate(key if isinstance(key, tuple) else (key,)):
        if isinstance(item, str):
            words = item.split(",")
            if k or words[0] in ("r", "c") or len(words) > 3:
                raise NotImplementedError(f"the directive {item!r} has no rule", "join with np.concatenate or np.stack")
            axis = int(words[0])
            ndmin = int(words[1]) if len(words) > 1 else ndmin
            trans1d = int(words[2]) if len(words) > 2 else trans1d
        elif isinstance(item, slice):
            members.append(_range_as_column(item, ndmin, trans1d))
            kinds.append(members[-1].dtype)
        else:
            members.append(_with_ndmin(item, ndmin, trans1d))
            kinds.append(item if type(item) in (int, float, complex) else members[-1].dtype)
    return np.concatenate(members, axis).astype(np.result_type(*kinds))


def _range_as_column(item: slice, ndmin: int, trans1d: int) -> Any:
    start = 0 if item.start is None else item.start
    step = 1 if item.step is None else item.step
    if isinstance(step, complex):
        values = np.linspace(start, item.stop, int(abs(step)))
    else:
        values = np.arange(start, item.stop, step)
    if ndmin == 1:
        return values
    grown = np.reshape(values, (1,) * (ndmin - 1) + np.shape(values))
    return grown if trans1d == -1 else np.swapaxes(grown, -1, trans1d)


def _with_ndmin(item: Any, ndmin: int, trans1d: int) -> Any:
    ndim = np.ndim(item)
    if ndim >= ndmin:
        return np.asarray(item)
    added = ndmin - ndim
    grown = np.reshape(item, (1,) * added + np.shape(item))
    if trans1d == -1 or ndim == 0:
        return grown
    front = trans1d + added + 1 if trans1d < 0 else trans1d
    order = [*range(front), *range(added, ndmin), *range(front, added)]
    return np.transpose(grown, order)
