"""Operations on (images, channels, *space) that also take a single image.

What enters: a kernel for images. What leaves: a primitive whose node is the same for both, as in PyTorch: the
single image gets the missing axis on the way in and loses it on the way out, without nodes of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from srcgrad.torch import profiling
from srcgrad.torch.modes import state
from srcgrad.torch.primitive import OperationNode, Primitive, wrapped
from srcgrad.torch.tensor import Tensor


class SingleNode(OperationNode):
    """The node of a single image: its cotangents get the axis that the kernel's have."""

    def run(self, cotangents: Any) -> Sequence[Any]:
        if len(self.outputs) > 1:
            return super().run([None if g is None else g[None] for g in cotangents])
        return super().run(cotangents[None])

    def run_recorded(self, cotangents: Any) -> Sequence[Any]:
        if len(self.outputs) > 1:
            return super().run_recorded([None if g is None else g.unsqueeze(0) for g in cotangents])
        return super().run_recorded(cotangents.unsqueeze(0))


class Batched(Primitive):
    """A primitive for arrays of `ndim` dimensions that accepts one with the first missing."""

    def __init__(self, kernel: Callable[..., Any], name: str, ndim: int, **options: Any) -> None:
        super().__init__(kernel, name, **options)
        self.ndim = ndim
        self.several_class = self.node_class
        self.single_class = type(name, (SingleNode,), {"__slots__": (), "primitive": self})

    def __call__(self, *args: Any) -> Any:
        x = args[0]
        if x._a.ndim == self.ndim:
            return super().__call__(*args)
        arrays = [x._a[None], *[a._a if isinstance(a, Tensor) else a for a in args[1:]]]
        y = profiling.run(self, arrays) if profiling.watch.on else self.kernel(*arrays)
        several = y.__class__ is tuple
        result: Any = tuple([wrapped(part[0]) for part in y]) if several else wrapped(y[0])
        if x._needs and state.enabled:
            self._record_single(args, arrays, result)
        return result

    def _record_single(self, args: Sequence[Any], arrays: list[Any], result: Any) -> None:
        self.node_class = self.single_class
        try:
            node = self.record(args, arrays, result)
        finally:
            self.node_class = self.several_class
        for k, (place, _, shape_only) in enumerate(node.plan.entries):
            if place < 0 and not shape_only and node.saved is not None:
                node.thaw()
                value = node.saved[k]
                node.saved[k] = [part[None] for part in value] if value.__class__ is list else value[None]
