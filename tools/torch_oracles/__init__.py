"""What PyTorch is asked, one section per module.

A section has one function:

    def answers(torch) -> dict[str, Any]

It computes with the module that it is given, PyTorch or one that claims to be like it, and returns what it
found under names of its own, as JSON has it: numbers, texts, lists, dicts. `plain` turns tensors into such.
A module that keeps its record in a form of its own has a `main` instead, which writes it.
Samples are made by formulas, so that nothing depends on a random generator.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def plain(value: Any) -> Any:
    """A value as JSON has it: a tensor with its dtype and shape, a number, or lists and dicts of them."""
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if hasattr(value, "detach"):
        return {"tensor": str(value.dtype), "shape": list(value.shape), "values": _elements(value)}
    return repr(value)


def _elements(tensor: Any) -> list[Any]:
    flat = np.ravel(tensor.detach().resolve_conj().resolve_neg().cpu().numpy())
    if flat.dtype.kind == "c":
        flat = np.stack([flat.real, flat.imag], -1)
    found: list[Any] = flat.tolist()
    return found


def raised(function: Any, *args: Any, **kwargs: Any) -> Any:
    """What a call returns, or which error it raises with which text."""
    try:
        return plain(function(*args, **kwargs))
    except Exception as e:
        return {"raises": type(e).__name__, "text": str(e)}
