"""A callable of a text for numba: from the cache where it is there, compiled for the types of each call."""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import linecache
import os
import re
import sys
import warnings
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from srcgrad.backends.cache import stored
from srcgrad.backends.form import Form
from srcgrad.backends.refusal import Untranslatable

_serial = itertools.count(1)


def needed() -> None:
    """Raise Untranslatable where numba is not there."""
    if importlib.util.find_spec("numba") is None:
        raise Untranslatable("numba is not installed (pip install srcgrad[numba])")


def native(form: Form, plain: Callable[..., Any], args: Sequence[Any]) -> Callable[..., Any]:
    """A derivative in machine code, called like the generated function that it stands for.

    It is compiled for arguments of the types of `args`. What it leaves to the plain form (lengths that are
    broadcast, derivatives that are not finite, a division by zero, an index out of bounds) is computed by `plain`. Raises Untranslatable
    where numba has no code for the types.
    """
    given = [_laid_out(a) if type(a) is np.ndarray else a for a in args]
    run = _compiled(form, given)
    arrays = [k for k, a in enumerate(args) if type(a) is np.ndarray]
    scope: dict[str, Any] = {"run": run, "plain": plain, "laid_out": _laid_out, "float64": np.float64}
    names = ", ".join(f"a{k}" for k in range(len(args)))
    laid = ", ".join(f"laid_out(a{k})" if k in arrays else f"a{k}" for k in range(len(args)))
    result = "(float64(made[0]), made[1])" if form.numpys else "made"
    text = f"""def native({names}):
    try:
        made = run({laid})
    except (ArithmeticError, IndexError, NotImplementedError):
        return plain({names})
    return {result}
"""
    exec(compile(text, "<native>", "exec"), scope)
    made: Callable[..., Any] = scope["native"]
    return made


def _compiled(form: Form, given: Sequence[Any]) -> Callable[..., Any]:
    numba: Any = importlib.import_module("numba")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dispatcher = getattr(_module(form, keep=True), form.entry)
        signature = tuple([numba.typeof(a) for a in given])
        try:
            dispatcher.compile(signature)
        except numba.core.errors.NumbaError as error:
            raise Untranslatable(_short(str(error)), line=_line(form, str(error))) from error
        except (AssertionError, NotImplementedError, KeyError, ValueError) as error:
            raise Untranslatable(f"numba fails with {type(error).__name__}: {error}") from error
        except Exception:
            # A file of the cache that cannot be read or written: compiled without.
            dispatcher = getattr(_module(form, keep=False), form.entry)
            try:
                dispatcher.compile(signature)
            except Exception as error:
                raise Untranslatable(f"{type(error).__name__}: {error}") from error
    return dispatcher  # type: ignore[no-any-return]


def _line(form: Form, message: str) -> int:
    found = re.findall(r'File "[^"]*", line (\d+)', message)
    return form.lines.get(int(found[0]), 0) if found else 0


def _laid_out(a: Any) -> Any:
    """An array as it is compiled for: rows one after the other, free to be written."""
    flags = a.flags
    return a if flags.carray else np.array(a, order="C")


def _short(message: str) -> str:
    """The line of numba's message that says what it does not take."""
    lines = [line.strip(" -") for line in message.splitlines()]
    telling = [line for line in lines if line.startswith(_TELLING)]
    rest = [line for line in lines if line and not line.startswith(("Failed in", "During", "File", "Overload"))]
    return (telling or rest or ["numba does not compile it"])[0].rstrip(" :.")


_TELLING = (
    "No implementation of", "Untyped global", "Unknown attribute", "Use of unsupported", "Cannot unify", "No conversion",
    "Invalid use of", "cannot determine", "Cannot determine", "non-precise type", "Unsupported", "The use of",
)  # fmt: skip


def _module(form: Form, *, keep: bool) -> ModuleType:
    """The text as a module: of a file in the cache, or in memory."""
    numba: Any = importlib.import_module("numba")

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
        text = form.text.replace(", cache=True", "")
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        return _executed(text, name)


def _executed(text: str, filename: str) -> ModuleType:
    name = "_srcgrad_" + re.sub(r"\W", "_", os.path.basename(filename).removesuffix(".py"))
    module = ModuleType(name)
    module.__file__ = filename
    # What numba keeps names the module of the function.
    sys.modules[name] = module
    exec(compile(text, filename, "exec"), module.__dict__)
    return module
