"""Functions that choose among their operands or cut them off; at a bound and at a tie their slopes are PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import elementwise, rule
from srcgrad.torch.kernels.masks import (  # noqa: F401 - the rules' texts name them
    first_is_larger,
    first_is_smaller,
    high_binds,
    inside,
    kept,
    loser,
    low_binds,
    outside,
    winner,
)


def maximum(x1: Any, x2: Any) -> Any:
    """The larger of the two; NaN where either is."""
    return np.maximum(x1, x2)


def minimum(x1: Any, x2: Any) -> Any:
    """The smaller of the two; NaN where either is."""
    return np.minimum(x1, x2)


elementwise(maximum, "winner(x1, x2)", "winner(x2, x1)")
elementwise(minimum, "loser(x1, x2)", "loser(x2, x1)")


def fmax(x1: Any, x2: Any) -> Any:
    """The larger of the two, or the one that is not NaN."""
    return np.fmax(x1, x2)


def fmin(x1: Any, x2: Any) -> Any:
    """The smaller of the two, or the one that is not NaN."""
    return np.fmin(x1, x2)


# At a tie, and where both are NaN, the first operand has it all.
elementwise(fmax, "first_is_larger(x1, x2)", "outside(first_is_larger(x1, x2))")
elementwise(fmin, "first_is_smaller(x1, x2)", "outside(first_is_smaller(x1, x2))")


def clamp(x: Any, low: Any, high: Any) -> Any:
    """x cut off at the bounds; where they cross, at the upper one."""
    y = x if low is None else np.maximum(x, low)
    return y if high is None else np.minimum(y, high)


def clamp_min(x: Any, low: Any) -> Any:
    """x cut off below."""
    return np.maximum(x, low)


def clamp_max(x: Any, high: Any) -> Any:
    """x cut off above."""
    return np.minimum(x, high)


rule(
    clamp,
    "x, low, high",
    vjp={"x": "kept(y_bar, inside(x, low, high))"},
    jvp={"x": "kept(x_dot, inside(x, low, high))"},
)
rule(
    clamp_min,
    "x, low",
    vjp={"x": "kept(y_bar, x >= low)"},
    jvp={"x": "kept(x_dot, x >= low)"},
)
rule(
    clamp_max,
    "x, high",
    vjp={"x": "kept(y_bar, x <= high)"},
    jvp={"x": "kept(x_dot, x <= high)"},
)


def clamp_between(x1: Any, x2: Any, x3: Any) -> Any:
    """`clamp` with bounds that are arrays."""
    return clamp(x1, x2, x3)


def clamp_above(x: Any, low: Any) -> Any:
    """`clamp_min` with an array of bounds."""
    return np.maximum(x, low)


def clamp_below(x: Any, high: Any) -> Any:
    """`clamp_max` with an array of bounds."""
    return np.minimum(x, high)


elementwise(clamp_between, "inside(x1, x2, x3)", "low_binds(x1, x2, x3)", "high_binds(x1, x2, x3)")
elementwise(clamp_above, "x1 >= x2", "x1 < x2")
elementwise(clamp_below, "x1 <= x2", "x1 > x2")
