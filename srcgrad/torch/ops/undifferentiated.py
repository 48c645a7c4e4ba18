"""Operations that PyTorch lets through the graph and for which it has no derivative: the backward says so.

What enters: a result and its operands. What leaves: the result with a node that refuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from srcgrad.torch.graph import Node
from srcgrad.torch.modes import state
from srcgrad.torch.tensor import Tensor, edge_of


class NotImplemented_(Node):  # noqa: N801 - it is to be called NotImplemented
    """The node of an operation without a derivative."""

    def __init__(self, operation: str, operands: Sequence[Tensor], result: Tensor) -> None:
        super().__init__()
        self.operation = operation
        self.edges = tuple((None, 0) if edge is None else edge for edge in map(edge_of, operands))
        self.outputs = ((result._a.shape, result._a.dtype),)

    def run(self, cotangents: Any) -> Sequence[Any]:  # noqa: ARG002 - there is nothing to do with them
        raise RuntimeError(f"derivative for aten::{self.operation} is not implemented")

    run_recorded = run


NotImplemented_.__name__ = NotImplemented_.__qualname__ = "NotImplemented"


def undifferentiated(operation: str, result: Tensor, *operands: Any) -> Tensor:
    """The result, which needs a gradient if an operand does, and will never get one."""
    tensors = [t for t in operands if isinstance(t, Tensor)]
    if state.enabled and result._a.dtype.kind in "fc" and any(t._needs for t in tensors):
        result._node, result._needs = NotImplemented_(operation, tensors, result), True
    return result
