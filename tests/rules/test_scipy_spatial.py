"""Samples of scipy.spatial.distance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.spatial import distance

from srcgrad.rules import table

rng = np.random.default_rng(5)
first, second, weights = rng.normal(size=(4, 3)), rng.normal(size=(2, 3)), np.array([0.5, 2.0, 1.0])
METRICS = (
    "euclidean sqeuclidean cityblock chebyshev minkowski cosine correlation canberra braycurtis seuclidean mahalanobis"
)
WEIGHTED = "euclidean sqeuclidean cityblock chebyshev minkowski canberra braycurtis"


def own(u: Any, v: Any) -> Any:
    return np.sum((u - v) ** 4)


SAMPLES: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    *((distance.cdist, (first, second, name), {}) for name in METRICS.split()),
    *((distance.pdist, (np.concatenate([first, second]), name), {}) for name in METRICS.split()),
    *((distance.pdist, (first, name), {"w": weights}) for name in WEIGHTED.split()),
    (distance.cdist, (first, second, "minkowski"), {"p": 3.0, "w": weights}),
    (distance.cdist, (first, second, distance.euclidean), {}),
    (distance.cdist, (first, second, own), {}),
    (distance.pdist, (first, own), {}),
    (distance.squareform, (weights,), {}),
    (distance.squareform, (distance.squareform(weights),), {}),
]


def test_other_metrics_are_refused() -> None:
    body = table.substitute(distance.cdist)
    assert body is not None
    with pytest.raises(NotImplementedError, match="jaccard"):
        body(first, second, "jaccard")
    with pytest.raises(NotImplementedError, match="weights"):
        body(first, second, "cosine", w=weights)
