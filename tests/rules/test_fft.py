"""Samples of Fourier transforms: every length, axis and scale that changes the transpose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from srcgrad.rules import table

rng = np.random.default_rng(1)


def real(*shape: int) -> Any:
    return rng.normal(size=shape)


def cplx(*shape: int) -> Any:
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


NORMS = (None, "backward", "ortho", "forward")
COMPLEX = (np.fft.fft, np.fft.ifft, np.fft.irfft, np.fft.hfft)
REAL = (np.fft.rfft, np.fft.ihfft)
MANY = (np.fft.fftn, np.fft.ifftn, np.fft.irfftn)
PLANE = (np.fft.fft2, np.fft.ifft2, np.fft.irfft2)

SAMPLES = [
    *[(f, (cplx(n),), {"norm": norm}) for f in COMPLEX for n in (5, 6) for norm in NORMS],
    *[(f, (real(n),), {"norm": norm}) for f in REAL for n in (5, 6) for norm in NORMS],
    *[(f, (cplx(5),), {"n": n}) for f in COMPLEX for n in (1, 2, 3, 4, 7, 8, 11, 12)],
    *[(f, (real(5),), {"n": n}) for f in REAL for n in (1, 2, 3, 4, 7, 8)],
    *[(f, (cplx(3, 4, 2),), {"axis": k}) for f in COMPLEX for k in (0, 1, -2)],
    *[(f, (real(3, 4, 2),), {"axis": k, "n": 5}) for f in REAL for k in (0, 1, -2)],
    *[(f, (real(4),), {}) for f in COMPLEX],
    (np.fft.fft, (cplx(4).astype(np.complex64),), {}),
    *[(f, (cplx(2, 3, 4),), {}) for f in (*MANY, *PLANE)],
    *[(f, (cplx(2, 3, 4),), {"axes": (0, 2)}) for f in (*MANY, *PLANE)],
    *[(f, (cplx(2, 3, 4),), {"axes": (0, 1, 1)}) for f in MANY],
    *[(f, (cplx(2, 3),), {"s": (4, 5), "axes": (1, 1)}) for f in MANY],
    *[(f, (cplx(3, 4),), {"s": (2, 7), "axes": (0, 1)}) for f in (*MANY, *PLANE)],
    *[(f, (cplx(3, 4),), {"s": (-1, 5), "axes": (1, 0)}) for f in (*MANY, *PLANE)],
    *[(f, (cplx(3, 4),), {"norm": "ortho"}) for f in (*MANY, *PLANE)],
    *[(f, (real(3, 5),), {}) for f in (np.fft.rfftn, np.fft.rfft2)],
    *[(f, (real(3, 4),), {"s": (4, 3), "axes": (1, 0)}) for f in (np.fft.rfftn, np.fft.rfft2)],
    *[(f, (real(3, 4),), {"norm": "forward"}) for f in (np.fft.rfftn, np.fft.rfft2)],
    *[(f, (real(3, 4),), kw) for f in (np.fft.fftshift, np.fft.ifftshift) for kw in ({}, {"axes": 1})],
    (np.fft.fftshift, (cplx(5),), {}),
]


@pytest.mark.parametrize("n", [4, 5])
def test_the_unused_imaginary_parts_of_irfft_have_no_cotangent(n: int) -> None:
    rule = table.lookup(np.fft.irfft)
    assert rule is not None
    a = cplx(n // 2 + 1)
    a_bar = eval(rule.vjp["a"], dict(rule.scope), {"y_bar": real(n), "a": a, "axis": -1, "norm": None})
    assert a_bar[0].imag == 0
    assert (n % 2 == 1) or abs(a_bar[-1].imag) < 1e-15


def test_frequencies_have_no_derivative() -> None:
    assert table.is_zero(np.fft.fftfreq)
    assert table.is_zero(np.fft.rfftfreq)
