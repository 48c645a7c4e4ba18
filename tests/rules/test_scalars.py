"""Rules of Python's own numeric functions: values stay Python floats, and poles do not raise."""

from __future__ import annotations

import builtins
import cmath
import math
import operator
from typing import Any

import numpy as np
import pytest
from checking import jvp_of, vjp_of

from srcgrad.rules import table
from srcgrad.rules.scalars import digamma

EVERYWHERE = [
    math.cbrt, math.exp, math.exp2, math.expm1, math.sin, math.cos, math.tan, math.atan, math.sinh, math.cosh,
    math.tanh, math.asinh, math.degrees, math.radians, math.fabs, math.modf, math.frexp, math.erf, math.erfc,
]  # fmt: skip
ON_POSITIVE = [math.sqrt, math.log, math.log2, math.log10, math.log1p, math.gamma, math.lgamma]
ON_UNIT = [math.asin, math.acos, math.atanh]
PAIRS = [math.atan2, math.copysign, math.fmod, math.remainder, math.hypot, math.nextafter]
OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.mod, builtins.divmod]
HOLOMORPHIC = [
    cmath.sqrt, cmath.exp, cmath.log, cmath.log10, cmath.sin, cmath.cos, cmath.tan, cmath.asin, cmath.acos,
    cmath.atan, cmath.sinh, cmath.cosh, cmath.tanh, cmath.asinh, cmath.acosh, cmath.atanh,
]  # fmt: skip
CONSTANT = [math.floor, math.ceil, math.trunc, math.isnan, round, int, bool, float.is_integer]
ARRAY = np.array([0.6, -1.2, 2.5])

SAMPLES: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    *((f, (x,), {}) for f in EVERYWHERE + CONSTANT for x in (0.7, -1.3)),
    *((f, (x,), {}) for f in ON_POSITIVE for x in (0.3, 2.7)),
    *((f, (x,), {}) for f in ON_UNIT for x in (0.3, -0.8)),
    *((f, (x1, x2), {}) for f in PAIRS for x1, x2 in [(0.7, 1.9), (-1.3, 0.4), (2.3, -0.8)]),
    *((f, (x1, x2), {}) for f in OPERATORS for x1, x2 in [(0.7, 1.9), (-1.3, 0.4), (2.3, -0.8)]),
    *((f, (ARRAY, 0.7), {}) for f in OPERATORS),
    *((f, (ARRAY[:, None], np.array([0.7, -0.45])), {}) for f in OPERATORS),
    *((f, (z,), {}) for f in HOLOMORPHIC for z in (0.4 + 0.3j, -1.2 + 0.5j, 0.7 - 1.1j)),
    *((f, (x,), {}) for f in (operator.neg, operator.pos, operator.abs, abs, float) for x in (0.7, -1.3)),
    *((f, (np.array(-1.3),), {}) for f in (math.sin, abs, float)),
    *((f, (np.float32(-1.3),), {}) for f in (math.sin, abs, float)),
    *((f, (x1, x2), {}) for f in (operator.pow, pow, math.pow) for x1, x2 in [(0.7, 1.9), (1.3, -0.4), (2.3, 0.0)]),
    *((f, (-1.3, 3), {}) for f in (operator.pow, pow, math.pow)),
    *((f, (0.0, 2.0), {"argnums": 0}) for f in (operator.pow, pow, math.pow)),
    *((f, (0.0, 2.0), {"argnums": 1}) for f in (operator.pow, pow, math.pow)),
    *((f, (0.0, x2), {"argnums": 0}) for f in (operator.pow, pow, math.pow) for x2 in (0.0, 1.0)),
    (operator.floordiv, (2.3, 0.7), {}),
    (abs, (0.3 - 0.4j,), {}),
    (pow, (0.3 - 0.4j, 1.5 + 0.2j), {}),
    (complex, (0.7, -1.3), {}),
    (complex, (0.7,), {}),
    (complex, (0.7 + 1j, 0.2j), {}),
    (complex, (), {"imag": 0.4}),
    (math.log, (2.7, 3.1), {}),
    (math.log, (2.7, 10), {}),
    (math.acosh, (1.6,), {}),
    (math.gamma, (-1.6,), {}),
    (math.lgamma, (-1.6,), {}),
    (math.ldexp, (0.7, 3), {}),
    (math.hypot, (0.7, -1.3, 2.0, 0.0), {}),
    (math.hypot, (-0.7,), {}),
    (math.hypot, (np.float64(0.7), 2), {}),
    (math.dist, ((0.7, -1.3), [2.0, 0.4]), {}),
    (math.dist, (ARRAY, [2.0, 0.4, 1.0]), {}),
    (math.fsum, ([0.7, -1.3, 2.0],), {}),
    (math.fsum, (ARRAY,), {}),
    (math.prod, ([0.7, -1.3, 2.0],), {}),
    (math.prod, ((0.7, 0.0, 2.0),), {"start": 1.5}),
    (math.prod, ([0.0, 0.0, 2.0],), {}),
    (math.prod, (ARRAY,), {}),
    (math.prod, ([],), {"start": 1.5}),
    (cmath.log, (0.4 + 0.3j, 2.0 - 1j), {}),
    (cmath.phase, (-0.4 + 0.3j,), {}),
    (cmath.polar, (-0.4 + 0.3j,), {}),
    (cmath.rect, (0.7, 2.1), {}),
    (cmath.exp, (0.7,), {}),
]
if hasattr(math, "sumprod"):
    SAMPLES += [(math.sumprod, ([0.7, -1.3], (2.0, 0.4)), {}), (math.sumprod, (ARRAY, ARRAY), {})]
if hasattr(math, "fma"):
    SAMPLES += [(math.fma, (0.7, -1.3, 2.0), {})]


@pytest.mark.parametrize("function", [*EVERYWHERE, *ON_POSITIVE, *PAIRS, math.pow])
def test_floats_stay_floats(function: Any) -> None:
    args = (0.7, 0.4)[: 2 if function in PAIRS or function is math.pow else 1]
    y = function(*args)
    y_bar = tuple(0.5 for _ in y) if isinstance(y, tuple) else 0.5
    for bar in vjp_of(function, y_bar, *args).values():
        assert all(type(b) is float for b in (bar if isinstance(bar, tuple) else [bar]))


def test_poles_are_infinite_and_silent_under_a_zero_cotangent() -> None:
    """Python's division would raise, though the result may belong to a branch not taken."""
    for function, x in [(math.sqrt, 0.0), (math.cbrt, 0.0), (math.asin, 1.0), (math.acos, -1.0), (math.acosh, 1.0)]:
        assert math.isinf(vjp_of(function, 1.0, x)["x"])
        assert vjp_of(function, 0.0, x)["x"] == 0.0
        assert jvp_of(function, {"x": 0.0}, x) == 0.0
    assert math.isinf(vjp_of(math.pow, 1.0, 0.0, 0.5)["x1"])
    assert vjp_of(math.pow, 0.0, 0.0, 0.5)["x1"] == 0.0
    assert vjp_of(math.atan2, 0.0, 0.0, 0.0) == {"x1": 0.0, "x2": 0.0}
    assert vjp_of(cmath.sqrt, 0j, 0j)["x"] == 0.0


def test_points_without_a_derivative() -> None:
    assert 0.0 == vjp_of(math.fabs, 1.0, 0.0)["x"] == vjp_of(abs, 1.0, 0.0)["x"]
    assert vjp_of(math.copysign, 1.0, 0.0, -1.0)["x1"] == 0.0
    assert vjp_of(math.hypot, 1.0, 0.0, 0.0)["coordinates"] == (0.0, 0.0)
    assert vjp_of(math.dist, 1.0, [1.0, 2.0], [1.0, 2.0]) == {"p": [0.0, 0.0], "q": [0.0, 0.0]}
    assert vjp_of(math.pow, 1.0, 0.0, 0.0) == {"x1": 0.0, "x2": 0.0}
    assert vjp_of(cmath.polar, (1.0, 1.0), 0j)["x"] == 0.0


def test_remainders_after_a_rounded_quotient() -> None:
    assert vjp_of(math.fmod, 1.0, 1.0, 0.1)["x2"] == -9.0
    assert vjp_of(operator.mod, 1.0, 1.0, 0.1)["x2"] == -9.0


def test_a_logarithm_of_a_negative_base_is_no_number() -> None:
    given = vjp_of(math.pow, 1.0, -2.0, 2.0)
    assert given["x1"] == -4.0
    assert math.isnan(given["x2"])


def test_digamma_to_double_precision() -> None:
    special = pytest.importorskip("scipy.special")
    for x in [1e-6, 0.3, 1.0, 1.4616321449683622, 5.5, 11.999, 12.0, 40.0, 1e6, -0.4, -3.7]:
        assert digamma(x) == pytest.approx(float(special.digamma(x)), rel=1e-13, abs=1e-14)


def test_operators_share_the_entries_of_ufuncs() -> None:
    assert table.lookup(operator.add) is table.lookup(np.add)
    assert table.lookup(pow) is table.lookup(operator.pow) is table.lookup(np.power)
    assert table.lookup(abs) is table.lookup(operator.abs) is table.lookup(np.absolute)
