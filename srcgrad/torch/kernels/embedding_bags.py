"""Rows of a table chosen by index and summed, averaged or maximised in bags.

The sum over bags is itself the transpose of an embedding, with the bag of each row as its index.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import rule, zero
from srcgrad.torch.kernels.embedding import embedding, embedding_weight
from srcgrad.torch.kernels.places import accumulated

SUM, MEAN, MAX = 0, 1, 2


def embedding_bag(
    weight: Any,
    indices: Any,
    offsets: Any,
    mode: int = SUM,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int = -1,
) -> tuple[Any, Any]:
    """The sum (mode 0), mean (1) or maximum (2) of the rows of each bag; an empty bag is zero.

    `offsets` says where in the vector `indices` each bag begins. The second result is, for maxima, the row of
    the table that each element is from, and -1 in an empty bag.
    """
    positions, bags, count = members(indices, offsets, include_last_offset, padding_idx)
    chosen = indices[positions]
    if mode == MAX:
        return _maxima(weight.take(chosen, 0), chosen, bags, count)
    shares = member_shares(per_sample_weights, positions, bags, count, mode)
    rows = weight.take(chosen, 0)
    y = embedding_weight(rows if shares is None else rows * shares.astype(rows.dtype)[:, None], bags, count)
    return y, np.zeros((0, 0), np.int64)


def members(indices: Any, offsets: Any, include_last_offset: bool, padding_idx: int) -> tuple[Any, Any, int]:
    """Which places of `indices` count, the bag of each of them, and how many bags there are."""
    edges = offsets if include_last_offset else np.append(offsets, len(indices))
    count = len(edges) - 1
    bags = np.repeat(np.arange(count), np.diff(edges))
    positions = np.arange(len(bags))
    if padding_idx >= 0:
        used = indices[: len(bags)] != padding_idx
        positions, bags = positions[used], bags[used]
    return positions, bags, count


def inverse_sizes(bags: Any, count: int) -> Any:
    """For each member, one over the size of its bag."""
    return 1 / np.bincount(bags, minlength=count)[bags]


zero(members, inverse_sizes)


def member_shares(per_sample_weights: Any, positions: Any, bags: Any, count: Any, mode: Any) -> Any:
    """By what the row of each member is multiplied before the sum; None where by one."""
    if mode == MEAN:
        return inverse_sizes(bags, count)
    return None if per_sample_weights is None else per_sample_weights[positions]


def _maxima(rows: Any, chosen: Any, bags: Any, count: int) -> tuple[Any, Any]:
    y = np.zeros((count, rows.shape[1]), rows.dtype)
    origin = np.full(y.shape, -1, np.int64)
    if len(bags):
        starts = np.flatnonzero(np.diff(bags, prepend=-1))
        filled = bags[starts]
        y[filled] = np.maximum.reduceat(rows, starts, 0)
        member = np.where(rows == y[bags], np.arange(len(bags))[:, None], len(bags) - 1)
        origin[filled] = chosen[np.minimum.reduceat(member, starts, 0)]
    return y, origin


def scatter_rows(values: Any, origin: Any, count: int) -> Any:
    """A table of `count` rows of zeros with each element added to its column, in the row it is from."""
    width = values.shape[1]
    there = origin >= 0
    where = (origin * width + np.arange(width))[there]
    return accumulated(values[there], where, count * width).reshape(count, width)


def gather_rows(table: Any, origin: Any) -> Any:
    """The transpose of `scatter_rows`: elements of the table's rows, and zero where there is no row."""
    found = np.take_along_axis(table, np.maximum(origin, 0), 0)
    return np.where(origin >= 0, found, np.zeros((), table.dtype))


rule(
    scatter_rows,
    "values, origin, count",
    vjp={"values": "gather_rows(y_bar, origin)"},
    jvp={"values": "scatter_rows(values_dot, origin, count)"},
)
rule(
    gather_rows,
    "table, origin",
    vjp={"table": "scatter_rows(y_bar, origin, np.shape(table)[0])"},
    jvp={"table": "gather_rows(table_dot, origin)"},
)


def bag_weight_bar(
    y_bar: Any,
    origin: Any,
    indices: Any,
    offsets: Any,
    mode: Any,
    per_sample_weights: Any,
    include_last_offset: Any,
    padding_idx: Any,
    rows: Any,
) -> Any:
    """The cotangent of a table of so many rows."""
    if mode == MAX:
        return scatter_rows(y_bar[0], origin, rows)
    positions, bags, count = members(indices, offsets, include_last_offset, padding_idx)
    shares = member_shares(per_sample_weights, positions, bags, count, mode)
    bars = embedding(y_bar[0], bags)
    if shares is not None:
        bars = bars * shares.astype(bars.dtype)[:, None]
    return embedding_weight(bars, indices[positions], rows)


def bag_shares_bar(
    y_bar: Any, weight: Any, indices: Any, offsets: Any, shape: Any, include_last_offset: Any, padding_idx: Any
) -> Any:
    """The cotangent of the weights of the samples: the product of each row with the cotangent of its bag."""
    positions, bags, _ = members(indices, offsets, include_last_offset, padding_idx)
    products = np.sum(embedding(y_bar[0], bags) * embedding(weight, indices[positions]), axis=1)
    return embedding_weight(products[:, None], positions, shape[0])[:, 0]


rule(
    embedding_bag,
    "weight, indices, offsets, mode=0, per_sample_weights=None, include_last_offset=False, padding_idx=-1",
    vjp={
        "weight": "bag_weight_bar(y_bar, y[1], indices, offsets, mode, per_sample_weights, include_last_offset, "
        "padding_idx, np.shape(weight)[0])",
        "per_sample_weights": "bag_shares_bar(y_bar, weight, indices, offsets, np.shape(per_sample_weights), "
        "include_last_offset, padding_idx)",
    },
    jvp={
        "weight": "(gather_rows(weight_dot, y[1]) if mode == MAX else embedding_bag(weight_dot, indices, offsets, "
        "mode, per_sample_weights, include_last_offset, padding_idx)[0], np.zeros(np.shape(y[1]), np.int64))",
        "per_sample_weights": "(embedding_bag(weight, indices, offsets, mode, per_sample_weights_dot, "
        "include_last_offset, padding_idx)[0], np.zeros(np.shape(y[1]), np.int64))",
    },
)
