"""Scaled dot product attention: values weighted by a softmax of how well their keys fit a query."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import rule
from srcgrad.torch.kernels.activations import softmax as plain_softmax
from srcgrad.torch.kernels.activations import softmax_bar


def safe_softmax(x: Any, dim: int) -> Any:
    """The softmax, and zeros where everything is minus infinity."""
    y = plain_softmax(np.where(np.isneginf(x).all(axis=dim, keepdims=True), 0, x), dim)
    return np.where(np.isneginf(x).all(axis=dim, keepdims=True), 0, y).astype(x.dtype)


rule(
    safe_softmax,
    "x, dim",
    vjp={"x": "softmax_bar(y_bar, y, dim)"},
    jvp={"x": "softmax_bar(x_dot, y, dim)"},
)


def shares(query: Any, key: Any, mask: Any, scale: Any) -> Any:
    """How much of each value goes into each result."""
    scores = (query @ np.swapaxes(key, -1, -2)) * scale
    return safe_softmax(scores if mask is None else scores + mask, -1)


def attention(query: Any, key: Any, value: Any, mask: Any, scale: float) -> Any:
    """The attention of (..., queries, width) to (..., keys, width), laid out in memory as the queries are."""
    y = np.empty_like(query)
    return np.matmul(shares(query, key, mask, scale), value, out=y)


def attention_bars(y_bar: Any, query: Any, key: Any, value: Any, mask: Any, scale: Any) -> Any:
    """The cotangent of the scaled scores."""
    return softmax_bar(y_bar @ np.swapaxes(value, -1, -2), shares(query, key, mask, scale), -1) * scale


def attention_dot(score_dot: Any, query: Any, key: Any, value: Any, mask: Any, scale: Any) -> Any:
    return softmax_bar(score_dot * scale, shares(query, key, mask, scale), -1) @ value


rule(
    attention,
    "query, key, value, mask, scale",
    vjp={
        "query": "attention_bars(y_bar, query, key, value, mask, scale) @ key",
        "key": "np.swapaxes(attention_bars(y_bar, query, key, value, mask, scale), -1, -2) @ query",
        "value": "np.swapaxes(shares(query, key, mask, scale), -1, -2) @ y_bar",
    },
    jvp={
        "query": "attention_dot(query_dot @ np.swapaxes(key, -1, -2), query, key, value, mask, scale)",
        "key": "attention_dot(query @ np.swapaxes(key_dot, -1, -2), query, key, value, mask, scale)",
        "value": "shares(query, key, mask, scale) @ value_dot",
    },
)
