"""Fields that are stepped through time: waves on a staggered grid, and an implicit step along columns of air."""

import numpy as np

from tools.bench.kernels.kernel import Kernel


def fdtd(electric, along, across, steps):
    """Maxwell's equations in the plane, the magnetic field between the points of the electric one (Yee 1966)."""
    electric = electric.copy()
    along = along.copy()
    across = across.copy()
    for _ in range(steps):
        along -= 0.5 * (electric[:, 1:] - electric[:, :-1])
        across += 0.5 * (electric[1:] - electric[:-1])
        electric[1:-1, 1:-1] += 0.7 * (across[1:, 1:-1] - across[:-1, 1:-1] - along[1:-1, 1:] + along[1:-1, :-1])
    return np.sum(electric * electric)


def fdtd_by_hand(electric, along, across, steps):
    electric = electric.copy()
    along = along.copy()
    across = across.copy()
    for _ in range(steps):
        along -= 0.5 * (electric[:, 1:] - electric[:, :-1])
        across += 0.5 * (electric[1:] - electric[:-1])
        electric[1:-1, 1:-1] += 0.7 * (across[1:, 1:-1] - across[:-1, 1:-1] - along[1:-1, 1:] + along[1:-1, :-1])
    electric_bar = 2.0 * electric
    along_bar = np.zeros(along.shape)
    across_bar = np.zeros(across.shape)
    for _ in range(steps):
        change = 0.7 * electric_bar[1:-1, 1:-1]
        across_bar[1:, 1:-1] += change
        across_bar[:-1, 1:-1] -= change
        along_bar[1:-1, 1:] -= change
        along_bar[1:-1, :-1] += change
        half = 0.5 * across_bar
        electric_bar[1:] += half
        electric_bar[:-1] -= half
        half = 0.5 * along_bar
        electric_bar[:, 1:] -= half
        electric_bar[:, :-1] += half
    return electric_bar


def vertical_advection(field, wind, dt):
    """A step of an implicit scheme along the first axis, for all columns at once, by Thomas' algorithm."""
    n = field.shape[0]
    upper = np.zeros(field.shape)
    right = np.zeros(field.shape)
    up = 0.25 * dt * wind[1]
    upper[0] = up
    right[0] = field[0] - up * (field[1] - field[0])
    for k in range(1, n - 1):
        down = -0.25 * dt * wind[k]
        up = 0.25 * dt * wind[k + 1]
        divisor = 1.0 - down * upper[k - 1]
        upper[k] = up / divisor
        explicit = field[k] - up * (field[k + 1] - field[k]) - down * (field[k - 1] - field[k])
        right[k] = (explicit - down * right[k - 1]) / divisor
    down = -0.25 * dt * wind[n - 1]
    explicit = field[n - 1] - down * (field[n - 2] - field[n - 1])
    right[n - 1] = (explicit - down * right[n - 2]) / (1.0 - down * upper[n - 2])
    out = np.zeros(field.shape)
    out[n - 1] = right[n - 1]
    for k in range(n - 2, -1, -1):
        out[k] = right[k] - upper[k] * out[k + 1]
    return np.sum(out * out)


def vertical_advection_by_hand(field, wind, dt):
    n = field.shape[0]
    upper = np.zeros(field.shape)
    right = np.zeros(field.shape)
    up = 0.25 * dt * wind[1]
    upper[0] = up
    right[0] = field[0] - up * (field[1] - field[0])
    kept = []
    for k in range(1, n - 1):
        down = -0.25 * dt * wind[k]
        up = 0.25 * dt * wind[k + 1]
        divisor = 1.0 - down * upper[k - 1]
        upper[k] = up / divisor
        above = field[k + 1] - field[k]
        below = field[k - 1] - field[k]
        right[k] = (field[k] - up * above - down * below - down * right[k - 1]) / divisor
        kept.append((down, up, divisor, above, below))
    last = n - 1
    down = -0.25 * dt * wind[last]
    divisor = 1.0 - down * upper[last - 1]
    right[last] = (field[last] - down * (field[last - 1] - field[last]) - down * right[last - 1]) / divisor
    out = np.zeros(field.shape)
    out[last] = right[last]
    for k in range(n - 2, -1, -1):
        out[k] = right[k] - upper[k] * out[k + 1]

    out_bar = 2.0 * out
    right_bar = out_bar  # what reaches out[k] reaches right[k]
    upper_bar = np.zeros(field.shape)
    for k in range(n - 1):
        upper_bar[k] = -out_bar[k] * out[k + 1]
        out_bar[k + 1] -= out_bar[k] * upper[k]
    field_bar = np.zeros(field.shape)
    wind_bar = np.zeros(wind.shape)
    share = right_bar[last] / divisor
    divisor_bar = -share * right[last]
    passed = share * down
    field_bar[last] = share + passed
    field_bar[last - 1] = -passed
    right_bar[last - 1] -= passed
    down_bar = -share * (field[last - 1] - field[last] + right[last - 1]) - divisor_bar * upper[last - 1]
    upper_bar[last - 1] -= divisor_bar * down
    wind_bar[last] = -0.25 * dt * down_bar
    for k in range(n - 2, 0, -1):
        down, up, divisor, above, below = kept.pop()
        share = right_bar[k] / divisor
        upper_share = upper_bar[k] / divisor
        divisor_bar = -share * right[k] - upper_share * upper[k]
        passed, lifted = share * down, share * up
        field_bar[k] += share + passed + lifted
        field_bar[k + 1] -= lifted
        field_bar[k - 1] -= passed
        right_bar[k - 1] -= passed
        wind_bar[k + 1] += 0.25 * dt * (upper_share - share * above)
        wind_bar[k] += 0.25 * dt * (share * (below + right[k - 1]) + divisor_bar * upper[k - 1])
        upper_bar[k - 1] -= divisor_bar * down
    up = 0.25 * dt * wind[1]
    lifted = right_bar[0] * up
    field_bar[0] += right_bar[0] + lifted
    field_bar[1] -= lifted
    wind_bar[1] += 0.25 * dt * (upper_bar[0] - right_bar[0] * (field[1] - field[0]))
    return field_bar, wind_bar


KERNELS = (
    Kernel(
        fdtd,
        lambda rng: (rng.normal(size=(200, 200)), np.zeros((200, 199)), np.zeros((199, 200)), 30),
        fdtd_by_hand,
    ),
    Kernel(
        vertical_advection,
        lambda rng: (rng.normal(size=(60, 2000)), rng.normal(size=(60, 2000)), 0.3),
        vertical_advection_by_hand,
        (0, 1),
    ),
)
