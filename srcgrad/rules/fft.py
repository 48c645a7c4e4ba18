"""Discrete Fourier transforms.

The matrix of a transform is symmetric, so a transform is its own transpose; only a cropped or
zero-padded input needs the opposite, padding or cropping, afterwards. A real transform keeps half of
the frequencies, of which those between the ends stand for two.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import composed, linear, zero


def opposite(norm: Any) -> Any:
    """The norm with which a transform in the other direction has the same scale."""
    if norm == "ortho":
        return "ortho"
    return "backward" if norm == "forward" else "forward"


def resized(x: Any, n: int, axis: int) -> Any:
    """The first n entries along an axis, with zeros where x has fewer."""
    shape = np.shape(x)
    axis = axis % len(shape)
    if shape[axis] >= n:
        return x[(slice(None),) * axis + (slice(n),)]
    missing = (*shape[:axis], n - shape[axis], *shape[axis + 1 :])
    return np.concatenate([x, np.zeros(missing)], axis)


def weights(ends: float, middle: float, n: int, x: Any, axis: int) -> Any:
    """Factors for the n // 2 + 1 frequencies of a real transform along an axis of x.

    The first frequency, and the last one of an even length, occur once in the full transform, the
    others twice.
    """
    half = n // 2 + 1
    factors = np.full(half, middle)
    factors = np.where(np.arange(half) * 2 % n == 0, ends, factors)
    return np.reshape(factors, (half,) + (1,) * (np.ndim(x) - 1 - axis % np.ndim(x)))


def rfft_bar(y_bar: Any, a: Any, n: int | None, axis: int, norm: Any) -> Any:
    """The transpose of np.fft.rfft."""
    size = np.shape(a)[axis] if n is None else n
    spectrum = np.conj(y_bar) * weights(1.0, 0.5, size, y_bar, axis)
    a_bar = np.fft.irfft(spectrum, size, axis, norm=opposite(norm))
    return resized(a_bar, np.shape(a)[axis], axis)


def irfft_bar(y_bar: Any, a: Any, axis: int, norm: Any) -> Any:
    """The transpose of np.fft.irfft."""
    spectrum = np.conj(np.fft.rfft(y_bar, axis=axis, norm=opposite(norm)))
    a_bar = spectrum * weights(1.0, 2.0, np.shape(y_bar)[axis], spectrum, axis)
    return resized(a_bar, np.shape(a)[axis], axis)


for fft in (np.fft.fft, np.fft.ifft):
    linear(
        fft,
        "a, n=None, axis=-1, norm=None",
        a=f"resized(np.fft.{fft.__name__}(y_bar, axis=axis, norm=norm), np.shape(a)[axis], axis)",
    )
linear(np.fft.rfft, "a, n=None, axis=-1, norm=None", a="rfft_bar(y_bar, a, n, axis, norm)")
linear(np.fft.irfft, "a, n=None, axis=-1, norm=None", a="irfft_bar(y_bar, a, axis, norm)")
linear(np.fft.fftshift, "x, axes=None", x="np.fft.ifftshift(y_bar, axes)")
linear(np.fft.ifftshift, "x, axes=None", x="np.fft.fftshift(y_bar, axes)")
zero(np.fft.fftfreq, np.fft.rfftfreq)


@composed(np.fft.hfft)
def hfft(a: Any, n: int | None = None, axis: int = -1, norm: Any = None) -> Any:
    """The real spectrum of a signal with Hermitian symmetry."""
    return np.fft.irfft(np.conj(a), n, axis, norm=opposite(norm))


@composed(np.fft.ihfft)
def ihfft(a: Any, n: int | None = None, axis: int = -1, norm: Any = None) -> Any:
    """The inverse of hfft."""
    return np.conj(np.fft.rfft(a, n, axis, norm=opposite(norm)))


def sizes_and_axes(a: Any, s: Any, axes: Any) -> tuple[list[int | None], list[int]]:
    """The lengths (None: as it is) and axes of a transform along several axes, which may repeat.

    Every length of a repeated axis is that of the input, unless given.
    """
    if axes is None:
        axes = range(-(np.ndim(a) if s is None else len(s)), 0)
    given = [np.shape(a)[k] for k in axes] if s is None else s
    sizes = [np.shape(a)[k] if n == -1 else n for n, k in zip(given, axes, strict=True)]
    return sizes, list(axes)


@composed(np.fft.fftn)
def fftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    """Transforms along one axis after the other, the last axis first."""
    sizes, along = sizes_and_axes(a, s, axes)
    for n, axis in zip(sizes[::-1], along[::-1], strict=True):
        a = np.fft.fft(a, n, axis, norm)
    return a


@composed(np.fft.ifftn)
def ifftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    """Inverse transforms along one axis after the other, the last axis first."""
    sizes, along = sizes_and_axes(a, s, axes)
    for n, axis in zip(sizes[::-1], along[::-1], strict=True):
        a = np.fft.ifft(a, n, axis, norm)
    return a


@composed(np.fft.rfftn)
def rfftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    """A real transform along the last axis, then complex ones."""
    sizes, along = sizes_and_axes(a, s, axes)
    a = np.fft.rfft(a, sizes[-1], along[-1], norm)
    for n, axis in zip(sizes[-2::-1], along[-2::-1], strict=True):
        a = np.fft.fft(a, n, axis, norm)
    return a


@composed(np.fft.irfftn)
def irfftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    """Complex inverse transforms, then a real one along the last axis."""
    sizes, along = sizes_and_axes(a, s, axes)
    for n, axis in zip(sizes[:-1], along[:-1], strict=True):
        a = np.fft.ifft(a, n, axis, norm)
    return np.fft.irfft(a, None if s is None else sizes[-1], along[-1], norm)


@composed(np.fft.fft2)
def fft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Any:
    """Of the last two axes unless others are given."""
    return fftn(a, s, axes, norm)


@composed(np.fft.ifft2)
def ifft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Any:
    """Of the last two axes unless others are given."""
    return ifftn(a, s, axes, norm)


@composed(np.fft.rfft2)
def rfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Any:
    """Of the last two axes unless others are given."""
    return rfftn(a, s, axes, norm)


@composed(np.fft.irfft2)
def irfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Any:
    """Of the last two axes unless others are given."""
    return irfftn(a, s, axes, norm)
