"""Sliding windows over the spatial dimensions of an array (images, channels, *space), without a loop over places.

Windows are seen through a view with one axis per kernel dimension and one per output dimension. The
way back is a loop over the kernel's taps, each a strided slice of the whole array.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

Sizes = Sequence[int]


def window_counts(space: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> tuple[int, ...]:
    """How many windows fit along each spatial dimension."""
    return tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(space, kernel, stride, padding, dilation, strict=True)
    )


def bordered(x: Any, before: Sizes, after: Sizes, value: Any = 0) -> Any:
    """The array with a border of one value around its last dimensions; the array itself where there is none."""
    if not any(before) and not any(after):
        return x
    lead = x.ndim - len(before)
    space = x.shape[lead:]
    grown = tuple(b + n + a for b, n, a in zip(before, space, after, strict=True))
    y = (
        np.zeros((*x.shape[:lead], *grown), x.dtype)
        if value == 0
        else np.full((*x.shape[:lead], *grown), value, x.dtype)
    )
    inner: Any = tuple(slice(b, b + n) for b, n in zip(before, space, strict=True))
    y[(..., *inner)] = x
    return y


def windows(x: Any, lead: int, kernel: Sizes, counts: Sizes, stride: Sizes, dilation: Sizes) -> Any:
    """A view of x (*lead, *space, *rest) as (*lead, *kernel, *counts, *rest)."""
    end = lead + len(kernel)
    space = x.strides[lead:end]
    return as_strided(
        x,
        (*x.shape[:lead], *kernel, *counts, *x.shape[end:]),
        (
            *x.strides[:lead],
            *(d * step for d, step in zip(dilation, space, strict=True)),
            *(s * step for s, step in zip(stride, space, strict=True)),
            *x.strides[end:],
        ),
    )


def taps(kernel: Sizes, counts: Sizes, stride: Sizes, dilation: Sizes) -> Iterator[tuple[Any, Any]]:
    """For each tap of the kernel, its index and the places of the (bordered) space that it sees."""
    lines = [
        [slice(t * d, t * d + (n - 1) * s + 1, s) for t in range(k)]
        for k, n, s, d in zip(kernel, counts, stride, dilation, strict=True)
    ]
    for tap in itertools.product(*map(range, kernel)):
        yield tap, tuple(line[t] for line, t in zip(lines, tap, strict=True))


def extent(counts: Sizes, kernel: Sizes, stride: Sizes, dilation: Sizes) -> tuple[int, ...]:
    """How much space the windows span together."""
    return tuple((n - 1) * s + d * (k - 1) + 1 for n, k, s, d in zip(counts, kernel, stride, dilation, strict=True))
