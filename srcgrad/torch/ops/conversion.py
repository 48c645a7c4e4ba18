"""From a tensor to other dtypes, to Python's numbers and lists, to NumPy.

What enters: a tensor. What leaves: a number, a list, an array that shares its memory, or a tensor of another dtype.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from srcgrad.torch import dtypes
from srcgrad.torch.creation import LEGACY_TYPES, numpy_dtype
from srcgrad.torch.devices import CPU, on_cpu
from srcgrad.torch.modes import state
from srcgrad.torch.names import op
from srcgrad.torch.ops import core
from srcgrad.torch.representation import format_of
from srcgrad.torch.tensor import Tensor, wrap
from srcgrad.torch.unavailable import NO_GPU


def cast(x: Tensor, kind: Any) -> Tensor:
    """The tensor in one of NumPy's dtypes; itself where it has that already."""
    if x._a.dtype == kind:
        return x
    if kind.kind not in "fc":
        return wrap(_truncated(x._a, kind))
    return core.convert(x, kind)  # type: ignore[no-any-return]


def _truncated(a: Any, kind: Any) -> Any:
    if a.dtype.kind == "c" and kind.kind != "b":
        a = a.real
    with np.errstate(invalid="ignore"):
        if a.dtype.kind == "f" and kind.kind == "u":
            return a.astype(np.int64).astype(kind)
        return a.astype(kind)


@op("to", function=False)
def to(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """The tensor in another dtype, on another device (there is one), or as another tensor is."""
    dtype = kwargs.pop("dtype", None)
    device = kwargs.pop("device", None)
    again = kwargs.pop("copy", False)
    kwargs.pop("non_blocking", None)
    kwargs.pop("memory_format", None)
    other = kwargs.pop("other", None)
    if kwargs:
        raise TypeError(f"to() got an unexpected keyword argument '{next(iter(kwargs))}'")
    for k, a in enumerate(args):
        if isinstance(a, dtypes.dtype):
            dtype = a
        elif isinstance(a, type):
            dtype = dtypes.of(numpy_dtype(a))
        elif isinstance(a, Tensor):
            other = a
        elif isinstance(a, bool):
            again = a if k == len(args) - 1 and k > 1 else again
        elif a is not None:
            device = a
    if other is not None:
        dtype = other.dtype
    if isinstance(dtype, type):
        dtype = dtypes.of(numpy_dtype(dtype))
    on_cpu(device)
    if dtype is None or dtype is self.dtype:
        return core.copy_to(self) if again else self
    return cast(self, dtype.numpy)


@op("type", function=False)
def type_(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:  # noqa: ARG001 - PyTorch's parameter
    """The name of the tensor's type, or the tensor in another."""
    if dtype is None:
        return f"torch.{self.dtype._c_name}Tensor"
    if isinstance(dtype, str):
        dtype = LEGACY_TYPES[dtype.removeprefix("torch.")]
    kind = dtype.numpy if isinstance(dtype, dtypes.dtype) else dtype.kind
    return cast(self, np.dtype(kind))


@op("type_as", function=False)
def type_as(self: Tensor, other: Tensor) -> Tensor:
    """The tensor in the dtype of another."""
    return cast(self, other._a.dtype)


def _caster(name: str, kind: str) -> None:
    def convert(self: Tensor, memory_format: Any = None) -> Tensor:  # noqa: ARG001 - PyTorch's parameter
        return cast(self, np.dtype(kind))

    convert.__name__ = convert.__qualname__ = name
    convert.__doc__ = f"The tensor as {kind}."
    op(name, function=False)(convert)


for _name, _kind in {
    "float": "float32", "double": "float64", "half": "float16", "long": "int64", "int": "int32", "short": "int16",
    "char": "int8", "byte": "uint8", "bool": "bool", "cfloat": "complex64", "cdouble": "complex128",
}.items():  # fmt: skip
    _caster(_name, _kind)


@op("bfloat16", "chalf", function=False)
def unavailable(self: Tensor, memory_format: Any = None) -> Tensor:
    """NumPy has no such dtype."""
    raise NotImplementedError("NumPy has neither bfloat16 nor complex32; use .float() or .cfloat()")


@op("numpy", function=False)
def numpy(self: Tensor, *, force: bool = False) -> Any:
    """The array that holds the tensor's values: the same memory."""
    if self._needs and not force:
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
    return self._a


def _array(self: Tensor, dtype: Any = None, copy: bool | None = None) -> Any:
    found = numpy(self)
    if dtype is not None and found.dtype != dtype:
        return found.astype(dtype)
    return found.copy() if copy else found


@op("item", function=False)
def item(self: Tensor) -> Any:
    """The value of a tensor of one element as Python's number."""
    if self._a.size != 1:
        raise RuntimeError(f"a Tensor with {self._a.size} elements cannot be converted to Scalar")
    return self._a.item()


@op("tolist", function=False)
def tolist(self: Tensor) -> Any:
    """The values as nested lists."""
    return self._a.tolist()


@op("is_floating_point")
def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype is a floating point one."""
    return bool(input._a.dtype.kind == "f")


@op("is_complex")
def is_complex(input: Tensor) -> bool:
    """Whether the dtype is complex."""
    return bool(input._a.dtype.kind == "c")


@op("is_signed")
def is_signed(input: Tensor) -> bool:
    """Whether the dtype has negative values."""
    return input._a.dtype.kind in "ifc"


@op("is_nonzero")
def is_nonzero(input: Tensor) -> bool:
    """Whether the one element is not zero."""
    if input._a.size != 1:
        if not input._a.size:
            raise RuntimeError("Boolean value of Tensor with no values is ambiguous")
        raise RuntimeError("Boolean value of Tensor with more than one value is ambiguous")
    return bool(input._a.reshape(()))


@op("is_tensor", method=False)
def is_tensor(obj: Any) -> bool:
    """Whether an object is a tensor."""
    return isinstance(obj, Tensor)


@op("is_conj", "is_neg", "is_inference_tensor")
def is_lazy(input: Tensor) -> bool:  # noqa: ARG001 - nothing here is lazy
    """Conjugates and negatives are computed at once."""
    return False


@op("resolve_conj", "resolve_neg")
def resolved(input: Tensor) -> Tensor:
    """The tensor: there is nothing to resolve."""
    return input


@op("cpu", function=False)
def cpu(self: Tensor, memory_format: Any = None) -> Tensor:  # noqa: ARG001 - PyTorch's parameter
    """The tensor: it is on the CPU."""
    return self


@op("cuda", "xpu", "mps", function=False)
def cuda(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:  # noqa: ARG001 - whatever is asked
    """There is no GPU here: raises and says so."""
    raise AssertionError(NO_GPU)


@op("pin_memory", "share_memory_", function=False)
def unmoved(self: Tensor, *args: Any) -> Tensor:  # noqa: ARG001 - PyTorch's parameters
    """The tensor: its memory is where it should be."""
    return self


@op("is_pinned", "is_shared", function=False)
def is_placed(self: Tensor) -> bool:  # noqa: ARG001 - no memory is special
    """No memory is special."""
    return False


def _bool(self: Tensor) -> bool:
    return is_nonzero(self)


def _scalar(self: Tensor) -> Any:
    if self._a.size != 1:
        raise ValueError("only one element tensors can be converted to Python scalars")
    return self._a.item()


def _float(self: Tensor) -> float:
    _warn_if_needed(self)
    return float(_real(_scalar(self), "double"))


def _int(self: Tensor) -> int:
    return int(_real(_scalar(self), "int64_t"))


def _real(value: Any, kind: str) -> Any:
    """A number that is to be real; raises for one with an imaginary part."""
    if isinstance(value, complex):
        if value.imag:
            raise RuntimeError(f"value cannot be converted to type {kind} without overflow")
        return value.real
    return value


def _complex(self: Tensor) -> complex:
    return complex(_scalar(self))


def _index(self: Tensor) -> int:
    if self._a.dtype.kind not in "iub" or self._a.size != 1:
        raise TypeError("only integer tensors of a single element can be converted to an index")
    return int(self._a.item())


def _warn_if_needed(self: Tensor) -> None:
    if self._needs and state.enabled:
        import warnings

        warnings.warn(
            "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior.\n"
            "Consider using tensor.detach() first.",
            UserWarning,
            stacklevel=3,
        )


def _format(self: Tensor, spec: str) -> str:
    return format_of(self, spec)


def _deepcopy(self: Tensor, memo: dict[int, Any]) -> Tensor:
    if self.grad_fn is not None:
        raise RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment.  "
            "If you were attempting to deepcopy a module, this may be because of a torch.nn.utils.weight_norm usage, "
            "see https://github.com/pytorch/pytorch/pull/103001"
        )
    if id(self) in memo:
        return memo[id(self)]  # type: ignore[no-any-return]
    made = type(self).__new__(type(self))
    memo[id(self)] = made
    made.__dict__.update({k: v for k, v in self.__dict__.items() if not k.startswith("_")})
    fresh = wrap(np.array(self._a))
    made._a, made._writes, made._needs = fresh._a, fresh._writes, self._needs
    if self._grad is not None:
        made._grad = copy.deepcopy(self._grad, memo)
    return made


def _device(self: Tensor) -> Any:  # noqa: ARG001 - every tensor is there
    return CPU


_PROTOCOL: dict[str, Any] = {
    "__bool__": _bool, "__float__": _float, "__int__": _int, "__complex__": _complex, "__index__": _index,
    "__format__": _format, "__deepcopy__": _deepcopy, "__array__": _array, "device": property(_device),
    "layout": property(lambda _: dtypes.strided), "is_cuda": False, "is_sparse": False, "is_quantized": False,
    "is_mkldnn": False, "is_meta": False, "is_nested": False, "is_mps": False, "is_xpu": False, "is_cpu": True,
    "itemsize": property(lambda self: self._a.itemsize), "nbytes": property(lambda self: self._a.nbytes),
    "names": property(lambda self: (None,) * self._a.ndim),
    "name": None, "volatile": False,
}  # fmt: skip
for _name, _value in _PROTOCOL.items():
    setattr(Tensor, _name, _value)
