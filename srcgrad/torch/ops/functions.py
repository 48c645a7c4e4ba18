"""Functions of one tensor, element by element, that NumPy has under some name.

What enters: tensors; integers become floats of the default dtype. What leaves: tensors whose node is PyTorch's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.torch.dtypes import default_float
from srcgrad.torch.kernels import pairs as kernels
from srcgrad.torch.names import op
from srcgrad.torch.ops import arithmetic
from srcgrad.torch.ops.conversion import cast
from srcgrad.torch.pointwise import Unary, not_a_tensor, unsupported
from srcgrad.torch.primitive import primitive
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
    ("rsqrt", kernels.rsqrt, "RsqrtBackward0"),
    ("deg2rad", np.deg2rad, "Deg2RadBackward0"),
    ("rad2deg", np.rad2deg, "Rad2DegBackward0"),
]


def _enter(names: str, kernel: Callable[..., Any], node: str) -> None:
    function = Unary(kernel, node, floating=True).function
    first = names.partition(" ")[0]
    function.__name__ = function.__qualname__ = first
    function.__doc__ = f"{kernel.__name__}, element by element."
    op(*names.split(), out=True, inplace=True)(function)
    # In a rule's text a constant may come as a number.
    FACES[kernel] = lambda x: function(x) if isinstance(x, Tensor) else kernel(x)


for _names, _kernel, _node in TABLE:
    _enter(_names, _kernel, _node)


@op("square", out=True, inplace=True)
def square(input: Tensor) -> Tensor:
    """The input times itself."""
    if not isinstance(input, Tensor):
        raise not_a_tensor("square", input)
    return arithmetic.pow(input, 2)


_logit = primitive(kernels.logit, "LogitBackward0")
_nan_to_num = primitive(kernels.nan_to_num, "NanToNumBackward0")


@op("logit", out=True, inplace=True)
def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """log(input / (1 - input)), of the input cut off at eps and 1 - eps if eps is given."""
    if not isinstance(input, Tensor):
        raise not_a_tensor("logit", input)
    kind = input._a.dtype.kind
    if kind == "c":
        raise unsupported("logit_cpu", input._a.dtype)
    return _logit(input if kind == "f" else cast(input, default_float()), eps)  # type: ignore[no-any-return]


@op("nan_to_num", out=True, inplace=True)
def nan_to_num(
    input: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """The input with its NaNs and infinities replaced, by default with zero and the largest numbers."""
    if not isinstance(input, Tensor):
        raise not_a_tensor("nan_to_num", input)
    return _nan_to_num(input, nan, posinf, neginf)  # type: ignore[no-any-return]


FACES[np.square] = square
