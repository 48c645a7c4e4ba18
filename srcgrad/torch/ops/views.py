"""Views: other shapes and other orders of dimensions on the same memory.

What enters: a tensor and a description of the view. What leaves: a tensor that shares its memory, its version
and its base, with PyTorch's node; where `reshape` and its relatives find no such view, a copy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.torch import dtypes
from srcgrad.torch.kernels import viewing as kernels
from srcgrad.torch.kernels.memory import restrided
from srcgrad.torch.names import op
from srcgrad.torch.ops.dims import axes, axis, broadcast, inferred, integer, refused, sizes
from srcgrad.torch.ops.memory import contiguous
from srcgrad.torch.primitive import primitive
from srcgrad.torch.recorded import FACES
from srcgrad.torch.tensor import Tensor
from srcgrad.torch.viewing import View, seen

view_ = View(kernels.view, "ViewBackward0")
reshaped_ = View(kernels.view, "ReshapeAliasBackward0")
unsafe_view_ = primitive(kernels.view, "UnsafeViewBackward0", operands=["x"])
alias_ = View(kernels.alias, "AliasBackward0")
t_ = View(kernels.t, "TBackward0")
transpose_ = View(kernels.transpose, "TransposeBackward0")
permute_ = View(kernels.permute, "PermuteBackward0")
expand_ = View(kernels.expand, "ExpandBackward0")
squeeze_all_ = View(kernels.squeeze, "SqueezeBackward0")
squeeze_ = View(kernels.squeeze, "SqueezeBackward1")
squeeze_several_ = View(kernels.squeeze, "SqueezeBackward2")
unsqueeze_ = View(kernels.unsqueeze, "UnsqueezeBackward0")
summed_to_ = primitive(kernels.summed_to, "SumBackward1", operands=["g"])


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of a tensor, or of what a node kept in a tensor's place."""
    found: tuple[int, ...] = x._a.shape if isinstance(x, Tensor) else tuple(x.shape)
    return found


def _stretch(y: Tensor, shape: tuple[int, ...]) -> Tensor:
    return y if y._a.shape == shape else expand(y, shape)


FACES[np.shape] = shape_of
FACES[np.broadcast_to] = _stretch
FACES[kernels.inverse] = kernels.inverse
FACES[kernels.summed_to] = summed_to_


# Other shapes.


def looked(x: Tensor, shape: tuple[int, ...]) -> Any:
    """The array in another shape, and whether it still shares memory."""
    a = x._a
    array = a.reshape(shape)
    return array, a.flags.c_contiguous or not a.size or np.may_share_memory(array, a)


@op("view", function=False)
def view(self: Tensor, *size: Any, **kwargs: Any) -> Tensor:
    """The elements in another shape, or the memory in another dtype."""
    if kwargs or not size or not (isinstance(size[0], (int, tuple, list, np.integer, Tensor))):
        if list(kwargs) == ["size"] and not size:
            return view(self, kwargs["size"])
        kind = size[0] if len(size) == 1 and not kwargs else kwargs.get("dtype") if not size else None
        if isinstance(kind, dtypes.dtype):
            return view_dtype(self, kind)
        raise refused("view", size, kwargs, ["torch.dtype dtype", "tuple of ints size"])
    shape = inferred(sizes(size, "view", "size"), self._a.size)
    array, shares = looked(self, shape)
    if not shares:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            "contiguous subspaces). Use .reshape(...) instead."
        )
    return view_.see(self, array, shape)


@op("reshape", function=False)
def reshape_method(self: Tensor, *shape: Any, **kwargs: Any) -> Tensor:
    """The elements in another shape; a view where there is one."""
    if kwargs:
        shape = (kwargs["shape"],)
    elif not shape:
        raise TypeError('reshape() missing 1 required positional arguments: "shape"')
    return reshape(self, sizes(shape, "reshape", "shape"))


@op("reshape", method=False)
def reshape(input: Tensor, shape: Any) -> Tensor:
    """The elements in another shape; a view where there is one."""
    if shape.__class__ is not tuple:
        shape = sizes((shape,), "reshape", "shape", 2)
    shape = inferred(tuple([integer(n, "reshape", "shape", 2) for n in shape]), input._a.size)
    array, shares = looked(input, shape)
    if shares:
        return (view_ if input._a.flags.c_contiguous else reshaped_).see(input, array, shape)
    if input._needs:
        return unsafe_view_(contiguous(input), shape)  # type: ignore[no-any-return]
    return Tensor._wrap(array)


FACES[np.reshape] = reshape


@op("view_as", function=False)
def view_as(self: Tensor, other: Tensor) -> Tensor:
    """A view in the shape of another tensor."""
    return view(self, other._a.shape)


@op("reshape_as", function=False)
def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """The elements in the shape of another tensor."""
    return reshape(self, other._a.shape)


@op("flatten")
def flatten(input: Tensor, start_dim: Any = 0, end_dim: Any = -1) -> Tensor:
    """Some dimensions made one."""
    shape = input._a.shape
    n = len(shape)
    start, end = axis(start_dim, n, "flatten", "start_dim"), axis(end_dim, n, "flatten", "end_dim", 2)
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if n and start == end:
        return input
    size = 1
    for m in shape[start : end + 1]:
        size *= m
    return reshape(input, (*shape[:start], size, *shape[end + 1 :]))


@op("ravel")
def ravel(input: Tensor) -> Tensor:
    """One dimension."""
    return view(contiguous(input), -1 if input._a.size else input._a.size)


@op("unflatten")
def unflatten(input: Tensor, dim: Any, sizes: Any) -> Tensor:
    """A dimension made several."""
    from srcgrad.torch.ops.dims import listed

    shape = input._a.shape
    dim = axis(dim, len(shape), "unflatten")
    sizes = listed(sizes, "unflatten", "sizes", 2)
    if not sizes:
        raise RuntimeError("unflatten: sizes must be non-empty")
    try:
        within = inferred(sizes, shape[dim])
    except RuntimeError:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {dim} ({shape[dim]}) in the "
            "input tensor"
        ) from None
    return view(input, (*shape[:dim], *within, *shape[dim + 1 :]))


@op("squeeze")
def squeeze(input: Tensor, dim: Any = None) -> Tensor:
    """Without the dimensions of size one, or without one of them, or several."""
    a = input._a
    if dim is None:
        return squeeze_all_.see(input, a.squeeze(), tuple([k for k, n in enumerate(a.shape) if n == 1]))
    if isinstance(dim, (tuple, list)):
        gone = tuple([k for k in axes(dim, a.ndim, "squeeze", "dim") if a.ndim and a.shape[k] == 1])
        return squeeze_several_.see(input, a.squeeze(gone), gone)
    if isinstance(dim, str):
        raise refused("squeeze", (dim,), {}, ["", "int dim", "tuple of ints dim"])
    k = axis(dim, a.ndim, "squeeze")
    gone = (k,) if a.ndim and a.shape[k] == 1 else ()
    return squeeze_.see(input, a.squeeze(gone), gone)


@op("unsqueeze")
def unsqueeze(input: Tensor, dim: Any) -> Tensor:
    """With a dimension of size one more."""
    a = input._a
    k = axis(dim, a.ndim + 1, "unsqueeze")
    shape = (*a.shape[:k], 1, *a.shape[k:])
    if k < a.ndim or a.flags.c_contiguous:
        return unsqueeze_.see(input, a.reshape(shape), k)
    return unsqueeze_.see(input, restrided(a, shape, (*a.strides, a.itemsize)), k)


FACES[kernels.unsqueeze] = unsqueeze
FACES[kernels.squeeze] = squeeze


# Other orders of the dimensions.


@op("t")
def t(input: Tensor) -> Tensor:
    """The transpose of a matrix."""
    a = input._a
    if a.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {a.ndim}D")
    return t_.see(input, a.T)


@op("transpose", "swapaxes", "swapdims")
def transpose(input: Tensor, dim0: Any, dim1: Any) -> Tensor:
    """Two dimensions exchanged."""
    a = input._a
    n = a.ndim
    first, second = axis(dim0, n, "transpose", "dim0"), axis(dim1, n, "transpose", "dim1", 2)
    return transpose_.see(input, a.swapaxes(first, second) if n else a[...], first, second)


def swapped(name: str, first: str, second: str) -> None:
    """A name of transpose whose parameters have names of their own."""

    def function(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        given = dict(zip((first, second), args, strict=False)) | kwargs
        return transpose(input, given[first], given[second])

    function.__name__ = name
    op(name)(function)


swapped("swapaxes", "axis0", "axis1")
swapped("swapdims", "dim0", "dim1")


@op("permute", function=False)
def permute_method(self: Tensor, *dims: Any, **kwargs: Any) -> Tensor:
    """The dimensions in another order."""
    return permute(self, sizes(dims or (kwargs["dims"],), "permute", "dims"))


@op("permute", method=False)
def permute(input: Tensor, dims: Any) -> Tensor:
    """The dimensions in another order."""
    a = input._a
    dims = sizes((dims,), "permute", "dims", 2)
    if len(dims) != a.ndim:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired "
            f"ordering of dimensions i.e. input.dim() = {a.ndim} is not equal to len(dims) = {len(dims)}"
        )
    order = tuple([axis(d, a.ndim) for d in dims])
    if len(set(order)) != len(order):
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return permute_.see(input, a.transpose(order), order)


FACES[kernels.t] = t
FACES[kernels.transpose] = transpose
FACES[np.swapaxes] = transpose
FACES[kernels.permute] = permute


@op("movedim", "moveaxis")
def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """Some dimensions at other places, the rest in order around them."""
    n = input._a.ndim
    origins = source if isinstance(source, (tuple, list)) else (source,)
    targets = destination if isinstance(destination, (tuple, list)) else (destination,)
    if len(origins) != len(targets):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({list(origins)} dims) should contain the same number "
            f"of dims as destination ({list(targets)} dims)"
        )
    taken = [axis(d, n, "movedim", "source") for d in origins]
    placed = [axis(d, n, "movedim", "destination", 2) for d in targets]
    for found, given, name in ((taken, origins, "source"), (placed, targets, "destination")):
        if len(set(found)) != len(found):
            raise RuntimeError(f"movedim: repeated dim in `{name}` ({list(given)})")
    if not n:
        return alias(input)
    rest = iter([k for k in range(n) if k not in taken])
    order = [taken[placed.index(k)] if k in placed else next(rest) for k in range(n)]
    return permute(input, tuple(order))


def _T(self: Tensor) -> Tensor:
    """The dimensions in reverse order."""
    if self._a.ndim not in {0, 2}:
        _warn_about_reversal()
    return permute(self, tuple(range(self._a.ndim - 1, -1, -1)))


def _warn_about_reversal() -> None:
    import warnings

    warnings.warn(
        "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it will throw "
        "an error in a future release. Consider `x.mT` to transpose batches of matrices or `x.permute(*torch.arange("
        "x.ndim - 1, -1, -1))` to reverse the dimensions of a tensor.",
        UserWarning,
        stacklevel=3,
    )


def _mT(self: Tensor) -> Tensor:
    """Each matrix transposed."""
    if self._a.ndim == 1:
        raise RuntimeError("tensor.mT is only supported on matrices or batches of matrices. Got 1-D tensor.")
    if not self._a.ndim:
        return self
    return transpose(self, -2, -1)


@op("adjoint")
def adjoint(input: Tensor) -> Tensor:
    """Each matrix transposed and conjugated."""
    if input._a.ndim == 1:
        raise RuntimeError("tensor.adjoint() is only supported on matrices or batches of matrices. Got 1-D tensor.")
    return _conjugated(transpose(input, -2, -1) if input._a.ndim else input)


def _conjugated(x: Tensor) -> Tensor:
    if x._a.dtype.kind != "c":
        return x
    found: Tensor = FACES[np.conj](x)
    return found


def _H(self: Tensor) -> Tensor:
    """The transpose of a matrix, conjugated."""
    if self._a.ndim not in {0, 2}:
        raise RuntimeError(
            f"tensor.H is only supported on matrices (2-D tensors). Got {self._a.ndim}-D tensor."
            + (" For batches of matrices, consider using tensor.mH" if self._a.ndim > 2 else "")
        )
    return _conjugated(transpose(self, 0, 1) if self._a.ndim else self)


def _mH(self: Tensor) -> Tensor:
    """Each matrix transposed and conjugated."""
    if self._a.ndim == 1:
        raise RuntimeError("tensor.mH is only supported on matrices or batches of matrices. Got 1-D tensor.")
    return _conjugated(transpose(self, -2, -1) if self._a.ndim else self)


Tensor.T = property(_T)  # type: ignore[attr-defined]
Tensor.mT = property(_mT)  # type: ignore[attr-defined]
Tensor.H = property(_H)  # type: ignore[attr-defined]
Tensor.mH = property(_mH)  # type: ignore[attr-defined]


# One element at several places.


@op("expand", function=False)
def expand(self: Tensor, *size: Any, implicit: bool = False) -> Tensor:  # noqa: ARG001 - PyTorch's parameter
    """Dimensions of size one stretched; -1 leaves one as it is."""
    a = self._a
    shape = a.shape
    wanted = sizes(size, "expand", "size")
    extra = len(wanted) - len(shape)
    if extra < 0:
        kind = f"torch.{dtypes.of(a.dtype)._c_name}Tensor"
        raise RuntimeError(
            f"expand({kind}{{{list(shape)}}}, size={list(wanted)}): the number of sizes provided ({len(wanted)}) must be "
            f"greater or equal to the number of dimensions in the tensor ({len(shape)})"
        )
    target = list(wanted)
    for k in range(len(wanted) - 1, -1, -1):
        n = wanted[k]
        if k < extra:
            if n < 0:
                raise RuntimeError(
                    f"The expanded size of the tensor ({n}) isn't allowed in a leading, non-existing dimension {k}"
                )
            continue
        m = shape[k - extra]
        if n == -1:
            target[k] = m
        elif n != m and m != 1:
            raise RuntimeError(
                f"The expanded size of the tensor ({n}) must match the existing size ({m}) at non-singleton dimension {k}.  "
                f"Target sizes: {list(wanted)}.  Tensor sizes: {list(shape)}"
            )
        elif n < 0:
            raise RuntimeError(f"The expanded size of the tensor ({n}) isn't allowed")
    goal = tuple(target)
    return expand_.see(self, kernels.expand(a, goal), goal)


@op("expand_as", function=False)
def expand_as(self: Tensor, other: Tensor) -> Tensor:
    """Stretched to the shape of another tensor."""
    return expand(self, other._a.shape)


@op("broadcast_to")
def broadcast_to(input: Tensor, size: Any) -> Tensor:
    """Stretched to a shape."""
    return expand(input, size)


Tensor.broadcast_to = expand  # type: ignore[attr-defined]


@op("broadcast_tensors", method=False)
def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """Tensors stretched to their common shape."""
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    shape: tuple[int, ...] = ()
    for x in given:
        shape = broadcast(shape, x._a.shape)
    return tuple([x if x._a.shape == shape else expand(x, shape) for x in given])


@op("broadcast_shapes", method=False)
def broadcast_shapes(*shapes: Any) -> Any:
    """The shape to which shapes broadcast."""
    shape: tuple[int, ...] = ()
    for number, given in enumerate(shapes):
        one = (given,) if isinstance(given, int) else tuple(given)
        for k in range(1, min(len(shape), len(one)) + 1):
            if shape[-k] != one[-k] and 1 not in (shape[-k], one[-k]):
                raise RuntimeError(
                    f"Attempting to broadcast a dimension of length {one[-k]} at {-k}! Mismatching argument at index {number} "
                    f"had {one}; but expected shape should be broadcastable to {list(shape)}"
                )
        shape = broadcast(shape, one)
    return dtypes.Size(shape)


@op("alias", method=False, function=False)
def alias(input: Tensor) -> Tensor:
    """A view of all of it."""
    return alias_.see(input, input._a[...])


@op("view_dtype", function=False, method=False)
def view_dtype(x: Tensor, kind: Any) -> Tensor:
    """The same memory as elements of another dtype; without a gradient, unless the dtype is the same."""
    a = x._a
    target = kind.numpy
    if target == a.dtype:
        return alias(x)
    mine = dtypes.of(a.dtype)._c_name
    if target.itemsize != a.itemsize:
        if not a.ndim:
            raise RuntimeError(f"self.dim() cannot be 0 to view {mine} as {kind._c_name} (different element sizes)")
        if target.itemsize > a.itemsize:
            ratio = target.itemsize // a.itemsize
            if a.shape[-1] % ratio:
                raise RuntimeError(
                    f"self.size(-1) must be divisible by {ratio} to view {mine} as {kind._c_name} (different element "
                    f"sizes), but got {a.shape[-1]}"
                )
        if a.shape[-1] > 1 and a.strides[-1] != a.itemsize:
            raise RuntimeError(
                f"self.stride(-1) must be 1 to view {mine} as {kind._c_name} (different element sizes), but got "
                f"{a.strides[-1] // a.itemsize}"
            )
    return seen(x, a.view(target))
