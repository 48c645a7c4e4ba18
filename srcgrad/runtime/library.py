"""Functions of C that move data, call back, or add up: how the recorder runs each.

`moved` runs one that only moves values (zip, list.append, itertools.chain): arrays in it are given
as their recorded elements, and callables so that their bodies are recorded. `HANDLERS` holds
those that compute something on the way.
"""

from __future__ import annotations

import builtins
import collections
import copy
import functools
import itertools
import math
import operator
from collections.abc import Callable, Iterable, Iterator
from types import FunctionType, SimpleNamespace
from typing import Any

import numpy as np

from srcgrad.errors import UnsupportedSyntaxError
from srcgrad.runtime import recorder, tree
from srcgrad.runtime.calls import call, python_method
from srcgrad.runtime.levels import places, state
from srcgrad.runtime.operations import is_active, missing

MOVING_MODULES = frozenset({"itertools", "_heapq", "heapq", "_bisect", "bisect", "_collections", "_operator", "_functools", "_random", "time", "_warnings", "_abc", "_weakref", "gc"})
MOVING_CLASSES = frozenset(
    {
        list, tuple, dict, set, frozenset, zip, enumerate, map, filter, reversed, object, type, property,
        classmethod, staticmethod, slice, range, bool, str, bytes, bytearray, super, memoryview,
        collections.deque, collections.OrderedDict, collections.defaultdict, SimpleNamespace,
        functools.partial, operator.itemgetter, operator.attrgetter, operator.methodcaller,
        np.ndarray, np.flatiter, np.ndindex, np.dtype, np.errstate, np.ndenumerate,
    }
)  # fmt: skip
MOVING_TYPES = frozenset(
    {
        "deque", "OrderedDict", "defaultdict", "generator", "dict_items", "dict_values", "dict_keys", "mappingproxy",
        "SimpleNamespace", "list_iterator", "zip", "map", "filter", "enumerate", "chain", "count", "cycle", "islice",
        "lock", "RLock", "ContextVar", "slice", "range", "Random", "method-wrapper", "flatiter", "TextIOWrapper",
        "Generator", "RandomState", "dtype", "StringIO", "BytesIO", "finfo", "type", "frame", "code",
    }
)  # fmt: skip
MOVING = frozenset(
    {
        next, iter, isinstance, issubclass, len, id, hash, repr, print, callable, hasattr, all, any, sorted, min, max,
        vars, dir, format, delattr, ascii, chr, ord, hex, bin, oct, globals, locals, input, open,
        functools.reduce, copy.copy, math.isclose,
    }
)  # fmt: skip

_DRAWING = ("Generator", "RandomState", "Random")


def moved(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run C code that only moves its arguments about."""
    owner = getattr(f, "__self__", None)
    if owner is not None and type(owner).__name__ in _DRAWING and any(is_active(a) for a in (*args, *kwargs.values())):
        raise missing(f, " with parameters to be differentiated")
    given = list(args) if _keeps_arrays(f) else [_movable(a) for a in args]
    if f in _CALLING_BACK and args:
        given[0] = recorder.bound(args[0])
    named = {k: (recorder.bound(v) if k == "key" else v) for k, v in kwargs.items()}
    return f(*given, **named)


_CALLING_BACK = frozenset(
    {filter, itertools.takewhile, itertools.dropwhile, itertools.filterfalse, collections.defaultdict}
)


def _groupby(xs: Iterable[Any], key: Any = None) -> Any:
    return itertools.groupby(recorder.iterate(xs), None if key is None else recorder.bound(key))


# Containers take an array as one member where these are called, iterators run over it.
_MEMBER_METHODS = frozenset(
    "append appendleft insert add setdefault get pop remove index count __contains__ send throw put push format write".split()
)


def _keeps_arrays(f: Any) -> bool:
    name = getattr(f, "__name__", "")
    return (
        name in _MEMBER_METHODS
        or f in (np.ndarray, isinstance, len, id, print, repr, type, hash, format, hasattr, callable, vars, operator.is_, operator.is_not)
        or getattr(f, "__module__", "") in ("_heapq", "_bisect")
        or f in (dict, SimpleNamespace, functools.partial, itertools.repeat, memoryview)
        or isinstance(getattr(f, "__self__", None), (str, dict))
        or type(getattr(f, "__self__", None)).__name__ in ("Generator", "RandomState")
    )


def _movable(a: Any) -> Any:
    if isinstance(a, np.ndarray):
        return recorder.iterate(a)
    if isinstance(a, (int, float, str, list, tuple, dict, type(None), range)):
        return a
    if python_method(type(a), "__iter__") is not None:
        return recorder.iterate(a)
    return a


def _sum(xs: Iterable[Any], /, start: Any = 0) -> Any:
    total = start
    for x in recorder.iterate(xs):
        total = recorder.add(total, x)
    return total


def _map(f: Any, *iterables: Any) -> Iterator[Any]:
    tracked = [recorder.iterate(xs) for xs in iterables]
    return (call(f, *items) for items in zip(*tracked, strict=False))


def _reduce(f: Any, xs: Iterable[Any], *initial: Any) -> Any:
    return functools.reduce(lambda a, b: call(f, a, b), recorder.iterate(xs), *initial)


def _accumulate(xs: Iterable[Any], func: Any = None, *, initial: Any = None) -> Iterator[Any]:
    step = recorder.add if func is None else lambda a, b: call(func, a, b)
    return itertools.accumulate(recorder.iterate(xs), step, initial=initial)


def _starmap(f: Any, xs: Iterable[Any]) -> Iterator[Any]:
    return (call(f, *recorder.iterate(items)) for items in recorder.iterate(xs))


def _extreme(f: Callable[..., Any]) -> Callable[..., Any]:
    """min and max return one of their arguments, so its identity carries the derivative."""

    def pick(*args: Any, **kwargs: Any) -> Any:
        if len(args) == 1:
            args = (list(recorder.iterate(args[0])),)
        if kwargs.get("key") is not None:
            kwargs = {**kwargs, "key": recorder.bound(kwargs["key"])}
        return f(*args, **kwargs)

    return pick


def _getattr(obj: Any, name: str, *default: Any) -> Any:
    try:
        return recorder.attribute(obj, name)
    except AttributeError:
        if default:
            return default[0]
        raise


def _next(iterator: Any, *default: Any) -> Any:
    step = python_method(type(iterator), "__next__")
    if step is None:
        return next(iterator, *default)
    try:
        return call(step, iterator)
    except StopIteration:
        if default:
            return default[0]
        raise


def _iter(xs: Any, *sentinel: Any) -> Any:
    if sentinel:
        return iter(recorder.bound(xs), *sentinel)
    tracked = recorder.iterate(xs)
    return tracked if hasattr(tracked, "__next__") else iter(tracked)


def _copy(x: Any) -> Any:
    if isinstance(x, np.ndarray):
        return call(np.copy, x)
    method = python_method(type(x), "__copy__")
    return copy.copy(x) if method is None else call(method, x)


def _deepcopy(x: Any, memo: dict[int, Any] | None = None) -> Any:
    memo = {} if memo is None else memo
    for array in _arrays_in(x, set()):
        memo[id(array)] = call(np.copy, array)
    return copy.deepcopy(x, memo)


def _arrays_in(x: Any, seen: set[int]) -> Iterator[np.ndarray]:
    if id(x) in seen:
        return
    seen.add(id(x))
    if isinstance(x, np.ndarray):
        yield x
        return
    members = tree.children(x)
    if members is None:
        members = list(getattr(x, "__dict__", {}).values()) if not isinstance(x, (type, FunctionType)) else []
    for member in members:
        yield from _arrays_in(member, seen)


def _fromiter(xs: Iterable[Any], dtype: Any = float, count: int = -1) -> Any:
    items = list(recorder.iterate(xs))
    return call(np.array, items if count < 0 else items[:count], dtype=dtype)


def _nditer(op: Any, flags: Any = (), op_flags: Any = (), *args: Any, **kwargs: Any) -> Any:
    """np.nditer over one array or several: views of the elements, which may be written."""
    arrays = op if isinstance(op, (list, tuple)) else (op,)
    if not is_active(op):
        return np.nditer(op, flags, op_flags, *args, **kwargs)
    if flags or args or kwargs or not all(isinstance(a, np.ndarray) for a in arrays):
        raise missing(np.nditer, " with flags")
    arrays = call(np.broadcast_arrays, *arrays) if len(arrays) > 1 else arrays
    first = arrays[0]
    axes = sorted(range(first.ndim), key=lambda k: -abs(first.strides[k]))
    turned = [np.transpose(a, axes) for a in arrays]
    places = np.ndindex(turned[0].shape)
    if len(turned) > 1:
        return (tuple(a[(*k, ...)] for a in turned) for k in places)
    return (turned[0][(*k, ...)] for k in places)


def _operator_in_place(name: str) -> Callable[[Any, Any], Any]:
    return lambda a, b: recorder.augmented(name, a, b)


def _vectorize(self: np.vectorize, *args: Any, **kwargs: Any) -> Any:
    """np.vectorize: the function at each element of the broadcast arguments."""
    if self.signature is not None or kwargs or self.excluded:
        where = places()
        raise UnsupportedSyntaxError(
            "np.vectorize with signature=, excluded= or keyword arguments",
            where[0] if where else None,
            calls=where[1:],
            ways=("loop over the elements",),
        )
    arrays = call(np.broadcast_arrays, *[call(np.asarray, a) for a in args])
    shape = np.shape(arrays[0])
    flat = [call(np.ravel, a) for a in arrays]
    results = [call(self.pyfunc, *[recorder.getitem(a, i) for a in flat]) for i in range(flat[0].size)]
    if results and isinstance(results[0], tuple):
        return tuple(call(np.reshape, call(np.array, list(part)), shape) for part in zip(*results, strict=True))
    y = call(np.reshape, call(np.array, results, **({"dtype": self.otypes} if self.otypes else {})), shape)
    return y if shape else recorder.getitem(y, ())


def ufunc_method(ufunc: np.ufunc, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`np.add.reduce` and its kin, as the table writes them out."""
    from srcgrad.rules import mutation

    written = getattr(mutation, f"UFUNC_{name.upper()}", {}).get(ufunc)
    method = getattr(ufunc, name)
    if written is None or (
        name != "at" and not any(is_active(a) for a in args) and not any(is_active(a) for a in kwargs.values())
    ):
        if any(is_active(a) for a in args):
            raise missing(method, f" of {ufunc.__name__}")
        return method(*args, **kwargs)
    out = kwargs.get("out")
    if out is not None:
        target = out[0] if isinstance(out, tuple) else out
        y = ufunc_method(ufunc, name, args, {k: v for k, v in kwargs.items() if k != "out"})
        recorder.setitem(target, Ellipsis, y)
        return target
    return call(written, *args, **kwargs)





HANDLERS: dict[Any, Callable[..., Any]] = {
    builtins.sum: _sum,
    builtins.map: _map,
    builtins.min: _extreme(min),
    builtins.max: _extreme(max),
    builtins.getattr: _getattr,
    builtins.setattr: recorder.setattribute,
    builtins.next: _next,
    builtins.iter: _iter,
    functools.reduce: _reduce,
    itertools.accumulate: _accumulate,
    itertools.starmap: _starmap,
    itertools.groupby: _groupby,
    copy.copy: _copy,
    copy.deepcopy: _deepcopy,
    np.fromiter: _fromiter,
    np.nditer: _nditer,
    np.vectorize.__call__: _vectorize,
    operator.add: recorder.add,
    operator.sub: recorder.sub,
    operator.mul: recorder.mul,
    operator.truediv: recorder.truediv,
    operator.floordiv: recorder.floordiv,
    operator.mod: recorder.mod,
    operator.pow: recorder.pow,
    operator.matmul: recorder.matmul,
    operator.neg: recorder.neg,
    operator.pos: recorder.pos,
    operator.getitem: recorder.getitem,
    operator.setitem: recorder.setitem,
    operator.iadd: _operator_in_place("iadd"),
    operator.isub: _operator_in_place("isub"),
    operator.imul: _operator_in_place("imul"),
    operator.itruediv: _operator_in_place("itruediv"),
    operator.ipow: _operator_in_place("ipow"),
    object.__getattribute__: recorder.attribute,
    object.__setattr__: object.__setattr__,
}
