"""Nodes that are written out say and compute what the plain plan of their operation does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import srcgrad.torch as torch

OPERATIONS: dict[str, Any] = {
    "mul": lambda x, y: x * y, "add": lambda x, y: x + y, "div": lambda x, y: x / y, "sub": lambda x, y: x - y,
    "by a number": lambda x, _: x * 2.5, "over a number": lambda x, _: x / 3, "a number over": lambda _, y: 1 / y,
    "pow": lambda _, y: y**3, "exp": lambda x, _: x.exp(), "log": lambda _, y: y.log(), "tanh": lambda x, _: x.tanh(),
    "sqrt": lambda _, y: y.sqrt(), "sigmoid": lambda x, _: x.sigmoid(), "relu": lambda x, _: x.relu(),
    "sum": lambda x, _: x.sum(), "mean": lambda x, _: x.mean(), "atan": lambda x, _: x.atan(), "rsqrt": lambda _, y: y.rsqrt(),
    "log1p": lambda _, y: y.log1p(), "neg": lambda x, _: -x, "asinh": lambda x, _: x.asinh(), "expm1": lambda x, _: x.expm1(),
}  # fmt: skip
SHAPES = [((3, 4), (3, 4)), ((3, 1), (4,)), ((), ()), ((), (2,)), ((0, 2), (2,))]


def operands(shapes: Any, dtype: Any) -> tuple[Any, Any]:
    given = [
        np.asarray(np.cos(np.arange(np.prod(s, dtype=int)) * 1.3 + k).reshape(s), dtype) for k, s in enumerate(shapes)
    ]
    return (
        torch.from_numpy(given[0]).requires_grad_(),
        torch.from_numpy(np.asarray(np.abs(given[1]) + dtype(0.5))).requires_grad_(),
    )


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("name", OPERATIONS)
def test_the_step_is_the_plan(name: str, dtype: Any) -> None:
    for shapes in SHAPES:
        with np.errstate(all="ignore"):
            z = OPERATIONS[name](*operands(shapes, dtype))
            node = z.grad_fn
            y_bar = np.asarray(np.sin(np.arange(z.numel()) + 1).reshape(z.shape), dtype)
            # The node as it is without its class: its fields in tuples, its backward by the plan's function.
            told = {field: getattr(node, field) for field in ("edges", "outputs", "constants", "next_functions")}
            actual = node.run(y_bar)
            node.thaw()
            expected = node.run(y_bar)
        assert told == {field: getattr(node, field) for field in told}
        assert [g.shape for g in expected if g is not None] == [g.shape for g in actual if g is not None]
        for g, h in zip(expected, actual, strict=True):
            if g is not None:
                assert g.dtype == h.dtype == dtype
                np.testing.assert_allclose(g, h, rtol=4 * np.finfo(dtype).eps)


def test_what_a_thawed_node_knows() -> None:
    x, y = operands(((3,), (3,)), np.float32)
    node = (x * y).grad_fn
    kind, saved, checks, inputs = node.name(), node.saved, node.checks, node.inputs
    node.thaw()
    assert (kind, checks, inputs) == (node.name(), node.checks, node.inputs)
    assert all(a is b for a, b in zip(saved, node.saved, strict=True))
    assert "values" not in vars(node)
    node.release()
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        node.run(np.ones(3, np.float32))


def test_a_hook_that_writes_into_a_cotangent_leaves_other_sweeps_alone() -> None:
    def scale(g: Any) -> None:
        g.mul_(7)

    x = torch.ones(3, requires_grad=True)
    for reduced in (torch.sum, torch.mean):
        total = reduced(x * 2)
        total.register_hook(scale)
        part = x * 2
        part.register_hook(scale)
        (reduced(part) + total).backward()
    x.grad = None
    (x * 2).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0, 2.0]
    x.grad = None
    (x * 3).mean().backward()
    assert x.grad.tolist() == [1.0, 1.0, 1.0]


def test_code_of_the_users_is_not_recorded_in_a_sweep() -> None:
    seen = []

    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            del ctx
            return x * 2

        @staticmethod
        def backward(ctx: Any, y_bar: Any) -> Any:
            del ctx
            seen.append(torch.is_grad_enabled())
            return y_bar * 2

    x = torch.ones(2, requires_grad=True)
    x.register_hook(lambda _: seen.append(torch.is_grad_enabled()))
    x.register_post_accumulate_grad_hook(lambda _: seen.append(torch.is_grad_enabled()))
    Twice.apply(x).exp().sum().backward()
    assert seen == [False, False, False]
    assert torch.is_grad_enabled()


def test_modes_of_threads_and_blocks_leave_nothing_behind() -> None:
    from srcgrad.torch.modes import MODES

    before = len(MODES)
    with torch.no_grad(), torch.inference_mode(), torch.enable_grad():
        assert not torch.ones(2).requires_grad
    with pytest.raises(ValueError, match="stop"), torch.no_grad():
        raise ValueError("stop")
    torch.set_grad_enabled(False)
    assert (torch.ones(2, requires_grad=True) * 2).grad_fn is None
    torch.set_grad_enabled(True)
    assert len(MODES) == before


def test_a_tensor_says_why_it_lacks_a_name() -> None:
    x = torch.ones(2)
    with pytest.raises(AttributeError, match="'Tensor' object has no attribute 'to_sparse': it has no sparse tensors"):
        x.to_sparse()
    assert not hasattr(x, "to_sparse")
    assert not hasattr(torch.Tensor, "to_sparse")
    assert "to_sparse" not in dir(x)
