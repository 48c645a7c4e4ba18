"""The pseudo-inverse and least squares, at a constant rank.

With p = pinv(a) and x = p b,

    dp = -p da p + p p^H da^H (1 - a p) + (1 - p a) da^H p^H p

Golub and Pereyra 1973, The differentiation of pseudo-inverses and nonlinear least squares problems
whose variables separate. It holds when the singular values that are counted as zero are zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.decompositions import hermitian, hermitian_bar, mH
from srcgrad.rules.support import mT
from srcgrad.rules.svd import svdvals_bar, svdvals_dot


def require_whole(a: Any, p: Any) -> None:
    """Refuse a pseudo-inverse that leaves out more of a than rounding."""
    lost = np.sum(np.abs(a - a @ p @ a), axis=(-2, -1))
    precision = np.sqrt(np.finfo(np.asarray(p).dtype).eps)
    if np.any(lost > precision * np.sum(np.abs(a), axis=(-2, -1))):
        raise NotImplementedError("rcond cuts off singular values that are not zero", "give a smaller rcond")


def residual_maker(a: Any, p: Any) -> Any:
    """1 - a p, the projection on what a does not reach."""
    return np.eye(np.shape(a)[-2]) - a @ p


def pinv_bar(y_bar: Any, y: Any, a: Any, is_hermitian: bool) -> Any:
    """The cotangent of a from that of its pseudo-inverse."""
    a = hermitian(a, "L") if is_hermitian else a
    require_whole(a, y)
    a_bar = -mT(y) @ y_bar @ mT(y)
    y_bar_h = mH(y_bar)
    a_bar = a_bar + np.conj(residual_maker(a, y)) @ y_bar_h @ np.conj(y @ mH(y))
    a_bar = a_bar + np.conj(mH(y) @ y) @ y_bar_h @ np.conj(residual_maker(y, a))
    return hermitian_bar(a_bar, "L") if is_hermitian else a_bar


def pinv_dot(a_dot: Any, y: Any, a: Any, is_hermitian: bool) -> Any:
    """The tangent of the pseudo-inverse."""
    a = hermitian(a, "L") if is_hermitian else a
    a_dot = hermitian(a_dot, "L") if is_hermitian else a_dot
    require_whole(a, y)
    a_dot_h = mH(a_dot)
    y_dot = -y @ a_dot @ y + y @ mH(y) @ a_dot_h @ residual_maker(a, y)
    return y_dot + residual_maker(y, a) @ a_dot_h @ mH(y) @ y


def as_columns(b: Any, like: Any) -> Any:
    """A right-hand side, or its solution, as a matrix of columns."""
    return b[:, None] if np.ndim(like) == 1 else b


def effective_inverse(a: Any, rcond: Any) -> Any:
    """The pseudo-inverse that lstsq applies."""
    if rcond is None:
        rcond = np.finfo(np.result_type(a, np.float16)).eps * max(np.shape(a))
    p = np.linalg.pinv(a, rcond)
    require_whole(a, p)
    return p


def lstsq_bars(y_bar: Any, y: Any, a: Any, b: Any, rcond: Any) -> tuple[Any, Any]:
    """The cotangents of a and b from those of the solution, the residuals and the singular values."""
    p = effective_inverse(a, rcond)
    x, x_bar = as_columns(y[0], b), as_columns(y_bar[0], b)
    r = as_columns(b, b) - a @ x
    b_bar = mT(p) @ x_bar
    back = mT(residual_maker(p, a)) @ x_bar
    a_bar = -b_bar @ mT(x)
    a_bar = a_bar + np.conj(r) @ mH(mT(p @ mH(p)) @ x_bar) + np.conj(mH(p) @ x) @ mH(back)
    if np.size(y[1]) > 0:
        r_bar = 2 * np.conj(r) * y_bar[1]
        b_bar = b_bar + r_bar
        a_bar = a_bar - r_bar @ mT(x)
    if np.any(y_bar[3] != 0):
        a_bar = a_bar + svdvals_bar(y_bar[3], a)
    return a_bar, np.reshape(b_bar, np.shape(b))


def lstsq_dot(a_dot: Any, b_dot: Any, y: Any, a: Any, b: Any, rcond: Any) -> tuple[Any, ...]:
    """The tangents of the solution, the residuals, the rank and the singular values."""
    p = effective_inverse(a, rcond)
    x = as_columns(y[0], b)
    r = as_columns(b, b) - a @ x
    moved = as_columns(b_dot, b) - a_dot @ x
    x_dot = p @ moved + p @ mH(p) @ mH(a_dot) @ r
    x_dot = x_dot + residual_maker(p, a) @ mH(a_dot) @ mH(p) @ x
    residuals_dot = 2 * np.real(np.sum(np.conj(r) * moved, axis=0))[: np.size(y[1])]
    return np.reshape(x_dot, np.shape(y[0])), residuals_dot, 0, svdvals_dot(a_dot, a)
