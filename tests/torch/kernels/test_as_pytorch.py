"""The kernels compute what PyTorch does, and have its gradients: recorded answers, or its own with --live."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcgrad
from tools.record_torch import said
from tools.torch_oracles.kernels import Case, cases, cotangent, summary

CASES = cases()


def kernel_of(case: Case) -> Callable[..., Any]:
    module, _, name = case.kernel.partition(".")
    found: Callable[..., Any] = getattr(importlib.import_module(f"srcgrad.torch.kernels.{module}"), name)
    return found


@pytest.fixture(scope="module")
def expected(pytestconfig: pytest.Config) -> dict[str, Any]:
    return said("kernels", live=pytestconfig.getoption("live"))


def results_of(y: Any) -> tuple[Any, ...]:
    return y if isinstance(y, tuple) else (y,)


def pulled_back(case: Case, args: tuple[Any, ...]) -> tuple[Any, Any]:
    """The results, and the gradients of the first of them."""
    y, pullback = srcgrad.vjp(kernel_of(case), *args, argnums=tuple(case.active))
    first, *others = results_of(y)
    bars = (cotangent(first).astype(first.dtype), *(np.zeros_like(other) for other in others))
    return results_of(y), pullback(bars if isinstance(y, tuple) else bars[0])


def assert_summaries(told: Any, found: Any) -> None:
    for expected, actual in zip(told, found, strict=False):
        shape, *sums = summary(actual)
        assert expected[0] == shape
        np.testing.assert_allclose(sums, expected[1:], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients(name: str, expected: dict[str, Any]) -> None:
    case, told = CASES[name], expected[name]
    results, gradients = pulled_back(case, case.args)
    assert_summaries(told["results"], results)
    assert len(told["gradients"]) == len(gradients)
    assert_summaries(told["gradients"], gradients)


@pytest.mark.parametrize("name", [name for name in CASES if not name.startswith("grids 2d nearest")])
def test_single_precision_stays(name: str) -> None:
    case = CASES[name]
    single = tuple(a.astype(np.float32) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in case.args)
    # Of what single precision can hold, the same is computed in both.
    double = tuple(a.astype(np.float64) if getattr(a, "dtype", None) == np.float32 else a for a in single)
    results, gradients = pulled_back(case, single)
    precise, slopes = pulled_back(case, double)
    for actual, exact in zip((*results, *gradients), (*precise, *slopes), strict=True):
        assert actual.dtype == (np.float32 if exact.dtype.kind == "f" else exact.dtype)
        np.testing.assert_allclose(actual, exact, rtol=2e-4, atol=2e-4)


def test_every_case_is_recorded(expected: dict[str, Any]) -> None:
    assert list(CASES) == list(expected)
