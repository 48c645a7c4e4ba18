"""Gradients by name: `autograd.backward`, `autograd.grad`, functions with a backward of their own."""

from srcgrad.torch.autograd.sweeping import backward as backward
from srcgrad.torch.autograd.sweeping import grad as grad
from srcgrad.torch.autograd import function as function
from srcgrad.torch.autograd.function import Function as Function
from srcgrad.torch.modes import enable_grad as enable_grad
from srcgrad.torch.modes import inference_mode as inference_mode
from srcgrad.torch.modes import no_grad as no_grad
from srcgrad.torch.modes import set_grad_enabled as set_grad_enabled
from srcgrad.torch.tensor import Tensor as Variable

__all__ = ["Function", "Variable", "backward", "enable_grad", "function", "grad", "inference_mode", "no_grad", "set_grad_enabled"]
