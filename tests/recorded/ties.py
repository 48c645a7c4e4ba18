"""Points where a function has no derivative and a convention stands for one; first order alone."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

EQUAL = np.array([1.0, 3.0, 3.0, 2.0])


def samples(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    return {
        "max of equals": (lambda x: xp.max(x), EQUAL.copy()),
        "min of equals": (lambda x: xp.min(-x), EQUAL.copy()),
        "max of equals along 0": (lambda x: xp.max(x, axis=0), np.ones((3, 2))),
        "maximum of equals": (lambda a, b: xp.maximum(a, b), EQUAL.copy(), EQUAL.copy()),
        "minimum of equals": (lambda a, b: xp.minimum(a, b), EQUAL.copy(), EQUAL.copy()),
        "fmax of equals": (lambda a, b: xp.fmax(a, b), EQUAL.copy(), EQUAL.copy()),
        "maximum with zero": (lambda a: xp.maximum(a, 0.0), np.array([-1.0, 0.0, 1.0])),
        "clip at its bounds": (lambda a: xp.clip(a, 0.0, 1.0), np.array([-1.0, 0.0, 0.5, 1.0, 2.0])),
        "abs at zero": (lambda a: xp.abs(a), np.array([-1.0, 0.0, 1.0])),
        "abs at complex zero": (lambda a: xp.abs(a), np.array([0j, 1 + 1j])),
        "x ** 0 at zero": (lambda a: a**0, np.zeros(2)),
        "x ** 2.0 at zero": (lambda a: a**2.0, np.zeros(2)),
        "x ** 1 at zero": (lambda a: a**1.0, np.zeros(2)),
        "0 ** x": (lambda a: 0.0**a, np.array([1.0, 2.0])),
        "sort of equals": (lambda a: xp.sort(a) * np.arange(4.0), EQUAL.copy()),
        "median of equals": (lambda a: xp.median(a), np.array([1.0, 2.0, 2.0, 2.0, 5.0])),
        "prod of zeros": (lambda a: xp.prod(a), np.array([0.0, 2.0, 0.0])),
        "sinc at zero": (lambda a: xp.sinc(a), np.array([0.0, 0.5])),
        "logaddexp of equals": (lambda a, b: xp.logaddexp(a, b), EQUAL.copy(), EQUAL.copy()),
        "hypot at zero": (lambda a, b: xp.hypot(a, b), np.array([0.0, 1.0]), np.array([1.0, 0.0])),
        "ptp of equals": (lambda a: xp.ptp(a), np.ones(4)),
        "arctan2 of zero": (lambda a, b: xp.arctan2(a, b), np.zeros(1), np.ones(1)),
        "sign of zero": (lambda a: xp.sign(a), np.zeros(2)),
        "heaviside at zero": (lambda a: xp.heaviside(a, 0.5), np.zeros(2)),
    }
