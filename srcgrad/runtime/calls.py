"""Calls: what kind of callable it is decides how the call is recorded.

A function with a rule is computed and noted (`ruled`). A Python function is rewritten and run. A class
is constructed through its own methods (`classes`). Code of C that only moves data is run as it is,
other C code with an active argument is refused (`native`).
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from types import BuiltinMethodType, FunctionType, MethodType
from typing import Any

import numpy as np

from srcgrad.errors import SourceUnavailableError
from srcgrad.runtime import dispatchers, reach, stopping
from srcgrad.runtime.levels import LIBRARIES, rewritten, state, user_place
from srcgrad.runtime.operations import any_active, is_active

# Turns a Python function into the same function with its computations recorded; the compiler sets it.
rewrite: list[Callable[[FunctionType], FunctionType]] = []

# Functions and types that have a way of their own to be recorded; library.py fills it.
handlers: dict[Any, Callable[..., Any]] = {}

# Library modules whose work is not numerical: they run as they are.
SILENT = frozenset(
    "logging warnings time datetime os sys io re json string textwrap pprint typing abc enum inspect types "
    "unittest pytest _pytest traceback linecache gc weakref pathlib tempfile shutil tqdm matplotlib queue "
    "contextvars reprlib locale gettext argparse csv uuid hashlib platform".split()
)
# Of srcgrad itself, what is differentiated when derivatives are nested; the rest runs as it is.
_DIFFERENTIATED = (
    "srcgrad.rules.", "srcgrad.runtime.reverse", "srcgrad.runtime.entries",
    "srcgrad.runtime.cotangents", "srcgrad.runtime.forward", "srcgrad.runtime.memory",
    "srcgrad.runtime.leaves", "srcgrad.runtime.tree", "srcgrad.runtime.custom", "srcgrad.runtime.schedules",
    "srcgrad.torch.kernels.", "srcgrad.torch.ops.", "srcgrad.torch.generated",
)  # fmt: skip

METHOD_WRAPPER = type((1.0).__add__)
_DESCRIPTORS = (type(float.__add__), type(str.join))
_LRU = type(functools.lru_cache(lambda: 0))
NOT_KNOWN = object()


def is_python(x: Any) -> bool:
    """Whether a function, or any method of a class, is written in Python."""
    if isinstance(x, FunctionType):
        return True
    if isinstance(x, type):
        return _is_python_class(x)
    return False


_C_DESCRIPTORS: Any = (type(str.join), type(float.__add__), type(float.__dict__["fromhex"]))


@functools.lru_cache(maxsize=4096)
def _is_python_class(cls: type) -> bool:
    """Whether a class was made by a class statement; many types of C are on the heap too.

    The namespace of a type of C holds descriptors of its own C functions, which that of a class
    statement never does.
    """
    if not cls.__flags__ & (1 << 9):  # Py_TPFLAGS_HEAPTYPE
        return False
    return not any(isinstance(v, _C_DESCRIPTORS) and v.__objclass__ is cls for v in vars(cls).values())


def python_method(kind: type, name: str) -> Any:
    """The method of a class by which an operation is done, if that is written in Python."""
    if not kind.__flags__ & (1 << 9):
        return None
    for base in kind.__mro__:
        found = base.__dict__.get(name)
        if found is not None:
            return found if isinstance(found, (FunctionType, functools.partialmethod)) else None
    return None


def call(f: Any, /, *args: Any, **kwargs: Any) -> Any:
    """`f(*args, **kwargs)`, recorded."""
    kind = type(f)
    if not state.levels or (kind is FunctionType and f.__code__ in rewritten):
        return f(*args, **kwargs)
    if kind is np.ufunc:
        return ruled.ufunc(f, args, kwargs)
    if kind is MethodType:
        return call(f.__func__, f.__self__, *args, **kwargs)
    if state.texts and (kind is not FunctionType or f in native.READING):
        native.check_texts(f, args)
    known = ruled.by_table(f, args, kwargs)
    if known is not NOT_KNOWN:
        return known
    if kind is FunctionType:
        return python_function(f, args, kwargs)
    if kind is BuiltinMethodType:
        return native.builtin(f, args, kwargs)
    if isinstance(f, type):
        return classes.construct(f, args, kwargs)
    return _of_object(f, kind, args, kwargs)


def _of_object(f: Any, kind: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """An object that can be called."""
    if kind is functools.partial:
        return call(f.func, *f.args, *args, **{**f.keywords, **kwargs})
    if kind is _LRU:
        return call(f.__wrapped__, *args, **kwargs)
    if kind is functools.partialmethod:
        return call(f.func, args[0], *f.args, *args[1:], **{**f.keywords, **kwargs})
    if kind in (operator.itemgetter, operator.attrgetter, operator.methodcaller):
        return native.getter(f, args)
    if kind is METHOD_WRAPPER:
        return native.special_method(f, args, kwargs)
    if kind in _DESCRIPTORS and args:
        return call(f.__get__(args[0]), *args[1:], **kwargs)
    recorded = getattr(f, "__srcgrad_call__", None)
    if recorded is not None:
        return recorded(*args, **kwargs)
    implementation = getattr(f, "_implementation", None)
    if isinstance(implementation, FunctionType):
        known = ruled.dispatched(f, args, kwargs)
        if known is not NOT_KNOWN:
            return known
        if any_active(args, kwargs) or reach.is_reached(args, kwargs):
            return python_function(implementation, args, kwargs)
        return native.unrecorded(f, args, kwargs)
    if dispatchers.is_compiled(f):
        written = dispatchers.written(f, args)
        return call(written, *args, **kwargs) if written is not None else native.foreign(f, args, kwargs)
    method = python_method(kind, "__call__")
    if method is not None:
        return call(method, f, *args, **kwargs)
    return native.foreign(f, args, kwargs)


def python_function(f: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A function written in Python, rewritten and run."""
    if f.__code__ in rewritten:
        return f(*args, **kwargs)
    module = f.__globals__.get("__name__") or ""
    root = module.partition(".")[0]
    if root in SILENT:
        return native.silent(f, args, kwargs)
    if root == "srcgrad" and (not module.startswith(_DIFFERENTIATED) or module == "srcgrad.rules.table"):
        return f(*args, **kwargs)
    if module == "pdb" and f.__name__ == "set_trace":
        return stopping.stopped(f, args, kwargs)
    if root in LIBRARIES and all(is_plain(a) for a in (*args, *kwargs.values())) and not _holds_active(f):
        return native.unrecorded(f, args, kwargs)
    if module in _THREADED:
        return native.threaded(f, args, kwargs)
    if is_generated(f):
        return f(*args, **kwargs)
    try:
        recorded = rewrite[0](f)
    except SourceUnavailableError as error:
        if reach.is_reached(f, args, kwargs):
            if error.place is None:
                error.place, calls, _ = user_place()
                error.calls = tuple(calls)
            raise
        return native.unrecorded(f, args, kwargs)
    return recorded(*args, **kwargs)


def _holds_active(f: FunctionType) -> bool:
    """Whether a function that a library made has an active value in its closure, as functools.singledispatch's."""
    return f.__closure__ is not None and reach.is_reached(f)


_THREADED = frozenset({"threading", "concurrent.futures.thread", "concurrent.futures.process", "multiprocessing.pool"})
_MADE_METHODS = frozenset(
    "__init__ __repr__ __eq__ __lt__ __le__ __gt__ __ge__ __hash__ __setattr__ __delattr__ __new__ __replace__".split()
)


def is_generated(f: FunctionType) -> bool:
    """Whether a method was made by the standard library from text, as those of dataclasses and namedtuples are."""
    if f.__name__ not in _MADE_METHODS and not f.__qualname__.startswith("_"):
        return False
    return f.__code__.co_filename.startswith(("<string>", "<attrs generated", "<namedtuple"))


def is_plain(x: Any) -> bool:
    """An argument through which library code can reach neither active values nor the user's code."""
    if x is None or isinstance(x, (bool, int, str, bytes, np.dtype, np.random.Generator, type(Ellipsis), slice)):
        return True
    if isinstance(x, (float, complex, np.generic)) or type(x) is np.ndarray:
        return not is_active(x)
    if type(x) in (list, tuple, set, frozenset):
        return all(is_plain(v) for v in x)
    if type(x) is dict:
        return all(is_plain(v) for v in x.values())
    return isinstance(x, type) and x.__module__ in ("builtins", "numpy")


# These are built upon this module.
from srcgrad.runtime import classes, native, ruled  # noqa: E402
