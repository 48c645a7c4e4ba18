"""What the examples share: a minimiser, and the finite differences that each gradient is checked against."""

import sys

import numpy as np


def central_differences(f, x, step=1e-6):
    """The gradient of a scalar function of an array or a float, one element at a time."""
    x = np.asarray(x, dtype=float)
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        h = step * max(1.0, abs(x[index]))
        up, down = x.copy(), x.copy()
        up[index] += h
        down[index] -= h
        gradient[index] = (f(up[()]) - f(down[()])) / (2 * h)
    return gradient[()]


def confirm(name, gradient, f, x, tolerance=1e-5):
    """Print how far a gradient is from finite differences, and stop if that is too far."""
    expected = central_differences(f, x)
    error = np.max(np.abs(gradient - expected)) / max(1.0, np.max(np.abs(expected)))
    print(f"{name}: differs from finite differences by {error:.1e}, relative")
    assert error < tolerance, f"{name}: {gradient} is not {expected}"


def minimise(value_and_gradient, x, steps=200):
    """Minimise with SciPy's L-BFGS where it is installed, else with the BFGS below."""
    try:
        from scipy.optimize import minimize
    except ImportError:
        return bfgs(value_and_gradient, x, steps)
    taken = 0

    def progress(intermediate_result):
        nonlocal taken
        taken += 1
        report(taken, intermediate_result.fun)

    found = minimize(value_and_gradient, x, jac=True, method="L-BFGS-B", callback=progress, options={"maxiter": steps})
    print()
    return found.x


def bfgs(value_and_gradient, x, steps, tolerance=1e-6):
    """The quasi-Newton method of Broyden, Fletcher, Goldfarb and Shanno, with backtracking."""
    value, slope = value_and_gradient(x)
    inverse = np.eye(x.size) / max(1.0, np.linalg.norm(slope))
    for taken in range(1, steps + 1):
        direction = -inverse @ slope
        length = 1.0
        while True:
            move = length * direction
            new_value, new_slope = value_and_gradient(x + move)
            if new_value <= value + 1e-4 * (slope @ move) or length < 1e-10:
                break
            length /= 2
        change = new_slope - slope
        curvature = change @ move
        if curvature > 0:
            left = np.eye(x.size) - np.outer(move, change) / curvature
            inverse = left @ inverse @ left.T + np.outer(move, move) / curvature
        x, value, slope = x + move, new_value, new_slope
        report(taken, value)
        if np.max(np.abs(slope)) < tolerance:
            break
    print()
    return x


def report(step, value):
    """One progress line, written over in a terminal."""
    if sys.stdout.isatty():
        print(f"\rstep {step:4d}   objective {value:12.5f}", end="", flush=True)
    elif step % 10 == 0:
        print(f"step {step:4d}   objective {value:12.5f}", flush=True)
