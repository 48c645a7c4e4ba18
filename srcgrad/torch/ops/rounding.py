"""Rounding, signs and remainders.

What enters: real tensors and numbers. What leaves: tensors of the same or the promoted dtype.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.torch.dtypes import result_dtype
from srcgrad.torch.kernels import rounding as kernels
from srcgrad.torch.names import op
from srcgrad.torch.ops.comparison import in_one_dtype, wrong_operands
from srcgrad.torch.ops.conversion import cast
from srcgrad.torch.ops.undifferentiated import undifferentiated
from srcgrad.torch.pointwise import NUMBERS, Binary, Unary, as_kind, not_a_tensor, promoted, unsupported
from srcgrad.torch.primitive import primitive
from srcgrad.torch.recorded import FACES
from srcgrad.torch.tensor import Tensor, wrap


def zeros(x: Tensor) -> Tensor:
    """Zeros without history."""
    return wrap(np.zeros_like(x._a))


FACES[np.zeros_like] = zeros


def _stepped(names: str, kernel: Any, node: str, doc: str) -> None:
    apply = Unary(kernel, node)
    first = names.partition(" ")[0]

    def function(input: Tensor) -> Tensor:
        if not isinstance(input, Tensor):
            raise not_a_tensor(first, input)
        kind = input._a.dtype.kind
        if kind == "c":
            raise NotImplementedError(f"{first} is not supported for complex inputs")
        if kind == "b":
            raise unsupported(f"{first}_vml_cpu", input._a.dtype)
        return apply(input)  # type: ignore[no-any-return]

    function.__name__ = function.__qualname__ = first
    function.__doc__ = doc
    op(*names.split(), out=True, inplace=True)(function)
    FACES[kernel] = function


_stepped("floor", kernels.floor, "FloorBackward0", "The largest whole number that is not above the input.")
_stepped("ceil", kernels.ceil, "CeilBackward0", "The smallest whole number that is not below the input.")
_stepped("trunc fix", kernels.trunc, "TruncBackward0", "The input without its fraction.")

_rint = Unary(kernels.rint, "RoundBackward0")
_round_to = primitive(kernels.round_to, "RoundBackward1")
_frac = Unary(kernels.frac, "FracBackward0")
_sign = Unary(kernels.sign, "SignBackward0")


@op("round", out=True, inplace=True)
def round(input: Tensor, *, decimals: int | None = None) -> Tensor:
    """The nearest whole number, of two the even one; or rounded to a number of decimals."""
    if not isinstance(input, Tensor):
        raise not_a_tensor("round", input)
    dtype = input._a.dtype
    if dtype.kind == "c":
        raise NotImplementedError("round is not supported for complex inputs")
    if decimals is None or (dtype.kind in "iu" and decimals == 0):
        if dtype.kind == "b":
            raise unsupported("round_vml_cpu", dtype)
        return _rint(input)  # type: ignore[no-any-return]
    if dtype.kind != "f":
        raise unsupported("round_cpu", dtype)
    return _round_to(input, decimals)  # type: ignore[no-any-return]


@op("frac", out=True, inplace=True)
def frac(input: Tensor) -> Tensor:
    """The fraction, with the sign of the input."""
    if not isinstance(input, Tensor):
        raise not_a_tensor("frac", input)
    if input._a.dtype.kind != "f":
        raise unsupported("frac_cpu", input._a.dtype)
    return _frac(input)  # type: ignore[no-any-return]


@op("sign", out=True, inplace=True)
def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1."""
    if not isinstance(input, Tensor):
        raise not_a_tensor("sign", input)
    if input._a.dtype.kind == "c":
        raise NotImplementedError(
            "Unlike NumPy, torch.sign is not intended to support complex numbers. Please use torch.sgn instead."
        )
    return _sign(input)  # type: ignore[no-any-return]


# Quotients rounded to whole numbers, and what they leave.

_floor_quotient = Binary(kernels.floor_quotient, "DivBackward2")
_trunc_quotient = Binary(kernels.trunc_quotient, "DivBackward2")


def _check_divisor(x: Any, other: Any) -> None:
    if isinstance(other, Tensor):
        b = other._a
        whole = b.dtype.kind in "iub" and (
            x._a.dtype.kind in "iub" if isinstance(x, Tensor) else isinstance(x, (int, np.integer))
        )
        zero = whole and not b.all()
    else:
        zero = isinstance(other, (int, np.integer)) and x._a.dtype.kind in "iub" and not other
    if zero:
        raise RuntimeError("ZeroDivisionError")


def divided(input: Any, other: Any, rounding_mode: str) -> Tensor:
    """The quotient rounded down or towards zero."""
    if rounding_mode not in ("floor", "trunc"):
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
        )
    if not isinstance(input, Tensor) and not isinstance(other, Tensor):
        raise wrong_operands("div", input, other)
    _check_divisor(input, other)
    apply = _floor_quotient if rounding_mode == "floor" else _trunc_quotient
    return apply(input, other)  # type: ignore[no-any-return]


def _operands(name: str, x: Any, other: Any) -> tuple[Any, Any]:
    if not (isinstance(x, Tensor) or isinstance(other, Tensor)) or not all(
        isinstance(v, (Tensor, *NUMBERS)) for v in (x, other)
    ):
        raise wrong_operands(name, x, other)
    _check_divisor(x, other)
    a = x._a if isinstance(x, Tensor) else x
    b = other._a if isinstance(other, Tensor) else other
    dtype = result_dtype(a, b)
    if dtype.kind in "bc":
        raise unsupported(f"{name}_cpu", dtype)
    return a, b


@op("floor_divide", out=True, inplace=True)
def floor_divide(input: Any, other: Any) -> Tensor:
    """The quotient rounded down; PyTorch has no derivative for it."""
    a, b = promoted(*_operands("div_floor", input, other))
    if isinstance(input, Tensor) and isinstance(other, Tensor):
        in_one_dtype(wrap(a), wrap(b))
    return undifferentiated("floor_divide", wrap(np.floor_divide(a, b)), input, other)


_remainder = Binary(kernels.remainder, "RemainderBackward1")
_fmod = Binary(np.fmod, "FmodBackward1")


_remainder_by_number = primitive(kernels.remainder, "RemainderBackward0", operands=["x1"])
_fmod_by_number = primitive(np.fmod, "FmodBackward0", operands=["x1"])


@op("remainder", out=True, inplace=True)
def remainder(input: Any, other: Any) -> Tensor:
    """What division rounded down leaves: it has the sign of the divisor."""
    return _left(input, other, "remainder", kernels.remainder, _remainder, _remainder_by_number)


@op("fmod", out=True, inplace=True)
def fmod(input: Tensor, other: Any) -> Tensor:
    """What division rounded towards zero leaves: it has the sign of the input."""
    return _left(input, other, "fmod", np.fmod, _fmod, _fmod_by_number)


def _left(x: Any, other: Any, name: str, ufunc: Any, apply: Binary, by: Any) -> Tensor:
    a, b = _operands(name, x, other)
    if not isinstance(x, Tensor):
        return undifferentiated(name, wrap(ufunc(*promoted(a, b))), other)
    if isinstance(other, Tensor):
        return apply(x, other)  # type: ignore[no-any-return]
    dtype = result_dtype(a, b)
    return by(cast(x, dtype), as_kind(b, dtype))  # type: ignore[no-any-return]


def _or_not_implemented(compute: Any) -> Any:
    """As an operator: what is neither a tensor nor a number may know better."""

    def operator(self: Tensor, other: Any) -> Any:
        return compute(self, other) if isinstance(other, (Tensor, *NUMBERS)) else NotImplemented

    return operator


_nextafter = Binary(kernels.nextafter, "NextafterBackward0")


@op("nextafter", out=True, inplace=True)
def nextafter(input: Tensor, other: Tensor) -> Tensor:
    """The next floating point number from the input towards the other."""
    for position, (name, t) in enumerate((("input", input), ("other", other)), 1):
        if not isinstance(t, Tensor):
            raise not_a_tensor("nextafter", t, name, position)
    dtype = result_dtype(input._a, other._a)
    if dtype.kind != "f":
        raise unsupported("nextafter_cpu", dtype)
    return _nextafter(input, other)  # type: ignore[no-any-return]


@op("heaviside", out=True, inplace=True)
def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """0 where the input is negative, 1 where it is positive, the value where it is zero."""
    for position, (name, t) in enumerate((("input", input), ("values", values)), 1):
        if not isinstance(t, Tensor):
            raise not_a_tensor("heaviside", t, name, position)
    a, b = input._a, values._a
    if a.dtype.kind == "c" or b.dtype.kind == "c":
        raise RuntimeError("heaviside is not yet implemented for complex tensors.")
    if a.dtype != b.dtype:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")
    in_one_dtype(input, values)
    found = np.where(a == 0, b, (a > 0).astype(a.dtype))
    return undifferentiated("heaviside", wrap(found), input, values)


_OPERATORS = {
    "__floordiv__": _or_not_implemented(floor_divide),
    "__rfloordiv__": _or_not_implemented(lambda self, other: floor_divide(other, self)),
    "__mod__": _or_not_implemented(remainder),
    "__rmod__": _or_not_implemented(lambda self, other: remainder(other, self)),
}
for _name, _method in _OPERATORS.items():
    setattr(Tensor, _name, _method)


def _in_place(name: str, compute: Any) -> None:
    from srcgrad.torch.inplace import write

    def method(self: Tensor, other: Any) -> Any:
        if not isinstance(other, (Tensor, *NUMBERS)):
            return NotImplemented
        return write(self, lambda before: compute(before, other), others=(other,))

    method.__name__ = method.__qualname__ = name
    setattr(Tensor, name, method)


_in_place("__ifloordiv__", floor_divide)
_in_place("__imod__", remainder)
