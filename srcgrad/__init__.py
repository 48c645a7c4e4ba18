"""Derivatives of plain Python and NumPy functions, by transforming their source.

    import srcgrad as sg

    @sg.grad
    def energy(x):
        ...

Everything public is here: the transforms, `check_grads`, the ways to give a function a rule of its
own, and `errors`. Each is imported when it is first asked for, so that a saved script that only
mentions srcgrad starts as fast as NumPy does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from srcgrad import errors as errors
    from srcgrad.api import check_grads as check_grads
    from srcgrad.api import checkpoint as checkpoint
    from srcgrad.api import custom_jvp as custom_jvp
    from srcgrad.api import custom_vjp as custom_vjp
    from srcgrad.api import detect_anomaly as detect_anomaly
    from srcgrad.api import differentiable as differentiable
    from srcgrad.api import elementwise_grad as elementwise_grad
    from srcgrad.api import grad as grad
    from srcgrad.api import has_rule as has_rule
    from srcgrad.api import hessian as hessian
    from srcgrad.api import hvp as hvp
    from srcgrad.api import jacfwd as jacfwd
    from srcgrad.api import jacobian as jacobian
    from srcgrad.api import jacrev as jacrev
    from srcgrad.api import jvp as jvp
    from srcgrad.api import register_rule as register_rule
    from srcgrad.api import stop_gradient as stop_gradient
    from srcgrad.api import value_and_grad as value_and_grad
    from srcgrad.api import vjp as vjp
    from srcgrad.torch import Tensor as Tensor
    from srcgrad.torch import no_grad as no_grad
    from srcgrad.torch.creation import tensor as tensor

__version__ = "0.1.0"

__all__ = [
    "Tensor",
    "check_grads",
    "checkpoint",
    "custom_jvp",
    "custom_vjp",
    "detect_anomaly",
    "differentiable",
    "elementwise_grad",
    "errors",
    "grad",
    "has_rule",
    "hessian",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "no_grad",
    "register_rule",
    "stop_gradient",
    "tensor",
    "value_and_grad",
    "vjp",
]

_TORCH = {"Tensor", "no_grad", "tensor"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'srcgrad' has no attribute {name!r}")
    if name == "errors":
        found = import_module("srcgrad.errors")
    else:
        found = getattr(import_module("srcgrad.torch" if name in _TORCH else "srcgrad.api"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
