"""In-place changes of the shape: the tensor itself becomes a view of what it was.

What enters: a tensor. What leaves: the same tensor with other sizes and strides on the same memory, or on larger.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.torch import dtypes
from srcgrad.torch.inplace import check_history, was
from srcgrad.torch.kernels import memory
from srcgrad.torch.kernels import viewing as kernels
from srcgrad.torch.modes import state
from srcgrad.torch.names import op
from srcgrad.torch.ops import parts, views
from srcgrad.torch.ops.dims import sizes
from srcgrad.torch.tensor import Tensor
from srcgrad.torch.viewing import View


def _enter(name: str, view: Callable[..., Tensor], kernel: Any, *nodes: str) -> None:
    """`name_`, which makes of a tensor what a view of it would be; a second node is that of a call with arguments."""
    kinds = [View(kernel, node).node_class for node in nodes]

    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        check_history(self, self._needs)
        before = was(self)
        seen = view(before, *args, **kwargs)
        self._a = seen._a
        made = seen._node
        if state.enabled and self._needs and made is not None:
            made.thaw()
            made.__class__ = kinds[-1 if args or kwargs else 0]
            self._node, self._output = made, 0
        self._writes.bump()
        self._stale = False
        return self

    method.__name__, method.__doc__ = f"{name}_", f"`{name}` in place."
    op(f"{name}_", function=False)(method)


_enter("t", views.t, kernels.t, "TBackward1")
_enter("transpose", views.transpose, kernels.transpose, "TransposeBackward1")
_enter("swapaxes", views.transpose, kernels.transpose, "TransposeBackward1")
_enter("swapdims", views.transpose, kernels.transpose, "TransposeBackward1")
_enter("unsqueeze", views.unsqueeze, kernels.unsqueeze, "UnsqueezeBackward1")
_enter("squeeze", views.squeeze, kernels.squeeze, "SqueezeBackward3", "SqueezeBackward4")
_enter("as_strided", parts.as_strided, memory.strided, "AsStridedBackward1")

DETACH_VIEW = (
    "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for training, and "
    "gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence detach_() cannot be called on "
    "these gradients. To fix this error, please refer to the Optimizer.zero_grad() function in torch/optim/optimizer.py as "
    "the solution."
)


@op("detach", method=False)
def detach(input: Tensor) -> Tensor:
    """The same memory and version counter, without history."""
    return input.detach()


@op("detach_")
def detach_(self: Tensor) -> Tensor:
    """Forget the history: the tensor becomes a leaf that needs no gradient."""
    if self._base is not None:
        raise RuntimeError(DETACH_VIEW)
    self._node, self._output, self._needs, self._retains = None, 0, False, False
    return self


@op("resize_", function=False)
def resize_(self: Tensor, *size: Any, memory_format: Any = None) -> Tensor:  # noqa: ARG001 - PyTorch's parameter
    """Other sizes on the same memory; on a larger one, whose further elements are zero, where they need it."""
    if self._needs:
        raise RuntimeError("cannot resize variables that require grad")
    shape = sizes(size, "resize_", "size")
    a = self._a
    if any(n < 0 for n in shape):
        raise RuntimeError(f"requested resize to {list(shape)} which has a negative dimension")
    if a.shape == shape:
        return self
    count = math.prod(shape)
    line = memory.flat(a)[memory.offset_of(a) :] if a.size else memory.flat(a)
    if line.size < count:
        larger = np.zeros(count, a.dtype)
        larger[: line.size] = line
        line = larger
    self._a = line[:count].reshape(shape)
    return self


@op("resize_as_")
def resize_as_(self: Tensor, the_template: Tensor, *, memory_format: Any = None) -> Tensor:  # noqa: ARG001
    """The sizes of another tensor."""
    return resize_(self, the_template._a.shape)


Tensor.resize = resize_  # type: ignore[attr-defined]


@op("set_", function=False)
def set_(self: Tensor, source: Any = None, storage_offset: int = 0, size: Any = None, stride: Any = None) -> Tensor:
    """Look at the memory of another tensor, or of a storage."""
    from srcgrad.torch.ops.storages import array_on

    if source is None:
        self._a = np.empty(0, self._a.dtype)
    elif isinstance(source, Tensor) and size is None:
        if source._a.dtype != self._a.dtype:
            raise RuntimeError(f"Could not set tensor of type {_c_type(source)} to a tensor of type {_c_type(self)}")
        self._a = source._a
        self._writes = source._writes
    else:
        self._a = array_on(source, self._a.dtype, storage_offset, size, stride)
    self._writes.bump()
    return self


def _c_type(t: Tensor) -> str:
    return {"float32": "float", "float64": "double", "int64": "long"}.get(t._a.dtype.name, dtypes.of(t._a.dtype).name)
