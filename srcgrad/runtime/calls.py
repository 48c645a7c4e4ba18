"""Calls: what kind of callable it is decides how the call is recorded.

A function with a rule is computed and noted. A Python function is rewritten and run. A class is
constructed through its own methods. C code that only moves data is run as it is; other C code with
an active argument is refused.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import operator
import sys
from collections.abc import Callable
from types import BuiltinMethodType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from srcgrad.errors import SourceUnavailableError, UnsupportedSyntaxError
from srcgrad.rules import table
from srcgrad.runtime.levels import places, rewritten, state
from srcgrad.runtime.operations import is_active, missing, operate

# Turns a Python function into the same function with its computations recorded; the compiler sets it.
rewrite: list[Callable[[FunctionType], FunctionType]] = []

# Library modules whose work is not numerical: they run as they are.
_SILENT = frozenset(
    "logging warnings time datetime os sys io re json string textwrap pprint typing abc enum inspect types "
    "threading unittest pytest _pytest traceback linecache gc weakref pickle pathlib tempfile shutil tqdm matplotlib".split()
)
_LIBRARIES = frozenset(sys.stdlib_module_names) | {"numpy", "scipy"}
# Of srcgrad itself, what is differentiated when derivatives are nested; the rest runs as it is.
_DIFFERENTIATED = (
    "srcgrad.rules.", "srcgrad.runtime.reverse", "srcgrad.runtime.forward", "srcgrad.runtime.memory",
    "srcgrad.runtime.leaves", "srcgrad.runtime.tree",
)  # fmt: skip

_METHOD_WRAPPER = type((1.0).__add__)
_WRAPPER_DESCRIPTOR = type(float.__add__)
_METHOD_DESCRIPTOR = type(str.join)
_CLASS_METHOD_DESCRIPTOR = type(float.__dict__["fromhex"])
_GETTERS = (operator.itemgetter, operator.attrgetter)
_LRU = type(functools.lru_cache(lambda: 0))


def is_python(x: Any) -> bool:
    """Whether a function, or any method of a class, is written in Python."""
    if isinstance(x, FunctionType):
        return True
    if isinstance(x, type):
        return bool(x.__flags__ & (1 << 9))  # Py_TPFLAGS_HEAPTYPE: not a static type of C
    return False


@functools.lru_cache(maxsize=4096)
def python_method(kind: type, name: str) -> Any:
    """The method of a class by which an operation is done, if that is written in Python."""
    if not kind.__flags__ & (1 << 9):
        return None
    for base in kind.__mro__:
        if name in base.__dict__:
            found = base.__dict__[name]
            return found if isinstance(found, (FunctionType, functools.partialmethod)) else None
    return None


def call(f: Any, /, *args: Any, **kwargs: Any) -> Any:
    """`f(*args, **kwargs)`, recorded."""
    kind = type(f)
    if kind is FunctionType and f.__code__ in rewritten:
        return f(*args, **kwargs)
    if not state.levels:
        return f(*args, **kwargs)
    if kind is np.ufunc:
        return _ufunc(f, args, kwargs)
    if kind is MethodType:
        return call(f.__func__, f.__self__, *args, **kwargs)
    known = _by_table(f, args, kwargs)
    if known is not _NOT_KNOWN:
        return known
    if kind is FunctionType:
        return _python_function(f, args, kwargs)
    if kind is BuiltinMethodType:
        return _builtin(f, args, kwargs)
    if isinstance(f, type):
        return _construct(f, args, kwargs)
    if kind in _GETTERS:
        return f(*args, **kwargs)
    if kind is functools.partial:
        return call(f.func, *f.args, *args, **{**f.keywords, **kwargs})
    if kind is _LRU:
        return call(f.__wrapped__, *args, **kwargs)
    if kind is _METHOD_WRAPPER:
        return _special_method(f, args, kwargs)
    if kind in (_WRAPPER_DESCRIPTOR, _METHOD_DESCRIPTOR) and args:
        return call(f.__get__(args[0]), *args[1:], **kwargs)
    recorded = getattr(f, "__srcgrad_call__", None)
    if recorded is not None:
        return recorded(*args, **kwargs)
    implementation = getattr(f, "_implementation", None)
    if implementation is not None and isinstance(implementation, FunctionType):
        if any_active(args, kwargs):
            return _python_function(implementation, args, kwargs)
        return f(*args, **kwargs)
    method = python_method(kind, "__call__")
    if method is not None:
        return call(method, f, *args, **kwargs)
    return _foreign(f, args, kwargs)


_NOT_KNOWN = object()


def any_active(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether any argument depends on an input."""
    return any(is_active(a) for a in args) or any(is_active(a) for a in kwargs.values())


def _iterate(xs: Any) -> Any:
    from srcgrad.runtime.recorder import iterate

    return iterate(xs)


def _by_table(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], compute: Any = None) -> Any:
    """A call that the engine or the rule table knows how to make; `compute` gives the value if not f."""
    from srcgrad.runtime.library import HANDLERS

    try:
        handler = HANDLERS.get(f)
    except TypeError:
        return _NOT_KNOWN
    if handler is not None:
        return handler(*args, **kwargs)
    rule = table.lookup(f)
    if rule is not None:
        args, kwargs = _out_by_name(rule.signature, args, kwargs)
        if kwargs.get("out") is not None:
            return _into(f, args, kwargs)
        overridden = _overridden(f, args)
        if overridden is not None:
            return call(overridden, *args, **kwargs)
        args = tuple([list(_iterate(a)) if hasattr(a, "__next__") else a for a in args])
        return operate(rule, compute or f, args, {k: v for k, v in kwargs.items() if k != "out" or v is not None})
    if table.is_zero(f):
        if f is np.sign and any(np.iscomplexobj(a) for a in args) and any_active(args, {}):
            raise missing(f, " of complex numbers")
        return (compute or f)(*args, **kwargs)
    body = table.substitute(f)
    if body is not None:
        args, kwargs = _out_by_name(_signature_of(body), args, kwargs)
        if kwargs.get("out") is not None:
            return _into(f, args, kwargs)
        if not _writes(f) and not any_active(args, kwargs):
            return (compute or f)(*args, **kwargs)
        return _python_function(body, args, kwargs)
    return _NOT_KNOWN


@functools.cache
def _signature_of(body: Any) -> inspect.Signature:
    return inspect.signature(body)


def _out_by_name(
    signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments with an `out` that was given by position moved to its name, and defaults of NumPy's own left out."""
    if kwargs and any(v is np._NoValue for v in kwargs.values()):  # type: ignore[attr-defined]
        kwargs = {k: v for k, v in kwargs.items() if v is not np._NoValue}  # type: ignore[attr-defined]
    names = list(signature.parameters)
    if "out" in names and len(args) > names.index("out"):
        at = names.index("out")
        kwargs = {**kwargs, **dict(zip(names[at:], args[at:], strict=False))}
        args = args[:at]
    return args, kwargs


# Functions that write into an argument: also where nothing is active, the write has to be noted.
_WRITERS = frozenset("copyto put place putmask fill_diagonal put_along_axis fill sort partition resize".split())


def _writes(f: Any) -> bool:
    return f.__name__ in _WRITERS and f not in (np.sort, np.partition, np.resize)


# Builtins that hand over to a method of their argument's class.
_DUNDERS = {abs: "__abs__", float: "__float__", complex: "__complex__", round: "__round__", divmod: "__divmod__"}


def _overridden(f: Any, args: tuple[Any, ...]) -> Any:
    name = _DUNDERS.get(f)
    return python_method(type(args[0]), name) if name is not None and args else None


def _into(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`f(…, out=buffer)`: the result computed, then written."""
    from srcgrad.runtime.recorder import setitem

    rest = {k: v for k, v in kwargs.items() if k != "out"}
    out = kwargs["out"]
    y = call(f, *args, **rest)
    if isinstance(out, tuple):
        results = y if isinstance(y, tuple) else (y,)
        for target, part in zip(out, results, strict=True):
            if target is not None:
                setitem(target, Ellipsis, part)
        return out[0] if len(out) == 1 else tuple(p if t is None else t for t, p in zip(out, results, strict=True))
    setitem(out, Ellipsis, y)
    return out


def _ufunc(f: np.ufunc, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A ufunc with its keywords: out, where, dtype; the others do not change the derivative."""
    if len(args) > f.nin:
        outs = args[f.nin :]
        return _ufunc(f, args[: f.nin], {**kwargs, "out": outs if len(outs) > 1 else outs[0]})
    if kwargs:
        out = kwargs.get("out")
        if out is not None:
            return _ufunc_into(f, args, kwargs, out[0] if isinstance(out, tuple) and len(out) == 1 else out)
        if not any_active(args, {}):
            return f(*args, **kwargs)
        where = kwargs.get("where", True)
        if where is not True:
            with np.errstate(all="ignore"):
                y = call(f, *args)
            return call(np.where, where, y, np.zeros_like(y))
        if kwargs.get("dtype") is not None:
            return call(np.asarray, call(f, *args), dtype=kwargs["dtype"])
        kwargs = {k: v for k, v in kwargs.items() if k not in ("out", "where", "dtype", "casting", "order", "subok")}
    if not any_active(args, {}):
        return _overridden_ufunc(f, args)
    known = _by_table(f, args, kwargs)
    if known is _NOT_KNOWN:
        y = f(*args, **kwargs)
        if np.asarray(y).dtype.kind in "biu":
            return y
        raise missing(f)
    return known


def _overridden_ufunc(f: np.ufunc, args: tuple[Any, ...]) -> Any:
    for a in args:
        method = python_method(type(a), "__array_ufunc__")
        if method is not None:
            return call(method, a, f, "__call__", *args)
    return f(*args)


def _ufunc_into(f: np.ufunc, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> Any:
    from srcgrad.runtime.recorder import setitem

    if isinstance(out, tuple):
        return _into(f, args, {**kwargs, "out": out})
    where = kwargs.get("where", True)
    with np.errstate(all="ignore" if where is not True else None):
        y = call(f, *args)
    if where is not True:
        y = call(np.where, where, y, out)
    if not np.can_cast(np.asarray(y).dtype, out.dtype, "same_kind"):
        return f(*args, **kwargs)
    setitem(out, Ellipsis, y)
    return out


def _python_function(f: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if f.__code__ in rewritten:
        return f(*args, **kwargs)
    module = f.__globals__.get("__name__") or ""
    root = module.partition(".")[0]
    if root in _SILENT or (root == "srcgrad" and not module.startswith(_DIFFERENTIATED)) or module == "srcgrad.rules.table":
        return f(*args, **kwargs)
    if root in _LIBRARIES and all(_is_plain(a) for a in args) and all(_is_plain(a) for a in kwargs.values()):
        return f(*args, **kwargs)
    try:
        recorded = rewrite[0](f)
    except SourceUnavailableError:
        cells = [c.cell_contents for c in f.__closure__ or () if _filled(c)]
        if any_active((*args, *cells), kwargs):
            raise
        return f(*args, **kwargs)
    return recorded(*args, **kwargs)


def _filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - reading an empty cell raises
    except ValueError:
        return False
    return True


def _is_plain(x: Any) -> bool:
    """An argument through which library code can reach neither active values nor the user's code."""
    if x is None or isinstance(x, (bool, int, str, bytes, np.dtype, np.random.Generator, type(Ellipsis), slice)):
        return True
    if isinstance(x, (float, complex, np.ndarray, np.generic)):
        return not is_active(x)
    if type(x) in (list, tuple, set, frozenset):
        return all(_is_plain(v) for v in x)
    if type(x) is dict:
        return all(_is_plain(v) for v in x.values())
    return isinstance(x, type) and x.__module__ in ("builtins", "numpy")


_CONTAINER_TYPES = (list, dict, set, tuple, str, bytes, frozenset, bytearray)


def _builtin(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A C function, or a method of an object of C."""
    from srcgrad.runtime import library

    owner = f.__self__
    if owner is None or isinstance(owner, ModuleType):
        if f.__module__ in library.MOVING_MODULES or f in library.MOVING:
            return library.moved(f, args, kwargs)
        return _foreign(f, args, kwargs)
    if isinstance(owner, (np.ndarray, np.generic)):
        return _array_method(f, owner, args, kwargs)
    if isinstance(owner, np.ufunc):
        return library.ufunc_method(owner, f.__name__, args, kwargs)
    if isinstance(owner, _CONTAINER_TYPES) or type(owner).__name__ in library.MOVING_TYPES:
        return library.moved(f, args, kwargs)
    if isinstance(owner, (float, complex)):
        if f.__name__ == "conjugate":
            return call(np.conj, owner)
        if f.__name__ in ("is_integer", "__format__"):
            return f(*args, **kwargs)
        if is_active(owner):
            raise missing(getattr(type(owner), f.__name__))
    if isinstance(owner, type):
        if owner is object and f.__name__ == "__new__":
            return f(*args, **kwargs)
        if f.__name__ == "__new__":
            return f(*args, **kwargs)
        if issubclass(owner, (dict, str, tuple, list)):
            return library.moved(f, args, kwargs)
    return _foreign(f, args, kwargs)


def _array_method(f: Any, x: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    name = f.__name__
    if name in library_names():
        return _special_method(f, args, kwargs)
    unbound = getattr(np.ndarray, name, None)
    if unbound is not None:
        compute = None
        if isinstance(x, np.generic):
            compute = lambda v, *rest, **named: getattr(v, name)(*rest, **named)  # noqa: E731 - its name is its use
        known = _by_table(unbound, (x, *args), kwargs, compute)
        if known is not _NOT_KNOWN:
            return known
    if not is_active(x) and not any_active(args, kwargs):
        return f(*args, **kwargs)
    from srcgrad.runtime.operations import _shows_memory_of

    y = f(*args, **kwargs)
    if _shows_memory_of(y, (x,), {}) or isinstance(y, (bool, int, str, np.bool_, np.integer)):
        return y
    raise missing(unbound or f)


@functools.cache
def library_names() -> frozenset[str]:
    """The special methods that stand for an operator."""
    return frozenset(_OPERATORS)


_OPERATORS = {
    "__add__": "add", "__sub__": "sub", "__mul__": "mul", "__truediv__": "truediv", "__floordiv__": "floordiv",
    "__mod__": "mod", "__pow__": "pow", "__matmul__": "matmul", "__neg__": "neg", "__pos__": "pos",
    "__getitem__": "getitem", "__setitem__": "setitem",
}  # fmt: skip


def _special_method(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`x.__add__(y)` and `super().__getitem__(i)`: the operator by its method's name."""
    from srcgrad.runtime import recorder

    x = f.__self__
    name = f.__name__
    if isinstance(x, (float, complex, np.ndarray, np.generic)):
        if name in _OPERATORS:
            return getattr(recorder, _OPERATORS[name])(x, *args)
        if name.startswith("__r") and f"__{name[3:]}" in _OPERATORS and args:
            return getattr(recorder, _OPERATORS[f"__{name[3:]}"])(args[0], x)
        if name.startswith("__i") and name[2:-2] in recorder._IN_PLACE:
            return recorder.augmented(name[2:-2], x, *args)
        if name == "__abs__":
            return call(abs, x)
        if name in ("__float__", "__complex__"):
            return call(float if name == "__float__" else complex, x)
        if is_active(x) and name not in (
            "__init__", "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__bool__", "__hash__", "__repr__",
            "__str__", "__len__", "__int__", "__setattr__", "__getattribute__", "__iter__", "__contains__",
        ):  # fmt: skip
            raise missing(f)
    return f(*args, **kwargs)


def _construct(cls: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A class called: `__new__`, then `__init__`, each recorded where it is written in Python."""
    from srcgrad.runtime import library

    if not is_python(cls):
        if cls in library.MOVING_CLASSES or cls.__module__ in library.MOVING_MODULES or issubclass(cls, BaseException):
            return library.moved(cls, args, kwargs)
        return _foreign(cls, args, kwargs)
    meta_call = python_method(type(cls), "__call__")
    if meta_call is not None and not issubclass(type(cls), _enum_meta()):
        return call(meta_call, cls, *args, **kwargs)
    if issubclass(type(cls), _enum_meta()) or cls.__module__.partition(".")[0] in _SILENT:
        return cls(*args, **kwargs)
    new, init = cls.__new__, cls.__init__
    if dataclasses.is_dataclass(cls) and init.__qualname__.endswith("__init__") and "__dataclass_params__" in _home(cls, "__init__"):
        return _dataclass(cls, args, kwargs)
    if not isinstance(new, FunctionType) and not isinstance(init, FunctionType):
        return library.moved(cls, args, kwargs) if _moves_only(cls) else _foreign(cls, args, kwargs)
    if isinstance(new, FunctionType) and _generated(new):
        return cls(*args, **kwargs)
    if isinstance(new, FunctionType):
        obj = call(new, cls, *args, **kwargs)
    elif new is object.__new__:
        obj = object.__new__(cls)
    else:
        obj = new(cls, *args, **kwargs) if not issubclass(cls, (list, dict, BaseException)) or cls.__init__ is None else new(cls, *args)
    if isinstance(obj, cls):
        call(type(obj).__init__, obj, *args, **kwargs)
    return obj


@functools.cache
def _enum_meta() -> type:
    import enum

    return enum.EnumMeta


def _home(cls: type, name: str) -> dict[str, Any]:
    """The namespace of the class that defines a method."""
    for base in cls.__mro__:
        if name in base.__dict__:
            return dict(base.__dict__)
    return {}


def _generated(f: FunctionType) -> bool:
    """Whether a method was made by the standard library from text, as namedtuple's are."""
    return f.__code__.co_filename.startswith("<") and not f.__code__.co_filename.startswith(("<stdin", "<ipython", "<python-input", "<doctest"))


def _moves_only(cls: type) -> bool:
    """A class without an `__init__` or `__new__` of its own: its C base decides."""
    from srcgrad.runtime import library

    base = next(b for b in cls.__mro__ if not is_python(b))
    return base in library.MOVING_CLASSES or base is object or issubclass(base, BaseException)


def _dataclass(cls: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A dataclass whose `__init__` is generated: fields assigned, then `__post_init__`."""
    post = python_method(cls, "__post_init__")
    factories = {
        f.name: f.default_factory for f in dataclasses.fields(cls) if f.default_factory is not dataclasses.MISSING
    }
    if post is None and not any(isinstance(f, FunctionType) for f in factories.values()):
        return cls(*args, **kwargs)
    bound = inspect.signature(cls.__init__).bind(None, *args, **kwargs)
    given = dict(list(bound.arguments.items())[1:])
    obj = object.__new__(cls)
    initial = []
    fields = cls.__dataclass_fields__  # type: ignore[attr-defined]
    for name, f in fields.items():
        if f._field_type is dataclasses._FIELD_CLASSVAR:  # type: ignore[attr-defined]
            continue
        if name in given:
            value = given[name]
        elif name in factories:
            value = call(factories[name])
        elif f.default is not dataclasses.MISSING:
            value = f.default
        else:
            continue
        if f._field_type is dataclasses._FIELD_INITVAR:  # type: ignore[attr-defined]
            initial.append(value)
        else:
            object.__setattr__(obj, name, value)
    if post is not None:
        call(post, obj, *initial)
    return obj


def _foreign(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """C code that nothing is known about."""
    if f in (eval, exec, compile):
        where = places()
        raise UnsupportedSyntaxError(
            f"{f.__name__}() runs code that is not there to be differentiated",
            where[0] if where else None,
            calls=where[1:],
            ways=("write the code out as a function",),
        )
    if any_active(args, kwargs):
        raise missing(f)
    return f(*args, **kwargs)
