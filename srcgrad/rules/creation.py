"""Functions that make arrays out of values: conversions, fillings and ranges."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.support import scatter_add, unbroadcast
from srcgrad.rules.table import composed, rule, same, zero

# Conversions. The operand may be nested lists and tuples; its cotangent then has the same nesting.


def nested(y_bar: Any, given: Any) -> Any:
    """The cotangent of an array, in the nesting of the lists and tuples that it was made of."""
    if isinstance(given, list):
        return [nested(y_bar[k], x) for k, x in enumerate(given)]
    if isinstance(given, tuple):
        return tuple(nested(y_bar[k], x) for k, x in enumerate(given))
    return y_bar


def nested_like(y_bar: Any, given: Any) -> Any:
    """As nested, without the dimensions that the conversion put in front."""
    part = np.reshape(y_bar, np.shape(given))
    return nested(part if isinstance(given, np.ndarray) else part[()], given)


def cast(x_dot: Any, y: Any) -> Any:
    """A tangent as an array of y's shape, real where y is."""
    dot = np.reshape(np.asarray(x_dot), np.shape(y))
    return dot if np.iscomplexobj(y) else np.real(dot)


def _conversion(function: Any, operand: str, others: str) -> None:
    rule(
        function,
        f"{operand}, {others}" if others else operand,
        vjp={operand: f"nested_like(y_bar, {operand})"},
        jvp={operand: f"cast({operand}_dot, y)"},
    )


_conversion(
    np.array,
    "object",
    "dtype=None, *, copy=True, order='K', subok=False, ndmin=0, ndmax=0, like=None",
)
_conversion(np.asarray, "a", "dtype=None, order=None, *, device=None, copy=None, like=None")
_conversion(np.ascontiguousarray, "a", "dtype=None, *, like=None")
_conversion(np.asarray_chkfinite, "a", "dtype=None, order=None")
same(np.asarray, np.asanyarray)
same(np.ascontiguousarray, np.asfortranarray)
_conversion(np.copy, "a", "order='K', subok=False")
_conversion(np.ndarray.copy, "a", "order='C'")
if hasattr(np, "astype"):  # NumPy 2.1
    _conversion(np.astype, "x", "dtype, *, copy=True, device=None")
_conversion(np.ndarray.astype, "x", "dtype, order='K', casting='unsafe', subok=True, copy=True")
rule(np.float64, "x", vjp={"x": "nested_like(y_bar, x)"}, jvp={"x": "cast(x_dot, y)"})
rule(
    np.complex128,
    "x, imaginary=0",
    vjp={"x": "nested_like(y_bar, x)", "imaginary": "1j * y_bar"},
    jvp={"x": "cast(x_dot, y)", "imaginary": "1j * imaginary_dot"},
)
same(np.float64, np.float16, np.float32, np.longdouble)
same(np.complex128, np.complex64, np.clongdouble)
zero(np.bool_, *(np.dtype(code).type for code in "bhilqBHILQ"))


@composed(np.fromiter)
def fromiter(iter: Any, dtype: Any, count: int = -1, *, like: Any = None) -> Any:
    """The items, or the first `count` of them, as an array."""
    items: list[Any] = []
    for item in iter:
        if len(items) == count:
            break
        items.append(item)
    if len(items) < count:
        raise ValueError(f"iterator too short: Expected {count} but iterator had only {len(items)}")
    return np.array(items, dtype=dtype)


def listed(a: Any) -> Any:
    """The elements of an array of one dimension as a list of Python's numbers."""
    return a.tolist()


rule(listed, "a", vjp={"a": "np.array(y_bar)"}, jvp={"a": "listed(np.asarray(a_dot))"})


@composed(np.ndarray.tolist)
def tolist(a: Any) -> Any:
    """Nested lists of Python's numbers, row by row; of an array without dimensions, one number."""
    if np.ndim(a) == 0:
        return np.ndarray.item(a)
    return listed(a) if np.ndim(a) == 1 else [tolist(a[k]) for k in range(len(a))]


def item_at(a: Any, args: Any) -> Any:
    """The index that `a.item(*args)` means."""
    given = args[0] if len(args) == 1 and isinstance(args[0], tuple) else args
    if len(given) == 0:
        return (0,) * np.ndim(a)
    if len(given) == 1 and np.ndim(a) != 1:
        return tuple(int(k) for k in np.unravel_index(given[0] % np.size(a), np.shape(a)))
    return tuple(given)


def item_bar(y_bar: Any, a: Any, args: Any) -> Any:
    """The cotangent of an array of which one element was taken."""
    return scatter_add(np.shape(a), item_at(a, args), y_bar)


rule(
    np.ndarray.item,
    "a, *args",
    vjp={"a": "item_bar(y_bar, a, args)"},
    jvp={"a": "np.asarray(a_dot)[item_at(a, args)]"},
)

# Fillings.

rule(
    np.full,
    "shape, fill_value, dtype=None, order='C', *, device=None, like=None",
    vjp={"fill_value": "nested_like(unbroadcast(y_bar, fill_value), fill_value)"},
    jvp={"fill_value": "np.full(np.shape(y), fill_value_dot)"},
)
rule(
    np.full_like,
    "a, fill_value, dtype=None, order='K', subok=True, shape=None, *, device=None",
    vjp={"a": "np.zeros(np.shape(a))", "fill_value": "nested_like(unbroadcast(y_bar, fill_value), fill_value)"},
    jvp={"a": "np.zeros(np.shape(y))", "fill_value": "np.full(np.shape(y), fill_value_dot)"},
)
zero(np.zeros, np.ones, np.empty, np.zeros_like, np.ones_like, np.empty_like)
zero(np.eye, np.identity, np.tri, np.dtype)


@composed(np.meshgrid)
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Any, ...]:
    """The coordinates of a grid: each array along its own axis, repeated along the others."""
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    ndim = len(xi)
    axes = list(range(ndim))
    if indexing == "xy" and ndim > 1:
        axes[:2] = [1, 0]
    grids: Any = [
        np.reshape(x, (1,) * axis + (-1,) + (1,) * (ndim - axis - 1)) for x, axis in zip(xi, axes, strict=True)
    ]
    if not sparse:
        grids = np.broadcast_arrays(*grids)
    return tuple(np.copy(grid) for grid in grids) if copy else tuple(grids)


# Ranges. Between two ends the weight of the second grows from 0 to 1.


def ramp(num: int, endpoint: bool, y: Any) -> Any:
    """The weight of the second end, along the first axis of a result of y's dimensions."""
    parts = num - 1 if endpoint else num
    return np.reshape(np.arange(num) / max(parts, 1), (num,) + (1,) * (np.ndim(y) - 1))


def start_bar(y_bar: Any, start: Any, num: int, endpoint: bool, axis: int) -> Any:
    """The cotangent of the first end of a range."""
    moved = np.moveaxis(y_bar, axis, 0)
    return unbroadcast(np.sum(moved * (1.0 - ramp(num, endpoint, moved)), axis=0), start)


def stop_bar(y_bar: Any, stop: Any, num: int, endpoint: bool, axis: int) -> Any:
    """The cotangent of the second end of a range."""
    moved = np.moveaxis(y_bar, axis, 0)
    return unbroadcast(np.sum(moved * ramp(num, endpoint, moved), axis=0), stop)


def step_bar(y_bar: Any, x: Any, num: int, endpoint: bool) -> Any:
    """The cotangent of an end of a range from that of the step; that of a single point is unknown."""
    parts = num - 1 if endpoint else num
    return unbroadcast(y_bar / parts, x) if parts > 0 else np.zeros(np.shape(x))


LINSPACE = "start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0, *, device=None"


def linspace_bar(y_bar: Any, first: bool, x: Any, num: int, endpoint: bool, retstep: bool, axis: int) -> Any:
    """The cotangent of one end of linspace."""
    bar = y_bar[0] if retstep else y_bar
    ends = start_bar if first else stop_bar
    x_bar = ends(bar, x, num, endpoint, axis)
    if not retstep:
        return x_bar
    by_step = step_bar(y_bar[1], x, num, endpoint)
    return x_bar - by_step if first else x_bar + by_step


rule(
    np.linspace,
    LINSPACE,
    vjp={
        "start": "linspace_bar(y_bar, True, start, num, endpoint, retstep, axis)",
        "stop": "linspace_bar(y_bar, False, stop, num, endpoint, retstep, axis)",
    },
    jvp={
        "start": "np.linspace(start_dot, np.zeros(np.shape(stop)), num, endpoint, retstep, axis=axis)",
        "stop": "np.linspace(np.zeros(np.shape(start)), stop_dot, num, endpoint, retstep, axis=axis)",
    },
)


def scaled(y: Any, factor: Any, axis: int) -> Any:
    """y times a factor of the shape of an end, for a range along the given axis of y."""
    return np.moveaxis(np.moveaxis(y, axis, 0) * factor, 0, axis)


def ramp_along(y: Any, num: int, endpoint: bool, axis: int) -> Any:
    """The weight of the second end, along the given axis."""
    return np.moveaxis(ramp(num, endpoint, y), 0, axis)


rule(
    np.geomspace,
    "start, stop, num=50, endpoint=True, dtype=None, axis=0",
    vjp={
        "start": "start_bar(scaled(y_bar * y, np.divide(1.0, start), axis), start, num, endpoint, axis)",
        "stop": "stop_bar(scaled(y_bar * y, np.divide(1.0, stop), axis), stop, num, endpoint, axis)",
    },
    jvp={
        "start": "scaled(y, np.divide(start_dot, start), axis) * (1.0 - ramp_along(y, num, endpoint, axis))",
        "stop": "scaled(y, np.divide(stop_dot, stop), axis) * ramp_along(y, num, endpoint, axis)",
    },
)


@composed(np.logspace)
def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """Powers of the base whose exponents are a linear range."""
    if np.ndim(base):
        ndim = max(np.ndim(start), np.ndim(stop), np.ndim(base))
        start = np.reshape(start, (1,) * (ndim - np.ndim(start)) + np.shape(start))
        stop = np.reshape(stop, (1,) * (ndim - np.ndim(stop)) + np.shape(stop))
        base = np.reshape(base, (1,) * (ndim - np.ndim(base)) + np.shape(base))
        base = np.expand_dims(base, axis)
    y = np.power(base, np.linspace(start, stop, num, endpoint, axis=axis))
    return y if dtype is None else y.astype(dtype)


# Of a range in steps, how many numbers it has is constant, so the end has no derivative.
rule(
    np.arange,
    "start_or_stop, stop=None, step=1, *, dtype=None, device=None, like=None",
    vjp={
        "start_or_stop": "np.zeros(()) if stop is None else np.sum(y_bar)",
        "stop": "np.zeros(())",
        "step": "np.sum(y_bar * np.arange(np.size(y)))",
    },
    jvp={
        "start_or_stop": "np.zeros(np.shape(y)) if stop is None else np.full(np.shape(y), start_or_stop_dot)",
        "stop": "np.zeros(np.shape(y))",
        "step": "step_dot * np.arange(np.size(y))",
    },
)
