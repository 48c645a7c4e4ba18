"""Running sums and products along a dimension.

What enters: an array and a dimension. What leaves: an array of the same shape.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import linear, rule


def running_sum(x: Any, axis: Any) -> Any:
    """The sum so far."""
    return np.cumsum(x, axis=axis, dtype=x.dtype) if np.ndim(x) else np.array(x)


def sum_ahead(x: Any, axis: Any) -> Any:
    """The sum from here on: the transpose of the running sum."""
    return np.flip(np.cumsum(np.flip(x, axis), axis=axis), axis) if np.ndim(x) else np.array(x)


linear(running_sum, "x, axis", x="sum_ahead(y_bar, axis)")
linear(sum_ahead, "x, axis", x="running_sum(y_bar, axis)")


def running_product(x: Any, axis: Any) -> Any:
    """The product so far."""
    return np.cumprod(x, axis=axis, dtype=x.dtype) if np.ndim(x) else np.array(x)


def running_product_bar(y_bar: Any, x: Any, y: Any, axis: Any) -> Any:
    """The cotangent of the factors; where one is zero, by the products that leave it out."""
    if np.all(x != 0):
        return sum_ahead(y_bar * y, axis) / x
    moved = np.moveaxis(x, axis, -1)
    g = np.moveaxis(y_bar, axis, -1)
    n = moved.shape[-1]
    place = np.arange(n)
    # Row k holds the factors with the k-th one replaced by 1: its products from k on are dy/dx[k].
    rows = np.where(place[:, None] == place, 1, moved[..., None, :])
    others = np.where(place[:, None] <= place, np.cumprod(rows, axis=-1), 0)
    return np.moveaxis(np.sum(others * g[..., None, :], axis=-1), -1, axis).astype(x.dtype)


def running_product_dot(x_dot: Any, x: Any, axis: Any) -> Any:
    """The tangent of the running product."""
    moved = np.moveaxis(x, axis, -1)
    place = np.arange(moved.shape[-1])
    rows = np.where(place[:, None] == place, 1, moved[..., None, :])
    others = np.where(place[:, None] <= place, np.cumprod(rows, axis=-1), 0)
    tangents = np.moveaxis(x_dot, axis, -1)
    return np.moveaxis(np.sum(others * tangents[..., :, None], axis=-2), -1, axis)


rule(
    running_product,
    "x, axis",
    vjp={"x": "running_product_bar(y_bar, x, y, axis) if np.ndim(x) else y_bar"},
    jvp={"x": "running_product_dot(x_dot, x, axis) if np.ndim(x) else x_dot"},
)


def running_log_sum_exp(x: Any, axis: Any) -> Any:
    """log of the running sum of exponentials, without overflow."""
    if not np.ndim(x):
        return np.array(x)
    if np.iscomplexobj(x):
        return _running_complex(x, axis)
    return np.logaddexp.accumulate(x, axis=axis)


def _running_complex(x: Any, axis: Any) -> Any:
    """The same of complex terms, one after the other: the argument goes on from that of the larger of the two."""
    terms = np.moveaxis(x, axis, 0)
    y = np.array(terms)
    y[:1] = np.where(np.isneginf(y[:1].real), -np.inf, y[:1])
    for k in range(1, len(terms)):
        a, b = terms[k], y[k - 1]
        later = a.real > b.real
        large, little = np.where(later, a, b), np.where(later, b, a)
        with np.errstate(invalid="ignore"):
            gap = np.where(np.isneginf(little.real), -np.inf, little - large)
        y[k] = np.log1p(np.exp(gap)) + large
    return np.moveaxis(y, 0, axis)


rule(
    running_log_sum_exp,
    "x, axis",
    vjp={"x": "sum_ahead(y_bar * np.exp(-y), axis) * np.exp(x) if small(x) else log_sum_exp_bar(y_bar, x, y, axis)"},
    jvp={"x": "running_sum(x_dot * np.exp(x), axis) * np.exp(-y) if small(x) else log_sum_exp_dot(x_dot, x, y, axis)"},
)


def small(x: Any) -> bool:
    """Whether exponentials and their inverses stay within the range of numbers."""
    return bool(np.all(np.abs(x) < 30)) if np.ndim(x) else False


def _weights(x: Any, y: Any) -> Any:
    """exp(x[k] - y[j]) for j ≥ k, along the last dimension."""
    place = np.arange(x.shape[-1])
    ahead = place[:, None] <= place
    gap = np.where(ahead, x[..., :, None] - np.where(np.isneginf(np.real(y)), 0, y)[..., None, :], 0)
    return np.where(ahead, np.exp(gap), 0)


def log_sum_exp_bar(y_bar: Any, x: Any, y: Any, axis: Any) -> Any:
    """The cotangent of the terms, pair by pair."""
    if not np.ndim(x):
        return y_bar
    w = _weights(np.moveaxis(x, axis, -1), np.moveaxis(y, axis, -1))
    return np.moveaxis(np.sum(w * np.moveaxis(y_bar, axis, -1)[..., None, :], axis=-1), -1, axis)


def log_sum_exp_dot(x_dot: Any, x: Any, y: Any, axis: Any) -> Any:
    """The tangent of the running result, pair by pair."""
    if not np.ndim(x):
        return x_dot
    w = _weights(np.moveaxis(x, axis, -1), np.moveaxis(y, axis, -1))
    return np.moveaxis(np.sum(w * np.moveaxis(x_dot, axis, -1)[..., :, None], axis=-2), -1, axis)
