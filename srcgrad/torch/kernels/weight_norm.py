"""A length times a direction."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import rule


def weight_normed(v: Any, g: Any, dim: int) -> Any:
    """v at the length g, over all dimensions but one."""
    return v * (g / lengths(v, dim))


def lengths(v: Any, dim: int) -> Any:
    return np.sqrt(np.sum(v * v, axis=all_but(v, dim), keepdims=True))


def all_but(v: Any, dim: int) -> tuple[int, ...]:
    return tuple(k for k in range(np.ndim(v)) if k != dim)


def along_length(y_bar: Any, v: Any, dim: int) -> Any:
    """How much of a cotangent lies along v, over the length of v."""
    return np.sum(y_bar * v, axis=all_but(v, dim), keepdims=True) / lengths(v, dim)


rule(
    weight_normed,
    "v, g, dim",
    vjp={
        "v": "(y_bar - v * along_length(y_bar, v, dim) / lengths(v, dim)) * (g / lengths(v, dim))",
        "g": "along_length(y_bar, v, dim)",
    },
    jvp={
        "v": "(v_dot - v * along_length(v_dot, v, dim) / lengths(v, dim)) * (g / lengths(v, dim))",
        "g": "v * (g_dot / lengths(v, dim))",
    },
)
