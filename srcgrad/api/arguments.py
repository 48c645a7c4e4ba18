"""Which arguments are differentiated, and whether their values can be.

A position or a name in `argnums` becomes a key: an index into the positional arguments or, for what
can only be given by name, a keyword.
"""

from __future__ import annotations

import inspect
import operator
import weakref
from collections.abc import Callable, Sequence
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from srcgrad.errors import NotDifferentiableError
from srcgrad.runtime import tree

Argnums = int | str | Sequence[int | str]


def signature_of(f: Callable[..., Any]) -> inspect.Signature | None:
    """The signature of a callable, or None where Python does not know it."""
    if type(f) is FunctionType and not hasattr(f, "__wrapped__"):
        known = _signatures.get(f)
        if known is not None and _same_defaults(f, known):
            return known[-1]
        made = inspect.signature(f)
        _signatures[f] = (f.__code__, f.__defaults__, f.__kwdefaults__ and dict(f.__kwdefaults__), made)
        return made
    try:
        return inspect.signature(f)
    except (TypeError, ValueError):  # C functions without a signature: positions are all there is
        return None


_Known = tuple[CodeType, Any, Any, inspect.Signature]
_signatures: weakref.WeakKeyDictionary[FunctionType, _Known] = weakref.WeakKeyDictionary()


def _same_defaults(f: FunctionType, known: _Known) -> bool:
    code, defaults, named, _ = known
    if f.__code__ is not code or f.__defaults__ is not defaults:
        return False
    now = f.__kwdefaults__ or {}
    return now.keys() == (named or {}).keys() and all(now[name] is value for name, value in (named or {}).items())


def check_argnums(f: Callable[..., Any], argnums: Argnums) -> tuple[int | str, ...]:
    """The argnums as a tuple; what f has no parameter for, or is named twice, is refused at once."""
    several = isinstance(argnums, Sequence) and not isinstance(argnums, str)
    chosen = tuple([_number_or_name(n) for n in argnums]) if several else (_number_or_name(argnums),)  # type: ignore[union-attr]
    signature = signature_of(f)
    for n in chosen if signature is not None else ():
        assert signature is not None
        parameters = signature.parameters.values()
        if isinstance(n, str):
            if n not in signature.parameters and not any(p.kind is p.VAR_KEYWORD for p in parameters):
                raise TypeError(f"{name_of(f)}() has no parameter {n!r}; it has {', '.join(signature.parameters)}")
        elif not hasattr(f, "__wrapped__") and not any(p.kind is p.VAR_POSITIONAL for p in parameters):
            count = sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
            if not -count <= n < count:
                hint = "; name keyword-only ones" if len(signature.parameters) > count else ""
                raise TypeError(f"argnums has {n}, but {name_of(f)}() has {count} positional parameters{hint}")
    _check_distinct(f, chosen)
    return chosen


def _number_or_name(n: Any) -> int | str:
    if isinstance(n, str):
        return n
    if isinstance(n, (bool, np.bool_)) or not hasattr(n, "__index__"):
        raise TypeError(f"argnums must be positions or parameter names, not {n!r}")
    return operator.index(n)


def _check_distinct(f: Callable[..., Any], keys: Sequence[int | str]) -> None:
    if len(set(keys)) < len(keys):
        raise TypeError(f"argnums names an argument of {name_of(f)}() twice: {keys!r}")


def name_of(f: Callable[..., Any]) -> str:
    """What a callable is called in messages."""
    return str(getattr(f, "__qualname__", None) or getattr(f, "__name__", None) or repr(f))


def arranged(
    f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], argnums: tuple[int | str, ...]
) -> tuple[list[Any], dict[str, Any], tuple[int | str, ...]]:
    """Positional arguments, keyword arguments, and the keys of the differentiated ones among them."""
    count = len(args)
    if not kwargs and all(type(n) is int and -count <= n < count for n in argnums):
        keys: list[int | str] = [n % count for n in argnums]
        return _accepted(f, list(args), {}, keys)
    signature = signature_of(f)
    if signature is None:
        if any(isinstance(n, int) and not -count <= n < count for n in argnums):
            raise TypeError(f"argnums is {argnums!r}, but {name_of(f)}() was called with {count} positional arguments")
        return _accepted(f, list(args), dict(kwargs), [n % count if isinstance(n, int) else n for n in argnums])
    bound = signature.bind(*args, **kwargs)
    parameters = list(signature.parameters.values())
    named = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names = [p.name for p in named]
    keys = []
    for n in argnums:
        if isinstance(n, str):
            keys.append(names.index(n) if n in names else n)
        else:
            keys.append(n + len(bound.args) if n < 0 else n)
    # Everything up to the last differentiated position is given by position, defaults included.
    last = max([k for k in keys if isinstance(k, int)], default=-1)
    for p in named[: last + 1]:
        if p.name not in bound.arguments:
            if p.default is p.empty:
                raise TypeError(f"{name_of(f)}() is missing the argument {p.name!r}")
            bound.arguments[p.name] = p.default
    ordered = {name: bound.arguments[name] for name in signature.parameters if name in bound.arguments}
    bound.arguments = ordered
    values, keywords = list(bound.args), dict(bound.kwargs)
    for k in keys:
        if isinstance(k, str) and k not in keywords:
            default = signature.parameters[k].default if k in signature.parameters else inspect.Parameter.empty
            if default is inspect.Parameter.empty:
                raise TypeError(f"{name_of(f)}() is missing the argument {k!r}")
            keywords[k] = default
        if isinstance(k, int) and not 0 <= k < len(values):
            raise TypeError(
                f"argnums is {argnums!r}, but {name_of(f)}() was called with {len(values)} positional arguments"
            )
    return _accepted(f, values, keywords, keys)


def _accepted(
    f: Callable[..., Any], values: list[Any], keywords: dict[str, Any], keys: list[int | str]
) -> tuple[list[Any], dict[str, Any], tuple[int | str, ...]]:
    if len(keys) > 1:
        _check_distinct(f, keys)
    for k in keys:
        if isinstance(k, str):
            keywords[k] = differentiable_value(f, k, keywords[k])
        else:
            values[k] = differentiable_value(f, k, values[k])
    return values, keywords, tuple(keys)


def differentiable_value(f: Callable[..., Any], key: int | str, value: Any) -> Any:
    """The value with Python ints as floats, refused where it has no derivative."""
    kind = type(value)
    if kind is float or (kind is np.ndarray and value.dtype.kind in "fc"):
        return value
    made = _float(f, key, value)
    if next(tree.leaves(made), None) is None and not _is_empty(made):
        raise _refused(
            f, key, f"{kind.__name__} has no derivative", "differentiate with respect to a float or an array"
        )
    return made


def _is_empty(value: Any) -> bool:
    """A container without anything in it has an empty gradient."""
    members = tree.children(value)
    return members is not None and all(m is None or _is_empty(m) for m in members)


def _float(f: Callable[..., Any], key: int | str, value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if type(value) is int:
        return float(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "iub":
        raise _refused(f, key, f"an array of {value.dtype} has no derivative", "cast it: x.astype(float)")
    if isinstance(value, (np.integer, np.bool_)):
        raise _refused(f, key, f"a NumPy {value.dtype} has no derivative", "cast it: float(x)")
    if isinstance(value, np.ndarray) and value.dtype.kind == "O":
        raise _refused(f, key, "an array of dtype object has no derivative", "make it an array of floats")
    if type(value) in (list, tuple, dict) or tree.children(value) is not None:
        members = tree.children(value)
        assert members is not None
        made = [_float(f, key, m) for m in members]
        return value if all(a is b for a, b in zip(made, members, strict=True)) else tree.rebuild(value, made)
    return value


def _refused(f: Callable[..., Any], key: int | str, what: str, way: str) -> NotDifferentiableError:
    signature = signature_of(f)
    names = list(signature.parameters) if signature is not None else []
    name = key if isinstance(key, str) else names[key] if key < len(names) else f"number {key}"
    return NotDifferentiableError(f"argument {name!r} of {name_of(f)}(): {what}", ways=(way,))
