"""Calls of a gradient that go straight to the generated function: what they answer, and when they do not."""

import threading

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.build.shortcut import MISSED
from tests.trees import assert_same

RATE = 2.0


def settled(gradient, *args):
    """What the third call returns, which takes the shortcut."""
    for _ in range(2):
        gradient(*args)
    assert gradient._direct(args) is not MISSED
    return gradient(*args)


def product(x, y):
    return np.sum(x * y) * RATE


X = np.array([1.0, 2.0])


@pytest.mark.parametrize("transform", [sg.grad, sg.value_and_grad])
@pytest.mark.parametrize("argnums", [0, (0,), (1, 0), "y"])
@pytest.mark.parametrize(
    "args",
    [(1.5, 2.0), (3, 2.0), (np.float64(1.5), 2), (X, X), (X, 2.0), (np.ones((2, 1)), np.ones(3))],
    ids=str,
)
def test_it_answers_as_the_first_call_does(transform, argnums, args):
    expected = transform(product, argnums)(*args)
    assert_same(expected, settled(transform(product, argnums), *args))


def test_other_kinds_are_told_apart():
    gradient = sg.grad(product)
    for args in ((2.0, 3.0), (X, 3.0), (X, X), (X[:1], X), (np.ones((2, 2)), X), (X.astype(np.float32), 2.0)):
        for _ in range(3):
            gradient(*args)
        for other in ((2.0, 3.0), (X, 3.0), (X, X), (X[:1], X), (np.ones((2, 2)), X)):
            assert_same(sg.grad(product)(*other), gradient(*other))


def test_more_kinds_than_it_remembers():
    gradient = sg.grad(product)
    for rank in (*range(1, 12), *range(1, 12)):
        x = np.ones((2,) * rank)
        assert_same(np.full_like(x, 6.0), settled(gradient, x, 3.0))


def test_a_changed_constant_is_seen(monkeypatch):
    gradient = sg.grad(product)
    assert 6.0 == settled(gradient, 1.0, 3.0)
    monkeypatch.setitem(globals(), "RATE", 5.0)
    assert 15.0 == settled(gradient, 1.0, 3.0)
    monkeypatch.delitem(globals(), "RATE")
    with pytest.raises(NameError):
        gradient(1.0, 3.0)


def test_a_changed_cell_default_or_code_is_seen():
    c = 2.0

    def inner(x, k=3.0):
        return k * x

    def f(x):
        return inner(x) * c

    gradient = sg.grad(f)
    assert 6.0 == settled(gradient, 1.0)
    c = 4.0
    assert 12.0 == settled(gradient, 1.0)
    inner.__defaults__ = (5.0,)
    assert 20.0 == settled(gradient, 1.0)
    inner.__code__ = (lambda x, k=3.0: k * x * x).__code__
    assert 40.0 == settled(gradient, 1.0)


def test_a_pole_leads_to_recording():
    def f(w, r):
        return np.dot(w, np.sqrt(r))

    gradient = sg.grad(f, 1)
    settled(gradient, X, X)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal([0.0, 0.5], gradient(np.array([0.0, 2.0]), np.array([0.0, 4.0])))


def test_large_derivatives_are_no_poles():
    def f(x, c):
        return np.sum(c / x)

    gradient = sg.grad(f)
    x = np.array([1e-90, 1.0])
    np.testing.assert_allclose([-1e180, -1.0], settled(gradient, x, np.ones(2)))


def test_a_derivative_of_it_is_right():
    gradient = sg.grad(lambda x: x**3)
    settled(gradient, 2.0)
    assert 12.0 == sg.grad(gradient)(2.0)


def test_anomalies_are_watched_for_in_this_thread_and_others():
    gradient = sg.grad(lambda x: np.sum(np.sqrt(x)))
    settled(gradient, X)
    with np.errstate(all="ignore"), sg.detect_anomaly(), pytest.raises(sg.errors.AnomalyError):
        gradient(np.array([0.0, -1.0]))
    found = []
    thread = threading.Thread(target=lambda: found.append(gradient(X)))
    with sg.detect_anomaly():
        thread.start()
        thread.join()
    np.testing.assert_allclose(0.5 / np.sqrt(X), found[0])


def test_arguments_that_share_memory_are_told_from_those_that_do_not():
    def f(x, y):
        for i in range(len(x)):
            x[i] = x[i] * y[i]
        return np.sum(x * y)

    gradient = sg.grad(f)
    x, y = X.copy(), X.copy()
    expected = gradient(x, y)
    assert_same(expected, settled(gradient, x, y))
    z = X.copy()
    assert_same(sg.grad(f)(z, z), gradient(z, z))
    np.testing.assert_array_equal(X, z)
