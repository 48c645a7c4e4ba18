"""Sums of a term and a product, products of vectors, and what is linear in each of two operands.

What enters: arrays of fixed ranks. What leaves: arrays; `beta = 0` leaves the term out, NaNs and all.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import linear, rule
from srcgrad.torch.kernels.contractions import (  # noqa: F401 - in the rules' texts
    inner_product,
    matrix_product,
    matrix_vector,
    outer_product,
    turned,
)


def with_term(term: Any, product: Any, beta: Any, alpha: Any) -> Any:
    """beta * term + alpha * product."""
    if alpha != 1:
        product = product * alpha
    if beta == 0:
        return product
    return product + (term if beta == 1 else term * beta)


def added_vector(term: Any, a: Any, x: Any, beta: Any, alpha: Any) -> Any:
    """beta * term + alpha * (a @ x), for a matrix and a vector."""
    return with_term(term, np.matmul(a, x), beta, alpha)


def added_outer(term: Any, a: Any, b: Any, beta: Any, alpha: Any) -> Any:
    """beta * term + alpha * (every product of an element of a with one of b)."""
    return with_term(term, outer_product(a, b), beta, alpha)


def added_batch(term: Any, a: Any, b: Any, beta: Any, alpha: Any) -> Any:
    """beta * term + alpha * (a @ b), for rows of matrices."""
    return with_term(term, np.matmul(a, b), beta, alpha)


def added_sum(term: Any, a: Any, b: Any, beta: Any, alpha: Any) -> Any:
    """beta * term + alpha * (the sum of the products of rows of matrices)."""
    return with_term(term, joined_product(a, b), beta, alpha)


def joined_product(a: Any, b: Any) -> Any:
    """The sum of the products of rows of matrices, which is one product of long matrices."""
    left = np.reshape(np.swapaxes(a, 0, 1), (a.shape[1], a.shape[0] * a.shape[2]))
    return np.matmul(left, np.reshape(b, (b.shape[0] * b.shape[1], b.shape[2])))


rule(
    added_vector,
    "term, a, x, beta, alpha",
    vjp={
        "term": "y_bar * beta",
        "a": "outer_product(y_bar, x) * alpha",
        "x": "matrix_vector(turned(a), y_bar) * alpha",
    },
    jvp={
        "term": "0 * y + term_dot * beta",
        "a": "matrix_vector(a_dot, x) * alpha",
        "x": "matrix_vector(a, x_dot) * alpha",
    },
)
rule(
    added_outer,
    "term, a, b, beta, alpha",
    vjp={
        "term": "y_bar * beta",
        "a": "matrix_vector(y_bar, b) * alpha",
        "b": "matrix_vector(turned(y_bar), a) * alpha",
    },
    jvp={
        "term": "0 * y + term_dot * beta",
        "a": "outer_product(a_dot, b) * alpha",
        "b": "outer_product(a, b_dot) * alpha",
    },
)
for _kernel, _product in ((added_batch, "matrix_product"), (added_sum, "joined_product")):
    rule(
        _kernel,
        "term, a, b, beta, alpha",
        vjp={
            "term": "y_bar * beta",
            "a": "matrix_product(y_bar, turned(b)) * alpha",
            "b": "matrix_product(turned(a), y_bar) * alpha",
        },
        jvp={
            "term": "0 * y + term_dot * beta",
            "a": f"{_product}(a_dot, b) * alpha",
            "b": f"{_product}(a, b_dot) * alpha",
        },
    )


def conjugate_inner(a: Any, b: Any) -> Any:
    """The product of two vectors, the first conjugated."""
    return np.vdot(a, b)


rule(
    conjugate_inner,
    "a, b",
    vjp={"a": "np.conj(y_bar) * np.conj(b)", "b": "y_bar * np.conj(a)"},
    jvp={"a": "conjugate_inner(a_dot, b)", "b": "conjugate_inner(a, b_dot)"},
)


def diagonal_sum(a: Any) -> Any:
    """The sum of a matrix's diagonal."""
    return np.trace(a)


def on_diagonal(value: Any, shape: Any) -> Any:
    """The transpose of `diagonal_sum`: one value all along the diagonal."""
    return value * np.eye(*shape, dtype=np.asarray(value).dtype)


linear(diagonal_sum, "a", a="on_diagonal(y_bar, np.shape(a))")
linear(on_diagonal, "value, shape", value="diagonal_sum(y_bar)")


def cross_product(a: Any, b: Any, axis: Any) -> Any:
    """The vector product along a dimension of length 3."""
    a1, a2, a3 = np.moveaxis(a, axis, 0)
    b1, b2, b3 = np.moveaxis(b, axis, 0)
    return np.stack([a2 * b3 - a3 * b2, a3 * b1 - a1 * b3, a1 * b2 - a2 * b1], axis)


linear(cross_product, "a, b, axis", a="cross_product(b, y_bar, axis)", b="cross_product(y_bar, a, axis)")
