"""Discrete Fourier transforms of complex and real arrays, and sums of overlapping frames.

What enters: arrays; dimensions as a tuple; the norm as "backward", "ortho" or "forward". What leaves: arrays in the
precision of the input. The matrix of a transform is symmetric, so it is its own transpose; of a real transform half
of the frequencies are kept, of which those between the ends stand for two.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.fft import opposite, weights
from srcgrad.rules.table import linear


def complex_transform(x: Any, axes: Any, norm: Any, forward: bool) -> Any:
    """The transform along dimensions, or its inverse."""
    y = (np.fft.fftn if forward else np.fft.ifftn)(x, axes=axes, norm=norm)
    return y.astype(x.dtype, copy=False)


linear(complex_transform, "x, axes, norm, forward", x="complex_transform(y_bar, axes, norm, forward)")


def real_transform(x: Any, axes: Any, norm: Any, onesided: bool) -> Any:
    """The transform of a real array; of the last dimension only the first half of the frequencies if `onesided`."""
    y = (np.fft.rfftn if onesided else np.fft.fftn)(x, axes=axes, norm=norm)
    return y.astype(np.complex64 if x.dtype == np.float32 else np.complex128, copy=False)


def real_transposed(s: Any, axes: Any, norm: Any, size: int) -> Any:
    """The transpose of `real_transform`, where the last dimension had that size."""
    missing = size - np.shape(s)[axes[-1]]
    if missing:
        s = lengthened(s, axes[-1], missing)
    return np.real(complex_transform(s, axes, norm, True))


def lengthened(x: Any, axis: int, count: int) -> Any:
    """Zeros after the last entry along a dimension."""
    shape = list(np.shape(x))
    shape[axis] = count
    return np.concatenate([x, np.zeros(shape, x.dtype)], axis)


linear(
    real_transform,
    "x, axes, norm, onesided",
    x="real_transposed(y_bar, axes, norm, np.shape(x)[axes[-1]])",
)
linear(
    real_transposed,
    "s, axes, norm, size",
    s="real_transform(y_bar, axes, norm, np.shape(s)[axes[-1]] != size)",
)


def to_real(x: Any, axes: Any, norm: Any, size: int) -> Any:
    """The inverse of the one-sided real transform, for a result of that size along the last dimension."""
    others = axes[:-1]
    if others:
        x = np.fft.ifftn(x, axes=others, norm=norm)
    y = np.fft.irfft(x, size, axes[-1], norm)
    return y.astype(np.float32 if x.dtype == np.complex64 else np.float64, copy=False)


def to_real_transposed(y: Any, axes: Any, norm: Any) -> Any:
    """The transpose of `to_real`."""
    x = np.conj(np.fft.rfft(y, axis=axes[-1], norm=opposite(norm)))
    x = x * weights(1.0, 2.0, np.shape(y)[axes[-1]], x, axes[-1])
    if axes[:-1]:
        x = np.fft.ifftn(x, axes=axes[:-1], norm=norm)
    return x.astype(np.complex64 if y.dtype == np.float32 else np.complex128)


linear(to_real, "x, axes, norm, size", x="to_real_transposed(y_bar, axes, norm)")


def overlapped(frames: Any, hop: int) -> Any:
    """The sum of frames (batch, frame, time), each `hop` places after the one before it."""
    batch, count, length = frames.shape
    y = np.zeros((batch, (count - 1) * hop + length), frames.dtype)
    for k in range(count):
        y[:, k * hop : k * hop + length] += frames[:, k]
    return y


def framed(x: Any, count: int, length: int, hop: int) -> Any:
    """The transpose of `overlapped`: frames of a row."""
    places = np.arange(count)[:, None] * hop + np.arange(length)
    return x[:, places]


def overlapped_in(frames: Any, hop: int, size: int) -> Any:
    """The sum of frames in a row of that size."""
    y = overlapped(frames, hop)
    return lengthened(y, 1, size - np.shape(y)[1])


linear(overlapped, "frames, hop", frames="framed(y_bar, np.shape(frames)[1], np.shape(frames)[2], hop)")
linear(framed, "x, count, length, hop", x="overlapped_in(y_bar, hop, np.shape(x)[1])")
