"""A module as it grows: imports, constants, generated functions, and the functions that they call, each once.

Whoever reads the module meets the derivatives first; what they call stands below them.
"""

from __future__ import annotations

import ast
import dis
import inspect
import re
import textwrap
from collections.abc import Mapping
from types import CodeType, FunctionType, ModuleType
from typing import Any

from srcgrad.build import compiled
from srcgrad.build.module_text import import_line, literal, sections
from srcgrad.errors import Place, SourceUnavailableError, UnsupportedSyntaxError

_ALLOWED = frozenset(
    "numpy scipy math cmath itertools functools operator collections typing dataclasses enum random builtins".split()
)


class Writer:
    """What has been put into a module so far. `where` in its methods is what is being saved, for messages.

    `present` is what the names of a module that is added to mean already.
    """

    def __init__(self, present: Mapping[str, Any] | None = None) -> None:
        self.present = present or {}
        self.imports: set[str] = set()
        self.constants: dict[str, str] = {}
        self.functions: dict[str, str] = {}
        self.meanings: dict[str, Any] = {}
        self.texts: list[str] = []
        self.defined: set[str] = set(self.present)

    def bind(self, name: str, value: Any, where: str) -> None:
        """Make a free name of some text mean what it means there."""
        known = self.meanings.get(name, self.present.get(name, self))
        if known is not self:
            if known is not value and (literal(known) is None or literal(known) != literal(value)):
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
        elif isinstance(value, FunctionType) and value.__module__.partition(".")[0] not in _ALLOWED:
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
        code = function.__code__
        place = Place(code.co_filename, code.co_firstlineno, function=function.__name__)
        try:
            source = self.written(function)
        except (OSError, TypeError) as error:
            raise SourceUnavailableError(
                f"{where} cannot be saved: the source of {name}() is not there", ways=("define it in a file",)
            ) from error
        if code.co_freevars or function.__name__ != name or not source.startswith("def "):
            raise UnsupportedSyntaxError(
                f"{where} cannot be saved: {name} is a closure, a lambda or decorated",
                place,
                ways=("make it a plain function of its module",),
            )
        self.functions[name] = without_annotations(source).rstrip("\n")
        for free in global_names(code):
            if free in function.__globals__:
                self.bind(free, function.__globals__[free], where)

    def written(self, function: FunctionType) -> str:
        """The source of a function as it is to stand in the module."""
        return textwrap.dedent(inspect.getsource(function))

    def text(self, text: compiled.Text, entry: str, where: str) -> None:
        """Add a generated text, its entry called `entry` and its other functions so that none are confused."""
        names = {text.entry: entry}
        for name in _defined(text.source):
            if name != text.entry and name in self.defined:
                names[name] = next(f"{name}_{k}" for k in range(2, 1000) if f"{name}_{k}" not in self.defined)
        body = []
        for line in text.source.split("\n"):
            own = re.match(r"from (srcgrad\.\S+) import (.+)$", line)
            if own:
                module = __import__(own[1], fromlist=["_"])
                for part in own[2].split(","):
                    name, _, other = part.strip().partition(" as ")
                    names |= {other: name} if other else {}
                    self.bind(name, getattr(module, name), where)
            elif line.startswith(("import ", "from ")):
                self.imports.add(line)
            else:
                body.append(line)
        for name, value in text.bindings.items():
            self.bind(name, value, where)
        made = "\n".join(body).strip("\n")
        for old, new in names.items():
            made = re.sub(rf"\b{re.escape(old)}\b", new, made)
        self.add(made)

    def add(self, text: str) -> None:
        self.texts.append(text)
        self.defined.update(_defined(text))

    def block(self) -> str:
        """The text that is to be added to a module."""
        head = ["\n".join(section) for section in sections(self.imports)]
        head += ["\n".join(f"{name} = {text}" for name, text in self.constants.items())] if self.constants else []
        return "\n\n\n".join(["\n\n".join(head)] * bool(head) + [*self.texts, *self.functions.values()]) + "\n"

    def module(self, doc: str) -> str:
        """The text of the module."""
        if any(line.split()[1].partition(".")[0] == "scipy" for line in self.imports):
            doc = f"{doc.removesuffix('.')}, which needs NumPy and SciPy."
        return f'"""{doc}"""\n\n{"" if self.imports or self.constants else chr(10)}{self.block()}'


def _defined(source: str) -> list[str]:
    return re.findall(r"^def (\w+)\(", source, flags=re.MULTILINE)


def without_annotations(source: str) -> str:
    """A function's source without its annotations, which may name what is not there.

    >>> without_annotations("def f(x: Any, n: int = 2) -> float:\\n    return x\\n")
    'def f(x, n=2):\\n    return x\\n'
    """
    lines = source.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    data = b"".join(lines)
    cuts = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.arg) and node.annotation is not None:
            begin = starts[node.lineno - 1] + node.col_offset + len(node.arg.encode())
            cuts.append((begin, starts[node.end_lineno - 1] + node.end_col_offset))  # type: ignore[operator]
        elif isinstance(node, ast.FunctionDef) and node.returns is not None:
            end = starts[node.returns.end_lineno - 1] + node.returns.end_col_offset  # type: ignore[operator]
            cuts.append((data.rindex(b"->", 0, starts[node.returns.lineno - 1] + node.returns.col_offset), end))
    for begin, end in sorted(cuts, reverse=True):
        before, after = data[:begin], data[end:]
        if data[begin : begin + 2] == b"->":
            before = before.rstrip(b" ")
        elif after.startswith(b" = "):
            after = b"=" + after[3:]
        data = before + after
    return data.decode()


def global_names(code: CodeType) -> list[str]:
    """The names that some code and the functions in it read as globals."""
    names = [str(i.argval) for i in dis.get_instructions(code) if i.opname in ("LOAD_GLOBAL", "LOAD_NAME")]
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names += global_names(constant)
    return names
