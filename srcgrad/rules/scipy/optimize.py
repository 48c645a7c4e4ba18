"""scipy.optimize: roots, fixed points and optima, by the implicit function theorem.

At a root x of f(x, p), dx = -J^-1 df for a constant change df of f by the parameters p. So the solver runs on plain
numbers, and from its result a few steps x - J^-1 f(x, p) with a constant J are differentiated: each step
gives one more order of derivatives, whatever the small errors of J, which is found by differences. An optimum
is a root of the gradient, which comes from `jac`, or from differences of high order.

Nothing that depends on the start, the bracket or the tolerances has a derivative by these: an isolated root does not
change with them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import optimize  # type: ignore[import-untyped]

from srcgrad.rules.table import composed, refused, zero

STEPS = 3


def solved(solver: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What the solver finds, as constants."""
    return solver(*args, **kwargs)


def jacobian_at(f: Callable[[Any], Any], x: Any) -> Any:
    """The matrix of derivatives of a function of a vector, by central differences, as a constant."""
    x = np.asarray(x, float)
    columns = []
    for k in range(len(x)):
        step = np.zeros(len(x))
        step[k] = 6e-6 * max(1.0, abs(x[k]))
        columns.append((np.ravel(f(x + step)) - np.ravel(f(x - step))) / (2 * step[k]))
    return np.stack(columns, 1)


def inverse_at(f: Callable[[Any], Any], x: Any) -> Any:
    """The inverse of that matrix, as a constant."""
    found = jacobian_at(f, x)
    if not np.all(np.isfinite(found)) or np.linalg.cond(found) > 1e12:
        raise NotImplementedError("the derivative of a solution that is not isolated", "solve a regular system")
    return np.linalg.inv(found)


def constant(x: Any) -> Any:
    """A copy, as a constant."""
    return np.array(x, float)


def drifted(x: Any, start: Any) -> bool:
    """Whether the steps led away, so that the solver had not found a solution."""
    return not bool(np.all(np.abs(x - start) <= 1e-3 * (1 + np.abs(start))))


zero(solved, jacobian_at, inverse_at, constant, drifted, optimize.linear_sum_assignment)


def refined(f: Callable[[Any], Any], start: Any) -> Any:
    """The root of f at a constant start, as a function of what f depends on."""
    start = constant(start)
    flat = np.ravel(start)
    inverse = inverse_at(lambda v: np.ravel(f(np.reshape(v, np.shape(start)))), flat)
    x = flat
    for _ in range(STEPS):
        x = x - inverse @ np.ravel(np.asarray(f(np.reshape(x, np.shape(start)))))
    if drifted(x, flat):
        raise NotImplementedError(
            "the derivative of a search that did not converge", "give a better start or tolerance"
        )
    return np.reshape(x, np.shape(start))


def as_tuple(args: Any) -> Any:
    """The further arguments of a function, where one that stands alone may be given as it is."""
    return args if isinstance(args, tuple) else (args,)


def plain(full_output: Any) -> None:
    """Refuse the long form of results."""
    if full_output:
        raise NotImplementedError("full_output=True", "take the root alone")


# Systems of equations.


@composed(optimize.root)
def root(
    fun: Any, x0: Any, args: Any = (), method: Any = "hybr", jac: Any = None, tol: Any = None, callback: Any = None,
    options: Any = None,
) -> Any:  # fmt: skip
    """A root of a vector function."""
    args = as_tuple(args)
    found = solved(optimize.root, fun, x0, args, method, jac, tol, callback, options)

    def value(x: Any) -> Any:
        return fun(x, *args)[0] if jac is True else fun(x, *args)

    x = refined(value, found.x)
    return replaced(found, x=x, fun=np.asarray(value(x)))


@composed(optimize.fsolve)
def fsolve(func: Any, x0: Any, args: Any = (), fprime: Any = None, full_output: Any = 0, **kwargs: Any) -> Any:
    """A root of a vector function, alone."""
    plain(full_output)
    args = as_tuple(args)
    found = solved(optimize.fsolve, func, x0, args, fprime, 0, **kwargs)
    return refined(lambda x: func(x, *args), found)


@composed(optimize.fixed_point)
def fixed_point(
    func: Any, x0: Any, args: Any = (), xtol: float = 1e-8, maxiter: int = 500, method: str = "del2"
) -> Any:
    """A solution of func(x) = x."""
    args = as_tuple(args)
    found = solved(optimize.fixed_point, func, x0, args, xtol, maxiter, method)
    return refined(lambda x: func(x, *args) - x, found)[()]


# What a solver keeps of its way: approximations, of which the derivative is not known.
APPROXIMATE = ("hess", "hess_inv", "fjac", "r", "qtf", "cov_x", "ipvt", "fvec")


def replaced(found: Any, **known: Any) -> Any:
    """A result with those parts replaced of which the derivative is known; approximations are left out."""
    if not found["success"]:
        raise NotImplementedError("the derivative of a search that did not succeed", "look at its message")
    for name in APPROXIMATE:
        if name in found:
            del found[name]
    for name, value in known.items():
        if name in found:
            found[name] = value
    return found


# One equation.


def bracketed(solver: Any, f: Any, a: Any, b: Any, args: Any, full_output: Any, options: dict[str, Any]) -> Any:
    """A root between two points."""
    plain(full_output)
    args = as_tuple(args)
    found = solved(solver, f, a, b, args, **options)
    return refined(lambda x: f(x, *args), found)[()]


@composed(optimize.brentq)
def brentq(f: Any, a: Any, b: Any, args: Any = (), xtol: Any = 2e-12, rtol: Any = None, maxiter: int = 100,
           full_output: bool = False, disp: bool = True) -> Any:  # fmt: skip
    """Brent's method."""
    options = {"xtol": xtol, "maxiter": maxiter, "disp": disp} | ({} if rtol is None else {"rtol": rtol})
    return bracketed(optimize.brentq, f, a, b, args, full_output, options)


@composed(optimize.brenth)
def brenth(f: Any, a: Any, b: Any, args: Any = (), xtol: Any = 2e-12, rtol: Any = None, maxiter: int = 100,
           full_output: bool = False, disp: bool = True) -> Any:  # fmt: skip
    """Brent's method with hyperbolic extrapolation."""
    options = {"xtol": xtol, "maxiter": maxiter, "disp": disp} | ({} if rtol is None else {"rtol": rtol})
    return bracketed(optimize.brenth, f, a, b, args, full_output, options)


@composed(optimize.bisect)
def bisect(f: Any, a: Any, b: Any, args: Any = (), xtol: Any = 2e-12, rtol: Any = None, maxiter: int = 100,
           full_output: bool = False, disp: bool = True) -> Any:  # fmt: skip
    """Bisection."""
    options = {"xtol": xtol, "maxiter": maxiter, "disp": disp} | ({} if rtol is None else {"rtol": rtol})
    return bracketed(optimize.bisect, f, a, b, args, full_output, options)


@composed(optimize.ridder)
def ridder(f: Any, a: Any, b: Any, args: Any = (), xtol: Any = 2e-12, rtol: Any = None, maxiter: int = 100,
           full_output: bool = False, disp: bool = True) -> Any:  # fmt: skip
    """Ridders' method."""
    options = {"xtol": xtol, "maxiter": maxiter, "disp": disp} | ({} if rtol is None else {"rtol": rtol})
    return bracketed(optimize.ridder, f, a, b, args, full_output, options)


@composed(optimize.newton)
def newton(func: Any, x0: Any, fprime: Any = None, args: Any = (), tol: float = 1.48e-8, maxiter: int = 50,
           fprime2: Any = None, x1: Any = None, rtol: float = 0.0, full_output: bool = False,
           disp: bool = True) -> Any:  # fmt: skip
    """Newton's, Halley's or the secant method; a vector holds equations of their own."""
    plain(full_output)
    args = as_tuple(args)
    found = solved(optimize.newton, func, x0, fprime, args, tol, maxiter, fprime2, x1, rtol, False, disp)
    return refined(lambda x: func(x, *args), found)[()]


@composed(optimize.root_scalar)
def root_scalar(f: Any, args: Any = (), method: Any = None, bracket: Any = None, fprime: Any = None,
                fprime2: Any = None, x0: Any = None, x1: Any = None, xtol: Any = None, rtol: Any = None,
                maxiter: Any = None, options: Any = None) -> Any:  # fmt: skip
    """A root by the method that fits what is given."""
    args = as_tuple(args)
    found = solved(
        optimize.root_scalar, f, args, method, bracket, fprime, fprime2, x0, x1, xtol, rtol, maxiter, options
    )
    if not found.converged:
        raise NotImplementedError("the derivative of a search that did not converge", "look at its flag")

    def value(x: Any) -> Any:
        return f(x, *args)[0] if fprime is True or fprime2 is True else f(x, *args)

    found.root = refined(value, found.root)[()]
    return found


# Optima.


def slope(f: Callable[[Any], Any], x: Any, scale: Any) -> Any:
    """The gradient of a function of a vector, by differences of sixth order."""
    partials = []
    for k in range(len(x)):
        step = np.zeros(len(x))
        step[k] = 1.0
        h = 8e-3 * scale[k]
        pairs = [f(x + n * h * step) - f(x - n * h * step) for n in (1.0, 2.0, 3.0)]
        partials.append((45 * pairs[0] - 9 * pairs[1] + pairs[2]) / (60 * h))
    return np.stack(partials)


def sizes(x: Any) -> Any:
    """The length over which a function of x may be expected to vary, as a constant."""
    return np.maximum(1.0, np.abs(np.asarray(x, float)))


zero(sizes)


def gradient_of(fun: Any, jac: Any, args: Any, scale: Any) -> Callable[[Any], Any]:
    """The gradient: from jac if that is given, else by differences."""
    if jac is True:
        return lambda x: fun(x, *args)[1]
    if callable(jac):
        return lambda x: jac(x, *args)
    return lambda x: slope(lambda v: fun(v, *args), x, scale)


def within(x: Any, bounds: Any) -> None:
    """Refuse an optimum that lies at a bound, where it does not follow the gradient."""
    if bounds is None:
        return
    pairs = list(zip(np.ravel(bounds.lb), np.ravel(bounds.ub), strict=True)) if hasattr(bounds, "lb") else list(bounds)
    for v, (low, high) in zip(np.ravel(x), pairs * (np.size(x) if len(pairs) == 1 else 1), strict=False):
        room = 1e-6 * (1 + abs(v))
        if (low is not None and v - low < room) or (high is not None and high - v < room):
            raise NotImplementedError("the derivative of an optimum at a bound", "leave that variable out")


zero(within)


@composed(optimize.minimize)
def minimize(fun: Any, x0: Any, args: Any = (), method: Any = None, jac: Any = None, hess: Any = None,
             hessp: Any = None, bounds: Any = None, constraints: Any = (), tol: Any = None, callback: Any = None,
             options: Any = None) -> Any:  # fmt: skip
    """A stationary point of a function; without constraints that bind."""
    if not isinstance(constraints, (tuple, list)) or len(constraints) > 0:
        raise NotImplementedError("the derivative of an optimum under constraints", "solve for the multipliers by root")
    args = as_tuple(args)
    found = solved(
        optimize.minimize, fun, x0, args, method, jac, hess, hessp, bounds, constraints, tol, callback, options
    )
    within(found.x, bounds)
    gradient = gradient_of(fun, jac, args, sizes(found.x))
    x = refined(gradient, found.x)
    # A line search may stop for lack of precision at a point that is as good: the refinement tells.
    found["success"] = True
    return replaced(found, x=x, fun=fun(x, *args)[0] if jac is True else fun(x, *args), jac=gradient(x))


@composed(optimize.minimize_scalar)
def minimize_scalar(fun: Any, bracket: Any = None, bounds: Any = None, args: Any = (), method: Any = None,
                    tol: Any = None, options: Any = None) -> Any:  # fmt: skip
    """A stationary point of a function of a number."""
    args = as_tuple(args)
    found = solved(optimize.minimize_scalar, fun, bracket, bounds, args, method, tol, options)
    within(found.x, None if bounds is None else [bounds])
    scale = sizes([found.x])
    x = refined(lambda x: slope(lambda v: fun(v[0], *args), x, scale), [found.x])[0]
    return replaced(found, x=x, fun=fun(x, *args))


def residual_slope(f: Callable[[Any], Any], jac: Any, x: Any, scale: Any) -> Any:
    """J^T r, half the gradient of the sum of squares."""
    r = np.asarray(f(x))
    if callable(jac):
        return np.asarray(jac(x)).T @ r
    return slope(f, x, scale) @ r


@composed(optimize.least_squares)
def least_squares(fun: Any, x0: Any, jac: Any = "2-point", bounds: Any = (-np.inf, np.inf), *, args: Any = (),
                  kwargs: Any = None, loss: Any = "linear", **options: Any) -> Any:  # fmt: skip
    """A stationary point of a sum of squares."""
    if loss != "linear":
        raise NotImplementedError(f"least_squares with loss={loss!r}", "minimize the loss itself")
    named = {} if kwargs is None else kwargs
    found = solved(optimize.least_squares, fun, x0, jac, bounds, args=args, kwargs=named, **options)
    low, high = (bounds.lb, bounds.ub) if hasattr(bounds, "lb") else bounds
    within(found.x, list(zip(low + 0 * found.x, high + 0 * found.x, strict=True)))
    exact = (lambda x: jac(x, *args, **named)) if callable(jac) else None
    scale = sizes(found.x)
    x = refined(lambda x: residual_slope(lambda v: fun(v, *args, **named), exact, x, scale), found.x)
    r = np.asarray(fun(x, *args, **named))
    slopes = slope(lambda v: np.asarray(fun(v, *args, **named)), x, scale).T if exact is None else exact(x)
    return replaced(found, x=x, fun=r, cost=0.5 * np.sum(r * r), jac=slopes, grad=slopes.T @ r)


@composed(optimize.curve_fit)
def curve_fit(f: Any, xdata: Any, ydata: Any, p0: Any = None, sigma: Any = None, absolute_sigma: bool = False,
              **options: Any) -> Any:  # fmt: skip
    """The parameters that fit best and their covariance."""
    if options.get("full_output"):
        plain(True)
    if sigma is not None and np.ndim(sigma) > 1:
        raise NotImplementedError("curve_fit with a covariance of the data", "transform the data first")
    found = solved(optimize.curve_fit, f, xdata, ydata, p0, sigma, absolute_sigma, **options)[0]
    within(found, bounds_of(options, len(found)))
    ydata = np.ravel(np.asarray(ydata) + 0.0)
    weight = 1.0 if sigma is None else 1.0 / np.asarray(sigma)
    scale = sizes(found)

    def residuals(p: Any) -> Any:
        return weight * (np.ravel(f(xdata, *[p[k] for k in range(len(found))])) - ydata)

    p = refined(lambda p: residual_slope(residuals, None, p, scale), found)
    slopes = slope(residuals, p, scale)
    covariance = np.linalg.inv(slopes @ slopes.T)
    if not absolute_sigma:
        covariance = covariance * np.sum(residuals(p) ** 2) / (len(ydata) - len(found))
    return p, covariance


def bounds_of(options: Any, count: int) -> Any:
    """The bounds of each parameter."""
    if options.get("bounds") is None:
        return None
    bounds = options["bounds"]
    low, high = (bounds.lb, bounds.ub) if hasattr(bounds, "lb") else bounds
    return list(zip(low + np.zeros(count), high + np.zeros(count), strict=True))


zero(bounds_of)


# Searches that compare values and return one of the points that they tried, or run in C.
SEARCHES = (
    "anderson basinhopping bracket brent broyden1 broyden2 brute diagbroyden differential_evolution direct dual_annealing "
    "excitingmixing fmin fmin_bfgs fmin_cg fmin_cobyla fmin_l_bfgs_b fmin_ncg fmin_powell fmin_slsqp fmin_tnc fminbound "
    "golden isotonic_regression leastsq linearmixing linprog lsq_linear milp newton_krylov nnls quadratic_assignment shgo"
)


@refused(*[getattr(optimize, name) for name in SEARCHES.split() if hasattr(optimize, name)])
def searched(*args: Any, **kwargs: Any) -> Any:
    """A search without a derivative."""
    raise NotImplementedError(
        "the derivative of what this search finds",
        "minimize, minimize_scalar, least_squares and root have derivatives: let one start from what this finds",
    )


@composed(optimize.toms748)
def toms748(f: Any, a: Any, b: Any, args: Any = (), k: int = 1, xtol: Any = 2e-12, rtol: Any = None,
            maxiter: int = 100, full_output: bool = False, disp: bool = True) -> Any:  # fmt: skip
    """Alefeld, Potra and Shi's method."""
    options = {"k": k, "xtol": xtol, "maxiter": maxiter, "disp": disp} | ({} if rtol is None else {"rtol": rtol})
    return bracketed(optimize.toms748, f, a, b, args, full_output, options)
