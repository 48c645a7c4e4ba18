"""The node of an operation: what it keeps for its backward, and that this is still as it was.

What enters: what a call of a primitive has saved. What leaves: a node whose backward is the plan of the primitive.
Most nodes are *compact*: their fields lie in them one by one, and their class knows the rest. A compact node that
is to be changed becomes an ordinary one first.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from srcgrad.torch import dtypes
from srcgrad.torch.fitting import fitted
from srcgrad.torch.graph import FREED, AccumulateGrad, Node, anomaly
from srcgrad.torch.plan import Ghost, Plan
from srcgrad.torch.saving import Packed, packing
from srcgrad.torch.tensor import Tensor, Version

if TYPE_CHECKING:
    from srcgrad.torch.primitive import Primitive

_ndarray = np.ndarray
NO_EDGE = (None, 0)
NEEDED, TENSOR, OTHER = 1, 2, 3  # a tensor that needs a gradient, one that does not, anything else


def pack(node: OperationNode) -> None:
    """Let the hooks on saved tensors pack what a node has saved."""
    node.thaw()
    assert node.saved is not None
    # A number may be saved as an array: the hooks do not see it.
    numbers = {k for k, value in enumerate(node.constants) if isinstance(value, (int, float))}
    node.saved = [
        Packed(v) if not shape and v.__class__ is _ndarray and place not in numbers else v
        for v, (place, _, shape) in zip(node.saved, node.plan.entries, strict=True)
    ]
    node.packed = True
    node.plain = False


def extra(node: OperationNode) -> None:
    """What hooks on saved tensors and the search for NaNs want done with a new node."""
    if packing.hooks:
        pack(node)
    if anomaly.on:
        from srcgrad.torch.autograd.anomaly import remember

        remember(node)


class OperationNode(Node):
    """A node whose backward is the plan of a primitive."""

    plain = True
    plan: Plan
    primitive: Primitive
    saved: list[Any] | None
    checks: tuple[tuple[Version, int, int], ...] = ()  # versions, and which parameter (-1: the result)
    inputs: tuple[tuple[tuple[int, ...], Any] | None, ...]  # of each edge, its shape and dtype
    complex: bool = False
    constants: tuple[Any, ...] = ()  # the arguments of the call; None for those with an edge, a Ghost for an array
    packed: bool = False  # whether hooks have packed what is saved
    counts: tuple[int, ...] | None = None  # where an operand is a sequence: how many edges each operand has

    @property
    def source(self) -> str:  # type: ignore[override]
        return self.plan.source

    def thaw(self) -> None:
        """Become a node whose fields can be changed."""

    def release(self) -> None:
        if self.plan.keeps_values:
            self.saved = None

    def kept(self) -> list[Any]:
        """What was saved, if it is still there and as it was."""
        saved = self.saved
        if saved is None:
            raise RuntimeError(FREED)
        if self.packed:
            return [v.array() if v.__class__ is Packed else v for v in saved]
        for version, count, place in reversed(self.checks):
            if version.count != count:
                raise RuntimeError(
                    "one of the variables needed for gradient computation has been modified by an inplace "
                    f"operation: {self._described(place)} is at version {version.count}; expected version {count} "
                    "instead. Hint: enable anomaly detection to find the operation that failed to compute its "
                    "gradient, with torch.autograd.set_detect_anomaly(True, check_nan=False)."
                )
        return saved

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
        versions = [version for version, _, _ in self.checks]
        for holder in gc.get_referrers(value):
            if isinstance(holder, dict) and holder.get("_a") is value:
                holder = next((t for t in gc.get_referrers(holder) if isinstance(t, Tensor)), holder)
            if isinstance(holder, Tensor) and any(holder._writes is v for v in versions):
                return holder.grad_fn, holder._output
        return self.edge_of_place(place)

    def edge_of_place(self, place: int) -> Any:
        """The edge of the operand at a position of the call."""
        for k, p in enumerate(self.primitive.places):
            if p == place and self.counts is None:
                return self.edges[k]
        return NO_EDGE

    def run(self, cotangents: Any) -> Sequence[Any]:
        saved = self.kept()
        if len(self.outputs) > 1:
            cotangents = [
                np.zeros(shape, dtype) if g is None else g
                for g, (shape, dtype) in zip(cotangents, self.outputs, strict=True)
            ]
        if self.complex:
            return self._run_complex(saved, cotangents)
        return self._spread(self.plan.function(cotangents, *saved))

    def _spread(self, found: Sequence[Any]) -> Sequence[Any]:
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
        return [None if g is None else np.conj(g) for g in self._spread(found)]

    def run_recorded(self, cotangents: Any) -> Sequence[Any]:
        from srcgrad.torch.recorded import run_recorded

        return run_recorded(self, cotangents)


class Saved:
    """`node._saved_self`: what a node saved under a parameter's name. A descriptor of the class.

    A `__getattr__` would do as well, but Python reads every attribute of an object that has one the slow way.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, node: Any, kind: Any = None) -> Any:
        if node is None:
            return self
        from srcgrad.torch.recorded import saved_value

        return saved_value(node, self.name)


class CompactNode(OperationNode):
    """A node of one real result, made by `making.maker`: what an ordinary node has in tuples lies in it field by field.

        o0 n0 s0    the origin of operand 0, the number of the origin's output, and the operand's shape, which is left
                    out where it is certainly the result's
        v0 c0       where operand 0 was saved: its version, and how often it had been written to by then
        vy cy       the same of the result
        k1          argument 1, where that is no tensor with a gradient; an array's shape and dtype in its place
        g1          argument 1, where the backward asks for its shape alone
        values      what was saved
        shape       the result's; its dtype is that of all the operands

    The properties give these in the form of an ordinary node.
    """

    needed: tuple[int, ...]  # which arguments have an edge
    kinds: tuple[int, ...]  # of all arguments
    checked: tuple[int, ...]  # which saved values have a version
    given_values: tuple[int, ...]  # the places of what `values` holds
    values: list[Any] | None = None
    shape: tuple[int, ...]
    dtype: Any

    @property
    def edges(self) -> Any:  # type: ignore[override]
        fields = self.__dict__
        return tuple([
            (fields[f"o{p}"], fields[f"n{p}"]) if p in self.needed else NO_EDGE for p in self.primitive.places
        ])  # fmt: skip

    @property
    def inputs(self) -> Any:  # type: ignore[override]
        fields = self.__dict__
        return tuple(
            [(fields.get(f"s{p}", self.shape), self.dtype) if p in self.needed else None for p in self.primitive.places]
        )

    @property
    def outputs(self) -> Any:  # type: ignore[override]
        return ((self.shape, self.dtype),)

    @property
    def checks(self) -> Any:  # type: ignore[override]
        fields = self.__dict__
        names = [(p, "y" if p < 0 else p) for p in self.checked]
        return tuple([(fields[f"v{name}"], fields[f"c{name}"], p) for p, name in names])

    @property
    def constants(self) -> Any:  # type: ignore[override]
        if all(kind == NEEDED for kind in self.kinds):
            return ()
        fields = self.__dict__
        found = [None if kind == NEEDED else fields[f"k{p}"] for p, kind in enumerate(self.kinds)]
        pairs = zip(self.kinds, found, strict=True)
        return tuple([Ghost.of(*v) if kind == TENSOR and v.__class__ is tuple else v for kind, v in pairs])

    @property
    def saved(self) -> list[Any] | None:  # type: ignore[override]
        if self.values is None and self.plan.keeps_values:
            return None
        fields = self.__dict__
        held = dict(zip(self.given_values, self.values or (), strict=True))
        found = []
        for place, _, shape_only in self.plan.entries:
            if place >= len(self.kinds):
                found.append(self.primitive.defaults[place])
            elif not shape_only:
                found.append(held[place])
            elif place < 0 or place in self.needed:
                found.append(Ghost.of(fields.get(f"s{place}", self.shape), self.dtype))
            else:
                found.append(fields[f"g{place}"])
        return found

    def release(self) -> None:
        if self.plan.keeps_values:
            self.values = None

    def run(self, cotangents: Any) -> Sequence[Any]:
        found = iter(self.step(cotangents, True))
        return [next(found)[2] if p in self.needed else None for p in self.primitive.places]

    def thaw(self) -> None:
        """Become an ordinary node, whose fields can be changed."""
        fields = {name: getattr(self, name) for name in ("edges", "inputs", "outputs", "checks", "constants", "saved")}
        fields["plan"] = self.plan
        for name in [name for name in self.__dict__ if name in _LAYOUT or name[1:] == "y" or name[1:].isdecimal()]:
            del self.__dict__[name]
        self.__class__ = self.primitive.own_class  # type: ignore[assignment]
        self.__dict__.update(fields)


_LAYOUT = frozenset({"values", "shape", "dtype"})


def legacy_name(dtype: Any) -> str:
    """The name of a tensor type in PyTorch's messages: FloatTensor, LongTensor …"""
    return f"{dtypes.of(dtype)._c_name}Tensor"
