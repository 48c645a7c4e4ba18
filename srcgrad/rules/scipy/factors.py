"""Cotangents and tangents of the decompositions that scipy.linalg has beyond numpy.linalg's, or with other options.

Walter and Lehmann 2010, Algorithmic differentiation of linear algebra functions; Roberts and Roberts 2020, on
decompositions of matrices that are not square.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg  # type: ignore[import-untyped]

from srcgrad.rules.decompositions import (
    diagonal,
    diagonal_matrix,
    eig_bar,
    eig_dot,
    eigvals_bar,
    eigvals_dot,
    hermitian,
    hermitian_bar,
    mH,
    nonzero,
    reciprocal_gaps,
)
from srcgrad.rules.qr import qr_bar, qr_dot
from srcgrad.rules.support import mT
from srcgrad.rules.svd import svd_bar, svd_dot, svdvals_bar, svdvals_dot

__all__ = ["eigvals_bar", "eigvals_dot", "svd_bar", "svd_dot", "svdvals_bar", "svdvals_dot"]

# a = l u, rows in order.  With f = l^-1 da u^-1,  dl = l tril(f, -1)  and  du = triu(f) u. A tall l continues
# below with rows a2 u^-1, a wide u to the right with columns l^-1 a2.


def solve_left(m: Any, rows: Any) -> Any:
    """m^-1 rows."""
    return np.linalg.solve(m, rows)


def solve_right(rows: Any, m: Any) -> Any:
    """rows m^-1."""
    return mT(np.linalg.solve(mT(m), mT(rows)))


def lu_bar(l_bar: Any, u_bar: Any, lower: Any, upper: Any) -> Any:
    """The cotangent of a matrix whose rows are in order."""
    m, n = np.shape(lower)[-2], np.shape(upper)[-1]
    size = min(m, n)
    first, second = lower[..., :size, :], upper[..., :, :size]
    below = solve_right(l_bar[..., size:, :], mT(second))
    beside = solve_left(mT(first), u_bar[..., :, size:])
    u_bar = u_bar[..., :, :size] - mT(lower[..., size:, :]) @ below
    l_bar = l_bar[..., :size, :] - beside @ mT(upper[..., :, size:])
    f_bar = np.tril(mT(first) @ l_bar, -1) + np.triu(u_bar @ mT(second))
    square = solve_right(solve_left(mT(first), f_bar), mT(second))
    if m > n:
        return np.concatenate([square, below], -2)
    return np.concatenate([square, beside], -1)


def lu_dot(a_dot: Any, lower: Any, upper: Any) -> tuple[Any, Any]:
    """The tangents of both factors of a matrix whose rows are in order."""
    size = min(np.shape(lower)[-2], np.shape(upper)[-1])
    first, second = lower[..., :size, :], upper[..., :, :size]
    f = solve_right(solve_left(first, a_dot[..., :size, :size]), second)
    l_dot, u_dot = first @ np.tril(f, -1), np.triu(f) @ second
    below = solve_right(a_dot[..., size:, :size] - lower[..., size:, :] @ u_dot, second)
    beside = solve_left(first, a_dot[..., :size, size:] - l_dot @ upper[..., :, size:])
    return np.concatenate([l_dot, below], -2), np.concatenate([u_dot, beside], -1)


def only_one(a: Any) -> None:
    """Refuse stacked matrices, where the rows of each are in an order of its own."""
    if np.ndim(a) > 2:
        raise NotImplementedError("this decomposition of stacked matrices", "decompose one matrix at a time")


def order_of(y: Any, a: Any, permute_l: bool, p_indices: bool) -> Any:
    """Where each row of l u stands in a, as an array of integers."""
    only_one(a)
    if permute_l:
        return np.argsort(linalg.lu(a, p_indices=True)[0])
    return np.argsort(y[0]) if p_indices else np.argmax(y[0], axis=0)


def lu_cotangent(y_bar: Any, y: Any, a: Any, permute_l: bool, p_indices: bool) -> Any:
    """The cotangent of a from those of both factors."""
    order = order_of(y, a, permute_l, p_indices)
    lower, l_bar = (y[0][order], y_bar[0][order]) if permute_l else (y[1], y_bar[1])
    return lu_bar(l_bar, y_bar[-1], lower, y[-1])[np.argsort(order)]


def lu_tangent(a_dot: Any, y: Any, a: Any, permute_l: bool, p_indices: bool) -> Any:
    """The tangents of all results."""
    order = order_of(y, a, permute_l, p_indices)
    lower = y[0][order] if permute_l else y[1]
    l_dot, u_dot = lu_dot(a_dot[order], lower, y[-1])
    if permute_l:
        return l_dot[np.argsort(order)], u_dot
    return np.zeros(np.shape(y[0])), l_dot, u_dot


def rows_in_order(piv: Any, n: int) -> Any:
    """The order of rows after the exchanges that LAPACK tells of."""
    order = list(range(n))
    for k in range(len(piv)):
        other = int(piv[k])
        order[k], order[other] = order[other], order[k]
    return np.array(order)


def unpacked(lu: Any) -> tuple[Any, Any]:
    """Both factors, which share one matrix."""
    size = min(np.shape(lu))
    return np.tril(lu[:, :size], -1) + np.eye(np.shape(lu)[0], size), np.triu(lu[:size, :])


def lu_factor_bar(y_bar: Any, y: Any) -> Any:
    """The cotangent of a."""
    only_one(y[0])
    size = min(np.shape(y[0]))
    lower, upper = unpacked(y[0])
    inner = lu_bar(np.tril(y_bar[0][:, :size], -1), np.triu(y_bar[0][:size, :]), lower, upper)
    return inner[np.argsort(rows_in_order(y[1], np.shape(y[0])[0]))]


def lu_factor_dot(a_dot: Any, y: Any) -> tuple[Any, Any]:
    """The tangent of the factors, and that of the exchanges, zero."""
    only_one(y[0])
    lower, upper = unpacked(y[0])
    m, n = np.shape(y[0])
    l_dot, u_dot = lu_dot(a_dot[rows_in_order(y[1], m)], lower, upper)
    size = min(m, n)
    packed_l = np.concatenate([l_dot, np.zeros((m, n - size))], 1)
    packed_u = np.concatenate([u_dot, np.zeros((m - size, n))], 0)
    return packed_l + packed_u, np.zeros(np.shape(y[1]))


# q r, of the columns in the order that pivoting chose.

MODES = {"full": "complete", "economic": "reduced"}


def pivoted_bar(y_bar: Any, y: Any, a: Any, mode: str, pivoting: bool) -> Any:
    """The cotangent of a."""
    a = np.asarray(a)
    if pivoting:
        only_one(a)
        a = a[:, y[-1]]
    if mode == "r":
        a_bar = qr_bar(y_bar[0][..., : min(np.shape(a)[-2:]), :], y[0], a, "r")
    else:
        a_bar = qr_bar(y_bar, y, a, MODES.get(mode, mode))
    return a_bar[:, np.argsort(y[-1])] if pivoting else a_bar


def pivoted_dot(a_dot: Any, y: Any, a: Any, mode: str, pivoting: bool) -> Any:
    """The tangents of all results."""
    a = np.asarray(a)
    if pivoting:
        only_one(a)
        a, a_dot = a[:, y[-1]], a_dot[:, y[-1]]
    if mode == "r":
        r_dot = qr_dot(a_dot, np.linalg.qr(a), a, "reduced")[1]
        missing = np.shape(y[0])[-2] - np.shape(r_dot)[-2]
        below = np.zeros((*np.shape(r_dot)[:-2], missing, np.shape(r_dot)[-1]))
        parts: tuple[Any, ...] = (np.concatenate([r_dot, below], -2),)
    else:
        parts = qr_dot(a_dot, y, a, MODES.get(mode, mode))
    return (*parts, np.zeros(np.shape(y[-1]))) if pivoting else parts


# Hermitian eigenvalues, a v = b v diag(w) with v^H b v = 1.  With p = v^H da v - v^H db v diag(w),
# dw = diag p,  dv = v (p / gaps - diag(v^H db v) / 2).


def pairs(y: Any, a: Any, b: Any, lower: bool, only: bool, type: int, index: Any, value: Any) -> tuple[Any, Any]:
    """Eigenvalues and vectors, the latter computed again where only the values were returned."""
    if b is not None and type != 1:
        raise NotImplementedError("other types of generalized eigenvalues", "multiply by the inverse of b")
    if only:
        found = linalg.eigh(a, b, lower=lower, subset_by_index=index, subset_by_value=value)
        return found[0], found[1]
    if index is not None or value is not None:
        raise NotImplementedError("the vectors of some eigenvalues only", "compute all and take some of them")
    return y[0], y[1]


def eigh_of_bars(
    y_bar: Any, y: Any, a: Any, b: Any, lower: bool, only: bool, type: int, index: Any, value: Any
) -> tuple[Any, Any]:
    """The cotangents of a and b."""
    w, v = pairs(y, a, b, lower, only, type, index, value)
    uplo = "L" if lower else "U"
    if only:
        p_bar, own = diagonal_matrix(y_bar), np.zeros_like(y_bar)
    else:
        c_bar = mT(v) @ y_bar[1]
        p_bar = diagonal_matrix(y_bar[0]) + reciprocal_gaps(w, nonzero(y_bar[1])) * c_bar
        own = np.real(diagonal(c_bar))
    a_bar = hermitian_bar(np.conj(v) @ p_bar @ mT(v), uplo)
    if b is None:
        return a_bar, None
    inner = p_bar * w[..., None, :] + 0.5 * diagonal_matrix(own)
    return a_bar, hermitian_bar(-np.conj(v) @ inner @ mT(v), uplo)


def eigh_of_dot(
    a_dot: Any, b_dot: Any, y: Any, a: Any, b: Any, lower: bool, only: bool, type: int, index: Any, value: Any
) -> Any:
    """The tangents of the eigenvalues, and of the vectors if they were asked for."""
    w, v = pairs(y, a, b, lower, only, type, index, value)
    uplo = "L" if lower else "U"
    weight = mH(v) @ hermitian(b_dot, uplo) @ v
    p = mH(v) @ hermitian(a_dot, uplo) @ v - weight * w[..., None, :]
    w_dot = np.real(diagonal(p))
    if only:
        return w_dot
    own = 0.5 * diagonal_matrix(np.real(diagonal(weight)))
    return w_dot, v @ (reciprocal_gaps(w, np.asarray(True)) * p - own)


# General eigenvalues.


def plain(b: Any, left: bool, homogeneous: bool) -> None:
    """Refuse what has no rule."""
    if b is not None or left or homogeneous:
        raise NotImplementedError("generalized eigenvalues and left vectors", "take the eigenvalues of b^-1 a")


def eig_of_bar(y_bar: Any, y: Any, a: Any, b: Any, left: bool, right: bool, homogeneous: bool) -> Any:
    """The cotangent of a."""
    plain(b, left, homogeneous)
    return eig_bar(y_bar, y) if right else eigvals_bar(y_bar, y, a)


def eig_of_dot(a_dot: Any, y: Any, a: Any, b: Any, left: bool, right: bool, homogeneous: bool) -> Any:
    """The tangents."""
    plain(b, left, homogeneous)
    return eig_dot(a_dot, y) if right else eigvals_dot(a_dot, y, a)


# a = u p with p Hermitian: p dp + dp p = a^H da + da^H a, du = (da - u dp) p^-1; a = p u is its mirror image.


def polar_bar(y_bar: Any, y: Any, a: Any, side: str) -> Any:
    """The cotangent of a matrix of full rank."""
    if side == "left":
        return mT(polar_bar((mT(y_bar[0]), mT(y_bar[1])), (mT(y[0]), mT(y[1])), mT(np.asarray(a)), "right"))
    (u, p), (u_bar, p_bar) = y, y_bar
    require_full_rank(a)
    own = solve_right(u_bar, mT(p))
    through = linalg.solve_sylvester(mT(p), mT(p), p_bar - mT(u) @ own)
    return own + np.conj(a) @ (through + mH(through))


def polar_dot(a_dot: Any, y: Any, a: Any, side: str) -> tuple[Any, Any]:
    """The tangents of u and p."""
    if side == "left":
        u_dot, p_dot = polar_dot(mT(a_dot), (mT(y[0]), mT(y[1])), mT(np.asarray(a)), "right")
        return mT(u_dot), mT(p_dot)
    u, p = y
    require_full_rank(a)
    square = mH(a) @ a_dot
    p_dot = linalg.solve_sylvester(p, p, square + mH(square))
    return solve_right(a_dot - u @ p_dot, p), p_dot


def require_full_rank(a: Any) -> None:
    """The factor p is singular where a has more columns than rows, and has no derivative there."""
    if np.shape(a)[0] < np.shape(a)[1]:
        raise NotImplementedError("this polar decomposition of a matrix with too few rows", "take the other side")
