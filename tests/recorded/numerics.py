"""Interpolation and polynomials."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from tests.recorded.drawing import complex_, inside, number, real

GRID = np.array([-2.0, -0.5, 0.2, 1.0, 2.0])


def samples(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    return {
        "interp": (lambda x, y: xp.interp(x, GRID, y), real(6), real(5)),
        "interp over a grid": (lambda x, t, y: xp.interp(x, GRID + 0.1 * t, y), inside(4), inside(5), real(5)),
        "interp at a number": (lambda x, y: xp.interp(x, GRID, y), number, real(5)),
        "interp outside": (lambda x, y: xp.interp(x * 5, GRID, y, left=3.0), real(4), real(5)),
        "polyval": (lambda p, x: xp.polyval(p, x), real(4), real(2, 3)),
        "polyval at a number": (lambda p, x: xp.polyval(p, x), real(4), number),
        "polyval, complex": (lambda p, x: xp.polyval(p, x), real(3), complex_(3)),
        "polyder": (lambda p: xp.polyder(p), real(4)),
        "polyder twice": (lambda p: xp.polyder(p, 2), real(4)),
        "polyint": (lambda p: xp.polyint(p), real(3)),
        "polyint twice": (lambda p: xp.polyint(p, 2, k=np.array([1.0, 2.0])), real(3)),
        "polymul": (lambda p, q: xp.polymul(p, q), real(3), real(2)),
        "polyadd": (lambda p, q: xp.polyadd(p, q), real(3), real(2)),
        "polysub": (lambda p, q: xp.polysub(p, q), real(3), real(2)),
        "polyfit": (lambda y: xp.polyfit(GRID, y, 2), real(5)),
        "polyfit, both": (lambda x, y: xp.polyfit(GRID + 0.1 * x, y, 1), inside(5), real(5)),
        "poly": (lambda roots: xp.poly(roots), real(3)),
    }
