"""Recomputing a part of the forward sweep in the backward sweep, in place of keeping what it saves.

What enters: a function and its arguments. What leaves: its result, whose node holds the arguments alone and runs the
function again, with the same random numbers, when a gradient arrives.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from srcgrad.torch import random as random_state
from srcgrad.torch.autograd.sweeping import backward
from srcgrad.torch.graph import FREED, Node
from srcgrad.torch.modes import enable_grad, no_grad, state
from srcgrad.torch.primitive import NO_EDGE
from srcgrad.torch.tensor import Tensor, edge_of


class CheckpointFunctionBackward(Node):
    """Runs the function again, then backward through it."""

    def __init__(self, function: Callable[..., Any], args: Any, kwargs: Any, preserve: Any, context: Any) -> None:
        super().__init__()
        self.function: Any = function
        self.args = args
        self.kwargs = kwargs
        self.preserve = preserve
        self.context = context

    def release(self) -> None:
        self.function = None

    def run(self, cotangents: Any) -> Sequence[Any]:
        if self.function is None:
            raise RuntimeError(FREED)
        parts = cotangents if len(self.outputs) > 1 else [cotangents]
        fresh = tuple(_fresh(a) for a in self.args)
        now = random_state.get_rng_state()
        try:
            if self.preserve is not None:
                random_state.set_rng_state(self.preserve)
            with enable_grad(), self.context() if self.context else contextlib.nullcontext():
                y = self.function(*fresh, **self.kwargs)
        finally:
            if self.preserve is not None:
                random_state.set_rng_state(now)
        results = [t for t in (y if isinstance(y, tuple) else (y,)) if isinstance(t, Tensor)]
        pairs = [(t, g) for t, g in zip(results, parts, strict=True) if t._needs and g is not None]
        if not pairs:
            raise RuntimeError("none of output has requires_grad=True, this checkpoint() is not necessary")
        backward([t for t, _ in pairs], [t._wrap(g) for t, g in pairs])
        return [
            None if not isinstance(f, Tensor) or f._grad is None else f._grad._a for f in fresh if isinstance(f, Tensor)
        ]

    def run_recorded(self, cotangents: Any) -> Sequence[Any]:  # noqa: ARG002 - every node's signature
        raise RuntimeError(
            "torch.utils.checkpoint cannot be differentiated twice; leave the checkpoint out where second derivatives "
            "are wanted."
        )


def _fresh(a: Any) -> Any:
    if not isinstance(a, Tensor):
        return a
    t = a.detach()
    t._needs = a._needs
    return t


def checkpoint(
    function: Callable[..., Any], *args: Any, use_reentrant: bool | None = None, context_fn: Any = None,
    determinism_check: str = "default", debug: bool = False, early_stop: bool = True, preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:  # fmt: skip
    """function(*args, **kwargs), whose intermediate results are computed again in the backward sweep.

    Parameters that the function uses on its own (those of a module) get their gradients too.
    """
    del determinism_check, debug, early_stop, use_reentrant
    contexts = (None, None) if context_fn is None else context_fn()
    preserve = random_state.get_rng_state() if preserve_rng_state else None
    with no_grad(), contexts[0] or contextlib.nullcontext():
        y = function(*args, **kwargs)
    if not state.enabled:
        return y
    again = None if contexts[1] is None else (lambda: contexts[1])
    node = CheckpointFunctionBackward(function, args, kwargs, preserve, again)
    node.edges = tuple((edge_of(a) or NO_EDGE) for a in args if isinstance(a, Tensor))
    results = [t for t in (y if isinstance(y, tuple) else (y,)) if isinstance(t, Tensor)]
    node.outputs = tuple((t._a.shape, t._a.dtype) for t in results)
    for number, t in enumerate(results):
        if t._a.dtype.kind in "fc":
            t._node, t._output, t._needs = node, number, True
    return y


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """Modules in a row, checkpointed in `segments` parts, the last one kept."""
    modules = list(functions.children()) if hasattr(functions, "children") else list(functions)
    size = len(modules) // segments

    def part(start: int, end: int) -> Callable[[Any], Any]:
        def run(x: Any) -> Any:
            for module in modules[start : end + 1]:
                x = module(x)
            return x

        return run

    end = -1
    for start in range(0, size * (segments - 1), size):
        end = start + size - 1
        input = checkpoint(part(start, end), input, use_reentrant=use_reentrant, **kwargs)
    return part(end + 1, len(modules) - 1)(input)


class CheckpointError(RuntimeError):
    """Raised by PyTorch where a recomputation differs; here never."""


def noop_context_fn() -> Any:
    """Two blocks that change nothing."""
    return contextlib.nullcontext(), contextlib.nullcontext()


def detach_variable(inputs: Any) -> tuple[Any, ...]:
    """Tensors cut off from their history that need a gradient as before."""
    if not isinstance(inputs, tuple):
        raise RuntimeError(f"Only tuple of tensors is supported. Got Unsupported input type: {type(inputs).__name__}")
    return tuple(x.detach().requires_grad_(x.requires_grad) if isinstance(x, Tensor) else x for x in inputs)


def check_backward_validity(inputs: Any) -> None:
    """Warn where no input needs a gradient."""
    if not any(isinstance(x, Tensor) and x.requires_grad for x in inputs):
        warnings.warn("None of the inputs have requires_grad=True. Gradients will be None", UserWarning, stacklevel=2)
