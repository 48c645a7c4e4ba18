"""Functions and generated texts as values that pickle can carry.

A function of a module goes by name, also where that name now means its gradient. A lambda or an
inner function goes as its code, its closure and the name of its module; the other process runs the
same Python. Texts go along, so that the other process neither parses nor generates anything.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import marshal
import pickle
from collections.abc import Callable, Hashable, Iterator
from types import CellType, FunctionType, MethodType, ModuleType
from typing import Any

from srcgrad import passes
from srcgrad.build import compiled
from srcgrad.build.meanings import MISSING, Meanings, contents, meanings_of

Reference = tuple[Any, ...]


def reference(f: Any) -> Reference:
    """What stands for a function in a pickle."""
    if isinstance(f, MethodType):
        return ("method", reference(f.__func__), f.__self__)
    module, name = getattr(f, "__module__", None), getattr(f, "__qualname__", None)
    if module and name and "<" not in name:
        for depth, found in enumerate(_named(module, name)):
            if found is f:
                return ("name", module, name, depth)
    if isinstance(f, FunctionType):
        cells = tuple([_content(cell) for cell in f.__closure__ or ()])
        return ("code", marshal.dumps(f.__code__), f.__module__, f.__name__, f.__defaults__, f.__kwdefaults__, cells)
    if isinstance(f, functools.partial):
        return ("partial", reference(f.func), f.args, f.keywords)
    return ("value", f)


def function(stored: Reference) -> Any:
    """The function that a reference stands for."""
    kind, *rest = stored
    if kind == "name":
        *where, depth = rest
        found = list(_named(*where))
        if len(found) <= depth:
            raise pickle.UnpicklingError(f"{where[0]} no longer has a function {where[1]}")
        return found[depth]
    if kind == "method":
        return MethodType(function(rest[0]), rest[1])
    if kind == "partial":
        return functools.partial(function(rest[0]), *rest[1], **rest[2])
    if kind == "value":
        return rest[0]
    code, module, name, defaults, kwdefaults, cells = rest
    closure = tuple([_cell(*content) for content in cells])
    namespace = importlib.import_module(module).__dict__
    made = FunctionType(marshal.loads(code), namespace, name, defaults, closure)  # noqa: S302 - a pickle is trusted
    made.__kwdefaults__ = kwdefaults
    made.__module__ = module
    return made


def _content(cell: CellType) -> tuple[str, Any]:
    value = contents(cell)
    if value is MISSING:
        return ("empty", None)
    if isinstance(value, ModuleType):
        return ("module", value.__name__)
    return ("function", reference(value)) if isinstance(value, FunctionType) else ("value", value)


def _cell(kind: str, value: Any) -> CellType:
    if kind == "empty":
        return CellType()
    if kind == "module":
        return CellType(importlib.import_module(value))
    return CellType(function(value) if kind == "function" else value)


def _named(module: str, name: str) -> Iterator[Any]:
    """What a dotted name means, then what is inside of the wrappers that srcgrad's decorators put around it."""
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = inspect.getattr_static(found, part)
    except (ImportError, AttributeError):
        return
    if isinstance(found, (staticmethod, classmethod)):
        found = found.__func__
    while found is not None:
        yield found
        found = None if isinstance(found, FunctionType) else getattr(found, "primal", None)


StoredText = tuple[tuple[Hashable, ...], str, str, dict[str, Any]]
Stored = tuple[list[StoredText], Any]


def texts(f: Any, argnums: tuple[int, ...], mode: str, generic: Callable[[Any], tuple[Hashable, ...]]) -> Stored | None:
    """The generated texts of a function, the generic one among them where there is one, and what they take for granted."""
    if not isinstance(f, FunctionType):
        return None
    general = generic(f)
    entry = compiled.entry_of(f, general, argnums, mode, generate=not compiled.is_withheld(f))
    found = dict(compiled.texts_of(f, argnums, mode))
    if entry is None and not found and not compiled.is_withheld(f):
        likely = passes.likely_kinds(f, argnums, mode)
        if likely is not None:
            compiled.entry_of(f, likely, argnums, mode)
        found = dict(compiled.texts_of(f, argnums, mode))
    if entry is not None:
        found[general] = entry.text
    meanings = meanings_of(f)
    stored = []
    for kinds, text in found.items():
        free = {name: _place(name, value, meanings) for name, value in text.bindings.items()}
        stored.append((kinds, text.source, text.entry, free))
    return stored, meanings.fingerprint()


def adopt(f: Any, argnums: tuple[int, ...], mode: str, stored: Stored) -> None:
    """Give a function the texts that came with it, unless its names mean something else here."""
    meanings = meanings_of(f)
    if meanings.fingerprint() == stored[1]:
        for kinds, source, entry, places in stored[0]:
            free = {name: _found(place, meanings) for name, place in places.items()}
            if all(len(meant) == 1 for meant in free.values()):
                compiled.adopt(f, kinds, argnums, mode, (source, entry, {n: meant[0] for n, meant in free.items()}))


def _place(name: str, value: Any, meanings: Meanings) -> Reference:
    """Where a text's name gets its meaning from in the process that it goes to: data are what they are there."""
    labels = tuple([meanings.labels[k] for k in meanings.places(name, value)])
    if labels:
        return ("meanings", labels)
    return ("module", value.__name__) if isinstance(value, ModuleType) else reference(value)


def _found(place: Reference, meanings: Meanings) -> list[Any]:
    """What a name means here; more than one thing if that is not certain."""
    kind, where = place[0], place[1]
    if kind == "meanings":
        return list(
            {id(v): v for label, v in zip(meanings.labels, meanings.values, strict=True) if label in where}.values()
        )
    return [importlib.import_module(where) if kind == "module" else function(place)]
