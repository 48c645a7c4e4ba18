"""Arrays put together along a dimension, and taken apart again."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import linear, rule
from srcgrad.torch.plan import SHAPE_READERS


def cat(parts: Any, dim: int) -> Any:
    """The parts one after the other."""
    return np.concatenate(parts, dim)


def uncat(y: Any, parts: Any, dim: int) -> Any:
    """What of a cotangent belongs to each part."""
    found = []
    start = 0
    lead = (slice(None),) * dim
    for part in parts:
        end = start + part.shape[dim]
        found.append(y[(*lead, slice(start, end))])
        start = end
    return found


def stack(parts: Any, dim: int) -> Any:
    """The parts as slices along a new dimension."""
    return np.stack(parts, dim)


def unstack(y: Any, dim: int) -> Any:
    """The slices along a dimension."""
    return list(np.moveaxis(y, dim, 0))


SHAPE_READERS[uncat] = (1,)
rule(cat, "parts, dim", vjp={"parts": "uncat(y_bar, parts, dim)"}, jvp={"parts": "cat(parts_dot, dim)"})
rule(stack, "parts, dim", vjp={"parts": "unstack(y_bar, dim)"}, jvp={"parts": "stack(parts_dot, dim)"})
rule(uncat, "y, parts, dim", vjp={"y": "cat(y_bar, dim)"}, jvp={"y": "uncat(y_dot, parts, dim)"})
linear(unstack, "y, dim", y="stack(y_bar, dim)")
