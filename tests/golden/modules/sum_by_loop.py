import numpy as np


def sum_by_loop_grad(x):
    x_bar = np.zeros(x.shape)
    for i in range(len(x)):
        # primals.py:176  s += x[i] * x[i]
        x_bar[i] += 2 * x[i]
    return x_bar
