"""Elements combined where an index says: scatter_reduce, index_reduce, and scatter with a reduction.

What enters: tensors, a dimension, indices and the name of a combination. What leaves: tensors.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.torch.graph import Missing
from srcgrad.torch.inplace import write
from srcgrad.torch.kernels import reducing as kernels
from srcgrad.torch.kernels import scattering
from srcgrad.torch.modes import state
from srcgrad.torch.names import op
from srcgrad.torch.ops.dims import axis
from srcgrad.torch.ops.scattering import _placing, positions, within
from srcgrad.torch.primitive import primitive, wrapped
from srcgrad.torch.tensor import Tensor, edge_of

scatter_reduce_node = primitive(kernels.scatter_reduce, "ScatterReduceBackward0")
index_reduce_node = primitive(kernels.scatter_reduce, "IndexReduceBackward0")

_REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")


@op("scatter_reduce", out=True, inplace=True)
def scatter_reduce(
    input: Tensor, dim: Any, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """Elements combined with others where the index says along a dimension."""
    a = input._a
    k = axis(dim, a.ndim, "scatter_reduce")
    if reduce not in _REDUCTIONS:
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    where = positions(index, "scatter")
    if src._a.dtype != a.dtype:
        raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
    _placing(a, where, src._a, k)
    return scatter_reduce_node(input, k, where, src, reduce, bool(include_self))  # type: ignore[no-any-return]


@op("index_reduce", out=True, inplace=True)
def index_reduce(
    input: Tensor, dim: Any, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """Slices combined with others where the index says along a dimension."""
    a = input._a
    k = axis(dim, a.ndim, "index_reduce")
    if reduce not in _REDUCTIONS[1:]:
        raise RuntimeError(f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    where = positions(index, "index_reduce")
    if where.ndim > 1:
        raise IndexError("index_reduce(): Index is supposed to be a vector")
    if source._a.dtype != a.dtype:
        raise RuntimeError("index_reduce(): self and source expected to have the same scalar type")
    count = source._a.shape[k] if source._a.ndim else 1
    if where.size != count:
        raise RuntimeError("index_reduce(): Number of indices should be equal to source.size(dim)")
    within(where, a.shape[k] if a.ndim else 1, k)
    shape = source._a.shape
    full = np.broadcast_to(where.reshape([-1 if d == k else 1 for d in range(len(shape))]), shape)
    return index_reduce_node(input, k, full, source, reduce, bool(include_self))  # type: ignore[no-any-return]


def scatter_with(in_place: bool, x: Tensor, dim: int, where: Any, given: Any, reduce: str) -> Tensor:
    """`scatter(…, reduce=…)`, which has no derivative."""
    source = given._a if isinstance(given, Tensor) else np.full(where.shape, given, x._a.dtype)
    if reduce == "add":
        y = wrapped(scattering.scatter_add(x._a, dim, where, source))
    else:
        y = wrapped(kernels.scatter_reduce(x._a, dim, where, source, "prod", True))
    if in_place:
        return write(x, lambda _: y, name="NotImplemented")
    operands = [t for t in (x, given) if isinstance(t, Tensor)]
    if state.enabled and any(t._needs for t in operands):
        node = Missing("NotImplemented", RuntimeError("derivative for aten::scatter is not implemented"))
        node.edges = tuple([e for e in [edge_of(t) for t in operands] if e is not None])
        node.outputs = ((y._a.shape, y._a.dtype),)
        y._node, y._needs = node, True
    return y
