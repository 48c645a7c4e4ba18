"""scipy.spatial.distance: matrices of distances, each written as a function of two rows.

Between equal rows, where a distance has a kink, the derivative is zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.spatial import distance  # type: ignore[import-untyped]

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
    if metric in ("euclidean", "euclid", "eu", "e"):
        return np.linalg.norm(difference * np.sqrt(weight), axis=-1)
    if metric in ("sqeuclidean", "sqe", "sqeuclid"):
        return np.sum(weight * difference * difference, axis=-1)
    if metric in ("cityblock", "manhattan", "cblock", "cb", "c"):
        return np.sum(weight * np.abs(difference), axis=-1)
    if metric in ("chebyshev", "chebychev", "cheby", "cheb", "ch"):
        return np.max(np.abs(difference) * (np.asarray(weight) > 0), axis=-1)
    if metric in ("minkowski", "mi", "m", "pnorm"):
        return np.linalg.norm(difference * weight ** (1.0 / p), p, axis=-1)
    if metric in ("cosine", "cos"):
        return cosine_distance(u, v)
    if metric in ("correlation", "co"):
        return cosine_distance(centred(u), centred(v))
    if metric == "canberra":
        return np.sum(weight * quotient(np.abs(difference), np.abs(u) + np.abs(v)), axis=-1)
    if metric == "braycurtis":
        return np.sum(weight * np.abs(difference), axis=-1) / np.sum(weight * np.abs(u + v), axis=-1)
    if metric in ("seuclidean", "se", "s"):
        return np.linalg.norm(difference / np.sqrt(V), axis=-1)
    if metric in ("mahalanobis", "mahal", "mah"):
        return np.sqrt(np.sum((difference @ VI) * difference, axis=-1))
    raise NotImplementedError(f"the metric {metric!r}", "compute the distance with NumPy")


def name_of(metric: str | Callable[..., Any]) -> str:
    """The name of a metric that may be given as the function itself."""
    return metric.lower() if isinstance(metric, str) else str(metric.__name__)


def default_scales(rows: Any, metric: str, V: Any, VI: Any) -> tuple[Any, Any]:
    """The variances and the inverse covariance that some metrics take from all rows."""
    if metric in ("seuclidean", "se", "s") and V is None:
        V = np.var(rows, axis=0, ddof=1)
    if metric in ("mahalanobis", "mahal", "mah") and VI is None:
        VI = np.linalg.inv(np.cov(rows.T)).T
    return V, VI


def is_own(metric: str | Callable[..., Any]) -> bool:
    """Whether a metric is a function of the user's."""
    return not isinstance(metric, str) and not metric.__module__.startswith("scipy.")


@composed(distance.cdist)
def cdist(
    XA: Any, XB: Any, metric: Any = "euclidean", *, out: Any = None, w: Any = None, p: Any = 2.0, V: Any = None,
    VI: Any = None,
) -> Any:  # fmt: skip
    """The distances between all rows of two matrices."""
    XA, XB = np.asarray(XA) + 0.0, np.asarray(XB) + 0.0
    if is_own(metric):
        return np.array([[metric(u, v) for v in XB] for u in XA])
    V, VI = default_scales(np.concatenate([XA, XB]), name_of(metric), V, VI)
    return row_distances(XA[:, None, :], XB[None, :, :], name_of(metric), w, p, V, VI)


@composed(distance.pdist)
def pdist(
    X: Any, metric: Any = "euclidean", *, out: Any = None, w: Any = None, p: Any = 2.0, V: Any = None, VI: Any = None
) -> Any:
    """The distances between all pairs of rows."""
    X = np.asarray(X) + 0.0
    first, second = np.triu_indices(len(X), 1)
    if is_own(metric):
        return np.array([metric(X[i], X[j]) for i, j in zip(first, second, strict=True)])
    V, VI = default_scales(X, name_of(metric), V, VI)
    return row_distances(X[first], X[second], name_of(metric), w, p, V, VI)


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
