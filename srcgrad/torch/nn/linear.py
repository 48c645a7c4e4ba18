"""Affine maps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srcgrad.torch.creation import numpy_dtype
from srcgrad.torch.names import FUNCTIONS
from srcgrad.torch.nn import init
from srcgrad.torch.nn.module import Module
from srcgrad.torch.nn.parameter import Parameter
from srcgrad.torch.tensor import Tensor, wrap


def fresh(shape: Any, dtype: Any, device: Any = None) -> Any:
    """A parameter of a shape, still without its values."""
    from srcgrad.torch.devices import on_cpu

    on_cpu(device)
    try:
        return Parameter(wrap(np.zeros(shape, numpy_dtype(dtype))))
    except (TypeError, ValueError):
        # NumPy's refusal of the sizes in PyTorch's words.
        return Parameter(FUNCTIONS["empty"](shape, dtype=dtype))


class Linear(Module):
    """x @ weight.T + bias."""

    in_features: int
    out_features: int
    weight: Tensor
    bias: Tensor | None

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = fresh((out_features, in_features), dtype, device)
        if bias:
            self.bias = fresh((out_features,), dtype)
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the values anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Any) -> Any:
        from srcgrad.torch.nn.functional import linear

        return linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class NonDynamicallyQuantizableLinear(Linear):
    """The linear map inside MultiheadAttention."""


class Bilinear(Module):
    """x1 @ weight[k] @ x2 + bias[k] for each k."""

    def __init__(
        self, in1_features: int, in2_features: int, out_features: int, bias: bool = True, device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if in1_features <= 0:
            raise ValueError(f"in1_features must be > 0, but got (in1_features={in1_features})")
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        self.weight = fresh((out_features, in1_features, in2_features), dtype, device)
        if bias:
            self.bias = fresh((out_features,), dtype)
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the values anew."""
        bound = 1 / math.sqrt(self.weight._a.shape[1])
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Any, input2: Any) -> Any:
        from srcgrad.torch.nn.functional import bilinear

        return bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )


class PReLU(Module):
    """max(0, x) + weight * min(0, x)."""

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = fresh((num_parameters,), dtype, device)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the values anew."""
        self.weight._a[...] = self.init

    def forward(self, input: Any) -> Any:
        from srcgrad.torch.nn.functional import prelu

        return prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"
