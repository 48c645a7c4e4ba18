"""A callable of a text for numba: from the cache where it is there, compiled for the types of each call."""

from __future__ import annotations

import importlib.util
import itertools
import linecache
import re
import warnings
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from srcgrad.backends.cache import stored
from srcgrad.backends.form import Form
from srcgrad.backends.refusal import Untranslatable

_serial = itertools.count(1)


def missing() -> str | None:
    """Why numba cannot be used, or None."""
    if importlib.util.find_spec("numba") is None:
        return "numba is not installed"
    return None


class Native:
    """A derivative in machine code, called like the generated function that it stands for.

    What the compiled form leaves to the plain one (lengths that are broadcast, derivatives that are not
    finite, a division by zero) is computed by `plain`. Raises Untranslatable on a call for whose types numba
    has no code.
    """

    def __init__(self, form: Form, plain: Callable[..., Any]) -> None:
        self.form = form
        self.plain = plain
        self.converts = form.value
        self.dispatcher = getattr(_module(form, keep=True), form.entry)
        self.ready: set[tuple[Any, ...]] = set()

    def __call__(self, *args: Any) -> Any:
        given = [_laid_out(a) for a in args]
        types = tuple([(type(a), a.dtype.char, a.ndim) if type(a) is np.ndarray else type(a) for a in given])
        if types not in self.ready:
            self._compile(given)
            self.ready.add(types)
        try:
            made = self.dispatcher(*given)
        except (ArithmeticError, NotImplementedError):
            return self.plain(*args)
        return (np.float64(made[0]), made[1]) if self.converts else made

    def _compile(self, given: Sequence[Any]) -> None:
        import numba

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            signature = tuple([numba.typeof(a) for a in given])
            try:
                self.dispatcher.compile(signature)
            except numba.core.errors.NumbaError as error:
                raise Untranslatable(_short(str(error)), line=self._line(str(error))) from error
            except (AssertionError, NotImplementedError, KeyError, ValueError) as error:
                raise Untranslatable(f"numba fails with {type(error).__name__}: {error}") from error
            except Exception:
                # A file of the cache that cannot be read or written: compiled without.
                self.dispatcher = getattr(_module(self.form, keep=False), self.form.entry)
                self.dispatcher.compile(signature)

    def _line(self, message: str) -> int:
        found = re.findall(r'File "[^"]*", line (\d+)', message)
        return self.form.lines.get(int(found[0]), 0) if found else 0


def _laid_out(a: Any) -> Any:
    """An array as it is compiled for: rows one after the other, free to be written."""
    if type(a) is np.ndarray and not (a.flags.c_contiguous and a.flags.writeable and a.flags.aligned):
        return np.array(a, order="C")
    return a


def _short(message: str) -> str:
    """The line of numba's message that says what it does not take."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(("Failed in", "During", "File", "Overload", "- Of which"))]
    return told[0] if told else "numba does not compile it"


def _module(form: Form, *, keep: bool) -> ModuleType:
    """The text as a module: of a file in the cache, or in memory."""
    import numba

    from srcgrad import __version__

    path = stored(form.entry, form.text, (np.__version__, numba.__version__, __version__)) if keep else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if path is not None:
            try:
                return _executed(form.text, path)
            except (RuntimeError, OSError):
                pass  # numba finds no place for what it keeps
        name = f"<srcgrad {form.entry} {next(_serial)}>"
        text = form.text.replace("cache=True, ", "")
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        return _executed(text, name)


def _executed(text: str, filename: str) -> ModuleType:
    module = ModuleType(re.sub(r"\W", "_", filename))
    module.__file__ = filename
    exec(compile(text, filename, "exec"), module.__dict__)
    return module
