"""Rows of a table chosen by index, alone or gathered in bags."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import linear, rule, zero


def embedding(weight: Any, indices: Any, padding_idx: int = -1) -> Any:  # noqa: ARG001 - read by the gradient
    """The rows of the table at some indices. Uses of the row `padding_idx` give it no gradient."""
    return weight.take(indices, 0)


def embedding_weight(rows: Any, indices: Any, count: int, padding_idx: int = -1) -> Any:
    """A table of `count` rows of zeros with the rows added at their indices, save at `padding_idx`."""
    flat = indices.reshape(-1)
    rows = rows.reshape(flat.size, rows.shape[-1])
    if padding_idx >= 0:
        used = flat != padding_idx
        if not used.all():
            flat, rows = flat[used], rows[used]
    table = np.zeros((count, rows.shape[1]), rows.dtype)
    if flat.size:
        # Equal indices side by side: a row that is alone is moved, and each run of several is one sum.
        order = np.argsort(flat, kind="stable")
        ordered = flat[order]
        starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        lengths = np.diff(starts, append=flat.size)
        alone = lengths == 1
        single, several = starts[alone], starts[~alone]
        table[ordered[single]] = rows.take(order[single], 0)
        if several.size:
            members = order[np.repeat(~alone, lengths)]
            runs = np.cumsum(lengths[~alone]) - lengths[~alone]
            table[ordered[several]] = np.add.reduceat(rows.take(members, 0), runs, 0)
    return table


def embedding_rows_bar(table_bar: Any, indices: Any, padding_idx: Any) -> Any:
    rows_bar = embedding(table_bar, indices)
    return rows_bar if padding_idx < 0 else rows_bar * kept(indices, padding_idx, table_bar.dtype)


def kept(indices: Any, padding_idx: int, dtype: Any) -> Any:
    """1 for the rows that count and 0 for those at `padding_idx`."""
    return (indices != padding_idx)[..., None].astype(dtype)


rule(
    embedding,
    "weight, indices, padding_idx=-1",
    vjp={"weight": "embedding_weight(y_bar, indices, np.shape(weight)[0], padding_idx)"},
    jvp={"weight": "embedding(weight_dot, indices)"},
)
linear(
    embedding_weight,
    "rows, indices, count, padding_idx=-1",
    rows="embedding_rows_bar(y_bar, indices, padding_idx)",
)


zero(kept)
