"""Samples of the kernels of scipy.interpolate, and the interpolators over them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import interpolate, linalg
from scipy.interpolate import _bsplines, _ppoly, _rgi

import srcgrad as sg
from srcgrad.errors import MissingRuleError

rng = np.random.default_rng(10)
x, y = np.array([0.3, 0.7, 1.2, 2.1, 2.4]), np.array([0.5, -0.2, 1.0, 0.3, 0.9])
q = np.array([0.5, 1.0, 2.2])
pieces, bands = rng.normal(size=(4, 4, 2)), np.concatenate([np.zeros((1, 5)), 3 + rng.normal(size=(3, 5))])
knots, weights = np.concatenate([np.zeros(3), [0.4, 0.9], np.full(4, 2.5)]), rng.normal(size=(5, 2))
rows, columns = np.array([0.0, 1.0, 2.5, 3.0]), np.array([-1.0, 0.5, 2.0])
table = rng.normal(size=(4, 3))
places = np.array([[0.3, 1.4], [2.7, -0.3], [1.7, 0.9]])

SAMPLES: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    *((_ppoly.evaluate, (pieces, x, np.array([0.5, 2.2, 3.0]), n, True, np.zeros((3, 2))), {}) for n in range(5)),
    (_ppoly.evaluate, (pieces, x, np.array([0.5, 2.2, 3.0]), 0, False, np.zeros((3, 2))), {}),
    (_ppoly.evaluate, (pieces, -x, -q, 0, True, np.zeros((3, 2))), {}),
    (linalg.lapack.dgbsv, (1, 1, bands, y), {"argnums": "b"}),
    (_rgi._ndim_coords_from_arrays, ((q, np.ones(3)),), {}),
    (_rgi._ndim_coords_from_arrays, (q,), {}),
    (_rgi._ndim_coords_from_arrays, (places,), {"ndim": 2}),
    (_rgi.find_indices, ((rows, columns), places.T.copy()), {}),
]
if hasattr(_bsplines, "_dierckx"):
    SAMPLES += [
        (_bsplines._dierckx.evaluate_spline, (knots, weights, 3, q, n, e), {}) for n in range(5) for e in (False, True)
    ]
else:
    SAMPLES += [(_bsplines._bspl.evaluate_spline, (knots, weights, 3, q, 1, True, np.zeros((3, 2))), {})]
if hasattr(_rgi, "evaluate_linear_2d"):
    SAMPLES += [
        (
            _rgi.evaluate_linear_2d,
            (table, *_rgi.find_indices((rows, columns), places.T.copy()), (rows, columns), np.zeros(3)),
            {},
        )
    ]

INTERPOLATORS = {
    "interp1d": interpolate.interp1d,
    "CubicSpline": interpolate.CubicSpline,
    "clamped": lambda x, y: interpolate.CubicSpline(x, y, bc_type="clamped"),
    "natural": lambda x, y: interpolate.CubicSpline(x, y, bc_type="natural"),
    "Pchip": interpolate.PchipInterpolator,
    "Akima": interpolate.Akima1DInterpolator,
    "Barycentric": interpolate.BarycentricInterpolator,
    "Krogh": interpolate.KroghInterpolator,
}


@pytest.mark.parametrize("kind", INTERPOLATORS.values(), ids=INTERPOLATORS)
def test_interpolators_in_points_and_values(kind: Any) -> None:
    sg.check_grads(lambda x, y, q: kind(x, y)(q), (x, y, q), order=1)
    sg.check_grads(lambda y, q: np.sum(kind(x, y)(q) ** 2), (y, q), order=2)


def test_splines_through_values() -> None:
    sg.check_grads(lambda y, q: interpolate.make_interp_spline(x, y)(q), (y, q), order=2)
    sg.check_grads(lambda y, q: interpolate.interp1d(x, y, kind="cubic")(q), (y, q), order=1)
    sg.check_grads(lambda q: interpolate.CubicSpline(x, y).derivative()(q), (q,), order=1)
    sg.check_grads(lambda y, q: interpolate.CubicSpline(x, y)(q, 1), (y, q), order=1)


def test_regular_grids() -> None:
    def on_grid(values: Any, places: Any) -> Any:
        return interpolate.RegularGridInterpolator((rows, columns), values)(places)

    sg.check_grads(on_grid, (table, places), order=2)
    sg.check_grads(lambda v, p: interpolate.RegularGridInterpolator((x,), v)(p), (y, q[:, None]), order=1)
    sg.check_grads(lambda v: interpolate.interpn((rows, columns), v, places), (table,), order=1)


def test_a_spline_through_moving_points_is_refused() -> None:
    with pytest.raises(MissingRuleError):
        sg.grad(lambda x: interpolate.make_interp_spline(x, y)(0.5))(x)
