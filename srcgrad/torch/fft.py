"""Discrete Fourier transforms: `torch.fft`."""

from __future__ import annotations

from typing import Any

from srcgrad.torch.ops.fourier import FUNCTIONS

__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "hfft2", "hfftn", "ifft", "ifft2", "ifftn", "ifftshift", "ihfft",
    "ihfft2", "ihfftn", "irfft", "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq", "rfftn",
]  # fmt: skip

fft = FUNCTIONS["fft"]
fft2 = FUNCTIONS["fft2"]
fftfreq = FUNCTIONS["fftfreq"]
fftn = FUNCTIONS["fftn"]
fftshift = FUNCTIONS["fftshift"]
hfft = FUNCTIONS["hfft"]
hfft2 = FUNCTIONS["hfft2"]
hfftn = FUNCTIONS["hfftn"]
ifft = FUNCTIONS["ifft"]
ifft2 = FUNCTIONS["ifft2"]
ifftn = FUNCTIONS["ifftn"]
ifftshift = FUNCTIONS["ifftshift"]
ihfft = FUNCTIONS["ihfft"]
ihfft2 = FUNCTIONS["ihfft2"]
ihfftn = FUNCTIONS["ihfftn"]
irfft = FUNCTIONS["irfft"]
irfft2 = FUNCTIONS["irfft2"]
irfftn = FUNCTIONS["irfftn"]
rfft = FUNCTIONS["rfft"]
rfft2 = FUNCTIONS["rfft2"]
rfftfreq = FUNCTIONS["rfftfreq"]
rfftn = FUNCTIONS["rfftn"]


def __getattr__(name: str) -> Any:
    raise AttributeError(f"module 'srcgrad.torch.fft' has no attribute {name!r}")
