"""Images at another size: along each axis, every new row is a weighted sum of some old ones.

The weights of an axis do not depend on the image, so that the interpolation is linear, and its transpose adds each
new row, weighted, to the old ones it came from: a weighted sum again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.rules.table import linear
from srcgrad.torch.kernels.windows import Sizes

# Mode names without the number of dimensions: "bilinear" is linear along two axes.
MODES = {
    "nearest": "nearest",
    "nearest-exact": "nearest-exact",
    "linear": "linear",
    "bilinear": "linear",
    "trilinear": "linear",
    "bicubic": "cubic",
}


def upsample(
    x: Any, size: Sizes, mode: str, align_corners: bool = False, scales: Any = None, antialias: bool = False
) -> Any:
    """(images, channels, *space) at the spatial size `size`.

    `scales` are the factors that the caller gave, one or None for each dimension; where None, or where the corners
    are aligned, the sizes determine them.
    """
    for axis, (index, weight) in _plans(x.shape[2:], size, mode, align_corners, scales, antialias, x.dtype):
        x = _weighted_rows(x, axis, index, weight)
    return x


def upsample_input(
    c: Any,
    space: Sizes,
    size: Sizes,
    mode: str,
    align_corners: bool = False,
    scales: Any = None,
    antialias: bool = False,
) -> Any:
    """The transpose of `upsample` for an image of the spatial sizes `space`."""
    for axis, (index, weight) in _plans(space, size, mode, align_corners, scales, antialias, c.dtype):
        n = space[axis - 2]
        c = _weighted_rows(c, axis, *_transposed(n, index, np.ones(index.shape, c.dtype) if weight is None else weight))
        unread = np.bincount(index.reshape(-1), minlength=n) == 0
        if unread.any():
            c[(*(slice(None),) * axis, unread)] = 0
    return c


def _weighted_rows(x: Any, axis: int, index: Any, weight: Any) -> Any:
    """Along an axis, the sum over the taps of the rows at an index, each times its weight."""
    if weight is None:
        return x.take(index[0], axis)
    shape = (-1,) + (1,) * (x.ndim - axis - 1)
    total = x.take(index[0], axis)
    total *= weight[0].reshape(shape)
    for rows, factors in zip(index[1:], weight[1:], strict=True):
        part = x.take(rows, axis)
        part *= factors.reshape(shape)
        total += part
    return total


def _transposed(n: int, index: Any, weight: Any) -> tuple[Any, Any]:
    """The same weights by old row: for each of n, the new rows that read it; repeated with weight 0 to be equally many."""
    source, new = index.reshape(-1), np.tile(np.arange(index.shape[1]), len(index))
    order = np.argsort(source, kind="stable")
    source, new = source[order], new[order]
    counts = np.bincount(source, minlength=n)
    starts = np.cumsum(counts) - counts
    number = np.arange(len(source)) - starts[source]
    taps = np.tile(new[np.minimum(starts, len(new) - 1)], (int(counts.max()), 1))
    weights = np.zeros(taps.shape, weight.dtype)
    taps[number, source], weights[number, source] = new, weight.reshape(-1)[order]
    return taps, weights


linear(
    upsample,
    "x, size, mode, align_corners=False, scales=None, antialias=False",
    x="upsample_input(y_bar, np.shape(x)[2:], size, mode, align_corners, scales, antialias)",
)
linear(
    upsample_input,
    "c, space, size, mode, align_corners=False, scales=None, antialias=False",
    c="upsample(y_bar, size, mode, align_corners, scales, antialias)",
)


def _plans(
    space: Sizes, size: Sizes, mode: str, align_corners: bool, scales: Any, antialias: bool, dtype: Any
) -> list[tuple[int, tuple[Any, Any]]]:
    """For each axis, the sources (taps, new rows) and their weights; the weights are None where all are one."""
    plans = []
    for axis, (n, m) in enumerate(zip(space, size, strict=True), 2):
        given = None if scales is None else scales[axis - 2]
        kind = MODES[mode]
        if kind.startswith("nearest"):
            index, weight = _nearest(n, m, given, kind, dtype), None
        else:
            scale = _scale(n, m, align_corners, given)
            if antialias:
                index, weight = _smoothed(n, m, scale, kind)
            elif kind == "linear":
                index, weight = _linear(n, m, scale, align_corners)
            else:
                index, weight = _cubic(n, m, scale, align_corners)
            weight = weight.astype(dtype)
        plans.append((axis, (index, weight)))
    return plans


def _scale(n: int, m: int, align_corners: bool, given: Any) -> float:
    """How many old rows there are to a new one."""
    if align_corners:
        return (n - 1) / (m - 1) if m > 1 else 0.0
    return 1 / given if given is not None and given > 0 else n / m


def _nearest(n: int, m: int, given: Any, kind: str, dtype: Any) -> Any:
    # PyTorch's precisions, step by step, since rounding decides which of two rows is the nearest.
    single: Any = np.float32 if dtype.itemsize <= 4 else np.float64
    scale = single(_scale(n, m, False, given))
    if kind == "nearest-exact":
        place = (np.arange(m) + 0.5) * np.float64(scale)
    else:
        place = np.arange(m, dtype=single) * scale
    return np.minimum(np.floor(place.astype(np.float32)).astype(np.int64), n - 1)[None]


def _source(m: int, scale: float, align_corners: bool) -> Any:
    """Where among the old rows each new one lies."""
    return np.arange(m) * scale if align_corners else (np.arange(m) + 0.5) * scale - 0.5


def _linear(n: int, m: int, scale: float, align_corners: bool) -> tuple[Any, Any]:
    source = np.maximum(_source(m, scale, align_corners), 0)
    below = np.minimum(np.floor(source).astype(np.int64), n - 1)
    share = np.clip(source - below, 0, 1)
    return np.stack([below, np.minimum(below + 1, n - 1)]), np.stack([1 - share, share])


def _cubic(n: int, m: int, scale: float, align_corners: bool) -> tuple[Any, Any]:
    source = _source(m, scale, align_corners)
    below = np.floor(source)
    index = below.astype(np.int64) + np.arange(-1, 3)[:, None]
    return np.clip(index, 0, n - 1), cubic(source - below - np.arange(-1, 3)[:, None], -0.75)


def cubic(distance: Any, a: float) -> Any:
    """The cubic convolution kernel (Keys 1981), which is zero from distance 2 on."""
    d = np.abs(distance)
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    return np.where(d <= 1, near, np.where(d < 2, far, 0.0))


def _tent(distance: Any) -> Any:
    return np.maximum(0.0, 1 - np.abs(distance))


def _smoothed(n: int, m: int, scale: float, kind: str) -> tuple[Any, Any]:
    """Weights of a kernel that is widened when the image shrinks, so that no old row is passed over."""
    kernel: Callable[[Any], Any] = _tent if kind == "linear" else lambda d: cubic(d, -0.5)
    wider = max(scale, 1.0)
    reach = (1.0 if kind == "linear" else 2.0) * wider
    centre = scale * (np.arange(m) + 0.5)
    first = np.maximum((centre - reach + 0.5).astype(np.int64), 0)
    last = np.minimum((centre + reach + 0.5).astype(np.int64), n)
    index = first + np.arange(int(np.max(last - first)))[:, None]
    weight = np.where(index < last, kernel((index - centre + 0.5) / wider), 0.0)
    return np.minimum(index, n - 1), weight / np.sum(weight, axis=0)
