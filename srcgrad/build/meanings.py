"""What a function's free names mean, so that a text made for some meanings is used for no others.

    C = 2.0                                ("C",), globals of the module      2.0
    def f(x):                              ("g", "code"), g itself            its code object
        return g(x) * C                    ("g", "K"), globals of g's module  3.0

Each meaning is a place that can be looked at again: a name in a namespace, a closure cell, the code
or the defaults of a function. The functions of the user's that a name leads to are followed; those of
NumPy and the standard library are taken as they are, under the names by which they are reached.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

from srcgrad.passes.kinds import kind_of
from srcgrad.runtime import dispatchers, forgetting
from srcgrad.runtime.levels import LIBRARIES

MISSING = object()
Label = tuple[str, ...]


@dataclass(slots=True)
class Meanings:
    """Everything that was looked at: what it is called, seen from the function, and what it was."""

    labels: list[Label] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    names: list[tuple[dict[str, Any], str, Any]] = field(default_factory=list)
    cells: list[tuple[CellType, Any]] = field(default_factory=list)
    functions: list[tuple[FunctionType, CodeType, Any, Any]] = field(default_factory=list)
    check: Callable[[], bool] | None = None

    def hold(self) -> bool:
        """Whether everything still is what it was."""
        if self.check is None:
            self.check = self._as_expression()
        try:
            return self.check()
        except (KeyError, ValueError):  # a name was deleted, a cell emptied
            return False

    def _as_expression(self) -> Callable[[], bool]:
        scope: dict[str, Any] = {"empty": is_empty}

        def name(value: Any) -> str:
            scope[f"v{len(scope)}"] = value
            return f"v{len(scope) - 1}"

        made: Callable[[], bool] = eval("lambda: " + " and ".join(self.terms(name)), scope)
        return made

    def terms(self, name: Callable[[Any], str]) -> list[str]:
        """All comparisons as expressions: they run at every call of a gradient, so tenths of microseconds count.

        `name` gives a value a name. `empty` must name `is_empty`.
        """
        terms = []
        for namespace, key, value in self.names:
            place = name(namespace)
            terms.append(f"{key!r} not in {place}" if value is MISSING else f"{place}[{key!r}] is {name(value)}")
        for cell, value in self.cells:
            known = name(cell)
            terms.append(f"empty({known})" if value is MISSING else f"{known}.cell_contents is {name(value)}")
        for function, *parts in self.functions:
            known = name(function)
            for attribute, value in zip(("__code__", "__defaults__", "__kwdefaults__"), parts, strict=True):
                # Where there were no defaults, every argument was given: new ones change nothing.
                if value is not None:
                    terms.append(f"{known}.{attribute} is {name(value)}")
        return terms

    def fingerprint(self) -> list[tuple[Label, str]]:
        """The same in words, to be compared with that of another process."""
        return [(label, _in_words(value)) for label, value in zip(self.labels, self.values, strict=True)]

    def places(self, name: str, value: Any) -> list[int]:
        """Where a text's name gets its value from: it may have another name there."""
        same = [k for k, known in enumerate(self.values) if known is value]
        return [k for k in same if self.labels[k][-1] == name] or same

    def _noted(self, label: Label, value: Any) -> None:
        self.labels.append(label)
        self.values.append(value)


def contents(cell: CellType) -> Any:
    """What a closure variable is bound to, or MISSING."""
    try:
        return cell.cell_contents
    except ValueError:  # an empty cell: a variable that is not bound yet
        return MISSING


def is_empty(cell: CellType) -> bool:
    return contents(cell) is MISSING


def meanings_of(f: FunctionType) -> Meanings:
    """The meanings of a function's free names and of those that it leads to, in a fixed order."""
    found = Meanings()
    seen: set[int] = set()
    todo: list[tuple[Label, FunctionType]] = [((), f)]
    while todo:
        at, function = todo.pop()
        if id(function) in seen:
            continue
        seen.add(id(function))
        for label, meant in _of_one(found, at, function):
            value = forgetting.under(dispatchers.plain(meant))
            if isinstance(value, FunctionType) and not _is_library(value):
                todo.append((label, value))
    return found


def _of_one(found: Meanings, at: Label, function: FunctionType) -> Iterator[tuple[Label, Any]]:
    code, defaults, named = function.__code__, function.__defaults__, function.__kwdefaults__
    found.functions.append((function, code, defaults, named))
    found._noted((*at, "code"), code)
    if at:
        # A function's own defaults are arguments of the call, those of what it calls are in the text.
        for number, value in enumerate(defaults or ()):
            found._noted((*at, f"default {number}"), value)
    for name, value in (named or {}).items():
        found.names.append((named, name, value))  # type: ignore[arg-type]
        found._noted((*at, f"default {name}"), value)
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        value = contents(cell)
        found.cells.append((cell, value))
        found._noted((*at, name), value)
        yield (*at, name), value
    free = names_in(code)
    modules = []
    for name in free:
        value = function.__globals__.get(name, MISSING)
        if value is MISSING and not hasattr(builtins, name):
            continue  # the name of an attribute
        found.names.append((function.__globals__, name, value))
        found._noted((*at, name), value)
        yield (*at, name), value
        if isinstance(value, ModuleType):
            modules.append(((*at, name), value))
    while modules:
        label, module = modules.pop()
        for name in free:
            value = module.__dict__.get(name, MISSING)
            if value is MISSING:
                continue
            found.names.append((module.__dict__, name, value))
            found._noted((*label, name), value)
            yield (*label, name), value
            if isinstance(value, ModuleType) and len(label) < _DEEPEST:
                modules.append(((*label, name), value))


_DEEPEST = 6  # package.module.module … ; a module may hold itself under another name


def names_in(code: CodeType) -> dict[str, None]:
    """The global names and the attributes that some code and the functions in it mention, in order."""
    found = dict.fromkeys(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found.update(names_in(constant))
    return found


def _is_library(function: FunctionType) -> bool:
    root = str(function.__globals__.get("__name__", "")).partition(".")[0]
    return root in LIBRARIES or root == "srcgrad"


def _in_words(value: Any) -> str:
    if isinstance(value, CodeType):
        inner = [_in_words(c) if isinstance(c, CodeType) else _of_constant(c) for c in value.co_consts]
        return f"{value.co_code.hex()} {inner} {value.co_names} {value.co_varnames}"
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    return str(name) if callable(value) or isinstance(value, ModuleType) else repr(kind_of(value))


def _of_constant(value: Any) -> str:
    return str(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)
