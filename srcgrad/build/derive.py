"""One question, two ways to answer: the derivative of a function at given arguments.

The compiled way is tried first; the recorded way takes what the passes do not understand. A compiled
derivative is a Python function like any other, so inside another derivative it is recorded in its turn.
"""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable, Hashable, Mapping, Sequence
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from srcgrad import passes
from srcgrad.build import compiled, recorded
from srcgrad.build.accelerated import accelerated, declined
from srcgrad.build.backend import NUMPY, Backend
from srcgrad.build.telling import tell
from srcgrad.errors import SourceUnavailableError
from srcgrad.passes.kinds import kind_of
from srcgrad.rules import table
from srcgrad.runtime import forgetting, tree
from srcgrad.runtime.anomaly import watch
from srcgrad.runtime.calls import call
from srcgrad.runtime.levels import state
from srcgrad.syntax.instrument import recorded_source


def entry(f: Any, args: Sequence[Any], keys: Sequence[int | str], mode: str) -> compiled.Entry | None:
    """The generated derivative for these arguments, or None."""
    if watch.on or not keys or type(f) is not FunctionType or any(isinstance(k, str) for k in keys):
        return None
    kinds: tuple[Hashable, ...] = tuple([kind_of(a) for a in with_defaults(f, args)])
    positions: tuple[int, ...] = tuple(keys)  # type: ignore[arg-type]
    withheld = compiled.is_withheld(f)
    found = compiled.entry_of(f, kinds, positions, mode, generate=not withheld)
    if found is None and not withheld and apart(args):
        # Functions that write into an array among several are compiled only where the writes
        # cannot show in another one.
        found = compiled.entry_of(f, kinds, positions, mode, apart=True)
    if found is None and withheld and admits(general_kinds(f), kinds):
        found = compiled.entry_of(f, general_kinds(f), positions, mode, generate=False)
    return found


def run(f: FunctionType, entry: compiled.Entry, args: Sequence[Any], *tangents: Any) -> Any:
    """What a generated function returns; recorded where an outer derivative is being taken."""
    args = with_defaults(f, args)
    if not state.levels:
        return entry.function(*args, *tangents)
    return _checked(entry, call(entry.plain, *args, *tangents))


def _checked(entry: compiled.Entry, made: Any) -> Any:
    """What recording a generated function gave; FloatingPointError where recording the function itself is right."""
    if entry.text.bare and not _is_finite(made):
        raise FloatingPointError("a generated derivative is not finite")
    return made


def _is_finite(made: Any) -> bool:
    """Whether all numbers are finite; a pullback is not asked."""
    if isinstance(made, (tuple, list)):
        return all(_is_finite(part) for part in made)
    return callable(made) or bool(np.isfinite(made).all())


def with_defaults(f: FunctionType, args: Sequence[Any]) -> Sequence[Any]:
    """The arguments of a call with the defaults of those that it leaves out."""
    missing = f.__code__.co_argcount - len(args)
    defaults = f.__defaults__
    return [*args, *defaults[-missing:]] if defaults and 0 < missing <= len(defaults) else args


def apart(args: Sequence[Any]) -> bool:
    """Whether there are several arrays and no two of them share memory; what is in containers may."""
    arrays = [a for a in args if isinstance(a, np.ndarray)]
    if any(not isinstance(a, _PLAIN) for a in args):
        return False
    return len(arrays) > 1 and not any(np.may_share_memory(a, b) for n, a in enumerate(arrays) for b in arrays[n + 1 :])


_PLAIN = (np.ndarray, np.generic, float, int, str, type(None))


def fitting(x: Any, x_bar: Any) -> Any:
    """A generated gradient in the type of its argument."""
    if type(x_bar) is type(x):
        return x_bar
    if isinstance(x, np.ndarray):
        return call(np.asarray, x_bar)
    return call(type(x), x_bar)


def scaled(weight: Any, x_bars: list[Any]) -> list[Any]:
    """Gradients times a number."""
    return [call(operator.mul, weight, x_bar) for x_bar in x_bars]


def vjp(
    f: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    keys: Sequence[int | str],
    backend: Backend = NUMPY,
) -> tuple[Any, recorded.Pullback]:
    """The result, and a function from cotangents of its leaves to those of the chosen arguments' leaves."""
    f = forgetting.under(f)
    made = _of_leaves(f, args, kwargs, keys, "vjp")
    if backend.compiles and not state.levels:
        made = in_form(f, made, args, keys, "vjp", backend)
    if made is None:
        return recorded.vjp(f, args, kwargs, keys)
    # The pullback reads these arrays later, whatever the caller does to them in the meantime.
    kept = [call(np.copy, a) if isinstance(a, np.ndarray) else a for a in args]
    try:
        y, pull = run(f, made, kept)  # type: ignore[arg-type]
    except (ArithmeticError, NotImplementedError):
        return recorded.vjp(f, args, kwargs, keys)
    except Exception as error:
        tell(error, f, args)
        raise
    chosen = [kept[k] for k in keys]  # type: ignore[index]

    def pullback(y_bars: list[Any]) -> list[Any]:
        if not y_bars:
            return [zero_of(x) for x in chosen]
        try:
            x_bars = _checked(made, call(pull, y_bars[0])) if state.levels else pull(y_bars[0])
        except (ArithmeticError, NotImplementedError):
            # A generated formula may overflow where the function does not.
            return recorded.vjp(f, kept, kwargs, keys)[1](y_bars)
        except Exception as error:
            tell(error, f, kept)
            raise
        return [fitting(x, x_bar) for x, x_bar in zip(chosen, x_bars, strict=True)]

    return call(np.copy, y) if isinstance(y, np.ndarray) else y, pullback


def jvp(
    f: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    keys: Sequence[int | str],
    tangents: list[Any],
    backend: Backend = NUMPY,
) -> tuple[Any, list[Any]]:
    """The result, and the tangents of its leaves."""
    f = forgetting.under(f)
    made = _of_leaves(f, args, kwargs, keys, "jvp")
    x_dots = [] if made is None else [fitting(args[k], x_dot) for k, x_dot in zip(keys, tangents, strict=True)]  # type: ignore[index]
    if backend.compiles and not state.levels:
        made = in_form(f, made, args, keys, "jvp", backend, x_dots)
    if made is None:
        return recorded.jvp(f, args, kwargs, keys, tangents)
    try:
        y, y_dot = run(f, made, with_defaults(f, args), *x_dots)  # type: ignore[arg-type]
    except (ArithmeticError, NotImplementedError):
        return recorded.jvp(f, args, kwargs, keys, tangents)
    except Exception as error:
        tell(error, f, args)
        raise
    if isinstance(y, np.ndarray):
        return call(np.copy, y), [call(np.array, y_dot, dtype=y.dtype)]
    return y, [fitting(y, y_dot)] if tree.is_leaf(y) else []


def tangent_of_gradient(
    f: Any, args: Sequence[Any], kwargs: Mapping[str, Any], keys: Sequence[int | str], backend: Backend
) -> Callable[[Sequence[Any]], list[Any]] | None:
    """A function from tangents of the chosen arguments to those of f's gradient, compiled.

    None where an outer derivative is being taken, or, with "auto", where there is no such form.
    """
    if state.levels or watch.on:
        return None
    made = in_form(f, _of_leaves(f, args, kwargs, keys, "grad"), args, keys, "grad", backend, second=True)
    if made is None or not made.second:
        return None
    chosen = [args[k] for k in keys]  # type: ignore[index]
    given = with_defaults(f, args)

    def run(x_dots: Sequence[Any]) -> list[Any]:
        moved = [fitting(x, x_dot) for x, x_dot in zip(chosen, x_dots, strict=True)]
        try:
            found = made.function(*given, *moved)
        except Exception as error:
            tell(error, f, args)
            raise
        parts = found if len(chosen) > 1 else (found,)
        return [fitting(x, part) for x, part in zip(chosen, parts, strict=True)]

    return run


def in_form(
    f: Any,
    entry: compiled.Entry | None,
    args: Sequence[Any],
    keys: Sequence[int | str],
    mode: str,
    backend: Backend,
    tangents: Sequence[Any] = (),
    *,
    second: bool = False,
) -> compiled.Entry | None:
    """The generated derivative in a backend's form; with `second` its tangent.

    Where nothing was generated, backend="numba" refuses, and "auto" says once that recording is used.
    """
    if entry is not None:
        if second:
            return accelerated(f, entry, with_defaults(f, args), mode, backend, tuple(keys))  # type: ignore[arg-type]
        return accelerated(f, entry, [*with_defaults(f, args), *tangents], mode, backend)
    if type(f) is FunctionType and keys and not watch.on and compiled.switch.on:
        kinds = tuple([kind_of(a) for a in with_defaults(f, args)])
        named = [k for k in keys if isinstance(k, str)]
        reason = ("an argument that goes by name alone", 0) if named else compiled.reason(f, kinds, tuple(keys), mode)  # type: ignore[arg-type]
        declined(f, *reason, backend)
    elif not isinstance(f, FunctionType):
        declined(f, f"{type(f).__name__} is no function written in Python", 0, backend)
    return None


def _of_leaves(
    f: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], keys: Sequence[int | str], mode: str
) -> compiled.Entry | None:
    """The generated derivative of a function whose chosen arguments are numbers and arrays."""
    if kwargs or not all(isinstance(k, int) and tree.is_leaf(args[k]) for k in keys):
        return None
    return entry(f, args, keys, mode)


def zero_of(x: Any) -> Any:
    """The zero cotangent or tangent of a leaf."""
    return np.zeros_like(x) if isinstance(x, np.ndarray) else 0.0


def zeros_for(y: Any) -> list[Any]:
    """Zero cotangents for the leaves of a result."""
    return [zero_of(leaf) for leaf in tree.leaves(y)]


def source(f: Callable[..., Any], keys: Sequence[int | str], mode: str) -> str:
    """The text of the generated derivative, for people to read: of the latest kinds, or of likely ones.

    What the passes do not understand is shown as the recorder runs it.
    """
    found = latest(f, keys, mode)
    if found is not None:
        return found.text.module
    inner = _written(f)
    rule = None if isinstance(inner, (FunctionType, MethodType)) else table.lookup(inner)
    if rule is not None:
        return _of_rule(rule)
    if not isinstance(inner, (FunctionType, MethodType)):
        raise SourceUnavailableError(
            f"the source of {getattr(inner, '__name__', inner)} is not available", ways=("define it in a file",)
        )
    return recorded_source(inner)  # type: ignore[arg-type]


def _written(f: Any) -> Any:
    """The function with a definition that a partial, a decorator or a callable object calls."""
    while not isinstance(f, (FunctionType, MethodType)):
        if isinstance(f, functools.partial):
            f = f.func
        elif hasattr(f, "__wrapped__"):
            f = f.__wrapped__
        elif isinstance(inspect.getattr_static(type(f), "__call__", None), FunctionType):
            return type(f).__call__
        else:
            break
    return f


def _of_rule(rule: table.Rule) -> str:
    """What the table knows of a library function, as a function."""
    name = rule.name.replace("numpy.", "np.")
    parameters = list(rule.signature.parameters)
    lines = [f"def {rule.name.rpartition('.')[2]}_vjp({', '.join([*parameters, 'y_bar'])}):"]
    lines += [f"    y = {name}({', '.join(parameters)})"]
    lines += [f"    {p}_bar = {text}" for p, text in rule.vjp.items()]
    return "\n".join([*lines, f"    return {', '.join(f'{p}_bar' for p in rule.vjp)}"]) + "\n"


def latest(f: Callable[..., Any], keys: Sequence[int | str], mode: str) -> compiled.Entry | None:
    """The generated derivative of the latest kinds, or else of likely ones; None where there is none."""
    positions = positions_of(f, keys)
    if positions is None or not isinstance(f, FunctionType):
        return None
    found = compiled.latest_of(f, positions, mode) or compiled.entry_of(f, general_kinds(f), positions, mode)
    if found is None:
        likely = passes.likely_kinds(f, positions, mode)
        found = compiled.entry_of(f, likely, positions, mode) if likely is not None else None
    return found


def general_kinds(f: Any) -> tuple[Hashable, ...]:
    """Kinds for any real arguments: numbers or arrays of float64, but for what a default says is neither."""
    kinds: list[Hashable] = []
    for parameter in inspect.signature(f).parameters.values():
        known = "numeric" if parameter.default is parameter.empty else kind_of(parameter.default)
        plain = known in ("int", "bool", "text", "none") and known != "numeric"
        kinds.append("int" if parameter.annotation in (int, "int") else known if plain else "numeric")
    return tuple(kinds)


def admits(general: tuple[Hashable, ...], kinds: tuple[Hashable, ...]) -> bool:
    """Whether a text for general kinds is right for arguments of these kinds."""
    return len(general) == len(kinds) and all(
        g == k or (g == "numeric" and (k in ("float", "scalar") or (isinstance(k, tuple) and k[:2] == ("array", "d"))))
        for g, k in zip(general, kinds, strict=True)
    )


def positions_of(f: Any, keys: Sequence[int | str]) -> tuple[int, ...] | None:
    """Parameters by position, as the passes take them."""
    import inspect

    try:
        names = list(inspect.signature(f).parameters)
    except (TypeError, ValueError):
        return None
    found = [
        names.index(k) if isinstance(k, str) else k % len(names) for k in keys if not isinstance(k, str) or k in names
    ]
    return tuple(found) if len(found) == len(keys) else None
