"""Second derivatives of the functions of nn agree with differences of first ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcgrad.torch as torch
from srcgrad.rules import table
from srcgrad.torch.nn import functional

F: Any = functional

CASES: dict[str, tuple[Callable[..., Any], list[tuple[int, ...]]]] = {
    "bilinear": (F.bilinear, [(2, 3), (2, 4), (5, 3, 4), (5,)]),
    "linear": (F.linear, [(5, 2, 3), (4, 3), (4,)]),
    "conv2d": (lambda x, w, b: F.conv2d(x, w, b, 2, 1, 1, 2), [(2, 4, 5, 5), (6, 2, 3, 3), (6,)]),
    "single image": (F.conv1d, [(4, 7), (6, 4, 3)]),
    "batch_norm": (lambda x, w, b: F.batch_norm(x, None, None, w, b, True), [(4, 3, 2), (3,), (3,)]),
    "layer_norm": (lambda x, w, b: F.layer_norm(x, (4,), w, b), [(3, 4), (4,), (4,)]),
    "rms_norm": (lambda x, w: F.rms_norm(x, (4,), w), [(3, 4), (4,)]),
    "max_pool2d": (lambda x: F.max_pool2d(x, 3, 1, 1), [(3, 5, 5)]),
    "adaptive_max_pool1d": (lambda x: F.adaptive_max_pool1d(x, 2), [(2, 5)]),
    "unfold": (lambda x: F.unfold(x, 2), [(3, 4, 4)]),
    "attention": (F.scaled_dot_product_attention, [(1, 2, 3, 4), (1, 2, 5, 4), (1, 2, 5, 4)]),
    "attention in parts": (F.scaled_dot_product_attention, [(2, 3, 4), (2, 5, 4), (2, 5, 4)]),
    "weight_norm": (lambda v, g: torch._weight_norm(v, g, 0), [(3, 4), (3, 1)]),
    "embedding_bag": (
        lambda w, s: F.embedding_bag(
            torch.tensor([0, 2, 1, 1]), w, torch.tensor([0, 2]), mode="sum", per_sample_weights=s
        ),
        [(4, 3), (4,)],
    ),
}


def squared_gradient(function: Callable[..., Any], arrays: list[Any]) -> tuple[Any, list[Any]]:
    """A number made of all first derivatives, and the tensors it depends on."""
    leaves: list[Any] = [torch.from_numpy(a.copy()).requires_grad_() for a in arrays]
    y = function(*leaves)
    weights = torch.from_numpy(np.sin(np.arange(y.numel()) + 1.0).reshape(tuple(y.shape)))
    grads: Any = torch.autograd.grad((y * y * weights).sum(), leaves, create_graph=True)
    total = sum(
        ((g * torch.from_numpy(np.cos(np.arange(g.numel()) * 2.0).reshape(tuple(g.shape)))) ** 2).sum() for g in grads
    )
    return total, leaves


@pytest.mark.parametrize("name", CASES)
def test_second_derivatives(name: str) -> None:
    function, shapes = CASES[name]
    arrays = [np.cos(np.arange(np.prod(s)) * 1.7 + k + 1).reshape(s) for k, s in enumerate(shapes)]
    total, leaves = squared_gradient(function, arrays)
    grads = torch.autograd.grad(total, leaves)
    for k, array in enumerate(arrays):
        direction = np.sin(np.arange(array.size) * 3.0 + 1).reshape(array.shape)
        sides = []
        for step in (1e-5, -1e-5):
            moved = [a + step * direction if j == k else a for j, a in enumerate(arrays)]
            sides.append(squared_gradient(function, moved)[0].item())
        expected = (sides[0] - sides[1]) / 2e-5
        assert (grads[k] * torch.from_numpy(direction)).sum().item() == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_functions_with_rules_stand_where_they_are_differentiated() -> None:
    # Elsewhere in srcgrad a function runs as it is, and a second derivative would be zero without a word.
    misplaced = [
        table.full_name(rule.function)
        for rule in table._rules.values()  # noqa: SLF001 - the table as a whole has no other door
        if getattr(rule.function, "__module__", "").startswith("srcgrad.torch.")
        and not rule.function.__module__.startswith(("srcgrad.torch.kernels.", "srcgrad.torch.ops."))
    ]
    assert misplaced == []
