"""Generated derivatives in a compiled form: of the entry for some kinds, made once and kept with it."""

from __future__ import annotations

import ast
import linecache
import re
import warnings
from collections.abc import Sequence
from dataclasses import replace
from types import FunctionType
from typing import Any

from srcgrad.build.compiled import Entry
from srcgrad.build.module_writer import Writer
from srcgrad.errors import Place, SrcgradError, UnsupportedSyntaxError
from srcgrad.passes.kinds import kind_of


def accelerated(f: FunctionType, entry: Entry, args: Sequence[Any], mode: str, backend: str) -> Entry:
    """The entry as a backend has it; the same with "auto" where NumPy is the better choice.

    Raises UnsupportedSyntaxError for backend="numba" where numba does not take it, now or when it is called.
    """
    found = entry.forms.get(backend)
    if found is None:
        found = entry.forms[backend] = _made(f, entry, args, mode, backend)
    return found


def _made(f: FunctionType, entry: Entry, args: Sequence[Any], mode: str, backend: str) -> Entry:
    from srcgrad.backends import native
    from srcgrad.backends.form import numba_form
    from srcgrad.backends.refusal import Untranslatable

    text = entry.text.source
    try:
        native.needed()
        if backend == "auto" and not has_loops(entry.text.source):
            return entry
        kinds = [kind_of(a) for a in args]
        text = _standalone(f, entry)
        function = native.native(numba_form(text, entry.text.entry, mode, kinds), entry.function, args)
    except Untranslatable as error:
        if backend == "numba":
            raise _refusal(f, text, error) from error
        warnings.warn(f"the derivative of {f.__name__}() runs as NumPy: {error.reason}", RuntimeWarning, stacklevel=5)
        return entry
    # What is not finite is seen to by the form itself.
    return replace(entry, function=function, plain=function, text=replace(entry.text, bare=False), forms={})


def _standalone(f: FunctionType, entry: Entry) -> str:
    from srcgrad.backends.refusal import Untranslatable

    writer = _Writer()
    # Functions of one code share a text; what its names mean is the entry's own.
    bindings = {name: entry.plain.__globals__[name] for name in entry.text.bindings}
    try:
        writer.text(replace(entry.text, bindings=bindings), entry.text.entry, f"the gradient of {f.__name__}()")
    except SrcgradError as error:
        raise Untranslatable(error.what) from error
    return writer.module("")


class _Writer(Writer):
    """A module for numba: what the library has a form of is left out, and decorated functions are plain again."""

    def bind(self, name: str, value: Any, where: str) -> None:
        from srcgrad.backends import library

        if getattr(value, "__module__", "").startswith("srcgrad.rules") and name in library.names():
            return
        super().bind(name, plain(value), where)


def plain(f: Any) -> Any:
    """The Python function under numba's decorator."""
    inner = getattr(f, "py_func", None)
    return inner if isinstance(inner, FunctionType) and type(f).__module__.startswith("numba.") else f


def has_loops(source: str) -> bool:
    """Whether a text loops: "auto" leaves to NumPy what is made of whole-array operations alone."""
    return any(isinstance(node, (ast.For, ast.While)) for node in ast.walk(ast.parse(source)))


def _refusal(f: FunctionType, text: str, error: Any) -> UnsupportedSyntaxError:
    return UnsupportedSyntaxError(
        f'backend="numba" cannot take this: {error.reason}',
        _place(f, text, error.line),
        ways=('use backend="numpy"', 'let backend="auto" choose'),
    )


_MARK = re.compile(r"^\s*# [^:]+:(\d+)  ")


def _place(f: FunctionType, source: str, line: int) -> Place:
    """The user's line that a line of the generated text stands for.

    It is named by the comment above it, or has the same text, as most of the forward sweep has.
    """
    code = f.__code__
    lines = source.split("\n")
    text = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    own = sorted({n for _, _, n in code.co_lines() if n is not None})
    found = next((n for n in own if text and linecache.getline(code.co_filename, n).strip().startswith(text)), 0)
    for number in range(line - 1 if not found else 0, 0, -1):
        mark = _MARK.match(lines[number - 1])
        if mark:
            found = int(mark[1])
            break
    found = found if found in own else code.co_firstlineno
    shown = linecache.getline(code.co_filename, found)
    return Place(code.co_filename, found, len(shown) - len(shown.lstrip()), function=f.__name__)
