"""The decomposition a = q r with orthonormal columns of q and an upper triangular r.

For m ≥ n, with p = q^H da r^-1 split into a skew-Hermitian t and an upper triangle with real diagonal:

    dq = da r^-1 - q (p - t)        dr = (p - t) r

A wide matrix (x, y) has q and the first columns of r from the square x, and r's others are q^H y.
A complete q has further columns, unique (up to the sign) if there is one and it is real; it turns
against the others.

Walter and Lehmann 2010, for m ≥ n; Roberts and Roberts 2020, for wide matrices.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.decompositions import diagonal, diagonal_matrix, mH
from srcgrad.rules.support import mT
from srcgrad.rules.svd import require_unique, unique_or_nan


def tall_bar(q_bar: Any, r_bar: Any, q: Any, r: Any) -> Any:
    """The cotangent of a matrix that is not wide, for reduced q and r."""
    t = np.triu(r_bar @ mT(r) - mT(q) @ q_bar)
    symmetric = t + mH(t) - diagonal_matrix(np.real(diagonal(t)))
    return mT(np.linalg.solve(r, mT(q_bar + np.conj(q) @ symmetric)))


def tall_dot(a_dot: Any, q: Any, r: Any) -> tuple[Any, Any]:
    """The tangents of reduced q and r of a matrix that is not wide."""
    d = mT(np.linalg.solve(mT(r), mT(a_dot)))
    p = mH(q) @ d
    t = np.tril(p, -1) - mH(np.tril(p, -1))
    if np.iscomplexobj(p):
        t = t + 1j * diagonal_matrix(np.imag(diagonal(p)))
    return d - q @ (p - t), (p - t) @ r


def factors(y: Any, a: Any, mode: str) -> tuple[Any, Any]:
    """q and r; q is computed again where only r was returned."""
    if mode == "raw":
        raise NotImplementedError("the reflectors of mode='raw' have no rule", "take mode='reduced'")
    return (np.linalg.qr(a)[0], y) if mode == "r" else (y[0], y[1])


def qr_bar(y_bar: Any, y: Any, a: Any, mode: str) -> Any:
    """The cotangent of a."""
    q, r = factors(y, a, mode)
    q_bar, r_bar = (np.zeros(np.shape(q)), y_bar) if mode == "r" else (y_bar[0], y_bar[1])
    m, n = np.shape(a)[-2:]
    if m >= n:
        further = q[..., :, n:]
        further_bar = q_bar[..., :, n:]
        require_unique(further_bar, further, "the further columns of q")
        q, r = q[..., :, :n], r[..., :n, :]
        q_bar, r_bar = q_bar[..., :, :n], r_bar[..., :n, :]
        return tall_bar(q_bar - np.conj(further) @ mH(mT(q) @ further_bar), r_bar, q, r)
    y_part, rest_bar = a[..., :, m:], r_bar[..., :, m:]
    q_bar = q_bar + np.conj(y_part) @ mH(rest_bar)
    x_bar = tall_bar(q_bar, r_bar[..., :, :m], q, r[..., :, :m])
    return np.concatenate([x_bar, np.conj(q) @ rest_bar], -1)


def qr_dot(a_dot: Any, y: Any, a: Any, mode: str) -> Any:
    """The tangents of q and r, or of r alone."""
    q, r = factors(y, a, mode)
    m, n = np.shape(a)[-2:]
    if m >= n:
        leading, further = q[..., :, :n], q[..., :, n:]
        q_dot, r_dot = tall_dot(a_dot, leading, r[..., :n, :])
        if np.shape(further)[-1] > 0:
            turned = unique_or_nan(-leading @ (mH(q_dot) @ further))
            q_dot = np.concatenate([q_dot, turned], -1)
            below = (*np.shape(r_dot)[:-2], m - n, n)
            r_dot = np.concatenate([r_dot, np.zeros(below)], -2)
    else:
        q_dot, r_dot = tall_dot(a_dot[..., :, :m], q, r[..., :, :m])
        rest_dot = mH(q_dot) @ a[..., :, m:] + mH(q) @ a_dot[..., :, m:]
        r_dot = np.concatenate([r_dot, rest_dot], -1)
    return r_dot if mode == "r" else (q_dot, r_dot)
