"""Activations as functions: relu, gelu, softmax and their like.

What enters: tensors. What leaves: tensors of the same dtype and, but for glu, of the same shape.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.torch import drawing
from srcgrad.torch.dtypes import dtype as torch_dtype
from srcgrad.torch.inplace import write
from srcgrad.torch.kernels import activations as kernels
from srcgrad.torch.names import FUNCTIONS
from srcgrad.torch.ops import activations as ops
from srcgrad.torch.ops.activations import WRITTEN, floating, hardshrink, prelu
from srcgrad.torch.ops.dims import axis
from srcgrad.torch.pointwise import Unary, not_a_tensor
from srcgrad.torch.primitive import primitive
from srcgrad.torch.tensor import Tensor, wrap

__all__ = [
    "celu", "celu_", "elu", "elu_", "gelu", "glu", "gumbel_softmax", "hardshrink", "hardsigmoid", "hardswish", "hardtanh",
    "hardtanh_", "leaky_relu", "leaky_relu_", "log_softmax", "logsigmoid", "mish", "prelu", "relu", "relu6", "relu_",
    "rrelu", "rrelu_", "selu", "selu_", "sigmoid", "silu", "softmax", "softmin", "softplus", "softshrink", "softsign",
    "tanh", "tanhshrink", "threshold", "threshold_",
]  # fmt: skip

_hardtanh = primitive(kernels.hardtanh, "HardtanhBackward0")
_leaky_relu = primitive(kernels.leaky_relu, "LeakyReluBackward0")
_gelu = primitive(kernels.gelu, "GeluBackward0")
_silu = Unary(kernels.silu, "SiluBackward0")
_mish = Unary(kernels.mish, "MishBackward0")
_softplus = primitive(kernels.softplus, "SoftplusBackward0")
_softshrink = primitive(kernels.softshrink, "SoftshrinkBackward0")
_hardsigmoid = Unary(kernels.hardsigmoid, "HardsigmoidBackward0")
_hardswish = Unary(kernels.hardswish, "HardswishBackward0")
_log_sigmoid = Unary(kernels.log_sigmoid, "LogSigmoidBackward0")
_glu = primitive(kernels.glu, "GluBackward0")


def _applied(compute: Callable[..., Tensor], inplace: bool, input: Tensor, *args: Any) -> Tensor:
    """The function of the input, written into it if `inplace`."""
    return write(input, lambda before: compute(before, *args)) if inplace else compute(input, *args)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(input, 0)."""
    return _applied(ops.relu, True, input) if inplace else ops.relu(input)


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-input))."""
    return input.sigmoid()  # type: ignore[attr-defined,no-any-return]


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return input.tanh()  # type: ignore[attr-defined,no-any-return]


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """The input where it is above the threshold, the value elsewhere."""
    return ops.threshold_(input, threshold, value) if inplace else ops.threshold(input, threshold, value)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """The input cut off at the bounds."""
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    if not isinstance(input, Tensor):
        raise not_a_tensor("hardtanh", input)
    kind = input._a.dtype.kind
    if kind == "b":
        raise RuntimeError("Bool inputs not supported for hardtanh")
    if kind in "iu":
        return _applied(FUNCTIONS["clamp"], inplace, input, int(min_val), int(max_val))
    floating(input, "hardtanh", "hardtanh_cpu")
    return _applied(_hardtanh, inplace, input, float(min_val), float(max_val))


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """The input cut off at 0 and 6."""
    return hardtanh(input, 0, 6, inplace)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """The input where it is positive, alpha * (exp(input) - 1) elsewhere."""
    return write(input, lambda x: ops.elu(x, alpha, WRITTEN["elu"])) if inplace else ops.elu(input, alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """`elu` with the constants that keep mean 0 and variance 1."""
    return ops.selu_(input) if inplace else ops.selu(input)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """`elu` with a continuous slope for every alpha."""
    return ops.celu_(input, alpha) if inplace else ops.celu(input, alpha)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """The input where it is positive, negative_slope * input elsewhere."""
    return _applied(
        WRITTEN["leaky_relu"] if inplace else _leaky_relu,
        inplace,
        floating(input, "leaky_relu", "leaky_relu_cpu"),
        negative_slope,
    )


def rrelu(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """leaky_relu with a slope drawn for each negative element, or the mean slope unless training."""
    return (ops.rrelu_ if inplace else ops.rrelu)(input, lower, upper, training)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """The input times the normal distribution's probability of being less; or its approximation by a tanh."""
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")
    return _gelu(floating(input, "gelu", "GeluKernelImpl"), approximate)  # type: ignore[no-any-return]


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """input * sigmoid(input)."""
    return _applied(_silu, inplace, floating(input, "silu", "silu_cpu", "fc"))


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """input * tanh(softplus(input))."""
    return _applied(_mish, inplace, floating(input, "mish", "mish_cpu"))


def softplus(input: Tensor, beta: float = 1, threshold: float = 20) -> Tensor:
    """log(1 + exp(beta * input)) / beta; the input itself where beta * input is above the threshold."""
    return _softplus(floating(input, "softplus", "softplus_cpu"), beta, threshold)  # type: ignore[no-any-return]


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """The input moved towards 0 by lambd; 0 where that would cross it."""
    floating(input, "softshrink", "softshrink_cpu")
    limit = float(np.finfo(input._a.dtype).max)
    if not 0 <= lambd <= limit:
        raise RuntimeError(
            f"lambda must be in range [0, {limit:g}] for input dtype {input.dtype._c_name}, but found {lambd:g}"
        )
    return _softshrink(input, lambd)  # type: ignore[no-any-return]


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """input / 6 + 1/2, cut off at 0 and 1."""
    return _applied(_hardsigmoid, inplace, floating(input, "hardsigmoid", "hardsigmoid_cpu"))


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """input * hardsigmoid(input)."""
    return _applied(_hardswish, inplace, floating(input, "hardswish", "hardswish_cpu"))


def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(input)), without overflow."""
    return _log_sigmoid(floating(input, "log_sigmoid", "log_sigmoid_cpu"))  # type: ignore[no-any-return]


def softsign(input: Tensor) -> Tensor:
    """input / (1 + |input|)."""
    return input / (input.abs() + 1)  # type: ignore[attr-defined,no-any-return]


def tanhshrink(input: Tensor) -> Tensor:
    """input - tanh(input)."""
    return input - input.tanh()  # type: ignore[attr-defined,no-any-return]


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half along a dimension, times the sigmoid of the second."""
    if not isinstance(input, Tensor):
        raise not_a_tensor("glu", input)
    if not input._a.ndim:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    k = axis(dim, input._a.ndim, "glu")
    n = input._a.shape[k]
    if n % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {k} is size {n}")
    return _glu(floating(input, "glu", "glu_cpu"), k)  # type: ignore[no-any-return]


def _implicit(name: str, ndim: int) -> int:
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        UserWarning,
        stacklevel=3,
    )
    return 0 if ndim in (0, 1, 3) else 1


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: torch_dtype | None = None) -> Tensor:
    """exp(input) in proportion to its sum along a dimension."""
    if dim is None:
        dim = _implicit("softmax", input._a.ndim)
    return input.softmax(dim, dtype=dtype)  # type: ignore[attr-defined,no-any-return]


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: torch_dtype | None = None) -> Tensor:
    """softmax(-input)."""
    if dim is None:
        dim = _implicit("softmin", input._a.ndim)
    return (-input).softmax(dim, dtype=dtype)  # type: ignore[operator,no-any-return]


def log_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: torch_dtype | None = None
) -> Tensor:
    """log(softmax(input)), without overflow."""
    if dim is None:
        dim = _implicit("log_softmax", input._a.ndim)
    return input.log_softmax(dim, dtype=dtype)  # type: ignore[attr-defined,no-any-return]


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """A draw from softmax(logits), smooth in the logits; with `hard` one-hot, though its slope is the smooth one's."""
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", UserWarning, stacklevel=2)
    noise = wrap(-np.log(drawing.exponential_(np.empty_like(logits._a))))
    soft: Tensor = softmax((logits + noise) / tau, dim)  # type: ignore[operator]
    if not hard:
        return soft
    k = axis(dim, logits._a.ndim)
    one_hot = np.zeros_like(soft._a)
    np.put_along_axis(one_hot, np.expand_dims(soft._a.argmax(k), k), 1, k)
    return wrap(one_hot) - soft.detach() + soft  # type: ignore[operator,no-any-return]


def _writer(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The form of an activation that writes into its input."""

    def written(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return function(input, *args, **kwargs, inplace=True)

    written.__name__ = written.__qualname__ = f"{function.__name__}_"
    written.__doc__ = f"{function.__name__}, written into the input."
    return written


relu_, threshold_, hardtanh_, elu_ = _writer(relu), _writer(threshold), _writer(hardtanh), _writer(elu)
selu_, celu_, leaky_relu_, rrelu_ = _writer(selu), _writer(celu), _writer(leaky_relu), _writer(rrelu)
