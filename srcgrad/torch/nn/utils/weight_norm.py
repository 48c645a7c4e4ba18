"""Weights as a length times a direction (Salimans and Kingma 2016), computed before each forward."""

from __future__ import annotations

import warnings
from typing import Any

from srcgrad.torch.kernels.weight_norm import weight_normed
from srcgrad.torch.names import FUNCTIONS
from srcgrad.torch.nn.parameter import Parameter, is_lazy
from srcgrad.torch.primitive import primitive


def norm_except_dim(v: Any, pow: float = 2, dim: int = 0) -> Any:
    """The norm over all dimensions but one; over all of them for -1."""
    if dim == -1:
        return v.norm(pow)
    dims = tuple(k for k in range(v.dim()) if k != dim)
    return v.norm(pow, dims, True) if dims else v.norm(pow, 0, True).expand_as(v) * 0 + v.abs()


_weight_normed = primitive(weight_normed, "WeightNormInterfaceBackward0")


def scaled(v: Any, g: Any, dim: int = 0) -> Any:
    """v at the length g."""
    if dim in {0, v.dim() - 1}:
        return _weight_normed(v, g, dim)
    return v * (g / norm_except_dim(v, 2, dim))


FUNCTIONS["norm_except_dim"] = norm_except_dim
FUNCTIONS["_weight_norm"] = scaled


class WeightNorm:
    """The hook that computes a weight."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name = name
        self.dim = -1 if dim is None else dim

    def compute_weight(self, module: Any) -> Any:
        """The weight of now."""
        return scaled(getattr(module, self.name + "_v"), getattr(module, self.name + "_g"), self.dim)

    @staticmethod
    def apply(module: Any, name: str, dim: int | None) -> WeightNorm:
        """Register the hook."""
        warnings.warn(
            "`torch.nn.utils.weight_norm` is deprecated in favor of `torch.nn.utils.parametrizations.weight_norm`.",
            FutureWarning,
            stacklevel=3,
        )
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, WeightNorm) and hook.name == name:
                raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
        hook = WeightNorm(name, dim)
        weight = getattr(module, name)
        if is_lazy(weight):
            raise ValueError(
                "The module passed to `WeightNorm` can't have uninitialized parameters. Make sure to run the dummy forward "
                "before applying weight normalization"
            )
        del module._parameters[name]
        module.register_parameter(name + "_g", Parameter(norm_except_dim(weight, 2, hook.dim).data))
        module.register_parameter(name + "_v", Parameter(weight.data))
        setattr(module, name, hook.compute_weight(module))
        module.register_forward_pre_hook(hook)
        return hook

    def remove(self, module: Any) -> None:
        """Make the weight a parameter again."""
        weight = self.compute_weight(module)
        delattr(module, self.name)
        del module._parameters[self.name + "_g"]
        del module._parameters[self.name + "_v"]
        setattr(module, self.name, Parameter(weight.data))

    def __call__(self, module: Any, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    """Make a weight a length times a direction."""
    WeightNorm.apply(module, name, dim)
    return module


def remove_weight_norm(module: Any, name: str = "weight") -> Any:
    """Make the weight a parameter again."""
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, WeightNorm) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            return module
    raise ValueError(f"weight_norm of '{name}' not found in {module}")
