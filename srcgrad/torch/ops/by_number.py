"""A tensor and a number, as PyTorch's own code combines them: the number has no place in the graph.

In programs both operands of `x + 1` have one; what PyTorch composes inside, such as losses, uses these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcgrad.torch.dtypes import result_dtype
from srcgrad.torch.ops.conversion import cast
from srcgrad.torch.pointwise import as_kind
from srcgrad.torch.primitive import primitive
from srcgrad.torch.tensor import Tensor


def _combined(ufunc: Any, node: str) -> Callable[[Any, float], Any]:
    apply = primitive(ufunc, node, operands=["x1"])

    def combine(x: Any, number: float) -> Any:
        kind = x._a.dtype
        if kind.kind in "fc":
            return apply(x, number)
        kind = result_dtype(x._a, number)
        return apply(cast(x, kind), as_kind(number, kind))

    return combine


plus = _combined(np.add, "AddBackward1")
minus = _combined(np.subtract, "SubBackward1")
times = _combined(np.multiply, "MulBackward1")
over = _combined(np.divide, "DivBackward1")


def check_constant(function: str, **operands: Any) -> None:
    """Raise where an operand needs a gradient for which PyTorch has no formula."""
    for name, t in operands.items():
        if isinstance(t, Tensor) and t._needs:
            raise RuntimeError(
                f"The function '{function}' is not differentiable with respect to argument '{name}'. This input cannot "
                "have requires_grad True."
            )


def both_wide(arrays: Sequence[Any]) -> bool:
    """Whether all arrays are of floating point dtypes and have dimensions, so that NumPy promotes them as PyTorch does."""
    return all(a.dtype.kind == "f" and a.ndim for a in arrays)
