"""Truth values and bits: and, or, xor, not, shifts, and the divisors of whole numbers.

What enters: tensors, and numbers for the bitwise ones. What leaves: tensors of bools, or of the promoted dtype.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.torch.dtypes import result_dtype
from srcgrad.torch.inplace import write
from srcgrad.torch.names import op
from srcgrad.torch.ops.comparison import wrong_operands
from srcgrad.torch.ops.reductions import dimensions
from srcgrad.torch.pointwise import NUMBERS, check_broadcast, not_a_tensor, promoted, unsupported
from srcgrad.torch.tensor import Tensor, wrap


def _logical(name: str, ufunc: Any, doc: str) -> None:
    def function(input: Tensor, other: Tensor) -> Tensor:
        for position, (parameter, t) in enumerate((("input", input), ("other", other)), 1):
            if not isinstance(t, Tensor):
                raise not_a_tensor(name, t, parameter, position)
        a, b = input._a, other._a
        if a.shape != b.shape:
            check_broadcast(a.shape, b.shape)
        return wrap(ufunc(a, b))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    op(name, out=True, inplace=True)(function)


_logical("logical_and", np.logical_and, "Whether both are not zero.")
_logical("logical_or", np.logical_or, "Whether one or both are not zero.")
_logical("logical_xor", np.logical_xor, "Whether just one is not zero.")


@op("logical_not", out=True, inplace=True)
def logical_not(input: Tensor) -> Tensor:
    """Whether a value is zero."""
    if not isinstance(input, Tensor):
        raise not_a_tensor("logical_not", input)
    return wrap(np.logical_not(input._a))


@op("bitwise_not", out=True, inplace=True)
def bitwise_not(input: Tensor) -> Tensor:
    """Every bit inverted; of a bool, the opposite."""
    if not isinstance(input, Tensor):
        raise not_a_tensor("bitwise_not", input)
    if input._a.dtype.kind in "fc":
        raise unsupported("bitwise_not_cpu", input._a.dtype)
    return wrap(np.invert(input._a))


def _bitwise(name: str, kernel: str, ufunc: Any, operators: str, doc: str, bools: bool = True) -> None:
    def compute(x: Any, other: Any) -> Tensor:
        a = x._a if isinstance(x, Tensor) else x
        b = other._a if isinstance(other, Tensor) else other
        dtype = result_dtype(a, b)
        if dtype.kind in "fc" or (dtype.kind == "b" and not bools):
            raise unsupported(kernel, dtype)
        a, b = promoted(a, b)
        if a.shape != b.shape:
            check_broadcast(a.shape, b.shape)
        return wrap(ufunc(a, b))

    def function(input: Any, other: Any) -> Tensor:
        if not (isinstance(input, Tensor) or isinstance(other, Tensor)) or not all(
            isinstance(v, (Tensor, *NUMBERS)) for v in (input, other)
        ):
            raise wrong_operands(name, input, other)
        return compute(input, other)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    op(name, out=True, inplace=True)(function)

    def operator(self: Tensor, other: Any) -> Any:
        return compute(self, other) if isinstance(other, (Tensor, *NUMBERS)) else NotImplemented

    def reflected(self: Tensor, other: Any) -> Any:
        return compute(other, self) if isinstance(other, (Tensor, *NUMBERS)) else NotImplemented

    def written(self: Tensor, other: Any) -> Any:
        if not isinstance(other, (Tensor, *NUMBERS)):
            return NotImplemented
        return write(self, lambda before: compute(before, other), others=(other,))

    for word, method in zip(operators.split(), (operator, reflected, written), strict=True):
        method.__name__ = method.__qualname__ = word
        setattr(Tensor, word, method)


_bitwise("bitwise_and", "bitwise_and_cpu", np.bitwise_and, "__and__ __rand__ __iand__", "The bits that both have.")
_bitwise("bitwise_or", "bitwise_or_cpu", np.bitwise_or, "__or__ __ror__ __ior__", "The bits that one or both have.")
_bitwise("bitwise_xor", "bitwise_xor_cpu", np.bitwise_xor, "__xor__ __rxor__ __ixor__", "The bits that just one has.")


def _shifted(ufunc: Any, past_the_end: Any) -> Any:
    """A shift that is defined for every number of places, as PyTorch defines it."""

    def shift(a: Any, b: Any) -> Any:
        bits = 8 * a.dtype.itemsize
        off = (b < 0) | (b >= bits)
        y = ufunc(a, np.where(off, 0, b))
        return np.where(off, past_the_end(a), y)

    return shift


_left = _shifted(np.left_shift, lambda a: np.zeros((), a.dtype))
_right = _shifted(np.right_shift, lambda a: np.where(np.less(a, 0), np.array(-1).astype(a.dtype), a.dtype.type(0)))
_bitwise(
    "bitwise_left_shift", "lshift_cpu", _left, "__lshift__ __rlshift__ __ilshift__", "The bits moved up.", bools=False
)
_bitwise(
    "bitwise_right_shift",
    "rshift_cpu",
    _right,
    "__rshift__ __rrshift__ __irshift__",
    "The bits moved down.",
    bools=False,
)
for _name in ("__and__", "__or__", "__xor__", "__lshift__", "__rshift__"):
    op(_name, method=False)(getattr(Tensor, _name))


def _invert(self: Tensor) -> Tensor:
    if self._a.dtype.kind in "fc":
        raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
    return bitwise_not(self)


setattr(Tensor, "__invert__", _invert)  # noqa: B010 - the class does not declare its operators


def _divisors(name: str, ufunc: Any, doc: str) -> None:
    def function(input: Tensor, other: Tensor) -> Tensor:
        for position, (parameter, t) in enumerate((("input", input), ("other", other)), 1):
            if not isinstance(t, Tensor):
                raise not_a_tensor(name, t, parameter, position)
        a, b = promoted(input._a, other._a)
        if a.dtype.kind not in "iu":
            raise unsupported(f"{name}_cpu", a.dtype)
        if a.shape != b.shape:
            check_broadcast(a.shape, b.shape)
        return wrap(ufunc(a, b))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    op(name, out=True, inplace=True)(function)


_divisors("gcd", np.gcd, "The greatest common divisor.")
_divisors("lcm", np.lcm, "The least common multiple.")


@op("hash_tensor", out=True)
def hash_tensor(input: Tensor, dim: Any = (), *, keepdim: bool = False, mode: int = 0) -> Tensor:
    """The exclusive or of the bits of elements as float64 or int64, as uint64; the only mode is 0."""
    if mode != 0:
        raise RuntimeError(f"Unknown hash_tensor mode: {mode}")
    a = input._a
    if a.dtype.kind == "c":
        raise unsupported("xor_sum_cpu", a.dtype)
    axes = dimensions(dim, a.ndim)
    if not a.size and axes is None:
        raise RuntimeError(
            "hash_tensor: Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the "
            "'dim' argument."
        )
    for d in axes or ():
        if not a.shape[d]:
            raise IndexError(f"hash_tensor: Expected reduction dim {d} to have non-zero size.")
    bits = np.ascontiguousarray(a, np.float64 if a.dtype.kind == "f" else np.int64).view(np.uint64).reshape(a.shape)
    combine: Any = np.bitwise_xor.reduce
    return wrap(np.asarray(combine(bits, axis=axes, keepdims=bool(keepdim))))
