"""Gradients by name: `autograd.backward`, `autograd.grad`, functions with a backward of their own, and tools around them."""

from srcgrad.torch.autograd import forward_ad, function, functional, graph, profiler, variable
from srcgrad.torch.autograd.anomaly import detect_anomaly, set_detect_anomaly
from srcgrad.torch.autograd.function import Function
from srcgrad.torch.autograd.gradcheck import gradcheck, gradgradcheck
from srcgrad.torch.autograd.sweeping import backward, grad
from srcgrad.torch.modes import enable_grad, inference_mode, no_grad, set_grad_enabled
from srcgrad.torch.tensor import Tensor as Variable

__all__ = [
    "Function", "Variable", "backward", "detect_anomaly", "enable_grad", "forward_ad", "function", "functional", "grad",
    "gradcheck", "gradgradcheck", "graph", "inference_mode", "no_grad", "profiler", "set_detect_anomaly",
    "set_grad_enabled", "variable",
]  # fmt: skip
