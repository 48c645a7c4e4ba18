"""Variables rebound by a call of the user's own function that reads them: layers, updates, steps of a solver."""

import numpy as np

from tests.corpus import case

X = np.array([[0.3, -0.7], [0.9, 0.4], [-0.5, 1.1]])
W = np.array([[0.8, -0.3], [0.5, 0.6]])
V = np.array([[-0.4, 0.7], [0.2, 0.9]])


def bent(x):
    return np.sin(x) * x


def damped(x, rate=0.5):
    x = bent(rate * x)
    x = x * rate + bent(x @ W)
    return x


def layers(x, w, v):
    x = bent(x @ w)
    x = bent(x @ v)
    return x


@case(x=X, w=W, v=V)
def result_of_a_callee_that_rebinds(x, w, v):
    y = layers(x, w, v)
    return np.sum(y * y)


@case(x=X, w=W, v=V)
def layer_on_layer(x, w, v):
    x = bent(x @ w)
    x = bent(x @ v)
    x = np.tanh(x @ w)
    return np.sum(x * x)


@case(x=X, w=W)
def layers_in_a_loop(x, w):
    for _ in range(3):
        x = bent(x @ w)
    return np.sum(x * x)


@case(x=X, w=W)
def calls_in_a_while_loop(x, w):
    k = 0
    while np.sum(x * x) > 0.02 and k < 4:
        x = layers(x * 0.9, w, w.T)
        k += 1
    return np.sum(np.cos(x)) * k


@case(x=X, w=W)
def call_in_one_branch(x, w):
    for k in range(4):
        if k % 2:
            x = bent(x @ w) + x
        else:
            x = damped(x * x, rate=0.7)
    return np.sum(x)


@case(x=0.7, c=1.3)
def number_rebound_by_a_call(x, c):
    x = bent(x * c)
    c = bent(x * c)
    x = bent(x / c)
    return x * c


def step(x, v, h):
    v = v - h * bent(x * v)
    x = bent(x) + h * v * x
    return x + v * h


@case(x=0.7, v=0.3)
def solver_that_rebinds_its_state(x, v):
    h = 0.1
    for _ in range(5):
        x = step(x * v, v, h)
        v = step(v, x * v, h)
        h = h * 0.9
    return x + v


@case(x=np.array([0.4, -0.9, 1.2]))
def call_whose_argument_is_a_part(x):
    y = x
    for i in range(3):
        y = bent(y * y[i])
        y = bent(y[::-1]) + y
    return y @ y


@case(x=X, w=W)
def callee_with_an_early_return(x, w):
    def clipped(x):
        x = bent(x @ w)
        if np.sum(x) > 100.0:
            return x
        x = bent(x @ w)
        return x

    x = clipped(x * 2.0)
    x = clipped(x @ w)
    return np.sum(x * x)
