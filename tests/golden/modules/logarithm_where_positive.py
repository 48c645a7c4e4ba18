import numpy as np

from srcgrad.rules.support import guarded


def logarithm_where_positive_grad(x):
    holds = x > 0
    s = 1.0 + x * x

    # primals.py:317  return np.sum(np.where(x > 0, np.log(x), 0.0)) + np.sum(np.log(1.0 + x * x))
    u_bar = np.where(holds, 1.0, 0.0)
    x_bar = guarded(u_bar, u_bar / x)
    s_bar = 1 / s
    x_bar += 2 * s_bar * x
    return x_bar
