"""Generated derivatives as one module that needs NumPy alone.

    grad of root, called with a float    ->    root_grad for a float, root_grad for anything else,
                                               and a root_grad that picks by the kinds of its arguments

What the text reads is written out with it: imports, constants, and the functions that it calls, the
user's and srcgrad's own, by their source.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Hashable, Sequence
from types import FunctionType, ModuleType
from typing import Any

import srcgrad
from srcgrad.build import compiled
from srcgrad.build.module_text import import_line, literal
from srcgrad.errors import Place, SourceUnavailableError, UnsupportedSyntaxError
from srcgrad.passes import kinds as kinds_module


class Writer:
    """A module as it grows: imports, constants, functions, each once."""

    def __init__(self) -> None:
        self.imports: set[str] = set()
        self.constants: dict[str, str] = {}
        self.functions: dict[str, str] = {}
        self.meanings: dict[str, Any] = {}
        self.texts: list[str] = []

    def bind(self, name: str, value: Any, where: str) -> None:
        """Make a free name of some text mean what it means there."""
        known = self.meanings.get(name, self)
        if known is not self:
            if known is not value and literal(known) != literal(value):
                raise UnsupportedSyntaxError(
                    f"{where} cannot be saved: two of its functions mean different things by {name}",
                    ways=("rename one of them",),
                )
            return
        self.meanings[name] = value
        if isinstance(value, ModuleType):
            line = import_line(name, value)
            if value.__name__.partition(".")[0] not in _ALLOWED:
                raise UnsupportedSyntaxError(
                    f"{where} cannot be saved: it reads the module {value.__name__}",
                    ways=("import what it needs by name: its source is then written along",),
                )
            self.imports.add(line or "")
        elif isinstance(value, FunctionType):
            self.function(name, value, where)
        elif (text := literal(value)) is not None:
            self.constants[name] = text
            if "np." in text:
                self.imports.add("import numpy as np")
        elif (line := import_line(name, value)) is not None and line.split()[1].partition(".")[0] in _ALLOWED:
            self.imports.add(line)
        else:
            raise UnsupportedSyntaxError(
                f"{where} cannot be saved: {name} is a {type(value).__name__}, which has no text",
                ways=("pass it as an argument",),
            )

    def function(self, name: str, function: FunctionType, where: str) -> None:
        """Write a function's source, and what it reads."""
        try:
            source = textwrap.dedent(inspect.getsource(function))
        except (OSError, TypeError) as error:
            raise SourceUnavailableError(f"{where} cannot be saved: the source of {name} is not there") from error
        if function.__code__.co_freevars or function.__name__ != name or not source.startswith("def "):
            raise UnsupportedSyntaxError(
                f"{where} cannot be saved: {name} is a closure, a lambda or decorated",
                ways=("make it a plain function of its module",),
            )
        self.functions[name] = _plain(source)
        for free in _free_names(function.__code__):
            if free in function.__globals__:
                self.bind(free, function.__globals__[free], where)

    def text(self, text: compiled.Text, names: dict[str, str], where: str) -> None:
        """Add a generated text, with its functions renamed."""
        lines = text.source.split("\n")
        body = []
        for line in lines:
            own = re.match(r"from (srcgrad\.\S+) import (\w+)(?: as (\w+))?$", line)
            if own:
                module = __import__(own[1], fromlist=[own[2]])
                if own[3]:
                    names = {**names, own[3]: own[2]}
                self.bind(own[2], getattr(module, own[2]), where)
            elif line.startswith(("import ", "from ")):
                self.imports.add(line)
            else:
                body.append(line)
        for name, value in text.bindings.items():
            self.bind(name, value, where)
        made = "\n".join(body).strip("\n")
        for old, new in names.items():
            made = re.sub(rf"\b{re.escape(old)}\b", new, made)
        self.texts.append(made)

    def module(self, doc: str) -> str:
        parts = [f'"""{doc}"""']
        if self.imports:
            parts.append("\n".join(sorted(self.imports)))
        if self.constants:
            parts.append("\n".join(f"{name} = {text}" for name, text in self.constants.items()))
        head = "\n\n".join(parts)
        return "\n\n\n".join([head, *self.functions.values(), *self.texts]) + "\n"


_ALLOWED = frozenset(
    "numpy math cmath itertools functools operator collections typing dataclasses enum random builtins".split()
)


def _plain(source: str) -> str:
    """A function's source without annotations that name what is not there."""
    return re.sub(r"(?m)^(def .*\)) -> .*:$", r"\1:", re.sub(r": Any\b", "", source)).rstrip("\n")


def _free_names(code: Any) -> list[str]:
    names = list(code.co_names)
    for constant in code.co_consts:
        if hasattr(constant, "co_names"):
            names += _free_names(constant)
    return names


Wanted = tuple[Callable[..., Any], tuple[int, ...], str]


def module_of(wanted: Sequence[Wanted], generic: Callable[[Any], tuple[Hashable, ...]]) -> str:
    """The text of one module with these derivatives: (function, argnums, mode) each.

    Raises UnsupportedSyntaxError for a function that the passes do not understand, or that reads what
    cannot be written down.
    """
    writer = Writer()
    made = [_write(writer, f, argnums, mode, generic(f)) for f, argnums, mode in wanted]
    files = sorted({f.__code__.co_filename.rpartition("/")[2] for f, _, _ in wanted})
    doc = f"{', '.join(made)}: derivatives of functions of {', '.join(files)}, generated by srcgrad {srcgrad.__version__}."
    return writer.module(doc)


def _write(writer: Writer, f: Any, argnums: tuple[int, ...], mode: str, generic: tuple[Hashable, ...]) -> str:
    where = f"{mode} of {f.__name__}()"
    texts = compiled.texts_of(f, argnums, mode)
    general = compiled.entry_of(f, generic, argnums, mode)
    texts = {kinds: text for kinds, text in texts.items() if kinds != generic and _is_literal(kinds)}
    if general is None and not texts:
        reason, line = compiled.reason(f, generic, argnums, mode)
        code = f.__code__
        raise UnsupportedSyntaxError(
            f"{where} cannot be written as one module: {reason}",
            Place(code.co_filename, line or code.co_firstlineno, function=f.__name__),
            ways=("call it once with the arguments that it is for, then save it", "pickle it instead"),
        )
    public = (general.text if general else next(iter(texts.values()))).entry
    if general is not None and not texts:
        writer.text(general.text, {}, where)
        return public
    cases = []
    for number, (kinds, text) in enumerate(texts.items(), 1):
        names = {name: f"_{name}_{number}" for name in _defined(text.source)}
        writer.text(text, names, where)
        cases.append((kinds, names[text.entry]))
    otherwise = None
    if general is not None:
        names = {name: f"_{name}" for name in _defined(general.text.source)}
        writer.text(general.text, names, where)
        otherwise = names[general.text.entry]
    writer.bind("kind_of", kinds_module.kind_of, where)
    writer.texts.append(_choice(public, f, cases, otherwise))
    return public


def _is_literal(kinds: Any) -> bool:
    if isinstance(kinds, tuple):
        return all(_is_literal(k) for k in kinds)
    return isinstance(kinds, (str, bool, int))


def _defined(source: str) -> list[str]:
    return re.findall(r"^def (\w+)\(", source, flags=re.MULTILINE)


def _choice(name: str, f: Any, cases: list[tuple[Any, str]], otherwise: str | None) -> str:
    """The function that picks by the kinds of its arguments."""
    parameters = inspect.signature(f).parameters.values()
    given = ", ".join(p.name for p in parameters)
    written = ", ".join(p.name + ("" if p.default is p.empty else f"={literal(p.default)}") for p in parameters)
    kinds_of = "".join(f"kind_of({p.name}), " for p in parameters)
    lines = [f"def {name}({written}):", f"    kinds = ({kinds_of.removesuffix(' ')})"]
    for kinds, case in cases:
        lines += [f"    if kinds == {kinds!r}:", f"        return {case}({given})"]
    if otherwise is not None:
        lines.append(f"    return {otherwise}({given})")
    else:
        lines.append(f'    raise TypeError(f"{name} was generated for other kinds of arguments than {{kinds}}")')
    return "\n".join(lines)
