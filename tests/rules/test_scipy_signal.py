"""Samples of scipy.signal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import signal

from srcgrad.rules import table
from srcgrad.rules.scipy.signal import recursion

rng = np.random.default_rng(6)


def real(*shape: int) -> Any:
    return rng.normal(size=shape)


def cplx(*shape: int) -> Any:
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


MODES = ("full", "same", "valid")
a, b, stack = np.array([1.3, -0.4, 0.2]), real(2), real(2, 3, 5)
sections = np.array([[1.0, 0.2, 0.1, 1.0, 0.3, 0.2], [0.5, 0.2, -0.1, 1.0, -0.3, 0.2]])
PAIRS = [((5,), (3,)), ((3,), (5,)), ((6,), (2,)), ((4, 5), (2, 3)), ((3, 4, 3), (2, 2, 2))]

SAMPLES: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    *((f, (real(*n), real(*m), mode), {}) for f in (signal.convolve, signal.correlate) for n, m in PAIRS for mode in MODES),
    *((f, (cplx(5), cplx(3), mode), {}) for f in (signal.convolve, signal.correlate) for mode in MODES),
    *((signal.convolve, (real(4, 5), real(2, 3)), {"method": m}) for m in ("fft", "direct")),
    *((f, (real(4, 5), real(*m), mode, boundary), {}) for f in (signal.convolve2d, signal.correlate2d)
      for m in ((2, 3), (3, 2), (4, 4)) for mode in MODES for boundary in ("fill", "wrap", "symm")),
    *((f, (real(2, 3), real(4, 5), "valid"), {}) for f in (signal.convolve2d, signal.correlate2d)),
    (signal.convolve2d, (real(3, 3), real(2, 2)), {"fillvalue": 1.5}),
    (signal.correlate2d, (cplx(3, 3), cplx(2, 2), "same"), {}),
    (recursion, (a, stack), {}),
    *((signal.lfilter, (v, w, stack), {"axis": k}) for v in (b, real(5), 0.5) for w in (a, 2.0) for k in (-1, 1)),
    (signal.lfilter, (real(3), a, stack), {"zi": real(2, 3, 2)}),
    (signal.lfilter, (real(4), a, real(2)), {"zi": real(3)}),
    (signal.lfilter, (b, a, stack), {"zi": real(2, 2, 5), "axis": 1}),
    (signal.sosfilt, (sections, stack), {}),
    (signal.sosfilt, (sections, real(5)), {"zi": real(2, 2)}),
    *((signal.upfirdn, (real(4), stack), {"up": u, "down": d}) for u in (1, 3) for d in (1, 2)),
    (signal.upfirdn, (real(2), stack), {"up": 2, "axis": 0}),
]  # fmt: skip


def test_other_extensions_are_refused() -> None:
    body = table.substitute(signal.upfirdn)
    assert body is not None
    with pytest.raises(NotImplementedError, match="symmetric"):
        body(b, stack, mode="symmetric")
