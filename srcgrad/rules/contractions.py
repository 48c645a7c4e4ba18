"""Products that sum over an index: dot, matmul, einsum and their relatives.

All are linear in each operand. The transposes are plain, without conjugation; vdot, vecdot and
vecmat conjugate their first operand and so does its cotangent.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from srcgrad.rules.einsum import einsum_cotangents, einsum_tangent  # noqa: F401 - in the rule's text
from srcgrad.rules.support import mT, unbroadcast
from srcgrad.rules.table import linear, rule, same, zero


def dot_first(y_bar: Any, a: Any, b: Any) -> Any:
    """The cotangent of a in np.dot(a, b)."""
    if np.ndim(a) == 0:
        return np.sum(y_bar * np.asarray(b))
    if np.ndim(b) == 0 or (np.ndim(a) == 1 and np.ndim(b) == 1):
        return y_bar * np.asarray(b)
    if np.ndim(b) == 1:
        return y_bar[..., None] * np.asarray(b)
    if np.ndim(b) == 2:
        return y_bar @ mT(b)
    kept = [k for k in range(np.ndim(b)) if k != np.ndim(b) - 2]
    return np.tensordot(y_bar, b, axes=(list(range(np.ndim(a) - 1, np.ndim(y_bar))), kept))


def dot_second(y_bar: Any, a: Any, b: Any) -> Any:
    """The cotangent of b in np.dot(a, b)."""
    if np.ndim(b) == 0:
        return np.sum(y_bar * np.asarray(a))
    if np.ndim(a) == 0 or (np.ndim(a) == 1 and np.ndim(b) == 1):
        return y_bar * np.asarray(a)
    if np.ndim(a) == 2 and np.ndim(b) <= 2:
        return mT(a) @ y_bar
    kept = list(range(np.ndim(a) - 1))
    b_bar = np.tensordot(a, y_bar, axes=(kept, kept))
    return b_bar if np.ndim(b) == 1 else np.moveaxis(b_bar, 0, -2)


linear(np.dot, "a, b", a="dot_first(y_bar, a, b)", b="dot_second(y_bar, a, b)")


def applied(matrix: Any, vector: Any) -> Any:
    """Stacked matrices times stacked vectors."""
    return (matrix @ vector[..., None])[..., 0]


def matmul_first(y_bar: Any, x1: Any, x2: Any) -> Any:
    """The cotangent of x1 in x1 @ x2."""
    if np.ndim(x1) == 1 and np.ndim(x2) == 1:
        return y_bar * np.asarray(x2)
    if np.ndim(x2) == 1:
        return y_bar[..., None] * np.asarray(x2)
    if np.ndim(x1) == 1:
        return unbroadcast(applied(x2, y_bar), x1)
    return unbroadcast(y_bar @ mT(x2), x1)


def matmul_second(y_bar: Any, x1: Any, x2: Any) -> Any:
    """The cotangent of x2 in x1 @ x2."""
    if np.ndim(x1) == 1 and np.ndim(x2) == 1:
        return y_bar * np.asarray(x1)
    if np.ndim(x2) == 1:
        return np.tensordot(y_bar, x1, axes=np.ndim(y_bar))
    if np.ndim(x1) == 1:
        return np.asarray(x1)[:, None] * y_bar[..., None, :]
    return unbroadcast(mT(x1) @ y_bar, x2)


linear(np.matmul, "x1, x2", x1="matmul_first(y_bar, x1, x2)", x2="matmul_second(y_bar, x1, x2)")
same(np.matmul, operator.matmul)


def vecdot_bar(y_bar: Any, x: Any, other: Any, axis: int, keepdims: bool) -> Any:
    """The cotangent of x in sum(x * other, axis), where the other dimensions broadcast."""
    spread = np.moveaxis(y_bar, axis, -1) if keepdims else np.asarray(y_bar)[..., None]
    x_bar = unbroadcast(spread * np.moveaxis(other, axis, -1), np.moveaxis(x, axis, -1))
    return np.moveaxis(x_bar, -1, axis)


linear(
    np.vdot,
    "a, b",
    a="np.conj(y_bar * np.reshape(b, np.shape(a)))",
    b="y_bar * np.conj(np.reshape(a, np.shape(b)))",
)


def inner_bar(y_bar: Any, x: Any, other: Any, first: int) -> Any:
    """The cotangent of the operand x of np.inner; the other's dimensions in y start at `first`."""
    if np.ndim(x) == 0:
        return np.sum(y_bar * np.asarray(other))
    if np.ndim(other) == 0:
        return y_bar * np.asarray(other)
    free = np.ndim(other) - 1
    return np.tensordot(y_bar, other, axes=(list(range(first, first + free)), list(range(free))))


linear(
    np.inner,
    "a, b",
    a="inner_bar(y_bar, a, b, max(np.ndim(a) - 1, 0))",
    b="inner_bar(y_bar, b, a, 0)",
)

linear(
    np.outer,
    "a, b",
    a="np.reshape(y_bar @ np.ravel(b), np.shape(a))",
    b="np.reshape(np.ravel(a) @ y_bar, np.shape(b))",
)


def contracted(a: Any, b: Any, axes: Any) -> tuple[list[int], list[int]]:
    """The dimensions of a and of b that tensordot sums over, none negative."""
    if np.ndim(axes) == 0:
        count = int(axes)
        return list(range(np.ndim(a) - count, np.ndim(a))), list(range(count))
    of_a, of_b = ([k] if np.ndim(k) == 0 else list(k) for k in axes)
    return [k % np.ndim(a) for k in of_a], [k % np.ndim(b) for k in of_b]


def tensordot_first(y_bar: Any, a: Any, b: Any, axes: Any) -> Any:
    """The cotangent of a in np.tensordot(a, b, axes)."""
    of_a, of_b = contracted(a, b, axes)
    free_a = [k for k in range(np.ndim(a)) if k not in of_a]
    free_b = [k for k in range(np.ndim(b)) if k not in of_b]
    x_bar = np.tensordot(y_bar, b, axes=(list(range(len(free_a), np.ndim(y_bar))), free_b))
    order = free_a + [k for _, k in sorted(zip(of_b, of_a, strict=True))]
    return np.transpose(x_bar, [order.index(k) for k in range(np.ndim(a))])


def tensordot_second(y_bar: Any, a: Any, b: Any, axes: Any) -> Any:
    """The cotangent of b in np.tensordot(a, b, axes)."""
    of_a, of_b = contracted(a, b, axes)
    free_a = [k for k in range(np.ndim(a)) if k not in of_a]
    free_b = [k for k in range(np.ndim(b)) if k not in of_b]
    x_bar = np.tensordot(a, y_bar, axes=(free_a, list(range(len(free_a)))))
    order = [k for _, k in sorted(zip(of_a, of_b, strict=True))] + free_b
    return np.transpose(x_bar, [order.index(k) for k in range(np.ndim(b))])


linear(
    np.tensordot,
    "a, b, axes=2",
    a="tensordot_first(y_bar, a, b, axes)",
    b="tensordot_second(y_bar, a, b, axes)",
)


def kron_bar(y_bar: Any, x: Any, other: Any, place: int) -> Any:
    """The cotangent of x in np.kron, whose first (place 0) or second (place 1) operand it is.

    Each dimension of y is a pair, the operand's index and the other's.
    """
    rank = max(np.ndim(x), np.ndim(other))
    shape = (1,) * (rank - np.ndim(x)) + np.shape(x)
    other = np.reshape(other, (1,) * (rank - np.ndim(other)) + np.shape(other))
    pairs = zip(shape, np.shape(other), strict=True)
    split = [n for pair in pairs for n in (pair if place == 0 else pair[::-1])]
    theirs = list(range(1 - place, 2 * rank, 2))
    x_bar = np.tensordot(np.reshape(y_bar, split), other, axes=(theirs, list(range(rank))))
    return np.reshape(x_bar, np.shape(x))


linear(np.kron, "a, b", a="kron_bar(y_bar, a, b, 0)", b="kron_bar(y_bar, b, a, 1)")


def in_space(x: Any, axis: int) -> Any:
    """Vectors along an axis as vectors of three components along the last."""
    x = np.moveaxis(x, axis, -1)
    if np.shape(x)[-1] == 3:
        return x
    return np.concatenate([x, np.zeros((*np.shape(x)[:-1], 1))], -1)


def cross_bars(y_bar: Any, a: Any, b: Any, axisa: int, axisb: int, axisc: int) -> Any:
    """The cotangents of both operands of np.cross."""
    if np.shape(a)[axisa] == 2 and np.shape(b)[axisb] == 2:
        y_bar = np.asarray(y_bar)[..., None] * np.array([0.0, 0.0, 1.0])
    else:
        y_bar = np.moveaxis(y_bar, axisc, -1)
    a_bar = np.cross(in_space(b, axisb), y_bar)[..., : np.shape(a)[axisa]]
    b_bar = np.cross(y_bar, in_space(a, axisa))[..., : np.shape(b)[axisb]]
    return (
        np.moveaxis(unbroadcast(a_bar, np.moveaxis(a, axisa, -1)), -1, axisa),
        np.moveaxis(unbroadcast(b_bar, np.moveaxis(b, axisb, -1)), -1, axisb),
    )


def three_axes(axisa: int, axisb: int, axisc: int, axis: int | None) -> tuple[int, int, int]:
    """The axes of a, b and the result; a given `axis` stands for all."""
    return (axisa, axisb, axisc) if axis is None else (axis, axis, axis)


linear(
    np.cross,
    "a, b, axisa=-1, axisb=-1, axisc=-1, axis=None",
    a="cross_bars(y_bar, a, b, *three_axes(axisa, axisb, axisc, axis))[0]",
    b="cross_bars(y_bar, a, b, *three_axes(axisa, axisb, axisc, axis))[1]",
)

rule(
    np.einsum,
    "*operands, optimize=False, dtype=None, order='K', casting='safe'",
    vjp={"operands": "einsum_cotangents(y_bar, operands, optimize)"},
    jvp={"operands": "einsum_tangent(operands, operands_dot, optimize)"},
)
zero(np.einsum_path)


def chain_bars(y_bar: Any, arrays: Any) -> list[Any]:
    """The cotangents of all factors of a product of matrices; the ends may be vectors."""
    first, last = np.asarray(arrays[0]), np.asarray(arrays[-1])
    factors = [first[None, :] if np.ndim(first) == 1 else first, *arrays[1:-1]]
    factors = [*factors, last[:, None] if np.ndim(last) == 1 else last]
    y_bar = np.reshape(y_bar, (np.shape(factors[0])[0], np.shape(factors[-1])[1]))
    after = [y_bar]
    for factor in factors[:0:-1]:
        after = [after[0] @ mT(factor), *after]
    bars = after[:1]
    before = factors[0]
    for factor, rest in zip(factors[1:], after[1:], strict=True):
        bars = [*bars, mT(before) @ rest]
        before = before @ factor
    return [np.reshape(bar, np.shape(a)) for bar, a in zip(bars, arrays, strict=True)]


def chain_tangent(arrays: Any, arrays_dot: Any) -> Any:
    """The product rule: one factor at a time replaced by its tangent."""
    terms = [np.linalg.multi_dot([*arrays[:k], dot, *arrays[k + 1 :]]) for k, dot in enumerate(arrays_dot)]
    return sum(terms[1:], terms[0])


rule(
    np.linalg.multi_dot,
    "arrays",
    vjp={"arrays": "chain_bars(y_bar, arrays)"},
    jvp={"arrays": "chain_tangent(arrays, arrays_dot)"},
)


def spread_diagonal(y_bar: Any, x: Any, offset: int) -> Any:
    """Matrices of x's shape with y_bar on the given diagonal and zeros elsewhere."""
    rows, columns = np.shape(x)[-2:]
    on_diagonal = np.eye(rows, columns, offset, dtype=bool)
    index = np.clip(np.arange(rows) + min(offset, 0), 0, max(np.shape(y_bar)[-1] - 1, 0))
    return np.where(on_diagonal, np.asarray(y_bar)[..., index, None], 0.0)


if hasattr(np, "vecdot"):  # NumPy 2.0, with the names of the array API in linalg
    linear(
        np.vecdot,
        "x1, x2, *, axis=-1, keepdims=False",
        x1="np.conj(vecdot_bar(y_bar, x1, x2, axis, keepdims))",
        x2="vecdot_bar(y_bar, x2, np.conj(x1), axis, keepdims)",
    )
    same(np.matmul, np.linalg.matmul)
    linear(np.linalg.outer, "x1, x2", x1="y_bar @ x2", x2="x1 @ y_bar")
    linear(
        np.linalg.vecdot,
        "x1, x2, *, axis=-1",
        x1="np.conj(vecdot_bar(y_bar, x1, x2, axis, False))",
        x2="vecdot_bar(y_bar, x2, np.conj(x1), axis, False)",
    )
    linear(
        np.linalg.tensordot,
        "x1, x2, *, axes=2",
        x1="tensordot_first(y_bar, x1, x2, axes)",
        x2="tensordot_second(y_bar, x1, x2, axes)",
    )
    linear(
        np.linalg.cross,
        "x1, x2, *, axis=-1",
        x1="cross_bars(y_bar, x1, x2, axis, axis, axis)[0]",
        x2="cross_bars(y_bar, x1, x2, axis, axis, axis)[1]",
    )
    linear(np.linalg.diagonal, "x, *, offset=0", x="spread_diagonal(y_bar, x, offset)")
    linear(
        np.linalg.trace,
        "x, *, offset=0, dtype=None",
        x="np.asarray(y_bar)[..., None, None] * np.eye(*np.shape(x)[-2:], offset)",
    )
    linear(np.linalg.matrix_transpose, "x", x="mT(y_bar)")

if hasattr(np, "matvec"):  # NumPy 2.2
    linear(
        np.matvec,
        "x1, x2",
        x1="unbroadcast(y_bar[..., :, None] * np.asarray(x2)[..., None, :], x1)",
        x2="unbroadcast(applied(mT(x1), y_bar), x2)",
    )
    linear(
        np.vecmat,
        "x1, x2",
        x1="unbroadcast(np.conj(applied(x2, y_bar)), x1)",
        x2="unbroadcast(np.conj(x1)[..., :, None] * y_bar[..., None, :], x2)",
    )
