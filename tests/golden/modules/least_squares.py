import numpy as np


def least_squares_value_and_grad(a, x):
    r = a @ x - 1.0
    value = 0.5 * np.sum(r**2)

    # primals.py:152  return 0.5 * np.sum(r**2)
    r_bar = r
    # primals.py:151  r = a @ x - 1.0
    a_bar = np.outer(r_bar, x)
    x_bar = a.T @ r_bar
    return value, (a_bar, x_bar)
