"""Linear systems, least squares, pseudo-inverses, determinants and the exponential of a matrix.

What enters: matrices in the last two dimensions. What leaves: arrays; the transposes are plain, without conjugation.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.decompositions import mH
from srcgrad.rules.support import mT, unbroadcast  # noqa: F401 - the latter in the rules' texts
from srcgrad.rules.table import rule, zero
from srcgrad.torch.kernels.triangles import eliminated, rows_in_order, solve_factored


def solution(a: Any, b: Any, left: bool, vector: bool) -> Any:
    """x in a x = b, or in x a = b if not `left`; b holds vectors if `vector`. Singular matrices give infinities."""
    if vector:
        return solution(a, b[..., None], left, False)[..., 0]
    if not left:
        return mT(solution(mT(a), mT(b), True, False))
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        factors, pivots = singular_factors(a)
        return solve_factored(factors, rows_in_order(pivots, a.shape[-1]), b, True, False)


def singular_factors(a: Any) -> tuple[Any, Any]:
    """The factors of matrices of which some are singular: pivots that rounding alone made are zero."""
    factors, pivots = eliminated(a)
    n = a.shape[-1]
    scale = np.max(np.abs(np.triu(factors)), axis=(-2, -1), keepdims=True, initial=0)
    tiny = (np.abs(factors) <= n * np.finfo(a.dtype).eps * scale) & np.eye(n, dtype=bool)
    return np.where(tiny, 0, factors), pivots


def system_bar(y_bar: Any, y: Any, a: Any, left: bool, vector: bool) -> Any:
    """The cotangent of the matrix of a system with solution y."""
    b_bar = solution(mT(a), y_bar, left, vector)
    if vector:
        return -b_bar[..., :, None] * y[..., None, :]
    return -b_bar @ mT(y) if left else -mT(y) @ b_bar


def moved(a_dot: Any, y: Any, left: bool, vector: bool) -> Any:
    """a_dot y, or y a_dot."""
    if vector:
        return (a_dot @ y[..., None])[..., 0]
    return a_dot @ y if left else y @ a_dot


rule(
    solution,
    "a, b, left, vector",
    vjp={
        "a": "unbroadcast(system_bar(y_bar, y, a, left, vector), a)",
        "b": "unbroadcast(solution(mT(a), y_bar, left, vector), b)",
    },
    jvp={
        "a": "-solution(a, moved(a_dot, y, left, vector), left, vector)",
        "b": "solution(a, b_dot, left, vector)",
    },
)


def inverse(a: Any) -> Any:
    """The inverse; of a singular matrix infinities."""
    try:
        return np.linalg.inv(a)
    except np.linalg.LinAlgError:
        return solution(a, np.eye(a.shape[-1], dtype=a.dtype), True, False)


rule(inverse, "a", vjp={"a": "-(mT(y) @ y_bar @ mT(y))"}, jvp={"a": "-y @ a_dot @ y"})


# The pseudo-inverse.  Golub and Pereyra 1973.


def kept_values(s: Any, atol: Any, rtol: Any) -> Any:
    """Which of the singular values are not taken as zero."""
    top = np.max(np.abs(s), axis=-1, keepdims=True, initial=0)
    limit = np.maximum(np.asarray(atol)[..., None], np.asarray(rtol)[..., None] * top)
    return np.abs(s) > limit


zero(kept_values)


def pseudo_inverse(a: Any, atol: Any, rtol: Any, is_hermitian: bool) -> Any:
    """The pseudo-inverse; singular values up to max(atol, rtol * the largest) count as zero."""
    if not a.size:
        return np.zeros((*a.shape[:-2], a.shape[-1], a.shape[-2]), a.dtype)
    if is_hermitian:
        s, u = np.linalg.eigh(a)
        vh = mH(u)
    else:
        u, s, vh = np.linalg.svd(a, full_matrices=False)
    kept = kept_values(s, atol, rtol)
    reciprocal = np.where(kept, 1 / np.where(kept, s, 1), 0).astype(s.dtype)
    return mH(vh) @ (reciprocal[..., :, None] * mH(u))


def pseudo_bar(y_bar: Any, y: Any, a: Any) -> Any:
    """The cotangent of a from that of its pseudo-inverse."""
    y_bar_h = mH(y_bar)
    a_bar = -mT(y) @ y_bar @ mT(y)
    outside_rows = y_bar_h - np.conj(a) @ (np.conj(y) @ y_bar_h)
    outside_columns = y_bar_h - (y_bar_h @ np.conj(y)) @ np.conj(a)
    return a_bar + outside_rows @ np.conj(y @ mH(y)) + np.conj(mH(y) @ y) @ outside_columns


def pseudo_dot(a_dot: Any, y: Any, a: Any) -> Any:
    """The tangent of the pseudo-inverse."""
    h = mH(a_dot)
    return -y @ a_dot @ y + y @ mH(y) @ (h - h @ a @ y) + (h - y @ a @ h) @ mH(y) @ y


rule(
    pseudo_inverse,
    "a, atol, rtol, is_hermitian",
    vjp={"a": "pseudo_bar(y_bar, y, a)"},
    jvp={"a": "pseudo_dot(a_dot, y, a)"},
)


def least_squares(a: Any, b: Any, rcond: Any, rest: bool, vector: bool) -> tuple[Any, Any]:
    """The solution of smallest norm that minimises |a x - b|, and, if `rest`, the squares that remain in each column."""
    if vector:
        x, remaining = least_squares(a, b[..., None], rcond, rest, False)
        return x[..., 0], remaining
    x = pseudo_inverse(a, 0.0, rcond, False) @ b
    return x, squares(a @ x - b) if rest else np.zeros(0, x.real.dtype)


def squares(x: Any) -> Any:
    """The sums of the squares in each column."""
    return np.sum((x * np.conj(x)).real, axis=-2)


def columns(y: Any) -> tuple[Any, Any]:
    """A solution that is a vector as a column, and the squares as they are."""
    return y[0][..., None], y[1]


def least_squares_a(y_bar: Any, y: Any, a: Any, b: Any, rcond: Any, rest: bool, vector: bool) -> Any:
    """The cotangent of the matrix."""
    if vector:
        return least_squares_a(columns(y_bar), columns(y), a, b[..., None], rcond, rest, False)
    p = pseudo_inverse(a, 0.0, rcond, False)
    a_bar = pseudo_bar(y_bar[0] @ mT(b), p, a)
    return a_bar + rest_bar(y_bar, y, a, b) @ mT(y[0]) if rest else a_bar


def least_squares_b(y_bar: Any, y: Any, a: Any, b: Any, rcond: Any, rest: bool, vector: bool) -> Any:
    """The cotangent of the right-hand sides."""
    if vector:
        return least_squares_b(columns(y_bar), columns(y), a, b[..., None], rcond, rest, False)[..., 0]
    b_bar = mT(pseudo_inverse(a, 0.0, rcond, False)) @ y_bar[0]
    return b_bar - rest_bar(y_bar, y, a, b) if rest else b_bar


def rest_bar(y_bar: Any, y: Any, a: Any, b: Any) -> Any:
    """The cotangent of a x - b, from that of its squares."""
    return 2 * y_bar[1][..., None, :] * np.conj(a @ y[0] - b)


def least_squares_dot(
    a_dot: Any, b_dot: Any, y: Any, a: Any, b: Any, rcond: Any, rest: bool, vector: bool
) -> tuple[Any, Any]:
    """The tangents of the solution and of the squares."""
    if vector:
        x_dot, rest_dot = least_squares_dot(a_dot, b_dot[..., None], columns(y), a, b[..., None], rcond, rest, False)
        return x_dot[..., 0], rest_dot
    p = pseudo_inverse(a, 0.0, rcond, False)
    x_dot = pseudo_dot(a_dot, p, a) @ b + p @ b_dot
    if not rest:
        return x_dot, np.zeros(0, y[1].dtype)
    changed = a_dot @ y[0] + a @ x_dot - b_dot
    return x_dot, 2 * np.sum((changed * np.conj(a @ y[0] - b)).real, axis=-2)


rule(
    least_squares,
    "a, b, rcond, rest, vector",
    vjp={
        "a": "unbroadcast(least_squares_a(y_bar, y, a, b, rcond, rest, vector), a)",
        "b": "unbroadcast(least_squares_b(y_bar, y, a, b, rcond, rest, vector), b)",
    },
    jvp={
        "a": "least_squares_dot(a_dot, np.zeros_like(b), y, a, b, rcond, rest, vector)",
        "b": "least_squares_dot(np.zeros_like(a), b_dot, y, a, b, rcond, rest, vector)",
    },
)


# The logarithm of a determinant.


def sign_and_log(a: Any) -> tuple[Any, Any]:
    """The sign of the determinant and the logarithm of its absolute value."""
    sign, log = np.linalg.slogdet(a)
    return sign, log


def sign_and_log_bar(y_bar: Any, y: Any, a: Any) -> Any:
    """The cotangent of a. Only a complex sign varies, by i times the imaginary part of tr(a^-1 da)."""
    weight = y_bar[1] + 1j * np.imag(y_bar[0] * y[0]) if np.iscomplexobj(a) else y_bar[1]
    return np.asarray(weight)[..., None, None] * mT(inverse(a))


def sign_and_log_dot(a_dot: Any, y: Any, a: Any) -> tuple[Any, Any]:
    """The tangents of both."""
    change = np.sum(mT(inverse(a)) * a_dot, axis=(-2, -1))
    if np.iscomplexobj(a):
        return 1j * np.imag(change) * y[0], np.real(change)
    return np.zeros_like(change), change


rule(
    sign_and_log,
    "a",
    vjp={"a": "sign_and_log_bar(y_bar, y, a)"},
    jvp={"a": "sign_and_log_dot(a_dot, y, a)"},
)


# The exponential: squared from a Padé approximant of the scaled matrix.  Higham 2005.

_PADE = (
    64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0,
    10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0,
)  # fmt: skip


def exponential(a: Any) -> Any:
    """The exponential of a matrix, computed in double precision in any case."""
    if not a.size:
        return np.array(a)
    norm = np.max(np.sum(np.abs(a), axis=-2), axis=-1)
    top = float(np.max(norm)) if np.all(np.isfinite(norm)) else 0.0
    count = max(0, int(np.ceil(np.log2(top / 5.37)))) if top > 0 else 0
    x = a.astype(np.complex128 if a.dtype.kind == "c" else np.float64) / 2**count
    c = _PADE
    eye = np.eye(a.shape[-1])
    x2 = x @ x
    x4 = x2 @ x2
    x6 = x2 @ x4
    odd = x @ (x6 @ (c[13] * x6 + c[11] * x4 + c[9] * x2) + c[7] * x6 + c[5] * x4 + c[3] * x2 + c[1] * eye)
    even = x6 @ (c[12] * x6 + c[10] * x4 + c[8] * x2) + c[6] * x6 + c[4] * x4 + c[2] * x2 + c[0] * eye
    y = np.linalg.solve(even - odd, even + odd)
    for _ in range(count):
        y = y @ y
    return y.astype(a.dtype)


def exponential_dot(a: Any, a_dot: Any) -> Any:
    """The tangent of the exponential: the upper right block of that of (a, da; 0, a)."""
    n = np.shape(a)[-1]
    upper = np.concatenate([a, a_dot], -1)
    lower = np.concatenate([np.zeros_like(a), a], -1)
    return exponential(np.concatenate([upper, lower], -2))[..., :n, n:]


rule(exponential, "a", vjp={"a": "exponential_dot(mT(a), y_bar)"}, jvp={"a": "exponential_dot(a, a_dot)"})
