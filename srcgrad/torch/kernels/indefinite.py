"""The factors a = l d l^T of an indefinite matrix, with pivots of one or two rows.

What enters: one symmetric or Hermitian matrix, of which the lower triangle is read. What leaves: l below the diagonal
and the blocks of d on it, and LAPACK's pivots: k for a row, twice -k for a block of two. Bunch and Kaufman 1977.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.torch.kernels.triangles import size

_ALPHA = (1 + np.sqrt(17.0)) / 8


def ldl(a: Any, is_hermitian: bool) -> tuple[Any, Any, int]:
    """The factors in one matrix, the pivots, and the number of the first zero pivot, or 0."""
    a = np.array(a)
    n = len(a)
    pivots = np.zeros(n, np.int32)
    info = 0
    k = 0
    flip = np.conj if is_hermitian else np.array
    if is_hermitian:
        a[np.diag_indices(n)] = a.diagonal().real
    while k < n:
        rows, row = 1, k
        here = float(size(a[k, k]))
        below = size(a[k + 1 :, k])
        top = int(np.argmax(below)) + k + 1 if below.size else k
        most = float(below.max()) if below.size else 0.0
        if max(here, most) == 0:
            info = info or k + 1
            pivots[k] = k + 1
            k += 1
            continue
        if here < _ALPHA * most:
            beside = max(np.max(size(a[top, k:top]), initial=0.0), np.max(size(a[top + 1 :, top]), initial=0.0))
            if here >= _ALPHA * most * (most / beside):
                pass
            elif size(a[top, top]) >= _ALPHA * beside:
                row = top
            else:
                rows, row = 2, top
        at = k + rows - 1
        if row != at:
            _exchange(a, at, row, k, flip)
        if rows == 1:
            column = a[k + 1 :, k] / a[k, k]
            a[k + 1 :, k + 1 :] -= np.tril(np.outer(column, flip(a[k + 1 :, k])))
            a[k + 1 :, k] = column
            pivots[k] = row + 1
        else:
            block = np.array([[a[k, k], flip(a[k + 1, k])], [a[k + 1, k], a[k + 1, k + 1]]])
            columns = a[k + 2 :, k : k + 2].copy()
            scaled = columns @ np.linalg.inv(block) if len(columns) else columns
            a[k + 2 :, k + 2 :] -= np.tril(scaled @ flip(columns).T)
            a[k + 2 :, k : k + 2] = scaled
            pivots[k] = pivots[k + 1] = -(row + 1)
        if is_hermitian:
            places = np.arange(k + rows, n)
            a[places, places] = a[places, places].real
        k += rows
    return np.tril(a), pivots, info


def _exchange(a: Any, p: int, q: int, start: int, flip: Any) -> None:
    """Exchange the rows and columns p < q of the lower triangle that is still to be factored."""
    a[q + 1 :, [p, q]] = a[q + 1 :, [q, p]]
    between = a[p + 1 : q, p].copy()
    a[p + 1 : q, p] = flip(a[q, p + 1 : q])
    a[q, p + 1 : q] = flip(between)
    a[q, p] = flip(a[q, p])
    a[p, p], a[q, q] = a[q, q], a[p, p]
    if p > start:
        a[[p, q], start:p] = a[[q, p], start:p]


def solve_ldl(factors: Any, pivots: Any, b: Any, is_hermitian: bool) -> Any:
    """x in a x = b, for the factors of one matrix."""
    n = len(factors)
    flip = np.conj if is_hermitian else np.array
    x = np.array(b, np.result_type(factors, b))
    k = 0
    blocks = []
    while k < n:
        rows = 1 if pivots[k] > 0 else 2
        at, row = k + rows - 1, abs(int(pivots[k])) - 1
        x[[at, row]] = x[[row, at]]
        blocks.append((k, rows, at, row))
        x[k + rows :] -= factors[k + rows :, k : k + rows] @ x[k : k + rows]
        k += rows
    for k, rows, _, _ in blocks:
        if rows == 1:
            with np.errstate(divide="ignore", invalid="ignore"):
                x[k] = x[k] / (factors[k, k].real if is_hermitian else factors[k, k])
        else:
            block = np.array([[factors[k, k], flip(factors[k + 1, k])], [factors[k + 1, k], factors[k + 1, k + 1]]])
            x[k : k + 2] = np.linalg.solve(block, x[k : k + 2])
    for k, rows, at, row in blocks[::-1]:
        x[k : k + rows] -= flip(factors[k + rows :, k : k + rows]).T @ x[k + rows :]
        x[[at, row]] = x[[row, at]]
    return x
