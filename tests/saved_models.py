"""Functions whose gradients are written out as modules."""

import math

import numpy as np

from tests.saved_helpers import scale

RATE = 0.3
WEIGHTS = np.array([1.0, 2.0, np.inf])[:2]
_EPS = 1e-3


def root(x):
    y = x
    while abs(y * y - x) > 1e-10:
        y = 0.5 * (y + x / y)  # Heron's step
    return y


def smooth(u, c):
    v = u.copy()
    v[1:-1] += c * (u[2:] - 2.0 * u[1:-1] + u[:-2])
    return v


def energy(u, c=0.1):
    total = 0.0
    for _ in range(3):
        u = smooth(u, c)
        total = total + np.sum(u * u) * RATE
    return total


def weighted(x):
    return np.sum(x * WEIGHTS) * math.exp(-_EPS)


def imported(x):
    return scale(x) * x


def recursive(x, n):
    if n == 0:
        return x
    return x * recursive(x, n - 1)


def logsum(x):
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top)))


def product(a, b):
    return np.sum(np.tanh(a @ b))


def without_first(r, c):
    inverse = 1 / r
    return np.sum((c * inverse)[1:])


def weighted_roots(r, w):
    return np.dot(w, np.sqrt(r))


def closure(c):
    def inner(x):
        return x * x * c

    return inner


inner = closure(3.0)


class Config:
    rate = 0.3


CONFIG = Config()


def configured(x):
    return x * CONFIG.rate


def of_dict(p):
    return p["a"] * p["b"]


square = lambda x: x * x
