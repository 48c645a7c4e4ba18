"""The operations that PyTorch writes in Python, by their second path: `torch.functional.einsum`."""

from __future__ import annotations

from typing import Any

from srcgrad.torch import names

_NAMES = (
    "atleast_1d atleast_2d atleast_3d block_diag broadcast_shapes broadcast_tensors cartesian_prod cdist chain_matmul "
    "einsum istft lu meshgrid norm split stft tensordot unique unique_consecutive unravel_index"
).split()


def __getattr__(name: str) -> Any:
    if name in _NAMES and name in names.FUNCTIONS:
        return names.FUNCTIONS[name]
    raise AttributeError(f"module 'srcgrad.torch.functional' has no attribute {name!r}")
