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
from srcgrad.torch.graph import Node, next_sequence
from srcgrad.torch.kernels import memory
from srcgrad.torch.kernels import viewing as kernels
from srcgrad.torch.modes import state
from srcgrad.torch.primitive import Primitive
from srcgrad.torch.tensor import Tensor, edge_of, wrap
from srcgrad.torch.viewing import View

LEAF = "a leaf Variable that requires grad is being used in an in-place operation."
VIEW_OF_LEAF = "a view of a leaf Variable that requires grad is being used in an in-place operation."
OVERLAP = (
    "unsupported operation: more than one element of the written-to tensor refers to a single memory location. Please "
    "clone() the tensor before performing the operation."
)
APART = (
    "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory "
    "location. Please clone() the tensor before performing the operation."
)
INFERENCE = (
    "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a normal tensor "
    "before doing inplace update.See https://github.com/pytorch/rfcs/pull/17 for more details."
)

strided_ = View(memory.strided, "AsStridedBackward0")
view_as_real_ = View(kernels.view_as_real, "ViewAsRealBackward0")
view_as_complex_ = View(kernels.view_as_complex, "ViewAsComplexBackward0")


def check_writable(t: Tensor) -> None:
    """Raise where PyTorch refuses to write into a tensor."""
    check_history(t, t._needs)
    check_alone(t)


def check_history(t: Tensor, needs: bool) -> None:
    """Raise where a write would make a history that PyTorch refuses; `needs` if any operand needs a gradient."""
    if t._inference and not state.inference:
        raise RuntimeError(INFERENCE)
    if not needs or not state.enabled:
        return
    base = t._base
    if base is not None:
        if t._several or t._made_untracked:
            raise RuntimeError(_refusal(t, "is being modified inplace"))
        if t._needs and base.is_leaf:
            raise RuntimeError(VIEW_OF_LEAF)
    if t._needs and t.grad_fn is None:
        raise RuntimeError(LEAF)


def check_alone(t: Tensor) -> None:
    """Raise where two elements lie at the same place of the memory."""
    a = t._a
    if 0 in a.strides and any(s == 0 and n > 1 for s, n in zip(a.strides, a.shape, strict=True)):
        raise RuntimeError(OVERLAP)


def check_apart(t: Tensor, other: Tensor, *, wholly: bool = False) -> None:
    """Raise where what is read lies under what is written: partly, or with `wholly` at all."""
    a, b = t._a, other._a
    if a is not b and (not a.size or not b.size or not np.may_share_memory(a, b)):
        return
    same = a is b or (a.strides == b.strides and a.shape == b.shape and memory.address(a) == memory.address(b))
    if (wholly or not same) and (same or (memory.dense(a) and memory.dense(b))):
        raise RuntimeError(APART)


def _refusal(t: Tensor, what: str) -> str:
    """Why a view cannot be written to, or cannot follow what was written."""
    if t._node is not None:
        text = f"Output {t._output} of {t._node.label()} is a view"
        if t._made_untracked:
            text += f" of a view which was created in no_grad mode and {what} with grad mode enabled."
        else:
            text += f" and {what}."
    else:
        text = f"A view was created in no_grad mode and {what} with grad mode enabled."
    if t._made_untracked:
        return (
            f"{text} Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by "
            "moving both the view and the inplace either both inside the no_grad block (if you don't want the inplace to "
            "be tracked) or both outside (if you want the inplace to be tracked)."
        )
    return (
        f"{text} This view is the output of a function that returns multiple views. Such functions do not allow the "
        "output views to be modified inplace. You should replace the inplace operation by an out-of-place one."
    )


def write(
    t: Tensor, compute: Callable[[Tensor], Tensor], cast: bool = True, name: str = "", others: Sequence[Any] = ()
) -> Tensor:
    """Replace the values of t by `compute(what t was)`, and its history with them.

    `compute` is the operation out of place. Raises where the result does not fit: another shape, or
    a dtype that cannot become that of t. `name` is the node's where the operation makes none of its own;
    `others` are its other operands, which may not lie partly under t.
    """
    check_history(t, t._needs or any(isinstance(x, Tensor) and x._needs for x in others))
    check_alone(t)
    for other in others:
        if isinstance(other, Tensor) and (t._a.base is not None or other._a.base is not None):
            check_apart(t, other)
    start = next_sequence()
    before = was(t)
    result = compute(before)
    a = t._a
    if result._a.shape != a.shape:
        raise RuntimeError(
            f"output with shape {list(a.shape)} doesn't match the broadcast shape {list(result._a.shape)}"
        )
    if cast and result._a.dtype is not a.dtype and not can_cast(of(result._a.dtype), of(a.dtype)):
        raise RuntimeError(
            f"result type {of(result._a.dtype)._c_name} can't be cast to the desired output type {of(a.dtype)._c_name}"
        )
    if not state.enabled or not (result._needs or t._needs):
        a[...] = result._a
        t._writes.bump()
        return t
    if not t._needs:
        check_history(t, True)
    if result._node is None:
        result = _cut(before, name)
    keep_apart(result._node, t, before, start)
    if result._a is not a:
        a[...] = result._a
    t._writes.bump()
    adopt(t, result, before)
    return t


def mutate(t: Tensor, action: Callable[[Any], Any], node: Primitive, *operands: Any) -> Tensor:
    """Let `action` write into the memory of t, where that is the operation `node(t, *operands)`.

    For operations whose cotangents do not ask for what was there before.
    """
    needs = t._needs or any(isinstance(x, Tensor) and x._needs for x in operands)
    check_history(t, needs)
    if not needs or not state.enabled:
        action(t._a)
        t._writes.bump()
        return t
    before, result = was(t), wrap(t._a)
    arrays = [t._a, *[x._a if isinstance(x, Tensor) else x for x in operands]]
    node.record((before, *operands), arrays, result)
    action(t._a)
    t._writes.bump()
    adopt(t, result, before)
    return t


def was(t: Tensor) -> Tensor:
    """A tensor as it is now, under another identity: the operand of the operation that replaces it."""
    before = wrap(t._a)
    if t._needs and state.enabled:
        edge = edge_of(t)
        if edge is not None:
            before._needs = True
            before._node, before._output = edge
    return before


def keep_apart(node: Node | None, t: Tensor, before: Tensor, start: int) -> None:
    """Save copies of what is about to be overwritten, and tie a saved result to the versions of t.

    Only what the operation itself has made is touched: the nodes younger than `start`. A value of another tensor
    on the same memory stays, and the version that it is checked against will have passed.
    """
    stack = [node]
    first = True
    while stack:
        found = stack.pop()
        if found is None or found.sequence <= start:
            continue
        if getattr(found, "saved", None) is not None:
            _keep_apart(found, t, before, first)
        if len(found.edges) > 1 or not first:
            stack.extend([edge[0] for edge in found.edges if edge is not None])
        elif found.edges and found.edges[0] is not None:
            stack.append(found.edges[0][0])
        first = False


def _keep_apart(node: Any, t: Tensor, before: Tensor, last: bool) -> None:
    if not node.plan.keeps_values:
        return
    node.thaw()
    own = t._writes
    shared = {place for version, _, place in node.checks if version is own}
    saved = node.saved
    for k, (place, _, shape_only) in enumerate(node.plan.entries):
        value = saved[k]
        if shape_only or place in shared:
            continue
        if place < 0:
            if last:
                saved[k] = t._a
        elif value.__class__ is np.ndarray:
            if np.may_share_memory(value, t._a):
                saved[k] = value.copy()
        elif value.__class__ is list:
            saved[k] = [v.copy() if v.__class__ is np.ndarray and np.may_share_memory(v, t._a) else v for v in value]
    kept = []
    for version, count, place in node.checks:
        if place < 0 and last:
            kept.append((own, own.count + 1, place))
        elif version is not before._writes:
            kept.append((version, count, place))
    node.checks = tuple(kept)


def _cut(before: Tensor, name: str) -> Tensor:
    """A result that does not depend on what was there before."""
    result = wrap(before._a)
    result._node = Cut(before, name or "ZeroBackward0")
    result._needs = True
    return result


class Cut(Node):
    """The node of a write that has no gradient: what was there before gets zeros."""

    def __init__(self, before: Tensor, name: str) -> None:
        super().__init__()
        self._name = name
        edge = edge_of(before)
        self.edges = ((None, 0) if edge is None else edge,)
        self.outputs = ((before._a.shape, before._a.dtype),)

    def name(self) -> str:
        return self._name

    def run(self, cotangents: Any) -> Sequence[Any]:
        return [np.zeros_like(cotangents)]

    def run_recorded(self, cotangents: Any) -> Sequence[Any]:
        return [wrap(np.zeros_like(cotangents._a))]


def adopt(t: Tensor, result: Tensor, before: Tensor | None = None) -> None:
    """Make the history of a result that of the tensor that it was written into."""
    node = result._node
    base = t._base
    if node is not None and result._a.dtype is not t._a.dtype:
        node.thaw()
        node.outputs = tuple([
            (shape, t._a.dtype) if k == result._output else (shape, kind) for k, (shape, kind) in enumerate(node.outputs)
        ])  # fmt: skip
    if base is None:
        if node is not None:
            _rebase(t, node, result._output)
        elif t._needs:
            t._node, t._needs = None, False
        t._writes.outdate()
        return
    if node is None and not base._needs:
        return
    own = edge_of(t if before is None else before)
    _rebase(base, CopySlices(base, t, own, node, result._output), 0)
    base._writes.outdate()


def _rebase(t: Tensor, node: Node, number: int) -> None:
    """Give a tensor another node; a gradient that is kept for it is that of the tensor as it now is."""
    if t._retains:
        before = t._node
        if before is not None and before.retained is not None:
            reference = before.retained.pop(t._output, None)
            if reference is not None:
                node.retained = {**(node.retained or {}), number: reference}
                node.watched = True
    t._node, t._output, t._needs = node, number, True


class CopySlices(Node):
    """A write into a view, as a function of the base before and of the operation's other operands."""

    def __init__(self, base: Tensor, t: Tensor, own: Any, function: Node | None, number: int) -> None:
        base_edge = edge_of(base)
        super().__init__()
        self.home = memory.window(base._a, base._a)
        self.part = memory.window(t._a, base._a)
        self.function = function
        self.number = number
        origin = (None, 0) if base_edge is None else base_edge
        if function is None:
            self.edges: tuple[Any, ...] = (origin,)
            self.passes = False
        else:
            first = function.edges[0] if function.edges else None
            # The operand of the operation that was the view itself comes first, or else the operation was made
            # of several, and the history of what it wrote goes on from its last node.
            self.passes = (first or (None, 0)) != (own or (None, 0))
            self.edges = (origin, (function, number)) if self.passes else (origin, *function.edges[1:])
        self.outputs = ((base._a.shape, base._a.dtype),)

    def name(self) -> str:
        return "torch::autograd::CopySlices"

    def _within(self, given: Any, run: str) -> Sequence[Any]:
        """The cotangents of the operation on the part: the first is the part's own."""
        if self.function is None:
            return [None]
        if self.passes:
            return [None, given]
        if len(self.function.outputs) > 1:
            parts: list[Any] = [None] * len(self.function.outputs)
            parts[self.number] = given
            given = parts
        return list(getattr(self.function, run)(given))

    def run(self, cotangents: Any) -> Sequence[Any]:
        base_bar, part = memory.laid_out(cotangents, self.home, self.part)
        grads = self._within(np.array(part), "run")
        part[...] = 0 if grads[0] is None else grads[0]
        return [base_bar, *grads[1:]]

    def run_recorded(self, cotangents: Any) -> Sequence[Any]:
        base_bar = blanked_(cotangents, self.home, self.part)
        grads = self._within(read_(cotangents, self.home, self.part), "run_recorded")
        if grads[0] is not None:
            base_bar = base_bar + laid_(grads[0], self.home, self.part)
        return [base_bar, *grads[1:]]

    def release(self) -> None:
        if self.function is not None and not self.passes:
            self.function.release()


read_ = Primitive(memory.read, "AsStridedBackward0", operands=["g"])
laid_ = Primitive(memory.laid, "AsStridedBackwardBackward0", operands=["p"])
blanked_ = Primitive(memory.blanked, "CopySlicesBackward0", operands=["g"])


def renewed(t: Tensor) -> Node | None:
    """The new history of a view: it looks at the base as that now is. None where the base has none."""
    base = t._base
    if base is None or not base._needs:
        return t._node
    if t._several or t._made_untracked:
        raise RuntimeError(_refusal(t, "its base or another view of its base has been modified inplace"))
    if t._a.dtype.kind not in "fc":
        return None
    enabled, state.enabled = state.enabled, True
    try:
        x = was(base)
        if (x._a.dtype.kind == "c") != (t._a.dtype.kind == "c"):
            x = (view_as_real_ if x._a.dtype.kind == "c" else view_as_complex_)(x)
            if x._a.shape == t._a.shape and x._a.strides == t._a.strides and np.shares_memory(x._a[:1], t._a[:1]):
                return x._node  # type: ignore[no-any-return]
        result = wrap(t._a)
        seen, home = memory.geometry(t._a), memory.geometry(x._a)
        return strided_.record((x, seen, home), [x._a, seen, home], result)
    finally:
        state.enabled = enabled
