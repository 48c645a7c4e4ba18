"""Margins between the scores of classes, and sequences of labels without alignment (CTC).

What enters: scores (images, classes) and targets. What leaves: a loss for each image, or their sum or mean.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import rule
from srcgrad.torch.kernels.losses import reduced
from srcgrad.torch.plan import SHAPE_READERS


def shortfalls(x: Any, target: Any, margin: float) -> Any:
    """margin - x_target + x_j where that is positive and j is not the target; x is (images, classes)."""
    classes = np.arange(np.shape(x)[1])
    picked = np.take_along_axis(x, target[:, None], 1)
    return np.where(classes == target[:, None], 0, np.maximum(margin - picked + x, 0))


def scaled_by(weight: Any, target: Any) -> Any:
    """The weight of each image's target class, as a column."""
    return 1.0 if weight is None else weight[target][:, None]


def multi_margin_loss(x: Any, target: Any, p: int, margin: float, weight: Any, reduction: str) -> Any:
    """The mean over classes of the shortfall of the target's score, to the power of p, times the target's weight."""
    z = shortfalls(x, target, margin)
    loss = np.sum(scaled_by(weight, target) * (z if p == 1 else z * z), axis=1) / x.shape[1]
    return reduced(loss, reduction)


def multi_margin_slope(x: Any, target: Any, p: int, margin: float, weight: Any) -> Any:
    z = shortfalls(x, target, margin)
    slope = scaled_by(weight, target) * (np.where(z > 0, 1, 0) if p == 1 else 2 * z) / np.shape(x)[1]
    chosen = np.arange(np.shape(x)[1]) == target[:, None]
    return np.where(chosen, -np.sum(slope, axis=1, keepdims=True), slope)


def of_each(y_bar: Any, x: Any, reduction: str) -> Any:
    """The cotangent of each image's loss, as a column."""
    if reduction == "none":
        return np.reshape(y_bar, (-1, 1))
    return y_bar / np.shape(x)[0] if reduction == "mean" else y_bar


SHAPE_READERS[of_each] = (1,)
rule(
    multi_margin_loss,
    "x, target, p, margin, weight, reduction",
    vjp={"x": "of_each(y_bar, x, reduction) * multi_margin_slope(x, target, p, margin, weight)"},
    jvp={"x": "reduced(np.sum(x_dot * multi_margin_slope(x, target, p, margin, weight), axis=1), reduction)"},
)


def chosen_classes(target: Any) -> Any:
    """How often each row of a target names each class before its first -1."""
    rows, places = np.nonzero(np.cumprod(target >= 0, axis=1))
    chosen = np.zeros(target.shape, np.int64)
    np.add.at(chosen, (rows, target[rows, places]), 1)
    return chosen


def multilabel_margin_loss(x: Any, target: Any, reduction: str) -> Any:
    """The mean over classes of how far below the others, and a margin of 1, each of the named classes is."""
    z = np.maximum(1 - x[:, :, None] + x[:, None, :], 0) * pairs(target)
    return reduced(np.sum(z, axis=(1, 2), dtype=x.dtype) / x.dtype.type(x.shape[1]), reduction)


def pairs(target: Any) -> Any:
    """For each class k and each other one j, how often k is named, if j is not."""
    chosen = chosen_classes(target)
    return chosen[:, :, None] * (chosen == 0)[:, None, :]


def multilabel_margin_slope(x: Any, target: Any) -> Any:
    short = np.where(1 - x[:, :, None] + x[:, None, :] > 0, pairs(target), 0)
    return (np.sum(short, axis=1) - np.sum(short, axis=2)) / x.dtype.type(np.shape(x)[1])


rule(
    multilabel_margin_loss,
    "x, target, reduction",
    vjp={"x": "of_each(y_bar, x, reduction) * multilabel_margin_slope(x, target)"},
    jvp={"x": "reduced(np.sum(x_dot * multilabel_margin_slope(x, target), axis=1), reduction)"},
)


# Connectionist temporal classification: Graves, Fernández, Gomez and Schmidhuber 2006.


def extended(targets: Any, blank: int) -> tuple[Any, Any]:
    """The targets with blanks between them, and where a label may follow the one before without a blank."""
    n, length = targets.shape
    labels = np.full((n, 2 * length + 1), blank)
    labels[:, 1::2] = targets
    skips = np.zeros(labels.shape, bool)
    skips[:, 2:] = (labels[:, 2:] != blank) & (labels[:, 2:] != labels[:, :-2])
    return labels, skips


def _sum_of_paths(values: list[Any]) -> Any:
    high = np.maximum.reduce(values)
    safe = np.where(np.isfinite(high), high, 0)
    with np.errstate(divide="ignore"):
        return safe + np.log(sum(np.exp(v - safe) for v in values))


def _moved(a: Any, places: int) -> Any:
    """The array moved to the right along its last dimension, -inf coming in."""
    y = np.full_like(a, -np.inf)
    y[:, places:] = a[:, : a.shape[1] - places]
    return y


def _forward(scores: Any, skips: Any) -> Any:
    """The log of the sum over paths that end at each time and place; scores are (time, images, places)."""
    alpha = np.full_like(scores, -np.inf)
    alpha[0, :, :2] = scores[0, :, :2]
    for k in range(1, len(scores)):
        before = alpha[k - 1]
        steps = [before, _moved(before, 1), np.where(skips, _moved(before, 2), -np.inf)]
        alpha[k] = _sum_of_paths(steps) + scores[k]
    return alpha


def _ends(alpha: Any, input_lengths: Any, target_lengths: Any) -> Any:
    """The log of the sum over paths that end at the last label or the blank after it, when the input ends."""
    images = np.arange(alpha.shape[1])
    last = alpha[np.maximum(input_lengths, 1) - 1, images]
    final = last[images, 2 * target_lengths]
    label = np.where(target_lengths > 0, last[images, np.maximum(2 * target_lengths - 1, 0)], -np.inf)
    return _sum_of_paths([final, label])


def ctc_loss(x: Any, targets: Any, input_lengths: Any, target_lengths: Any, blank: int, zero_infinity: bool) -> Any:
    """Minus the log of the probability of each target, over all alignments; x is (time, images, classes), of logarithms."""
    labels, skips = extended(targets, blank)
    scores = np.take_along_axis(x, np.broadcast_to(labels, (x.shape[0], *labels.shape)), 2)
    loss = -_ends(_forward(scores, skips), input_lengths, target_lengths)
    empty = input_lengths == 0
    loss = np.where(empty, np.where(target_lengths == 0, 0, np.inf), loss).astype(x.dtype)
    return np.where(np.isinf(loss), 0, loss) if zero_infinity else loss


def ctc_slope(
    x: Any, targets: Any, input_lengths: Any, target_lengths: Any, blank: int, zero_infinity: bool, y: Any
) -> Any:
    """The derivative of the loss, as PyTorch has it: that of a softmax which gave these logarithms."""
    labels, skips = extended(targets, blank)
    n, places = labels.shape
    time = x.shape[0]
    t = np.arange(time)[:, None]
    at = np.broadcast_to(labels, (time, n, places))
    scores = np.take_along_axis(x, at, 2)
    alpha = _forward(scores, skips)
    # The way back is the way forth on the reversed sequence: each image's own end comes first.
    back = np.where(t < input_lengths, input_lengths - 1 - t, t)
    ends = 2 * target_lengths[:, None]
    place = np.arange(places)[None]
    mirror = np.where(place <= ends, ends - place, place)
    turned = np.take_along_axis(np.take_along_axis(scores, back[:, :, None], 0), mirror[None], 2)
    turned = np.where(place <= ends, turned, -np.inf)
    turned_labels = np.take_along_axis(labels, mirror, 1)
    turned_skips = np.zeros_like(skips)
    turned_skips[:, 2:] = (turned_labels[:, 2:] != blank) & (turned_labels[:, 2:] != turned_labels[:, :-2])
    beta = _forward(turned, turned_skips)
    beta = np.take_along_axis(np.take_along_axis(beta, mirror[None], 2), back[:, :, None], 0)
    log_likelihood = -y
    with np.errstate(invalid="ignore"):
        posterior = np.exp(alpha + beta - scores - log_likelihood[None, :, None])
    posterior = np.where((place <= ends) & (scores > -np.inf), posterior, 0)
    total = np.zeros_like(x)
    np.add.at(total, (t[:, :, None], np.arange(n)[None, :, None], at), posterior)
    slope = np.exp(x) - total
    slope = np.where((t < input_lengths)[:, :, None], slope, 0)
    if zero_infinity:
        impossible = np.isinf(_ends(alpha, input_lengths, target_lengths))
        slope = np.where(impossible[None, :, None], 0, slope)
    return slope


rule(
    ctc_loss,
    "x, targets, input_lengths, target_lengths, blank, zero_infinity",
    vjp={"x": "y_bar[None, :, None] * ctc_slope(x, targets, input_lengths, target_lengths, blank, zero_infinity, y)"},
    jvp={
        "x": "np.sum(x_dot * ctc_slope(x, targets, input_lengths, target_lengths, blank, zero_infinity, y), axis=(0, 2))"
    },
)
