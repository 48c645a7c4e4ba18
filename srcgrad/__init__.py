"""Derivatives of plain Python and NumPy functions, by transforming their source.

    import srcgrad as sg

    @sg.grad
    def energy(x):
        ...

Everything public is here: the transforms, `check_grads`, the ways to give a function a rule of its
own, and `errors`. Nothing heavy is imported before a function is differentiated.
"""

from srcgrad import errors
from srcgrad.api import (
    check_grads,
    checkpoint,
    custom_jvp,
    custom_vjp,
    detect_anomaly,
    differentiable,
    elementwise_grad,
    grad,
    has_rule,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    register_rule,
    stop_gradient,
    value_and_grad,
    vjp,
)

__version__ = "0.1.0"

__all__ = [
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
    "register_rule",
    "stop_gradient",
    "value_and_grad",
    "vjp",
]
