"""Other arrangements of a tensor's elements: mirrored, shifted, repeated, triangles, diagonals, grids.

What enters: tensors. What leaves: fresh tensors, or expanded views where PyTorch gives those.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from srcgrad.torch import dtypes
from srcgrad.torch.kernels import rearranging as kernels
from srcgrad.torch.modes import state
from srcgrad.torch.names import FUNCTIONS, op
from srcgrad.torch.ops.core import sum_to
from srcgrad.torch.ops.dims import axes, axis, integer, listed, sizes
from srcgrad.torch.ops.joining import stack
from srcgrad.torch.ops.memory import clone
from srcgrad.torch.ops.parts import diagonal_of
from srcgrad.torch.ops.scattering import index_select, masked_select
from srcgrad.torch.ops.views import expand, flatten, reshape, unsqueeze, view
from srcgrad.torch.plan import SHAPE_READERS
from srcgrad.torch.primitive import primitive, wrapped
from srcgrad.torch.recorded import FACES
from srcgrad.torch.tensor import Tensor, wrap

SHAPE_READERS[kernels.blocks_of] = (1,)

flip_ = primitive(kernels.flip, "FlipBackward0", operands=["x"])
roll_ = primitive(kernels.roll, "RollBackward0", operands=["x"])
rot90_ = primitive(kernels.rot90, "Rot90Backward0", operands=["x"])
repeat_ = primitive(kernels.repeat, "RepeatBackward0", operands=["x"])
tril_node = primitive(kernels.tril, "TrilBackward0", operands=["x"])
triu_node = primitive(kernels.triu, "TriuBackward0", operands=["x"])
diag_embed_ = primitive(kernels.diag_embed, "DiagEmbedBackward0", operands=["x"])
diagonal_copied = primitive(kernels.diagonal_copy, "DiagonalBackward0_copy", operands=["x"])
block_diag_ = primitive(kernels.block_diag, "BlockDiagBackward0")

FACES[kernels.flip] = flip_
FACES[kernels.roll] = roll_
FACES[kernels.rot90] = rot90_
FACES[kernels.repeat] = repeat_
FACES[kernels.unrepeat] = primitive(kernels.unrepeat, "SumBackward1", operands=["g"])
FACES[kernels.opposite] = kernels.opposite
FACES[kernels.tril] = tril_node
FACES[kernels.triu] = triu_node
FACES[kernels.diagonal_copy] = diagonal_copied
FACES[kernels.undiagonal] = primitive(kernels.undiagonal, "DiagonalBackwardBackward0", operands=["g"])
FACES[kernels.blocks_of] = primitive(kernels.blocks_of, "BlockDiagBackwardBackward0", operands=["g"])


@op("flip", function=False)
def flip_method(self: Tensor, *dims: Any, **kwargs: Any) -> Tensor:
    """Some dimensions in reverse."""
    return flip(self, sizes(dims or (kwargs["dims"],), "flip", "dims"))


@op("flip", method=False)
def flip(input: Tensor, dims: Any) -> Tensor:
    """Some dimensions in reverse."""
    given = axes(listed(dims, "flip", "dims", 2), input._a.ndim, "flip")
    return flip_(input, given if input._a.ndim else ())  # type: ignore[no-any-return]


@op("fliplr")
def fliplr(input: Tensor) -> Tensor:
    """The second dimension in reverse."""
    if input._a.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip(input, (1,))


@op("flipud")
def flipud(input: Tensor) -> Tensor:
    """The first dimension in reverse."""
    if input._a.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(input, (0,))


@op("roll")
def roll(input: Tensor, shifts: Any, dims: Any = ()) -> Tensor:
    """Some dimensions shifted in a circle."""
    by = sizes((shifts,), "roll", "shifts")
    along = sizes((dims,), "roll", "dims", 2) if not isinstance(dims, int) else (dims,)
    if not by:
        raise RuntimeError("`shifts` required")
    if not along and len(by) == 1:
        return roll_(input, by, ())  # type: ignore[no-any-return]
    if len(by) != len(along):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(by)}, dims:{len(along)}")
    n = input._a.ndim
    return roll_(input, by, tuple([axis(d, n, "roll") for d in along]))  # type: ignore[no-any-return]


@op("rot90")
def rot90(input: Tensor, k: Any = 1, dims: Any = (0, 1)) -> Tensor:
    """Quarter turns in the plane of two dimensions."""
    given = listed(dims, "rot90", "dims", 2)
    n = input._a.ndim
    if len(given) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(given)}")
    if n < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {n}")
    if given[0] == given[1] or abs(given[0] - given[1]) == n:
        raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {given[0]} and dim1 = {given[1]}")
    for number, d in enumerate(given):
        if not -n <= d < n:
            raise RuntimeError(f"Rotation dim{number} out of range, dim{number} = {d}")
    return rot90_(input, integer(k, "rot90", "k", 1), tuple([d % n for d in given]))  # type: ignore[no-any-return]


@op("repeat", function=False)
def repeat(self: Tensor, *repeats: Any, **kwargs: Any) -> Tensor:
    """Tiles beside one another."""
    if not repeats and "repeats" not in kwargs:
        raise TypeError('repeat() missing 1 required positional arguments: "repeats"')
    given = sizes(repeats or (kwargs["repeats"],), "repeat", "repeats")
    if len(given) < self._a.ndim:
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    if any(n < 0 for n in given):
        shape = (1,) * (len(given) - self._a.ndim) + self._a.shape
        target = [n * r for n, r in zip(shape, given, strict=True)]
        wrong = next(n for n in target if n < 0)
        raise RuntimeError(f"Trying to create tensor with negative dimension {wrong}: {target}")
    return repeat_(self, given)  # type: ignore[no-any-return]


@op("tile", function=False)
def tile_method(self: Tensor, *dims: Any, **kwargs: Any) -> Tensor:
    """Tiles beside one another; missing dimensions count once."""
    return tile(self, sizes(dims or (kwargs["dims"],), "tile", "dims"))


@op("tile", method=False)
def tile(input: Tensor, dims: Any) -> Tensor:
    """Tiles beside one another; missing dimensions count once."""
    given = listed(dims, "tile", "dims", 2)
    return repeat(input, (1,) * (input._a.ndim - len(given)) + given)


@op("repeat_interleave")
def repeat_interleave(input: Tensor, repeats: Any = None, dim: Any = None, *, output_size: Any = None) -> Tensor:
    """Each element, or each slice along a dimension, several times in a row."""
    if repeats is None:
        counts = input._a
        if counts.ndim != 1:
            raise RuntimeError("repeat_interleave only accept 1D vector as repeat")
        _check_counts(counts)
        if counts.size and counts.min() < 0:
            raise RuntimeError("repeats can not be negative")
        return wrap(np.repeat(np.arange(counts.size, dtype=counts.dtype), counts))
    x = input
    if dim is None:
        x = flatten(view(x, -1) if x._a.flags.c_contiguous else x)
        dim = 0
    k = axis(dim, x._a.ndim, "repeat_interleave", position=2)
    if not isinstance(repeats, Tensor):
        count = integer(repeats, "repeat_interleave", "repeats", 1)
        if count < 0:
            raise RuntimeError("Repeats must be non-negative")
        if not x._a.ndim:
            x = reshape(x, (1,))
        shape = x._a.shape
        wide = expand(unsqueeze(x, k + 1), (*shape[: k + 1], count, *shape[k + 1 :]))
        return flatten(clone(wide, memory_format=dtypes.contiguous_format), k, k + 1)
    counts = repeats._a
    _check_counts(counts)
    if counts.ndim == 0 or counts.size == 1:
        counts = np.broadcast_to(counts.reshape(-1), (x._a.shape[k] if x._a.ndim else 1,))
    if counts.ndim != 1:
        raise RuntimeError("repeats must be 0-dim or 1-dim tensor")
    n = x._a.shape[k] if x._a.ndim else 1
    if counts.size != n:
        raise RuntimeError(
            f"repeats must have the same size as input along dim, but got repeats.size(0) = {counts.size} and "
            f"input.size({k}) = {n}"
        )
    if counts.size and counts.min() < 0:
        raise RuntimeError("repeats can not be negative")
    del output_size
    return index_select(x, k, wrap(np.repeat(np.arange(counts.size), counts)))


def _check_counts(counts: Any) -> None:
    if counts.dtype not in (np.int64, np.int32):
        kind = dtypes.of(counts.dtype)._c_name
        raise NotImplementedError(f"\"repeat_interleave_cpu\" not implemented for '{kind}'")


def _triangle(name: str, node: Any) -> None:
    def function(input: Tensor, diagonal: Any = 0) -> Tensor:
        if input._a.ndim < 2:
            raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")
        return node(input, integer(diagonal, name, "diagonal", 1))  # type: ignore[no-any-return]

    function.__name__ = name
    function.__doc__ = f"Zeros {'above' if name == 'tril' else 'below'} a diagonal."
    op(name, out=True, inplace=True)(function)


_triangle("tril", tril_node)
_triangle("triu", triu_node)


def _indices(name: str, find: Any) -> None:
    def function(
        row: int, col: int, offset: int = 0, *, dtype: Any = dtypes.int64, device: Any = None, layout: Any = None
    ) -> Tensor:
        del device, layout
        if row < 0:
            raise RuntimeError(f"row must be non-negative, got{row}")
        if col < 0:
            raise RuntimeError(f"col must be non-negative, got{col}")
        return wrap(np.stack(find(row, offset, col)).astype(dtype.numpy))

    function.__name__ = name
    function.__doc__ = "The rows and columns of a triangle's elements."
    op(name, method=False)(function)


_indices("tril_indices", np.tril_indices)
_indices("triu_indices", np.triu_indices)


@op("diag_embed")
def diag_embed(input: Tensor, offset: Any = 0, dim1: Any = -2, dim2: Any = -1) -> Tensor:
    """Matrices with the last dimension of the input on a diagonal."""
    n = input._a.ndim + 1
    first, second = axis(dim1, n, "diag_embed", "dim1"), axis(dim2, n, "diag_embed", "dim2")
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return diag_embed_(input, integer(offset, "diag_embed", "offset"), first, second)  # type: ignore[no-any-return]


@op("diag", out=True)
def diag(input: Tensor, diagonal: Any = 0) -> Tensor:
    """The diagonal of a matrix, or a matrix with that diagonal."""
    n = input._a.ndim
    if n == 1:
        return diag_embed(input, diagonal)
    if n != 2:
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {n}D")
    return diagonal_copied(input, *diagonal_of(input._a, diagonal, 0, 1))  # type: ignore[no-any-return]


@op("diagflat")
def diagflat(input: Tensor, offset: Any = 0) -> Tensor:
    """A matrix with the elements on a diagonal."""
    return diag(view(input, -1) if input._a.flags.c_contiguous else reshape(input, -1), offset)


@op("meshgrid", method=False)
def meshgrid(*tensors: Any, indexing: Any = None) -> tuple[Tensor, ...]:
    """Vectors as the coordinates of a grid, one expanded view for each."""
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    if not given:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    if indexing is None:
        import warnings

        warnings.warn(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument.",
            UserWarning,
            stacklevel=2,
        )
        indexing = "ij"
    if indexing not in {"ij", "xy"}:
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    for t in given:
        if t._a.ndim > 1:
            raise RuntimeError(f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {t}")
        if t._a.dtype != given[0]._a.dtype:
            raise RuntimeError("torch.meshgrid expects all tensors to have the same dtype")
    swap = indexing == "xy" and len(given) >= 2
    ordered = [given[1], given[0], *given[2:]] if swap else list(given)
    shape = tuple([t._a.size for t in ordered])
    grids = []
    for k, t in enumerate(ordered):
        lying = (1,) * k + (t._a.size,) + (1,) * (len(ordered) - k - 1)
        grids.append(expand(view(t, lying), shape))
    if swap:
        grids[0], grids[1] = grids[1], grids[0]
    return tuple(grids)


@op("block_diag", method=False)
def block_diag(*tensors: Tensor) -> Tensor:
    """Matrices on the diagonal of a matrix."""
    parts = list(tensors)
    for number, t in enumerate(parts):
        if t._a.ndim > 2:
            raise RuntimeError(
                f"torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {number} has {t._a.ndim} dimensions"
            )
    kind = dtypes.of(parts[0]._a.dtype)
    for t in parts[1:]:
        kind = dtypes.promote_types(kind, dtypes.of(t._a.dtype))
    arrays = [t._a.astype(kind.numpy, copy=False) for t in parts]
    y = wrapped(kernels.block_diag(arrays))
    if state.enabled and any(t._needs for t in parts):
        block_diag_.record((parts,), [arrays], y)
    return y


@op("cartesian_prod", method=False)
def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All pairs, triples … of elements of vectors, as rows."""
    for t in tensors:
        if t._a.ndim != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(t._a.shape)}")
    if len(tensors) == 1:
        return tensors[0]
    return stack([flatten(g) for g in meshgrid(*tensors, indexing="ij")], 1)


@op("combinations", method=False)
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All choices of r elements of a vector, as rows."""
    n = input._a.size
    if input._a.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input._a.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if not r:
        return wrap(np.empty(0, input._a.dtype))
    grids = meshgrid(*[input] * r, indexing="ij")
    places = np.meshgrid(*[np.arange(n)] * r, indexing="ij")
    mask = np.ones((n,) * r, bool)
    for a, b in itertools.pairwise(places):
        mask &= (a <= b) if with_replacement else (a < b)
    return stack([masked_select(g, wrap(mask)) for g in grids], 1)


@op("sum_to_size", function=False)
def sum_to_size(self: Tensor, *size: Any) -> Tensor:
    """The sum over the dimensions along which the size would be broadcast."""
    shape = sizes(size, "sum_to_size", "size")
    mine = self._a.shape
    fits = len(shape) <= len(mine) and all(n in (m, 1) for n, m in zip(shape[::-1], mine[::-1], strict=False))
    if not fits:
        raise RuntimeError(f"size {{{list(shape)}}} is not expandable to size {{{list(mine)}}}.")
    if not shape:
        return FUNCTIONS["sum"](self)  # type: ignore[no-any-return]
    return self if shape == mine else sum_to(self, shape)
