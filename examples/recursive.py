"""Differentiate a recursive function: Simpson's rule that halves an interval until it is accurate.

What to learn from it: a function that calls itself becomes a pair of generated functions that call
each other's counterparts, to a depth that depends on the numbers. A function handed over as an
argument, here the integrand, is differentiated where it is called.
"""

import math
import sys

from fitting import confirm

import srcgrad as sg


def simpson(f, left, right):
    return (right - left) / 6.0 * (f(left) + 4.0 * f(0.5 * (left + right)) + f(right))


def integral(f, left, right, tolerance):
    """The integral of f, halving the interval until both halves agree with the whole."""
    middle = 0.5 * (left + right)
    whole = simpson(f, left, right)
    halves = simpson(f, left, middle) + simpson(f, middle, right)
    if abs(halves - whole) < 15.0 * tolerance:
        return halves + (halves - whole) / 15.0
    return integral(f, left, middle, 0.5 * tolerance) + integral(f, middle, right, 0.5 * tolerance)


def bell(width, reach):
    """The area under exp(-(x / width)²) from 0 to `reach`."""
    return integral(lambda x: math.exp(-((x / width) ** 2)), 0.0, reach, 1e-9)


def main(show=False):
    width, reach = 0.8, 1.5
    gradient = sg.grad(bell, argnums=("width", "reach"))
    by_width, by_reach = gradient(width, reach)
    confirm("by width", by_width, lambda w: bell(w, reach), width)
    confirm("by reach", by_reach, lambda r: bell(width, r), reach)

    peak = math.exp(-((reach / width) ** 2))
    assert math.isclose(by_reach, peak, rel_tol=1e-5), "the integrand at its end"
    assert math.isclose(by_width, (bell(width, reach) - reach * peak) / width, rel_tol=1e-5), "by parts"
    print(f"area {bell(width, reach):.8f}, by width {by_width:.8f}, by reach {by_reach:.8f}: as calculus says")
    if show:
        print(gradient.source)


if __name__ == "__main__":
    main(show="--show" in sys.argv[1:])
