"""Dimensions and sizes as arguments: `2, 3` or `(2, 3)`, negative ones, and what is said about wrong ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srcgrad.torch.tensor import Tensor


def integer(value: Any, function: str, parameter: str, position: int | None = None) -> int:
    """An int of whatever has the meaning of one; bools, floats and names are refused."""
    if value.__class__ is int:
        return value
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, Tensor) and value._a.size == 1 and value._a.dtype.kind in "iu":
        return int(value._a.reshape(()))
    where = "" if position is None else f" (position {position})"
    raise TypeError(f"{function}(): argument '{parameter}'{where} must be int, not {type(value).__name__}")


def is_integer(value: Any) -> bool:
    """Whether `integer` takes it."""
    if isinstance(value, Tensor):
        return value._a.size == 1 and value._a.dtype.kind in "iu" and not value._needs
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def axis(dim: Any, ndim: int, function: str = "", parameter: str = "dim", position: int = 1) -> int:
    """The number of a dimension from the front; a 0-d tensor has the dimension 0 for this purpose."""
    if dim.__class__ is not int:
        dim = integer(dim, function, parameter, position)
    n = ndim or 1
    if 0 <= dim < n:
        return dim  # type: ignore[no-any-return]
    if -n <= dim < 0:
        return dim + n  # type: ignore[no-any-return]
    raise IndexError(f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {dim})")


def axes(dims: Any, ndim: int, function: str = "", parameter: str = "dims") -> tuple[int, ...]:
    """Several dimensions, each of which may occur once."""
    found: list[int] = []
    for d in dims:
        k = axis(d, ndim, function, parameter)
        if k in found:
            raise RuntimeError(f"dim {k} appears multiple times in the list of dims")
        found.append(k)
    return tuple(found)


def sizes(given: Any, function: str, parameter: str, position: int = 1) -> tuple[int, ...]:
    """A tuple of ints that came as `2, 3`, as `(2, 3)`, or as a list or Size."""
    if len(given) == 1 and isinstance(given[0], (tuple, list)):
        given = given[0]
        alone = False
    else:
        alone = True
    for n in given:
        if n.__class__ is not int:
            break
    else:
        return tuple(given)
    found = []
    for k, n in enumerate(given):
        if not is_integer(n):
            if k == 0 and alone:
                kind = type(n).__name__
                raise TypeError(
                    f"{function}(): argument '{parameter}' (position {position}) must be tuple of ints, not {kind}"
                )
            raise TypeError(
                f"{function}(): argument '{parameter}' failed to unpack the object at pos {k + 1} with error "
                f'"type must be tuple of ints,but got {type(n).__name__}"'
            )
        found.append(int(n._a if isinstance(n, Tensor) else n))
    return tuple(found)


def listed(given: Any, function: str, parameter: str, position: int) -> tuple[int, ...]:
    """A tuple of ints where PyTorch wants a tuple, and not a bare number."""
    if not isinstance(given, (tuple, list)):
        kind = type(given).__name__
        raise TypeError(f"{function}(): argument '{parameter}' (position {position}) must be tuple of ints, not {kind}")
    return sizes((tuple(given),), function, parameter, position)


def inferred(shape: tuple[int, ...], size: int) -> tuple[int, ...]:
    """A shape for that many elements, where one dimension may be -1."""
    if -1 not in shape and math.prod(shape) == size and (not shape or min(shape) >= 0):
        return shape
    known = 1
    open_at = -1
    for k, n in enumerate(shape):
        if n == -1:
            if open_at >= 0:
                raise RuntimeError("only one dimension can be inferred")
            open_at = k
        elif n < 0:
            raise RuntimeError(f"invalid shape dimension {n} at index {k} of shape {list(shape)}")
        else:
            known *= n
    if open_at >= 0 and known == 0 and size == 0:
        raise RuntimeError(
            f"cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified dimension size -1 "
            "can be any value and is ambiguous"
        )
    if open_at < 0 or known == 0 or size % known:
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {size}")
    return (*shape[:open_at], size // known, *shape[open_at + 1 :])


def broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """The shape to which two shapes broadcast."""
    n = max(len(a), len(b))
    found = []
    for k in range(-1, -n - 1, -1):
        p = a[k] if -k <= len(a) else 1
        q = b[k] if -k <= len(b) else 1
        if p != q and p != 1 and q != 1:
            raise RuntimeError(
                f"The size of tensor a ({p}) must match the size of tensor b ({q}) at non-singleton dimension {n + k}"
            )
        found.append(q if p == 1 else p)
    return tuple(found[::-1])


def check_expands(term: Any, shape: tuple[int, ...]) -> None:
    """Raise where the term of a sum does not expand to the shape of the product."""
    have = term._a.shape
    if len(have) > len(shape):
        raise RuntimeError(
            f"expand(torch.{term.dtype._c_name}Tensor{{{list(have)}}}, size={list(shape)}): the number of sizes provided "
            f"({len(shape)}) must be greater or equal to the number of dimensions in the tensor ({len(have)})"
        )
    for k in range(1, len(have) + 1):
        if have[-k] not in {1, shape[-k]}:
            raise RuntimeError(
                f"The expanded size of the tensor ({shape[-k]}) must match the existing size ({have[-k]}) at "
                f"non-singleton dimension {len(shape) - k}.  Target sizes: {list(shape)}.  Tensor sizes: {list(have)}"
            )


def refused(function: str, args: Any, kwargs: Any, forms: list[str]) -> TypeError:
    """The error for arguments that fit none of a function's signatures."""
    got = [type(a).__name__ for a in args] + [f"{name}={type(a).__name__}" for name, a in kwargs.items()]
    text = f"{function}() received an invalid combination of arguments - got ({', '.join(got)}), but expected one of:\n"
    for form in forms:
        text += f" * ({form})\n"
        if args and not kwargs and len(args) == 1:
            text += f"      didn't match because some of the arguments have invalid types: (!{got[0]}!)\n"
    return TypeError(text)
