"""scipy.ndimage: filters as sums over extended arrays, and interpolation by B-splines.

Gaussian filters, gradients and rotations are Python in SciPy itself, over these. Results may be written into
`output`, which may also be a type.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import ndimage  # type: ignore[import-untyped]

from srcgrad.rules.table import composed, linear


def both(function: Callable[..., Any]) -> tuple[Callable[..., Any], ...]:
    """A function and the one inside of it, which SciPy's own code calls."""
    inner = inspect.unwrap(function)
    return (function,) if inner is function else (function, inner)


CORRELATE1D = both(ndimage.correlate1d)
CONVOLVE1D = both(ndimage.convolve1d)
UNIFORM_FILTER1D = both(ndimage.uniform_filter1d)
CORRELATE = both(ndimage.correlate)
CONVOLVE = both(ndimage.convolve)
SPLINE_FILTER1D = both(ndimage.spline_filter1d)
SPLINE_FILTER = both(ndimage.spline_filter)
MAP_COORDINATES = both(ndimage.map_coordinates)
SHIFT = both(ndimage.shift)
AFFINE_TRANSFORM = both(ndimage.affine_transform)


def given_out(y: Any, output: Any, like: Any) -> Any:
    """A result in the place or of the type that the caller asks for, else of the input's type."""
    if isinstance(output, np.ndarray):
        output[...] = y
        return output
    dtype = np.asarray(like).dtype if output is None else np.dtype(output)
    return y if y.dtype == dtype else y.astype(dtype)


# Extending an array beyond its ends.


def mirrored(place: Any, n: int, mode: str) -> Any:
    """The place within n that a place beyond the ends stands for."""
    if mode in ("reflect", "grid-mirror"):
        place = place % (2 * n)
        return np.minimum(place, 2 * n - 1 - place)
    if mode == "mirror":
        place = place % max(2 * n - 2, 1)
        return np.minimum(place, max(2 * n - 2, 0) - place) if n > 1 else np.zeros_like(place)
    if mode == "nearest":
        return np.clip(place, 0, n - 1)
    if mode in ("wrap", "grid-wrap"):
        return place % n
    raise NotImplementedError(f"the mode {mode!r}", "extend the array with np.pad")


def extended(x: Any, before: int, after: int, axis: int, mode: str, cval: Any) -> Any:
    """An array with more at both ends of an axis."""
    n = np.shape(x)[axis]
    lead = (slice(None),) * axis
    if mode in ("constant", "grid-constant"):
        shape = list(np.shape(x))
        parts = []
        for count in (before, after):
            shape[axis] = count
            parts.append(np.zeros(shape) + cval)
        return np.concatenate([parts[0], x, parts[1]], axis)
    return x[(*lead, mirrored(np.arange(-before, n + after), n, mode))]


def centre(size: int, origin: int) -> int:
    """How far back the first weight reaches."""
    if not -(size // 2) <= origin <= (size - 1) // 2:
        raise ValueError("Invalid origin; origin must satisfy -(weights.size // 2) <= origin <= (weights.size-1) // 2")
    return size // 2 + origin


@composed(*CORRELATE1D)
def correlate1d(
    input: Any,
    weights: Any,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: Any = 0.0,
    origin: int = 0,
) -> Any:
    """The sum of shifted arrays, each times its weight."""
    x, weights = np.asarray(input) + 0.0, np.asarray(weights) + 0.0
    axis = axis % np.ndim(x)
    n, size = np.shape(x)[axis], len(weights)
    before = centre(size, origin)
    longer = extended(x, before, size - 1 - before, axis, mode, cval)
    lead = (slice(None),) * axis
    y = sum([weights[k] * longer[(*lead, slice(k, k + n))] for k in range(size)])
    return given_out(y, output, input)


@composed(*CONVOLVE1D)
def convolve1d(
    input: Any,
    weights: Any,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: Any = 0.0,
    origin: int = 0,
) -> Any:
    """The correlation with the weights reversed."""
    weights = np.asarray(weights)
    origin = -origin - (1 if len(weights) % 2 == 0 else 0)
    return correlate1d(input, weights[::-1], axis, output, mode, cval, origin)


@composed(*UNIFORM_FILTER1D)
def uniform_filter1d(
    input: Any, size: int, axis: int = -1, output: Any = None, mode: str = "reflect", cval: Any = 0.0, origin: int = 0
) -> Any:
    """The mean of neighbours."""
    return correlate1d(input, np.full(size, 1.0 / size), axis, output, mode, cval, origin)


def one_for_each(value: Any, count: int) -> list[Any]:
    """A setting for every axis."""
    return [value] * count if isinstance(value, str) or np.ndim(value) == 0 else list(value)


def places_in(shape: Any) -> list[tuple[int, ...]]:
    """All subscripts of an array of a shape."""
    found: list[tuple[int, ...]] = [()]
    for n in shape:
        found = [(*place, k) for place in found for k in range(n)]
    return found


def correlated(x: Any, weights: Any, mode: Any, cval: Any, origins: list[int]) -> Any:
    """The sum of shifted arrays over all places of the weights."""
    shape = np.shape(x)
    for axis, (size, origin, kind) in enumerate(
        zip(np.shape(weights), origins, one_for_each(mode, len(shape)), strict=True)
    ):
        before = centre(size, origin)
        x = extended(x, before, size - 1 - before, axis, kind, cval)
    total = np.zeros(shape)
    for place in places_in(np.shape(weights)):
        window = tuple([slice(k, k + n) for k, n in zip(place, shape, strict=True)])
        total = total + weights[place] * x[window]
    return total


def all_axes(x: Any, axes: Any) -> None:
    """Refuse a filter over some of the axes."""
    if axes is not None and len(np.atleast_1d(axes)) != np.ndim(x):
        raise NotImplementedError("a filter over some axes only", "give the weights further dimensions of length 1")


@composed(*CORRELATE)
def correlate(
    input: Any,
    weights: Any,
    output: Any = None,
    mode: str = "reflect",
    cval: Any = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Any:
    """Over all dimensions."""
    x, weights = np.asarray(input) + 0.0, np.asarray(weights) + 0.0
    all_axes(x, axes)
    return given_out(correlated(x, weights, mode, cval, one_for_each(origin, np.ndim(x))), output, input)


@composed(*CONVOLVE)
def convolve(
    input: Any,
    weights: Any,
    output: Any = None,
    mode: str = "reflect",
    cval: Any = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Any:
    """Over all dimensions, with the weights reversed."""
    x, weights = np.asarray(input) + 0.0, np.asarray(weights) + 0.0
    all_axes(x, axes)
    origins = [
        -origin - (1 if size % 2 == 0 else 0)
        for origin, size in zip(one_for_each(origin, np.ndim(x)), np.shape(weights), strict=True)
    ]
    return given_out(correlated(x, np.flip(weights), mode, cval, origins), output, input)


# Splines. The coefficients are linear in the values; the transposed matrix is that of the unit vectors' coefficients.


def coefficients(x: Any, order: int, axis: int, mode: str) -> Any:
    """The coefficients of B-splines through the values along an axis."""
    return ndimage.spline_filter1d(x, order, axis, np.float64, mode)


def along(matrix: Any, y_bar: Any, axis: int) -> Any:
    """The transposed matrix applied along an axis."""
    return np.moveaxis(np.moveaxis(y_bar, axis, -1) @ matrix, -1, axis)


linear(
    coefficients,
    "x, order, axis, mode",
    x="along(coefficients(np.eye(np.shape(x)[axis]), order, 0, mode), y_bar, axis)",
)


@composed(*SPLINE_FILTER1D)
def spline_filter1d(input: Any, order: int = 3, axis: int = -1, output: Any = np.float64, mode: str = "mirror") -> Any:
    """The coefficients, in place of the values."""
    x = np.asarray(input) + 0.0
    return given_out(x if order in (0, 1) else coefficients(x, order, axis, mode), output, input)


@composed(*SPLINE_FILTER)
def spline_filter(input: Any, order: int = 3, output: Any = np.float64, mode: str = "mirror") -> Any:
    """The coefficients along all axes."""
    x = np.asarray(input) + 0.0
    if order not in (0, 1):
        for axis in range(np.ndim(x)):
            x = coefficients(x, order, axis, mode)
    return given_out(x, output, input)


def basis(t: Any, order: int) -> list[Any]:
    """The B-splines at the distance t in [0, 1) from the knot before: one weight for each neighbour."""
    if order == 0:
        return [np.ones(np.shape(t))]
    if order == 1:
        return [1 - t, t]
    if order == 3:
        u = 1 - t
        return [u * u * u / 6, (4 - 3 * t * t * (2 - t)) / 6, (4 - 3 * u * u * (2 - u)) / 6, t * t * t / 6]
    raise NotImplementedError(f"splines of order {order}", "take order 0, 1 or 3")


def within(place: Any, n: int, mode: str, pad: int) -> Any:
    """The coordinate inside of the array that a coordinate stands for."""
    if mode == "nearest":
        return np.clip(place, -pad, n - 1 + pad)
    if mode == "mirror":
        period = 2.0 * max(n - 1, 1)
        place = np.mod(place, period)
        return np.where(place > n - 1, period - place, place)
    if mode in ("reflect", "grid-mirror"):
        place = np.mod(place + 0.5, 2.0 * n)
        return np.where(place > n, 2.0 * n - place, place) - 0.5
    if mode == "grid-wrap":
        return np.mod(place, n)
    if mode == "constant":
        return place
    raise NotImplementedError(f"the mode {mode!r}", "take mode='nearest', 'mirror', 'reflect' or 'constant'")


def interpolated(x: Any, coordinates: Any, order: int, mode: str, cval: Any, prefilter: bool) -> Any:
    """The spline through the values of an array, at coordinates."""
    pad = 0
    inner = {"constant": "mirror", "nearest": "mirror" if order > 1 else "nearest"}.get(mode, mode)
    if prefilter and order > 1:
        if mode == "nearest":
            pad = 12  # as far as SciPy extends the array before it solves for the coefficients
            for axis in range(np.ndim(x)):
                x = extended(x, pad, pad, axis, "nearest", cval)
        for axis in range(np.ndim(x)):
            x = coefficients(x, order, axis, inner if pad == 0 else "nearest")
    shape = [n - 2 * pad for n in np.shape(x)]
    outside = np.zeros(np.shape(coordinates[0]), bool)
    places, weights = [], []
    for c, n in zip(coordinates, shape, strict=True):
        outside = outside | ((c < 0) | (c > n - 1) if mode == "constant" else False)
        c = within(c, n, mode, pad)
        start = np.floor(c + 0.5 if order == 0 else c)
        weights.append(basis(c - start, order))
        first = start.astype(int) - (1 if order == 3 else 0) + pad
        places.append([mirrored(first + k, n + 2 * pad, inner) for k in range(len(weights[-1]))])
    y = np.zeros(np.shape(coordinates[0]))
    for number in places_in([len(w) for w in weights]):
        index = tuple([place[k] for place, k in zip(places, number, strict=True)])
        weight = np.ones(np.shape(y))
        for w, k in zip(weights, number, strict=True):
            weight = weight * w[k]
        y = y + weight * x[index]
    return np.where(outside, cval, y)


@composed(*MAP_COORDINATES)
def map_coordinates(
    input: Any,
    coordinates: Any,
    output: Any = None,
    order: int = 3,
    mode: str = "constant",
    cval: Any = 0.0,
    prefilter: bool = True,
) -> Any:
    """The array as a function of its subscripts, at any coordinates."""
    x, coordinates = np.asarray(input) + 0.0, np.asarray(coordinates) + 0.0
    y = interpolated(x, [coordinates[k] for k in range(len(coordinates))], order, mode, cval, prefilter)
    return given_out(y, output, input)


@composed(*SHIFT)
def shift(
    input: Any,
    shift: Any,
    output: Any = None,
    order: int = 3,
    mode: str = "constant",
    cval: Any = 0.0,
    prefilter: bool = True,
) -> Any:
    """The array at its own subscripts, less the shift."""
    x = np.asarray(input) + 0.0
    steps = np.broadcast_to(shift, (np.ndim(x),))
    own = np.meshgrid(*[np.arange(float(n)) for n in np.shape(x)], indexing="ij")
    places = [c - steps[k] for k, c in enumerate(own)]
    return given_out(interpolated(x, places, order, mode, cval, prefilter), output, input)


@composed(*AFFINE_TRANSFORM)
def affine_transform(
    input: Any,
    matrix: Any,
    offset: Any = 0.0,
    output_shape: Any = None,
    output: Any = None,
    order: int = 3,
    mode: str = "constant",
    cval: Any = 0.0,
    prefilter: bool = True,
) -> Any:
    """The array at an affine map of the subscripts of the result."""
    x, matrix = np.asarray(input) + 0.0, np.asarray(matrix) + 0.0
    rank = np.ndim(x)
    if np.ndim(matrix) == 2 and np.shape(matrix)[1] == rank + 1:
        matrix, offset = matrix[:rank, :rank], matrix[:rank, rank]
    shape = (
        np.shape(output) if isinstance(output, np.ndarray) else np.shape(x) if output_shape is None else output_shape
    )
    own = np.meshgrid(*[np.arange(float(n)) for n in shape], indexing="ij")
    start = np.broadcast_to(offset, (rank,))
    places = []
    for k in range(rank):
        moved = matrix[k] * own[k] if np.ndim(matrix) == 1 else sum([matrix[k, j] * own[j] for j in range(rank)])
        places.append(moved + start[k])
    return given_out(interpolated(x, places, order, mode, cval, prefilter), output, input)
