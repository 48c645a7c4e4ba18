"""Parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from srcgrad.torch.names import FUNCTIONS
from srcgrad.torch.tensor import Tensor


def parameters_to_vector(parameters: Iterable[Any]) -> Tensor:
    """The elements of all parameters in a row."""
    return FUNCTIONS["cat"]([p.view(-1) for p in parameters])  # type: ignore[no-any-return]


def vector_to_parameters(vec: Any, parameters: Iterable[Any]) -> None:
    """Make slices of a vector the values of parameters."""
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type(vec).__name__.replace('srcgrad.', '')}")
    start = 0
    for p in parameters:
        end = start + p.numel()
        p.data = vec[start:end].view_as(p).data  # type: ignore[index]
        start = end
