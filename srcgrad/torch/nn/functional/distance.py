"""Lengths and angles of vectors along a dimension."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.torch.kernels import moments
from srcgrad.torch.names import FUNCTIONS
from srcgrad.torch.ops import losses
from srcgrad.torch.ops.by_number import plus
from srcgrad.torch.ops.comparison import in_one_dtype
from srcgrad.torch.ops.reductions import vector_norm
from srcgrad.torch.primitive import primitive
from srcgrad.torch.tensor import Tensor

__all__ = ["cosine_similarity", "normalize", "pairwise_distance", "pdist"]

pdist = losses.pdist
_norm = primitive(moments.vector_norm, "NormBackward1")


def normalize(input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    """Vectors along a dimension divided by their norm, or by eps where that is larger."""
    length = input.norm(p, dim, keepdim=True).clamp_min(eps).expand_as(input)
    return input / length if out is None else FUNCTIONS["div"](input, length, out=out)  # type: ignore[no-any-return]


def pairwise_distance(x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The norm of x1 - x2 + eps along the last dimension."""
    d = plus(x1 - x2, eps)
    return _norm(d, float(p), (d._a.ndim - 1,), keepdim)  # type: ignore[no-any-return]


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along a dimension; a norm below eps counts as eps."""
    if not (x1._a.dtype.kind in "fc" or x2._a.dtype.kind in "fc"):
        raise RuntimeError(
            f"expected common dtype to be floating point, yet common dtype is {in_one_dtype(x1, x2)[0].dtype._c_name}"
        )
    both = FUNCTIONS["broadcast_tensors"](*in_one_dtype(x1, x2))
    units = []
    for x in both:
        length: Any = vector_norm(x, 2, dim, True)
        length = length.clone()
        np.maximum(length._a, eps, out=length._a)
        units.append(x / length)
    return (units[0] * units[1]).sum(dim)  # type: ignore[no-any-return]
