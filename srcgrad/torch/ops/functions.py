"""Functions of one tensor, element by element, that NumPy has under some name.

What enters: tensors; integers become floats of the default dtype. What leaves: tensors whose node is PyTorch's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.torch.names import op
from srcgrad.torch.pointwise import Unary
from srcgrad.torch.recorded import FACES
from srcgrad.torch.tensor import Tensor

# PyTorch's names, NumPy's function, the name of the node.
TABLE: list[tuple[str, Any, str]] = [
    ("exp", np.exp, "ExpBackward0"),
    ("exp2", np.exp2, "Exp2Backward0"),
    ("expm1", np.expm1, "Expm1Backward0"),
    ("log", np.log, "LogBackward0"),
    ("log2", np.log2, "Log2Backward0"),
    ("log10", np.log10, "Log10Backward0"),
    ("log1p", np.log1p, "Log1PBackward0"),
    ("sqrt", np.sqrt, "SqrtBackward0"),
    ("sin", np.sin, "SinBackward0"),
    ("cos", np.cos, "CosBackward0"),
    ("tan", np.tan, "TanBackward0"),
    ("sinh", np.sinh, "SinhBackward0"),
    ("cosh", np.cosh, "CoshBackward0"),
    ("tanh", np.tanh, "TanhBackward0"),
    ("asin arcsin", np.arcsin, "AsinBackward0"),
    ("acos arccos", np.arccos, "AcosBackward0"),
    ("atan arctan", np.arctan, "AtanBackward0"),
    ("asinh arcsinh", np.arcsinh, "AsinhBackward0"),
    ("acosh arccosh", np.arccosh, "AcoshBackward0"),
    ("atanh arctanh", np.arctanh, "AtanhBackward0"),
    ("sinc", np.sinc, "SincBackward0"),
]


def _enter(names: str, kernel: Callable[..., Any], node: str) -> None:
    apply = Unary(kernel, node, floating=True)

    def function(input: Tensor) -> Tensor:
        return apply(input)  # type: ignore[no-any-return]

    first = names.split()[0]
    function.__name__ = function.__qualname__ = first
    function.__doc__ = f"{kernel.__name__}, element by element."
    op(*names.split(), out=True, inplace=True)(function)
    FACES[kernel] = function


for _names, _kernel, _node in TABLE:
    _enter(_names, _kernel, _node)
