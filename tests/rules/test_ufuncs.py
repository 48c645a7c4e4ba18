"""The elementwise rules at their samples, and what is agreed for points without a derivative."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checking import check, jvp_of, vjp_of

from srcgrad.rules import table
from srcgrad.rules.ufuncs import bessel_i1, lowered, sinc_slope

X = np.array([-1.3, -0.4, 0.2, 0.7, 2.1])
POSITIVE = np.array([0.3, 0.8, 1.7, 5.0])
UNIT = np.array([-0.9, -0.2, 0.4, 0.95])
COMPLEX = np.array([0.4 + 0.3j, -1.2 + 0.5j, 0.7 - 1.1j, -0.6 - 0.2j])
COLUMN = np.array([[-1.6], [0.44], [0.97]])
ROW = np.array([0.35, -1.1, 0.7, -0.55])
COLUMN_POSITIVE = np.exp(COLUMN)

HOLOMORPHIC = [
    np.negative, np.positive, np.reciprocal, np.square, np.sqrt, np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10,
    np.log1p, np.sin, np.cos, np.tan, np.arcsin, np.arccos, np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh,
    np.arccosh, np.arctanh, np.sinc,
]  # fmt: skip
REAL = [
    np.negative, np.positive, np.reciprocal, np.square, np.cbrt, np.exp, np.exp2, np.expm1, np.sin, np.cos, np.tan,
    np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh, np.deg2rad, np.radians, np.rad2deg, np.degrees, np.sinc,
    np.i0, np.abs, np.fabs, np.conj, np.real, np.imag, np.angle, np.real_if_close, np.modf, np.frexp, np.nan_to_num,
]  # fmt: skip
ON_POSITIVE = [np.sqrt, np.log, np.log2, np.log10, np.log1p]
ON_UNIT = [np.arcsin, np.arccos, np.arctanh]
PAIRS = [
    np.add, np.subtract, np.multiply, np.divide, np.remainder, np.fmod, np.divmod, np.logaddexp, np.logaddexp2,
    np.arctan2, np.hypot, np.maximum, np.minimum, np.fmax, np.fmin, np.copysign, np.heaviside, np.nextafter,
]  # fmt: skip
PAIRS_COMPLEX = [np.add, np.subtract, np.multiply, np.divide, np.power, np.maximum, np.minimum]
CONSTANT = [
    np.sign, np.floor, np.ceil, np.trunc, np.rint, np.round, np.fix, np.signbit, np.isnan, np.isfinite, np.logical_not,
]  # fmt: skip
CONSTANT_PAIRS = [np.floor_divide, np.less, np.equal, np.logical_and, np.isclose]


def single(x: Any) -> Any:
    return x.astype(np.complex64 if x.dtype.kind == "c" else np.float32)


SAMPLES: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    *((f, (X,), {}) for f in REAL + CONSTANT),
    *((f, (0.7,), {}) for f in REAL),
    *((f, (single(X),), {}) for f in REAL),
    *((f, (POSITIVE,), {}) for f in ON_POSITIVE),
    *((f, (single(POSITIVE),), {}) for f in ON_POSITIVE),
    *((f, (UNIT,), {}) for f in ON_UNIT),
    *((f, (COMPLEX,), {}) for f in HOLOMORPHIC),
    *((f, (single(COMPLEX),), {}) for f in HOLOMORPHIC),
    *((f, (COLUMN, ROW), {}) for f in PAIRS + CONSTANT_PAIRS),
    *((f, (single(COLUMN), single(ROW)), {}) for f in PAIRS),
    *((f, (1.7, ROW), {}) for f in PAIRS),
    *((f, (COLUMN, -0.3), {}) for f in PAIRS),
    *((f, (COLUMN * (1 + 2j), COMPLEX), {}) for f in PAIRS_COMPLEX),
    *((f, (COMPLEX, 0.8), {}) for f in PAIRS_COMPLEX),
    *((f, (COMPLEX,), {}) for f in (np.abs, np.conj, np.real, np.imag, np.angle, np.real_if_close, np.nan_to_num)),
    *((f, (0.3 - 0.4j,), {}) for f in (np.abs, np.conj, np.real, np.imag, np.angle)),
    (np.arccosh, (1 + POSITIVE,), {}),
    (np.angle, (COMPLEX,), {"deg": True}),
    (np.power, (COLUMN_POSITIVE, ROW), {}),
    (np.power, (single(COLUMN_POSITIVE), single(ROW)), {}),
    (np.power, (X, 3), {}),
    (np.power, (X, -2.0), {"argnums": 0}),
    (np.power, (X, np.array([0, 1, 2, 3, -1])), {}),
    (np.power, (COLUMN_POSITIVE, 0.0), {}),
    (np.power, (2, ROW), {}),
    (np.power, (0.0, POSITIVE), {"argnums": 1}),
    (np.power, (np.zeros(3), np.array([0.0, 2.0, 3.0])), {"argnums": 0}),
    (np.float_power, (COLUMN_POSITIVE, ROW), {}),
    (np.i0, (np.array([0.0, -20.0, 40.0]),), {}),
    (np.sinc, (np.array([0.0, 1e-3, 1e-7, 0.1591, 3.0]),), {}),
    (np.remainder, (X, 0.37), {}),
    (np.heaviside, (np.array([-1.0, 0.0, 2.0]), X[:3]), {"argnums": 1}),
    (np.maximum, (np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0])), {}),
    (np.minimum, (np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0])), {}),
    (np.fmax, (np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0])), {}),
    (np.fmin, (np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0])), {}),
    (np.abs, (np.zeros(2),), {}),
    (np.ldexp, (X, np.array([2, -1, 0, 5, 3])), {}),
    (np.where, (COLUMN > 0, COLUMN, ROW), {}),
    (np.where, (True, 2.0, ROW), {}),
    (np.where, (ROW > 0, COMPLEX, ROW), {}),
    (np.where, (X > 0, np.float32(2.0), single(X)), {}),
    (np.clip, (X, -0.5, 1.0), {}),
    (np.clip, (single(X), None, 1.0), {}),
    (np.clip, (X,), {"min": 0.0}),
    (np.clip, (X, COLUMN, COLUMN + 1), {}),
    (np.clip, (X, 0.0, 1.0, np.empty(5)), {}),
    (np.clip, (np.arange(5), 1, 3), {}),
    (np.clip, (0.3, 0, 1), {}),
    (np.nan_to_num, (np.array([1.0, np.nan, np.inf, -np.inf]),), {}),
    (np.nan_to_num, (single(np.array([1.0, np.nan, np.inf, -np.inf])),), {}),
    (np.nan_to_num, (np.array([1.0, np.nan, np.inf]),), {"nan": 2.0, "posinf": 5.0, "copy": False}),
    (np.nan_to_num, (np.array([complex(1.0, -np.inf), complex(np.nan, 1.0)]),), {}),
    (np.nan_to_num, (np.arange(3),), {}),
]


@pytest.mark.parametrize("shape", [(0,), (2, 0), ()])
def test_empty_and_zero_dimensional(shape: tuple[int, ...]) -> None:
    x = np.full(shape, 0.5)
    check(np.sin, x)
    check(np.multiply, x, 2.0)


def test_aliases_share_the_entry() -> None:
    for alias, name in [("pow", "power"), ("acos", "arccos"), ("true_divide", "divide"), ("mod", "remainder")]:
        if hasattr(np, alias):
            assert table.lookup(getattr(np, name)) is table.lookup(getattr(np, alias))


def test_ties_share_equally() -> None:
    x = np.array([1.0, -2.0])
    for function in (np.maximum, np.minimum, np.fmax, np.fmin):
        given = vjp_of(function, np.ones(2), x, x.copy())
        assert [0.5, 0.5] == given["x1"].tolist() == given["x2"].tolist()


def test_fmax_passes_the_cotangent_beside_a_nan() -> None:
    given = vjp_of(np.fmax, np.ones(2), np.array([1.0, np.nan]), np.array([np.nan, 2.0]))
    assert [1.0, 0.0] == given["x1"].tolist()
    assert [0.0, 1.0] == given["x2"].tolist()


def test_zero_to_a_power() -> None:
    powers = np.array([0.0, 1.0, 2.0, 0.5])
    given = vjp_of(np.power, np.ones(4), np.zeros(4), powers)
    assert [0.0, 1.0, 0.0, np.inf] == given["x1"].tolist()
    assert [0.0, 0.0, 0.0, 0.0] == given["x2"].tolist()


def test_an_exponent_is_replaced_only_for_zero_to_the_zero() -> None:
    """The mixed second derivative of x ** p at p = 0 is 1 / x."""
    assert [1.0, -1.0, 1.0] == lowered(np.array([0.0, 2.0, 0.0]), np.array([0.0, 0.0, 2.0])).tolist()


def test_power_of_python_numbers_does_not_raise() -> None:
    assert vjp_of(np.power, 1.0, 0.0, 0.5)["x1"] == np.inf
    assert vjp_of(np.power, 1.0, 0.0, 0.0)["x1"] == 0.0


def test_power_of_a_negative_base_has_no_derivative_in_the_exponent() -> None:
    given = vjp_of(np.power, np.ones(1), np.array([-2.0]), np.array([2.0]))
    assert [-4.0] == given["x1"].tolist()
    assert np.isnan(given["x2"]).all()


@pytest.mark.parametrize("function", [np.sqrt, np.log, np.log2, np.log10, np.cbrt, np.reciprocal])
def test_a_pole_is_infinite_and_silent_under_a_zero_cotangent(function: Any) -> None:
    given = vjp_of(function, np.array([0.0, 1.0]), np.array([0.0, 0.0]))["x"]
    assert given[0] == 0.0
    assert np.isinf(given[1])
    tangent = jvp_of(function, {"x": np.array([0.0])}, np.array([0.0]))
    assert [0.0] == tangent.tolist()


@pytest.mark.parametrize("function", [np.exp, np.exp2, np.expm1, np.sinh, np.cosh])
def test_overflow_is_silent_under_a_zero_cotangent(function: Any) -> None:
    assert [0.0] == vjp_of(function, np.zeros(1), np.array([2000.0]))["x"].tolist()


def test_outside_the_domain_is_silent_under_a_zero_cotangent() -> None:
    for function in (np.sqrt, np.arcsin, np.arccosh):
        assert [0.0] == vjp_of(function, np.zeros(1), np.array([-2.0]))["x"].tolist()
    given = vjp_of(np.divide, np.zeros(1), np.zeros(1), np.zeros(1))
    assert 0.0 == given["x1"][0] == given["x2"][0]


def test_norms_at_the_origin_have_derivative_zero() -> None:
    assert 0.0 == vjp_of(np.abs, 1.0, 0.0)["x"] == vjp_of(np.abs, 1.0, 0j)["x"]
    assert 0.0 == vjp_of(np.fabs, 1.0, 0.0)["x"]
    given = vjp_of(np.hypot, np.ones(2), np.array([0.0, 3.0]), np.array([0.0, 4.0]))
    assert [0.0, 0.6] == given["x1"].tolist()
    assert [0.0, 0.8] == given["x2"].tolist()
    assert vjp_of(np.angle, 1.0, 0j)["z"] == 0.0


def test_complex_gradients_are_not_conjugated() -> None:
    """The gradient of a real function of a + ib is d/da - i d/db."""
    z = 3.0 + 4.0j
    assert vjp_of(np.abs, 1.0, z)["x"] == pytest.approx(0.6 - 0.8j)
    assert vjp_of(np.real, 1.0, z)["val"] == 1.0
    assert vjp_of(np.imag, 1.0, z)["val"] == -1j
    assert vjp_of(np.conj, 1j, z)["x"] == -1j
    assert vjp_of(np.angle, 1.0, z)["z"] == pytest.approx(-0.16 - 0.12j)


def test_parts_of_real_numbers() -> None:
    assert vjp_of(np.imag, 1.0, 2.0)["val"] == 0.0
    assert vjp_of(np.angle, 1.0, -2.0)["z"] == 0.0


def test_remainder_after_a_rounded_quotient() -> None:
    """The quotient 1.0 / 0.1 rounds to 10, but 1.0 % 0.1 is 1.0 - 9 * 0.1."""
    assert vjp_of(np.remainder, 1.0, 1.0, 0.1)["x2"] == -9.0
    assert vjp_of(np.fmod, 1.0, 1.0, 0.1)["x2"] == -9.0


def test_where_keeps_the_other_branch_out() -> None:
    condition = np.array([True, False])
    given = vjp_of(np.where, np.array([1.0, np.nan]), condition, np.zeros(2), np.zeros(2))
    assert [1.0, 0.0] == given["x1"].tolist()
    nonzero = np.where(condition, np.array([1.0, 2.0]), np.array([np.nan, 3.0]))
    assert [1.0, 3.0] == nonzero.tolist()


def test_slopes_of_sinc_and_i0_to_double_precision() -> None:
    special = pytest.importorskip("scipy.special")
    x = np.linspace(-690.0, 690.0, 1000)
    np.testing.assert_allclose(bessel_i1(x), special.i1(x), rtol=1e-13)
    # Both forms of the slope, beside the point where they meet, and the series where the quotient cancels.
    edge = 0.5 / np.pi
    below, above = sinc_slope(np.array([edge * (1 - 1e-12), edge * (1 + 1e-12)]))
    assert below == pytest.approx(above, rel=1e-11)
    assert sinc_slope(np.array([1e-9]))[0] == pytest.approx(-(np.pi**2) / 3 * 1e-9, rel=1e-14)


def test_single_precision_stays_in_the_common_partials() -> None:
    x = np.float32(0.5) * np.ones(3, np.float32)
    for function in (np.exp, np.sin, np.tanh, np.sqrt, np.log, np.square, np.sinc, np.abs):
        assert vjp_of(function, x, x)["x"].dtype == np.float32
    assert vjp_of(np.power, x, x, x)["x1"].dtype == np.float32
