"""For tests: `assert_close`, and tensors of random numbers."""

from __future__ import annotations

from srcgrad.torch.testing.closeness import assert_allclose, assert_close
from srcgrad.torch.testing.making import make_tensor

__all__ = ["assert_allclose", "assert_close", "make_tensor"]
