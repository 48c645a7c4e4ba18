"""Functions of two or three tensors, element by element: atan2, logaddexp, lerp and their like.

What enters: tensors, and numbers where PyTorch takes them. What leaves: a tensor of the promoted dtype.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import rule
from srcgrad.torch.dtypes import default_float, result_dtype
from srcgrad.torch.kernels import pairs as kernels
from srcgrad.torch.names import op
from srcgrad.torch.ops.arithmetic import pow as power
from srcgrad.torch.ops.comparison import in_one_dtype
from srcgrad.torch.ops.conversion import cast
from srcgrad.torch.pointwise import NUMBERS, Binary, as_kind, check_broadcast, not_a_tensor, unsupported
from srcgrad.torch.primitive import primitive
from srcgrad.torch.recorded import FACES
from srcgrad.torch.tensor import Tensor


def _tensors(name: str, **given: Any) -> None:
    for position, (parameter, t) in enumerate(given.items(), 1):
        if not isinstance(t, Tensor):
            raise not_a_tensor(name, t, parameter, position)


def _of_two(names: str, kernel: Any, node: str, kinds: str, doc: str, floating: bool = False) -> None:
    apply = Binary(kernel, node, floating=floating)
    name = names.split()[0]

    def function(input: Tensor, other: Tensor) -> Tensor:
        _tensors(name, input=input, other=other)
        dtype = result_dtype(input._a, other._a)
        if dtype.kind not in kinds:
            raise unsupported(f"{name}_cpu", dtype)
        return apply(input, other)  # type: ignore[no-any-return]

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    op(*names.split(), out=True, inplace=True)(function)
    FACES[kernel] = function


_of_two("atan2 arctan2", kernels.atan2, "Atan2Backward0", "fiub", "The angle of the point (other, input).", floating=True)
_of_two("hypot", kernels.hypot, "HypotBackward0", "f", "The square root of the sum of squares.")
_of_two("logaddexp", kernels.logaddexp, "LogaddexpBackward0", "fc", "log(exp(input) + exp(other)), without overflow.")
_of_two("logaddexp2", kernels.logaddexp2, "Logaddexp2Backward0", "f", "log2(2**input + 2**other), without overflow.")
_of_two(
    "ldexp", kernels.ldexp, "LdexpBackward0", "fiubc", "The input times 2 to the power of the other.", floating=True
)
del Tensor.atan2_, Tensor.arctan2_, Tensor.hypot_, Tensor.logaddexp_, Tensor.logaddexp2_  # type: ignore[attr-defined]
