"""Functions that compute something by calling back, or on elements: each in the form that is recorded.

`handlers` of calls.py is filled from here.
"""

from __future__ import annotations

import builtins
import functools
import itertools
import math
import operator
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from srcgrad.rules import table
from srcgrad.runtime import access, arithmetic, iteration, native
from srcgrad.runtime.calls import call, handlers, python_method
from srcgrad.runtime.levels import state
from srcgrad.runtime.operations import is_active, missing, note


def _groupby(xs: Iterable[Any], key: Any = None) -> Any:
    return itertools.groupby(iteration.iterate(xs), None if key is None else iteration.bound(key))


def _sum(xs: Iterable[Any], /, start: Any = 0) -> Any:
    """Plain numbers by Python itself, which may compensate for rounding; anything else step by step."""
    items = [start, *iteration.iterate(xs)]
    if all(type(x) in (float, int, bool) for x in items):
        y = sum(items[1:], start)
        rule = table.lookup(math.fsum)
        if rule is not None and any(is_active(x) for x in items):
            note(rule, math.fsum, y, (items,), {})
        return y
    total = start
    for x in items[1:]:
        total = arithmetic.add(total, x)
    return total


def _map(f: Any, *iterables: Any) -> Iterator[Any]:
    tracked = [iteration.iterate(xs) for xs in iterables]
    return (call(f, *items) for items in zip(*tracked, strict=False))


def _reduce(f: Any, xs: Iterable[Any], *initial: Any) -> Any:
    return functools.reduce(lambda a, b: call(f, a, b), iteration.iterate(xs), *initial)


def _accumulate(xs: Iterable[Any], func: Any = None, *, initial: Any = None) -> Iterator[Any]:
    step = arithmetic.add if func is None else lambda a, b: call(func, a, b)
    return itertools.accumulate(iteration.iterate(xs), step, initial=initial)


def _starmap(f: Any, xs: Iterable[Any]) -> Iterator[Any]:
    return (call(f, *iteration.iterate(items)) for items in iteration.iterate(xs))


_PLAIN = (float, np.float64)


def _extreme(f: Callable[..., Any]) -> Callable[..., Any]:
    """min and max return one of their arguments, whose identity carries the derivative; equal numbers share it."""

    def pick(*args: Any, **kwargs: Any) -> Any:
        if len(args) == 1:
            args = (list(iteration.iterate(args[0])),)
        if kwargs.get("key") is not None:
            kwargs = {**kwargs, "key": iteration.bound(kwargs["key"])}
            return f(*args, **kwargs)
        y = f(*args, **kwargs)
        if type(y) in _PLAIN:
            ties = [a for a in (args[0] if len(args) == 1 else args) if type(a) in _PLAIN and a == y]
            if len(ties) > 1 and any(is_active(a) for a in ties):
                return call(type(y), call(np.max, call(np.array, ties)))
        return y

    return pick


def _getattr(obj: Any, name: str, *default: Any) -> Any:
    try:
        return access.attribute(obj, name)
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
        return iter(iteration.bound(xs), *sentinel)
    tracked = iteration.iterate(xs)
    return tracked if hasattr(tracked, "__next__") else iter(tracked)


def _fromiter(xs: Iterable[Any], dtype: Any = float, count: int = -1) -> Any:
    items = list(iteration.iterate(xs))
    return call(np.array, items if count < 0 else items[:count], dtype=dtype)


def _nditer(op: Any, flags: Any = (), op_flags: Any = (), *args: Any, **kwargs: Any) -> Any:
    """np.nditer over one array or several: views of the elements, which may be written."""
    arrays = op if isinstance(op, (list, tuple)) else (op,)
    noted = any(isinstance(a, np.ndarray) and level.holds(a) for a in arrays for level in state.levels)
    if not is_active(op) and not noted:
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


def _vectorize(self: np.vectorize, *args: Any, **kwargs: Any) -> Any:
    """np.vectorize: the function at each element of the broadcast arguments."""
    if self.signature is not None or kwargs or self.excluded:
        return call(table.substitute(np.vectorize.__call__), self, *args, **kwargs)
    arrays = call(np.broadcast_arrays, *[call(np.asarray, a) for a in args])
    shape = np.shape(arrays[0])
    flat = [call(np.ravel, a) for a in arrays]
    results = [call(self.pyfunc, *[access.getitem(a, i) for a in flat]) for i in range(flat[0].size)]
    if results and isinstance(results[0], tuple):
        return tuple(call(np.reshape, call(np.array, list(part)), shape) for part in zip(*results, strict=True))
    y = call(np.reshape, call(np.array, results, **({"dtype": self.otypes} if self.otypes else {})), shape)
    return y if shape else access.getitem(y, ())


def _chained(iterables: Iterable[Any]) -> Iterator[Any]:
    return (x for xs in iteration.iterate(iterables) for x in iteration.iterate(xs))


def _count(start: Any = 0, step: Any = 1) -> Any:
    return itertools.count(start, step) if type(start) is type(step) is int else _counting(start, step)


def _counting(start: Any, step: Any) -> Iterator[Any]:
    while True:
        yield start
        start = arithmetic.add(start, step)


def _reversed(xs: Any) -> Any:
    if isinstance(xs, np.ndarray) and xs.ndim:
        return (access.getitem(xs, i) for i in range(len(xs) - 1, -1, -1))
    method = python_method(type(xs), "__reversed__")
    if method is not None:
        return call(method, xs)
    if python_method(type(xs), "__getitem__") is not None and not isinstance(xs, (list, tuple, dict)):
        return (access.getitem(xs, i) for i in range(call(len, xs) - 1, -1, -1))
    return reversed(xs)


def _hasattr(obj: Any, name: str) -> bool:
    try:
        access.attribute(obj, name)
    except AttributeError:
        return False
    return True


# The Python functions of the ufuncs that np.frompyfunc made while a derivative was taken.
_of_python: dict[int, tuple[np.ufunc, Callable[..., Any]]] = {}


def _frompyfunc(f: Callable[..., Any], nin: int, nout: int, **kwargs: Any) -> np.ufunc:
    made: np.ufunc = np.frompyfunc(f, nin, nout, **kwargs)
    _of_python[id(made)] = (made, f)
    return made


def made_of(ufunc: np.ufunc) -> Callable[..., Any] | None:
    """The Python function that a ufunc was made of by np.frompyfunc, where that is known."""
    known = _of_python.get(id(ufunc))
    return None if known is None else known[1]


def element_by_element(f: Callable[..., Any], nout: int, args: tuple[Any, ...]) -> Any:
    """As a ufunc made by np.frompyfunc: arrays of objects, or the results themselves for numbers."""
    arrays = [call(np.asarray, a) for a in args]
    shape = np.broadcast_shapes(*[np.shape(a) for a in arrays])
    flat = [call(np.ravel, call(np.broadcast_to, a, shape)) for a in arrays]
    results = [call(f, *[access.getitem(a, k) for a in flat]) for k in range(flat[0].size)]
    if not shape:
        return results[0]
    made = []
    for k in range(nout):
        y = np.empty(len(results), object)
        for place, result in enumerate(results):
            y[place] = result if nout == 1 else result[k]
        made.append(y.reshape(shape))
    return made[0] if nout == 1 else tuple(made)


def _augmenting(name: str) -> Callable[[Any, Any], Any]:
    return lambda a, b: arithmetic.augmented(name, a, b)


def _textual(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return native.textual(f, args, kwargs)


def _describing(f: Callable[..., Any], describe: Callable[[Any], str]) -> Callable[..., Any]:
    """str and repr, of which the text of an active number is remembered as such."""

    def described(*args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and not kwargs and type(args[0]).__flags__ & (1 << 9):
            return describe(args[0])
        return native.moved(f, args, kwargs)

    return described


def _indexed(f: Callable[..., Any]) -> Callable[..., Any]:
    """A search through a sequence: of an array, through its recorded elements."""
    return lambda xs, x: f(list(iteration.iterate(xs)), x)


handlers.update(
    {
        builtins.sum: _sum,
        builtins.map: _map,
        builtins.min: _extreme(min),
        builtins.max: _extreme(max),
        builtins.getattr: _getattr,
        builtins.setattr: access.setattribute,
        builtins.next: _next,
        builtins.hasattr: _hasattr,
        np.frompyfunc: _frompyfunc,
        builtins.iter: _iter,
        builtins.reversed: _reversed,
        functools.reduce: _reduce,
        itertools.accumulate: _accumulate,
        itertools.starmap: _starmap,
        itertools.groupby: _groupby,
        itertools.count: _count,
        itertools.chain.from_iterable: _chained,
        np.fromiter: _fromiter,
        np.array2string: functools.partial(_textual, np.array2string),
        np.array_repr: functools.partial(_textual, np.array_repr),
        np.array_str: functools.partial(_textual, np.array_str),
        np.format_float_positional: functools.partial(_textual, np.format_float_positional),
        np.format_float_scientific: functools.partial(_textual, np.format_float_scientific),
        np.nditer: _nditer,
        np.vectorize.__call__: _vectorize,
        object.__getattribute__: access.generic_attribute,
        object.__setattr__: access.generic_setattribute,
        operator.getitem: access.getitem,
        operator.setitem: access.setitem,
        operator.delitem: iteration.delitem,
        builtins.delattr: iteration.delattribute,
        builtins.bool: lambda x=False: bool(arithmetic.truth(x)),
        builtins.str: _describing(str, iteration.as_text),
        builtins.format: lambda x, spec="": iteration.text(iteration.shown(x, -1, spec)),
        builtins.repr: _describing(repr, iteration.as_repr),
        operator.contains: arithmetic.contains,
        operator.countOf: _indexed(operator.countOf),
        operator.indexOf: _indexed(operator.indexOf),
        operator.concat: arithmetic.add,
        operator.iconcat: _augmenting("iadd"),
        operator.abs: lambda x: call(abs, x),
        operator.inv: arithmetic.invert,
        operator.invert: arithmetic.invert,
        operator.truth: lambda x: bool(arithmetic.truth(x)),
        operator.not_: lambda x: not arithmetic.truth(x),
        operator.is_: operator.is_,
        operator.is_not: operator.is_not,
        operator.index: operator.index,
        operator.length_hint: operator.length_hint,
    }
)
for _name in "add sub mul truediv floordiv mod pow matmul neg pos and_ or_ xor lshift rshift lt le gt ge eq ne".split():
    handlers[getattr(operator, _name)] = getattr(arithmetic, _name)
for _name in arithmetic.IN_PLACE:
    handlers[getattr(operator, _name)] = _augmenting(_name)
if hasattr(operator, "call"):
    handlers[operator.call] = call
