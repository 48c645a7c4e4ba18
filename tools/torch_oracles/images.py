"""Functions of images and tables: convolutions, pooling, normalisations, paddings: one expression per line of images.txt.

Of each it is asked what it gives and which nodes are behind it, or which error it raises. t makes numbers.
"""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from tools.torch_oracles.layers import flat, summary

EXPRESSIONS = Path(__file__).with_suffix(".txt").read_text().splitlines()


def answers(torch: Any) -> dict[str, Any]:
    return {text: answer(torch, text) for text in EXPRESSIONS}


def answer(torch: Any, text: str) -> dict[str, Any]:
    """What an expression gives."""
    leaves: list[Any] = []

    def t(*shape: int) -> Any:
        values = np.cos(np.arange(prod(shape)) * 1.3 + len(leaves)).reshape(shape).astype(np.float32)
        leaves.append(torch.from_numpy(values).requires_grad_())
        return leaves[-1]

    torch.manual_seed(5)
    try:
        found = flat(eval(text, {"torch": torch, "F": torch.nn.functional, "t": t}))
    except Exception as e:
        return {"raises": type(e).__name__, "text": str(e)}
    return {"gives": [summary(y) for y in found], "nodes": chain(found[0].grad_fn, 4)}


def chain(node: Any, depth: int) -> Any:
    """The names of the nodes behind a result."""
    if node is None:
        return None
    behind = [chain(edge[0], depth - 1) for edge in node.next_functions] if depth else []
    return [node.name(), *behind]
