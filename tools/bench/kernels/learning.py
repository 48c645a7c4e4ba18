"""Statistics and learning."""

import numpy as np

from tools.bench.kernels.kernel import Kernel


def mlp(w1, w2, x, labels):
    hidden = np.tanh(x @ w1)
    score = hidden @ w2
    return np.mean((score - labels) ** 2)


def mlp_by_hand(w1, w2, x, labels):
    hidden = np.tanh(x @ w1)
    score = hidden @ w2
    score_bar = (score - labels) * (2.0 / score.size)
    hidden_bar = score_bar @ w2.T
    return x.T @ (hidden_bar * (1.0 - hidden * hidden))


def gaussian_mixture(means, points, log_weights):
    apart = points[:, None, :] - means[None, :, :]
    logs = log_weights - 0.5 * np.sum(apart * apart, axis=2)
    top = np.max(logs, axis=1)
    return np.sum(top + np.log(np.sum(np.exp(logs - top[:, None]), axis=1)))


def gaussian_mixture_by_hand(means, points, log_weights):
    apart = points[:, None, :] - means[None, :, :]
    logs = log_weights - 0.5 * np.sum(apart * apart, axis=2)
    # The maximum only scales: its derivatives cancel.
    shares = np.exp(logs - np.max(logs, axis=1)[:, None])
    logs_bar = shares / np.sum(shares, axis=1)[:, None]
    return (logs_bar[:, :, None] * apart).sum(axis=0)


def recurrent(w, u, inputs):
    h = np.zeros(len(w))
    loss = 0.0
    for t in range(len(inputs)):
        h = np.tanh(w @ h + u @ inputs[t])
        loss = loss + np.sum(h * h)
    return loss


def recurrent_by_hand(w, u, inputs):
    h = np.zeros(len(w))
    kept = [h]
    for t in range(len(inputs)):
        h = np.tanh(w @ h + u @ inputs[t])
        kept.append(h)
    h_bar = np.zeros(h.shape)
    w_bar = np.zeros(w.shape)
    for t in range(len(inputs), 0, -1):
        h = kept[t]
        h_bar += 2.0 * h
        s_bar = h_bar * (1.0 - h * h)
        w_bar += np.outer(s_bar, kept[t - 1])
        h_bar = w.T @ s_bar
    return w_bar


def lstm(w, u, inputs):
    n = u.shape[1]
    h = np.zeros(n)
    c = np.zeros(n)
    loss = 0.0
    for t in range(len(inputs)):
        gates = w @ inputs[t] + u @ h
        forget = 1.0 / (1.0 + np.exp(-gates[:n]))
        take = 1.0 / (1.0 + np.exp(-gates[n : 2 * n]))
        show = 1.0 / (1.0 + np.exp(-gates[2 * n : 3 * n]))
        new = np.tanh(gates[3 * n :])
        c = forget * c + take * new
        h = show * np.tanh(c)
        loss = loss + np.sum(h * h)
    return loss


def lstm_by_hand(w, u, inputs):
    n = u.shape[1]
    h = np.zeros(n)
    c = np.zeros(n)
    kept = []
    for t in range(len(inputs)):
        gates = w @ inputs[t] + u @ h
        forget = 1.0 / (1.0 + np.exp(-gates[:n]))
        take = 1.0 / (1.0 + np.exp(-gates[n : 2 * n]))
        show = 1.0 / (1.0 + np.exp(-gates[2 * n : 3 * n]))
        new = np.tanh(gates[3 * n :])
        before, c = (h, c), forget * c + take * new
        squashed = np.tanh(c)
        h = show * squashed
        kept.append((before, forget, take, show, new, squashed, h))
    w_bar = np.zeros(w.shape)
    u_bar = np.zeros(u.shape)
    h_bar = np.zeros(n)
    c_bar = np.zeros(n)
    gates_bar = np.empty(4 * n)
    for t in range(len(inputs) - 1, -1, -1):
        (h_before, c_before), forget, take, show, new, squashed, h = kept[t]
        h_bar += 2.0 * h
        c_bar += h_bar * show * (1.0 - squashed * squashed)
        gates_bar[:n] = c_bar * c_before * forget * (1.0 - forget)
        gates_bar[n : 2 * n] = c_bar * new * take * (1.0 - take)
        gates_bar[2 * n : 3 * n] = h_bar * squashed * show * (1.0 - show)
        gates_bar[3 * n :] = c_bar * take * (1.0 - new * new)
        c_bar *= forget
        w_bar += np.outer(gates_bar, inputs[t])
        u_bar += np.outer(gates_bar, h_before)
        h_bar = u.T @ gates_bar
    return w_bar, u_bar


def _mlp(rng):
    weights = rng.normal(size=(64, 128)) / 8, rng.normal(size=(128, 10)) / 11
    return *weights, rng.normal(size=(256, 64)), rng.normal(size=(256, 10))


def _recurrent(rng):
    return rng.normal(size=(32, 32)) / 8, rng.normal(size=(32, 8)) / 3, rng.normal(size=(300, 8))


def _lstm(rng):
    return rng.normal(size=(128, 8)) / 3, rng.normal(size=(128, 32)) / 8, rng.normal(size=(200, 8))


KERNELS = (
    Kernel(mlp, _mlp, mlp_by_hand, family="blas"),
    Kernel(
        gaussian_mixture,
        lambda rng: (rng.normal(size=(10, 4)), rng.normal(size=(2000, 4)), np.zeros(10)),
        gaussian_mixture_by_hand,
    ),
    Kernel(recurrent, _recurrent, recurrent_by_hand, family="loops"),
    Kernel(lstm, _lstm, lstm_by_hand, (0, 1), family="loops"),
)
