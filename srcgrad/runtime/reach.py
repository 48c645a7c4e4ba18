"""What code that is not recorded could get at through its arguments: arrays, active values, callables.

Containers, the attributes of objects, closures, bound methods and partials are looked into; modules,
classes and code of libraries are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from srcgrad.runtime.levels import LIBRARIES, state
from srcgrad.runtime.operations import is_active

# A program that hands over more than this is not walked to the end.
MOST = 20_000


def reached(*roots: Any) -> Iterator[Any]:
    """Everything that can be got at from some objects, once each."""
    seen: set[int] = set()
    waiting = list(roots)
    while waiting and len(seen) < MOST:
        x = waiting.pop()
        if id(x) in seen or isinstance(x, (str, bytes, int, type, ModuleType)) or x is None:
            continue
        seen.add(id(x))
        yield x
        waiting += _parts(x)


def _parts(x: Any) -> list[Any]:
    if isinstance(x, (float, complex, np.generic)):
        return []
    if isinstance(x, np.ndarray):
        return list(x.flat) if x.dtype.kind == "O" else []
    if isinstance(x, dict):
        return [*x.keys(), *x.values()]
    if isinstance(x, (list, tuple, set, frozenset)) or type(x).__name__ == "deque":
        return list(x)
    if isinstance(x, memoryview):
        return [x.obj]
    if isinstance(x, FunctionType):
        if (x.__module__ or "").partition(".")[0] in LIBRARIES and not x.__closure__:
            return []
        return [*_contents(x), *(x.__defaults__ or ()), *(x.__kwdefaults__ or {}).values()]
    if isinstance(x, MethodType):
        return [x.__self__, x.__func__]
    if isinstance(x, partial):
        return [x.func, *x.args, *x.keywords.values()]
    found = list(getattr(x, "__dict__", {}).values())
    for cls in type(x).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if isinstance(name, str) and name not in ("__dict__", "__weakref__"):
                try:
                    found.append(cls.__dict__[name].__get__(x))
                except (AttributeError, KeyError):  # a slot without a value, or with a mangled name
                    continue
    return found


def _contents(f: FunctionType) -> list[Any]:
    found = []
    for cell in f.__closure__ or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:  # a name that has no value yet
            continue
    return found


def is_reached(*roots: Any) -> bool:
    """Whether a value that depends on an input can be got at from some objects."""
    return any(is_active(x) for x in reached(*roots) if isinstance(x, (float, complex, np.generic, np.ndarray)))


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
