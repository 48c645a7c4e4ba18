"""Decompositions of matrices with PyTorch's conventions.

What enters: matrices in the last two dimensions. What leaves: their factors. Where LAPACK reads one triangle of a
Hermitian matrix, the cotangent is still that of the whole, Hermitian matrix. Vectors that are known up to a complex phase
have a derivative only for functions that do not depend on it; others raise.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.decompositions import (
    diagonal,
    diagonal_matrix,
    half_lower,
    mH,
    nonzero,
    reciprocal_gaps,
)
from srcgrad.rules.qr import tall_bar, tall_dot
from srcgrad.rules.support import mT
from srcgrad.rules.svd import svd_bar, svd_dot  # noqa: F401 - the latter in the rule's text
from srcgrad.rules.table import rule, zero


def hermitian_part(a: Any) -> Any:
    """(a + a^H) / 2."""
    return 0.5 * (a + mH(a))


def cholesky(a: Any, upper: bool) -> Any:
    """l with l l^H = a, or its adjoint."""
    y = np.linalg.cholesky(mH(a) if upper else a)
    return mH(y) if upper else y


def cholesky_bar(y_bar: Any, y: Any, upper: bool) -> Any:
    """The cotangent of a, which is Hermitian as a is."""
    factor, factor_bar = (mH(y), mH(y_bar)) if upper else (y, y_bar)
    inner = np.tril(mT(factor) @ factor_bar)
    a_bar = np.linalg.solve(mT(factor), 0.5 * (inner + mH(np.tril(inner, -1))))
    return mT(np.linalg.solve(mH(factor), mT(a_bar)))


def cholesky_dot(a_dot: Any, y: Any, upper: bool) -> Any:
    """The tangent of the factor."""
    factor = mH(y) if upper else y
    p = np.linalg.solve(factor, hermitian_part(a_dot))
    p = mH(np.linalg.solve(factor, mH(p)))
    factor_dot = factor @ half_lower(p)
    return mH(factor_dot) if upper else factor_dot


rule(
    cholesky,
    "a, upper",
    vjp={"a": "cholesky_bar(y_bar, y, upper)"},
    jvp={"a": "cholesky_dot(a_dot, y, upper)"},
)


def require_no_phase(values: Any, name: str, what: str) -> None:
    """Raise where a cotangent would turn vectors by a phase."""
    if np.iscomplexobj(values) and not np.all(np.abs(np.imag(values)) <= 1e-2):
        raise RuntimeError(
            f"{name}: The {what} in the complex case are specified up to multiplication by e^{{i phi}}. The specified loss "
            + (
                "function depends on this phase term, making it ill-defined."
                if name == "svd_backward"
                else "function depends on this quantity, so it is ill-defined."
            )
        )


zero(require_no_phase)


def eigh(a: Any, uplo: Any) -> tuple[Any, Any]:
    """The eigenvalues and vectors of a Hermitian matrix."""
    w, v = np.linalg.eigh(a, uplo)
    return w, v


def eigh_bar(y_bar: Any, y: Any) -> Any:
    """The cotangent of a, which is Hermitian as a is."""
    w_bar, v_bar = y_bar
    w, v = y
    x = mT(v) @ v_bar
    require_no_phase(diagonal(x), "linalg_eigh_backward", "eigenvectors")
    p_bar = diagonal_matrix(w_bar) + reciprocal_gaps(w, nonzero(v_bar)) * x
    return hermitian_part(np.conj(v) @ p_bar @ mT(v))


def eigh_dot(a_dot: Any, y: Any) -> tuple[Any, Any]:
    """The tangents of the eigenvalues and vectors."""
    w, v = y
    p = mH(v) @ hermitian_part(a_dot) @ v
    return np.real(diagonal(p)), v @ (reciprocal_gaps(w, np.asarray(True)) * p)


rule(eigh, "a, uplo", vjp={"a": "eigh_bar(y_bar, y)"}, jvp={"a": "eigh_dot(a_dot, y)"})


def eig(a: Any) -> tuple[Any, Any]:
    """The eigenvalues and vectors of a matrix, complex in any case."""
    w, v = np.linalg.eig(a)
    if not np.iscomplexobj(w):
        kind = np.result_type(w, np.complex64)
        return w.astype(kind), v.astype(kind)
    return w, v


def eig_bar(y_bar: Any, y: Any) -> Any:
    """The cotangent of a. A vector's length is fixed, so along itself it does not change."""
    w_bar, v_bar = y_bar
    w, v = y
    x = mT(v) @ v_bar
    along = diagonal(x)
    require_no_phase(along, "linalg_eig_backward", "eigenvectors")
    x = x - mT(v) @ (np.conj(v) * np.real(along)[..., None, :])
    p_bar = diagonal_matrix(w_bar) + reciprocal_gaps(w, nonzero(v_bar)) * x
    return np.linalg.solve(mT(v), p_bar @ mT(v))


def eig_dot(a_dot: Any, y: Any) -> tuple[Any, Any]:
    """The tangents of the eigenvalues and vectors."""
    w, v = y
    p = np.linalg.solve(v, a_dot @ v)
    u = v @ (reciprocal_gaps(w, np.asarray(True)) * p)
    return diagonal(p), u - v * np.real(np.sum(np.conj(v) * u, axis=-2, keepdims=True))


rule(eig, "a", vjp={"a": "eig_bar(y_bar, y)"}, jvp={"a": "eig_dot(a_dot, y)"})


def svd(a: Any, full_matrices: bool) -> tuple[Any, Any, Any]:
    """u, s and v^H with u diag(s) v^H = a."""
    u, s, vh = np.linalg.svd(a, full_matrices=full_matrices)
    return u, s, vh


def leading_bar(y_bar: Any, y: Any) -> Any:
    """The cotangent of a from the leading singular vectors; what further ones receive does not count."""
    k = np.shape(y[1])[-1]
    u, vh = y[0][..., :, :k], y[2][..., :k, :]
    u_bar, vh_bar = y_bar[0][..., :, :k], y_bar[2][..., :k, :]
    if np.iscomplexobj(u):
        turned = np.sum(u * u_bar, axis=-2) - np.sum(vh * vh_bar, axis=-1)
        require_no_phase(turned, "svd_backward", "singular vectors")
    return svd_bar((u_bar, y_bar[1], vh_bar), (u, y[1], vh))


rule(
    svd,
    "a, full_matrices",
    vjp={"a": "leading_bar(y_bar, y)"},
    jvp={"a": "svd_dot(a_dot, y)"},
)


def qr(a: Any, mode: Any) -> tuple[Any, Any]:
    """q with orthonormal columns and an upper triangular r; without q for the mode "r"."""
    if mode == "r":
        return np.zeros(0, a.dtype), np.linalg.qr(a, "r")
    q, r = np.linalg.qr(a, mode)
    return q, r


def qr_bar(y_bar: Any, y: Any, a: Any, mode: str) -> Any:
    """The cotangent of a."""
    q, r = y
    m, n = np.shape(a)[-2:]
    if mode == "r":
        raise RuntimeError(
            "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use linalg.qr(A, "
            "mode='reduced') if you are going to differentiate through linalg.qr."
        )
    if mode == "complete" and m > n:
        raise RuntimeError("The QR decomposition is not differentiable when mode='complete' and nrows > ncols.")
    if m >= n:
        return tall_bar(y_bar[0], y_bar[1], q, r)
    rest_bar = y_bar[1][..., :, m:]
    q_bar = y_bar[0] + np.conj(a[..., :, m:]) @ mH(rest_bar)
    x_bar = tall_bar(q_bar, y_bar[1][..., :, :m], q, r[..., :, :m])
    return np.concatenate([x_bar, np.conj(q) @ rest_bar], -1)


def qr_dot(a_dot: Any, y: Any, a: Any) -> tuple[Any, Any]:
    """The tangents of q and r."""
    q, r = y
    m, n = np.shape(a)[-2:]
    if m >= n:
        q_dot, r_dot = tall_dot(a_dot, q, r)
        return q_dot, r_dot
    q_dot, r_dot = tall_dot(a_dot[..., :, :m], q, r[..., :, :m])
    rest_dot = mH(q_dot) @ a[..., :, m:] + mH(q) @ a_dot[..., :, m:]
    return q_dot, np.concatenate([r_dot, rest_dot], -1)


rule(qr, "a, mode", vjp={"a": "qr_bar(y_bar, y, a, mode)"}, jvp={"a": "qr_dot(a_dot, y, a)"})
