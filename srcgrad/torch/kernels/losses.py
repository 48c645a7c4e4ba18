"""Losses of an input x1 and a target x2, element by element and then reduced: "none", "sum" or "mean".

What enters: arrays of one shape. What leaves: an array of that shape, or a 0-d one. `per_element` gives each element
its share of the result's cotangent.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srcgrad.rules.table import linear, rule
from srcgrad.torch.kernels.activations import log_sigmoid, sigmoid
from srcgrad.torch.plan import SHAPE_READERS
from srcgrad.torch.texts import number


def reduced(loss: Any, reduction: str) -> Any:
    """The losses of the elements as they are, their sum or their mean, which is NaN if there are none."""
    if reduction == "none":
        return loss
    loss = np.asarray(loss)
    total = loss.sum()
    return total if reduction == "sum" else share(total, loss.size)


def share(total: Any, count: int) -> Any:
    """The mean from the sum."""
    return total / number(count, total.dtype) if count else total.dtype.type(math.nan)


def per_element(y_bar: Any, x: Any, reduction: str) -> Any:
    """What the result's cotangent is for each element of x."""
    return y_bar / number(np.size(x), y_bar.dtype) if reduction == "mean" else y_bar


rule(
    per_element,
    "g, x, reduction",
    vjp={"g": "per_element(y_bar, x, reduction)", "x": ""},
    jvp={"g": "per_element(g_dot, x, reduction)", "x": ""},
)
linear(reduced, "loss, reduction", loss="np.broadcast_to(per_element(y_bar, loss, reduction), np.shape(loss))")
SHAPE_READERS[per_element] = (1,)


def mse_loss(x1: Any, x2: Any, reduction: str) -> Any:
    """(x1 - x2)^2."""
    d = x1 - x2
    if reduction == "none":
        return d * d
    d = d.ravel()
    total = np.dot(d, d)
    return total if reduction == "sum" else share(total, d.size)


rule(
    mse_loss,
    "x1, x2, reduction",
    vjp={
        "x1": "per_element(y_bar, x1, reduction) * (2 * (x1 - x2))",
        "x2": "per_element(y_bar, x1, reduction) * (2 * (x2 - x1))",
    },
    jvp={
        "x1": "reduced(2 * (x1 - x2) * x1_dot, reduction)",
        "x2": "reduced(2 * (x2 - x1) * x2_dot, reduction)",
    },
)


def smooth_l1_loss(x1: Any, x2: Any, reduction: str, beta: float) -> Any:
    """|x1 - x2| - beta / 2, and a parabola where that distance is below beta."""
    d = np.abs(x1 - x2)
    return reduced(np.where(d < beta, 0.5 * d * d / beta, d - 0.5 * beta), reduction)


def smooth_l1_slope(x1: Any, x2: Any, beta: float) -> Any:
    return np.minimum(np.maximum((x1 - x2) / beta, -1), 1)


rule(
    smooth_l1_loss,
    "x1, x2, reduction, beta",
    vjp={
        "x1": "per_element(y_bar, x1, reduction) * smooth_l1_slope(x1, x2, beta)",
        "x2": "per_element(y_bar, x1, reduction) * smooth_l1_slope(x2, x1, beta)",
    },
    jvp={
        "x1": "reduced(smooth_l1_slope(x1, x2, beta) * x1_dot, reduction)",
        "x2": "reduced(smooth_l1_slope(x2, x1, beta) * x2_dot, reduction)",
    },
)


def huber_loss(x1: Any, x2: Any, reduction: str, delta: float) -> Any:
    """delta * (|x1 - x2| - delta / 2), and a parabola where that distance is at most delta."""
    d = np.abs(x1 - x2)
    return reduced(np.where(d <= delta, 0.5 * d * d, delta * (d - 0.5 * delta)), reduction)


def huber_slope(x1: Any, x2: Any, delta: float) -> Any:
    return np.minimum(np.maximum(x1 - x2, -delta), delta)


rule(
    huber_loss,
    "x1, x2, reduction, delta",
    vjp={
        "x1": "per_element(y_bar, x1, reduction) * huber_slope(x1, x2, delta)",
        "x2": "per_element(y_bar, x1, reduction) * huber_slope(x2, x1, delta)",
    },
    jvp={
        "x1": "reduced(huber_slope(x1, x2, delta) * x1_dot, reduction)",
        "x2": "reduced(huber_slope(x2, x1, delta) * x2_dot, reduction)",
    },
)


def weighted(loss: Any, weight: Any) -> Any:
    return loss if weight is None else loss * weight


def binary_cross_entropy(x1: Any, x2: Any, weight: Any, reduction: str) -> Any:
    """-(x2 log x1 + (1 - x2) log(1 - x1)) of probabilities x1; no logarithm is below -100."""
    loss = (x2 - 1) * np.maximum(np.log1p(-x1), -100) - x2 * np.maximum(np.log(x1), -100)
    return reduced(weighted(loss, weight), reduction)


def entropy_slope(x1: Any, x2: Any) -> Any:
    return (x1 - x2) / np.maximum((1 - x1) * x1, 1e-12)


def entropy_slope_by_target(x1: Any) -> Any:
    return np.maximum(np.log(1 - x1), -100) - np.maximum(np.log(x1), -100)


rule(
    binary_cross_entropy,
    "x1, x2, weight, reduction",
    vjp={
        "x1": "per_element(y_bar, x1, reduction) * weighted(entropy_slope(x1, x2), weight)",
        "x2": "per_element(y_bar, x1, reduction) * weighted(entropy_slope_by_target(x1), weight)",
    },
    jvp={
        "x1": "reduced(x1_dot * weighted(entropy_slope(x1, x2), weight), reduction)",
        "x2": "reduced(x2_dot * weighted(entropy_slope_by_target(x1), weight), reduction)",
    },
)


def binary_cross_entropy_with_logits(x1: Any, x2: Any, weight: Any, pos_weight: Any, reduction: str) -> Any:
    """The binary cross entropy of sigmoid(x1), without overflow; pos_weight counts the ones more often."""
    if pos_weight is None:
        loss = (1 - x2) * x1 - log_sigmoid(x1)
    else:
        loss = (1 - x2) * x1 - ((pos_weight - 1) * x2 + 1) * log_sigmoid(x1)
    return reduced(weighted(loss, weight), reduction)


def logits_slope(x1: Any, x2: Any, pos_weight: Any) -> Any:
    if pos_weight is None:
        return sigmoid(x1) - x2
    positive = pos_weight * x2
    return (positive + 1 - x2) * sigmoid(x1) - positive


def logits_slope_by_target(x1: Any, pos_weight: Any) -> Any:
    return -x1 if pos_weight is None else log_sigmoid(-x1) - pos_weight * log_sigmoid(x1)


rule(
    binary_cross_entropy_with_logits,
    "x1, x2, weight, pos_weight, reduction",
    vjp={
        "x1": "per_element(y_bar, x1, reduction) * weighted(logits_slope(x1, x2, pos_weight), weight)",
        "x2": "per_element(y_bar, x1, reduction) * weighted(logits_slope_by_target(x1, pos_weight), weight)",
    },
    jvp={
        "x1": "reduced(x1_dot * weighted(logits_slope(x1, x2, pos_weight), weight), reduction)",
        "x2": "reduced(x2_dot * weighted(logits_slope_by_target(x1, pos_weight), weight), reduction)",
    },
)


def soft_margin_loss(x1: Any, x2: Any, reduction: str) -> Any:
    """log(1 + exp(-x1 x2)) for targets of -1 and 1."""
    return reduced(-log_sigmoid(x1 * x2), reduction)


rule(
    soft_margin_loss,
    "x1, x2, reduction",
    vjp={"x1": "per_element(y_bar, x1, reduction) * (-x2 * sigmoid(-x1 * x2))"},
    jvp={"x1": "reduced(x1_dot * (-x2 * sigmoid(-x1 * x2)), reduction)"},
)


# The negative log likelihood of classes: x (images, classes, *space), or (classes) alone, target (images, *space).


def counted_targets(x: Any, target: Any, weight: Any, ignore_index: int) -> tuple[Any, Any, Any]:
    """x's shape as (images, classes, places), the target as (images, 1, places), and the weight of each place."""
    lone = np.ndim(x) == 1
    t = np.reshape(target, (1, 1, 1)) if lone else np.reshape(target, (x.shape[0], 1, -1))
    valid = t != ignore_index
    t = np.where(valid, t, 0)
    kind = x.dtype
    w = valid.astype(kind) if weight is None else np.where(valid, weight[t], 0).astype(kind, copy=False)
    shape = (1, x.shape[0], 1) if lone else (x.shape[0], x.shape[1], t.shape[2])
    return shape, t, w


def plain(x: Any, target: Any, weight: Any, ignore_index: int) -> bool:
    """Whether it is one class for each of some images, and all count alike."""
    if len(x.shape) != 2 or weight is not None or not target.size:
        return False
    # Classes are counted from 0, so that no target is below it but what is ignored.
    return bool(target.min() >= 0) if ignore_index < 0 else not (target == ignore_index).any()


def nll_loss(x: Any, target: Any, weight: Any, reduction: str, ignore_index: int) -> Any:
    """Minus the value of the target's class, times the weight of that class; the mean is over the weights."""
    if plain(x, target, weight, ignore_index):
        picked = x[np.arange(len(x)), target]
        if reduction == "none":
            return -picked
        total = -picked.sum()
        return total if reduction == "sum" else share(total, len(x))
    shape, t, w = counted_targets(x, target, weight, ignore_index)
    if t.size == 0:
        kind = x.dtype.type
        return np.zeros(np.shape(target), kind) if reduction == "none" else kind(0 if reduction == "sum" else math.nan)
    picked = np.take_along_axis(np.reshape(x, shape), t, 1)
    # What is ignored may be infinite.
    loss = np.where(np.reshape(target, t.shape) == ignore_index, 0, -picked * w)
    if reduction == "none":
        return loss.reshape(np.shape(target))
    total = loss.sum()
    return total if reduction == "sum" else total / w.sum()


def nll_loss_bar(y_bar: Any, x: Any, target: Any, weight: Any, reduction: str, ignore_index: int) -> Any:
    """The transpose: the cotangent at the places of the targets."""
    if plain(x, target, weight, ignore_index):
        x_bar = np.zeros(x.shape, y_bar.dtype)
        x_bar[np.arange(len(target)), target] = per_element(-y_bar, target, reduction)
        return x_bar
    shape, t, w = counted_targets(x, target, weight, ignore_index)
    x_bar = np.zeros(shape, y_bar.dtype)
    if t.size:
        g = np.reshape(y_bar, t.shape) if reduction == "none" else y_bar / w.sum() if reduction == "mean" else y_bar
        np.put_along_axis(x_bar, t, -w * g, 1)
    return np.reshape(x_bar, x.shape)


linear(
    nll_loss,
    "x, target, weight, reduction, ignore_index",
    x="nll_loss_bar(y_bar, x, target, weight, reduction, ignore_index)",
)
rule(
    nll_loss_bar,
    "g, x, target, weight, reduction, ignore_index",
    # Zero, and PyTorch's graph goes on to x all the same.
    vjp={"g": "nll_loss(y_bar, target, weight, reduction, ignore_index)", "x": "np.zeros_like(x)"},
    jvp={"g": "nll_loss_bar(g_dot, x, target, weight, reduction, ignore_index)", "x": "np.zeros_like(x)"},
)
