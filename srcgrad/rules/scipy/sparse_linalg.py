"""scipy.sparse.linalg: solutions of sparse systems, in the kernel under spsolve.

With m x = b, b_bar = m^-T x_bar, and the cotangent of an entry (i, j) is -b_bar_i x_j.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse.linalg._dsolve import _superlu  # type: ignore[import-untyped]

from srcgrad.rules.scipy.sparse import numbers_of_rows
from srcgrad.rules.support import scatter_add
from srcgrad.rules.table import rule


def solve(size: int, values: Any, others: Any, pointers: Any, b: Any, by_columns: int) -> Any:
    """The solution alone."""
    return _superlu.gssv(size, len(values), values, others, pointers, b, by_columns)[0]


def transposed(size: int, values: Any, others: Any, pointers: Any, b: Any, by_columns: int) -> Any:
    """The solution of the transposed system: rows are read as columns."""
    return solve(size, values, others, pointers, b, 1 - by_columns)


def subscripts(others: Any, pointers: Any, by_columns: int) -> tuple[Any, Any]:
    """The row and the column of each entry."""
    compressed = numbers_of_rows(pointers)
    return (others, compressed) if by_columns else (compressed, others)


def values_bar(y_bar: Any, x: Any, size: int, values: Any, others: Any, pointers: Any, by_columns: int) -> Any:
    """The cotangent of the entries."""
    b_bar = transposed(size, values, others, pointers, y_bar, by_columns)
    rows, columns = subscripts(others, pointers, by_columns)
    products = -b_bar[rows] * x[columns]
    return products if np.ndim(x) == 1 else np.sum(products, axis=1)


def entries_dot(dot: Any, x: Any, size: int, values: Any, others: Any, pointers: Any, by_columns: int) -> Any:
    """The tangent of the solution for that of the entries."""
    rows, columns = subscripts(others, pointers, by_columns)
    moved = scatter_add(np.shape(x), rows, (dot if np.ndim(x) == 1 else dot[:, None]) * x[columns])
    return -solve(size, values, others, pointers, moved, by_columns)


rule(
    _superlu.gssv,
    "N, nnz, values, others, pointers, b, by_columns=0, options=None",
    vjp={
        "values": "values_bar(y_bar[0], y[0], N, values, others, pointers, by_columns)",
        "b": "transposed(N, values, others, pointers, y_bar[0], by_columns)",
    },
    jvp={
        "values": "(entries_dot(values_dot, y[0], N, values, others, pointers, by_columns), 0)",
        "b": "(solve(N, values, others, pointers, b_dot, by_columns), 0)",
    },
)
