"""Zero times infinity: zero where a value is not used or does not vary, NaN where a number happens to be zero."""

import math

import numpy as np
import pytest
from scipy import special

import srcgrad as sg
from srcgrad.build.compiled import switch

X = np.array([0.0, 1.0, 4.0])


@pytest.fixture(autouse=True, params=[True, False], ids=["static", "recorded"])
def static(request, monkeypatch):
    monkeypatch.setattr(switch, "on", request.param)


def squared_root(x):
    return np.sum(np.sqrt(x) * np.sqrt(x))


def squared_power(x):
    return np.sum(x**0.5 * x**0.5)


def square_of_root(x):
    return np.sum(np.sqrt(x) ** 2)


def scalar_product(x):
    return np.dot(np.sqrt(x), np.sqrt(x))


def root_of_number(x):
    total = 0.0
    for v in x:
        root = math.sqrt(v)
        total += root * root
    return total


def magnitude(x):
    return np.sum(np.abs(np.sqrt(x)))


def through_a_matrix(x):
    root = np.sqrt(x)
    return np.trace(np.outer(root, root))


def by_way_of_an_array(x):
    root = np.sqrt(x)
    squares = np.zeros(3)
    for i in range(3):
        squares[i] = root[i] * root[i]
    return squares.sum()


def own_derivative(x):
    return np.sum(doubled(np.sqrt(x)) * np.sqrt(x)) / 2


@sg.custom_vjp
def doubled(x):
    return 2.0 * x


doubled.defvjp(lambda x: (2.0 * x, None), lambda _, y_bar: (2.0 * y_bar,))


HAPPENS = [
    squared_root, squared_power, square_of_root, scalar_product, root_of_number, magnitude, through_a_matrix,
    by_way_of_an_array, own_derivative,
]  # fmt: skip


@pytest.mark.parametrize("f", HAPPENS)
def test_a_factor_that_happens_to_be_zero(f):
    slopes = sg.grad(f)(X)
    assert not np.isfinite(slopes[0])
    expected = sg.grad(f)(X[1:].repeat([2, 1]))[1:]
    np.testing.assert_allclose(expected, slopes[1:])
    second = sg.hessian(f)(X)
    assert not np.isfinite(second[0]).all()
    np.testing.assert_allclose(sg.hessian(f)(X[1:].repeat([2, 1]))[1:, 1:], second[1:, 1:], atol=1e-12)


def where_of_product(x):
    return np.sum(np.where(x > 0, np.log(x) * x, 0))


def where_of_root(x):
    return np.sum(np.where(x > 0, np.sqrt(x), 0))


def slice_of_roots(x):
    return np.sum(np.sqrt(x)[1:])


def elements_of_roots(x):
    return np.sum(np.sqrt(x)[[2, 1, 1]])


def mask_of_roots(x):
    return np.sum(np.sqrt(x)[x > 0.5])


def weighted(x):
    return np.sum(np.array([0.0, 1.0, 2.0]) * np.sqrt(x))


def multiplied_by_a_mask(x):
    return np.sum(np.sqrt(x) * (x > 0.5))


def dot_with_weights(x):
    return np.array([0.0, 1.0, 2.0]) @ np.sqrt(x)


def overwritten(x):
    roots = 1.0 * np.sqrt(x)
    roots[0] = 3.0
    return np.sum(roots * roots)


def largest(x):
    return np.max(np.sqrt(x))


def cut_off(x):
    return np.sum(np.maximum(np.sqrt(x) - 0.5, 0.0))


def clipped(x):
    return np.sum(np.clip(np.sqrt(x), 0.5, 10.0))


def sorted_last(x):
    return np.sum(np.sort(np.sqrt(x))[1:])


def numbers_left_out(x):
    total = 0.0
    for v in x:
        total += math.sqrt(v) * (v > 0.5)
    return total


def one_of_two(x):
    return np.sum(np.stack([np.sqrt(x), x * x])[1])


def through_a_matrix_of_weights(x):
    return np.sum(np.diag([0.0, 1.0, 1.0]) @ np.outer(np.sqrt(x), np.ones(2)))


UNUSED = [
    where_of_product, where_of_root, slice_of_roots, elements_of_roots, mask_of_roots, weighted, multiplied_by_a_mask,
    dot_with_weights, overwritten, largest, cut_off, clipped, sorted_last, numbers_left_out, one_of_two,
    through_a_matrix_of_weights,
]  # fmt: skip


@pytest.mark.parametrize("f", UNUSED)
def test_a_value_that_is_not_used(f):
    inside = np.array([1e-6, 1.0, 4.0])
    expected = sg.grad(f)(inside)
    expected[0] = 0.0
    for _ in range(2):
        np.testing.assert_allclose(expected, sg.grad(f)(X), atol=1e-12)
    expected = sg.hessian(f)(inside)
    expected[0] = 2.0 if f is one_of_two else 0.0
    if f is one_of_two:
        expected[0, 1:] = 0.0
    np.testing.assert_allclose(expected, sg.hessian(f)(X), atol=1e-12)


def test_norm_at_zero():
    assert [0.0, 0.0] == sg.grad(np.linalg.norm)(np.zeros(2)).tolist()


def test_a_pullback_twice_and_the_function_undisturbed():
    x = np.array([0.0, 1.0])
    seen = []

    def f(x):
        y = np.sqrt(x)
        y[1] = 2.0 * y[1]
        seen.append(y)
        return np.where(x > 0, y * y, 0.0)

    value, pullback = sg.vjp(f, x)
    for _ in range(2):
        np.testing.assert_allclose([0.0, 4.0], pullback(np.ones(2))[0])
        np.testing.assert_array_equal([0.0, 2.0], seen[-1])
    np.testing.assert_array_equal([0.0, 4.0], value)


def test_numbers_that_are_left_out():
    """The weight of an unknown value is NaN, and its place in the mean is empty."""
    weights = np.array([np.nan, 1.0, 2.0])

    def spread(x):
        return np.nanvar(x * weights) + np.mean(x * weights, where=weights > 0)

    expected = sg.grad(lambda x: np.var(x[1:] * weights[1:]) + np.mean(x[1:] * weights[1:]))(X)
    np.testing.assert_allclose(expected, sg.grad(spread)(X), atol=1e-12)


def root_of_square(x):
    return np.sqrt(x * x)


def logarithm_of_square(x):
    return np.log(x**2)


def bessel_of_square(x):
    return special.yv(0.5, x * x)


def integral_of_square(x):
    return special.sici(x * x)[1]


def written_square(x):
    squares = np.zeros(3)
    squares[:] = x * x
    return np.sqrt(squares)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "f", [root_of_square, logarithm_of_square, bessel_of_square, integral_of_square, written_square]
)
def test_a_tangent_that_happens_to_be_zero(f):
    for found in (sg.jvp(f, (X,), (np.ones(3),))[1], sg.vjp(f, X)[1](np.ones(3))[0]):
        assert [True, False, False] == np.isnan(found).tolist()


def roots(x):
    return np.sqrt(x)


def written_roots(x):
    out = np.zeros(3)
    for i in range(3):
        out[i] = np.sqrt(x[i])
    return out


def roots_of_a_sum(x):
    shifted = x + 0.0 * x[::-1]
    return np.sqrt(shifted)


@sg.custom_jvp
def own_root(x):
    return np.sqrt(x)


@own_root.defjvp
def _(primals, tangents):
    (x,), (x_dot,) = primals, tangents
    return np.sqrt(x), x_dot * 0.5 / np.where(x > 0, np.sqrt(x), 1.0)


def roots_of_own_roots(x):
    return np.sqrt(own_root(x))


def bessel(x):
    return special.kv(0.5, x)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("f", [roots, written_roots, roots_of_a_sum, bessel])
def test_a_value_that_does_not_vary(f):
    found = sg.jvp(f, (X,), (np.array([0.0, 1.0, 0.0]),))[1]
    assert 0.0 == found[0]
    assert np.isfinite(found[1])
    assert 0.0 != found[1]
    jacobian = sg.jacfwd(f)(X)
    assert [0.0, 0.0] == jacobian[0, 1:].tolist()
    assert not np.isfinite(jacobian[0, 0])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_argument_of_a_derivative_of_ones_own_varies():
    assert np.isnan(sg.jvp(roots_of_own_roots, (X,), (np.array([0.0, 1.0, 0.0]),))[1][0])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_tangents_of_tangents_at_zero():
    """The direction is a number that the outer derivative is taken by: it is not a constant zero."""
    outer = sg.grad(lambda v: np.sum(sg.jvp(roots, (X,), (v,))[1]))
    np.testing.assert_array_equal([np.inf, 0.5, 0.25], outer(np.array([0.0, 1.0, 1.0])))
    assert np.isnan(sg.jvp(lambda x: sg.jvp(logarithm_of_square, (x,), (1.0,))[1], (0.0,), (1.0,))[1])
