"""Scaled dot product attention, and its form with several heads.

    scores = query @ key^T * scale + mask
    result = softmax(scores) @ value

Where nothing but the queries, keys and values takes part, the whole is one node, as in PyTorch; otherwise it is
composed of products and a softmax.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srcgrad.torch.kernels import attention as kernels
from srcgrad.torch.names import FUNCTIONS
from srcgrad.torch.ops.contractions import matmul
from srcgrad.torch.primitive import primitive
from srcgrad.torch.tensor import Tensor, wrap

__all__ = ["scaled_dot_product_attention"]


_safe_softmax = primitive(kernels.safe_softmax, "SafeSoftmaxBackward0")
_attention = primitive(kernels.attention, "ScaledDotProductFlashAttentionForCpuBackward0")


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, dropout_p: float = 0.0,
    is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False,
) -> Tensor:  # fmt: skip
    """The values weighted by how well their keys fit the queries."""
    q, k, v = query._a, key._a, value._a
    _check_attention(q, k, v, attn_mask)
    factor = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    mask: Any = attn_mask
    if mask is not None and mask._a.dtype.kind == "b":
        mask = wrap(np.where(mask._a, 0, -np.inf).astype(q.dtype))
    if is_causal:
        causal = np.tril(np.ones((q.shape[-2], k.shape[-2]), bool))
        later = wrap(np.where(causal, 0, -np.inf).astype(q.dtype))
        mask = later if mask is None else mask + later
    if enable_gqa:
        key, value = _repeated(query, key), _repeated(query, value)
        k, v = key._a, value._a
    fused = (
        q.ndim == k.ndim == v.ndim == 4 and dropout_p == 0 and q.shape[-1] == k.shape[-1] == v.shape[-1]
        and q.shape[:2] == k.shape[:2] == v.shape[:2] and (mask is None or not mask._needs)
    )  # fmt: skip
    if fused:
        return _attention(query, key, value, None if mask is None else mask._a, factor)  # type: ignore[no-any-return]
    root = math.sqrt(factor)
    x: Any = query
    turned: Any = key
    scores: Any = matmul(x * root, turned.transpose(-2, -1) * root)
    weights = _safe_softmax(scores if mask is None else scores + mask, -1)
    if dropout_p > 0:
        weights = FUNCTIONS["dropout"](weights, dropout_p, True)
    return matmul(weights, value)


def _check_attention(q: Any, k: Any, v: Any, mask: Any) -> None:
    if not q.dtype == k.dtype == v.dtype:
        from srcgrad.torch.dtypes import of

        names = [of(a.dtype)._c_name.lower() for a in (q, k, v)]
        raise RuntimeError(
            f"Expected query, key, and value to have the same dtype, but got query.dtype: {names[0]} key.dtype: "
            f"{names[1]} and value.dtype: {names[2]} instead."
        )
    if min(q.ndim, k.ndim, v.ndim) < 2:
        raise RuntimeError(
            f"Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: {q.ndim}, key.dim: "
            f"{k.ndim} and value.dim: {v.ndim} instead."
        )
    if mask is not None and mask._a.dtype.kind != "b" and mask._a.dtype != q.dtype:
        raise RuntimeError(
            f"Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: "
            f"{mask.dtype._c_name.lower()} and  query.dtype: {np.dtype(q.dtype).name} instead."
        )


def _repeated(query: Any, x: Any) -> Any:
    """Keys or values with each head as often as there are heads of queries for it."""
    heads = x._a.shape[-3]
    if query._a.shape[-3] % heads:
        raise RuntimeError("Number of heads in key and value must divide the number of heads in query")
    return x.repeat_interleave(query._a.shape[-3] // heads, -3)


FUNCTIONS["scaled_dot_product_attention"] = scaled_dot_product_attention
