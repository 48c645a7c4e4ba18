"""Derivatives as generated modules: asked of the passes once per kinds of arguments, then called.

An entry holds for one function object and one tuple of kinds. It remembers what everything that its
text reads was bound to (`meanings`); every call compares, so that a rebound helper, a changed
constant or a function redefined in a notebook is never served from an old entry. The text itself is
shared by all functions of the same code whose names mean the same, data of the same kind included.
"""

from __future__ import annotations

import itertools
import linecache
import os
import sys
import weakref
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from srcgrad.build import kept
from srcgrad.build.meanings import MISSING, Meanings, meanings_of
from srcgrad.build.module_text import module_text
from srcgrad.build.unguarded import looked_at
from srcgrad.passes.kinds import kind_of

Key = tuple[tuple[Hashable, ...], tuple[int, ...], str, bool]  # kinds, argnums, mode, apart


class Switch:
    """`switch.on = False` leaves every derivative to recording, for tests that compare the two ways."""

    on = os.environ.get("SRCGRAD_STATIC", "1") != "0"


switch = Switch()


@dataclass(slots=True)
class Entry:
    """A derivative of one function, ready to be called, and what it takes for granted."""

    function: Callable[..., Any]
    plain: Callable[..., Any]  # the function as generated, for recording it
    text: Text
    meanings: Meanings
    apart: bool  # right only where no two arrays among the arguments share memory
    forms: dict[Hashable, Entry] = field(default_factory=dict)  # the same for other backends
    second: bool = False  # whether it is the tangent of a gradient

    def holds(self) -> bool:
        """Whether the table of rules and every name still are what they were when the entry was made."""
        return self.meanings.hold()


@dataclass(slots=True)
class Text:
    """What the passes wrote: its text and code, the name of its entry, and the free names that it reads."""

    source: str
    code: CodeType
    entry: str
    bindings: dict[str, Any]
    bare: bool = True  # whether its results are to be looked at; see `unguarded`

    @property
    def module(self) -> str:
        """The text as a module of its own, with the imports and constants that it reads."""
        return module_text(self.source, self.bindings)


class _Made:
    """What the passes answered for some code: a text, or None; for these meanings."""

    __slots__ = ("meanings", "rules", "text")

    def __init__(self, text: Text | None, meanings: Meanings) -> None:
        self.text = text
        self.meanings = meanings
        self.rules = _rules["version"]

    def fits(self, now: Meanings) -> bool:
        """Whether the answer is also right where names mean this: data that the text reads by name may differ."""
        if self.rules is not _rules["version"] or self.meanings.labels != now.labels:
            return False
        free = None if self.text is None else self.text.bindings
        return all(
            old is new or ((free is None or label[-1] in free) and _alike(old, new))
            for label, old, new in zip(now.labels, self.meanings.values, now.values, strict=True)
        )


_rules: dict[str, Any] = {"version": object(), "own": 0}  # how often a rule has been entered by the program
_entries: weakref.WeakKeyDictionary[FunctionType, dict[Key, Entry | None]] = weakref.WeakKeyDictionary()
_answers: dict[tuple[CodeType, str, Key], _Made] = {}
_arrived: weakref.WeakSet[FunctionType] = weakref.WeakSet()
_serial = itertools.count(1)


def arrived(f: FunctionType) -> None:
    """A function has come out of a pickle: nothing is generated for it where that would load libcst."""
    _arrived.add(f)


def is_withheld(f: FunctionType) -> bool:
    """Whether only texts that are there already are used for a function."""
    return f in _arrived and "srcgrad.passes.pipeline" not in sys.modules


def forget() -> None:
    """A rule has changed: what was generated with the old one is not used again."""
    _rules["version"] = object()
    _rules["own"] += 1
    _entries.clear()


def entry_of(
    f: Any,
    kinds: tuple[Hashable, ...],
    argnums: tuple[int, ...],
    mode: str,
    *,
    generate: bool = True,
    apart: bool = False,
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
    if entry is MISSING or (isinstance(entry, Entry) and not entry.holds()):
        if not generate and (f.__code__, f.__code__.co_filename, key) not in _answers:
            return None
        entry = known[key] = _made(f, key, generate)
    return entry  # type: ignore[return-value]


def _made(f: FunctionType, what: Key, generate: bool) -> Entry | None:
    place = (f.__code__, f.__code__.co_filename, what)
    meanings = meanings_of(f)
    answer = _answers.get(place)
    if answer is not None and answer.fits(meanings):
        if answer.text is None:
            return None
        bindings = _bound_again(answer.text.bindings, answer.meanings, meanings)
    else:
        bindings = None
    if bindings is None:
        if not generate:
            return None
        answer = _answers[place] = _Made(_kept_or_generated(f, what, meanings), meanings)
        if answer.text is None:
            return None
        bindings = answer.text.bindings
    assert answer is not None
    assert answer.text is not None
    namespace: dict[str, Any] = {"__name__": "generated", **bindings}
    exec(answer.text.code, namespace)
    meanings.names.append((_rules, "version", answer.rules))
    plain = namespace[answer.text.entry]
    function = looked_at(plain, what[2]) if answer.text.bare else plain
    return Entry(function, plain, answer.text, meanings, what[3])


def _kept_or_generated(f: FunctionType, what: Key, meanings: Meanings) -> Text | None:
    """A text from the files of the cache, or else from the passes."""
    key = kept.key_of(f, what, meanings) if _rules["own"] == 0 else None
    if key is not None:
        held = kept.found(key, meanings)
        if held is not None:
            return None if isinstance(held, str) else _text(*held)
    text = generated(f, what)
    if key is not None:
        if text is None:
            kept.keep_refusal(key)
        else:
            kept.keep(key, meanings, text.source, text.entry, text.bindings, text.bare)
    return text


def latest_of(f: FunctionType, argnums: tuple[int, ...], mode: str) -> Entry | None:
    """The entry made last for a function, whatever the kinds."""
    made = [e for key, e in _entries.get(f, {}).items() if e is not None and key[1:3] == (argnums, mode) and e.holds()]
    return made[-1] if made else None


def texts_of(
    f: FunctionType, argnums: tuple[int, ...], mode: str, *, apart: bool = False
) -> dict[tuple[Hashable, ...], Text]:
    """The texts that have been made for a function, by the kinds that they are for."""
    made = {}
    for (kinds, *rest), entry in _entries.get(f, {}).items():
        if entry is not None and entry.holds() and rest == [argnums, mode, apart]:
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
    f: FunctionType,
    kinds: tuple[Hashable, ...],
    argnums: tuple[int, ...],
    mode: str,
    parts: tuple[str, str, dict[str, Any]],
) -> None:
    """Take a text that another process generated for a function of the same code."""
    source, entry, bindings = parts
    place = (f.__code__, f.__code__.co_filename, (kinds, argnums, mode, False))
    _answers[place] = _Made(_text(source, entry, bindings), meanings_of(f))


def _text(source: str, entry: str, bindings: dict[str, Any], bare: bool = True) -> Text:
    filename = f"<srcgrad {entry} {next(_serial)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    return Text(source, compile(source, filename, "exec"), entry, bindings, bare)


def generated(f: FunctionType, what: Key, *, guarded: bool = False) -> Text | None:
    """Ask the passes for a module; None where they do not understand the function.

    `guarded` asks for one whose results need not be looked at.
    """
    from srcgrad import passes

    try:
        kinds, argnums, mode, apart = what
        made = passes.generate(f, kinds, argnums, mode, apart=apart, guarded=guarded)
    except passes.NotStatic:
        return None
    except Exception:
        # A defect in the passes must not stop a derivative that recording can take.
        if os.environ.get("SRCGRAD_STRICT"):
            raise
        return None
    return _text(made.source, made.entry, dict(made.bindings), made.bare)


def _bound_again(bindings: dict[str, Any], old: Meanings, now: Meanings) -> dict[str, Any] | None:
    """What a text's free names mean now; None where that cannot be told."""
    found = {}
    for name, value in bindings.items():
        meant = {id(now.values[k]): now.values[k] for k in old.places(name, value)}
        if not meant and not isinstance(value, _PLAIN):
            meant = {0: value}
        if len(meant) != 1:
            return None
        (found[name],) = meant.values()
    return found


_PLAIN = (float, int, bool, np.ndarray, np.floating)


def _alike(old: Any, new: Any) -> bool:
    """Whether two values are data of the same kind."""
    return isinstance(old, _PLAIN) and isinstance(new, _PLAIN) and kind_of(old) == kind_of(new)
