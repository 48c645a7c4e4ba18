"""Give a derivative to functions of another package: the eddy current in a round wire, by Kelvin's functions.

What to learn from it: `register_rule` takes mathematics as text, in the form of srcgrad's own table. SciPy computes Kelvin's
functions and their slopes in C, where no derivative can be followed. Of an elementwise function the rule is its slope in
the operand x and the result y; once the slopes have rules too, by the differential equation, there are derivatives
of every order. Any other function, here a solver in LAPACK, takes its signature, and a cotangent and a tangent for each
parameter; where one of the two is left out it follows by transposition. `check_grads` compares all with differences.
"""

import sys

import numpy as np
from fitting import confirm
from scipy import linalg, special

import srcgrad as sg

sg.register_rule(special.ber, "special.berp(x)")
sg.register_rule(special.bei, "special.beip(x)")
# The second derivatives, from x² w'' + x w' = i x² w for w = ber x + i bei x. DLMF 10.61.
sg.register_rule(special.berp, "-special.bei(x) - y / x")
sg.register_rule(special.beip, "special.ber(x) - y / x")


def resistance(radius):
    """How many times the direct current's resistance a wire has, its radius in depths of the skin."""
    x = np.sqrt(2.0) * radius
    ber, bei, slope_ber, slope_bei = special.ber(x), special.bei(x), special.berp(x), special.beip(x)
    return 0.5 * x * (ber * slope_bei - bei * slope_ber) / (slope_ber**2 + slope_bei**2)


def solved(c, b):
    """The solution x of cᵀ c x = b for a triangle c, by LAPACK."""
    return linalg.lapack.dpotrs(c, b)[0]


def triangle_bar(c, x, b_bar):
    """The cotangent of c: that of the matrix is -b_bar xᵀ, of which only the part on the triangle is read."""
    products = np.outer(b_bar, x)
    return -np.triu(c @ (products + products.T))


# The result is a tuple of the solution and a code, and so are its cotangent and its tangent.
sg.register_rule(
    linalg.lapack.dpotrs,
    "c, b",
    vjp={"c": "triangle_bar(c, y[0], solved(c, y_bar[0]))", "b": "solved(c, y_bar[0])"},
    jvp={
        "c": "(-solved(c, np.triu(c_dot).T @ (c @ y[0]) + c.T @ (np.triu(c_dot) @ y[0])), 0)",
        "b": "(solved(c, b_dot), 0)",
    },
)


def work(load, stiffness):
    """Half the work of a load on an elastic structure."""
    return 0.5 * load @ solved(np.linalg.cholesky(stiffness).T, load)


def main(show=False):
    radius = np.array([0.5, 1.0, 2.5])
    sg.check_grads(resistance, (radius,), order=3)
    confirm("resistance by radius", sg.grad(resistance)(2.5), resistance, 2.5)
    thin = np.abs(resistance(radius[:1]) - (1.0 + radius[:1] ** 4 / 48.0))
    assert thin < 1e-4, "the series for a thin wire"

    stiffness = np.array([[4.0, 1.0, 0.0], [1.0, 3.0, 0.5], [0.0, 0.5, 2.0]])
    load = np.array([1.0, -2.0, 0.5])
    sg.check_grads(work, (load, stiffness), order=2)
    displacement = sg.grad(work)(load, stiffness)
    np.testing.assert_allclose(displacement, np.linalg.solve(stiffness, load))

    assert sg.has_rule(special.ber)
    assert sg.has_rule(linalg.lapack.dpotrs)
    print(
        f"resistance {resistance(radius).round(4)}, displacement {displacement.round(4)}: of every order, as differences say"
    )
    if show:
        gradient = sg.grad(resistance)
        gradient(2.5)
        print(gradient.source)


if __name__ == "__main__":
    main(show="--show" in sys.argv[1:])
