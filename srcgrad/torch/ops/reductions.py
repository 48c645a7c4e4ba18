"""Sums, means and other functions that gather elements.

What enters: a tensor and dimensions. What leaves: a tensor without them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.torch.dtypes import dtype as torch_dtype
from srcgrad.torch.kernels import reductions as kernels
from srcgrad.torch.names import op
from srcgrad.torch.ops.conversion import cast
from srcgrad.torch.pointwise import Unary
from srcgrad.torch.primitive import primitive
from srcgrad.torch.tensor import Tensor

_total = Unary(kernels.total, "SumBackward0")
_mean_of_all = Unary(kernels.mean_of_all, "MeanBackward0")
_sum_along = primitive(kernels.sum_along, "SumBackward1")
_mean_along = primitive(kernels.mean_along, "MeanBackward1")


def dimensions(dim: Any, ndim: int) -> tuple[int, ...] | None:
    """The dimensions that a caller names, counted from the front; None for all."""
    if dim is None or (isinstance(dim, (tuple, list)) and not dim):
        return None
    given = tuple(dim) if isinstance(dim, (tuple, list)) else (dim,)
    found = tuple([wrapped_dim(d, ndim) for d in given])
    if len(set(found)) != len(found):
        repeated = next(d for k, d in enumerate(found) if d in found[:k])
        raise RuntimeError(f"dim {repeated} appears multiple times in the list of dims")
    return found


def wrapped_dim(dim: Any, ndim: int) -> int:
    """A dimension counted from the front; raises where there is none."""
    d = int(dim)
    bound = max(ndim, 1)
    if not -bound <= d < bound:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-bound}, {bound - 1}], but got {d})")
    return d + bound if d < 0 else d


@op("sum", out=True)
def sum(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: torch_dtype | None = None) -> Tensor:  # noqa: A001
    """The sum of the elements, or along dimensions; integers are summed as int64."""
    a = input._a
    if dtype is not None:
        input = cast(input, dtype.numpy)
    elif a.dtype.kind in "biu":
        input = cast(input, np.dtype(np.int64))
    axes = dimensions(dim, a.ndim)
    if axes is None and dim is None and not keepdim:
        return _total(input)  # type: ignore[no-any-return]
    if not a.ndim:
        return _sum_along(input, (), False)  # type: ignore[no-any-return]
    return _sum_along(input, tuple(range(a.ndim)) if axes is None else axes, keepdim)  # type: ignore[no-any-return]


@op("mean", out=True)
def mean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: torch_dtype | None = None) -> Tensor:
    """The mean of the elements, or along dimensions."""
    if dtype is not None:
        input = cast(input, dtype.numpy)
    a = input._a
    if a.dtype.kind not in "fc":
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. "
            f"Got: {input.dtype._c_name}"
        )
    axes = dimensions(dim, a.ndim)
    if axes is None and dim is None and not keepdim:
        return _mean_of_all(input)  # type: ignore[no-any-return]
    if not a.ndim:
        return _mean_along(input, (), False)  # type: ignore[no-any-return]
    return _mean_along(input, tuple(range(a.ndim)) if axes is None else axes, keepdim)  # type: ignore[no-any-return]
