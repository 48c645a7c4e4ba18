"""scipy.sparse: the kernels in C++ under SciPy's Python code, on the arrays that a sparse matrix consists of.

Sparse matrices are objects of Python, whose methods are differentiated as they stand, with respect to
dense operands and to the numbers stored. The kernels add into or overwrite their last argument.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import _sparsetools as kernels  # type: ignore[import-untyped]

from srcgrad.rules.support import scatter_add
from srcgrad.rules.table import composed, zero

# Products.  Each entry (i, j, v) adds v x_j to y_i; the pointers of compressed rows say where each row begins.


def numbers_of_rows(pointers: Any) -> Any:
    """The row of each entry."""
    return np.repeat(np.arange(len(pointers) - 1), np.diff(pointers))


def added(y: Any, rows: Any, columns: Any, values: Any, x: Any) -> None:
    """Add the matrix of some entries, times a vector or a matrix, to y."""
    factors = values if np.ndim(x) == 1 else values[:, None]
    y += scatter_add(np.shape(y), rows, factors * x[columns])


@composed(kernels.csr_matvec)
def csr_matvec(n_row: int, n_col: int, Ap: Any, Aj: Any, Ax: Any, Xx: Any, Yx: Any) -> None:
    """Compressed rows times a vector."""
    added(Yx, numbers_of_rows(Ap), Aj[: Ap[-1]], Ax[: Ap[-1]], Xx)


@composed(kernels.csc_matvec)
def csc_matvec(n_row: int, n_col: int, Ap: Any, Ai: Any, Ax: Any, Xx: Any, Yx: Any) -> None:
    """Compressed columns times a vector."""
    added(Yx, Ai[: Ap[-1]], numbers_of_rows(Ap), Ax[: Ap[-1]], Xx)


@composed(kernels.coo_matvec)
def coo_matvec(nnz: int, Ai: Any, Aj: Any, Ax: Any, Xx: Any, Yx: Any) -> None:
    """Entries with their subscripts times a vector."""
    added(Yx, Ai, Aj, Ax, Xx)


@composed(kernels.csr_matvecs)
def csr_matvecs(n_row: int, n_col: int, n_vecs: int, Ap: Any, Aj: Any, Ax: Any, Xx: Any, Yx: Any) -> None:
    """Compressed rows times the rows of a matrix, laid out one after the other."""
    x = np.reshape(Xx, (n_col, n_vecs))
    added(np.reshape(Yx, (n_row, n_vecs)), numbers_of_rows(Ap), Aj[: Ap[-1]], Ax[: Ap[-1]], x)


@composed(kernels.csc_matvecs)
def csc_matvecs(n_row: int, n_col: int, n_vecs: int, Ap: Any, Ai: Any, Ax: Any, Xx: Any, Yx: Any) -> None:
    """Compressed columns times the rows of a matrix, laid out one after the other."""
    x = np.reshape(Xx, (n_col, n_vecs))
    added(np.reshape(Yx, (n_row, n_vecs)), Ai[: Ap[-1]], numbers_of_rows(Ap), Ax[: Ap[-1]], x)


if hasattr(kernels, "coo_matmat_dense"):

    @composed(kernels.coo_matmat_dense)
    def coo_matmat_dense(nnz: int, n_col: int, Ai: Any, Aj: Any, Ax: Any, Xx: Any, Yx: Any) -> None:
        """Entries with their subscripts times the rows of a matrix, laid out one after the other."""
        added(np.reshape(Yx, (-1, n_col)), Ai, Aj, Ax, np.reshape(Xx, (-1, n_col)))


@composed(kernels.dia_matvec)
def dia_matvec(n_row: int, n_col: int, n_diags: int, L: int, offsets: Any, diags: Any, Xx: Any, Yx: Any) -> None:
    """Diagonals times a vector; entry j of a diagonal stands in column j."""
    for k in range(n_diags):
        offset = int(offsets[k])
        start, stop = max(0, offset), min(n_row + offset, n_col, L)
        Yx[start - offset : stop - offset] += diags[k, start:stop] * Xx[start:stop]


# Changes of format: the order of the entries is found out by moving their numbers.


def order_moved(count: int, places: Any) -> Any:
    """The order in which places hold entries, as integers."""
    return places[:count].astype(int)


@composed(kernels.csr_tocsc)
def csr_tocsc(n_row: int, n_col: int, Ap: Any, Aj: Any, Ax: Any, Bp: Any, Bi: Any, Bx: Any) -> None:
    """Compressed rows as compressed columns, and the other way round."""
    count = int(Ap[-1])
    order = np.zeros(len(Bx))
    kernels.csr_tocsc(n_row, n_col, Ap, Aj, np.arange(float(len(Ax))), Bp, Bi, order)
    Bx[:count] = Ax[order_moved(count, order)]


@composed(kernels.coo_tocsr)
def coo_tocsr(n_row: int, n_col: int, nnz: int, Ai: Any, Aj: Any, Ax: Any, Bp: Any, Bj: Any, Bx: Any) -> None:
    """Entries with their subscripts as compressed rows, repetitions kept."""
    order = np.zeros(len(Bx))
    kernels.coo_tocsr(n_row, n_col, nnz, Ai, Aj, np.arange(float(len(Ax))), Bp, Bj, order)
    Bx[:nnz] = Ax[order_moved(nnz, order)]


@composed(kernels.csr_sort_indices)
def csr_sort_indices(n_row: int, Ap: Any, Aj: Any, Ax: Any) -> None:
    """The entries of each row in the order of the columns."""
    count = int(Ap[-1])
    order = np.arange(float(len(Ax)))
    kernels.csr_sort_indices(n_row, Ap, Aj, order)
    Ax[:count] = Ax[order_moved(count, order)]


@composed(kernels.csr_sum_duplicates)
def csr_sum_duplicates(n_row: int, n_col: int, Ap: Any, Aj: Any, Ax: Any) -> None:
    """Neighbouring entries of one place added up."""
    count = int(Ap[-1])
    rows, columns = numbers_of_rows(Ap), Aj[:count].copy()
    place = rows * n_col + columns
    first = np.concatenate([np.ones(min(count, 1), bool), place[1:] != place[:-1]])
    left = int(np.sum(first))
    Ax[:left] = scatter_add((left,), np.cumsum(first) - 1, Ax[:count])
    Aj[:left] = columns[first]
    Ap[1:] = np.cumsum(np.bincount(rows[first], minlength=n_row))


def places_among(Cp: Any, Cj: Any, Ap: Any, Aj: Any, n_col: int) -> Any:
    """Where the entries of a matrix stand in one that has them all."""
    theirs = numbers_of_rows(Cp) * n_col + Cj[: Cp[-1]]
    order = np.argsort(theirs)
    return order[np.searchsorted(theirs[order], numbers_of_rows(Ap) * n_col + Aj[: Ap[-1]])]


def added_rows(kernel: Any, sign: float) -> Any:
    """As a kernel that adds or subtracts compressed rows, with the sums that happen to be zero kept."""

    def add(
        n_row: int, n_col: int, Ap: Any, Aj: Any, Ax: Any, Bp: Any, Bj: Any, Bx: Any, Cp: Any, Cj: Any, Cx: Any
    ) -> None:
        kernel(n_row, n_col, Ap, Aj, np.ones(len(Aj)), Bp, Bj, sign * np.ones(len(Bj)), Cp, Cj, np.zeros(len(Cj)))
        size = np.shape(Cx[: Cp[-1]])
        left = scatter_add(size, places_among(Cp, Cj, Ap, Aj, n_col), Ax[: Ap[-1]])
        right = scatter_add(size, places_among(Cp, Cj, Bp, Bj, n_col), Bx[: Bp[-1]])
        Cx[: Cp[-1]] = left + sign * right

    return add


composed(kernels.csr_plus_csr)(added_rows(kernels.csr_plus_csr, 1.0))
composed(kernels.csr_minus_csr)(added_rows(kernels.csr_minus_csr, -1.0))


@composed(kernels.coo_todense)
def coo_todense(n_row: int, n_col: int, nnz: int, Ai: Any, Aj: Any, Ax: Any, Bx: Any, fortran: Any) -> None:
    """Entries added into a dense matrix, laid out by rows or by columns."""
    place = Ai + n_row * Aj if fortran else Ai * n_col + Aj
    Bx += scatter_add(np.shape(Bx), place, Ax)


@composed(kernels.csr_todense)
def csr_todense(n_row: int, n_col: int, Ap: Any, Aj: Any, Ax: Any, Bx: Any) -> None:
    """Compressed rows added into a dense matrix."""
    Bx += scatter_add(np.shape(Bx), (numbers_of_rows(Ap), Aj[: Ap[-1]]), Ax[: Ap[-1]])


zero(kernels.csr_has_sorted_indices, kernels.csr_has_canonical_format)
