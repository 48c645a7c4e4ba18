"""Programs of views and writes, one after the other in writes.txt: how graphs follow what is written in place.

After each program it is asked which statements raised what, and of every tensor its values, strides, version and
nodes; then the gradients of all of them together, and for some programs second derivatives.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tools.torch_oracles import plain
from tools.torch_oracles.arrangements import nodes

PROGRAMS = [text.strip().splitlines() for text in Path(__file__).with_suffix(".txt").read_text().split("\n\n")]


def answers(torch: Any) -> dict[str, Any]:
    return {str(k): said(torch, program, second=k % 3 == 0) for k, program in enumerate(PROGRAMS)}


def said(torch: Any, program: list[str], second: bool) -> Any:
    """What a program says step by step and in the end."""
    a, b = np.cos(np.arange(12) * 0.7 + 0.3).reshape(3, 4), np.sin(np.arange(12) * 0.9 + 0.1).reshape(3, 4)
    a[0, 0] = a[1, 2] = 1.0
    leaves = {"a": a, "b": b, "w": np.array([0.5, 1.0, -0.7, 1.3])}
    given = {name: torch.from_numpy(array.copy()).requires_grad_() for name, array in leaves.items()}
    given |= {"v0": torch.from_numpy(np.array([1.0, 0.2, 0.3, 0.4])), "torch": torch}
    found: list[Any] = [tried(lambda line=line: exec(line, given)) for line in program]
    made = [t for name, t in given.items() if isinstance(t, torch.Tensor) and name not in {"a", "b", "w", "v0"}]
    found += [tried(lambda t=t: state(t)) for t in made]
    return [*found, tried(lambda: gradients(torch, made, [given[name] for name in "abw"], second))]


def tried(act: Any) -> Any:
    """What a call gives, or the error."""
    try:
        return act()
    except Exception as e:
        return f"{type(e).__name__}: {e}"


def state(t: Any) -> Any:
    """All that can be seen of a tensor."""
    shape = [list(t.shape), list(t.stride()), t._version, t.requires_grad, t.is_leaf, t._is_view()]
    return [shape, nodes(t.grad_fn, 3), plain(t)["values"]]


def gradients(torch: Any, made: list[Any], leaves: list[Any], second: bool) -> Any:
    """The gradients of a number that depends on all tensors, and of the sum of their squares."""
    terms = [(t * (0.3 + 0.1 * k)).sum() for k, t in enumerate(made) if t.requires_grad]
    if not terms:
        return None
    total = sum(terms[1:], terms[0])
    first = torch.autograd.grad(total, leaves, create_graph=second, allow_unused=True)
    squares = [(g * g).sum() for g in first if g is not None]
    if not second or not any(q.requires_grad for q in squares):
        return plain(first)
    whole = sum(squares[1:], squares[0])
    return plain(
        [
            first,
            [
                g if g is None or g.abs().sum() > 0 else None
                for g in torch.autograd.grad(whole, leaves, allow_unused=True)
            ],
        ]
    )
