"""Complex numbers: their lengths and angles, conjugates, and how they are put together.

What enters: tensors, complex or real. What leaves: tensors of the same dtype, or of that of their parts.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.torch.kernels import pairs as kernels
from srcgrad.torch.names import op
from srcgrad.torch.ops.comparison import in_one_dtype
from srcgrad.torch.pointwise import Unary, not_a_tensor, unsupported
from srcgrad.torch.primitive import primitive
from srcgrad.torch.recorded import FACES
from srcgrad.torch.tensor import Tensor

_absolute = Unary(kernels.absolute, "AbsBackward0")
_unit = Unary(kernels.unit, "SgnBackward0")
_angle = Unary(kernels.angle, "AngleBackward0", floating=True)
_conjugate = Unary(kernels.conjugate, "ConjBackward0")
_conjugate_physical = Unary(kernels.conjugate, "ConjPhysicalBackward0")
_complex = primitive(kernels.complex_of, "ComplexBackward0")
_polar = primitive(kernels.polar, "PolarBackward0")


def _tensor(name: str, x: Any) -> Any:
    if not isinstance(x, Tensor):
        raise not_a_tensor(name, x)
    return x._a


@op("abs", "absolute", out=True, inplace=True)
def abs(input: Tensor) -> Tensor:
    """The absolute value."""
    if _tensor("abs", input).dtype.kind == "b":
        raise unsupported("abs_cpu", input._a.dtype)
    return _absolute(input)  # type: ignore[no-any-return]


@op("sgn", out=True, inplace=True)
def sgn(input: Tensor) -> Tensor:
    """The input over its absolute value, 0 at 0."""
    _tensor("sgn", input)
    return _unit(input)  # type: ignore[no-any-return]


@op("angle", out=True)
def angle(input: Tensor) -> Tensor:
    """The angle of a complex number; of a real one 0 or pi."""
    _tensor("angle", input)
    return _angle(input)  # type: ignore[no-any-return]


@op("conj")
def conj(input: Tensor) -> Tensor:
    """The complex conjugate; a real tensor is its own."""
    return input if _tensor("conj", input).dtype.kind != "c" else _conjugate(input)


@op("conj_physical", out=True, inplace=True)
def conj_physical(input: Tensor) -> Tensor:
    """The complex conjugate; a real tensor is its own."""
    return input if _tensor("conj_physical", input).dtype.kind != "c" else _conjugate_physical(input)


def _parts(x: Any, y: Any, names: tuple[str, str], function: str) -> list[Tensor]:
    for position, (name, t) in enumerate(zip(names, (x, y), strict=True), 1):
        if not isinstance(t, Tensor):
            raise not_a_tensor(function, t, name, position)
    if x._a.dtype.kind != "f" or y._a.dtype.kind != "f":
        raise RuntimeError(
            f"Expected both inputs to be Half, Float or Double tensors but got {x.dtype._c_name} and {y.dtype._c_name}"
        )
    if x._a.dtype != y._a.dtype:
        raise RuntimeError(
            f"Expected object of scalar type {x.dtype._c_name} but got scalar type {y.dtype._c_name} for second argument"
        )
    return in_one_dtype(x, y)


@op("complex", method=False, out=True)
def complex(real: Tensor, imag: Tensor) -> Tensor:
    """real + i imag."""
    return _complex(*_parts(real, imag, ("real", "imag"), "complex"))  # type: ignore[no-any-return]


@op("polar", method=False, out=True)
def polar(abs: Tensor, angle: Tensor) -> Tensor:
    """The number of that length and angle."""
    return _polar(*_parts(abs, angle, ("abs", "angle"), "polar"))  # type: ignore[no-any-return]


@op("positive")
def positive(input: Tensor) -> Tensor:
    """The input."""
    if _tensor("positive", input).dtype.kind == "b":
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


FACES[kernels.absolute] = FACES[np.abs] = FACES[np.absolute] = abs
FACES[kernels.unit] = sgn
FACES[kernels.conjugate] = FACES[np.conj] = FACES[np.conjugate] = conj
FACES[np.angle] = angle
setattr(Tensor, "__abs__", abs)  # noqa: B010 - the class does not declare its operators
setattr(Tensor, "__pos__", positive)  # noqa: B010
