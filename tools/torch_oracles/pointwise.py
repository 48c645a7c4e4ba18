"""Functions of elements, activations, losses, special functions, windows: one expression per line of pointwise.txt.

Of each it is asked what it gives, which nodes are behind it, and what its first and second derivatives are; or which
error it raises. The expressions name the tensors of `names_of`; x holds the corners, zeros, infinities and NaN.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tools.torch_oracles import plain
from tools.torch_oracles.arrangements import nodes

EXPRESSIONS = Path(__file__).with_suffix(".txt").read_text().splitlines()
LEAVES = {
    "x": np.array([-3.0, -1, np.nan, -0.5, -0.0, 0, 0.5, 1, 3, 6, np.inf, -np.inf]),
    "w": np.array([-1.0, -1, 0.5, 0, -0.0, 0.5, 2, np.nan, 6, 1, -np.inf, 2]),
    "y": np.array([-2.7, -1.6, -0.4, 0.3, 0.8, 1.9]),
    "v": np.array([1.3, 0.4, 2.2, 0.7, 3.1, 1.1]),
    "u": np.array([0.02, 0.3, 0.45, 0.55, 0.8, 0.97]),
    "m": np.array([[0.3, -1.2, 2.0, 0.1], [1.5, 0.2, -0.7, 0.9], [-0.4, 0.6, 1.1, -2.1]]),
    "n": np.array([[0.7, 0.2, -1.0, 0.4], [0.5, -0.3, 0.8, 1.2], [1.4, -0.6, 0.1, 0.3]]),
    "q": np.cos(np.arange(24.0) * 1.7).reshape(2, 3, 2, 2),
    "f": np.array([-2.7, -1.6, -0.4, 0.3, 0.8, 1.9], np.float32),
    "z": np.array([1 + 2j, -0.5 + 0.3j, 2 - 1j, 0.7j, -1.5 - 0.2j]),
}
CONSTANTS = {
    "i": np.array([-7, -2, 0, 3, 7, 12]),
    "j": np.array([2, 3, 4, -3, 5, 8]),
    "k": np.array([250, 3, 7], np.uint8),
    "t": np.array([True, False, True, True, False, False]),
    "c": np.array([2, 0, 3]),
    "e": np.array([[[1, 0], [2, 2]], [[0, -100], [1, 2]]]),
    "s": np.array([1.0, -1, 1]),
}


def answers(torch: Any) -> dict[str, Any]:
    return {text: answer(torch, text) for text in EXPRESSIONS}


def names_of(torch: Any) -> dict[str, Any]:
    """What the expressions may name, made anew for each."""
    made = {name: torch.from_numpy(array.copy()).requires_grad_() for name, array in LEAVES.items()}
    made |= {name: torch.from_numpy(array.copy()) for name, array in CONSTANTS.items()}
    return made | {"torch": torch, "F": torch.nn.functional, "S": torch.special, "W": torch.signal.windows}


def answer(torch: Any, text: str) -> Any:
    """What an expression gives."""
    given = names_of(torch)
    torch.manual_seed(4)
    try:
        found = eval(text, given)
    except Exception as e:
        return {"raises": type(e).__name__, "text": str(e)}
    said: dict[str, Any] = {"gives": plain(found)}
    first = found[0] if isinstance(found, tuple) else found
    if not isinstance(first, torch.Tensor) or not first.requires_grad:
        return said
    said["nodes"] = nodes(first.grad_fn)
    try:
        once = slopes(torch, [first], given)
        said["slopes"] = {name: plain(g.detach().clone()) for name, g in once.items()}
    except Exception as e:
        said["slopes"] = {"raises": type(e).__name__, "text": str(e).partition("\n")[0]}
        return said
    try:
        twice = slopes(torch, [g for g in once.values() if g.requires_grad], given)
        # Zeros may as well be no gradient; and there may be no second derivative where the first has one.
        said["second"] = {name: plain(g) for name, g in twice.items() if not float(g.detach().abs().sum()) < 1e-12}
    except Exception:
        said["second"] = None
    return said


def slopes(torch: Any, results: list[Any], given: dict[str, Any]) -> dict[str, Any]:
    """The gradients of a weighted sum of results by the leaves that they depend on."""
    if not results:
        return {}
    weights = [
        torch.from_numpy(np.cos(np.arange(r.numel()) * 1.3 + 0.4).reshape(tuple(r.shape))).to(r.dtype) for r in results
    ]
    leaves = [given[name] for name in LEAVES]
    found = torch.autograd.grad(results, leaves, weights, create_graph=True, allow_unused=True)
    return {name: g for name, g in zip(LEAVES, found, strict=True) if g is not None}
