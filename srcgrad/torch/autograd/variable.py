"""The older name of Tensor."""

from __future__ import annotations

from srcgrad.torch.tensor import Tensor as Variable

__all__ = ["Variable"]
