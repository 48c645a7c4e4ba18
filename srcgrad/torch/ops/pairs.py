"""Functions of two or three tensors, element by element: atan2, logaddexp, lerp and their like.

What enters: tensors, and numbers where PyTorch takes them. What leaves: a tensor of the promoted dtype.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.torch.dtypes import default_float, result_dtype
from srcgrad.torch.kernels import pairs as kernels
from srcgrad.torch.names import op
from srcgrad.torch.ops.arithmetic import pow as power
from srcgrad.torch.ops.comparison import in_one_dtype, wrong_numbers, wrong_operands
from srcgrad.torch.ops.conversion import cast
from srcgrad.torch.pointwise import NUMBERS, Binary, as_kind, not_a_tensor, unsupported
from srcgrad.torch.primitive import primitive
from srcgrad.torch.recorded import FACES
from srcgrad.torch.return_types import named
from srcgrad.torch.tensor import _LEGACY, Tensor


def _tensors(name: str, **given: Any) -> None:
    for position, (parameter, t) in enumerate(given.items(), 1):
        if not isinstance(t, Tensor):
            raise not_a_tensor(name, t, parameter, position)


def _of_two(names: str, kernel: Any, node: str, kinds: str, doc: str, floating: bool = False) -> None:
    apply = Binary(kernel, node, floating=floating)
    name = names.partition(" ")[0]

    def function(input: Tensor, other: Tensor) -> Tensor:
        _tensors(name, input=input, other=other)
        dtype = result_dtype(input._a, other._a)
        if dtype.kind not in kinds:
            raise unsupported(f"{name}_cpu", dtype)
        return apply(input, other)  # type: ignore[no-any-return]

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    op(*names.split(), out=True, inplace=True)(function)
    FACES[kernel] = function


_of_two(
    "atan2 arctan2", kernels.atan2, "Atan2Backward0", "fiub", "The angle of the point (other, input).", floating=True
)
_of_two("hypot", kernels.hypot, "HypotBackward0", "f", "The square root of the sum of squares.")
_of_two("logaddexp", kernels.logaddexp, "LogaddexpBackward0", "fc", "log(exp(input) + exp(other)), without overflow.")
_of_two("logaddexp2", kernels.logaddexp2, "Logaddexp2Backward0", "f", "log2(2**input + 2**other), without overflow.")
_of_two(
    "ldexp", kernels.ldexp, "LdexpBackward0", "fiubc", "The input times 2 to the power of the other.", floating=True
)
del Tensor.logaddexp_, Tensor.logaddexp2_  # type: ignore[attr-defined]


# Functions of which one operand may be a number; then it has no place in the graph.


def _by_number(kernel: Any, node: str, first: bool) -> Any:
    """The primitive of a kernel one of whose operands is a number."""
    return primitive(kernel, node, operands=["x2" if first else "x1"])


def _of_numbers(name: str, apply: Any, by_first: Any, by_second: Any, x: Any, other: Any) -> Tensor:
    if isinstance(x, Tensor) and isinstance(other, Tensor):
        in_one_dtype(x, other)
        return apply(x, other)  # type: ignore[no-any-return]
    if isinstance(x, Tensor) and isinstance(other, NUMBERS):
        dtype = _floating(result_dtype(x._a, other))
        return by_second(cast(x, dtype), as_kind(other, dtype))  # type: ignore[no-any-return]
    if isinstance(other, Tensor) and isinstance(x, NUMBERS) and by_first is not None:
        dtype = _floating(result_dtype(x, other._a))
        return by_first(as_kind(x, dtype), cast(other, dtype))  # type: ignore[no-any-return]
    raise wrong_operands(name, x, other) if by_first is None else wrong_numbers(name, ("input", "other"), x, other)


def _floating(dtype: Any) -> Any:
    return default_float() if dtype.kind in "iub" else dtype


_copysign = Binary(kernels.copysign, "CopysignBackward0", floating=True)
_copysign_by_number = _by_number(kernels.copysign, "CopysignBackward1", first=False)
_xlogy = Binary(kernels.xlogy, "XlogyBackward0", floating=True)
_xlogy_of_number = _by_number(kernels.xlogy, "XlogyBackward1", first=True)
_xlogy_by_number = _by_number(kernels.xlogy, "XlogyBackward2", first=False)
_xlog1py = Binary(kernels.xlog1py, "SpecialXlog1PyBackward0", floating=True)
_xlog1py_of_number = _by_number(kernels.xlog1py, "SpecialXlog1PyBackward1", first=True)
_xlog1py_by_number = _by_number(kernels.xlog1py, "SpecialXlog1PyBackward2", first=False)


@op("copysign", out=True, inplace=True)
def copysign(input: Tensor, other: Any) -> Tensor:
    """The magnitude of the input with the sign of the other."""
    _real("copysign", input, other)
    return _of_numbers("copysign", _copysign, None, _copysign_by_number, input, other)


def _real(name: str, *given: Any) -> None:
    for x in given:
        if isinstance(x, Tensor) and x._a.dtype.kind == "c":
            raise unsupported(f"{name}_cpu", x._a.dtype)


@op("xlogy", out=True, inplace=True)
def xlogy(input: Any, other: Any) -> Tensor:
    """input * log(other), and 0 where the input is 0."""
    _real("xlogy", input, other)
    return _of_numbers("xlogy", _xlogy, _xlogy_of_number, _xlogy_by_number, input, other)


@op("special_xlog1py", method=False, out=True)
def xlog1py(input: Any, other: Any) -> Tensor:
    """input * log(1 + other), and 0 where the input is 0."""
    _real("xlog1py", input, other)
    return _of_numbers("special_xlog1py", _xlog1py, _xlog1py_of_number, _xlog1py_by_number, input, other)


@op("float_power", out=True, inplace=True)
def float_power(input: Any, exponent: Any) -> Tensor:
    """The power, computed in double precision."""
    if not isinstance(input, Tensor) and not isinstance(exponent, Tensor):
        raise wrong_numbers("float_power", ("input", "exponent"), input, exponent)
    both = [x._a if isinstance(x, Tensor) else x for x in (input, exponent)]
    kind = np.dtype(np.complex128 if result_dtype(*both).kind == "c" else np.float64)
    wide = [cast(x, kind) if isinstance(x, Tensor) else kind.type(x).item() for x in (input, exponent)]
    return power(*wide)


_frexp = primitive(kernels.frexp, "FrexpBackward0")


@op("frexp", out=True)
def frexp(input: Tensor) -> Any:
    """The mantissa, of a magnitude from 1/2 to 1, and the exponent of 2."""
    _tensors("frexp", input=input)
    if input._a.dtype.kind != "f":
        raise RuntimeError("torch.frexp() only supports floating-point dtypes")
    return named("frexp", "mantissa", "exponent")(_frexp(input))


_lerp = primitive(kernels.lerp, "LerpBackward1")
_lerp_by = primitive(kernels.lerp_by, "LerpBackward0")


@op("lerp", out=True, inplace=True)
def lerp(input: Tensor, end: Tensor, weight: Any) -> Tensor:
    """input + weight * (end - input)."""
    _tensors("lerp", input=input, end=end)
    kind = input._a.dtype
    for name, t in (("end", end), ("weight", weight)):
        if isinstance(t, Tensor) and t._a.dtype != kind and not (name == "weight" and not t._a.ndim):
            wanted, given = (_LEGACY.get(d.name, d.name) for d in (kind, t._a.dtype))
            raise RuntimeError(f"expected dtype {wanted} for `{name}` but got dtype {given}")
    if kind.kind not in "fc":
        raise unsupported("lerp_kernel_tensor" if isinstance(weight, Tensor) else "lerp_kernel_scalar", kind)
    if isinstance(weight, Tensor):
        return _lerp(*in_one_dtype(input, end, weight))  # type: ignore[no-any-return]
    in_one_dtype(input, end)
    return _lerp_by(input, end, weight)  # type: ignore[no-any-return]


_addcmul = primitive(kernels.addcmul, "AddcmulBackward0")
_addcdiv = primitive(kernels.addcdiv, "AddcdivBackward0")


@op("addcmul", out=True, inplace=True)
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """input + value * tensor1 * tensor2."""
    _tensors("addcmul", input=input, tensor1=tensor1, tensor2=tensor2)
    three = in_one_dtype(input, tensor1, tensor2)
    kind = three[0]._a.dtype
    return _addcmul(*three, int(value) if kind.kind in "iu" else value)  # type: ignore[no-any-return]


@op("addcdiv", out=True, inplace=True)
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """input + value * tensor1 / tensor2."""
    _tensors("addcdiv", input=input, tensor1=tensor1, tensor2=tensor2)
    if tensor1._a.dtype.kind in "iub" and tensor2._a.dtype.kind in "iub":
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform a true "
            "division of tensor1 and tensor2. The historic addcdiv behavior can be implemented as (input + value * "
            "torch.trunc(tensor1 / tensor2)).to(input.dtype) for integer inputs and as (input + value * tensor1 / "
            "tensor2) for float inputs. The future addcdiv behavior is just the latter implementation: (input + value * "
            "tensor1 / tensor2), for all dtypes."
        )
    return _addcdiv(*in_one_dtype(input, tensor1, tensor2), value)  # type: ignore[no-any-return]
