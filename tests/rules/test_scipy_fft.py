"""Samples of scipy.fft."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import fft

rng = np.random.default_rng(4)
x, z = rng.normal(size=(4, 5)), rng.normal(size=(4, 5)) + 1j * rng.normal(size=(4, 5))
ONE: list[dict[str, Any]] = [{}, {"n": 4, "axis": 0, "norm": "ortho"}, {"n": 3}, {"n": 7, "norm": "forward"}]
MANY: list[dict[str, Any]] = [{}, {"s": (3, 6)}, {"axes": (1, 0), "norm": "ortho"}]
SCALES = (None, "ortho", "forward")

SAMPLES: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    *((f, (z,), kw) for f in (fft.fft, fft.ifft, fft.irfft, fft.hfft) for kw in ONE),
    *((f, (x,), kw) for f in (fft.fft, fft.rfft, fft.ihfft) for kw in ONE),
    *((f, (z,), kw) for f in (fft.fftn, fft.ifftn, fft.irfftn, fft.fft2, fft.ifft2, fft.irfft2) for kw in MANY),
    *((f, (x,), kw) for f in (fft.rfftn, fft.rfft2) for kw in MANY),
    *((f, (x,), {"type": t, "norm": scale}) for f in (fft.dct, fft.idct, fft.dst, fft.idst)
      for t in (1, 2, 3, 4) for scale in SCALES),
    *((f, (x,), {"n": n, "axis": 0, "orthogonalize": True}) for f in (fft.dct, fft.idst) for n in (3, 6)),
    *((f, (x,), {"type": 3, "norm": "ortho"}) for f in (fft.dctn, fft.idctn, fft.dstn, fft.idstn)),
    (fft.dctn, (x,), {"s": (3, 6)}),
    (fft.fftshift, (x,), {}),
    (fft.ifftshift, (x,), {"axes": 1}),
]  # fmt: skip
