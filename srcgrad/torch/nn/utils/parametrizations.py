"""Ready parametrisations: orthogonal matrices, a length times a direction, a bounded norm."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.torch.modes import no_grad
from srcgrad.torch.names import FUNCTIONS
from srcgrad.torch.nn.module import Module
from srcgrad.torch.nn.utils import parametrize
from srcgrad.torch.nn.utils.spectral_norm import as_matrix, output_dim, unit
from srcgrad.torch.nn.utils.weight_norm import norm_except_dim, scaled
from srcgrad.torch.tensor import Tensor, wrap

MAPS = ("matrix_exp", "cayley", "householder")


def _orthogonalised(a: Any) -> Any:
    """The orthogonal factor whose triangular one has a positive diagonal."""
    q, r = np.linalg.qr(a)
    return q * np.sign(np.diagonal(r, axis1=-2, axis2=-1))[..., None, :]


class _Orthogonal(Module):
    base: Any

    def __init__(self, weight: Any, orthogonal_map: str, *, use_trivialization: bool = True) -> None:
        super().__init__()
        if weight.is_complex() and orthogonal_map == "householder":
            raise ValueError("The householder parametrization does not support complex tensors.")
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Any) -> Any:
        from srcgrad.torch import linalg

        n, k = X.size(-2), X.size(-1)
        turned = n < k
        if turned:
            X, n, k = X.mT, k, n
        if self.orthogonal_map == "householder":
            a = X.tril(diagonal=-1)
            tau = 2.0 / (1.0 + (a * a).sum(dim=-2))
            q = linalg.householder_product(a, tau) * X.diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)
        else:
            X = X.tril()
            if n != k:
                X = FUNCTIONS["cat"]([X, X.new_zeros(n, n - k).expand(*X.shape[:-2], -1, -1)], dim=-1)
            a = X - X.mH
            if self.orthogonal_map == "matrix_exp":
                q = FUNCTIONS["matrix_exp"](a)
            else:
                one = wrap(np.eye(n, dtype=a._a.dtype))
                add = FUNCTIONS["add"]
                q = linalg.solve(add(one, a, alpha=-0.5), add(one, a, alpha=0.5))
            if n != k:
                q = q[..., :k]
        if hasattr(self, "base"):
            q = FUNCTIONS["matmul"](self.base, q)
        return q.mT if turned else q

    @no_grad()
    def right_inverse(self, Q: Any) -> Any:
        """The original of an orthogonal matrix; where there is a base, the matrix becomes the base."""
        if Q.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of shape {Q.shape}."
            )
        a = Q._a
        if a.shape[-2] < a.shape[-1]:
            a = np.swapaxes(a, -1, -2)
        n, k = a.shape[-2:]
        if not hasattr(self, "base"):
            if self.orthogonal_map != "householder":
                raise NotImplementedError(
                    "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                    "use_trivialization=False."
                )
            raise NotImplementedError("srcgrad.torch assigns to the householder parametrization with a base only")
        if n == k:
            near = np.allclose(np.swapaxes(a.conj(), -1, -2) @ a, np.eye(k), atol=10 * n * np.finfo(a.dtype).eps)
            base = a.copy() if near else _orthogonalised(a)
        else:
            more = drawing_normal((*a.shape[:-1], n - k), a.dtype)
            base = _orthogonalised(np.concatenate([a, more], axis=-1))
        self.base = wrap(base)
        start = np.zeros_like(Q._a)
        diagonal = np.arange(min(start.shape[-2:]))
        start[..., diagonal, diagonal] = -1
        return wrap(start)


def drawing_normal(shape: Any, dtype: Any) -> Any:
    """Standard normal numbers."""
    from srcgrad.torch import drawing

    return drawing.normal_(np.empty(shape, dtype))


def _tensor(module: Any, name: str) -> Any:
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return weight


def orthogonal(
    module: Any, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> Any:
    """Keep a weight orthogonal."""
    weight = _tensor(module, name)
    if weight.ndim < 2:
        raise ValueError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions.")
    if orthogonal_map is None:
        square = weight.size(-2) == weight.size(-1)
        orthogonal_map = "matrix_exp" if square or weight.is_complex() else "householder"
    if orthogonal_map not in MAPS:
        raise ValueError(
            f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}'
        )
    made = _Orthogonal(weight, orthogonal_map, use_trivialization=use_trivialization)
    return parametrize.register_parametrization(module, name, made, unsafe=True)


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Any, weight_v: Any) -> Any:
        return scaled(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Any) -> Any:
        """The length and the direction of a weight."""
        return norm_except_dim(weight, 2, self.dim), weight


def weight_norm(module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    """Make a weight a length times a direction."""
    parametrize.register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def rename(state_dict: Any, prefix: str, *_: Any) -> None:
        # Checkpoints of the older form have the two under other names.
        keys = [f"{prefix}{name}_{part}" for part in "gv"]
        if all(key in state_dict for key in keys):
            for k, key in enumerate(keys):
                state_dict[f"{prefix}parametrizations.{name}.original{k}"] = state_dict.pop(key)

    module._register_load_state_dict_pre_hook(rename)
    return module


class _SpectralNorm(Module):
    _u: Any
    _v: Any

    def __init__(self, weight: Any, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        ndim = weight.ndim
        if not -ndim <= dim < ndim:
            raise IndexError(f"Dimension out of range (expected to be in range of [-{ndim}, {ndim - 1}] but got {dim})")
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.dim = dim if dim >= 0 else dim + ndim
        self.eps = eps
        if ndim > 1:
            self.n_power_iterations = n_power_iterations
            matrix = as_matrix(weight.detach(), self.dim)._a
            u, v = (drawing_normal(n, matrix.dtype) for n in matrix.shape)
            self.register_buffer("_u", wrap(unit(u, eps)))
            self.register_buffer("_v", wrap(unit(v, eps)))
            self._iterate(matrix, 15)

    def _iterate(self, matrix: Any, steps: int) -> None:
        for _ in range(steps):
            self._u._a[...] = unit(matrix @ self._v._a, self.eps)
            self._v._a[...] = unit(matrix.T @ self._u._a, self.eps)

    def forward(self, weight: Any) -> Any:
        if weight.ndim == 1:
            return weight / weight.norm(2, 0, True).clamp_min(self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            self._iterate(matrix._a, self.n_power_iterations)
        u, v = self._u.clone(), self._v.clone()
        return weight / FUNCTIONS["dot"](u, FUNCTIONS["mv"](matrix, v))

    def right_inverse(self, value: Any) -> Any:
        """The value: it is divided by its norm anyway."""
        return value


def spectral_norm(
    module: Any, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Any:
    """Divide a weight by its largest singular value."""
    weight = _tensor(module, name)
    made = _SpectralNorm(weight, n_power_iterations, output_dim(module, dim), eps)
    return parametrize.register_parametrization(module, name, made)
