"""Generated derivatives in a compiled form: of the entry for some kinds, made once and kept with it."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Hashable
from types import FunctionType
from typing import Any

from srcgrad.build import compiled
from srcgrad.build.module_text import literal
from srcgrad.build.module_writer import Writer, global_names, without_annotations
from srcgrad.errors import Place, SrcgradError, UnsupportedSyntaxError

_told: set[tuple[Any, str]] = set()


def accelerated(
    f: FunctionType, entry: compiled.Entry, kinds: tuple[Hashable, ...], mode: str, backend: str
) -> Callable[..., Any]:
    """The function of an entry as the backend has it; with "auto" the plain one where there is a reason.

    Raises UnsupportedSyntaxError for backend="numba" where numba does not take it.
    """
    found = entry.native.get(backend)
    if found is None:
        found = entry.native[backend] = _made(f, entry, kinds, mode, backend)
    return found


def _made(
    f: FunctionType, entry: compiled.Entry, kinds: tuple[Hashable, ...], mode: str, backend: str
) -> Callable[..., Any]:
    from srcgrad.backends import native
    from srcgrad.backends.form import numba_form
    from srcgrad.backends.refusal import Untranslatable

    def refused(error: Untranslatable) -> Callable[..., Any]:
        if backend == "numba":
            raise _refusal(f, entry, error) from error
        _tell(f, error.reason)
        return entry.function

    try:
        reason = native.missing()
        if reason is not None:
            raise Untranslatable(f"{reason}: pip install srcgrad[numba]")
        if backend == "auto" and not _has_loops(entry.text.source):
            return entry.function
        source = _standalone(f, entry)
        made = native.Native(numba_form(source, entry.text.entry, mode, kinds), entry.function)
    except Untranslatable as error:
        return refused(error)
    chosen: list[Callable[..., Any]] = [made]

    def first(*args: Any) -> Any:
        try:
            return chosen[0](*args)
        except Untranslatable as error:
            chosen[0] = refused(error)
            return chosen[0](*args)

    return first


def _standalone(f: FunctionType, entry: compiled.Entry) -> str:
    from srcgrad.backends.refusal import Untranslatable

    writer = _Writer()
    try:
        writer.text(entry.text, entry.text.entry, f"the gradient of {f.__name__}()")
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


def _has_loops(source: str) -> bool:
    """Whether a text loops: "auto" leaves to NumPy what is made of whole-array operations alone."""
    return any(isinstance(node, (ast.For, ast.While)) for node in ast.walk(ast.parse(source)))


def _tell(f: FunctionType, reason: str) -> None:
    if (f.__code__, reason) not in _told:
        _told.add((f.__code__, reason))
        warnings.warn(f"the derivative of {f.__name__}() runs as plain NumPy: {reason}", RuntimeWarning, stacklevel=6)


def _refusal(f: FunctionType, entry: compiled.Entry, error: Any) -> UnsupportedSyntaxError:
    return UnsupportedSyntaxError(
        f'backend="numba" cannot take this: {error.reason}',
        _place(f, entry.text.source, error.line),
        ways=('use backend="numpy"', 'let backend="auto" choose'),
    )


_MARK = re.compile(r"^\s*# [^:]+:(\d+)  (.*)")


def _place(f: FunctionType, source: str, line: int) -> Place:
    code = f.__code__
    return Place(code.co_filename, code.co_firstlineno, function=f.__name__)


__all__ = ["accelerated", "global_names", "literal", "plain", "without_annotations"]
