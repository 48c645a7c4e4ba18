"""Values that are computed once although the text asks for them twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.passes import generate, kind_of

X = np.array([0.3, 0.5, 0.7])


def twice(x: Any) -> Any:
    a = x * np.tanh(x)
    b = (x * 2.0) * np.tanh(x)
    return np.sum(a * b)


def before_a_loop(x: Any) -> Any:
    w = np.tanh(x)
    s = np.sum(w)
    for _ in range(3):
        s = s + np.sum(x * np.tanh(x)) * s
    return s


def constant_in_a_loop(x: Any) -> Any:
    p = np.eye(3)
    for _ in range(3):
        p = p @ p * 0.5 + x[:, None] * np.eye(3)
    return np.sum(p)


def operand_bound_again(x: Any) -> Any:
    y = x * np.tanh(x)
    x = x + 1.0
    return np.sum(y * (x * np.tanh(x)))


def operand_bound_again_in_the_loop(x: Any) -> Any:
    w = np.tanh(x)
    s = 0.0
    for _ in range(3):
        s = s + np.sum(x * np.tanh(x))
        x = x * 1.5 + w
    return s


def operand_written(x: Any) -> Any:
    x = x.copy()
    y = x * np.exp(x)
    x[0] = 2.0 * x[1]
    return np.sum(y * (x * np.exp(x)))


def result_bound_again(x: Any) -> Any:
    k = 0
    u = 0.0
    while k < 3:
        t = np.tanh(x)
        u = u + np.sum(t * np.tanh(x))
        t = t * 2.0
        u = u + np.sum(t * np.tanh(x))
        k = k + 1
    return u


def result_bound_after_the_loop(x: Any) -> Any:
    w = np.tanh(x)
    s = np.sum(w)
    for _ in range(3):
        s = s + np.sum(x * np.tanh(x)) * s
    w = w * s
    return s + np.sum(w)


def constant_on_a_condition(x: Any) -> Any:
    s = np.sum(x)
    for i in range(2):
        if i > 0:
            s = s * np.sqrt(2.0 + s) + np.sum(x[:, None] * np.eye(3))
        s = s + np.sum(x[:, None] * np.eye(3)) * np.tanh(s)
    return s


PROGRAMS = (
    twice, before_a_loop, constant_in_a_loop, operand_bound_again, operand_bound_again_in_the_loop, operand_written,
    result_bound_again, result_bound_after_the_loop, constant_on_a_condition,
)  # fmt: skip


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_the_gradient_is_right(f: Callable[..., Any]) -> None:
    gradient = sg.grad(f)
    found = gradient(X)
    assert gradient.function is not None
    steps = 1e-6 * np.eye(3)
    np.testing.assert_allclose([(f(X + h) - f(X - h)) / 2e-6 for h in steps], found, rtol=1e-7)


@pytest.mark.parametrize(
    ("f", "call", "number"),
    [
        (twice, "np.tanh(x)", 1),
        (before_a_loop, "np.tanh(x)", 1),
        (operand_bound_again, "np.tanh(x", 2),
        (operand_bound_again_in_the_loop, "np.tanh(x)", 2),
        (result_bound_again, "np.tanh(x)", 2),
    ],
)
def test_how_often_it_is_computed(f: Callable[..., Any], call: str, number: int) -> None:
    source = generate(f, (kind_of(X),), (0,), "grad").source
    assert number == sum(call in line for line in source.split("\n") if not line.lstrip().startswith("#"))


def test_a_constant_is_computed_before_the_loop() -> None:
    lines = generate(constant_in_a_loop, (kind_of(X),), (0,), "grad").source.split("\n")
    (loop,) = [n for n, line in enumerate(lines) if line.startswith("    for _ in range")]
    assert [n < loop for n, line in enumerate(lines) if "= np.eye(3)" in line] == [True, True]
