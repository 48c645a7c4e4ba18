"""Find what a rod is made of from how it warms up: an inverse problem with an in-place stencil.

What to learn from it: the simulation overwrites one array, step after step, through slices; its
gradient does too, and keeps only what the reverse sweep reads. Twenty unknown conductivities are
found from temperatures at six times, by a quasi-Newton method that asks for some dozens of gradients.
"""

import sys

import numpy as np
from fitting import confirm, minimise

import srcgrad as sg

CELLS = 20
STEPS_BETWEEN_LOOKS = 40
LOOKS = 6


def warm_up(conductivity):
    """Temperatures of the rod at each look, while its left end is kept at 1 and its right end at 0."""
    u = np.zeros(CELLS + 1)
    u[0] = 1.0
    seen = np.empty((LOOKS, CELLS + 1))
    for look in range(LOOKS):
        for _ in range(STEPS_BETWEEN_LOOKS):
            flow = conductivity * (u[1:] - u[:-1])
            u[1:-1] += 0.4 * (flow[1:] - flow[:-1])
        seen[look] = u
    return seen


def misfit(log_conductivity, measured):
    difference = warm_up(np.exp(log_conductivity)) - measured
    return 1e4 * np.sum(difference**2)


def main(show=False):
    truth = np.where(np.arange(CELLS) < CELLS // 2, 1.0, 0.4)
    measured = warm_up(truth)
    guess = np.full(CELLS, np.log(0.7))

    objective = sg.value_and_grad(misfit)
    _, gradient = objective(guess, measured)
    confirm("gradient", gradient, lambda p: misfit(p, measured), guess)

    found = np.exp(minimise(lambda p: objective(p, measured), guess, steps=300))
    error = np.max(np.abs(found / truth - 1.0))
    print(f"left half {np.mean(found[: CELLS // 2]):.3f}, right half {np.mean(found[CELLS // 2 :]):.3f}")
    print(f"largest error of the {CELLS} conductivities: {100 * error:.1f} %")
    assert error < 0.05
    if show:
        print(objective.source)


if __name__ == "__main__":
    main(show="--show" in sys.argv[1:])
