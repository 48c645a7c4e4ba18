"""`x[index]` and `x[index] = v`, with every kind of index.

What enters: a tensor and an index: numbers, slices, None, Ellipsis, booleans, masks, tensors and lists of numbers.
What leaves: for numbers and slices a view, dimension by dimension, and for tensors a copy.
"""

from __future__ import annotations

import contextlib
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from srcgrad.torch.dtypes import of
from srcgrad.torch.inplace import check_apart, check_history, mutate
from srcgrad.torch.kernels import indexing as kernels
from srcgrad.torch.names import FUNCTIONS, op
from srcgrad.torch.ops.parts import part_, select_
from srcgrad.torch.ops.views import alias, expand, unsqueeze, view
from srcgrad.torch.ops.writing import copy_, fill_, name_of, number_of
from srcgrad.torch.primitive import primitive
from srcgrad.torch.recorded import FACES
from srcgrad.torch.tensor import Tensor, wrap

index_ = primitive(kernels.index, "IndexBackward0", operands=["x"])
index_put_node = primitive(kernels.index_put, "IndexPutBackward0")

FACES[kernels.index] = index_
FACES[kernels.place_indexed] = primitive(kernels.place_indexed, "IndexPutBackward0", operands=["g"])
FACES[kernels.cleared] = primitive(kernels.cleared, "IndexPutBackward0", operands=["g"])
FACES[kernels.taken] = primitive(kernels.taken, "IndexBackward0", operands=["g"])

_FULL = slice(None)
_LONG = np.dtype(np.int64)


def getitem(x: Tensor, key: Any) -> Tensor:
    """`x[key]`."""
    kind = key.__class__
    if kind is int:
        return _select(x, 0, key, 0)
    if kind is slice:
        if not x._a.ndim:
            raise IndexError("slice() cannot be applied to a 0-dim tensor.")
        return _slice(x, 0, key)
    if kind is tuple:
        for k in key:
            if k.__class__ is not int and k.__class__ is not slice:
                break
        else:
            return _plain(x, key)
    if kind is Tensor and key._a.dtype is _LONG and key._a.ndim and x._a.ndim:
        with contextlib.suppress(IndexError):
            return index_(x, (key._a,))  # type: ignore[no-any-return]
    found, places = sliced(x, key)
    if not places:
        return alias(x) if found is x else found
    return index_(found, checked(found, places))  # type: ignore[no-any-return]


def _plain(x: Tensor, key: tuple[Any, ...]) -> Tensor:
    """The view for numbers and slices alone."""
    if len(key) > x._a.ndim:
        raise IndexError(f"too many indices for tensor of dimension {x._a.ndim}")
    found = x
    dim = 0
    for number, k in enumerate(key):
        if k.__class__ is int:
            found = _select(found, dim, k, number)
        else:
            if not _covers(k, found._a.shape[dim]):
                found = _slice(found, dim, k)
            dim += 1
    return alias(x) if found is x else found


def _select(x: Tensor, dim: int, i: int, number: int) -> Tensor:
    a = x._a
    if not a.ndim:
        raise IndexError(
            "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a "
            "0-dim tensor to a number"
        )
    n = a.shape[dim]
    if not -n <= i < n:
        raise IndexError(f"index {i} is out of bounds for dimension {number} with size {n}")
    if i < 0:
        i += n
    return select_.see(x, a[(i, ...) if not dim else (_FULL,) * dim + (i, ...)], dim, i)


def _covers(key: slice, n: int) -> bool:
    """Whether a slice among other indices takes the whole dimension, and so makes no view."""
    if key == _FULL:
        return True
    if key.step not in {None, 1} or isinstance(key.start, Tensor) or isinstance(key.stop, Tensor):
        return False
    try:
        return slice(key.start, key.stop).indices(n)[:2] == (0, n)
    except TypeError:
        return False


def _slice(x: Tensor, dim: int, key: slice) -> Tensor:
    a = x._a
    n = a.shape[dim]
    start, stop, step = [_bound(k) for k in (key.start, key.stop, key.step)]
    if step is None:
        step = 1
    elif step == 0:
        raise ValueError("slice step cannot be zero")
    elif step < 0:
        raise ValueError("step must be greater than zero")
    first, end, _ = slice(start, stop).indices(n)
    end = max(first, end)
    found = a[first:end:step] if not dim else a[(_FULL,) * dim + (slice(first, end, step),)]
    return part_.see(x, found, dim, first, end, step)


def _bound(k: Any) -> Any:
    if k is None or k.__class__ is int:
        return k
    try:
        return operator.index(k)
    except TypeError:
        raise TypeError("slice indices must be integers or None or have an __index__ method") from None


def sliced(x: Tensor, key: Any, written: bool = False) -> tuple[Tensor, dict[int, Any]]:
    """The view that numbers, slices, None and Ellipsis make, and for each dimension of it the tensor index."""
    keys = _as_tuple(key)
    specified = 0
    for k in keys:
        if isinstance(k, Tensor):
            specified += k._a.ndim if k._a.dtype.kind == "b" or k._a.dtype == np.uint8 else 1
        elif isinstance(k, np.ndarray):
            specified += k.ndim if k.dtype == bool else 1
        elif k is not None and k is not Ellipsis and not isinstance(k, (bool, np.bool_)):
            if isinstance(k, Sequence) and not isinstance(k, str):
                specified += _of_sequence(k).ndim if _masks(k) else 1
            else:
                specified += 1
    if specified > x._a.ndim:
        if not x._a.ndim and len(keys) == 1 and isinstance(keys[0], (int, np.integer)):
            return _select(x, 0, int(keys[0]), 0), {}
        raise IndexError(f"too many indices for tensor of dimension {x._a.ndim}")
    places: dict[int, Any] = {}
    found = x
    dim = number = 0
    whole = len(keys) == 1 and not written
    for k in keys:
        if k is Ellipsis:
            skip = x._a.ndim - specified
            dim += skip
            number += skip
        elif k is None:
            found = unsqueeze(found, dim)
            dim += 1
        elif isinstance(k, (bool, np.bool_)):
            found = unsqueeze(found, dim)
            places[dim] = np.zeros(int(bool(k)), np.int64)
            dim += 1
        elif isinstance(k, slice):
            if whole or not _covers(k, found._a.shape[dim]):
                found = _slice(found, dim, k)
            dim += 1
            number += 1
        elif isinstance(k, (Tensor, np.ndarray, Sequence)) and not isinstance(k, str):
            a = k._a if isinstance(k, Tensor) else k if isinstance(k, np.ndarray) else _of_sequence(k)
            if not a.ndim and a.dtype.kind in "iu" and a.dtype != np.uint8:
                found = _select(found, dim, int(a), number)
                number += 1
                continue
            if not a.ndim and (a.dtype.kind == "b" or a.dtype == np.uint8):
                found = unsqueeze(found, dim)
                places[dim] = np.zeros(int(bool(a)), np.int64)
                dim += 1
                continue
            if a.dtype == np.uint8:
                _warn_about_bytes()
                a = a.astype(bool)
            places[dim] = a
            dim += a.ndim if a.dtype.kind == "b" else 1
            number += 1
        else:
            found = _select(found, dim, _integer(k), number)
            number += 1
    return found, places


def _as_tuple(key: Any) -> tuple[Any, ...]:
    """An index as a tuple of its parts; a list of indices that are no numbers is meant as one."""
    if isinstance(key, tuple):
        return key
    if (
        isinstance(key, list)
        and len(key) < 32
        and any(k is None or k is Ellipsis or isinstance(k, (Tensor, list, tuple, slice, np.ndarray)) for k in key)
    ):
        return tuple(key)
    return (key,)


def _of_sequence(k: Any) -> Any:
    if not len(k):
        return np.zeros(0, np.int64)
    a = FUNCTIONS["tensor"](list(k))._a
    return a.astype(np.int64) if not a.size else a


def _masks(k: Any) -> bool:
    return bool(_of_sequence(k).dtype == bool)


def _integer(k: Any) -> int:
    if isinstance(k, str):
        raise TypeError("new(): invalid data type 'str'")
    try:
        return operator.index(k)
    except TypeError:
        raise IndexError(
            "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got "
            f"{type(k).__name__})"
        ) from None


def _warn_about_bytes() -> None:
    import warnings

    warnings.warn(
        "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead.",
        UserWarning,
        stacklevel=4,
    )


def checked(x: Tensor, places: dict[int, Any]) -> tuple[Any, ...]:
    """The tensor indices by dimension, for NumPy; raises where they do not fit the tensor or one another."""
    shape = x._a.shape
    found: list[Any] = [None] * (max(places) + 1)
    shapes = []
    counts: list[Any] = []
    for dim in sorted(places):
        a = places[dim]
        if a.dtype.kind == "b":
            for k, n in enumerate(a.shape):
                if dim + k >= len(shape) or shape[dim + k] != n:
                    raise IndexError(
                        f"The shape of the mask {list(a.shape)} at index {k} does not match the shape of the indexed "
                        f"tensor {list(shape)} at index {dim + k}"
                    )
            counts.append(None)
        else:
            if a.dtype not in (np.int64, np.int32):
                raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
            n = shape[dim]
            if a.size:
                low, high = int(a.min()), int(a.max())
                if high >= n or low < -n:
                    wrong = high if high >= n else low
                    raise IndexError(f"index {wrong} is out of bounds for dimension {dim} with size {n}")
            counts.append(a.shape)
        found[dim] = a
    shapes = [
        s if s is not None else (int(np.count_nonzero(a)),)
        for s, (_, a) in zip(counts, sorted(places.items()), strict=True)
    ]
    if len(shapes) > 1:
        try:
            np.broadcast_shapes(*shapes)
        except ValueError:
            raise IndexError(
                "shape mismatch: indexing tensors could not be broadcast together with shapes "
                + ", ".join(str(list(s)) for s in shapes)
            ) from None
    key: list[Any] = []
    k = 0
    while k < len(found):
        a = found[k]
        key.append(a)
        k += a.ndim if a is not None and a.dtype.kind == "b" else 1
    return tuple(key)


def setitem(x: Tensor, key: Any, value: Any) -> None:
    """`x[key] = value`."""
    v = assigned(x, value)
    kind = key.__class__
    if kind is int:
        copy_to(_select(x, 0, key, 0), v)
        return
    found, places = sliced(x, key, written=True)
    if not places:
        copy_to(found, v)
        return
    check_history(found, found._needs or v._needs)
    check_apart(found, v, wholly=True)
    places_ = checked(found, places)
    v = without_ones(v)
    _check_fit(found, places_, v)
    if v._a.dtype != found._a.dtype:
        if not isinstance(value, Tensor):
            v = wrap(v._a.astype(found._a.dtype))
        else:
            raise RuntimeError(
                f"Index put requires the source and destination dtypes match, got {of(found._a.dtype)._c_name} for the "
                f"destination and {of(v._a.dtype)._c_name} for the source."
            )
    put(found, places_, v, False)


def assigned(x: Tensor, value: Any) -> Tensor:
    """What is to be assigned, as a tensor."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, (int, float, complex, np.number, np.bool_)):
        return wrap(np.array(number_of(value, x._a.dtype)).astype(x._a.dtype))
    raise TypeError(f"can't assign a {_type_name(value)} to a {name_of(x)}")


def _type_name(value: Any) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def without_ones(v: Tensor) -> Tensor:
    """Without the leading dimensions of size one."""
    shape = v._a.shape
    first = next((k for k, n in enumerate(shape) if n != 1), len(shape))
    return view(v, shape[first:]) if first else v


def copy_to(target: Tensor, v: Tensor) -> None:
    """Write a value over a view."""
    if target._a.shape == v._a.shape:
        copy_(target, v)
    elif not v._a.ndim:
        fill_(target, v)
    else:
        shape = v._a.shape
        first = next((k for k, n in enumerate(shape) if n != 1), len(shape))
        copy_(target, expand(view(v, shape[first:]), target._a.shape))


def _check_fit(x: Tensor, places: tuple[Any, ...], values: Tensor) -> None:
    """Raise where values do not broadcast to the places."""
    v = values._a
    wanted = np.broadcast_to(np.empty((), bool), x._a.shape)[kernels.key_of(places)].shape
    try:
        fits = np.broadcast_shapes(v.shape, wanted) == wanted
    except ValueError:
        fits = False
    if not fits:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(v.shape)} cannot be broadcast to indexing result of shape "
            f"{list(wanted)}"
        )


def put(x: Tensor, places: tuple[Any, ...], values: Tensor, accumulate: bool) -> Tensor:
    """Write or add values at places of a tensor."""
    _check_fit(x, places, values)
    v = values._a
    return mutate(x, lambda a: kernels.put_at(a, v, places, accumulate), index_put_node, values, places, accumulate)


def _places_of(x: Tensor, indices: Any) -> tuple[Any, ...]:
    places: dict[int, Any] = {}
    dim = 0
    for number, i in enumerate(indices):
        if not isinstance(i, Tensor):
            raise TypeError(f"expected Tensor as element {number} in argument 1, but got {type(i).__name__}")
        a = i._a.astype(bool) if i._a.dtype == np.uint8 else i._a
        places[dim] = a
        dim += a.ndim if a.dtype.kind == "b" else 1
    if dim > x._a.ndim:
        raise IndexError(f"too many indices for tensor of dimension {x._a.ndim} (got {dim})")
    return checked(x, places) if places else ()


@op("index_put_", function=False)
def index_put_(self: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """Write or add values at the places that tensors of indices name."""
    if values._a.dtype != self._a.dtype:
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {of(self._a.dtype)._c_name} for the "
            f"destination and {of(values._a.dtype)._c_name} for the source."
        )
    return put(self, _places_of(self, indices), values, bool(accumulate))


FUNCTIONS["index_put_"] = index_put_


@op("index_put")
def index_put(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """The tensor with values put or added at places."""
    if values._a.dtype != input._a.dtype:
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {of(input._a.dtype)._c_name} for the "
            f"destination and {of(values._a.dtype)._c_name} for the source."
        )
    return index_put_node(input, values, _places_of(input, indices), bool(accumulate))  # type: ignore[no-any-return]


def _contains(self: Tensor, element: Any) -> bool:
    """Whether some element is equal to a number or a 0-d tensor."""
    if not isinstance(element, (Tensor, int, float, complex, np.number, np.bool_)):
        raise RuntimeError(f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}.")
    return bool((self._a == (element._a if isinstance(element, Tensor) else element)).any())


for _name, _method in {"__getitem__": getitem, "__setitem__": setitem, "__contains__": _contains}.items():
    setattr(Tensor, _name, _method)
