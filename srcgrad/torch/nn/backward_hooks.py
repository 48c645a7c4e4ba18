"""Hooks on the backward of a module.

A module whose backward is watched gets two nodes that pass everything on: one over its inputs and one over its
outputs. The node of the outputs is reached first and keeps the cotangents; that of the inputs is reached when all of
the module has been passed, and calls the hooks with both.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from srcgrad.torch.graph import Node
from srcgrad.torch.modes import state
from srcgrad.torch.tensor import Tensor, edge_of, wrap

WHERE = (
    "Full backward hook is firing when gradients are computed with respect to module outputs since no inputs require "
    "gradients. See https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html#"
    "torch.nn.Module.register_full_backward_hook for more details."
)


class BackwardHookFunctionBackward(Node):
    """Passes cotangents on."""

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        edges = [edge_of(t) for t in tensors]
        super().__init__()
        self.edges = tuple((None, 0) if e is None else e for e in edges)
        self.outputs = tuple((t._a.shape, t._a.dtype) for t in tensors)

    def run(self, cotangents: Any) -> Sequence[Any]:
        return list(cotangents) if len(self.outputs) > 1 else [cotangents]

    run_recorded = run

    def __repr__(self) -> str:
        return f"<torch.autograd.function.{type(self).__name__} object at {id(self):#x}>"


def passed_on(tensors: Sequence[Tensor]) -> tuple[list[Tensor], Node]:
    """The same tensors with a node of their own."""
    node = BackwardHookFunctionBackward(tensors)
    made = []
    for number, t in enumerate(tensors):
        y = wrap(t._a)
        y._writes = t._writes
        if t._a.dtype.kind in "fc":
            y._node, y._output, y._needs = node, number, True
        made.append(y)
    return made, node


class BackwardHook:
    """One call of a module whose backward is watched."""

    def __init__(self, module: Any, hooks: list[Callable[..., Any]], pre_hooks: list[Callable[..., Any]]) -> None:
        self.module = module
        self.hooks = hooks
        self.pre_hooks = pre_hooks
        self.grad_outputs: Any = None
        self.inputs: list[int] | None = None
        self.outputs: list[int] | None = None
        self.count_of_inputs = 0
        self.count_of_outputs = 0

    def setup_input(self, args: Any) -> Any:
        """The arguments behind the first node."""
        args, self.inputs = self._behind(args, lambda node: node.register_hook(self._after))
        self.count_of_inputs = len(args)
        return args

    def setup_output(self, result: Any) -> Any:
        """The result behind the second node."""
        parts = result if isinstance(result, tuple) else (result,)
        parts, self.outputs = self._behind(parts, lambda node: node.register_prehook(self._before))
        self.count_of_outputs = len(parts)
        return parts if isinstance(result, tuple) else parts[0]

    @staticmethod
    def _behind(args: Any, watch: Callable[[Node], Any]) -> tuple[Any, list[int] | None]:
        places = [k for k, a in enumerate(args) if isinstance(a, Tensor)]
        if not state.enabled or not any(args[k]._needs for k in places):
            return args, None
        made, node = passed_on([args[k] for k in places])
        watch(node)
        members = list(args)
        for k, t in zip(places, made, strict=True):
            members[k] = t
        return (tuple(members) if type(args) is tuple else type(args)(*members)), places

    def _before(self, grads: Any) -> Any:
        """Keep the cotangents of the outputs, as the hooks before the backward change them."""
        given: list[Any] = [None] * self.count_of_outputs
        for k, g in zip(self.outputs or (), grads, strict=True):
            given[k] = g
        self.grad_outputs = tuple(given)
        for hook in self.pre_hooks:
            made = hook(self.module, self.grad_outputs)
            if made is None:
                continue
            if len(made) != len(self.grad_outputs):
                raise RuntimeError(
                    f"Backward pre hook returned an invalid number of grad_output, got {len(made)}, but expected "
                    f"{len(self.grad_outputs)}"
                )
            self.grad_outputs = made
        passed = tuple(self.grad_outputs[k] for k in self.outputs or ())
        if self.inputs is None:
            warnings.warn(WHERE, stacklevel=2)
            for hook in self.hooks:
                made = hook(self.module, (None,) * self.count_of_inputs, self.grad_outputs)
                if made is not None and not (isinstance(made, tuple) and all(g is None for g in made)):
                    raise RuntimeError(
                        "Backward hook for Modules where no input requires gradient should always return None or None "
                        "for all gradients."
                    )
            self.grad_outputs = None
        return passed

    def _after(self, grads: Any, _: Any) -> Any:
        """Call the hooks with the cotangents of the inputs and of the outputs."""
        if self.grad_outputs is None:
            # The cotangent has come to the input by a way that does not lead through the output.
            return None
        given: list[Any] = [None] * self.count_of_inputs
        for k, g in zip(self.inputs or (), grads, strict=True):
            given[k] = g
        found: Any = tuple(given)
        for hook in self.hooks:
            made = hook(self.module, found, self.grad_outputs)
            if made is None:
                continue
            if len(made) != len(found):
                raise RuntimeError(
                    f"Backward hook returned an invalid number of grad_input, got {len(made)}, but expected {len(found)}"
                )
            found = made
        self.grad_outputs = None
        return tuple(found[k] for k in self.inputs or ())


def watch_last(module: Any, hooks: list[Callable[..., Any]], args: Any, given: Any) -> None:
    """The older hooks: on the node that made the result, whatever that is."""
    result = given
    while not isinstance(result, Tensor):
        if isinstance(result, dict):
            result = next(v for v in result.values() if isinstance(v, Tensor))
        else:
            result = result[0]
    node = result.grad_fn
    if node is not None:
        for hook in hooks:
            node.register_hook(_bound(hook, module))
        why = _what_is_missed(args, given, node)
        if why:
            warnings.warn(f"Using {why}", FutureWarning, stacklevel=5)


def _what_is_missed(args: Any, result: Any, node: Node) -> str:
    """What a hook on the last node of a module does not see; empty if nothing."""
    single = "non-full backward hooks on a Module that does not"
    gone = "is deprecated and will be removed in future versions. This hook will be missing"
    instead = "Please use register_full_backward_hook to get the documented behavior."
    results = (result,) if isinstance(result, Tensor) else result
    if not (isinstance(results, tuple) and all(isinstance(r, Tensor) for r in results)):
        return f"{single} return a single Tensor or a tuple of Tensors {gone} some of the grad_output. {instead}"
    if not all(isinstance(a, Tensor) for a in args):
        return f"{single} take as input a single Tensor or a tuple of Tensors {gone} some of the grad_input. {instead}"
    nodes = {r.grad_fn for r in results if r.grad_fn is not None}
    if not nodes or (len(nodes) == 1 and node not in nodes):
        return f"a non-full backward hook when outputs are nested in python data structure {gone} some grad_output."
    if len(nodes) > 1:
        return (
            f"a non-full backward hook when outputs are generated by different autograd Nodes {gone} some grad_output. "
            f"{instead}"
        )
    if {a.grad_fn for a in args if a.grad_fn is not None} != {edge[0] for edge in node.next_functions}:
        return f"a non-full backward hook when the forward contains multiple autograd Nodes {gone} some grad_input. {instead}"
    return ""


def _bound(hook: Callable[..., Any], module: Any) -> Callable[..., Any]:
    return lambda grad_inputs, grad_outputs: hook(module, grad_inputs, grad_outputs)
