"""Second derivatives of products where factors are zero: dividing by the factors would hide what they depend on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import srcgrad.torch as torch

WHERE = torch.tensor([0, 1, 0, 2])
PRODUCTS: dict[str, Callable[..., Any]] = {
    "prod": lambda x: x.prod(),
    "prod along": lambda x: x.reshape(2, 2).prod(0),
    "cumprod": lambda x: x.cumprod(0),
    "masked prod": lambda x: torch.masked.prod(x, 0, mask=torch.tensor([True, True, False, True])),
    "det": lambda x: torch.linalg.det(x.reshape(2, 2)),
    "scatter_reduce": lambda x: torch.ones(3, dtype=x.dtype).scatter_reduce(0, WHERE, x, "prod"),
    "scatter_reduce, before": lambda x: x.scatter_reduce(0, WHERE, x.flip(0), "prod"),
    "scatter_reduce, apart": lambda x: x.scatter_reduce(0, WHERE, x.flip(0), "prod", include_self=False),
    "scatter_reduce, part": lambda x: x.scatter_reduce(0, WHERE[:3], x.flip(0), "prod"),
    "index_reduce": lambda x: x.reshape(2, 2).index_reduce(1, torch.tensor([1, 1]), x.reshape(2, 2) + 1, "prod"),
}
FACTORS = {
    "no zero": [2.0, -1.5, 3.0, 0.5],
    "one zero": [0.0, 2.0, 3.0, 5.0],
    "zeros of one product": [0.0, 2.0, 0.0, 5.0],
    "zeros": [0.0, 0.0, 0.0, 0.0],
    "zeros after adding one": [-1.0, -1.0, 3.0, -1.0],
}


@pytest.mark.parametrize("factors", FACTORS.values(), ids=FACTORS)
@pytest.mark.parametrize("product", PRODUCTS.values(), ids=PRODUCTS)
def test_second_derivatives_agree_with_differences(product: Callable[..., Any], factors: list[float]) -> None:
    x = torch.tensor(factors, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(product, (x,))
    assert torch.autograd.gradgradcheck(product, (x,))
