"""`torch.compile`: the generated text gives what PyTorch gives, holds for the calls that it was made for, and for no others."""

from __future__ import annotations

import gc
import json
import threading
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcgrad.torch as torch
import srcgrad.torch.nn.functional as F
from srcgrad.errors import SrcgradError
from srcgrad.torch import nn
from tests.torch.agreement import differences
from tools.record_torch import asked, said

Function = Callable[..., Any]
COMPILED = "CompiledFunctionBackward"
SCALE = 2.0
LAYERS = [nn.Linear(3, 3), nn.Linear(3, 3)]
SEEN: list[Any] = []


def matrix() -> Any:
    return torch.linspace(-1, 1, 12).reshape(4, 3).requires_grad_()


def is_compiled(t: Any) -> bool:
    return t.grad_fn is not None and t.grad_fn.name() == COMPILED


def test_as_pytorch(pytestconfig: pytest.Config) -> None:
    expected = said("compiling", live=pytestconfig.getoption("live"))
    actual = json.loads(json.dumps(asked("compiling", torch)))
    assert differences(expected, actual) == []


# The text ---------------------------------------------------------------------------------------


def test_the_source_can_be_read_and_run() -> None:
    def energy(x: Any, w: Any) -> Any:
        h = torch.zeros(3)
        for t in range(4):
            h = torch.tanh(x[t] * w + h)
        return h.sum()

    x, w = matrix(), torch.ones(3, requires_grad=True)
    y = torch.compile(energy, fullgraph=True)(x, w)
    lines = [line for line in y.grad_fn.source.splitlines() if not line.lstrip().startswith("#")]
    assert "\n".join(lines) == GOLDEN
    namespace: dict[str, Any] = {}
    exec(y.grad_fn.source, namespace)
    (value,), kept = namespace["energy_forward"](x.numpy(force=True), w.numpy(force=True))
    x_bar, w_bar = namespace["energy_backward"](kept, np.float32(1.0))
    energy(x, w).backward()
    np.testing.assert_allclose(value, y.item(), rtol=1e-6)
    np.testing.assert_allclose(x_bar, x.grad.numpy(), rtol=1e-5)
    np.testing.assert_allclose(w_bar, w.grad.numpy(), rtol=1e-5)


GOLDEN = """\
import numpy as np
from srcgrad.torch.kernels.reductions import spread_out, total

zeros = np.zeros((3,), np.float32)


def energy_forward(x, w):  # float32[4, 3], float32[3]
    h = zeros
    steps = []
    for t in range(4):
        item = x[t]
        h_1 = np.tanh(item * w + h)
        steps.append((t, item, h_1))
        h = h_1
    sum_1 = total(h)
    return (sum_1,), (w, steps)


def energy_backward(kept, sum_1_bar):
    w, steps = kept
    h_bar = spread_out(sum_1_bar, (3,))
    w_bar = np.zeros((3,), np.float32)
    x_bar = np.zeros((4, 3), np.float32)
    for t, item, h_1 in reversed(steps):
        h_1_bar = h_bar
        add_bar = h_1_bar * (1 - h_1 * h_1)
        mul_bar = add_bar
        h_bar = add_bar
        item_bar = mul_bar * w
        w_bar += mul_bar * item
        x_bar[t] += item_bar
    return (x_bar, w_bar)"""


def test_one_node_of_the_graph() -> None:
    f = torch.compile(lambda x: (torch.sin(x) * 2).sum(), fullgraph=True)
    x = matrix()
    y = f(x * 3)
    assert is_compiled(y)
    assert [node.name() for node, _ in y.grad_fn.next_functions] == ["MulBackward0"]
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), 6 * np.cos(3 * x.numpy(force=True)), rtol=1e-5)


# Calls of other kinds ----------------------------------------------------------------------------


def test_another_shape_dtype_or_need_of_gradients() -> None:
    calls: list[int] = []

    @torch.compile(fullgraph=True)
    def f(x: Any, k: int = 2) -> Any:
        return (x * k).exp().mean(0)

    for x in (torch.ones(3), torch.ones(2, 3), torch.ones(3, dtype=torch.float64), torch.ones(3, requires_grad=True)):
        for k in (2, 3):
            y = f(x, k)
            want = (x * k).exp().mean(0)
            assert (y.dtype, y.shape, y.requires_grad) == (want.dtype, want.shape, want.requires_grad)
            np.testing.assert_allclose(y.numpy(force=True), want.numpy(force=True), rtol=1e-6)
            calls.append(k)
    assert len(calls) == 8


def test_more_kinds_than_the_limit_run_one_by_one() -> None:
    f = torch.compile(lambda x, k: x * k)
    for k in range(20):
        assert f(torch.ones(2), k).tolist() == [k, k]


def test_what_is_read_from_outside_may_change(monkeypatch: pytest.MonkeyPatch) -> None:
    factor = 3.0
    options = {"power": 2}

    @torch.compile(fullgraph=True)
    def f(x: Any) -> Any:
        return x ** options["power"] * SCALE * factor

    x = torch.full((2,), 2.0, requires_grad=True)
    assert f(x).tolist() == [24.0, 24.0]
    monkeypatch.setitem(globals(), "SCALE", 10.0)
    assert f(x).tolist() == [120.0, 120.0]
    factor = 1.0
    assert f(x).tolist() == [40.0, 40.0]
    options["power"] = 3
    assert f(x).tolist() == [80.0, 80.0]


def test_a_helper_that_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    f = torch.compile(lambda x: helper(x) + 1, fullgraph=True)
    assert f(torch.ones(1)).item() == 3.0
    monkeypatch.setitem(globals(), "helper", lambda x: x * 5)
    assert f(torch.ones(1)).item() == 6.0


def helper(x: Any) -> Any:
    return x * 2


def test_tensors_from_outside_are_inputs() -> None:
    weight = torch.ones(3, requires_grad=True)
    holder = {"bias": torch.zeros(3, requires_grad=True)}
    f = torch.compile(lambda x: (x * weight + holder["bias"]).sum(), fullgraph=True)
    x = torch.full((3,), 2.0)
    f(x).backward()
    with torch.no_grad():
        weight += 1
    assert f(x).item() == 12.0
    weight = torch.full((3,), 5.0)
    holder["bias"] = torch.ones(3)
    y = f(x)
    assert (y.item(), y.requires_grad) == (33.0, False)


def test_a_module_in_training_and_not() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5), nn.BatchNorm1d(3))
    compiled = torch.compile(model)
    x = matrix()
    torch.manual_seed(3)
    want = model(x)
    torch.manual_seed(3)
    assert torch.equal(compiled(x), want)
    model.eval()
    y = compiled(x)
    assert is_compiled(y)
    assert torch.allclose(y, model(x))
    model[0] = nn.Linear(3, 3)
    assert torch.allclose(compiled(x), model(x))
    model[2].eps = 0.5
    assert torch.allclose(compiled(x), model(x))
    model[0].register_forward_hook(lambda *_: torch.ones(4, 3))
    assert torch.allclose(compiled(x), model(x))


def test_a_parameter_that_is_frozen_or_replaced() -> None:
    model = nn.Linear(3, 2)
    compiled = torch.compile(model, fullgraph=True)
    x = torch.ones(1, 3)
    assert compiled(x).requires_grad
    model.requires_grad_(False)
    assert not compiled(x).requires_grad
    model.weight = nn.Parameter(torch.zeros(2, 3))
    model.bias = None
    assert compiled(x).tolist() == [[0.0, 0.0]]


def test_the_branch_that_the_first_call_did_not_take() -> None:
    @torch.compile(fullgraph=True)
    def f(x: Any) -> Any:
        if x.sum() > 0:
            return (x * 2).sum()
        return (x**3).sum()

    for value in (1.0, -1.0, 2.0):
        x = torch.full((2,), value, requires_grad=True)
        f(x).backward()
        assert x.grad.tolist() == [2.0 if value > 0 else 3 * value**2] * 2


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x.max(dim=1).values,
        lambda x: x.sort(dim=1)[0],
        lambda x: x.topk(2, dim=1).values,
        lambda x: x.median(dim=1).values,
        lambda x: F.cross_entropy(x, x.argmin(1)),
        lambda x: F.max_pool1d(x, 2),
        lambda x: torch.where(x > 0, x, x * 2),
        lambda x: F.dropout(x, 0.5, training=False),
        lambda x: x[x.argmax(0)],
        lambda x: x.gather(1, x.argsort(1)),
        lambda x: torch.cummax(x, 1).values,
        lambda x: x.prod(1),
        lambda x: x.norm(dim=1),
        lambda x: x / x.abs().max(),
    ],
)
def test_nothing_of_the_first_data_stays(f: Function) -> None:
    compiled = torch.compile(f)
    data = [np.zeros((4, 3)), np.cos(np.arange(12.0)).reshape(4, 3), np.sin(np.arange(12.0) * 3).reshape(4, 3)]
    for a in data:
        grads = []
        for g in (f, compiled):
            x = torch.from_numpy(a.copy()).requires_grad_()
            y = g(x)
            (y * torch.from_numpy(np.arange(1.0, y.numel() + 1).reshape(tuple(y.shape)))).sum().backward()
            grads.append((y.detach().numpy(), x.grad.numpy()))
        for one, other in zip(*grads, strict=True):
            np.testing.assert_allclose(other, one, rtol=1e-12, atol=1e-12)


# What is not compiled ----------------------------------------------------------------------------


def prints(x: Any) -> Any:
    print(x)
    return x * 2


def draws(x: Any) -> Any:
    return x + torch.rand(3)


def writes_into_argument(x: Any) -> Any:
    x[0] = 1.0
    return x * 2


def appends_outside(x: Any) -> Any:
    SEEN.append(x.shape)
    return x * 2


def raises_on_data(x: Any) -> Any:
    if x.sum() > 100:
        raise ValueError("too large")
    return x * 2


def returns_view(x: Any) -> Any:
    return x[0]


def asks_for_gradient(x: Any) -> Any:
    y = (x * 1).requires_grad_()
    return y * 2


def depends_in_shape(x: Any) -> Any:
    return x[x > 0] * 2


def drops(x: Any) -> Any:
    return F.dropout(x, 0.5)


def hooks(x: Any) -> Any:
    y = x * 2
    y.register_hook(lambda g: g * 3)
    return y


def catches(x: Any) -> Any:
    try:
        return x * 2
    finally:
        pass


def saves(x: Any) -> Any:
    x.saved = 1
    return x * 2


def uses_numpy(x: Any) -> Any:
    return x * float(np.sum(x.detach().numpy()))


def differentiates(x: Any) -> Any:
    y = (x * x).sum()
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    return g * 2


@pytest.mark.parametrize(
    "f",
    [
        prints, draws, writes_into_argument, appends_outside, raises_on_data, returns_view, asks_for_gradient,
        depends_in_shape, drops, hooks, catches, saves, uses_numpy, differentiates,
    ],
)  # fmt: skip
def test_what_is_left_to_the_operations(f: Function, capsys: pytest.CaptureFixture[str]) -> None:
    a = torch.linspace(-1, 1, 12).reshape(4, 3)
    results = []
    for g in (f, torch.compile(f), torch.compile(f)):
        x = a.clone().requires_grad_() * 1
        x.retain_grad()
        torch.manual_seed(0)
        y = g(x)
        y.sum().backward()
        results.append((y.detach(), x.grad, x.detach()))
    for mine in results[1:]:
        assert all(torch.equal(one, other) for one, other in zip(results[0], mine, strict=True))
    with pytest.raises(SrcgradError, match=r"torch.compile cannot take") as caught:
        torch.compile(f, fullgraph=True)(a.clone().requires_grad_() * 1)
    assert isinstance(caught.value, RuntimeError)
    assert caught.value.place is None or caught.value.place.filename == __file__
    capsys.readouterr()


def test_the_error_names_the_line() -> None:
    with pytest.raises(SrcgradError) as caught:
        torch.compile(prints, fullgraph=True)(torch.ones(2))
    text = str(caught.value)
    assert "test_compile.py" in text
    assert "print(x)" in text
    assert "^^^^^^^^" in text
    assert "fullgraph=True" in text


def test_errors_are_those_of_the_operations() -> None:
    @torch.compile
    def f(x: Any, y: Any) -> Any:
        return x @ y

    f(torch.ones(2, 2), torch.ones(2, 2))
    with pytest.raises(RuntimeError, match="mat1 and mat2 shapes cannot be multiplied"):
        f(torch.ones(2, 2), torch.ones(3, 2))


# The graph ---------------------------------------------------------------------------------------


def test_second_derivatives() -> None:
    def f(x: Any) -> Any:
        return (torch.sin(x) * x**2).sum()

    grads = []
    for g in (f, torch.compile(f, fullgraph=True)):
        x = torch.linspace(0, 1, 5, dtype=torch.float64).requires_grad_()
        (first,) = torch.autograd.grad(g(x), x, create_graph=True)
        (second,) = torch.autograd.grad(first.sum(), x, create_graph=True)
        (third,) = torch.autograd.grad(second.sum(), x)
        grads.append((first, second, third))
    for one, other in zip(*grads, strict=True):
        np.testing.assert_allclose(other.detach().numpy(), one.detach().numpy(), rtol=1e-12)
    assert torch.autograd.gradcheck(torch.compile(f, fullgraph=True), (x,))
    assert torch.autograd.gradgradcheck(torch.compile(f, fullgraph=True), (x,))


def test_a_second_backward_wants_the_graph_retained() -> None:
    f = torch.compile(lambda x: (x * x).sum(), fullgraph=True)
    x = matrix()
    y = f(x)
    y.backward(retain_graph=True)
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), 4 * x.numpy(force=True))
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        y.backward()


def test_an_input_that_is_written_to_before_backward() -> None:
    f = torch.compile(lambda x: x.exp() * x, fullgraph=True)
    x = matrix() * 1
    y = f(x)
    x.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_a_result_that_is_written_to_before_backward() -> None:
    f = torch.compile(lambda x: x.exp(), fullgraph=True)
    y = f(matrix())
    y.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_several_results_of_which_one_is_used() -> None:
    f = torch.compile(lambda x: (x.sin(), x.cos(), x > 0), fullgraph=True)
    x = matrix()
    _, y, mask = f(x)
    assert (mask.dtype, mask.requires_grad) == (torch.bool, False)
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), -np.sin(x.numpy(force=True)), rtol=1e-6)


def test_the_same_tensor_twice() -> None:
    f = torch.compile(lambda x, y: (x * y).sum(), fullgraph=True)
    x = torch.full((2,), 3.0, requires_grad=True)
    f(x, x).backward()
    assert x.grad.tolist() == [6.0, 6.0]
    y = torch.full((2,), 5.0)
    assert f(x, y).item() == 30.0


def test_arguments_that_are_not_contiguous() -> None:
    f = torch.compile(lambda x: torch.tanh(x.T @ x).sum(), fullgraph=True)
    for view in (lambda a: a, lambda a: a.T, lambda a: a[:, ::2], lambda a: a[0].expand(4, 3)):
        x = matrix()
        want = torch.tanh(view(x).T @ view(x)).sum()
        assert torch.allclose(f(view(x)), want)


def test_hooks_on_what_goes_in_and_comes_out() -> None:
    f = torch.compile(lambda x: x * 2, fullgraph=True)
    x = torch.ones(2, requires_grad=True)
    x.register_hook(lambda g: g + 1)
    y = f(x)
    y.register_hook(lambda g: g * 10)
    y.sum().backward()
    assert x.grad.tolist() == [21.0, 21.0]


def test_training_goes_as_without() -> None:
    losses = []
    for wrapped in (False, True):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
        run = torch.compile(model, fullgraph=True) if wrapped else model
        optimiser = torch.optim.Adam(model.parameters(), lr=0.05)
        x, y = torch.randn(16, 3), torch.randn(16, 1)
        for _ in range(10):
            optimiser.zero_grad()
            loss = F.mse_loss(run(x), y)
            loss.backward()
            optimiser.step()
        losses.append(loss.item())
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)


def test_modes_in_which_nothing_is_compiled() -> None:
    f = torch.compile(lambda x: x * 2)
    x = matrix()
    assert is_compiled(f(x))
    with torch.inference_mode():
        assert f(x).is_inference()
    with torch.no_grad():
        assert not f(x).requires_grad
    with pytest.warns(UserWarning, match="Anomaly"), torch.autograd.detect_anomaly(check_nan=False):
        assert f(x).grad_fn.name() == "MulBackward0"
    jacobian = torch.func.jacrev(f)(torch.ones(2))
    assert jacobian.tolist() == [[2.0, 0.0], [0.0, 2.0]]
    assert torch.func.vmap(f)(torch.ones(2, 3)).tolist() == [[2.0] * 3] * 2


def test_threads() -> None:
    f = torch.compile(lambda x: (x.sin() * x).sum())
    found: dict[int, float] = {}

    def work(k: int) -> None:
        x = torch.full((3,), float(k), requires_grad=True)
        f(x).backward()
        found[k] = x.grad[0].item()

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for k, slope in found.items():
        assert slope == pytest.approx(np.cos(k) * k + np.sin(k), abs=1e-5)
    assert len(found) == 8


# How it is called --------------------------------------------------------------------------------


def test_signature_and_decorators() -> None:
    @torch.compile
    def f(x: Any) -> Any:
        """Doubled."""
        return x * 2

    @torch.compile(mode="max-autotune", dynamic=True)
    def g(x: Any) -> Any:
        return x * 2

    assert (f.__name__, f.__doc__) == ("f", "Doubled.")
    assert f(torch.ones(1)).item() == g(torch.ones(1)).item() == 2.0
    assert torch.compile(helper, disable=True) is helper
    assert torch.compile(helper, backend="eager") is helper
    with pytest.raises(RuntimeError, match="Either mode or options"):
        torch.compile(helper, mode="default", options={})


def test_a_module_keeps_its_names() -> None:
    model = nn.Linear(2, 1)
    compiled = torch.compile(model)
    assert list(compiled.state_dict()) == ["_orig_mod.weight", "_orig_mod.bias"]
    assert compiled.in_features == 2
    assert repr(compiled).startswith("OptimizedModule(\n  (_orig_mod): Linear(")


def test_a_method_is_compiled() -> None:
    class Scaled:
        factor = 3.0

        def apply(self, x: Any) -> Any:
            return x * self.factor

    scaled = Scaled()
    f = torch.compile(scaled.apply, fullgraph=True)
    assert f(torch.ones(1)).item() == 3.0
    scaled.factor = 4.0
    assert f(torch.ones(1)).item() == 4.0


def test_disable_and_is_compiling() -> None:
    @torch.compiler.disable
    def apart(x: Any) -> Any:
        return x + 1

    f = torch.compile(lambda x: apart(x) * 2)
    assert f(torch.ones(1)).item() == 4.0
    with pytest.raises(SrcgradError, match="compilation is disabled"):
        torch.compile(lambda x: apart(x) * 2, fullgraph=True)(torch.ones(1))
    assert not torch.compiler.is_compiling()
    asks = torch.compile(lambda x: x * (2 if torch.compiler.is_compiling() else 3), fullgraph=True)
    assert asks(torch.ones(1)).item() == 2.0
    with torch.compiler.set_stance("force_eager"):
        assert asks(torch.ones(1)).item() == 3.0


def test_one_compiled_function_calls_another() -> None:
    inner = torch.compile(helper)
    outer = torch.compile(lambda x: inner(x).sum(), fullgraph=True)
    assert is_compiled(outer(matrix()))


def test_random_numbers_are_not_compiled_in() -> None:
    def f(x: Any) -> Any:
        return F.scaled_dot_product_attention(x, x, x, dropout_p=0.5)

    x = torch.ones(1, 4, 4)
    compiled = torch.compile(f)
    torch.manual_seed(0)
    want = f(x), f(x)
    torch.manual_seed(0)
    assert all(torch.equal(compiled(x), w) for w in want)
    with pytest.raises(SrcgradError, match="random numbers"):
        torch.compile(f, fullgraph=True)(x)


def test_an_operation_without_a_text_runs_as_it_is() -> None:
    f = torch.compile(lambda x: F.adaptive_avg_pool2d(x, 2).sum() + x.gather(2, x.argsort(2)).max(), fullgraph=True)
    for shift in (0.0, 1.0):
        grads = []
        for g in (f, f._torchdynamo_orig_callable):
            x = torch.from_numpy(np.cos(np.arange(36.0) + shift).reshape(1, 6, 6)).requires_grad_()
            g(x).backward()
            grads.append(x.grad)
        assert torch.allclose(*grads)


def test_what_functions_and_classes_consist_of_may_change(monkeypatch: pytest.MonkeyPatch) -> None:
    class Model(nn.Module):
        def scale(self, x: Any) -> Any:
            return x * 2

        def forward(self, x: Any, weights: Any = [1.0]) -> Any:  # noqa: B006 - what is asked about
            return self.scale(x) * sum(weights)

    model = Model()
    compiled = torch.compile(model, fullgraph=True)
    x = torch.ones(1)
    assert compiled(x).item() == 2.0
    Model.forward.__defaults__[0].append(2.0)  # type: ignore[index]
    assert compiled(x).item() == 6.0
    monkeypatch.setattr(Model, "scale", lambda _, x: x * 5)
    assert compiled(x).item() == 15.0
    monkeypatch.setattr(Model, "forward", lambda _, x: x * 7)
    assert compiled(x).item() == 7.0
    array = np.ones(1)
    f = torch.compile(lambda x: x * torch.tensor(array, dtype=torch.float32))
    assert f(x).item() == 1.0
    array[0] = 3.0
    assert f(x).item() == 3.0


def test_hooks_are_not_called_for_the_comparison() -> None:
    seen: list[Any] = []
    x = torch.ones(2, requires_grad=True)
    x.register_hook(seen.append)
    y = torch.compile(lambda x: (x * x).sum(), fullgraph=True)(x)
    assert seen == []
    y.backward()
    assert len(seen) == 1


def test_samples_are_let_go() -> None:
    model = nn.Linear(500, 500)
    compiled = torch.compile(model, fullgraph=True)
    x = torch.ones(1, 500)
    tracemalloc.start()
    compiled(x)
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 4 * 500 * 500 * 2


def test_reset_forgets_the_texts() -> None:
    f = torch.compile(lambda x, k: x * k, fullgraph=True)
    for _ in range(3):
        torch.compiler.reset()
        for k in range(8):
            assert f(torch.ones(1), k).item() == k


def test_numbers_in_tensors_are_not_compiled_in() -> None:
    def f(x: Any, i: Any) -> Any:
        return x[i] * x[i - 1] + x.narrow(0, i, 1).sum()

    compiled = torch.compile(f)
    for k in (0, 1, 2):
        i = torch.tensor(k)
        grads = []
        for g in (f, compiled):
            x = torch.tensor([2.0, 3.0, 5.0], requires_grad=True)
            g(x, i).backward()
            grads.append(x.grad)
        assert torch.equal(*grads)


def test_a_name_that_one_iteration_binds() -> None:
    def f(x: Any) -> Any:
        for i in range(5):
            x = x * 2
            if i == 4:
                last = x.sum()
        return last

    assert torch.compile(f, fullgraph=True)(torch.ones(2)).item() == 64.0
