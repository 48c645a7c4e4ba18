"""Affine maps as functions.

What enters: tensors. What leaves: products with a weight, composed of the products of matrices as in PyTorch.
"""

from __future__ import annotations

from math import prod
from typing import Any

from srcgrad.torch.kernels import trilinear
from srcgrad.torch.names import op
from srcgrad.torch.nn.functional.arguments import check_tensor
from srcgrad.torch.ops.contractions import addmm, matmul, mm
from srcgrad.torch.primitive import primitive
from srcgrad.torch.tensor import Tensor

__all__ = ["bilinear", "linear", "linear_cross_entropy"]


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input @ weight.T + bias."""
    check_tensor("linear", input)
    check_tensor("linear", weight, "weight", 2)
    a, w = input._a, weight._a
    turned: Any = weight.t()  # type: ignore[attr-defined]
    if a.ndim == 2 and w.ndim == 2:
        return mm(input, turned) if bias is None else addmm(bias, input, turned)
    x: Any = input
    if bias is not None and w.ndim == 2 and a.ndim >= 1 and bias._a.ndim == 1 and (a.ndim == 1 or a.flags.c_contiguous):
        rows = x.view(prod(a.shape[:-1]), a.shape[-1])
        return addmm(bias, rows, turned).view(*a.shape[:-1], w.shape[0])  # type: ignore[attr-defined,no-any-return]
    y: Any = matmul(input, turned)
    return y if bias is None else y + bias  # type: ignore[no-any-return]


_trilinear = primitive(trilinear.trilinear, "TrilinearBackward0")


@op("bilinear", method=False)
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input1 @ weight[k] @ input2 + bias[k] for each k."""
    a, b, w = input1._a, input2._a, weight._a
    if a.ndim != b.ndim:
        raise RuntimeError(f"bilinear(): input dimensions do not match: got {a.ndim} and {b.ndim}")
    for k in range(a.ndim - 1):
        if a.shape[k] != b.shape[k]:
            raise RuntimeError(
                f"bilinear(): input batch dimensions do not match at dim {k}: got {a.shape[k]} and {b.shape[k]}"
            )
    for number, (x, n) in enumerate(((a, w.shape[1]), (b, w.shape[2])), 1):
        if x.shape[-1] != n:
            raise RuntimeError(
                f"bilinear(): input{number} size does not match weight size: got {x.shape[-1]} but expected {n}"
            )
    if bias is not None and bias._a.shape[0] != w.shape[0]:
        raise RuntimeError(
            f"bilinear(): bias size does not match weight size: got {bias._a.shape[0]} but expected {w.shape[0]}"
        )
    rows = prod(a.shape[:-1])
    x1: Any = input1
    x2: Any = input2
    y: Any = _trilinear(x1.view(rows, a.shape[-1]), weight, x2.view(rows, b.shape[-1]))
    y = y.view(*a.shape[:-1], w.shape[0])
    return y if bias is None else y + bias  # type: ignore[no-any-return]


def linear_cross_entropy(
    input: Any, linear_weight: Any, target: Any, *, linear_bias: Any = None, weight: Tensor | None = None,
    reduction: str = "mean", ignore_index: int | None = None, label_smoothing: float = 0.0, options: Any = None,
) -> Tensor:  # fmt: skip
    """The cross entropy of an affine map of the input."""
    from srcgrad.torch.nn.functional import cross_entropy

    del options
    if input.dim() not in {1, 2}:
        raise RuntimeError(f"expected input with dimensionality 1 or 2, got {input.dim()}")
    if linear_weight.dim() < 2:
        raise RuntimeError(f"expected linear_weight with dimensionality at least 2, got {linear_weight.dim()}")
    classes, *out_features, in_features = linear_weight.shape
    if input.shape[-1] != in_features:
        raise RuntimeError(
            "expected equal input and linear_weight last dimensions (in_features), got "
            f"{input.shape[-1]} and {in_features}, respectively"
        )
    shape = (classes, *out_features)
    if linear_bias is not None and tuple(linear_bias.shape) != shape:
        raise RuntimeError(f"expected linear_bias shape {shape}, got {tuple(linear_bias.shape)}")
    if out_features and input.dim() == 1:
        raise RuntimeError(
            f"K-dimensional loss defined by linear_weight shape {tuple(linear_weight.shape)} requires batched input, "
            f"(N, {in_features}), got unbatched input with shape {tuple(input.shape)}"
        )
    if ignore_index is not None and target.is_floating_point():
        raise RuntimeError("ignore_index cannot be specified when target contains probabilities")
    bias = None if linear_bias is None else linear_bias.reshape(-1)
    scores: Any = linear(input, linear_weight.reshape(-1, in_features), bias)
    if out_features:
        scores = scores.view(-1, *shape)
    return cross_entropy(  # type: ignore[no-any-return]
        scores, target, weight=weight, reduction=reduction, label_smoothing=label_smoothing,
        ignore_index=-100 if ignore_index is None else ignore_index,
    )  # fmt: skip
