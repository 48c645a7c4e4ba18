"""Order: sorted values and where they were, the largest few, the k-th, the most frequent, each once.

What enters: a tensor. What leaves: values and their indices, as PyTorch's named tuples.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srcgrad.torch.graph import Missing
from srcgrad.torch.kernels import scattering
from srcgrad.torch.kernels import sorting as kernels
from srcgrad.torch.modes import state
from srcgrad.torch.names import op
from srcgrad.torch.ops.dims import axis, integer
from srcgrad.torch.primitive import primitive, wrapped
from srcgrad.torch.recorded import FACES
from srcgrad.torch.return_types import named
from srcgrad.torch.tensor import Tensor, edge_of

sort_ = primitive(scattering.gather, "SortBackward0", operands=["x"])
stable_sort_ = primitive(scattering.gather, "SortBackward1", operands=["x"])
topk_ = primitive(scattering.gather, "TopkBackward0", operands=["x"])
kthvalue_ = primitive(kernels.chosen, "KthvalueBackward0", operands=["x"])
kthvalue_kept_ = primitive(scattering.gather, "KthvalueBackward0", operands=["x"])
mode_ = primitive(kernels.chosen, "ModeBackward0", operands=["x"])
mode_kept_ = primitive(scattering.gather, "ModeBackward0", operands=["x"])
FACES[kernels.chosen] = primitive(kernels.chosen, "ValueSelectingReductionBackward0", operands=["x"])
FACES[kernels.unchosen] = primitive(kernels.unchosen, "ValueSelectingReductionBackwardBackward0", operands=["g"])


def order_of(a: Any, dim: int, descending: bool) -> Any:
    """Where each sorted element comes from: equals in their order, NaN as the largest."""
    if not a.ndim:
        return np.zeros((), np.int64)
    if not descending:
        return np.argsort(a, dim, kind="stable")
    turned = np.argsort(np.flip(a, dim), dim, kind="stable")
    return a.shape[dim] - 1 - np.flip(turned, dim)


def _sorted(node: Any, x: Tensor, dim: int, where: Any) -> tuple[Tensor, Tensor]:
    return node(x, dim, where), wrapped(np.ascontiguousarray(where) if where.ndim else where)


def _no_complex(a: Any, text: str) -> None:
    if a.dtype.kind == "c":
        raise RuntimeError(text)


@op("sort", out=True)
def sort(input: Tensor, dim: Any = -1, descending: Any = False, *, stable: Any = None) -> Any:
    """The elements along a dimension in order, and where they were."""
    _no_complex(input._a, " Sort does not support complex dtypes on CPU")
    if isinstance(dim, bool):
        dim, descending = -1, dim
    k = axis(dim, input._a.ndim, "sort")
    where = order_of(input._a, k, bool(descending))
    values, indices = _sorted(sort_ if stable is None else stable_sort_, input, k, where)
    return named("sort", "values", "indices")((values, indices))


@op("argsort", out=True)
def argsort(input: Tensor, dim: Any = -1, descending: Any = False, *, stable: Any = False) -> Tensor:  # noqa: ARG001
    """Where the elements along a dimension lie in order."""
    _no_complex(input._a, " Sort does not support complex dtypes on CPU")
    if isinstance(dim, bool):
        dim, descending = -1, dim
    return wrapped(order_of(input._a, axis(dim, input._a.ndim, "argsort"), bool(descending)))


@op("msort", out=True)
def msort(input: Tensor) -> Tensor:
    """Sorted along the first dimension."""
    values: Tensor = sort(input, 0)[0]
    return values


def _first_few(a: Any, dim: int, count: int, largest: bool) -> Any:
    """Where the first few in order are; where they are few among many, only those are sorted."""
    n = a.shape[dim]
    lead = (slice(None),) * dim
    if not 0 < 16 * count < n:
        return order_of(a, dim, largest)[(*lead, slice(0, count))]
    found = np.argpartition(a, n - count if largest else count - 1, dim)
    found = found[(*lead, slice(n - count, None) if largest else slice(0, count))]
    found = np.sort(found, dim)
    return np.take_along_axis(found, order_of(np.take_along_axis(a, found, dim), dim, largest), dim)


@op("topk", out=True)
def topk(input: Tensor, k: Any, dim: Any = -1, largest: Any = True, sorted: Any = True) -> Any:  # noqa: ARG001
    """The k largest, or smallest, elements along a dimension, and where they were."""
    a = input._a
    d = axis(dim, a.ndim, "topk", position=2)
    count = integer(k, "topk", "k", 1)
    n = a.shape[d] if a.ndim else 1
    if not 0 <= count <= n:
        raise RuntimeError("selected index k out of range")
    where = (
        _first_few(a, d, count, bool(largest))
        if a.ndim
        else np.zeros(1 if count else 0, np.int64).reshape(a.shape if count else (0,))
    )
    values, indices = _sorted(topk_, input, d, where)
    return named("topk", "values", "indices")((values, indices))


def _reduced(a: Any, dim: Any, function: str) -> int:
    k = axis(dim, a.ndim, function)
    if a.ndim and not a.shape[k]:
        raise IndexError(f"{function}(): Expected reduction dim {k} to have non-zero size.")
    return k


def _picked(x: Tensor, dim: int, where: Any, keepdim: Any, node: Any, kept: Any) -> tuple[Tensor, Tensor]:
    """One element of each line and its number there; `kept` is the node whose result keeps the dimension."""
    if keepdim and x._a.ndim:
        where = np.expand_dims(where, dim)
        return kept(x, dim, where), wrapped(where)
    return node(x, dim, where), wrapped(where)


@op("kthvalue", out=True)
def kthvalue(input: Tensor, k: Any, dim: Any = -1, keepdim: Any = False) -> Any:
    """The k-th smallest element along a dimension, and where it was."""
    a = input._a
    d = _reduced(a, dim, "kthvalue")
    n = a.shape[d] if a.ndim else 1
    if not 1 <= k <= n:
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {d}")
    where = order_of(a, d, False)
    where = where.take(k - 1, d) if a.ndim else where
    return named("kthvalue", "values", "indices")(_picked(input, d, where, keepdim, kthvalue_, kthvalue_kept_))


def most_frequent(a: Any, dim: int) -> Any:
    """The number of the last occurrence of the most frequent element along a dimension; of several the smallest."""
    if not a.ndim:
        return np.zeros((), np.int64)
    lines = np.moveaxis(a, dim, -1)
    order = np.argsort(lines, -1, kind="stable")
    ordered = np.take_along_axis(lines, order, -1)
    n = ordered.shape[-1]
    fresh = np.ones(ordered.shape, bool)
    fresh[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    start = np.maximum.accumulate(np.where(fresh, np.arange(n), 0), -1)
    last = (np.arange(n) - start).argmax(-1)
    return np.take_along_axis(order, last[..., None], -1)[..., 0]


@op("mode", out=True)
def mode(input: Tensor, dim: Any = -1, keepdim: Any = False) -> Any:
    """The most frequent element along a dimension, and where it was last."""
    d = _reduced(input._a, dim, "mode")
    where = most_frequent(input._a, d)
    return named("mode", "values", "indices")(_picked(input, d, where, keepdim, mode_, mode_kept_))


# Each value once.


def _without_derivative(x: Tensor, y: Tensor, name: str) -> Tensor:
    """A result that needs a gradient and has none: asking for it raises."""
    if x._needs and state.enabled:
        error = NotImplementedError(f"the derivative for '{_MISSING[name]}' is not implemented.")
        node = Missing(name, error)
        edge = edge_of(x)
        node.edges = ((None, 0) if edge is None else edge,)
        node.outputs = ((y._a.shape, y._a.dtype),)
        y._node, y._needs = node, True
    return y


_MISSING = {
    "Unique2Backward0": "_unique2",
    "UniqueDimBackward0": "unique_dim",
    "UniqueConsecutiveBackward0": "unique_consecutive",
}


def _answer(values: Tensor, inverse: Any, counts: Any, return_inverse: Any, return_counts: Any) -> Any:
    found: list[Tensor] = [values]
    if return_inverse:
        found.append(wrapped(np.asarray(inverse, np.int64)))
    if return_counts:
        found.append(wrapped(np.asarray(counts, np.int64)))
    return found[0] if len(found) == 1 else tuple(found)


@op("unique")
def unique(
    input: Tensor,
    sorted: Any = True,  # noqa: ARG001 - the result is always in order
    return_inverse: Any = False,
    return_counts: Any = False,
    dim: Any = None,
) -> Any:
    """Each element, or each slice along a dimension, once and in order."""
    a = input._a
    if dim is None:
        values, inverse, counts = np.unique(a, return_inverse=True, return_counts=True, equal_nan=False)
        y = _without_derivative(input, wrapped(values), "Unique2Backward0")
        return _answer(y, inverse.reshape(a.shape), counts, return_inverse, return_counts)
    k = axis(dim, a.ndim, "unique")
    values, inverse, counts = _unique_slices(a, k)
    y = _without_derivative(input, wrapped(values), "UniqueDimBackward0")
    return _answer(y, inverse, counts, return_inverse, return_counts)


def _unique_slices(a: Any, dim: int) -> tuple[Any, Any, Any]:
    rows = np.moveaxis(a, dim, 0)
    flat = rows.reshape(rows.shape[0], math.prod(rows.shape[1:]))
    if not a.size:
        if not rows.shape[0] and all(rows.shape[1:]):
            return a, np.zeros(0, np.int64), np.zeros(0, np.int64)
        raise RuntimeError("There are 0 sized dimensions, and they aren't selected, so unique cannot be applied")
    order = np.lexsort(flat.T[::-1]) if flat.shape[0] else np.zeros(0, np.int64)
    starts, place = _runs(flat[order])
    inverse = np.empty(flat.shape[0], np.int64)
    inverse[order] = place
    values = np.moveaxis(rows[order][starts], 0, dim)
    return np.ascontiguousarray(values), inverse, np.diff(np.r_[starts, flat.shape[0]])


def _runs(rows: Any) -> tuple[Any, Any]:
    """Where runs of equal rows start, and the number of each row's run."""
    fresh = np.ones(rows.shape[0], bool)
    if rows.shape[0] > 1:
        fresh[1:] = (rows[1:] != rows[:-1]).any(1)
    return np.flatnonzero(fresh), np.cumsum(fresh) - 1


@op("unique_consecutive")
def unique_consecutive(input: Tensor, return_inverse: Any = False, return_counts: Any = False, dim: Any = None) -> Any:
    """The first of each run of equal elements, or of equal slices along a dimension."""
    a = input._a
    k = 0 if dim is None else axis(dim, a.ndim, "unique_consecutive")
    rows = a.reshape(-1, 1) if dim is None else np.moveaxis(a, k, 0)
    starts, place = _runs(rows.reshape(rows.shape[0], -1) if rows.size else rows.reshape(0, 1))
    counts = np.diff(np.r_[starts, rows.shape[0]])
    values = rows[starts].reshape(-1) if dim is None else np.ascontiguousarray(np.moveaxis(rows[starts], 0, k))
    y = _without_derivative(input, wrapped(values), "UniqueConsecutiveBackward0")
    return _answer(y, place.reshape(a.shape) if dim is None else place, counts, return_inverse, return_counts)
