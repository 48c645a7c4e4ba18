"""Samples of scipy.spatial.distance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.spatial import distance

import srcgrad as sg
from srcgrad.errors import MissingRuleError

rng = np.random.default_rng(5)
first, second, weights = rng.normal(size=(4, 3)), rng.normal(size=(2, 3)), np.array([0.5, 2.0, 1.0])
METRICS = (
    "euclidean sqeuclidean cityblock chebyshev minkowski cosine correlation canberra braycurtis seuclidean mahalanobis"
)
WRAPPED = "cosine correlation seuclidean mahalanobis".split()
WEIGHTED = "euclidean sqeuclidean cityblock chebyshev minkowski canberra braycurtis"


def kernel(metric: str, pairs: bool) -> Any:
    known = distance._METRICS[metric]
    return known.pdist_func if pairs else known.cdist_func


def sample(metric: str, *given: Any, **options: Any) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """The kernel, or the method of an object that wraps it."""
    function = kernel(metric, len(given) == 1)
    if metric in WRAPPED:
        return type(function).__call__, (function, *given), options
    return function, given, options


together = np.concatenate([first, second])
SAMPLES: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    *(sample(name, first, second) for name in METRICS.split()),
    *(sample(name, together) for name in METRICS.split()),
    *(sample(name, first, w=weights) for name in WEIGHTED.split()),
    sample("minkowski", first, second, p=3.0, w=weights),
    (distance.squareform, (weights,), {}),
    (distance.squareform, (distance.squareform(weights),), {}),
]


@pytest.mark.parametrize("metric", METRICS.split())
def test_matrices_of_distances(metric: str) -> None:
    sg.check_grads(lambda a, b: distance.cdist(a, b, metric), (first, second), order=2)
    sg.check_grads(lambda a: distance.pdist(a, metric), (together,), order=1)


def test_metrics_of_the_user() -> None:
    sg.check_grads(lambda a, b, c: distance.cdist(a, b, lambda u, v: c * np.sum((u - v) ** 4)), (first, second, 2.0))
    given = sg.grad(lambda c: np.sum(distance.pdist(first, lambda u, v: c * np.sum((u - v) ** 2))))(2.0)
    assert given == pytest.approx(np.sum(distance.pdist(first, "sqeuclidean")))


def test_equal_rows() -> None:
    twice = np.concatenate([first, first])
    assert np.all(np.isfinite(sg.grad(lambda a: np.sum(distance.pdist(a)))(twice)))


def test_other_metrics_are_refused() -> None:
    with pytest.raises(MissingRuleError, match="jaccard"):
        sg.grad(lambda a: np.sum(distance.cdist(a, second, "jaccard")))(first)
    with pytest.raises(MissingRuleError, match="weights"):
        sg.grad(lambda a: np.sum(distance.cdist(a, second, "cosine", w=weights)))(first)
