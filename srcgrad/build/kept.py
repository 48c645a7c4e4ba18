"""Generated texts in files of the user's cache directory, so that the next process need not generate them.

    ~/.cache/srcgrad/texts/3f2a….json     {"entry": "loss_grad", "source": "def loss_grad(x): …", "free": {"RATE": …}}

A file is named by everything that the text rests on: the code of the function and of those that it calls, the files
that they stand in, the kinds of the arguments, of globals and of closures, the generator itself, Python and NumPy. No value is kept: what a
free name means is looked up among the meanings of the function, which the next process has of its own. What
cannot be named in this way is not kept; SRCGRAD_CACHE=0 keeps nothing.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import sys
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from srcgrad.backends.cache import directory, files_of, written
from srcgrad.build.meanings import MISSING, Meanings
from srcgrad.passes import switches
from srcgrad.passes.kinds import kind_of
from srcgrad.runtime import dispatchers

MOST = 4000  # files that are kept

_PLAIN = (float, int, bool, np.ndarray, np.floating)
_GENERATOR = ("passes", "rules", "rules.scipy", "syntax")


class Unnamed(Exception):
    """Something that a text rests on cannot be named in another process."""


def key_of(f: FunctionType, what: Any, meanings: Meanings) -> str | None:
    """The name of the file for a function's derivative, or None where there is none."""
    if os.environ.get("SRCGRAD_CACHE") == "0" or os.environ.get("SRCGRAD_STRICT"):
        return None
    try:
        parts = [_generator(), repr(what), f.__qualname__]
        for label, value in zip(meanings.labels, meanings.values, strict=True):
            parts.append(f"{label} {_words(value)}")
    except Unnamed:
        return None
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def found(key: str, meanings: Meanings) -> tuple[str, str, dict[str, Any], bool] | str | None:
    """What the file holds: source, entry, free names and whether results are to be looked at; or why nothing was
    generated; None where there is no such file, or none that can be used."""
    try:
        with open(_path(key), "rb") as file:
            digest, _, data = file.read().partition(b"\n")
    except OSError:
        return None
    if hashlib.sha256(data).hexdigest().encode() != digest:
        return None
    held = json.loads(data)
    if "declined" in held:
        return str(held["declined"])
    free = {}
    for name, (place, numbers) in held["free"].items():
        meant = [meanings.values[k] for k in numbers] or [_imported(*place)]
        if any(value is not meant[0] for value in meant):
            return None
        free[name] = meant[0]
    return held["source"], held["entry"], free, held["bare"]


def keep(key: str, meanings: Meanings, source: str, entry: str, bindings: dict[str, Any], bare: bool) -> None:
    """Write the file of a text."""
    free: dict[str, Any] = {}
    for name, value in bindings.items():
        pairs = enumerate(zip(meanings.labels, meanings.values, strict=True))
        numbers = [k for k, (label, known) in pairs if label[-1] == name and known is value]
        place = _importable(value) if not numbers else None
        if not numbers and place is None:
            return
        free[name] = (place, numbers)
    _write(key, {"source": source, "entry": entry, "free": free, "bare": bare})


def keep_refusal(key: str) -> None:
    """Write the file of a function for which nothing is generated."""
    _write(key, {"declined": "static"})


def _write(key: str, held: dict[str, Any]) -> None:
    data = json.dumps(held).encode()
    path = _path(key)
    if written(path, hashlib.sha256(data).hexdigest().encode() + b"\n" + data):
        _prune(os.path.dirname(path))


def _path(key: str) -> str:
    return os.path.join(directory(), "texts", f"{key}.json")


_counted: list[int] = []


def _prune(where: str) -> None:
    """Once in a process, remove the older half of the files where there are too many."""
    if _counted:
        return
    try:
        names = os.listdir(where)
        _counted.append(len(names))
        if len(names) > MOST:
            paths = [os.path.join(where, name) for name in names]
            for path in sorted(paths, key=os.path.getmtime)[: len(paths) // 2]:
                os.unlink(path)
    except OSError:
        pass  # another process is at it


def _importable(value: Any) -> list[str] | None:
    """Module and name of what can be imported again: modules, functions and classes."""
    if isinstance(value, ModuleType):
        return [value.__name__, ""]
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", getattr(value, "__name__", None))
    if type(value) is np.ufunc:
        module = "numpy" if getattr(np, value.__name__, None) is value else None
        name = value.__name__
    if not isinstance(module, str) or not isinstance(name, str):
        return None
    try:
        return [module, name] if _imported(module, name) is value else None
    except (ImportError, AttributeError):
        return None


def _imported(module: str, name: str) -> Any:
    value: Any = sys.modules.get(module) or importlib.import_module(module)
    for part in name.split(".") if name else ():
        value = getattr(value, part)
    return value


def _words(value: Any) -> str:
    """What a meaning is, so that another process can tell whether it is the same; Unnamed where it cannot."""
    if value is MISSING:
        return "missing"
    if isinstance(value, CodeType):
        return f"{_of_code(value)} {value.co_firstlineno} {_file(value.co_filename)}"
    if value is None or type(value) in (str, bool):
        return repr(value)
    if isinstance(value, _PLAIN):
        return f"data {kind_of(value)!r}"
    if type(value) is tuple:
        return f"({', '.join(map(_words, value))})"
    inner = dispatchers.plain(value)
    if isinstance(inner, FunctionType):
        return f"function {inner.__module__}.{inner.__qualname__} {inner is value}"
    place = _importable(value)
    if place is None:
        raise Unnamed
    return f"{type(value).__name__} {place}"


def _of_code(code: CodeType) -> str:
    inner = [_of_code(c) if isinstance(c, CodeType) else _of_constant(c) for c in code.co_consts]
    return f"{code.co_code.hex()} {inner} {code.co_names} {code.co_varnames} {code.co_freevars}"


def _of_constant(value: Any) -> str:
    return str(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)


_files: dict[str, str] = {}


def _file(name: str) -> str:
    """A file as it is now: what is not in one, as in a notebook, is not kept."""
    known = _files.get(name)
    if known is None:
        try:
            state = os.stat(name)
        except OSError as error:
            raise Unnamed from error
        known = _files[name] = f"{os.path.abspath(name)} {state.st_mtime_ns} {state.st_size}"
    return known


def _generator() -> str:
    """What generates: its files, its switches, Python and NumPy."""
    without = sorted(name for name in switches.NAMES if not switches.on(name))
    return f"{files_of(_GENERATOR)} {np.__version__} {without}"
