"""Normalisations as functions: by the statistics of a batch, a layer, groups of channels, or neighbours."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from srcgrad.torch.kernels import normalization as kernels
from srcgrad.torch.names import op
from srcgrad.torch.nn.functional.arguments import check_tensor, listed
from srcgrad.torch.pointwise import unsupported
from srcgrad.torch.primitive import primitive
from srcgrad.torch.tensor import Tensor, wrap

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "rms_norm"]

_batch_norm = primitive(kernels.batch_norm, "NativeBatchNormBackward0")
_layer_norm = primitive(kernels.layer_norm, "NativeLayerNormBackward0")
_group_norm = primitive(kernels.group_norm, "NativeGroupNormBackward0")
_shifted = primitive(kernels.shifted, "AddBackward1")

MIXED = "mixed dtype (CPU): all inputs must share same datatype."


def batch_norm(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None,
    bias: Tensor | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Each channel normalised by the mean and variance of the batch, or of the running statistics."""
    if training:
        _check_batch(input._a.shape)
        if eps <= 0:
            raise ValueError(f"batch_norm eps must be positive during training, but got {eps}")
    elif eps < 0:
        raise ValueError(f"batch_norm eps must be non-negative, but got {eps}")
    found: Tensor = _normalised(input, weight, bias, running_mean, running_var, training, momentum, eps)[0]
    return found


@op("batch_norm", method=False)
def _batch_norm_of_torch(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None,
    running_var: Tensor | None, training: bool, momentum: float, eps: float, cudnn_enabled: bool = False,
) -> Tensor:  # fmt: skip
    del cudnn_enabled
    found: Tensor = _normalised(input, weight, bias, running_mean, running_var, training, momentum, eps)[0]
    return found


@op("native_batch_norm", method=False)
def native_batch_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None,
    running_var: Tensor | None, training: bool, momentum: float, eps: float,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """The batch normalisation, the mean, and one over the standard deviation."""
    y, mean, var = _normalised(input, weight, bias, running_mean, running_var, training, momentum, eps)
    if not training:
        return y, wrap(np.zeros(0, input._a.dtype)), wrap(np.zeros(0, input._a.dtype))
    # These two carry no gradient.
    return y, mean.detach(), wrap(1 / np.sqrt(var._a + eps))


def _check_batch(shape: Any) -> None:
    if prod(shape[2:], start=shape[0] if shape else 1) == 1:
        from srcgrad.torch.dtypes import Size

        raise ValueError(f"Expected more than 1 value per channel when training, got input size {Size(shape)}")


def _normalised(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None,
    running_var: Tensor | None, training: bool, momentum: Any, eps: float,
) -> Any:  # fmt: skip
    check_tensor("batch_norm", input)
    a = input._a
    channels = a.shape[1] if a.ndim > 1 else 0
    for name, v in (
        ("running_mean", running_mean), ("running_var", running_var), ("weight", weight), ("bias", bias)
    ):  # fmt: skip
        if v is None:
            if not training and name.startswith("running"):
                raise RuntimeError(f"{name} must be defined in evaluation mode")
        elif v._a.size != channels:
            raise RuntimeError(f"{name} should contain {channels} elements not {v._a.size}")
    if a.dtype.kind not in "fc":
        raise unsupported("batch_norm", a.dtype)
    for v in (weight, bias, running_mean, running_var):
        if v is not None and v._a.dtype is not a.dtype:
            raise RuntimeError(MIXED)
    mean = None if running_mean is None else running_mean._a
    var = None if running_var is None else running_var._a
    if a.ndim < 2:
        # There are no channels, and by the checks above no elements.
        x: Any = input
        return x * 1, wrap(a), wrap(a)
    found = _batch_norm(input, weight, bias, mean, var, training, eps)
    if training and running_mean is not None and running_var is not None:
        # The running variance is that of n - 1, the one that normalises that of n.
        n = a.size // max(1, channels)
        _move(running_mean, found[1]._a, momentum)
        _move(running_var, found[2]._a * (n / max(1, n - 1)), momentum)
    return found


def _move(running: Tensor, values: Any, momentum: float) -> None:
    running._a *= 1 - momentum
    running._a += values * momentum
    running._writes.bump()


def instance_norm(
    input: Tensor, running_mean: Tensor | None = None, running_var: Tensor | None = None,
    weight: Tensor | None = None, bias: Tensor | None = None, use_input_stats: bool = True, momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Each channel of each image normalised by its own mean and variance, or by the running ones."""
    shape = input._a.shape
    if use_input_stats and prod(shape[2:]) == 1:
        from srcgrad.torch.dtypes import Size

        raise ValueError(f"Expected more than 1 spatial element when training, got input size {Size(shape)}")
    return _by_instance(input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps)


@op("instance_norm", method=False)
def _by_instance(
    input: Any, weight: Any, bias: Any, running_mean: Any, running_var: Any, use_input_stats: bool, momentum: float,
    eps: float, cudnn_enabled: bool = False,
) -> Tensor:  # fmt: skip
    del cudnn_enabled
    if not use_input_stats and (running_mean is None or running_var is None):
        raise RuntimeError("Expected running_mean and running_var to be defined when use_input_stats is false")
    a = input._a
    images, channels = a.shape[:2]
    w, b = (None if v is None else v.repeat(images) for v in (weight, bias))
    mean, var = (None if v is None else wrap(np.tile(v._a, images)) for v in (running_mean, running_var))
    rows = input.contiguous().view(1, images * channels, *a.shape[2:])
    y: Any = _normalised(rows, w, b, mean, var, use_input_stats, momentum, eps)[0]
    for running, values in ((running_mean, mean), (running_var, var)):
        if running is not None and values is not None and use_input_stats:
            running._a[...] = values._a.reshape(images, channels).mean(0)
            running._writes.bump()
    return y.view(*a.shape)  # type: ignore[no-any-return]


def layer_norm(
    input: Tensor, normalized_shape: Any, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """The last dimensions of each sample normalised by their mean and variance."""
    check_tensor("layer_norm", input)
    return _of_layer(input, normalized_shape, weight, bias, eps)[0]  # type: ignore[no-any-return]


@op("layer_norm", method=False)
def _layer_norm_of_torch(
    input: Tensor, normalized_shape: Any, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Tensor:  # fmt: skip
    del cudnn_enable
    return layer_norm(input, normalized_shape, weight, bias, eps)


@op("native_layer_norm", method=False)
def _of_layer(input: Tensor, normalized_shape: Any, weight: Any, bias: Any, eps: float) -> Any:
    shape = _normalized_shape(input._a.shape, normalized_shape, weight, bias, "*, ")
    for v in (weight, bias):
        if v is not None and v._a.dtype is not input._a.dtype:
            raise RuntimeError(MIXED)
    if input._a.dtype.kind not in "fc":
        raise unsupported("LayerNormKernelImpl", input._a.dtype)
    y, mean, scale = _layer_norm(input, shape, weight, bias, eps)
    return y, mean.detach(), scale.detach()


def _normalized_shape(given: Any, normalized_shape: Any, weight: Any, bias: Any, star: str) -> tuple[int, ...]:
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got "
            "normalized_shape = []"
        )
    for name, v in (("weight", weight), ("bias", bias)):
        if v is not None and v._a.shape != shape:
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape "
                f"{listed(v._a.shape)} and normalized_shape = {listed(shape)}"
            )
    if tuple(given[len(given) - len(shape) :]) != shape or len(given) < len(shape):
        raise RuntimeError(
            f"Given normalized_shape={listed(shape)}, expected input with shape [{star}{listed(shape)[1:]}, but got "
            f"input of size{listed(given)}"
        )
    return shape


@op("rms_norm", method=False)
def rms_norm(input: Tensor, normalized_shape: Any, weight: Tensor | None = None, eps: float | None = None) -> Tensor:
    """The last dimensions of each sample over the root of their mean square."""
    check_tensor("rms_norm", input)
    shape = _normalized_shape(input._a.shape, normalized_shape, weight, None, "*")
    x: Any = input
    small = float(np.finfo(input._a.dtype).eps) if eps is None else eps
    square = x.pow(2).mean(tuple(range(input._a.ndim - len(shape), input._a.ndim)), True)
    y = x * _shifted(square, small).rsqrt()
    return y if weight is None else y * weight  # type: ignore[no-any-return]


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Groups of each image's channels normalised by their mean and variance."""
    check_tensor("group_norm", input)
    shape = input._a.shape
    if len(shape) < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {len(shape)}")
    if prod(shape[2:], start=shape[0] * shape[1] // max(1, num_groups)) == 1:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {listed((shape[0] * shape[1] // num_groups, num_groups, *shape[2:]))}"
        )
    return _of_groups(input, num_groups, weight, bias, eps)


@op("group_norm", method=False)
def _of_groups(
    input: Tensor, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5, cudnn_enabled: bool = True
) -> Tensor:
    del cudnn_enabled
    shape = input._a.shape
    if num_groups <= 0:
        raise RuntimeError(f"Expected num groups to be greater than 0, got {num_groups}")
    if shape[1] % num_groups:
        raise RuntimeError(
            f"Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{listed(shape)} and num_groups={num_groups}"
        )
    for name, v in (("weight", weight), ("bias", bias)):
        if v is not None and v._a.shape != (shape[1],):
            raise RuntimeError(
                f"Expected {name} to be a vector of size equal to the number of channels in input, but got {name} of "
                f"shape {listed((v if weight is None else weight)._a.shape)} and input of shape {listed(shape)}"
            )
    for v in (weight, bias):
        if v is not None and v._a.dtype is not input._a.dtype:
            raise RuntimeError(MIXED)
    if input._a.dtype.kind not in "fc":
        raise unsupported("GroupNormKernelImpl", input._a.dtype)
    return _group_norm(input, weight, bias, num_groups, eps)[0]  # type: ignore[no-any-return]


@op("native_group_norm", method=False)
def native_group_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    N: int,
    C: int,
    HxW: int,
    group: int,
    eps: float,
) -> Any:
    """The group normalisation, the mean, and one over the standard deviation."""
    del N, C, HxW
    return _group_norm(input, weight, bias, group, eps)


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Each value over a power of the mean square of `size` neighbouring channels."""
    from srcgrad.torch.nn.functional.averaging import avg_pool2d, avg_pool3d
    from srcgrad.torch.nn.functional.padding import pad

    x: Any = input
    shape = input._a.shape
    if len(shape) < 3:
        raise ValueError(f"Expected 3D or higher dimensionality{' ' * 26}input (got {len(shape)} dimensions)")
    if not input._a.size:
        return input
    square = x.mul(x)
    around = (size // 2, (size - 1) // 2)
    mean: Any
    if len(shape) == 3:
        mean = avg_pool2d(pad(square.unsqueeze(1), (0, 0, *around)), (size, 1), stride=1)
        mean = mean.squeeze(1)
    else:
        planes = square.view(shape[0], 1, shape[1], shape[2], -1)
        mean = avg_pool3d(pad(planes, (0, 0, 0, 0, *around)), (size, 1, 1), stride=1)
        mean = mean.squeeze(1).view(*shape)
    return x / mean.mul(alpha).add(k).pow(beta)  # type: ignore[no-any-return]
