"""Functions that are called for what they do to their arguments, and functions of several results."""

import numpy as np

from tests.corpus import case

U = np.array([[0.3, -0.7, 0.2], [0.9, 0.4, -0.1], [-0.5, 1.1, 0.6]])
V = np.array([0.4, -0.9, 1.2])


def relax(u, weight=0.5):
    for i in range(1, len(u)):
        u[i] = weight * u[i] + (1 - weight) * u[i - 1]


def scaled_in_place(u, factor):
    u *= factor
    u += 1.0


def number_updated(a, factor):
    a *= factor
    return a + 1.0


@case(x=V, c=1.3)
def in_place_and_by_value(x, c):
    scaled_in_place(x, c)
    y = number_updated(c, x[0])
    y = y + number_updated(c, 2.0)
    return np.sum(x * x) * y + c


@case(u=U, w=0.3)
def called_for_its_effect(u, w):
    relax(u, w)
    relax(u[1], weight=w)
    relax(u)
    return np.sum(u * u)


@case(u=U, v=V)
def same_function_for_two_arrays(u, v):
    for _ in range(2):
        relax(u)
        relax(v, weight=0.25)
        u[0] += v
    return np.sum(u * u) + np.sum(v)


def advance(x, v, h):
    v -= h * x
    x += h * v
    return x, v


@case(x=V, v=V[::-1].copy())
def several_results_that_are_the_arguments(x, v):
    a, b = advance(x, v, 0.1)
    b, a = advance(b, a, 0.2)
    return np.sum(a * x) + np.sum(b * v * v)


def halves(x):
    i = len(x) // 2
    total = np.sum(x)
    return x[:i] * total, x[i:] - total


@case(x=V)
def several_results(x):
    i = 0.5
    total = 2.0
    a, b = halves(x)
    b, c = halves(b * total)
    return np.sum(a) * np.sum(b * b) + i * np.sum(c)


def read_before(v):
    v[0] = 5.0 * v[1]
    return v[1]


@case(v=V)
def element_read_before_the_call_that_changes_it(v):
    v[0] += read_before(v)
    v[0] *= read_before(v) + v[0]
    return np.sum(v * v)


@case(v=V)
def effect_inside_an_expression(v):
    return v[0] * read_before(v) + v[0]


def clipped(v, low):
    for i in range(len(v)):
        if v[i] < low:
            v[i] = low * v[i] * v[i]
    return v


@case(v=V, low=0.1)
def returns_what_it_was_given(v, low):
    w = clipped(v, low)
    w[0] = w[0] * w[1]
    return np.sum(v * v)


def first_large(v, level):
    v[0] = 2.0 * level
    if v[1] > level:
        return v[1]
    v[2] = v[0] * level
    return v[2]


@case(v=V, level=0.3)
def early_return_of_a_function_with_effects(v, level):
    s = first_large(v, level)
    t = first_large(v, -2.0 * level)
    return s * t + np.sum(v)


def shifted(a, b):
    a[1:] += b[:-1]


@case(v=V)
def one_array_for_two_parameters(v):
    shifted(v, v)
    return np.sum(v * v)


SCALE = 0.7


def to_scale(u):
    u *= SCALE


def hidden_name(u):
    SCALE = np.sum(u)
    to_scale(u)
    return np.sum(u * u) * SCALE


case(u=U)(hidden_name)


def halved(v, low, high):
    if high - low < 2:
        v[low] = np.sin(v[low])
        return v[low]
    middle = (low + high) // 2
    halved(v, low, middle)
    halved(v, middle, high)
    v[low:middle] += 0.5 * v[middle:high]
    return v[low]


@case(v=np.array([0.4, -0.9, 1.2, 0.3]))
def recursion_with_effects(v):
    halved(v, 0, len(v))
    return np.sum(v * v)
