"""Samples of scipy.integrate, and what SciPy's own code over NumPy gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import integrate

import srcgrad as sg
from srcgrad.errors import MissingRuleError

x, y = np.array([0.3, 0.7, 1.2, 2.1, 2.4]), np.array([0.5, -0.2, 1.0, 0.3, 0.9])
start = np.array([2.0, 3.0])


def wave(t: Any, c: Any) -> Any:
    return np.sin(c * t)


def bell(t: Any, c: Any) -> Any:
    return np.exp(-c * t * t + 0.2 * t)


def decay(y: Any, t: Any, c: Any) -> Any:
    return -c * y * t


SAMPLES: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    (integrate.quad, (wave, 0.1, 1.2, (2.0,)), {}),
    (integrate.quad, (wave, 1.2, 0.1, 2.0), {}),
    *((integrate.quad, (bell, a, b, (1.2,)), {}) for a, b in ((0.1, np.inf), (-np.inf, 0.1), (-np.inf, np.inf))),
    (integrate.odeint, (decay, start, np.array([0.0, 0.5, 1.0]), (1.2,)), {}),
]


def test_limits_and_parameters_of_an_integral() -> None:
    sg.check_grads(lambda a, b, c: integrate.quad(lambda t: np.sin(c * t) / (1 + t), a, b)[0], (0.1, 1.2, 2.0), order=2)
    sg.check_grads(lambda c: integrate.quad(bell, -np.inf, 0.5, args=(c,))[0], (1.2,), order=1)
    assert np.sin(2.4) == pytest.approx(sg.grad(lambda b: integrate.quad(lambda t: np.sin(2 * t), 0.1, b)[0])(1.2))
    assert -np.sin(0.2) == pytest.approx(sg.grad(lambda a: integrate.quad(lambda t: np.sin(2 * t), a, 0.1 + 1)[0])(0.1))


def test_singular_integrands_are_refused() -> None:
    with pytest.raises(MissingRuleError, match="singular"):
        sg.grad(lambda c: integrate.quad(lambda t: c / np.sqrt(t), 0, 1)[0])(2.0)


RULES = {
    "trapezoid": lambda y, x: integrate.trapezoid(y, x),
    "simpson": lambda y, x: integrate.simpson(y, x=x),
    "cumulative_trapezoid": lambda y, x: integrate.cumulative_trapezoid(y, x, initial=0),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_rules_for_samples(rule: Any) -> None:
    sg.check_grads(rule, (y, x), order=2)


@pytest.mark.parametrize("method", ["RK45", "DOP853", "Radau", "BDF"])
def test_solutions_of_differential_equations(method: str) -> None:
    """y' = -c y has the solution y0 exp(-c t)."""

    def end(y0: Any, c: Any) -> Any:
        made = integrate.solve_ivp(lambda t, y: -c * y, (0.0, 1.0), y0, method=method, rtol=1e-9, atol=1e-9)
        return np.sum(made.y[:, -1])

    y0_bar, c_bar = sg.grad(end, (0, 1))(start, 1.2)
    np.testing.assert_allclose(y0_bar, np.full(2, np.exp(-1.2)), rtol=1e-6)
    assert c_bar == pytest.approx(-np.sum(start) * np.exp(-1.2), rel=1e-6)


def test_odeint() -> None:
    """y' = -c y t has the solution y0 exp(-c (t^2 - t0^2) / 2)."""

    def end(y0: Any, c: Any, t: Any) -> Any:
        return np.sum(integrate.odeint(lambda y, t: -c * y * t, y0, t)[-1])

    t = np.array([0.2, 0.5, 1.0])
    y0_bar, c_bar, t_bar = sg.grad(end, (0, 1, 2))(start, 1.2, t)
    factor = np.exp(-1.2 * (1 - 0.04) / 2)
    np.testing.assert_allclose(y0_bar, np.full(2, factor), rtol=1e-8)
    assert c_bar == pytest.approx(-0.48 * 5 * factor, rel=1e-8)
    np.testing.assert_allclose(t_bar, [1.2 * 0.2 * 5 * factor, 0.0, -1.2 * 5 * factor], atol=1e-7)
