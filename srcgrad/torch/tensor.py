"""Tensor: a NumPy array and its place in the graph.

What enters: arrays. What leaves: tensors, whose methods and operators are attached by the modules under
`ops`, each under the name that PyTorch gives it. The fields that start with an underscore are the engine's:

    _a          the values, always an ndarray (0-d included); views share memory as NumPy views do
    _needs      whether a gradient flows through it
    _node       the operation that made it, and `_output` which of its results it is
    _writes     counts writes; views of one memory share it
    _base       the tensor that a view looks into
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.torch import dtypes
from srcgrad.torch.graph import AccumulateGrad, Node, RemovableHandle
from srcgrad.torch.modes import state


class Version:
    """How often a memory was written to, and the views that look into it."""

    count = 0
    limit = 16
    views: list[weakref.ref[Tensor]] | None = None

    def bump(self) -> None:
        self.count += 1
        if self.views:
            self.outdate()

    def outdate(self) -> None:
        """Tell the views that their history has changed, each to be renewed when it is next used."""
        for reference in self.views or ():
            view = reference()
            if view is not None and view._base is not None and view._base._needs:
                view._stale = view._needs = True

    def enter(self, view: Tensor) -> None:
        """Remember a view, so that a change of history can reach it."""
        if self.views is None:
            self.views = []
        elif len(self.views) > self.limit:
            self.views = [ref for ref in self.views if ref() is not None]
            self.limit = 2 * len(self.views) + 16
        self.views.append(weakref.ref(view))


class Tensor:
    """An n-dimensional array that remembers how it was made."""

    _a: np.ndarray[Any, Any]
    _counter: Version | None = None  # behind _writes, made when first asked for
    _needs: bool = False
    _node: Node | None = None
    _output: int = 0
    _grad: Tensor | None = None
    _base: Tensor | None = None
    _stale: bool = False
    _several: bool = False  # one of the views that a single operation made
    _made_untracked: bool = False  # a view made under no_grad
    _inference: bool = False
    _accumulator: AccumulateGrad | None = None
    _hooks: dict[int, Callable[..., Any]] | None = None
    _post_hooks: dict[int, Callable[..., Any]] | None = None
    _retains: bool = False
    _backward_hooks: Any = None
    __array_priority__ = 1000
    __module__ = "torch"  # where PyTorch has it, as its type is printed

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.__module__.startswith(("srcgrad.torch.", "torch.")):
            from srcgrad.torch.overrides import enter_class

            enter_class(cls)

    @classmethod
    def __torch_function__(
        cls, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """What an operation on a subclass calls; by default results become instances of the subclass."""
        from srcgrad.torch.overrides import torch_function

        return torch_function(cls, func, types, args, kwargs)

    def as_subclass(self, cls: Any) -> Any:
        """The same values and history as an instance of a subclass of Tensor."""
        from srcgrad.torch.overrides import as_subclass

        return as_subclass(self, cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        from srcgrad.torch.creation import legacy

        self._a = legacy(*args, **kwargs)

    @staticmethod
    def _wrap(array: Any) -> Tensor:
        return wrap(array)

    # What it is.

    @property
    def dtype(self) -> Any:
        return dtypes.of(self._a.dtype)

    @property
    def shape(self) -> Any:
        return dtypes.Size(self._a.shape)

    @property
    def ndim(self) -> int:
        return self._a.ndim

    @property
    def requires_grad(self) -> bool:
        return self._needs

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if value and self._a.dtype.kind not in "fc":
            raise RuntimeError("only Tensors of floating point and complex dtype can require gradients")
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Start, or for a leaf stop, recording operations on this tensor."""
        if not requires_grad and self._node is not None:
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables. If you want to use a computed variable "
                "in a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
            )
        if requires_grad and self._a.dtype.kind not in "fc":
            raise RuntimeError("only Tensors of floating point dtype can require gradients")
        if requires_grad and self._inference and not state.inference:
            raise RuntimeError("Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.")
        self._needs = bool(requires_grad)
        return self

    @property
    def is_leaf(self) -> bool:
        return not self._needs or self.grad_fn is None

    @property
    def grad_fn(self) -> Node | None:
        if self._stale:
            refresh(self)
        return self._node

    @property
    def _writes(self) -> Version:
        found = self._counter
        if found is None:
            found = self._counter = Version()
        return found

    @_writes.setter
    def _writes(self, version: Version) -> None:
        self._counter = version

    @property
    def _version(self) -> int:
        return self._writes.count

    @property
    def output_nr(self) -> int:
        return self._output

    @property
    def grad(self) -> Tensor | None:
        if self._grad is None and self._node is not None and not self._retains:
            warnings.warn(
                "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute "
                "won't be populated during autograd.backward(). If you indeed want the .grad field to be populated "
                "for a non-leaf Tensor, use .retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor "
                "by mistake, make sure you access the leaf Tensor instead. See github.com/pytorch/pytorch/pull/30531 "
                "for more information.",
                UserWarning,
                stacklevel=2,
            )
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(
                    f"assigned grad expected to be a Tensor or None but got grad of type {type(value).__name__}"
                )
            if value is self:
                raise RuntimeError("can't assign Variable as its own grad")
            wanted = self.grad_dtype  # type: ignore[attr-defined]
            if wanted is not None and value.dtype is not wanted:
                raise RuntimeError(
                    f"attempting to assign a gradient with dtype '{_name(value)}' to a tensor with grad_dtype "
                    f"'{wanted._c_name}'. The gradient must match the tensor's grad_dtype (defaults to the tensor's "
                    "dtype). You can set the tensor's grad_dtype attribute with a specific dtype, or None to allow any "
                    "dtype. Set grad_dtype with caution. Diverging the dtypes of a tensor and its gradient may break "
                    "downstream systems that assume they match."
                )
            if value._a.shape != self._a.shape:
                raise RuntimeError(
                    f"attempting to assign a gradient of size '{list(value._a.shape)}' to a tensor of size "
                    f"'{list(self._a.shape)}'. Please ensure that the gradient and the tensor are the same size"
                )
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def data(self) -> Tensor:
        """The same memory without history; writes through it are not counted."""
        return wrap(self._a)

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
        self._a = value._a

    def detach(self) -> Tensor:
        """The same memory and version counter, without history."""
        t = wrap(self._a)
        t._writes = self._writes
        return t

    @property
    def is_inference_(self) -> bool:
        return self._inference

    def is_inference(self) -> bool:
        return self._inference

    # The graph.

    backward: Callable[..., None]  # attached by autograd.sweeping

    def retain_grad(self) -> None:
        """Keep the gradient of a tensor that is no leaf."""
        if not self._needs:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        node = self.grad_fn
        if node is None or self._retains:
            return
        node.watched = True
        if node.retained is None:
            node.retained = {}
        node.retained[self._output] = weakref.ref(self)
        self._retains = True

    @property
    def retains_grad(self) -> bool:
        return self._retains

    def register_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(grad)` when the gradient of this tensor has been computed; what it returns replaces it."""
        if not self._needs:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        node = self.grad_fn or accumulator(self)
        node.watched = True
        if node.tensor_hooks is None:
            node.tensor_hooks = {}
        if self._node is None:
            self._hooks = node.tensor_hooks.setdefault(0, {})
            self._keeper = node  # the hooks live as long as the tensor does
            return RemovableHandle(self._hooks, hook)
        return RemovableHandle(node.tensor_hooks.setdefault(self._output, {}), hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(tensor)` after a gradient was added to this leaf."""
        if not self._needs:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if self.grad_fn is not None:
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        if self._post_hooks is None:
            self._post_hooks = {}
        return RemovableHandle(self._post_hooks, hook)

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        from srcgrad.torch.representation import text_of

        return text_of(self)

    __str__ = __repr__

    def __hash__(self) -> int:
        return id(self)


_new = Tensor.__new__


def wrap(array: Any) -> Tensor:
    """A tensor around an array, without history; a NumPy scalar becomes a 0-d array."""
    t = _new(Tensor)
    t._a = array if array.__class__ is np.ndarray else np.asarray(array)
    if state.inference:
        t._inference = True
    return t


def _name(t: Tensor) -> str:
    return str(_LEGACY.get(t._a.dtype.name, t._a.dtype.name))


_LEGACY = {
    "float32": "float",
    "float64": "double",
    "float16": "c10::Half",
    "int64": "long int",
    "int32": "int",
    "int16": "short",
    "int8": "signed char",
    "uint8": "unsigned char",
    "bool": "bool",
    "complex64": "c10::complex<float>",
    "complex128": "c10::complex<double>",
}


def accumulator(t: Tensor) -> AccumulateGrad:
    """The node that adds to a leaf's gradient: one for each leaf."""
    node = t._accumulator
    if node is None:
        node = t._accumulator = AccumulateGrad(t)
        if t._hooks:
            node.tensor_hooks = {0: t._hooks}
            node.watched = True
    return node


def edge_of(t: Tensor) -> Any:
    """(node, output number) where the gradient of t goes, or None."""
    if t._stale:
        refresh(t)
    node = t._node
    if node is not None:
        return (node, t._output)
    # A view that was made under no_grad needs a gradient as its base does, and none can reach either.
    if not t._needs or t._made_untracked:
        return None
    return (t._accumulator or accumulator(t), 0)


def refresh(t: Tensor) -> None:
    """Give a view, whose base was written to, a history that starts from the base as it now is."""
    from srcgrad.torch.inplace import renewed

    node = renewed(t)
    t._stale = False
    if node is not None and node is not t._node:
        t._node, t._output, t._needs = node, 0, True
