"""Images read at the points of a grid, between the pixels: `grid_sample` and `affine_grid`.

A point's value is a weighted sum of the pixels around it, its taps: along each axis one (nearest), two (linear) or
four (cubic), with weights that depend on the point's place. The image is taken as a table with one row
of channels for each pixel, so that reading is an embedding and its transpose that of the embedding.
"""

from __future__ import annotations

import itertools
from math import prod
from typing import Any

import numpy as np

from srcgrad.rules.table import linear, rule, zero
from srcgrad.torch.kernels.embedding import embedding, embedding_weight
from srcgrad.torch.kernels.windows import Sizes


def grid_sample(x: Any, grid: Any, mode: str, padding_mode: str, align_corners: bool) -> Any:
    """The image (images, channels, *space) at a grid (images, *places, axes) of points from -1 to 1, last axis first.

    The modes are PyTorch's: "bilinear", "nearest" or "bicubic"; outside are "zeros", the "border" or a "reflection".
    """
    table = as_table(x)
    total: Any = 0
    for rows, weight, _ in grid_taps(grid, np.shape(x), mode, padding_mode, align_corners):
        total = total + embedding(table, rows) * weight[:, None]
    places = np.shape(grid)[1:-1]
    return np.ascontiguousarray(np.moveaxis(np.reshape(total, (np.shape(x)[0], *places, np.shape(x)[1])), -1, 1))


def as_table(x: Any) -> Any:
    """(images, channels, *space) as one row of channels for each pixel."""
    return np.reshape(np.moveaxis(x, 1, -1), (-1, np.shape(x)[1]))


def grid_sample_x_bar(y_bar: Any, grid: Any, shape: Any, mode: Any, padding_mode: Any, align_corners: Any) -> Any:
    """Each point's cotangent, weighted, added to the pixels that it read."""
    bars = as_table(y_bar)
    taps = grid_taps(grid, shape, mode, padding_mode, align_corners)
    parts = np.concatenate([bars * weight[:, None] for _, weight, _ in taps])
    rows = np.concatenate([rows for rows, _, _ in taps])
    table = embedding_weight(parts, rows, shape[0] * prod(shape[2:]))
    return np.moveaxis(np.reshape(table, (shape[0], *shape[2:], shape[1])), -1, 1)


def grid_sample_grid_bar(y_bar: Any, x: Any, grid: Any, mode: Any, padding_mode: Any, align_corners: Any) -> Any:
    """By the slopes of the weights, how the value changes as a point moves along each axis."""
    bars, table = as_table(y_bar), as_table(x)
    total: Any = 0
    for rows, _, slopes in grid_taps(grid, np.shape(x), mode, padding_mode, align_corners):
        total = total + np.sum(bars * embedding(table, rows), axis=1)[:, None] * slopes
    return np.reshape(total, np.shape(grid))


def grid_sample_grid_dot(grid_dot: Any, x: Any, grid: Any, mode: Any, padding_mode: Any, align_corners: Any) -> Any:
    table = as_table(x)
    moves = np.reshape(grid_dot, (-1, np.shape(grid)[-1]))
    total: Any = 0
    for rows, _, slopes in grid_taps(grid, np.shape(x), mode, padding_mode, align_corners):
        total = total + embedding(table, rows) * np.sum(slopes * moves, axis=1)[:, None]
    return np.moveaxis(np.reshape(total, (*np.shape(grid)[:-1], np.shape(x)[1])), -1, 1)


rule(
    grid_sample,
    "x, grid, mode, padding_mode, align_corners",
    vjp={
        "x": "grid_sample_x_bar(y_bar, grid, np.shape(x), mode, padding_mode, align_corners)",
        "grid": "grid_sample_grid_bar(y_bar, x, grid, mode, padding_mode, align_corners)",
    },
    jvp={
        "x": "grid_sample(x_dot, grid, mode, padding_mode, align_corners)",
        "grid": "grid_sample_grid_dot(grid_dot, x, grid, mode, padding_mode, align_corners)",
    },
)


def grid_taps(grid: Any, shape: Any, mode: Any, padding_mode: Any, align_corners: Any) -> list[tuple[Any, Any, Any]]:
    """For each tap: the table's row that every point reads, its weight, and the weight's slope by each coordinate."""
    space = shape[2:]
    points = np.reshape(grid, (-1, len(space)))
    images = np.repeat(np.arange(shape[0]), prod(np.shape(grid)[1:-1]))
    axes = [axis_taps(points[:, len(space) - 1 - k], n, mode, padding_mode, align_corners) for k, n in enumerate(space)]
    taps = []
    for chosen in itertools.product(*axes):
        rows, weight = images, None
        for n, (index, share, _) in zip(space, chosen, strict=True):
            rows = rows * n + index
            weight = share if weight is None else weight * share
        slopes = []
        for k in reversed(range(len(space))):
            slope = chosen[k][2]
            for other, (_, share, _) in enumerate(chosen):
                slope = slope if other == k else slope * share
            slopes.append(slope)
        taps.append((rows, weight, np.stack(slopes, axis=1)))
    return taps


def axis_taps(point: Any, n: Any, mode: Any, padding_mode: Any, align_corners: Any) -> list[tuple[Any, Any, Any]]:
    """Along one axis of n pixels, for each tap: the pixel, its weight, and the weight's slope."""
    rate = (n - 1) / 2 if align_corners else n / 2
    place = (point + 1) * rate - (0.0 if align_corners else 0.5)
    if mode == "bicubic":
        first = np.floor(place)
        taps = []
        for k, (weight, slope) in enumerate(cubic_weights(place - first)):
            pixel, inside = tap_pixel(folded(first + (k - 1), n, padding_mode, align_corners), n, point.dtype)
            taps.append((pixel, weight * inside, slope * inside * rate))
        return taps
    rate = rate * fold_slope(place, n, padding_mode, align_corners)
    place = folded(place, n, padding_mode, align_corners)
    if mode == "nearest":
        pixel, inside = tap_pixel(np.rint(place), n, point.dtype)
        return [(pixel, inside, np.zeros_like(point))]
    first = np.floor(place)
    share = place - first
    pixel, inside = tap_pixel(first, n, point.dtype)
    following, also = tap_pixel(first + 1, n, point.dtype)
    return [(pixel, (1 - share) * inside, -inside * rate), (following, share * also, also * rate)]


def cubic_weights(t: Any) -> list[tuple[Any, Any]]:
    """The weights of the pixels at -1, 0, 1 and 2 around a place t between 0 and 1, and their slopes (a = -3/4)."""
    u, a = 1 - t, -0.75
    return [
        (a * t * u * u, a * u * (u - 2 * t)),
        (((a + 2) * t - (a + 3)) * t * t + 1, (3 * (a + 2) * t - 2 * (a + 3)) * t),
        (((a + 2) * u - (a + 3)) * u * u + 1, -(3 * (a + 2) * u - 2 * (a + 3)) * u),
        (a * u * t * t, a * t * (2 * u - t)),
    ]


def tap_pixel(place: Any, n: int, dtype: Any) -> tuple[Any, Any]:
    """A whole place as a pixel's number, and 1 where there is such a pixel or else 0."""
    inside = (place >= 0) & (place < n)
    return np.where(inside, place, 0).astype(np.int64), inside.astype(dtype)


def folded(place: Any, n: int, padding_mode: str, align_corners: bool) -> Any:
    """A place outside put where its value is taken from, unless that is zero."""
    return _fold(place, n, padding_mode, align_corners)[0]


def fold_slope(place: Any, n: int, padding_mode: str, align_corners: bool) -> Any:
    """How fast the folded place moves with the place: 1, -1 or 0."""
    return _fold(place, n, padding_mode, align_corners)[1]


def _fold(place: Any, n: int, padding_mode: str, align_corners: bool) -> tuple[Any, Any]:
    slope = np.ones_like(place)
    if padding_mode == "zeros":
        return place, slope
    if padding_mode == "reflection":
        low, span = (0.0, n - 1.0) if align_corners else (-0.5, float(n))
        if span == 0:
            return np.zeros_like(place), np.zeros_like(place)
        distance = np.abs(place - low)
        turns = np.floor(distance / span)
        rest = distance - turns * span
        even = turns % 2 == 0
        slope = np.where(place < low, -1, 1) * np.where(even, 1, -1).astype(place.dtype)
        place = low + np.where(even, rest, span - rest)
    outside = (place <= 0) | (place >= n - 1)
    return np.clip(place, 0, n - 1), np.where(outside, 0, slope).astype(place.dtype)


rule(
    folded,
    "place, n, padding_mode, align_corners",
    vjp={"place": "y_bar * fold_slope(place, n, padding_mode, align_corners)"},
    jvp={"place": "place_dot * fold_slope(place, n, padding_mode, align_corners)"},
)
zero(fold_slope, tap_pixel)


def affine_grid(theta: Any, size: Sizes, align_corners: bool) -> Any:
    """The points of a grid for an image of the given size, moved by an affine map of each image."""
    base = base_grid(size, align_corners, theta.dtype)
    return np.reshape(base @ np.swapaxes(theta, 1, 2), (len(theta), *size[2:], len(size) - 2))


def base_grid(size: Sizes, align_corners: bool, dtype: Any) -> Any:
    """The unmoved points, one row (x, y, 1) or (x, y, z, 1) each."""
    axes = []
    for n in size[2:]:
        steps = np.linspace(-1, 1, n) if n > 1 else np.zeros(n)
        axes.append(steps if align_corners else steps * (n - 1) / n)
    points = np.stack([*reversed(np.meshgrid(*axes, indexing="ij")), np.ones(tuple(size[2:]))], axis=-1)
    return points.reshape(-1, len(size) - 1).astype(dtype)


def affine_theta_bar(grid_bar: Any, size: Any, align_corners: Any, dtype: Any) -> Any:
    points = np.reshape(grid_bar, (np.shape(grid_bar)[0], -1, len(size) - 2))
    return np.swapaxes(points, 1, 2) @ base_grid(size, align_corners, dtype)


zero(base_grid)
linear(affine_grid, "theta, size, align_corners", theta="affine_theta_bar(y_bar, size, align_corners, theta.dtype)")
