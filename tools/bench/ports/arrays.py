"""Kernels of whole arrays, and of loops over steps of time."""

import math


def logistic_map(t, rate, n):
    return t.repeat(lambda x: rate * x * (1.0 - x) + 0.01 * t.np.sin(x), t.array(0.3), n)


def jacobi(t, u, sweeps):
    inside = (slice(1, -1), slice(1, -1))

    def sweep(u):
        return t.write(u, inside, 0.25 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]))

    u = t.repeat(sweep, u, sweeps)
    return t.np.sum(u * u)


def heat_3d(t, a, _b, steps):
    inside = (slice(1, -1),) * 3

    def step(a):
        change = (
            0.125 * (a[2:, 1:-1, 1:-1] - 2.0 * a[inside] + a[:-2, 1:-1, 1:-1])
            + 0.125 * (a[1:-1, 2:, 1:-1] - 2.0 * a[inside] + a[1:-1, :-2, 1:-1])
            + 0.125 * (a[1:-1, 1:-1, 2:] - 2.0 * a[inside] + a[1:-1, 1:-1, :-2])
        )
        return t.write(a, inside, a[inside] + change)

    a = t.repeat(step, a, steps)
    return t.np.sum(a * a)


def limited_diffusion(t, field, strength, steps):
    def step(field):
        lap = 4.0 * field[1:-1, 1:-1] - field[2:, 1:-1] - field[:-2, 1:-1] - field[1:-1, 2:] - field[1:-1, :-2]
        flow = lap[1:] - lap[:-1]
        size = t.np.clip(t.np.abs(flow), 5.0, 1e300)
        flow = t.np.where(size > 5.0, t.np.sign(flow) * (10.0 - 25.0 / size), flow)
        inside = (slice(2, -2), slice(1, -1))
        return t.write(field, inside, field[inside] - strength * (flow[1:] - flow[:-1]))

    field = t.repeat(step, field, steps)
    return t.np.sum(field * field)


def horizontal_diffusion(t, inside, coefficients, guide):
    lap = 4.0 * inside[1:-1, 1:-1] - (inside[2:, 1:-1] + inside[:-2, 1:-1] + inside[1:-1, 2:] + inside[1:-1, :-2])
    flux = lap[1:, 1:-1] - lap[:-1, 1:-1]
    flux = t.np.where(guide[2:-1, 2:-2] > guide[1:-2, 2:-2], 0.0, flux)
    side = lap[1:-1, 1:] - lap[1:-1, :-1]
    side = t.np.where(guide[2:-2, 2:-1] > guide[2:-2, 1:-2], 0.0, side)
    out = inside[2:-2, 2:-2] - coefficients * (flux[1:] - flux[:-1] + side[:, 1:] - side[:, :-1])
    return t.np.sum(out * out)


def kalman(t, observations, drift, noise):
    transition = t.array([[1.0, 1.0], [0.0, 1.0]])
    transition = t.np.array(transition) if isinstance(transition, list) else transition

    def step(carry, seen):
        m, p, loss = carry
        m = transition @ m
        p = transition @ p @ transition.T + drift * t.eye(2)
        s = p[0, 0] + noise
        gain = p[:, 0] / s
        error = seen - m[0]
        loss = loss + 0.5 * (t.np.log(s) + error * error / s)
        return m + gain * error, p - t.np.outer(gain, p[0]), loss

    return t.fold(step, (t.zeros(2), t.eye(2), t.array(0.0)), observations)[2]


def n_body(t, position, velocity, steps):
    def step(carry):
        position, velocity = carry
        apart = position[:, None, :] - position[None, :, :]
        distance = t.np.sqrt(t.np.sum(apart * apart, axis=2) + 0.1)
        velocity = velocity - 0.01 * t.np.sum(apart / distance[:, :, None] ** 3, axis=1)
        return position + 0.01 * velocity, velocity

    position, _ = t.repeat(step, (position, velocity), steps)
    return t.np.sum(position * position)


def azimuthal(t, image, radius, edges):
    total = 0.0
    for k in range(len(edges) - 1):
        ring = (radius >= edges[k]) & (radius < edges[k + 1])
        total = total + (t.np.sum(t.np.where(ring, image, 0.0)) / t.np.sum(ring)) ** 2
    return total


def mlp(t, w1, w2, x, labels):
    return t.np.mean((t.np.tanh(x @ w1) @ w2 - labels) ** 2)


def gaussian_mixture(t, means, points, log_weights):
    apart = points[:, None, :] - means[None, :, :]
    logs = log_weights - 0.5 * t.np.sum(apart * apart, axis=2)
    top = t.np.amax(logs, 1)
    return t.np.sum(top + t.np.log(t.np.sum(t.np.exp(logs - top[:, None]), axis=1)))


def recurrent(t, w, u, inputs):
    def step(carry, x):
        h, loss = carry
        h = t.np.tanh(w @ h + u @ x)
        return h, loss + t.np.sum(h * h)

    return t.fold(step, (t.zeros(len(w)), t.array(0.0)), inputs)[1]


def lstm(t, w, u, inputs):
    n = u.shape[1]

    def step(carry, x):
        h, c, loss = carry
        gates = w @ x + u @ h
        forget = 1.0 / (1.0 + t.np.exp(-gates[:n]))
        take = 1.0 / (1.0 + t.np.exp(-gates[n : 2 * n]))
        show = 1.0 / (1.0 + t.np.exp(-gates[2 * n : 3 * n]))
        c = forget * c + take * t.np.tanh(gates[3 * n :])
        h = show * t.np.tanh(c)
        return h, c, loss + t.np.sum(h * h)

    return t.fold(step, (t.zeros(n), t.zeros(n), t.array(0.0)), inputs)[2]


def black_scholes(t, spot, volatility, strike, rate, years):
    if t.name == "jax":
        from jax.scipy.special import erf
    elif t.name == "torch":
        erf = t.np.erf
    else:
        from autograd.scipy.special import erf
    years = t.array(years)
    spread = volatility * t.np.sqrt(years)
    d1 = (t.np.log(spot / strike) + (rate + 0.5 * volatility * volatility) * years) / spread
    d2 = d1 - spread
    n1 = 0.5 * (1.0 + erf(d1 / math.sqrt(2.0)))
    n2 = 0.5 * (1.0 + erf(d2 / math.sqrt(2.0)))
    return spot * n1 - strike * t.np.exp(-rate * years) * n2


def heron(t, x):
    # As many steps as the loop takes: JAX differentiates no loop of unknown length backwards.
    return t.repeat(lambda y: 0.5 * (y + x / y), t.array(x), 6)


def pendulum_rk4(t, angle, damping, n):
    dt = 0.01

    def slope(q, p):
        return p, -t.np.sin(q) - damping * p

    def step(carry):
        q, p = carry
        q1, p1 = slope(q, p)
        q2, p2 = slope(q + 0.5 * dt * q1, p + 0.5 * dt * p1)
        q3, p3 = slope(q + 0.5 * dt * q2, p + 0.5 * dt * p2)
        q4, p4 = slope(q + dt * q3, p + dt * p3)
        return q + dt / 6.0 * (q1 + 2.0 * q2 + 2.0 * q3 + q4), p + dt / 6.0 * (p1 + 2.0 * p2 + 2.0 * p3 + p4)

    q, p = t.repeat(step, (t.array(angle), t.array(0.0)), n)
    return q * q + p * p


def fdtd(t, electric, along, across, steps):
    inside = (slice(1, -1), slice(1, -1))

    def step(carry):
        electric, along, across = carry
        along = along - 0.5 * (electric[:, 1:] - electric[:, :-1])
        across = across + 0.5 * (electric[1:] - electric[:-1])
        change = across[1:, 1:-1] - across[:-1, 1:-1] - along[1:-1, 1:] + along[1:-1, :-1]
        return t.write(electric, inside, electric[inside] + 0.7 * change), along, across

    electric = t.repeat(step, (electric, t.array(along), t.array(across)), steps)[0]
    return t.np.sum(electric * electric)


def convolution(t, image, weights):
    return t.np.sum(t.np.tanh(t.convolved(image[None, None], weights[None, None])))


def lenet(t, first, second, dense, last, images, labels):
    def pooled(maps):
        return 0.25 * (maps[:, :, ::2, ::2] + maps[:, :, 1::2, ::2] + maps[:, :, ::2, 1::2] + maps[:, :, 1::2, 1::2])

    first, second = t.permuted(first, (3, 2, 0, 1)), t.permuted(second, (3, 2, 0, 1))
    maps = pooled(t.np.tanh(t.convolved(t.permuted(t.array(images), (0, 3, 1, 2)), first)))
    maps = pooled(t.np.tanh(t.convolved(maps, second)))
    hidden = t.np.tanh(t.np.reshape(t.permuted(maps, (0, 2, 3, 1)), (len(images), -1)) @ dense)
    score = hidden @ last
    score = score - t.np.amax(score, 1)[:, None]
    return t.np.mean(t.np.log(t.np.sum(t.np.exp(score), axis=1)) - t.np.sum(score * t.array(labels), axis=1))


def bundle_adjustment(t, cameras, points, observed, seen):
    camera, point, observed = cameras[seen[:, 0]], points[seen[:, 1]], t.array(observed)
    turn = camera[:, :3]
    angle = t.np.sqrt(t.np.sum(turn * turn, axis=1))[:, None]
    axis = turn / angle
    c, s = t.np.cos(angle), t.np.sin(angle)
    along = t.np.sum(axis * point, axis=1)[:, None] * (1.0 - c)
    (nx, ny, nz), (px, py, pz) = (axis[:, k] for k in range(3)), (point[:, k] for k in range(3))
    crossed = t.np.stack([ny * pz - nz * py, nz * px - nx * pz, nx * py - ny * px], 1)
    place = point * c + crossed * s + axis * along + camera[:, 3:6] * t.array([1.0, 1.0, 1.0])
    flat = place[:, :2] / place[:, 2:]
    stretch = camera[:, 6] * (1.0 + camera[:, 7] * t.np.sum(flat * flat, axis=1))
    error = stretch[:, None] * flat - observed
    return 0.5 * t.np.sum(error * error)


def hmm_forward(t, transition, emission, start, seen):
    state = t.array(start) * emission[:, seen[0]]
    scale = t.np.sum(state)

    def step(carry, k):
        state, total = carry
        state = (state @ transition) * emission[:, k]
        scale = t.np.sum(state)
        return state / scale, total + t.np.log(scale)

    return t.fold(step, (state / scale, t.np.log(scale)), seen[1:])[1]


def monte_carlo(t, spot, volatility, strike, rate, years, noise):
    noise = t.array(noise)
    dt = years / len(noise)
    drift = (rate - 0.5 * volatility**2) * dt
    spread = volatility * dt**0.5

    def step(carry, drawn):
        price, total = carry
        price = price * t.np.exp(drift + spread * drawn)
        return price, total + price

    none = t.zeros(noise.shape[1])
    paid = t.fold(step, (spot + none, none), noise)[1] / len(noise) - strike
    return t.np.exp(t.array(-rate * years)) * t.np.mean(t.np.where(paid > 0.0, paid, 0.0))
