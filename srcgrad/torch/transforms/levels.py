"""Tensors as they enter a function that is differentiated, and as they leave it.

What enters: a tensor. What leaves: the same values behind an `Entry`, a node at which the inner derivative stops, and from
which an outer one goes on to where the tensor came from. A result whose history ends at entries of its own level
leaves without one: nobody else can ask for its gradient.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np

from srcgrad.torch.autograd.sweeping import grad
from srcgrad.torch.graph import Node
from srcgrad.torch.modes import state
from srcgrad.torch.primitive import NO_EDGE
from srcgrad.torch.tensor import Tensor, edge_of, wrap


class Entry(Node):
    """Where a tensor enters a level."""

    asked = True  # whether somebody may ask for a gradient here

    def __init__(self, x: Tensor, recorded: bool) -> None:
        edge = edge_of(x) if recorded and x._needs else None
        super().__init__()
        self.edges = (NO_EDGE if edge is None else edge,)
        self.outputs = ((x._a.shape, x._a.dtype),)
        self.home = x

    def name(self) -> str:
        return "Identity"

    def run(self, cotangents: Any) -> Sequence[Any]:
        return [cotangents]

    run_recorded = run


def entered(x: Tensor, recorded: bool) -> Tensor:
    """A tensor at the start of a level; `recorded` says that an outer derivative may go through it."""
    if x._a.dtype.kind not in "fc":
        raise RuntimeError("only Tensors of floating point dtype can require gradients")
    t = wrap(x._a)
    t._writes = x._writes
    t._node, t._needs = Entry(x, recorded), True
    return t


def foreign(tensors: Iterable[Any], own: set[Any]) -> bool:
    """Whether the history of a tensor ends somewhere else than at the level's own entries."""
    seen: set[Any] = set()
    stack = [t for t in tensors if isinstance(t, Tensor) and t._needs]
    nodes: list[Any] = []
    for t in stack:
        edge = edge_of(t)
        if edge is not None:
            nodes.append(edge[0])
    while nodes:
        node = nodes.pop()
        if node in seen:
            continue
        seen.add(node)
        origins = [edge[0] for edge in node.edges if edge is not None and edge[0] is not None]
        if not origins and node not in own and (node.asked if isinstance(node, Entry) else not node.edges):
            return True
        nodes.extend(origins)
    return False


def left(x: Any, own: set[Any]) -> Any:
    """A result as the caller of the level gets it."""
    if not isinstance(x, Tensor) or not x._needs or foreign([x], own):
        return x
    for node in own:
        if node.home._a is x._a:
            return node.home
    t = wrap(x._a)
    t._writes = x._writes
    return t


def gradients(
    outputs: Sequence[Tensor], inputs: Sequence[Tensor], cotangents: Sequence[Any], *, recorded: bool
) -> list[Tensor]:
    """The gradients of outputs, zeros where there is none; their own history is kept if `recorded`."""
    active = [(y, g) for y, g in zip(outputs, cotangents, strict=True) if y._needs]
    found: Sequence[Any] = [None] * len(inputs)
    if active:
        ys, gs = zip(*active, strict=True)
        found = grad(ys, inputs, gs, retain_graph=True, create_graph=recorded, allow_unused=True)
    return [wrap(np.zeros(x._a.shape, x._a.dtype)) if g is None else g for x, g in zip(inputs, found, strict=True)]


class Recording:
    """Operations are recorded within, whatever the caller said; `outer` is what the caller said."""

    def __enter__(self) -> Self:
        self.outer = state.enabled
        self._inference = state.inference
        state.enabled, state.inference = True, False
        return self

    def __exit__(self, *_: object) -> None:
        state.enabled, state.inference = self.outer, self._inference
