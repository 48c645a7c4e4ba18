"""Activations: functions of one array, element by element, with PyTorch's slopes at their corners.

What enters: floating point arrays. What leaves: arrays of the same dtype. The slope of each is a function of
its own, in plain NumPy, so that it can be differentiated in turn.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srcgrad.rules.table import elementwise, rule
from srcgrad.torch.kernels.error_functions import erf
from srcgrad.torch.kernels.masks import FEW, ZEROS, above, dropped, kept

# The methods of arrays reach these by way of Python.
_sum: Any = np.add.reduce
_max: Any = np.maximum.reduce


def relu(x: Any) -> Any:
    """max(x, 0); its slope at 0 is 0."""
    return np.maximum(x, ZEROS.get(x.dtype, 0))


def threshold_backward(g: Any, x: Any, bound: Any) -> Any:
    """g where x is above the bound, 0 elsewhere."""
    below = x <= (bound or ZEROS.get(x.dtype, 0))
    if g.shape != below.shape or g.size >= FEW:
        return dropped(g, below)
    passed = g.copy()
    passed[below] = 0
    return passed


def hardtanh_backward(g: Any, x: Any, low: Any, high: Any) -> Any:
    """g where x is between the bounds, 0 elsewhere."""
    return kept(g, (x > low) & (x < high))


def shrink_backward(g: Any, x: Any, bound: Any) -> Any:
    """g where |x| is above the bound, 0 elsewhere."""
    return kept(g, (x > bound) | (x < -bound))


# The second derivatives are zero, and PyTorch's graph goes on to x all the same.
for _function, _bounds in ((threshold_backward, "bound"), (hardtanh_backward, "low, high"), (shrink_backward, "bound")):
    _name = _function.__name__
    rule(
        _function,
        f"g, x, {_bounds}",
        vjp={"g": f"{_name}(y_bar, x, {_bounds})", "x": "np.zeros_like(x)"},
        jvp={"g": f"{_name}(g_dot, x, {_bounds})", "x": "np.zeros_like(x)"},
    )
rule(relu, "x", vjp={"x": "threshold_backward(y_bar, y, 0)"}, jvp={"x": "threshold_backward(x_dot, y, 0)"})


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x))."""
    with np.errstate(over="ignore"):
        y = np.exp(-x)
    y += 1
    return np.reciprocal(y)


elementwise(sigmoid, "y * (1 - y)")


def threshold(x: Any, bound: Any, value: Any) -> Any:
    """x where it is above the bound, the value elsewhere."""
    return np.where(x <= bound, np.asarray(value).astype(x.dtype), x)


rule(
    threshold,
    "x, bound, value",
    vjp={"x": "threshold_backward(y_bar, x, bound)"},
    jvp={"x": "threshold_backward(x_dot, x, bound)"},
)


def hardtanh(x: Any, low: Any, high: Any) -> Any:
    """x cut off at the bounds, where its slope is 0."""
    return np.minimum(np.maximum(x, low), high)


rule(
    hardtanh,
    "x, low, high",
    vjp={"x": "hardtanh_backward(y_bar, x, low, high)"},
    jvp={"x": "hardtanh_backward(x_dot, x, low, high)"},
)


def leaky_relu(x: Any, slope: Any) -> Any:
    """x where it is positive, slope * x elsewhere."""
    return np.maximum(x, x * slope) if 0 < slope <= 1 else np.where(x > 0, x, x * slope)


def leaked(g: Any, x: Any, slope: Any) -> Any:
    """g where x is positive, slope * g elsewhere."""
    return g * np.array([slope, 1], g.dtype)[(x > 0).view(np.int8)]


rule(leaky_relu, "x, slope", vjp={"x": "leaked(y_bar, x, slope)"}, jvp={"x": "leaked(x_dot, x, slope)"})
rule(leaked, "g, x, slope", vjp={"g": "leaked(y_bar, x, slope)"}, jvp={"g": "leaked(g_dot, x, slope)"})


def prelu(x: Any, weight: Any) -> Any:
    """x where it is positive, weight * x elsewhere."""
    return np.where(x > 0, x, x * weight)


elementwise(prelu, "np.where(x1 > 0, 1, x2)", "np.minimum(x1, 0)")


def elu(x: Any, alpha: Any, scale: Any, input_scale: Any) -> Any:
    """scale * x where x is positive, scale * alpha * (exp(input_scale * x) - 1) elsewhere."""
    y = np.expm1(np.minimum(x, 0) * input_scale) * (alpha * scale)
    y += np.maximum(x, 0) * scale
    return y


def elu_slope(x: Any, alpha: Any, scale: Any, input_scale: Any) -> Any:
    tail = np.exp(np.where(x < 0, x, 0) * input_scale) * (alpha * scale * input_scale)
    return np.where(x <= 0, tail, scale)


rule(
    elu,
    "x, alpha, scale, input_scale",
    vjp={"x": "y_bar * elu_slope(x, alpha, scale, input_scale)"},
    jvp={"x": "x_dot * elu_slope(x, alpha, scale, input_scale)"},
)


def celu(x: Any, alpha: Any) -> Any:
    """x where it is positive, alpha * (exp(x / alpha) - 1) elsewhere."""
    return elu(x, alpha, 1.0, 1.0 / alpha)


rule(
    celu,
    "x, alpha",
    vjp={"x": "y_bar * elu_slope(x, alpha, 1.0, 1.0 / alpha)"},
    jvp={"x": "x_dot * elu_slope(x, alpha, 1.0, 1.0 / alpha)"},
)


def silu(x: Any) -> Any:
    """x * sigmoid(x)."""
    return x * sigmoid(x)


def silu_slope(x: Any) -> Any:
    s = sigmoid(x)
    return s * (1 + x * (1 - s))


elementwise(silu, "silu_slope(x)")


def mish(x: Any) -> Any:
    """x * tanh(log(1 + exp(x)))."""
    return x * np.tanh(softplus(x, 1.0, math.inf))


def mish_slope(x: Any) -> Any:
    t = np.tanh(softplus(x, 1.0, math.inf))
    return t + x * sigmoid(x) * (1 - t * t)


elementwise(mish, "mish_slope(x)")


def softplus(x: Any, beta: Any, threshold: Any) -> Any:
    """log(1 + exp(beta * x)) / beta; x where beta * x is above the threshold."""
    z = x * beta
    smooth = np.log1p(np.exp(-np.abs(z))) + np.maximum(z, 0)
    return np.where(z > threshold, x, smooth / beta)


def softplus_slope(x: Any, beta: Any, threshold: Any) -> Any:
    return np.where(above(x * beta, threshold), 1, sigmoid(x * beta))


rule(
    softplus,
    "x, beta, threshold",
    vjp={"x": "y_bar * softplus_slope(x, beta, threshold)"},
    jvp={"x": "x_dot * softplus_slope(x, beta, threshold)"},
)


def log_sigmoid(x: Any) -> Any:
    """log(sigmoid(x)), without overflow."""
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


elementwise(log_sigmoid, "sigmoid(-x)")


def hardshrink(x: Any, bound: Any) -> Any:
    """0 where |x| <= bound, x elsewhere."""
    return np.where((x >= -bound) & (x <= bound), 0, x)


def softshrink(x: Any, bound: Any) -> Any:
    """x moved towards 0 by the bound; 0 where that would cross it."""
    return np.where(x > bound, x - bound, np.where(x < -bound, x + bound, x * 0))


rule(
    hardshrink,
    "x, bound",
    vjp={"x": "shrink_backward(y_bar, x, bound)"},
    jvp={"x": "shrink_backward(x_dot, x, bound)"},
)
rule(
    softshrink,
    "x, bound",
    vjp={"x": "shrink_backward(y_bar, x, bound)"},
    jvp={"x": "shrink_backward(x_dot, x, bound)"},
)


def hardsigmoid(x: Any) -> Any:
    """x / 6 + 1/2, cut off at 0 and 1."""
    return np.minimum(np.maximum(x + 3, 0), 6) / 6


rule(
    hardsigmoid,
    "x",
    vjp={"x": "hardtanh_backward(y_bar / 6, x, -3, 3)"},
    jvp={"x": "hardtanh_backward(x_dot / 6, x, -3, 3)"},
)


def hardswish(x: Any) -> Any:
    """x * hardsigmoid(x)."""
    return x * np.minimum(np.maximum(x + 3, 0), 6) / 6


def hardswish_slope(x: Any) -> Any:
    return np.where(x <= -3, 0, np.where(x < 3, x / 3 + 0.5, 1))


elementwise(hardswish, "hardswish_slope(x)")


def softmax(x: Any, dim: Any) -> Any:
    """exp(x) in proportion to its sum along a dimension."""
    if x.ndim == 0:
        return np.ones_like(x)
    y = x - _max(x, dim, None, None, True, -math.inf)
    np.exp(y, y)
    y /= _sum(y, dim, None, None, True)
    return y


def softmax_bar(g: Any, y: Any, dim: Any) -> Any:
    """The cotangent of softmax's operand, given its result y."""
    if g.ndim == 0:
        return np.zeros_like(g)
    return y * (g - _sum(g * y, dim, None, None, True))


def softmax_bar_by_result(c: Any, g: Any, y: Any, dim: Any) -> Any:
    """The cotangent of y in softmax_bar."""
    if np.ndim(g) == 0:
        return np.zeros_like(g)
    return c * (g - np.sum(g * y, axis=dim, keepdims=True)) - g * np.sum(c * y, axis=dim, keepdims=True)


rule(softmax, "x, dim", vjp={"x": "softmax_bar(y_bar, y, dim)"}, jvp={"x": "softmax_bar(x_dot, y, dim)"})
rule(
    softmax_bar,
    "g, p, dim",
    vjp={"g": "softmax_bar(y_bar, p, dim)", "p": "softmax_bar_by_result(y_bar, g, p, dim)"},
    jvp={"g": "softmax_bar(g_dot, p, dim)", "p": "softmax_bar_by_result(p_dot, g, p, dim)"},
)


def log_softmax(x: Any, dim: Any) -> Any:
    """log(softmax(x)), without overflow."""
    if x.ndim == 0:
        return np.zeros_like(x)
    y = x - _max(x, dim, None, None, True, -math.inf)
    y -= np.log(_sum(np.exp(y), dim, None, None, True))
    return y


def log_softmax_bar(g: Any, y: Any, dim: Any) -> Any:
    """The cotangent of log_softmax's operand, given its result y."""
    if g.ndim == 0:
        return np.zeros_like(g)
    return g - np.exp(y) * _sum(g, dim, None, None, True)


def log_softmax_dot(x_dot: Any, y: Any, dim: Any) -> Any:
    """The tangent of log_softmax's result y."""
    if np.ndim(x_dot) == 0:
        return np.zeros_like(x_dot)
    return x_dot - np.sum(np.exp(y) * x_dot, axis=dim, keepdims=True)


def log_softmax_bar_by_result(c: Any, g: Any, y: Any, dim: Any) -> Any:
    """The cotangent of y in log_softmax_bar."""
    if np.ndim(g) == 0:
        return np.zeros_like(g)
    return -c * np.exp(y) * np.sum(g, axis=dim, keepdims=True)


rule(
    log_softmax,
    "x, dim",
    vjp={"x": "log_softmax_bar(y_bar, y, dim)"},
    jvp={"x": "log_softmax_dot(x_dot, y, dim)"},
)
rule(
    log_softmax_bar,
    "g, p, dim",
    vjp={"g": "log_softmax_dot(y_bar, p, dim)", "p": "log_softmax_bar_by_result(y_bar, g, p, dim)"},
    jvp={"g": "log_softmax_bar(g_dot, p, dim)", "p": "log_softmax_bar_by_result(p_dot, g, p, dim)"},
)


def glu(x: Any, dim: Any) -> Any:
    """The first half along a dimension, times the sigmoid of the second."""
    a, b = np.split(x, 2, dim)
    return a * sigmoid(b)


def glu_bar(g: Any, x: Any, dim: Any) -> Any:
    a, b = np.split(x, 2, dim)
    s = sigmoid(b)
    return np.concatenate([g * s, g * a * s * (1 - s)], axis=dim)


def glu_dot(x_dot: Any, x: Any, dim: Any) -> Any:
    a, b = np.split(x, 2, dim)
    a_dot, b_dot = np.split(x_dot, 2, dim)
    s = sigmoid(b)
    return a_dot * s + b_dot * a * s * (1 - s)


rule(glu, "x, dim", vjp={"x": "glu_bar(y_bar, x, dim)"}, jvp={"x": "glu_dot(x_dot, x, dim)"})


def gelu(x: Any, approximate: str) -> Any:
    """x times the normal distribution's probability of being less, exactly or by a tanh."""
    if approximate == "tanh":
        return 0.5 * x * (1 + np.tanh(_GELU_SCALE * (x + _GELU_CUBE * (x * x * x))))
    y = erf(x * _HALF_SQRT)
    y += 1
    y *= x
    y *= 0.5
    return y


def gelu_slope(x: Any, approximate: str) -> Any:
    if approximate == "tanh":
        t = np.tanh(_GELU_SCALE * (x + _GELU_CUBE * (x * x * x)))
        return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * _GELU_SCALE * (1 + 3 * _GELU_CUBE * (x * x))
    return 0.5 * (1 + erf(x * _HALF_SQRT)) + x * (_GAUSS * np.exp(-0.5 * (x * x)))


_HALF_SQRT = math.sqrt(0.5)
_GAUSS = 1 / math.sqrt(2 * math.pi)
_GELU_SCALE, _GELU_CUBE = math.sqrt(2 / math.pi), 0.044715
rule(
    gelu,
    "x, approximate",
    vjp={"x": "y_bar * gelu_slope(x, approximate)"},
    jvp={"x": "x_dot * gelu_slope(x, approximate)"},
)
