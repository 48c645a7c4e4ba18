"""Products of matrices and vectors, one BLAS call each, with rules that are products again.

What enters: arrays of fixed ranks. What leaves: their products; `addmm` is a matrix product with a term added.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import linear, rule


def turned(a: Any) -> Any:
    """The transpose of the last two dimensions."""
    return a.T if a.ndim == 2 else a.swapaxes(-1, -2)


def matrix_product(a: Any, b: Any) -> Any:
    """Matrices times matrices, of equal leading dimensions."""
    if a.ndim == b.ndim == 2 and a.dtype.char in "fd":
        return a.dot(b)  # the same call of BLAS, reached sooner
    return np.matmul(a, b)


def matrix_vector(a: Any, x: Any) -> Any:
    """A matrix times a vector."""
    return np.matmul(a, x)


def inner_product(a: Any, b: Any) -> Any:
    """The product of two vectors, without conjugation."""
    return np.dot(a, b)


def outer_product(a: Any, b: Any) -> Any:
    """Every product of an element of a with one of b."""
    return a[:, None] * b[None, :]


def added_product(term: Any, a: Any, b: Any, beta: Any, alpha: Any) -> Any:
    """beta * term + alpha * (a @ b)."""
    y = matrix_product(a, b)
    if alpha != 1:
        y = y * alpha
    if beta == 0:
        return y
    y += term if beta == 1 else term * beta
    return y


linear(turned, "a", a="turned(y_bar)")
linear(matrix_product, "a, b", a="matrix_product(y_bar, turned(b))", b="matrix_product(turned(a), y_bar)")
linear(matrix_vector, "a, x", a="outer_product(y_bar, x)", x="matrix_vector(turned(a), y_bar)")
linear(inner_product, "a, b", a="y_bar * b", b="y_bar * a")
linear(outer_product, "a, b", a="matrix_vector(y_bar, b)", b="matrix_vector(turned(y_bar), a)")
rule(
    added_product,
    "term, a, b, beta, alpha",
    vjp={
        "term": "y_bar if beta == 1 else y_bar * beta",
        "a": "matrix_product(y_bar if alpha == 1 else y_bar * alpha, turned(b))",
        "b": "matrix_product(turned(a), y_bar if alpha == 1 else y_bar * alpha)",
    },
    jvp={
        "term": "0 * y + term_dot * beta",
        "a": "matrix_product(a_dot, b) * alpha",
        "b": "matrix_product(a, b_dot) * alpha",
    },
)
