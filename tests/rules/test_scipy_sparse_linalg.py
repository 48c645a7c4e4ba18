"""Samples of the kernel under scipy.sparse.linalg.spsolve, and programs that reach it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse import linalg
from scipy.sparse.linalg._dsolve import _superlu

import srcgrad as sg

dense = np.array([[4.0, 0.0, 2.0], [0.0, 3.0, -1.0], [1.0, 0.5, 5.0]])
rows, columns = sparse.csr_matrix(dense), sparse.csc_matrix(dense)
b, block = np.array([0.3, -1.2, 0.7]), np.array([[0.3, 1.0], [-1.2, 0.2], [0.7, 0.6]])

SAMPLES: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    (_superlu.gssv, (3, m.nnz, m.data, m.indices, m.indptr, right, flag), {})
    for m, flag in ((rows, 0), (columns, 1))
    for right in (b, np.asfortranarray(block))
]


@pytest.mark.parametrize("matrix", [rows, columns], ids=repr)
@pytest.mark.parametrize("right", [b, block], ids=["vector", "matrix"])
def test_solutions(matrix: Any, right: Any) -> None:
    sg.check_grads(lambda right: linalg.spsolve(matrix, right), (right,), order=2)
    kind = type(matrix)
    sg.check_grads(
        lambda v, right: linalg.spsolve(kind((v, matrix.indices, matrix.indptr)), right), (matrix.data, right), order=2
    )
