"""The profiler by its newer path."""

from __future__ import annotations

from srcgrad.torch.autograd.profiler import profile, record_function

__all__ = ["profile", "record_function"]
