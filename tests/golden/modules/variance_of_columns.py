import numpy as np


def variance_of_columns_grad(a):
    d = a - np.mean(a, axis=0)

    # primals.py:158  return np.mean(d * d)
    p_bar = 1.0 / d.size
    d_bar = 2 * p_bar * d
    # primals.py:157  d = a - np.mean(a, axis=0)
    a_bar = d_bar - d_bar.sum(axis=0) / a.shape[0]
    return a_bar
