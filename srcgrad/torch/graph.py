"""The graph behind a tensor and the sweep through it.

What enters: nodes, one per operation, made while the operations ran. What leaves: gradients, added to the
leaves or returned. A node knows its edges (which node, which of its outputs, made each operand) and its
backward; the sweep takes the youngest node first, so that all the cotangents of a node have arrived.
"""

from __future__ import annotations

import itertools
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from heapq import heappop, heappush, heappushpop
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from srcgrad.torch.modes import state

if TYPE_CHECKING:
    from srcgrad.torch.tensor import Tensor

Edge = tuple["Node | None", int]
_sequence = attrgetter("sequence")
_count = next_sequence = itertools.count(1).__next__

FREED = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already "
    "been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). "
    "Specify retain_graph=True if you need to backward through the graph a second time or if you need to access "
    "saved tensors after calling backward."
)


class Node:
    """One operation of the graph. `edges` are the origins of its operands, `outputs` the shapes and dtypes it made."""

    edges: tuple[Edge, ...] = ()
    outputs: tuple[tuple[tuple[int, ...], Any], ...] = ()
    hooks: dict[int, Callable[..., Any]] | None = None  # register_hook
    prehooks: dict[int, Callable[..., Any]] | None = None  # register_prehook
    tensor_hooks: dict[int, dict[int, Callable[..., Any]]] | None = None  # by output number
    retained: dict[int, Any] | None = None  # weak references to tensors that keep their gradient
    watched = False  # whether any of these four was ever made
    single = False  # whether there is certainly one output
    source = ""
    _metadata: dict[str, Any] | None = None

    def __init__(self) -> None:
        self.sequence = _count()

    def run(self, cotangents: Any) -> Sequence[Any]:
        """The operands' cotangents as arrays; `cotangents` is one array, or a list for several outputs."""
        raise NotImplementedError

    def run_recorded(self, cotangents: Any) -> Sequence[Any]:
        """The same on tensors, so that the result has a graph of its own."""
        raise NotImplementedError

    def release(self) -> None:
        """Let go of what was saved."""

    def step(self, cotangents: Any, keep: bool) -> Sequence[tuple[Node | None, int, Any]]:
        """The operands' cotangents, each with its edge, as (node, output number, array); without `keep` lets go."""
        grads = self.run(cotangents)
        if not keep:
            self.release()
        return [(*edge, g) for edge, g in zip(self.edges, grads, strict=False)]

    def thaw(self) -> None:
        """Become a node whose fields can be changed."""

    @property
    def next_functions(self) -> tuple[Edge, ...]:
        return tuple(edge if edge is not None else (None, 0) for edge in self.edges)

    @property
    def metadata(self) -> dict[str, Any]:
        if self._metadata is None:
            self._metadata = {}
        return self._metadata

    def name(self) -> str:
        return type(self).__name__

    def label(self) -> str:
        """The name in the words of the errors: Mul, Squeeze1."""
        name, _, number = self.name().rpartition("Backward")
        return self.name() if not number.isdecimal() else name + number.removesuffix("0")

    def _sequence_nr(self) -> int:
        return self.sequence

    def __repr__(self) -> str:
        return f"<{type(self).__name__} object at {id(self):#x}>"

    def register_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(grad_inputs, grad_outputs)` after each backward of this node."""
        self.watched = True
        if self.hooks is None:
            self.hooks = {}
        return RemovableHandle(self.hooks, hook)

    def register_prehook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(grad_outputs)` before each backward of this node."""
        self.watched = True
        if self.prehooks is None:
            self.prehooks = {}
        return RemovableHandle(self.prehooks, hook)


class RemovableHandle:
    """What registering a hook returns: `remove()` takes it out again; also a context manager."""

    def __init__(self, hooks: dict[int, Any], hook: Any, *, always_called: Any = None) -> None:
        self.hooks = hooks
        self.id = _count()
        self.always_called = always_called
        hooks[self.id] = hook

    def remove(self) -> None:
        self.hooks.pop(self.id, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class AccumulateGrad(Node):
    """The end of a path: adds what arrives to the gradient of a leaf.

    The leaf holds its node; the node knows the leaf by a weak reference, so that the two are no cycle.
    """

    def __init__(self, variable: Tensor) -> None:
        self.reference = weakref.ref(variable)
        self.sequence = _count() - (1 << 62)  # after every other node
        self.outputs = ((variable._a.shape, variable._a.dtype),)

    @property
    def variable(self) -> Any:
        """The leaf, or None where it is gone: then nobody can ask for its gradient."""
        return self.reference()

    def name(self) -> str:
        return "torch::autograd::AccumulateGrad"


class Missing(Node):
    """The place of a backward that was not written: raises when it is reached."""

    def __init__(self, name: str, error: Exception | None = None) -> None:
        super().__init__()
        self._name = name
        self._error = error or RuntimeError(f"derivative for {name} is not implemented")

    def name(self) -> str:
        return self._name

    def run(self, cotangents: Any) -> Sequence[Any]:  # noqa: ARG002 - every node's signature
        raise self._error

    run_recorded = run


class _Anomaly(threading.local):
    on = False  # whether nodes remember where they were made
    check_nan = True


anomaly = _Anomaly()


def _sole_owner_count() -> int:
    """What `sys.getrefcount` says in `_owned` of an array that nothing else holds; 0 if that cannot be told."""
    alone = _probe([np.zeros(1)])
    shared_array = np.zeros(1)
    shared = _probe([shared_array])
    return alone if shared > alone else 0


def _probe(holder: list[Any]) -> int:
    g = holder.pop()
    return _references(g)


def _references(g: Any) -> int:
    return sys.getrefcount(g)


_SOLE = _sole_owner_count()


def accumulate(node: AccumulateGrad, holder: list[Any], create_graph: bool) -> None:
    """Add a cotangent to a leaf's `.grad`; the array is taken over where nobody else holds it."""
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
        variable._grad = variable._wrap(g)
    elif before._needs:
        variable._grad = variable._wrap(before._a + g)
    else:
        a = before._a
        a += g
        writes = before._counter or before._writes
        writes.count += 1
        if writes.views:
            writes.outdate()
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


def accumulate_from(node: Node, g: Any, retain_graph: bool) -> None:
    """The sweep that most programs run: from the only output of a node to the leaves' gradients, on arrays."""
    before = state.enabled
    state.enabled = False
    try:
        _accumulate_from(node, g, retain_graph)
    finally:
        state.enabled = before


def _accumulate_from(node: Node, g: Any, keep: bool) -> None:
    """The same, where nothing is recorded.

    While a single node waits, as along a chain of operations, neither the heap nor the buffers are used. The leaves
    come after all other nodes.
    """
    buffers: dict[Node, Any] = {}
    heap: list[tuple[int, Node]] = []
    leaves: dict[Node, Any] = {}
    following: Node | None = node
    if node.__class__ is AccumulateGrad:
        leaves[node] = g
        following = None
    while following is not None:
        node = following
        found = _watched_step(node, g, keep) if node.watched else node.step(g, keep)
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
    for leaf in sorted(leaves, key=_sequence, reverse=True) if len(leaves) > 1 else tuple(leaves):
        holder = [leaves.pop(leaf) if not leaf.watched else _through_hooks(leaf, leaves.pop(leaf), False)]
        accumulate(leaf, holder, False)  # type: ignore[arg-type]


def _watched_step(node: Node, g: Any, keep: bool) -> Sequence[tuple[Node | None, int, Any]]:
    """The step of a node that has hooks, or whose outputs have."""
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
    from srcgrad.torch.tensor import wrap

    several = len(node.outputs) > 1
    parts = list(g) if several else [g]
    tensors = [p if p is None or create_graph else wrap(p) for p in parts]
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


def _after_hooks(node: Node, grads: Sequence[Any], g: Any, create_graph: bool) -> Sequence[Any]:
    from srcgrad.torch.tensor import wrap

    def shown(value: Any) -> Any:
        return value if value is None or create_graph else wrap(value)

    incoming = tuple(shown(p) for p in (g if len(node.outputs) > 1 else [g]))
    outgoing = tuple(shown(p) for p in (*grads, *(None,) * (len(node.edges) - len(grads))))
    for hook in tuple((node.hooks or {}).values()):
        made = hook(outgoing, incoming)
        if made is not None:
            outgoing = made if isinstance(made, tuple) else (made,)
    return outgoing if create_graph else [None if t is None else t._a for t in outgoing]


def weak(tensor: Any) -> Any:
    """A weak reference to a tensor."""
    return weakref.ref(tensor)
