"""Views of parts: one slice, a range, equal parts, a diagonal, windows, any geometry of the memory.

What enters: a tensor and which part. What leaves: views, each with PyTorch's node.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from srcgrad.torch.inplace import strided_, view_as_complex_, view_as_real_
from srcgrad.torch.kernels import memory
from srcgrad.torch.kernels import viewing as kernels
from srcgrad.torch.names import op
from srcgrad.torch.ops.dims import axis, integer, is_integer, listed
from srcgrad.torch.primitive import primitive
from srcgrad.torch.recorded import FACES
from srcgrad.torch.tensor import Tensor
from srcgrad.torch.viewing import View

select_ = View(kernels.select, "SelectBackward0")
part_ = View(kernels.part, "SliceBackward0")
unbind_ = View(kernels.unbind, "UnbindBackward0", several=True)
split_ = View(kernels.split, "SplitBackward0", several=True)
split_with_sizes_ = View(kernels.split_with_sizes, "SplitWithSizesBackward0", several=True)
diagonal_ = View(kernels.diagonal, "DiagonalBackward0")
unfold_ = View(kernels.unfold, "UnfoldBackward0")

FACES[kernels.place_selected] = primitive(kernels.place_selected, "SelectBackwardBackward0", operands=["g"])
FACES[kernels.part] = part_
FACES[kernels.place_part] = primitive(kernels.place_part, "SliceBackwardBackward0", operands=["g"])
FACES[kernels.diagonal] = diagonal_
FACES[kernels.place_diagonal] = primitive(kernels.place_diagonal, "DiagonalBackwardBackward0", operands=["g"])
FACES[kernels.unfold] = unfold_
FACES[kernels.fold] = primitive(kernels.fold, "UnfoldBackwardBackward0", operands=["g"])
FACES[memory.relocated] = primitive(memory.relocated, "AsStridedBackwardBackward0", operands=["g"])
FACES[kernels.view_as_real] = view_as_real_
FACES[kernels.view_as_complex] = view_as_complex_


@op("select")
def select(input: Tensor, dim: Any, index: Any) -> Tensor:
    """One of the slices along a dimension."""
    a = input._a
    if not a.ndim:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    k = axis(dim, a.ndim, "select")
    i = integer(index, "select", "index", 2)
    n = a.shape[k]
    if not -n <= i < n:
        raise IndexError(f"select(): index {i} out of range for tensor of size {list(a.shape)} at dimension {k}")
    if i < 0:
        i += n
    return select_.see(input, a[(slice(None),) * k + (i, ...)], k, i)


FACES[kernels.select] = select


def part(x: Tensor, dim: int, start: int, end: int, step: int = 1) -> Tensor:
    """A range along a dimension; the bounds are in order and inside."""
    return part_.see(x, x._a[(slice(None),) * dim + (slice(start, end, step),)], dim, start, end, step)


def clipped(start: Any, end: Any, n: int) -> tuple[int, int]:
    """Bounds of a range as they are meant, from 0 to n."""
    start = 0 if start is None else start
    end = n if end is None else end
    start = max(start + n, 0) if start < 0 else min(start, n)
    end = max(end + n, 0) if end < 0 else min(end, n)
    return start, max(start, end)


@op("narrow")
def narrow(input: Tensor, dim: Any, start: Any, length: Any) -> Tensor:
    """A range of a given length along a dimension."""
    k, start = _narrowed(input, dim, start, length)
    return part(input, k, start, start + length)


def _narrowed(input: Tensor, dim: Any, start: Any, length: Any) -> tuple[int, int]:
    a = input._a
    if not a.ndim:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    k = axis(dim, a.ndim, "narrow")
    n = a.shape[k]
    i = integer(start, "narrow", "start", 2)
    if not -n <= i <= n:
        raise IndexError(f"start out of range (expected to be in range of [{-n}, {n}], but got {i})")
    if i < 0:
        i += n
    if i + length > n:
        raise RuntimeError(f"start ({i}) + length ({length}) exceeds dimension size ({n}).")
    return k, i


@op("unbind")
def unbind(input: Tensor, dim: Any = 0) -> tuple[Tensor, ...]:
    """The slices along a dimension, each a view."""
    a = input._a
    if not a.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    k = axis(dim, a.ndim, "unbind")
    return unbind_.see_all(input, kernels.unbind(a, k), k)


def _iter(self: Tensor) -> Iterator[Tensor]:
    if not self._a.ndim:
        raise TypeError("iteration over a 0-d tensor")
    return iter(unbind(self))


Tensor.__iter__ = _iter  # type: ignore[attr-defined]


@op("split", function=False)
def split_method(self: Tensor, split_size: Any, dim: Any = 0) -> tuple[Tensor, ...]:
    """Parts of one size, or of the given sizes."""
    return split(self, split_size, dim)


@op("split", method=False)
def split(tensor: Tensor, split_size_or_sections: Any, dim: Any = 0) -> tuple[Tensor, ...]:
    """Parts of one size, or of the given sizes."""
    if isinstance(split_size_or_sections, (tuple, list)):
        return split_with_sizes(tensor, split_size_or_sections, dim)
    k, size = _sized(tensor, split_size_or_sections, dim)
    return split_.see_all(tensor, kernels.split(tensor._a, size, k), size, k)


def _sized(tensor: Tensor, split_size: Any, dim: Any) -> tuple[int, int]:
    """The dimension to split, and into parts of which size."""
    a = tensor._a
    if not a.ndim:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    k = axis(dim, a.ndim, "split")
    size = integer(split_size, "split", "split_size", 1)
    if size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
    if size == 0 and a.shape[k]:
        raise RuntimeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {a.shape[k]}")
    return k, size


@op("split_with_sizes")
def split_with_sizes(input: Tensor, split_sizes: Any, dim: Any = 0) -> tuple[Tensor, ...]:
    """Parts of the given sizes along a dimension."""
    a = input._a
    if not a.ndim:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    k = axis(dim, a.ndim, "split_with_sizes")
    given = listed(split_sizes, "split_with_sizes", "split_sizes", 2)
    if any(n < 0 for n in given):
        raise RuntimeError(
            f"split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={list(given)}"
        )
    if sum(given) != a.shape[k]:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {a.shape[k]} (input tensor's size at dimension {k}), "
            f"but got split_sizes={list(given)}"
        )
    return split_with_sizes_.see_all(input, kernels.split_with_sizes(a, given, k), given, k)


@op("chunk")
def chunk(input: Tensor, chunks: Any, dim: Any = 0) -> tuple[Tensor, ...]:
    """At most that many parts of the same size; the last may be smaller."""
    a = input._a
    if not a.ndim:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    count = integer(chunks, "chunk", "chunks", 1)
    if count <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {count}")
    k = axis(dim, a.ndim, "chunk", position=2)
    n = a.shape[k]
    if not n:
        return split_with_sizes(input, (0,) * count, k)
    return split(input, -(-n // count), k)


@op("tensor_split")
def tensor_split(
    input: Tensor, indices_or_sections: Any = None, dim: Any = 0, *, sections: Any = None, indices: Any = None
) -> tuple[Tensor, ...]:
    """Parts between given indices, or a number of parts as equal as can be."""
    given = next((g for g in (indices_or_sections, sections, indices) if g is not None), None)
    a = input._a
    if not a.ndim:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    k = axis(dim, a.ndim, "tensor_split", position=2)
    n = a.shape[k]
    if isinstance(given, Tensor) and given._a.ndim == 1:
        given = given._a.tolist()
    if isinstance(given, (tuple, list)):
        bounds = [0, *[integer(i, "tensor_split", "indices", 1) for i in given], n]
        pairs = [clipped(i, j, n) for i, j in itertools.pairwise(bounds)]
        return tuple([part(input, k, i, j) for i, j in pairs])
    count = integer(given, "tensor_split", "indices_or_sections", 1)
    if count <= 0:
        raise RuntimeError(f"number of sections must be larger than 0, got {count}")
    least, more = divmod(n, count)
    views = []
    start = 0
    for number in range(count):
        end = start + least + (number < more)
        views.append(part(input, k, start, end))
        start = end
    return tuple(views)


def _splitter(name: str, least: int, dim: int) -> None:
    """hsplit, vsplit and dsplit: tensor_split along a fixed dimension."""

    def function(input: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, ...]:
        a = input._a
        if a.ndim < least:
            raise RuntimeError(
                f"torch.{name} requires a tensor with at least {least} dimension, but got a tensor with {a.ndim} "
                "dimensions!"
            )
        given = args[0] if len(args) == 1 else args or next(iter(kwargs.values()))
        k = 0 if a.ndim == 1 else dim
        if is_integer(given):
            count = integer(given, name, "sections")
            if count == 0 or a.shape[k] % count:
                raise RuntimeError(
                    f"torch.{name} attempted to split along dimension {k}, but the size of the dimension {a.shape[k]} is "
                    f"not divisible by the split_size {count}!"
                )
        return tensor_split(input, given, k)

    function.__name__ = name
    function.__doc__ = f"Parts along dimension {dim}."
    op(name)(function)


_splitter("hsplit", 1, 1)
_splitter("vsplit", 2, 0)
_splitter("dsplit", 3, 2)


def diagonal_of(a: Any, offset: Any, dim1: Any, dim2: Any) -> tuple[int, int, int]:
    """The arguments of `diagonal`, checked."""
    first, second = axis(dim1, a.ndim, "diagonal", "dim1", 2), axis(dim2, a.ndim, "diagonal", "dim2", 3)
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return integer(offset, "diagonal", "offset", 1), first, second


@op("diagonal")
def diagonal(input: Tensor, offset: Any = 0, dim1: Any = 0, dim2: Any = 1) -> Tensor:
    """The diagonal of two dimensions, as the last dimension of a view."""
    where = diagonal_of(input._a, offset, dim1, dim2)
    return diagonal_(input, *where)  # type: ignore[no-any-return]


@op("unfold", function=False)
def unfold(self: Tensor, dimension: Any, size: Any, step: Any) -> Tensor:
    """Windows along a dimension, each in a new last dimension."""
    a = self._a
    k = axis(dimension, a.ndim, "unfold", "dimension")
    n = a.shape[k] if a.ndim else 1
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if size > n:
        raise RuntimeError(f"maximum size for tensor at dimension {k} is {n} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    return unfold_(self, k, size, step)  # type: ignore[no-any-return]


def seen_through(x: Tensor, size: Any, stride: Any, storage_offset: Any) -> tuple[Any, Any]:
    """The geometry that is asked for and the one that x has; raises where it leaves the memory."""
    shape, steps = listed(size, "as_strided", "size", 1), listed(stride, "as_strided", "stride", 2)
    if len(shape) != len(steps):
        raise RuntimeError("mismatch in length of strides and shape")
    if any(s < 0 for s in steps):
        raise RuntimeError(f"as_strided: Negative strides are not supported at the moment, got strides: {list(steps)}")
    home = memory.geometry(x._a)
    offset = home[2] if storage_offset is None else integer(storage_offset, "as_strided", "storage_offset", 3)
    wanted = (shape, steps, offset)
    held, needed = memory.owner(x._a).nbytes, memory.extent(wanted) * x._a.itemsize
    if needed > held:
        raise RuntimeError(
            f"setStorage: sizes {list(shape)}, strides {list(steps)}, storage offset {offset}, and itemsize "
            f"{x._a.itemsize} requiring a storage size of {needed} are out of bounds for storage of size {held}"
        )
    return wanted, home


@op("as_strided")
def as_strided(input: Tensor, size: Any, stride: Any, storage_offset: Any = None) -> Tensor:
    """A view of any geometry of the memory into which a tensor looks."""
    wanted, home = seen_through(input, size, stride, storage_offset)
    return strided_(input, wanted, home)  # type: ignore[no-any-return]


@op("view_as_real", method=False)
def view_as_real(input: Tensor) -> Tensor:
    """The real and imaginary parts in a new last dimension."""
    if input._a.dtype.kind != "c":
        raise RuntimeError("view_as_real is only supported for complex tensors")
    return view_as_real_(input)  # type: ignore[no-any-return]


@op("view_as_complex", method=False)
def view_as_complex(input: Tensor) -> Tensor:
    """The pairs of a last dimension as complex numbers."""
    a = input._a
    if a.dtype.kind != "f":
        raise RuntimeError(
            f"view_as_complex is only supported for half, float and double tensors, but got a tensor of scalar type: "
            f"{_kind(a)}"
        )
    if not a.ndim:
        raise RuntimeError("Input tensor must have one or more dimensions")
    if a.shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    if a.strides[-1] != a.itemsize:
        raise RuntimeError("Tensor must have a last dimension with stride 1")
    if any(s % (2 * a.itemsize) for s, n in zip(a.strides[:-1], a.shape[:-1], strict=True) if n > 1):
        raise RuntimeError("Tensor must have a stride divisible by 2 for all but last dimension")
    if memory.offset_of(a) % 2:
        raise RuntimeError("Tensor must have a storage_offset divisible by 2")
    return view_as_complex_(input)  # type: ignore[no-any-return]


def _kind(a: Any) -> str:
    from srcgrad.torch.dtypes import of

    return of(a.dtype)._c_name


@op("real", method=False)
def real(input: Tensor) -> Tensor:
    """The real parts, as a view; of a real tensor itself."""
    return select(view_as_real(input), -1, 0) if input._a.dtype.kind == "c" else input


@op("imag", method=False)
def imag(input: Tensor) -> Tensor:
    """The imaginary parts, as a view."""
    if input._a.dtype.kind != "c":
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return select(view_as_real(input), -1, 1)


def _set_real(self: Tensor, value: Any) -> None:
    real(self).copy_(value if isinstance(value, Tensor) else Tensor._wrap(value))  # type: ignore[attr-defined]


def _set_imag(self: Tensor, value: Any) -> None:
    imag(self).copy_(value if isinstance(value, Tensor) else Tensor._wrap(value))  # type: ignore[attr-defined]


Tensor.real = property(real, _set_real)  # type: ignore[attr-defined]
Tensor.imag = property(imag, _set_imag)  # type: ignore[attr-defined]
