"""Differentiate through a solver whose number of iterations is known only when it has run.

What to learn from it: a `while` loop needs no rewriting. The forward sweep keeps what each
iteration overwrites, the reverse sweep goes back through as many iterations as there were, and
`--show` prints both. The solver is Newton's method for Kepler's equation E - e sin E = M,
which says where a planet is; the exact derivative is known and compared.
"""

import math
import sys

from fitting import confirm

import srcgrad as sg


def anomaly(mean, eccentricity):
    """The eccentric anomaly E of a planet, from its mean anomaly M."""
    angle = mean
    step = 1.0
    while abs(step) > 1e-12:
        step = (angle - eccentricity * math.sin(angle) - mean) / (1.0 - eccentricity * math.cos(angle))
        angle = angle - step  # Newton
    return angle


def main(show=False):
    mean, eccentricity = 1.0, 0.6
    gradient = sg.grad(anomaly, argnums=(0, 1))
    by_mean, by_eccentricity = gradient(mean, eccentricity)
    confirm("dE/dM", by_mean, lambda m: anomaly(m, eccentricity), mean)
    confirm("dE/de", by_eccentricity, lambda e: anomaly(mean, e), eccentricity)

    angle = anomaly(mean, eccentricity)
    slope = 1.0 - eccentricity * math.cos(angle)
    assert math.isclose(by_mean, 1.0 / slope, rel_tol=1e-9)
    assert math.isclose(by_eccentricity, math.sin(angle) / slope, rel_tol=1e-9)
    print(
        f"E = {angle:.6f}, dE/dM = {by_mean:.6f}, dE/de = {by_eccentricity:.6f}: as the implicit function theorem says"
    )
    if show:
        print(gradient.source)


if __name__ == "__main__":
    main(show="--show" in sys.argv[1:])
