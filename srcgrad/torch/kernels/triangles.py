"""Systems with triangular matrices, and the factors of a general matrix: p a = l u.

What enters: matrices in the last two dimensions. What leaves: solutions, and the factors in one matrix as LAPACK has
them. A zero on the diagonal gives infinities, and no error.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srcgrad.rules.support import mT, unbroadcast  # noqa: F401 - the latter in the rules' texts
from srcgrad.rules.table import rule, zero

SMALL = 24  # up to this size, column by column


def triangle(a: Any, upper: bool, unit: bool) -> Any:
    """The triangle that is read; with ones on the diagonal if `unit`."""
    if not unit:
        return np.triu(a) if upper else np.tril(a)
    return (np.triu(a, 1) if upper else np.tril(a, -1)) + np.eye(np.shape(a)[-1], dtype=a.dtype)


def substituted(a: Any, b: Any, upper: bool) -> Any:
    """a^-1 b for a triangular a, by halves, and row by row where it is small."""
    n = a.shape[-1]
    if n > SMALL:
        k = n // 2
        if upper:
            last = substituted(a[..., k:, k:], b[..., k:, :], upper)
            first = substituted(a[..., :k, :k], b[..., :k, :] - a[..., :k, k:] @ last, upper)
        else:
            first = substituted(a[..., :k, :k], b[..., :k, :], upper)
            last = substituted(a[..., k:, k:], b[..., k:, :] - a[..., k:, :k] @ first, upper)
        return np.concatenate([first, last], -2)
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    x = np.array(np.broadcast_to(b, (*lead, *b.shape[-2:])), np.result_type(a, b))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for k in range(n - 1, -1, -1) if upper else range(n):
            x[..., k, :] /= a[..., k, k, None]
            rest = slice(0, k) if upper else slice(k + 1, n)
            x[..., rest, :] -= a[..., rest, k, None] * x[..., k, None, :]
    return x


def solve_triangle(a: Any, b: Any, upper: bool, left: bool, unit: bool) -> Any:
    """x in a x = b, or in x a = b if not `left`; of a only one triangle is read."""
    t = triangle(a, upper, unit)
    if left:
        return substituted(t, b, upper)
    return mT(substituted(mT(t), mT(b), not upper))


def triangle_bar(y_bar: Any, y: Any, a: Any, upper: bool, left: bool, unit: bool) -> Any:
    """The cotangent of the triangle that was read."""
    b_bar = solve_triangle(mT(a), y_bar, not upper, left, unit)
    a_bar = -b_bar @ mT(y) if left else -mT(y) @ b_bar
    if unit:
        return np.triu(a_bar, 1) if upper else np.tril(a_bar, -1)
    return np.triu(a_bar) if upper else np.tril(a_bar)


def triangle_dot(a_dot: Any, y: Any, a: Any, upper: bool, left: bool, unit: bool) -> Any:
    """The tangent of the solution, from that of the triangle."""
    inner = (
        (np.triu(a_dot, int(unit)) if upper else np.tril(a_dot, -int(unit))) if unit else triangle(a_dot, upper, unit)
    )
    return -solve_triangle(a, inner @ y if left else y @ inner, upper, left, unit)


rule(
    solve_triangle,
    "a, b, upper, left, unit",
    vjp={
        "a": "unbroadcast(triangle_bar(y_bar, y, a, upper, left, unit), a)",
        "b": "unbroadcast(solve_triangle(mT(a), y_bar, not upper, left, unit), b)",
    },
    jvp={
        "a": "triangle_dot(a_dot, y, a, upper, left, unit)",
        "b": "solve_triangle(a, b_dot, upper, left, unit)",
    },
)


# The factors p a = l u, in place of a: below the diagonal l without its ones, above it u.


def eliminated(a: Any) -> tuple[Any, Any]:
    """Both factors in one matrix, and for each column with which row (from 0) it was exchanged."""
    m, n = a.shape[-2:]
    flat = np.array(np.reshape(a, (math.prod(a.shape[:-2]), m, n)))
    pivots = np.zeros((len(flat), min(m, n)), np.int64)
    _eliminate(flat, pivots, 0, min(m, n))
    if n > m:
        flat[:, :, m:] = substituted(triangle(flat[:, :, :m], upper=False, unit=True), flat[:, :, m:], upper=False)
    return flat.reshape(a.shape), pivots.reshape(*a.shape[:-2], min(m, n))


def _eliminate(a: Any, pivots: Any, start: int, end: int) -> None:
    """Factor the columns from start to end below row start; rows are exchanged throughout."""
    if end - start > SMALL:
        middle = (start + end) // 2
        _eliminate(a, pivots, start, middle)
        corner = triangle(a[:, start:middle, start:middle], upper=False, unit=True)
        a[:, start:middle, middle:end] = substituted(corner, a[:, start:middle, middle:end], upper=False)
        a[:, middle:, middle:end] -= a[:, middle:, start:middle] @ a[:, start:middle, middle:end]
        _eliminate(a, pivots, middle, end)
        return
    every = np.arange(len(a))
    for k in range(start, end):
        column = size(a[:, k:, k])
        row = k + np.argmax(np.where(np.isnan(column), -1, column), axis=-1)
        pivots[:, k] = row
        if np.any(row != k):
            a[every, row], a[:, k] = a[:, k].copy(), a[every, row]
        top = a[:, k, k]
        safe = np.where(top == 0, 1, top)
        a[:, k + 1 :, k] /= safe[:, None]
        a[:, k + 1 :, k + 1 : end] -= a[:, k + 1 :, k, None] * a[:, k, None, k + 1 : end]


def size(x: Any) -> Any:
    """What LAPACK compares pivots by: of a complex number the sum of both parts' absolute values."""
    return np.abs(x.real) + np.abs(x.imag) if np.iscomplexobj(x) else np.abs(x)


def rows_in_order(pivots: Any, m: int) -> Any:
    """Which row of the matrix each row of the product of the factors is, after all exchanges."""
    flat = np.reshape(pivots, (math.prod(np.shape(pivots)[:-1]), np.shape(pivots)[-1]))
    order = np.tile(np.arange(m), (len(flat), 1))
    every = np.arange(len(flat))
    for k in range(flat.shape[1]):
        row = flat[:, k]
        order[every, row], order[:, k] = order[:, k].copy(), order[every, row]
    return order.reshape(*np.shape(pivots)[:-1], m)


zero(rows_in_order)


def permutation(order: Any, like: Any) -> Any:
    """The matrix p with p l u = a."""
    eye = np.eye(np.shape(order)[-1], dtype=like.dtype)
    return mT(eye[order])


zero(permutation)


def lu_compact(a: Any, order: Any) -> Any:
    """Both factors in one matrix; the order of the rows, which is known by then, is for the derivative."""
    del order
    return eliminated(a)[0]


def compact_bar(y_bar: Any, y: Any, order: Any) -> Any:
    """The cotangent of a from that of both factors in one matrix."""
    m, n = np.shape(y)[-2:]
    k = min(m, n)
    corner, corner_bar = y[..., :k, :k], y_bar[..., :k, :k]
    lower = triangle(corner, False, True)
    l_bar, u_bar = np.tril(corner_bar, -1), np.triu(corner_bar)
    beside = below = None
    if n > m:
        beside = solve_triangle(mT(lower), y_bar[..., :, k:], True, True, True)
        l_bar = l_bar - beside @ mT(y[..., :, k:])
    if m > n:
        below = solve_triangle(mT(corner), y_bar[..., k:, :], False, False, False)
        u_bar = u_bar - mT(y[..., k:, :]) @ below
    inner = np.tril(mT(lower) @ l_bar, -1) + np.triu(u_bar @ mT(np.triu(corner)))
    a_bar = solve_triangle(mT(lower), inner, True, True, True)
    a_bar = solve_triangle(mT(corner), a_bar, False, False, False)
    if beside is not None:
        a_bar = np.concatenate([a_bar, beside], -1)
    if below is not None:
        a_bar = np.concatenate([a_bar, below], -2)
    return permutation(order, y) @ a_bar


def compact_dot(a_dot: Any, y: Any, order: Any) -> Any:
    """The tangent of both factors in one matrix."""
    m, n = np.shape(y)[-2:]
    k = min(m, n)
    corner = y[..., :k, :k]
    a_dot = mT(permutation(order, y)) @ a_dot
    inner = solve_triangle(corner, a_dot[..., :k, :k], False, True, True)
    inner = solve_triangle(corner, inner, True, False, False)
    l_dot = triangle(corner, False, True) @ np.tril(inner, -1)
    u_dot = np.triu(inner) @ np.triu(corner)
    y_dot = l_dot + u_dot
    if n > m:
        beside = solve_triangle(corner, a_dot[..., :, k:] - l_dot @ y[..., :, k:], False, True, True)
        return np.concatenate([y_dot, beside], -1)
    if m > n:
        below = solve_triangle(corner, a_dot[..., k:, :] - y[..., k:, :] @ u_dot, True, False, False)
        return np.concatenate([y_dot, below], -2)
    return y_dot


rule(
    lu_compact,
    "a, order",
    vjp={"a": "compact_bar(y_bar, y, order)"},
    jvp={"a": "compact_dot(a_dot, y, order)"},
)


def lu_parts(y: Any) -> tuple[Any, Any]:
    """Both factors apart."""
    m, n = np.shape(y)[-2:]
    k = min(m, n)
    return np.tril(y[..., :, :k], -1) + np.eye(m, k, dtype=y.dtype), np.triu(y[..., :k, :])


def parts_bar(l_bar: Any, u_bar: Any, m: int, n: int) -> Any:
    """The cotangent of both factors in one matrix."""
    k = min(m, n)
    l_bar, u_bar = np.tril(l_bar, -1), np.triu(u_bar)
    if n > k:
        l_bar = np.concatenate([l_bar, np.zeros((*np.shape(l_bar)[:-1], n - k), l_bar.dtype)], -1)
    if m > k:
        u_bar = np.concatenate([u_bar, np.zeros((*np.shape(u_bar)[:-2], m - k, n), u_bar.dtype)], -2)
    return l_bar + u_bar


def lu_parts_dot(y_dot: Any) -> tuple[Any, Any]:
    """The tangents of both factors, from that of one matrix."""
    k = min(np.shape(y_dot)[-2:])
    return np.tril(y_dot[..., :, :k], -1), np.triu(y_dot[..., :k, :])


rule(
    lu_parts,
    "c",
    vjp={"c": "parts_bar(y_bar[0], y_bar[1], c.shape[-2], c.shape[-1])"},
    jvp={"c": "lu_parts_dot(c_dot)"},
)


def lu_split(a: Any, order: Any) -> tuple[Any, Any]:
    """The factors of a, apart."""
    return lu_parts(lu_compact(a, order))


def split_together(y: Any) -> Any:
    """The factors in one matrix."""
    lower, upper = y
    return parts_bar(lower, upper, np.shape(lower)[-2], np.shape(upper)[-1])


rule(
    lu_split,
    "a, order",
    vjp={"a": "compact_bar(split_together(y_bar), split_together(y), order)"},
    jvp={"a": "lu_parts_dot(compact_dot(a_dot, split_together(y), order))"},
)


def solve_factored(factors: Any, order: Any, b: Any, left: bool, adjoint: bool) -> Any:
    """x in a x = b (x a = b, a^H x = b …), for the factors of a."""
    if not left:
        # x a = b is a^H x^H = b^H.
        return np.conj(mT(solve_factored(factors, order, np.conj(mT(b)), True, not adjoint)))
    p = permutation(order, factors)
    if not adjoint:
        inner = solve_triangle(factors, mT(p) @ b, False, True, True)
        return solve_triangle(factors, inner, True, True, False)
    turned = np.conj(mT(factors))
    inner = solve_triangle(turned, b, False, True, False)
    return p @ solve_triangle(turned, inner, True, True, True)


def factored_bar(y_bar: Any, y: Any, factors: Any, order: Any, left: bool, adjoint: bool) -> Any:
    """The cotangent of the factors of a matrix whose system was solved."""
    if not left:
        return factored_bar(np.conj(mT(y_bar)), np.conj(mT(y)), factors, order, True, not adjoint)
    p = permutation(order, factors)
    lower, upper = lu_parts(factors)
    # What the matrix itself would receive, brought to its two factors.
    b_bar = np.conj(solve_factored(factors, order, np.conj(y_bar), True, not adjoint))
    a_bar = np.conj(mT(-b_bar @ mT(y))) if adjoint else -b_bar @ mT(y)
    rows = mT(p) @ a_bar
    return parts_bar(rows @ mT(upper), mT(lower) @ rows, np.shape(factors)[-1], np.shape(factors)[-1])


def factored_dot(dot: Any, y: Any, factors: Any, order: Any, left: bool, adjoint: bool) -> Any:
    """The tangent of the solution, from that of the factors."""
    lower, upper = lu_parts(factors)
    l_dot, u_dot = lu_parts_dot(dot)
    a_dot = permutation(order, factors) @ (l_dot @ upper + lower @ u_dot)
    if adjoint:
        a_dot = np.conj(mT(a_dot))
    return -solve_factored(factors, order, a_dot @ y if left else y @ a_dot, left, adjoint)


rule(
    solve_factored,
    "factors, order, b, left, adjoint",
    vjp={
        "factors": "unbroadcast(factored_bar(y_bar, y, factors, order, left, adjoint), factors)",
        "b": "unbroadcast(np.conj(solve_factored(factors, order, np.conj(y_bar), left, not adjoint)), b)",
    },
    jvp={
        "factors": "factored_dot(factors_dot, y, factors, order, left, adjoint)",
        "b": "solve_factored(factors, order, b_dot, left, adjoint)",
    },
)
