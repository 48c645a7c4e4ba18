"""Cotangents and tangents of matrix decompositions.

Where a decomposition is not unique, the tangents keep what LAPACK fixes (the norm of an eigenvector, the real
diagonal of R) and leave the phase of complex singular vectors and of Hermitian eigenvectors alone, as JAX does:
only functions that do not depend on that phase have a derivative. With equal eigenvalues or singular values,
vectors have none: it comes out as NaN, unless only the values are used.

Giles 2008, Collected matrix derivative results for forward and reverse mode; Seeger et al. 2017,
Auto-differentiating linear algebra; Wan and Zhang 2019, Automatic differentiation for complex
valued SVD; Walter and Lehmann 2010, on QR and eigenvalue problems; Roberts and Roberts 2020, QR and
LQ of wide matrices. Their formulas are restated here for transposes without conjugation.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.support import mT


def mH(a: Any) -> Any:
    """The conjugate transpose of the last two dimensions."""
    return np.conj(mT(a))


def diagonal(a: Any) -> Any:
    """The diagonals of stacked matrices."""
    return np.diagonal(a, axis1=-2, axis2=-1)


def diagonal_matrix(d: Any) -> Any:
    """Stacked diagonal matrices."""
    return d[..., None] * np.eye(np.shape(d)[-1])


def reciprocal_gaps(values: Any, vectors_matter: Any) -> Any:
    """1 / (value_j - value_i) at (i, j), zero on the diagonal.

    Between equal values it is NaN, or zero for matrices whose vectors do not matter.
    """
    gaps = values[..., None, :] - values[..., :, None]
    tie = gaps == 0
    undefined = np.where(np.eye(np.shape(values)[-1], dtype=bool) | ~vectors_matter, 0.0, np.nan)
    return np.where(tie, undefined, 1.0 / np.where(tie, 1.0, gaps))


def nonzero(x_bar: Any) -> Any:
    """Which of the stacked matrices have an entry that is not zero."""
    return np.any(x_bar != 0, axis=(-2, -1), keepdims=True)


# Matrices of which LAPACK reads one triangle.


def hermitian(a: Any, uplo: Any) -> Any:
    """The Hermitian matrix of which one triangle of a, and the real part of its diagonal, is read."""
    half = np.tril(a, -1) if uplo.upper() == "L" else mH(np.triu(a, 1))
    return half + mH(half) + diagonal_matrix(np.real(diagonal(a)))


def hermitian_bar(a_bar: Any, uplo: Any) -> Any:
    """The transpose of `hermitian`: what the other triangle would receive falls on the one that is read."""
    both = a_bar + mH(a_bar)
    half = np.tril(both, -1) if uplo.upper() == "L" else np.triu(both, 1)
    return half + diagonal_matrix(np.real(diagonal(a_bar)))


# Cholesky: a = l l^H, or u^H u.  With p = l^-1 da l^-H,  dl = l tril(p), the diagonal halved.


def half_lower(a: Any) -> Any:
    """The lower triangle with half of the diagonal."""
    return np.tril(a, -1) + 0.5 * diagonal_matrix(diagonal(a))


def cholesky_bar(y_bar: Any, y: Any, upper: bool) -> Any:
    """The cotangent of a."""
    factor, factor_bar = (mH(y), mH(y_bar)) if upper else (y, y_bar)
    a_bar = np.linalg.solve(mT(factor), half_lower(mT(factor) @ factor_bar))
    a_bar = mT(np.linalg.solve(mH(factor), mT(a_bar)))
    return hermitian_bar(a_bar, "U" if upper else "L")


def cholesky_dot(a_dot: Any, y: Any, upper: bool) -> Any:
    """The tangent of the factor."""
    factor = mH(y) if upper else y
    p = np.linalg.solve(factor, hermitian(a_dot, "U" if upper else "L"))
    p = mH(np.linalg.solve(factor, mH(p)))
    factor_dot = factor @ half_lower(p)
    return mH(factor_dot) if upper else factor_dot


# Hermitian eigenvalues: a = v diag(w) v^H.  With p = v^H da v,  dw = diag p,  dv = v (p / gaps).


def eigh_bar(y_bar: Any, y: Any, uplo: Any) -> Any:
    """The cotangent of a from those of the eigenvalues and vectors."""
    w_bar, v_bar = y_bar
    w, v = y
    p_bar = diagonal_matrix(w_bar) + reciprocal_gaps(w, nonzero(v_bar)) * (mT(v) @ v_bar)
    return hermitian_bar(np.conj(v) @ p_bar @ mT(v), uplo)


def eigh_dot(a_dot: Any, y: Any, uplo: Any) -> tuple[Any, Any]:
    """The tangents of the eigenvalues and vectors."""
    w, v = y
    p = mH(v) @ hermitian(a_dot, uplo) @ v
    return np.real(diagonal(p)), v @ (reciprocal_gaps(w, np.asarray(True)) * p)


def eigvalsh_bar(y_bar: Any, a: Any, uplo: Any) -> Any:
    """The cotangent of a from that of the eigenvalues alone."""
    v = np.linalg.eigh(a, uplo)[1]
    return hermitian_bar((np.conj(v) * y_bar[..., None, :]) @ mT(v), uplo)


def eigvalsh_dot(a_dot: Any, a: Any, uplo: Any) -> Any:
    """The tangent of the eigenvalues alone."""
    v = np.linalg.eigh(a, uplo)[1]
    return np.real(np.sum(np.conj(v) * (hermitian(a_dot, uplo) @ v), axis=-2))


# General eigenvalues: a v = v diag(w).  With p = v^-1 da v and u = v (p / gaps),  dw = diag p,  dv = u + v c:
# LAPACK scales each vector to norm 1 and makes its largest entry real, which fixes c.


def imaginary_per_largest(x: Any, v: Any) -> Any:
    """Im x over the (real) entry of largest modulus in each column of v, there; zero elsewhere."""
    place = np.argmax(np.abs(v), axis=-2)
    largest = np.arange(np.shape(v)[-2])[:, None] == place[..., None, :]
    return np.where(largest, np.imag(x) / np.where(largest, np.real(v), 1.0), 0.0)


def eig_bar(y_bar: Any, y: Any) -> Any:
    """The cotangent of a from those of the eigenvalues and vectors."""
    w_bar, v_bar = y_bar
    w, v = y
    along = np.sum(v_bar * v, axis=-2, keepdims=True)
    u_bar = v_bar - np.real(along) * np.conj(v)
    if np.iscomplexobj(v):
        u_bar = u_bar - 1j * imaginary_per_largest(along, v)
    p_bar = diagonal_matrix(w_bar) + reciprocal_gaps(w, nonzero(v_bar)) * (mT(v) @ u_bar)
    return np.linalg.solve(mT(v), p_bar @ mT(v))


def eig_dot(a_dot: Any, y: Any) -> tuple[Any, Any]:
    """The tangents of the eigenvalues and vectors."""
    w, v = y
    p = np.linalg.solve(v, a_dot @ v)
    u = v @ (reciprocal_gaps(w, np.asarray(True)) * p)
    c = -np.real(np.sum(np.conj(v) * u, axis=-2, keepdims=True))
    if np.iscomplexobj(v):
        c = c - 1j * np.sum(imaginary_per_largest(u, v), axis=-2, keepdims=True)
    return diagonal(p), u + v * c


def eigenvectors(a: Any, w: Any) -> Any:
    """The eigenvectors in the order of the eigenvalues w, which were computed without them."""
    values, v = np.linalg.eig(a)
    if np.allclose(values, w):
        return v
    order = np.argmin(np.abs(w[..., :, None] - values[..., None, :]), axis=-1)
    return np.take_along_axis(v, order[..., None, :], -1)


def eigvals_bar(y_bar: Any, y: Any, a: Any) -> Any:
    """The cotangent of a from that of the eigenvalues alone."""
    v = eigenvectors(a, y)
    return np.linalg.solve(mT(v), y_bar[..., :, None] * mT(v))


def eigvals_dot(a_dot: Any, y: Any, a: Any) -> Any:
    """The tangent of the eigenvalues alone."""
    v = eigenvectors(a, y)
    return diagonal(np.linalg.solve(v, a_dot @ v))
