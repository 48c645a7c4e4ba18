"""Distances in the p-norm, between the rows of two arrays or among those of one.

Feature by feature, so that no array holds every difference at once. Where the norm has no slope (at distance zero)
that is taken as zero, and each of several largest differences counts whole in the maximum norm.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from srcgrad.rules.table import rule, zero
from srcgrad.torch.kernels.embedding import embedding, embedding_weight


def _norm(differences: Iterator[Any], p: float) -> Any:
    """The p-norm of differences that come one feature at a time."""
    total: Any = None
    for d in differences:
        if p == 2:
            part = d * d
        elif p == 0:
            part = (d != 0).astype(d.dtype)
        elif p in (1, np.inf):
            part = np.abs(d)
        else:
            part = np.abs(d) ** p
        if total is None:
            total = part
        elif p == np.inf:
            total = np.maximum(total, part)
        else:
            total += part
    if p in (0, 1, np.inf):
        return total
    return np.sqrt(total) if p == 2 else total ** (1 / p)


def norm_slope(d: Any, distance: Any, p: Any) -> Any:
    """The derivative of a distance by one of its differences."""
    if p == 0:
        return np.zeros_like(d)
    if p == 1:
        return np.sign(d)
    if p == np.inf:
        return np.sign(d) * is_largest(d, distance)
    apart = distance != 0
    safe = np.where(apart, distance, 1)
    if p == 2:
        return np.where(apart, d / safe, 0)
    if p < 2:
        moved = apart & (d != 0)
        return np.where(moved, np.sign(d) * (np.abs(np.where(moved, d, 1)) / safe) ** (p - 1), 0)
    return np.where(apart, np.sign(d) * (np.abs(d) / safe) ** (p - 1), 0)


def is_largest(d: Any, distance: Any) -> Any:
    return (np.abs(d) == distance).astype(d.dtype)


zero(is_largest)


def between(x1: Any, x2: Any, k: Any) -> Any:
    """The differences (..., rows of x1, rows of x2) in one feature."""
    return x1[..., :, None, k] - x2[..., None, :, k]


def cdist(x1: Any, x2: Any, p: float = 2.0) -> Any:
    """The distances (..., rows of x1, rows of x2)."""
    if x1.shape[-1] == 0:
        return np.zeros((*x1.shape[:-1], x2.shape[-2]), x1.dtype)
    return _norm((between(x1, x2, k) for k in range(x1.shape[-1])), p)


def cdist_bar(y_bar: Any, x1: Any, x2: Any, y: Any, p: Any, axis: Any) -> Any:
    """The cotangent of x1 (axis -1) or of minus x2 (axis -2)."""
    features = range(np.shape(x1)[-1])
    if p == 2:
        apart = y != 0
        share = np.where(apart, y_bar / np.where(apart, y, 1), 0)
        kept = "...ab,...ab->...a" if axis == -1 else "...ab,...ab->...b"
        return np.stack([np.einsum(kept, share, between(x1, x2, k)) for k in features], axis=-1)
    columns = [np.sum(y_bar * norm_slope(between(x1, x2, k), y, p), axis=axis) for k in features]
    return np.stack(columns, axis=-1)


def cdist_dot(x1_dot: Any, x2_dot: Any, x1: Any, x2: Any, y: Any, p: Any) -> Any:
    """The tangent of the distances."""
    total: Any = np.zeros_like(y)
    for k in range(np.shape(x1)[-1]):
        total = total + norm_slope(between(x1, x2, k), y, p) * between(x1_dot, x2_dot, k)
    return total


rule(
    cdist,
    "x1, x2, p=2.0",
    vjp={"x1": "cdist_bar(y_bar, x1, x2, y, p, -1)", "x2": "-cdist_bar(y_bar, x1, x2, y, p, -2)"},
    jvp={
        "x1": "cdist_dot(x1_dot, np.zeros_like(x2), x1, x2, y, p)",
        "x2": "cdist_dot(np.zeros_like(x1), x2_dot, x1, x2, y, p)",
    },
)


def pairs(n: int) -> tuple[Any, Any]:
    """The first and the second of each pair of n rows."""
    first, second = np.triu_indices(n, 1)
    return first, second


zero(pairs)


def pdist(x: Any, p: float = 2.0) -> Any:
    """The distances among the rows, of each pair once: (0, 1), (0, 2), ..., (1, 2), ..."""
    first, second = pairs(len(x))
    if not x.shape[1]:
        return np.zeros(len(first), x.dtype)
    return _norm((x[first, k] - x[second, k] for k in range(x.shape[1])), p)


def pdist_bar(y_bar: Any, x: Any, y: Any, p: Any) -> Any:
    first, second = pairs(np.shape(x)[0])
    moves = y_bar[:, None] * norm_slope(embedding(x, first) - embedding(x, second), y[:, None], p)
    return embedding_weight(moves, first, np.shape(x)[0]) - embedding_weight(moves, second, np.shape(x)[0])


def pdist_dot(x_dot: Any, x: Any, y: Any, p: Any) -> Any:
    first, second = pairs(np.shape(x)[0])
    slopes = norm_slope(embedding(x, first) - embedding(x, second), y[:, None], p)
    return np.sum(slopes * (embedding(x_dot, first) - embedding(x_dot, second)), axis=1)


rule(pdist, "x, p=2.0", vjp={"x": "pdist_bar(y_bar, x, y, p)"}, jvp={"x": "pdist_dot(x_dot, x, y, p)"})
