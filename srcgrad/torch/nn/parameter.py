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

    _is_parameter = True

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Any:
        source = wrap(np.zeros(0, np.float32)) if data is None else data
        if not isinstance(source, Tensor):
            raise TypeError(f"_make_subclass(): argument 'data' (position 1) must be Tensor, not {type(source).__name__}")
        made = object.__new__(cls)
        made._a = source._a
        made._writes = Version()
        if requires_grad and made._a.dtype.kind not in "fc":
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        made._needs = requires_grad
        return made

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        """`data` is shared, not copied."""

    def __repr__(self, *, tensor_contents: Any = None) -> str:  # noqa: ARG002 - PyTorch's parameter
        from srcgrad.torch.representation import text_of

        return text_of(self)

    __str__ = __repr__
    __hash__ = Tensor.__hash__

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) in memo:
            return memo[id(self)]
        made = type(self)(wrap(np.array(self._a)), self._needs)
        memo[id(self)] = made
        return made

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _rebuilt, (type(self), self._a, self._needs)


def _rebuilt(kind: Any, array: Any, requires_grad: bool) -> Any:
    return kind(wrap(array), requires_grad)


class Buffer(Tensor):
    """A tensor that a module keeps and does not train."""

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Any:
        made = object.__new__(cls)
        made._a = np.zeros(0, np.float32) if data is None else data._a
        made._writes = Version()
        made.persistent = persistent  # type: ignore[attr-defined]
        return made

    def __init__(self, data: Any = None, *, persistent: bool = True) -> None:
        """`data` is shared, not copied."""


