"""Random numbers as functions of their parameters: which of them move when a parameter moves, and how fast.

A sample x of a distribution with cumulative distribution F(x; a) and density f moves by dx/da = -(dF/da) / f, its quantile being
kept (Figurnov, Mohamed and Mnih, NeurIPS 2018). The sums are those of DLMF 8.7.1 and 8.17.8, term by term.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import rule
from srcgrad.torch.kernels.gamma_functions import digamma

# Terms that the sums are cut off at; far out in the tails of gigantic parameters nothing else ends them.
_TERMS = 100_000


def unmoved(x: Any, sample: Any) -> Any:  # noqa: ARG001 - what the sample was drawn with
    """A sample that its parameter moves in steps: the derivative is zero."""
    return sample


def unmoved_by_two(x: Any, other: Any, sample: Any) -> Any:  # noqa: ARG001 - what the sample was drawn with
    """The same for two parameters."""
    return sample


def gamma_sample(concentration: Any, sample: Any) -> Any:  # noqa: ARG001 - what the sample was drawn with
    """A gamma distributed sample of rate one."""
    return sample


def dirichlet_sample(concentration: Any, sample: Any) -> Any:  # noqa: ARG001 - what the sample was drawn with
    """A sample of Dirichlet's distribution along the last axis."""
    return sample


def gamma_slope(a: Any, x: Any) -> Any:
    """How fast a gamma distributed sample moves with its parameter of shape."""
    shape, point = np.asarray(a, np.float64), np.asarray(x, np.float64)
    log, psi, step = np.log(point), digamma(shape + 1), shape + 1
    term = point / shape
    total = term * (log - psi)
    for _ in range(_TERMS):
        term = term * (point / step)
        psi = psi + 1 / step
        step = step + 1
        part = term * (log - psi)
        total = total + part
        if not np.any(np.abs(part) > 1e-17 * np.abs(total)):
            break
    return (-total).astype(x.dtype)


def beta_slope(x: Any, a: Any, b: Any) -> Any:
    """How fast a beta distributed sample moves with its first parameter."""
    log = np.log(x)
    both = digamma(a + b)
    # Beyond the mean the sum for 1 - x converges faster.
    beyond = x > (a + 1) / (a + b + 2)
    base, ratio = np.where(beyond, b, a), np.where(beyond, 1 - x, x)
    psi, still = np.where(beyond, digamma(a), digamma(a + 1)), beyond
    term = x * (1 - x) / base
    total = term * (log + both - psi)
    for n in range(_TERMS):
        term = term * ratio * (a + b + n) / (base + n + 1)
        both = both + 1 / (a + b + n)
        psi = np.where(still, psi, psi + 1 / (a + n + 1))
        part = term * (log + both - psi)
        total = total + part
        if not np.any(np.abs(part) > 1e-17 * np.abs(total)):
            break
    return np.where(beyond, total, -total)


def dirichlet_bar(y_bar: Any, y: Any, concentration: Any) -> Any:
    """The cotangent of the concentration: each part moves as a beta distributed one, the others make room in proportion."""
    a, x = np.asarray(concentration, np.float64), np.asarray(y, np.float64)
    rest = np.sum(a, axis=-1, keepdims=True) - a
    slope = beta_slope(x, a, rest) / (1 - x)
    return (slope * (y_bar - np.sum(y * y_bar, axis=-1, keepdims=True))).astype(y.dtype)


def dirichlet_dot(a_dot: Any, y: Any, concentration: Any) -> Any:
    """The tangent of the sample."""
    a, x = np.asarray(concentration, np.float64), np.asarray(y, np.float64)
    rest = np.sum(a, axis=-1, keepdims=True) - a
    moved = beta_slope(x, a, rest) / (1 - x) * a_dot
    return (moved - x * np.sum(moved, axis=-1, keepdims=True)).astype(y.dtype)


rule(
    unmoved,
    "x, sample",
    vjp={"x": "np.zeros(np.shape(x), y_bar.dtype)"},
    jvp={"x": "np.zeros_like(y)"},
)
rule(
    unmoved_by_two,
    "x, other, sample",
    vjp={"x": "np.zeros(np.shape(x), y_bar.dtype)", "other": "np.zeros(np.shape(other), y_bar.dtype)"},
    jvp={"x": "np.zeros_like(y)", "other": "np.zeros_like(y)"},
)
rule(
    gamma_sample,
    "concentration, sample",
    vjp={"concentration": "y_bar * gamma_slope(concentration, y)"},
    jvp={"concentration": "concentration_dot * gamma_slope(concentration, y)"},
)
rule(
    dirichlet_sample,
    "concentration, sample",
    vjp={"concentration": "dirichlet_bar(y_bar, y, concentration)"},
    jvp={"concentration": "dirichlet_dot(concentration_dot, y, concentration)"},
)
