"""Generated derivatives in a compiled form: of the entry for some kinds, made once and kept with it."""

from __future__ import annotations

import ast
import functools
import linecache
import re
import sys
import warnings
import weakref
from collections.abc import Hashable, Sequence
from dataclasses import replace
from types import FunctionType
from typing import Any

import numpy as np

from srcgrad.backends import choosing, library
from srcgrad.backends.refusal import Untranslatable
from srcgrad.build import recorded
from srcgrad.build.backend import Backend
from srcgrad.build.compiled import Entry
from srcgrad.build.module_writer import Writer
from srcgrad.errors import MissingExtraError, Place, SrcgradError, UnsupportedSyntaxError
from srcgrad.passes.kinds import kind_of
from srcgrad.runtime import dispatchers


def accelerated(
    f: FunctionType,
    entry: Entry,
    args: Sequence[Any],
    mode: str,
    backend: Backend,
    moving: tuple[int, ...] = (),
) -> Entry:
    """The entry as a backend has it; the same with "auto" where NumPy is the better choice.

    `args` are those of the generated function: of a jvp the tangents too. With `moving`, the tangent of a gradient
    in the directions of the arguments at these positions, which are arguments too, after the others.
    Raises UnsupportedSyntaxError for backend="numba" where numba does not take it, now or when it is called.
    """
    found = entry.forms.get((backend, moving))
    if found is None:
        found = entry.forms[backend, moving] = _made(f, entry, args, mode, backend, moving)
    return found


def _made(
    f: FunctionType, entry: Entry, args: Sequence[Any], mode: str, backend: Backend, moving: tuple[int, ...]
) -> Entry:
    from srcgrad.backends import native
    from srcgrad.backends.text import form_of

    text = entry.text.source
    try:
        native.needed()
        if backend.name == "auto" and not choosing.has_loops(text):
            return entry
        text, arrays = _standalone(f, entry)
        kinds = [kind_of(a) for a in args]
        form = form_of(text, entry.text.entry, mode, kinds, _kinds(arrays), moving, backend.parallel)
        given = [*args, *[args[k] for k in moving]]
        plain = functools.partial(_by_recording, f, moving) if moving else entry.function
        function = native.native(form, plain, given, [a for _, a in sorted(arrays.items())])
        if backend.name == "auto" and form.over_arrays and mode != "vjp" and not moving:
            function = choosing.faster(function, entry.function)
    except Untranslatable as error:
        if backend.name == "numba":
            raise _refusal(f, text, error) from error
        told(f, error.reason, _place(f, text, error.line))
        return entry
    # What is not finite is seen to by the form itself.
    return replace(
        entry, function=function, plain=function, text=replace(entry.text, bare=False), forms={}, second=bool(moving)
    )


def _by_recording(f: FunctionType, moving: tuple[int, ...], *args: Any) -> Any:
    """The tangent of a gradient, by recording the reverse sweep in forward mode."""
    count = len(args) - len(moving)
    primals, tangents = list(args[:count]), list(args[count:])

    def gradient(*values: Any) -> Any:
        y, pull = recorded.vjp(f, values, {}, moving)
        return tuple(pull([1.0] if not isinstance(y, np.ndarray) else [np.ones_like(y)]))

    _, dots = recorded.jvp(gradient, primals, {}, moving, tangents)
    return dots[0] if len(moving) == 1 else tuple(dots)


def declined(f: Any, reason: str, line: int, backend: Backend) -> None:
    """Nothing was generated for a function: refuse, or say that NumPy is used; `line` is the user's."""
    name = getattr(f, "__name__", repr(f))
    place = None
    code = getattr(f, "__code__", None)
    if code is not None:
        shown = linecache.getline(code.co_filename, line or code.co_firstlineno)
        place = Place(code.co_filename, line or code.co_firstlineno, len(shown) - len(shown.lstrip()), function=name)
    if backend.name == "numba":
        raise UnsupportedSyntaxError(f'backend="numba" cannot take this: {reason}', place, ways=_WAYS)
    told(f, reason, place)


_told: weakref.WeakSet[Any] = weakref.WeakSet()
_told_of_c: set[int] = set()
_WAYS = ('use backend="numpy"', 'let backend="auto" choose')


def told(f: Any, reason: str, place: Place | None) -> None:
    """Warn, once for each function, that "auto" has chosen NumPy for want of anything else."""
    try:
        if f in _told:
            return
        _told.add(f)
    except TypeError:  # a function of C is never collected, nor can it be referred to weakly
        if id(f) in _told_of_c:
            return
        _told_of_c.add(id(f))
    where = f" at {place.filename}:{place.line}" if place else ""
    text = f"the derivative of {getattr(f, '__name__', f)}() runs as NumPy: {reason}{where}"
    warnings.warn(text, RuntimeWarning, stacklevel=_outside())


def _outside() -> int:
    """The stack level of the user's frame, for a warning."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).startswith("srcgrad."):
        frame, level = frame.f_back, level + 1
    return level


Arrays = dict[str, "np.ndarray[Any, Any]"]


def _kinds(arrays: Arrays) -> dict[str, Hashable]:
    return {name: kind_of(a) for name, a in arrays.items()}


def _standalone(f: FunctionType, entry: Entry) -> tuple[str, Arrays]:
    """The text with everything that it reads, and the arrays that it reads by name."""
    writer = _Writer()
    # Functions of one code share a text; what its names mean is the entry's own.
    bindings = {name: entry.plain.__globals__[name] for name in entry.text.bindings}
    try:
        writer.text(replace(entry.text, bindings=bindings), entry.text.entry, f"the gradient of {f.__name__}()")
    except SrcgradError as error:
        raise Untranslatable(error.what.partition(" cannot be saved: ")[2] or error.what) from error
    return writer.module(""), writer.arrays


class _Writer(Writer):
    """A module for numba: what the library has a form of is left out, decorated functions are plain again, and
    arrays stand apart."""

    def __init__(self) -> None:
        super().__init__()
        self.arrays: Arrays = {}
        self.undecorated: set[FunctionType] = set()

    def bind(self, name: str, value: Any, where: str) -> None:
        if getattr(value, "__module__", "").startswith("srcgrad.rules") and name in library.names():
            return
        if type(value) is np.ndarray:
            if self.arrays.setdefault(name, value) is not value:
                raise Untranslatable(f"two functions that mean different arrays by {name}")
            return
        inner = dispatchers.plain(value)
        if inner is not value:
            self.undecorated.add(inner)
        super().bind(name, inner, where)

    def written(self, function: FunctionType) -> str:
        source = super().written(function)
        if function in self.undecorated:
            made = ast.parse(source).body[0]
            if isinstance(made, ast.FunctionDef):
                made.decorator_list = []
                return ast.unparse(made)
        return source


def _refusal(f: FunctionType, text: str, error: Untranslatable) -> SrcgradError:
    if error.missing:
        return MissingExtraError(
            'backend="numba" needs numba, which is not installed', ways=("pip install srcgrad[numba]",)
        )
    return UnsupportedSyntaxError(
        f'backend="numba" cannot take this: {error.reason}', _place(f, text, error.line), ways=_WAYS
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
    for number in range(min(line - 1, len(lines)) if not found else 0, 0, -1):
        mark = _MARK.match(lines[number - 1])
        if mark:
            found = int(mark[1])
            break
    found = found if found in own else code.co_firstlineno
    shown = linecache.getline(code.co_filename, found)
    return Place(code.co_filename, found, len(shown) - len(shown.lstrip()), function=f.__name__)
