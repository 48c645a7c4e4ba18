"""The operators of arithmetic, with PyTorch's promotion of dtypes.

What enters: tensors and numbers. What leaves: tensors of the promoted dtype.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import elementwise, rule
from srcgrad.torch.creation import array_of
from srcgrad.torch.dtypes import result_dtype
from srcgrad.torch.inplace import write
from srcgrad.torch.names import op
from srcgrad.torch.pointwise import NUMBERS, Binary, Unary, as_kind, check_broadcast
from srcgrad.torch.primitive import primitive
from srcgrad.torch.recorded import FACES
from srcgrad.torch.tensor import Tensor, wrap


def power_scalar(x: Any, exponent: Any) -> Any:
    """x to the power of a number."""
    return x * x if exponent == 2 else x**exponent


rule(
    power_scalar,
    "x, exponent",
    vjp={"x": "0 * y_bar if exponent == 0 else y_bar * (exponent * power_scalar(x, exponent - 1))"},
    jvp={"x": "0 * x_dot if exponent == 0 else x_dot * (exponent * power_scalar(x, exponent - 1))"},
)


def reversed_difference(x: Any, other: Any) -> Any:
    """other - x."""
    return other - x


elementwise(reversed_difference, "-1", "1")


def reversed_scaled(x1: Any, x2: Any, alpha: Any) -> Any:
    """x2 - alpha x1."""
    return x2 - alpha * x1


rule(
    reversed_scaled,
    "x1, x2, alpha",
    vjp={"x1": "-y_bar * alpha", "x2": "y_bar"},
    jvp={"x1": "-x1_dot * alpha", "x2": "x2_dot"},
)


def sum_scaled(x1: Any, x2: Any, alpha: Any) -> Any:
    """x1 + alpha x2."""
    return x1 + alpha * x2


rule(
    sum_scaled,
    "x1, x2, alpha",
    vjp={"x1": "y_bar", "x2": "y_bar * alpha"},
    jvp={"x1": "x1_dot", "x2": "x2_dot * alpha"},
)


def difference_scaled(x1: Any, x2: Any, alpha: Any) -> Any:
    """x1 - alpha x2."""
    return x1 - alpha * x2


rule(
    difference_scaled,
    "x1, x2, alpha",
    vjp={"x1": "y_bar", "x2": "-y_bar * alpha"},
    jvp={"x1": "x1_dot", "x2": "-x2_dot * alpha"},
)


def whole_power(x: Any, exponent: Any) -> Any:
    """The power; of whole numbers to negative ones, what is left of the fraction."""
    try:
        return np.power(x, exponent)
    except ValueError:
        y = np.power(x, np.maximum(exponent, 0))
        return np.where(np.less(exponent, 0), np.where(np.abs(x) == 1, np.power(x, np.abs(exponent) % 2), 0), y)


multiply = Binary(np.multiply, "MulBackward0")
_add = Binary(np.add, "AddBackward0")
_subtract = Binary(np.subtract, "SubBackward0")
divide = Binary(np.divide, "DivBackward0", floating=True)
_add_scaled = primitive(sum_scaled, "AddBackward0")
_subtract_scaled = primitive(difference_scaled, "SubBackward0")
_reversed = primitive(reversed_difference, "RsubBackward1", operands=["x1"])
_reversed_scaled = primitive(reversed_scaled, "RsubBackward0")
_reversed_tensors = Binary(reversed_difference, "RsubBackward0")
_power = Binary(np.power, "PowBackward1")
_power.run = whole_power
_power_scalar = primitive(power_scalar, "PowBackward0")
_power_of_number = primitive(np.power, "PowBackward2", operands=["x2"])
negative = Unary(np.negative, "NegBackward0")
reciprocal_ = Unary(np.reciprocal, "ReciprocalBackward0", floating=True)


def scaled(other: Any, alpha: Any) -> Any:
    """alpha * other, without a node for alpha = 1."""
    return other if alpha.__class__ is int and alpha == 1 else other * alpha


@op("mul", "multiply", out=True, inplace=True)
def mul(input: Any, other: Any) -> Tensor:
    """The product, element by element."""
    return _wanted(multiply, "mul", input, other)


@op("add", out=True, inplace=True)
def add(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """input + alpha * other."""
    _check_bool(input, other, alpha)
    if alpha != 1 and _added_as_they_are(input, other):
        return _add_scaled(input, other, as_kind(alpha, result_dtype(input._a, other._a)))  # type: ignore[no-any-return]
    return _wanted(_add, "add", input, scaled(other, alpha))


@op("sub", "subtract", out=True, inplace=True)
def sub(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """input - alpha * other."""
    _no_bools(input, other)
    if alpha != 1 and _added_as_they_are(input, other):
        return _subtract_scaled(input, other, as_kind(alpha, result_dtype(input._a, other._a)))  # type: ignore[no-any-return]
    return _wanted(_subtract, "sub", input, scaled(other, alpha))


def _added_as_they_are(x: Any, y: Any) -> bool:
    """Whether NumPy gives a sum of two floating or complex tensors the dtype that PyTorch gives it."""
    if not (isinstance(x, Tensor) and isinstance(y, Tensor)):
        return False
    a, b = x._a, y._a
    check_broadcast(a.shape, b.shape)
    return a.dtype.kind in "fc" and b.dtype.kind in "fc" and (a.dtype is b.dtype or bool(a.ndim and b.ndim))


@op("rsub")
def rsub(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """other - alpha * input."""
    if isinstance(other, Tensor):
        if alpha == 1:
            return _wanted(_reversed_tensors, "rsub", input, other)
        pair = _converted(input, other)
        return _reversed_scaled(*pair, as_kind(alpha, pair[0]._a.dtype))  # type: ignore[no-any-return]
    return _from_number(scaled(input, alpha), other)


def _converted(*tensors: Any) -> list[Tensor]:
    from srcgrad.torch.ops.comparison import in_one_dtype

    return in_one_dtype(*tensors)


def _from_number(x: Tensor, other: Any) -> Tensor:
    """A number less a tensor."""
    if other.__class__ is float and x._a.dtype.kind == "f":
        return _reversed(x, other)  # type: ignore[no-any-return]
    dtype = result_dtype(x._a, other)
    if x._a.dtype is not dtype:
        from srcgrad.torch.ops.conversion import cast

        x = cast(x, dtype)
    return _reversed(x, as_kind(other, dtype))  # type: ignore[no-any-return]


@op("div", "divide", "true_divide", out=True, inplace=True)
def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """The quotient, element by element, rounded if `rounding_mode` is "trunc" or "floor"."""
    if rounding_mode is None:
        return _wanted(divide, "div", input, other)
    from srcgrad.torch.ops.rounding import divided

    return divided(input, other, rounding_mode)


@op("pow", inplace=True, out=True)
def pow(input: Any, exponent: Any) -> Tensor:
    """input to the power of the exponent."""
    if not isinstance(exponent, Tensor):
        return _of_number(input, exponent)
    return _wanted(_power, "pow", input, exponent) if isinstance(input, Tensor) else _number_to(input, exponent)


def _number_to(base: Any, exponent: Tensor) -> Tensor:
    """A number to the power of a tensor."""
    dtype = result_dtype(base, exponent._a)
    if exponent._a.dtype is not dtype:
        from srcgrad.torch.ops.conversion import cast

        exponent = cast(exponent, dtype)
    if dtype.kind in "iu":
        return wrap(whole_power(as_kind(base, dtype), exponent._a))
    return _power_of_number(as_kind(base, dtype), exponent)  # type: ignore[no-any-return]


def _of_number(x: Tensor, exponent: Any) -> Tensor:
    a = x._a
    dtype = result_dtype(a, exponent)
    if dtype.kind in "iu" and exponent < 0:
        raise RuntimeError("Integers to negative integer powers are not allowed.")
    if a.dtype is not dtype:
        from srcgrad.torch.ops.conversion import cast

        x = cast(x, dtype)
    if dtype.kind in "iub":
        exponent = dtype.type(exponent)
    return _power_scalar(x, exponent)  # type: ignore[no-any-return]


@op("neg", "negative", out=True, inplace=True)
def neg(input: Tensor) -> Tensor:
    """-input."""
    if input._a.dtype.kind == "b":
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use "
            "the `~` or `logical_not()` operator instead."
        )
    return negative(input)  # type: ignore[no-any-return]


@op("reciprocal", out=True, inplace=True)
def reciprocal(input: Tensor) -> Tensor:
    """1 / input."""
    return reciprocal_(input)  # type: ignore[no-any-return]


def _wanted(primitive_: Any, name: str, x: Any, other: Any) -> Tensor:
    found = primitive_(x, other) if isinstance(x, Tensor) or isinstance(other, Tensor) else NotImplemented
    if found is NotImplemented:
        if isinstance(x, NUMBERS) and isinstance(other, NUMBERS) and name != "pow":
            return _wanted(primitive_, name, wrap(array_of(x)), wrap(array_of(other)))
        wrong, place = (x, 1) if not isinstance(x, Tensor) else (other, 2)
        raise TypeError(
            f"{name}(): argument '{'input' if place == 1 else 'other'}' (position {place}) must be Tensor, "
            f"not {type(wrong).__name__}"
        )
    return found  # type: ignore[no-any-return]


def _is_bool(x: Any) -> bool:
    return isinstance(x, bool) or (isinstance(x, Tensor) and x._a.dtype.kind == "b")


def _check_bool(x: Any, other: Any, alpha: Any) -> None:
    if alpha is True and not (_is_bool(x) and _is_bool(other)):
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    if isinstance(alpha, float) and not any(
        isinstance(v, float) or (isinstance(v, Tensor) and v._a.dtype.kind in "fc") for v in (x, other)
    ):
        raise RuntimeError("For integral input tensors, argument alpha must not be a floating point number.")


def _no_bools(x: Any, other: Any) -> None:
    if _is_bool(x) and _is_bool(other):
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` "
            "operator instead."
        )
    if _is_bool(x) or _is_bool(other):
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, "
            "use the `~` or `logical_not()` operator instead."
        )


def _sub(self: Tensor, other: Any) -> Any:
    if self._a.dtype.kind == "b" or (isinstance(other, Tensor) and other._a.dtype.kind == "b"):
        _no_bools(self, other)
    return _minus(self, other)


def _rsub(self: Tensor, other: Any) -> Any:
    if isinstance(other, Tensor):
        return _reversed_tensors(self, other)
    if not isinstance(other, NUMBERS):
        return NotImplemented
    if self._a.dtype.kind == "b":
        _no_bools(self, other)
    return _from_number(self, other)


def _rdiv(self: Tensor, other: Any) -> Any:
    return multiply(reciprocal(self), other) if isinstance(other, (Tensor, *NUMBERS)) else NotImplemented


def _pow(self: Tensor, exponent: Any) -> Any:
    if isinstance(exponent, Tensor):
        return _power(self, exponent)
    return _of_number(self, exponent) if isinstance(exponent, NUMBERS) else NotImplemented


def _rpow(self: Tensor, base: Any) -> Any:
    if isinstance(base, Tensor):
        return _power(base, self)
    return _number_to(base, self) if isinstance(base, NUMBERS) else NotImplemented


def _written(name: str, compute: Any) -> Any:
    """The operator with an equals sign."""

    def method(self: Tensor, other: Any) -> Any:
        if not isinstance(other, Tensor) and not isinstance(other, NUMBERS):
            return NotImplemented
        return write(self, lambda before: compute(before, other), others=(other,))

    method.__name__ = method.__qualname__ = name
    return method


_plus, _times, _over = _add.operator(), multiply.operator(), divide.operator()
_minus = _subtract.operator()
_OPERATORS: dict[str, Any] = {
    "__add__": _plus, "__radd__": _plus, "__mul__": _times, "__rmul__": _times,
    "__sub__": _sub, "__rsub__": _rsub,
    "__truediv__": _over, "__rtruediv__": _rdiv, "__div__": _over, "__rdiv__": _rdiv,
    "__pow__": _pow, "__rpow__": _rpow, "__neg__": neg,
    "__iadd__": _written("__iadd__", _add), "__isub__": _written("__isub__", _sub),
    "__imul__": _written("__imul__", multiply), "__itruediv__": _written("__itruediv__", divide),
    "__idiv__": _written("__idiv__", divide), "__ipow__": _written("__ipow__", _pow),
}  # fmt: skip
for _name, _method in _OPERATORS.items():
    setattr(Tensor, _name, _method)

FACES.update({
    np.add: add, np.subtract: sub, np.multiply: mul, np.divide: div, np.negative: neg, np.power: pow,
    power_scalar: pow,
})  # fmt: skip
