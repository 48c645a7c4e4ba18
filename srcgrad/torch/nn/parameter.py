"""Parameters: the tensors that a module trains."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.torch.tensor import Tensor, Version, wrap


class _ParameterMeta(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return super().__instancecheck__(instance) or (
            cls is Parameter and isinstance(instance, Tensor) and getattr(instance, "_is_param", False)
        )


class Parameter(Tensor, metaclass=_ParameterMeta):
    """A tensor that a module counts among its parameters when it is assigned as an attribute."""

    __module__ = "torch.nn.parameter"  # where PyTorch has it, as its type is printed
    _is_parameter = True

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Any:
        source = wrap(np.zeros(0, np.float32)) if data is None else data
        if not isinstance(source, Tensor):
            raise AttributeError(f"'{type(source).__name__}' object has no attribute 'detach'")
        made = object.__new__(cls)
        made._a = source._a
        made._writes = Version()
        if requires_grad and made._a.dtype.kind not in "fc":
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        made._needs = requires_grad
        return made

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        """`data` is shared, not copied."""

    __hash__ = Tensor.__hash__

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) in memo:
            return memo[id(self)]
        made = type(self)(wrap(np.array(self._a)), self._needs)
        memo[id(self)] = made
        return made

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _rebuilt, (None if type(self) is Parameter else type(self), self._a, self._needs)


def _rebuilt(kind: Any, array: Any, requires_grad: bool) -> Any:
    return (kind or Parameter)(wrap(array), requires_grad)


class _BufferMeta(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return super().__instancecheck__(instance) or (
            isinstance(instance, Tensor) and getattr(instance, "_is_buffer", False)
        )


class Buffer(Tensor, metaclass=_BufferMeta):
    """A tensor that a module keeps and does not train; what is made is a tensor that says so."""

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Any:
        made: Any = wrap(np.zeros(0, np.float32) if data is None else data._a)
        made._needs = False if data is None else data._needs
        made._is_buffer = True
        made.persistent = persistent
        return made


class UninitializedTensorMixin:
    """A parameter or buffer whose shape is not known yet; most of what can be done with a tensor raises."""

    cls_to_become: Any = None
    _needs: bool

    @property
    def _a(self) -> Any:
        raise ValueError(
            "Attempted to use an uninitialized parameter in an operation. This error happens when you are using a "
            f"`LazyModule` or explicitly manipulating `torch.nn.parameter.{type(self).__name__}` objects. When using "
            "LazyModules Call `forward` with a dummy batch to initialize the parameters before calling torch functions"
        )

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Give it a shape and memory; from then on it is what it stands for."""
        del device
        from srcgrad.torch.creation import numpy_dtype

        self.data = wrap(np.zeros(tuple(shape), self.data._a.dtype if dtype is None else numpy_dtype(dtype)))
        self.__class__ = self.cls_to_become

    @property
    def data(self) -> Any:
        """An empty tensor of its dtype."""
        return wrap(self.__dict__["_a"])

    @data.setter
    def data(self, value: Any) -> None:
        self.__dict__["_a"] = value._a

    @property
    def dtype(self) -> Any:
        return self.data.dtype

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """As of any tensor."""
        self._needs = requires_grad
        return self

    @property
    def shape(self) -> Any:
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in "
            "`load_state_dict` when trying to load an uninitialized parameter into an initialized one. Call `forward` to "
            "initialize the parameters before accessing their attributes."
        )

    def share_memory_(self) -> Any:
        """Raises: there is no memory yet."""
        raise RuntimeError(
            "Can't share memory on an uninitialized parameter or buffer. Call `forward` to initialize the parameters "
            "before calling `module.share_memory()`."
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    __str__ = __repr__


def is_lazy(param: Any) -> bool:
    """Whether a parameter or buffer still waits for its shape."""
    return isinstance(param, UninitializedTensorMixin)


def _without_shape(cls: Any, requires_grad: bool, device: Any, dtype: Any) -> Any:
    from srcgrad.torch.creation import numpy_dtype
    from srcgrad.torch.devices import on_cpu

    on_cpu(device)
    made = object.__new__(cls)
    made.__dict__["_a"] = np.zeros(0, numpy_dtype(dtype))
    made._writes = Version()
    made._needs = requires_grad
    return made


class UninitializedParameter(UninitializedTensorMixin, Parameter):  # type: ignore[misc,override]
    """A parameter whose shape is not known yet."""

    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> Any:
        return _without_shape(cls, requires_grad, device, dtype)

    def __init__(self, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> None:
        """As `Parameter`, without data."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            memo[id(self)] = type(self)(self._needs, None, self.dtype)
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (self._needs, None, self.dtype)


class UninitializedBuffer(UninitializedTensorMixin, Tensor):  # type: ignore[misc,override]
    """A buffer whose shape is not known yet."""

    cls_to_become = Tensor

    def __new__(
        cls, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True
    ) -> Any:
        made = _without_shape(cls, requires_grad, device, dtype)
        made.persistent = persistent
        return made

    def __init__(
        self, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True
    ) -> None:
        """As `Buffer`, without data."""
