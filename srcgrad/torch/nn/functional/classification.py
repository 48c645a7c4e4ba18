"""Losses of classes: cross entropy, the negative log likelihood, margins between classes.

What enters: an input (images, classes, *space), or (classes) alone, and a target. What leaves: as with the other losses.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.torch.kernels import losses as kernels
from srcgrad.torch.names import FUNCTIONS
from srcgrad.torch.nn.functional.loss import reduction_of
from srcgrad.torch.ops.by_number import check_constant, over, plus, times
from srcgrad.torch.ops.comparison import dropped
from srcgrad.torch.pointwise import not_a_tensor, unsupported
from srcgrad.torch.primitive import primitive
from srcgrad.torch.recorded import FACES
from srcgrad.torch.tensor import Tensor, wrap

__all__ = ["cross_entropy", "nll_loss"]

_NUMBERS_OF_CLASSES = frozenset({np.dtype(np.int64), np.dtype(np.uint8)})
_nll = primitive(kernels.nll_loss, "NllLossBackward0", operands=["x"])
_nll_of_images = primitive(kernels.nll_loss, "NllLoss2DBackward0", operands=["x"])
FACES[kernels.nll_loss] = _nll
FACES[kernels.nll_loss_bar] = primitive(kernels.nll_loss_bar, "NllLossBackwardBackward0")


def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: Any = None, ignore_index: int = -100,
    reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """Minus the value of the target's class, times the weight of that class."""
    reduction = reduction_of(reduction, size_average, reduce)
    _check_tensors("nll_loss_nd", input, target)
    a, t = input._a, target._a
    if a.ndim < 1:
        raise ValueError(f"Expected 1 or more dimensions (got {a.ndim})")
    if a.ndim != 1 and (t.ndim == 0 or a.shape[0] != t.shape[0]):
        batch = t.shape[0] if t.ndim else 0
        raise ValueError(f"Expected input batch_size ({a.shape[0]}) to match target batch_size ({batch}).")
    if a.ndim == 1 and t.size != 1:
        raise ValueError(f"For 1D input, 1D target must have size 1, but got target size: {t.shape[0]}")
    if a.ndim <= 2 and t.ndim > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if t.dtype not in _NUMBERS_OF_CLASSES:
        raise RuntimeError(f"expected target dtype to be Long or Byte, but got {target.dtype._c_name}")
    if weight is not None:
        check_constant("nll_loss_forward", weight=weight)
        _check_weight(input, weight)
    if a.dtype.kind != "f":
        raise unsupported("nll_loss_out_frame", a.dtype)
    classes = a.shape[0] if a.ndim == 1 else a.shape[1]
    if t.size and not (int(np.minimum.reduce(t, None)) >= 0 and int(np.maximum.reduce(t, None)) < classes):
        wrong = (t != ignore_index) & ((t < 0) | (t >= classes))
        if wrong.any():
            raise IndexError(f"Target {t[wrong].flat[0] if t.ndim else t} is out of bounds.")
    w = None if weight is None else weight._a
    if a.ndim <= 2:
        return _nll(input, t, w, reduction, ignore_index)  # type: ignore[no-any-return]
    if a.ndim == 4 and t.shape[1:] != a.shape[2:]:
        raise RuntimeError(f"size mismatch (got input: {list(a.shape)} , target: {list(t.shape)}")
    if t.shape[1:] != a.shape[2:]:
        raise RuntimeError(f"Expected target size {[a.shape[0], *a.shape[2:]]}, got {list(t.shape)}")
    if a.ndim == 4:
        return _nll_of_images(input, t, w, reduction, ignore_index)  # type: ignore[no-any-return]
    x: Any = input
    flat = x.contiguous().view(a.shape[0], a.shape[1], 1, -1 if a.size else 0)
    found = _nll_of_images(flat, t.reshape(t.shape[0], 1, -1 if t.size else 0), w, reduction, ignore_index)
    return FUNCTIONS["reshape"](found, t.shape) if reduction == "none" else found  # type: ignore[no-any-return]


def _check_tensors(function: str, input: Any, target: Any) -> None:
    if not isinstance(input, Tensor):
        raise not_a_tensor(function, input, "input", 1)
    if not isinstance(target, Tensor):
        raise not_a_tensor(function, target, "target", 2)


def _check_weight(input: Tensor, weight: Tensor | None) -> None:
    if weight is None:
        return
    a, w = input._a, weight._a
    classes = a.shape[0] if a.ndim == 1 else a.shape[1]
    if w.shape != (classes,):
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but got weight tensor of "
            f"shape: {list(w.shape)}"
        )
    if w.dtype != a.dtype:
        raise RuntimeError(f"expected scalar type {input.dtype._c_name} but found {weight.dtype._c_name}")


def cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: Any = None, ignore_index: int = -100,
    reduce: Any = None, reduction: str = "mean", label_smoothing: float = 0.0,
) -> Tensor:  # fmt: skip
    """Minus the log of the softmax of the target's class; or a target of probabilities, of the input's shape."""
    reduction = reduction_of(reduction, size_average, reduce)
    _check_tensors("cross_entropy_loss", input, target)
    dim = 0 if input._a.ndim == 1 else 1
    if input._a.shape == target._a.shape:
        if target._a.dtype.kind != "f":
            raise RuntimeError(
                f"Expected floating point type for target with class probabilities, got {target.dtype._c_name}"
            )
        if ignore_index >= 0:
            raise RuntimeError("ignore_index is not supported for floating point target")
        return _of_probabilities(input, target, weight, reduction, label_smoothing, dim)
    _check_smoothing(label_smoothing)
    logarithms = FUNCTIONS["log_softmax"](input, dim)
    if not label_smoothing:
        return nll_loss(logarithms, target, weight, None, ignore_index, None, reduction)
    return _smoothed(logarithms, target, weight, reduction, ignore_index, label_smoothing, dim)


def _check_smoothing(label_smoothing: float) -> None:
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing:g}")


def _over_classes(weight: Tensor, ndim: int, dim: int) -> Tensor:
    shape = [1] * ndim
    shape[dim] = weight._a.size
    return FUNCTIONS["reshape"](weight, shape)  # type: ignore[no-any-return]


def _of_probabilities(
    input: Tensor, target: Any, weight: Tensor | None, reduction: str, smoothing: float, dim: int
) -> Tensor:
    _check_smoothing(smoothing)
    logarithms = FUNCTIONS["log_softmax"](input, dim)
    classes = input._a.shape[dim]
    if smoothing:
        target = plus(times(target, 1 - smoothing), smoothing / classes)
    product = logarithms * target
    if weight is not None:
        product = product * _over_classes(weight, input._a.ndim, dim)
    if reduction == "none":
        return -product.sum(dim)  # type: ignore[no-any-return]
    total = -product.sum()
    if reduction == "sum":
        return total  # type: ignore[no-any-return]
    return over(total, input._a.size / classes if input._a.size else 0.0)  # type: ignore[no-any-return]


def _smoothed(
    logarithms: Tensor,
    target: Tensor,
    weight: Tensor | None,
    reduction: str,
    ignore_index: int,
    smoothing: float,
    dim: int,
) -> Tensor:
    """A part of each target's weight spread over all classes."""
    loss = nll_loss(logarithms, target, weight, None, ignore_index, None, reduction)
    spread: Any = logarithms
    if weight is not None:
        spread = spread * _over_classes(weight, logarithms._a.ndim, dim)
    ignored = target._a == ignore_index
    spread = dropped(-spread.sum(dim), ignored)
    if reduction == "mean":
        if weight is None:
            spread = spread.sum() / wrap(np.sum(~ignored))
        else:
            spread = spread.sum() / wrap(weight._a[target._a[~ignored]].sum())
    elif reduction == "sum":
        spread = spread.sum()
    return times(loss, 1 - smoothing) + times(spread, smoothing / logarithms._a.shape[dim])  # type: ignore[no-any-return]
