"""The twins of the views: `…_copy` takes what a view sees into fresh memory, `…_scatter` puts something into its place.

What enters: a tensor and the arguments of a view. What leaves: a tensor of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.rules.table import linear, rule
from srcgrad.torch.graph import Missing
from srcgrad.torch.kernels import memory
from srcgrad.torch.kernels import viewing as kernels
from srcgrad.torch.modes import state
from srcgrad.torch.names import deliver, op
from srcgrad.torch.ops import parts, views
from srcgrad.torch.ops.dims import axis
from srcgrad.torch.ops.memory import contiguous
from srcgrad.torch.primitive import Primitive, primitive
from srcgrad.torch.recorded import FACES
from srcgrad.torch.tensor import Tensor, edge_of, wrap


def _twin(name: str, view: Callable[..., Any]) -> None:
    """The function `name_copy` of a view function."""

    def function(input: Tensor, *args: Any, out: Any = None, **kwargs: Any) -> Any:
        seen = view(input, *args, **kwargs)
        made = tuple([_copied(t) for t in seen]) if isinstance(seen, tuple) else _copied(seen)
        if out is not None:
            if not isinstance(made, tuple):
                deliver(out, made)
                return out
            for target, value in zip(out, made, strict=True):
                deliver(target, value)
            return None
        return made

    function.__name__, function.__doc__ = f"{name}_copy", f"What `{name}` sees, in memory of its own."
    op(f"{name}_copy", method=False)(function)


def _copied(seen: Tensor) -> Tensor:
    """A view as a tensor of its own, with the view's node under another name."""
    made = wrap(np.array(seen._a, order="C"))
    node = seen._node
    if seen._needs and node is not None:
        if not node.name().endswith("_copy"):
            node.thaw()
            node.__class__ = _renamed(type(node))
        made._node, made._output, made._needs = node, seen._output, True
    return made


_classes: dict[type, type] = {}


def _renamed(kind: type) -> type:
    if kind not in _classes:
        _classes[kind] = type(f"{kind.__name__}_copy", (kind,), {"__slots__": ()})
    return _classes[kind]


def part(input: Tensor, dim: Any = 0, start: Any = None, end: Any = None, step: Any = 1) -> Tensor:
    """A range along a dimension, as a view."""
    a = input._a
    k = axis(dim, a.ndim, "slice")
    if step <= 0:
        raise RuntimeError("slice step must be positive")
    first, last = parts.clipped(start, end, a.shape[k])
    return parts.part(input, k, first, last, step)


def _view_copy(input: Tensor, size: Any = None, *, dtype: Any = None) -> Tensor:
    return views.view(input, size if dtype is None else dtype)


for _name, _view in (
    ("alias", views.alias), ("view", _view_copy), ("t", views.t), ("transpose", views.transpose), ("permute", views.permute),
    ("expand", views.expand), ("squeeze", views.squeeze), ("unsqueeze", views.unsqueeze), ("select", parts.select),
    ("slice", part), ("unbind", parts.unbind), ("split", parts.split), ("split_with_sizes", parts.split_with_sizes),
    ("diagonal", parts.diagonal), ("unfold", parts.unfold), ("as_strided", parts.as_strided),
    ("view_as_real", parts.view_as_real), ("view_as_complex", parts.view_as_complex),
):  # fmt: skip
    _twin(_name, _view)


@op("detach_copy", method=False)
def detach_copy(input: Tensor) -> Tensor:
    """The values in memory of their own; what would go through them has no derivative."""
    made = wrap(np.array(input._a, order="C"))
    edge = edge_of(input) if state.enabled and input._needs else None
    if edge is not None:
        node = Missing("NotImplemented", RuntimeError("derivative for aten::detach_copy is not implemented"))
        node.edges = (edge,)
        node.outputs = ((made._a.shape, made._a.dtype),)
        made._node, made._needs = node, True
    return made


@op("narrow_copy")
def narrow_copy(input: Tensor, dim: Any, start: Any, length: Any) -> Tensor:
    """A range of a given length along a dimension, in memory of its own."""
    k, first = parts._narrowed(input, dim, start, length)
    return narrow_copy_(input, k, first, first + length, 1)  # type: ignore[no-any-return]


class _Fresh(Primitive):
    """A view's primitive whose results are copies."""

    def __call__(self, x: Tensor, *args: Any) -> Any:
        found = super().__call__(x, *args)
        for t in found if isinstance(found, tuple) else (found,):
            t._a = np.array(t._a, order="C")
        return found


narrow_copy_ = _Fresh(kernels.part, "NarrowCopyBackward0", operands=["x"])
unsafe_split_ = _Fresh(kernels.split, "UnsafeSplitBackward0", operands=["x"])
unsafe_split_with_sizes_ = _Fresh(kernels.split_with_sizes, "UnsafeSplitWithSizesBackward0", operands=["x"])


@op("unsafe_split")
def unsafe_split(input: Tensor, split_size: Any, dim: Any = 0) -> Any:
    """Parts of one size, which count as tensors of their own."""
    k, size = parts._sized(input, split_size, dim)
    return unsafe_split_(input, size, k)


@op("unsafe_chunk")
def unsafe_chunk(input: Tensor, chunks: Any, dim: Any = 0) -> Any:
    """At most that many parts of the same size, which count as tensors of their own."""
    k = axis(dim, input._a.ndim, "unsafe_chunk", position=2)
    return unsafe_split(input, max(-(-input._a.shape[k] // chunks), 1), k)


@op("unsafe_split_with_sizes")
def unsafe_split_with_sizes(input: Tensor, split_sizes: Any, dim: Any = 0) -> Any:
    """Parts of the given sizes, which count as tensors of their own."""
    sizes = tuple([t._a.shape[dim] for t in parts.split_with_sizes(input, split_sizes, dim)])
    return unsafe_split_with_sizes_(input, sizes, axis(dim, input._a.ndim))


# Something put into a view's place.


def put_into(x: Any, src: Any, view: Any, args: Any) -> Any:
    """x with src in place of what a view sees of it."""
    y = np.array(x, order="C")
    view(y, *args)[...] = src
    return y


def cleared_in(g: Any, view: Any, args: Any) -> Any:
    """Zeros in what a view sees."""
    return put_into(g, 0, view, args)


def seen_of(g: Any, view: Any, args: Any) -> Any:
    """What a view sees, in memory of its own."""
    return np.array(view(g, *args), order="C")


def around(g: Any, x: Any, view: Any, args: Any) -> Any:
    """Zeros around what a view sees of x."""
    return put_into(np.zeros(np.shape(x), g.dtype), g, view, args)


linear(cleared_in, "g, view, args", g="cleared_in(y_bar, view, args)")
rule(
    put_into,
    "x, src, view, args",
    vjp={"x": "cleared_in(y_bar, view, args)", "src": "seen_of(y_bar, view, args)"},
    jvp={"x": "cleared_in(x_dot, view, args)", "src": "put_into(np.zeros_like(y), src_dot, view, args)"},
)
rule(
    seen_of,
    "g, view, args",
    vjp={"g": "around(y_bar, g, view, args)"},
    jvp={"g": "seen_of(g_dot, view, args)"},
)
rule(
    around,
    "g, x, view, args",
    vjp={"g": "seen_of(y_bar, view, args)", "x": ""},
    jvp={"g": "around(g_dot, x, view, args)", "x": ""},
)

FACES[cleared_in] = primitive(cleared_in, "SliceScatterBackward0", operands=["g"])
FACES[seen_of] = primitive(seen_of, "SliceBackward0_copy", operands=["g"])

select_scatter_ = primitive(put_into, "SelectScatterBackward0")
slice_scatter_ = primitive(put_into, "SliceScatterBackward0")
diagonal_scatter_ = primitive(put_into, "DiagonalScatterBackward0")
as_strided_scatter_ = primitive(put_into, "AsStridedScatterBackward0")


def _put(node: Primitive, input: Tensor, src: Tensor, seen: Tensor, view: Any, *args: Any) -> Tensor:
    if src._a.shape != seen._a.shape:
        raise RuntimeError(
            f"expected src to have a size equal to the slice of self. src size = {list(src._a.shape)}, slice size = "
            f"{list(seen._a.shape)}"
        )
    return node(input, src, view, args)  # type: ignore[no-any-return]


@op("select_scatter")
def select_scatter(input: Tensor, src: Tensor, dim: Any, index: Any) -> Tensor:
    """The tensor with one slice along a dimension replaced."""
    seen = parts.select(input, dim, index)
    k = axis(dim, input._a.ndim)
    return _put(select_scatter_, input, src, seen, kernels.select, k, int(index) % input._a.shape[k])


@op("slice_scatter")
def slice_scatter(
    input: Tensor, src: Tensor, dim: Any = 0, start: Any = None, end: Any = None, step: Any = 1
) -> Tensor:
    """The tensor with a range along a dimension replaced."""
    k = axis(dim, input._a.ndim)
    first, last = parts.clipped(start, end, input._a.shape[k])
    return _put(slice_scatter_, input, src, part(input, k, first, last, step), kernels.part, k, first, last, step)


@op("slice_inverse")
def slice_inverse(
    input: Tensor, src: Tensor, dim: Any = 0, start: Any = None, end: Any = None, step: Any = 1
) -> Tensor:
    """The tensor of which the input is that range: `src` itself, seen as such."""
    del dim, start, end, step
    del input
    return views.alias(src)


@op("diagonal_scatter")
def diagonal_scatter(input: Tensor, src: Tensor, offset: Any = 0, dim1: Any = 0, dim2: Any = 1) -> Tensor:
    """The tensor with a diagonal replaced."""
    where = parts.diagonal_of(input._a, offset, dim1, dim2)
    return _put(diagonal_scatter_, input, src, parts.diagonal(input, *where), kernels.diagonal, *where)


def _through(x: Any, seen: Any) -> Any:
    return memory.through(memory.flat(x), seen)


@op("as_strided_scatter")
def as_strided_scatter(input: Tensor, src: Tensor, size: Any, stride: Any, storage_offset: Any = None) -> Tensor:
    """The tensor with what a geometry of its memory shows replaced."""
    x = input if input._a.flags.c_contiguous else contiguous(input)
    wanted, home = parts.seen_through(x, size, stride, storage_offset)
    seen = parts.as_strided(x, size, stride, storage_offset)
    inside = (wanted[0], wanted[1], wanted[2] - home[2])
    return _put(as_strided_scatter_, input, src, seen, _through, inside)
