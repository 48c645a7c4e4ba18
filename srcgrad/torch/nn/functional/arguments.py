"""What the functions ask of their arguments, and what they say when it is not so."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from srcgrad.torch.tensor import Tensor

# What C++ calls the types of the elements.
C_TYPES = {
    "float16": "c10::Half", "float32": "float", "float64": "double", "complex64": "c10::complex<float>",
    "complex128": "c10::complex<double>", "uint8": "unsigned char", "int8": "signed char", "int16": "short int",
    "int32": "int", "int64": "long int", "bool": "bool",
}  # fmt: skip


def check_tensor(function: str, x: Any, parameter: str = "input", position: int = 1) -> None:
    """Raise where an argument is no tensor."""
    if not isinstance(x, Tensor):
        raise TypeError(
            f"{function}(): argument '{parameter}' (position {position}) must be Tensor, not {type(x).__name__}"
        )


def whole(function: str, value: Any, parameter: str, position: int) -> Any:
    """An argument that is a whole number or a sequence of them, as an int or a tuple."""
    if value.__class__ is int:
        return value
    if isinstance(value, Sequence) and not isinstance(value, str):
        numbers = []
        for place, n in enumerate(value):
            try:
                numbers.append(operator.index(n))
            except TypeError:
                raise TypeError(
                    f"{function}(): argument '{parameter}' (position {position}) must be tuple of ints, but found "
                    f"element of type {type(n).__name__} at pos {place}"
                ) from None
        return tuple(numbers)
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(
            f"{function}(): argument '{parameter}' (position {position}) must be tuple of ints, not "
            f"{type(value).__name__}"
        ) from None


def spread(value: Any, rank: int) -> tuple[int, ...]:
    """A number, or a tuple of one, for each of so many dimensions; any other tuple stays."""
    if value.__class__ is int:
        return (value,) * rank
    return tuple(value) * rank if len(value) == 1 else tuple(value)


def listed(shape: Any) -> str:
    """A shape as C++ shows it."""
    return "[" + ", ".join(str(n) for n in shape) + "]"
