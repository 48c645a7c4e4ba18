"""Modules of torch.nn: one per line of layers.txt, with what it is called with.

Of each it is asked how it prints, what it keeps, which values it starts from, what it gives, and what the gradients
are, the numbers as sums. f makes numbers, u numbers between zero and one, i whole numbers below its first argument.
"""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import numpy as np

LINES = Path(__file__).with_suffix(".txt").read_text().splitlines()


def answers(torch: Any) -> dict[str, Any]:
    return {line: answer(torch, *line.split(" <- ")) for line in LINES}


def answer(torch: Any, module: str, arguments: str) -> dict[str, Any]:
    """What a module says when it is made and called."""
    leaves: list[Any] = []

    def made(values: Any, trained: bool = True) -> Any:
        t = torch.from_numpy(values).requires_grad_(trained)
        leaves.append(t)
        return t

    given = {
        "nn": torch.nn,
        "torch": torch,
        "f": lambda *shape: made(np.cos(np.arange(prod(shape)) * 1.7 + len(leaves)).reshape(shape) * 1.3),
        "u": lambda *shape: made((np.arange(prod(shape)) * 0.37 % 0.9 + 0.05).reshape(shape)),
        "i": lambda n, *shape: made((np.arange(prod(shape)) * 7 % 5 % n).reshape(shape), trained=False),
    }
    torch.manual_seed(3)
    m = eval(module, given)
    before = repr(m)
    m = m.double()
    found = flat(m(*eval(f"({arguments},)", given)))
    total: Any = 0
    for k, y in enumerate(found):
        if y.requires_grad:
            weights = np.sin(np.arange(y.numel()) + k).reshape(tuple(y.shape))
            total = total + (y * torch.from_numpy(weights)).sum()
    if not isinstance(total, int):
        total.backward()
    return {
        "before": before,
        "after": repr(m),
        "versions": {key: dict(value) for key, value in m.state_dict()._metadata.items()},
        "state": {key: summary(value) for key, value in m.state_dict().items()},
        "gives": [summary(y) for y in found],
        "gradients": [summary(t.grad) for t in leaves],
        "of parameters": [summary(p.grad) for p in m.parameters()],
        "next number": float(torch.rand(1)),
    }


def flat(value: Any) -> list[Any]:
    """The tensors in a result."""
    if isinstance(value, list | tuple):
        return [t for part in value for t in flat(part)]
    return [] if value is None else [value]


def summary(t: Any) -> Any:
    """A tensor's dtype, its shape, and two sums over its elements."""
    if t is None:
        return None
    a = t.detach().numpy().astype(np.float64).ravel()
    return [str(t.dtype), list(t.shape), float(a.sum()), float((a * np.cos(np.arange(a.size))).sum())]
