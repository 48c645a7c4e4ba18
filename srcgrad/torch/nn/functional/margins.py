"""Losses of margins and distances: between classes, between pairs and triples of vectors; and CTC.

What enters: inputs and a target. What leaves: as with the other losses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.torch.kernels import margins as kernels
from srcgrad.torch.names import FUNCTIONS
from srcgrad.torch.nn.functional.classification import cross_entropy
from srcgrad.torch.nn.functional.distance import pairwise_distance
from srcgrad.torch.nn.functional.loss import reduced, reduction_of
from srcgrad.torch.ops.by_number import check_constant, minus, plus
from srcgrad.torch.pointwise import Binary, unsupported
from srcgrad.torch.primitive import primitive
from srcgrad.torch.tensor import Tensor, wrap

__all__ = [
    "cosine_embedding_loss", "ctc_loss", "hinge_embedding_loss", "linear_cross_entropy", "margin_ranking_loss",
    "multi_margin_loss", "multilabel_margin_loss", "multilabel_soft_margin_loss", "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]  # fmt: skip

_multi_margin = primitive(kernels.multi_margin_loss, "MultiMarginLossBackward0")
_multilabel_margin = primitive(kernels.multilabel_margin_loss, "MultilabelMarginLossBackward0")
_ctc = primitive(kernels.ctc_loss, "CtcLossBackward0")
_from = Binary(np.subtract, "SubBackward0")


def multi_margin_loss(
    input: Tensor, target: Tensor, p: int = 1, margin: float = 1.0, weight: Tensor | None = None, size_average: Any = None,
    reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """By how much the target's score fails to be a margin above the others."""
    reduction = reduction_of(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight._a.ndim != 1:
        raise ValueError("weight must be one-dimensional")
    check_constant("multi_margin_loss", weight=weight)
    a, t = input._a, target._a
    if a.ndim > 1 and t.shape != (a.shape[0],):
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch size). "
            f"Expected target size [{a.shape[0]}], but got {list(t.shape)}. Input has shape {list(a.shape)}."
        )
    classes = a.shape[-1] if a.ndim else 1
    if ((t < 0) | (t >= classes)).any():
        raise RuntimeError("target out of range")
    x = input if a.ndim > 1 else FUNCTIONS["reshape"](input, (1, -1))
    w = None if weight is None else weight._a
    found = _multi_margin(x, t.reshape(-1), p, margin, w, reduction)
    return found if a.ndim > 1 or reduction != "none" else FUNCTIONS["reshape"](found, ())  # type: ignore[no-any-return]


def multilabel_margin_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Tensor:
    """By how much the scores of the classes that the target names, up to its first -1, fail to be 1 above the others."""
    reduction = reduction_of(reduction, size_average, reduce)
    a, t = input._a, target._a
    if a.shape != t.shape:
        raise RuntimeError(f"inconsistent target size: {list(t.shape)} for input of size: {list(a.shape)}")
    if a.ndim > 1:
        return _multilabel_margin(input, t, reduction)  # type: ignore[no-any-return]
    found = _multilabel_margin(FUNCTIONS["reshape"](input, (1, -1)), t.reshape(1, -1), reduction)
    return FUNCTIONS["reshape"](found, ()) if reduction == "none" else found  # type: ignore[no-any-return]


def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The binary cross entropy of every class, and their mean."""
    from srcgrad.torch.nn.functional.activation import logsigmoid

    reduction = reduction_of(reduction, size_average, reduce)
    x: Any = input
    t: Any = target
    loss = -(t * logsigmoid(x) + (1 - t) * logsigmoid(-x))
    if weight is not None:
        loss = loss * weight
    return reduced(loss.sum(-1) / input._a.shape[-1], reduction)  # type: ignore[no-any-return]


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """By how much the first fails to be a margin above the second where the target is 1, below it where it is -1."""
    reduction = reduction_of(reduction, size_average, reduce)
    if not input1._a.ndim == input2._a.ndim == target._a.ndim:
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.shape}, input2: {input2.shape}, target: {target.shape} "
        )
    first: Any = input1
    loss = FUNCTIONS["clamp_min"](plus(-target * (first - input2), margin), 0)  # type: ignore[operator]
    return reduced(loss, reduction)  # type: ignore[no-any-return]


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """The input where the target is 1; by how much it fails to reach the margin where the target is -1."""
    reduction = reduction_of(reduction, size_average, reduce)
    where = FUNCTIONS["where"]
    zeros = wrap(np.zeros_like(input._a))
    short = FUNCTIONS["clamp_min"](_from(margin, input), 0)
    loss = where(wrap(target._a != 1), short, zeros) + where(wrap(target._a != -1), input, zeros)
    return reduced(loss, reduction)  # type: ignore[no-any-return]


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """One less the cosine between the vectors where the target is 1; by how much it exceeds the margin where it is -1."""
    reduction = reduction_of(reduction, size_average, reduce)
    first: Any = input1
    second: Any = input2
    kinds = f"sizes {list(input1._a.shape)} and {list(input2._a.shape)}"
    if target._a.ndim not in (0, 1):
        raise RuntimeError(
            f"0D or 1D target tensor expected, multi-target not supported, but found target with dimension {target._a.ndim}"
        )
    if target._a.ndim != input1._a.ndim - 1 or target._a.ndim != input2._a.ndim - 1:
        n = target._a.ndim
        raise RuntimeError(f"{n}D target tensor expects {n + 1}D input tensors, but found inputs with {kinds}.")
    dim = target._a.ndim
    lengths = plus((first * first).sum(dim), 1e-12) * plus((second * second).sum(dim), 1e-12)
    cosine = (first * second).sum(dim) / lengths.sqrt()
    zeros = wrap(np.zeros_like(cosine._a))
    where = FUNCTIONS["where"]
    near = where(wrap(target._a == 1), _from(1, cosine), zeros)
    far = where(wrap(target._a == -1), FUNCTIONS["clamp_min"](minus(cosine, margin), 0), zeros)
    return reduced(near + far, reduction)  # type: ignore[no-any-return]


def triplet_margin_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2, eps: float = 1e-6,
    swap: bool = False, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """By how much the negative fails to be a margin farther from the anchor than the positive."""
    reduction = reduction_of(reduction, size_average, reduce)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    a, b, c = anchor._a.ndim, positive._a.ndim, negative._a.ndim
    if not a == b == c:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {a}D, positive {b}D, and negative {c}D inputs"
        )
    near: Any = pairwise_distance(anchor, positive, p, eps)
    far = pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = FUNCTIONS["minimum"](far, pairwise_distance(positive, negative, p, eps))
    loss = FUNCTIONS["clamp_min"](plus(near, margin) - far, 0)
    return reduced(loss, reduction)  # type: ignore[no-any-return]


def triplet_margin_with_distance_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, *, distance_function: Callable[..., Any] | None = None,
    margin: float = 1.0, swap: bool = False, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """`triplet_margin_loss` with a distance of the caller's."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    distance = pairwise_distance if distance_function is None else distance_function
    if not anchor._a.ndim == positive._a.ndim == negative._a.ndim:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {anchor._a.ndim}D, positive {positive._a.ndim}D, and negative {negative._a.ndim}D inputs"
        )
    near: Any = distance(anchor, positive)
    far = distance(anchor, negative)
    if swap:
        far = FUNCTIONS["minimum"](far, distance(positive, negative))
    return reduced(FUNCTIONS["clamp_min"](margin + near - far, 0), reduction)  # type: ignore[no-any-return]


def linear_cross_entropy(
    input: Tensor, linear_weight: Tensor, target: Tensor, *, linear_bias: Tensor | None = None, weight: Tensor | None = None,
    reduction: str = "mean", ignore_index: int | None = None, label_smoothing: float = 0.0, options: Any = None,
) -> Tensor:  # fmt: skip
    """`cross_entropy` of a linear map of the input; the weight is (classes, *space, features)."""
    from srcgrad.torch.nn.functional.affine import linear

    del options  # says in which pieces to compute, and changes nothing in the result
    x, w = input._a, linear_weight._a
    if x.ndim not in (1, 2):
        raise RuntimeError(f"expected input with dimensionality 1 or 2, got {x.ndim}")
    if w.ndim < 2:
        raise RuntimeError(f"expected linear_weight with dimensionality at least 2, got {w.ndim}")
    if x.shape[-1] != w.shape[-1]:
        raise RuntimeError(
            "expected equal input and linear_weight last dimensions (in_features), "
            f"got {x.shape[-1]} and {w.shape[-1]}, respectively"
        )
    shape = (*x.shape[:-1], *w.shape[:-1])
    if linear_bias is not None and linear_bias._a.shape != w.shape[:-1]:
        raise RuntimeError(f"expected linear_bias shape {w.shape[:-1]}, got {linear_bias._a.shape}")
    if target._a.shape == shape and ignore_index is not None:
        raise RuntimeError("ignore_index cannot be specified when target contains probabilities")
    reshape = FUNCTIONS["reshape"]
    flat = linear_weight if w.ndim == 2 else reshape(linear_weight, (-1, w.shape[-1]))
    bias = linear_bias if linear_bias is None or w.ndim == 2 else reshape(linear_bias, (-1,))
    logits: Any = linear(input, flat, bias)
    logits = logits.view(shape)
    return cross_entropy(
        logits, target, weight, None, -100 if ignore_index is None else ignore_index, None, reduction, label_smoothing
    )


def _lengths(given: Any) -> Any:
    return np.asarray(given._a if isinstance(given, Tensor) else given, np.int64).reshape(-1)


def ctc_loss(
    log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any, blank: int = 0, reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:  # fmt: skip
    """Minus the log of the probability of the targets over all alignments; log_probs is (time, images, classes)."""
    reduction_of(reduction)
    a = log_probs._a
    if a.dtype.kind != "f":
        raise unsupported("ctc_loss_cpu", a.dtype)
    lone = a.ndim == 2
    x: Any = FUNCTIONS["unsqueeze"](log_probs, 1) if lone else log_probs
    times, labels = _lengths(input_lengths), _lengths(target_lengths)
    images = x._a.shape[1]
    classes = x._a.shape[2]
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    if len(times) != images:
        raise RuntimeError("input_lengths must be of size batch_size")
    if len(labels) != images:
        raise RuntimeError("target_lengths must be of size batch_size")
    if (times < 0).any() or (times > x._a.shape[0]).any():
        raise RuntimeError(
            f"Expected input_lengths to have value at most {x._a.shape[0]}, but got value {int(times.max())} "
            "(while checking arguments for ctc_loss_cpu)"
        )
    rows = _padded(targets._a.reshape(1, -1) if lone else targets._a, labels, blank)
    loss = _ctc(x, rows, times, labels, blank, zero_infinity)
    if lone:
        loss = FUNCTIONS["squeeze"](loss, 0)
    if reduction == "mean":
        sizes = np.maximum(labels, 1).astype(a.dtype)
        return (loss / wrap(sizes if not lone else sizes[0])).mean()  # type: ignore[no-any-return]
    return reduced(loss, reduction)  # type: ignore[no-any-return]


def _padded(targets: Any, lengths: Any, blank: int) -> Any:
    """Targets as rows, the rest of each filled with blanks; they may come one after the other."""
    longest = int(lengths.max(initial=0))
    rows = np.full((len(lengths), longest), blank, np.int64)
    start = 0
    for k, n in enumerate(lengths):
        rows[k, :n] = targets[k, :n] if targets.ndim == 2 else targets[start : start + n]
        start += n
    return rows
