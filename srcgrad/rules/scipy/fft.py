"""scipy.fft: the transforms of numpy.fft, with its rules, and the real cosine and sine transforms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import fft  # type: ignore[import-untyped]

from srcgrad.rules.fft import irfft_bar, opposite, resized, rfft_bar, sizes_and_axes  # noqa: F401 - in the rules' texts
from srcgrad.rules.table import composed, linear, zero

SIGNATURE = "x, n=None, axis=-1, norm=None, overwrite_x=False, workers=None, *, plan=None"

for transform in (fft.fft, fft.ifft):
    name = f"fft.{transform.__name__}"
    linear(transform, SIGNATURE, x=f"resized({name}(y_bar, axis=axis, norm=norm), np.shape(x)[axis], axis)")
linear(fft.rfft, SIGNATURE, x="rfft_bar(y_bar, x, n, axis, norm)")
linear(fft.irfft, SIGNATURE, x="irfft_bar(y_bar, x, axis, norm)")
linear(fft.fftshift, "x, axes=None", x="fft.ifftshift(y_bar, axes)")
linear(fft.ifftshift, "x, axes=None", x="fft.fftshift(y_bar, axes)")
zero(fft.fftfreq, fft.rfftfreq, fft.next_fast_len)


@composed(fft.hfft)
def hfft(
    x: Any, n: Any = None, axis: int = -1, norm: Any = None, overwrite_x: bool = False, workers: Any = None
) -> Any:
    """The real spectrum of a signal with Hermitian symmetry."""
    return fft.irfft(np.conj(x), n, axis, opposite(norm))


@composed(fft.ihfft)
def ihfft(
    x: Any, n: Any = None, axis: int = -1, norm: Any = None, overwrite_x: bool = False, workers: Any = None
) -> Any:
    """The inverse of hfft."""
    return np.conj(fft.rfft(x, n, axis, opposite(norm)))


@composed(fft.fftn)
def fftn(
    x: Any, s: Any = None, axes: Any = None, norm: Any = None, overwrite_x: bool = False, workers: Any = None
) -> Any:
    """Transforms along one axis after the other."""
    sizes, along = sizes_and_axes(x, s, axes)
    for n, axis in zip(sizes[::-1], along[::-1], strict=True):
        x = fft.fft(x, n, axis, norm)
    return x


@composed(fft.ifftn)
def ifftn(
    x: Any, s: Any = None, axes: Any = None, norm: Any = None, overwrite_x: bool = False, workers: Any = None
) -> Any:
    """Inverse transforms along one axis after the other."""
    sizes, along = sizes_and_axes(x, s, axes)
    for n, axis in zip(sizes[::-1], along[::-1], strict=True):
        x = fft.ifft(x, n, axis, norm)
    return x


@composed(fft.rfftn)
def rfftn(
    x: Any, s: Any = None, axes: Any = None, norm: Any = None, overwrite_x: bool = False, workers: Any = None
) -> Any:
    """A real transform along the last axis, then complex ones."""
    sizes, along = sizes_and_axes(x, s, axes)
    x = fft.rfft(x, sizes[-1], along[-1], norm)
    for n, axis in zip(sizes[-2::-1], along[-2::-1], strict=True):
        x = fft.fft(x, n, axis, norm)
    return x


@composed(fft.irfftn)
def irfftn(
    x: Any, s: Any = None, axes: Any = None, norm: Any = None, overwrite_x: bool = False, workers: Any = None
) -> Any:
    """Complex inverse transforms, then a real one along the last axis."""
    sizes, along = sizes_and_axes(x, s, axes)
    for n, axis in zip(sizes[:-1], along[:-1], strict=True):
        x = fft.ifft(x, n, axis, norm)
    return fft.irfft(x, None if s is None else sizes[-1], along[-1], norm)


@composed(fft.fft2)
def fft2(
    x: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, overwrite_x: bool = False, workers: Any = None
) -> Any:
    """Of the last two axes unless others are given."""
    return fftn(x, s, axes, norm)


@composed(fft.ifft2)
def ifft2(
    x: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, overwrite_x: bool = False, workers: Any = None
) -> Any:
    """Of the last two axes unless others are given."""
    return ifftn(x, s, axes, norm)


@composed(fft.rfft2)
def rfft2(
    x: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, overwrite_x: bool = False, workers: Any = None
) -> Any:
    """Of the last two axes unless others are given."""
    return rfftn(x, s, axes, norm)


@composed(fft.irfft2)
def irfft2(
    x: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, overwrite_x: bool = False, workers: Any = None
) -> Any:
    """Of the last two axes unless others are given."""
    return irfftn(x, s, axes, norm)


# Cosine and sine transforms: eight types, with three scales and two conventions about the ends. The transpose is that of
# the matrix, which the transform of the unit vectors gives for all of these alike.


def matrix_of(transform: Callable[..., Any], size: int, type: int, n: Any, norm: Any, orthogonalize: Any) -> Any:
    """The matrix of a transform of vectors of a length."""
    return transform(np.eye(size), type, n, 0, norm, orthogonalize=orthogonalize)


def along(matrix: Any, y_bar: Any, axis: int) -> Any:
    """The transposed matrix applied along an axis."""
    return np.moveaxis(np.moveaxis(y_bar, axis, -1) @ matrix, -1, axis)


for transform in (fft.dct, fft.idct, fft.dst, fft.idst):
    linear(
        transform,
        "x, type=2, n=None, axis=-1, norm=None, overwrite_x=False, workers=None, orthogonalize=None",
        x="along(matrix_of(function, np.shape(x)[axis], type, n, norm, orthogonalize), y_bar, axis)",
    )


def along_axes(
    transform: Callable[..., Any], x: Any, type: int, s: Any, axes: Any, norm: Any, orthogonalize: Any
) -> Any:
    """A transform along one axis after the other."""
    sizes, several = sizes_and_axes(x, s, axes)
    for n, axis in zip(sizes, several, strict=True):
        x = transform(x, type, n, axis, norm, orthogonalize=orthogonalize)
    return x


@composed(fft.dctn)
def dctn(
    x: Any, type: int = 2, s: Any = None, axes: Any = None, norm: Any = None, overwrite_x: bool = False,
    workers: Any = None, *, orthogonalize: Any = None,
) -> Any:  # fmt: skip
    """Cosine transforms along several axes."""
    return along_axes(fft.dct, x, type, s, axes, norm, orthogonalize)


@composed(fft.idctn)
def idctn(
    x: Any, type: int = 2, s: Any = None, axes: Any = None, norm: Any = None, overwrite_x: bool = False,
    workers: Any = None, orthogonalize: Any = None,
) -> Any:  # fmt: skip
    """Inverse cosine transforms along several axes."""
    return along_axes(fft.idct, x, type, s, axes, norm, orthogonalize)


@composed(fft.dstn)
def dstn(
    x: Any, type: int = 2, s: Any = None, axes: Any = None, norm: Any = None, overwrite_x: bool = False,
    workers: Any = None, orthogonalize: Any = None,
) -> Any:  # fmt: skip
    """Sine transforms along several axes."""
    return along_axes(fft.dst, x, type, s, axes, norm, orthogonalize)


@composed(fft.idstn)
def idstn(
    x: Any, type: int = 2, s: Any = None, axes: Any = None, norm: Any = None, overwrite_x: bool = False,
    workers: Any = None, orthogonalize: Any = None,
) -> Any:  # fmt: skip
    """Inverse sine transforms along several axes."""
    return along_axes(fft.idst, x, type, s, axes, norm, orthogonalize)
