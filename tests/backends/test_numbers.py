"""Numbers as Python has them: without a largest one, and with exceptions where numba has nan, infinity or zero."""

from __future__ import annotations

import math

import numpy as np
import pytest

import srcgrad as sg


def series(x, n):
    factorial = 1
    s = 0.0
    for i in range(1, n):
        factorial *= i
        s = s + x**i / factorial
    return s


def fibonacci(x, n):
    a, b = 1, 1
    s = 0.0
    for _ in range(n):
        a, b = b, a + b
        s = s + x / b
    return s


def zeta(x, n, m):
    s = x
    for k in range(n, m):
        s = s + x * x / (k * k * k * k * k)
    return s


def product(x, n, m):
    return x * (n * m) + x * x


def modulo(x, n, m):
    s = 0.0
    for i in range(n):
        s = s + x[i % m] * x[i // m]
    return s


def branch_of_a_root(x, c):
    return x * 2.0 if math.sqrt(c) > 1.0 else x * 3.0


def branch_of_a_logarithm(x, c):
    return x * x if math.log(c) < 0.0 else x


def bins(x, c):
    return x[int(c) % 3] * x[math.floor(c) % 2]


def row(u, k):
    return np.sum(u[k, :] * 2.0) + np.sum(u)


def rows(u, n):
    u = u.copy()
    for i in range(n):
        u[i, 1:] = u[i + 1, :-1] * 2.0
    return np.sum(u * u)


X = np.arange(1.0, 6.0)

SAME = [
    (series, (0.7, 5)),
    (series, (3.0, 40)),
    (fibonacci, (0.7, 5)),
    (fibonacci, (0.7, 120)),
    (zeta, (0.7, 1, 9)),
    (zeta, (0.7, 10000, 10009)),
    (product, (0.7, 3, 5)),
    (product, (0.7, 10**11, 10**10)),
    (modulo, (X, 4, 2)),
    (modulo, (X, 4, -2)),
    (bins, (X, 2.5)),
    (bins, (X, 1e30)),
    (row, (np.ones((3, 2)), -3)),
    (rows, (np.ones((4, 3)), 3)),
    (rows, (np.ones((4, 0)), 3)),
]


@pytest.mark.parametrize(("f", "args"), SAME, ids=lambda v: getattr(v, "__name__", None))
def test_agrees_with_differences(f, args):
    y, x_bar = sg.value_and_grad(f, backend="numba")(*args)
    assert y == pytest.approx(f(*args), rel=1e-13)
    x, rest = args[0], args[1:]
    direction = np.cos(np.arange(np.size(x))).reshape(np.shape(x))
    slope = (f(x + 1e-6 * direction, *rest) - f(x - 1e-6 * direction, *rest)) / 2e-6
    np.testing.assert_allclose(np.sum(x_bar * direction), slope, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(x_bar, sg.grad(f)(*args), rtol=1e-12)


RAISING = [
    (modulo, (X, 4, 0), ZeroDivisionError),
    (branch_of_a_root, (1.0, -4.0), ValueError),
    (branch_of_a_logarithm, (1.0, 0.0), ValueError),
    (bins, (X, math.nan), ValueError),
    (bins, (X, math.inf), OverflowError),
    (row, (np.ones((3, 2)), 3), IndexError),
    (row, (np.ones((3, 0)), 5), IndexError),
    (rows, (np.ones((4, 0)), 4), IndexError),
]


@pytest.mark.parametrize(("f", "args", "error"), RAISING, ids=lambda v: getattr(v, "__name__", None))
def test_raises_as_the_program_does(f, args, error):
    with pytest.raises(error) as expected:
        f(*args)
    for derivative in (sg.grad, sg.value_and_grad, sg.hvp):
        given = (args[0], args[0], *args[1:]) if derivative is sg.hvp else args
        with pytest.raises(error) as raised:
            derivative(f, backend="numba")(*given)
        assert str(raised.value) == str(expected.value)
