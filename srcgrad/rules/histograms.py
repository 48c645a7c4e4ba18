"""Histograms: the weights are summed where the samples fall, which has a derivative in the weights and the edges."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.support import scatter_add
from srcgrad.rules.table import composed, rule

rule(
    np.bincount,
    "x, weights=None, minlength=0",
    vjp={"weights": "y_bar[np.asarray(x)]"},
    jvp={"weights": "np.bincount(x, weights_dot, minlength)"},
)


def edges_between(samples: Any, bins: Any, given: Any) -> Any:
    """The edges of bins that are given by their number or by their edges."""
    if isinstance(bins, str):
        raise NotImplementedError(f"bins={bins!r} chooses the edges by the samples", "give bins as a number or edges")
    if np.ndim(bins) != 0:
        return np.asarray(bins)
    if given is not None:
        low, high = given
    elif np.size(samples) == 0:
        low, high = 0.0, 1.0
    else:
        low, high = np.min(samples), np.max(samples)
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, bins + 1)


def edges_like(samples: Any, bins: Any, given: Any) -> Any:
    """As edges_between, edges that are computed in the precision of the samples."""
    edges = edges_between(samples, bins, given)
    return edges.astype(samples.dtype) if np.ndim(bins) == 0 and samples.dtype.kind == "f" else edges


def bins_of(samples: Any, edges: Any) -> Any:
    """The number of the bin of each sample; -1 for those outside. The last bin holds its right edge too."""
    number = np.size(edges) - 1
    place: Any = np.searchsorted(edges, samples, side="right") - 1
    place = np.where(samples == edges[-1], number - 1, place)
    return np.where((place >= 0) & (place < number), place, -1)


@composed(np.histogram_bin_edges)
def histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Any:
    """The edges alone."""
    return edges_like(np.ravel(a), bins, range)


@composed(np.histogram)
def histogram(a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    """The sums of weights, or counts, between edges, and the edges."""
    samples = np.ravel(a)
    edges = edges_like(samples, bins, range)
    number = np.size(edges) - 1
    place = bins_of(samples, edges)
    inside = place >= 0
    if weights is None:
        sums: Any = np.bincount(place[inside], minlength=number)
    else:
        sums = scatter_add((number,), place[inside], np.ravel(weights)[inside])
    if density:
        sums = sums / np.asarray(np.diff(edges), dtype=float) / np.sum(sums)
    return sums, edges


@composed(np.histogramdd)
def histogramdd(sample: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    """The sums of weights, or counts, in boxes of several dimensions, and the edges along each."""
    columns = sample if isinstance(sample, np.ndarray) and np.ndim(sample) == 2 else np.atleast_2d(sample).T
    ndim = np.shape(columns)[1]
    numbers = [bins] * ndim if isinstance(bins, (int, np.integer, str)) else list(bins)
    ranges = [None] * ndim if range is None else list(range)
    if len(numbers) != ndim:
        raise ValueError("The dimension of bins must be equal to the dimension of the sample x.")
    if len(ranges) != ndim:
        raise ValueError("range argument must have one entry per dimension")
    edges = []
    box: Any = 0
    inside: Any = True
    shape = []
    for k, (number, ends) in enumerate(zip(numbers, ranges, strict=True)):
        edges.append(edges_between(columns[:, k], number, ends))
        place = bins_of(columns[:, k], edges[k])
        shape.append(np.size(edges[k]) - 1)
        box = box * shape[k] + place
        inside = inside & (place >= 0)
    total = 1
    for count in shape:
        total *= count
    given = np.ones(np.shape(columns)[0]) if weights is None else np.asarray(weights, dtype=float)
    sums = np.reshape(scatter_add((total,), box[inside], given[inside]), shape)
    if density:
        density_of = sums / np.sum(sums)
        for k, own in enumerate(edges):
            density_of = density_of / np.reshape(np.diff(own), [-1 if j == k else 1 for j, _ in enumerate(edges)])
        return density_of, edges
    return sums, edges


@composed(np.histogram2d)
def histogram2d(x: Any, y: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    """As histogramdd for two columns; one array of edges stands for both."""
    if len(x) != len(y):
        raise ValueError("x and y must have the same length.")
    if not isinstance(bins, (int, np.integer, str)) and len(bins) not in {1, 2}:
        bins = [np.asarray(bins), np.asarray(bins)]
    sums, edges = np.histogramdd([x, y], bins, range, density, weights)
    return sums, edges[0], edges[1]
