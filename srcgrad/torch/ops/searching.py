"""Where something is: nonzero elements, members, places in sorted boundaries, coordinates of flat numbers.

What enters: tensors. What leaves: tensors of integers or booleans, without a gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.torch.dtypes import of
from srcgrad.torch.names import op
from srcgrad.torch.primitive import wrapped
from srcgrad.torch.tensor import Tensor


@op("nonzero", out=True)
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The coordinates of the elements that are not zero, as rows or as one vector for each dimension."""
    a = input._a
    if not a.ndim:
        count = int(a != 0)
        return (wrapped(np.zeros(count, np.int64)),) if as_tuple else wrapped(np.zeros((count, 0), np.int64))
    if as_tuple:
        return tuple([wrapped(places) for places in np.nonzero(a)])
    return wrapped(np.argwhere(a))


@op("argwhere")
def argwhere(input: Tensor) -> Any:
    """The coordinates of the elements that are not zero, as rows."""
    return nonzero(input)


@op("nonzero_static", out=True)
def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1) -> Tensor:
    """The first `size` coordinates of the elements that are not zero; where there are fewer, a filling."""
    if size < 0:
        raise RuntimeError("nonzero_static: 'size' must be an non-negative integer")
    found: Any = nonzero(input)._a[:size]
    rows = np.full((size, found.shape[1]), fill_value, np.int64)
    rows[: found.shape[0]] = found
    return wrapped(rows)


@op("isin", method=False, out=True)
def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """For each element whether it is among others."""
    if not isinstance(elements, Tensor) and not isinstance(test_elements, Tensor):
        raise TypeError("isin() received an invalid combination of arguments")
    among = [x._a if isinstance(x, Tensor) else np.asarray(x) for x in (elements, test_elements)]
    return wrapped(np.isin(among[0], among[1], assume_unique=assume_unique, invert=invert))


@op("bucketize", method=False, out=True)
def bucketize(input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """For each element the interval between boundaries into which it falls."""
    edges = boundaries._a
    if edges.ndim != 1:
        raise RuntimeError(f"boundaries tensor must be 1 dimension, but got dim({edges.ndim})")
    values = input._a if isinstance(input, Tensor) else np.asarray(input)
    found = np.searchsorted(edges, values, "right" if right else "left")
    return wrapped(np.asarray(found, np.int32 if out_int32 else np.int64))


@op("searchsorted", method=False, out=True)
def searchsorted(
    sorted_sequence: Tensor,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: Any = None,
    sorter: Any = None,
) -> Tensor:
    """Where elements would be entered into sorted lines so that these stay sorted."""
    edges = sorted_sequence._a
    values = input._a if isinstance(input, Tensor) else np.asarray(input)
    if side is not None and side not in {"left", "right"}:
        raise RuntimeError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True"
        )
    if edges.ndim != 1 and (not isinstance(input, Tensor) or edges.shape[:-1] != values.shape[:-1]):
        if not isinstance(input, Tensor):
            raise RuntimeError(
                "torch.searchsorted(): input value can be a scalar only when boundaries tensor dimension is 1, but we got "
                f"boundaries tensor dim({edges.ndim}) and input value's dim(0) numel(1)"
            )
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor "
            f"and input value tensor must match, but we got boundaries tensor {list(edges.shape)} and input value tensor "
            f"{list(values.shape)}"
        )
    if sorter is not None:
        if sorter._a.shape != edges.shape:
            raise RuntimeError(
                f"torch.searchsorted(): boundary and sorter must have the same size, but got boundary tensor "
                f"{list(edges.shape)} and got sorter tensor {list(sorter._a.shape)}"
            )
        if sorter._a.dtype != np.int64:
            raise RuntimeError(
                f"torch.searchsorted(): sorter must be a tensor of long dtype but got dtype {of(sorter._a.dtype)._c_name}"
            )
        edges = np.take_along_axis(edges, sorter._a, -1)
    way: Any = "right" if right or side == "right" else "left"
    kind = np.int32 if out_int32 else np.int64
    if edges.ndim == 1:
        return wrapped(np.asarray(np.searchsorted(edges, values, way), kind))
    found = np.empty(values.shape, kind)
    if not values.size:
        return wrapped(found)
    lines, rows, results = (
        edges.reshape(-1, edges.shape[-1]),
        values.reshape(-1, values.shape[-1]),
        found.reshape(-1, values.shape[-1]),
    )
    for line, row, result in zip(lines, rows, results, strict=True):
        result[...] = np.searchsorted(line, row, way)
    return wrapped(found)


@op("unravel_index", method=False)
def unravel_index(indices: Tensor, shape: Any) -> tuple[Tensor, ...]:
    """The coordinates of flat numbers in a shape, one tensor for each dimension."""
    a = indices._a
    if a.dtype.kind not in "iu":
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    sides = (shape,) if isinstance(shape, int) else tuple(shape)
    found = []
    rest = a
    for n in reversed(sides):
        found.append(wrapped(np.asarray(rest % n)))
        rest = rest // n
    return tuple(found[::-1])
