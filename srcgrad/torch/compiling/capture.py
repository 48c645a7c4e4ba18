"""An operation on samples, as statements of the program.

What enters: a function of the facade and its arguments, samples among them: tensors of the shapes and dtypes that the
real ones have. What leaves: its results, again as samples, and the statements that compute them on arrays. The
operation runs; the graph that it leaves behind tells which kernels it is made of. What it computes without a
graph, whole numbers and booleans above all, is one call of the operation itself.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcgrad.torch.compiling.operations import Eager, Graphed
from srcgrad.torch.compiling.program import (
    Apply,
    Block,
    Cast,
    Let,
    Names,
    NotCompilable,
    Number,
    Recorded,
    Statement,
    Unavailable,
    Value,
    either,
    refused,
)
from srcgrad.torch.compiling.rendering import base_name, reserve
from srcgrad.torch.compiling.structures import flat, mapped, samples_in
from srcgrad.torch.generator import default_generator
from srcgrad.torch.graph import AccumulateGrad, Node
from srcgrad.torch.modes import enable_grad
from srcgrad.torch.nn.functional.batching import SingleNode
from srcgrad.torch.plan import KEEPING, Ghost
from srcgrad.torch.pointwise import Pointwise, promoted
from srcgrad.torch.primitive import OperationNode, wrapped
from srcgrad.torch.tensor import Tensor

# Results of these do not depend on the values in their tensors.
_OF_SHAPE = frozenset("zeros_like ones_like full_like new_zeros new_ones new_full new_tensor".split())


class Samples:
    """The samples that stand for the values of a program under construction."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.block = Block()
        self.values: dict[int, Value] = {}
        self.arrays: dict[int, Value] = {}
        self.alive: list[Tensor] = []
        self.stale: set[int] = set()
        self.constants: dict[str, Any] = {}
        self.recording = True
        self.origin = ""

    def emit(self, statement: Statement) -> None:
        """Add a statement to the block that is being written."""
        statement.origin = self.origin
        self.block.statements.append(statement)

    def value_of(self, sample: Tensor) -> Value:
        """The value that a sample stands for; a tensor that no one has met before is a constant."""
        if id(sample) in self.stale:
            raise refused("a view of a tensor that was written to since")
        found = self.values.get(id(sample))
        if found is None:
            raise refused("a tensor of unknown origin")
        return found

    def enter(self, value: Value, array: Any) -> Tensor:
        """A new sample for a value."""
        if id(array) in self.arrays:
            array = array[...]
        sample = wrapped(array)
        sample._inference = False
        sample._needs = array.dtype.kind == "f"
        self.values[id(sample)] = value
        self.arrays[id(array)] = value
        self.alive.append(sample)
        return sample

    def fresh(self, wanted: str, array: Any, needs: bool | None) -> Value:
        """A value of an array's shape and dtype."""
        return Value(self.names.fresh(wanted), array.shape, array.dtype, needs and array.dtype.kind == "f")

    def constant(self, array: Any, wanted: str = "constant") -> Value:
        """A value that is the same in all calls."""
        array = np.array(array)
        array.flags.writeable = False
        for name, known in self.constants.items():
            if (
                isinstance(known, np.ndarray)
                and known.dtype == array.dtype
                and known.shape == array.shape
                and known.tobytes() == array.tobytes()
            ):
                return Value(name, array.shape, array.dtype)
        name = self.names.fresh(wanted)
        self.constants[name] = array
        return Value(name, array.shape, array.dtype)

    def bound(self, thing: Any, wanted: str) -> str:
        """The name under which the text reads an object that is no array."""
        for name, known in self.constants.items():
            if known is thing or (type(known) is type(thing) and isinstance(known, Eager) and known.same(thing)):
                return name
        name = self.names.fresh(wanted)
        self.constants[name] = thing
        return name

    # One operation -------------------------------------------------------------------------------

    def call(self, function: Callable[..., Any], name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Run an operation on samples and write down what it does."""
        given = list(samples_in((args, kwargs)))
        if any(isinstance(a, Number) for a in flat((args, kwargs))):
            raise Unavailable(name)
        for t in given:
            self.value_of(t)
        counts = [t._writes.count for t in given]
        drawn = default_generator.get_state()
        result = self._run(function, args, kwargs)
        if not np.array_equal(drawn._a, default_generator.get_state()._a):
            default_generator.set_state(drawn)
            raise refused(f"{name}(), which draws random numbers")
        if counts != [t._writes.count for t in given]:
            raise refused(f"{name}(), which writes into a tensor")
        made = [t for t in flat(result) if isinstance(t, Tensor) and not any(t is g for g in given)]
        if any(t._a.dtype.kind == "c" for t in (*given, *made)):
            raise refused("complex numbers")
        if any(not isinstance(t, (Tensor, numbers.Number, str, bool, type(None))) for t in flat(result)):
            raise refused(f"the result of {name}()")
        found = self._written(function, name, (args, kwargs), result, made)
        return mapped(result, lambda t: self.enter(found[id(t)], t._a) if id(t) in found else t)

    def _run(self, function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """The result on samples, all of which need gradients so that the graph tells what each is used for."""
        KEEPING.append(self)
        try:
            with enable_grad():
                try:
                    return function(*args, **kwargs)
                except (RuntimeError, NotImplementedError, TypeError, ValueError):
                    # Some operands may not need a gradient.
                    given = [t for t in samples_in((args, kwargs)) if t._needs]
                    for t in given:
                        t._needs = self.value_of(t).needs is not False
                    try:
                        return function(*args, **kwargs)
                    finally:
                        for t in given:
                            t._needs = True
        finally:
            KEEPING.remove(self)

    def _written(
        self, function: Callable[..., Any], name: str, given: Any, result: Any, made: Sequence[Tensor]
    ) -> dict[int, Value]:
        """Statements for an operation: of its kernels where its graph tells them, else the operation itself."""
        statements = self.block.statements
        before = len(statements), set(self.names.used), dict(self.names.functions), dict(self.constants)
        nodes = ordered([t._node for t in made if t._node is not None])
        try:
            found = self._unlinked(function, name, given, result, made, nodes)
            self._linked(made, nodes, found)
        except NotCompilable:
            del statements[before[0] :]
            self.names.used, self.names.functions, self.constants = before[1:]
            return self._recorded(function, name, given, made)
        return found

    def _recorded(
        self, function: Callable[..., Any], name: str, given: Any, made: Sequence[Tensor]
    ) -> dict[int, Value]:
        """The operation as it is, with its graph."""
        operands = [self.value_of(t) for t in samples_in(given)]
        active = [v.needs is not False and self.recording for v in operands]
        needs = either(*(v.needs for v in operands)) and self.recording
        expected = tuple((t._a.shape, t._a.dtype) for t in made)
        targets = [self.fresh(name, t._a, needs and t._needs) for t in made]
        if any(active):
            call = self.bound(Graphed(function, tuple(active), expected), name)
        else:
            call = self.bound(Eager(function, tuple(range(len(made))), expected), name)
        read: list[Value] = []
        text = f"{call}({self._arguments(given, read)})"
        if any(active):
            graph = Value(self.names.fresh(f"{name}_graph"))
            self.emit(
                Recorded(targets, graph, text, tuple(read), [v for v, a in zip(operands, active, strict=True) if a])
            )
        else:
            self.emit(Let(targets, text, tuple(read)))
        return {id(t): v for t, v in zip(made, targets, strict=True)}

    def _arguments(self, given: Any, read: list[Value]) -> str:
        """The arguments of a call as text."""
        args, kwargs = given
        texts = [self._text(a, read) for a in args]
        return ", ".join([*texts, *(f"{key}={self._text(value, read)}" for key, value in kwargs.items())])

    def _linked(self, made: Sequence[Tensor], nodes: Sequence[Node], found: dict[int, Value]) -> None:
        """Statements for the graph behind some results, and the values of those that it leads to."""
        places: dict[tuple[int, int], Value] = {}
        for node in nodes:
            if isinstance(node, AccumulateGrad):
                places[id(node), 0] = self.value_of(node.variable)
                continue
            if not isinstance(node, OperationNode) or isinstance(node, SingleNode):
                raise refused(f"{node.name()}, whose backward is no rule of the table")
            self._node(node, places)
        for t in made:
            if id(t) not in found:
                node, number = _origin(t, nodes)
                found[id(t)] = places[id(node), number]

    def _node(self, node: OperationNode, places: dict[tuple[int, int], Value]) -> None:
        primitive = node.primitive
        args: list[Any] = []
        edges = iter(node.edges)
        operands: list[Value | None] = []
        constants = node.constants or (None,) * len(node.edges)
        dtype = _common(primitive, node)
        for place, value in enumerate(constants):
            if place not in primitive.places:
                args.append(self._argument(value))
                continue
            members: list[Any] = []
            for member in value if isinstance(value, list) else [value]:
                origin, number = next(edges)
                operand = places[id(origin), number] if origin is not None else None
                operands.append(operand)
                found = operand if operand is not None else self._argument(member)
                members.append(self._cast(found, dtype) if dtype is not None else found)
            args.append(members if isinstance(value, list) else members[0])
        while len(operands) < len(node.edges):
            operands.append(None)
        needs = either(*(v.needs for v in operands if v is not None))
        base = base_name(node)
        reserve(node, self.names)
        several = len(node.outputs) > 1
        targets = [
            Value(
                self.names.fresh(f"{base}_{k}" if several else base),
                shape,
                dt,
                needs and self.recording and dt.kind == "f",
            )
            for k, (shape, dt) in enumerate(node.outputs)
        ]
        for k, target in enumerate(targets):
            places[id(node), k] = target
        counts = list(node.counts or (1,) * len(primitive.operands))
        self.emit(
            Apply(targets, primitive, args, node.plan.names, operands, counts, _fits(node), needs and self.recording)
        )

    def _cast(self, given: Any, dtype: Any) -> Any:
        if not isinstance(given, Value) or given.dtype == dtype:
            return given
        target = Value(self.names.fresh(f"{given.name}_cast"), given.shape, dtype, given.needs)
        self.emit(Cast(target, given))
        return target

    def _argument(self, value: Any) -> Any:
        """An argument without an edge: a constant, or a value that an array of the operation is."""
        if isinstance(value, Ghost):
            return self._array(value.origin)
        if isinstance(value, (list, tuple)):
            return type(value)(self._argument(v) for v in value)
        return value

    def _array(self, array: Any) -> Value:
        known = self.arrays.get(id(array))
        if known is None:
            # It may depend on the values of the operands.
            raise refused("an operation with an array that it computes on the way")
        return known

    # What has no graph ---------------------------------------------------------------------------

    def _unlinked(
        self, function: Callable[..., Any], name: str, given: Any, result: Any, made: Sequence[Tensor], nodes: Any
    ) -> dict[int, Value]:  # fmt: skip
        """Statements for the results that no graph leads to: constants, other names, calls of the operation."""
        rest = [t for t in made if _origin(t, nodes) is None]
        found: dict[int, Value] = {}
        operands = list(samples_in(given))
        if not operands or name in _OF_SHAPE:
            return {id(t): self.constant(t._a, name) for t in rest}
        for t in rest:
            alias = next((s for s in operands if t._a is s._a), None)
            if alias is not None:
                found[id(t)] = self.copied(alias, name)
        rest = [t for t in rest if id(t) not in found]
        if not rest:
            return found
        everything = [t for t in flat(result) if isinstance(t, Tensor)]
        picks = tuple(k for k, t in enumerate(everything) if any(t is r for r in rest))
        expected = tuple((t._a.shape, t._a.dtype) for t in rest)
        call = self.bound(Eager(function, picks, expected), name)
        read: list[Value] = []
        text = f"{call}({self._arguments(given, read)})"
        targets = [self.fresh(name, t._a, False) for t in rest]
        self.emit(Let(targets, text, tuple(read)))
        for t, target in zip(rest, targets, strict=True):
            found[id(t)] = target
            self.arrays[id(t._a)] = target
            self.alive.append(t)
        return found

    def copied(self, sample: Tensor, name: str) -> Value:
        """The value of a sample without its history."""
        source = self.value_of(sample)
        target = self.fresh(name, sample._a, False)
        self.emit(Let([target], source.name, (source,)))
        return target

    def _text(self, a: Any, read: list[Value]) -> str:
        """An argument of a call as text."""
        if isinstance(a, Tensor):
            value = self.value_of(a)
            read.append(value)
            return value.name
        if type(a) is list:
            return "[" + ", ".join(self._text(v, read) for v in a) + "]"
        if type(a) is tuple:
            return "(" + "".join(self._text(v, read) + ", " for v in a) + ")"
        return self.literal(a)

    def literal(self, a: Any) -> str:
        """A constant as text: a literal, or the name of an object."""
        if a is None or a is Ellipsis or isinstance(a, (str, bool)):
            return repr(a)
        if type(a) is slice:
            return f"slice({self.literal(a.start)}, {self.literal(a.stop)}, {self.literal(a.step)})"
        if type(a) is int:
            return repr(a)
        if isinstance(a, np.generic) or (isinstance(a, np.ndarray) and not a.ndim and a.dtype.kind == "f"):
            return self._number(a)
        if type(a) is float:
            return repr(a) if np.isfinite(a) else f"float({str(a)!r})"
        if isinstance(a, (list, tuple)):
            inner = ", ".join(self.literal(v) for v in a)
            return f"[{inner}]" if isinstance(a, list) else f"({inner}{',' if len(a) == 1 else ''})"
        if isinstance(a, np.dtype):
            return f"np.dtype({a.name!r})"
        if isinstance(a, np.ndarray):
            return self.constant(a).name
        return self.bound(a, type(a).__name__)

    def _number(self, a: Any) -> str:
        if a.dtype.kind == "f" and np.isfinite(a):
            # The shortest text that is this number in the array's dtype.
            return str(a[()])
        return f"np.{a.dtype.name}({a.item()!r})" if a.dtype.kind != "b" else repr(bool(a))


def _common(primitive: Any, node: OperationNode) -> Any:
    """The dtype in which an operation with promotion computes, where an operand has another; else None."""
    if not isinstance(primitive, Pointwise):
        return None
    dtypes = [meta[1] for meta in node.inputs if meta is not None]
    dtype = node.outputs[0][1]
    others = [c for c in node.constants if isinstance(c, Ghost)]
    if all(d == dtype for d in dtypes) and all(g.dtype == dtype for g in others):
        return None
    operands = [np.zeros((1,) * len(m[0]), m[1]) for m in node.inputs if m is not None]
    operands += [np.zeros((1,) * g.ndim, g.dtype) for g in others]
    if len(operands) == 2:
        return promoted(operands[0], operands[1], primitive.floating)[0].dtype
    return dtype


def _fits(node: OperationNode) -> list[tuple[bool, bool]]:
    """For each edge, whether the rule's text gives a cotangent of the operand's shape, and of its dtype."""
    ones = [np.ones(shape, dtype if dtype.kind == "f" else np.float64) for shape, dtype in node.outputs]
    if node.saved is None:
        # The graph was freed; shapes tell where a cotangent has to be summed, but not its dtype.
        return [
            (meta is None or node.plan.rule.shape != "elementwise" or meta[0] == node.outputs[0][0], meta is None)
            for meta in node.inputs
        ]
    with np.errstate(all="ignore"):
        found = node.plan.function(ones if len(ones) > 1 else ones[0], *node.saved)
    grads = node.primitive.by_edge(node, found)
    fits = []
    for g, meta in zip(grads, node.inputs, strict=False):
        if meta is None or g is None:
            fits.append((True, True))
        else:
            fits.append((np.shape(g) == meta[0], np.asarray(g).dtype == meta[1]))
    return fits


def _origin(t: Tensor, nodes: Sequence[Node]) -> Any:
    """The node of a result and its place among the node's outputs, or None.

    Whole numbers that came with the rest, such as the places of maxima, know no node of their own.
    """
    if t._node is not None:
        return t._node, t._output
    fitting = [
        (node, k)
        for node in nodes
        for k, meta in enumerate(node.outputs)
        if len(node.outputs) > 1 and meta == (t._a.shape, t._a.dtype) and meta[1].kind != "f"
    ]
    return fitting[0] if len(fitting) == 1 else None


def ordered(roots: Sequence[Node]) -> list[Node]:
    """The nodes that some lead to, the oldest first."""
    seen: set[Node] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack.extend(origin for origin, _ in node.next_functions if origin is not None)
    return sorted(seen, key=lambda n: n.sequence)
