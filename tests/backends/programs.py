"""Programs that are compiled, and some that are not."""

from __future__ import annotations

import math

import numpy as np


def root(x):
    y = x
    while abs(y * y - x) > 1e-10:
        y = 0.5 * (y + x / y)
    return y


def decay(rate, n):
    y = 1.0
    for _ in range(n):
        y = y - 0.01 * rate * math.sin(y)
    return y * y


def prefix(x):
    x = x.copy()
    for i in range(1, len(x)):
        x[i] += 0.5 * x[i - 1] * x[i]
    return np.sum(x**2)


def diffusion(u, steps):
    u = u.copy()
    for _ in range(steps):
        u[1:-1, 1:-1] = 0.25 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:])
    return np.sum(u * u)


def overlapping(u):
    u = u.copy()
    u[1:] = u[:-1] * 1.5
    u[:-1] += u[1:] * u[:-1]
    return np.sum(u**2)


def network(w, x):
    h = np.zeros(len(w))
    for t in range(len(x)):
        h = np.tanh(w @ h + x[t])
    return np.mean(h * h)


def softmax_loss(z):
    top = np.max(z, axis=1)
    return np.sum(np.log(np.sum(np.exp(z - top[:, None]), axis=1)))


def broadcast(a, b):
    return np.sum((a + b) ** 2)


def limited(x, bound):
    total = 0.0
    for v in x:
        if v > bound:
            raise ValueError(f"{v:.2f} is beyond {bound:.2f}")
        total = total + v * v
    return total


def reciprocal(x, n):
    y = 0.0
    for k in range(n):
        y = y + 1.0 / (x - k)
    return y


def squared(x):
    return x * x


def of_a_function(x, n):
    s = 0.0
    for k in range(n):
        s = s + squared(x * k)
    return s


def out_of_bounds(x):
    total = 0.0
    for k in range(len(x)):
        total = total + x[k] * x[k + 1]
    return total


def whole_arrays(x):
    return np.sum(np.sin(x) * x)


def printing(x, n):
    for k in range(n):
        x = x * 1.5
        print(k)
    return x


def running(x, n):
    y = np.zeros(len(x))
    y[0] = x[0]
    for i in range(1, len(x)):
        y[i] = y[i - 1] * x[i] + math.sin(x[i]) * n
    return y


def iterated(x, n):
    y = x
    for _ in range(n):
        y = np.sin(y) + 0.5 * y
    return y


def scaled_sum(n, x):
    total = 0.0
    for i in range(len(x)):
        total = total + n * np.sin(x[i])
    return total


def caught(x):
    try:
        return x * x
    except ValueError:
        return x


def picked(x, at, n):
    total = 0.0
    for k in range(n):
        total = total + np.sum(x[at] ** 2) * k
    return total


def falling(x, n):
    if n == 0:
        return x
    return math.sin(falling(x, n - 1)) * x


def climbed(x, n):
    return falling(x, n) + x


def roots(x, m):
    y = np.zeros(len(x))
    for i in range(len(x)):
        y[i] = math.sqrt(x[i]) / (i % m + 1)
    return np.sum(y * y * x)
