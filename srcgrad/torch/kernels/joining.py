"""Arrays put together along a dimension, and taken apart again."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import linear, rule
from srcgrad.torch.plan import SHAPE_READERS


def cat(parts: Any, dim: int) -> Any:
    """The parts one after the other, in order whatever theirs is."""
    return in_order(parts, np.concatenate(parts, dim))


def in_order(parts: Any, joined: Any) -> Any:
    """A result whose elements lie in order; with channels last where those of all parts do."""
    if joined.flags.c_contiguous or (joined.ndim in (4, 5) and all(_channels_last(p) for p in parts)):
        return joined
    return np.ascontiguousarray(joined)


def _channels_last(x: Any) -> bool:
    return bool(np.moveaxis(x, 1, -1).flags.c_contiguous)


def uncat(g: Any, parts: Any, dim: int) -> Any:
    """What of a cotangent belongs to each part."""
    found = []
    start = 0
    lead = (slice(None),) * dim
    for part in parts:
        end = start + part.shape[dim]
        found.append(g[(*lead, slice(start, end))])
        start = end
    return found


def stack(parts: Any, dim: int) -> Any:
    """The parts as slices along a new dimension."""
    return np.ascontiguousarray(np.stack(parts, dim))


def unstack(g: Any, dim: int) -> Any:
    """The slices along a dimension."""
    return list(np.moveaxis(g, dim, 0))


SHAPE_READERS[uncat] = (1,)
rule(cat, "parts, dim", vjp={"parts": "uncat(y_bar, parts, dim)"}, jvp={"parts": "cat(parts_dot, dim)"})
rule(stack, "parts, dim", vjp={"parts": "unstack(y_bar, dim)"}, jvp={"parts": "stack(parts_dot, dim)"})
rule(
    uncat,
    "g, parts, dim",
    vjp={"g": "cat(y_bar, dim)", "parts": ""},
    jvp={"g": "uncat(g_dot, parts, dim)", "parts": ""},
)
linear(unstack, "g, dim", g="stack(y_bar, dim)")
