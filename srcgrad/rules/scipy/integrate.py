"""scipy.integrate: integrals of the user's functions.

The trapezoidal rule, Simpson's rule and the explicit and implicit solvers of solve_ivp are Python in SciPy itself and are
differentiated as they stand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import integrate  # type: ignore[import-untyped]

from srcgrad.rules.table import composed, zero

# Gauss and Kronrod's 21 points: QUADPACK's subintervals, found on plain numbers, are integrated once more, their ends
# at constant fractions of the whole, so that the limits are differentiated with them (Leibniz' rule).


def points() -> tuple[Any, Any]:
    """A Gaussian rule of higher order than QUADPACK's own, on (0, 1)."""
    x, w = np.polynomial.legendre.leggauss(30)
    return (x + 1) / 2, w / 2


def subintervals(func: Callable[..., Any], a: Any, b: Any, args: Any, options: Any) -> tuple[Any, Any]:
    """QUADPACK's result, and the ends of its subintervals, of (0, 1) where a limit is infinite."""
    given = {name: value for name, value in options.items() if value is not None}
    found = integrate.quad(func, a, b, args, 1, **given)
    count = found[2].get("last", 0)
    if len(found) > 3 or count == 0:
        raise NotImplementedError("the derivative of an integral that did not converge", "split the interval")
    return found[:2], np.stack([found[2]["alist"][:count], found[2]["blist"][:count]], 1)


def number(x: Any) -> float:
    """A copy, as a constant."""
    return float(x) + 0.0  # an object of its own, which nothing is known of


def agrees(y: Any, found: Any) -> bool:
    """Whether the sum is what QUADPACK found, within its own estimate of the error."""
    return bool(abs(y - found[0]) <= 10 * found[1] + 1e-10 * abs(found[0]))


zero(points, subintervals, number, agrees)


def mapped_sum(f: Callable[[Any], Any], ends: Any, place: Callable[[Any], Any], weight: Callable[[Any], Any]) -> Any:
    """The sum over all subintervals of f at a place, times its weight."""
    x, w = points()
    total = 0.0
    for left, right in ends:
        for k in range(len(x)):
            u = left + (right - left) * x[k]
            total = total + (right - left) * w[k] * weight(u) * f(place(u))
    return total


def integral(f: Callable[[Any], Any], a: Any, b: Any, ends: Any) -> Any:
    """The integral over finite or infinite limits."""
    low, high = number(a), number(b)
    if low > high:
        return -integral(f, b, a, ends)
    if np.isfinite(low) and np.isfinite(high):
        fractions = (ends - low) / (high - low)
        return (b - a) * mapped_sum(f, fractions, lambda u: a + (b - a) * u, lambda u: 1.0)
    if np.isfinite(low):
        return mapped_sum(f, ends, lambda u: a + (1 - u) / u, lambda u: 1 / (u * u))
    if np.isfinite(high):
        return mapped_sum(f, ends, lambda u: b - (1 - u) / u, lambda u: 1 / (u * u))
    return mapped_sum(lambda t: f(t) + f(-t), ends, lambda u: (1 - u) / u, lambda u: 1 / (u * u))


@composed(integrate.quad)
def quad(func: Any, a: Any, b: Any, args: Any = (), full_output: Any = 0, epsabs: Any = 1.49e-8, epsrel: Any = 1.49e-8,
         limit: int = 50, points: Any = None, weight: Any = None, wvar: Any = None, wopts: Any = None,
         maxp1: int = 50, limlst: int = 50, complex_func: bool = False) -> Any:  # fmt: skip
    """The integral of a function of a number, and an estimate of its error."""
    if full_output or points is not None or weight is not None or complex_func:
        raise NotImplementedError("quad with full_output, points, weight or complex_func", "split the interval")
    args = args if isinstance(args, tuple) else (args,)
    options = {"epsabs": epsabs, "epsrel": epsrel, "limit": limit}
    if number(a) == number(b):
        return (b - a) * func(a, *args), 0.0
    found, ends = subintervals(func, number(a), number(b), args, options)
    y = integral(lambda t: func(t, *args), a, b, ends)
    if not agrees(y, found):
        raise NotImplementedError("the derivative of an integral with a singular integrand", "substitute a variable")
    return y, found[1]


@composed(integrate.odeint)
def odeint(func: Any, y0: Any, t: Any, args: Any = (), Dfun: Any = None, col_deriv: Any = 0, full_output: Any = 0,
           ml: Any = None, mu: Any = None, rtol: Any = None, atol: Any = None, tcrit: Any = None, h0: Any = 0.0,
           hmax: Any = 0.0, hmin: Any = 0.0, ixpr: Any = 0, mxstep: Any = 0, mxhnil: Any = 0, mxordn: Any = 12,
           mxords: Any = 5, printmessg: Any = 0, tfirst: bool = False) -> Any:  # fmt: skip
    """The solution at the given times, by a solver that is differentiated as it stands, to a higher accuracy."""
    if full_output:
        raise NotImplementedError("odeint with full_output=True", "take the solution alone")
    args = args if isinstance(args, tuple) else (args,)
    y = np.atleast_1d(y0) + 0.0
    t = np.asarray(t) + 0.0
    rows = [y]
    f = (lambda s, v: func(s, v, *args)) if tfirst else (lambda s, v: func(v, s, *args))
    for k in range(len(t) - 1):
        # Each stretch as one over the unit interval, so that its ends are differentiated with it.
        start, length = t[k], t[k + 1] - t[k]
        y = stretch(integrate.solve_ivp, f, y, start, length)
        rows.append(y)
    return np.stack(rows)


def stretch(solver: Callable[..., Any], f: Callable[[Any, Any], Any], y: Any, start: Any, length: Any) -> Any:
    """The solution at the end of a stretch of time."""
    made = solver(
        lambda u, v: length * np.asarray(f(start + u * length, v)),
        (0.0, 1.0),
        y,
        method="DOP853",
        rtol=1e-10,
        atol=1e-11,
    )
    if not made.success:
        raise NotImplementedError(
            "the derivative of a solution that odeint's substitute did not reach", "use solve_ivp"
        )
    return made.y[:, -1]
