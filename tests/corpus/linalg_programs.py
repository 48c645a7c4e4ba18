"""Numerical linear algebra, by loops and by LAPACK."""

import numpy as np

from tests.corpus import case

S = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]])
M = np.array([[0.1, 2.0, 1.0], [3.0, 0.5, -1.0], [1.0, 1.5, 2.5]])
B = np.array([1.0, -2.0, 0.5])


def lu_with_pivoting(a):
    n = len(a)
    lu = a.copy()
    order = list(range(n))
    sign = 1.0
    for k in range(n):
        p = k + int(np.argmax(np.abs(lu[k:, k])))
        if p != k:
            lu[[k, p]] = lu[[p, k]]
            order[k], order[p] = order[p], order[k]
            sign = -sign
        for i in range(k + 1, n):
            lu[i, k] /= lu[k, k]
            lu[i, k + 1 :] -= lu[i, k] * lu[k, k + 1 :]
    return lu, order, sign


@case(a=M, b=B)
def solve_by_lu(a, b):
    lu, order, _ = lu_with_pivoting(a)
    n = len(b)
    x = b[order]
    for i in range(n):
        x[i] -= lu[i, :i] @ x[:i]
    for i in reversed(range(n)):
        x[i] = (x[i] - lu[i, i + 1 :] @ x[i + 1 :]) / lu[i, i]
    return x @ x


@case(a=M)
def determinant_by_lu(a):
    lu, _, sign = lu_with_pivoting(a)
    return sign * np.prod(np.diagonal(lu))


@case(a=S)
def cholesky_by_loops(a):
    n = a.shape[0]
    c = np.zeros_like(a)
    for i in range(n):
        for j in range(i + 1):
            s = 0.0
            for k in range(j):
                s += c[i, k] * c[j, k]
            if i == j:
                c[i, j] = np.sqrt(a[i, i] - s)
            else:
                c[i, j] = (a[i, j] - s) / c[j, j]
    return np.sum(c**3)


@case(a=S, b=B)
def gauss_seidel(a, b):
    x = np.zeros(3)
    for _ in range(40):
        for i in range(3):
            x[i] = (b[i] - a[i, :i] @ x[:i] - a[i, i + 1 :] @ x[i + 1 :]) / a[i, i]
    return np.sum(x**2)


@case(a=S, b=B)
def jacobi_until_converged(a, b):
    x = b / np.diag(a)
    off = a - np.diag(np.diag(a))
    while True:
        new = (b - off @ x) / np.diag(a)
        if np.max(np.abs(new - x)) < 1e-14:
            break
        x = new
    return x @ b


@case(a=S, b=B)
def conjugate_gradient(a, b):
    x = np.zeros_like(b)
    r = b - a @ x
    p = r.copy()
    rs = r @ r
    for _ in range(2):
        ap = a @ p
        alpha = rs / (p @ ap)
        x += alpha * p
        r -= alpha * ap
        new = r @ r
        p *= new / rs
        p += r
        rs = new
    return np.sum(x**2)


@case(a=S)
def power_iteration(a):
    v = np.ones(3) / np.sqrt(3.0)
    for _ in range(25):
        v = a @ v
        v /= np.linalg.norm(v)
    return v @ a @ v


@case(a=M)
def gram_schmidt(a):
    q = a.copy()
    n = a.shape[1]
    for j in range(n):
        for k in range(j):
            q[:, j] -= (q[:, k] @ q[:, j]) * q[:, k]
        q[:, j] /= np.sqrt(q[:, j] @ q[:, j])
    return np.sum(q * np.arange(9.0).reshape(3, 3))


@case(lower=np.array([1.0, 0.5]), diag=np.array([4.0, 3.0, 5.0]), upper=np.array([0.7, -0.2]), rhs=B)
def thomas_algorithm(lower, diag, upper, rhs):
    n = len(diag)
    for i in range(1, n):
        w = lower[i - 1] / diag[i - 1]
        diag[i] -= w * upper[i - 1]
        rhs[i] -= w * rhs[i - 1]
    x = np.empty(n)
    x[-1] = rhs[-1] / diag[-1]
    for i in range(n - 2, -1, -1):
        x[i] = (rhs[i] - upper[i] * x[i + 1]) / diag[i]
    return x


@case(a=M, b=B)
def library_solve_and_inverse(a, b):
    x = np.linalg.solve(a, b)
    return x @ np.linalg.inv(a) @ x + np.linalg.det(a)


@case(a=S)
def library_decompositions(a):
    w, v = np.linalg.eigh(a)
    q, r = np.linalg.qr(a)
    s = np.linalg.svd(a, compute_uv=False)
    c = np.linalg.cholesky(a)
    return w[0] ** 2 + np.sum(v[:, 2] ** 4) + np.sum(q[0] * r[0] ** 2) + s[0] * s[2] + c[2, 1]


@case(a=M)
def leverage_scores(a):
    q, _ = np.linalg.qr(a[:, :2])
    hat = q @ q.T
    return np.sum(np.diag(hat) ** 2)


@case(x=np.array([0.0, 1.0, 2.0, 3.0]), y=np.array([1.0, 2.5, 2.0, 4.5]))
def least_squares_line(x, y):
    design = np.column_stack([np.ones_like(x), x])
    beta = np.linalg.solve(design.T @ design, design.T @ y)
    residual = y - design @ beta
    return beta[1] + residual @ residual


@case(a=M * 0.2)
def matrix_exponential_by_series(a):
    total = np.eye(3)
    term = np.eye(3)
    for k in range(1, 16):
        term = term @ a / k
        total += term
    return np.trace(total @ total)


@case(a=S)
def jacobi_rotation(a):
    a = a.copy()
    for p, q in [(0, 1), (0, 2), (1, 2)]:
        theta = 0.5 * np.arctan2(2 * a[p, q], a[q, q] - a[p, p])
        c, s = np.cos(theta), np.sin(theta)
        rotation = np.eye(3)
        rotation[p, p] = rotation[q, q] = c
        rotation[p, q], rotation[q, p] = s, -s
        a = rotation.T @ a @ rotation
    return a[0, 0] ** 2 + a[0, 1] * a[1, 2]


@case(v=np.array([1.0, 2.0, -0.5]), x=B)
def householder_reflection(v, x):
    u = v.copy()
    u[0] += np.copysign(np.linalg.norm(v), v[0])
    h = np.eye(3) - 2.0 * np.outer(u, u) / (u @ u)
    return np.sum((h @ x) ** 3)


@case(a=np.array([[2.0, 1.0], [1.0, 3.0]]))
def newton_matrix_square_root(a):
    y, z = a, np.eye(2)
    for _ in range(10):
        y, z = 0.5 * (y + np.linalg.inv(z)), 0.5 * (z + np.linalg.inv(y))
    return np.sum(y**3)


@case(a=S, b=M)
def matrix_products(a, b):
    return (
        np.trace(a @ b.T)
        + np.sum(np.kron(a[:2, :2], b[:1]))
        + np.vdot(a, b)
        + np.inner(a, b)[0, 1]
        + np.tensordot(a, b)
        + np.linalg.multi_dot([a, b, a])[1, 1]
        + np.linalg.matrix_power(b, 3)[0, 2]
        + np.cross(a[0], b[1])[2]
    )


def fft_recursive(x):
    n = len(x)
    if n == 1:
        return x
    even, odd = fft_recursive(x[0::2]), fft_recursive(x[1::2])
    twiddle = np.exp(-2j * np.pi * np.arange(n // 2) / n) * odd
    return np.concatenate([even + twiddle, even - twiddle])


@case(x=np.array([0.2, 1.0, -0.4, 0.8]))
def fft_by_recursion(x):
    spectrum = fft_recursive(x.astype(complex))
    return np.sum(np.abs(spectrum) ** 2 * np.arange(4.0)) + spectrum[1].imag


@case(x=np.array([0.2, 1.0, -0.4, 0.8]), k=np.array([0.5, -0.2]))
def convolution_by_loops(x, k):
    y = np.zeros(len(x) + len(k) - 1)
    for i in range(len(x)):
        for j in range(len(k)):
            y[i + j] += x[i] * k[j]
    return np.sum(y**2) + np.convolve(x, k)[2]
