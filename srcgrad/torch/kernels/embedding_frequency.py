"""Rows of a table chosen by index, whose gradients are means over the uses of a row."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import rule, zero
from srcgrad.torch.kernels.embedding import embedding_weight  # noqa: F401 - in the rule's text


def frequent_embedding(weight: Any, indices: Any, padding_idx: int = -1) -> Any:
    """The rows of the table; each row's gradient is the mean over its uses instead of their sum."""
    del padding_idx
    return weight.take(indices, 0)


def share_of_uses(indices: Any, dtype: Any) -> Any:
    """For each use of a row, one over the number of uses of that row."""
    return (1 / np.bincount(indices.reshape(-1))[indices]).astype(dtype)[..., None]


zero(share_of_uses)
rule(
    frequent_embedding,
    "weight, indices, padding_idx=-1",
    vjp={
        "weight": "embedding_weight(y_bar * share_of_uses(indices, y_bar.dtype), indices, np.shape(weight)[0], "
        "padding_idx)"
    },
    jvp={"weight": "frequent_embedding(weight_dot, indices)"},
)
