"""One question, two ways to answer: the derivative of a function at given arguments.

The compiled way is tried first; the recorded way takes what the passes do not understand. A compiled
derivative is a Python function like any other, so inside another derivative it is recorded in its turn.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Mapping, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from srcgrad.build import compiled, recorded
from srcgrad.passes.kinds import kind_of
from srcgrad.runtime import tree
from srcgrad.runtime.anomaly import watch
from srcgrad.runtime.calls import call
from srcgrad.runtime.levels import state
from srcgrad.syntax.instrument import recorded_source


def entry(
    f: Any, args: Sequence[Any], keys: Sequence[int | str], mode: str, *, adopted: bool = False
) -> compiled.Entry | None:
    """The generated `grad` or `value_and_grad` for these arguments, or None.

    An adopted function, which came with its texts from another process, has nothing generated for it.
    """
    if watch.on or type(f) is not FunctionType or any(isinstance(k, str) for k in keys):
        return None
    kinds: tuple[Hashable, ...] = tuple([kind_of(a) for a in _with_defaults(f, args)])
    positions: tuple[int, ...] = tuple(keys)  # type: ignore[arg-type]
    found = compiled.entry_of(f, kinds, positions, mode, generate=not adopted)
    if found is None and not adopted and _apart(args):
        # Functions that write into an array among several are compiled only where the writes
        # cannot show in another one.
        found = compiled.entry_of(f, kinds, positions, mode, apart=True)
    if found is None and adopted:
        found = compiled.entry_of(f, generic_kinds(f), positions, mode, generate=False)
    return found


def run(f: FunctionType, entry: compiled.Entry, args: Sequence[Any]) -> Any:
    """What a generated function returns; recorded where an outer derivative is being taken."""
    args = _with_defaults(f, args)
    return call(entry.function, *args) if state.levels else entry.function(*args)


def _with_defaults(f: FunctionType, args: Sequence[Any]) -> Sequence[Any]:
    """The arguments of a call with the defaults of those that it leaves out."""
    missing = f.__code__.co_argcount - len(args)
    defaults = f.__defaults__
    return [*args, *defaults[-missing:]] if defaults and 0 < missing <= len(defaults) else args


def _apart(args: Sequence[Any]) -> bool:
    """Whether there are several arrays and no two of them share memory."""
    arrays = [a for a in args if isinstance(a, np.ndarray)]
    return len(arrays) > 1 and not any(
        np.may_share_memory(a, b) for n, a in enumerate(arrays) for b in arrays[n + 1 :]
    )


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
    f: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], keys: Sequence[int | str]
) -> tuple[Any, recorded.Pullback]:
    """The result, and a function from cotangents of its leaves to those of the chosen arguments' leaves."""
    return recorded.vjp(f, args, kwargs, keys)


def jvp(
    f: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    keys: Sequence[int | str],
    tangents: list[Any],
) -> tuple[Any, list[Any]]:
    """The result, and the tangents of its leaves."""
    return recorded.jvp(f, args, kwargs, keys, tangents)


def zero_of(x: Any) -> Any:
    """The zero cotangent or tangent of a leaf."""
    return np.zeros_like(x) if isinstance(x, np.ndarray) else 0.0


def zeros_for(y: Any) -> list[Any]:
    """Zero cotangents for the leaves of a result."""
    return [zero_of(leaf) for leaf in tree.leaves(y)]


def source(f: Callable[..., Any], keys: Sequence[int | str], mode: str) -> str:
    """The text of the generated derivative, for people to read: of the latest kinds, or the generic one.

    What the passes do not understand is shown as the recorder runs it.
    """
    positions = positions_of(f, keys)
    if positions is not None and isinstance(f, FunctionType):
        latest = compiled.latest_of(f, positions, mode) or compiled.entry_of(f, generic_kinds(f), positions, mode)
        if latest is not None:
            return latest.text.module
    return recorded_source(f)  # type: ignore[arg-type]


def generic_kinds(f: Any) -> tuple[Hashable, ...]:
    """The kinds that annotations and defaults imply; what says nothing may be any number or array."""
    import inspect

    kinds: list[Hashable] = []
    for parameter in inspect.signature(f).parameters.values():
        annotation = parameter.annotation
        if annotation in (float, "float"):
            kinds.append("float")
        elif annotation in (int, "int"):
            kinds.append("int")
        elif parameter.default is not parameter.empty:
            kinds.append(kind_of(parameter.default))
        else:
            kinds.append("numeric")
    return tuple(kinds)


def positions_of(f: Any, keys: Sequence[int | str]) -> tuple[int, ...] | None:
    """Parameters by position, as the passes take them."""
    import inspect

    try:
        names = list(inspect.signature(f).parameters)
    except (TypeError, ValueError):
        return None
    found = [names.index(k) if isinstance(k, str) else k % len(names) for k in keys if not isinstance(k, str) or k in names]
    return tuple(found) if len(found) == len(keys) else None
