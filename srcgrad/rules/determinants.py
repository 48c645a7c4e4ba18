"""The cofactors of a matrix, which are the slope of its determinant, for singular matrices too.

The determinant is a polynomial and smooth everywhere, but the formula det(a) inv(a)^T breaks down at a
singular matrix. There, a is rotated by its singular vectors, held constant, into blocks of which
the first is well-conditioned and the last small:

    det a  =  phase · det M11 · det(M22 - M21 M11^-1 M12)

and the determinant of the small block is written out as a polynomial. So second derivatives are right as well.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.support import mT
from srcgrad.rules.table import zero


def cofactors(a: Any, det: Any) -> Any:
    """The derivative of det(a) with respect to each entry of a."""
    a = np.asarray(a)
    if np.all(det != 0):
        inverse = np.linalg.inv(a)
        if well_conditioned(a, inverse):
            return np.asarray(det)[..., None, None] * mT(inverse)
    matrices = np.reshape(a, (-1, *np.shape(a)[-2:]))
    return np.reshape(np.stack([cofactors_of_one(m) for m in matrices]), np.shape(a))


def well_conditioned(a: Any, inverse: Any) -> bool:
    """Whether half of the digits survive the inversion of every matrix."""
    condition = np.sum(np.abs(a), axis=(-2, -1)) * np.sum(np.abs(inverse), axis=(-2, -1))
    return not np.any(condition**2 >= 1.0 / np.finfo(np.asarray(inverse).dtype).eps)


def singular_frame(a: Any) -> tuple[Any, Any, int, Any]:
    """Singular vectors (left ones conjugate transposed), how many values are not small, and det(u) det(v^H)."""
    u, s, vh = np.linalg.svd(a)
    large = int(np.sum(s > 1e-3 * np.max(s, initial=0.0)))
    return np.conj(mT(u)), np.conj(mT(vh)), large, np.linalg.det(u) * np.linalg.det(vh)


# Any frame near the singular vectors gives the same cofactors, so none of its changes matter.
zero(singular_frame)


def cofactors_of_one(a: Any) -> Any:
    """The cofactors of one matrix, singular or not."""
    if not np.all(np.isfinite(a)):
        return np.full(np.shape(a), np.nan)
    uh, v, large, phase = singular_frame(a)
    m = uh @ a @ v
    m11, m12 = m[:large, :large], m[:large, large:]
    m21, m22 = m[large:, :large], m[large:, large:]
    inverse, det = np.linalg.inv(m11), np.linalg.det(m11)
    x, y = inverse @ m12, m21 @ inverse
    adjugate, small_det = adjugate_and_det(m22 - m21 @ x)
    k = det * mT(adjugate)
    upper = np.concatenate([det * small_det * mT(inverse) + mT(y) @ k @ mT(x), -mT(y) @ k], 1)
    lower = np.concatenate([-k @ mT(x), k], 1)
    return phase * (mT(uh) @ np.concatenate([upper, lower]) @ mT(v))


def adjugate_and_det(a: Any) -> tuple[Any, Any]:
    """Both as polynomials of a small matrix, by the recurrence of Faddeev and LeVerrier."""
    size = len(a)
    identity = np.eye(size)
    power, coefficient = np.zeros((size, size)), 1.0
    for k in range(1, size + 1):
        power = a @ power + coefficient * identity
        coefficient = -np.trace(a @ power) / k
    return (-1.0) ** (size - 1) * power, (-1.0) ** size * coefficient


def inverse_where_regular(a: Any, sign: Any, weight: Any) -> Any:
    """The inverses of stacked matrices, times a weight for each.

    Of a singular one, which has sign 0, it is NaN: the logarithm of its determinant has no slope. With weight 0,
    as for a branch that np.where did not take, it is zero.
    """
    singular = np.asarray(sign) == 0
    regular = np.where(singular[..., None, None], np.eye(np.shape(a)[-1]), a)
    factor = np.where(singular & (weight != 0), np.nan, weight)
    return factor[..., None, None] * np.linalg.inv(regular)
