"""Primitives of one or two operands that act element by element, made quick: most operations are these.

What enters: a ufunc or another elementwise kernel with an entry in the rule table. What leaves: a function of
tensors and numbers that promotes dtypes as PyTorch does, computes, and records.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.torch import profiling
from srcgrad.torch.calling import BOTH, FIRST, SECOND, settled
from srcgrad.torch.dtypes import default_float, of, result_dtype
from srcgrad.torch.modes import MODES, state
from srcgrad.torch.operation import NEEDED, OTHER
from srcgrad.torch.primitive import Primitive
from srcgrad.torch.tensor import Tensor
from srcgrad.torch.texts import NUMBERS32, NUMBERS64, number

NUMBERS = (int, float, complex, bool, np.number, np.bool_)
_ndarray = np.ndarray
_new = Tensor.__new__
_asarray = np.asarray


def promoted(a: Any, b: Any, floating: bool = False) -> tuple[Any, Any]:
    """Two operands, arrays or numbers, in the dtype that an operator computes in; integers as floats if `floating`."""
    dtype = result_dtype(a, b)
    if floating and dtype.kind in "iub":
        dtype = default_float()
    return as_kind(a, dtype), as_kind(b, dtype)


def as_kind(x: Any, dtype: Any) -> Any:
    """An array or a number in a dtype."""
    if x.__class__ is _ndarray:
        return x if x.dtype is dtype else x.astype(dtype)
    try:
        return dtype.type(x)
    except OverflowError:
        if dtype.kind == "u":
            return np.array(x).astype(dtype)[()]
        name = _C_TYPES.get(dtype.name, dtype.name)
        raise RuntimeError(f"value cannot be converted to type {name} without overflow") from None


_C_TYPES = {"int8": "int8", "int16": "int16_t", "int32": "int", "int64": "int64_t"}


def not_a_tensor(name: str, x: Any, parameter: str = "input", position: int = 1) -> TypeError:
    """What PyTorch says of an argument that should be a tensor."""
    return TypeError(f"{name}(): argument '{parameter}' (position {position}) must be Tensor, not {type(x).__name__}")


def unsupported(kernel: str, dtype: Any) -> NotImplementedError:
    """What PyTorch says of a dtype for which an operation has no code."""
    return NotImplementedError(f"\"{kernel}\" not implemented for '{of(dtype)._c_name}'")


class Pointwise(Primitive):
    """What the two share: the node of a call whose operands are `given` and whose arrays are `arrays`."""

    floating: bool

    def __init__(self, kernel: Callable[..., Any], name: str, *, floating: bool = False, **options: Any) -> None:
        super().__init__(kernel, name, **options)
        self.floating = floating
        self.run: Callable[..., Any] = kernel

    def enter(self, given: tuple[Any, ...], arrays: tuple[Any, ...], t: Tensor) -> None:
        """Make the node of a call and hang it on its result."""
        self.record(given, list(arrays), t)


# The operators reach the ufuncs sooner than a call does.
_OPERATORS: dict[Any, Callable[..., Any]] = {
    np.add: operator.add, np.subtract: operator.sub, np.multiply: operator.mul, np.divide: operator.truediv,
}  # fmt: skip
_float32, _float64 = np.dtype(np.float32), np.dtype(np.float64)


class Binary(Pointwise):
    """An operation on two operands, at least one of them a tensor; `floating` makes integers floats first."""

    promotes = True

    def __call__(self, x: Any, other: Any) -> Any:
        if isinstance(other, Tensor):
            b: Any = other._a
            needs = other._needs
            if isinstance(x, Tensor):
                a: Any = x._a
                needs = needs or x._needs
                if a.dtype is not b.dtype or self.floating:
                    a, b = promoted(a, b, self.floating)
            elif isinstance(x, NUMBERS):
                a, b = promoted(x, b, self.floating)
            else:
                return NotImplemented
        elif isinstance(other, NUMBERS):
            a = x._a
            needs = x._needs
            if (other.__class__ is float or other.__class__ is int) and a.dtype.kind == "f":
                b = number(other, a.dtype)
            else:
                a, b = promoted(a, other, self.floating)
        else:
            return NotImplemented
        if a.__class__ is b.__class__ and a.shape != b.shape:
            check_broadcast(a.shape, b.shape)
        y = profiling.run(self, [a, b]) if profiling.watch.on else self.run(a, b)
        t = _new(Tensor)
        t._a = y if y.__class__ is _ndarray else np.asarray(y)
        if state.enabled:
            if needs:
                self.record((x, other), [a, b], t)
        elif state.inference:
            t._inference = True
        return t

    def operator(self) -> Callable[[Any, Any], Any]:
        """The operation as a method of tensors, with a shorter way for tensors of one dtype and for plain numbers."""
        run, makers, floating = _OPERATORS.get(self.run, self.run), self.makers, self.floating
        listening, modes = profiling.LISTENING, MODES

        def method(x: Any, other: Any) -> Any:
            a = x._a
            dtype = a.dtype
            b: Any
            if isinstance(other, Tensor):
                b = other._a
                if b.dtype is not dtype or (floating and dtype.kind != "f"):
                    return self(x, other)
                kinds = (BOTH if other._needs else FIRST) if x._needs else SECOND if other._needs else 0
            elif other.__class__ is int or other.__class__ is float:
                if dtype is _float32:
                    b = NUMBERS32.get(other)
                elif dtype is _float64:
                    b = NUMBERS64.get(other)
                elif dtype.kind == "f":
                    b = other
                else:
                    return self(x, other)
                if b is None:
                    b = number(other, dtype)
                kinds = _NUMBER if x._needs else 0
            else:
                return self(x, other)
            if listening:
                return self(x, other)
            try:
                y: Any = run(a, b)
            except ValueError:
                return self(x, other)  # which says why
            if y.__class__ is not _ndarray:
                y = _asarray(y)
            t = _new(Tensor)
            t._a = y
            if modes:
                kinds = settled(t, kinds)
            if kinds:
                (makers.get(kinds) or self.enter_by(kinds))(x, other, a, b, t)
            return t

        return method


_NUMBER = NEEDED << 2 | OTHER


class Unary(Pointwise):
    """An operation on one tensor; `floating` makes integers floats first."""

    def __call__(self, x: Any) -> Any:
        return self.function(x)

    @functools.cached_property
    def function(self) -> Callable[[Any], Any]:
        """The operation as a function, which is quicker to call than an object."""
        run, makers, floating = self.run, self.makers, self.floating
        listening, modes = profiling.LISTENING, MODES

        def apply(input: Any) -> Any:
            a = input._a
            if floating and a.dtype is not _float32 and a.dtype.kind in "iub":
                a = a.astype(default_float())
            y = profiling.run(self, [a]) if listening else run(a)
            t = _new(Tensor)
            t._a = y if y.__class__ is _ndarray else _asarray(y)
            if input._needs:
                if not modes or settled(t, NEEDED):
                    (makers.get(NEEDED) or self.enter_by(NEEDED))(input, a, t)
            elif modes:
                settled(t, 0)
            return t

        return apply


def check_broadcast(first: tuple[int, ...], second: tuple[int, ...]) -> None:
    """Raise, in PyTorch's words, where two shapes do not broadcast."""
    for k in range(1, min(len(first), len(second)) + 1):
        n, m = first[-k], second[-k]
        if n != m and n != 1 and m != 1:
            dim = max(len(first), len(second)) - k
            raise RuntimeError(
                f"The size of tensor a ({n}) must match the size of tensor b ({m}) at non-singleton dimension {dim}"
            )
