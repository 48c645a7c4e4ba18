"""Attention with several heads, as a function: projections, one attention for each head, a projection."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from srcgrad.torch.names import FUNCTIONS
from srcgrad.torch.nn.functional import affine, attention
from srcgrad.torch.nn.functional.padding import pad
from srcgrad.torch.tensor import Tensor, wrap

__all__ = ["multi_head_attention_forward"]

linear: Any = affine.linear
scaled_dot_product_attention: Any = attention.scaled_dot_product_attention


def multi_head_attention_forward(
    query: Any, key: Any, value: Any, embed_dim_to_check: int, num_heads: int, in_proj_weight: Tensor | None,
    in_proj_bias: Any, bias_k: Any, bias_v: Any, add_zero_attn: bool, dropout_p: float, out_proj_weight: Any,
    out_proj_bias: Any, training: bool = True, key_padding_mask: Any = None, need_weights: bool = True,
    attn_mask: Any = None, use_separate_proj_weight: bool = False, q_proj_weight: Any = None,
    k_proj_weight: Any = None, v_proj_weight: Any = None, static_k: Any = None, static_v: Any = None,
    average_attn_weights: bool = True, is_causal: bool = False,
) -> tuple[Any, Any]:  # fmt: skip
    """(length, batch, width) queries attend to keys and values: the result, and the weights if asked for."""
    batched = check_shapes(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        query, key, value = (x.unsqueeze(1) for x in (query, key, value))
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, batch, width = query._a.shape
    other = None if attn_mask is None else attn_mask.dtype
    key_padding_mask = canonical_mask(key_padding_mask, "key_padding_mask", other, "attn_mask", query.dtype)
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method "
            "`generate_square_subsequent_mask` to create this mask."
        )
    if is_causal and key_padding_mask is None and not need_weights:
        attn_mask = None
    else:
        attn_mask = canonical_mask(attn_mask, "attn_mask", None, "", query.dtype)
        if key_padding_mask is not None:
            is_causal = False
    _check_widths(width, embed_dim_to_check, num_heads, key, value, use_separate_proj_weight)
    if use_separate_proj_weight:
        weights = _separate_weights(q_proj_weight, k_proj_weight, v_proj_weight)
        biases = (None,) * 3 if in_proj_bias is None else in_proj_bias.chunk(3)
        q, k, v = (linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True))
    else:
        if in_proj_weight is None:
            raise AssertionError("use_separate_proj_weight is False but in_proj_weight is None")
        q, k, v = packed_projection(query, key, value, in_proj_weight, in_proj_bias)
    if attn_mask is not None:
        attn_mask = _mask_of_three(attn_mask, length, key._a.shape[0], batch * num_heads)
    if bias_k is not None and bias_v is not None:
        if static_k is not None:
            raise AssertionError("bias cannot be added to static key.")
        if static_v is not None:
            raise AssertionError("bias cannot be added to static value.")
        k = FUNCTIONS["cat"]([k, bias_k.repeat(1, batch, 1)])
        v = FUNCTIONS["cat"]([v, bias_v.repeat(1, batch, 1)])
        attn_mask, key_padding_mask = (None if m is None else pad(m, (0, 1)) for m in (attn_mask, key_padding_mask))
    elif bias_k is not None:
        raise AssertionError("bias_k is set but bias_v is None")
    elif bias_v is not None:
        raise AssertionError("bias_v is set but bias_k is None")
    head = width // num_heads
    rows = batch * num_heads
    q = _by_head(q, rows, head)
    k = _by_head(k, rows, head) if static_k is None else _static(static_k, "static_k", rows, head)
    v = _by_head(v, rows, head) if static_v is None else _static(static_v, "static_v", rows, head)
    if add_zero_attn:
        k, v = (FUNCTIONS["cat"]([x, wrap(np.zeros((rows, 1, head), x._a.dtype))], dim=1) for x in (k, v))
        attn_mask, key_padding_mask = (None if m is None else pad(m, (0, 1)) for m in (attn_mask, key_padding_mask))
    count = k._a.shape[1]
    if key_padding_mask is not None:
        padding = _padding_of_heads(key_padding_mask, batch, num_heads, count)
        attn_mask = padding if attn_mask is None else attn_mask + padding
    dropout_p = dropout_p if training else 0.0
    if need_weights:
        y, shares = _with_weights(q, k, v, attn_mask, dropout_p)
        y = y.transpose(0, 1).reshape(length * batch, width)
        y = linear(y, out_proj_weight, out_proj_bias)
        y = y.view(length, batch, y.size(1))
        shares = shares.view(batch, num_heads, length, count)
        if average_attn_weights:
            shares = shares.mean(dim=1)
        return (y, shares) if batched else (y.squeeze(1), shares.squeeze(0))
    if attn_mask is not None:
        if attn_mask._a.shape[0] == 1 and attn_mask._a.ndim == 3:
            attn_mask = attn_mask.unsqueeze(0)
        else:
            attn_mask = attn_mask.view(batch, num_heads, -1, count)
    q = q.view(batch, num_heads, length, head)
    k, v = (x.view(batch, num_heads, count, head) for x in (k, v))
    y = scaled_dot_product_attention(q, k, v, attn_mask, dropout_p, is_causal)
    y = linear(y.permute(2, 0, 1, 3).reshape(batch * length, width), out_proj_weight, out_proj_bias)
    y = y.view(length, batch, y.size(1))
    return y if batched else y.squeeze(1), None


def _with_weights(q: Any, k: Any, v: Any, mask: Any, dropout_p: float) -> tuple[Any, Any]:
    scaled = q * math.sqrt(1.0 / float(q._a.shape[-1]))
    turned = k.transpose(-2, -1)
    scores = FUNCTIONS["bmm"](scaled, turned) if mask is None else FUNCTIONS["baddbmm"](mask, scaled, turned)
    weights = scores.softmax(-1)
    if dropout_p > 0:
        weights = FUNCTIONS["dropout"](weights, dropout_p, True)
    return FUNCTIONS["bmm"](weights, v), weights


def packed_projection(query: Any, key: Any, value: Any, weight: Any, bias: Any) -> Any:
    """The three projections by one weight; one product where the operands are the same."""
    width = query._a.shape[-1]
    if key is value:
        if query is key:
            x = linear(query, weight, bias)
            x = x.unflatten(-1, (3, width)).unsqueeze(0).transpose(0, -2).squeeze(-2).contiguous()
            return x[0], x[1], x[2]
        w_q, w_kv = weight.split([width, 2 * width])
        b_q, b_kv = (None, None) if bias is None else bias.split([width, 2 * width])
        x = linear(key, w_kv, b_kv)
        x = x.unflatten(-1, (2, width)).unsqueeze(0).transpose(0, -2).squeeze(-2).contiguous()
        return linear(query, w_q, b_q), x[0], x[1]
    biases = (None,) * 3 if bias is None else bias.chunk(3)
    return tuple(linear(x, w, b) for x, w, b in zip((query, key, value), weight.chunk(3), biases, strict=True))


def _separate_weights(*weights: Any) -> Any:
    for name, w in zip("qkv", weights, strict=True):
        if w is None:
            raise AssertionError(f"use_separate_proj_weight is True but {name}_proj_weight is None")
    return weights


def _by_head(x: Any, rows: int, head: int) -> Any:
    return x.view(x._a.shape[0], rows, head).transpose(0, 1)


def _static(x: Any, name: str, rows: int, head: int) -> Any:
    for k, n in ((0, rows), (2, head)):
        if x._a.shape[k] != n:
            raise AssertionError(f"expecting {name}.size({k}) of {n}, but got {x._a.shape[k]}")
    return x


def _mask_of_three(mask: Any, length: int, count: int, rows: int) -> Any:
    shape = {2: (length, count), 3: (rows, length, count)}.get(mask._a.ndim)
    if shape is None:
        raise RuntimeError(f"attn_mask's dimension {mask._a.ndim} is not supported")
    if mask._a.shape != shape:
        raise RuntimeError(f"The shape of the {mask._a.ndim}D attn_mask is {mask.shape}, but should be {shape}.")
    return mask.unsqueeze(0) if mask._a.ndim == 2 else mask


def _padding_of_heads(mask: Any, batch: int, heads: int, count: int) -> Any:
    for k, n in ((0, batch), (1, count)):
        if mask._a.shape[k] != n:
            raise AssertionError(f"Expected key_padded_mask.shape[{k}] to be {n}, but got {mask._a.shape[k]}")
    return mask.view(batch, 1, 1, count).expand(-1, heads, -1, -1).reshape(batch * heads, 1, count)


def _check_widths(width: int, wanted: int, heads: int, key: Any, value: Any, separate: bool) -> None:
    if width != wanted:
        raise AssertionError(f"was expecting embedding dimension of {wanted}, but got {width}")
    if width // heads * heads != width:
        raise AssertionError(f"embed_dim {width} not divisible by num_heads {heads}")
    if separate:
        if key._a.shape[:2] != value._a.shape[:2]:
            raise AssertionError(
                f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}"
            )
    elif key._a.shape != value._a.shape:
        raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")


def canonical_mask(mask: Any, name: str, other_type: Any, other_name: str, dtype: Any) -> Any:
    """A mask as numbers to add: minus infinity where a mask of bools holds."""
    if mask is None:
        return None
    kind = mask._a.dtype.kind
    if kind not in "bf":
        raise AssertionError(f"only bool and floating types of {name} are supported")
    if other_type is not None and mask.dtype != other_type:
        warnings.warn(
            f"Support for mismatched {name} and {other_name} is deprecated. Use same type for both instead.",
            stacklevel=2,
        )
    if kind == "b":
        return wrap(np.where(mask._a, -np.inf, 0).astype(dtype.numpy))
    return mask


def check_shapes(query: Any, key: Any, value: Any, key_padding_mask: Any, attn_mask: Any, heads: int) -> bool:
    """Raise where the operands do not fit; whether they are batches."""
    n = query._a.ndim
    if n not in {2, 3}:
        raise AssertionError(f"query should be unbatched 2D or batched 3D tensor but received {n}-D query tensor")
    start = f"For {'batched (3-D)' if n == 3 else 'unbatched (2-D)'} `query`, expected"
    if key._a.ndim != n or value._a.ndim != n:
        raise AssertionError(
            f"{start} `key` and `value` to be {n}-D but found {key._a.ndim}-D and {value._a.ndim}-D tensors respectively"
        )
    if key_padding_mask is not None and key_padding_mask._a.ndim != n - 1:
        raise AssertionError(
            f"{start} `key_padding_mask` to be `None` or {n - 1}-D but found {key_padding_mask._a.ndim}-D tensor instead"
        )
    if attn_mask is not None:
        if attn_mask._a.ndim not in {2, 3}:
            raise AssertionError(
                f"{start} `attn_mask` to be `None`, 2-D or 3-D but found {attn_mask._a.ndim}-D tensor instead"
            )
        if n == 2 and attn_mask._a.ndim == 3:
            shape = (heads, query._a.shape[0], key._a.shape[0])
            if attn_mask._a.shape != shape:
                raise AssertionError(f"Expected `attn_mask` shape to be {shape} but got {attn_mask.shape}")
    return bool(n == 3)
