"""The graph from outside: nodes, edges, and hooks on what is saved."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Self

from srcgrad.torch.graph import Node, RemovableHandle
from srcgrad.torch.saving import EXTRAS, packing
from srcgrad.torch.tensor import Tensor, accumulator, wrap


class GradientEdge(NamedTuple):
    """Where the gradient of a tensor goes: a node, and which of its outputs."""

    node: Node
    output_nr: int
    ownership_token: Any = None


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The place in the graph where the gradient of a tensor arrives."""
    if not tensor._needs:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    node = tensor.grad_fn
    return GradientEdge(accumulator(tensor), 0) if node is None else GradientEdge(node, tensor._output)


def increment_version(tensor: Any) -> None:
    """Count a write that was made behind the tensor's back."""
    for t in (tensor,) if isinstance(tensor, Tensor) else tensor:
        t._writes.bump()


class saved_tensors_hooks:  # noqa: N801 - PyTorch's name
    """Pack what operations save in a `with` block, and unpack it when a backward asks for it."""

    def __init__(self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> Self:
        packing.hooks = (*packing.hooks, (self.pack_hook, self.unpack_hook))
        EXTRAS.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        packing.hooks = packing.hooks[:-1]
        EXTRAS.remove(self)


class save_on_cpu(saved_tensors_hooks):  # noqa: N801
    """Everything is on the CPU: what is saved is copied."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        del pin_memory, device_type
        super().__init__(lambda t: wrap(t._a.copy()), lambda t: t)


@contextlib.contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Refuse saved tensor hooks in a block."""
    before = packing.refusal
    packing.refusal = error_message
    try:
        yield
    finally:
        packing.refusal = before


@contextlib.contextmanager
def allow_mutation_on_saved_tensors() -> Iterator[None]:
    """Keep copies of what is saved, so that later writes do no harm."""
    with saved_tensors_hooks(lambda t: wrap(t._a.copy()), lambda t: t):
        yield


def register_multi_grad_hook(tensors: Sequence[Any], fn: Callable[..., Any], *, mode: str = "all") -> RemovableHandle:
    """Call a hook when the gradients of all the tensors, or of the first of them, have arrived."""
    count = len(tensors)
    arrived: dict[int, Any] = {}

    def hook_of(k: int) -> Callable[[Any], None]:
        def hook(g: Any) -> None:
            arrived[k] = g
            if mode == "any":
                if len(arrived) == 1:
                    fn(g)
                if len(arrived) == count:
                    arrived.clear()
            elif len(arrived) == count:
                found = [arrived.get(i) for i in range(count)]
                arrived.clear()
                fn(found)

        return hook

    handles = [t.register_hook(hook_of(k)) for k, t in enumerate(tensors)]

    class _Handle(RemovableHandle):
        def __init__(self) -> None:
            self.hooks = {}

        def remove(self) -> None:
            for handle in handles:
                handle.remove()

    return _Handle()


__all__ = [
    "GradientEdge", "Node", "allow_mutation_on_saved_tensors", "disable_saved_tensors_hooks", "get_gradient_edge",
    "increment_version", "register_multi_grad_hook", "save_on_cpu", "saved_tensors_hooks",
]  # fmt: skip
