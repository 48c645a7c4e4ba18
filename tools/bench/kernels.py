"""Numerical kernels as people write them, with hand-written gradients for some.

Each kernel is a scalar function of its first argument. A hand-written gradient takes the same arguments,
runs forward and backward, and is what an ideal generator would emit.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Kernel:
    """A function, what makes its arguments, and perhaps a gradient written by hand."""

    function: Callable[..., Any]
    arguments: Callable[[np.random.Generator], tuple[Any, ...]]
    by_hand: Callable[..., Any] | None = None

    @property
    def name(self) -> str:
        return self.function.__name__


# Scalars.


def heron(x):
    y = x
    while abs(y * y - x) > 1e-10:
        y = 0.5 * (y + x / y)
    return y


def heron_by_hand(x):
    y = x
    kept = []
    while abs(y * y - x) > 1e-10:
        kept.append(y)
        y = 0.5 * (y + x / y)
    y_bar = 1.0
    x_bar = 0.0
    while kept:
        y = kept.pop()
        s_bar = 0.5 * y_bar
        x_bar += s_bar / y
        y_bar = s_bar - s_bar * x / (y * y)
    return x_bar + y_bar


def logistic_map(rate, n):
    x = 0.3
    for _ in range(n):
        x = rate * x * (1.0 - x) + 0.01 * math.sin(x)
    return x


# Stencils.


def gauss_seidel(u, sweeps):
    u = u.copy()
    n, m = u.shape
    for _ in range(sweeps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                u[i, j] = 0.25 * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1])
    return np.sum(u * u)


def gauss_seidel_by_hand(u, sweeps):
    u = u.copy()
    n, m = u.shape
    for _ in range(sweeps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                u[i, j] = 0.25 * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1])
    u_bar = 2.0 * u
    for _ in range(sweeps):
        for i in range(n - 2, 0, -1):
            for j in range(m - 2, 0, -1):
                quarter = 0.25 * u_bar[i, j]
                u_bar[i, j] = 0.0
                u_bar[i - 1, j] += quarter
                u_bar[i + 1, j] += quarter
                u_bar[i, j - 1] += quarter
                u_bar[i, j + 1] += quarter
    return u_bar


def jacobi(u, sweeps):
    u = u.copy()
    for _ in range(sweeps):
        u[1:-1, 1:-1] = 0.25 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:])
    return np.sum(u * u)


def jacobi_by_hand(u, sweeps):
    u = u.copy()
    for _ in range(sweeps):
        u[1:-1, 1:-1] = 0.25 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:])
    u_bar = 2.0 * u
    for _ in range(sweeps):
        quarter = 0.25 * u_bar[1:-1, 1:-1]
        u_bar[1:-1, 1:-1] = 0.0
        u_bar[:-2, 1:-1] += quarter
        u_bar[2:, 1:-1] += quarter
        u_bar[1:-1, :-2] += quarter
        u_bar[1:-1, 2:] += quarter
    return u_bar


def limited_diffusion(field, strength, steps):
    field = field.copy()
    for _ in range(steps):
        lap = 4.0 * field[1:-1, 1:-1] - field[2:, 1:-1] - field[:-2, 1:-1] - field[1:-1, 2:] - field[1:-1, :-2]
        flow = lap[1:] - lap[:-1]
        size = np.maximum(np.abs(flow), 5.0)
        flow = np.where(size > 5.0, np.sign(flow) * (10.0 - 25.0 / size), flow)  # no steep fronts
        field[2:-2, 1:-1] -= strength * (flow[1:] - flow[:-1])
    return np.sum(field**2)


# Linear algebra, element by element and row by row.


def triangular_solve(lower, b):
    x = b.copy()
    for i in range(len(b)):
        x[i] = (b[i] - lower[i, :i] @ x[:i]) / lower[i, i]
    return np.sum(x * x)


def lu(a):
    a = a.copy()
    n = len(a)
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            a[i, k + 1 :] -= a[i, k] * a[k, k + 1 :]
    return np.sum(np.log(np.abs(np.diag(a))))


# Particles and images.


def n_body(position, velocity, steps):
    position = position.copy()
    velocity = velocity.copy()
    for _ in range(steps):
        apart = position[:, None, :] - position[None, :, :]
        distance = np.sqrt(np.sum(apart * apart, axis=2) + 0.1)
        velocity -= 0.01 * np.sum(apart / distance[:, :, None] ** 3, axis=1)
        position += 0.01 * velocity
    return np.sum(position * position)


def azimuthal(image, radius, edges):
    total = 0.0
    for k in range(len(edges) - 1):
        ring = (radius >= edges[k]) & (radius < edges[k + 1])
        total = total + np.mean(image[ring]) ** 2
    return total


# Statistics and learning.


def mlp(w1, w2, x, labels):
    hidden = np.tanh(x @ w1)
    score = hidden @ w2
    return np.mean((score - labels) ** 2)


def mlp_by_hand(w1, w2, x, labels):
    hidden = np.tanh(x @ w1)
    score = hidden @ w2
    score_bar = (score - labels) * (2.0 / score.size)
    hidden_bar = score_bar @ w2.T
    return x.T @ (hidden_bar * (1.0 - hidden * hidden))


def gaussian_mixture(means, points, log_weights):
    apart = points[:, None, :] - means[None, :, :]
    logs = log_weights - 0.5 * np.sum(apart * apart, axis=2)
    top = np.max(logs, axis=1)
    return np.sum(top + np.log(np.sum(np.exp(logs - top[:, None]), axis=1)))


def recurrent(w, u, inputs):
    h = np.zeros(len(w))
    loss = 0.0
    for t in range(len(inputs)):
        h = np.tanh(w @ h + u @ inputs[t])
        loss = loss + np.sum(h * h)
    return loss


def _radius(n):
    i, j = np.mgrid[:n, :n] - n / 2.0
    return np.hypot(i, j)


KERNELS = (
    Kernel(heron, lambda rng: (2.0 + rng.uniform(),), heron_by_hand),
    Kernel(logistic_map, lambda rng: (3.2 + 0.1 * rng.uniform(), 1000)),
    Kernel(gauss_seidel, lambda rng: (rng.normal(size=(40, 40)), 4), gauss_seidel_by_hand),
    Kernel(jacobi, lambda rng: (rng.normal(size=(200, 200)), 50), jacobi_by_hand),
    Kernel(limited_diffusion, lambda rng: (rng.normal(size=(200, 200)), 0.02, 10)),
    Kernel(triangular_solve, lambda rng: (np.tril(rng.normal(size=(200, 200))) + 30 * np.eye(200), np.ones(200))),
    Kernel(lu, lambda rng: (rng.normal(size=(50, 50)) + 20 * np.eye(50),)),
    Kernel(n_body, lambda rng: (rng.normal(size=(60, 3)), rng.normal(size=(60, 3)), 20)),
    Kernel(azimuthal, lambda rng: (rng.uniform(size=(300, 300)), _radius(300), np.linspace(0.0, 150.0, 30))),
    Kernel(
        mlp,
        lambda rng: (
            rng.normal(size=(64, 128)) / 8,
            rng.normal(size=(128, 10)) / 11,
            rng.normal(size=(256, 64)),
            rng.normal(size=(256, 10)),
        ),
        mlp_by_hand,
    ),
    Kernel(gaussian_mixture, lambda rng: (rng.normal(size=(10, 4)), rng.normal(size=(2000, 4)), np.zeros(10))),
    Kernel(
        recurrent,
        lambda rng: (rng.normal(size=(32, 32)) / 8, rng.normal(size=(32, 8)) / 3, rng.normal(size=(300, 8))),
    ),
)
