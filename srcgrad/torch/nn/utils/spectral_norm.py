"""Weights divided by their largest singular value (Miyato et al. 2018), which power iteration estimates."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.torch import drawing
from srcgrad.torch.names import FUNCTIONS
from srcgrad.torch.nn.parameter import Parameter, is_lazy
from srcgrad.torch.tensor import Tensor, wrap


def as_matrix(weight: Any, dim: int) -> Any:
    """A weight as a matrix with one row for each output."""
    if dim:
        weight = weight.permute(dim, *(k for k in range(weight.dim()) if k != dim))
    return weight.reshape(weight.size(0), -1)


def unit(v: Any, eps: float) -> Any:
    """A vector at length one."""
    return v / np.maximum(np.linalg.norm(v), eps).astype(v.dtype)


def drawn(size: int, dtype: Any, eps: float) -> Tensor:
    """A random vector of length one."""
    return wrap(unit(drawing.normal_(np.empty(size, dtype)), eps))


def output_dim(module: Any, dim: int | None) -> int:
    """Which dimension of a weight counts the outputs."""
    from srcgrad.torch.nn.convolution import _ConvTransposeNd

    return int(isinstance(module, _ConvTransposeNd)) if dim is None else dim


class SpectralNorm:
    """The hook that computes a weight."""

    _version = 1

    def __init__(self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.name = name
        self.dim = dim
        self.n_power_iterations = n_power_iterations
        self.eps = eps

    def compute_weight(self, module: Any, do_power_iteration: bool) -> Any:
        """The weight of now, after some steps of the iteration if asked for."""
        weight = getattr(module, self.name + "_orig")
        u, v = getattr(module, self.name + "_u"), getattr(module, self.name + "_v")
        matrix = as_matrix(weight, self.dim)
        if do_power_iteration:
            for _ in range(self.n_power_iterations):
                v._a[...] = unit(matrix._a.T @ u._a, self.eps)
                u._a[...] = unit(matrix._a @ v._a, self.eps)
            u, v = u.clone(), v.clone()
        return weight / FUNCTIONS["dot"](u, FUNCTIONS["mv"](matrix, v))

    @staticmethod
    def apply(module: Any, name: str, n_power_iterations: int, dim: int, eps: float) -> SpectralNorm:
        """Register the hook."""
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, SpectralNorm) and hook.name == name:
                raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
        hook = SpectralNorm(name, n_power_iterations, dim, eps)
        weight = module._parameters[name]
        if weight is None:
            raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
        if is_lazy(weight):
            raise ValueError(
                "The module passed to `SpectralNorm` can't have uninitialized parameters. Make sure to run the dummy "
                "forward before applying spectral normalization"
            )
        height, width = as_matrix(weight.detach(), dim).shape
        u, v = (drawn(n, weight._a.dtype, eps) for n in (height, width))
        delattr(module, name)
        module.register_parameter(name + "_orig", weight)
        setattr(module, name, weight.data)
        module.register_buffer(name + "_u", u)
        module.register_buffer(name + "_v", v)
        module.register_forward_pre_hook(hook)
        module._register_state_dict_hook(_Versioned(hook))
        return hook

    def remove(self, module: Any) -> None:
        """Make the weight a parameter again."""
        weight = self.compute_weight(module, do_power_iteration=False)
        for suffix in ("", "_u", "_v", "_orig"):
            delattr(module, self.name + suffix)
        module.register_parameter(self.name, Parameter(weight.detach()))

    def __call__(self, module: Any, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, do_power_iteration=module.training))


class _Versioned:
    """Writes the version of the hook into the metadata of a state_dict."""

    def __init__(self, hook: SpectralNorm) -> None:
        self.hook = hook

    def __call__(self, module: Any, state_dict: Any, prefix: str, local_metadata: Any) -> None:
        local_metadata.setdefault("spectral_norm", {})[self.hook.name + ".version"] = self.hook._version


def spectral_norm(
    module: Any, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Any:
    """Divide a weight by its largest singular value."""
    SpectralNorm.apply(module, name, n_power_iterations, output_dim(module, dim), eps)
    return module


def remove_spectral_norm(module: Any, name: str = "weight") -> Any:
    """Make the weight a parameter again."""
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, SpectralNorm) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            break
    else:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    for key, hook in module._state_dict_hooks.items():
        if isinstance(hook, _Versioned) and hook.hook.name == name:
            del module._state_dict_hooks[key]
            break
    return module
