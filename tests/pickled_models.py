"""Functions whose gradients go through pickle, as a user's module has them."""

import functools

import numpy as np

import srcgrad as sg

RATE = 3.0


@sg.grad
def decorated(x):
    return RATE * x * x


@sg.value_and_grad(argnums=(0, 1))
def with_value(x, y=2.0):
    return x * x * y


def plain(x):
    return np.sum(x * x) * RATE


def of_dict(p):
    return p["a"] ** 2 * p["b"]


def closure(c):
    def inner(x):
        return x * x * c

    return inner


def closure_over_function(h):
    def inner(x):
        return h(x) * x

    return inner


@sg.grad
@sg.grad
def twice(x):
    return x**3


class Spring:
    def __init__(self, k):
        self.k = k

    @sg.grad(argnums=1)
    def slope(self, x):
        return self.k * x * x

    def energy(self, x):
        return self.k * x * x


@sg.hessian
def hessian(x):
    return np.sum(x**3)


@sg.jacobian
def jacobian(x):
    return x**2


@sg.elementwise_grad
def elementwise(x):
    return x**2


@sg.custom_vjp
def own_rule(x):
    return x * x


own_rule.defvjp(lambda x: (x * x, x), lambda x, y_bar: (5 * x * y_bar,))


@sg.checkpoint
def forgotten(x):
    return x * x


@sg.differentiable
def carrying(x):
    return x * x


@functools.lru_cache
def cached(x):
    return x * x


def long_loop(x):
    y = x
    for _ in range(50):
        y = np.sin(y) * x + y
    return np.sum(y)


X = np.array([1.0, 2.0])
CASES = {
    "decorated": (decorated, (2.0,)),
    "with_value": (with_value, (2.0,)),
    "plain": (sg.grad(plain), (X,)),
    "of_dict": (sg.grad(of_dict), ({"a": 2.0, "b": 3.0},)),
    "lambda": (sg.grad(lambda x: x * x * RATE), (2.0,)),
    "closure": (sg.grad(closure(4.0)), (2.0,)),
    "closure over a lambda": (sg.grad(closure_over_function(lambda x: x * x)), (2.0,)),
    "closure over numpy": (sg.grad(closure_over_function(np.sin)), (2.0,)),
    "second order": (sg.grad(sg.grad(closure(4.0))), (2.0,)),
    "twice": (twice, (2.0,)),
    "bound": (sg.grad(Spring(3.0).energy), (2.0,)),
    "method": (Spring(2.0).slope, (3.0,)),
    "hessian": (hessian, (X,)),
    "jacobian": (jacobian, (X,)),
    "elementwise": (elementwise, (X,)),
    "hvp": (sg.hvp(plain), (X, X)),
    "own rule": (own_rule, (2.0,)),
    "gradient of own rule": (sg.grad(own_rule), (2.0,)),
    "forgotten": (forgotten, (2.0,)),
    "carrying": (carrying, (2.0,)),
    "cached": (sg.grad(cached), (2.0,)),
    "numpy": (sg.grad(np.sin), (0.0,)),
    "partial": (sg.grad(functools.partial(with_value.primal, y=3.0)), (2.0,)),
}
