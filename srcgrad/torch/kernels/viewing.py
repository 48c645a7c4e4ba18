"""Views as functions of arrays, and their transposes: the part that a view looks at, put into zeros.

What enters: an array and where to look. What leaves: NumPy's view of it; nothing here writes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import linear, rule
from srcgrad.torch.kernels.memory import restrided
from srcgrad.torch.plan import SHAPE_READERS

Shape = tuple[int, ...]


def view(x: Any, shape: Shape) -> Any:
    """The elements in another shape."""
    return x.reshape(shape)


def alias(x: Any) -> Any:
    """All of it."""
    return x[...]


def t(x: Any) -> Any:
    """The transpose of a matrix; a vector as it is."""
    return x.T


def transpose(x: Any, dim0: int, dim1: int) -> Any:
    """Two dimensions exchanged."""
    return x.swapaxes(dim0, dim1) if x.ndim else x[...]


def permute(x: Any, dims: Shape) -> Any:
    """The dimensions in another order."""
    return x.transpose(dims)


def inverse(dims: Shape) -> Shape:
    """The order that undoes another."""
    found = [0] * len(dims)
    for k, d in enumerate(dims):
        found[d] = k
    return tuple(found)


def expand(x: Any, shape: Shape) -> Any:
    """Each element at several places; it stays one in memory."""
    extra = len(shape) - x.ndim
    strides = [0] * len(shape)
    behind = x.itemsize
    for k in range(len(shape) - 1, -1, -1):
        n = x.shape[k - extra] if k >= extra else 1
        strides[k] = (x.strides[k - extra] if k >= extra else behind) if n == shape[k] else 0
        behind = strides[k] * shape[k]
    return restrided(x, shape, tuple(strides))


def writable(seen: Any, x: Any) -> Any:
    """A view that may be written through where its array may; NumPy makes some that may not."""
    if x.flags.writeable:
        seen.flags.writeable = True
    return seen


def squeeze(x: Any, dims: Shape) -> Any:
    """Without some dimensions of size one."""
    return x.squeeze(dims)


def unsqueeze(x: Any, dim: int) -> Any:
    """With a dimension of size one more."""
    return np.expand_dims(x, dim)


def select(x: Any, dim: int, index: int) -> Any:
    """One of the slices along a dimension, which goes."""
    return x[(slice(None),) * dim + (index, ...)]


def place_selected(g: Any, shape: Shape, dim: int, index: int) -> Any:
    """Zeros with one slice along a dimension filled."""
    x = np.zeros(shape, g.dtype)
    x[(slice(None),) * dim + (index, ...)] = g
    return x


def part(x: Any, dim: int, start: int, end: int, step: int) -> Any:
    """From `start` to before `end` along a dimension."""
    return x[(slice(None),) * dim + (slice(start, end, step),)]


def place_part(g: Any, shape: Shape, dim: int, start: int, end: int, step: int) -> Any:
    """Zeros with a range along a dimension filled."""
    x = np.zeros(shape, g.dtype)
    x[(slice(None),) * dim + (slice(start, end, step),)] = g
    return x


def unbind(x: Any, dim: int) -> Any:
    """The slices along a dimension, each on its own."""
    return tuple([part[...] for part in np.moveaxis(x, dim, 0)])


def split(x: Any, size: int, dim: int) -> Any:
    """Parts of one size along a dimension; the last may be smaller."""
    n = x.shape[dim]
    starts = range(0, n, size) if n else (0,)
    lead = (slice(None),) * dim
    return tuple([x[(*lead, slice(start, start + size))] for start in starts])


def split_with_sizes(x: Any, sizes: Shape, dim: int) -> Any:
    """Parts of the given sizes along a dimension."""
    lead = (slice(None),) * dim
    parts = []
    start = 0
    for size in sizes:
        parts.append(x[(*lead, slice(start, start + size))])
        start += size
    return tuple(parts)


def joined(parts: Any, dim: int) -> Any:
    """The parts one after the other; a single one may come as it is."""
    return np.concatenate(parts, dim) if isinstance(parts, (list, tuple)) else parts


def stacked(parts: Any, dim: int) -> Any:
    """The slices along a new dimension; a single one may come as it is."""
    return np.stack(parts, dim) if isinstance(parts, (list, tuple)) else np.expand_dims(parts, dim)


def diagonal(x: Any, offset: int, dim1: int, dim2: int) -> Any:
    """The diagonal of two dimensions, as the last."""
    return writable(x.diagonal(offset, dim1, dim2), x)


def place_diagonal(g: Any, shape: Shape, offset: int, dim1: int, dim2: int) -> Any:
    """Zeros with a diagonal filled."""
    x = np.zeros(shape, g.dtype)
    on = x.diagonal(offset, dim1, dim2)
    on.flags.writeable = True
    on[...] = g
    return x


def unfold(x: Any, dim: int, size: int, step: int) -> Any:
    """Windows along a dimension, each in a new last dimension."""
    if not x.ndim:
        return x.reshape(1)[:size]
    count = (x.shape[dim] - size) // step + 1
    shape = (*x.shape[:dim], count, *x.shape[dim + 1 :], size)
    strides = (*x.strides[:dim], x.strides[dim] * step, *x.strides[dim + 1 :], x.strides[dim])
    return restrided(x, shape, strides)


def fold(g: Any, shape: Shape, dim: int, size: int, step: int) -> Any:
    """Zeros with windows along a dimension added, where they overlap too."""
    x = np.zeros(shape, g.dtype)
    if not x.ndim:
        x += g.sum()
        return x
    count = g.shape[dim]
    lead = (slice(None),) * dim
    for k in range(size):
        x[(*lead, slice(k, k + step * count, step))][...] += g[..., k]
    return x


def view_as_real(x: Any) -> Any:
    """The real and imaginary parts in a new last dimension."""
    x = np.asarray(x)
    real = x.real
    return restrided(real, (*x.shape, 2), (*x.strides, real.itemsize))


def view_as_complex(x: Any) -> Any:
    """The pairs of a last dimension as complex numbers."""
    x = np.asarray(x)
    kind = np.dtype(f"c{2 * x.itemsize}")
    if x.shape[-1] and x.strides[-1] != x.itemsize:
        x = np.ascontiguousarray(x)
    if not x.size:
        return np.empty(x.shape[:-1], kind)
    # The pairs of the first elements of the other dimensions, as complex numbers in the same memory.
    first = x[(slice(0, 1),) * (x.ndim - 1)].reshape(-1).view(kind)
    return restrided(first, x.shape[:-1], x.strides[:-1])


linear(view, "x, shape", x="np.reshape(y_bar, np.shape(x))")
linear(alias, "x", x="y_bar")
linear(t, "x", x="t(y_bar)")
linear(transpose, "x, dim0, dim1", x="transpose(y_bar, dim0, dim1)")
linear(permute, "x, dims", x="permute(y_bar, inverse(dims))")
linear(squeeze, "x, dims", x="np.reshape(y_bar, np.shape(x))")
linear(unsqueeze, "x, dim", x="squeeze(y_bar, dim)")
linear(select, "x, dim, index", x="place_selected(y_bar, np.shape(x), dim, index)")
linear(place_selected, "g, shape, dim, index", g="select(y_bar, dim, index)")
linear(part, "x, dim, start, end, step", x="place_part(y_bar, np.shape(x), dim, start, end, step)")
linear(place_part, "g, shape, dim, start, end, step", g="part(y_bar, dim, start, end, step)")
linear(unbind, "x, dim", x="stacked(y_bar, dim)")
linear(split, "x, size, dim", x="joined(y_bar, dim)")
linear(split_with_sizes, "x, sizes, dim", x="joined(y_bar, dim)")
linear(diagonal, "x, offset, dim1, dim2", x="place_diagonal(y_bar, np.shape(x), offset, dim1, dim2)")
linear(place_diagonal, "g, shape, offset, dim1, dim2", g="diagonal(y_bar, offset, dim1, dim2)")
linear(unfold, "x, dim, size, step", x="fold(y_bar, np.shape(x), dim, size, step)")
linear(fold, "g, shape, dim, size, step", g="unfold(y_bar, dim, size, step)")
# The table's cotangent of a complex number is the conjugate of PyTorch's.
linear(view_as_real, "x", x="np.conj(view_as_complex(y_bar))")
linear(view_as_complex, "x", x="view_as_real(np.conj(y_bar))")


def summed_to(g: Any, x: Any) -> Any:
    """The sum over the dimensions along which x was broadcast."""
    shape = np.shape(x)
    extra = np.ndim(g) - len(shape)
    stretched = [k + extra for k, n in enumerate(shape) if n == 1 and g.shape[k + extra] != 1]
    return np.add.reduce(g, axis=(*range(extra), *stretched), keepdims=True).reshape(shape)


SHAPE_READERS[summed_to] = (1,)
linear(expand, "x, shape", x="summed_to(y_bar, x)")
rule(
    summed_to,
    "g, x",
    vjp={"g": "np.broadcast_to(y_bar, np.shape(g))", "x": ""},
    jvp={"g": "summed_to(g_dot, x)", "x": ""},
)
