"""A class called: `__new__`, then `__init__`, each recorded where it is written in Python."""

from __future__ import annotations

import dataclasses
import functools
from types import BuiltinMethodType, FunctionType
from typing import Any

import numpy as np

from srcgrad.runtime.calls import SILENT, call, is_generated, is_python, python_method
from srcgrad.runtime.levels import refused
from srcgrad.runtime.operations import any_active, missing


def construct(cls: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The object that a call of a class makes."""
    if issubclass(cls, (np.matrix, np.ma.MaskedArray)) and any_active(args, kwargs):
        raise refused(
            f"numpy.{cls.__name__}, whose arithmetic is of its own, has no derivatives",
            ways=("use a plain array, with np.where for what is masked",),
        )
    if not is_python(cls):
        if cls in native.MOVING_CLASSES or cls.__module__ in _MOVING_MODULES or issubclass(cls, BaseException):
            return native.moved(cls, args, kwargs)
        if issubclass(cls, type):
            return cls(*args, **kwargs)
        return native.foreign(cls, args, kwargs)
    meta_call = python_method(type(cls), "__call__")
    if issubclass(type(cls), _enum_meta()):
        return cls(*args, **kwargs)
    if meta_call is not None and meta_call.__module__ != "abc":
        return call(meta_call, cls, *args, **kwargs)
    return constructed(cls, args, kwargs)


_MOVING_MODULES = frozenset({"itertools", "_queue", "_contextvars", "_thread", "_weakref", "weakref", "_functools"})


def constructed(cls: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """As type.__call__."""
    if cls.__module__.partition(".")[0] in SILENT:
        return cls(*args, **kwargs)
    if issubclass(cls, type):
        return cls(*args, **kwargs)
    new, init = cls.__new__, cls.__init__
    if isinstance(init, FunctionType) and is_generated(init) and dataclasses.is_dataclass(cls):
        return _dataclass(cls, args, kwargs)
    if not isinstance(new, FunctionType) and not isinstance(init, FunctionType):
        if moves_only(cls):
            return native.moved(cls, args, kwargs)
        return native.foreign(cls, args, kwargs)
    if isinstance(new, FunctionType) and is_generated(new):
        return cls(*args, **kwargs)
    if isinstance(new, FunctionType):
        obj = call(new, cls, *args, **kwargs)
    elif new is object.__new__:
        obj = object.__new__(cls)
    else:
        obj = made(new, (cls, *args), kwargs)
    if isinstance(obj, cls):
        call(type(obj).__init__, obj, *args, **kwargs)
    return obj


def made(new: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`Base.__new__(cls, …)` of a base in C."""
    cls, *rest = args
    if new is object.__new__:
        return new(cls)
    if issubclass(cls, np.ndarray):
        return new(cls, *rest, **kwargs)
    if issubclass(cls, (list, dict, set, BaseException, tuple, frozenset)) or moves_only(cls):
        given = [native._movable(a) if issubclass(cls, (tuple, frozenset)) else a for a in rest]
        return new(cls, *given, **kwargs) if issubclass(cls, (tuple, frozenset, BaseException)) else new(cls)
    if any_active(tuple(rest), kwargs):
        raise missing(cls, ", which copies numbers into objects of its own")
    return new(cls, *rest, **kwargs)


@functools.cache
def _enum_meta() -> type:
    import enum

    return enum.EnumMeta


def moves_only(cls: type) -> bool:
    """A class without an `__init__` or `__new__` of its own: its C base decides."""
    base = next(b for b in cls.__mro__ if isinstance(b.__dict__.get("__new__"), BuiltinMethodType))
    return base in native.MOVING_CLASSES or base is object or issubclass(base, BaseException)


def _dataclass(cls: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A dataclass whose `__init__` is generated: fields assigned, then `__post_init__`."""
    import inspect

    post = python_method(cls, "__post_init__")
    fields = cls.__dataclass_fields__  # type: ignore[attr-defined]
    factories = {n: f.default_factory for n, f in fields.items() if f.default_factory is not dataclasses.MISSING}
    descriptors = any(hasattr(type(cls.__dict__.get(n)), "__set__") and not _is_slot(cls, n) for n in fields)
    if post is None and not descriptors and not any(isinstance(f, FunctionType) for f in factories.values()):
        setter = python_method(cls, "__setattr__")
        if setter is None or is_generated(setter):
            return cls(*args, **kwargs)
    bound = inspect.signature(cls.__init__).bind(None, *args, **kwargs)  # type: ignore[misc]
    given = dict(list(bound.arguments.items())[1:])
    obj: Any = object.__new__(cls)
    frozen = cls.__dataclass_params__.frozen  # type: ignore[attr-defined]
    initial = []
    for name, f in fields.items():
        if f._field_type is dataclasses._FIELD_CLASSVAR:  # type: ignore[attr-defined]
            continue
        if name in given:
            value = given[name]
        elif name in factories:
            value = call(factories[name])
        elif f.default is not dataclasses.MISSING and (f.init or f.default is not dataclasses.MISSING):
            value = f.default
        else:
            continue
        if f._field_type is dataclasses._FIELD_INITVAR:  # type: ignore[attr-defined]
            initial.append(value)
        elif frozen:
            object.__setattr__(obj, name, value)
        else:
            access.setattribute(obj, name, value)
    if post is not None:
        call(post, obj, *initial)
    return obj


def _is_slot(cls: type, name: str) -> bool:
    return type(cls.__dict__.get(name)).__name__ == "member_descriptor"


# These are built upon this module.
from srcgrad.runtime import access, native  # noqa: E402
