"""Normalisation: values less their mean, over their standard deviation, times a weight, plus a bias.

Each kernel returns (y, mean, rstd) or the like, as PyTorch's do, and is differentiable in all of them. With
r = rstd, z = (x - mean) r and n values in a group:

    z_bar = y_bar * weight
    x_bar = r (z_bar - mean(z_bar) - z mean(z_bar z)) + mean_bar / n - rstd_bar r^2 z / n
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import rule


def standardised(x: Any, axes: Any, eps: Any) -> tuple[Any, Any, Any]:
    """The values in units of their deviation; the mean over the axes and the variance, with these axes as 1."""
    mean = np.mean(x, axis=axes, keepdims=True)
    z = x - mean
    var = np.mean(z * z, axis=axes, keepdims=True)
    z *= 1 / np.sqrt(var + eps)
    return z, mean, var


def standardised_bar(z_bar: Any, mean_bar: Any, rstd_bar: Any, x: Any, mean: Any, rstd: Any, axes: Any) -> Any:
    """The cotangent of x, from those of its standardised values, its mean and its rstd."""
    z = (x - mean) * rstd
    n = max(1, np.size(x) // max(1, np.size(mean)))
    shift = np.mean(z_bar, axis=axes, keepdims=True) - mean_bar / (rstd * n)
    slope = np.mean(z_bar * z, axis=axes, keepdims=True) + rstd_bar * rstd / n
    return (z_bar - shift - z * slope) * rstd


def standardised_dot(x_dot: Any, x: Any, mean: Any, rstd: Any, axes: Any) -> tuple[Any, Any, Any]:
    """The tangents of the standardised values, of the mean and of rstd."""
    z = (x - mean) * rstd
    mean_dot = np.mean(x_dot, axis=axes, keepdims=True)
    slope = np.mean(x_dot * z, axis=axes, keepdims=True)
    return (x_dot - mean_dot - z * slope) * rstd, mean_dot, -rstd * rstd * slope


def times(z: Any, weight: Any) -> Any:
    return z if weight is None else z * weight


# Batch normalisation of (images, channels, *space): one mean for each channel.


def along(v: Any, ndim: int) -> Any:
    """A vector over the channels, to broadcast against (images, channels, *space); None stays."""
    return None if v is None else np.reshape(v, (1, -1) + (1,) * (ndim - 2))


def but_channels(ndim: int) -> tuple[int, ...]:
    return (0, *range(2, ndim))


def batch_norm(
    input: Any, weight: Any, bias: Any, running_mean: Any, running_var: Any, training: bool, eps: float
) -> tuple[Any, Any, Any]:
    """Each channel normalised by the batch's mean and variance, or by the running ones unless training.

    Returns (y, mean, var), of which the latter are those it was normalised by; var is over n.
    """
    ndim = input.ndim
    if not training:
        scale = times(1 / np.sqrt(running_var + eps), weight)
        shift = -running_mean * scale if bias is None else bias - running_mean * scale
        y = input * along(scale, ndim)
        y += along(shift, ndim)
        return y, np.copy(running_mean), np.copy(running_var)
    y, mean, var = standardised(input, but_channels(ndim), eps)
    if weight is not None:
        y *= along(weight, ndim)
    if bias is not None:
        y += along(bias, ndim)
    return y, mean.reshape(-1), var.reshape(-1)


def batch_norm_input_bar(y_bar: Any, input: Any, weight: Any, mean: Any, var: Any, training: Any, eps: Any) -> Any:
    ndim = np.ndim(input)
    rstd = along(1 / np.sqrt(var + eps), ndim)
    z_bar = times(y_bar[0], along(weight, ndim))
    if not training:
        return z_bar * rstd
    # rstd' = -rstd^3 / 2 var', so that a cotangent of var is one of rstd.
    rstd_bar = along(y_bar[2], ndim) * (-2 / rstd**3)
    return standardised_bar(z_bar, along(y_bar[1], ndim), rstd_bar, input, along(mean, ndim), rstd, but_channels(ndim))


def batch_norm_weight_bar(y_bar: Any, input: Any, mean: Any, var: Any, eps: Any) -> Any:
    ndim = np.ndim(input)
    centred = input - along(mean, ndim)
    return np.sum(y_bar * centred, axis=but_channels(ndim)) / np.sqrt(var + eps)


def batch_norm_input_dot(input_dot: Any, input: Any, weight: Any, mean: Any, var: Any, training: Any, eps: Any) -> Any:
    ndim = np.ndim(input)
    rstd = along(1 / np.sqrt(var + eps), ndim)
    w = along(weight, ndim)
    if not training:
        return times(input_dot * rstd, w), np.zeros_like(mean), np.zeros_like(var)
    z_dot, mean_dot, rstd_dot = standardised_dot(input_dot, input, along(mean, ndim), rstd, but_channels(ndim))
    var_dot = rstd_dot * (-2 / rstd**3)
    return times(z_dot, w), np.reshape(mean_dot, np.shape(mean)), np.reshape(var_dot, np.shape(var))


def batch_norm_weight_dot(weight_dot: Any, input: Any, mean: Any, var: Any, eps: Any) -> Any:
    ndim = np.ndim(input)
    z = (input - along(mean, ndim)) * along(1 / np.sqrt(var + eps), ndim)
    return z * along(weight_dot, ndim), np.zeros_like(mean), np.zeros_like(var)


rule(
    batch_norm,
    "input, weight, bias, running_mean, running_var, training, eps",
    vjp={
        "input": "batch_norm_input_bar(y_bar, input, weight, y[1], y[2], training, eps)",
        "weight": "batch_norm_weight_bar(y_bar[0], input, y[1], y[2], eps)",
        "bias": "np.sum(y_bar[0], axis=but_channels(np.ndim(input)))",
    },
    jvp={
        "input": "batch_norm_input_dot(input_dot, input, weight, y[1], y[2], training, eps)",
        "weight": "batch_norm_weight_dot(weight_dot, input, y[1], y[2], eps)",
        "bias": "(np.broadcast_to(along(bias_dot, np.ndim(input)), np.shape(input)), np.zeros_like(y[1]), np.zeros_like(y[2]))",
    },
)


# Layer normalisation over the last dimensions, with a weight for each of their elements.


def last_axes(v: Any, shape: Any) -> tuple[int, ...]:
    return tuple(range(np.ndim(v) - len(shape), np.ndim(v)))


def summed_to(x: Any, shape: Any) -> Any:
    """The sum over all dimensions but the last ones, of the given shape."""
    return np.sum(x, axis=tuple(range(np.ndim(x) - len(shape))))


def layer_norm(input: Any, normalized_shape: Any, weight: Any, bias: Any, eps: float) -> tuple[Any, Any, Any]:
    """Each sample's last dimensions normalised by their own mean: (y, mean, rstd), the dimensions kept as 1."""
    y, mean, var = standardised(input, last_axes(input, normalized_shape), eps)
    if weight is not None:
        y *= weight
    if bias is not None:
        y += bias
    return y, mean, 1 / np.sqrt(var + eps)


def layer_norm_input_bar(y_bar: Any, input: Any, shape: Any, weight: Any, mean: Any, rstd: Any) -> Any:
    z_bar = times(y_bar[0], weight)
    return standardised_bar(z_bar, y_bar[1], y_bar[2], input, mean, rstd, last_axes(input, shape))


def layer_norm_input_dot(input_dot: Any, input: Any, shape: Any, weight: Any, mean: Any, rstd: Any) -> Any:
    z_dot, mean_dot, rstd_dot = standardised_dot(input_dot, input, mean, rstd, last_axes(input, shape))
    return times(z_dot, weight), mean_dot, rstd_dot


rule(
    layer_norm,
    "input, normalized_shape, weight, bias, eps",
    vjp={
        "input": "layer_norm_input_bar(y_bar, input, normalized_shape, weight, y[1], y[2])",
        "weight": "summed_to(y_bar[0] * ((input - y[1]) * y[2]), normalized_shape)",
        "bias": "summed_to(y_bar[0], normalized_shape)",
    },
    jvp={
        "input": "layer_norm_input_dot(input_dot, input, normalized_shape, weight, y[1], y[2])",
        "weight": "((input - y[1]) * y[2] * weight_dot, np.zeros_like(y[1]), np.zeros_like(y[2]))",
        "bias": "(np.broadcast_to(bias_dot, np.shape(input)), np.zeros_like(y[1]), np.zeros_like(y[2]))",
    },
)


# Group normalisation of (images, channels, *space): one mean for some channels of an image, a weight for each channel.


def by_group(x: Any, groups: Any) -> Any:
    """(images, groups, everything else)."""
    return np.reshape(x, (np.shape(x)[0], groups, np.size(x) // max(1, np.shape(x)[0] * groups)))


def group_norm(input: Any, weight: Any, bias: Any, groups: int, eps: float) -> tuple[Any, Any, Any]:
    """Each image's channels normalised group by group: (y, mean, rstd), the latter (images, groups)."""
    z, mean, var = standardised(by_group(input, groups), 2, eps)
    y = z.reshape(input.shape)
    if weight is not None:
        y *= along(weight, input.ndim)
    if bias is not None:
        y += along(bias, input.ndim)
    return y, mean[:, :, 0], 1 / np.sqrt(var[:, :, 0] + eps)


def group_norm_input_bar(y_bar: Any, input: Any, weight: Any, groups: Any, mean: Any, rstd: Any) -> Any:
    z_bar = by_group(times(y_bar[0], along(weight, np.ndim(input))), groups)
    mean_bar, rstd_bar = y_bar[1][:, :, None], y_bar[2][:, :, None]
    x = by_group(input, groups)
    x_bar = standardised_bar(z_bar, mean_bar, rstd_bar, x, mean[:, :, None], rstd[:, :, None], 2)
    return np.reshape(x_bar, np.shape(input))


def group_standardised(input: Any, groups: Any, mean: Any, rstd: Any) -> Any:
    return np.reshape((by_group(input, groups) - mean[:, :, None]) * rstd[:, :, None], np.shape(input))


def group_norm_input_dot(input_dot: Any, input: Any, weight: Any, groups: Any, mean: Any, rstd: Any) -> Any:
    x, x_dot = by_group(input, groups), by_group(input_dot, groups)
    z_dot, mean_dot, rstd_dot = standardised_dot(x_dot, x, mean[:, :, None], rstd[:, :, None], 2)
    y_dot = times(np.reshape(z_dot, np.shape(input)), along(weight, np.ndim(input)))
    return y_dot, mean_dot[:, :, 0], rstd_dot[:, :, 0]


rule(
    group_norm,
    "input, weight, bias, groups, eps",
    vjp={
        "input": "group_norm_input_bar(y_bar, input, weight, groups, y[1], y[2])",
        "weight": "np.sum(y_bar[0] * group_standardised(input, groups, y[1], y[2]), axis=but_channels(np.ndim(input)))",
        "bias": "np.sum(y_bar[0], axis=but_channels(np.ndim(input)))",
    },
    jvp={
        "input": "group_norm_input_dot(input_dot, input, weight, groups, y[1], y[2])",
        "weight": "(group_standardised(input, groups, y[1], y[2]) * along(weight_dot, np.ndim(input)), np.zeros_like(y[1]), np.zeros_like(y[2]))",
        "bias": "(np.broadcast_to(along(bias_dot, np.ndim(input)), np.shape(input)), np.zeros_like(y[1]), np.zeros_like(y[2]))",
    },
)
