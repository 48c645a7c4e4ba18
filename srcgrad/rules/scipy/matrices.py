"""scipy.linalg, continued: matrix equations, functions of matrices, and matrices of a structure."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg  # type: ignore[import-untyped]

from srcgrad.rules.support import mT
from srcgrad.rules.table import composed, linear, rule

# Matrix equations.  a x + x b = q.

rule(
    linalg.solve_sylvester,
    "a, b, q",
    vjp={
        "a": "-linalg.solve_sylvester(mT(a), mT(b), y_bar) @ mT(y)",
        "b": "-mT(y) @ linalg.solve_sylvester(mT(a), mT(b), y_bar)",
        "q": "linalg.solve_sylvester(mT(a), mT(b), y_bar)",
    },
    jvp={
        "a": "-linalg.solve_sylvester(a, b, a_dot @ y)",
        "b": "-linalg.solve_sylvester(a, b, y @ b_dot)",
        "q": "linalg.solve_sylvester(a, b, q_dot)",
    },
)


@composed(linalg.solve_continuous_lyapunov)
def solve_continuous_lyapunov(a: Any, q: Any) -> Any:
    """The solution of a x + x a^H = q."""
    a = np.asarray(a)
    return linalg.solve_sylvester(a, np.conj(mT(a)), np.asarray(q))


@composed(linalg.solve_discrete_lyapunov)
def solve_discrete_lyapunov(a: Any, q: Any, method: Any = None) -> Any:
    """The solution of a x a^H - x + q = 0, as a linear system, or as a continuous one by Cayley's map."""
    a, q = np.asarray(a), np.asarray(q)
    n = np.shape(a)[0]
    if method == "direct" or (method is None and n < 10):
        system = np.eye(n * n) - np.kron(a, np.conj(a))
        return np.reshape(np.linalg.solve(system, np.ravel(q)), (n, n))
    adjoint = np.conj(mT(a))
    inverse = np.linalg.inv(adjoint + np.eye(n))
    cayley = (adjoint - np.eye(n)) @ inverse
    right = 2 * np.linalg.inv(a + np.eye(n)) @ q @ inverse
    return linalg.solve_sylvester(np.conj(mT(cayley)), cayley, -right)


# Functions of matrices.  The upper right block of f applied to (a, e; 0, a) is the derivative of f at a in
# the direction e.  Higham 2008, equation 3.16.


def blocks(a: Any, e: Any) -> Any:
    """The matrix (a, e; 0, a)."""
    lower = np.concatenate([np.zeros_like(a), a], -1)
    return np.concatenate([np.concatenate([a, e], -1), lower], -2)


def upper_right(a: Any) -> Any:
    """The upper right block of a matrix of four."""
    half = np.shape(a)[-1] // 2
    return a[..., :half, half:]


for function in (linalg.expm, linalg.logm):
    name = f"linalg.{function.__name__}"
    rule(
        function,
        "A" if function is linalg.expm else "A, disp=None",
        vjp={"A": f"upper_right({name}(blocks(mT(A), y_bar)))"},
        jvp={"A": f"upper_right({name}(blocks(np.asarray(A), A_dot)))"},
    )
rule(
    linalg.sqrtm,
    "A, disp=None, blocksize=None",
    vjp={"A": "linalg.solve_sylvester(mT(y), mT(y), y_bar)"},
    jvp={"A": "linalg.solve_sylvester(y, y, A_dot)"},
)


@composed(linalg.expm_frechet)
def expm_frechet(A: Any, E: Any, method: Any = None, compute_expm: bool = True, check_finite: bool = True) -> Any:
    """The exponential and its derivative at A in the direction E."""
    A = np.asarray(A)
    slope = upper_right(linalg.expm(blocks(A, np.asarray(E))))
    return (linalg.expm(A), slope) if compute_expm else slope


# Matrices of a structure, whose entries are those of a vector.


def one_vector(x: Any) -> Any:
    """A vector; stacks of them are read in other ways by other versions of SciPy."""
    if np.ndim(x) > 1:
        raise NotImplementedError("matrices made of stacked vectors", "make one matrix at a time")
    return np.atleast_1d(x)


@composed(linalg.toeplitz)
def toeplitz(c: Any, r: Any = None) -> Any:
    """Constant diagonals: the first column c, the first row r."""
    c = one_vector(c)
    r = np.conj(c) if r is None else one_vector(r)
    values = np.concatenate([r[:0:-1], c])
    return values[len(r) - 1 + np.arange(len(c))[:, None] - np.arange(len(r))]


@composed(linalg.circulant)
def circulant(c: Any) -> Any:
    """Columns that are turned by one more each."""
    c = one_vector(c)
    n = len(c)
    return c[(np.arange(n)[:, None] - np.arange(n)) % n]


@composed(linalg.hankel)
def hankel(c: Any, r: Any = None) -> Any:
    """Constant antidiagonals: the first column c, the last row r."""
    c = one_vector(c)
    r = np.zeros(len(c), c.dtype) if r is None else one_vector(r)
    values = np.concatenate([c, r[1:]])
    return values[np.arange(len(c))[:, None] + np.arange(len(r))]


def blocks_of(y_bar: Any, arrs: Any) -> list[Any]:
    """The diagonal blocks of a matrix, each of the shape of an array."""
    row = column = 0
    parts = []
    for a in arrs:
        height, width = np.shape(np.atleast_2d(a))[-2:]
        parts.append(np.reshape(y_bar[..., row : row + height, column : column + width], np.shape(a)))
        row, column = row + height, column + width
    return parts


linear(linalg.block_diag, "*arrs", arrs="blocks_of(y_bar, arrs)")
