"""The activations that PyTorch has as `torch.name` or as methods: relu, sigmoid, softmax and their like.

What enters: floating point tensors. What leaves: tensors of the same dtype.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.torch import drawing
from srcgrad.torch.dtypes import dtype as torch_dtype
from srcgrad.torch.inplace import write
from srcgrad.torch.kernels import activations as kernels
from srcgrad.torch.names import FUNCTIONS, op
from srcgrad.torch.ops.conversion import cast
from srcgrad.torch.ops.dims import axis
from srcgrad.torch.pointwise import Unary, not_a_tensor, unsupported
from srcgrad.torch.primitive import primitive
from srcgrad.torch.recorded import FACES
from srcgrad.torch.tensor import Tensor, wrap

_relu = Unary(kernels.relu, "ReluBackward0")
_sigmoid = Unary(kernels.sigmoid, "SigmoidBackward0", floating=True)
_softmax = primitive(kernels.softmax, "SoftmaxBackward0")
_log_softmax = primitive(kernels.log_softmax, "LogSoftmaxBackward0")
_threshold = primitive(kernels.threshold, "ThresholdBackward0")
_hardshrink = primitive(kernels.hardshrink, "HardshrinkBackward0")
_prelu = primitive(kernels.prelu, "PreluKernelBackward0")
_elu = primitive(kernels.elu, "EluBackward0")
_celu = primitive(kernels.celu, "CeluBackward0")
_rrelu = primitive(kernels.prelu, "RreluWithNoiseBackward0", operands=["x1"])
# What writes into its input has nodes of other names.
WRITTEN = {
    name: primitive(kernel, f"{node}Backward1", **options)
    for name, kernel, node, options in (
        ("threshold", kernels.threshold, "Threshold", {}),
        ("elu", kernels.elu, "Elu", {}),
        ("celu", kernels.celu, "Celu", {}),
        ("leaky_relu", kernels.leaky_relu, "LeakyRelu", {}),
        ("rrelu", kernels.prelu, "RreluWithNoise", {"operands": ["x1"]}),
    )
}

FACES[kernels.sigmoid] = _sigmoid
FACES[kernels.threshold_backward] = primitive(kernels.threshold_backward, "ThresholdBackwardBackward0")
FACES[kernels.hardtanh_backward] = primitive(kernels.hardtanh_backward, "HardtanhBackwardBackward0")
FACES[kernels.shrink_backward] = primitive(kernels.shrink_backward, "SoftshrinkBackwardBackward0")
FACES[kernels.leaked] = primitive(kernels.leaked, "LeakyReluBackwardBackward0", operands=["g"])
FACES[kernels.softmax_bar] = primitive(kernels.softmax_bar, "SoftmaxBackwardDataBackward0")
FACES[kernels.log_softmax_bar] = primitive(kernels.log_softmax_bar, "LogSoftmaxBackwardDataBackward0")

SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


def floating(x: Any, name: str, kernel: str, kinds: str = "f") -> Tensor:
    """The argument, if it is a tensor of a dtype for which PyTorch has code."""
    if not isinstance(x, Tensor):
        raise not_a_tensor(name, x)
    if x._a.dtype.kind not in kinds:
        raise unsupported(kernel, x._a.dtype)
    return x


@op("relu", inplace=True)
def relu(input: Tensor) -> Tensor:
    """max(input, 0)."""
    if not isinstance(input, Tensor):
        raise not_a_tensor("relu", input)
    kind = input._a.dtype.kind
    if kind in "bc":
        if kind == "b":
            raise RuntimeError("Boolean inputs not supported for relu")
        raise NotImplementedError("clamp is not supported for complex types")
    return _relu(input)  # type: ignore[no-any-return]


@op("sigmoid", out=True, inplace=True)
def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-input))."""
    if not isinstance(input, Tensor):
        raise not_a_tensor("sigmoid", input)
    return _sigmoid(input)  # type: ignore[no-any-return]


@op("softmax", out=True)
def softmax(input: Tensor, dim: int, dtype: torch_dtype | None = None) -> Tensor:
    """exp(input) in proportion to its sum along a dimension."""
    return _along(_softmax, "softmax", input, dim, dtype)


@op("log_softmax", out=True)
def log_softmax(input: Tensor, dim: int, dtype: torch_dtype | None = None) -> Tensor:
    """log(softmax(input)), without overflow."""
    return _along(_log_softmax, "log_softmax", input, dim, dtype)


def _along(apply: Any, name: str, x: Tensor, dim: int, dtype: torch_dtype | None) -> Tensor:
    if not isinstance(x, Tensor):
        raise not_a_tensor(name, x)
    if dtype is not None:
        x = cast(x, dtype.numpy)
    a = x._a
    k = axis(dim, a.ndim, name, "dim", 2)
    if a.dtype.kind != "f":
        raise unsupported(f"{name}_{'lastdim_' if k >= a.ndim - 1 else ''}kernel_impl", a.dtype)
    return apply(x, k)  # type: ignore[no-any-return]


@op("threshold", method=False, out=True)
def threshold(input: Tensor, threshold: float, value: float) -> Tensor:
    """The input where it is above the threshold, the value elsewhere."""
    return cut(input, threshold, value)


def cut(input: Tensor, threshold: float, value: float, apply: Any = _threshold) -> Tensor:
    """`threshold` with a choice of the primitive."""
    return apply(floating(input, "threshold", "threshold_cpu", "fiu"), threshold, value)  # type: ignore[no-any-return]


@op("hardshrink", out=True)
def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """0 where the input is at most lambd from 0, the input elsewhere."""
    return _hardshrink(floating(input, "hardshrink", "hardshrink_cpu"), lambd)  # type: ignore[no-any-return]


@op("prelu")
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """The input where it is positive, weight * input elsewhere; one weight, or one for each channel."""
    for position, (name, t) in enumerate((("input", input), ("weight", weight)), 1):
        if not isinstance(t, Tensor):
            raise not_a_tensor("prelu", t, name, position)
    a, w = input._a, weight._a
    if a.dtype != w.dtype:
        raise RuntimeError(f"prelu: Type promoting not supported. Got {input.dtype._c_name} and {weight.dtype._c_name}")
    if w.size != 1:
        if not a.ndim:
            raise RuntimeError("Not allow zero-dim input tensor.")
        channels = a.shape[1] if a.ndim > 1 else 1
        if channels != w.size:
            raise RuntimeError(
                "Mismatch of parameter numbers and input channel size. Found parameter numbers = "
                f"{w.size} and channel size = {channels}."
            )
    if w.ndim > 1:
        raise RuntimeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {w.ndim}")
    if w.ndim != a.ndim:
        shape = [1] * a.ndim
        if a.ndim > 1:
            shape[1] = w.size
        weight = FUNCTIONS["reshape"](weight, shape)
    return _prelu(input, weight)  # type: ignore[no-any-return]


@op("selu", method=False)
def selu(input: Tensor) -> Tensor:
    """`elu` with the constants that keep mean 0 and variance 1."""
    return scaled_elu(input)


def scaled_elu(input: Tensor, apply: Any = _elu) -> Tensor:
    """`selu` with a choice of the primitive."""
    return apply(floating(input, "selu", "elu_cpu"), SELU_ALPHA, SELU_SCALE, 1.0)  # type: ignore[no-any-return]


@op("celu", method=False)
def celu(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`elu` with a continuous slope for every alpha."""
    return smooth_elu(input, alpha)


def smooth_elu(input: Tensor, alpha: float = 1.0, apply: Any = _celu) -> Tensor:
    """`celu` with a choice of the primitive."""
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return apply(floating(input, "celu", "elu_cpu"), alpha)  # type: ignore[no-any-return]


def elu(input: Tensor, alpha: float = 1.0, apply: Any = _elu) -> Tensor:
    """The input where it is positive, alpha * (exp(input) - 1) elsewhere."""
    return apply(floating(input, "elu", "elu_cpu"), alpha, 1.0, 1.0)  # type: ignore[no-any-return]


# Randomised activations, and dropout.


@op("rrelu", method=False)
def rrelu(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, generator: Any = None
) -> Tensor:
    """leaky_relu with a slope drawn for each negative element, or the mean slope unless training."""
    return randomised(input, lower, upper, training, generator)


def randomised(
    input: Tensor, lower: float, upper: float, training: bool, generator: Any = None, apply: Any = _rrelu
) -> Tensor:
    """`rrelu` with a choice of the primitive."""
    floating(input, "rrelu", "rrelu_with_noise_out_cpu")
    if lower > upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")
    a = input._a
    if not training:
        slope = np.full((), (lower + upper) / 2, a.dtype)
        return apply(input, slope)  # type: ignore[no-any-return]
    slopes = np.ones(a.shape, np.float64)
    negative = a <= 0
    slopes[negative] = drawing.uniform_(np.empty(int(negative.sum()), np.float64), lower, upper, generator)
    return apply(input, slopes.astype(a.dtype))  # type: ignore[no-any-return]


def _checked_probability(p: float) -> None:
    if not 0 <= p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {p:g}")


def _noise_shape(x: Tensor) -> tuple[int, ...]:
    """One draw for each image and channel."""
    if x._a.ndim < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    return (*x._a.shape[:2], *(1,) * (x._a.ndim - 2))


def _multiplied(x: Any, p: float, train: bool, feature: bool) -> Any:
    _checked_probability(p)
    if p == 0 or not train or not x._a.size:
        return x
    if p == 1:
        return x * wrap(np.zeros((), x._a.dtype))
    shape = _noise_shape(x) if feature else x._a.shape
    if x._a.dtype.kind != "f":
        if x._a.dtype.kind == "c":
            return x * wrap(drawing.dropout_mask(np.empty(shape, x._a.real.dtype), p).astype(x._a.dtype))
        raise RuntimeError(f"result type Float can't be cast to the desired output type {x.dtype._c_name}")
    like = x._a if not feature else np.empty(shape, x._a.dtype)
    return x * wrap(drawing.dropout_mask(like, p))


# Minus what SELU gives far below zero: alpha dropout puts that in the place of an element.
_SELU_FLOOR = SELU_ALPHA * SELU_SCALE


def _alpha(x: Any, p: float, train: bool, feature: bool) -> Any:
    _checked_probability(p)
    if p == 0 or not train or not x._a.size:
        return x
    if p == 1:
        return x * wrap(np.zeros((), x._a.dtype))
    shape = _noise_shape(x) if feature else x._a.shape
    noise = drawing.bernoulli_(np.empty(shape, x._a.dtype), 1 - p)
    scale = 1.0 / math.sqrt((_SELU_FLOOR * _SELU_FLOOR * p + 1) * (1 - p))
    shift = (noise - 1) * (_SELU_FLOOR * scale) + _SELU_FLOOR * scale * p
    return x * wrap(noise * scale) + wrap(shift)


_DROPPERS = {
    "dropout": (_multiplied, False),
    "feature_dropout": (_multiplied, True),
    "alpha_dropout": (_alpha, False),
    "feature_alpha_dropout": (_alpha, True),
}


def _dropper(name: str, drop: Callable[..., Tensor], feature: bool) -> None:
    def function(input: Tensor, p: float, train: bool) -> Tensor:
        if not isinstance(input, Tensor):
            raise not_a_tensor(name, input)
        return drop(input, p, train, feature)

    def written(input: Tensor, p: float, train: bool) -> Tensor:
        return write(input, lambda before: drop(before, p, train, feature) if train and p else before)

    for f, public in ((function, name), (written, f"{name}_")):
        f.__name__ = f.__qualname__ = public
        f.__doc__ = "Elements set to zero with probability p, or whole channels, while training."
        op(public, method=False)(f)


for _name, (_drop, _feature) in _DROPPERS.items():
    _dropper(_name, _drop, _feature)


@op("threshold_", method=False)
def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """`threshold`, written into the input."""
    return write(input, lambda x: cut(x, threshold, value, WRITTEN["threshold"]))


@op("selu_", method=False)
def selu_(input: Tensor) -> Tensor:
    """`selu`, written into the input."""
    return write(input, lambda x: scaled_elu(x, WRITTEN["elu"]))


@op("celu_", method=False)
def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`celu`, written into the input."""
    return write(input, lambda x: smooth_elu(x, alpha, WRITTEN["celu"]))


@op("rrelu_", method=False)
def rrelu_(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, generator: Any = None
) -> Tensor:
    """`rrelu`, written into the input."""
    return write(input, lambda x: randomised(x, lower, upper, training, generator, WRITTEN["rrelu"]))
