"""What rewritten source calls in place of its own expressions: `a + b` becomes `rec.add(a, b)`.

Each function computes what the expression would have computed, on the same objects, and notes it in
the traces of the present levels where an operand is active. Data that only moves (through names,
containers, attributes, closures, exceptions, generators) is left to Python: a number is recognised
by its identity wherever it turns up again.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Iterator
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from srcgrad.errors import UnsupportedSyntaxError
from srcgrad.rules import table
from srcgrad.runtime import memory
from srcgrad.runtime.calls import call, is_python, python_method
from srcgrad.runtime.levels import at, places, state
from srcgrad.runtime.operations import is_active, note

__all__ = ["call"]

_NUMBERS = frozenset(
    {float, int, bool, complex, np.ndarray, np.bool_}
    | {np.dtype(c).type for c in "bBhHiIlLqQefdgFDG"}
)
_CONTAINERS = (list, tuple, str, bytes, dict, set, frozenset)
slice = slice


def _binary(name: str, function: Callable[[Any, Any], Any], ufunc: Callable[..., Any] | None) -> Callable[[Any, Any], Any]:
    forward, reflected = f"__{name}__", f"__r{name}__"

    def apply(a: Any, b: Any) -> Any:
        levels = state.levels
        if not levels:
            return function(a, b)
        kind_a, kind_b = type(a), type(b)
        if kind_a in _NUMBERS and kind_b in _NUMBERS:
            y = function(a, b)
            if kind_a is int and kind_b is int:
                return y
            if is_active(a) or is_active(b):
                _note_operator(name, function, ufunc, y, (a, b))
            return y
        return _general_binary(a, b)

    def _general_binary(a: Any, b: Any) -> Any:
        kind_a, kind_b = type(a), type(b)
        own, other = python_method(kind_a, forward), python_method(kind_b, reflected)
        if own is not None or other is not None:
            tries = [(own, a, b), (other, b, a)] if kind_a is not kind_b else [(own, a, b)]
            if issubclass(kind_b, kind_a) and kind_b is not kind_a and other is not None:
                tries.reverse()
            for method, left, right in tries:
                if method is not None:
                    y = call(method, left, right)
                    if y is not NotImplemented:
                        return y
            if not (is_active(a) or is_active(b)):
                return function(a, b)
        if isinstance(a, np.ndarray) and isinstance(b, (list, tuple)) and is_active(b):
            return apply(a, call(np.asarray, b))
        if isinstance(b, np.ndarray) and isinstance(a, (list, tuple)) and is_active(a):
            return apply(call(np.asarray, a), b)
        if isinstance(a, _CONTAINERS) and not isinstance(b, np.ndarray):
            return function(a, b)
        if isinstance(b, _CONTAINERS) and not isinstance(a, np.ndarray):
            return function(a, b)
        y = function(a, b)
        if is_active(a) or is_active(b):
            if _plain(a) and _plain(b):
                _note_operator(name, function, ufunc, y, (a, b))
            else:
                raise _refused(f"the operator between {kind_a.__name__} and {kind_b.__name__} has no derivative rule")
        return y

    apply.__name__ = name
    return apply


def _plain(x: Any) -> bool:
    return isinstance(x, (float, int, complex, np.generic)) or type(x) is np.ndarray


def _note_operator(
    name: str, function: Callable[..., Any], ufunc: Callable[..., Any] | None, y: Any, args: tuple[Any, ...]
) -> None:
    rule = table.lookup(function) or (table.lookup(ufunc) if ufunc is not None else None)
    if rule is None:
        if table.is_zero(function) or (ufunc is not None and table.is_zero(ufunc)):
            return
        raise _refused(f"no derivative rule for the operator {name}")
    note(rule, function, y, args, {})


def _refused(what: str) -> UnsupportedSyntaxError:
    where = places()
    return UnsupportedSyntaxError(
        what,
        where[0] if where else None,
        calls=where[1:],
        ways=("write it with floats and arrays", "srcgrad.stop_gradient(...) where it is constant in the argument"),
    )


add = _binary("add", operator.add, np.add)
sub = _binary("sub", operator.sub, np.subtract)
mul = _binary("mul", operator.mul, np.multiply)
truediv = _binary("truediv", operator.truediv, np.divide)
floordiv = _binary("floordiv", operator.floordiv, np.floor_divide)
mod = _binary("mod", operator.mod, np.remainder)
pow = _binary("pow", operator.pow, np.power)
matmul = _binary("matmul", operator.matmul, np.matmul)
and_ = _binary("and", operator.and_, None)
or_ = _binary("or", operator.or_, None)
xor = _binary("xor", operator.xor, None)
lshift = _binary("lshift", operator.lshift, None)
rshift = _binary("rshift", operator.rshift, None)


def _unary(name: str, function: Callable[[Any], Any], ufunc: Callable[..., Any]) -> Callable[[Any], Any]:
    method_name = f"__{name}__"

    def apply(a: Any) -> Any:
        if not state.levels:
            return function(a)
        method = python_method(type(a), method_name)
        if method is not None:
            return call(method, a)
        y = function(a)
        if is_active(a):
            _note_operator(name, function, ufunc, y, (a,))
        return y

    apply.__name__ = name
    return apply


neg = _unary("neg", operator.neg, np.negative)
pos = _unary("pos", operator.pos, np.positive)
invert = _unary("invert", operator.invert, np.invert)

_IN_PLACE = {
    f"i{f.__name__.rstrip('_')}": (f, getattr(operator, f"i{f.__name__.rstrip('_')}"))
    for f in (add, sub, mul, truediv, floordiv, mod, pow, matmul, and_, or_, xor, lshift, rshift)
}


def augmented(name: str, a: Any, b: Any) -> Any:
    """`a += b` and its kin: the new value of the target, with arrays and lists changed in place."""
    plain, in_place = _IN_PLACE[name]
    if not state.levels:
        return in_place(a, b)
    kind = type(a)
    if kind in _NUMBERS and kind is not np.ndarray:
        return plain(a, b)
    if isinstance(a, np.ndarray):
        y = plain(a, b)
        if not isinstance(y, (np.ndarray, np.generic)) or not np.can_cast(y.dtype, a.dtype, "same_kind"):
            return in_place(a, b)
        if np.shape(y) != a.shape:
            np.broadcast_to(y, a.shape)
        setitem(a, Ellipsis, y)
        return a
    method = python_method(kind, f"__{name}__")
    if method is not None:
        y = call(method, a, b)
        if y is not NotImplemented:
            return y
    if isinstance(a, (set, dict)) or type(a).__name__ == "deque" or isinstance(a, list):
        return in_place(a, iterate(b))
    return plain(a, b)


def augmented_item(name: str, a: Any, index: Any, old: Any, b: Any) -> None:
    """`a[index] += b`, where `old` is what `a[index]` was before b was evaluated."""
    new = augmented(name, old, b)
    if isinstance(a, np.ndarray) and new is old and memory.owner(new) is memory.owner(a):
        return
    setitem(a, index, new)


def augmented_attribute(name: str, a: Any, attribute: str, old: Any, b: Any) -> None:
    """`a.attribute += b`."""
    setattribute(a, attribute, augmented(name, old, b))


def getitem(a: Any, index: Any) -> Any:
    """`a[index]`."""
    if not state.levels or isinstance(a, (list, dict, tuple, str)) and not is_python(type(a)):
        return a[index]
    if isinstance(a, np.ndarray):
        y = a[index]
        if a.dtype.kind in "fc" and is_active(a):
            if isinstance(y, np.ndarray) and memory.owner(y) is memory.owner(a):
                return y
            _note_gather(a, memory.snapshot(index), y)
        return y
    method = python_method(type(a), "__getitem__")
    if method is not None:
        return call(method, a, index)
    if isinstance(a, np.flatiter):
        return getitem(call(np.ravel, a.base), index)
    if isinstance(a, np.generic):
        return getitem(call(np.asarray, a), index)
    if isinstance(a, type):
        return a[index]
    y = a[index]
    return y


def _note_gather(a: np.ndarray, index: Any, y: Any) -> None:
    levels = state.levels
    for i, level in enumerate(levels):
        if level.is_active(a):
            at(levels[:i], level.gather, a, index, y)


def setitem(a: Any, index: Any, v: Any) -> None:
    """`a[index] = v`."""
    levels = state.levels
    if not levels:
        a[index] = v
        return
    if isinstance(a, np.ndarray):
        if a.dtype.names is not None and isinstance(index, str):
            a, index = a[index], Ellipsis
        if a.dtype.kind == "V" and is_active(v):
            raise _refused("a record written as a whole")
        if a.dtype.kind != "O":
            if isinstance(v, (list, tuple)):
                v = call(np.asarray, v)
            index = memory.snapshot(index)
            if isinstance(v, np.ndarray) and np.may_share_memory(a, v):
                v = call(np.copy, v)
            # Inner levels first: what they note of the old contents is a computation of the outer
            # ones, which must not have gone on to the new contents.
            for i in range(len(levels) - 1, -1, -1):
                active = levels[i].is_active(a) or levels[i].is_active(v)
                at(levels[:i], levels[i].before_write, a, index, v, active)
        a[index] = v
        return
    method = python_method(type(a), "__setitem__")
    if method is not None:
        call(method, a, index, v)
    elif isinstance(a, np.flatiter):
        flat = a.base.reshape(-1)
        if memory.owner(flat) is memory.owner(a.base):
            setitem(flat, index, v)
        else:
            setitem(a.base, np.unravel_index(np.arange(a.base.size)[index], a.base.shape), v)
    elif isinstance(a, list) and isinstance(v, np.ndarray) and isinstance(index, type(slice(0))):
        a[index] = iterate(v)
    else:
        a[index] = v


def attribute(obj: Any, name: str) -> Any:
    """`obj.name`, with properties written in Python followed."""
    if not state.levels or isinstance(obj, ModuleType):
        return getattr(obj, name)
    kind = type(obj)
    if kind in _NUMBERS:
        if name in ("real", "imag") and is_active(obj) and not (name == "real" and kind is float):
            return _component(obj, name)
        return getattr(obj, name)
    found = _class_attribute(kind, name) if not isinstance(obj, type) else None
    if found is not None:
        if isinstance(found, property):
            return call(found.fget, obj) if is_python(found.fget) else getattr(obj, name)
        if isinstance(found, functools.cached_property):
            if name not in obj.__dict__:
                obj.__dict__[name] = call(found.func, obj)
            return obj.__dict__[name]
        if isinstance(found, FunctionType):
            return getattr(obj, name)
        getter = python_method(type(found), "__get__")
        if getter is not None and not (name in getattr(obj, "__dict__", {}) and not hasattr(found, "__set__")):
            return call(getter, found, obj, kind)
    fallback = python_method(kind, "__getattribute__") or python_method(kind, "__getattr__")
    if fallback is not None and fallback.__name__ == "__getattr__" and found is None and name not in getattr(
        obj, "__dict__", {}
    ):
        return call(fallback, obj, name)
    return getattr(obj, name)


def _component(obj: Any, name: str) -> Any:
    """`.real` and `.imag`: views of arrays, new numbers for scalars."""
    y = getattr(obj, name)
    if isinstance(obj, np.ndarray) and memory.owner(y) is memory.owner(obj):
        return y
    if isinstance(obj, (complex, np.complexfloating)):
        return call(np.real if name == "real" else np.imag, obj)
    return y


def _class_attribute(kind: type, name: str) -> Any:
    for base in kind.__mro__:
        if name in base.__dict__:
            return base.__dict__[name]
    return None


def setattribute(obj: Any, name: str, value: Any) -> None:
    """`obj.name = value`, with property setters written in Python followed."""
    if state.levels and not isinstance(obj, type):
        found = _class_attribute(type(obj), name)
        if isinstance(found, property) and is_python(found.fset):
            call(found.fset, obj, value)
            return
        if isinstance(obj, np.ndarray) and name in ("real", "imag", "flat"):
            setitem(obj.reshape(-1) if name == "flat" else getattr(obj, name), Ellipsis, value)
            return
        setter = python_method(type(obj), "__setattr__")
        if setter is not None:
            call(setter, obj, name, value)
            return
        descriptor = python_method(type(found), "__set__") if found is not None else None
        if descriptor is not None:
            call(descriptor, found, obj, value)
            return
    setattr(obj, name, value)


def iterate(xs: Any, pattern: Any = 0) -> Iterable[Any]:
    """What a loop, a comprehension, a star or an unpacking runs over.

    `pattern` is the shape of the targets: 0 for a name, a tuple for a tuple of targets, whose
    items are unpacked too.
    """
    if not state.levels:
        return xs  # type: ignore[no-any-return]
    items = _tracked(xs)
    if pattern == 0:
        return items
    return (unpack(item, pattern) for item in items)


def unpack(value: Any, pattern: Any) -> Any:
    """A value about to be unpacked into targets of this pattern."""
    if not state.levels or pattern == 0:
        return value
    if isinstance(value, (list, tuple)) and not is_python(type(value)):
        items = value
    else:
        items = list(_tracked(value)) if isinstance(value, np.ndarray) else _tracked(value)
    if all(p == 0 for p in pattern):
        return items
    items = list(items)
    return [unpack(v, p) for v, p in zip(items, pattern, strict=True)] if len(items) == len(pattern) else items


def _tracked(xs: Any) -> Any:
    if isinstance(xs, np.ndarray):
        return _rows(xs) if xs.dtype.kind in "fc" and xs.ndim else xs
    kind = type(xs)
    if isinstance(xs, np.flatiter):
        return _rows(call(np.ravel, xs.base))
    if kind.__name__ == "ndenumerate":
        return ((index, getitem(xs.iter.base, index)) for index in np.ndindex(xs.iter.base.shape))
    if not is_python(kind):
        return xs
    method = python_method(kind, "__iter__")
    if method is not None:
        made = call(method, xs)
        return _steps(made) if python_method(type(made), "__next__") else made
    if python_method(kind, "__getitem__") is not None and not isinstance(xs, (list, tuple, dict)):
        return _by_index(xs)
    return xs


def _rows(a: np.ndarray) -> Iterator[Any]:
    for i in range(len(a)):
        yield getitem(a, i)


def _steps(iterator: Any) -> Iterator[Any]:
    step = python_method(type(iterator), "__next__")
    while True:
        try:
            item = call(step, iterator)
        except StopIteration:
            return
        yield item


def _by_index(xs: Any) -> Iterator[Any]:
    i = 0
    while True:
        try:
            item = getitem(xs, i)
        except IndexError:
            return
        yield item
        i += 1


class _Context:
    """A context manager whose methods, written in Python, are called through the recorder."""

    def __init__(self, manager: Any) -> None:
        self.manager = manager

    def __enter__(self) -> Any:
        return call(type(self.manager).__enter__, self.manager)

    def __exit__(self, *raised: Any) -> Any:
        return call(type(self.manager).__exit__, self.manager, *raised)


def context(manager: Any) -> Any:
    """What a `with` statement enters."""
    if state.levels and python_method(type(manager), "__enter__") is not None:
        return _Context(manager)
    return manager


def bound(f: Any) -> Any:
    """A callable that C code may call back, with its body recorded."""
    if isinstance(f, (FunctionType, MethodType, functools.partial)) or python_method(type(f), "__call__"):
        return lambda *args, **kwargs: call(f, *args, **kwargs)
    return f
