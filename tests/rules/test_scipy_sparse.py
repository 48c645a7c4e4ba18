"""Samples of the kernels of scipy.sparse, and programs that reach them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse import _sparsetools as kernels

import srcgrad as sg

rng = np.random.default_rng(9)
dense = np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0], [4.0, 0.5, 5.0], [0.0, 0.0, 1.5]])
rows, columns, entries = sparse.csr_matrix(dense), sparse.csc_matrix(dense), sparse.coo_matrix(dense)
others = sparse.csr_matrix(np.array([[1.5, 2.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]))
x, block = rng.normal(size=3), rng.normal(size=(3, 2))
start, starts = rng.normal(size=4), rng.normal(size=(4, 2))
diagonals = rng.normal(size=(3, 3))


def of(matrix: Any) -> tuple[Any, ...]:
    return matrix.indptr, matrix.indices, matrix.data


def integers(count: int) -> Any:
    return np.zeros(count, rows.indices.dtype)


unsorted = np.array([1, 0, 2, 1], rows.indices.dtype)
SAMPLES: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    (kernels.csr_matvec, (4, 3, *of(rows), x, start), {}),
    (kernels.csc_matvec, (4, 3, *of(columns), x, start), {}),
    (kernels.coo_matvec, (entries.nnz, entries.row, entries.col, entries.data, x, start), {}),
    (kernels.csr_matvecs, (4, 3, 2, *of(rows), block.ravel(), starts.ravel()), {}),
    (kernels.csc_matvecs, (4, 3, 2, *of(columns), block.ravel(), starts.ravel()), {}),
    *((kernels.dia_matvec, (n, m, 3, 3, np.array([-1, 0, 2], np.int32), diagonals, x[:m], start[:n]), {})
      for n, m in ((3, 3), (4, 3), (3, 2))),
    (kernels.csr_tocsc, (4, 3, *of(rows), integers(4), integers(rows.nnz), np.zeros(rows.nnz)), {}),
    (kernels.coo_tocsr, (4, 3, 7, entries.row, entries.col, entries.data, integers(5), integers(7), np.zeros(7)), {}),
    (kernels.csr_sort_indices, (2, np.array([0, 2, 4], np.int32), unsorted, start), {}),
    (kernels.csr_sum_duplicates, (3, 4, np.array([0, 4, 4, 7], np.int32), np.array([0, 2, 2, 2, 1, 1, 3], np.int32), rng.normal(size=7)), {}),
    (kernels.csr_sum_duplicates, (1, 4, np.array([0, 0], np.int32), np.zeros(0, np.int32), np.zeros(0)), {}),
    *((kernel, (4, 3, *of(rows), *of(others), integers(5), integers(12), np.zeros(12)), {})
      for kernel in (kernels.csr_plus_csr, kernels.csr_minus_csr)),
    *((kernels.coo_todense, (4, 3, 7, entries.row, entries.col, entries.data, np.zeros(12), order), {}) for order in (0, 1)),
    (kernels.csr_todense, (4, 3, *of(rows), np.zeros((4, 3))), {}),
]  # fmt: skip
if hasattr(kernels, "coo_matmat_dense"):
    SAMPLES += [
        (kernels.coo_matmat_dense, (7, 2, entries.row, entries.col, entries.data, block.ravel(), starts.ravel()), {})
    ]

PRODUCTS = {
    "matmul": lambda a, x: a @ x,
    "dot": lambda a, x: a.dot(x),
    "transposed": lambda a, x: a.T @ (a @ x),
    "from the left": lambda a, x: (a @ x) @ a,
}


@pytest.mark.parametrize(
    "matrix", [rows, columns, entries, sparse.dia_matrix(dense), sparse.csr_array(dense)], ids=repr
)
@pytest.mark.parametrize("product", PRODUCTS.values(), ids=PRODUCTS)
def test_products_with_a_constant_matrix(matrix: Any, product: Any) -> None:
    sg.check_grads(lambda x: product(matrix, x), (x,), order=2)


@pytest.mark.parametrize("matrix", [rows, columns, entries], ids=repr)
def test_products_with_a_dense_matrix(matrix: Any) -> None:
    sg.check_grads(lambda x: matrix @ x, (block,), order=2)


def test_products_with_active_entries() -> None:
    sg.check_grads(lambda v, x: sparse.csr_matrix((v, rows.indices, rows.indptr)) @ x, (rows.data, x), order=2)
    sg.check_grads(
        lambda v, x: sparse.coo_matrix((v, (entries.row, entries.col)), shape=(4, 3)) @ x, (entries.data, x), order=2
    )
    sg.check_grads(
        lambda v, x: sparse.csr_matrix((v, (entries.row, entries.col)), shape=(4, 3)).tocsc() @ x, (entries.data, x)
    )
    sg.check_grads(lambda v: sparse.csr_matrix((v, rows.indices, rows.indptr)).toarray(), (rows.data,))
    sg.check_grads(lambda v, x: sparse.diags([v, v[1:]], [0, 1], shape=(3, 3)) @ x, (x, x))


@pytest.mark.parametrize("form", [sparse.csr_matrix, sparse.csc_matrix, sparse.csr_array])
def test_matrices_made_of_entries_and_their_places(form: Any) -> None:
    """Two of the entries are at one place."""
    places = ([2, 0, 1, 2, 2], [0, 1, 2, 0, 2])

    def product(data: Any, x: Any) -> Any:
        return form((data, places), shape=(3, 3)) @ x

    sg.check_grads(product, (rng.normal(size=5), x))


def test_sums_of_matrices() -> None:
    """Where the difference is zero, it still varies."""
    places = ([2, 0, 1], [0, 1, 2])

    def applied(a: Any, b: Any, x: Any) -> Any:
        first, second = (sparse.csr_matrix((v, places), shape=(3, 3)) for v in (a, b))
        return (first - second + sparse.identity(3, format="csr")) @ x

    ones = np.ones(3)
    sg.check_grads(applied, (ones, ones, x))
    sg.check_grads(applied, (2 * ones, ones, x))
