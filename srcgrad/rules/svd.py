"""The singular value decomposition a = u diag(s) v^H.

With p = u^H da v:

    ds   =  Re diag p
    du   =  u (f (p s + s p^H) + i Im diag p / s)  +  (1 - u u^H) da v / s        f_ij = 1 / (s_j^2 - s_i^2)
    dv^H = -(f (s p + p^H s)) v^H                  +  u^H da (1 - v v^H) / s

Further columns of u or v that full_matrices adds are unique (up to the sign) only if there is one and it is
real; it turns against the others. Several can be rotated at will, so no function that depends on
the choice has a derivative.

Giles 2008, section 3.2; Wan and Zhang 2019; the phase is the one that JAX chooses.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.decompositions import diagonal, diagonal_matrix, mH, nonzero
from srcgrad.rules.support import mT


def squared_gaps(s: Any, vectors_matter: Any) -> Any:
    """1 / (s_j^2 - s_i^2) at (i, j); zero on the diagonal, NaN between equal values if that matters."""
    gaps = (s[..., None, :] + s[..., :, None]) * (s[..., None, :] - s[..., :, None])
    tie = gaps == 0
    undefined = np.where(np.eye(np.shape(s)[-1], dtype=bool) | ~vectors_matter, 0.0, np.nan)
    return np.where(tie, undefined, 1.0 / np.where(tie, 1.0, gaps))


def reciprocal(s: Any, vectors_matter: Any) -> Any:
    """1 / s as rows; of a zero NaN, or zero for matrices whose vectors do not matter."""
    row = s[..., None, :]
    undefined = np.where(vectors_matter, np.nan, 0.0)
    return np.where(row == 0, undefined, 1.0 / np.where(row == 0, 1.0, row))


def require_unique(columns_bar: Any, columns: Any, what: str) -> None:
    """Refuse the derivative of columns that can be rotated among themselves."""
    several = np.shape(columns)[-1] > 1 or np.iscomplexobj(columns)
    if several and np.any(columns_bar != 0):
        raise NotImplementedError(f"{what} are not unique", "take only the leading ones: full_matrices=False")


def unique_or_nan(columns_dot: Any) -> Any:
    """The tangent of further columns, NaN where they can be rotated among themselves."""
    several = np.shape(columns_dot)[-1] > 1 or np.iscomplexobj(columns_dot)
    return np.full(np.shape(columns_dot), np.nan) if several else columns_dot


def svd_bar(y_bar: Any, y: Any) -> Any:
    """The cotangent of a from those of u, s and v^H."""
    k = np.shape(y[1])[-1]
    u, s, vh = y[0][..., :, :k], y[1], y[2][..., :k, :]
    u_bar, s_bar, vh_bar = y_bar[0][..., :, :k], y_bar[1], y_bar[2][..., :k, :]
    extra_u, extra_vh = y[0][..., :, k:], y[2][..., k:, :]
    extra_u_bar, extra_vh_bar = y_bar[0][..., :, k:], y_bar[2][..., k:, :]
    require_unique(extra_u_bar, extra_u, "the further columns of u")
    require_unique(mT(extra_vh_bar), mT(extra_vh), "the further rows of v^H")

    # What turns u or v within the span of both.
    matter = nonzero(y_bar[0]) | nonzero(y_bar[2])
    f = squared_gaps(s, matter)
    x, z = mT(u) @ u_bar, vh_bar @ mT(vh)
    p_bar = diagonal_matrix(s_bar)
    p_bar = p_bar + (x * f + mH(x * f)) * s[..., None, :] - s[..., :, None] * (z * f + mH(z * f))
    if np.iscomplexobj(u):
        p_bar = p_bar + 1j * diagonal_matrix(np.imag(diagonal(x))) * reciprocal(s, matter)
    a_bar = np.conj(u) @ p_bar @ np.conj(vh)

    # What turns u out of its span, or v out of its own; the extra columns turn against them.
    if np.shape(u)[-2] > k:
        outward = u_bar - np.conj(u) @ x - np.conj(extra_u) @ mH(mT(u) @ extra_u_bar)
        a_bar = a_bar + (outward * reciprocal(s, matter)) @ np.conj(vh)
    if np.shape(vh)[-1] > k:
        outward = vh_bar - z @ np.conj(vh) - mH(extra_vh_bar @ mT(vh)) @ np.conj(extra_vh)
        a_bar = a_bar + np.conj(u) @ (mT(reciprocal(s, matter)) * outward)
    return a_bar


def svd_dot(a_dot: Any, y: Any) -> tuple[Any, Any, Any]:
    """The tangents of u, s and v^H."""
    k = np.shape(y[1])[-1]
    u, s, vh = y[0][..., :, :k], y[1], y[2][..., :k, :]
    extra_u, extra_vh = y[0][..., :, k:], y[2][..., k:, :]
    rows, columns = s[..., :, None], s[..., None, :]
    p = mH(u) @ a_dot @ mH(vh)
    f = squared_gaps(s, np.asarray(True))
    turn_u = f * (p * columns + mH(p * columns))
    if np.iscomplexobj(u):
        turn_u = turn_u + 1j * diagonal_matrix(np.imag(diagonal(p))) * reciprocal(s, True)
    u_dot, vh_dot = u @ turn_u, -(f * (rows * p + mH(rows * p))) @ vh
    if np.shape(u)[-2] > k:
        u_dot = u_dot + (a_dot @ mH(vh) - u @ p) * reciprocal(s, True)
    if np.shape(vh)[-1] > k:
        vh_dot = vh_dot + mT(reciprocal(s, True)) * (mH(u) @ a_dot - p @ vh)
    if np.shape(extra_u)[-1] > 0:
        u_dot = np.concatenate([u_dot, unique_or_nan(-u @ (mH(u_dot) @ extra_u))], -1)
    if np.shape(extra_vh)[-2] > 0:
        extra_dot = unique_or_nan(-mT((extra_vh @ mH(vh_dot)) @ vh))
        vh_dot = np.concatenate([vh_dot, mT(extra_dot)], -2)
    return u_dot, np.real(diagonal(p)), vh_dot


def svdvals_bar(y_bar: Any, a: Any) -> Any:
    """The cotangent of a from that of the singular values alone."""
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    return (np.conj(u) * y_bar[..., None, :]) @ np.conj(vh)


def svdvals_dot(a_dot: Any, a: Any) -> Any:
    """The tangent of the singular values alone."""
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    return np.real(np.sum(np.conj(u) * (a_dot @ mH(vh)), axis=-2))
