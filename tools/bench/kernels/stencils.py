"""Stencils on grids, in place and out of place, element by element and with slices."""

import numpy as np

from tools.bench.kernels.kernel import Kernel


def gauss_seidel(u, sweeps):
    u = u.copy()
    n, m = u.shape
    for _ in range(sweeps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                u[i, j] = 0.25 * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1])
    return np.sum(u * u)


def gauss_seidel_by_hand(u, sweeps):
    u = u.copy()
    n, m = u.shape
    for _ in range(sweeps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                u[i, j] = 0.25 * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1])
    u_bar = 2.0 * u
    for _ in range(sweeps):
        for i in range(n - 2, 0, -1):
            for j in range(m - 2, 0, -1):
                quarter = 0.25 * u_bar[i, j]
                u_bar[i, j] = 0.0
                u_bar[i - 1, j] += quarter
                u_bar[i + 1, j] += quarter
                u_bar[i, j - 1] += quarter
                u_bar[i, j + 1] += quarter
    return u_bar


def jacobi(u, sweeps):
    u = u.copy()
    for _ in range(sweeps):
        u[1:-1, 1:-1] = 0.25 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:])
    return np.sum(u * u)


def jacobi_by_hand(u, sweeps):
    u = u.copy()
    for _ in range(sweeps):
        u[1:-1, 1:-1] = 0.25 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:])
    u_bar = 2.0 * u
    for _ in range(sweeps):
        quarter = 0.25 * u_bar[1:-1, 1:-1]
        u_bar[1:-1, 1:-1] = 0.0
        u_bar[:-2, 1:-1] += quarter
        u_bar[2:, 1:-1] += quarter
        u_bar[1:-1, :-2] += quarter
        u_bar[1:-1, 2:] += quarter
    return u_bar


def heat_3d(a, b, steps):
    a = a.copy()
    b = b.copy()
    for _ in range(steps):
        b[1:-1, 1:-1, 1:-1] = (
            0.125 * (a[2:, 1:-1, 1:-1] - 2.0 * a[1:-1, 1:-1, 1:-1] + a[:-2, 1:-1, 1:-1])
            + 0.125 * (a[1:-1, 2:, 1:-1] - 2.0 * a[1:-1, 1:-1, 1:-1] + a[1:-1, :-2, 1:-1])
            + 0.125 * (a[1:-1, 1:-1, 2:] - 2.0 * a[1:-1, 1:-1, 1:-1] + a[1:-1, 1:-1, :-2])
            + a[1:-1, 1:-1, 1:-1]
        )
        a[1:-1, 1:-1, 1:-1] = b[1:-1, 1:-1, 1:-1]
    return np.sum(a * a)


def heat_3d_by_hand(a, b, steps):
    a = a.copy()
    b = b.copy()
    for _ in range(steps):
        b[1:-1, 1:-1, 1:-1] = (
            0.125 * (a[2:, 1:-1, 1:-1] - 2.0 * a[1:-1, 1:-1, 1:-1] + a[:-2, 1:-1, 1:-1])
            + 0.125 * (a[1:-1, 2:, 1:-1] - 2.0 * a[1:-1, 1:-1, 1:-1] + a[1:-1, :-2, 1:-1])
            + 0.125 * (a[1:-1, 1:-1, 2:] - 2.0 * a[1:-1, 1:-1, 1:-1] + a[1:-1, 1:-1, :-2])
            + a[1:-1, 1:-1, 1:-1]
        )
        a[1:-1, 1:-1, 1:-1] = b[1:-1, 1:-1, 1:-1]
    a_bar = 2.0 * a
    b_bar = np.zeros(b.shape)
    for _ in range(steps):
        b_bar[1:-1, 1:-1, 1:-1] += a_bar[1:-1, 1:-1, 1:-1]
        inner = b_bar[1:-1, 1:-1, 1:-1].copy()
        b_bar[1:-1, 1:-1, 1:-1] = 0.0
        eighth = 0.125 * inner
        a_bar[1:-1, 1:-1, 1:-1] = inner - 6.0 * eighth
        a_bar[2:, 1:-1, 1:-1] += eighth
        a_bar[:-2, 1:-1, 1:-1] += eighth
        a_bar[1:-1, 2:, 1:-1] += eighth
        a_bar[1:-1, :-2, 1:-1] += eighth
        a_bar[1:-1, 1:-1, 2:] += eighth
        a_bar[1:-1, 1:-1, :-2] += eighth
    return a_bar


def limited_diffusion(field, strength, steps):
    field = field.copy()
    for _ in range(steps):
        lap = 4.0 * field[1:-1, 1:-1] - field[2:, 1:-1] - field[:-2, 1:-1] - field[1:-1, 2:] - field[1:-1, :-2]
        flow = lap[1:] - lap[:-1]
        size = np.maximum(np.abs(flow), 5.0)
        flow = np.where(size > 5.0, np.sign(flow) * (10.0 - 25.0 / size), flow)  # no steep fronts
        field[2:-2, 1:-1] -= strength * (flow[1:] - flow[:-1])
    return np.sum(field**2)


def limited_diffusion_by_hand(field, strength, steps):
    field = field.copy()
    kept = []
    for _ in range(steps):
        lap = 4.0 * field[1:-1, 1:-1] - field[2:, 1:-1] - field[:-2, 1:-1] - field[1:-1, 2:] - field[1:-1, :-2]
        flow = lap[1:] - lap[:-1]
        size = np.maximum(np.abs(flow), 5.0)
        steep = size > 5.0
        kept.append((size, steep))
        flow = np.where(steep, np.sign(flow) * (10.0 - 25.0 / size), flow)
        field[2:-2, 1:-1] -= strength * (flow[1:] - flow[:-1])
    field_bar = 2.0 * field
    for size, steep in reversed(kept):
        change = -strength * field_bar[2:-2, 1:-1]
        flow_bar = np.zeros(size.shape)
        flow_bar[1:] = change
        flow_bar[:-1] -= change
        # Where it is steep, the signs of the flow and of its size cancel.
        flow_bar = np.where(steep, 25.0 * flow_bar / (size * size), flow_bar)
        lap_bar = np.zeros((size.shape[0] + 1, size.shape[1]))
        lap_bar[1:] = flow_bar
        lap_bar[:-1] -= flow_bar
        field_bar[1:-1, 1:-1] += 4.0 * lap_bar
        field_bar[2:, 1:-1] -= lap_bar
        field_bar[:-2, 1:-1] -= lap_bar
        field_bar[1:-1, 2:] -= lap_bar
        field_bar[1:-1, :-2] -= lap_bar
    return field_bar


def horizontal_diffusion(inside, coefficients, guide):
    lap = 4.0 * inside[1:-1, 1:-1] - (inside[2:, 1:-1] + inside[:-2, 1:-1] + inside[1:-1, 2:] + inside[1:-1, :-2])
    flux = lap[1:, 1:-1] - lap[:-1, 1:-1]
    flux = np.where(guide[2:-1, 2:-2] > guide[1:-2, 2:-2], 0.0, flux)
    side = lap[1:-1, 1:] - lap[1:-1, :-1]
    side = np.where(guide[2:-2, 2:-1] > guide[2:-2, 1:-2], 0.0, side)
    out = inside[2:-2, 2:-2] - coefficients * (flux[1:] - flux[:-1] + side[:, 1:] - side[:, :-1])
    return np.sum(out * out)


def horizontal_diffusion_by_hand(inside, coefficients, guide):
    lap = 4.0 * inside[1:-1, 1:-1] - (inside[2:, 1:-1] + inside[:-2, 1:-1] + inside[1:-1, 2:] + inside[1:-1, :-2])
    flux = lap[1:, 1:-1] - lap[:-1, 1:-1]
    flat = guide[2:-1, 2:-2] > guide[1:-2, 2:-2]
    flux = np.where(flat, 0.0, flux)
    side = lap[1:-1, 1:] - lap[1:-1, :-1]
    flat_side = guide[2:-2, 2:-1] > guide[2:-2, 1:-2]
    side = np.where(flat_side, 0.0, side)
    out_bar = 2.0 * (inside[2:-2, 2:-2] - coefficients * (flux[1:] - flux[:-1] + side[:, 1:] - side[:, :-1]))
    inside_bar = np.zeros(inside.shape)
    inside_bar[2:-2, 2:-2] = out_bar
    change = -coefficients * out_bar
    side_bar = np.zeros(side.shape)
    side_bar[:, 1:] = change
    side_bar[:, :-1] -= change
    side_bar = np.where(flat_side, 0.0, side_bar)
    lap_bar = np.zeros(lap.shape)
    lap_bar[1:-1, 1:] = side_bar
    lap_bar[1:-1, :-1] -= side_bar
    flux_bar = np.zeros(flux.shape)
    flux_bar[1:] = change
    flux_bar[:-1] -= change
    flux_bar = np.where(flat, 0.0, flux_bar)
    lap_bar[1:, 1:-1] += flux_bar
    lap_bar[:-1, 1:-1] -= flux_bar
    inside_bar[1:-1, 1:-1] += 4.0 * lap_bar
    inside_bar[2:, 1:-1] -= lap_bar
    inside_bar[:-2, 1:-1] -= lap_bar
    inside_bar[1:-1, 2:] -= lap_bar
    inside_bar[1:-1, :-2] -= lap_bar
    return inside_bar


def alternating_directions(u, steps):
    """Implicit sweeps along the rows of a grid, by Thomas' algorithm on all its columns at once."""
    n = u.shape[0]
    u = u.copy()
    for _ in range(steps):
        p = np.zeros(n)
        q = np.zeros(u.shape)
        for j in range(1, n - 1):
            p[j] = 0.5 / (2.0 - 0.5 * p[j - 1])
            q[j, 1:-1] = (u[j, 1:-1] + 0.5 * q[j - 1, 1:-1]) / (2.0 - 0.5 * p[j - 1])
        for j in range(n - 2, 0, -1):
            u[j, 1:-1] = p[j] * u[j + 1, 1:-1] + q[j, 1:-1]
    return np.sum(u * u)


def alternating_directions_by_hand(u, steps):
    n = u.shape[0]
    u = u.copy()
    for _ in range(steps):
        p = np.zeros(n)
        q = np.zeros(u.shape)
        for j in range(1, n - 1):
            p[j] = 0.5 / (2.0 - 0.5 * p[j - 1])
            q[j, 1:-1] = (u[j, 1:-1] + 0.5 * q[j - 1, 1:-1]) / (2.0 - 0.5 * p[j - 1])
        for j in range(n - 2, 0, -1):
            u[j, 1:-1] = p[j] * u[j + 1, 1:-1] + q[j, 1:-1]
    u_bar = 2.0 * u
    for _ in range(steps):
        q_bar = np.zeros(u.shape)
        for j in range(1, n - 1):
            row_bar = u_bar[j, 1:-1]
            u_bar[j + 1, 1:-1] += p[j] * row_bar
            q_bar[j, 1:-1] = row_bar
            row_bar[:] = 0.0
        for j in range(n - 2, 0, -1):
            s_bar = q_bar[j, 1:-1] / (2.0 - 0.5 * p[j - 1])
            u_bar[j, 1:-1] += s_bar
            q_bar[j - 1, 1:-1] += 0.5 * s_bar
    return u_bar


KERNELS = (
    Kernel(gauss_seidel, lambda rng: (rng.normal(size=(40, 40)), 4), gauss_seidel_by_hand, family="loops"),
    Kernel(jacobi, lambda rng: (rng.normal(size=(200, 200)), 50), jacobi_by_hand),
    Kernel(heat_3d, lambda rng: (rng.normal(size=(30, 30, 30)), np.zeros((30, 30, 30)), 10), heat_3d_by_hand),
    Kernel(limited_diffusion, lambda rng: (rng.normal(size=(200, 200)), 0.02, 10), limited_diffusion_by_hand),
    Kernel(
        horizontal_diffusion,
        lambda rng: (rng.normal(size=(260, 260)), rng.normal(size=(256, 256)), rng.normal(size=(260, 260))),
        horizontal_diffusion_by_hand,
    ),
    Kernel(
        alternating_directions,
        lambda rng: (rng.normal(size=(100, 100)), 5),
        alternating_directions_by_hand,
        family="loops",
    ),
)
