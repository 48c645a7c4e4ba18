"""Which version of PyTorch this follows."""

from __future__ import annotations

__version__ = "2.13.0+srcgrad"
debug = False
cuda: str | None = None
git_version = "unknown"
hip: str | None = None
rocm: str | None = None
xpu: str | None = None
__all__ = ["__version__", "cuda", "debug", "git_version", "hip", "rocm", "xpu"]
