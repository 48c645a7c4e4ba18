import numpy as np

from srcgrad.rules.support import guarded


def entropy_grad(p):
    holds = p > 0
    u = np.log(p)

    # primals.py:169  return -np.sum(np.where(p > 0, p * np.log(p), 0.0))
    p_bar2 = np.where(holds, -1.0, 0.0)
    p_bar = guarded(p_bar2, p_bar2 * u)
    u_bar = p_bar2 * p
    p_bar += guarded(u_bar, u_bar / p)
    return p_bar
