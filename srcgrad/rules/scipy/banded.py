"""scipy.linalg, continued: systems of which the matrix is zero beside a triangle or a band.

The conventions are those of the other rules of linear algebra: transposes without conjugation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg  # type: ignore[import-untyped]

from srcgrad.rules.support import mT, unbroadcast  # noqa: F401 - the latter in the rules' texts
from srcgrad.rules.table import composed, rule

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
