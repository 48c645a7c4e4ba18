"""Subscripts and attributes of rewritten source: `a[i]`, `a[i] = v`, `obj.name`, `obj.name = v`."""

from __future__ import annotations

import functools
import operator
import sys
from collections import deque
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from srcgrad.runtime import anomaly, memory
from srcgrad.runtime.arithmetic import NUMBERS
from srcgrad.runtime.calls import call, is_python, python_method
from srcgrad.runtime.entries import Reshape
from srcgrad.runtime.levels import is_users, refused, state
from srcgrad.runtime.operations import check_view, is_active
from srcgrad.runtime.reverse import ReverseTrace

slice = slice  # noqa: PLW0127 - under this name rewritten source finds it, whatever the user calls slice
_WAYS = ("write it with floats and arrays", "srcgrad.stop_gradient(...) where it is constant in the argument")
_INTEGERS = (int, np.int64)
_ADDRESSES = frozenset({"ctypes", "__array_interface__", "__array_struct__"})


def getitem(a: Any, index: Any) -> Any:
    """`a[index]`."""
    levels = state.levels
    if not levels:
        return a[index]
    kind = type(a)
    if kind is np.ndarray:
        y = a[index]
        if a.dtype.kind in "fc" and is_active(a):
            if isinstance(y, np.ndarray) and memory.owner(y) is memory.owner(a):
                return y
            _note_gather(levels, a, index, y)
        elif state.texts and a.dtype.kind in "US" and id(memory.owner(a)) in state.texts:
            state.texts[id(y)] = y
        return y
    if kind in _BUILTIN:
        return a[index]
    method = python_method(kind, "__getitem__")
    if method is not None:
        return call(method, a, index)
    if isinstance(a, np.ndarray):
        y = a[index]
        if is_active(a) and not (isinstance(y, np.ndarray) and memory.owner(y) is memory.owner(a)):
            _note_gather(levels, a, index, y)
        return y
    if isinstance(a, np.flatiter):
        return getitem(call(np.ravel, a.base), index)
    if isinstance(a, np.void):
        fields = memory.record(a)
        return a[index] if fields is None else getitem(getitem(fields, index), ())
    if isinstance(a, np.generic):
        return getitem(call(np.asarray, a), index)
    if isinstance(a, memoryview) and isinstance(a.obj, np.ndarray):
        if not is_active(a):
            return a[index]
        y = getitem(np.asarray(a), index)
        return call(y.item) if isinstance(y, np.generic) else y
    if isinstance(a, type):
        maker = class_attribute(a, "__class_getitem__")
        if isinstance(maker, classmethod) and is_python(maker.__func__):
            return call(maker.__func__, a, index)
        return a[index]  # type: ignore[index]
    if isinstance(a, dict) and index not in a:
        method = python_method(kind, "__missing__")
        if method is not None:
            return call(method, a, index)
    return a[index]


_BUILTIN = frozenset({list, tuple, dict, str})


def _note_gather(levels: tuple[Any, ...], a: np.ndarray, index: Any, y: Any) -> None:
    if a.base is not None:
        check_view(a)
    if type(index) is tuple:
        plain = all(type(k) in _INTEGERS for k in index)
    else:
        plain = type(index) in _INTEGERS
    if not plain:
        index = memory.snapshot(index)
    elif len(levels) == 1 and type(levels[0]) is ReverseTrace and not anomaly.watch.on and a.dtype.kind == "f":
        levels[0].pick(a, index, y)
        return
    for i, level in enumerate(levels):
        if level.is_active(a):
            level.gather(levels[:i], a, index, y)


def setitem(a: Any, index: Any, v: Any) -> None:
    """`a[index] = v`."""
    levels = state.levels
    if not levels:
        a[index] = v
        return
    if (
        type(a) is np.ndarray
        and len(levels) == 1
        and type(v) in _NUMBERS
        and type(levels[0]) is ReverseTrace
        and not anomaly.watch.on
        and a.dtype.char == "d"
        and (type(index) in _INTEGERS or (type(index) is tuple and all(type(k) in _INTEGERS for k in index)))
    ):
        _put(levels[0], a, index, v)
        return
    if isinstance(a, np.ndarray):
        method = python_method(type(a), "__setitem__")
        if method is not None:
            call(method, a, index, v)
        elif a.dtype.names is not None:
            _set_record(a, index, v)
        elif a.dtype.kind == "O":
            a[index] = v
        else:
            _set_array(levels, a, index, v)
        return
    if type(a) in _BUILTIN and type(index) is not slice:
        a[index] = v
        return
    method = python_method(type(a), "__setitem__")
    if method is not None:
        call(method, a, index, v)
    elif isinstance(a, np.flatiter):
        _set_flat(a.base, index, v)
    elif isinstance(a, np.void) and memory.record(a) is not None:
        setitem(memory.record(a), index, v)
    elif isinstance(a, memoryview) and isinstance(a.obj, np.ndarray):
        setitem(np.asarray(a), index, v)
    elif isinstance(a, list) and isinstance(index, slice):
        from srcgrad.runtime.iteration import iterate

        a[index] = iterate(v)
    elif any(id(a) in getattr(level, "held", ()) for level in levels):
        raise refused(f"a {type(a).__name__} written, whose memory an array shows", ways=_WAYS)
    elif is_active(v) and not isinstance(a, (list, dict)) and type(a).__name__ not in ("deque", "mappingproxy"):
        if not type(a).__module__.startswith(("collections", "weakref", "types")):
            raise refused(f"a value to be differentiated, written into a {type(a).__name__}", ways=_WAYS)
        a[index] = v
    else:
        a[index] = v


_NUMBERS = frozenset({float, int, np.float64})


def _put(level: ReverseTrace, a: np.ndarray, index: Any, v: Any) -> None:
    """The quick way for one element of an array of floats."""
    known = level.known
    active = id(v) in known
    whole = a if a.base is None else memory.owner(a)
    if not active and id(whole) not in known:
        if level.holds(a):
            _set_array((level,), a, index, v)
        else:
            a[index] = v
        return
    old = a[index]
    if isinstance(old, np.ndarray) or a.base is not None:
        _set_array((level,), a, index, v)
        return
    a[index] = v
    level.put(a, index, old, v, active)


def _set_record(a: np.ndarray, index: Any, v: Any) -> None:
    """A write into a structured array: each field is an array of its own over the same memory."""
    if isinstance(index, str):
        setitem(a[index], Ellipsis, v)
        return
    target = a[index]
    if not is_active(v) and not any(level.holds(a) for level in state.levels) and not is_active(a):
        a[index] = v
    elif isinstance(v, tuple) and isinstance(target, (np.void, np.ndarray)):
        for name, part in zip(a.dtype.names or (), v, strict=True):
            setitem(a[name], index, part)
    elif isinstance(v, (np.ndarray, np.void)) and v.dtype.names == a.dtype.names:
        for name in a.dtype.names or ():
            setitem(a[name], index, getitem(v, name))
    else:
        raise refused("a record written as a whole", ways=("write its fields one by one",))


def _set_array(levels: tuple[Any, ...], a: np.ndarray, index: Any, v: Any) -> None:
    if isinstance(v, (list, tuple)) or (isinstance(v, np.ndarray) and v.dtype.kind == "O" and is_active(v)):
        v = call(np.array, v, dtype=a.dtype) if isinstance(v, np.ndarray) else call(np.asarray, v)
    elif type(v) not in NUMBERS and not isinstance(v, (np.ndarray, np.generic, str)):
        v = _as_number(v, a)
    if is_active(v):
        if v.dtype.kind == "c" and a.dtype.kind != "c" if isinstance(v, (np.ndarray, np.generic)) else False:
            v = call(np.real, v)
        if memory.is_foreign(a):
            raise refused(
                "a value to be differentiated, written into memory that other objects than arrays show",
                ways=("write into an array made by NumPy",),
            )
    index = memory.snapshot(index)
    if isinstance(v, np.ndarray) and np.may_share_memory(a, v):
        v = call(np.copy, v)
    # Inner levels first: what they note of the old contents is a computation of the outer
    # ones, which must not have gone on to the new contents.
    entries = []
    for i in range(len(levels) - 1, -1, -1):
        active = levels[i].is_active(a) or levels[i].is_active(v)
        if active and a.base is not None:
            check_view(a)
        entry = levels[i].prepared(levels[:i], a, index, v, active)
        if entry is not None:
            entries.append((i, entry))
    # A write that fails leaves no entry.
    a[index] = v
    for i, entry in entries:
        levels[i].written(levels[:i], entry)


def _set_flat(a: np.ndarray, index: Any, v: Any) -> None:
    """`a.flat[index] = v`: values that are too few start again, those that are too many are left out."""
    flat = a.reshape(-1)
    whole = memory.owner(flat) is memory.owner(a)
    places = np.arange(a.size)[index]
    if np.ndim(v) and np.ndim(places):
        from srcgrad.rules.mutation import filled

        if np.size(v) == 0:
            return
        v = call(filled, v, np.size(places))
    if whole:
        setitem(flat, index, v)
    else:
        setitem(a, np.unravel_index(places, a.shape), v)


def _as_number(v: Any, a: np.ndarray) -> Any:
    """What NumPy makes of an object of the user's that is assigned to an element."""
    if isinstance(v, memoryview) and isinstance(v.obj, np.ndarray):
        return np.asarray(v)
    if isinstance(v, deque):
        return call(np.asarray, v)
    for name in ("__array__", "__complex__" if a.dtype.kind == "c" else "__float__"):
        method = python_method(type(v), name)
        if method is not None:
            return call(method, v)
    return v


def attribute(obj: Any, name: str) -> Any:
    """`obj.name`, with properties written in Python followed."""
    if not state.levels or isinstance(obj, ModuleType):
        return getattr(obj, name)
    kind = type(obj)
    if kind in NUMBERS:
        shown = name in _ADDRESSES and kind is np.ndarray and (name == "ctypes" or is_users(sys._getframe(1)))
        if shown and (is_active(obj) or any(v.holds(obj) for v in state.levels)):
            raise refused("the address of an array's memory", ways=_WAYS)
        if name in ("real", "imag") and is_active(obj) and not (name == "real" and kind is float):
            return _component(obj, name)
        return getattr(obj, name)
    reader = python_method(kind, "__getattribute__")
    if reader is None or reader.__module__ == "enum":
        return _found(obj, name, getattr, python_method(kind, "__getattr__"))
    try:
        return call(reader, obj, name)
    except AttributeError:
        fallback = python_method(kind, "__getattr__")
        if fallback is None:
            raise
        return call(fallback, obj, name)


def generic_attribute(obj: Any, name: str) -> Any:
    """As object.__getattribute__."""
    return _found(obj, name, object.__getattribute__, None)


def _found(obj: Any, name: str, read: Any, fallback: Any) -> Any:
    """An attribute through properties and descriptors written in Python, else by `read`."""
    if isinstance(obj, type):
        return _of_class(obj, name)
    kind = type(obj)
    if kind is super:
        return _inherited(obj, name)
    found = class_attribute(kind, name)
    own = name in getattr(obj, "__dict__", ())
    if found is not None:
        if isinstance(found, property):
            return call(found.fget, obj) if is_python(found.fget) else read(obj, name)
        if isinstance(found, functools.cached_property):
            if name not in obj.__dict__:
                obj.__dict__[name] = call(found.func, obj)
            return obj.__dict__[name]
        if isinstance(found, FunctionType):
            return read(obj, name)
        getter = python_method(type(found), "__get__")
        if getter is not None and not (own and not hasattr(found, "__set__")):
            return call(getter, found, obj, kind)
    elif not own and fallback is not None and not hasattr(object, name):
        return call(fallback, obj, name)
    return read(obj, name)


def _inherited(view: Any, name: str) -> Any:
    """An attribute of `super()`, through a property or another descriptor written in Python."""
    obj, kind = view.__self__, view.__self_class__
    if obj is not None and obj is not kind:
        classes = kind.__mro__[kind.__mro__.index(view.__thisclass__) + 1 :]
        found = next((base.__dict__[name] for base in classes if name in base.__dict__), None)
        if isinstance(found, property) and is_python(found.fget):
            return call(found.fget, obj)
        getter = python_method(type(found), "__get__") if not isinstance(found, FunctionType) else None
        if getter is not None:
            return call(getter, found, obj, kind)
    return getattr(view, name)


def _of_class(cls: type, name: str) -> Any:
    """An attribute of a class, through a descriptor written in Python."""
    found = class_attribute(cls, name)
    getter = python_method(type(found), "__get__") if found is not None else None
    if getter is not None and not isinstance(found, FunctionType):
        return call(getter, found, None, cls)
    own = class_attribute(type(cls), name)
    if found is None and isinstance(own, property) and is_python(own.fget):
        return call(own.fget, cls)
    return getattr(cls, name)


def _component(obj: Any, name: str) -> Any:
    """`.real` and `.imag`: views of arrays, new numbers for scalars."""
    y = getattr(obj, name)
    if isinstance(obj, np.ndarray) and memory.owner(y) is memory.owner(obj):
        return y
    if isinstance(obj, (complex, np.complexfloating)):
        function = np.real if name == "real" else np.imag
        return ruled.by_table(function, (obj,), {}, operator.attrgetter(name))
    return y


def class_attribute(kind: type, name: str) -> Any:
    for base in kind.__mro__:
        if name in base.__dict__:
            return base.__dict__[name]
    return None


def setattribute(obj: Any, name: str, value: Any) -> None:
    """`obj.name = value`, with property setters written in Python followed."""
    if state.levels and not isinstance(obj, type):
        if isinstance(obj, np.ndarray) and name in ("real", "imag", "flat", "shape", "strides", "dtype"):
            _set_of_array(obj, name, value)
            return
        setter = python_method(type(obj), "__setattr__")
        if setter is not None and not _refuses_only(setter):
            call(setter, obj, name, value)
            return
        if _set_by_descriptor(obj, name, value):
            return
    setattr(obj, name, value)


def _set_by_descriptor(obj: Any, name: str, value: Any) -> bool:
    """Assign through a property or another descriptor written in Python, if there is one."""
    found = class_attribute(type(obj), name)
    if isinstance(found, property) and is_python(found.fset):
        call(found.fset, obj, value)
        return True
    descriptor = python_method(type(found), "__set__") if found is not None else None
    if descriptor is not None:
        call(descriptor, found, obj, value)
        return True
    return False


def generic_setattribute(obj: Any, name: str, value: Any) -> None:
    """As object.__setattr__."""
    if isinstance(obj, type) or not _set_by_descriptor(obj, name, value):
        object.__setattr__(obj, name, value)


def _refuses_only(setter: Any) -> bool:
    """The `__setattr__` of a frozen dataclass, made from text, raises and does nothing else."""
    return bool(setter.__code__.co_filename == "<string>")


def _set_of_array(a: np.ndarray, name: str, value: Any) -> None:
    levels = state.levels
    if name in ("real", "imag", "flat"):
        setitem(a.flat if name == "flat" else getattr(a, name), Ellipsis, value)
        return
    concerned = [level for level in levels if level.is_active(a) or level.holds(a)]
    if name == "dtype" and np.dtype(value) == a.dtype:
        concerned = []
    if concerned and name != "shape":
        raise refused(f"the {name} of an array set in place", ways=("make a view: a.view(...)",))
    old = a.shape
    setattr(a, name, value)
    for level in concerned:
        if isinstance(level, ReverseTrace):
            level.append(Reshape(a, old, a.shape))


# This is built upon this module.
from srcgrad.runtime import ruled  # noqa: E402
