"""A callable of a text for numba: from the cache where it is there, compiled for the types of each call."""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import linecache
import os
import pickle
import re
import sys
import warnings
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from srcgrad.backends.cache import stored
from srcgrad.backends.refusal import Unfit, Untranslatable
from srcgrad.backends.text import Form

# What machine code raises where the plain form is to run: lengths that are broadcast, derivatives that are not finite,
# divisions by zero, indices out of bounds, exceptions of the program.
FALLING = (ArithmeticError, IndexError, Unfit)

_serial = itertools.count(1)


def needed() -> None:
    """Raise Untranslatable where numba is not there."""
    if importlib.util.find_spec("numba") is None:
        raise Untranslatable("numba is not installed (pip install srcgrad[numba])", missing=True)


def native(
    form: Form, plain: Callable[..., Any], args: Sequence[Any], arrays: Sequence[np.ndarray[Any, Any]] = ()
) -> Callable[..., Any]:
    """A derivative in machine code, called like the generated function that it stands for.

    It is compiled for arguments of the types of `args`; `arrays` are those that the module reads by name. What it
    leaves to the plain form (see `FALLING`) is computed by `plain`. Raises Untranslatable where numba has no code for
    the types.
    """
    given = [_laid_out(a) if type(a) is np.ndarray else a for a in args]
    module, (run, *_) = _compiled(form, [form.value or form.entry], [[*given, *arrays]])
    scope: dict[str, Any] = {
        "run": run, "plain": plain, "laid_out": _laid_out, "float64": np.float64, "FALLING": FALLING,
    }  # fmt: skip
    scope |= {f"g{k}": a for k, a in enumerate(arrays)}
    names = ", ".join(f"a{k}" for k in range(len(args)))
    laid = [f"laid_out(a{k})" if type(a) is np.ndarray else f"a{k}" for k, a in enumerate(args)]
    rest = [f"laid_out(g{k})" for k in range(len(arrays))]
    if form.value:
        numba: Any = importlib.import_module("numba")
        text = _PULLING
        kind = run.nopython_signatures[-1].return_type
        number = not isinstance(kind, numba.types.Array)
        seed = 1.0 if number else np.zeros((0,) * kind.ndim)
        _, (scope["at"],) = _compiled(form, [form.entry], [[*given, seed, *arrays]], module)
        seeding = "float(y_bar)" if number else "laid_out(asarray(y_bar, float64))"
        scope["asarray"] = np.asarray
    else:
        text, seeding = _RUNNING, ""
    made = "(float64(made[0]), made[1])" if form.numpys and not form.value else "made"
    made = "float64(made)" if form.numpys and form.value else made
    text = text.format(names=names, laid=", ".join([*laid, *rest]), made=made,
                       swept=", ".join([*laid, seeding, *rest]))  # fmt: skip
    exec(compile(text, "<native>", "exec"), scope)
    found: Callable[..., Any] = scope["native"]
    return found


_RUNNING = """
def native({names}):
    try:
        made = run({laid})
    except FALLING:
        return plain({names})
    return {made}
"""
_PULLING = """
def native({names}):
    try:
        made = run({laid})
    except FALLING:
        return plain({names})

    def pullback(y_bar):
        try:
            return at({swept})[1]
        except FALLING:
            return plain({names})[1](y_bar)

    return {made}, pullback
"""


def _compiled(
    form: Form, entries: Sequence[str], given: Sequence[Sequence[Any]], module: ModuleType | None = None
) -> tuple[ModuleType, list[Any]]:
    """The module, and its functions of these names, each compiled for arguments of the types of those given."""
    numba: Any = importlib.import_module("numba")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = module or _module(form, keep=True)
        signatures = [tuple([numba.typeof(a) for a in args]) for args in given]
        try:
            return module, _for_types(module, entries, signatures)
        except numba.core.errors.NumbaError as error:
            raise Untranslatable(_short(str(error)), line=_line(form, str(error))) from error
        except (AssertionError, NotImplementedError, KeyError, ValueError, IndexError, TypeError) as error:
            raise Untranslatable(f"numba fails with {type(error).__name__}: {error}") from error
        except (OSError, RuntimeError, EOFError, pickle.PickleError, AttributeError, ImportError):
            # A file of the cache that cannot be read or written, or holds something else: compiled without.
            module = _module(form, keep=False)
            try:
                return module, _for_types(module, entries, signatures)
            except (numba.core.errors.NumbaError, RuntimeError, AttributeError) as error:
                raise Untranslatable(f"{type(error).__name__}: {_short(str(error))}") from error


def _for_types(module: ModuleType, entries: Sequence[str], signatures: Sequence[Any]) -> list[Any]:
    made = [getattr(module, entry) for entry in entries]
    for dispatcher, signature in zip(made, signatures, strict=True):
        dispatcher.compile(signature)
    return made


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
