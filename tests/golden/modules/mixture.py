import numpy as np


def mixture_grad(means, points):
    apart = points[:, None, :] - means[None, :, :]
    logs = -0.5 * np.sum(apart**2, axis=2)
    u = np.exp(logs)
    u2 = np.sum(u, axis=1)

    # primals.py:293  return np.sum(np.log(np.sum(np.exp(logs), axis=1)))
    u2_bar = 1 / u2
    u_bar = u2_bar[:, None]
    logs_bar = u_bar * u
    # primals.py:292  logs = -0.5 * np.sum(apart**2, axis=2)
    apart_bar = 2 * (-0.5 * logs_bar)[:, :, None] * apart
    # primals.py:291  apart = points[:, None, :] - means[None, :, :]
    points_bar = apart_bar.sum(axis=1)
    means_bar = -apart_bar.sum(axis=0)
    return means_bar, points_bar
