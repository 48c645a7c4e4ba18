"""Sweeps through the graph, from results to leaves.

What enters: nodes with a cotangent of their output. What leaves: gradients, added to the leaves or returned. A sweep
takes the youngest node first, so that all the cotangents of a node have arrived.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from heapq import heappop, heappush, heappushpop
from operator import attrgetter
from typing import Any

import numpy as np

from srcgrad.torch.graph import AccumulateGrad, Node, anomaly
from srcgrad.torch.modes import no_grad, state
from srcgrad.torch.tensor import Tensor, wrap

_sequence = attrgetter("sequence")
_references = sys.getrefcount


def _sole_owner_count() -> int:
    """What `sys.getrefcount` says of an array that nothing but a local name holds; 0 if that cannot be told."""
    g = [np.zeros(1)].pop()
    alone = _references(g)
    holder = [np.zeros(1)]
    g = holder[0]
    return alone if _references(g) > alone else 0


_SOLE = _sole_owner_count()


def accumulate(node: AccumulateGrad, holder: list[Any], create_graph: bool) -> None:
    """Add the cotangent in the holder to a leaf's `.grad`; the array is taken over where nobody else holds it."""
    g = holder.pop()
    variable = node.reference()
    if variable is None:
        return
    before = variable._grad
    if create_graph:
        variable._grad = g if before is None else before + g
    elif before is None:
        if g.base is not None or not g.flags.writeable or not _SOLE or _references(g) > _SOLE:
            g = g.copy() if g.flags.forc else np.ascontiguousarray(g)
        variable._grad = wrap(g)
    elif before._needs:
        variable._grad = wrap(before._a + g)
    else:
        a = before._a
        a += g
        (before._counter or before._writes).bump()
    hooks = variable._post_hooks
    if hooks:
        for hook in tuple(hooks.values()):
            hook(variable)


def sweep(
    roots: Sequence[tuple[Node, int, Any]],
    *,
    retain_graph: bool,
    create_graph: bool,
    wanted: dict[tuple[Node, int], int] | None = None,
) -> dict[int, Any]:
    """Send cotangents from the roots through the graph.

    `roots` are (node, output number, cotangent): arrays, or with create_graph tensors. Without
    `wanted` the leaves accumulate; with it, nothing is accumulated, and the cotangents that reach the
    wanted (node, output number) are returned by their positions.
    """
    if wanted is None and not create_graph and len(roots) == 1 and not anomaly.on:
        node, number, g = roots[0]
        if len(node.outputs) == 1:
            accumulate_from(node, g, retain_graph)
            return {}
    buffers: dict[Node, Any] = {}
    heap: list[tuple[int, Node]] = []
    found: dict[int, Any] = {}
    for node, number, g in roots:
        _add(buffers, heap, node, number, g)
    needed = None if wanted is None else _leading_to(roots, {node for node, _ in wanted})
    before = state.enabled
    state.enabled = create_graph
    watching = anomaly.on and anomaly.check_nan
    try:
        while heap:
            node = heappop(heap)[1]
            g = buffers.pop(node)
            if node.tensor_hooks or node.prehooks or node.retained:
                g = _through_hooks(node, g, create_graph)
            if wanted is not None:
                _capture(wanted, found, node, g)
                if node.__class__ is AccumulateGrad or (needed is not None and node not in needed):
                    continue
            elif node.__class__ is AccumulateGrad:
                holder = [g]
                del g
                accumulate(node, holder, create_graph)
                continue
            grads = node.run_recorded(g) if create_graph else node.run(g)
            if watching:
                from srcgrad.torch.autograd.anomaly import check

                check(node, grads)
            if node.hooks:
                grads = _after_hooks(node, grads, g, create_graph)
            if not retain_graph:
                node.release()
            for (origin, number), x_bar in zip(node.edges, grads, strict=False):
                if x_bar is not None and origin is not None:
                    if origin in buffers or len(origin.outputs) > 1:
                        _add(buffers, heap, origin, number, x_bar)
                    else:
                        buffers[origin] = x_bar
                        heappush(heap, (-origin.sequence, origin))
            x_bar = grads = None  # type: ignore[assignment]
    finally:
        state.enabled = before
    return found


def accumulate_from(node: Node, g: Any, keep: bool) -> None:
    """The sweep that most programs run: from the only output of a node to the leaves' gradients, on arrays.

    While a single node waits, as along a chain of operations, neither the heap nor the buffers are used. The leaves
    come after all other nodes. Nothing is to be recorded, but only the user's code could: that of hooks and of nodes
    that are not plain.
    """
    buffers: dict[Node, Any] = {}
    heap: list[tuple[int, Node]] = []
    leaves: dict[Any, Any] = {}
    following: Node | None = node
    if node.__class__ is AccumulateGrad:
        leaves[node] = g
        following = None
    while following is not None:
        node = following
        found = node.step(g, keep) if node.plain else _careful_step(node, g, keep)
        following = None
        for origin, number, x_bar in found:
            if origin is None or x_bar is None:
                continue
            if origin.__class__ is AccumulateGrad:
                leaves[origin] = leaves[origin] + x_bar if origin in leaves else x_bar
            elif origin is following:
                g = g + x_bar
            elif origin in buffers or not (origin.single or len(origin.outputs) == 1):
                _add(buffers, heap, origin, number, x_bar)
            elif following is None:
                following, g = origin, x_bar
            else:
                buffers[origin] = x_bar
                heappush(heap, (-origin.sequence, origin))
        if heap:
            if following is None:
                following = heappop(heap)[1]
                g = buffers.pop(following)
            elif -following.sequence > heap[0][0]:
                buffers[following] = g
                following = heappushpop(heap, (-following.sequence, following))[1]
                g = buffers.pop(following)
    g = x_bar = None
    found = ()
    observed = []
    for leaf in tuple(leaves):
        variable = leaf.reference()
        if not leaf.plain or (variable is not None and variable._post_hooks):
            observed.append(leaf)
            continue
        before = None if variable is None else variable._grad
        if before is None or before._needs:
            accumulate(leaf, [leaves.pop(leaf)], False)
            continue
        # The usual case of `accumulate`.
        a = before._a
        a += leaves[leaf]
        writes = before._counter
        if writes is None:
            writes = before._writes
        writes.count += 1
        if writes.views:
            writes.outdate()
    for leaf in sorted(observed, key=_sequence, reverse=True):
        with no_grad():
            g = leaves.pop(leaf)
            holder = [_through_hooks(leaf, g, False) if leaf.watched else g]
            del g
            accumulate(leaf, holder, False)


def _careful_step(node: Node, g: Any, keep: bool) -> Sequence[tuple[Node | None, int, Any]]:
    """The step of a node that runs code of the user's, with its hooks and those of its outputs."""
    with no_grad():
        if not node.watched:
            return node.step(g, keep)
        g = _through_hooks(node, g, False)
        grads = node.run(g)
        if node.hooks:
            grads = _after_hooks(node, grads, g, False)
        if not keep:
            node.release()
        return [(*edge, x_bar) for edge, x_bar in zip(node.edges, grads, strict=False)]


def _add(buffers: dict[Node, Any], heap: list[tuple[int, Node]], node: Node, number: int, g: Any) -> None:
    several = len(node.outputs) > 1
    if node not in buffers:
        buffers[node] = [None] * len(node.outputs) if several else None
        heappush(heap, (-node.sequence, node))
    if several:
        slots = buffers[node]
        slots[number] = g if slots[number] is None else slots[number] + g
    else:
        before = buffers[node]
        buffers[node] = g if before is None else before + g


def _leading_to(roots: Sequence[tuple[Node, int, Any]], ends: set[Node]) -> set[Node]:
    """The nodes from which one of the ends can be reached."""
    reachable: set[Node] = set()
    stack = [node for node, _, _ in roots]
    while stack:
        node = stack.pop()
        if node not in reachable:
            reachable.add(node)
            stack.extend(edge[0] for edge in node.edges if edge is not None and edge[0] is not None)
    leading: set[Node] = set()
    for node in sorted(reachable, key=lambda n: n.sequence):
        if any(edge is not None and (edge[0] in ends or edge[0] in leading) for edge in node.edges):
            leading.add(node)
    return leading


def _capture(wanted: dict[tuple[Node, int], int], found: dict[int, Any], node: Node, g: Any) -> None:
    if len(node.outputs) > 1:
        for number, part in enumerate(g):
            if (node, number) in wanted and part is not None:
                found[wanted[node, number]] = part
    elif (node, 0) in wanted:
        found[wanted[node, 0]] = g


def _through_hooks(node: Node, g: Any, create_graph: bool) -> Any:
    """The cotangents after the hooks of tensors and of the node; retained ones are stored."""
    several = len(node.outputs) > 1
    parts = list(g) if several else [g]
    tensors = [p if p is None or create_graph else _shown(p) for p in parts]
    for number, hooks in (node.tensor_hooks or {}).items():
        if number < len(tensors) and tensors[number] is not None:
            for hook in tuple(hooks.values()):
                made = hook(tensors[number])
                if made is not None:
                    tensors[number] = made
    if node.prehooks:
        for hook in tuple(node.prehooks.values()):
            made = hook(tuple(tensors))
            if made is not None:
                tensors = list(made) if isinstance(made, tuple) else [made]
    for number, reference in (node.retained or {}).items():
        keeper = reference()
        if keeper is not None and tensors[number] is not None:
            grad = tensors[number]
            before = keeper._grad
            keeper._grad = (grad if create_graph else wrap(grad._a.copy())) if before is None else before + grad
    parts = [t if t is None or create_graph else t._a for t in tensors]
    return parts if several else parts[0]


def _shown(g: Any) -> Tensor:
    """A cotangent as a hook sees it: one that is made once for all sweeps is copied, since a hook may write into it."""
    return wrap(g if g.flags.writeable else g.copy())


def _after_hooks(node: Node, grads: Sequence[Any], g: Any, create_graph: bool) -> Sequence[Any]:
    def shown(value: Any) -> Any:
        return value if value is None or create_graph else _shown(value)

    incoming = tuple(shown(p) for p in (g if len(node.outputs) > 1 else [g]))
    outgoing = tuple(shown(p) for p in (*grads, *(None,) * (len(node.edges) - len(grads))))
    for hook in tuple((node.hooks or {}).values()):
        made = hook(outgoing, incoming)
        if made is not None:
            outgoing = made if isinstance(made, tuple) else (made,)
    return outgoing if create_graph else [None if t is None else t._a for t in outgoing]
