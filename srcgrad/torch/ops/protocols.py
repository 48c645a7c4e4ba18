"""What Python, NumPy and other libraries ask of a tensor: copies, pickles, DLPack, functions over elements.

What enters: a tensor. What leaves: what the protocol wants, as attributes of Tensor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.torch.absent import OF_TENSORS, Absent
from srcgrad.torch.creation import legacy
from srcgrad.torch.inplace import check_writable
from srcgrad.torch.modes import state
from srcgrad.torch.names import op
from srcgrad.torch.tensor import Tensor, wrap


def rebuilt(kind: Any, array: Any, requires_grad: bool) -> Tensor:
    """What a pickle of a tensor calls; `kind` is None for Tensor itself."""
    made = wrap(array)
    if kind is not None:
        made.__class__ = kind
    made._needs = requires_grad
    return made


def _reduce(self: Tensor, protocol: Any) -> Any:  # noqa: ARG001 - PyTorch's parameter
    kind = None if type(self) is Tensor else type(self)
    return rebuilt, (kind, self._a, self._needs), _attributes(self) or None


def _attributes(self: Tensor) -> dict[str, Any]:
    """What the user has hung on the tensor."""
    return {name: value for name, value in vars(self).items() if not name.startswith("_")}


def _set_state(self: Tensor, state: dict[str, Any]) -> None:
    vars(self).update(state)


def _copy(self: Tensor) -> Tensor:
    made = rebuilt(type(self), self._a, self._needs)
    vars(made).update(_attributes(self))
    return made


@op("apply_", function=False)
def apply_(self: Tensor, callable: Callable[..., Any]) -> Tensor:
    """Replace each element by a Python function of it."""
    if self._needs and state.enabled:
        raise RuntimeError("Can't call apply_() on Variable that requires grad. Use var.detach().apply_() instead.")
    return _mapped(self, callable)


@op("map_", function=False)
def map_(self: Tensor, tensor: Tensor, callable: Callable[..., Any]) -> Tensor:
    """Replace each element by a Python function of it and of one of another tensor."""
    if self._needs or tensor._needs:
        raise RuntimeError("Can't call map_() on Variable that requires grad. Use var.detach().map_() instead.")
    return _mapped(self, callable, tensor)


@op("map2_", function=False)
def map2_(self: Tensor, x: Tensor, y: Tensor, callable: Callable[..., Any]) -> Tensor:
    """Replace each element by a Python function of it and of those of two other tensors."""
    if self._needs or x._needs or y._needs:
        raise RuntimeError("Can't call map2_() on Variable that requires grad. Use var.detach().map2_() instead.")
    return _mapped(self, callable, x, y)


def _mapped(self: Tensor, callable: Callable[..., Any], *others: Tensor) -> Tensor:
    check_writable(self)
    columns = [np.broadcast_to(t._a, self._a.shape).reshape(-1).tolist() for t in (self, *others)]
    found = [callable(*row) for row in zip(*columns, strict=True)]
    self._a[...] = np.array(found, self._a.dtype).reshape(self._a.shape)
    self._writes.bump()
    return self


@op("new", function=False)
def new(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """A tensor of the same dtype from sizes or data."""
    kwargs.pop("device", None)
    if not args:
        return wrap(np.empty(0, self._a.dtype))
    return wrap(legacy(*args, **kwargs).astype(self._a.dtype))


@op("to_dense", function=False)
def to_dense(self: Tensor, dtype: Any = None, *, masked_grad: bool | None = None) -> Tensor:  # noqa: ARG001 - PyTorch's parameter
    """The tensor: it is dense."""
    return self if dtype is None else self.to(dtype)  # type: ignore[attr-defined]


@op("get_device", function=False)
def get_device(self: Tensor) -> int:  # noqa: ARG001 - PyTorch's parameter
    """-1: the tensor is on the CPU."""
    return -1


@op("const_data_ptr", function=False)
def const_data_ptr(self: Tensor) -> int:
    """Where the first element lies."""
    return int(self.data_ptr())  # type: ignore[attr-defined]


@op("is_distributed", function=False)
def is_distributed(self: Tensor) -> bool:  # noqa: ARG001 - PyTorch's parameter
    """False."""
    return False


@op("module_load", function=False)
def module_load(self: Tensor, other: Tensor, assign: bool = False) -> Tensor:
    """What a module keeps of a tensor that it loads."""
    if assign:
        return other.detach()
    return self.copy_(other).detach()  # type: ignore[attr-defined,no-any-return]


@op("ipu", "mtia", function=False)
def elsewhere(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:  # noqa: ARG001 - PyTorch's parameter
    """There is only the CPU: raises and says so."""
    raise RuntimeError("srcgrad.torch computes with NumPy on the CPU; there is no other device to move a tensor to")


def _reversed(self: Tensor) -> Tensor:
    return self if not self._a.ndim else self.flip(0)  # type: ignore[attr-defined]


def _dlpack(
    self: Tensor, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: Any = None
) -> Any:
    if self._needs:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    if stream is not None and stream != -1:
        raise BufferError("there are no streams on the CPU")
    return self._a.__dlpack__(max_version=max_version, dl_device=dl_device, copy=copy)


def _array_wrap(self: Tensor, array: Any, context: Any = None, return_scalar: bool = False) -> Any:  # noqa: ARG001 - PyTorch's parameter
    if array.dtype == bool:
        array = array.astype(np.uint8)
    return wrap(np.asarray(array))


def _del(self: Tensor, index: Any) -> None:  # noqa: ARG001 - PyTorch's parameter
    raise TypeError("Tensor does not support deleting items")


def _dir(self: Tensor) -> list[str]:
    names = {name for name in [*dir(type(self)), *vars(self)] if not (name[0] == "_" and name[1] != "_")}
    return sorted(names - OF_TENSORS)


def _get_grad_dtype(self: Tensor) -> Any:
    return vars(self).get("_grad_dtype", self.dtype)


def _set_grad_dtype(self: Tensor, dtype: Any) -> None:
    vars(self)["_grad_dtype"] = dtype


_PROTOCOLS: dict[str, Any] = {
    "__reduce_ex__": _reduce, "__setstate__": _set_state, "__copy__": _copy, "__reversed__": _reversed,
    "__dlpack__": _dlpack, "__dlpack_device__": lambda self: self._a.__dlpack_device__(),
    "__array_wrap__": _array_wrap, "__delitem__": _del, "__dir__": _dir, "__long__": int,
    "__nonzero__": bool, "grad_dtype": property(_get_grad_dtype, _set_grad_dtype),
    "is_sparse_csr": False, "is_ipu": False, "is_maia": False, "is_mtia": False, "is_vulkan": False, "is_xla": False,
}  # fmt: skip
for _name, _value in (*_PROTOCOLS.items(), *((name, Absent(name)) for name in OF_TENSORS)):
    setattr(Tensor, _name, _value)
