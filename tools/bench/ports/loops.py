"""Kernels that go through their arrays element by element or row by row, as scans over rows."""

import numpy as np


def gauss_seidel(t, u, sweeps):
    def sweep(u):
        def row(above, given):
            old, below = given

            def cell(left, around):
                up, right, down = around
                new = 0.25 * (up + down + left + right)
                return new, new

            _, inner = t.scan(cell, old[0], (above[1:-1], old[2:], below[1:-1]))
            new = t.np.concatenate([old[:1], inner, old[-1:]])
            return new, new

        _, rows = t.scan(row, u[0], (u[1:-1], u[2:]))
        return t.np.concatenate([u[:1], rows, u[-1:]])

    u = t.repeat(sweep, u, sweeps)
    return t.np.sum(u * u)


def alternating_directions(t, u, steps):
    inside = (slice(1, -1), slice(1, -1))

    def step(u):
        def down(carry, row):
            p, q = carry
            divisor = 2.0 - 0.5 * p
            new = 0.5 / divisor, (row + 0.5 * q) / divisor
            return new, new

        def up(below, given):
            p, q = given
            new = p * below + q
            return new, new

        _, (p, q) = t.scan(down, (t.array(0.0), t.zeros(u.shape[1] - 2)), u[inside])
        _, rows = t.scan(up, u[-1, 1:-1], (t.flipped(p), t.flipped(q)))
        return t.write(u, inside, t.flipped(rows))

    u = t.repeat(step, u, steps)
    return t.np.sum(u * u)


def vertical_advection(t, field, wind, dt):
    none = 0.0 * wind[:1]
    slope = 0.25 * dt * t.np.concatenate([none, wind[1 : len(field)], none])
    above = t.np.concatenate([field[:1], field[:-1]])
    below = t.np.concatenate([field[1:], field[-1:]])

    def down(carry, given):
        upper, right = carry
        f, before, after, lower, up = given
        divisor = 1.0 + lower * upper
        new = up / divisor, (f - up * (after - f) + lower * (before - f) + lower * right) / divisor
        return new, new

    start = 0.0 * field[0]
    _, (upper, right) = t.scan(down, (start, start), (field, above, below, slope[:-1], slope[1:]))

    def up(after, given):
        upper, right = given
        new = right - upper * after
        return new, new

    _, out = t.scan(up, start, (t.flipped(upper), t.flipped(right)))
    return t.np.sum(out * out)


def triangular_solve(t, lower, b):
    n = len(b)

    def step(x, given):
        row, unit, b = given
        return x + unit * (b - row @ x) / (row @ unit)

    x = t.fold(step, t.zeros(n), (lower, t.array(np.eye(n)), t.array(b)))
    return t.np.sum(x * x)


def lu(t, a):
    n = len(a)

    def step(carry, given):
        a, total = carry
        unit, later = given
        row, column = unit @ a, a @ unit
        pivot = row @ unit
        return a - (later * column / pivot)[:, None] * row[None, :], total + t.np.log(t.np.abs(pivot))

    return t.fold(step, (a, t.array(0.0)), (t.array(np.eye(n)), t.array(np.triu(np.ones((n, n)), 1))))[1]


def cholesky(t, a):
    n = len(a)

    def step(f, given):
        unit, rest = given
        column = rest * (a @ unit - f @ (unit @ f))
        return f + (column / t.np.sqrt(column @ unit))[:, None] * unit[None, :]

    f = t.fold(step, t.zeros(n, n), (t.array(np.eye(n)), t.array(np.triu(np.ones((n, n))))))
    return t.np.sum(f * f * f)


def gram_schmidt(t, a):
    n = a.shape[1]

    def step(carry, given):
        a, total = carry
        unit, later = given
        column = a @ unit
        length = t.np.sqrt(column @ column)
        q = column / length
        row = later * (q @ a)
        return a - q[:, None] * row[None, :], total + length**3 + t.np.sum(row * row * row) + t.np.sum(q)

    return t.fold(step, (a, t.array(0.0)), (t.array(np.eye(n)), t.array(np.triu(np.ones((n, n)), 1))))[1]


def durbin(t, r):
    n = len(r)
    # Row k takes what stands before k in reverse order.
    back = np.array([[[float(i < k and j == k - 1 - i) for j in range(n)] for i in range(n)] for k in range(1, n)])
    units = t.array(np.eye(n))

    def step(carry, given):
        y, alpha, beta = carry
        turn, unit = given
        beta = (1.0 - alpha * alpha) * beta
        alpha = -(r @ unit + (turn @ r) @ y) / beta
        return y + alpha * (turn @ y) + alpha * unit, alpha, beta

    start = -r[0] * units[0], -r[0], t.array(1.0)
    y = t.fold(step, start, (t.array(back), units[1:]))[0]
    return t.np.sum(y * y)
