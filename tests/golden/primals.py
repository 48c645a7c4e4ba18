"""The functions whose derivatives are kept as golden files, with the kinds of their arguments.

Append only: the golden files name the lines of this file.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

VECTOR = np.zeros(3)
MATRIX = np.zeros((3, 4))
PRIMALS: list[tuple[Callable[..., Any], str, tuple[Any, ...]]] = []


def golden(*sample: Any, mode: str = "grad") -> Callable[[Any], Any]:
    """Enter a function, with a sample of its arguments and the mode of the golden file."""

    def enter(f: Any) -> Any:
        PRIMALS.append((f, mode, sample))
        return f

    return enter


@golden(2.0)
def root(x):
    y = x
    while abs(y * y - x) > 1e-10:
        y = 0.5 * (y + x / y)  # Heron's step
    return y


@golden(1.0, 2.0)
def polynomial(x, y):
    a = 3 * x**2 - x * y
    b = a * a + 2 * y**3
    return b / (1 + x**2)


@golden(1.0)
def overwritten(x):
    y = x * x
    y = np.sin(y)
    y = y * y * x
    return y


@golden(1.0, mode="value_and_grad")
def pendulum(theta):
    # The period to third order in the amplitude.
    s = math.sin(theta / 2)
    return 2 * math.pi * (1 + s * s / 4 + 9 * s**4 / 64)


@golden(1.0, 2.0)
def swapped(x, y):
    x, y = y, x * y
    return x - 2 * y


@golden(1.0)
def absolute(x):
    if x < 0:
        return -x
    return x


@golden(1.0)
def leaky(x):
    if x < 0:
        x = 0.1 * x
    return x * x


@golden(1.0)
def choice(x):
    y = x * x if x > 1 else 2 * x - 1
    return y * x


@golden(1.0, 3)
def power(x, n):
    y = 1.0
    for _i in range(n):
        y = y * x
    return y


@golden(1.0, 3)
def logistic_map(r, n):
    x = 0.5
    for k in range(n):
        x = r * x * (1 - x)  # the population next year
    return x


@golden(1.0, 3)
def branches_in_a_loop(x, n):
    s = x
    for i in range(n):
        if i % 2 == 0:
            s = s * s
        else:
            s = s + x
    return s


@golden(1.0)
def newton(c):
    x = c
    while True:
        step = (x * x * x - c) / (3 * x * x)
        x = x - step
        if abs(step) < 1e-12:
            break
    return x


@golden(1.0, 3)
def first_above(x, n):
    y = x
    for k in range(n):
        y = y * x
        if y > 10:
            return y
    return y


@golden(VECTOR)
def squares(x):
    return np.sum(x * x)


@golden(VECTOR, VECTOR)
def dot(x, w):
    return np.dot(x, w)


@golden(MATRIX, np.zeros(4))
def layer(a, w):
    h = np.tanh(a @ w)
    return np.sum(h * h)


@golden(MATRIX, np.zeros(4), mode="value_and_grad")
def least_squares(a, x):
    r = a @ x - 1.0
    return 0.5 * np.sum(r**2)


@golden(MATRIX)
def variance_of_columns(a):
    d = a - np.mean(a, axis=0)
    return np.mean(d * d)


@golden(VECTOR)
def logsumexp(x):
    m = np.max(x)
    return m + np.log(np.sum(np.exp(x - m)))


@golden(VECTOR)
def entropy(p):
    return -np.sum(np.where(p > 0, p * np.log(p), 0.0))


@golden(VECTOR)
def sum_by_loop(x):
    s = 0.0
    for i in range(len(x)):
        s += x[i] * x[i]
    return s


@golden(VECTOR, 1.0)
def horner(coefficients, x):
    s = 0.0
    for c in coefficients:
        s = s * x + c
    return s


@golden(VECTOR)
def heat(u):
    u = u.copy()
    for step in range(10):
        u[1:-1] += 0.1 * (u[2:] - 2 * u[1:-1] + u[:-2])
    return np.sum(u * u)


@golden(VECTOR)
def filled(x):
    y = np.zeros(len(x))
    y[0] = x[0]
    for i in range(1, len(x)):
        y[i] = 0.5 * y[i - 1] + x[i] * x[i]
    return y[-1]


@golden(VECTOR)
def swapped_elements(x):
    a = x * 2.0
    a[0], a[2] = a[2], a[0]
    return a[0] * a[1] * a[2]


@golden(MATRIX)
def gathered(table):
    rows = table[[0, 2, 2]]
    return np.sum(rows**2)


def area(w, h):
    return w * h


@golden(1.0)
def calls(x):
    a = area(x, 2.0)
    return area(a, a)


@golden(1.0, 3)
def recursive(x, n):
    if n == 0:
        return 1.0
    return x * recursive(x, n - 1)


@golden(2.0, mode="vjp")
def root_vjp(x):
    y = x
    while abs(y * y - x) > 1e-10:
        y = 0.5 * (y + x / y)
    return y


@golden(VECTOR, mode="vjp")
def softmax(x):
    e = np.exp(x - np.max(x))
    return e / np.sum(e)


@golden(2.0, mode="jvp")
def root_jvp(x):
    y = x
    while abs(y * y - x) > 1e-10:
        y = 0.5 * (y + x / y)
    return y


@golden(MATRIX, np.zeros(4), mode="jvp")
def layer_jvp(a, w):
    h = np.tanh(a @ w)
    return np.sum(h * h)


@golden(MATRIX)
def elimination(a):
    a = a.copy()
    n = len(a)
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            a[i, k + 1 :] -= a[i, k] * a[k, k + 1 :]
    return np.sum(a * a)


@golden(MATRIX, VECTOR)
def forward_substitution(lower, b):
    x = np.zeros(len(b))
    for i in range(len(b)):
        x[i] = (b[i] - lower[i, :i] @ x[:i]) / lower[i, i]
    return np.sum(x * x)


@golden(MATRIX)
def repulsion(position):
    apart = position[:, None, :] - position[None, :, :]
    distance = np.sqrt(np.sum(apart * apart, axis=2) + 0.1)
    return np.sum(1.0 / distance)


@golden(MATRIX, MATRIX)
def mixture(means, points):
    apart = points[:, None, :] - means[None, :, :]
    logs = -0.5 * np.sum(apart**2, axis=2)
    return np.sum(np.log(np.sum(np.exp(logs), axis=1)))


@golden(MATRIX, MATRIX)
def recurrent(w, inputs):
    h = np.zeros(len(w))
    loss = 0.0
    for t in range(len(inputs)):
        h = np.tanh(w @ h + inputs[t])
        loss = loss + np.sum(h * h)
    return loss


@golden(VECTOR)
def rings(image):
    total = 0.0
    for k in range(3):
        ring = (image >= k) & (image < k + 1)
        total += np.mean(image[ring]) ** 2
    return total


@golden(VECTOR)
def logarithm_where_positive(x):
    return np.sum(np.where(x > 0, np.log(x), 0.0)) + np.sum(np.log(1.0 + x * x))


import srcgrad as sg  # noqa: E402 - the golden files name the lines above


@golden(0.5, 0.1, 100)
def swinging(angle, dt, n):
    speed = 0.0
    for _ in sg.checkpoint(range(n), budget=5):
        speed = speed - dt * np.sin(angle)
        angle = angle + dt * speed
    return angle


@golden(VECTOR, 0.1, 100)
def burgers(u, dt, n):
    u = np.copy(u)
    energy = 0.0
    for t in sg.checkpoint(range(n), memory="1MB"):
        # upwind
        u[1:] -= dt * u[1:] * (u[1:] - u[:-1])
        if t % 10 == 0:
            energy += np.sum(u * u)
    return energy


@golden(2.0, mode="vjp")
def settled(x):
    y = x
    for _ in sg.checkpoint(range(1000), budget=3):
        before = y
        y = 0.5 * (y + x / y)
        if abs(y - before) < 1e-12:
            break
    return y


@sg.checkpoint
def block(x, w):
    h = np.tanh(w @ x)
    return x + w.T @ h


@golden(VECTOR, MATRIX, MATRIX)
def blocks(x, first, second):
    for _ in range(3):
        x = block(x, first)
    return np.sum(block(x, second))


def thin(field, part):
    """Scale the largest elements down."""
    for i in range(len(field)):
        # only where it is worth it
        if field[i] > 1.0:
            field[i] *= part


def halves(total, share):
    rest = total * (1.0 - share)
    return total * share, rest


@golden(VECTOR, 0.3)
def thinned_twice(field, part):
    field = field * 2.0
    thin(field, part)
    left, right = halves(np.sum(field), part)
    thin(field, 0.5)
    return left * np.sum(field * field) - right


@golden(MATRIX, VECTOR)
def rebound_by_layers(w, x):
    x = bent(w, x)
    x = bent(w, x)
    return np.sum(x * x)


def bent(w, x):
    x = np.tanh(w @ x)
    return x + np.sin(x)
