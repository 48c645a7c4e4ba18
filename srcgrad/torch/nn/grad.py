"""The two adjoints of convolutions as functions."""

from __future__ import annotations

from typing import Any

from srcgrad.torch.kernels import convolution as kernels
from srcgrad.torch.nn.functional.arguments import spread
from srcgrad.torch.primitive import primitive

_input = primitive(kernels.correlate_input, "ConvolutionBackward0")
_weight = primitive(kernels.correlate_weight, "ConvolutionBackward0")


def _sizes(rank: int, *values: Any) -> list[tuple[int, ...]]:
    return [spread(value, rank) for value in values]


def _input_bar(
    rank: int, shape: Any, weight: Any, y_bar: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Any:
    sizes = _sizes(rank, stride, padding, dilation)
    return _input(y_bar, weight, tuple(shape)[2:], *sizes, groups)


def _weight_bar(
    rank: int, input: Any, shape: Any, y_bar: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Any:
    sizes = _sizes(rank, stride, padding, dilation)
    return _weight(y_bar, input, tuple(shape)[2:], *sizes, groups)


def conv1d_input(
    input_size: Any,
    weight: Any,
    grad_output: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """The gradient of conv1d with respect to its input."""
    return _input_bar(1, input_size, weight, grad_output, stride, padding, dilation, groups)


def conv1d_weight(
    input: Any,
    weight_size: Any,
    grad_output: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """The gradient of conv1d with respect to its weight."""
    return _weight_bar(1, input, weight_size, grad_output, stride, padding, dilation, groups)


def conv2d_input(
    input_size: Any,
    weight: Any,
    grad_output: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """The gradient of conv2d with respect to its input."""
    return _input_bar(2, input_size, weight, grad_output, stride, padding, dilation, groups)


def conv2d_weight(
    input: Any,
    weight_size: Any,
    grad_output: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """The gradient of conv2d with respect to its weight."""
    return _weight_bar(2, input, weight_size, grad_output, stride, padding, dilation, groups)


def conv3d_input(
    input_size: Any,
    weight: Any,
    grad_output: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """The gradient of conv3d with respect to its input."""
    return _input_bar(3, input_size, weight, grad_output, stride, padding, dilation, groups)


def conv3d_weight(
    input: Any,
    weight_size: Any,
    grad_output: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """The gradient of conv3d with respect to its weight."""
    return _weight_bar(3, input, weight_size, grad_output, stride, padding, dilation, groups)
