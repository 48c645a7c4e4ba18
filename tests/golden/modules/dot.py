import numpy as np


def dot_grad(x, w):
    # primals.py:140  return np.dot(x, w)
    x_bar = w
    w_bar = x
    return np.array(x_bar), np.array(w_bar)
