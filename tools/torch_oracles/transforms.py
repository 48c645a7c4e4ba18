"""torch.func and forward-mode differentiation: one program each, which returns tensors, or raises."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from tools.torch_oracles import raised


def answers(torch: Any) -> dict[str, Any]:
    func = importlib.import_module(f"{torch.__name__}.func")
    forward = importlib.import_module(f"{torch.__name__}.autograd.forward_ad")
    found = {text: raised(lambda text=text: eval(text, given(torch, func, forward))) for text in EXPRESSIONS}
    return found | {p.__name__: raised(p, torch, func, forward) for p in PROGRAMS}


def given(torch: Any, func: Any, forward: Any) -> dict[str, Any]:
    """What the expressions may name."""
    x = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)

    def f(x: Any) -> Any:
        return torch.sin(x).sum() * x.prod()

    names = {n: getattr(func, n) for n in func.__all__ if hasattr(func, n)} if hasattr(func, "__all__") else {}
    return {
        **names, **{n: getattr(func, n) for n in NAMES}, "torch": torch, "x": x, "f": f, "fw": forward,
        "X": torch.arange(6, dtype=torch.float64).reshape(2, 3) + 1,
    }  # fmt: skip


NAMES = "grad grad_and_value vjp jvp jacrev jacfwd hessian linearize vmap functional_call stack_module_state".split()

EXPRESSIONS = """
grad(f)(x)
grad_and_value(f)(x)
grad(grad(lambda t: t**4))(x[2])
grad(grad(grad(lambda t: t**4)))(x[2])
grad(lambda x: grad(f)(x).sum())(x)
grad(lambda a, b: (a * b).sum(), argnums=(0, 1))(x, x + 1)
grad(lambda x: (f(x), x * 2), has_aux=True)(x)
grad(lambda p: (p['a'] * p['b'][0]).sum())({'a': x, 'b': [x * 2]})
grad(lambda x: x)(x)
grad(lambda x: 3.0)(x)
grad(f, argnums=2)(x)
grad(f)(torch.tensor([1, 2]))
vjp(f, x)[1](torch.tensor(2.0, dtype=torch.float64))
vjp(lambda x: (x * 2, x.sum()), x)[1]((x, x[0]))
vjp(grad(f), x)[1](x)
vjp(lambda x: (x * 2, x), x)[1](x)
jvp(f, (x,), (x,))
jvp(grad(f), (x,), (x,))
jvp(lambda a, b: (a @ b, a / b), (x, x + 1), (x, x * x))
jvp(lambda x: torch.relu(x - 1), (x,), (x,))
jvp(f, x, x)
jvp(f, (x,), (x[:2],))
jvp(f, (x,), (x, x))
grad(lambda x: jvp(f, (x,), (x,))[1])(x)
linearize(lambda x: x**3, x)[1](x)
jacrev(lambda x: x * x.sum())(x)
jacfwd(lambda x: x * x.sum())(x)
jacfwd(lambda x: (x * x, x.sum()))(x)
jacrev(lambda a, b: (a * b, b.sum()), argnums=(0, 1))(x, x + 1)
jacfwd(jacrev(f))(x)
jacrev(jacfwd(f))(x)
jacfwd(jacfwd(f))(x)
jacrev(jacrev(f))(x)
hessian(f)(x)
hessian(lambda a, b: (a * b).sum(), argnums=(0, 1))(x[:2], x[:2])
vmap(lambda x: x * 2)(X)
vmap(torch.dot)(X, X)
vmap(torch.dot, in_dims=(1, 1))(X, X)
vmap(lambda a, b: a + b, in_dims=(0, None), out_dims=1)(X, x)
vmap(lambda x: (x.sum(), {'a': x}))(X)
vmap(vmap(lambda a, b: a * b, in_dims=(0, None)), in_dims=(None, 0))(x, x)
vmap(lambda d: d['a'] * d['b'], in_dims=({'a': 0, 'b': None},))({'a': x, 'b': x})
vmap(grad(f))(X)
vmap(hessian(f))(X)
grad(lambda X: vmap(f)(X).sum())(X)
vmap(lambda x: x, chunk_size=1)(X)
vmap(lambda x: 3.0)(X)
vmap(lambda a, b: a)(x, X)
vmap(lambda x: x, in_dims=3)(X)
vmap(lambda x: x, in_dims=(0, 0))(X)
vmap(lambda x: x, in_dims=None)(X)
vmap(lambda x: x)(3.0)
vmap(lambda: 3.0)()
vmap(lambda x: x, out_dims=(0, 1))(X)
vmap(lambda x: torch.rand(1))(X)
vmap(lambda x: x, randomness='often')(X)
fw.unpack_dual(x)
fw.make_dual(x, x)
""".strip().splitlines()

PROGRAMS: list[Callable[..., Any]] = []


def program(f: Callable[..., Any]) -> Callable[..., Any]:
    PROGRAMS.append(f)
    return f


@program
def tangents(torch: Any, func: Any, forward: Any) -> Any:
    x = given(torch, func, forward)["x"]
    with forward.dual_level():
        dual = forward.make_dual(x, x * 2)
        primal, tangent = forward.unpack_dual(torch.exp(dual) * x)
        return primal, tangent, forward.unpack_dual(x).tangent, raised(forward.make_dual, x, x[:2])


@program
def parameters_from_outside(torch: Any, func: Any, forward: Any) -> Any:
    x = given(torch, func, forward)["x"]
    w = (x * 3).requires_grad_()
    g = func.grad(lambda x: (x * w).sum() ** 3)(x)
    g.sum().backward()
    return g.requires_grad, w.grad, func.grad(lambda x: (x**3).sum())(x).requires_grad


@program
def without_recording(torch: Any, func: Any, forward: Any) -> Any:
    names = given(torch, func, forward)
    with torch.no_grad():
        g = func.grad(names["f"])(names["x"].clone().requires_grad_())
    return g, g.requires_grad


@program
def writes_within(torch: Any, func: Any, forward: Any) -> Any:
    def f(x: Any) -> Any:
        y = x.clone()
        y.mul_(2)
        y[0] = x[1] * x[2]
        return (y * y).sum()

    return func.grad(f)(given(torch, func, forward)["x"])


@program
def gradients_of_each_sample(torch: Any, func: Any, forward: Any) -> Any:
    net = network(torch)
    parameters = {name: p.detach() for name, p in net.named_parameters()}

    def loss(parameters: Any, x: Any, y: Any) -> Any:
        return ((func.functional_call(net, parameters, (x.unsqueeze(0),)) - y) ** 2).mean()

    x = given(torch, func, forward)["X"]
    return func.vmap(func.grad(loss), in_dims=(None, 0, 0))(parameters, x, x[:, :1])


@program
def an_ensemble(torch: Any, func: Any, forward: Any) -> Any:
    nets = [network(torch, k) for k in range(3)]
    parameters, buffers = func.stack_module_state(nets)
    shapes = {name: [list(p.shape), p.requires_grad] for name, p in parameters.items()}
    x = given(torch, func, forward)["X"]

    def call(parameters: Any, buffers: Any, x: Any) -> Any:
        return func.functional_call(nets[0], (parameters, buffers), (x,))

    return shapes, func.vmap(call, in_dims=(0, 0, None))(parameters, buffers, x)


def network(torch: Any, phase: int = 0) -> Any:
    """Two layers with weights by formula."""
    net = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Tanh(), torch.nn.Linear(2, 1)).double()
    with torch.no_grad():
        for k, p in enumerate(net.parameters()):
            p.copy_(torch.cos(torch.arange(p.numel(), dtype=torch.float64) + k + phase).reshape(p.shape))
    return net
