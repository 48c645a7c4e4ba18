"""Products of two vectors with the matrices of a stack, for many pairs of vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import rule


def trilinear(x1: Any, weight: Any, x2: Any) -> Any:
    """x1 @ weight[k] @ x2 for each k, for rows x1 and x2."""
    y = np.matmul(np.matmul(x1, weight).transpose(1, 0, 2), x2[:, :, None])
    return y[:, :, 0]


def outer_rows(a: Any, b: Any) -> Any:
    """Every product of a row of a with the same row of b, as rows."""
    return np.reshape(a[:, :, None] * b[:, None, :], (np.shape(a)[0], np.shape(a)[1] * np.shape(b)[1]))


def trilinear_weight_bar(y_bar: Any, x1: Any, x2: Any) -> Any:
    rows = outer_rows(y_bar, x1)
    return np.reshape(rows.T @ x2, (np.shape(y_bar)[1], np.shape(x1)[1], np.shape(x2)[1]))


def trilinear_x1_bar(y_bar: Any, weight: Any, x2: Any) -> Any:
    n, k, m = np.shape(y_bar)[0], np.shape(weight)[0], np.shape(weight)[1]
    products = np.reshape(x2 @ np.reshape(weight, (k * m, np.shape(x2)[1])).T, (n, k, m))
    return np.sum(products * y_bar[:, :, None], axis=1)


def trilinear_x2_bar(y_bar: Any, x1: Any, weight: Any) -> Any:
    return outer_rows(y_bar, x1) @ np.reshape(weight, (np.shape(weight)[0] * np.shape(weight)[1], np.shape(weight)[2]))


rule(
    trilinear,
    "x1, weight, x2",
    vjp={
        "x1": "trilinear_x1_bar(y_bar, weight, x2)",
        "weight": "trilinear_weight_bar(y_bar, x1, x2)",
        "x2": "trilinear_x2_bar(y_bar, x1, weight)",
    },
    jvp={
        "x1": "trilinear(x1_dot, weight, x2)",
        "weight": "trilinear(x1, weight_dot, x2)",
        "x2": "trilinear(x1, weight, x2_dot)",
    },
)
