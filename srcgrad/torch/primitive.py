"""One operation: a NumPy function with an entry in the rule table, under PyTorch's name for its node.

What enters: tensors, arrays and numbers, by position in the order of the entry's signature. What leaves: a
tensor (or a tuple of them) that knows its node. An operation that PyTorch composes from others is an ordinary
Python function over primitives, so that the graph has the same nodes.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcgrad.rules import table
from srcgrad.torch import dtypes, making, profiling
from srcgrad.torch.graph import FREED, AccumulateGrad, Node, anomaly
from srcgrad.torch.making import NEEDED, OTHER, TENSOR, maker, plan_of, shaped
from srcgrad.torch.modes import state
from srcgrad.torch.plan import Ghost, Plan, defaults
from srcgrad.torch.saving import EXTRAS, Packed, packing
from srcgrad.torch.tensor import Tensor, Version, edge_of

_ndarray = np.ndarray
_new = Tensor.__new__
NO_EDGE = making.NO_EDGE
INFERENCE = (
    "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in computation "
    "tracked by autograd. To work around this, you can make a clone to get a normal tensor and use it in autograd, or use "
    "`torch.no_grad()` instead of `torch.inference_mode()`."
)


def pack(node: OperationNode) -> None:
    """Let the hooks on saved tensors pack what a node has saved."""
    assert node.saved is not None
    # A number may be saved as an array: the hooks do not see it.
    numbers = {k for k, value in enumerate(node.constants) if isinstance(value, (int, float))}
    node.saved = [
        Packed(v) if not shape and v.__class__ is _ndarray and place not in numbers else v
        for v, (place, _, shape) in zip(node.saved, node.plan.entries, strict=True)
    ]
    node.packed = node.unusual = True


def extra(node: OperationNode) -> None:
    """What hooks on saved tensors and the search for NaNs want done with a new node."""
    if packing.hooks:
        pack(node)
    if anomaly.on:
        from srcgrad.torch.autograd.anomaly import remember

        remember(node)


def wrapped(array: Any) -> Tensor:
    """A tensor around what a kernel returned."""
    t = _new(Tensor)
    t._a = array if array.__class__ is _ndarray else np.asarray(array)
    if state.inference:
        t._inference = True
    return t


class OperationNode(Node):
    """A node whose backward is the plan of a primitive."""

    plan: Plan
    primitive: Primitive
    saved: list[Any] | None
    checks: tuple[tuple[Version, int, int], ...] = ()  # versions, and which parameter (-1: the result)
    inputs: tuple[tuple[tuple[int, ...], Any] | None, ...]  # of each edge, its shape and dtype
    complex: bool = False
    constants: tuple[Any, ...] = ()  # the arguments of the call; None for those with an edge, a Ghost for an array
    packed: bool = False  # whether hooks have packed what is saved
    unusual: bool = False  # complex or packed: not for the written-out backward
    counts: tuple[int, ...] | None = None  # where an operand is a sequence: how many edges each operand has

    @property
    def source(self) -> str:  # type: ignore[override]
        return self.plan.source

    def release(self) -> None:
        if self.plan.keeps_values:
            self.saved = None

    def kept(self) -> list[Any]:
        """What was saved, if it is still there and as it was."""
        if self.saved is None:
            raise RuntimeError(FREED)
        if self.packed:
            return [v.array() if v.__class__ is Packed else v for v in self.saved]
        for version, count, place in reversed(self.checks):
            if version.count != count:
                raise RuntimeError(
                    "one of the variables needed for gradient computation has been modified by an inplace "
                    f"operation: {self._described(place)} is at version {version.count}; expected version {count} "
                    "instead. Hint: enable anomaly detection to find the operation that failed to compute its "
                    "gradient, with torch.autograd.set_detect_anomaly(True, check_nan=False)."
                )
        return self.saved

    def _described(self, place: int) -> str:
        """A saved tensor in the words of the error about it: its type, shape and origin."""
        assert self.saved is not None
        value = next(v for v, (p, _, _) in zip(self.saved, self.plan.entries, strict=True) if p == place)
        text = f"[torch.{legacy_name(value.dtype)} {list(value.shape)}]".replace("[]]", "[]]")
        origin, number = (self, 0) if place < 0 else self._origin_now(value, place)
        if origin is None or isinstance(origin, AccumulateGrad):
            return text
        return f"{text}, which is output {number} of {origin.label()},"

    def _origin_now(self, value: Any, place: int) -> Any:
        """The node and output number of a saved operand, as that tensor is after the write, if it still exists."""
        for holder in gc.get_referrers(value):
            if isinstance(holder, dict) and holder.get("_a") is value:
                holder = next((t for t in gc.get_referrers(holder) if isinstance(t, Tensor)), holder)
            if isinstance(holder, Tensor) and any(holder._writes is c[0] for c in self.checks):
                return holder.grad_fn, holder._output
        return self.edge_of_place(place)

    def edge_of_place(self, place: int) -> Any:
        """The edge of the operand at a position of the call."""
        for k, p in enumerate(self.primitive.places):
            if p == place and self.counts is None:
                return self.edges[k]
        return NO_EDGE

    def run(self, cotangents: Any) -> Sequence[Any]:
        saved = self.saved
        if saved is None or self.packed:
            saved = self.kept()
        for version, count, _ in self.checks:
            if version.count != count:
                self.kept()
        if len(self.outputs) > 1:
            cotangents = [
                np.zeros(shape, dtype) if g is None else g
                for g, (shape, dtype) in zip(cotangents, self.outputs, strict=True)
            ]
        if self.complex:
            return self._run_complex(saved, cotangents)
        plan = self.plan
        return self.spread(plan.function(cotangents, *saved))

    def spread(self, found: Sequence[Any]) -> Sequence[Any]:
        """The cotangents edge by edge, each of the operand's own shape and dtype."""
        grads = self.primitive.by_edge(self, found)
        for k, meta in enumerate(self.inputs):
            if meta is not None:
                grads[k] = fitted(grads[k], *meta)
        return grads

    def _run_complex(self, saved: list[Any], cotangents: Any) -> Sequence[Any]:
        # The table's cotangents are transposes, PyTorch's are their conjugates.
        if len(self.outputs) > 1:
            found = self.plan.function([np.conj(g) for g in cotangents], *saved)
        else:
            found = self.plan.function(np.conj(cotangents), *saved)
        return [None if g is None else np.conj(g) for g in self.spread(found)]

    def run_recorded(self, cotangents: Any) -> Sequence[Any]:
        from srcgrad.torch.recorded import run_recorded

        return run_recorded(self, cotangents)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_saved_"):
            from srcgrad.torch.recorded import saved_value

            return saved_value(self, name.removeprefix("_saved_"))
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")


def legacy_name(dtype: Any) -> str:
    """The name of a tensor type in PyTorch's messages: FloatTensor, LongTensor …"""
    return f"{dtypes.of(dtype)._c_name}Tensor"


def summed(g: Any, shape: tuple[int, ...]) -> Any:
    """A cotangent summed over the dimensions along which its operand was broadcast."""
    if g.size == math.prod(shape):
        return g.reshape(shape)
    extra = g.ndim - len(shape)
    if extra > 0:
        g = g.sum(axis=tuple(range(extra)))
    if g.shape != shape:
        stretched = tuple(k for k, (n, m) in enumerate(zip(shape, g.shape, strict=False)) if n == 1 and m != 1)
        if stretched:
            g = g.sum(axis=stretched, keepdims=True)
        if g.shape != shape:
            g = np.broadcast_to(g, shape)
    return g if g.__class__ is _ndarray else np.asarray(g)


def fitted(g: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """A cotangent of the operand's own shape and dtype; None stays what it is."""
    if g is None:
        return None
    if g.__class__ is not _ndarray:
        g = np.asarray(g)
    if g.shape != shape:
        g = summed(g, shape)
    return g if g.dtype is dtype else converted(g, dtype)


def converted(g: Any, dtype: Any) -> Any:
    """A cotangent in the operand's dtype; of a complex one the real part, where the operand is real."""
    if g.dtype == dtype:
        return g
    if g.dtype.kind == "c" and dtype.kind != "c":
        g = g.real
    return g.astype(dtype)


class Primitive:
    """`primitive(kernel, name)`: call it with tensors to compute, and to record if something needs a gradient.

    `operands` names the parameters that have a place in `next_functions`, where these are others than the
    parameters with a cotangent; `view` says that the result shares the first operand's memory.
    """

    def __init__(
        self,
        kernel: Callable[..., Any],
        name: str,
        *,
        operands: Sequence[str] | None = None,
        view: bool = False,
        several: bool = False,
    ) -> None:
        rule = table.lookup(kernel)
        if rule is None:
            raise LookupError(f"{table.full_name(kernel)} has no entry in the rule table")
        self.kernel = kernel
        self.rule = rule
        self.name = name
        self.view = view
        self.several = several
        parameters = list(rule.signature.parameters)
        self.operands = list(operands) if operands is not None else [p for p in parameters if p in rule.vjp]
        self.places = [parameters.index(p) for p in self.operands]
        self.defaults = defaults(rule.signature)
        self.node_class: type[OperationNode] = type(name, (OperationNode,), {"__slots__": (), "primitive": self})
        self.plans: dict[int, Plan] = {}
        self.makers: dict[int, Callable[..., Any]] = {}  # by the kinds of the arguments, two bits each
        self.own_class = self.node_class

    def __repr__(self) -> str:
        return f"primitive({table.full_name(self.kernel)}, {self.name!r})"

    def __call__(self, *args: Any) -> Any:
        needs = False
        kinds = 0
        arrays: list[Any] = []
        for a in args:
            if isinstance(a, Tensor):
                arrays.append(a._a)
                if a._needs or a._stale:
                    needs = True
                    kinds = kinds << 2 | NEEDED
                else:
                    kinds = kinds << 2 | TENSOR
            elif a.__class__ is list or a.__class__ is tuple:
                kinds = -1
                arrays.append([m._a if isinstance(m, Tensor) else m for m in a] if _holds(a) else a)
                needs = needs or any(isinstance(m, Tensor) and m._needs for m in a)
            else:
                kinds = kinds << 2 | OTHER
                arrays.append(a)
        y = profiling.run(self, arrays) if profiling.LISTENING else self.kernel(*arrays)
        if y.__class__ is tuple or y.__class__ is list:
            result: Any = tuple([wrapped(part) for part in y])
        else:
            result = wrapped(y)
        if self.view:
            self._enter_view(args, result)
        if needs and state.enabled:
            if kinds > 0 and result.__class__ is not tuple and self.node_class is self.own_class:
                (self.makers.get(kinds) or self.enter_by(kinds))(*args, *arrays, result)
            else:
                self.record(args, arrays, result)
        return result

    def _enter_view(self, args: tuple[Any, ...], result: Any) -> None:
        x = args[0]
        for t in result if result.__class__ is tuple else (result,):
            t._base = x if x._base is None else x._base
            t._writes = x._writes
            t._several = self.several or x._several
            t._made_untracked = not state.enabled or x._made_untracked
            x._writes.enter(t)

    def record(self, args: Sequence[Any], arrays: list[Any], result: Any) -> OperationNode:
        """Make the node of a call and hang it on the result."""
        if result.__class__ is not tuple and self.node_class is self.own_class:
            kinds = 0
            for k, a in enumerate(args):
                if isinstance(a, Tensor):
                    kinds = kinds << 2 | (NEEDED if a._needs else TENSOR)
                elif (a.__class__ is list or a.__class__ is tuple) and (k in self.places or _holds(a)):
                    return self.record_parts(args, arrays, result)
                else:
                    kinds = kinds << 2 | OTHER
            enter = self.makers.get(kinds) or self.enter_by(kinds)
            made: OperationNode = enter(*args, *arrays, result)
            return made
        return self.record_parts(args, arrays, result)

    def enter_by(self, kinds: int) -> Callable[..., Any]:
        """What makes the nodes of calls with arguments of these kinds."""
        each = []
        rest = kinds
        while rest:
            each.append(rest & 3)
            rest >>= 2
        after = {"constant": _constant, "extra": extra, "refuse": _refuse, "fitted": fitted}
        made = self.makers[kinds] = maker(self, self.own_class, each[::-1], after)
        return made

    def record_parts(self, args: Sequence[Any], arrays: list[Any], result: Any) -> OperationNode:
        """The same where an argument is a sequence of tensors, or where there are several results."""
        edges: list[Any] = []
        inputs: list[Any] = []
        sequence = False
        names: list[str] = []
        n = len(args)
        for k, place in enumerate(self.places):
            a = args[place] if place < n else None
            if isinstance(a, Tensor):
                self._enter_edge(a, edges, inputs)
                if inputs[-1] is not None:
                    names.append(self.operands[k])
            elif a.__class__ is list or a.__class__ is tuple:
                sequence = True
                for member in a:
                    self._enter_edge(member, edges, inputs)
                    if inputs[-1] is not None and self.operands[k] not in names:
                        names.append(self.operands[k])
            else:
                edges.append(NO_EDGE)
                inputs.append(None)
        plan = plan_of(self, names)
        node = self.node_class()
        node.plan = plan
        node.edges = tuple(edges)
        node.inputs = tuple(inputs)
        if sequence:
            node.counts = tuple([_length(args[p]) if p < n else 1 for p in self.places])
        several = result.__class__ is tuple
        first = result[0] if several else result
        saved: list[Any] = []
        checks: list[tuple[Version, int, int]] = []
        for place, _, shape_only in plan.entries:
            if place < 0:
                value: Any = [t._a for t in result] if several else first._a
                source: Any = None if several else first
            elif place < n:
                value, source = arrays[place], args[place]
            else:
                value, source = self.defaults[place], None
            if shape_only:
                value = shaped(value)
            elif isinstance(source, Tensor):
                if source._inference:
                    raise RuntimeError(INFERENCE)
                checks.append((source._writes, source._writes.count, place))
            saved.append(value)
        node.saved = saved
        node.constants = tuple([_constant(a) for a in args])
        if checks:
            node.checks = tuple(checks)
        if several:
            node.outputs = tuple([(t._a.shape, t._a.dtype) for t in result])
            for number, t in enumerate(result):
                if t._a.dtype.kind in "fc":
                    t._node, t._output, t._needs = node, number, True
            node.complex = any(t._a.dtype.kind == "c" for t in result)
        else:
            node.outputs = ((first._a.shape, first._a.dtype),)
            first._node = node
            first._needs = True
            node.complex = first._a.dtype.kind == "c"
        if EXTRAS:
            extra(node)
        if not node.complex:
            node.complex = any(meta is not None and meta[1].kind == "c" for meta in inputs)
        node.unusual = node.unusual or node.complex
        return node

    @staticmethod
    def _enter_edge(a: Any, edges: list[Any], inputs: list[Any]) -> None:
        edge = edge_of(a) if isinstance(a, Tensor) else None
        if edge is None:
            edges.append(NO_EDGE)
            inputs.append(None)
        else:
            edges.append(edge)
            inputs.append((a._a.shape, a._a.dtype))

    def by_edge(self, node: OperationNode, found: Sequence[Any]) -> list[Any]:
        """The plan's cotangents in the order of the node's edges; a sequence's members one after the other."""
        if node.counts is None and len(found) == len(node.edges):
            return list(found)
        wanted = dict(zip(node.plan.names, found, strict=True))
        grads: list[Any] = []
        for name, count in zip(self.operands, node.counts or (1,) * len(self.operands), strict=True):
            g = wanted.get(name)
            if isinstance(g, (list, tuple)):
                grads.extend(g)
            else:
                grads.extend([g] * count)
        return grads


def _refuse() -> None:
    raise RuntimeError(INFERENCE)


def _length(a: Any) -> int:
    return len(a) if a.__class__ is list or a.__class__ is tuple else 1


def _constant(a: Any) -> Any:
    """What is remembered of an argument: nothing of one with an edge, the shape of an array, any other as it is."""
    if isinstance(a, Tensor):
        return None if a._needs else Ghost(a._a)
    if a.__class__ is _ndarray:
        return Ghost(a)
    if a.__class__ is list or a.__class__ is tuple:
        return [_constant(m) for m in a] if _holds(a) else a
    return a


def _holds(values: Any) -> bool:
    return any(isinstance(m, Tensor) for m in values)


def primitive(kernel: Callable[..., Any], name: str, **options: Any) -> Primitive:
    """One operation of the graph, from a function that has an entry in the rule table."""
    return Primitive(kernel, name, **options)
