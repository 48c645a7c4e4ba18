"""`adjoint_source`: the text of a graph can be read, runs, and gives the value and the gradients of the graph."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcgrad.torch as torch
import srcgrad.torch.nn.functional as F
from srcgrad.torch import nn
from srcgrad.torch.source import compiled


def leaves() -> dict[str, Any]:
    return {
        "x": torch.linspace(-1, 1, 12, dtype=torch.float64).reshape(4, 3).requires_grad_(),
        "w": torch.linspace(0.5, 2, 3, dtype=torch.float64).requires_grad_(),
    }


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g * 2 * ctx.saved_tensors[0]


def views(x: Any, w: Any) -> Any:
    return x.t()[1:].reshape(-1).sum() * w[0] + x[0, 1] * x[:, 2].mean()


def in_place(x: Any, w: Any) -> Any:
    y = x * 2
    y.mul_(w)
    y.exp_()
    return y.sum()


def several_results(x: Any, w: Any) -> Any:
    one, two, three = torch.unbind(x, 1)
    std, mean = torch.std_mean(w)
    return (one * two - three).sum() * std + mean


def joined(x: Any, w: Any) -> Any:
    return torch.tanh(torch.cat([x, x * w])).pow(2).sum() + torch.stack([w, w.flip(0)]).prod()


def broadcast(x: Any, w: Any) -> Any:
    return ((x + 1) / w - x.mean(0, keepdim=True) ** 3).norm()


def mixed_dtypes(x: Any, w: Any) -> Any:
    return (x.float() * w.float()).double().sum() * w.sum()


def softened(x: Any, w: Any) -> Any:
    return F.layer_norm(F.gelu(x), (3,), w).softmax(1)[:, 0].sum()


@pytest.mark.parametrize("f", [views, in_place, several_results, joined, broadcast, mixed_dtypes, softened])
def test_the_text_gives_value_and_gradients(f: Callable[..., Any]) -> None:
    given = leaves()
    y = f(**given)
    agrees(y, given, {})


def test_a_module_and_a_loss() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 2, 2), nn.ReLU(), nn.Flatten(), nn.Linear(12, 3)).double()
    x = torch.linspace(-1, 1, 12, dtype=torch.float64).reshape(1, 1, 4, 3).requires_grad_()
    target = torch.tensor([1])
    given = {"x": x} | {f"layer{name}".replace(".", "_"): p for name, p in model.named_parameters()}
    text = agrees(F.cross_entropy(model(x), target), given, {"c": target})
    assert "def value_and_gradients(x, layer0_weight, layer0_bias, layer3_weight, layer3_bias, c):" in text


def test_second_derivatives() -> None:
    given = leaves()
    x, w = given["x"], given["w"]
    (g,) = torch.autograd.grad((x**3 * w).sum(), x, create_graph=True)
    agrees((g * g).sum(), given, {"c": torch.ones(4, 3, dtype=torch.float64)})


def test_a_function_with_a_backward_of_its_own() -> None:
    given = leaves()
    y = Square.apply(given["x"] * 3)
    text = agrees((y * 2).sum() + given["w"].sum(), given, {"square": y, "square_backward": y.grad_fn})
    assert "square_backward(square_bar)" in text


def test_a_write_into_a_view() -> None:
    given = leaves()
    y = given["x"] * 2
    y[1:3, 0] = given["w"][:2] ** 2
    text = agrees((y * y).sum(), given, {"copy_slices": y, "copy_slices_backward": y.grad_fn})
    assert "# torch::autograd::CopySlices" in text


def test_after_the_graph_was_freed() -> None:
    given = leaves()
    y = joined(**given)
    value = y.item()
    y.backward()
    found, gradients = compiled(torch.adjoint_source(y, given))(*[t.numpy(force=True) for t in given.values()])
    np.testing.assert_allclose(found, value)
    for t, g in zip(given.values(), gradients, strict=True):
        np.testing.assert_allclose(g, t.grad.numpy())


def test_a_compiled_function_in_a_graph() -> None:
    given = leaves()
    y = torch.compile(joined, fullgraph=True)(**given)
    agrees(y * 2, given, {"compiled_function": y, "compiled_function_backward": y.grad_fn})


def test_without_a_graph() -> None:
    with pytest.raises(RuntimeError, match="no graph"):
        torch.adjoint_source(torch.ones(2))


def agrees(y: Any, given: dict[str, Any], more: dict[str, Any]) -> str:
    """Compare what the text computes with the value and gradients of the graph; the text."""
    text = torch.adjoint_source(y, given)
    function = compiled(text)
    used = list(inspect.signature(function).parameters)
    names = [name for name in used if name in given]
    wanted = torch.autograd.grad(y, [given[name] for name in names], retain_graph=True)
    value, gradients = function(*[argument({**given, **more}[name]) for name in used])
    np.testing.assert_allclose(value, y.numpy(force=True), rtol=1e-6)
    for name, found, want in zip(names, gradients, wanted, strict=True):
        np.testing.assert_allclose(found, want.numpy(force=True), rtol=1e-6, atol=1e-12, err_msg=name)
    return text


def argument(thing: Any) -> Any:
    return thing.numpy(force=True) if isinstance(thing, torch.Tensor) else thing.run
