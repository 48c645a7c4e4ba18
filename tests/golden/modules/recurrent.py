import numpy as np


def recurrent_grad(w, inputs):
    h = np.zeros(len(w))
    u_saved = []
    h_saved = []
    for t in range(len(inputs)):
        u = np.tanh(w @ h + inputs[t])
        h_saved.append(h)
        h = u
        u_saved.append(u)

    h_bar = np.zeros(h.shape)
    inputs_bar = np.zeros(inputs.shape)
    w_bar = np.zeros(w.shape)
    for t, u in zip(reversed(range(len(inputs))), reversed(u_saved)):
        # primals.py:302  loss = loss + np.sum(h * h)
        h_bar += 2 * h
        h = h_saved.pop()
        # primals.py:301  h = np.tanh(w @ h + inputs[t])
        u_bar = h_bar
        s_bar = u_bar * (1 - u * u)
        inputs_bar[t] += s_bar
        w_bar += np.outer(s_bar, h)
        h_bar = w.T @ s_bar
    return w_bar, inputs_bar
