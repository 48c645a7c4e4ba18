"""Interpolation, convolution, polynomials, covariance, and functions applied along axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.rules.table import composed, linear, rule

# Interpolation: within each interval a straight line, at a knot the line to its right.


@composed(np.interp)
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """The lines between the points (xp, fp), and constants outside."""
    x, xp, fp = np.asarray(x, dtype=float), np.asarray(xp), np.asarray(fp)
    if period is not None:
        period = np.abs(period)
        x, xp = np.mod(x, period), np.mod(xp, period)
        order = np.argsort(xp)
        xp, fp = xp[order], fp[order]
        xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = np.concatenate([fp[-1:], fp, fp[:1]])
        left = right = None
    last = len(xp) - 1
    start = np.clip(np.searchsorted(xp, x, side="right") - 1, 0, max(last - 1, 0))
    end = np.minimum(start + 1, last)
    width = xp[end] - xp[start]
    slope = (fp[end] - fp[start]) / np.where(width == 0, 1.0, width)
    y = slope * (x - xp[start]) + fp[start]
    y = np.where(x < xp[0], fp[0] if left is None else left, y)
    return np.where(x > xp[-1], fp[-1] if right is None else right, y)[()]


# An angle is moved by whole periods.

rule(
    np.unwrap,
    "p, discont=None, axis=-1, *, period=2 * np.pi",
    vjp={"p": "y_bar", "period": "np.sum(y_bar * (y - p)) / period"},
    jvp={"p": "p_dot", "period": "period_dot * (y - p) / period"},
)

# Convolution: y_k is the sum of a_i v_{k-i}. Each mode keeps a stretch of the full result.


def first_kept(shorter: int, mode: Any) -> int:
    """Which entry of the full convolution is the first one kept."""
    if mode in ("valid", 0):
        return shorter - 1
    return (shorter - 1) // 2 if mode in ("same", 1) else 0


def as_full(y_bar: Any, before: int, size: int) -> Any:
    """A cotangent of the kept stretch, with zeros for what was cut off."""
    after = size - before - np.size(y_bar)
    return np.concatenate([np.zeros(before), y_bar, np.zeros(after)])


def convolve_bar(y_bar: Any, x: Any, other: Any, mode: Any) -> Any:
    """The cotangent of the operand x of np.convolve."""
    n, m = np.size(x), np.size(other)
    full = as_full(y_bar, first_kept(min(n, m), mode), n + m - 1)
    return np.reshape(np.convolve(full, np.ravel(other)[::-1], "valid"), np.shape(x))


linear(
    np.convolve,
    "a, v, mode='full'",
    a="convolve_bar(y_bar, a, v, mode)",
    v="convolve_bar(y_bar, v, a, mode)",
)

# Correlation convolves a with the reversed conjugate of v; mode "same" is cut from the other end
# where v is the longer one.


def correlate_full(y_bar: Any, a: Any, v: Any, mode: Any) -> Any:
    """A cotangent of np.correlate for its full result."""
    n, m = np.size(a), np.size(v)
    before = first_kept(min(n, m), mode)
    if n < m:
        before = n + m - 1 - np.size(y_bar) - before
    return as_full(y_bar, before, n + m - 1)


linear(
    np.correlate,
    "a, v, mode='valid'",
    a="np.reshape(np.convolve(correlate_full(y_bar, a, v, mode), np.conj(np.ravel(v)), 'valid'), np.shape(a))",
    v="np.conj(np.reshape(np.convolve(correlate_full(y_bar, a, v, mode), np.ravel(a)[::-1], 'valid')[::-1], np.shape(v)))",
)

# Polynomials, the highest power first.


@composed(np.polyval)
def polyval(p: Any, x: Any) -> Any:
    """Horner's scheme."""
    x = np.asarray(x)
    y = np.zeros_like(x)
    for coefficient in np.asarray(p):
        y = y * x + coefficient
    return y


@composed(np.polyder)
def polyder(p: Any, m: int = 1) -> Any:
    """The coefficients of the m-th derivative."""
    p = np.asarray(p)
    for _ in range(m):
        p = p[:-1] * np.arange(len(p) - 1, 0, -1)
    return p


@composed(np.polyint)
def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    """The coefficients of the m-th antiderivative, with integration constants k."""
    p = np.asarray(p)
    constants = np.zeros(m) if k is None else np.atleast_1d(k)
    if len(constants) == 1:
        constants = constants[0] * np.ones(m)
    for i in range(m):
        p = np.concatenate([p / np.arange(len(p), 0, -1), constants[i : i + 1]])
    return p


def without_leading_zeros(p: Any) -> Any:
    """The coefficients from the first that is not zero, or a single zero."""
    p = np.atleast_1d(p)
    places = np.flatnonzero(p)
    return p[places[0] :] if len(places) > 0 else np.zeros(1, p.dtype)


@composed(np.polymul)
def polymul(a1: Any, a2: Any) -> Any:
    """The coefficients of a product."""
    return np.convolve(without_leading_zeros(a1), without_leading_zeros(a2))


def aligned(p: Any, other: Any) -> Any:
    """Coefficients with zeros in front, where the other polynomial has a higher degree."""
    p = np.atleast_1d(p)
    missing = max(np.size(other) - len(p), 0)
    return np.concatenate([np.zeros(missing, p.dtype), p])


@composed(np.polyadd)
def polyadd(a1: Any, a2: Any) -> Any:
    """The coefficients of a sum."""
    return aligned(a1, a2) + aligned(a2, a1)


@composed(np.polysub)
def polysub(a1: Any, a2: Any) -> Any:
    """The coefficients of a difference."""
    return aligned(a1, a2) - aligned(a2, a1)


def vander_slope(x: Any, N: int | None, increasing: bool) -> Any:
    """The derivative of each power."""
    x = np.asarray(x)
    powers = np.arange(len(x) if N is None else N)
    powers = powers if increasing else powers[::-1]
    return powers * x[:, None] ** np.maximum(powers - 1, 0)


rule(
    np.vander,
    "x, N=None, increasing=False",
    vjp={"x": "np.sum(y_bar * vander_slope(x, N, increasing), axis=1)"},
    jvp={"x": "np.asarray(x_dot)[:, None] * vander_slope(x, N, increasing)"},
)

# A simple root r moves by -dp(r) / p'(r).
rule(
    np.roots,
    "p",
    vjp={"p": "-(y_bar / np.polyval(np.polyder(p), y)) @ np.vander(y, len(p))"},
    jvp={"p": "-(np.vander(y, len(p)) @ p_dot) / np.polyval(np.polyder(p), y)"},
)


@composed(np.poly)
def poly(seq_of_zeros: Any) -> Any:
    """The coefficients of the polynomial of these roots, or the characteristic one of a matrix."""
    roots: Any = np.atleast_1d(seq_of_zeros) + 0.0
    shape = np.shape(roots)
    if len(shape) == 2 and shape[0] == shape[1] != 0:
        roots = np.linalg.eigvals(roots)
    elif len(shape) != 1:
        raise ValueError("input must be 1d or non-empty square 2d array.")
    if len(roots) == 0:
        return 1.0
    a: Any = np.ones(1, roots.dtype)
    for root in roots:
        a = np.concatenate([a, np.zeros(1, a.dtype)]) - root * np.concatenate([np.zeros(1, a.dtype), a])
    if np.iscomplexobj(roots) and np.all(np.sort(roots) == np.sort(np.conj(roots))):
        return np.real(a) + 0.0
    return a


@composed(np.kaiser)
def kaiser(M: Any, beta: Any) -> Any:
    """The window of M points; its shape varies with beta."""
    if M == 1:
        return np.ones(1)
    middle = (M - 1) / 2.0
    return np.i0(beta * np.sqrt(1 - ((np.arange(M) - middle) / middle) ** 2.0)) / np.i0(beta)


@composed(np.polyfit)
def polyfit(x: Any, y: Any, deg: int, rcond: Any = None, full: bool = False, w: Any = None, cov: Any = False) -> Any:
    """Least squares with the powers of x, scaled to unit length, as columns."""
    x, y = np.asarray(x) + 0.0, np.asarray(y) + 0.0
    powers, target = np.vander(x, int(deg) + 1), y
    if rcond is None:
        rcond = len(x) * np.finfo(x.dtype).eps
    if w is not None:
        w = np.asarray(w) + 0.0
        powers = powers * w[:, None]
        target = target * (w if np.ndim(y) == 1 else w[:, None])
    scale = np.sqrt(np.sum(powers * powers, axis=0))
    powers = powers / scale
    c, residuals, rank, s = np.linalg.lstsq(powers, target, rcond)
    c = c / (scale if np.ndim(y) == 1 else scale[:, None])
    if full:
        return c, residuals, rank, s, rcond
    if not cov:
        return c
    base = np.linalg.inv(powers.T @ powers) / np.outer(scale, scale)
    factor = 1 if cov == "unscaled" else residuals / (len(x) - (int(deg) + 1))
    return c, base * factor if np.ndim(y) == 1 else base[:, :, None] * factor


# Covariance.


@composed(np.cov)
def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    """The mean product of deviations from the mean, with weights and degrees of freedom."""
    m, other = np.asarray(m), np.asarray(m if y is None else y)
    if dtype is None:
        dtype = np.result_type(m, other, np.float64)
    x = np.atleast_2d(np.asarray(m, dtype=dtype))
    x = x if rowvar or np.ndim(m) == 1 else x.T
    if y is not None:
        z = np.atleast_2d(np.asarray(other, dtype=dtype))
        x = np.concatenate([x, z if rowvar or len(z) == 1 else z.T])
    if ddof is None:
        ddof = 0 if bias else 1
    count = np.shape(x)[1]
    w, total, lost = np.ones(count, np.real(x).dtype), count, ddof
    if fweights is not None:
        w = w * np.asarray(fweights)
        total = np.sum(w)
    if aweights is not None:
        w = w * np.asarray(aweights)
        total = np.sum(w)
        lost = ddof * np.sum(w * np.asarray(aweights)) / total if ddof != 0 else 0
    x = x - np.sum(x * w, axis=1, keepdims=True) / total
    return np.squeeze(np.divide((x * w) @ np.conj(x.T), max(total - lost, 0)))


@composed(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    """The covariance over both standard deviations."""
    c = cov(x, y, rowvar, dtype=dtype)
    if np.ndim(c) == 0:
        return c / c
    deviation = np.sqrt(np.real(np.diagonal(c)))
    c = c / deviation[:, None] / deviation[None, :]
    if np.iscomplexobj(c):
        return np.clip(np.real(c), -1, 1) + 1j * np.clip(np.imag(c), -1, 1)
    return np.clip(c, -1, 1)


# Functions of the user's, applied to parts of arrays.


@composed(np.apply_along_axis)
def apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    """A function of each vector along an axis."""
    arr = np.asarray(arr)
    axis = axis % np.ndim(arr)
    last = np.moveaxis(arr, axis, -1)
    leading = np.shape(last)[:-1]
    vectors = np.reshape(last, (-1, np.shape(last)[-1]))
    if len(vectors) == 0:
        raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    results = [np.asarray(func1d(vector, *args, **kwargs)) for vector in vectors]
    inner = np.shape(results[0])
    y = np.reshape(np.stack(results), leading + inner)
    rank = len(leading)
    places = [*range(axis), *range(rank, rank + len(inner)), *range(axis, rank)]
    return np.transpose(y, places)


@composed(np.apply_over_axes)
def apply_over_axes(func: Callable[..., Any], a: Any, axes: Any) -> Any:
    """A reduction applied to one axis after the other, each kept as 1."""
    y = np.asarray(a)
    for axis in [axes] if np.ndim(axes) == 0 else axes:
        axis = axis % np.ndim(a)
        reduced = func(y, axis)
        y = reduced if np.ndim(reduced) == np.ndim(y) else np.expand_dims(reduced, axis)
    return y


def core_ranks(signature: str) -> list[int]:
    """How many dimensions each argument of a signature such as (m,n),(n)->(m) hands to the function."""
    arguments = signature.replace(" ", "").split("->")[0][1:-1]
    return [len([name for name in one.split(",") if name]) for one in arguments.split("),(")]


@composed(np.vectorize.__call__)
def vectorized(self: Any, /, *args: Any, **kwargs: Any) -> Any:
    """The function of an instance of np.vectorize, for each element of the broadcast arguments."""
    given = [*enumerate(args), *kwargs.items()]
    varying = [(name, np.asarray(x)) for name, x in given if name not in self.excluded]
    ranks = core_ranks(self.signature) if self.signature else [0] * len(varying)
    outer = [np.shape(x)[: np.ndim(x) - rank] for (_, x), rank in zip(varying, ranks, strict=True)]
    shape = np.broadcast_shapes(*outer)
    count = int(np.prod(shape))
    if count == 0:
        raise ValueError("cannot differentiate a vectorized function of no elements")
    elements = {}
    for (name, x), rank in zip(varying, ranks, strict=True):
        core = np.shape(x)[np.ndim(x) - rank :]
        elements[name] = np.reshape(np.broadcast_to(x, shape + core), (count, *core))
    results = []
    for k in range(count):
        here = {**dict(given), **{name: x[k] for name, x in elements.items()}}
        results.append(self.pyfunc(*[here[n] for n in range(len(args))], **{n: here[n] for n in kwargs}))
    if not isinstance(results[0], tuple):
        return as_one_array(results, shape, self.otypes, 0)
    parts = range(len(results[0]))
    return tuple(as_one_array([y[k] for y in results], shape, self.otypes, k) for k in parts)


def as_one_array(results: list[Any], shape: Any, otypes: Any, place: int) -> Any:
    """The results as one array; like np.vectorize, of the type of the first unless types are given."""
    dtype = np.dtype(otypes[place]) if otypes else np.asarray(results[0]).dtype
    y = np.stack([np.asarray(y) for y in results])
    y = y if y.dtype == dtype else y.astype(dtype)
    return np.reshape(y, shape + np.shape(results[0]))
