"""scipy.linalg: linear systems, decompositions, matrix functions and matrices of a structure.

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
from srcgrad.rules.support import mT, unbroadcast  # noqa: F401 - the latter in the rules' texts
from srcgrad.rules.table import composed, linear, rule, zero

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

# Triangular systems.  With a transposed, y = m^-T b, the roles of y and b_bar are exchanged.


def triangle(a: Any, lower: bool, unit_diagonal: bool) -> Any:
    """The part of a matrix that a triangular system reads."""
    inner = -1 if unit_diagonal else 0
    return np.tril(a, inner) if lower else np.triu(a, -inner)


def transposed_solution(y_bar: Any, a: Any, trans: Any, lower: bool, unit_diagonal: bool) -> Any:
    """The cotangent of b."""
    if trans in (2, "C"):
        return np.conj(linalg.solve_triangular(a, np.conj(y_bar), 0, lower, unit_diagonal))
    return linalg.solve_triangular(a, y_bar, 0 if trans in (1, "T") else 1, lower, unit_diagonal)


def triangle_bar(y_bar: Any, y: Any, a: Any, trans: Any, lower: bool, unit_diagonal: bool) -> Any:
    """The cotangent of a."""
    b_bar = transposed_solution(y_bar, a, trans, lower, unit_diagonal)
    if np.ndim(y) < np.ndim(a):
        b_bar, y = b_bar[..., None], y[..., None]
    a_bar = -b_bar @ mT(y) if trans in (0, "N") else -y @ mT(b_bar)
    return triangle(np.conj(a_bar) if trans in (2, "C") else a_bar, lower, unit_diagonal)


def triangle_dot(a_dot: Any, y: Any, a: Any, trans: Any, lower: bool, unit_diagonal: bool) -> Any:
    """The tangent of y for that of a."""
    change = triangle(a_dot, lower, unit_diagonal)
    if trans not in (0, "N"):
        change = mT(np.conj(change) if trans in (2, "C") else change)
    moved = change @ y if np.ndim(y) >= np.ndim(a) else (change @ y[..., None])[..., 0]
    return -linalg.solve_triangular(a, moved, trans, lower, unit_diagonal)


rule(
    linalg.solve_triangular,
    "a, b, trans=0, lower=False, unit_diagonal=False, overwrite_b=False, check_finite=True",
    vjp={
        "a": "unbroadcast(triangle_bar(y_bar, y, a, trans, lower, unit_diagonal), a)",
        "b": "unbroadcast(transposed_solution(y_bar, a, trans, lower, unit_diagonal), b)",
    },
    jvp={
        "a": "triangle_dot(a_dot, y, a, trans, lower, unit_diagonal)",
        "b": "linalg.solve_triangular(a, b_dot, trans, lower, unit_diagonal)",
    },
)

# Banded systems: ab[u + i - j, j] is the entry (i, j).


def bands_transposed(l_and_u: Any, ab: Any) -> Any:
    """The bands of the transposed matrix, whose diagonals come in the opposite order, each shifted."""
    (below, above), n = l_and_u, np.shape(ab)[1]
    rows = []
    for k in range(below + above + 1):
        offset = above - k  # j - i of this diagonal
        row = ab[k]
        if offset >= 0:
            rows.append(np.concatenate([row[offset:], np.zeros(min(offset, n), row.dtype)])[:n])
        else:
            rows.append(np.concatenate([np.zeros(min(-offset, n), row.dtype), row[:offset]])[:n])
    return np.stack(rows[::-1])


def bands_applied(l_and_u: Any, ab: Any, y: Any) -> Any:
    """The banded matrix times y."""
    (below, above), n = l_and_u, np.shape(ab)[1]
    columns = np.reshape(y, (n, -1))
    total = np.zeros(np.shape(columns))
    for k in range(below + above + 1):
        offset = above - k
        products = ab[k][:, None] * columns
        pad = np.zeros((min(abs(offset), n), np.shape(columns)[1]))
        if offset >= 0:
            total = total + np.concatenate([products[offset:], pad])[:n]
        else:
            total = total + np.concatenate([pad, products[:offset]])[:n]
    return np.reshape(total, np.shape(y))


def bands_bar(y_bar: Any, y: Any, l_and_u: Any, ab: Any) -> Any:
    """The cotangent of the bands: minus b_bar_i y_j at (i, j)."""
    (below, above), n = l_and_u, np.shape(ab)[1]
    b_bar = linalg.solve_banded((above, below), bands_transposed(l_and_u, ab), y_bar)
    left, right = np.reshape(b_bar, (n, -1)), np.reshape(y, (n, -1))
    rows = []
    for k in range(below + above + 1):
        offset = above - k
        pad = np.zeros(min(abs(offset), n))
        if offset >= 0:
            inner = np.sum(left[: max(n - offset, 0)] * right[offset:], axis=1)
            rows.append(np.concatenate([pad, -inner])[:n])
        else:
            inner = np.sum(left[-offset:] * right[:offset], axis=1)
            rows.append(np.concatenate([-inner, pad])[:n])
    return np.stack(rows)


rule(
    linalg.solve_banded,
    "l_and_u, ab, b, overwrite_ab=False, overwrite_b=False, check_finite=True",
    vjp={
        "ab": "bands_bar(y_bar, y, l_and_u, ab)",
        "b": "linalg.solve_banded((l_and_u[1], l_and_u[0]), bands_transposed(l_and_u, ab), y_bar)",
    },
    jvp={
        "ab": "-linalg.solve_banded(l_and_u, ab, bands_applied(l_and_u, ab_dot, y))",
        "b": "linalg.solve_banded(l_and_u, ab, b_dot)",
    },
)


@composed(linalg.solveh_banded)
def solveh_banded(
    ab: Any,
    b: Any,
    overwrite_ab: bool = False,
    overwrite_b: bool = False,
    lower: bool = False,
    check_finite: bool = True,
) -> Any:
    """A Hermitian banded system, with the other bands filled in."""
    ab = np.asarray(ab)
    width = np.shape(ab)[0] - 1
    if lower:
        above = bands_transposed((width, 0), ab)
        bands = np.concatenate([np.conj(above[:-1]), np.real(ab[:1]), ab[1:]])
    else:
        below = bands_transposed((0, width), ab)
        bands = np.concatenate([ab[:-1], np.real(ab[-1:]), np.conj(below[1:])])
    return linalg.solve_banded((width, width), bands, b)


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

# Matrix equations.  a x + x b = q.

rule(
    linalg.solve_sylvester,
    "a, b, q",
    vjp={
        "a": "-linalg.solve_sylvester(mT(a), mT(b), y_bar) @ mT(y)",
        "b": "-mT(y) @ linalg.solve_sylvester(mT(a), mT(b), y_bar)",
        "q": "linalg.solve_sylvester(mT(a), mT(b), y_bar)",
    },
    jvp={
        "a": "-linalg.solve_sylvester(a, b, a_dot @ y)",
        "b": "-linalg.solve_sylvester(a, b, y @ b_dot)",
        "q": "linalg.solve_sylvester(a, b, q_dot)",
    },
)


@composed(linalg.solve_continuous_lyapunov)
def solve_continuous_lyapunov(a: Any, q: Any) -> Any:
    """The solution of a x + x a^H = q."""
    a = np.asarray(a)
    return linalg.solve_sylvester(a, np.conj(mT(a)), np.asarray(q))


@composed(linalg.solve_discrete_lyapunov)
def solve_discrete_lyapunov(a: Any, q: Any, method: Any = None) -> Any:
    """The solution of a x a^H - x + q = 0, as a linear system, or as a continuous one by Cayley's map."""
    a, q = np.asarray(a), np.asarray(q)
    n = np.shape(a)[0]
    if method == "direct" or (method is None and n < 10):
        system = np.eye(n * n) - np.kron(a, np.conj(a))
        return np.reshape(np.linalg.solve(system, np.ravel(q)), (n, n))
    adjoint = np.conj(mT(a))
    inverse = np.linalg.inv(adjoint + np.eye(n))
    cayley = (adjoint - np.eye(n)) @ inverse
    right = 2 * np.linalg.inv(a + np.eye(n)) @ q @ inverse
    return linalg.solve_sylvester(np.conj(mT(cayley)), cayley, -right)


# Functions of matrices.  The upper right block of f applied to (a, e; 0, a) is the derivative of f at a in
# the direction e.  Higham 2008, equation 3.16.


def blocks(a: Any, e: Any) -> Any:
    """The matrix (a, e; 0, a)."""
    lower = np.concatenate([np.zeros_like(a), a], -1)
    return np.concatenate([np.concatenate([a, e], -1), lower], -2)


def upper_right(a: Any) -> Any:
    """The upper right block of a matrix of four."""
    half = np.shape(a)[-1] // 2
    return a[..., :half, half:]


for function in (linalg.expm, linalg.logm):
    name = f"linalg.{function.__name__}"
    rule(
        function,
        "A" if function is linalg.expm else "A, disp=None",
        vjp={"A": f"upper_right({name}(blocks(mT(A), y_bar)))"},
        jvp={"A": f"upper_right({name}(blocks(np.asarray(A), A_dot)))"},
    )
rule(
    linalg.sqrtm,
    "A, disp=None, blocksize=None",
    vjp={"A": "linalg.solve_sylvester(mT(y), mT(y), y_bar)"},
    jvp={"A": "linalg.solve_sylvester(y, y, A_dot)"},
)


@composed(linalg.expm_frechet)
def expm_frechet(A: Any, E: Any, method: Any = None, compute_expm: bool = True, check_finite: bool = True) -> Any:
    """The exponential and its derivative at A in the direction E."""
    A = np.asarray(A)
    slope = upper_right(linalg.expm(blocks(A, np.asarray(E))))
    return (linalg.expm(A), slope) if compute_expm else slope


# Matrices of a structure, whose entries are those of a vector.


def one_vector(x: Any) -> Any:
    """A vector; stacks of them are read in other ways by other versions of SciPy."""
    if np.ndim(x) > 1:
        raise NotImplementedError("matrices made of stacked vectors", "make one matrix at a time")
    return np.atleast_1d(x)


@composed(linalg.toeplitz)
def toeplitz(c: Any, r: Any = None) -> Any:
    """Constant diagonals: the first column c, the first row r."""
    c = one_vector(c)
    r = np.conj(c) if r is None else one_vector(r)
    values = np.concatenate([r[:0:-1], c])
    return values[len(r) - 1 + np.arange(len(c))[:, None] - np.arange(len(r))]


@composed(linalg.circulant)
def circulant(c: Any) -> Any:
    """Columns that are turned by one more each."""
    c = one_vector(c)
    n = len(c)
    return c[(np.arange(n)[:, None] - np.arange(n)) % n]


@composed(linalg.hankel)
def hankel(c: Any, r: Any = None) -> Any:
    """Constant antidiagonals: the first column c, the last row r."""
    c = one_vector(c)
    r = np.zeros(len(c), c.dtype) if r is None else one_vector(r)
    values = np.concatenate([c, r[1:]])
    return values[np.arange(len(c))[:, None] + np.arange(len(r))]


def blocks_of(y_bar: Any, arrs: Any) -> list[Any]:
    """The diagonal blocks of a matrix, each of the shape of an array."""
    row = column = 0
    parts = []
    for a in arrs:
        height, width = np.shape(np.atleast_2d(a))[-2:]
        parts.append(np.reshape(y_bar[..., row : row + height, column : column + width], np.shape(a)))
        row, column = row + height, column + width
    return parts


linear(linalg.block_diag, "*arrs", arrs="blocks_of(y_bar, arrs)")

zero(linalg.issymmetric, linalg.ishermitian, linalg.bandwidth)
