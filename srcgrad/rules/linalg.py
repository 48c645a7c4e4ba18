"""numpy.linalg: solving, determinants, norms and decompositions.

The matrices are the last two dimensions. The transposes are plain, without conjugation. Of a Hermitian
matrix LAPACK reads one triangle, so the cotangent lies on that triangle: it is the derivative of what NumPy computes,
and symmetrising the argument first gives the symmetric form.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.decompositions import (  # noqa: F401 - in the rules' texts
    cholesky_bar,
    cholesky_dot,
    eig_bar,
    eig_dot,
    eigh_bar,
    eigh_dot,
    eigvals_bar,
    eigvals_dot,
    eigvalsh_bar,
    eigvalsh_dot,
    hermitian,
    hermitian_bar,
)
from srcgrad.rules.determinants import (  # noqa: F401 - in the rule's text
    cofactors,
    inverse_where_regular,
)
from srcgrad.rules.least_squares import (  # noqa: F401 - in the rules' texts
    lstsq_bars,
    lstsq_dot,
    pinv_bar,
    pinv_dot,
)
from srcgrad.rules.norms import (  # noqa: F401 - in the rules' texts
    inner_product,
    norm_slope,
    order_slope,
    order_slope_of_norm,
    vector_norm_slope,
)
from srcgrad.rules.qr import qr_bar, qr_dot  # noqa: F401 - in the rule's text
from srcgrad.rules.support import mT, unbroadcast, with_axes  # noqa: F401 - in the rules' texts
from srcgrad.rules.svd import (
    svd_bar,
    svd_dot,
    svdvals_bar,
    svdvals_dot,
)
from srcgrad.rules.table import composed, rule, zero

# Inverses and linear systems.  Giles 2008, sections 2.2.3 and 2.3.1.

rule(
    np.linalg.inv,
    "a",
    vjp={"a": "-mT(y) @ y_bar @ mT(y)"},
    jvp={"a": "-y @ a_dot @ y"},
)


def solved(a: Any, rows: Any, b: Any) -> Any:
    """a^-1 applied to vectors if b is one, else to matrices; all may be stacked."""
    if np.ndim(b) > 1:
        return np.linalg.solve(a, rows)
    return np.linalg.solve(a, rows[..., None])[..., 0]


def solve_matrix_bar(y_bar: Any, y: Any, a: Any, b: Any) -> Any:
    """The cotangent of the matrix of a linear system with solution y."""
    b_bar = solved(mT(a), y_bar, b)
    if np.ndim(b) > 1:
        return unbroadcast(-b_bar @ mT(y), a)
    return unbroadcast(-b_bar[..., :, None] * y[..., None, :], a)


def moved_side(a_dot: Any, y: Any, b: Any) -> Any:
    """a_dot y, for a solution y that is a vector if b is one."""
    return a_dot @ y if np.ndim(b) > 1 else (a_dot @ y[..., None])[..., 0]


rule(
    np.linalg.solve,
    "a, b",
    vjp={
        "a": "solve_matrix_bar(y_bar, y, a, b)",
        "b": "unbroadcast(solved(mT(a), y_bar, b), b)",
    },
    jvp={
        "a": "-solved(a, moved_side(a_dot, y, b), b)",
        "b": "np.linalg.solve(a, b_dot)",
    },
)


@composed(np.linalg.tensorsolve)
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """A linear system over several indices at once, flattened."""
    a, b = np.asarray(a), np.asarray(b)
    if axes is not None:
        moved = [k % np.ndim(a) for k in axes]
        a = np.transpose(a, [k for k in range(np.ndim(a)) if k not in moved] + moved)
    shape = np.shape(a)[np.ndim(b) :]
    return np.reshape(np.linalg.solve(np.reshape(a, (np.size(b), -1)), np.ravel(b)), shape)


@composed(np.linalg.tensorinv)
def tensorinv(a: Any, ind: int = 2) -> Any:
    """The inverse with respect to tensordot over the first ind indices, flattened."""
    shape = np.shape(a)
    rows = int(np.prod(shape[ind:]))
    inverse = np.linalg.inv(np.reshape(a, (rows, -1)))
    return np.reshape(inverse, shape[ind:] + shape[:ind])


# The upper right block of (a, da; 0, a)^n is the derivative of a^n.  Higham 2008, equation 3.16.


def power_dot(a: Any, a_dot: Any, n: int) -> Any:
    """The tangent of a^n."""
    size = np.shape(a)[-1]
    upper = np.concatenate([a, a_dot], -1)
    lower = np.concatenate([np.zeros_like(a), a], -1)
    return np.linalg.matrix_power(np.concatenate([upper, lower], -2), n)[..., :size, size:]


rule(
    np.linalg.matrix_power,
    "a, n",
    vjp={"a": "power_dot(mT(a), y_bar, n)"},
    jvp={"a": "power_dot(a, a_dot, n)"},
)

# Determinants.  Giles 2008, section 2.2.4.

rule(
    np.linalg.det,
    "a",
    vjp={"a": "np.asarray(y_bar)[..., None, None] * cofactors(a, y)"},
    jvp={"a": "np.sum(cofactors(a, y) * a_dot, axis=(-2, -1))"},
)


def slogdet_bar(y_bar: Any, y: Any, a: Any) -> Any:
    """The cotangent of a. Only a complex sign varies, by i times the imaginary part of tr(a^-1 da)."""
    weight = y_bar[1] + 1j * np.imag(y_bar[0] * y[0]) if np.iscomplexobj(a) else y_bar[1]
    return mT(inverse_where_regular(a, y[0], weight))


def slogdet_dot(a_dot: Any, y: Any, a: Any) -> tuple[Any, Any]:
    """The tangents of the sign and of the logarithm."""
    moving = np.any(np.asarray(a_dot) != 0, axis=(-2, -1))
    change = np.sum(mT(inverse_where_regular(a, y[0], 1.0 * moving)) * a_dot, axis=(-2, -1))
    if np.iscomplexobj(a):
        return 1j * np.imag(change) * y[0], np.real(change)
    return np.zeros(np.shape(change)), np.real(change)


rule(
    np.linalg.slogdet,
    "a",
    vjp={"a": "slogdet_bar(y_bar, y, a)"},
    jvp={"a": "slogdet_dot(a_dot, y, a)"},
)

# Norms.

rule(
    np.linalg.norm,
    "x, ord=None, axis=None, keepdims=False",
    vjp={
        "x": "with_axes(y_bar, x, axis, keepdims) * norm_slope(x, y, ord, axis, keepdims)",
        "ord": "np.sum(y_bar * order_slope_of_norm(x, y, ord, axis, keepdims))",
    },
    jvp={
        "x": "inner_product(norm_slope(x, y, ord, axis, keepdims), x_dot, axis, keepdims)",
        "ord": "ord_dot * order_slope_of_norm(x, y, ord, axis, keepdims)",
    },
)

# Decompositions.

rule(
    np.linalg.cholesky,
    "a, *, upper=False",
    vjp={"a": "cholesky_bar(y_bar, y, upper)"},
    jvp={"a": "cholesky_dot(a_dot, y, upper)"},
)
rule(
    np.linalg.eigh,
    "a, UPLO='L'",
    vjp={"a": "eigh_bar(y_bar, y, UPLO)"},
    jvp={"a": "eigh_dot(a_dot, y, UPLO)"},
)
rule(
    np.linalg.eigvalsh,
    "a, UPLO='L'",
    vjp={"a": "eigvalsh_bar(y_bar, a, UPLO)"},
    jvp={"a": "eigvalsh_dot(a_dot, a, UPLO)"},
)
rule(
    np.linalg.eig,
    "a",
    vjp={"a": "eig_bar(y_bar, y)"},
    jvp={"a": "eig_dot(a_dot, y)"},
)
rule(
    np.linalg.eigvals,
    "a",
    vjp={"a": "eigvals_bar(y_bar, y, a)"},
    jvp={"a": "eigvals_dot(a_dot, y, a)"},
)


def svd_cotangent(y_bar: Any, y: Any, a: Any, compute_uv: bool, is_hermitian: bool) -> Any:
    """The cotangent of a for every set of options."""
    if compute_uv:
        a_bar = svd_bar(y_bar, y)
    else:
        a_bar = svdvals_bar(y_bar, hermitian(a, "L") if is_hermitian else a)
    return hermitian_bar(a_bar, "L") if is_hermitian else a_bar


def svd_tangent(a_dot: Any, y: Any, a: Any, compute_uv: bool, is_hermitian: bool) -> Any:
    """The tangent for every set of options."""
    a_dot = hermitian(a_dot, "L") if is_hermitian else a_dot
    if compute_uv:
        return svd_dot(a_dot, y)
    return svdvals_dot(a_dot, hermitian(a, "L") if is_hermitian else a)


rule(
    np.linalg.svd,
    "a, full_matrices=True, compute_uv=True, hermitian=False",
    vjp={"a": "svd_cotangent(y_bar, y, a, compute_uv, hermitian)"},
    jvp={"a": "svd_tangent(a_dot, y, a, compute_uv, hermitian)"},
)
rule(
    np.linalg.qr,
    "a, mode='reduced'",
    vjp={"a": "qr_bar(y_bar, y, a, mode)"},
    jvp={"a": "qr_dot(a_dot, y, a, mode)"},
)

# What follows from singular values.

rule(
    np.linalg.pinv,
    "a, rcond=None, hermitian=False, *, rtol=None",
    vjp={"a": "pinv_bar(y_bar, y, a, hermitian)"},
    jvp={"a": "pinv_dot(a_dot, y, a, hermitian)"},
)
rule(
    np.linalg.lstsq,
    "a, b, rcond=None",
    vjp={
        "a": "lstsq_bars(y_bar, y, a, b, rcond)[0]",
        "b": "lstsq_bars(y_bar, y, a, b, rcond)[1]",
    },
    jvp={
        "a": "lstsq_dot(a_dot, np.zeros_like(b), y, a, b, rcond)",
        "b": "lstsq_dot(np.zeros_like(a), b_dot, y, a, b, rcond)",
    },
)
zero(np.linalg.matrix_rank)


@composed(np.linalg.cond)
def cond(x: Any, p: Any = None) -> Any:
    """The norm times the norm of the inverse."""
    if p in {None, 2, -2}:
        s = np.linalg.svd(x, compute_uv=False)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    inverse = np.linalg.inv(x)
    return np.linalg.norm(x, p, axis=(-2, -1)) * np.linalg.norm(inverse, p, axis=(-2, -1))


if hasattr(np.linalg, "vector_norm"):  # NumPy 2.0
    rule(
        np.linalg.vector_norm,
        "x, *, axis=None, keepdims=False, ord=2",
        vjp={
            "x": "with_axes(y_bar, x, axis, keepdims) * vector_norm_slope(x, y, ord, axis, keepdims)",
            "ord": "np.sum(y_bar * order_slope(x, y, ord, axis, keepdims))",
        },
        jvp={
            "x": "inner_product(vector_norm_slope(x, y, ord, axis, keepdims), x_dot, axis, keepdims)",
            "ord": "ord_dot * order_slope(x, y, ord, axis, keepdims)",
        },
    )
    rule(
        np.linalg.matrix_norm,
        "x, *, keepdims=False, ord='fro'",
        vjp={"x": "with_axes(y_bar, x, (-2, -1), keepdims) * norm_slope(x, y, ord, (-2, -1), keepdims)"},
        jvp={"x": "inner_product(norm_slope(x, y, ord, (-2, -1), keepdims), x_dot, (-2, -1), keepdims)"},
    )
    rule(
        np.linalg.svdvals,
        "x",
        vjp={"x": "svdvals_bar(y_bar, x)"},
        jvp={"x": "svdvals_dot(x_dot, x)"},
    )
