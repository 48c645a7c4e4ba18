import numpy as np

from srcgrad.runtime.schedules import run_keeping, steps_back


def burgers_grad(u, dt, n):
    u = np.copy(u)
    energy = 0.0

    def step(t, u, energy):
        # upwind
        d = u[1:] - u[:-1]
        p = dt * u[1:]
        u[1:] -= p * d
        if t % 10 == 0:
            energy += np.sum(u * u)
        return (u, energy)

    (u, energy), kept = run_keeping(step, range(n), (u, energy), memory="1MB")

    dt_bar = 0.0
    u_bar = np.zeros(u.shape)
    for t, (u, energy) in steps_back(step, kept):
        d = u[1:] - u[:-1]
        p = dt * u[1:]
        u_saved = u[1:].copy()
        u[1:] -= p * d
        if t % 10 == 0:
            # primals.py:340  energy += np.sum(u * u)
            u_bar += 2 * u
        u[1:] = u_saved
        # primals.py:338  u[1:] -= dt * u[1:] * (u[1:] - u[:-1])
        p_bar = -u_bar[1:] * d
        d_bar = -u_bar[1:] * p
        u_bar[1:] += p_bar * dt
        dt_bar += p_bar @ u[1:]
        u_bar[1:] += d_bar
        u_bar[:-1] -= d_bar
    return u_bar, dt_bar
