import numpy as np

from srcgrad.rules.support import unbroadcast


def variance_of_columns_grad(a):
    u = np.mean(a, axis=0)
    d = a - u

    # primals.py:158  return np.mean(d * d)
    p_bar = 1.0 / d.size
    d_bar = 2 * p_bar * d
    # primals.py:157  d = a - np.mean(a, axis=0)
    a_bar = d_bar
    u_bar = unbroadcast(-d_bar, u)
    a_bar += u_bar / a.shape[0]
    return a_bar
