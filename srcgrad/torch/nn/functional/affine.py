"""Affine maps as functions.

What enters: tensors. What leaves: products with a weight, composed of the products of matrices as in PyTorch.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from srcgrad.rules.table import rule
from srcgrad.torch.names import op
from srcgrad.torch.nn.functional.arguments import check_tensor
from srcgrad.torch.ops.contractions import addmm, matmul, mm
from srcgrad.torch.primitive import primitive
from srcgrad.torch.tensor import Tensor

__all__ = ["bilinear", "linear"]


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input @ weight.T + bias."""
    if not (isinstance(input, Tensor) and isinstance(weight, Tensor)):
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


def trilinear(x1: Any, weight: Any, x2: Any) -> Any:
    """x1 @ weight[k] @ x2 for each k, for rows x1 and x2."""
    y = np.matmul(np.matmul(x1, weight).transpose(1, 0, 2), x2[:, :, None])
    return y[:, :, 0]


def trilinear_weight_bar(y_bar: Any, x1: Any, x2: Any) -> Any:
    rows = np.reshape(y_bar[:, :, None] * x1[:, None, :], (np.shape(y_bar)[0], -1))
    return np.reshape(rows.T @ x2, (np.shape(y_bar)[1], np.shape(x1)[1], np.shape(x2)[1]))


def trilinear_x1_bar(y_bar: Any, weight: Any, x2: Any) -> Any:
    n, k, m = np.shape(y_bar)[0], np.shape(weight)[0], np.shape(weight)[1]
    products = np.reshape(x2 @ np.reshape(weight, (k * m, -1)).T, (n, k, m))
    return np.sum(products * y_bar[:, :, None], axis=1)


def trilinear_x2_bar(y_bar: Any, x1: Any, weight: Any) -> Any:
    rows = np.reshape(y_bar[:, :, None] * x1[:, None, :], (np.shape(y_bar)[0], -1))
    return rows @ np.reshape(weight, (-1, np.shape(weight)[2]))


rule(
    trilinear,
    "x1, weight, x2",
    vjp={
        "x1": "trilinear_x1_bar(y_bar, weight, x2)",
        "weight": "trilinear_weight_bar(y_bar, x1, x2)",
        "x2": "trilinear_x2_bar(y_bar, x1, weight)",
    },
    jvp={
        "x1": "trilinear(x1_dot, weight, x2)",
        "weight": "trilinear(x1, weight_dot, x2)",
        "x2": "trilinear(x1, weight, x2_dot)",
    },
)
_trilinear = primitive(trilinear, "TrilinearBackward0")


@op("bilinear", method=False)
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input1 @ weight[k] @ input2 + bias[k] for each k."""
    a, b, w = input1._a, input2._a, weight._a
    if a.ndim != b.ndim:
        raise RuntimeError(
            f"bilinear(): input dimensions do not match: got {a.ndim} and {b.ndim}"
        )
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
    x1: Any = input1
    x2: Any = input2
    y: Any = _trilinear(x1.view(-1, a.shape[-1]), weight, x2.view(-1, b.shape[-1]))
    y = y.view(*a.shape[:-1], w.shape[0])
    return y if bias is None else y + bias  # type: ignore[no-any-return]


