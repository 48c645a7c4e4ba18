"""Checkpointed calls: what is kept, what is run again, and gradients in both tiers."""

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.build import compiled, derive
from tests.test_checkpoint_loops import slope

X = np.array([0.5, 0.8, -0.3])
D = np.array([0.2, -0.7, 0.4])
SCALE = 0.7


@sg.checkpoint
def layer(x, w, power=2):
    h = np.tanh(x * w) * SCALE
    for _ in range(power):
        h = np.sin(h) + x
    return h


@sg.checkpoint
def filled(x):
    y = np.zeros(len(x))
    for i in range(1, len(x)):
        y[i] = y[i - 1] * x[i] + np.cos(x[i - 1])
    return y


@sg.checkpoint(budget=2)
def marched(x, w, n):
    y = x
    for _ in range(n):
        y = y + 0.1 * np.sin(y * w)
    return y


@sg.checkpoint
def outer(x, w):
    return layer(layer(x, w), w) * np.sum(w)


@sg.checkpoint
def overwriting(a, w):
    a[0] = a[0] * w[1]
    a *= 2.0
    return np.sum(a * w)


def twice(x):
    return np.sum(layer(layer(x, x), x * 2.0, power=3))


def rebound(x):
    y = x * 1.5
    y = layer(y, x)
    y = layer(y, y)
    return np.sum(y * y)


def in_a_loop(x):
    y = x
    for t in range(4):
        y = layer(y, x) + 0.1 * t
    return np.sum(y)


def in_a_checkpointed_loop(x):
    y = x
    for t in sg.checkpoint(range(6), budget=2):
        y = layer(y, x) + 0.1 * t
    return np.sum(y)


def in_a_branch(x):
    y = layer(x, x)
    if y[0] > 0.1:
        y = y + filled(y)
    else:
        y = outer(y, x)
    return np.sum(y)


def arguments_change_later(x):
    a = np.array(x)
    y = filled(a)
    a[1] = 3.0 * y[2]
    z = layer(a, y)
    a[0] = z[1]
    return np.sum(z) + np.sum(a)


def of_loops(x):
    return np.sum(marched(x, x * 2.0, 9))


def nested(x):
    return np.sum(outer(x, np.sin(x)))


def of_parts(x):
    return np.sum(layer(x[1:], x[:-1])) + layer(x[0], x[1])


def written_arguments(x):
    a = np.array(x)
    y = overwriting(a, x)
    return y + np.sum(a * x)


def keywords(x):
    return np.sum(layer(w=x * x, x=x))


def closed_over(x):
    inner = sg.checkpoint(lambda v: np.tanh(v * x) * x[0])
    return np.sum(inner(np.sin(x)))


class Box:
    pass


BOX = Box()


@sg.checkpoint
def from_a_global(v):
    return v * BOX.w


def through_a_global(x):
    BOX.w = np.sin(x)
    y = from_a_global(x)
    BOX.w = 3.0
    return np.sum(y)


class Module:
    def __init__(self, w):
        self.w = w

    @sg.checkpoint
    def apply(self, v):
        return np.tanh(v * self.w)


def of_a_method(x):
    m = Module(x * 2.0)
    y = m.apply(x)
    m.w = x * 0.0
    return np.sum(y)


def appending(x):
    seen = []

    @sg.checkpoint
    def noted(v):
        seen.append(v * 2.0)
        return np.sin(v)

    y = noted(x)
    return np.sum(y) + np.sum(seen[0] * x)


def table_changes(x):
    table = np.array([1.0, 2.0, 3.0])
    look = sg.checkpoint(lambda v: v * v * table)
    y = look(x)
    table[:] = 0.0
    return np.sum(y)


def setting_changes(x):
    setting = [2.0]
    look = sg.checkpoint(lambda v: v * v * setting[0])
    y = look(x)
    setting[0] = 5.0
    return np.sum(y)


def returned_argument(x):
    same = sg.checkpoint(lambda v, w: v)
    y = same(x * 2.0, x)
    return np.sum(y * x)


def several_results(x):
    both = sg.checkpoint(lambda v: (np.sin(v), {"c": np.cos(v)}))
    s, d = both(x)
    return np.sum(s * d["c"])


CASES = [
    v for v in list(globals().values()) if getattr(v, "__module__", "") == __name__ and type(v).__name__ == "function"
]
STATIC = "twice rebound in_a_loop in_a_checkpointed_loop in_a_branch of_loops nested of_parts keywords"


@pytest.fixture(params=[True, False], ids=["static", "recorded"])
def tier(request, monkeypatch):
    monkeypatch.setattr(compiled.switch, "on", request.param)
    return request.param


@pytest.mark.parametrize("f", CASES, ids=lambda f: f.__name__)
def test_gradient(f, tier):
    expected = slope(f, X, D)
    np.testing.assert_allclose(sg.grad(f)(X.copy()) @ D, expected, rtol=1e-7)
    value, pullback = sg.vjp(f, X.copy(), argnums=0)
    np.testing.assert_allclose(value, f(X), rtol=1e-14)
    for _ in range(2):
        np.testing.assert_allclose(pullback(2.0) @ D, 2 * expected, rtol=1e-7)
    np.testing.assert_allclose(sg.jvp(f, (X.copy(),), (D,))[1], expected, rtol=1e-7)
    curvature = slope(lambda x: sg.grad(f)(x) @ D, X, D)
    np.testing.assert_allclose(sg.hvp(f)(X.copy(), D) @ D, curvature, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(sg.grad(lambda x: sg.grad(f)(x) @ D)(X.copy()) @ D, curvature, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", STATIC.split())
def test_generated(name):
    f = globals()[name]
    assert derive.entry(f, [X], (0,), "grad") is not None
    assert derive.entry(f, [X], (0,), "vjp") is not None
