"""Programs that take derivatives themselves."""

import math

import numpy as np

import srcgrad as sg
from tests.corpus import case


@case(x=0.7)
def derivative_inside(x):
    def f(t):
        return math.sin(t * x) * t

    return sg.grad(f)(x) * x


@case(x=np.array([0.7, 1.2]))
def gradient_penalty(x):
    def energy(v):
        return np.sum(v**3) + v[0] * v[1] * x[0]

    return np.sum(sg.grad(energy)(x) ** 2)


@case(x=0.7)
def value_and_grad_inside(x):
    value, slope = sg.value_and_grad(lambda t: math.exp(-t * t) * t)(x)
    return value * slope


@case(x=0.7)
def nested_twice(x):
    return sg.grad(lambda t: sg.grad(lambda s: s**4 * t)(t))(x)


@case(a=2.0)
def newton_with_own_derivative(a):
    def f(r):
        return r**3 - a

    slope = sg.grad(f)
    r = 1.5
    for _ in range(8):
        r = r - f(r) / slope(r)
    return r


@case(x=np.array([0.3, 0.5]))
def directional_derivative_inside(x):
    _, dot = sg.jvp(lambda v: np.sum(np.sin(v) * v), (x,), (x * 2.0,))
    return dot**2


@case(x=np.array([0.3, 0.5]))
def pullback_inside(x):
    y, pullback = sg.vjp(lambda v: np.sin(v) * v[0], x)
    (cotangent,) = pullback(y)
    return np.sum(cotangent**2)


@case(w=np.array([0.3, -0.5]), rate=0.1)
def unrolled_gradient_descent(w, rate):
    def loss(v):
        return np.sum((v - 1.0) ** 2) + v[0] * v[1]

    step = sg.grad(loss)
    for _ in range(3):
        w = w - rate * step(w)
    return loss(w)


@case(x=0.7, order=1, reason="the value is held constant by request", gradient={0: 0.49})
def stopped_factor(x):
    return sg.stop_gradient(x * x) * x


@case(x=np.array([0.3, 0.5]))
def hessian_trace_inside(x):
    def f(v):
        return np.sum(v**4) + v[0] * v[1] ** 2

    return np.trace(sg.hessian(f)(x)) * x[0]


@case(x=np.array([0.3, 0.5]), v=np.array([1.0, -2.0]))
def hessian_vector_product_inside(x, v):
    def f(u):
        return np.sum(np.exp(u) * u[::-1])

    return np.sum(sg.hvp(f)(x, v) ** 2)


@case(x=np.array([0.3, 0.5]))
def jacobian_inside(x):
    def f(u):
        return np.array([u[0] * u[1], math.sin(u[0]), u[1] ** 3])

    return np.sum(sg.jacobian(f)(x) ** 2)


@sg.custom_vjp
def _sine(v):
    return np.sin(v)


_sine.defvjp(lambda v: (np.sin(v), v), lambda kept, y_bar: (y_bar * np.cos(kept),))


@sg.custom_jvp
def _cube(v):
    return v * v * v


_cube.defjvp(lambda primals, tangents: (_cube(primals[0]), 3 * primals[0] ** 2 * tangents[0]))


@case(x=np.array([0.3, 0.5]))
def own_reverse_rule(x):
    return np.sum(_sine(x * x) * x)


@case(x=np.array([0.3, 0.5]))
def own_forward_rule(x):
    return np.sum(_cube(x * x[0]))


@case(x=np.array([0.3, 0.5]))
def checkpointed_layers(x):
    layer = sg.checkpoint(lambda v, w: np.tanh(v * w) + v)
    for _ in range(3):
        x = layer(x, x[0])
    return np.sum(x)


@case(x=np.array([0.3, 0.5]))
def joined_by_index_trick(x):
    return np.sum(np.r_[x, 2 * x[0], 1.0] ** 3) + np.sum(np.c_[x, x * x][:, 1])
