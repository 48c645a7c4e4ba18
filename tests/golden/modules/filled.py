import numpy as np


def filled_grad(x):
    y = np.zeros(len(x))
    y[0] = x[0]
    for i in range(1, len(x)):
        y[i] = 0.5 * y[i - 1] + x[i] * x[i]

    # primals.py:202  return y[-1]
    y_bar = np.zeros(y.shape)
    y_bar[-1] = 1.0
    x_bar = np.zeros(x.shape)
    for i in reversed(range(1, len(x))):
        # primals.py:201  y[i] = 0.5 * y[i - 1] + x[i] * x[i]
        e_bar = y_bar[i]
        y_bar[i - 1] += 0.5 * e_bar
        x_bar[i] += 2 * e_bar * x[i]
    # primals.py:199  y[0] = x[0]
    x_bar[0] += y_bar[0]
    return x_bar
