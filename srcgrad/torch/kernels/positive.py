"""What the triangular factor of a positive definite matrix gives: its inverse, and solutions of its systems.

What enters: the factor, of which one triangle is read. What leaves: arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.decompositions import mH
from srcgrad.rules.support import mT, unbroadcast  # noqa: F401 - the latter in the rules' texts
from srcgrad.rules.table import rule
from srcgrad.torch.kernels.triangles import solve_triangle


def lower_factor(a: Any, upper: bool) -> Any:
    """The factor l of l l^H, of which a is l or its adjoint."""
    return np.tril(mH(a) if upper else a)


def solution_from_factor(b: Any, factor: Any, upper: bool) -> Any:
    """x in l l^H x = b."""
    lower = lower_factor(factor, upper)
    return solve_triangle(mH(lower), solve_triangle(lower, b, False, True, False), True, True, False)


def cotangent_of_factor(y_bar: Any, y: Any, factor: Any, upper: bool) -> Any:
    """The cotangent of the factor."""
    lower = mH(factor) if upper else factor
    b_bar = np.conj(solution_from_factor(np.conj(y_bar), factor, upper))
    a_bar = -b_bar @ mT(y)
    # l l^H changes by dl l^H and by its adjoint. As PyTorch's, the cotangent is that of a whole matrix l.
    l_bar = (a_bar + mH(a_bar)) @ np.conj(lower)
    return mH(l_bar) if upper else l_bar


def factor_tangent(dot: Any, y: Any, factor: Any, upper: bool) -> Any:
    """The tangent of the solution, from that of the factor."""
    lower, l_dot = lower_factor(factor, upper), lower_factor(dot, upper)
    a_dot = l_dot @ mH(lower) + lower @ mH(l_dot)
    return -solution_from_factor(a_dot @ y, factor, upper)


rule(
    solution_from_factor,
    "b, factor, upper",
    vjp={
        "b": "unbroadcast(np.conj(solution_from_factor(np.conj(y_bar), factor, upper)), b)",
        "factor": "unbroadcast(cotangent_of_factor(y_bar, y, factor, upper), factor)",
    },
    jvp={
        "b": "solution_from_factor(b_dot, factor, upper)",
        "factor": "factor_tangent(factor_dot, y, factor, upper)",
    },
)


def inverse_from_factor(factor: Any, upper: bool) -> Any:
    """The inverse of l l^H."""
    return solution_from_factor(identity_of(factor), factor, upper)


def identity_of(a: Any) -> Any:
    """The identity, as large as a."""
    return np.broadcast_to(np.eye(np.shape(a)[-1], dtype=a.dtype), np.shape(a))


rule(
    inverse_from_factor,
    "factor, upper",
    vjp={"factor": "cotangent_of_factor(y_bar, y, factor, upper)"},
    jvp={"factor": "factor_tangent(factor_dot, y, factor, upper)"},
)


def partial_factor(a: Any, upper: bool) -> tuple[Any, int]:
    """The factor of one matrix as far as it goes, and the order of the minor where it ends."""
    y = np.tril(mH(a) if upper else a)
    n = len(y)
    for k in range(n):
        pivot = (y[k, k] - np.sum(np.abs(y[k, :k]) ** 2)).real
        if not pivot > 0:
            y[k, k] = pivot
            return (mH(y) if upper else y), k + 1
        y[k, k] = np.sqrt(pivot)
        y[k + 1 :, k] = (y[k + 1 :, k] - y[k + 1 :, :k] @ np.conj(y[k, :k])) / y[k, k]
    return (mH(y) if upper else y), 0
