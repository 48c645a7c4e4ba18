import numpy as np


def horner_grad(coefficients, x):
    s = 0.0
    s_saved = []
    for k in range(len(coefficients)):
        c = coefficients[k]
        s_saved.append(s)
        s = s * x + c

    s_bar = 1.0
    coefficients_bar = np.zeros(coefficients.shape)
    x_bar = 0.0
    for k, s in zip(reversed(range(len(coefficients))), reversed(s_saved)):
        # primals.py:184  s = s * x + c
        x_bar += s_bar * s
        c_bar = s_bar
        s_bar *= x
        # primals.py:183  for c in coefficients:
        coefficients_bar[k] += c_bar
    return coefficients_bar, x_bar
