"""Each optimisation can be left out: the text is another then, and the gradient the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.passes import generate, kind_of, switches

RNG = np.random.default_rng(0)
X, W = RNG.normal(size=6), RNG.normal(size=(6, 6))


def late_sums(x: Any, w: Any) -> Any:
    y = np.sum(w, axis=0)
    return np.sum(y[1:] * (x[1:] - x[:-1] + y[:-1] - y[1:]))


def updates_in_place(x: Any, w: Any) -> Any:
    y = np.zeros(6)
    for k in range(3):
        y += w[k] * x
        y -= 0.1 * x
    return np.sum(y * y)


def one_trace(x: Any, w: Any) -> Any:
    s = 1.0
    for k in range(6):
        u = s * x[k]
        s = s * np.sin(u) + w[k, 0]
    return s


def fused_sums(x: Any, w: Any) -> Any:
    s = 0.0
    for k in range(6):
        u = np.exp(x[k] * w[k])
        if x[k] > 0:
            s = s + np.sum(u * u)
        else:
            s = s - u[0]
    return s


def sigmoids(x: Any, w: Any) -> Any:
    return np.sum(1.0 / (1.0 + np.exp(-(w @ x))))


def factors_out(x: Any, w: Any) -> Any:
    length = np.sqrt(np.sum(w * w, axis=1, keepdims=True))
    return np.sum(np.sin(w / length) @ x)


def rare_guards(x: Any, w: Any) -> Any:
    return np.max(np.exp(w @ x) * x)


def first_iteration_only(x: Any, w: Any) -> Any:
    s = 0.0
    for k in range(6):
        if k == 0:
            m = np.exp(x[0] * w[0, 0])
        s = s + m * x[k] * w[k, 1]
    return s


def gradient(f: Callable[..., Any]) -> tuple[str, Any]:
    made = generate(f, (kind_of(X), kind_of(W)), (0, 1), "grad", apart=True)
    scope = dict(made.bindings)
    exec(compile(made.source, "<generated>", "exec"), scope)
    return made.source, scope[made.entry](X, W)


def slopes(f: Callable[..., Any]) -> tuple[Any, Any]:
    """The derivatives along two directions by differences."""
    dx, dw = RNG.normal(size=6), RNG.normal(size=(6, 6))

    def slope(x: Any, w: Any) -> Any:
        h = 1e-6
        return (f(X + h * x, W + h * w) - f(X - h * x, W - h * w)) / (2 * h)

    return (dx, dw), (slope(dx, 0 * dw), slope(0 * dx, dw))


@pytest.mark.parametrize(
    "f",
    [late_sums, updates_in_place, one_trace, fused_sums, sigmoids, factors_out, rare_guards],
    ids=lambda f: f.__name__,
)
def test_the_text_is_another_and_the_gradient_the_same(f: Callable[..., Any]) -> None:
    text, found = gradient(f)
    with switches.without(f.__name__):
        plain, expected = gradient(f)
    assert plain != text
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-12, atol=1e-14)
    directions, by_differences = slopes(f)
    for direction, slope, bar in zip(directions, by_differences, found, strict=True):
        np.testing.assert_allclose(np.sum(bar * direction), slope, rtol=1e-6, atol=1e-8)


def test_every_optimisation_has_its_program() -> None:
    assert {name for name in globals() if name in switches.NAMES} == switches.NAMES


def test_what_an_iteration_hands_to_the_next_is_not_fused() -> None:
    directions, by_differences = slopes(first_iteration_only)
    found = sg.grad(first_iteration_only, (0, 1))(X, W)
    for direction, slope, bar in zip(directions, by_differences, found, strict=True):
        np.testing.assert_allclose(np.sum(bar * direction), slope, rtol=1e-6, atol=1e-8)
