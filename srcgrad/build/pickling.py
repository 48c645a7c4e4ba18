"""Functions and generated texts as values that pickle can carry.

A function of a module goes by name, also where that name now means its gradient. A lambda or an
inner function goes as its code, its closure and the name of its module; the other process runs the
same Python. Texts go along, so that the other process neither parses nor generates anything.
"""

from __future__ import annotations

import importlib
import marshal
import pickle
from collections.abc import Callable, Hashable
from types import CellType, FunctionType, MethodType, ModuleType
from typing import Any

from srcgrad.build import compiled
from srcgrad.build.meanings import meanings_of

Reference = tuple[Any, ...]


def reference(f: Any) -> Reference:
    """What stands for a function in a pickle."""
    if isinstance(f, MethodType):
        return ("method", reference(f.__func__), f.__self__)
    module, name = getattr(f, "__module__", None), getattr(f, "__qualname__", None)
    if module and name and "<" not in name and _named(module, name) is f:
        return ("name", module, name)
    if isinstance(f, FunctionType):
        cells = tuple(_content(cell) for cell in f.__closure__ or ())
        return ("code", marshal.dumps(f.__code__), f.__module__, f.__name__, f.__defaults__, f.__kwdefaults__, cells)
    return ("value", f)


def function(stored: Reference) -> Any:
    """The function that a reference stands for."""
    kind, *rest = stored
    if kind == "name":
        found = _named(*rest)
        if found is None:
            raise pickle.UnpicklingError(f"{rest[0]} no longer has a function {rest[1]}")
        return found
    if kind == "method":
        return MethodType(function(rest[0]), rest[1])
    if kind == "value":
        return rest[0]
    code, module, name, defaults, kwdefaults, cells = rest
    closure = tuple(CellType(function(c[1]) if c[0] == "function" else c[1]) for c in cells)
    namespace = importlib.import_module(module).__dict__
    made = FunctionType(marshal.loads(code), namespace, name, defaults, closure)  # noqa: S302 - a pickle is trusted
    made.__kwdefaults__ = kwdefaults
    made.__module__ = module
    return made


def _content(cell: CellType) -> tuple[str, Any]:
    value = cell.cell_contents
    return ("function", reference(value)) if isinstance(value, FunctionType) else ("value", value)


def _named(module: str, name: str) -> Any:
    """What a dotted name means, seen through the wrappers that srcgrad's decorators put around it."""
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        return None
    while not isinstance(found, FunctionType) and hasattr(found, "primal"):
        found = found.primal
    return found


StoredText = tuple[tuple[Hashable, ...], str, str, dict[str, Any]]
Stored = tuple[list[StoredText], Any]


def texts(f: Any, argnums: tuple[int, ...], mode: str, generic: Callable[[Any], tuple[Hashable, ...]]) -> Stored | None:
    """The generated texts of a function, the generic one among them where there is one, and what they take for granted."""
    if not isinstance(f, FunctionType):
        return None
    general = generic(f)
    entry = compiled.entry_of(f, general, argnums, mode)
    found = dict(compiled.texts_of(f, argnums, mode))
    if entry is not None:
        found[general] = entry.text
    stored = [
        (kinds, text.source, text.entry, {name: _stored(value) for name, value in text.bindings.items()})
        for kinds, text in found.items()
    ]
    return stored, meanings_of(f).fingerprint()


def adopt(f: Any, argnums: tuple[int, ...], mode: str, stored: Stored | None) -> bool:
    """Give a function the texts that came with it, unless its names mean something else here."""
    if stored is None or meanings_of(f).fingerprint() != stored[1]:
        return False
    for kinds, source, entry, bindings in stored[0]:
        free = {name: _loaded(value) for name, value in bindings.items()}
        compiled.adopt(f, kinds, argnums, mode, (source, entry, free))
    return True


def _stored(value: Any) -> Reference:
    if isinstance(value, ModuleType):
        return ("module", value.__name__)
    return reference(value)


def _loaded(stored: Reference) -> Any:
    return importlib.import_module(stored[1]) if stored[0] == "module" else function(stored)
