"""Views, shapes, joining, indexing, scattering, sorting: one expression per line of arrangements.txt.

Of each it is asked what it prints, which nodes are behind it, and what the gradients are; or which error it raises.
In the expressions x, m, v, c are leaves (three, two and one dimension, complex), X and V tensors without gradient.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from tools.torch_oracles import plain

EXPRESSIONS = Path(__file__).with_suffix(".txt").read_text().splitlines()


def answers(torch: Any) -> dict[str, Any]:
    return {text: answer(torch, text) for text in EXPRESSIONS}


def names_of(torch: Any) -> dict[str, Any]:
    """What the expressions may name, made anew for each."""
    whole = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    leaves = {"x": whole, "m": whole[0] + 0, "v": whole[0, 0] + 0, "c": (whole[0] * (1 + 1j)).astype(np.complex64)}
    made = {name: torch.from_numpy(array.copy()).requires_grad_() for name, array in leaves.items()}
    made |= {"X": torch.from_numpy(whole.copy()), "V": torch.from_numpy(whole[0, 0].copy()), "torch": torch}
    return made | {"mask": torch.from_numpy(whole[0] > 3), "idx": torch.tensor([0, 2])}


def answer(torch: Any, text: str) -> Any:
    """What an expression gives."""
    given = names_of(torch)
    try:
        found = eval(text, given)
    except Exception as e:
        return {"raises": type(e).__name__, "text": str(e)}
    said: dict[str, Any] = {"prints": re.sub(r"0x[0-9a-f]+|srcgrad\.", "", repr(found))}
    tensors = [t for t in (found if isinstance(found, (list, tuple)) else [found]) if isinstance(t, torch.Tensor)]
    said["lies"] = [[list(t.shape), list(t.stride()), t._version] for t in tensors]
    sought = [t for t in tensors if t.requires_grad]
    if sought:
        said["nodes"] = [nodes(t.grad_fn) for t in sought]
        try:
            weighted(torch, sought).backward()
        except Exception as e:
            said["backward"] = type(e).__name__
        else:
            said["gradients"] = [plain(given[name].grad) for name in "xmvc"]
    return said


def weighted(torch: Any, tensors: list[Any]) -> Any:
    """A number in which every element of every tensor has a weight of its own."""
    total = None
    for t in tensors:
        if t.is_complex():
            t = torch.view_as_real(t)
        weights = np.cos(np.arange(t.numel()) * 1.3 + 0.4).reshape(tuple(t.shape)).astype(np.float32)
        term = (t * torch.from_numpy(weights)).sum()
        total = term if total is None else total + term
    return total


def nodes(node: Any, depth: int = 6) -> str:
    """The names of the nodes from one on down."""
    if node is None:
        return "-"
    if not depth:
        return "…"
    below = ", ".join(nodes(edge[0], depth - 1) for edge in node.next_functions)
    return f"{node.name().removeprefix('torch::autograd::')}({below})"
