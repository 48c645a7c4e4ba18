"""Calls of functions that the engine or the rule table knows, ufuncs with all their keywords among them."""

from __future__ import annotations

import functools
import gc
import inspect
import re
from collections import deque
from typing import Any

import numpy as np

from srcgrad.rules import table
from srcgrad.runtime import anomaly, reach
from srcgrad.runtime.binding import binding_of
from srcgrad.runtime.calls import NOT_KNOWN, call, handlers, is_plain, python_function, python_method
from srcgrad.runtime.levels import refused, state
from srcgrad.runtime.operations import any_active, check_unlike, is_active, missing, operate
from srcgrad.runtime.reverse import ReverseTrace
from srcgrad.runtime.undefined import without_derivative

_FLOATS = frozenset({float, np.float64})
_NUMBERS = frozenset({float, int, np.float64})
_CONVERTED = (float, int, str, complex, np.ndarray, np.generic, list, tuple, dict, type(None), slice, type, np.dtype)


def by_table(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], compute: Any = None) -> Any:
    """A call that the engine or the rule table knows how to make; `compute` gives the value if not f."""
    try:
        handler = handlers.get(f)
    except TypeError:
        return NOT_KNOWN
    if handler is not None:
        return handler(*args, **kwargs)
    if f in _DUNDERS and args and type(args[0]).__flags__ & (1 << 9):
        for name in _DUNDERS[f]:
            overridden = python_method(type(args[0]), name)
            if overridden is not None:
                y = call(overridden, *args, **kwargs)
                return y if name == _DUNDERS[f][0] else call(f, y)
    rule = table.lookup(f)
    if rule is not None:
        if not kwargs and rule.shape == "elementwise" and len(args) <= 2:
            y = _of_numbers(rule, compute or f, args)
            if y is not NOT_KNOWN:
                return y
        return _with_rule(rule, f, args, kwargs, compute)
    zero = table.is_zero(f)
    body = None if zero else table.substitute(f)
    if not zero and (body is None or any(type(a) is np.poly1d for a in args)):
        return NOT_KNOWN  # of polynomials NumPy's own functions make polynomials
    if hasattr(f, "_implementation"):
        known = dispatched(f, args, kwargs)
        if known is not NOT_KNOWN:
            return known
    if not zero or getattr(f, "__module__", "") != "builtins":
        args, kwargs = _arguments(f, args, kwargs)
    if kwargs.get("out") is not None:
        return into(f, args, kwargs)
    if zero:
        if f is np.sign and any(np.iscomplexobj(a) for a in args) and any_active(args, {}):
            raise missing(f, " of complex numbers")
        y = (compute or f)(*args, **kwargs)
        if isinstance(y, str) and state.texts is not None and any_active(args, kwargs):
            state.texts[id(y)] = y
        elif isinstance(y, np.ndarray) and y.dtype.kind in "iu":
            check_unlike(y, args)
        return y
    if not _writes(f) and not any_active(args, kwargs) and not _calls_back(args, kwargs):
        return native.unrecorded(compute or f, args, kwargs)
    assert body is not None
    try:
        return python_function(body, args, kwargs)  # type: ignore[arg-type]
    except NotImplementedError as error:
        raise without_derivative(f, error) from None


def _calls_back(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a function or an object among the arguments can get at an active value.

    np.apply_along_axis(lambda v: c * v, 0, a)
    """
    given = [a for a in (*args, *kwargs.values()) if not is_plain(a)]
    return bool(given) and reach.is_reached(*given)


def _of_numbers(rule: Any, f: Any, args: tuple[Any, ...]) -> Any:
    """The quick way for plain numbers in a single reverse trace."""
    levels = state.levels
    if len(levels) != 1 or type(levels[0]) is not ReverseTrace or anomaly.watch.on:
        return NOT_KNOWN
    for a in args:
        if type(a) not in _NUMBERS:
            return NOT_KNOWN
    y = f(*args)
    if type(y) not in _FLOATS:
        return NOT_KNOWN
    known = levels[0].known
    if len(args) == 1:
        x = args[0]
        if id(x) in known and y is not x:
            levels[0].step_of_one(binding_of(rule), y, x)
    else:
        a, b = args
        active_a, active_b = id(a) in known, id(b) in known
        if (active_a or active_b) and y is not a and y is not b:
            levels[0].step(binding_of(rule), y, a, b, active_a, active_b)
    return y


def dispatched(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What an argument's own `__array_function__` makes of a call; NOT_KNOWN if there is none."""
    found = []
    for a in (*args, *kwargs.values()):
        for part in a if isinstance(a, (list, tuple)) else (a,):
            if type(part).__flags__ & (1 << 9) and python_method(type(part), "__array_function__") is not None:
                found.append(part)  # noqa: PERF401 - the condition is long enough as it is
    for x in found:
        types = tuple({type(part) for part in found})
        y = call(python_method(type(x), "__array_function__"), x, f, types, args, kwargs)
        if y is not NotImplemented:
            return y
    return NOT_KNOWN


def _with_rule(rule: Any, f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], compute: Any) -> Any:
    if hasattr(f, "_implementation"):
        known = dispatched(f, args, kwargs)
        if known is not NOT_KNOWN:
            return known
    args, kwargs = _arguments(f, args, kwargs)
    if kwargs.get("out") is not None:
        return into(f, args, kwargs)
    if "out" in kwargs:
        kwargs = {k: v for k, v in kwargs.items() if k != "out"}
    return operate(rule, compute or f, args, kwargs)


def _arguments(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments in the form of the table: iterators as lists, objects as what they turn into, `out` by name."""
    place = _place_of_out(f) if len(args) > 1 else None
    if place is not None and len(args) > place:
        if len(args) > place + 1:
            names = list(inspect.signature(f).parameters)
            kwargs = {**dict(zip(names[place + 1 :], args[place + 1 :], strict=False)), **kwargs}
        kwargs = {**kwargs, "out": args[place]}
        args = args[:place]
    args = tuple([_with_numbers(f, a) if isinstance(a, _CONVERTED) else _converted(f, a) for a in args])
    if not all(isinstance(v, _CONVERTED) for v in kwargs.values()):
        kwargs = {k: v if isinstance(v, _CONVERTED) else _converted(f, v) for k, v in kwargs.items()}
    for name in kwargs:
        if name.startswith("overwrite_") and kwargs[name]:
            # What the operand holds afterwards is said to be undefined: it stays as it is.
            kwargs = {**kwargs, name: False}
    for a in (*args, *kwargs.values()):
        if isinstance(a, np.ndarray) and type(a) is not np.ndarray and _is_special(type(a)) and any_active((a,), {}):
            raise refused(
                f"numpy.{type(a).__name__}, whose arithmetic is of its own, has no derivatives",
                ways=("use plain arrays: np.asarray(...)",),
            )
    if any(isinstance(a, np.ndarray) and a.dtype.kind == "O" and is_active(a) for a in args):
        args = tuple([_numbers_in(a) for a in args])
    return args, kwargs


def _of_objects(f: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments with objects as the arrays or numbers that they turn themselves into."""
    return tuple([a if isinstance(a, _CONVERTED) else _converted(f, a) for a in args])


def _with_numbers(f: Any, a: Any) -> Any:
    """A list in which objects of the user's are the numbers or arrays that the library makes of them."""
    if isinstance(a, dict) and getattr(f, "__module__", "") == "math":
        return list(a)
    if type(a) not in (list, tuple) or not any(_is_object(v) for v in a):
        return a
    return [_with_numbers(f, v) if isinstance(v, _CONVERTED) else _converted(f, v) for v in a]


def _is_object(v: Any) -> bool:
    if type(v) in (list, tuple):
        return any(_is_object(part) for part in v)
    return isinstance(v, (memoryview, deque)) or (bool(type(v).__flags__ & (1 << 9)) and not isinstance(v, _CONVERTED))


def _numbers_in(a: Any) -> Any:
    """An array of objects that are numbers as an array of numbers."""
    if not isinstance(a, np.ndarray) or a.dtype.kind != "O":
        return a
    items = [access.getitem(v, ()) if isinstance(v, np.ndarray) and v.ndim == 0 else v for v in a.flat]
    if not all(isinstance(v, (int, float, complex, np.number)) for v in items):
        raise refused(
            "an array of dtype object holds values that a derivative depends on", ways=("use an array of floats",)
        )
    return call(np.reshape, call(np.array, items), a.shape)


def _is_special(kind: type) -> bool:
    return issubclass(kind, (np.matrix, np.ma.MaskedArray))


def _converted(f: Any, a: Any) -> Any:
    """An argument of another type as the array, number or list that the library makes of it."""
    if isinstance(a, memoryview):
        return np.asarray(a) if isinstance(a.obj, np.ndarray) else a
    if hasattr(a, "__next__"):
        return list(iteration.iterate(a))
    kind = type(a)
    if isinstance(a, deque) or (isinstance(a, _ITERABLES) and getattr(f, "__module__", "") == "math"):
        return _with_numbers(f, list(a))
    if getattr(kind, getattr(f, "__name__", ""), None) is f:
        return a  # the object whose method this is, such as np.r_
    module = getattr(f, "__module__", "")
    names = _CONVERSIONS.get(module, ("__array__", "__float__", "__complex__"))
    for name in () if f in _DUNDERS else names:
        method = python_method(kind, name)
        if method is not None:
            return call(method, a)
    if python_method(kind, "__iter__") is not None or python_method(kind, "__getitem__") is not None:
        return a if f in _DUNDERS else list(iteration.iterate(a))
    return a


# What holds its members in an order that the functions of math read them in.
_ITERABLES: Any = (set, frozenset, type({}.keys()), type({}.values()), type({}.items()))

# Which methods the functions of a module turn an object into a number by.
_CONVERSIONS = {"math": ("__float__", "__index__"), "cmath": ("__complex__", "__float__", "__index__")}


@functools.lru_cache(maxsize=2048)
def _place_of_out(f: Any) -> int | None:
    """The position of the parameter `out`, where it can be given by position."""
    if f in _OUT:
        return _OUT[f]
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        return None
    for k, p in enumerate(parameters):
        if p.kind is p.VAR_POSITIONAL:
            return None
        if p.name == "out" and p.kind is not p.KEYWORD_ONLY:
            return k
    return None


# For versions of NumPy whose C functions have no signature.
_OUT: dict[Any, int] = {
    np.dot: 2,
    np.concatenate: 2,
    np.ndarray.dot: 2,
    **{getattr(np.ndarray, name): 3 for name in "sum prod mean cumsum cumprod take clip compress".split()},
    **{getattr(np.ndarray, name): 2 for name in "max min round argmax argmin any all choose".split()},
    **{getattr(np.ndarray, name): 3 for name in "std var".split()},
    np.ndarray.trace: 5,
}

# Functions that write into an argument: also where nothing is active, the write has to be noted.
_WRITERS = frozenset("copyto put place putmask fill_diagonal put_along_axis fill sort partition resize".split())


def _writes(f: Any) -> bool:
    return f.__name__ in _WRITERS and f not in (np.sort, np.partition, np.resize)


# Builtins that hand over to a method of their argument's class.
_DUNDERS: dict[Any, tuple[str, ...]] = {
    abs: ("__abs__",),
    float: ("__float__", "__index__"),
    complex: ("__complex__", "__float__", "__index__"),
    round: ("__round__",),
    divmod: ("__divmod__",),
    len: ("__len__",),
}


def into(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`f(…, out=buffer)`: the result computed, then written."""
    rest = {k: v for k, v in kwargs.items() if k != "out"}
    out = kwargs["out"]
    y = call(f, *args, **rest)
    if isinstance(out, tuple):
        results = y if isinstance(y, tuple) else (y,)
        for target, part in zip(out, results, strict=True):
            if target is not None:
                access.setitem(target, Ellipsis, part)
        return out[0] if len(out) == 1 else tuple(p if t is None else t for t, p in zip(out, results, strict=True))
    access.setitem(out, Ellipsis, y)
    return out


def ufunc(f: np.ufunc, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A ufunc with its keywords: out, where, dtype; the others do not change the derivative."""
    if len(args) > f.nin:
        outs = args[f.nin :]
        return ufunc(f, args[: f.nin], {**kwargs, "out": outs if len(outs) > 1 else outs[0]})
    for a in args:
        if type(a).__flags__ & (1 << 9):
            method = python_method(type(a), "__array_ufunc__")
            if method is not None:
                return call(method, a, f, "__call__", *args, **kwargs)
            args = _of_objects(f, args)
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
        if f.signature is not None and kwargs.get("axes") is not None:
            return _along(f, args, **kwargs)
    known = by_table(f, args, kwargs)
    if known is NOT_KNOWN:
        made_of = library.made_of(f)
        if made_of is not None:
            return library.element_by_element(made_of, f.nout, args)
        if not any_active(args, {}):
            if reach.is_reached(*gc.get_referents(f)):
                raise missing(f, ", which calls a function of yours")
            return native.foreign(f, args, kwargs)
        y = f(*args, **kwargs)
        if np.asarray(y).dtype.kind in "biu":
            return y
        raise missing(f)
    return known


def _along(f: np.ufunc, args: tuple[Any, ...], axes: Any) -> Any:
    """A ufunc of matrices or vectors that stand along other axes than the last ones."""
    assert f.signature is not None
    numbers = [len([name for name in part.split(",") if name]) for part in re.findall(r"\((.*?)\)", f.signature)]
    places = [(k,) if isinstance(k, (int, np.integer)) else tuple(k) for k in axes]
    moved = [
        call(np.moveaxis, a, place, tuple(range(-number, 0)))
        for a, place, number in zip(args, places, numbers, strict=False)
    ]
    y = call(f, *moved)
    return call(np.moveaxis, y, tuple(range(-numbers[-1], 0)), places[-1]) if len(places) > f.nin else y


def _ufunc_into(f: np.ufunc, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> Any:
    if isinstance(out, tuple):
        return into(f, args, {**kwargs, "out": out})
    where = kwargs.get("where", True)
    with np.errstate(all="ignore" if where is not True else None):
        y = call(f, *args)
    if where is not True:
        y = call(np.where, where, y, out)
    if not np.can_cast(np.asarray(y).dtype, out.dtype, "same_kind"):
        return f(*args, **kwargs)
    access.setitem(out, Ellipsis, y)
    return out


def ufunc_method(f: np.ufunc, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`np.add.reduce` and its kin, as the table writes them out."""
    from srcgrad.rules.ufunc_methods import written_out

    args = _of_objects(f, args)
    written = written_out(f, name)
    method = getattr(f, name)
    made_of = library.made_of(f)
    if made_of is not None and reach.is_reached(made_of, args, kwargs):
        raise missing(method, " of a function of yours")
    if written is None or (name != "at" and not any_active(args, kwargs)):
        if any_active(args, kwargs):
            raise missing(method, f" of {f.__name__}")
        return native.unrecorded(method, args, kwargs)
    out = kwargs.get("out")
    if out is not None:
        target = out[0] if isinstance(out, tuple) else out
        y = ufunc_method(f, name, args, {k: v for k, v in kwargs.items() if k != "out"})
        access.setitem(target, Ellipsis, y)
        return target
    return call(written, *args, **kwargs)


# These are built upon this module.
from srcgrad.runtime import access, iteration, library, native  # noqa: E402
