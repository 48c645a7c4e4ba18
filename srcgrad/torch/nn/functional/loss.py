"""Losses: how far an input is from its target, for each element or as their mean or sum.

What enters: an input and a target. What leaves: a 0-d tensor, or with `reduction="none"` the losses themselves.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from srcgrad.torch.kernels import losses as kernels
from srcgrad.torch.names import FUNCTIONS
from srcgrad.torch.ops.by_number import both_wide, check_constant, plus, times
from srcgrad.torch.ops.comparison import in_one_dtype
from srcgrad.torch.pointwise import not_a_tensor, unsupported
from srcgrad.torch.primitive import primitive
from srcgrad.torch.recorded import FACES
from srcgrad.torch.tensor import Tensor

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "gaussian_nll_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "mse_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
    "soft_margin_loss",
]  # fmt: skip

_mse = primitive(kernels.mse_loss, "MseLossBackward0")
_smooth_l1 = primitive(kernels.smooth_l1_loss, "SmoothL1LossBackward0")
_huber = primitive(kernels.huber_loss, "HuberLossBackward0")
_bce = primitive(kernels.binary_cross_entropy, "BinaryCrossEntropyBackward0")
_bce_with_logits = primitive(kernels.binary_cross_entropy_with_logits, "BinaryCrossEntropyWithLogitsBackward0")
_soft_margin = primitive(kernels.soft_margin_loss, "SoftMarginLossBackward0")


def _per_element(y_bar: Tensor, x: Any, reduction: str) -> Any:
    return y_bar / math.prod(x.shape) if reduction == "mean" else y_bar


FACES[kernels.per_element] = _per_element

REDUCTIONS = ("none", "mean", "sum")


def reduction_of(reduction: str, size_average: Any = None, reduce: Any = None) -> str:
    """The reduction, if it is one; two older options override it."""
    if size_average is not None or reduce is not None:
        from srcgrad.torch.nn.loss import reduction_of as older

        return older(size_average, reduce)
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def reduced(loss: Any, reduction: str) -> Any:
    """The losses as they are, their mean or their sum."""
    return loss if reduction == "none" else loss.mean() if reduction == "mean" else loss.sum()


def _pair(input: Any, target: Any, name: str, kernel: str, kinds: str = "f") -> tuple[Any, Any]:
    """Input and target in one shape and dtype; a warning where they had different ones."""
    if not isinstance(input, Tensor) or not isinstance(target, Tensor):
        missing = (target, "target", 2) if isinstance(input, Tensor) else (input, "input", 1)
        raise not_a_tensor(name, *missing)
    if input._a.shape != target._a.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). This will "
            "likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            UserWarning,
            stacklevel=3,
        )
        input, target = FUNCTIONS["broadcast_tensors"](input, target)
    if input._a.dtype is not target._a.dtype and not both_wide((input._a, target._a)):
        input, target = in_one_dtype(input, target)
    if input._a.dtype.kind not in kinds:
        raise unsupported(kernel, input._a.dtype)
    return input, target


def mse_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The square of the difference."""
    reduction = reduction_of(reduction, size_average, reduce)
    input, target = _pair(input, target, "mse_loss", "mse_cpu")
    if weight is None:
        return _mse(input, target, reduction)  # type: ignore[no-any-return]
    return _by_weight(_mse(input, target, "none"), weight, reduction)


def _by_weight(loss: Any, weight: Tensor, reduction: str) -> Tensor:
    if weight._a.shape != loss._a.shape:
        raise ValueError("Inputs and weight must have the same size.")
    loss = loss * weight
    if reduction == "mean":
        return loss.sum() / weight.sum()  # type: ignore[no-any-return,attr-defined]
    return reduced(loss, reduction)  # type: ignore[no-any-return]


def l1_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The absolute value of the difference."""
    reduction = reduction_of(reduction, size_average, reduce)
    x, y = _pair(input, target, "l1_loss", "l1_cpu", "fciu")
    loss: Any = (x - y).abs()
    return reduced(loss, reduction) if weight is None else _by_weight(loss, weight, reduction)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """The absolute value of the difference less beta / 2, and a parabola where that is below beta."""
    reduction = reduction_of(reduction, size_average, reduce)
    input, target = _pair(input, target, "smooth_l1_loss", "smooth_l1_cpu")
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return reduced((input - target).abs(), reduction)  # type: ignore[operator,no-any-return]
    return _smooth_l1(input, target, reduction, beta)  # type: ignore[no-any-return]


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """delta times the absolute value of the difference less delta / 2, and a parabola where that is at most delta."""
    reduction_of(reduction)
    input, target = _pair(input, target, "huber_loss", "huber_cpu")
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    if weight is None:
        return _huber(input, target, reduction, delta)  # type: ignore[no-any-return]
    return _by_weight(_huber(input, target, "none", delta), weight, reduction)


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """-(target log(input) + (1 - target) log(1 - input)) of probabilities; no logarithm is below -100."""
    reduction = reduction_of(reduction, size_average, reduce)
    a, b = input._a, target._a
    if a.shape != b.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) is deprecated. "
            "Please ensure they have the same size."
        )
    if weight is not None:
        shape = np.broadcast_shapes(b.shape, weight._a.shape)
        weight = FUNCTIONS["broadcast_to"](weight, shape)
    for t in (target, weight):
        if t is not None and t._a.dtype != a.dtype:
            raise RuntimeError(f"Found dtype {t.dtype._c_name} but expected {input.dtype._c_name}")
    if a.dtype.kind != "f":
        raise unsupported("binary_cross_entropy", a.dtype)
    if a.size and not ((a >= 0) & (a <= 1)).all():
        raise RuntimeError("all elements of input should be between 0 and 1")
    if b.size and not ((b >= 0) & (b <= 1)).all():
        raise RuntimeError("all elements of target should be between 0 and 1")
    check_constant("binary_cross_entropy", weight=weight)
    return _bce(input, target, weight, reduction)  # type: ignore[no-any-return]


def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean", pos_weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The binary cross entropy of sigmoid(input), without overflow."""
    reduction = reduction_of(reduction, size_average, reduce)
    for position, (name, t) in enumerate((("input", input), ("target", target)), 1):
        if not isinstance(t, Tensor):
            raise not_a_tensor("binary_cross_entropy_with_logits", t, name, position)
    if target._a.shape != input._a.shape:
        raise ValueError(f"Target size ({target.shape}) must be the same as input size ({input.shape})")
    if target._a.dtype.kind in "iub" and input._a.dtype.kind == "f":
        raise RuntimeError(
            f"result type {input.dtype._c_name} can't be cast to the desired output type {target.dtype._c_name}"
        )
    check_constant("binary_cross_entropy_with_logits", weight=weight, pos_weight=pos_weight)
    return _bce_with_logits(*in_one_dtype(input, target), weight, pos_weight, reduction)  # type: ignore[no-any-return]


def soft_margin_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Tensor:
    """log(1 + exp(-target * input)) for targets of -1 and 1."""
    reduction = reduction_of(reduction, size_average, reduce)
    check_constant("soft_margin_loss", target=target)
    return _soft_margin(*in_one_dtype(input, target), reduction)  # type: ignore[no-any-return]


def kl_div(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:  # fmt: skip
    """target * (log(target) - input), where the input is a logarithm, and with log_target the target is one too."""
    if size_average is None and reduce is None and reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size.'batchmean' "
            "divides only by the batch size, and aligns with the KL div math definition.'mean' will be changed to "
            "behave the same as 'batchmean' in the next major release.",
            UserWarning,
            stacklevel=2,
        )
    if reduction != "batchmean":
        reduction = reduction_of(reduction, size_average, reduce)
    if log_target:
        loss = FUNCTIONS["exp"](target) * (target - input)  # type: ignore[operator]
    else:
        loss = FUNCTIONS["xlogy"](target, target) - target * input  # type: ignore[operator]
    if reduction != "batchmean":
        return reduced(loss, reduction)  # type: ignore[no-any-return]
    return loss.sum() / input._a.shape[0] if input._a.ndim else loss.sum()  # type: ignore[no-any-return]


def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: bool = True, full: bool = False, size_average: Any = None, eps: float = 1e-8,
    reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """Minus the Poisson distribution's log likelihood; `full` adds Stirling's formula for the factorial."""
    reduction = reduction_of(reduction, size_average, reduce)
    x: Any = input
    t: Any = target
    loss = x.exp() - t * x if log_input else x - t * FUNCTIONS["log"](plus(x, eps))
    if full:
        stirling = t * FUNCTIONS["log"](t) - t + times(FUNCTIONS["log"](times(t, 2 * np.pi)), 0.5)
        loss = loss + stirling.masked_fill(t <= 1, 0)
    return reduced(loss, reduction)  # type: ignore[no-any-return]


def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Tensor | float, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """Minus the log likelihood of normal distributions with means `input` and variances `var`."""
    x: Any = input
    v: Any = FUNCTIONS["full_like"](input, var) if isinstance(var, (int, float)) else var
    if isinstance(var, (int, float)) and var < 0:
        raise ValueError("var has negative entry/entries")
    if v._a.shape != x._a.shape:
        if x._a.shape[:-1] == v._a.shape:
            v = v.unsqueeze(-1)
        elif not (x._a.shape[:-1] == v._a.shape[:-1] and v._a.shape[-1] == 1) and not _stretches(
            v._a.shape, x._a.shape
        ):
            raise ValueError("var is of incorrect size")
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not valid")
    if (v._a < 0).any():
        raise ValueError("var has negative entry/entries")
    v = v.clone()
    np.maximum(v._a, eps, out=v._a)
    loss = 0.5 * (FUNCTIONS["log"](v) + (x - target) ** 2 / v)
    if full:
        loss = loss + 0.5 * float(np.log(2 * np.pi))
    return reduced(loss, reduction)  # type: ignore[no-any-return]


def _stretches(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    return len(shape) == len(to) and all(n in (1, m) for n, m in zip(shape, to, strict=True))
