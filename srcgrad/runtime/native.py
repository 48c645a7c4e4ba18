"""Code that runs without being recorded: what it may be given, and what is checked around it.

Code that moves its arguments about (list.append, zip, itertools.chain) is run as it is: arrays are
given to it as their recorded elements, and callables so that their bodies are recorded. All other code
of C is run when nothing active can be got at through its arguments, and refused otherwise. Arrays that
entries of a trace refer to are compared before and after, so that a change of one is noted.
"""

from __future__ import annotations

import builtins
import collections
import copy
import functools
import itertools
import math
import operator
import threading
from types import FunctionType, MethodType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from srcgrad.runtime import anomaly, memory, reach, stopping
from srcgrad.runtime.calls import NOT_KNOWN, call, is_python, python_method
from srcgrad.runtime.entries import Write
from srcgrad.runtime.levels import carried, refused, state
from srcgrad.runtime.operations import any_active, is_active, missing, shows_memory_of
from srcgrad.runtime.reverse import ReverseTrace

_MOVING_MODULES = frozenset(
    {
        "itertools", "_heapq", "heapq", "_bisect", "bisect", "_collections", "_functools", "_random", "time",
        "_warnings", "_abc", "_weakref", "gc", "_thread", "_queue", "_contextvars",
    }
)  # fmt: skip
MOVING_CLASSES = frozenset(
    {
        list, tuple, dict, set, frozenset, zip, enumerate, map, filter, reversed, object, type, property,
        classmethod, staticmethod, slice, range, bool, str, super, memoryview,
        collections.deque, collections.OrderedDict, collections.defaultdict, SimpleNamespace, FunctionType, MethodType,
        functools.partial, operator.itemgetter, operator.attrgetter, operator.methodcaller,
        np.ndarray, np.flatiter, np.ndindex, np.dtype, np.errstate, np.ndenumerate,
    }
)  # fmt: skip
# Types of C whose methods move data and compute nothing, by name: many have no other public one.
_MOVING_TYPES = frozenset(
    {
        "deque", "OrderedDict", "defaultdict", "generator", "dict_items", "dict_values", "dict_keys", "mappingproxy",
        "SimpleNamespace", "list_iterator", "zip", "map", "filter", "enumerate", "chain", "count", "cycle", "islice",
        "lock", "RLock", "ContextVar", "slice", "range", "Random", "method-wrapper", "flatiter", "TextIOWrapper",
        "Generator", "RandomState", "dtype", "StringIO", "finfo", "frame", "code", "SimpleQueue", "Context",
        "weakref", "ReferenceType", "traceback", "cell", "function", "method",
    }
)  # fmt: skip
_MOVING = frozenset(
    {
        next, iter, isinstance, issubclass, len, id, hash, repr, print, callable, hasattr, all, any, sorted, min, max,
        vars, dir, format, delattr, ascii, chr, ord, hex, bin, oct, globals, locals, input, open, math.isclose,
        builtins.__build_class__, builtins.__import__,
    }
)  # fmt: skip
_DRAWING = ("Generator", "RandomState", "Random")
_CONTAINERS = (list, dict, set, tuple, str, bytes, frozenset, bytearray)
# Containers take an array as one member where these are called; iterators run over it.
_MEMBER_METHODS = frozenset(
    "append appendleft insert add setdefault get pop remove index count __contains__ send throw put push format write "
    "put_nowait set join".split()
)
_OF_TYPES = ("mro", "__subclasses__", "__subclasscheck__", "__instancecheck__", "__prepare__", "__dir__", "__sizeof__")
_CALLING_BACK = frozenset(
    {filter, itertools.takewhile, itertools.dropwhile, itertools.filterfalse, collections.defaultdict}
)


def builtin(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A C function, or a method of an object of C."""
    owner = f.__self__
    if owner is None or isinstance(owner, ModuleType):
        if f in _MOVING or f.__module__ in _MOVING_MODULES:
            return moved(f, args, kwargs)
        return foreign(f, args, kwargs)
    if isinstance(owner, (np.ndarray, np.generic)):
        return array_method(f, owner, args, kwargs)
    if isinstance(owner, np.ufunc):
        return ruled.ufunc_method(owner, f.__name__, args, kwargs)
    if isinstance(owner, _CONTAINERS) or type(owner).__name__ in _MOVING_TYPES:
        return moved(f, args, kwargs)
    if isinstance(owner, (float, complex)):
        if f.__name__ == "conjugate":
            return ruled.by_table(np.conj, (owner,), {}, operator.methodcaller("conjugate"))
        if f.__name__ in ("is_integer", "__format__", "hex", "__getnewargs__", "__reduce_ex__"):
            return textual(f, args, kwargs, owner)
        if is_active(owner):
            raise missing(getattr(type(owner), f.__name__))
    if isinstance(owner, type):
        if f.__name__ == "__new__":
            return classes.made(f, args, kwargs)
        if issubclass(owner, (dict, str, tuple, list)) or owner is object or f.__name__ in _OF_TYPES:
            return moved(f, args, kwargs)
    if f.__name__ in (
        "__reduce_ex__",
        "__reduce__",
        "__getstate__",
        "__init_subclass__",
        "__subclasshook__",
        "__dir__",
    ):
        return f(*args, **kwargs)
    if isinstance(owner, BaseException) or is_python(type(owner)):
        # A method that an object of the user's inherits from its base in C.
        return moved(f, args, kwargs) if classes.moves_only(type(owner)) else foreign(f, args, kwargs)
    return foreign(f, args, kwargs)


def moved(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run C code that only moves its arguments about."""
    owner = getattr(f, "__self__", None)
    kind = type(owner).__name__
    if kind in _DRAWING:
        if any(is_active(a) and isinstance(a, np.ndarray) for a in args):
            return drawing.rearranged(f, args, kwargs)
        if any_active(args, kwargs) and not (f.__name__ in ("shuffle", "seed") and isinstance(args[0], list)):
            raise missing(f, " with parameters to be differentiated")
        return unrecorded(f, args, kwargs)
    if (f is dict or (f.__name__ == "update" and isinstance(owner, dict))) and args and not isinstance(args[0], dict):
        args = (_pairs(args[0]), *args[1:])
    given = list(args) if _keeps_arrays(f, owner) else [_movable(a) for a in args]
    if args and (f in _CALLING_BACK or (kind == "Context" and f.__name__ == "run")):
        given[0] = iteration.bound(args[0])
    if f is functools.cmp_to_key:
        given = [iteration.bound(a) for a in args]
    named = {k: (iteration.bound(v) if k == "key" else v) for k, v in kwargs.items()}
    y = f(*given, **named)
    if (
        isinstance(y, str)
        and state.texts is not None
        and (any_active(args, kwargs) or any(id(a) in state.texts for a in (*args, owner) if isinstance(a, str)))
    ):
        state.texts[id(y)] = y
    return y


def _pairs(items: Any) -> Any:
    """The items that a dict is made of: each of two, which may be an array."""
    if hasattr(items, "keys"):
        return items
    return [tuple(iteration.iterate(p)) if isinstance(p, np.ndarray) else p for p in iteration.iterate(items)]


def _keeps_arrays(f: Any, owner: Any) -> bool:
    return (
        (getattr(f, "__name__", "") in _MEMBER_METHODS and not isinstance(f, type))
        or f in _WHOLE
        or getattr(f, "__module__", "") in ("_heapq", "_bisect", "_weakref", "_contextvars")
        or isinstance(owner, (str, dict))
    )


_WHOLE = frozenset(
    {
        np.ndarray,
        isinstance,
        len,
        id,
        print,
        repr,
        type,
        hash,
        format,
        hasattr,
        callable,
        vars,
        str,
        bool,
        object,
        dict,
        SimpleNamespace,
        functools.partial,
        itertools.repeat,
        memoryview,
        slice,
        MethodType,
        FunctionType,
    }
)


def _movable(a: Any) -> Any:
    if isinstance(a, (np.ndarray, memoryview, np.flatiter)):
        return iteration.iterate(a)
    if isinstance(a, (int, float, str, list, tuple, dict, type(None), range)):
        return a
    if python_method(type(a), "__iter__") is not None:
        return iteration.iterate(a)
    return a


def unrecorded(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run code that nothing active can be reached from, noting what it changes in arrays that entries refer to."""
    arrays = [a for a in args if isinstance(a, np.ndarray)]
    if len(arrays) == len(args) and not kwargs:
        held = [a for a in arrays if a.flags.writeable and any(level.holds(a) for level in state.levels)]
    else:
        held = reach.held_arrays(args, kwargs)
    return guarded(f, args, kwargs, held) if held else f(*args, **kwargs)


def guarded(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], held: list[np.ndarray]) -> Any:
    """A call with each of some arrays compared before and after; a change is noted as a write."""
    before = [np.array(a) for a in held]
    try:
        return f(*args, **kwargs)
    finally:
        for a, old in zip(held, before, strict=True):
            if a.tobytes() != old.tobytes():
                if is_active(a):
                    raise missing(f, ", which writes into an array to be differentiated")
                for level in state.levels:
                    if isinstance(level, ReverseTrace) and level.holds(a):
                        level.append(Write(a, Ellipsis, old, None, False), anomaly.here() if anomaly.watch.on else None)


def foreign(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """C code that nothing is known about."""
    if f is breakpoint:
        return stopping.stopped(f, args, kwargs)
    if f is eval or f is exec or f is compile:
        if f is compile or (len(args) > 1 and not reach.is_reached(args[1:])):
            return f(*args, **kwargs)
        raise refused(
            f"{f.__name__}() runs code that is not there to be differentiated",
            ways=("write the code out as a function",),
        )
    if args and type(args[0]).__name__ in _DRAWING and getattr(args[0], f.__name__, None) is not None:
        return moved(getattr(args[0], f.__name__), args[1:], kwargs)  # methods made by Cython are functions
    if any_active(args, kwargs) or reach.is_reached(getattr(f, "__self__", None), args, kwargs):
        raise missing(f)
    given = [_guarding(f, a) for a in args]
    named = {k: _guarding(f, v) for k, v in kwargs.items()}
    return unrecorded(f, tuple(given), named)


def _guarding(f: Any, a: Any) -> Any:
    """A callable that C code computes with: recorded, and refused if what it returns depends on an input."""
    if not isinstance(a, (FunctionType, MethodType, functools.partial)) or isinstance(f, type):
        return a

    @functools.wraps(a)
    def callback(*args: Any, **kwargs: Any) -> Any:
        y = call(a, *args, **kwargs)
        if state.levels and is_active(y):
            raise missing(f, ", which computes with what a function of yours returns")
        return y

    return callback


def silent(f: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A function of a library that logs, formats, times or waits: run as it is."""
    root = (f.__globals__.get("__name__") or "").partition(".")[0]
    if root == "tqdm":
        args = tuple([iteration.iterate(a) if isinstance(a, np.ndarray) and is_active(a) else a for a in args])
    if f.__name__ in ("loads", "load") and state.texts:
        check_texts(f, args)
        if any(id(x) in state.texts for x in args if isinstance(x, str)):
            raise _of_text(f)
    called_back = (FunctionType, MethodType, functools.partial)
    given = [iteration.bound(a) if isinstance(a, called_back) else a for a in args]
    y = f(*given, **{k: iteration.bound(v) if isinstance(v, called_back) else v for k, v in kwargs.items()})
    if isinstance(y, str) and state.texts is not None and reach.is_reached(args, kwargs):
        state.texts[id(y)] = y
    return y


def textual(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], *shown: Any) -> Any:
    """Run what makes a text, and remember the text if it shows a number that a derivative depends on."""
    y = f(*args, **kwargs)
    if isinstance(y, str) and state.texts is not None and any_active((*args, *shown), kwargs):
        state.texts[id(y)] = y
    return y


READING = frozenset(
    {float, complex, np.float64, np.float32, np.fromstring, np.array, np.asarray, np.loadtxt, np.genfromtxt}
)


def check_texts(f: Any, args: tuple[Any, ...]) -> None:
    """Refuse to read back as numbers a text of numbers that a derivative depends on."""
    texts = state.texts
    if texts and (
        f in READING or getattr(f, "__name__", "") in ("Decimal", "Fraction", "literal_eval", "loads", "fromhex")
    ):
        for a in args:
            parts = a if isinstance(a, (list, tuple)) else (a,)
            if any(isinstance(part, (str, np.ndarray)) and id(part) in texts for part in parts):
                raise _of_text(f)


def _of_text(f: Any) -> Exception:
    return refused(
        f"{getattr(f, '__name__', f)}() reads back a number that was written as text",
        ways=("pass the number itself", "srcgrad.stop_gradient(...) around the number that is written"),
    )


def named_locals(found: dict[str, Any], recorder_name: str) -> dict[str, Any]:
    """What `locals()` gives in the user's function: without the names that the rewriting added."""
    return {
        k: v for k, v in found.items() if k != recorder_name and not (
            k.startswith(f"{recorder_name}_") and k[len(recorder_name) + 1 :].isdigit()
        )
    }  # fmt: skip


def getter(f: Any, args: tuple[Any, ...]) -> Any:
    """operator.itemgetter, attrgetter and methodcaller, as what they were made of says."""
    _, made_of = f.__reduce__()[:2]
    (x,) = args
    if isinstance(f, operator.itemgetter):
        items = [access.getitem(x, k) for k in made_of]
        return items[0] if len(items) == 1 else tuple(items)
    if isinstance(f, operator.attrgetter):
        found = [functools.reduce(access.attribute, name.split("."), x) for name in made_of]
        return found[0] if len(found) == 1 else tuple(found)
    maker = f.__reduce__()[0]
    named = maker.keywords if isinstance(maker, functools.partial) else {}
    name, *rest = maker.args[1:] + made_of if isinstance(maker, functools.partial) and maker.args[1:] else made_of
    return call(access.attribute(x, name), *rest, **named)


def threaded(f: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A function of the libraries of threads: what another thread is to run is recorded there."""
    if "process" in f.__module__ or "multiprocessing" in f.__module__:
        if reach.is_reached(args, kwargs):
            raise missing(f, ", which computes in another process")
        return f(*args, **kwargs)
    if f is threading.Thread.run:
        thread = args[0]
        return None if thread._target is None else call(thread._target, *thread._args, **thread._kwargs)
    if f is threading.Timer.run:
        timer = args[0]
        if not timer.finished.wait(timer.interval):
            call(timer.function, *timer.args, **timer.kwargs)
        timer.finished.set()
        return None
    if f.__name__ == "start" and args and hasattr(args[0], "run"):
        args[0].run = carried(args[0].run)
    elif f.__name__ == "submit" and len(args) > 1:
        args = (args[0], carried(args[1]), *args[2:])
    return f(*args, **kwargs)


# Methods of arrays


def array_method(f: Any, x: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A method of an array or of a NumPy scalar."""
    name = f.__name__
    if name in _OPERATORS:
        return special_method(f, args, kwargs)
    if name == "_set_dtype":  # NumPy 2.5's own way to set it
        return f(*args) if np.dtype(args[0]) == x.dtype else access.setattribute(x, "dtype", *args)
    if name in ("__copy__", "__deepcopy__"):
        if isinstance(x, np.generic):
            return x
        if x.dtype.kind == "O" and is_active(x):
            return call(np.reshape, call(_object_copy, list(x.flat)), x.shape) if name == "__deepcopy__" else x.copy()
        return call(np.copy, x) if type(x) is np.ndarray else call(x.copy)
    unbound = getattr(np.ndarray, name, None)
    reads = name in ("astype", "tolist", "item", "copy") and x.dtype.kind in "US"
    if reads and state.texts and id(x if isinstance(x, np.str_) else memory.owner(x)) in state.texts:
        raise _of_text(unbound)
    if unbound is not None:
        compute = None
        if isinstance(x, np.generic):
            compute = functools.partial(_method_of, name)
        known = ruled.by_table(unbound, (x, *args), kwargs, compute)
        if known is not NOT_KNOWN:
            return known
    if not is_active(x) and not any_active(args, kwargs):
        if reach.is_reached(args, kwargs):
            raise missing(unbound or f)
        held = [x] if isinstance(x, np.ndarray) and any(level.holds(x) for level in state.levels) else []
        if name == "resize" and held:
            raise missing(unbound or f)
        return guarded(f, args, kwargs, held) if held else f(*args, **kwargs)
    y = f(*args, **kwargs)
    if shows_memory_of(y, (x,), {}) or isinstance(y, (bool, int, np.bool_, np.integer)):
        return y
    if isinstance(y, str):
        if state.texts is not None:
            state.texts[id(y)] = y
        return y
    raise missing(unbound or f)


def _method_of(name: str, x: Any, *args: Any, **kwargs: Any) -> Any:
    return getattr(x, name)(*args, **kwargs)


def _object_copy(items: list[Any]) -> Any:
    made = np.empty(len(items), object)
    for k, item in enumerate(items):
        made[k] = copy.deepcopy(item)
    return made


_OPERATORS = {
    "__add__": "add", "__sub__": "sub", "__mul__": "mul", "__truediv__": "truediv", "__floordiv__": "floordiv",
    "__mod__": "mod", "__pow__": "pow", "__matmul__": "matmul", "__neg__": "neg", "__pos__": "pos",
}  # fmt: skip
_PASSIVE_METHODS = frozenset(
    "__init__ __eq__ __ne__ __lt__ __le__ __gt__ __ge__ __bool__ __hash__ __repr__ __str__ __len__ __int__ "
    "__setattr__ __getattribute__ __contains__ __setstate__ __delattr__ __sizeof__".split()
)


def special_method(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`x.__add__(y)` and `super().__getitem__(i)`: the operator by its method's name."""
    x = f.__self__
    name = f.__name__
    if name == "__call__":
        return classes.constructed(x, args, kwargs) if isinstance(x, type) else call(x, *args, **kwargs)
    if name == "__get__" and isinstance(x, property) and args and args[0] is not None:
        return call(x.fget, args[0])
    if isinstance(x, np.flatiter) and name in ("__getitem__", "__setitem__"):
        return (access.getitem if name == "__getitem__" else access.setitem)(x, *args)
    if isinstance(x, (float, complex, np.ndarray, np.generic)):
        plain = _bare(x)
        if name in _OPERATORS:
            return getattr(arithmetic, _OPERATORS[name])(plain, *args)
        if name in ("__getitem__", "__setitem__"):
            return (access.getitem if name == "__getitem__" else access.setitem)(plain, *args)
        if name.startswith("__r") and f"__{name[3:]}" in _OPERATORS and args:
            return getattr(arithmetic, _OPERATORS[f"__{name[3:]}"])(args[0], plain)
        if name.startswith("__i") and name[2:-2] in arithmetic.IN_PLACE:
            y = arithmetic.augmented(name[2:-2], plain, *args)
            return x if y is plain else y
        if name == "__abs__":
            return call(abs, plain)
        if name in ("__float__", "__complex__"):
            return call(float if name == "__float__" else complex, x)
        if name == "__iter__":
            return iter(iteration.iterate(plain))
        if is_active(x) and name not in _PASSIVE_METHODS:
            raise missing(f)
    if name == "__getattribute__":
        return access.generic_attribute(x, *args)
    if name == "__setattr__":
        return access.generic_setattribute(x, *args)
    if isinstance(x, (list, set, collections.deque)) and name in ("__init__", "__iadd__", "__ior__"):
        return f(*[_movable(a) for a in args], **kwargs)
    if isinstance(x, dict) and name in ("__init__", "__ior__") and args:
        return f(_pairs(args[0]), **kwargs)
    return f(*args, **kwargs)


def _bare(x: Any) -> Any:
    """An array of a subclass, as what `super()` takes it for: the operators of ndarray itself."""
    return x.view(np.ndarray) if isinstance(x, np.ndarray) and type(x) is not np.ndarray else x


# These are built upon this module.
from srcgrad.runtime import access, arithmetic, classes, drawing, iteration, ruled  # noqa: E402
