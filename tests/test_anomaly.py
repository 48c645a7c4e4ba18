"""detect_anomaly: the first NaN or infinity, where it is born."""

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.errors import AnomalyError


def anomaly(take, *args):
    with pytest.raises(AnomalyError) as caught, sg.detect_anomaly(), np.errstate(all="ignore"):
        take(*args)
    return caught.value


def expression(error):
    return error.place.source_line()[error.place.column : error.place.end_column]


def tangent(f):
    return lambda x: sg.jvp(f, (x,), (np.ones_like(x) if isinstance(x, np.ndarray) else 1.0,))


def log_of_a_falling_number(x):
    total = 0.0
    for k in range(4):
        total = total + np.log(x - k)
    return total


@pytest.mark.parametrize("transform", [sg.grad, tangent])
def test_born_in_the_forward_sweep_of_a_loop(transform):
    error = anomaly(transform(log_of_a_falling_number), 2.5)
    assert "np.log(x - k)" == expression(error)
    assert error.place.filename == __file__
    assert "NaN" in error.what
    assert "evaluation number 4" in error.what


def root_at_zero(x):
    y = np.sqrt(x * 0.0)
    return y * 2.0


def test_born_in_the_backward_sweep():
    error = anomaly(sg.grad(root_at_zero), 3.0)
    assert "np.sqrt(x * 0.0)" == expression(error)
    assert "infinity" in error.what
    assert "cotangent" in error.what


def roots_in_a_loop(x):
    total = 0.0
    for k in range(3):
        total = total + np.sum(np.sqrt(x[k : k + 1]))
    return total


def test_backward_names_the_evaluation():
    error = anomaly(sg.grad(roots_in_a_loop), np.array([4.0, 0.0, 1.0]))
    assert "np.sqrt(x[k : k + 1])" == expression(error)
    assert "evaluation number 2" in error.what


def test_born_in_the_forward_mode_tangent():
    def f(x):
        return np.sqrt(x) * 2.0

    error = anomaly(lambda x: sg.jvp(f, (x,), (1.0,)), 0.0)
    assert "np.sqrt(x)" == expression(error)
    assert "tangent" in error.what


def overflow(x):
    y = np.zeros(2)
    y[0] = x
    for _ in range(3):
        y[1] = np.exp(y[0] * 300.0)
        y[0] = y[1]
    return y[1]


def test_through_array_elements():
    error = anomaly(sg.grad(overflow), 1.0)
    assert "np.exp(y[0] * 300.0)" == expression(error)
    assert "infinity" in error.what
    assert "evaluation number 2" in error.what


def test_route_is_told():
    def inner(z):
        return np.log(z)

    def outer(x):
        return inner(x - 1.0)

    error = anomaly(sg.grad(outer), 0.5)
    assert "in inner(), called from outer()" in str(error)


def test_nothing_to_refuse():
    def f(x):
        y = np.zeros(3)
        y[1:] = np.sin(x) * x[0]
        return np.sum(y**2)

    x = np.array([0.3, 0.4])
    with sg.detect_anomaly():
        watched = sg.grad(f)(x)
    np.testing.assert_array_equal(sg.grad(f)(x), watched)


def test_off_again_afterwards():
    anomaly(sg.grad(root_at_zero), 3.0)
    with np.errstate(all="ignore"):
        assert not np.isfinite(sg.grad(root_at_zero)(3.0))
