"""A tensor and a number, as PyTorch's own code combines them: the number has no place in the graph.

In programs both operands of `x + 1` have one; what PyTorch composes inside, such as losses, uses these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from srcgrad.torch.primitive import primitive
from srcgrad.torch.tensor import Tensor

plus = primitive(np.add, "AddBackward1", operands=["x1"])
minus = primitive(np.subtract, "SubBackward1", operands=["x1"])
times = primitive(np.multiply, "MulBackward1", operands=["x1"])
over = primitive(np.divide, "DivBackward1", operands=["x1"])


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
