import numpy as np


def repulsion_grad(position):
    apart = position[:, None, :] - position[None, :, :]
    distance = np.sqrt(np.sum(apart * apart, axis=2) + 0.1)

    # primals.py:286  return np.sum(1.0 / distance)
    distance_bar = -1.0 / (distance * distance)
    # primals.py:285  distance = np.sqrt(np.sum(apart * apart, axis=2) + 0.1)
    p_bar = (0.5 * distance_bar / distance)[:, :, None]
    apart_bar = 2 * p_bar * apart
    # primals.py:284  apart = position[:, None, :] - position[None, :, :]
    position_bar = apart_bar.sum(axis=1) - apart_bar.sum(axis=0)
    return position_bar
