"""scipy.spatial.distance: the kernels of the metrics, each written as a function of two rows.

Between equal rows, where a distance has a kink, the derivative is zero.
"""

from __future__ import annotations

from collections.abc import Callable
from types import BuiltinFunctionType
from typing import Any

import numpy as np
from scipy.spatial import distance  # type: ignore[import-untyped]

from srcgrad.rules.support import delivered
from srcgrad.rules.table import composed


def quotient(a: Any, b: Any) -> Any:
    """a / b, and zero where both are zero."""
    return a / np.where((a == 0) & (b == 0), 1.0, b)


def cosine_distance(u: Any, v: Any) -> Any:
    """One minus the cosine of the angle."""
    return 1 - np.sum(u * v, axis=-1) / (np.linalg.norm(u, axis=-1) * np.linalg.norm(v, axis=-1))


def centred(u: Any) -> Any:
    """Rows without their mean."""
    return u - np.mean(u, axis=-1, keepdims=True)


def row_distances(u: Any, v: Any, metric: str, w: Any, p: Any, V: Any, VI: Any) -> Any:
    """The distances between corresponding rows."""
    weight = 1.0 if w is None else np.asarray(w)
    if w is not None and metric in ("cosine", "correlation", "seuclidean", "mahalanobis"):
        raise NotImplementedError(f"the metric {metric!r} with weights", "scale the coordinates themselves")
    difference = u - v
    if metric == "euclidean":
        return np.linalg.norm(difference * np.sqrt(weight), axis=-1)
    if metric == "sqeuclidean":
        return np.sum(weight * difference * difference, axis=-1)
    if metric == "cityblock":
        return np.sum(weight * np.abs(difference), axis=-1)
    if metric == "chebyshev":
        return np.max(np.abs(difference) * (np.asarray(weight) > 0), axis=-1)
    if metric == "minkowski":
        return np.linalg.norm(difference * weight ** (1.0 / p), p, axis=-1)
    if metric == "cosine":
        return cosine_distance(u, v)
    if metric == "correlation":
        return cosine_distance(centred(u), centred(v))
    if metric == "canberra":
        return np.sum(weight * quotient(np.abs(difference), np.abs(u) + np.abs(v)), axis=-1)
    if metric == "braycurtis":
        return np.sum(weight * np.abs(difference), axis=-1) / np.sum(weight * np.abs(u + v), axis=-1)
    if metric == "seuclidean":
        return np.linalg.norm(difference / np.sqrt(V), axis=-1)
    if metric == "mahalanobis":
        return np.sqrt(np.sum((difference @ VI) * difference, axis=-1))
    raise NotImplementedError(f"the metric {metric!r}", "compute the distance with NumPy")


def default_scales(rows: Any, metric: str, V: Any, VI: Any) -> tuple[Any, Any]:
    """The variances and the inverse covariance that some metrics take from all rows."""
    if metric == "seuclidean" and V is None:
        V = np.var(rows, axis=0, ddof=1)
    if metric == "mahalanobis" and VI is None:
        VI = np.linalg.inv(np.cov(rows.T)).T
    return V, VI


# cdist and pdist themselves are Python over one kernel for each metric, or over a function of the user's.


def enter_kernels(metric: str, of_two: Callable[..., Any], of_one: Callable[..., Any]) -> None:
    """Enter the kernels of a metric, where they are functions of C++."""

    def between(XA: Any, XB: Any, w: Any = None, out: Any = None, p: Any = 2.0, V: Any = None, VI: Any = None) -> Any:
        return delivered(distances_between(XA, XB, metric, w, p, V, VI), out)

    def within(X: Any, w: Any = None, out: Any = None, p: Any = 2.0, V: Any = None, VI: Any = None) -> Any:
        return delivered(distances_within(X, metric, w, p, V, VI), out)

    if isinstance(of_two, BuiltinFunctionType) and isinstance(of_one, BuiltinFunctionType):
        composed(of_two)(between)
        composed(of_one)(within)


def distances_between(XA: Any, XB: Any, metric: str, w: Any, p: Any, V: Any, VI: Any) -> Any:
    """The distances between all rows of two matrices."""
    XA, XB = np.asarray(XA) + 0.0, np.asarray(XB) + 0.0
    V, VI = default_scales(np.concatenate([XA, XB]), metric, V, VI)
    return row_distances(XA[:, None, :], XB[None, :, :], metric, w, p, V, VI)


def distances_within(X: Any, metric: str, w: Any, p: Any, V: Any, VI: Any) -> Any:
    """The distances between all pairs of rows."""
    X = np.asarray(X) + 0.0
    first, second = np.triu_indices(len(X), 1)
    V, VI = default_scales(X, metric, V, VI)
    return row_distances(X[first], X[second], metric, w, p, V, VI)


METRICS = ("euclidean", "sqeuclidean", "cityblock", "chebyshev", "minkowski", "canberra", "braycurtis")
for name in METRICS:
    enter_kernels(name, distance._METRICS[name].cdist_func, distance._METRICS[name].pdist_func)


@composed(distance.CDistMetricWrapper.__call__)
def cdist_wrapper(
    self: Any, XA: Any, XB: Any, *, out: Any = None, w: Any = None, p: Any = 2.0, V: Any = None, VI: Any = None
) -> Any:
    """The kernels of the other metrics, which share one method."""
    return delivered(distances_between(XA, XB, self.metric_name, w, p, V, VI), out)


@composed(distance.PDistMetricWrapper.__call__)
def pdist_wrapper(
    self: Any, X: Any, *, out: Any = None, w: Any = None, p: Any = 2.0, V: Any = None, VI: Any = None
) -> Any:
    """The same for pairs of rows."""
    return delivered(distances_within(X, self.metric_name, w, p, V, VI), out)


@composed(distance.squareform)
def squareform(X: Any, force: str = "no", checks: bool = True) -> Any:
    """The distances of pairs as a symmetric matrix, and back."""
    X = np.asarray(X) + 0.0
    if np.ndim(X) == 2:
        return X[np.triu_indices(len(X), 1)]
    n = int((1 + np.sqrt(1 + 8 * len(X))) / 2 + 0.5)
    place = np.zeros((n, n), int)
    place[np.triu_indices(n, 1)] = np.arange(1, len(X) + 1)
    return np.concatenate([np.zeros(1), X])[place + place.T]
