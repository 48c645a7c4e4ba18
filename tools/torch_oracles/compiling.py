"""Functions that `torch.compile` takes: what they give, which gradients they have, and their second derivatives.

PyTorch answers operation by operation, the facade with the text that it generates for the whole function
(`fullgraph=True`, so that none falls back). Each function is called with several inputs of one kind: the second and third
call run the text that the first one made.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tools.torch_oracles import plain

DTYPES = ("float32", "float64")


def answers(torch: Any) -> dict[str, Any]:
    return {
        f"{name} {dtype}": said(torch, f, dtype, twice=dtype == "float64" and k % 3 == 0)
        for dtype in DTYPES
        for k, (name, f) in enumerate(functions(torch).items())
    }


def compiled(torch: Any, f: Any) -> Any:
    """The function as the facade compiles it; PyTorch's own compiler is not asked."""
    return torch.compile(f, fullgraph=True) if torch.__name__.startswith("srcgrad") else f


def said(torch: Any, f: Any, dtype: str, *, twice: bool) -> Any:
    """Results and gradients for inputs of the same kind and without recording; with `twice` second derivatives."""
    made = compiled(torch, f)
    parameters = list(f.parameters()) if isinstance(f, torch.nn.Module) else []
    if isinstance(f, torch.nn.Module):
        with torch.no_grad():
            f.to(getattr(torch, dtype))
            for k, p in enumerate(parameters):
                p.copy_(torch.from_numpy(np.cos(np.arange(p.numel()) + k).reshape(tuple(p.shape)) * 0.5))
    found: list[Any] = []
    for shift in (0.0, 1.7, 2.9):
        leaves = [*inputs(torch, dtype, shift), *parameters]
        result = made(*leaves[:2])
        outs = tensors(torch, result)
        found.append([plain(result), [t.requires_grad for t in outs]])
        active = [t for t in outs if t.requires_grad]
        if active:
            total = sum(((t * t).sum() + t.sum() for t in active[1:]), (active[0] * active[0]).sum() + active[0].sum())
            first = torch.autograd.grad(total, leaves, create_graph=twice and shift == 1.7, allow_unused=True)
            found.append(
                plain(
                    [g.detach() if g is not None else torch.zeros_like(t) for g, t in zip(first, leaves, strict=True)]
                )
            )
            if twice and shift == 1.7:
                found.append(second(torch, first, leaves))
    with torch.no_grad():
        result = made(*inputs(torch, dtype, 0.4))
        found.append([plain(result), [t.requires_grad for t in tensors(torch, result)]])
    return found


def second(torch: Any, first: Any, leaves: Any) -> Any:
    """The gradients of the sum of the gradients' squares."""
    squares = [(g * g).sum() for g in first if g is not None and g.requires_grad]
    if not squares:
        return None
    grads = torch.autograd.grad(sum(squares[1:], squares[0]), leaves, allow_unused=True)
    return plain([g if g is not None else torch.zeros_like(t) for g, t in zip(grads, leaves, strict=True)])


def inputs(torch: Any, dtype: str, shift: float) -> list[Any]:
    """A matrix and a vector, which need gradients."""
    x = np.cos(np.arange(12.0) * 0.7 + shift).reshape(3, 4)
    w = np.sin(np.arange(4.0) * 1.3 + shift) + 0.2
    return [torch.tensor(a.tolist(), dtype=getattr(torch, dtype), requires_grad=True) for a in (x, w)]


def tensors(torch: Any, thing: Any) -> list[Any]:
    """The tensors in a result."""
    if isinstance(thing, torch.Tensor):
        return [thing]
    if isinstance(thing, dict):
        thing = list(thing.values())
    return [t for v in thing for t in tensors(torch, v)] if isinstance(thing, (list, tuple)) else []


def functions(torch: Any) -> dict[str, Callable[..., Any]]:
    """The functions, over a matrix x (3, 4) and a vector w (4)."""
    nn, F = torch.nn, torch.nn.functional

    def pointwise(x, w):
        return torch.tanh(x * w + 0.5) / (1 + torch.exp(-x)) - 2 * w**2

    def promoted(x, w):
        return x * torch.arange(4) + (x > 0) * w - 3

    def reduced(x, w):
        return x.sum(dim=1, keepdim=True) * w.mean(), x.var(dim=0), (x * w).std(), x.norm()

    def extrema(x, w):
        values, indices = x.max(dim=1)
        return values * w[0], indices, x.amin(0), torch.sort(w).values, x.argmax()

    def products(x, w):
        return x @ w, x @ x.T, torch.outer(w, w).sum(0), torch.einsum("ij,kj->ik", x, x)

    def shaped(x, w):
        y = x.reshape(2, 6).permute(1, 0).flatten()
        return torch.cat([y, w, w.flip(0)]).view(-1, 4).transpose(0, 1).contiguous(), torch.stack([w, w * 2], dim=1)

    def indexed(x, w):
        return x[0] * x[-1] + x[1, 2] + x[:, 1:3].sum() * w[None, 1:, None].sum(), x[torch.tensor([2, 0, 2])] * w

    def chosen(x, w):
        return torch.where(x > 0, x * w, x.exp()), x.clamp(-0.5, 0.5), x.masked_fill(x < 0, 1.0), torch.maximum(x, w)

    def activated(x, w):
        return F.relu(x) + F.gelu(x) * F.silu(w), F.softmax(x, dim=-1), F.log_softmax(x, 0), F.leaky_relu(x, 0.1)

    def lost(x, w):
        target = torch.tensor([1, 3, 0])
        return F.cross_entropy(x, target) + F.mse_loss(x, torch.zeros_like(x)), F.smooth_l1_loss(x[0], w)

    def recurrent(x, w):
        h = torch.zeros_like(w)
        for t in range(3):
            for _ in range(6):
                h = torch.tanh(h * w + x[t])
        return h

    def counted(x, w):
        y = w
        for i in range(1, 8):
            y = y + x[1] * i / 7
        return y, y.sum()

    def summed_up(x, w):
        total = 0
        for i in range(12):
            total = total + (x * w).sum() ** 2 / (i + 1)
        return total

    def collected(x, w):
        outs = []
        h = w
        for row in x:
            h = torch.sin(h + row)
            outs.append(h)
        return torch.stack(outs), outs[-1].sum()

    def branched(x, w):
        if x.sum() > 0:
            y = x * w
            scale = 2.0
        elif w[0] > 0.5:
            y = x - w
            scale = 3.0
        else:
            y = x.exp()
            scale = 4.0
        return y.sum(0) * scale

    def returned_early(x, w):
        if x[0, 0] > 0.5:
            return (x * x).sum()
        if w.sum() > 0 and x[1, 1] < 0.9:
            return (w * w).sum() + x.sum()
        return x.mean() * w.mean()

    def halved(x, w):
        y = x
        steps = 0
        while y.norm() > 0.3:
            y = y * 0.5 + 0.01 * w
            steps = steps + 1
        return y * steps

    def newton(x, w):
        root = w.abs() + 1
        for _ in range(6):
            root = 0.5 * (root + (w.abs() + 1) / root)
        return root * x.mean()

    def swapped(x, w):
        a, b = w, x[0]
        for _ in range(5):
            a, b = b, a * 0.5 + b
        return a, b

    def written(x, w):
        y = x * 2
        y += w
        y[0] = 1.5
        y[1] = w * w
        y[:, 2] *= 3
        y.mul_(2).add_(x)
        return y

    def detached(x, w):
        y = x * w
        return y * y.detach(), (x * w).detach()

    def without_recording(x, w):
        with torch.no_grad():
            scale = (x * x).sum()
        return x * scale + w

    def mapped(x, w):
        return {"sum": (x * w).sum(), "parts": [x.mean(0), w.exp()], "n": 3, "shape": tuple(x.shape)}

    def helper(a, *rest, power=2):
        return a**power + sum(r.sum() for r in rest)

    def nested(x, w):
        square = lambda t: t * t  # noqa: E731 - a lambda is what is asked about
        return helper(square(x), w, x, power=3) * max(1, 2) + helper(w)

    def as_number(x, w):
        scale = x.detach().max().item()
        return x * scale + w * float(w.detach()[0]), int(x.shape[0])

    def mathematical(x, w):
        y = x / math.sqrt(x.shape[-1])
        for n in (1, 2, 3):
            y = y + x**n / math.factorial(n)
        return y * w

    def conditional(x, w):
        return (x if x.mean() > 0 else -x) * w + (w.sum() if w[1] > 10 else 2.0 * w.prod())

    def unrolled(x, w):
        rows = [row * k for k, row in enumerate(x) if k != 1]
        return sum(rows) + sum(a * b for a, b in zip(rows, rows, strict=True)) + w

    def windows(x, w):
        image = x.reshape(1, 1, 3, 4)
        kernel = w.reshape(1, 1, 2, 2)
        return (
            F.conv2d(image, kernel, padding=1),
            F.max_pool2d(image, 2, 1),
            F.avg_pool2d(image, 2, 1),
            F.pad(w, (1, 2)),
        )

    def normed(x, w):
        mean, var = torch.zeros(4, dtype=x.dtype), torch.full((4,), 1.5, dtype=x.dtype)
        return F.layer_norm(x, (4,), w, w * 0.5), F.normalize(x, dim=1), F.batch_norm(x, mean, var, w)

    def cumulated(x, w):
        return x.cumsum(1) * w.cumprod(0), torch.logsumexp(x, 0), torch.tril(x), x.roll(1, 0), w.diff()

    def attended(x, w):
        q = x * w
        scores = q @ x.transpose(0, 1) / 2.0
        return F.softmax(scores.masked_fill(torch.ones(3, 3).triu(1).bool(), float("-inf")), -1) @ x

    def until(x, w):
        steps = 0
        while True:
            y = x * 0.5 + 0.02 * w
            if y.norm() < 0.4:
                break
            x = y
            steps += 1
        return y * w, steps

    def alternating(x, w):
        for _ in range(8):
            if x.sum() > 1:
                x = x * 0.5 * w.cos()
            else:
                x = x + w * 0.3
        return x

    def filled(x, w):
        out = torch.zeros_like(x)
        for i in range(3):
            out[i] = x[i] * w * i
        best = out.abs().max()
        return out / best, [out[i].sum() for i in range(3) if i != 1]

    class Gated(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.GRUCell(4, 4)
            self.rest = nn.LSTM(4, 2, bidirectional=True)

        def forward(self, x, w):
            h = w.unsqueeze(0)
            for t in range(x.size(0)):
                h = self.cell(x[t : t + 1], h)
            outputs, (last, _) = self.rest(x.unsqueeze(1))
            return h, outputs.mean(0) * w, last

    class Perceptron(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(4, 5)
            self.rest = nn.Sequential(nn.ReLU(), nn.Linear(5, 4), nn.Tanh())

        def forward(self, x, w):
            return self.rest(self.first(x)) * w

    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
            self.norm = nn.LayerNorm(4)
            self.scale = nn.Parameter(torch.ones(4))
            self.dropout = nn.Dropout(0.5)
            self.eval()

        def forward(self, x, w):
            for layer in self.layers:
                x = x + self.dropout(torch.relu(layer(self.norm(x))))
            return x * self.scale * w

    class Pictures(nn.Module):
        def __init__(self):
            super().__init__()
            self.convolution = nn.Conv2d(1, 2, 2)
            self.pool = nn.MaxPool2d(2, 1)
            self.head = nn.Linear(4, 3)

        def forward(self, x, w):
            y = self.pool(F.relu(self.convolution((x * w).reshape(1, 1, 3, 4))))
            return F.log_softmax(self.head(y.flatten(1)), dim=1)

    local = {name: f for name, f in locals().items() if callable(f) and getattr(f, "__name__", "") == name}
    del local["helper"]
    return {name: f() if isinstance(f, type) else f for name, f in local.items()}
