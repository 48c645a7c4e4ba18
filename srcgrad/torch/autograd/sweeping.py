"""Starting the backward sweep: from which tensors, with which cotangents, and where the gradients go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from srcgrad.torch.graph import Node
from srcgrad.torch.kernels.reductions import UNITS
from srcgrad.torch.saving import EXTRAS
from srcgrad.torch.sweeps import accumulate_from, sweep
from srcgrad.torch.tensor import Tensor, accumulator, wrap

NO_GRAD = "element {} of tensors does not require grad and does not have a grad_fn"


def _root(t: Tensor, g: Any, create_graph: bool, index: int) -> tuple[Node, int, Any]:
    """Where the sweep starts for one tensor, and with which cotangent."""
    if not t._needs:
        raise RuntimeError(NO_GRAD.format(index))
    node = t.grad_fn
    number = t._output
    if node is None:
        node, number = accumulator(t), 0
    if g is None:
        if t._a.size != 1:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        if t._a.dtype.kind == "c":
            raise RuntimeError(f"grad can be implicitly created only for real scalar outputs but got {t.dtype}")
        if create_graph:
            return node, number, wrap(np.ones(t._a.shape, t._a.dtype))
        if t._a.ndim:
            return node, number, np.ones(t._a.shape, t._a.dtype)
        one = UNITS.get(t._a.dtype)
        return node, number, np.ones((), t._a.dtype) if one is None else one
    if not isinstance(g, Tensor):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(g).__name__}")
    if g._a.shape != t._a.shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[{index}] has a shape of {g.shape} and output[{index}] has a shape of "
            f"{t.shape}."
        )
    if (g._a.dtype.kind == "c") != (t._a.dtype.kind == "c"):
        raise RuntimeError(
            "For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch in dtype: "
            f"grad_output[{index}] has a dtype of {g.dtype} and output[{index}] has a dtype of {t.dtype}."
        )
    if create_graph:
        return node, number, g if g._a.dtype == t._a.dtype else g.to(t.dtype)  # type: ignore[attr-defined]
    return node, number, g._a if g._a.dtype is t._a.dtype else g._a.astype(t._a.dtype)


def _tuple(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, Tensor) else tuple(value)


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """Add the gradients of tensors to the `.grad` of the leaves, or of `inputs`, that they depend on."""
    given = _tuple(tensors)
    cotangents = _tuple(grad_tensors if grad_tensors is not None else grad_variables) or (None,) * len(given)
    if len(cotangents) != len(given):
        raise RuntimeError(f"got {len(given)} tensors and {len(cotangents)} gradients")
    roots = [_root(t, g, create_graph, k) for k, (t, g) in enumerate(zip(given, cotangents, strict=True))]
    keep = create_graph if retain_graph is None else retain_graph
    if inputs is None:
        sweep(roots, retain_graph=keep, create_graph=create_graph)
        return
    wanted = _tuple(inputs)
    if not wanted:
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    places = _places(wanted)
    found = sweep(roots, retain_graph=keep, create_graph=create_graph, wanted=places)
    for t in wanted:
        g = found.get(places[_place(t)])
        if g is not None:
            g = g if create_graph else wrap(np.array(g))
            t._grad = g if t._grad is None else t._grad + g


def _method(
    self: Tensor, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
) -> None:
    """Add the gradient of this tensor to the `.grad` of the leaves, or of `inputs`, that it depends on."""
    if inputs is None and not create_graph:
        node, a = self._node, self._a
        if node is not None and node.single and not self._stale and not EXTRAS:
            g = None
            if gradient is None:
                if not a.ndim:
                    g = UNITS.get(a.dtype)
            elif gradient.__class__ is Tensor and gradient._a.dtype is a.dtype and gradient._a.shape == a.shape:
                g = gradient._a
            if g is not None:
                accumulate_from(node, g, bool(retain_graph))
                return
        sweep((_root(self, gradient, False, 0),), retain_graph=bool(retain_graph), create_graph=False)
    else:
        backward(self, gradient, retain_graph, create_graph, inputs=inputs)


_method.__name__ = "backward"
_method.__qualname__ = "Tensor.backward"
Tensor.backward = _method


def _place(t: Tensor) -> tuple[Node, int]:
    if not t._needs:
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    node = t.grad_fn
    return (accumulator(t), 0) if node is None else (node, t._output)


def _places(wanted: Sequence[Tensor]) -> dict[tuple[Node, int], int]:
    places: dict[tuple[Node, int], int] = {}
    for t in wanted:
        places.setdefault(_place(t), len(places))
    return places


UNUSED = (
    "The differentiated Tensor at index {} appears to not have been used in the graph. Set allow_unused=True if this "
    "is the desired behavior."
)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of outputs with respect to inputs; nothing is accumulated."""
    if materialize_grads and allow_unused is False:
        raise ValueError("Expected allow_unused to be True or not passed when materialize_grads=True, but got: False.")
    given = _tuple(outputs)
    wanted = _tuple(inputs)
    if not wanted:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    cotangents = _tuple(grad_outputs) or (None,) * len(given)
    keep = create_graph if retain_graph is None else retain_graph
    if is_grads_batched:
        return _batched(given, wanted, cotangents, keep, create_graph, allow_unused, materialize_grads)
    places = _places(wanted)
    roots = [_root(t, g, create_graph, k) for k, (t, g) in enumerate(zip(given, cotangents, strict=True))]
    found = sweep(roots, retain_graph=keep, create_graph=create_graph, wanted=places)
    grads: list[Tensor | None] = []
    for k, t in enumerate(wanted):
        g = found.get(places[_place(t)])
        if g is None:
            if materialize_grads:
                grads.append(wrap(np.zeros(t._a.shape, t._a.dtype)))
                continue
            if not allow_unused:
                raise RuntimeError(UNUSED.format(k))
            grads.append(None)
        elif create_graph:
            grads.append(g)
        else:
            grads.append(wrap(g if g.flags.writeable else g.copy()))
    return tuple(grads)


def _batched(
    given: Any, wanted: Any, cotangents: Any, keep: Any, create_graph: bool, allow_unused: Any, materialize: bool
) -> tuple[Tensor | None, ...]:
    """One sweep for each row of the cotangents."""
    from srcgrad.torch.names import FUNCTIONS

    count = cotangents[0]._a.shape[0]
    rows = []
    for k in range(count):
        last = k == count - 1 and not keep
        rows.append(
            grad(given, wanted, [None if g is None else g[k] for g in cotangents], not last, create_graph,
                 allow_unused, materialize_grads=materialize)
        )  # fmt: skip
    return tuple(None if part[0] is None else FUNCTIONS["stack"](list(part)) for part in zip(*rows, strict=True))
