"""Writing into tensors: versions, views and their bases.

What enters: a tensor and what is to be written. What leaves: the tensor with a history that says so. A write
into a view changes the history of its base: a `CopySlices` node replaces the part that the view covers, and
every view of that memory gets its history from the base when it is next used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcgrad.torch.dtypes import can_cast, of
from srcgrad.torch.graph import Node
from srcgrad.torch.modes import state
from srcgrad.torch.tensor import Tensor, Version, edge_of, wrap

LEAF = "a leaf Variable that requires grad is being used in an in-place operation."
VIEW_OF_LEAF = "a view of a leaf Variable that requires grad is being used in an in-place operation."


def check_writable(t: Tensor) -> None:
    """Raise where PyTorch refuses to write into a tensor."""
    if t._inference and not state.inference:
        raise RuntimeError(
            "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a "
            "normal tensor before doing inplace update.See https://github.com/pytorch/rfcs/pull/17 for more details."
        )
    if not t._a.flags.writeable or (0 in t._a.strides and any(s == 0 and n > 1 for s, n in zip(t._a.strides, t._a.shape, strict=True))):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory "
            "location. Please clone() the tensor before performing the operation."
        )
    if not state.enabled:
        return
    if t._needs and t.grad_fn is None:
        raise RuntimeError(LEAF)
    if t._base is not None and t._base._needs:
        if t._base.grad_fn is None:
            raise RuntimeError(VIEW_OF_LEAF)
        if t._several:
            raise RuntimeError(
                f"Output {t._output} of {t._node.name() if t._node else 'this function'} is a view and is being "
                "modified inplace. This view is the output of a function that returns multiple views. Such functions "
                "do not allow the output views to be modified inplace. You should replace the inplace operation by an "
                "out-of-place one."
            )
        if t._made_untracked:
            raise RuntimeError(
                "A view was created in no_grad mode and is being modified inplace with grad mode enabled. Given that "
                "this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both "
                "the view and the inplace either both inside the no_grad block (if you don't want the inplace to be "
                "tracked) or both outside (if you want the inplace to be tracked)."
            )


def write(t: Tensor, compute: Callable[[Tensor], Tensor], cast: bool = True) -> Tensor:
    """Replace the values of t by `compute(what t was)`, and its history with them.

    `compute` is the operation out of place. Raises where the result does not fit: another shape, or
    a dtype that cannot become that of t.
    """
    check_writable(t)
    before = was(t)
    result = compute(before)
    if result._a.shape != t._a.shape:
        raise RuntimeError(
            f"output with shape {list(t._a.shape)} doesn't match the broadcast shape {list(result._a.shape)}"
        )
    if cast and not can_cast(of(result._a.dtype), of(t._a.dtype)):
        raise RuntimeError(
            f"result type {of(result._a.dtype)._c_name} can't be cast to the desired output type {of(t._a.dtype)._c_name}"
        )
    if state.enabled and (result._needs or t._needs):
        if result._a.dtype != t._a.dtype:
            from srcgrad.torch.recorded import FACES
            from srcgrad.torch.primitive import converted

            result = FACES[converted](result, t._a.dtype)
        node = result._node
        if node is not None:
            keep_apart(node, t)
        t._a[...] = result._a
        t._writes.bump()
        adopt(t, result)
    else:
        t._a[...] = result._a
        t._writes.bump()
    return t


def was(t: Tensor) -> Tensor:
    """A tensor as it is now, under another identity: the operand of the operation that replaces it."""
    before = wrap(t._a)
    edge = edge_of(t)
    if edge is not None:
        before._needs = True
        before._node, before._output = edge
    before._writes = t._writes
    return before


def keep_apart(node: Node, t: Tensor) -> None:
    """Save copies of what is about to be overwritten, and tie a saved result to the versions of t."""
    saved = getattr(node, "saved", None)
    if saved is None:
        return
    own = t._writes
    copied = False
    for k, value in enumerate(saved):
        if value.__class__ is np.ndarray and np.may_share_memory(value, t._a):
            saved[k] = value.copy()
            copied = True
    checks = getattr(node, "checks", ())
    kept = []
    for version, count, place in checks:
        if place < 0:
            kept.append((own, own.count + 1, place))
        elif version is not own or not copied:
            kept.append((version, count, place))
    node.checks = tuple(kept)  # type: ignore[attr-defined]


def adopt(t: Tensor, result: Tensor) -> None:
    """Make the history of a result that of the tensor that it was written into."""
    if t._base is None:
        if result._node is not None:
            t._node, t._output, t._needs = result._node, result._output, True
        elif t._needs:
            t._node, t._needs = None, False
        outdate(t)
        return
    base = t._base
    if result._node is None and not base._needs:
        return
    base_edge = edge_of(base)
    node = CopySlices(base, base_edge, t._chain, result)
    base._node, base._output, base._needs = node, 0, True
    outdate(base)


def outdate(base: Tensor) -> None:
    """Tell the views of a memory that their history has changed."""
    for reference in base._writes.views or ():
        view = reference()
        if view is not None and view is not base:
            view._stale = True
            view._needs = base._needs


def looked_at(array: Any, chain: Sequence[Any]) -> Any:
    """The part of an array that a chain of views looks at."""
    for step, args, number in chain:
        array = step.kernel(array, *[a._a if isinstance(a, Tensor) else a for a in args])
        if number is not None:
            array = array[number]
    return array if array.__class__ is np.ndarray else np.asarray(array)


class CopySlices(Node):
    """A write into a view, as a function of the base before and of the operation's other operands."""

    def __init__(self, base: Tensor, base_edge: Any, chain: Sequence[Any], result: Tensor) -> None:
        super().__init__()
        self.chain = chain
        self.function = result._node
        self.function_output = result._output
        inner: tuple[Any, ...] = () if result._node is None else result._node.edges
        # The operand of the operation that was the view itself is the first one.
        self.own = 0 if inner else -1
        self.edges = ((None, 0) if base_edge is None else base_edge, *inner[1:])
        self.outputs = ((base._a.shape, base._a.dtype),)

    def run(self, cotangents: Any) -> Sequence[Any]:
        base_bar = np.array(cotangents, order="C")
        part = _part(base_bar, self.chain)
        if self.function is None:
            part[...] = 0
            return [base_bar]
        grads = list(self.function.run(np.array(part)))
        part[...] = 0 if grads[0] is None else grads[0]
        return [base_bar, *grads[1:]]

    def run_recorded(self, cotangents: Any) -> Sequence[Any]:
        from srcgrad.torch.recorded import FACES

        clone, zero = FACES[np.copy], FACES[np.zeros_like]
        base_bar = clone(cotangents)
        part = _viewed(base_bar, self.chain)
        if self.function is None:
            write(part, zero)
            return [base_bar]
        grads = list(self.function.run_recorded(clone(part)))
        write(part, lambda p: zero(p) if grads[0] is None else grads[0])
        return [base_bar, *grads[1:]]

    def release(self) -> None:
        if self.function is not None:
            self.function.release()


def _part(base_bar: Any, chain: Sequence[Any]) -> Any:
    part = looked_at(base_bar, chain)
    if not part.flags.writeable or not np.shares_memory(part, base_bar) and part.size:
        raise RuntimeError("the view that was written to does not look into its base any more")
    return part


def _viewed(base: Tensor, chain: Sequence[Any]) -> Tensor:
    t: Any = base
    for step, args, number in chain:
        t = step(t, *args)
        if number is not None:
            t = t[number]
    return t  # type: ignore[no-any-return]


class AsStridedBackward0(Node):
    """The history of a view whose base was written to: the same steps, from the base as it now is."""

    def __init__(self, base: Tensor, chain: Sequence[Any]) -> None:
        super().__init__()
        enabled, state.enabled = state.enabled, True
        try:
            start = was(base)
            start._writes = Version()
            end = _viewed(start, chain)
        finally:
            state.enabled = enabled
        self.steps: list[tuple[Node, int]] = []
        node, number = end._node, end._output
        stop = start._node
        while node is not None and node is not stop:
            self.steps.append((node, number))
            node, number = node.edges[0]
        self.edges = ((None, 0) if stop is None else (stop, start._output),)
        self.outputs = ((end._a.shape, end._a.dtype),)

    def _through(self, g: Any, run: str) -> Sequence[Any]:
        for node, number in self.steps:
            given: Any = g
            if len(node.outputs) > 1:
                given = [None] * len(node.outputs)
                given[number] = g
            g = getattr(node, run)(given)[0]
        return [g]

    def run(self, cotangents: Any) -> Sequence[Any]:
        return self._through(cotangents, "run")

    def run_recorded(self, cotangents: Any) -> Sequence[Any]:
        return self._through(cotangents, "run_recorded")


def renewed(t: Tensor) -> Node | None:
    """The new history of a view, or None where its base has none."""
    base = t._base
    if base is None or not base._needs:
        t._node, t._needs = None, False
        return None
    return AsStridedBackward0(base, t._chain)
