"""Samples of scipy.optimize, and derivatives that are known otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import optimize

import srcgrad as sg
from srcgrad.errors import MissingRuleError

pair = np.array([2.0, 3.0])
times = np.linspace(0.0, 2.0, 9)
data = 2 * np.exp(-0.7 * times) + 0.1 * np.sin(5 * times)


def cube(x: Any, c: Any) -> Any:
    return x**3 - c


def well(x: Any, c: Any) -> Any:
    return np.sum((x - c) ** 4 + x**2)


def decay(t: Any, a: Any, b: Any) -> Any:
    return a * np.exp(-b * t)


def residuals(x: Any, c: Any) -> Any:
    return np.array([x[0] - c, x[1] ** 2 - c, x[0] * x[1]])


BRACKETING = [optimize.brentq, optimize.brenth, optimize.bisect, optimize.ridder]
SAMPLES: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    *((f, (cube, 0.0, 3.0, (2.0,)), {}) for f in BRACKETING),
    *((f, (cube, 0.0, 3.0, 2.0), {"rtol": 1e-12, "xtol": 1e-12}) for f in BRACKETING),
    (optimize.toms748, (cube, 0.0, 3.0, (2.0,)), {}),
    (optimize.newton, (cube, 1.2), {"args": (2.0,)}),
    (optimize.newton, (cube, pair / 2), {"args": (pair,)}),
    (optimize.fsolve, (cube, pair / 2, pair), {}),
    (optimize.root, (cube, pair / 2, (pair,)), {"method": "df-sane", "tol": 1e-3}),
    (optimize.root_scalar, (cube, (2.0,)), {"bracket": (0.0, 3.0)}),
    (optimize.root_scalar, (cube, (2.0,)), {"x0": 1.2, "x1": 1.5}),
    (optimize.fixed_point, (lambda x, c: np.cos(c * x), 0.5, (0.8,)), {}),
    (optimize.minimize, (well, pair / 2, (pair,)), {"method": "COBYLA", "tol": 1e-2}),
    (optimize.minimize_scalar, (lambda x, c: (x - c) ** 4 + x**2,), {"args": (2.0,), "tol": 1e-5}),
    (optimize.least_squares, (residuals, pair / 2), {"args": (2.0,), "tol": 1e-4}),
    (optimize.curve_fit, (decay, times, data), {"tol": 1e-5}),
    (optimize.curve_fit, (decay, times, data), {"sigma": 1 + times, "absolute_sigma": True, "tol": 1e-5}),
]

SOLVERS = {
    "brentq": lambda c: optimize.brentq(lambda x: x**3 - c, 0, 3),
    "bisect": lambda c: optimize.bisect(cube, 0, 3, args=(c,)),
    "newton": lambda c: optimize.newton(lambda x: x**3 - c, 1.0, lambda x: 3 * x**2),
    "root_scalar": lambda c: optimize.root_scalar(lambda x: x**3 - c, bracket=(0, 3)).root,
    "fsolve": lambda c: optimize.fsolve(lambda x: x**3 - c, [1.0])[0],
    "root": lambda c: optimize.root(cube, [1.0], c).x[0],
    "root with its Jacobian": lambda c: optimize.root(lambda x: (x**3 - c, np.diag(3 * x**2)), [1.0], jac=True).x[0],
}


@pytest.mark.parametrize("solve", SOLVERS.values(), ids=SOLVERS)
def test_cube_roots(solve: Any) -> None:
    assert sg.grad(solve)(2.0) == pytest.approx(2 ** (-2 / 3) / 3, rel=1e-9)
    assert sg.grad(sg.grad(solve))(2.0) == pytest.approx(-2 / 9 * 2 ** (-5 / 3), rel=1e-7)
    assert sg.jvp(solve, (2.0,), (1.0,))[1] == pytest.approx(2 ** (-2 / 3) / 3, rel=1e-9)


OPTIMA = {
    "BFGS": lambda c: optimize.minimize(lambda x: np.sum((x - c) ** 4 + x**2), pair / 2).x[0],
    "Nelder-Mead": lambda c: optimize.minimize(well, pair / 2, (c,), "Nelder-Mead").x[0],
    "slopes": lambda c: optimize.minimize(well, pair / 2, (c,), jac=lambda x, c: 4 * (x - c) ** 3 + 2 * x).x[0],
    "bounds": lambda c: optimize.minimize(well, pair / 2, (c,), bounds=[(0, 5), (None, None)]).x[0],
    "scalar": lambda c: optimize.minimize_scalar(lambda x: (x - c) ** 4 + x**2).x,
    "least_squares": lambda c: optimize.least_squares(lambda x: np.array([(x[0] - c) ** 2, x[0]]), [0.8]).x[0],
}


@pytest.mark.parametrize("solve", OPTIMA.values(), ids=OPTIMA)
def test_optima(solve: Any) -> None:
    """At x, 4 (x - c)^3 + 2 x = 0."""
    x = optimize.brentq(lambda x: 4 * (x - 2) ** 3 + 2 * x, 0, 2)
    bend = 12 * (x - 2) ** 2
    assert sg.grad(solve)(2.0) == pytest.approx(bend / (bend + 2), rel=1e-7)
    assert sg.jvp(solve, (2.0,), (1.0,))[1] == pytest.approx(bend / (bend + 2), rel=1e-7)


def test_the_value_at_an_optimum_follows_the_parameter_alone() -> None:
    def lowest(c: Any) -> Any:
        return optimize.minimize(lambda x: np.sum((x - c) ** 4 + x**2), [1.0]).fun

    x = optimize.brentq(lambda x: 4 * (x - 2) ** 3 + 2 * x, 0, 2)
    assert sg.grad(lowest)(2.0) == pytest.approx(-4 * (x - 2) ** 3, rel=1e-7)


def test_fixed_points() -> None:
    def solve(c: Any) -> Any:
        return optimize.fixed_point(lambda x: np.cos(c * x), 0.5)

    x = solve(0.8)
    assert sg.grad(solve)(0.8) == pytest.approx(-x * np.sin(0.8 * x) / (1 + 0.8 * np.sin(0.8 * x)), rel=1e-9)


def test_fitted_parameters() -> None:
    """Of a straight line through the data, which is linear in them."""

    def fit(y: Any) -> Any:
        return optimize.curve_fit(lambda t, a, b: a + b * t, times, y)[0]

    columns = np.stack([np.ones(9), times], 1)
    np.testing.assert_allclose(np.linalg.pinv(columns), sg.jacobian(fit)(data), atol=1e-8)


def test_what_has_no_derivative_is_refused() -> None:
    for solve in (
        lambda c: optimize.minimize(lambda x: np.sum((x - c) ** 2), [1.0], bounds=[(0, 1.5)]).x[0],
        lambda c: optimize.minimize(lambda x: np.sum((x - c) ** 2), [1.0], constraints={"type": "eq", "fun": np.sum}).x[
            0
        ],
        lambda c: optimize.brentq(lambda x: x**3 - c, 0, 3, full_output=True)[0],
        lambda c: optimize.root(lambda x: x * x + c, [1.0]).x[0],
        lambda c: optimize.fsolve(lambda x: c * (x - 1) ** 2, [1.0])[0],
        lambda c: optimize.minimize(lambda x: np.sum((x - c) ** 2), [1.0]).hess_inv[0, 0],
    ):
        with pytest.raises((MissingRuleError, AttributeError)):
            sg.grad(solve)(2.0)
