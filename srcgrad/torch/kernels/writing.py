"""Writes of values over what was there: copy, fill, zero; what was there gets no cotangent."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.support import unbroadcast
from srcgrad.rules.table import rule


def copied_over(x: Any, values: Any) -> Any:
    """Values in the shape and dtype of x."""
    return np.array(np.broadcast_to(values, np.shape(x)), dtype=x.dtype)


def filled(x: Any, value: Any) -> Any:
    """One value everywhere."""
    return np.full_like(x, value)


rule(
    copied_over,
    "x, values",
    vjp={"x": "np.zeros_like(y_bar)", "values": "unbroadcast(y_bar, values)"},
    jvp={"x": "np.zeros_like(x_dot)", "values": "copied_over(x, values_dot)"},
)
rule(
    filled,
    "x, value",
    vjp={"x": "np.zeros_like(y_bar)", "value": "unbroadcast(y_bar, value)"},
    jvp={"x": "np.zeros_like(x_dot)", "value": "filled(x, value_dot)"},
)

__all__ = ["copied_over", "filled", "unbroadcast"]
