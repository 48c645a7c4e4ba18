"""Linear algebra, element by element and row by row."""

import numpy as np

from tools.bench.kernels.kernel import Kernel


def triangular_solve(lower, b):
    x = b.copy()
    for i in range(len(b)):
        x[i] = (b[i] - lower[i, :i] @ x[:i]) / lower[i, i]
    return np.sum(x * x)


def triangular_solve_by_hand(lower, b):
    x = b.copy()
    for i in range(len(b)):
        x[i] = (b[i] - lower[i, :i] @ x[:i]) / lower[i, i]
    x_bar = 2.0 * x
    lower_bar = np.zeros(lower.shape)
    for i in range(len(b) - 1, -1, -1):
        q_bar = x_bar[i] / lower[i, i]
        lower_bar[i, i] = -q_bar * x[i]
        lower_bar[i, :i] = -q_bar * x[:i]
        x_bar[:i] -= q_bar * lower[i, :i]
    return lower_bar


def lu(a):
    a = a.copy()
    n = len(a)
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            a[i, k + 1 :] -= a[i, k] * a[k, k + 1 :]
    return np.sum(np.log(np.abs(np.diag(a))))


def lu_by_hand(a):
    a = a.copy()
    n = len(a)
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            a[i, k + 1 :] -= a[i, k] * a[k, k + 1 :]
    a_bar = np.diag(1.0 / np.diag(a))
    for k in range(n - 1, -1, -1):
        for i in range(n - 1, k, -1):
            row_bar = a_bar[i, k + 1 :]
            a_bar[k, k + 1 :] -= a[i, k] * row_bar
            factor_bar = (a_bar[i, k] - row_bar @ a[k, k + 1 :]) / a[k, k]
            a_bar[k, k] -= factor_bar * a[i, k]
            a_bar[i, k] = factor_bar
    return a_bar


def cholesky(a):
    n = len(a)
    f = np.zeros((n, n))
    for j in range(n):
        f[j, j] = np.sqrt(a[j, j] - f[j, :j] @ f[j, :j])
        for i in range(j + 1, n):
            f[i, j] = (a[i, j] - f[i, :j] @ f[j, :j]) / f[j, j]
    return np.sum(f * f * f)


def cholesky_by_hand(a):
    n = len(a)
    f = np.zeros((n, n))
    for j in range(n):
        f[j, j] = np.sqrt(a[j, j] - f[j, :j] @ f[j, :j])
        for i in range(j + 1, n):
            f[i, j] = (a[i, j] - f[i, :j] @ f[j, :j]) / f[j, j]
    f_bar = 3.0 * f * f
    a_bar = np.zeros((n, n))
    for j in range(n - 1, -1, -1):
        for i in range(n - 1, j, -1):
            s_bar = f_bar[i, j] / f[j, j]
            a_bar[i, j] = s_bar
            f_bar[j, j] -= s_bar * f[i, j]
            f_bar[i, :j] -= s_bar * f[j, :j]
            f_bar[j, :j] -= s_bar * f[i, :j]
        s_bar = 0.5 * f_bar[j, j] / f[j, j]
        a_bar[j, j] = s_bar
        f_bar[j, :j] -= 2.0 * s_bar * f[j, :j]
    return a_bar


def gram_schmidt(a):
    a = a.copy()
    n = a.shape[1]
    q = np.zeros(a.shape)
    r = np.zeros((n, n))
    for k in range(n):
        r[k, k] = np.sqrt(a[:, k] @ a[:, k])
        q[:, k] = a[:, k] / r[k, k]
        for j in range(k + 1, n):
            r[k, j] = q[:, k] @ a[:, j]
            a[:, j] -= q[:, k] * r[k, j]
    return np.sum(r * r * r) + np.sum(q)


def gram_schmidt_by_hand(a):
    a = a.copy()
    n = a.shape[1]
    q = np.zeros(a.shape)
    r = np.zeros((n, n))
    kept = []
    for k in range(n):
        r[k, k] = np.sqrt(a[:, k] @ a[:, k])
        q[:, k] = a[:, k] / r[k, k]
        for j in range(k + 1, n):
            r[k, j] = q[:, k] @ a[:, j]
            kept.append(a[:, j].copy())
            a[:, j] -= q[:, k] * r[k, j]
    r_bar = 3.0 * r * r
    q_bar = np.ones(q.shape)
    a_bar = np.zeros(a.shape)
    for k in range(n - 1, -1, -1):
        for j in range(n - 1, k, -1):
            old = kept.pop()
            column_bar = a_bar[:, j]
            r_bar[k, j] -= column_bar @ q[:, k]
            q_bar[:, k] += r_bar[k, j] * old - r[k, j] * column_bar
            a_bar[:, j] += r_bar[k, j] * q[:, k]
        column_bar = q_bar[:, k]
        r_bar[k, k] -= column_bar @ q[:, k] / r[k, k]
        a_bar[:, k] += column_bar / r[k, k] + r_bar[k, k] * q[:, k]
    return a_bar


def durbin(r):
    """The prediction from a stationary past: a system of equations with a Toeplitz matrix (Durbin 1960)."""
    n = len(r)
    y = np.zeros(n)
    y[0] = -r[0]
    beta = 1.0
    alpha = -r[0]
    for k in range(1, n):
        beta = (1.0 - alpha * alpha) * beta
        alpha = -(r[k] + r[:k][::-1] @ y[:k]) / beta
        y[:k] += alpha * y[:k][::-1]
        y[k] = alpha
    return np.sum(y * y)


def durbin_by_hand(r):
    n = len(r)
    y = np.zeros(n)
    y[0] = -r[0]
    beta = 1.0
    alpha = -r[0]
    kept = []
    for k in range(1, n):
        before = alpha, beta
        beta = (1.0 - alpha * alpha) * beta
        old = y[:k][::-1].copy()
        alpha = -(r[k] + r[:k] @ old) / beta
        y[:k] += alpha * old
        y[k] = alpha
        kept.append((before, old, alpha, beta))
    y_bar = 2.0 * y
    r_bar = np.zeros(n)
    alpha_bar = beta_bar = 0.0
    for k in range(n - 1, 0, -1):
        (alpha_before, beta_before), old, alpha, beta = kept.pop()
        part_bar = y_bar[:k]
        alpha_bar += y_bar[k] + part_bar @ old
        s_bar = -alpha_bar / beta
        part_bar += (alpha * part_bar + s_bar * r[:k])[::-1]
        r_bar[k] += s_bar
        r_bar[:k] += s_bar * old
        beta_bar += s_bar * alpha
        alpha_bar = -2.0 * alpha_before * beta_before * beta_bar
        beta_bar *= 1.0 - alpha_before * alpha_before
    r_bar[0] -= alpha_bar + y_bar[0]
    return r_bar


def kalman(observations, drift, noise):
    """The log-likelihood of a local level with two states, written with small matrices."""
    transition = np.array([[1.0, 1.0], [0.0, 1.0]])
    m = np.zeros(2)
    p = np.eye(2)
    loss = 0.0
    for t in range(len(observations)):
        m = transition @ m
        p = transition @ p @ transition.T + drift * np.eye(2)
        s = p[0, 0] + noise
        gain = p[:, 0] / s
        error = observations[t] - m[0]
        m = m + gain * error
        p = p - np.outer(gain, p[0])
        loss = loss + 0.5 * (np.log(s) + error * error / s)
    return loss


def kalman_by_hand(observations, drift, noise):
    transition = np.array([[1.0, 1.0], [0.0, 1.0]])
    eye = np.eye(2)
    m = np.zeros(2)
    p = np.eye(2)
    kept = []
    for t in range(len(observations)):
        m = transition @ m
        p = transition @ p @ transition.T + drift * eye
        s = p[0, 0] + noise
        gain = p[:, 0] / s
        error = observations[t] - m[0]
        kept.append((p, s, gain, error))
        m = m + gain * error
        p = p - np.outer(gain, p[0])
    drift_bar = noise_bar = 0.0
    m_bar = np.zeros(2)
    p_bar = np.zeros((2, 2))
    for p, s, gain, error in reversed(kept):
        gain_bar = m_bar * error - p_bar @ p[0]
        p_bar[0] -= gain @ p_bar
        error_bar = m_bar @ gain + error / s
        m_bar[0] -= error_bar
        p_bar[:, 0] += gain_bar / s
        s_bar = 0.5 / s - 0.5 * error * error / (s * s) - gain_bar @ gain / s
        p_bar[0, 0] += s_bar
        noise_bar += s_bar
        drift_bar += p_bar[0, 0] + p_bar[1, 1]
        p_bar = transition.T @ p_bar @ transition
        m_bar = transition.T @ m_bar
    return drift_bar, noise_bar


def _triangle(rng):
    return np.tril(rng.normal(size=(200, 200))) + 30 * np.eye(200), np.ones(200)


def _positive(rng):
    a = rng.normal(size=(40, 40))
    return (a @ a.T + 40 * np.eye(40),)


KERNELS = (
    Kernel(triangular_solve, _triangle, triangular_solve_by_hand, family="loops"),
    Kernel(lu, lambda rng: (rng.normal(size=(50, 50)) + 20 * np.eye(50),), lu_by_hand, family="loops"),
    Kernel(cholesky, _positive, cholesky_by_hand, family="loops"),
    Kernel(gram_schmidt, lambda rng: (rng.normal(size=(60, 30)),), gram_schmidt_by_hand, family="loops"),
    Kernel(
        durbin, lambda rng: (0.5 ** np.arange(1, 121) + 0.01 * rng.normal(size=120),), durbin_by_hand, family="loops"
    ),
    Kernel(kalman, lambda rng: (rng.normal(size=200), 0.1, 0.5), kalman_by_hand, (1, 2), family="loops"),
)
