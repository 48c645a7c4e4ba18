"""Products, decompositions, Fourier transforms: one expression per line of matrices.txt.

Of each it is asked which results it has, which node the first of them has, what its gradients are, and what the gradients of a
function of these gradients are; or which error it raises. Arrays are summed up by a few weighted sums.
In the expressions A, S, R, W, B, M, b, s, t, v are real leaves (square, positive definite, tall, wide, batch, columns, vectors,
batch for signals), C, H, z complex ones; Z is singular, I integer, N indefinite and J a batch with a singular member.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

EXPRESSIONS = Path(__file__).with_suffix(".txt").read_text().splitlines()


def answers(torch: Any) -> dict[str, Any]:
    return {text: answer(torch, text) for text in EXPRESSIONS}


def made(*shape: int, phase: float = 0.0) -> Any:
    """Numbers between -2 and 2 without a pattern, no two equal."""
    k = np.arange(np.prod(shape, dtype=int))
    return (2 * np.sin(1.7 * k + 0.9 + phase) * np.cos(0.13 * k * k + phase)).reshape(shape)


def leaves() -> dict[str, Any]:
    square, c = made(4, 4) + 3 * np.eye(4), made(3, 3, phase=1) + 1j * made(3, 3, phase=2)
    real = {
        "A": square, "S": square @ square.T / 4 + np.diag([1.0, 2, 3, 4]), "R": made(5, 3, phase=3), "W": made(3, 5, phase=4),
        "B": made(2, 3, 3, phase=5) + 3 * np.eye(3), "M": made(4, 2, phase=6), "b": made(4, phase=7), "s": made(8, phase=8),
        "t": made(2, 3, 4, phase=9), "v": made(3, phase=10),
    }  # fmt: skip
    return real | {
        "C": c + 2 * np.eye(3),
        "H": c @ c.conj().T + np.diag([1.0, 2, 3]),
        "z": made(5) + 1j * made(5, phase=1),
    }


def names_of(torch: Any) -> dict[str, Any]:
    """What the expressions may name, made anew for each."""
    given = {name: torch.from_numpy(np.array(a)).requires_grad_() for name, a in leaves().items()}
    singular = np.array([[1.0, 2, 3], [2, 4, 6], [0, 0, 1]])
    fixed = {"Z": singular, "I": np.arange(9).reshape(3, 3), "J": np.stack([np.eye(3), singular])}
    fixed["N"] = np.array([[0.0, 2, 1, -3], [2, 0, 4, 1], [1, 4, -5, 2], [-3, 1, 2, 6]])
    given |= {name: torch.from_numpy(np.array(a)) for name, a in fixed.items()}
    return given | {"torch": torch, "L": torch.linalg, "fft": torch.fft, "F": torch.nn.functional, "inf": float("inf")}


def answer(torch: Any, text: str) -> Any:
    """What an expression gives."""
    given = names_of(torch)
    try:
        found = eval(text, given)
    except Exception as e:
        return {"raises": type(e).__name__, "text": re.sub(r"srcgrad\.", "", str(e))}
    tensors = [t for t in (found if isinstance(found, (list, tuple)) else [found]) if isinstance(t, torch.Tensor)]
    said: dict[str, Any] = {"results": [summary(t) for t in tensors]}
    if type(found).__name__ != "tuple" and isinstance(found, tuple):
        said["fields"] = type(found).__name__.rpartition(".")[2]
    sought = [t for t in tensors if t.requires_grad]
    if not sought:
        return said
    said["node"] = sought[0].grad_fn.name()
    wanted = [given[name] for name in leaves() if re.search(rf"\b{name}\b", text)]
    try:
        first = torch.autograd.grad(curved(torch, sought, 0.4), wanted, create_graph=True, allow_unused=True)
    except Exception as e:
        return said | {"gradients": {"raises": type(e).__name__, "text": str(e)}}
    said["gradients"] = [None if g is None else summary(g) for g in first]
    again = [g for g in first if g is not None and g.requires_grad]
    if not again:
        return said
    second = torch.autograd.grad(curved(torch, again, 0.9), wanted, allow_unused=True)
    said["second"] = [None if g is None else summary(g) for g in second]
    return said


def curved(torch: Any, tensors: list[Any], phase: float) -> Any:
    """A number that is not linear in the tensors, in which every element has a weight of its own."""
    total = 0.0
    for t in tensors:
        t = torch.view_as_real(t.resolve_conj()) if t.is_complex() else t
        weights = np.cos(np.arange(t.numel()) * 1.3 + phase).reshape(tuple(t.shape))
        total = total + ((t + 0.1 * t * t) * torch.from_numpy(weights).to(t.dtype)).sum()
    return total


def summary(t: Any) -> list[Any]:
    """A tensor's dtype, shape and weighted sums of its elements."""
    flat = np.ravel(t.detach().resolve_conj().resolve_neg().numpy(force=True)).astype(np.complex128)
    k = np.arange(flat.size)
    sums = [np.sum(flat * np.cos(j * (0.7 * k + 1))) for j in (1, 2)]
    return [str(t.dtype), list(t.shape), *[float(v) for total in sums for v in (total.real, total.imag)]]
