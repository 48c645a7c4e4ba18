import numpy as np


def overwritten_grad(x):
    y = x * x
    y2 = np.sin(y)

    # primals.py:48  y = y * y * x
    y2_bar = 2 * x * y2
    x_bar = y2 * y2
    # primals.py:47  y = np.sin(y)
    y_bar = y2_bar * np.cos(y)
    # primals.py:46  y = x * x
    x_bar += 2 * y_bar * x
    return x_bar
