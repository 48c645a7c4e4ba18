"""Elements combined where an index says: products, means, largest and smallest."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import rule
from srcgrad.torch.kernels.scattering import gather, picked, scatter, scatter_add


def scatter_reduce(x: Any, dim: int, where: Any, source: Any, reduce: str, include_self: bool) -> Any:
    """x combined with elements of a source where `where` says along a dimension."""
    if reduce == "sum":
        start = x if include_self else scatter(x, dim, where, 0)
        return scatter_add(start, dim, where, source)
    if reduce == "mean":
        total = scatter_add(x if include_self else scatter(x, dim, where, 0), dim, where, source)
        count = counted(x, dim, where, include_self)
        return total / count if x.dtype.kind in "fc" else (total // count).astype(x.dtype)
    y = np.array(x)
    if not where.size:
        return y
    whole = y if y.ndim else y.reshape(1)
    at = where if where.ndim else where.reshape(1)
    grid = list(np.ogrid[tuple([slice(n) for n in at.shape])])
    grid[dim] = at
    if not include_self:
        whole[tuple(grid)] = neutral(x.dtype, reduce)
    values = source if np.ndim(source) else np.reshape(source, 1)
    values = values[tuple([slice(n) for n in at.shape])]
    combine = {"prod": np.multiply, "amax": np.maximum, "amin": np.minimum}[reduce]
    combine.at(whole, tuple(grid), values)
    return y


def neutral(dtype: Any, reduce: str) -> Any:
    """What changes nothing in a combination."""
    if reduce == "prod":
        return 1
    if dtype.kind == "f":
        return -np.inf if reduce == "amax" else np.inf
    if dtype.kind == "b":
        return reduce == "amin"
    info = np.iinfo(dtype)
    return info.min if reduce == "amax" else info.max


def counted(x: Any, dim: int, where: Any, include_self: bool) -> Any:
    """How many elements go into each result of a mean, at least one."""
    ones = np.ones(np.shape(x), x.dtype)
    start = ones if include_self else scatter(ones, dim, where, 0)
    count = scatter_add(start, dim, where, np.ones(np.shape(where), x.dtype))
    return np.where(count < 1, count.dtype.type(1), count)


def back_to_before(
    y_bar: Any, y: Any, x: Any, dim: int, where: Any, source: Any, reduce: str, include_self: bool
) -> Any:
    """The cotangent of what was there before."""
    if reduce == "sum":
        bar = y_bar
    elif reduce == "mean":
        bar = y_bar / counted(x, dim, where, include_self)
    elif reduce == "prod":
        bar = y_bar * scatter_reduce(np.ones_like(x), dim, where, source, "prod", True)
    else:
        bar = shares(y_bar, y, x, dim, where, source) * (x == y)
    return bar if include_self else scatter(bar, dim, where, 0)


def back_to_source(
    y_bar: Any, y: Any, x: Any, dim: int, where: Any, source: Any, reduce: str, include_self: bool
) -> Any:
    """The cotangent of the source."""
    if reduce == "sum":
        return picked(y_bar, dim, where, source)
    if reduce == "mean":
        return picked(y_bar / counted(x, dim, where, include_self), dim, where, source)
    if reduce == "prod":
        return picked(y_bar, dim, where, source) * others(x, dim, where, source, include_self)
    share = picked(shares(y_bar, y, x, dim, where, source), dim, where, source)
    return share * (source == picked(y, dim, where, source))


def shares(y_bar: Any, y: Any, x: Any, dim: int, where: Any, source: Any) -> Any:
    """The cotangent of a largest or smallest element, shared evenly among those that are equal to it."""
    equal = picked_equal(y, dim, where, source)
    count = (x == y) + scatter_add(np.zeros_like(x), dim, where, equal)
    return y_bar / np.where(count < 1, 1, count).astype(y_bar.dtype)


def picked_equal(y: Any, dim: int, where: Any, source: Any) -> Any:
    """Ones for the elements of a source that are equal to the results that they go into."""
    reached = gather(y, dim, where)
    values = source if np.ndim(source) else np.reshape(source, np.shape(where))
    values = values[tuple([slice(n) for n in np.shape(where)])] if np.ndim(where) else values
    return (values == reached).astype(y.dtype)


def others(x: Any, dim: int, where: Any, source: Any, include_self: bool) -> Any:
    """For each element of a source the product of what else goes into its result, zeros among them too."""
    start = x if include_self else scatter(x, dim, where, 1)
    if np.all(source != 0):
        return picked(scatter_reduce(start, dim, where, source, "prod", True), dim, where, source) / source
    # Division would hide how the others depend on a factor of zero, which the second derivative asks for.
    shape = np.shape(where)
    used = source[tuple([slice(n) for n in shape])] if np.ndim(source) and shape else source
    members, slots = grouped(dim, where, np.shape(x))
    factors = np.concatenate([np.reshape(start, -1), np.reshape(used, -1), np.ones(1, x.dtype)])[members]
    edge = np.ones((len(members), 1), x.dtype)
    before = np.concatenate([edge, np.cumprod(factors[:, :-1], axis=1)], axis=1)
    after = np.concatenate([np.flip(np.cumprod(np.flip(factors[:, 1:], 1), axis=1), 1), edge], axis=1)
    found = np.reshape(np.reshape(before * after, -1)[slots], np.shape(used))
    room = [(0, whole - part) for whole, part in zip(np.shape(source), np.shape(used), strict=True)]
    return np.pad(found, room) if np.shape(source) != np.shape(used) else found


def grouped(dim: int, where: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Which elements go into each result, and where each of the source stands in that table.

    A row of the table has the place of the element that was there before, then those of the source, counted on from
    the last of these, then places of the one that fills rows up.
    """
    at = where if where.ndim else where.reshape(1)
    grid = list(np.ogrid[tuple([slice(n) for n in at.shape])])
    grid[dim] = at
    target = np.ravel_multi_index(np.broadcast_arrays(*grid), shape or (1,)).reshape(-1)
    results, count = int(np.prod(shape, dtype=np.int64)), target.size
    order = np.argsort(target, kind="stable")
    first = np.searchsorted(target[order], target)
    rank = np.empty(count, np.int64)
    rank[order] = np.arange(count) - first[order]
    members = np.full((results, 2 + int(rank.max(initial=-1))), results + count)
    members[:, 0] = np.arange(results)
    members[target, 1 + rank] = results + np.arange(count)
    return members, target * members.shape[1] + 1 + rank


rule(
    scatter_reduce,
    "x, dim, where, source, reduce, include_self",
    vjp={
        "x": "back_to_before(y_bar, y, x, dim, where, source, reduce, include_self)",
        "source": "back_to_source(y_bar, y, x, dim, where, source, reduce, include_self)",
    },
    jvp={
        "x": "scatter_reduce_dot(x_dot, np.zeros_like(source), y, x, dim, where, source, reduce, include_self)",
        "source": "scatter_reduce_dot(np.zeros_like(x), source_dot, y, x, dim, where, source, reduce, include_self)",
    },
)


def scatter_reduce_dot(
    x_dot: Any, source_dot: Any, y: Any, x: Any, dim: int, where: Any, source: Any, reduce: str, include_self: bool
) -> Any:
    """The tangent: each operand's, times the derivative of the result by it."""
    ones = np.ones_like(y)
    of_x = x_dot * back_to_before(ones, y, x, dim, where, source, reduce, include_self)
    of_source = source_dot * back_to_source(ones, y, x, dim, where, source, reduce, include_self)
    return scatter_add(of_x, dim, where, of_source)
