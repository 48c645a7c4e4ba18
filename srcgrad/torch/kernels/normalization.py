"""Normalisation: values less their mean, over their standard deviation, times a weight, plus a bias.

Each kernel returns (y, mean, ...) as PyTorch's do, and is differentiable in all of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import rule
from srcgrad.torch.kernels.standardising import dotted, standardised, standardised_bar, standardised_dot

# Batch normalisation of (images, channels, *space): one mean and one weight for each channel.


def by_channel(x: Any) -> Any:
    """(images, channels, everything else)."""
    return np.reshape(x, (*np.shape(x)[:2], -1)) if np.size(x) else np.reshape(x, (*np.shape(x)[:2], 0))


def middle(v: Any) -> Any:
    """A vector as (1, n, 1); None stays."""
    return None if v is None else np.reshape(v, (1, -1, 1))


def inverse_root(var: Any, eps: Any) -> Any:
    return 1 / np.sqrt(var + eps)


def batch_norm(
    input: Any, weight: Any, bias: Any, running_mean: Any, running_var: Any, training: bool, eps: float
) -> tuple[Any, Any, Any]:
    """Each channel normalised by the batch's mean and variance, or by the running ones unless training.

    Returns (y, mean, var), of which the latter are those it was normalised by; var is over n.
    """
    x = by_channel(input)
    if training:
        y, mean, var = standardised(x, middle(weight), middle(bias), eps)
        return y.reshape(input.shape), mean.reshape(-1), var.reshape(-1)
    scale = inverse_root(running_var, eps)
    if weight is not None:
        scale = scale * weight
    shift = -running_mean * scale if bias is None else bias - running_mean * scale
    y = x * middle(scale)
    y += middle(shift)
    return y.reshape(input.shape), np.copy(running_mean), np.copy(running_var)


def batch_norm_input_bar(y_bar: Any, input: Any, weight: Any, mean: Any, var: Any, training: Any, eps: Any) -> Any:
    rstd = inverse_root(var, eps)
    if not training:
        scale = rstd if weight is None else rstd * weight
        return np.reshape(by_channel(y_bar[0]) * middle(scale), np.shape(input))
    # rstd' = -rstd^3 / 2 var', so that a cotangent of var is one of rstd.
    rstd_bar = y_bar[2] * (-2 / rstd**3)
    bars = by_channel(y_bar[0]), middle(y_bar[1]), middle(rstd_bar)
    x_bar = standardised_bar(*bars, by_channel(input), middle(weight), middle(mean), middle(rstd))
    return np.reshape(x_bar, np.shape(input))


def batch_norm_weight_bar(y_bar: Any, input: Any, mean: Any, var: Any, eps: Any) -> Any:
    return dotted(by_channel(y_bar), by_channel(input), middle(mean), middle(inverse_root(var, eps)), True)


def batch_norm_input_dot(input_dot: Any, input: Any, weight: Any, mean: Any, var: Any, training: Any, eps: Any) -> Any:
    rstd = inverse_root(var, eps)
    x_dot = by_channel(input_dot)
    if not training:
        scale = rstd if weight is None else rstd * weight
        return np.reshape(x_dot * middle(scale), np.shape(input)), np.zeros_like(mean), np.zeros_like(var)
    y_dot, mean_dot, rstd_dot = standardised_dot(x_dot, by_channel(input), middle(weight), middle(mean), middle(rstd))
    var_dot = np.reshape(rstd_dot, np.shape(var)) * (-2 / rstd**3)
    return np.reshape(y_dot, np.shape(input)), np.reshape(mean_dot, np.shape(mean)), var_dot


def batch_norm_affine_dot(scale_dot: Any, shift_dot: Any, input: Any, mean: Any, var: Any, eps: Any) -> Any:
    """What the tangents of the weight and of the bias add."""
    z = (by_channel(input) - middle(mean)) * middle(inverse_root(var, eps))
    y_dot = z * middle(scale_dot) + middle(shift_dot)
    return np.reshape(y_dot, np.shape(input)), np.zeros_like(mean), np.zeros_like(var)


rule(
    batch_norm,
    "input, weight, bias, running_mean, running_var, training, eps",
    vjp={
        "input": "batch_norm_input_bar(y_bar, input, weight, y[1], y[2], training, eps)",
        "weight": "batch_norm_weight_bar(y_bar[0], input, y[1], y[2], eps)",
        "bias": "np.sum(by_channel(y_bar[0]), axis=(0, 2))",
    },
    jvp={
        "input": "batch_norm_input_dot(input_dot, input, weight, y[1], y[2], training, eps)",
        "weight": "batch_norm_affine_dot(weight_dot, np.zeros_like(weight_dot), input, y[1], y[2], eps)",
        "bias": "batch_norm_affine_dot(np.zeros_like(bias_dot), bias_dot, input, y[1], y[2], eps)",
    },
)


# Layer normalisation over the last dimensions, with a weight for each of their elements.


def by_row(x: Any, shape: Any) -> Any:
    """(1, samples, elements of the last dimensions)."""
    size = 1
    for n in shape:
        size *= n
    return np.reshape(x, (1, x.size // max(1, size), size))


def last(v: Any) -> Any:
    """A weight as (1, 1, n); None stays."""
    return None if v is None else np.reshape(v, (1, 1, -1))


def layer_norm(input: Any, normalized_shape: Any, weight: Any, bias: Any, eps: float) -> tuple[Any, Any, Any]:
    """Each sample's last dimensions normalised by their own mean: (y, mean, rstd), the dimensions kept as 1."""
    y, mean, var = standardised(by_row(input, normalized_shape), last(weight), last(bias), eps)
    kept = (*input.shape[: input.ndim - len(normalized_shape)], *(1 for _ in normalized_shape))
    return y.reshape(input.shape), mean.reshape(kept), inverse_root(var, eps).reshape(kept)


def layer_norm_input_bar(y_bar: Any, input: Any, shape: Any, weight: Any, mean: Any, rstd: Any) -> Any:
    bars = by_row(y_bar[0], shape), middle(y_bar[1]), middle(y_bar[2])
    x_bar = standardised_bar(*bars, by_row(input, shape), last(weight), middle(mean), middle(rstd))
    return np.reshape(x_bar, np.shape(input))


def layer_norm_weight_bar(y_bar: Any, input: Any, shape: Any, mean: Any, rstd: Any) -> Any:
    return np.reshape(dotted(by_row(y_bar, shape), by_row(input, shape), middle(mean), middle(rstd), False), shape)


def layer_norm_input_dot(input_dot: Any, input: Any, shape: Any, weight: Any, mean: Any, rstd: Any) -> Any:
    x, x_dot = by_row(input, shape), by_row(input_dot, shape)
    y_dot, mean_dot, rstd_dot = standardised_dot(x_dot, x, last(weight), middle(mean), middle(rstd))
    shapes = np.shape(input), np.shape(mean), np.shape(rstd)
    return tuple(np.reshape(v, s) for v, s in zip((y_dot, mean_dot, rstd_dot), shapes, strict=True))


rule(
    layer_norm,
    "input, normalized_shape, weight, bias, eps",
    vjp={
        "input": "layer_norm_input_bar(y_bar, input, normalized_shape, weight, y[1], y[2])",
        "weight": "layer_norm_weight_bar(y_bar[0], input, normalized_shape, y[1], y[2])",
        "bias": "np.reshape(np.sum(by_row(y_bar[0], normalized_shape), axis=(0, 1)), normalized_shape)",
    },
    jvp={
        "input": "layer_norm_input_dot(input_dot, input, normalized_shape, weight, y[1], y[2])",
        "weight": "((input - y[1]) * y[2] * weight_dot, np.zeros_like(y[1]), np.zeros_like(y[2]))",
        "bias": "(np.broadcast_to(bias_dot, np.shape(input)), np.zeros_like(y[1]), np.zeros_like(y[2]))",
    },
)


# Group normalisation of (images, channels, *space): one mean for some channels of an image, a weight for each channel.


def by_group(x: Any, groups: Any) -> Any:
    """(1, images * groups, everything else)."""
    count = np.shape(x)[0] * groups
    return np.reshape(x, (1, count, np.size(x) // max(1, count)))


def weighted(x: Any, weight: Any) -> Any:
    """(images, channels, *space) times a weight for each channel."""
    return x if weight is None else np.reshape(by_channel(x) * middle(weight), np.shape(x))


def group_norm(input: Any, weight: Any, bias: Any, groups: int, eps: float) -> tuple[Any, Any, Any]:
    """Each image's channels normalised group by group: (y, mean, rstd), the latter (images, groups)."""
    z, mean, var = standardised(by_group(input, groups), None, None, eps)
    y = z.reshape(*input.shape[:2], input.size // max(1, input.shape[0] * input.shape[1]))
    if weight is not None:
        y *= middle(weight)
    if bias is not None:
        y += middle(bias)
    shape = (len(input), groups)
    return y.reshape(input.shape), mean.reshape(shape), inverse_root(var, eps).reshape(shape)


def group_norm_input_bar(y_bar: Any, input: Any, weight: Any, groups: Any, mean: Any, rstd: Any) -> Any:
    bars = by_group(weighted(y_bar[0], weight), groups), middle(y_bar[1]), middle(y_bar[2])
    x_bar = standardised_bar(*bars, by_group(input, groups), None, middle(mean), middle(rstd))
    return np.reshape(x_bar, np.shape(input))


def group_standardised(input: Any, groups: Any, mean: Any, rstd: Any) -> Any:
    return np.reshape((by_group(input, groups) - middle(mean)) * middle(rstd), np.shape(input))


def group_norm_weight_bar(y_bar: Any, input: Any, groups: Any, mean: Any, rstd: Any) -> Any:
    return np.sum(by_channel(y_bar * group_standardised(input, groups, mean, rstd)), axis=(0, 2))


def group_norm_input_dot(input_dot: Any, input: Any, weight: Any, groups: Any, mean: Any, rstd: Any) -> Any:
    x, x_dot = by_group(input, groups), by_group(input_dot, groups)
    z_dot, mean_dot, rstd_dot = standardised_dot(x_dot, x, None, middle(mean), middle(rstd))
    y_dot = weighted(np.reshape(z_dot, np.shape(input)), weight)
    return y_dot, np.reshape(mean_dot, np.shape(mean)), np.reshape(rstd_dot, np.shape(rstd))


rule(
    group_norm,
    "input, weight, bias, groups, eps",
    vjp={
        "input": "group_norm_input_bar(y_bar, input, weight, groups, y[1], y[2])",
        "weight": "group_norm_weight_bar(y_bar[0], input, groups, y[1], y[2])",
        "bias": "np.sum(by_channel(y_bar[0]), axis=(0, 2))",
    },
    jvp={
        "input": "group_norm_input_dot(input_dot, input, weight, groups, y[1], y[2])",
        "weight": "(weighted(group_standardised(input, groups, y[1], y[2]), weight_dot), np.zeros_like(y[1]), "
        "np.zeros_like(y[2]))",
        "bias": "(weighted(np.ones_like(input), bias_dot), np.zeros_like(y[1]), np.zeros_like(y[2]))",
    },
)


def shifted(x: Any, by: Any) -> Any:
    """x plus a number."""
    return x + by


rule(shifted, "x, by", vjp={"x": "y_bar"}, jvp={"x": "x_dot"})
