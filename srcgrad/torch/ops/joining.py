"""Tensors put together: `cat`, `stack` and what PyTorch composes of them.

What enters: a sequence of tensors, of several dtypes perhaps. What leaves: one tensor of the common dtype.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from srcgrad.torch.dtypes import of, promote_types
from srcgrad.torch.kernels import joining as kernels
from srcgrad.torch.kernels import viewing
from srcgrad.torch.modes import state
from srcgrad.torch.names import op
from srcgrad.torch.ops.dims import axis
from srcgrad.torch.ops.parts import part, unbind
from srcgrad.torch.ops.views import reshape, unsqueeze
from srcgrad.torch.primitive import Primitive, primitive, wrapped
from srcgrad.torch.recorded import FACES
from srcgrad.torch.tensor import Tensor

cat_ = primitive(kernels.cat, "CatBackward0")
stack_ = primitive(kernels.stack, "StackBackward0")


def _tensors(tensors: Any, function: str) -> list[Tensor]:
    """The tensors to join, as a list."""
    if not isinstance(tensors, (list, tuple)):
        raise TypeError(
            f"{function}(): argument 'tensors' (position 1) must be tuple of Tensors, not {type(tensors).__name__}"
        )
    for k, t in enumerate(tensors):
        if not isinstance(t, Tensor):
            raise TypeError(f"expected Tensor as element {k} in argument 0, but got {type(t).__name__}")
    return list(tensors)


def _joined(node: Primitive, parts: list[Tensor], dim: int) -> Tensor:
    """The call of a primitive on parts of a common dtype."""
    kind: Any = parts[0]._a.dtype
    arrays = [t._a for t in parts]
    if any([a.dtype is not kind for a in arrays]):  # noqa: C419 - a generator takes longer
        kind = reduce(promote_types, [of(a.dtype) for a in arrays]).numpy
        arrays = [a.astype(kind, copy=False) for a in arrays]
    y = wrapped(node.kernel(arrays, dim))
    if state.enabled and any([t._needs for t in parts]):  # noqa: C419
        node.record((parts, dim), [arrays, dim], y)
    return y


@op("cat", "concat", "concatenate", method=False, out=True)
def cat(tensors: Any, dim: Any = 0, *, axis: Any = None) -> Tensor:
    """Tensors one after the other along a dimension."""
    parts = _tensors(tensors, "cat")
    if not parts:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    k = _cat_dim(parts, dim if axis is None else axis)
    return _joined(cat_, _fitting(parts, k), k)


def _cat_dim(parts: list[Tensor], dim: Any) -> int:
    ndim = next((t._a.ndim for t in parts if t._a.shape != (0,)), 1)
    for number, t in enumerate(parts):
        if not t._a.ndim:
            raise RuntimeError(f"zero-dimensional tensor (at position {number}) cannot be concatenated")
    return axis(dim, ndim, "cat", position=2)


def _fitting(parts: list[Tensor], dim: int) -> list[Tensor]:
    """The parts in shapes that fit: an empty vector goes with everything."""
    shape = parts[0]._a.shape
    if all([t._a.shape == shape for t in parts]):  # noqa: C419
        return parts
    shape = next((t._a.shape for t in parts if t._a.shape != (0,)), (0,))
    found = []
    for number, t in enumerate(parts):
        mine = t._a.shape
        if mine == (0,) and len(shape) != 1:
            found.append(reshape(t, (*shape[:dim], 0, *shape[dim + 1 :])) if 0 not in shape else _empty(t, shape, dim))
            continue
        if len(mine) != len(shape):
            raise RuntimeError(f"Tensors must have same number of dimensions: got {len(shape)} and {len(mine)}")
        for k, (n, m) in enumerate(zip(shape, mine, strict=True)):
            if k != dim and n != m:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {dim}. Expected size {n} but got size {m} for tensor "
                    f"number {number} in the list."
                )
        found.append(t)
    return found


def _empty(t: Tensor, shape: tuple[int, ...], dim: int) -> Tensor:
    return reshape(t, (*shape[:dim], 0, *shape[dim + 1 :]))


@op("stack", method=False, out=True)
def stack(tensors: Any, dim: Any = 0) -> Tensor:
    """Tensors of one shape as the slices along a new dimension."""
    parts = _tensors(tensors, "stack")
    if not parts:
        raise RuntimeError("stack expects a non-empty TensorList")
    shape = parts[0]._a.shape
    k = axis(dim, len(shape) + 1, "stack", position=2)
    for number, t in enumerate(parts):
        if t._a.shape != shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(shape)} at entry 0 and {list(t._a.shape)} at "
                f"entry {number}"
            )
    return _joined(stack_, parts, k)


FACES[kernels.cat] = lambda parts, dim: cat(list(parts), dim)
FACES[kernels.stack] = lambda parts, dim: stack(list(parts), dim)
FACES[viewing.joined] = lambda parts, dim: cat(list(parts), dim) if isinstance(parts, (list, tuple)) else parts
FACES[viewing.stacked] = lambda parts, dim: (
    stack(list(parts), dim) if isinstance(parts, (list, tuple)) else unsqueeze(parts, dim)
)


def _apart(y: Tensor, parts: Any, dim: int) -> list[Tensor]:
    found = []
    start = 0
    for p in parts:
        end = start + p.shape[dim]
        found.append(part(y, dim, start, end))
        start = end
    return found


FACES[kernels.uncat] = _apart
FACES[kernels.unstack] = lambda y, dim: list(unbind(y, dim))


def _sequence(tensors: Any, function: str) -> list[Tensor]:
    parts = _tensors(tensors, function)
    if not parts:
        raise RuntimeError(f"{function} expects a non-empty TensorList")
    return parts


def at_least_1d(x: Tensor) -> Tensor:
    """A tensor with one dimension or more."""
    return x if x._a.ndim else reshape(x, (1,))


def at_least_2d(x: Tensor) -> Tensor:
    """A tensor with two dimensions or more, in front."""
    if x._a.ndim >= 2:
        return x
    return unsqueeze(x, 0) if x._a.ndim else reshape(x, (1, 1))


def at_least_3d(x: Tensor) -> Tensor:
    """A tensor with three dimensions or more: a vector lies along the middle one."""
    if x._a.ndim >= 3:
        return x
    if x._a.ndim == 2:
        return unsqueeze(x, -1)
    return unsqueeze(unsqueeze(x, 0), -1) if x._a.ndim else reshape(x, (1, 1, 1))


def _enter_at_least(name: str, function: Any) -> None:
    def at_least(*tensors: Any) -> Any:
        if len(tensors) == 1 and isinstance(tensors[0], Tensor):
            return function(tensors[0])
        given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors
        return tuple([function(t) for t in given])

    at_least.__name__, at_least.__doc__ = name, function.__doc__
    op(name, method=False)(at_least)


_enter_at_least("atleast_1d", at_least_1d)
_enter_at_least("atleast_2d", at_least_2d)
_enter_at_least("atleast_3d", at_least_3d)


@op("hstack", method=False, out=True)
def hstack(tensors: Any) -> Tensor:
    """Side by side: along the second dimension, or the only one."""
    parts = [at_least_1d(t) for t in _sequence(tensors, "hstack")]
    return cat(parts, 0 if parts[0]._a.ndim == 1 else 1)


@op("vstack", "row_stack", method=False, out=True)
def vstack(tensors: Any) -> Tensor:
    """One below the other: vectors are rows."""
    return cat([at_least_2d(t) for t in _sequence(tensors, "vstack")], 0)


@op("dstack", method=False, out=True)
def dstack(tensors: Any) -> Tensor:
    """One behind the other: along the third dimension."""
    return cat([at_least_3d(t) for t in _sequence(tensors, "dstack")], 2)


@op("column_stack", method=False, out=True)
def column_stack(tensors: Any) -> Tensor:
    """Side by side: vectors are columns."""
    parts = [reshape(t, (t._a.size, 1)) if t._a.ndim <= 1 else t for t in _sequence(tensors, "column_stack")]
    return hstack(parts)


def same_kind(parts: list[Tensor]) -> Any:
    """The dtype that tensors have in common."""
    return np.result_type(*[t._a.dtype for t in parts])
