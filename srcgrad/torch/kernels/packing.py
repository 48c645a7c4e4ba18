"""Sequences packed step by step: rows of an array, and their way back."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import linear


def chosen_rows(x: Any, rows: Any) -> Any:
    """The rows of (steps, batch, …) with the given numbers, counted step by step; all numbers differ."""
    return np.reshape(x, (-1, *x.shape[2:]))[rows]


def spread_rows(data: Any, rows: Any, shape: Any) -> Any:
    """The transpose of `chosen_rows`: zeros of a shape with the rows at their numbers."""
    y = np.zeros((shape[0] * shape[1], *shape[2:]), data.dtype)
    y[rows] = data
    return y.reshape(shape)


linear(chosen_rows, "x, rows", x="spread_rows(y_bar, rows, np.shape(x))")
linear(spread_rows, "data, rows, shape", data="chosen_rows(y_bar, rows)")
