import numpy as np


def swapped_elements_grad(x):
    a = x * 2.0
    u = a[2]
    u2 = a[0]
    a[0] = u
    a[2] = u2

    # primals.py:209  return a[0] * a[1] * a[2]
    a_bar = np.zeros(a.shape)
    a_bar[0] = a[2] * a[1]
    a_bar[1] += a[2] * a[0]
    a_bar[2] += a[0] * a[1]
    # primals.py:208  a[0], a[2] = a[2], a[0]
    u2_bar = a_bar[2]
    a_bar[2] = 0.0
    u_bar = a_bar[0]
    a_bar[0] = 0.0
    a_bar[0] += u2_bar
    a_bar[2] += u_bar
    # primals.py:207  a = x * 2.0
    x_bar = 2.0 * a_bar
    return x_bar
