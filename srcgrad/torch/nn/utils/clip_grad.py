"""Gradients made smaller, in place."""

from __future__ import annotations

import types
import warnings
from typing import Any

import numpy as np

from srcgrad.torch.tensor import Tensor, wrap


def _listed(tensors: Any) -> list[Any]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _norm(a: Any, p: float) -> Any:
    v = np.abs(a).reshape(-1)
    if np.isinf(p):
        return v.max(initial=0) if p > 0 else v.min()
    if p == 2:
        return np.sqrt(np.dot(v, v))
    return (v**p).sum() ** (1 / p) if p else np.count_nonzero(v)


def get_total_norm(
    tensors: Any, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    """The norm of all tensors as one vector."""
    del foreach
    norm_type = float(norm_type)
    arrays = [t._a for t in _listed(tensors)]
    if not arrays:
        return wrap(np.array(0.0, np.float32))
    with np.errstate(all="ignore"):
        norms = np.array([_norm(a, norm_type) for a in arrays], np.result_type(*arrays))
        total = _norm(norms, norm_type)
    if error_if_nonfinite and not np.isfinite(total):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it cannot be "
            "clipped. To disable this error and scale the gradients by the non-finite norm anyway, set "
            "`error_if_nonfinite=False`"
        )
    return wrap(np.asarray(total, norms.dtype))


def _gradients(parameters: Any) -> list[Any]:
    return [p._grad for p in _listed(parameters) if p._grad is not None]


def clip_grads_with_norm_(parameters: Any, max_norm: float, total_norm: Tensor, foreach: bool | None = None) -> None:
    """Scale the gradients by the most that a norm may be, over what it is, if that is more."""
    del foreach
    a = total_norm._a
    factor = np.minimum(float(max_norm) / (a + a.dtype.type(1e-6)), a.dtype.type(1))
    for g in _gradients(parameters):
        g._a *= factor
        g._writes.bump()


def clip_grad_norm_(
    parameters: Any, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:  # fmt: skip
    """Scale the gradients down to a norm; returns the norm that they had."""
    generated = isinstance(parameters, types.GeneratorType)
    given = _listed(parameters)
    if generated and not given:
        warnings.warn("`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=2)
    total = get_total_norm(_gradients(given), norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(given, max_norm, total, foreach)
    return total


def clip_grad_norm(
    parameters: Any, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:  # fmt: skip
    """`clip_grad_norm_`, under its old name."""
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of `torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


def clip_grad_value_(parameters: Any, clip_value: float, foreach: bool | None = None) -> None:
    """Bring every element of the gradients between -clip_value and clip_value."""
    del foreach
    limit = float(clip_value)
    for g in _gradients(parameters):
        np.clip(g._a, -limit, limit, out=g._a)
        g._writes.bump()
