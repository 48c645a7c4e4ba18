import numpy as np


def forward_substitution_grad(lower, b):
    x = np.zeros(len(b))
    for i in range(len(b)):
        x[i] = (b[i] - lower[i, :i] @ x[:i]) / lower[i, i]

    # primals.py:279  return np.sum(x * x)
    x_bar = 2 * x
    b_bar = np.zeros(b.shape)
    lower_bar = np.zeros(lower.shape)
    for i in reversed(range(len(b))):
        # primals.py:278  x[i] = (b[i] - lower[i, :i] @ x[:i]) / lower[i, i]
        q_bar = x_bar[i] / lower[i, i]
        b_bar[i] += q_bar
        lower_bar[i, :i] -= q_bar * x[:i]
        x_bar[:i] -= q_bar * lower[i, :i]
        lower_bar[i, i] -= q_bar * x[i]
    return lower_bar, b_bar
