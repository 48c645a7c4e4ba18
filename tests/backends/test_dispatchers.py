"""Functions under numba's decorators: differentiated through their Python, compiled along with what calls them."""

from __future__ import annotations

import numba
import numpy as np
import pytest

import srcgrad as sg
from tests.backends import programs

W = np.array([1.0, 2.0, 3.0])
RATE = 2.0


@numba.njit
def square(x, factor=2.0):
    return x * x * factor


@numba.njit
def weighted(x):
    total = 0.0
    for i in range(len(x)):
        total += square(x[i]) * W[i] * RATE
    return total


@numba.jit(nopython=True)
def named(x):
    total = 0.0
    for v in x:
        total = total + square(v, factor=3.0)
    return total


@numba.vectorize
def bump(x):
    return np.sin(x) * x if x > 0.0 else 0.0


def polynomial(z):
    return z * z * 3.0


def several_kinds(x, n):
    total = 0.0
    for k in range(n):
        total = total + np.sum(polynomial(x)) + polynomial(x[0]) * k
    return total


def deepest(x):
    return np.sin(x)


def middle(x):
    return deepest(x) + x


def levels(x, n):
    total = 0.0
    for k in range(n):
        total = total + 2.0 * middle(x) * k
    return total


def swapped(x, n):
    a, b = x, 1.0
    for _ in range(n):
        a, b = b, a * b
    return a + b


def closure():
    weights, factor = np.array([1.0, 2.0, 3.0]), 1.5

    def loss(x):
        total = 0.0
        for i in range(len(x)):
            total = total + weights[i] * x[i] ** 2 * factor
        return total

    return loss, weights


X = np.array([1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (weighted, (X,)),
        (named, (X,)),
        (square, (2.0,)),
        (several_kinds, (X, 3)),
        (levels, (0.4, 5)),
        (swapped, (0.5, 4)),
    ],
    ids=lambda v: getattr(v, "__name__", None),
)
def test_both_forms_agree(f, args):
    value, gradient = sg.value_and_grad(f)(*args)
    made = sg.value_and_grad(f, backend="numba")(*args)
    np.testing.assert_allclose(made[0], value, rtol=1e-13)
    np.testing.assert_allclose(made[1], gradient, rtol=1e-12)
    plain = getattr(f, "py_func", f)
    step = 1e-6
    x = args[0]
    for k in range(np.size(x)):
        unit = step * (np.arange(np.size(x)) == k).reshape(np.shape(x)) if np.ndim(x) else step
        slope = (plain(x + unit, *args[1:]) - plain(x - unit, *args[1:])) / (2 * step)
        np.testing.assert_allclose(np.ravel(gradient)[k], slope, rtol=1e-7)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_data_that_changes_is_noticed(backend, monkeypatch):
    monkeypatch.setitem(globals(), "W", np.array([1.0, 2.0, 3.0]))
    g = sg.grad(weighted, backend=backend)
    np.testing.assert_allclose(g(X), 4 * RATE * X * W)
    monkeypatch.setitem(globals(), "RATE", 5.0)
    np.testing.assert_allclose(g(X), 20.0 * X * W)
    W[1] = -7.0
    np.testing.assert_allclose(g(X), 20.0 * X * [1.0, -7.0, 3.0])
    monkeypatch.setitem(globals(), "W", np.ones(3))
    np.testing.assert_allclose(g(X), 20.0 * X)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_a_closure_over_arrays(backend):
    loss, weights = closure()
    g = sg.grad(loss, backend=backend)
    np.testing.assert_allclose(g(X), 3.0 * X * weights)
    weights[0] = 10.0
    np.testing.assert_allclose(g(X), 3.0 * X * weights)
    other, _ = closure()
    np.testing.assert_allclose(sg.grad(other, backend=backend)(X), 3.0 * X * [1.0, 2.0, 3.0])


def test_a_redefined_dispatcher_is_noticed(monkeypatch):
    def loss(x):
        return square(x) + x

    g = sg.grad(loss)
    assert g(3.0) == 13.0
    monkeypatch.setitem(globals(), "square", numba.njit(programs.squared))
    assert g(3.0) == 7.0


def test_vectorized():
    def loss(x):
        return np.sum(bump(x) * W)

    x = np.array([-1.0, 0.5, 2.0])
    slope = np.where(x > 0, np.sin(x) + x * np.cos(x), 0.0)
    np.testing.assert_allclose(sg.grad(loss)(x), slope * W)
    np.testing.assert_allclose(sg.elementwise_grad(bump)(x), slope)
    np.testing.assert_allclose(sg.grad(bump)(0.5), slope[1])
    np.testing.assert_allclose(sg.jvp(loss, (x,), (W,))[1], np.sum(slope * W * W))
    curvature = np.where(x > 0, 2 * np.cos(x) - x * np.sin(x), 0.0)
    np.testing.assert_allclose(sg.hvp(loss)(x, np.ones(3)), curvature * W)


def test_every_transform_sees_through_the_decorator():
    y, pull = sg.vjp(weighted, X)
    np.testing.assert_allclose(y, np.sum(4.0 * X * X * W))
    np.testing.assert_allclose(pull(2.0)[0], 16.0 * X * W)
    np.testing.assert_allclose(sg.jvp(weighted, (X,), (X,))[1], np.sum(8.0 * X * X * W))
    np.testing.assert_allclose(sg.hessian(weighted)(X), np.diag(8.0 * W), atol=1e-12)
    sg.check_grads(weighted, (X,))
