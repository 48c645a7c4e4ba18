"""Generated derivatives that are right if their results are finite.

    u = 1 / r; return np.sum((c * u)[1:])       the cotangent of c, where r[0] is 0, meets 0 * inf
    return np.dot(w, np.sqrt(r))                so does that of r, where both w[0] and r[0] are 0

Such a module leaves out the guards that an element which is not used would need (see
`srcgrad.passes.selection`). A result that is not finite raises FloatingPointError here, which leads to recording.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np


def looked_at(function: Callable[..., Any], mode: str) -> Callable[..., Any]:
    """The generated function of a mode, its derivatives looked at."""

    def checked(*args: Any) -> Any:
        return check(function(*args), mode)

    return checked


def check(made: Any, mode: str) -> Any:
    """What a generated function returned; FloatingPointError where a derivative is not finite."""
    if mode == "vjp":
        value, pullback = made
        return value, looked_at(pullback, "grad")
    derivatives = made if mode == "grad" else made[1]
    for one in derivatives if isinstance(derivatives, tuple) else (derivatives,):
        if not is_finite(one):
            raise FloatingPointError("a generated derivative is not finite")
    return made


def is_finite(one: Any) -> bool:
    """Whether all numbers of a derivative are finite.

    The sum of their squares is had in one go and without a temporary array; it may overflow, and then they are
    looked at one by one.
    """
    if type(one) is np.ndarray:
        flat = one.ravel("K")
        return math.isfinite(flat.dot(flat)) or bool(np.isfinite(one).all())
    return math.isfinite(one)
