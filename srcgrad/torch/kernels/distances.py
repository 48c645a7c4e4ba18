"""Distances between all pairs of vectors.

What enters: vectors along the last dimension. What leaves: their distances; the slope at distance zero is zero.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srcgrad.rules.support import unbroadcast
from srcgrad.rules.table import rule
from srcgrad.torch.kernels.masks import signs
from srcgrad.torch.kernels.moments import norm_dot, norm_slope, vector_norm


def length(d: Any, p: float) -> Any:
    """The p-norm along the last dimension; for p = 0 the number of elements that are not zero."""
    a = np.abs(d)
    if p == 0:
        return np.sum(a != 0, axis=-1).astype(d.dtype)
    if p == 1:
        return np.sum(a, axis=-1)
    if p == 2:
        return np.sqrt(np.sum(d * d, axis=-1))
    if p == math.inf:
        return np.max(a, axis=-1, initial=0)
    return np.sum(a**p, axis=-1) ** (1 / p)


def length_slope(d: Any, y: Any, p: float) -> Any:
    """The derivative of the norm y by each element of d."""
    if p == 0:
        return np.zeros_like(d)
    if p == 1:
        return signs(d)
    norm = np.where(y == 0, 1, y)[..., None]
    if p == 2:
        return np.where(y[..., None] == 0, 0, d / norm)
    a = np.abs(d)
    if p == math.inf:
        return np.where(a == y[..., None], signs(d), 0)
    safe = np.where(a == 0, 1, a)
    return np.where(a == 0, 0, signs(d) * (safe / norm) ** (p - 1))


def cdist(x1: Any, x2: Any, p: float) -> Any:
    """The distances of each of x1 (…, n, features) from each of x2 (…, m, features): (…, n, m)."""
    return length(x1[..., :, None, :] - x2[..., None, :, :], p)


def cdist_slope(x1: Any, x2: Any, y: Any, p: float) -> Any:
    return length_slope(x1[..., :, None, :] - x2[..., None, :, :], y, p)


rule(
    cdist,
    "x1, x2, p",
    vjp={
        "x1": "np.sum(y_bar[..., None] * cdist_slope(x1, x2, y, p), axis=-2)",
        "x2": "-np.sum(y_bar[..., None] * cdist_slope(x1, x2, y, p), axis=-3)",
    },
    jvp={
        "x1": "np.sum(x1_dot[..., :, None, :] * cdist_slope(x1, x2, y, p), axis=-1)",
        "x2": "-np.sum(x2_dot[..., None, :, :] * cdist_slope(x1, x2, y, p), axis=-1)",
    },
)


def distance(x1: Any, x2: Any, p: float) -> Any:
    """The p-norm of all elements of the difference."""
    return vector_norm(x1 - x2, p, None, False)


def distance_slope(x1: Any, x2: Any, y: Any, p: float) -> Any:
    """The derivative of the distance by each element of x1 - x2."""
    return norm_slope(x1 - x2, y, p, None, False)


rule(
    distance,
    "x1, x2, p",
    vjp={
        "x1": "unbroadcast(y_bar * distance_slope(x1, x2, y, p), x1)",
        "x2": "unbroadcast(-y_bar * distance_slope(x1, x2, y, p), x2)",
    },
    jvp={
        "x1": "norm_dot(x1_dot, distance_slope(x1, x2, y, p), None, False)",
        "x2": "-norm_dot(x2_dot, distance_slope(x1, x2, y, p), None, False)",
    },
)


def others(x: Any, axis: int) -> tuple[int, ...]:
    """The dimensions but one."""
    return tuple(k for k in range(np.ndim(x)) if k != axis)


def shrinkage(norms: Any, most: float) -> Any:
    """What brings each norm down to at most a number; the small constant keeps it there after rounding."""
    return np.where(norms > most, most / (norms + 1e-7), 1).astype(norms.dtype)


def renormed(x: Any, p: float, axis: int, most: float) -> Any:
    """The parts along a dimension, scaled down to a norm of at most `most`."""
    return x * shrinkage(vector_norm(x, p, others(x, axis), True), most)


def renormed_bar(y_bar: Any, x: Any, p: float, axis: int, most: float) -> Any:
    """y_bar times the factor, and through the factor the norm's slope: d factor = -factor² / most d norm."""
    rest = others(x, axis)
    norms = vector_norm(x, p, rest, True)
    factor = shrinkage(norms, most)
    inner = np.sum(np.real(y_bar * x), axis=rest, keepdims=True)
    through = np.where(norms > most, -inner * most / (norms + 1e-7) ** 2, 0)
    return y_bar * factor + through * norm_slope(x, norms, p, rest, True)


def renormed_dot(x_dot: Any, x: Any, p: float, axis: int, most: float) -> Any:
    """The tangent of the scaled parts: that of x by the factor, and x by that of the factor."""
    rest = others(x, axis)
    norms = vector_norm(x, p, rest, True)
    norms_dot = norm_dot(x_dot, norm_slope(x, norms, p, rest, True), rest, True)
    return x_dot * shrinkage(norms, most) - x * np.where(norms > most, most / (norms + 1e-7) ** 2 * norms_dot, 0)


rule(
    renormed,
    "x, p, axis, most",
    vjp={"x": "renormed_bar(y_bar, x, p, axis, most)"},
    jvp={"x": "renormed_dot(x_dot, x, p, axis, most)"},
)


def pdist(x: Any, p: float) -> Any:
    """The distances of each row of a matrix from each later one."""
    i, j = np.triu_indices(x.shape[0], 1)
    return length(x[i] - x[j], p)


def pdist_bar(y_bar: Any, x: Any, y: Any, p: float) -> Any:
    i, j = np.triu_indices(np.shape(x)[0], 1)
    g = y_bar[:, None] * length_slope(x[i] - x[j], y, p)
    n = np.shape(x)[0]
    return gathered(n, i, g) - gathered(n, j, g)


def gathered(n: int, rows: Any, g: Any) -> Any:
    """The sum of the rows of g that go to each of n rows."""
    return (np.arange(n)[:, None] == rows).astype(g.dtype) @ g


def pdist_dot(x_dot: Any, x: Any, y: Any, p: float) -> Any:
    i, j = np.triu_indices(np.shape(x)[0], 1)
    return np.sum((x_dot[i] - x_dot[j]) * length_slope(x[i] - x[j], y, p), axis=-1)


rule(
    pdist,
    "x, p",
    vjp={"x": "pdist_bar(y_bar, x, y, p)"},
    jvp={"x": "pdist_dot(x_dot, x, y, p)"},
)

__all__ = ["cdist", "distance", "length", "length_slope", "pdist", "renormed", "unbroadcast"]
