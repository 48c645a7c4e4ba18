"""Derivatives as generated modules: asked of the passes once per kinds of arguments, then called.

An entry holds for one function object and one tuple of kinds. It remembers what each global and
closure variable that its text reads was bound to; every call compares, so that a rebound helper, a changed
constant or a function redefined in a notebook is never served from an old entry. The text itself is
shared by all functions of the same code.
"""

from __future__ import annotations

import builtins
import itertools
import linecache
import os
import weakref
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from types import CellType, CodeType, FunctionType
from typing import Any

import numpy as np

from srcgrad.build.module_text import module_text

MISSING = object()
Key = tuple[tuple[Hashable, ...], tuple[int, ...], str, bool]  # kinds, argnums, mode, apart


class Switch:
    """`switch.on = False` leaves every derivative to recording, for tests that compare the two ways."""

    on = os.environ.get("SRCGRAD_STATIC", "1") != "0"


switch = Switch()


@dataclass(slots=True)
class Entry:
    """A derivative of one function, ready to be called, and what it takes for granted."""

    function: Callable[..., Any]
    text: Text
    names: list[tuple[dict[str, Any], str, Any]]
    cells: list[tuple[CellType, Any]]

    def holds(self) -> bool:
        """Whether every name still means what it meant when the entry was made."""
        for namespace, name, value in self.names:
            if namespace.get(name, MISSING) is not value:
                return False
        for cell, value in self.cells:
            if cell.cell_contents is not value:
                return False
        return True


@dataclass(slots=True)
class Text:
    """What the passes wrote: its text and code, the name of its entry, and the free names that it reads."""

    source: str
    code: CodeType
    entry: str
    bindings: dict[str, Any]

    @property
    def module(self) -> str:
        """The text as a module of its own, with the imports and constants that it reads."""
        return module_text(self.source, self.bindings)

    def fits(self, bindings: dict[str, Any]) -> bool:
        """Whether the text is also right where its free names are bound like this."""
        return bindings.keys() == self.bindings.keys() and all(
            _alike(self.bindings[name], value) for name, value in bindings.items()
        )


_entries: weakref.WeakKeyDictionary[FunctionType, dict[Any, Any]] = weakref.WeakKeyDictionary()
_texts: dict[tuple[CodeType, Key], Text] = {}
_serial = itertools.count(1)


def entry_of(
    f: Any, kinds: tuple[Hashable, ...], argnums: tuple[int, ...], mode: str, *, generate: bool = True, apart: bool = False
) -> Entry | None:
    """The generated derivative of f for these kinds of arguments, or None where the passes decline.

    With `generate=False` only a text that is there already is used. `apart` says that no two
    arrays among the arguments share memory.
    """
    if type(f) is not FunctionType or not switch.on:
        return None
    known = _entries.get(f)
    if known is None:
        known = _entries[f] = {}
    key = (kinds, argnums, mode, apart)
    entry = known.get(key, MISSING)
    if entry is MISSING or (entry is not None and not entry.holds()):
        if not generate and (f.__code__, key) not in _texts:
            return None
        entry = known[key] = _made(f, key, generate)
    return entry


def _made(f: FunctionType, what: Key, generate: bool) -> Entry | None:
    key = (f.__code__, what)
    text = _texts.get(key)
    bindings = None if text is None else _bound_again(f, text.bindings)
    if text is None or bindings is None or not text.fits(bindings):
        made = generated(f, what) if generate else None
        if made is None:
            return None
        text, bindings = made, made.bindings
        _texts[key] = text
    namespace: dict[str, Any] = {"__name__": "generated", **bindings}
    exec(text.code, namespace)
    return Entry(namespace[text.entry], text, *_guards(f, bindings))


def latest_of(f: FunctionType, argnums: tuple[int, ...], mode: str) -> Entry | None:
    """The entry made last for a function, whatever the kinds."""
    made = [entry for key, entry in _entries.get(f, {}).items() if entry is not None and key[1:3] == (argnums, mode)]
    return made[-1] if made else None


def texts_of(f: FunctionType, argnums: tuple[int, ...], mode: str) -> dict[tuple[Hashable, ...], Text]:
    """The texts that have been made for a function, by the kinds that they are for."""
    made = {}
    for (kinds, *rest), entry in _entries.get(f, {}).items():
        if entry is not None and entry.holds() and rest == [argnums, mode, False]:
            made[kinds] = entry.text
    return made


def reason(f: FunctionType, kinds: tuple[Hashable, ...], argnums: tuple[int, ...], mode: str) -> tuple[str, int]:
    """Why the passes decline, and the line."""
    from srcgrad import passes

    try:
        passes.generate(f, kinds, argnums, mode)
    except passes.NotStatic as error:
        return error.reason, error.span.line
    return "it could not be generated", 0


def adopt(
    f: FunctionType, kinds: tuple[Hashable, ...], argnums: tuple[int, ...], mode: str, parts: tuple[str, str, dict[str, Any]]
) -> None:
    """Take a text that another process generated for a function of the same code."""
    source, entry, bindings = parts
    _texts[f.__code__, (kinds, argnums, mode, False)] = _text(source, entry, bindings)


def _text(source: str, entry: str, bindings: dict[str, Any]) -> Text:
    filename = f"<srcgrad {entry} {next(_serial)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    return Text(source, compile(source, filename, "exec"), entry, bindings)


def generated(f: FunctionType, what: Key) -> Text | None:
    """Ask the passes for a module; None where they do not understand the function."""
    from srcgrad import passes

    try:
        kinds, argnums, mode, apart = what
        made = passes.generate(f, kinds, argnums, mode, apart=apart)
    except passes.NotStatic:
        return None
    except Exception:
        # A defect in the passes must not stop a derivative that recording can take.
        if os.environ.get("SRCGRAD_STRICT"):
            raise
        return None
    return _text(made.source, made.entry, dict(made.bindings))


def _guards(
    f: FunctionType, bindings: dict[str, Any]
) -> tuple[list[tuple[dict[str, Any], str, Any]], list[tuple[CellType, Any]]]:
    """Where the meanings of a function's free names, and those of the functions that it calls, are kept."""
    names: list[tuple[dict[str, Any], str, Any]] = []
    cells: list[tuple[CellType, Any]] = []
    seen: set[int] = set()
    todo = [f]
    while todo:
        function = todo.pop()
        if id(function) in seen:
            continue
        seen.add(id(function))
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            value = _contents(cell)
            if value is not MISSING:
                cells.append((cell, value))
                if isinstance(value, FunctionType):
                    todo.append(value)
        for name in function.__code__.co_names:
            if name in function.__globals__ or name in bindings or hasattr(builtins, name):
                value = function.__globals__.get(name, MISSING)
                names.append((function.__globals__, name, value))
                if isinstance(value, FunctionType) and name in bindings:
                    todo.append(value)
    return names, cells


def _contents(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # an empty cell: a variable that is not bound yet
        return MISSING


def _bound_again(f: FunctionType, bindings: dict[str, Any]) -> dict[str, Any] | None:
    """The same names as they are bound for another function of the same code, or now; None where one is not."""
    cells = dict(zip(f.__code__.co_freevars, f.__closure__ or (), strict=True))
    found = {}
    for name, value in bindings.items():
        if name in cells:
            found[name] = _contents(cells[name])
        elif name in f.__code__.co_names and name in f.__globals__:
            found[name] = f.__globals__[name]
        else:
            return None
        if found[name] is MISSING:
            return None
    return found


def _alike(old: Any, new: Any) -> bool:
    """Whether a text made for one value is right for another: the same function, or data of the same kind."""
    if old is new:
        return True
    from srcgrad.passes import kind_of

    plain = (float, int, bool, np.ndarray, np.floating)
    return isinstance(old, plain) and isinstance(new, plain) and kind_of(old) == kind_of(new)
