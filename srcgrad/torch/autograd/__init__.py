"""Gradients by name: `autograd.backward`, `autograd.grad`, functions with a backward of their own."""

from srcgrad.torch.autograd.sweeping import backward as backward
from srcgrad.torch.autograd.sweeping import grad as grad
