"""What code that is not recorded could get at through its arguments: arrays, active values, callables.

Containers, the attributes of objects and of their classes, closures, bound methods, partials, iterators, and the
globals that a function reads are looked into; modules and code of libraries are not.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from contextvars import ContextVar
from functools import partial
from types import CodeType, FunctionType, GeneratorType, MethodType, ModuleType
from typing import Any

import numpy as np

from srcgrad.runtime.levels import LIBRARIES, state
from srcgrad.runtime.operations import is_active

# A program that hands over more objects than this is not walked to the end.
MOST = 20_000
_MORE = object()


def reached(*roots: Any) -> Iterator[Any]:
    """Everything that can be got at from some objects, once each; at last `_MORE` if that is not all."""
    seen: set[int] = set()
    waiting = list(roots)
    kept = []  # what was made on the way, so that no id comes up twice
    while waiting:
        x = waiting.pop()
        if isinstance(x, (float, complex, np.generic)):
            yield x
            continue
        if id(x) in seen or isinstance(x, (str, bytes, int, ModuleType)) or x is None:
            continue
        if isinstance(x, type) and not _is_users(x):
            continue
        if len(seen) == MOST:
            yield _MORE
            return
        seen.add(id(x))
        kept.append(x)
        yield x
        waiting += _parts(x)


def _is_users(kind: type) -> bool:
    """Whether a class was made by a class statement outside of the libraries."""
    return bool(kind.__flags__ & (1 << 9)) and kind.__module__.partition(".")[0] not in _NOT_USERS


_NOT_USERS = LIBRARIES | {"srcgrad"}


def _parts(x: Any) -> list[Any]:
    if isinstance(x, np.ndarray):
        return list(x.flat) if x.dtype.kind == "O" else []
    if isinstance(x, dict):
        return [*x.keys(), *x.values(), *_attributes(x)]
    if isinstance(x, (list, tuple, set, frozenset)) or type(x).__name__ == "deque":
        return [*x, *_attributes(x)]
    if isinstance(x, memoryview):
        return [x.obj]
    if isinstance(x, FunctionType):
        return _of_function(x)
    if isinstance(x, MethodType):
        return [x.__self__, x.__func__]
    if isinstance(x, partial):
        return [x.func, *x.args, *x.keywords.values()]
    if isinstance(x, type):
        return list(vars(x).values())
    if isinstance(x, weakref.ref):
        return [x()]
    if isinstance(x, ContextVar):
        return [x.get(None)]
    if isinstance(x, GeneratorType):
        return [] if x.gi_frame is None else list(x.gi_frame.f_locals.values())
    if type(x).__flags__ & (1 << 9) or isinstance(x, _CLOSED):
        return _attributes(x)
    # Iterators, views of dicts, properties, ufuncs made of functions: what objects of C hold.
    return [*_attributes(x), *gc.get_referents(x)]


_CLOSED = (np.dtype, np.random.Generator, CodeType)


def _attributes(x: Any) -> list[Any]:
    """The attributes of an object and, if that is the user's, its class."""
    kind = type(x)
    found = list(getattr(x, "__dict__", {}).values())
    if not kind.__flags__ & (1 << 9):
        return found
    for cls in kind.__mro__:
        slots = cls.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if isinstance(name, str) and name not in ("__dict__", "__weakref__"):
                try:
                    found.append(cls.__dict__[name].__get__(x))
                except (AttributeError, KeyError):  # a slot without a value, or with a mangled name
                    continue
        found.append(cls)
    return found


def _of_function(f: FunctionType) -> list[Any]:
    """What a function holds, and what it reads of its module and of the modules that it names."""
    found = [*(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values(), *vars(f).values()]
    for cell in f.__closure__ or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:  # a name that has no value yet
            continue
    if (f.__module__ or "").partition(".")[0] in _NOT_USERS:
        return found
    names = _names(f.__code__)
    for name in names:
        value = f.__globals__.get(name)
        if not isinstance(value, ModuleType):
            found.append(value)
        elif value.__name__.partition(".")[0] not in _NOT_USERS:
            found += [vars(value).get(part) for part in names]
    return found


def _names(code: CodeType) -> set[str]:
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _names(constant)
    return names


def is_reached(*roots: Any) -> bool:
    """Whether a value that depends on an input can be got at from some objects, as far as can be told."""
    for x in reached(*roots):
        if x is _MORE or (isinstance(x, (float, complex, np.generic, np.ndarray)) and is_active(x)):
            return True
    return False


def held_arrays(*roots: Any) -> list[np.ndarray]:
    """The arrays among what can be got at whose changes have to be noted."""
    levels = state.levels
    return [
        x
        for x in reached(*roots)
        if isinstance(x, np.ndarray)
        and x.dtype.kind != "O"
        and x.flags.writeable
        and any(level.holds(x) for level in levels)
    ]
