"""Comparing element by element, choosing the larger or smaller, cutting off at bounds.

What enters: tensors and numbers. What leaves: tensors of True and False, or of the values chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.torch.dtypes import result_dtype
from srcgrad.torch.kernels import bounds, masks
from srcgrad.torch.names import op
from srcgrad.torch.ops.conversion import cast
from srcgrad.torch.pointwise import NUMBERS, Binary, check_broadcast, not_a_tensor, promoted, unsupported
from srcgrad.torch.primitive import primitive
from srcgrad.torch.recorded import FACES
from srcgrad.torch.tensor import Tensor, wrap


def _arrays(a: Any, other: Any) -> tuple[Any, Any] | None:
    """The operands of a comparison in one dtype, or None where the other is neither a tensor nor a number."""
    if isinstance(other, Tensor):
        b = other._a
        if a.dtype is not b.dtype:
            a, b = promoted(a, b)
        if a.shape != b.shape:
            check_broadcast(a.shape, b.shape)
        return a, b
    if other.__class__ is float and a.dtype.kind == "f":
        return a, other
    return promoted(a, other) if isinstance(other, NUMBERS) else None


def wrong_operands(name: str, *given: Any) -> TypeError:
    """What PyTorch says of operands that are neither two tensors nor a tensor and a number."""
    kinds = ", ".join(type(x).__name__ for x in given)
    return TypeError(
        f"{name}() received an invalid combination of arguments - got ({kinds}), but expected one of:\n"
        " * (Tensor input, Tensor other, *, Tensor out = None)\n * (Tensor input, Number other, *, Tensor out = None)\n"
    )


def wrong_numbers(name: str, names: tuple[str, str], x: Any, other: Any) -> TypeError:
    """What PyTorch says of operands of which not both may be numbers."""
    kinds = f"{type(x).__name__}, {type(other).__name__}"
    first, second = names
    alone = "self" if first == "input" else first
    return TypeError(
        f"{name}() received an invalid combination of arguments - got ({kinds}), but expected one of:\n"
        f" * (Tensor {first}, Tensor {second}, *, Tensor out = None)\n"
        f" * (Number {alone}, Tensor {second}, *, Tensor out = None)\n"
        f" * (Tensor {first}, Number {second}, *, Tensor out = None)\n"
    )


def _comparison(names: str, operator: str, ufunc: Any, ordered: bool) -> None:
    first = names.partition(" ")[0]

    def method(self: Tensor, other: Any) -> Any:
        pair = _arrays(self._a, other)
        if pair is None:
            return NotImplemented
        if ordered and pair[0].dtype.kind == "c":
            raise unsupported(f"{first}_cpu", pair[0].dtype)
        return wrap(ufunc(*pair))

    def function(input: Tensor, other: Any) -> Tensor:
        found = method(input, other) if isinstance(input, Tensor) else NotImplemented
        if found is NotImplemented:
            raise wrong_operands(first, input, other)
        return found  # type: ignore[no-any-return]

    function.__name__ = function.__qualname__ = first
    function.__doc__ = f"{ufunc.__name__}, element by element."
    method.__name__ = method.__qualname__ = operator
    op(*names.split(), out=True, inplace=True)(function)
    setattr(Tensor, operator, method)
    FACES[ufunc] = function


_comparison("eq", "__eq__", np.equal, ordered=False)
_comparison("ne not_equal", "__ne__", np.not_equal, ordered=False)
_comparison("lt less", "__lt__", np.less, ordered=True)
_comparison("le less_equal", "__le__", np.less_equal, ordered=True)
_comparison("gt greater", "__gt__", np.greater, ordered=True)
_comparison("ge greater_equal", "__ge__", np.greater_equal, ordered=True)


# The larger and the smaller.

_maximum = Binary(bounds.maximum, "MaximumBackward0")
_minimum = Binary(bounds.minimum, "MinimumBackward0")
_fmax = Binary(bounds.fmax, "FmaxBackward0")
_fmin = Binary(bounds.fmin, "FminBackward0")


def _chooser(name: str, choose: Binary, doc: str) -> Callable[..., Tensor]:
    def function(input: Tensor, other: Tensor) -> Tensor:
        if not isinstance(other, Tensor):
            raise not_a_tensor(name, other, "other", 2)
        if not isinstance(input, Tensor):
            raise not_a_tensor(name, input)
        if input._a.dtype.kind == "c" or other._a.dtype.kind == "c":
            raise RuntimeError(f"{name} not implemented for complex tensors.")
        return choose(input, other)  # type: ignore[no-any-return]

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return op(name, out=True)(function)


maximum = _chooser("maximum", _maximum, "The larger of the two; NaN where either is.")
minimum = _chooser("minimum", _minimum, "The smaller of the two; NaN where either is.")
fmax = _chooser("fmax", _fmax, "The larger of the two, or the one that is not NaN.")
fmin = _chooser("fmin", _fmin, "The smaller of the two, or the one that is not NaN.")


# Bounds.

_clamp = primitive(bounds.clamp, "ClampBackward1")
_clamp_min = primitive(bounds.clamp_min, "ClampMinBackward0")
_clamp_max = primitive(bounds.clamp_max, "ClampMaxBackward0")
_clamp_between = primitive(bounds.clamp_between, "ClampBackward0")
_clamp_min_tensor = primitive(bounds.clamp_above, "ClampMinBackward1")
_clamp_max_tensor = primitive(bounds.clamp_below, "ClampMaxBackward1")


@op("clamp", "clip", out=True, inplace=True)
def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Values cut off at `min` and `max`, numbers or tensors; at least one of them."""
    a, b = isinstance(min, Tensor), isinstance(max, Tensor)
    if a or b:
        if (min is not None and not a) or (max is not None and not b):
            kinds = ", ".join(type(x).__name__ for x in (input, min, max))
            raise TypeError(
                f"clamp() received an invalid combination of arguments - got ({kinds}), but expected one of:\n"
                " * (Tensor input, Tensor min = None, Tensor max = None, *, Tensor out = None)\n"
                " * (Tensor input, Number min = None, Number max = None, *, Tensor out = None)\n"
            )
        x, *given = in_one_dtype(input, *(t for t in (min, max) if t is not None))
        _no_complex("clamp", x)
        low, high = (given[0], None) if max is None else (None, given[0]) if min is None else given
        return _clamp_between(x, low, high)  # type: ignore[no-any-return]
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if not isinstance(input, Tensor):
        raise not_a_tensor("clamp", input)
    x, (low, high) = with_numbers(input, min, max)
    _no_complex("clamp", x)
    return _clamp(x, low, high)  # type: ignore[no-any-return]


@op("clamp_min", out=True, inplace=True)
def clamp_min(input: Tensor, min: Any) -> Tensor:
    """Values cut off below."""
    if isinstance(min, Tensor):
        return _clamp_min_tensor(*in_one_dtype(input, min))  # type: ignore[no-any-return]
    x, (low,) = with_numbers(input, min)
    _no_complex("clamp", x)
    return _clamp_min(x, low)  # type: ignore[no-any-return]


@op("clamp_max", out=True, inplace=True)
def clamp_max(input: Tensor, max: Any) -> Tensor:
    """Values cut off above."""
    if isinstance(max, Tensor):
        return _clamp_max_tensor(*in_one_dtype(input, max))  # type: ignore[no-any-return]
    x, (high,) = with_numbers(input, max)
    _no_complex("clamp", x)
    return _clamp_max(x, high)  # type: ignore[no-any-return]


def _no_complex(name: str, x: Tensor) -> None:
    if x._a.dtype.kind == "c":
        raise NotImplementedError(f"{name} is not supported for complex types")


def in_one_dtype(*tensors: Tensor) -> list[Tensor]:
    """Tensors in the dtype that an operation on them computes in, once their shapes were found to broadcast."""
    dtype = result_dtype(*[t._a for t in tensors])
    shape = tensors[0]._a.shape
    for t in tensors[1:]:
        if t._a.shape != shape:
            check_broadcast(shape, t._a.shape)
            shape = np.broadcast_shapes(shape, t._a.shape)
    return [cast(t, dtype) for t in tensors]


def with_numbers(x: Tensor, *numbers: Any) -> tuple[Tensor, list[Any]]:
    """A tensor and numbers (or None) in the dtype that an operation on them computes in."""
    kind = x._a.dtype.kind
    if kind == "f" and all(v is None or v.__class__ is float or v.__class__ is int for v in numbers):
        return x, list(numbers)
    dtype = x._a.dtype
    for v in numbers:
        if v is not None:
            dtype = result_dtype(np.empty((1,), dtype), v)
    return cast(x, dtype), [None if v is None else dtype.type(v) for v in numbers]


# What is certain of a value.


def _test(name: str, holds: Any, doc: str, refused: str = "") -> None:
    def function(input: Tensor) -> Tensor:
        if not isinstance(input, Tensor):
            raise not_a_tensor(name, input)
        if refused and input._a.dtype.kind == "c":
            raise RuntimeError(f"{name} does not support complex inputs.")
        return wrap(holds(input._a))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    op(name, out=bool(refused))(function)


_test("isnan", np.isnan, "Whether a value is NaN.")
_test("isinf", np.isinf, "Whether a value is infinite.")
_test("isfinite", np.isfinite, "Whether a value is neither infinite nor NaN.")
_test("isposinf", lambda a: np.equal(a, np.inf), "Whether a value is positive infinity.", "complex")
_test("isneginf", lambda a: np.equal(a, -np.inf), "Whether a value is negative infinity.", "complex")
_test("isreal", np.isreal, "Whether a value has no imaginary part.")


@op("signbit", out=True)
def signbit(input: Tensor) -> Tensor:
    """Whether the sign bit is set: negative values and negative zero."""
    a = input._a
    if a.dtype.kind == "c":
        raise RuntimeError("signbit is not implemented for complex tensors.")
    return wrap(np.signbit(a) if a.dtype.kind == "f" else np.less(a, 0))


@op("isclose")
def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Whether |input - other| <= atol + rtol |other|, element by element."""
    for position, (name, t) in enumerate((("input", input), ("other", other)), 1):
        if not isinstance(t, Tensor):
            raise not_a_tensor("isclose", t, name, position)
    a, b = input._a, other._a
    if a.dtype is not b.dtype:
        raise RuntimeError(f"{input.dtype._c_name} did not match {other.dtype._c_name}")
    if rtol < 0:
        raise RuntimeError(f"rtol must be greater than or equal to zero, but got {rtol}")
    if atol < 0:
        raise RuntimeError(f"atol must be greater than or equal to zero, but got {atol}")
    if a.shape != b.shape:
        check_broadcast(a.shape, b.shape)
    close = np.equal(a, b)
    if equal_nan and a.dtype.kind in "fc":
        close = close | (np.isnan(a) & np.isnan(b))
    if (rtol == 0 and atol == 0) or a.dtype.kind == "b":
        return wrap(close)
    with np.errstate(invalid="ignore", over="ignore"):
        allowed = atol + np.abs(rtol * b)
        error = np.abs(a - b)
        return wrap(close | (np.isfinite(error) & (error <= allowed)))


@op("allclose")
def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether all elements are close to each other: see isclose."""
    return bool(isclose(input, other, rtol, atol, equal_nan)._a.all())


@op("equal")
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and elements."""
    for position, (name, t) in enumerate((("input", input), ("other", other)), 1):
        if not isinstance(t, Tensor):
            raise not_a_tensor("equal", t, name, position)
    if input._a.shape != other._a.shape:
        return False
    return bool(np.array_equal(*promoted(input._a, other._a)))


def _lifted(mask: Callable[..., Any]) -> Callable[..., Tensor]:
    def face(*args: Any) -> Tensor:
        return wrap(mask(*[x._a if isinstance(x, Tensor) else x for x in args]))

    return face


for _mask in masks.MASKS:
    FACES[_mask] = _lifted(_mask)
kept = FACES[masks.kept] = primitive(masks.kept, "WhereBackward0", operands=["g"])
dropped = FACES[masks.dropped] = primitive(masks.dropped, "MaskedFillBackward0", operands=["g"])
# In a rule's text one of the two may be a number.
FACES[bounds.maximum] = FACES[np.maximum] = _maximum
FACES[bounds.minimum] = FACES[np.minimum] = _minimum
