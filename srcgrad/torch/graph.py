"""The graph behind a tensor: its nodes and their hooks.

What enters: operations as they run. What leaves: nodes, one per operation. A node knows its edges (which node, which
of its outputs, made each operand) and its backward; `sweeps` goes through them.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from srcgrad.torch.tensor import Tensor

Edge = tuple["Node | None", int]
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
    _watched = False
    single = False  # whether there is certainly one output
    plain = False  # whether the backward runs nothing but kernels on arrays, and none of the user's code
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
    def watched(self) -> bool:
        """Whether there ever was a hook on this node or on one of its outputs; a watched node is not plain."""
        return self._watched

    @watched.setter
    def watched(self, value: bool) -> None:
        self._watched = value
        if value:
            self.plain = False

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

    __module__ = "torch.utils.hooks"  # where PyTorch has it, as its type is printed

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

    plain = True

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


def weak(tensor: Any) -> Any:
    """A weak reference to a tensor."""
    return weakref.ref(tensor)
