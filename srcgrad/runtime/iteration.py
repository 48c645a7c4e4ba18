"""What loops, unpackings, `with` statements and callbacks of rewritten source run over and enter."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from srcgrad.runtime.access import class_attribute, getitem
from srcgrad.runtime.calls import METHOD_WRAPPER, call, is_generated, is_python, python_method
from srcgrad.runtime.levels import state
from srcgrad.runtime.operations import is_active


def iterate(xs: Any, pattern: Any = 0) -> Iterable[Any]:
    """What a loop, a comprehension, a star or an unpacking runs over.

    `pattern` is the shape of the targets: 0 for a name, a tuple for a tuple of targets, whose
    items are unpacked too.
    """
    if not state.levels:
        return xs  # type: ignore[no-any-return]
    items = _tracked(xs)
    if pattern == 0:
        return items  # type: ignore[no-any-return]
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
        return _rows(xs) if xs.ndim and xs.dtype.kind in "fcV" and python_method(type(xs), "__iter__") is None else xs
    kind = type(xs)
    if isinstance(xs, np.flatiter):
        return _rows(call(np.ravel, xs.base))
    if isinstance(xs, memoryview) and is_active(xs):
        return _rows(np.asarray(xs))
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

    def __exit__(self, *raised: object) -> Any:
        return call(type(self.manager).__exit__, self.manager, *raised)


def context(manager: Any) -> Any:
    """What a `with` statement enters."""
    if state.levels and python_method(type(manager), "__enter__") is not None:
        return _Context(manager)
    return manager


def bound(f: Any) -> Any:
    """A callable that C code may call back, with its body recorded."""
    if isinstance(f, _CALLED_BACK) or python_method(type(f), "__call__"):
        return lambda *args, **kwargs: call(f, *args, **kwargs)
    return f


_CALLED_BACK = (FunctionType, MethodType, functools.partial, METHOD_WRAPPER, np.ufunc)


def shown(x: Any, conversion: int = -1, spec: str = "") -> str:
    """A part of an f-string: the value formatted, through its own methods where those are written in Python."""
    kind = type(x)
    if not state.levels:
        return format(_CONVERSIONS[conversion](x), spec)
    if is_active(x):
        state.shown = True
    if kind.__flags__ & (1 << 9):
        if conversion == -1:
            method = python_method(kind, "__format__")
            if method is not None:
                return str(call(method, x, spec))
            return format(
                as_text(x) if not spec and class_attribute(kind, "__format__") is object.__dict__["__format__"] else x,
                spec,
            )
        return format(as_text(x) if conversion == ord("s") else as_repr(x), spec)
    return format(_CONVERSIONS[conversion](x), spec)


_CONVERSIONS: dict[int, Callable[[Any], Any]] = {-1: lambda x: x, ord("s"): str, ord("r"): repr, ord("a"): ascii}


def as_text(x: Any) -> str:
    """As str."""
    method = python_method(type(x), "__str__")
    if method is None and class_attribute(type(x), "__str__") is object.__dict__["__str__"]:
        return as_repr(x)
    return str(x) if method is None else str(call(method, x))


def as_repr(x: Any) -> str:
    """As repr."""
    method = python_method(type(x), "__repr__")
    return repr(x) if method is None or is_generated(method) else str(call(method, x))


def text(made: str) -> str:
    """A formatted text, remembered if it shows a number that a derivative depends on."""
    if state.levels and state.shown:
        state.shown = False
        if state.texts is not None:
            state.texts[id(made)] = made
    return made


def delitem(a: Any, index: Any) -> None:
    """`del a[index]`."""
    method = python_method(type(a), "__delitem__") if state.levels else None
    if method is None:
        del a[index]
    else:
        call(method, a, index)


def delattribute(obj: Any, name: str) -> None:
    """`del obj.name`."""
    method = python_method(type(obj), "__delattr__") if state.levels else None
    if method is not None and not is_generated(method):
        call(method, obj, name)
        return
    found = class_attribute(type(obj), name) if state.levels and not isinstance(obj, type) else None
    if isinstance(found, property) and is_python(found.fdel):
        call(found.fdel, obj)
    elif found is not None and python_method(type(found), "__delete__") is not None:
        call(python_method(type(found), "__delete__"), found, obj)
    else:
        delattr(obj, name)
