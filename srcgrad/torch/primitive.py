"""One operation: a NumPy function with an entry in the rule table, under PyTorch's name for its node.

What enters: tensors, arrays and numbers, by position in the order of the entry's signature. What leaves: a
tensor (or a tuple of them) that knows its node. An operation that PyTorch composes from others is an ordinary
Python function over primitives, so that the graph has the same nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcgrad.rules import table
from srcgrad.torch import profiling
from srcgrad.torch.calling import caller, holds
from srcgrad.torch.fitting import converted, fitted, summed
from srcgrad.torch.making import INFERENCE, maker, plan_of, shaped
from srcgrad.torch.modes import state
from srcgrad.torch.operation import NEEDED, NO_EDGE, OTHER, TENSOR, OperationNode, Saved, extra, legacy_name
from srcgrad.torch.plan import Ghost, Plan, defaults
from srcgrad.torch.saving import EXTRAS
from srcgrad.torch.tensor import Tensor, Version, edge_of

__all__ = [
    "INFERENCE", "NO_EDGE", "OperationNode", "Primitive", "converted", "fitted", "legacy_name", "primitive", "summed",
    "wrapped",
]  # fmt: skip

_ndarray = np.ndarray
_new = Tensor.__new__


def wrapped(array: Any) -> Tensor:
    """A tensor around what a kernel returned."""
    t = _new(Tensor)
    t._a = array if array.__class__ is _ndarray else np.asarray(array)
    if state.inference:
        t._inference = True
    return t


class Primitive:
    """`primitive(kernel, name)`: call it with tensors to compute, and to record if something needs a gradient.

    `operands` names the parameters that have a place in `next_functions`, where these are others than the
    parameters with a cotangent; `view` says that the result shares the first operand's memory.
    """

    promotes = False  # whether numbers reach the kernel in the dtype of the tensors

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
        saved = {f"_saved_{p}": Saved(p) for p in (*parameters, "self", "other", "result")}
        self.node_class: type[OperationNode] = type(name, (OperationNode,), {"primitive": self, **saved})
        self.plans: dict[int, Plan] = {}
        self.makers: dict[int, Callable[..., Any]] = {}  # by the kinds of the arguments, two bits each
        self.own_class = self.node_class
        self.callers: dict[tuple[type, ...], Callable[..., Any]] = {}  # by the types of the arguments

    def __repr__(self) -> str:
        return f"primitive({table.full_name(self.kernel)}, {self.name!r})"

    def __call__(self, *args: Any) -> Any:
        types = tuple(map(type, args))
        call = self.callers.get(types)
        if call is None:
            call = self.callers[types] = caller(self, types)
        return call(*args)

    def general(self, *args: Any) -> Any:
        """A call with any arguments."""
        arrays: list[Any] = []
        for a in args:
            if isinstance(a, Tensor):
                arrays.append(a._a)
            elif (a.__class__ is list or a.__class__ is tuple) and holds(a):
                arrays.append([m._a if isinstance(m, Tensor) else m for m in a])
            else:
                arrays.append(a)
        y = profiling.run(self, arrays) if profiling.LISTENING else self.kernel(*arrays)
        return self.finished(args, arrays, y)

    def finished(self, args: Sequence[Any], arrays: list[Any], y: Any) -> Any:
        """The results as tensors, with their node if something needs a gradient."""
        if y.__class__ is tuple or y.__class__ is list:
            result: Any = tuple([wrapped(part) for part in y])
        else:
            result = wrapped(y)
        if self.view:
            self._enter_view(args, result)
        if state.enabled and any(_needing(a) for a in args):
            self.record(args, arrays, result)
        return result

    def _enter_view(self, args: Sequence[Any], result: Any) -> None:
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
                elif (a.__class__ is list or a.__class__ is tuple) and (k in self.places or holds(a)):
                    return self.record_parts(args, arrays, result)
                else:
                    kinds = kinds << 2 | OTHER
            enter = self.makers.get(kinds) or self.enter_by(kinds)
            made: OperationNode = enter(*args, *arrays, result)
            return made
        return self.record_parts(args, arrays, result)

    def enter_by(self, kinds: int) -> Callable[..., Any]:
        """What makes the nodes of calls with arguments of these kinds."""
        each: list[int] = []
        rest = kinds
        while rest:
            each.append(rest & 3)
            rest >>= 2
        made = self.makers[kinds] = maker(self, tuple(each[::-1]))
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
                version = source._writes
                checks.append((version, version.count, place))
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
            node.complex = any([t._a.dtype.kind == "c" for t in result])  # noqa: C419 - a generator takes longer
        else:
            node.outputs = ((first._a.shape, first._a.dtype),)
            first._node = node
            first._needs = True
            node.complex = first._a.dtype.kind == "c"
        if EXTRAS:
            extra(node)
        if not node.complex:
            node.complex = any([meta is not None and meta[1].kind == "c" for meta in inputs])  # noqa: C419
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


def _length(a: Any) -> int:
    return len(a) if a.__class__ is list or a.__class__ is tuple else 1


def _constant(a: Any) -> Any:
    """What is remembered of an argument: nothing of one with an edge, the shape of an array, any other as it is."""
    if isinstance(a, Tensor):
        return None if a._needs else Ghost(a._a)
    if a.__class__ is _ndarray:
        return Ghost(a)
    if a.__class__ is list or a.__class__ is tuple:
        return [_constant(m) for m in a] if holds(a) else a
    return a


def _needing(a: Any) -> bool:
    if isinstance(a, Tensor):
        return a._needs
    if a.__class__ is list or a.__class__ is tuple:
        for m in a:
            if isinstance(m, Tensor) and m._needs:
                return True
    return False


def primitive(kernel: Callable[..., Any], name: str, **options: Any) -> Primitive:
    """One operation of the graph, from a function that has an entry in the rule table."""
    return Primitive(kernel, name, **options)
