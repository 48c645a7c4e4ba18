"""One computation with a rule: its value, and a note of it in every trace that it concerns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.errors import MissingRuleError
from srcgrad.rules.table import Rule, full_name
from srcgrad.runtime import anomaly, memory
from srcgrad.runtime.binding import binding_of
from srcgrad.runtime.levels import refused, state, user_place

_PASSIVE = frozenset({int, str, bool, type(None), bytes, slice, range, type(Ellipsis), type, np.bool_, np.dtype})


REINTERPRETING = (
    "convert it: x.astype(...)",
    "x[0::2] + 1j * x[1::2] for complex numbers",
    "np.stack([z.real, z.imag], -1) for their parts",
)


def is_active(x: Any) -> bool:
    """Whether a value, or anything in a container, depends on an input of a derivative being taken.

    It does not look into objects; `reach.is_reached` does.
    """
    levels = state.levels
    if not levels:
        return False
    kind = type(x)
    if kind is float or kind is np.float64:
        key = id(x)
        for level in levels:  # noqa: SIM110 - a generator would cost more than the search
            if key in level.known:
                return True
        return False
    if kind in _PASSIVE:
        return False
    if isinstance(x, np.ndarray):
        if x.dtype.kind == "O":
            return any(is_active(v) for v in x.flat)
        key = id(x if x.base is None else memory.owner(x))
        for level in levels:  # noqa: SIM110 - a generator would cost more than the search
            if key in level.known:
                return True
        return False
    if isinstance(x, (list, tuple, set, frozenset)):
        return any(is_active(v) for v in x)
    if isinstance(x, dict):
        return any(is_active(v) for v in x.values()) or any(is_active(k) for k in x)
    if isinstance(x, (complex, np.inexact, float)):
        key = id(x)
        return any(key in level.known for level in levels)
    if isinstance(x, memoryview):
        return is_active(x.obj)
    if isinstance(x, (np.void, np.flatiter)):
        return is_active(x.base)
    if kind.__name__ == "deque":
        return any(is_active(v) for v in x)
    return False


def any_active(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether any argument depends on an input."""
    for a in args:
        if is_active(a):
            return True
    return bool(kwargs) and any(is_active(a) for a in kwargs.values())


def _concerns(level: Any, x: Any) -> bool:
    if isinstance(x, (list, tuple)):
        return any(_concerns(level, part) for part in x)
    if isinstance(x, dict):
        return any(_concerns(level, part) for part in x.values())
    if not level.is_active(x):
        return False
    if isinstance(x, np.ndarray) and x.base is not None:
        check_view(x)
    return True


def check_view(x: np.ndarray) -> None:
    """Refuse a view that shows the bits of active memory in another type."""
    if memory.reinterprets(x):
        raise refused(
            f"memory of type {memory.owner(x).dtype} read or written as {x.dtype}",
            ways=REINTERPRETING,
        )


def missing(function: Callable[..., Any], why: str = "") -> MissingRuleError:
    """The refusal of a function that has no rule, at the user's call of it."""
    place, calls, inside = user_place()
    name = full_name(function)
    if name.startswith("operator.operator."):
        name = name.removeprefix("operator.")
    short = name.replace("numpy.", "np.", 1) if name.startswith("numpy.") else name
    return MissingRuleError(
        f"no derivative rule for {name}{why}{inside}",
        place,
        calls=calls,
        ways=(
            f"give it one: srcgrad.register_rule({short}, ...)",
            "if it is constant in the argument: srcgrad.stop_gradient(...) around its operands",
        ),
    )


def operate(rule: Rule, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The value of `function(*args, **kwargs)`, noted in the traces where an operand is active."""
    y = function(*args, **kwargs)
    if any_active(args, kwargs):
        note(rule, function, y, args, kwargs)
    return y


def note(rule: Rule, function: Callable[..., Any], y: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Note a computation that has been made and whose operands are active somewhere."""
    if not _can_depend(y):
        check_unlike(y, args)
        return
    if shows_memory_of(y, args, kwargs):
        return
    binding = binding_of(rule)
    try:
        values = binding.bind(function, args, kwargs)
    except TypeError as error:
        raise missing(function, f" called like this ({error})") from None
    levels = state.levels
    differentiable = rule.vjp
    watched = anomaly.check_forward(y) if anomaly.watch.on else None
    for i, level in enumerate(levels):
        active = []
        for k, value in enumerate(values):
            if _concerns(level, value):
                name = binding.names[k]
                if name in differentiable:
                    if differentiable[name]:  # an empty text says that the derivative is zero
                        active.append(k)
                elif rule.shape != "elementwise":
                    raise missing(function, f" with respect to its parameter {name!r}")
        if active:
            level.operation(levels[:i], rule, y, values, active, watched)


def check_unlike(y: Any, args: tuple[Any, ...]) -> None:
    """A result that is no float: a text of active numbers is remembered, computing with their bits refused."""
    kind = y.dtype.kind if isinstance(y, (np.ndarray, np.generic)) else ""
    if kind in "US" and state.texts is not None:
        state.texts[id(y)] = y
    for x in args if kind and kind in "iu" else ():
        if isinstance(x, np.ndarray) and x.base is not None and x.dtype.kind in "iu" and is_active(x):
            check_view(x)


def _can_depend(y: Any) -> bool:
    if isinstance(y, (float, np.inexact, complex)):
        return True
    if isinstance(y, np.ndarray):
        if y.dtype.kind == "O":
            raise refused(
                "an array of dtype object holds values that a derivative depends on", ways=("use an array of floats",)
            )
        return y.dtype.kind in "fc"
    if isinstance(y, (list, tuple)):
        return any(_can_depend(part) for part in y)
    return False


def shows_memory_of(y: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a result is one of the operands or a view of one: then it needs no entry of its own."""
    if isinstance(y, (list, tuple)):
        return len(y) > 0 and all(shows_memory_of(part, args, kwargs) for part in y)
    if isinstance(y, np.ndarray):
        whole = memory.owner(y)
        for x in args:
            if _owned_by(whole, x):
                return True
        return bool(kwargs) and any(_owned_by(whole, x) for x in kwargs.values())
    for x in args:
        if y is x:
            return True
    return bool(kwargs) and any(y is x for x in kwargs.values())


def _owned_by(whole: np.ndarray, x: Any) -> bool:
    if isinstance(x, np.ndarray):
        return memory.owner(x) is whole
    if isinstance(x, (list, tuple)):
        return any(_owned_by(whole, part) for part in x)
    return False
