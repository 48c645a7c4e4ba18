"""The static tier from end to end: a function in, the text of its derivative out.

`generate` is the only entry. `function` holds the stages through which each function goes, in order;
`writing` puts the text together; here they meet for the functions of one generated module.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

from srcgrad.passes import kinds
from srcgrad.passes.calls import name_of
from srcgrad.passes.kinds import FLOAT, INT
from srcgrad.passes.namer import Module
from srcgrad.passes.resolve import UNRESOLVED
from srcgrad.passes.statements import evaluated
from srcgrad.passes.view import Value
from srcgrad.passes.writing import Writing
from srcgrad.syntax import ir
from srcgrad.syntax.ir import NotStatic
from srcgrad.syntax.lower import unit_of

MODES = ("grad", "value_and_grad", "vjp", "jvp")


@dataclass(frozen=True)
class Generated:
    """A generated module: its text, the entry's name, and the user's values that it reads."""

    source: str
    entry: str
    bindings: dict[str, Any]
    bare: bool = False  # whether the result is to be looked at; see `selection`


def generate(
    function: Any,
    kinds: tuple[Hashable, ...],
    argnums: tuple[int, ...],
    mode: str,
    *,
    apart: bool = False,
    guarded: bool = False,
) -> Generated:
    """The module of a derivative, for arguments of these kinds.

    `apart` says that the caller has made sure that no two arrays among the arguments share memory;
    without it a function that writes into one of several array parameters is not static.
    `guarded` asks for a module that is right even if nothing looks at its results.

    Raises NotStatic when anything in the function is not positively understood.
    """
    if mode not in MODES:
        raise NotStatic(f"the mode {mode}")
    session = Session(apart)
    session.module.guarded = guarded
    try:
        written = session.entry(function, kinds, argnums, mode)
    except RecursionError as error:
        raise NotStatic("its expressions are too deep") from error
    source = session.assemble(written)
    read = names_read(compile(source, "<generated>", "exec"))
    bindings = {name: value for name, value in session.module.bindings.items() if name in read}
    for name in read - bindings.keys() - session.module.imports.keys():
        # What is kept as text, such as a raise, reads names that no pass has looked up.
        value = _meaning(function, name)
        if value is not UNRESOLVED:
            bindings[name] = value
    return Generated(source, session.names[function, mode], bindings, session.module.bare)


def names_read(code: CodeType) -> frozenset[str]:
    """Every name that a code object or one inside it may look up in its module."""
    inner = (c for c in code.co_consts if isinstance(c, CodeType))
    return frozenset(code.co_names).union(*(names_read(c) for c in inner))


Key = tuple[Any, tuple[Value, ...]]


@dataclass
class Session:
    """One generated module as it grows: the entry and the callees' functions."""

    apart: bool
    module: Module = field(default_factory=Module)
    names: dict[Any, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    results: dict[Key, Value] = field(default_factory=dict)
    working: dict[Key, Value] = field(default_factory=dict)

    def entry(self, function: Any, given: tuple[Hashable, ...], argnums: tuple[int, ...], mode: str) -> str:
        unit = unit_of(function)
        if len(given) != len(unit.params):
            raise NotStatic("the kinds of some parameters are not given")
        values = []
        for k, (kind, name) in enumerate(zip(given, unit.params, strict=True)):
            known = kinds.abstract(kind, name)
            if k in argnums:
                if known in (INT, kinds.BOOL):
                    known = FLOAT
                if not known.is_real:
                    raise NotStatic(f"the kind of {name} has no derivative")
            values.append(Value(known, k in argnums))
        self.module.reserve(frozenset(function.__code__.co_names) | {unit.name})
        self.names[function, mode] = self.module.fresh(f"{unit.name}_{mode}")
        integers = frozenset(k for k in argnums if given[k] in ("int", "bool"))
        compiled = Writing(self, unit, tuple(values), argnums, integers)
        return compiled.write(self.names[function, mode], mode)

    # Calls of the user's functions ---------------------------------------------------------------

    def call(self, function: Any, given: tuple[Value, ...], span: ir.Span) -> Value:
        """What a call returns: the callee is interpreted too, a recursion until nothing changes."""
        key = (function, given)
        if key in self.results:
            return self.results[key]
        if key in self.working:
            return self.working[key]
        if len(self.working) > 20:
            raise NotStatic("calls nested too deeply", span)
        self.working[key] = Value(kinds.BOTTOM)
        try:
            while True:
                compiled = self.compiled(key)
                found = compiled.outline()
                if found == self.working[key]:
                    break
                self.working[key] = found
        finally:
            found = self.working.pop(key)
        if found.kind == kinds.BOTTOM or (found.kind == kinds.OBJECT and found.active):
            raise NotStatic("a callee whose result is of an unknown kind", span)
        if not self.working:
            # Results found on the way of a recursion may rest on an assumption that has changed.
            self.results[key] = found
        return found

    def compiled(self, key: Key, selected: bool = False) -> Writing:
        function, given = key
        unit = unit_of(function)
        argnums = tuple(k for k, v in enumerate(given) if v.active)
        return Writing(self, unit, given, argnums, selected=selected)

    def callee(self, s: ir.UserCall, given: tuple[Value, ...], selected: bool, mode: str = "vjp") -> str:
        """The name of the callee's derivative, which is written on first use."""
        key = (s.function, given)
        if (key, mode, selected) not in self.names:
            name = self.names[key, mode, selected] = self.module.fresh(f"{name_of(s.function, s.call)}_{mode}")
            compiled = self.compiled(key, selected)
            self.texts[name] = ""
            self.texts[name] = compiled.write(name, mode, callee=True)
            self.names[key, mode, selected] = self.written_before(name)
        return self.names[key, mode, selected]

    def written_before(self, name: str) -> str:
        """The function of the same text that is there already, if there is one: kinds often differ in nothing that shows."""

        def anonymous(known: str) -> str:
            return re.sub(rf"\b{known}\b", "it", self.texts[known])

        text = anonymous(name)
        twin = next((known for known in self.texts if known != name and anonymous(known) == text), None)
        if twin is None or any(name in other for known, other in self.texts.items() if known != name):
            return name
        del self.texts[name]
        return twin

    def assemble(self, written: str) -> str:
        parts = []
        if self.module.imports:
            parts.append("\n".join(gathered_imports(self.module.imports.values())))
        return "\n\n\n".join([*parts, *self.texts.values(), written]) + "\n"


def gathered_imports(lines: Iterable[str]) -> list[str]:
    """The import lines, with what comes from one module on one line."""
    whole: set[str] = set()
    parts: dict[str, set[str]] = {}
    for line in lines:
        if line.startswith("from "):
            module, _, name = line.removeprefix("from ").partition(" import ")
            parts.setdefault(module, set()).add(name)
        else:
            whole.add(line)
    gathered = [f"from {m} import {', '.join(sorted(n))}" for m, n in sorted(parts.items())]
    return [*sorted(whole), *([""] if whole and gathered else []), *gathered]


def _meaning(function: Any, name: str) -> Any:
    """What a free name of the function's own text is bound to, outside of the builtins."""
    code = function.__code__
    if name in code.co_freevars:
        cell = (function.__closure__ or ())[code.co_freevars.index(name)]
        try:
            return cell.cell_contents
        except ValueError as error:
            raise NotStatic(f"the closure variable {name} is not bound yet") from error
    return function.__globals__.get(name, UNRESOLVED) if name in code.co_names else UNRESOLVED


def likely_kinds(function: Any, argnums: tuple[int, ...], mode: str) -> tuple[Hashable, ...] | None:
    """Kinds of arguments for which the function makes sense, judged by what it does with them.

    For showing a derivative before any call: what is subscripted, iterated over or summed is a vector,
    what bounds a range is an integer, anything else is a float. None where nothing of the kind is static.
    """
    try:
        unit = unit_of(function)
    except NotStatic:
        return None
    vectors, integers = set(), set()
    for s in ir.statements(unit.body):
        for e in evaluated(s):
            for node in ir.walk(e):
                match node:
                    case ir.Subscript():
                        vectors.add(ir.root(node))
                    case ir.Call(function=ir.Name(id="range")):
                        integers |= {a.value.id for a in node.args if isinstance(a.value, ir.Name)}
                    case ir.Call(function=ir.Name(id="len")):
                        vectors |= ir.names(node)
                    case ir.Call(function=ir.Attribute(name="sum" | "mean" | "dot" | "max" | "min")):
                        vectors |= ir.names(node)
                    case _:
                        pass
        if isinstance(s, ir.For) and isinstance(s.iterable, ir.Name):
            vectors.add(s.iterable.id)
    vector: Hashable = ("array", "d", (False,))
    judged = tuple(
        vector if p in vectors and k in argnums else "int" if p in integers and k not in argnums else "float"
        for k, p in enumerate(unit.params)
    )
    floats: tuple[Hashable, ...] = ("float",) * len(unit.params)
    for kinds_ in (judged, floats, (vector,) * len(unit.params)):
        try:
            generate(function, kinds_, argnums, mode)
        except NotStatic:
            continue
        return kinds_
    return None
