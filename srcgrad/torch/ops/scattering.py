"""Elements by index tensors and masks: gather, scatter, index_add, masked_fill and their relatives, in place too.

What enters: tensors, a dimension and a tensor of indices. What leaves: new tensors, or with a trailing
underscore the first one, written to where it lies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.torch.dtypes import of
from srcgrad.torch.inplace import check_alone, check_apart, check_history, mutate
from srcgrad.torch.kernels import scattering as kernels
from srcgrad.torch.names import op
from srcgrad.torch.ops.dims import axis, broadcast
from srcgrad.torch.ops.views import expand, reshape
from srcgrad.torch.ops.writing import number_of
from srcgrad.torch.primitive import Primitive, primitive
from srcgrad.torch.recorded import FACES
from srcgrad.torch.tensor import Tensor, wrap

index_select_ = primitive(kernels.index_select, "IndexSelectBackward0", operands=["x"])
index_add_node = primitive(kernels.index_add, "IndexAddBackward0")
index_copy_node = primitive(kernels.index_copy, "IndexCopyBackward0")
index_fill_number = primitive(kernels.index_fill, "IndexFillBackward0", operands=["x"])
index_fill_tensor = primitive(kernels.index_fill, "IndexFillBackward1")
gather_ = primitive(kernels.gather, "GatherBackward0", operands=["x"])
scatter_node = primitive(kernels.scatter, "ScatterBackward0")
scatter_number = primitive(kernels.scatter, "ScatterBackward1", operands=["x"])
scatter_add_node = primitive(kernels.scatter_add, "ScatterAddBackward0")
masked_fill_number = primitive(kernels.masked_fill, "MaskedFillBackward0", operands=["x"])
masked_fill_tensor = primitive(kernels.masked_fill, "MaskedFillBackward1")
masked_select_ = primitive(kernels.masked_select, "MaskedSelectBackward0", operands=["x"])
masked_scatter_node = primitive(kernels.masked_scatter, "MaskedScatterBackward0")
take_ = primitive(kernels.take, "TakeBackward0", operands=["x"])
put_node = primitive(kernels.put, "PutBackward0")

for _kernel, _name, _operand in (
    (kernels.index_select, "IndexSelectBackward0", "x"),
    (kernels.index_add, "IndexAddBackward0", None),
    (kernels.index_fill, "IndexFillBackward0", "x"),
    (kernels.gather, "GatherBackward0", "x"),
    (kernels.picked, "GatherBackward0", "g"),
    (kernels.scatter, "ScatterBackward1", "x"),
    (kernels.scatter_add, "ScatterAddBackward0", None),
    (kernels.masked_sum, "SumBackward0", "g"),
    (kernels.masked_place, "MaskedScatterBackward0", "g"),
    (kernels.masked_took, "MaskedSelectBackward0", "g"),
    (kernels.cleared_by, "MaskedFillBackward0", "g"),
    (kernels.take, "TakeBackward0", "x"),
    (kernels.put_cleared, "PutBackward0", "g"),
    (kernels.select_sum, "SumBackward0", "g"),
    (kernels.scaled, "MulBackward0", "g"),
):
    FACES[_kernel] = primitive(_kernel, _name, operands=None if _operand is None else [_operand])


def _forms(name: str, apply: Callable[..., Tensor]) -> None:
    """`name` and `name_` of a function that is given, first, how the call is to be made."""

    def function(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return apply(_fresh, input, *args, **kwargs)

    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        check_history(self, self._needs or any(isinstance(a, Tensor) and a._needs for a in args))
        check_alone(self)
        if name != "masked_scatter":
            for other in args:
                if isinstance(other, Tensor):
                    check_apart(self, other, wholly=True)
        return apply(_in_place, self, *args, **kwargs)

    function.__name__, function.__doc__ = name, apply.__doc__
    method.__name__, method.__doc__ = f"{name}_", apply.__doc__
    op(name, out=True)(function)
    op(f"{name}_", function=False)(method)


def _fresh(x: Tensor, node: Primitive, _action: Any, *operands: Any) -> Tensor:
    return node(x, *operands)  # type: ignore[no-any-return]


def _in_place(x: Tensor, node: Primitive, action: Callable[..., Any], *operands: Any) -> Tensor:
    arrays = [o._a if isinstance(o, Tensor) else o for o in operands]
    return mutate(x, lambda a: action(a, *arrays), node, *operands)


def positions(index: Any, function: str, *, either: str = "int32/int64") -> Any:
    """The integers of an index tensor."""
    if not isinstance(index, Tensor):
        raise TypeError(f"{function}(): argument 'index' (position 2) must be Tensor, not {type(index).__name__}")
    a = index._a
    if a.dtype != np.int64 and a.dtype != np.int32:
        if not a.size and function == "gather":
            return a.astype(np.int64)
        raise RuntimeError(f"{function}(): Expected dtype {either} for index")
    return a


def within(where: Any, n: int, dim: int, error: type[Exception] = RuntimeError, prefix: str = "") -> None:
    """Raise where an index leaves the dimension."""
    if where.size:
        low, high = int(where.min()), int(where.max())
        if low < 0 or high >= n:
            wrong = high if high >= n else low
            if low < 0 and high >= n:
                wrong = int(where.reshape(-1)[((where < 0) | (where >= n)).reshape(-1).argmax()])
            raise error(f"{prefix}index {wrong} is out of bounds for dimension {dim} with size {n}")


# Slices along a dimension.


@op("index_select", out=True)
def index_select(input: Tensor, dim: Any, index: Tensor) -> Tensor:
    """Some slices along a dimension."""
    a = input._a
    k = axis(dim, a.ndim, "index_select", position=1)
    where = positions(index, "index_select", either="int32 or int64")
    if where.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    n = a.shape[k] if a.ndim else 1
    if where.size and (where.min() < 0 or where.max() >= n):
        raise IndexError("index out of range in self")
    return index_select_(input, k, where)  # type: ignore[no-any-return]


def _wrapped_positions(where: Any, n: int, error: type[Exception], prefix: str = "", dim: int = 0) -> Any:
    if where.size and (where.min() < -n or where.max() >= n):
        wrong = where[(where < -n) | (where >= n)].reshape(-1)[0]
        raise error(f"{prefix}index {int(wrong)} is out of bounds for dimension {dim} with size {n}")
    return np.where(where < 0, where + n, where)


def index_add(call: Any, input: Tensor, dim: Any, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
    """Multiples of slices added to the slices that an index names."""
    a = input._a
    k = axis(dim, a.ndim, "index_add")
    where = positions(index, "index_add_", either="int32/int64")
    if where.ndim > 1:
        raise IndexError("index_add_(): Index is supposed to be a vector")
    if source._a.dtype != a.dtype:
        raise RuntimeError(
            f"index_add_(): self ({of(a.dtype)._c_name}) and source ({of(source._a.dtype)._c_name}) must have the same scalar type"
        )
    count = source._a.shape[k] if source._a.ndim else 1
    if where.size != count:
        raise RuntimeError(
            f"index_add_(): Number of indices ({where.size}) should be equal to source.size(dim): ({count}), for dim: {k}"
        )
    if source._a.ndim and a.ndim:
        mine = (*a.shape[:k], *a.shape[k + 1 :])
        theirs = (*source._a.shape[:k], *source._a.shape[k + 1 :])
        if mine != theirs:
            raise RuntimeError(
                f"source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = "
                f"{list(a.shape)} source.shape = {list(source._a.shape)}"
            )
    if where.size and where.min() < 0:
        raise IndexError("index out of range in self")
    within(where, a.shape[k] if a.ndim else 1, k)
    return call(input, index_add_node, kernels.index_add_at, k, where, source, alpha)  # type: ignore[no-any-return]


def index_copy(call: Any, input: Tensor, dim: Any, index: Tensor, source: Tensor) -> Tensor:
    """Slices put where an index says."""
    a = input._a
    k = axis(dim, a.ndim, "index_copy")
    where = positions(index, "index_copy_", either="LongTensor")
    if source._a.dtype != a.dtype:
        raise RuntimeError(
            f"index_copy_(): self and source expected to have the same dtype, but got (self) {of(a.dtype)._c_name} and "
            f"(source) {of(source._a.dtype)._c_name}"
        )
    n = a.shape[k] if a.ndim else 1
    count = source._a.shape[k] if source._a.ndim else 1
    if where.size != count:
        raise IndexError(
            f"index_copy_(): Number of indices ({where.size}) should be equal to source.size(dim) ({count})"
        )
    if a.ndim and source._a.ndim and a.ndim != source._a.ndim:
        raise IndexError(
            "index_copy_(): When source and destination are not scalars, their dimensionality must match. Source "
            f"dimensionality ({source._a.ndim}), destination dimensionality ({a.ndim})"
        )
    mine, theirs = (*a.shape[:k], *a.shape[k + 1 :]), (*source._a.shape[:k], *source._a.shape[k + 1 :])
    if mine != theirs:
        raise RuntimeError(
            f"index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: {_spaced(mine)} "
            f"at dimension {k} and source slice shape: {_spaced(theirs)} at dimension 0."
        )
    within(where, n, k, IndexError, "index_copy_(): ")
    return call(input, index_copy_node, kernels.index_copy_at, k, where, source)  # type: ignore[no-any-return]


def _spaced(shape: tuple[int, ...]) -> str:
    return " ".join([str(n) for n in shape])


def index_fill(call: Any, input: Tensor, dim: Any, index: Tensor, value: Any) -> Tensor:
    """One value in the slices that an index names."""
    a = input._a
    k = axis(dim, a.ndim, "index_fill")
    where = positions(index, "index_fill_", either="int64")
    n = a.shape[k] if a.ndim else 1
    where = _wrapped_positions(where, n, IndexError, "", k)
    if isinstance(value, Tensor):
        if value._a.ndim:
            raise RuntimeError(
                f"index_fill_ only supports a 0-dimensional value tensor, but got tensor with {value._a.ndim} dimension(s)."
            )
        return call(input, index_fill_tensor, kernels.index_fill_at, k, where, value)  # type: ignore[no-any-return]
    number = number_of(value, a.dtype)
    return call(input, index_fill_number, kernels.index_fill_at, k, where, number)  # type: ignore[no-any-return]


_forms("index_add", index_add)
_forms("index_copy", index_copy)
_forms("index_fill", index_fill)


# Elements along a dimension.


def _same_rank(a: Any, where: Any, what: str) -> None:
    if max(a.ndim, 1) != max(where.ndim, 1):
        raise RuntimeError(f"Index tensor must have the same number of dimensions as {what} tensor")


@op("gather", out=True)
def gather(input: Tensor, dim: Any, index: Tensor, *, sparse_grad: bool = False) -> Tensor:  # noqa: ARG001
    """For each place of the index the element that it names along a dimension."""
    a = input._a
    k = axis(dim, a.ndim, "gather")
    where = positions(index, "gather")
    if where.size:
        _same_rank(a, where, "input")
        for d in range(min(a.ndim, where.ndim)):
            if d != k and where.shape[d] > a.shape[d]:
                raise RuntimeError(
                    f"Size does not match at dimension {d} expected index {list(where.shape)} to be no larger than self "
                    f"{list(a.shape)} apart from dimension {k}"
                )
        within(where, a.shape[k] if a.ndim else 1, k)
    if a.ndim and not where.ndim:
        return reshape(gather_(input, k, where.reshape(1)), ())
    return gather_(input, k, where)  # type: ignore[no-any-return]


_REDUCTIONS = {"add": "sum", "multiply": "prod"}


def _placing(a: Any, where: Any, source: Any, k: int) -> None:
    """Raise where indices or a source do not fit."""
    if not where.size:
        return
    _same_rank(a, where, "self")
    if source is not None:
        _same_rank(source, where, "src")
    for d in range(min(a.ndim, where.ndim)):
        if (d != k and where.shape[d] > a.shape[d]) or (source is not None and where.shape[d] > source.shape[d]):
            if source is not None:
                raise RuntimeError(
                    f"Expected index {list(where.shape)} to be no larger than self {list(a.shape)} apart from dimension "
                    f"{k} and to be no larger size than src {list(source.shape)}"
                )
            raise RuntimeError(
                f"Expected index {list(where.shape)} to be no larger than self {list(a.shape)} apart from dimension {k}"
            )
    within(where, a.shape[k] if a.ndim else 1, k)


def scatter(
    call: Any, input: Tensor, dim: Any, index: Tensor, src: Any = None, *, value: Any = None, reduce: Any = None
) -> Tensor:
    """Elements, or one number, put where the index says along a dimension."""
    a = input._a
    k = axis(dim, a.ndim, "scatter")
    where = positions(index, "scatter")
    given = src if src is not None else value
    is_tensor = isinstance(given, Tensor)
    if is_tensor and given._a.dtype != a.dtype:
        raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
    _placing(a, where, given._a if is_tensor else None, k)
    if reduce is not None:
        from srcgrad.torch.ops.reducing import scatter_with

        if reduce not in _REDUCTIONS:
            raise RuntimeError("reduce argument must be either add or multiply.")
        return scatter_with(call is _in_place, input, k, where, given, reduce)
    if is_tensor:
        return call(input, scatter_node, kernels.scatter_at, k, where, given)  # type: ignore[no-any-return]
    return call(input, scatter_number, kernels.scatter_at, k, where, number_of(given, a.dtype))  # type: ignore[no-any-return]


def scatter_add(call: Any, input: Tensor, dim: Any, index: Tensor, src: Tensor) -> Tensor:
    """Elements added where the index says along a dimension."""
    a = input._a
    k = axis(dim, a.ndim, "scatter_add")
    where = positions(index, "scatter")
    if src._a.dtype != a.dtype:
        raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
    _placing(a, where, src._a, k)
    return call(input, scatter_add_node, kernels.scatter_add_at, k, where, src)  # type: ignore[no-any-return]


_forms("scatter", scatter)
_forms("scatter_add", scatter_add)


@op("take_along_dim", out=True)
def take_along_dim(input: Tensor, indices: Tensor, dim: Any = None) -> Tensor:
    """Elements along a dimension, where input and indices broadcast in the others."""
    from srcgrad.torch.ops.views import view

    where = indices._a
    if where.dtype != np.int64:
        raise RuntimeError(f"torch.take_along_dim(): dtype of indices should be Long but got {of(where.dtype)._c_name}")
    if dim is None:
        return gather(view(input, -1) if input._a.flags.c_contiguous else reshape(input, -1), 0, reshape(indices, -1))
    a = input._a
    if a.ndim != where.ndim:
        raise RuntimeError(
            f"torch.take_along_dim(): input and indices should have the same number of dimensions, but got {a.ndim} "
            f"dimensions for input, and {where.ndim} dimensions for indices"
        )
    k = axis(dim, a.ndim, "take_along_dim")
    shape = broadcast((*a.shape[:k], 1, *a.shape[k + 1 :]), (*where.shape[:k], 1, *where.shape[k + 1 :]))
    if where.size and where.min() < 0:
        indices = wrap(where % a.shape[k])
    stretched = expand(input, (*shape[:k], a.shape[k], *shape[k + 1 :]))
    return gather(stretched, k, expand(indices, (*shape[:k], where.shape[k], *shape[k + 1 :])))


# Masks.


def masked_fill(call: Any, input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """One value where the mask holds."""
    if mask._a.dtype.kind != "b":
        kind = _NAMES.get(mask._a.dtype.name, mask._a.dtype.name)
        raise RuntimeError(f"masked_fill_ only supports boolean masks, but got mask with dtype {kind}")
    m = mask._a
    shape = input._a.shape
    if m.shape != shape:
        both = broadcast(shape, m.shape)
        if call is _in_place and both != shape:
            raise RuntimeError(f"output with shape {list(shape)} doesn't match the broadcast shape {list(both)}")
    if isinstance(value, Tensor):
        if value._a.ndim:
            raise RuntimeError(
                f"masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {value._a.ndim} dimension(s)."
            )
        return call(input, masked_fill_tensor, _masked_fill_at, m, value)  # type: ignore[no-any-return]
    return call(input, masked_fill_number, _masked_fill_at, m, number_of(value, input._a.dtype))  # type: ignore[no-any-return]


_NAMES = {"float32": "float", "float64": "double", "int64": "long int", "int32": "int", "uint8": "unsigned char"}


def _masked_fill_at(a: Any, mask: Any, value: Any) -> None:
    np.copyto(a, value, where=mask, casting="unsafe")


def masked_scatter(call: Any, input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """The elements of a source, one after the other, where the mask holds."""
    m = mask._a
    if m.dtype.kind != "b":
        raise RuntimeError(
            f"masked_scatter_ only supports boolean masks, but got mask with dtype {of(m.dtype)._c_name}"
        )
    if source._a.dtype != input._a.dtype:
        raise RuntimeError(
            f"masked_scatter: expected self and source to have same dtypes but got{of(input._a.dtype)._c_name} and "
            f"{of(source._a.dtype)._c_name}"
        )
    shape = input._a.shape
    both = broadcast(shape, m.shape)
    if call is _in_place and both != shape:
        raise RuntimeError(f"output with shape {list(shape)} doesn't match the broadcast shape {list(both)}")
    if np.count_nonzero(np.broadcast_to(m, both)) > source._a.size:
        raise RuntimeError("Number of elements of source < number of ones in mask")
    return call(input, masked_scatter_node, kernels.masked_scatter_at, m, source)  # type: ignore[no-any-return]


_forms("masked_fill", masked_fill)
_forms("masked_scatter", masked_scatter)


@op("masked_select", out=True)
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the mask holds."""
    m = mask._a
    if m.dtype.kind != "b":
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    broadcast(m.shape, input._a.shape)
    return masked_select_(input, m)  # type: ignore[no-any-return]


# The flattened tensor.


def _flat_positions(where: Any, size: int) -> None:
    if where.size and (where.min() < -size or where.max() >= size):
        wrong = where[(where < -size) | (where >= size)].reshape(-1)[0]
        raise IndexError(f"out of range: tried to access index {int(wrong)} on a tensor of {size} elements.")


@op("take", out=True)
def take(input: Tensor, index: Tensor) -> Tensor:
    """Elements by their numbers in the flattened tensor."""
    where = index._a
    if where.dtype != np.int64:
        raise RuntimeError(f"take(): Expected a long tensor for index, but got {of(where.dtype)._c_name}")
    if where.size and not input._a.size:
        raise IndexError("take(): tried to take from an empty tensor")
    _flat_positions(where, input._a.size)
    return take_(input, where)  # type: ignore[no-any-return]


def put(call: Any, input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """Elements put or added at their numbers in the flattened tensor."""
    where = index._a
    if where.dtype != np.int64:
        raise RuntimeError(f"put_(): Expected a long tensor for index, but got {of(where.dtype)._c_name}")
    if source._a.dtype != input._a.dtype:
        raise RuntimeError(
            f"put_(): self and source expected to have the same dtype, but got self.dtype = {of(input._a.dtype)._c_name} "
            f"and source.dtype = {of(source._a.dtype)._c_name}"
        )
    if where.size != source._a.size:
        raise RuntimeError(
            f"put_(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{source._a.size}, index.numel() = {where.size}"
        )
    _flat_positions(where, input._a.size)
    return call(input, put_node, kernels.put_flat_at, where, source, bool(accumulate))  # type: ignore[no-any-return]


_forms("put", put)
