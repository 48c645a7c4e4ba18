"""scipy.linalg: systems of a general matrix, and decompositions.

The conventions are those of the rules for numpy.linalg: transposes without conjugation, and where LAPACK reads one
triangle of a matrix the cotangent lies on that triangle.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg  # type: ignore[import-untyped]

from srcgrad.rules.decompositions import cholesky_bar, cholesky_dot, hermitian  # noqa: F401 - in the rules' texts
from srcgrad.rules.least_squares import pinv_bar, pinv_dot  # noqa: F401 - in the rule's text
from srcgrad.rules.linalg import solved
from srcgrad.rules.scipy import banded, matrices  # noqa: F401 - these register their own
from srcgrad.rules.scipy.factors import (  # noqa: F401 - in the rules' texts
    eig_of_bar,
    eig_of_dot,
    eigh_of_bars,
    eigh_of_dot,
    eigvals_bar,
    eigvals_dot,
    lu_cotangent,
    lu_factor_bar,
    lu_factor_dot,
    lu_tangent,
    pivoted_bar,
    pivoted_dot,
    polar_bar,
    polar_dot,
    rows_in_order,
    svd_bar,
    svd_dot,
    svdvals_bar,
    svdvals_dot,
)
from srcgrad.rules.support import mT
from srcgrad.rules.table import composed, rule, zero

# General systems: NumPy's, of the matrix that the assumptions leave.

STRUCTURES = {"sym": "symmetric", "her": "hermitian", "pos": "hermitian", "positive definite": "hermitian"}


def as_assumed(a: Any, assume_a: Any, lower: bool) -> Any:
    """The matrix that is read where a structure is assumed of a."""
    a = np.asarray(a)
    structure = STRUCTURES.get(assume_a, assume_a)
    if structure == "hermitian":
        return hermitian(a, "L" if lower else "U")
    if structure == "symmetric":
        half = np.tril(a, -1) if lower else mT(np.triu(a, 1))
        return half + mT(half) + a * np.eye(np.shape(a)[-1])
    if structure == "upper triangular":
        return np.triu(a)
    if structure == "lower triangular":
        return np.tril(a)
    if structure == "diagonal":
        return a * np.eye(np.shape(a)[-1])
    if structure == "tridiagonal":
        return np.triu(np.tril(a, 1), -1)
    return a


@composed(linalg.solve)
def solve(
    a: Any,
    b: Any,
    lower: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    assume_a: Any = None,
    transposed: bool = False,
) -> Any:
    """A linear system of a matrix with an assumed structure."""
    a, b = as_assumed(a, assume_a, lower), np.asarray(b)
    return solved(mT(a) if transposed else a, b, b)


@composed(linalg.inv)
def inv(
    a: Any, overwrite_a: bool = False, check_finite: bool = True, *, assume_a: Any = None, lower: bool = False
) -> Any:
    """The inverse of a matrix with an assumed structure."""
    return np.linalg.inv(as_assumed(a, assume_a, lower))


@composed(linalg.det)
def det(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """The determinant."""
    return np.linalg.det(a)


@composed(linalg.norm)
def norm(a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False, check_finite: bool = True) -> Any:
    """The norm."""
    return np.linalg.norm(a, ord, axis, keepdims)


@composed(linalg.lstsq)
def lstsq(
    a: Any,
    b: Any,
    cond: Any = None,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    lapack_driver: Any = None,
) -> Any:
    """Least squares: the solution, the sum of squares that remains, the rank and the singular values."""
    x, residuals, rank, s = np.linalg.lstsq(a, b, cond)
    if np.ndim(b) == 1 and len(residuals) == 1:
        residuals = residuals[0]
    return x, residuals, int(rank), None if lapack_driver == "gelsy" else s


rule(
    linalg.pinv,
    "a, *, atol=None, rtol=None, return_rank=False, check_finite=True",
    vjp={"a": "pinv_bar(y_bar[0], y[0], a, False) if return_rank else pinv_bar(y_bar, y, a, False)"},
    jvp={"a": "(pinv_dot(a_dot, y[0], a, False), 0.0) if return_rank else pinv_dot(a_dot, y, a, False)"},
)


@composed(linalg.solve_toeplitz)
def solve_toeplitz(c_or_cr: Any, b: Any, check_finite: bool = True) -> Any:
    """A system with a Toeplitz matrix, written out."""
    c, r = c_or_cr if isinstance(c_or_cr, tuple) else (c_or_cr, None)
    return np.linalg.solve(linalg.toeplitz(c, r), np.asarray(b))


# Cholesky's factor.

rule(
    linalg.cholesky,
    "a, lower=False, overwrite_a=False, check_finite=True",
    vjp={"a": "cholesky_bar(y_bar, y, not lower)"},
    jvp={"a": "cholesky_dot(a_dot, y, not lower)"},
)


@composed(linalg.cho_factor)
def cho_factor(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """The factor, beside the triangle of the matrix that is not read."""
    a = np.asarray(a)
    factor = linalg.cholesky(a, lower)
    return factor + (np.triu(a, 1) if lower else np.tril(a, -1)), lower


@composed(linalg.cho_solve)
def cho_solve(c_and_lower: Any, b: Any, overwrite_b: bool = False, check_finite: bool = True) -> Any:
    """Two triangular systems."""
    c, lower = c_and_lower
    b = np.asarray(b)
    inner = linalg.solve_triangular(c, b, 0 if lower else 2, lower)
    return linalg.solve_triangular(c, inner, 2 if lower else 0, lower)


# Other decompositions.

rule(
    linalg.lu,
    "a, permute_l=False, overwrite_a=False, check_finite=True, p_indices=False",
    vjp={"a": "lu_cotangent(y_bar, y, a, permute_l, p_indices)"},
    jvp={"a": "lu_tangent(a_dot, y, a, permute_l, p_indices)"},
)
rule(
    linalg.lu_factor,
    "a, overwrite_a=False, check_finite=True",
    vjp={"a": "lu_factor_bar(y_bar, y)"},
    jvp={"a": "lu_factor_dot(a_dot, y)"},
)


@composed(linalg.lu_solve)
def lu_solve(lu_and_piv: Any, b: Any, trans: Any = 0, overwrite_b: bool = False, check_finite: bool = True) -> Any:
    """Two triangular systems and a permutation."""
    lu, piv = lu_and_piv
    b = np.asarray(b)
    order = rows_in_order(piv, np.shape(lu)[0])
    if trans == 0:
        inner = linalg.solve_triangular(lu, b[order], 0, True, True)
        return linalg.solve_triangular(lu, inner, 0, False)
    inner = linalg.solve_triangular(lu, b, trans, False)
    return linalg.solve_triangular(lu, inner, trans, True, True)[np.argsort(order)]


rule(
    linalg.qr,
    "a, overwrite_a=False, lwork=None, mode='full', pivoting=False, check_finite=True",
    vjp={"a": "pivoted_bar(y_bar, y, a, mode, pivoting)"},
    jvp={"a": "pivoted_dot(a_dot, y, a, mode, pivoting)"},
)
rule(
    linalg.svd,
    "a, full_matrices=True, compute_uv=True, overwrite_a=False, check_finite=True, lapack_driver='gesdd'",
    vjp={"a": "svd_bar(y_bar, y) if compute_uv else svdvals_bar(y_bar, a)"},
    jvp={"a": "svd_dot(a_dot, y) if compute_uv else svdvals_dot(a_dot, a)"},
)
rule(
    linalg.svdvals,
    "a, overwrite_a=False, check_finite=True",
    vjp={"a": "svdvals_bar(y_bar, a)"},
    jvp={"a": "svdvals_dot(a_dot, a)"},
)
EIGH = (
    "*, lower=True, {}overwrite_a=False, overwrite_b=False, type=1, check_finite=True, "
    "subset_by_index=None, subset_by_value=None, driver=None"
)
PROBLEM = "a, b, lower, {}, type, subset_by_index, subset_by_value"
for function, only, name in ((linalg.eigh, "eigvals_only=False, ", "eigvals_only"), (linalg.eigvalsh, "", "True")):
    rest = PROBLEM.format(name)
    rule(
        function,
        f"a, b=None, {EIGH.format(only)}",
        vjp={"a": f"eigh_of_bars(y_bar, y, {rest})[0]", "b": f"eigh_of_bars(y_bar, y, {rest})[1]"},
        jvp={
            "a": f"eigh_of_dot(a_dot, 0.0 * np.asarray(a), y, {rest})",
            "b": f"eigh_of_dot(0.0 * np.asarray(a), b_dot, y, {rest})",
        },
    )
rule(
    linalg.eig,
    "a, b=None, left=False, right=True, overwrite_a=False, overwrite_b=False, check_finite=True, "
    "homogeneous_eigvals=False",
    vjp={"a": "eig_of_bar(y_bar, y, a, b, left, right, homogeneous_eigvals)"},
    jvp={"a": "eig_of_dot(a_dot, y, a, b, left, right, homogeneous_eigvals)"},
)
rule(
    linalg.eigvals,
    "a, b=None, overwrite_a=False, check_finite=True, homogeneous_eigvals=False",
    vjp={"a": "eig_of_bar(y_bar, y, a, b, False, False, homogeneous_eigvals)"},
    jvp={"a": "eig_of_dot(a_dot, y, a, b, False, False, homogeneous_eigvals)"},
)
rule(
    linalg.polar,
    "a, side='right'",
    vjp={"a": "polar_bar(y_bar, y, a, side)"},
    jvp={"a": "polar_dot(a_dot, y, a, side)"},
)

zero(linalg.issymmetric, linalg.ishermitian, linalg.bandwidth)
