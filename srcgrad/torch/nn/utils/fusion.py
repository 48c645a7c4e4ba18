"""A convolution or affine map and the batch normalisation after it, made one."""

from __future__ import annotations

import copy
from typing import Any

from srcgrad.torch.names import FUNCTIONS
from srcgrad.torch.nn.parameter import Parameter


def fuse_conv_bn_eval(conv: Any, bn: Any, transpose: bool = False) -> Any:
    """The convolution that does what both do in evaluation."""
    if conv.training or bn.training:
        raise AssertionError("Fusion only for eval!")
    fused = copy.deepcopy(conv)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias, transpose
    )
    return fused


def fuse_conv_bn_weights(
    conv_w: Any, conv_b: Any, bn_rm: Any, bn_rv: Any, bn_eps: float, bn_w: Any, bn_b: Any, transpose: bool = False
) -> tuple[Any, Any]:
    """The weight and the bias of that convolution."""
    conv_b = FUNCTIONS["zeros_like"](bn_rm) if conv_b is None else conv_b
    bn_w = FUNCTIONS["ones_like"](bn_rm) if bn_w is None else bn_w
    bn_b = FUNCTIONS["zeros_like"](bn_rm) if bn_b is None else bn_b
    rstd = FUNCTIONS["rsqrt"](bn_rv + bn_eps)
    shape = [1, -1] if transpose else [-1, 1]
    weight = conv_w * (bn_w * rstd).reshape(shape + [1] * (len(conv_w.shape) - 2))
    bias = (conv_b - bn_rm) * rstd * bn_w + bn_b
    return Parameter(weight.to(conv_w.dtype).detach(), conv_w.requires_grad), Parameter(
        bias.to(conv_w.dtype).detach(), conv_b.requires_grad
    )


def fuse_linear_bn_eval(linear: Any, bn: Any) -> Any:
    """The affine map that does what both do in evaluation."""
    if linear.training or bn.training:
        raise AssertionError("Fusion only for eval!")
    fused = copy.deepcopy(linear)
    if linear.out_features != bn.num_features and bn.num_features != 1:
        raise AssertionError("To fuse, linear.out_features == bn.num_features or bn.num_features == 1")
    fused.weight, fused.bias = fuse_linear_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias
    )
    return fused


def fuse_linear_bn_weights(
    linear_w: Any, linear_b: Any, bn_rm: Any, bn_rv: Any, bn_eps: float, bn_w: Any, bn_b: Any
) -> tuple[Any, Any]:
    """The weight and the bias of that affine map."""
    linear_b = FUNCTIONS["zeros_like"](bn_rm) if linear_b is None else linear_b
    scale = bn_w * FUNCTIONS["rsqrt"](bn_rv + bn_eps)
    weight = linear_w * scale.unsqueeze(-1)
    bias = (linear_b - bn_rm) * scale + bn_b
    return Parameter(weight.detach(), linear_w.requires_grad), Parameter(bias.detach(), linear_b.requires_grad)
