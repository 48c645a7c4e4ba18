import numpy as np


def layer_grad(a, w):
    h = np.tanh(a @ w)

    # primals.py:146  return np.sum(h * h)
    h_bar = 2 * h
    # primals.py:145  h = np.tanh(a @ w)
    u_bar = h_bar * (1 - h * h)
    a_bar = np.outer(u_bar, w)
    w_bar = a.T @ u_bar
    return a_bar, w_bar
