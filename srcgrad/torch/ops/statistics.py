"""Covariances, quantiles, counts and histograms.

What enters: tensors. What leaves: tensors; counts have no gradient.
"""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from srcgrad.torch.kernels import distances
from srcgrad.torch.names import FUNCTIONS, op
from srcgrad.torch.ops.by_number import times
from srcgrad.torch.ops.comparison import in_one_dtype
from srcgrad.torch.ops.reductions import vector_norm, wrapped_dim
from srcgrad.torch.pointwise import check_broadcast, not_a_tensor
from srcgrad.torch.primitive import primitive
from srcgrad.torch.return_types import named
from srcgrad.torch.tensor import Tensor, wrap

_dist = primitive(distances.distance, "DistBackward0")
_renorm = primitive(distances.renormed, "RenormBackward0", operands=["x"])


@op("cov")
def cov(input: Any, *, correction: int = 1, fweights: Any = None, aweights: Any = None) -> Tensor:
    """The covariance matrix of variables in rows."""
    if input._a.ndim > 2:
        raise RuntimeError(
            f"cov(): expected input to have two or fewer dimensions but got an input with {input._a.ndim} dimensions"
        )
    x = input.view(1, -1) if input._a.ndim < 2 else input
    n = x._a.shape[1]
    w = None
    if fweights is not None:
        w = fweights
    if aweights is not None:
        w = aweights if w is None else w * aweights
    total = n if w is None else w.sum()
    mean = x.sum(1) / total if w is None else (x * w).sum(1) / total
    if w is None or correction == 0 or aweights is None:
        freedom = total - correction
    else:
        freedom = total - correction * ((w * aweights).sum() / total)
    centred = x - mean.unsqueeze(1)
    right = (centred if w is None else centred * w).t()
    if x._a.dtype.kind == "c":
        right = right.conj()
    if isinstance(freedom, Tensor):
        freedom = FUNCTIONS["clamp"](freedom, min=0)
    else:
        freedom = max(freedom, 0)
    found = centred.mm(right) / freedom if isinstance(freedom, Tensor) else centred.mm(right).true_divide(freedom)
    return found.squeeze()  # type: ignore[no-any-return]


@op("corrcoef")
def corrcoef(input: Any) -> Tensor:
    """The matrix of correlation coefficients of variables in rows."""
    if input._a.ndim > 2:
        raise RuntimeError(
            f"corrcoef(): expected input to have two or fewer dimensions but got an input with {input._a.ndim} dimensions"
        )
    c = cov(input)
    if not c._a.ndim:
        return c / c  # type: ignore[operator,no-any-return]
    d: Any = c.diag()  # type: ignore[attr-defined]
    spread = (d.real if d._a.dtype.kind == "c" else d).sqrt()
    scaled = c / spread.view(-1, 1) / spread.view(1, -1)
    if scaled._a.dtype.kind == "c":
        return FUNCTIONS["complex"](scaled.real.clip(-1, 1), scaled.imag.clip(-1, 1))  # type: ignore[no-any-return]
    return scaled.clip(-1, 1)  # type: ignore[no-any-return]


def _quantile(name: str, x: Any, q: Any, dim: Any, keepdim: bool, interpolation: str, nan: bool) -> Any:
    if not isinstance(q, Tensor):
        if not 0 <= q <= 1:
            raise RuntimeError(f"quantile() q must be in the range [0, 1] but got {q}")
        q = wrap(np.array(q, x._a.dtype))
    if x._a.dtype.kind != "f" or x._a.dtype.itemsize < 4:
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype")
    if q._a.dtype != x._a.dtype:
        raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor")
    if q._a.ndim > 1:
        raise RuntimeError(f"{name}() q must be a scalar or 1D tensor")
    if not x._a.size:
        raise RuntimeError(f"{name}() input tensor must be non-empty")
    if interpolation not in {"linear", "lower", "higher", "midpoint", "nearest"}:
        raise RuntimeError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got {interpolation}"
        )
    ndim = x._a.ndim
    if dim is None:
        ordered = x.flatten().sort()[0]
        lead = (1,) * ndim if keepdim else ()
    else:
        axis = wrapped_dim(dim, ndim)
        ordered = (x if axis == ndim - 1 else x.unsqueeze(-1).transpose(axis, -1)).sort(dim=-1)[0]
        left = (1,) if keepdim else ()
        lead = (*x._a.shape[:axis], *left, *x._a.shape[axis + 1 :]) if ndim else ()
    n = ordered._a.shape[-1]
    ordered = ordered.view(*lead, n)
    if nan:
        counts = (~np.isnan(ordered._a)).sum(-1, keepdims=True)
        ranks = q * wrap((counts - 1).astype(x._a.dtype))
        ranks = ranks.masked_fill(wrap(ranks._a < 0), 0)
    else:
        missing = np.isnan(ordered._a).any(-1, keepdims=True)
        ranks = times(q, n - 1).masked_fill(wrap(missing), n - 1)
    if interpolation == "lower":
        ranks = wrap(np.floor(ranks._a))
    elif interpolation == "higher":
        ranks = wrap(np.ceil(ranks._a))
    elif interpolation == "nearest":
        ranks = wrap(np.rint(ranks._a))
    below = np.floor(ranks._a).astype(np.int64)
    values = ordered.gather(-1, wrap(np.broadcast_to(below, (*ordered._a.shape[:-1], below.shape[-1])).copy()))
    if interpolation in {"linear", "midpoint"}:
        weights = wrap(np.full_like(ranks._a, 0.5)) if interpolation == "midpoint" else ranks - wrap(below)
        above = np.ceil(ranks._a).astype(np.int64)
        upper = ordered.gather(-1, wrap(np.broadcast_to(above, (*ordered._a.shape[:-1], above.shape[-1])).copy()))
        values = values.lerp(upper, weights)
    if q._a.ndim:
        values = values.unsqueeze_(0).transpose_(0, -1)
    return values.squeeze_(-1)


@op("quantile", out=True)
def quantile(input: Tensor, q: Any, dim: Any = None, keepdim: bool = False, *, interpolation: str = "linear") -> Tensor:
    """The quantiles of the elements, or along a dimension."""
    return _quantile("quantile", input, q, dim, keepdim, interpolation, False)  # type: ignore[no-any-return]


@op("nanquantile", out=True)
def nanquantile(
    input: Tensor, q: Any, dim: Any = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """The quantiles of the elements that are numbers, or along a dimension."""
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, True)  # type: ignore[no-any-return]


@op("dist")
def dist(input: Any, other: Any, p: Any = 2) -> Tensor:
    """The norm of the difference."""
    if not (isinstance(input, Tensor) and isinstance(other, Tensor)):
        raise not_a_tensor("dist", *((input,) if not isinstance(input, Tensor) else (other, "other", 2)))
    x, y = input, other
    if x._a.dtype.kind not in "fc" or y._a.dtype.kind not in "fc":
        x, y = in_one_dtype(x, y)
    check_broadcast(x._a.shape, y._a.shape)
    if x._a.dtype.kind not in "fc":
        raise RuntimeError(
            f"norm(): input dtype should be either floating point or complex. Got {x.dtype._c_name} instead."
        )
    if not x._a.size or not y._a.size:
        return vector_norm(FUNCTIONS["sub"](x, y), p)
    return _dist(x, y, 2.0 if p is None else float(p))  # type: ignore[no-any-return]


@op("renorm", out=True, inplace=True)
def renorm(input: Any, p: Any, dim: int, maxnorm: Any) -> Tensor:
    """The parts along a dimension, scaled down to a norm of at most maxnorm."""
    if isinstance(p, complex):
        raise RuntimeError("renorm: p must be real-valued")
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if isinstance(maxnorm, complex):
        raise RuntimeError("renorm: maxnorm must be real-valued")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm:g}")
    if input._a.ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {input._a.ndim} dimensions")
    axis = wrapped_dim(dim, input._a.ndim)
    if input._a.dtype.kind not in "fc":
        raise RuntimeError(
            f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {input.dtype._c_name}"
        )
    return _renorm(input, float(p), axis, float(maxnorm))  # type: ignore[no-any-return]


@op("bincount")
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each number occurs, or the sum of the weights at each."""
    if input._a.dtype.kind not in "iu":
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if input._a.ndim != 1 or (input._a.size and input._a.min() < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    found = np.bincount(input._a, None if weights is None else weights._a, minlength)
    if weights is None:
        return wrap(found.astype(np.int64))
    return wrap(found.astype(weights._a.dtype if weights._a.dtype == np.float32 else np.float64))


@op("histc", out=True)
def histc(input: Tensor, bins: int = 100, min: Any = 0, max: Any = 0) -> Tensor:
    """How many elements fall into each of equal intervals."""
    a = input._a
    low, high = float(min), float(max)
    if low == high and a.size:
        low, high = float(a.min()), float(a.max())
    if low == high:
        low, high = low - 1, high + 1
    inside = a[(a >= low) & (a <= high)]
    return wrap(np.histogram(inside, bins, (low, high))[0].astype(a.dtype))


@op("histogram")
def histogram(input: Tensor, bins: Any, *, range: Any = None, weight: Any = None, density: bool = False) -> Any:
    """How many elements fall into each interval, and the ends of the intervals."""
    a = input._a.reshape(-1)
    if isinstance(bins, Tensor):
        edges = bins._a
    else:
        low, high = (a.min(), a.max()) if range is None and a.size else (0.0, 1.0) if range is None else range
        if low == high:
            low, high = low - 0.5, high + 0.5
        edges = FUNCTIONS["linspace"](float(low), float(high), bins + 1, dtype=input.dtype)._a
    found = np.histogram(a, edges, weights=None if weight is None else weight._a.reshape(-1), density=density)[0]
    return named("histogram", "hist", "bin_edges")((wrap(found.astype(a.dtype)), wrap(np.array(edges))))


def _counted_in_boxes(points: Any, edges: list[Any], weights: Any) -> Any:
    """The number, or weight, of the rows in each box; found by bisection, also among edges that are not sorted."""
    shape = [len(e) - 1 for e in edges]
    inside = np.ones(len(points), bool)
    places = []
    for k, e in enumerate(edges):
        column = points[:, k]
        inside &= (column >= e[0]) & (column <= e[-1])
        places.append(np.minimum(_first_above(e, column) - 1, len(e) - 2))
    found = np.zeros(shape, points.dtype)
    chosen = tuple(np.clip(p[inside], 0, None) for p in places)
    np.add.at(found, chosen, 1 if weights is None else weights[inside])
    return found


def _first_above(e: Any, values: Any) -> Any:
    """Where bisection finds the first edge above each value."""
    first = np.zeros(values.shape, np.int64)
    count = np.full(values.shape, len(e))
    while (count > 0).any():
        step = count // 2
        middle = first + step
        past = (count > 0) & ~(values < e[np.minimum(middle, len(e) - 1)])
        first = np.where(past, middle + 1, first)
        count = np.where(past, count - step - 1, step)
    return first


@op("histogramdd", method=True)
def histogramdd(input: Tensor, bins: Any, *, range: Any = None, weight: Any = None, density: bool = False) -> Any:
    """How many rows fall into each box, and the ends of the intervals."""
    points = input._a.reshape(-1, input._a.shape[-1])
    count = points.shape[1]
    if isinstance(bins, int):
        bins = [bins] * count
    edges = []
    for k, b in enumerate(bins):
        if isinstance(b, Tensor):
            edges.append(b._a)
            continue
        column = points[:, k]
        low, high = (
            (range[2 * k], range[2 * k + 1])
            if range is not None
            else (column.min(), column.max())
            if column.size
            else (0.0, 1.0)
        )
        if low == high:
            low, high = low - 0.5, high + 0.5
        edges.append(FUNCTIONS["linspace"](float(low), float(high), b + 1, dtype=input.dtype)._a)
    found = _counted_in_boxes(points, edges, None if weight is None else weight._a.reshape(-1))
    if density:
        found = found / found.sum()
        for k, e in enumerate(edges):
            found = found / np.diff(e).reshape([-1 if j == k else 1 for j in builtins.range(count)])
    made = named("histogramdd", "hist", "bin_edges")
    return made((wrap(found.astype(points.dtype)), tuple(wrap(np.array(e)) for e in edges)))
