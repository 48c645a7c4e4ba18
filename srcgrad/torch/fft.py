"""Discrete Fourier transforms: `torch.fft`."""

from __future__ import annotations

from typing import Any

from srcgrad.torch.ops.fourier import FUNCTIONS
from srcgrad.torch.tensor import Tensor as Tensor

__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "hfft2", "hfftn", "ifft", "ifft2", "ifftn", "ifftshift", "ihfft",
    "ihfft2", "ihfftn", "irfft", "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq", "rfftn",
]  # fmt: skip
globals().update(FUNCTIONS)


def __getattr__(name: str) -> Any:
    raise AttributeError(f"module 'srcgrad.torch.fft' has no attribute {name!r}")
