import numpy as np


def bent_vjp(w, x):
    x2 = np.tanh(w @ x)

    def pullback(y_bar):
        # primals.py:399  return x + np.sin(x)
        x2_bar = y_bar + y_bar * np.cos(x2)
        # primals.py:398  x = np.tanh(w @ x)
        u_bar2 = x2_bar * (1 - x2 * x2)
        w_bar = np.outer(u_bar2, x)
        x_bar = w.T @ u_bar2
        return (w_bar, x_bar)

    return x2 + np.sin(x2), pullback


def rebound_by_layers_grad(w, x):
    x, bent_pullback = bent_vjp(w, x)
    x, bent_pullback2 = bent_vjp(w, x)

    # primals.py:394  return np.sum(x * x)
    x_bar = 2 * x
    # primals.py:393  x = bent(w, x)
    w_bar, x_bar2 = bent_pullback2(x_bar)
    x_bar = x_bar2
    # primals.py:392  x = bent(w, x)
    w_bar2, x_bar2 = bent_pullback(x_bar)
    w_bar = w_bar + w_bar2
    x_bar = x_bar2
    return w_bar, np.array(x_bar)
