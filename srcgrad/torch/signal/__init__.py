"""torch.signal: windows for spectra."""

from srcgrad.torch.signal import windows

__all__ = ["windows"]
