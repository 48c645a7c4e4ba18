"""Products of elementary reflectors 1 - tau v v^H, the form in which LAPACK keeps an orthogonal factor.

What enters: the vectors below the diagonal of a matrix (the diagonal counts as 1, above it as 0) and the factors tau.
What leaves: their product, applied to a matrix.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.decompositions import mH
from srcgrad.rules.support import mT
from srcgrad.rules.table import rule


def reflector(a: Any, k: int) -> Any:
    """The k-th vector, as a column."""
    column = a[..., :, k, None]
    place = np.arange(np.shape(a)[-2])[:, None]
    return np.where(place == k, 1, np.where(place > k, column, 0)).astype(a.dtype)


def reflected(a: Any, tau: Any, c: Any, transpose: bool) -> Any:
    """The product of all reflectors, or its adjoint, times c."""
    done = steps(a, tau, c, transpose)
    if not done:
        return c
    m, v, t = done[-1]
    return m - t * v @ (mH(v) @ m)


def steps(a: Any, tau: Any, c: Any, transpose: bool) -> Any:
    """What each reflector is applied to, its vector and its factor, in the order of their application."""
    count = np.shape(tau)[-1]
    found = []
    for k in range(count) if transpose else range(count - 1, -1, -1):
        t = tau[..., k, None, None]
        t = np.conj(t) if transpose else t
        v = reflector(a, k)
        found.append((c, v, t))
        c = c - t * v @ (mH(v) @ c)
    return found


def reflected_bars(y_bar: Any, a: Any, tau: Any, c: Any, transpose: bool) -> tuple[Any, Any, Any]:
    """The cotangents of the vectors, the factors and the matrix."""
    count = np.shape(tau)[-1]
    columns: Any = [None] * count
    factors: Any = [None] * count
    done = steps(a, tau, c, transpose)
    order = list(range(count)) if transpose else list(range(count - 1, -1, -1))
    for k, (m, v, t) in zip(order[::-1], done[::-1], strict=True):
        onto = mT(v) @ y_bar
        row = mH(v) @ m
        t_bar = -np.sum(onto * row, axis=(-2, -1))
        factors[k] = np.conj(t_bar) if transpose else t_bar
        columns[k] = -t * (y_bar @ mT(row)) + np.conj(-t * (m @ mT(onto)))
        y_bar = y_bar - t * np.conj(v) @ onto
    n = np.shape(a)[-1]
    vectors = np.concatenate([*columns, np.zeros((*np.shape(a)[:-1], n - count), a.dtype)], -1) if count else 0 * a
    return np.tril(vectors, -1), np.stack(factors, -1) if count else 0 * tau, y_bar


def reflected_dot(a_dot: Any, tau_dot: Any, c_dot: Any, a: Any, tau: Any, c: Any, transpose: bool) -> Any:
    """The tangent of the product."""
    count = np.shape(tau)[-1]
    order = list(range(count)) if transpose else list(range(count - 1, -1, -1))
    for k, (m, v, t) in zip(order, steps(a, tau, c, transpose), strict=True):
        v_dot = np.where(np.arange(np.shape(a)[-2])[:, None] > k, a_dot[..., :, k, None], 0)
        t_dot = tau_dot[..., k, None, None]
        t_dot = np.conj(t_dot) if transpose else t_dot
        row = mH(v) @ m
        c_dot = c_dot - t_dot * v @ row - t * v_dot @ row - t * v @ (mH(v_dot) @ m + mH(v) @ c_dot)
    return c_dot


def orthogonal(a: Any, tau: Any) -> Any:
    """The leading columns of the product of all reflectors."""
    return reflected(a, tau, np.broadcast_to(np.eye(*np.shape(a)[-2:], dtype=a.dtype), np.shape(a)), False)


def identity_like(a: Any) -> Any:
    """Ones on the diagonal."""
    return np.broadcast_to(np.eye(*np.shape(a)[-2:], dtype=a.dtype), np.shape(a))


rule(
    orthogonal,
    "a, tau",
    vjp={
        "a": "reflected_bars(y_bar, a, tau, identity_like(a), False)[0]",
        "tau": "reflected_bars(y_bar, a, tau, identity_like(a), False)[1]",
    },
    jvp={
        "a": "reflected_dot(a_dot, 0 * tau, 0 * a, a, tau, identity_like(a), False)",
        "tau": "reflected_dot(0 * a, tau_dot, 0 * a, a, tau, identity_like(a), False)",
    },
)


def multiplied(a: Any, tau: Any, c: Any, left: bool, transpose: bool) -> Any:
    """q c, q^H c, c q or c q^H, for the product q of all reflectors."""
    if left:
        return reflected(a, tau, c, transpose)
    return mH(reflected(a, tau, mH(c), not transpose))


def multiplied_bars(y_bar: Any, a: Any, tau: Any, c: Any, left: bool, transpose: bool) -> tuple[Any, Any, Any]:
    """The cotangents of all three."""
    if left:
        return reflected_bars(y_bar, a, tau, c, transpose)
    a_bar, tau_bar, c_bar = reflected_bars(mH(y_bar), a, tau, mH(c), not transpose)
    return a_bar, tau_bar, mH(c_bar)


def multiplied_dot(a_dot: Any, tau_dot: Any, c_dot: Any, a: Any, tau: Any, c: Any, left: bool, transpose: bool) -> Any:
    """The tangent of the product."""
    if left:
        return reflected_dot(a_dot, tau_dot, c_dot, a, tau, c, transpose)
    return mH(reflected_dot(a_dot, tau_dot, mH(c_dot), a, tau, mH(c), not transpose))


rule(
    multiplied,
    "a, tau, c, left, transpose",
    vjp={
        "a": "multiplied_bars(y_bar, a, tau, c, left, transpose)[0]",
        "tau": "multiplied_bars(y_bar, a, tau, c, left, transpose)[1]",
        "c": "multiplied_bars(y_bar, a, tau, c, left, transpose)[2]",
    },
    jvp={
        "a": "multiplied_dot(a_dot, 0 * tau, 0 * c, a, tau, c, left, transpose)",
        "tau": "multiplied_dot(0 * a, tau_dot, 0 * c, a, tau, c, left, transpose)",
        "c": "multiplied(a, tau, c_dot, left, transpose)",
    },
)


def geqrf(a: Any) -> tuple[Any, Any]:
    """The factors of a = q r in LAPACK's form: r above the diagonal, the reflectors of q below it, and tau."""
    shape = np.shape(a)
    k = min(shape[-2:])
    if not a.size:
        return np.array(a), np.zeros((*shape[:-2], k), a.dtype)
    h, tau = np.linalg.qr(a, "raw")
    return np.ascontiguousarray(mT(h)), tau
