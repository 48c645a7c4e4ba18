"""The transforms that users call: functions in, derivative functions out.

Each normalises its arguments (`arguments`), asks `srcgrad.build` for a vjp or a jvp of the leaves,
and puts the result back into the structure of what it belongs to.
"""

from srcgrad.api.anomaly import detect_anomaly
from srcgrad.api.check import check_grads
from srcgrad.api.checkpointing import checkpoint
from srcgrad.api.custom import custom_jvp, custom_vjp, differentiable, stop_gradient
from srcgrad.api.derivative import Derivative, build_block, build_module
from srcgrad.api.gradient import Gradient, grad, value_and_grad
from srcgrad.api.jacobians import elementwise_grad, hessian, hvp, jacfwd, jacobian, jacrev
from srcgrad.api.products import jvp, vjp
from srcgrad.api.registering import register_rule
from srcgrad.rules.table import has_rule

__all__ = [
    "Derivative",
    "Gradient",
    "build_block",
    "build_module",
    "check_grads",
    "checkpoint",
    "custom_jvp",
    "custom_vjp",
    "detect_anomaly",
    "differentiable",
    "elementwise_grad",
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
