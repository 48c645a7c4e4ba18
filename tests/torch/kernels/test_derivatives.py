"""The kernels' rules agree with differences of the kernels, and their derivatives with differences of the gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcgrad
from srcgrad.torch.kernels.adaptive_pooling import adaptive_avg_pool_input
from srcgrad.torch.kernels.convolution import correlate, correlate_input, correlate_weight
from srcgrad.torch.kernels.embedding import embedding_weight
from srcgrad.torch.kernels.embedding_bags import gather_rows, scatter_rows
from srcgrad.torch.kernels.padding import border_add
from srcgrad.torch.kernels.places import gather_places, scatter_places
from srcgrad.torch.kernels.pooling import avg_pool_input
from srcgrad.torch.kernels.resampling import upsample_input
from tests.rules.checking import check
from tests.torch.kernels.test_as_pytorch import CASES, kernel_of, results_of
from tools.torch_oracles.kernels import Case, made

PLACES = np.array([[[0, 5, 5, 11], [2, 2, 7, 1]]])
ROWS = np.array([[0, 2], [-1, 2], [3, 0]])
# Kernels that appear in the rules of others.
TRANSPOSES: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (correlate, (made(2, 4, 6, 5), made(6, 2, 3, 2), (5, 4), (1, 1), (1, 0), (1, 1), 2)),
    (correlate, (made(3, 4, 5), made(2, 4, 3), (2,), (2,), (0,), (1,), 1)),
    (correlate_input, (made(2, 6, 5, 4), made(6, 2, 3, 2), (6, 5), (1, 1), (1, 0), (1, 1), 2)),
    (correlate_weight, (made(2, 6, 5, 4), made(2, 4, 6, 5), (3, 2), (1, 1), (1, 0), (1, 1), 2)),
    (gather_places, (made(1, 2, 3, 4), PLACES)),
    (scatter_places, (made(1, 2, 4), PLACES, (3, 4))),
    (avg_pool_input, (made(2, 2, 4, 3), (7, 5), (3, 2), (2, 2), (1, 1), True, False)),
    (adaptive_avg_pool_input, (made(2, 2, 3, 4), (7, 5))),
    (border_add, (made(2, 3, 9), (2, 3, 6), (1, 2), "reflect")),
    (border_add, (made(2, 3, 8), (2, 3, 6), (-1, 3), "circular")),
    (upsample_input, (made(2, 2, 9, 3), (7, 5), (9, 3), "bicubic")),
    (upsample_input, (made(2, 2, 4, 3), (7, 5), (4, 3), "bilinear", False, None, True)),
    (embedding_weight, (made(5, 3), np.array([1, 0, 1, 3, 3]), 4)),
    (gather_rows, (made(4, 2), ROWS)),
    (scatter_rows, (made(3, 2), ROWS, 4)),
]
# PyTorch's own conventions: rows of padding have no gradient, and that of the loss is for what goes into log_softmax.
CONVENTIONS = {"embedding.embedding": "padding 2", "embedding_bags.embedding_bag": "padding 2", "ctc.ctc_loss": ""}


def away_from_kinks(case: Case) -> tuple[Any, ...]:
    """The arguments, or others where these have ties or rows that coincide and differences say nothing."""
    if case.kernel == "pooling.max_pool":
        x, *rest = case.args
        return ((np.arange(x.size) * 89 % x.size * (4 / x.size) - 2).reshape(x.shape), *rest)
    if case.kernel == "distances.cdist":
        x1, x2, p = case.args
        return made(*x1.shape, phase=0.4), made(*x2.shape, phase=1.6), p
    return case.args


def differentiable(name: str, case: Case) -> bool:
    return case.kernel not in CONVENTIONS or CONVENTIONS[case.kernel] not in name


RULED = [name for name, case in CASES.items() if differentiable(name, case)]


@pytest.mark.parametrize("name", RULED)
def test_rule(name: str) -> None:
    case = CASES[name]
    check(kernel_of(case), *away_from_kinks(case), argnums=tuple(case.active), tol=1e-5)


@pytest.mark.parametrize("number", range(len(TRANSPOSES)))
def test_rule_of_transpose(number: int) -> None:
    kernel, args = TRANSPOSES[number]
    check(kernel, *args, argnums=tuple(k for k, a in enumerate(args) if getattr(a, "dtype", int) == float))


def smallest() -> list[str]:
    """Of each kernel, and each mode and dimension of it, one case."""
    found: dict[Any, str] = {}
    for name, case in CASES.items():
        if differentiable(name, case):
            key = (case.kernel, np.ndim(case.args[0]), *(a for a in case.args if isinstance(a, str | float)))
            found.setdefault(key, name)
    return list(found.values())


@pytest.mark.parametrize("name", smallest())
def test_second_derivatives(name: str) -> None:
    case = CASES[name]
    second_derivatives(kernel_of(case), away_from_kinks(case), case.active)


@pytest.mark.parametrize("number", range(len(TRANSPOSES)))
def test_second_derivatives_of_transpose(number: int) -> None:
    kernel, args = TRANSPOSES[number]
    second_derivatives(kernel, args, [k for k, a in enumerate(args) if getattr(a, "dtype", int) == float])


def second_derivatives(kernel: Callable[..., Any], args: tuple[Any, ...], active: list[int]) -> None:
    """Forward and reverse over reverse, beside differences of the gradient."""

    def curved(*xs: Any) -> Any:
        given = list(args)
        for k, x in zip(active, xs):
            given[k] = x
        total: Any = 0.0
        for part in results_of(kernel(*given)):
            if part.dtype.kind == "f" and part.size:
                total = total + np.sum(np.sin(part + made(*part.shape, phase=3)))
        return total

    places = tuple(range(len(active)))
    gradient = srcgrad.grad(curved, argnums=places)
    xs = tuple(args[k] for k in active)
    along = [made(*x.shape, phase=4) for x in xs]
    other = [made(*x.shape, phase=5) for x in xs]

    def slope(*xs: Any) -> Any:
        total: Any = 0.0
        for g, v in zip(srcgrad.grad(curved, argnums=places)(*xs), other):
            total = total + np.sum(g * v)
        return total

    step = 1e-6
    ahead = gradient(*[x + step * v for x, v in zip(xs, along)])
    behind = gradient(*[x - step * v for x, v in zip(xs, along)])
    expected = sum(np.sum((a - b) * v) for a, b, v in zip(ahead, behind, other)) / (2 * step)
    _, forward = srcgrad.jvp(slope, xs, tuple(along))
    reverse = sum(np.sum(g * v) for g, v in zip(srcgrad.grad(slope, argnums=places)(*xs), along))
    np.testing.assert_allclose(forward, expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(reverse, forward, rtol=1e-8, atol=1e-8)


def test_rows_of_padding_have_no_gradient_of_any_order() -> None:
    indices = np.array([1, 2, 2, 0])

    def f(rows: Any) -> Any:
        return np.sum(embedding_weight(rows, indices, 3, 2) ** 2)

    gradient = srcgrad.grad(f)(made(4, 2))
    np.testing.assert_array_equal(gradient[1:3], 0)
    assert np.all(gradient[0] != 0)
