"""How graphs behave: accumulation, freeing, hooks, views, writes, errors, custom functions, second derivatives."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from tools.torch_oracles import raised


def answers(torch: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for program in PROGRAMS:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            said = raised(program, torch)
        texts = [str(w.message).split(". ")[0] for w in caught if w.category is UserWarning]
        found[program.__name__] = [said, texts]
    return found


PROGRAMS: list[Callable[[Any], Any]] = []


def program(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    PROGRAMS.append(f)
    return f


def names(node: Any) -> Any:
    """The nodes below one, as nested lists of names."""
    return [node.name(), *(None if n is None else [names(n), k] for n, k in node.next_functions)]


def leaf(torch: Any, *values: float) -> Any:
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


@program
def accumulates(torch: Any) -> Any:
    x = leaf(torch, 1.0, 2.0)
    for _ in range(3):
        (x * x).sum().backward()
    before = x.grad
    (3 * x).sum().backward()
    return x.grad, before is x.grad


@program
def graph_of_an_expression(torch: Any) -> Any:
    x, y = leaf(torch, 1.0, 2.0), leaf(torch, 3.0, 4.0)
    z = ((x * y + 2) / (x - 1.5) ** 2).exp().mean()
    return names(z.grad_fn)


@program
def graph_of_views(torch: Any) -> Any:
    x = leaf(torch, 1.0, 2.0, 3.0, 4.0)
    return [names(v.grad_fn) for v in (x.view(2, 2), x[1:], x[0], x.view(2, 2).t()[0, 1:], x.unsqueeze(0).expand(3, 4))]


@program
def freed(torch: Any) -> Any:
    x = leaf(torch, 1.0)
    y = (x * x).sum()
    y.backward()
    return raised(y.backward)


@program
def nothing_saved_nothing_freed(torch: Any) -> Any:
    x = leaf(torch, 1.0, 2.0)
    y = (x + 2).sum()
    y.backward()
    y.backward()
    return x.grad


@program
def retained(torch: Any) -> Any:
    x = leaf(torch, 1.0, 2.0)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    return x.grad, raised(y.backward)


@program
def second_derivative(torch: Any) -> Any:
    x = leaf(torch, 1.0, 2.0)
    (g,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), x, create_graph=True)
    (t,) = torch.autograd.grad(h.sum(), x)
    return g, h, t, g.requires_grad, g.grad_fn.name()


@program
def gradient_penalty(torch: Any) -> Any:
    w, x = leaf(torch, 0.3, -0.2), leaf(torch, 1.0, 2.0)
    (g,) = torch.autograd.grad((w * x).tanh().sum(), x, create_graph=True)
    ((g.norm() - 1) ** 2).backward()
    return w.grad, x.grad


@program
def unused_inputs(torch: Any) -> Any:
    x, y = leaf(torch, 1.0), leaf(torch, 2.0)
    z = (x * 2).sum()
    return [
        raised(torch.autograd.grad, z, [x, y], retain_graph=True),
        torch.autograd.grad(z, [x, y], allow_unused=True, retain_graph=True),
        torch.autograd.grad(z, [x, y], materialize_grads=True, retain_graph=True),
        raised(torch.autograd.grad, z, [torch.ones(1)]),
    ]


@program
def wrong_cotangents(torch: Any) -> Any:
    x = leaf(torch, 1.0, 2.0)
    y = x * 2
    return [
        raised(y.backward),
        raised(y.backward, torch.ones(3, dtype=torch.float64)),
        raised(torch.ones(2).backward),
        raised(y.detach().backward),
        raised(torch.autograd.grad, y, x, [None]),
    ]


@program
def backward_to_inputs(torch: Any) -> Any:
    x, y = leaf(torch, 1.0, 2.0), leaf(torch, 2.0, 1.0)
    z = x * y
    z.sum().backward(inputs=[x])
    return x.grad, y.grad


@program
def gradient_of_an_intermediate(torch: Any) -> Any:
    x = leaf(torch, 1.0, 2.0)
    y = x * 2
    z = (y * y).sum()
    return torch.autograd.grad(z, [y, x])


@program
def retain_grad(torch: Any) -> Any:
    x = leaf(torch, 1.0, 2.0)
    y = x * 2
    y.retain_grad()
    (y * y).sum().backward()
    return y.grad, x.grad, y.retains_grad, x.retains_grad, raised(torch.ones(2).retain_grad)


@program
def grad_of_a_non_leaf_warns(torch: Any) -> Any:
    return (leaf(torch, 1.0) * 2).grad


@program
def tensor_hooks(torch: Any) -> Any:
    x = leaf(torch, 1.0, 2.0)
    seen: list[Any] = []
    y = x * 3
    y.register_hook(lambda g: seen.append(g.tolist()))
    handle = y.register_hook(lambda g: g * 2)
    x.register_hook(lambda g: g + 1)
    y.sum().backward()
    first = x.grad.clone()
    handle.remove()
    (x * 3).sum().backward()
    return first, x.grad, seen, raised(torch.ones(2).register_hook, print)


@program
def node_hooks(torch: Any) -> Any:
    x = leaf(torch, 1.0, 2.0)
    seen: list[Any] = []
    y = x * 3
    y.grad_fn.register_hook(lambda ins, outs: seen.append([[g is not None for g in ins], [g.tolist() for g in outs]]))
    y.grad_fn.register_prehook(lambda outs: (outs[0] * 10,))
    y.sum().backward()
    return x.grad, seen


@program
def post_accumulate_hook(torch: Any) -> Any:
    x = leaf(torch, 1.0, 2.0)
    seen: list[Any] = []
    x.register_post_accumulate_grad_hook(lambda t: seen.append(t.grad.tolist()))
    (x * x).sum().backward()
    return seen


@program
def leaves(torch: Any) -> Any:
    x = leaf(torch, 1.0)
    y = x * 2
    i = torch.tensor([1, 2])
    return [
        [t.is_leaf for t in (x, y, y.detach(), i)],
        [t.requires_grad for t in (x, y, y.detach(), i)],
        raised(i.requires_grad_),
        raised(y.requires_grad_, False),
        raised(lambda: torch.tensor([1, 2], requires_grad=True)),
        raised(x.numpy),
    ]


@program
def in_place_on_a_leaf(torch: Any) -> Any:
    x = leaf(torch, 1.0, 2.0)
    view = x[:1]
    told = [raised(x.add_, 1), raised(view.mul_, 2)]
    with torch.no_grad():
        x.add_(1)
    return told, x, x._version, x.is_leaf


@program
def in_place_on_a_result(torch: Any) -> Any:
    x = leaf(torch, 1.0, 2.0)
    y = x * 2
    y.mul_(x)
    y += 1
    name = y.grad_fn.name()
    y.sum().backward()
    return x.grad, name, y._version


@program
def saved_value_overwritten(torch: Any) -> Any:
    x = leaf(torch, 1.0, 2.0)
    y = x * 2
    z = y * y
    y.add_(1)
    return raised(z.sum().backward)


@program
def saved_result_overwritten(torch: Any) -> Any:
    x = leaf(torch, 1.0, 2.0)
    y = x.exp()
    y.add_(1)
    return raised(y.sum().backward)


@program
def write_into_a_view(torch: Any) -> Any:
    x, v = leaf(torch, 1.0, 2.0, 3.0), leaf(torch, 5.0)
    y = x * 2
    part = y[1:2]
    part.mul_(v)
    out = (y * y).sum()
    nodes = [y.grad_fn.name(), part.grad_fn.name()]
    out.backward()
    return x.grad, v.grad, nodes


@program
def write_into_a_base(torch: Any) -> Any:
    x = leaf(torch, 1.0, 2.0, 3.0)
    y = x * 2
    part = y[:2]
    y.mul_(3)
    name = part.grad_fn.name()
    part.sum().backward()
    return x.grad, name


@program
def assignment_by_index(torch: Any) -> Any:
    x, v = leaf(torch, 1.0, 2.0, 3.0, 4.0), leaf(torch, 7.0, 8.0)
    y = torch.zeros(4, dtype=torch.float64)
    y[1:3] = v
    y[0] = x[0] * x[3]
    y[torch.tensor([3])] = v[:1] * 2
    (y * y).sum().backward()
    return y, x.grad, v.grad


@program
def data_is_not_counted(torch: Any) -> Any:
    x = leaf(torch, 1.0, 2.0)
    y = x * x
    x.data.mul_(10)
    y.sum().backward()
    return x.grad, x._version


@program
def detach_shares(torch: Any) -> Any:
    x = leaf(torch, 1.0, 2.0)
    y = x * 2
    d = y.detach()
    d[0] = 100
    return y, d.requires_grad, y._version, y.data_ptr() == d.data_ptr()


@program
def modes(torch: Any) -> Any:
    x = leaf(torch, 1.0)
    found = []
    with torch.no_grad():
        found.append((x * 2).requires_grad)
        with torch.enable_grad():
            found.append((x * 2).requires_grad)
        with torch.set_grad_enabled(True):
            found.append((x * 2).requires_grad)
    with torch.inference_mode():
        y = x * 2
        found += [y.requires_grad, y.is_inference()]
    torch.set_grad_enabled(False)
    found.append((x * 2).requires_grad)
    torch.set_grad_enabled(True)

    @torch.no_grad()
    def f(t: Any) -> Any:
        return t * 2

    return [*found, f(x).requires_grad, torch.is_grad_enabled(), raised(lambda: (y * x).sum().backward())]


@program
def custom_function(torch: Any) -> Any:
    class Power(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, n: int) -> Any:
            ctx.save_for_backward(x)
            ctx.n = n
            return x**n

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return ctx.n * x ** (ctx.n - 1) * g, None

    x = leaf(torch, 1.0, 2.0)
    y = Power.apply(x, 3)
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), x)
    return y, g, h, type(y.grad_fn).__name__


@program
def custom_function_with_two_outputs(torch: Any) -> Any:
    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x.sin(), x.cos()

        @staticmethod
        def backward(ctx: Any, a: Any, b: Any) -> Any:
            (x,) = ctx.saved_tensors
            return a * x.cos() - b * x.sin()

    x = leaf(torch, 1.0, 2.0)
    s, c = Both.apply(x)
    (s * 2).sum().backward(retain_graph=True)
    first = x.grad.clone()
    c.sum().backward()
    return first, x.grad


@program
def custom_function_errors(torch: Any) -> Any:
    class Few(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, a: Any, b: Any) -> Any:
            return a * b

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g

    class Shape(Few):
        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return torch.ones(7, dtype=torch.float64), g

    x, y = leaf(torch, 1.0, 2.0), leaf(torch, 1.0, 3.0)
    return [raised(lambda k=k: k.apply(x, y).sum().backward()) for k in (Few, Shape)]


@program
def once_differentiable(torch: Any) -> Any:
    class Once(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx: Any, g: Any) -> Any:
            return 2 * ctx.saved_tensors[0] * g

    x = leaf(torch, 3.0)
    (g,) = torch.autograd.grad(Once.apply(x).sum(), x, create_graph=True)
    return g, raised(g.sum().backward)


@program
def functional(torch: Any) -> Any:
    af = torch.autograd.functional
    x, v = torch.tensor([1.0, 2.0], dtype=torch.float64), torch.tensor([0.5, -1.0], dtype=torch.float64)

    def f(a: Any) -> Any:
        return (a**3).sum() * a[0]

    def g(a: Any, b: Any) -> Any:
        return a * b, a.sum()

    return [
        af.jacobian(lambda a: a**2, x),
        af.jacobian(g, (x, v)),
        af.hessian(f, x),
        af.vjp(lambda a: a**2, x, v),
        af.jvp(lambda a: a**2, x, v),
        af.hvp(f, x, v),
        af.vhp(f, x, v),
        raised(af.hessian, lambda a: a, x),
    ]


@program
def saved_tensor_hooks(torch: Any) -> Any:
    seen: list[Any] = []

    def pack(t: Any) -> Any:
        seen.append(["pack", t.tolist()])
        return t

    def unpack(t: Any) -> Any:
        seen.append(["unpack", t.tolist()])
        return t

    x = leaf(torch, 1.0, 2.0)
    with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
        y = (x.exp() * 3).sum()
    y.backward()
    return x.grad, seen


@program
def checkpoints(torch: Any) -> Any:
    from importlib import import_module

    checkpoint = import_module(f"{torch.__name__}.utils.checkpoint").checkpoint
    x, w = leaf(torch, 1.0, 2.0), leaf(torch, 0.5, 0.25)
    y = checkpoint(lambda t: (t * w).sin(), x, use_reentrant=False)
    y.sum().backward()
    return y, x.grad, w.grad


@program
def anomaly(torch: Any) -> Any:
    x = leaf(torch, 0.0)
    with torch.autograd.set_detect_anomaly(True):
        y = (x.sqrt() * 0).sum()
        return raised(y.backward)


@program
def complex_gradients(torch: Any) -> Any:
    z = torch.tensor([1 + 2j, -0.5 + 1j], dtype=torch.complex128, requires_grad=True)
    ((z * z.conj()).real.sum() + (z**3).imag.sum() + z.abs().sum()).backward()
    return z.grad, raised(lambda: (z * z).sum().backward())


@program
def not_a_number_flows(torch: Any) -> Any:
    x = leaf(torch, 0.0, 4.0)
    torch.where(x > 0, x.sqrt(), torch.zeros_like(x)).sum().backward()
    return [str(v) for v in x.grad.tolist()]
