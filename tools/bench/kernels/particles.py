"""Particles, and images integrated over rings."""

import numpy as np

from tools.bench.kernels.kernel import Kernel


def n_body(position, velocity, steps):
    position = position.copy()
    velocity = velocity.copy()
    for _ in range(steps):
        apart = position[:, None, :] - position[None, :, :]
        distance = np.sqrt(np.sum(apart * apart, axis=2) + 0.1)
        velocity -= 0.01 * np.sum(apart / distance[:, :, None] ** 3, axis=1)
        position += 0.01 * velocity
    return np.sum(position * position)


def n_body_by_hand(position, velocity, steps):
    position = position.copy()
    velocity = velocity.copy()
    kept = []
    for _ in range(steps):
        apart = position[:, None, :] - position[None, :, :]
        distance = np.sqrt(np.sum(apart * apart, axis=2) + 0.1)
        cube = distance[:, :, None] ** 3
        kept.append((apart, distance, cube))
        velocity = velocity - 0.01 * np.sum(apart / cube, axis=1)
        position = position + 0.01 * velocity
    position_bar = 2.0 * position
    velocity_bar = np.zeros(velocity.shape)
    for apart, distance, cube in reversed(kept):
        velocity_bar += 0.01 * position_bar
        force_bar = (-0.01 * velocity_bar)[:, None]
        apart_bar = force_bar / cube
        square_bar = -1.5 * np.sum(apart_bar * apart, axis=2) / (distance * distance)
        apart_bar += 2.0 * square_bar[:, :, None] * apart
        position_bar += apart_bar.sum(axis=1) - apart_bar.sum(axis=0)
    return position_bar


def azimuthal(image, radius, edges):
    total = 0.0
    for k in range(len(edges) - 1):
        ring = (radius >= edges[k]) & (radius < edges[k + 1])
        total = total + np.mean(image[ring]) ** 2
    return total


def azimuthal_by_hand(image, radius, edges):
    image_bar = np.zeros(image.shape)
    for k in range(len(edges) - 1):
        ring = np.nonzero((radius >= edges[k]) & (radius < edges[k + 1]))
        inside = image[ring]
        image_bar[ring] += 2.0 * np.mean(inside) / inside.size
    return image_bar


def _radius(n):
    i, j = np.mgrid[:n, :n] - n / 2.0
    return np.hypot(i, j)


KERNELS = (
    Kernel(n_body, lambda rng: (rng.normal(size=(60, 3)), rng.normal(size=(60, 3)), 20), n_body_by_hand),
    Kernel(
        azimuthal,
        lambda rng: (rng.uniform(size=(300, 300)), _radius(300), np.linspace(0.0, 150.0, 30)),
        azimuthal_by_hand,
    ),
)
