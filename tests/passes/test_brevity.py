"""What the generated text leaves out: saves, sums, guards and statements that nothing needs."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pytest

from srcgrad.passes import generate

VECTOR: Hashable = ("array", "d", (False,))
MATRIX: Hashable = ("array", "d", (False, False))
COLUMN: Hashable = ("array", "d", (False, True))


def source(f: Any, *kinds: Hashable, mode: str = "grad") -> str:
    return generate(f, kinds, tuple(range(len(kinds))), mode).source


def elimination(a):
    a = a.copy()
    n = len(a)
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            a[i, k + 1 :] -= a[i, k] * a[k, k + 1 :]
    return np.sum(a * a)


def cholesky(a):
    f = np.zeros(a.shape)
    n = len(a)
    for j in range(n):
        f[j, j] = np.sqrt(a[j, j] - f[j, :j] @ f[j, :j])
        for i in range(j + 1, n):
            f[i, j] = (a[i, j] - f[i, :j] @ f[j, :j]) / f[j, j]
    return np.sum(f)


def backwards(x):
    n = len(x)
    y = x.copy()
    for i in range(n - 2, -1, -1):
        y[i] = y[i + 1] * x[i]
    return np.sum(y)


@pytest.mark.parametrize(("f", "kind"), [(elimination, MATRIX), (cholesky, MATRIX), (backwards, VECTOR)])
def test_nothing_is_saved_where_all_reads_come_after_the_writes(f: Any, kind: Hashable) -> None:
    text = source(f, kind)
    assert "_saved" not in text
    assert "unbroadcast" not in text


def wraps_around(x):
    y = x.copy()
    for i in range(len(x)):
        y[i] = y[i] * y[i - 1]
    return np.sum(y)


def reads_ahead(x):
    y = x.copy()
    for i in range(len(x) - 1):
        y[i] = y[i] * y[i + 1]
    return np.sum(y)


@pytest.mark.parametrize("f", [wraps_around, reads_ahead])
def test_what_is_read_before_it_is_overwritten_is_saved(f: Any) -> None:
    assert "_saved" in source(f, VECTOR)


def outer_difference(x, y):
    return np.sum((x[:, None] - y[None, :]) ** 2)


def column_times_row(x, y):
    return np.sum(x * y)


def test_stretched_dimensions_are_summed_by_name() -> None:
    assert ".sum(axis=0)" in source(outer_difference, VECTOR, VECTOR)
    text = source(column_times_row, COLUMN, VECTOR)
    assert ".sum(axis=1, keepdims=True)" in text
    assert "unbroadcast" not in text


def chosen(x):
    return np.sum(np.where(x > 0, x * np.log(x), x**3 * np.sin(x)))


def placed(x):
    return np.sum(np.log(x * 2.0)[1:])


def bounded_below(x):
    return np.sum(np.where(x > 0, x / np.maximum(x, 1e-3), 0.0))


def test_guards_stand_where_values_choose_and_a_partial_may_be_infinite() -> None:
    guarded = [line.strip() for line in source(chosen, VECTOR).splitlines() if "guarded(" in line]
    assert len(guarded) == 2
    assert "p_bar2 * u" in guarded[0]  # u is the logarithm
    assert "u_bar / x" in guarded[1]
    assert "guarded" not in source(placed, VECTOR)
    assert "guarded" not in source(bounded_below, VECTOR)


def test_a_module_without_a_guard_says_so() -> None:
    assert generate(placed, (VECTOR,), (0,), "grad").bare


def squared(rows):
    total = 0.0
    for i in range(len(rows)):
        total += np.sum(rows[i] * rows[i])
    return total


def test_a_sum_that_nothing_reads_is_not_computed() -> None:
    assert "total = 0.0" not in source(squared, MATRIX)
    assert "total = 0.0" in source(squared, MATRIX, mode="value_and_grad")


def checked(x):
    total = np.sum(x * x)
    if total > 100.0:
        raise ValueError("too large")
    return total


def test_what_a_raise_asks_for_is_computed() -> None:
    assert "raise ValueError" in source(checked, VECTOR)
