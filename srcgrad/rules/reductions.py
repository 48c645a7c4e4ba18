"""Functions that gather the elements along some axes: sums, products, extrema, moments.

`nan_reductions` holds those that pass over NaN, `quantiles` the medians and quantiles.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import srcgrad.rules.nan_reductions
import srcgrad.rules.quantiles  # noqa: F401 - both enter their rules
from srcgrad.rules.support import counted, delivered, spread, unbroadcast, with_axes  # noqa: F401 - in the rules' texts
from srcgrad.rules.table import composed, rule, same, zero

# Sums.

rule(
    np.sum,
    "a, axis=None, dtype=None, out=None, keepdims=False, initial=0, where=True",
    vjp={"a": "spread(y_bar, a, axis, keepdims, where)", "initial": "np.sum(y_bar)"},
    jvp={
        "a": "np.sum(a_dot, axis, dtype, keepdims=keepdims, where=where)",
        "initial": "np.broadcast_to(initial_dot, np.shape(y))",
    },
)
same(np.sum, np.ndarray.sum)

rule(
    np.mean,
    "a, axis=None, dtype=None, out=None, keepdims=False, *, where=True",
    vjp={"a": "spread(y_bar / counted(a, axis, keepdims, where), a, axis, keepdims, where)"},
    jvp={"a": "np.mean(a_dot, axis, dtype, keepdims=keepdims, where=where)"},
)
same(np.mean, np.ndarray.mean)


def reverse_cumsum(y_bar: Any, a: Any, axis: Any) -> Any:
    """The transpose of the cumulative sum: each element is in all the results from its own on."""
    if axis is None or np.ndim(a) == 0:
        return np.reshape(np.flip(np.cumsum(np.flip(y_bar))), np.shape(a))
    return np.flip(np.cumsum(np.flip(y_bar, axis), axis), axis)


rule(
    np.cumsum,
    "a, axis=None, dtype=None, out=None",
    vjp={"a": "reverse_cumsum(y_bar, a, axis)"},
    jvp={"a": "np.cumsum(a_dot, axis, dtype)"},
)
same(np.cumsum, np.ndarray.cumsum)


# Products. y / a is the product of the other factors unless some product vanished or overflowed.


def divisible(y: Any) -> bool:
    """Whether no product is zero, infinite or so small that it has lost digits."""
    return bool(np.all(np.isfinite(y)) and np.all(np.abs(y) >= np.finfo(np.asarray(y).dtype).tiny))


def product_of_others(a: Any, axis: Any, where: Any = True) -> Any:
    """For each factor the product of all the others, right also where factors are zero."""
    factors = np.asarray(a) if where is True else np.where(where, a, 1.0)
    shape = np.shape(factors)
    if not shape:
        return np.ones(())
    axes = range(len(shape)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    last = tuple(k % len(shape) for k in axes)
    order = tuple(k for k in range(len(shape)) if k not in last) + last
    moved = np.transpose(factors, order)
    rows = np.reshape(moved, (*np.shape(moved)[: len(shape) - len(last)], counted(a, axis, False)))
    one = np.ones(np.shape(rows[..., :1]))
    before = np.cumprod(np.concatenate([one, rows[..., :-1]], axis=-1), axis=-1)
    mirrored = np.concatenate([one, np.flip(rows[..., 1:], -1)], axis=-1)
    after = np.flip(np.cumprod(mirrored, axis=-1), -1)
    return np.transpose(np.reshape(before * after, np.shape(moved)), inverse_order(order))


def inverse_order(order: tuple[int, ...]) -> tuple[int, ...]:
    """The permutation of axes that undoes `order`."""
    return tuple(order.index(k) for k in range(len(order)))


def prod_partial(y: Any, a: Any, axis: Any, keepdims: bool, initial: Any, where: Any) -> Any:
    """The partial derivatives of a product with respect to its factors, of the shape of `a`."""
    if where is True and divisible(y):
        return np.divide(with_axes(y, a, axis, keepdims), a)
    if np.size(a) == 0:
        return np.zeros(np.shape(a))
    partial = initial * product_of_others(a, axis, where)
    return partial if where is True else np.where(where, partial, 0.0)


rule(
    np.prod,
    "a, axis=None, dtype=None, out=None, keepdims=False, initial=1, where=True",
    vjp={
        "a": "spread(y_bar, a, axis, keepdims) * prod_partial(y, a, axis, keepdims, initial, where)",
        "initial": "np.sum(y_bar * np.prod(a, axis, keepdims=keepdims, where=where))",
    },
    jvp={
        "a": "np.sum(np.multiply(a_dot, prod_partial(y, a, axis, keepdims, initial, where)), axis, keepdims=keepdims)",
        "initial": "initial_dot * np.prod(a, axis, keepdims=keepdims, where=where)",
    },
)
same(np.prod, np.ndarray.prod)


def cumprod_transpose(y_bar: Any, y: Any, a: Any, axis: Any) -> Any:
    """The cotangent of a cumulative product; factor by factor where products vanished."""
    if axis is None or np.ndim(a) == 0:
        flat = np.ravel(a)
        return np.reshape(cumprod_transpose(y_bar, y, flat, 0), np.shape(a))
    if divisible(y):
        return np.divide(reverse_cumsum(y_bar * y, a, axis), a)
    factors = np.moveaxis(np.asarray(a), axis, 0)
    bars = np.moveaxis(np.asarray(y_bar), axis, 0)
    products = np.moveaxis(np.asarray(y), axis, 0)
    later = np.zeros(np.shape(factors)[1:])
    parts = []
    for k in range(len(factors) - 1, -1, -1):
        # `later` is the cotangent of the product up to k: its own, and that of the products after.
        later = bars[k] + later
        parts.append(later * products[k - 1] if k else later)
        later = later * factors[k]
    return np.moveaxis(np.stack(parts[::-1]), 0, axis)


def cumprod_tangent(a_dot: Any, y: Any, a: Any, axis: Any) -> Any:
    """The tangent of a cumulative product; factor by factor where products vanished."""
    if axis is None or np.ndim(a) == 0:
        return cumprod_tangent(np.ravel(a_dot), y, np.ravel(a), 0)
    if divisible(y):
        return y * np.cumsum(np.divide(a_dot, a), axis)
    factors = np.moveaxis(np.asarray(a), axis, 0)
    dots = np.moveaxis(np.asarray(a_dot), axis, 0)
    products = np.moveaxis(np.asarray(y), axis, 0)
    parts = [dots[0]]
    for k in range(1, len(factors)):
        parts.append(parts[-1] * factors[k] + products[k - 1] * dots[k])
    return np.moveaxis(np.stack(parts), 0, axis)


rule(
    np.cumprod,
    "a, axis=None, dtype=None, out=None",
    vjp={"a": "cumprod_transpose(y_bar, y, a, axis)"},
    jvp={"a": "cumprod_tangent(a_dot, y, a, axis)"},
)
same(np.cumprod, np.ndarray.cumprod)


def _accumulated(step: Any, first: Any, x: Any, axis: Any, dtype: Any, initial: bool) -> Any:
    if axis is None:
        if np.ndim(x) > 1:
            raise ValueError("For arrays which have more than one dimension ``axis`` is required.")
        axis = 0
    y = step(np.atleast_1d(x), axis, dtype)
    if not initial:
        return y
    edge = list(np.shape(y))
    edge[axis] = 1
    return np.concatenate([np.full(tuple(edge), first, dtype=y.dtype), y], axis)


def cumulative_sum(
    x: Any, /, *, axis: Any = None, dtype: Any = None, out: Any = None, include_initial: bool = False
) -> Any:
    """As cumsum, with a leading zero on request."""
    return delivered(_accumulated(np.cumsum, 0, x, axis, dtype, include_initial), out)


def cumulative_prod(
    x: Any, /, *, axis: Any = None, dtype: Any = None, out: Any = None, include_initial: bool = False
) -> Any:
    """As cumprod, with a leading one on request."""
    return delivered(_accumulated(np.cumprod, 1, x, axis, dtype, include_initial), out)


if hasattr(np, "cumulative_sum"):  # NumPy 2.1
    composed(np.cumulative_sum)(cumulative_sum)
    composed(np.cumulative_prod)(cumulative_prod)


# Extrema.


def shares(y: Any, a: Any, axis: Any, keepdims: bool, initial: Any, where: Any) -> Any:
    """How much of a maximum or minimum each element is: tied elements share it equally.

    An initial value that ties takes its share too; a NaN result belongs to the elements that are NaN.
    """
    if axis is None and initial is None and where is True:
        tied = np.equal(a, y)
        number = np.count_nonzero(tied)
        if number:  # none is equal to a NaN
            return tied * 1.0 if number == 1 else tied / number
    top = with_axes(y, a, axis, keepdims)
    tied = np.equal(a, top)
    if initial is None and where is True and np.count_nonzero(tied) == np.size(y) and not np.isnan(y).any():
        return tied * 1.0  # each of the results is attained, and so each by one element
    number = np.count_nonzero(tied) if axis is None else np.sum(tied, axis=axis, keepdims=True)
    if where is not True or not (number if axis is None else np.all(number)):
        tied = (tied | (np.isnan(a) & np.isnan(top))) & where
        number = np.sum(tied, axis=axis, keepdims=True)
    if initial is not None:
        number = np.maximum(number + np.equal(top, initial), 1)
    return tied / number


EXTREMUM = "a, axis=None, out=None, keepdims=False, initial=None, where=True"
EXTREMUM_VJP = {
    "a": "spread(y_bar, a, axis, keepdims) * shares(y, a, axis, keepdims, initial, where)",
    "initial": "np.sum(y_bar * share_of_initial(y, a, axis, keepdims, initial, where))",
}
EXTREMUM_JVP = {
    "a": "np.sum(np.multiply(a_dot, shares(y, a, axis, keepdims, initial, where)), axis, keepdims=keepdims)",
    "initial": "initial_dot * share_of_initial(y, a, axis, keepdims, initial, where)",
}


def share_of_initial(y: Any, a: Any, axis: Any, keepdims: bool, initial: Any, where: Any) -> Any:
    """How much of a maximum or minimum its initial value is."""
    return 1.0 - np.sum(shares(y, a, axis, keepdims, initial, where), axis, keepdims=keepdims)


rule(np.max, EXTREMUM, vjp=EXTREMUM_VJP, jvp=EXTREMUM_JVP)
rule(np.min, EXTREMUM, vjp=EXTREMUM_VJP, jvp=EXTREMUM_JVP)
same(np.max, np.amax, np.ndarray.max)
same(np.min, np.amin, np.ndarray.min)


@composed(np.ptp)
def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    """The range: maximum minus minimum."""
    y = np.max(a, axis, keepdims=keepdims) - np.min(a, axis, keepdims=keepdims)
    return delivered(y, out)


# Moments. A variance is E |a - m|^2; its derivative with respect to its own mean vanishes.


def deviations(a: Any, axis: Any, where: Any, mean: Any) -> Any:
    """a - mean, zero where `where` leaves elements out (they may be NaN)."""
    if mean is None:
        mean = np.mean(a, axis, keepdims=True, where=where)
    return np.subtract(a, mean) if where is True else np.where(where, np.subtract(a, mean), 0.0)


def freedom(a: Any, axis: Any, keepdims: bool, where: Any, ddof: Any, correction: Any) -> Any:
    """What the sum of squares of a variance is divided by."""
    count = counted(a, axis, keepdims, where)
    return np.maximum(count - (ddof if correction is None else correction), 0)


def inverse_or_zero(y: Any) -> Any:
    """1 / y, and 0 at 0: a standard deviation of zero has the derivative zero."""
    vanishes = np.equal(y, 0)
    return np.where(vanishes, 0.0, 1.0 / np.where(vanishes, 1.0, y))


MOMENT = "a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, where=True, mean=None, correction=None"
FREEDOM = "freedom(a, axis, keepdims, where, ddof, correction)"
CENTRED = "np.conj(deviations(a, axis, where, mean))"


def _enter_moment(function: Any, by_deviation: str, by_freedom: str) -> None:
    """Enter a moment whose derivative is a factor times each deviation, and that is divided by n - ddof."""
    weight = f"{by_deviation} / {FREEDOM}"
    by_element = f"spread(y_bar * {weight}, a, axis, keepdims) * {CENTRED}"
    by_count = f"{by_freedom} / {FREEDOM}"
    gathered = "np.sum(np.multiply({}, " + CENTRED + "), axis, keepdims=keepdims)"
    rule(
        function,
        MOMENT,
        vjp={
            "a": by_element,
            "mean": f"unbroadcast(-{by_element}, mean)",
            "ddof": f"np.sum(y_bar * {by_count})",
            "correction": f"np.sum(y_bar * {by_count})",
        },
        jvp={
            "a": f"{weight} * np.real({gathered.format('a_dot')})",
            "mean": f"-{weight} * np.real({gathered.format('mean_dot')})",
            "ddof": f"ddof_dot * {by_count}",
            "correction": f"correction_dot * {by_count}",
        },
    )


_enter_moment(np.var, "2.0", "y")
_enter_moment(np.std, "inverse_or_zero(y)", "0.5 * y")
same(np.var, np.ndarray.var)
same(np.std, np.ndarray.std)


@composed(np.average)
def average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False) -> Any:
    """The weighted mean; with one-dimensional weights along the axis, or weights of a's shape."""
    if weights is None:
        mean = np.mean(a, axis, keepdims=keepdims)
        total = np.full(np.shape(mean), np.size(a) / np.size(mean), dtype=mean.dtype)[()]
    else:
        full = weights_along(a, axis, weights)
        total = np.sum(full, axis, keepdims=keepdims)
        if np.any(total == 0.0):
            raise ZeroDivisionError("Weights sum to zero, can't be normalized")
        mean = np.sum(np.multiply(a, full), axis, keepdims=keepdims) / total
    return (mean, total) if returned else mean


def weights_along(a: Any, axis: Any, weights: Any) -> Any:
    """The weights with as many dimensions as `a`, theirs along the given axes."""
    weights = np.asarray(weights)
    shape = np.shape(a)
    if np.shape(weights) == shape:
        return weights
    if axis is None:
        raise TypeError("Axis must be specified when shapes of a and weights differ.")
    axes = tuple(k % len(shape) for k in (axis if isinstance(axis, tuple) else (axis,)))
    if np.shape(weights) != tuple(shape[k] for k in axes):
        raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
    ordered = np.transpose(weights, tuple(axes.index(k) for k in sorted(axes)))
    fitted = np.reshape(ordered, tuple(n if k in axes else 1 for k, n in enumerate(shape)))
    return np.broadcast_to(fitted, shape)


@composed(getattr(np, "trapezoid" if hasattr(np, "trapezoid") else "trapz"))  # trapz until NumPy 2.0
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The integral of the polygon through samples."""
    values = np.moveaxis(np.asarray(y), axis, -1)
    if x is None:
        width = dx
    elif np.ndim(x) == 1:
        width = np.diff(x)
    else:
        width = np.diff(np.moveaxis(np.asarray(x), axis, -1), axis=-1)
    return np.sum(width * (values[..., 1:] + values[..., :-1]) / 2.0, axis=-1)


# The numbers of elements have no derivative, and neither have positions and truth values.
zero(counted, divisible, inverse_order)
zero(np.all, np.any, np.count_nonzero, np.argmax, np.argmin, np.nanargmax, np.nanargmin)
zero(np.ndarray.all, np.ndarray.any, np.ndarray.argmax, np.ndarray.argmin)
