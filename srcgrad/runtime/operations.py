"""One computation with a rule: its value, and a note of it in every trace that it concerns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.errors import MissingRuleError, UnsupportedSyntaxError
from srcgrad.rules.table import Rule, full_name
from srcgrad.runtime import memory
from srcgrad.runtime.levels import at, places, state

# Functions that take a sequence of arrays as one argument: a list of floats stays a list there,
# where elsewhere it becomes an array.
_SEQUENCES = frozenset(
    "concatenate concat stack vstack hstack dstack column_stack row_stack block multi_dot select choose "
    "array asarray asanyarray ascontiguousarray asfortranarray fsum prod dist sumprod append unstack piecewise".split()
)


def is_active(x: Any) -> bool:
    """Whether a value, or anything in a container, depends on an input of a derivative being taken."""
    levels = state.levels
    if not levels:
        return False
    kind = type(x)
    if kind is float or kind is np.float64:
        key = id(x)
        return any(key in level.known for level in levels)
    if isinstance(x, np.ndarray):
        if x.dtype.kind == "O":
            return any(is_active(v) for v in x.flat)
        key = id(memory.owner(x))
        return any(key in level.known for level in levels)
    if kind is int or kind is str or x is None or kind is bool:
        return False
    if isinstance(x, (list, tuple, set, frozenset)):
        return any(is_active(v) for v in x)
    if isinstance(x, dict):
        return any(is_active(v) for v in x.values())
    if isinstance(x, (complex, np.inexact, float)):
        key = id(x)
        return any(key in level.known for level in levels)
    if kind.__name__ == "deque":
        return any(is_active(v) for v in x)
    return False


def _concerns(level: Any, x: Any) -> bool:
    if isinstance(x, (list, tuple)):
        return any(_concerns(level, part) for part in x)
    if isinstance(x, dict):
        return any(_concerns(level, part) for part in x.values())
    return bool(level.is_active(x))


def missing(function: Callable[..., Any], why: str = "") -> MissingRuleError:
    """The refusal of a function that has no rule, at the user's call of it."""
    where = places()
    name = full_name(function)
    short = name.replace("numpy.", "np.", 1) if name.startswith("numpy.") else name
    return MissingRuleError(
        f"no derivative rule for {name}{why}",
        where[0] if where else None,
        calls=where[1:],
        ways=(
            f"give it one: srcgrad.register_rule({short}, ...)",
            "if it is constant in the argument: srcgrad.stop_gradient(...) around its operands",
        ),
    )


def operate(rule: Rule, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The value of `function(*args, **kwargs)`, noted in the traces where an operand is active."""
    y = function(*args, **kwargs)
    levels = state.levels
    if not any(is_active(a) for a in args) and not any(is_active(a) for a in kwargs.values()):
        return y
    note(rule, function, y, args, kwargs)
    return y


def note(rule: Rule, function: Callable[..., Any], y: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Note a computation that has been made and whose operands are active somewhere."""
    if not _can_depend(y) or _shows_memory_of(y, args, kwargs):
        return
    values = _bound(rule, function, args, kwargs)
    differentiable = rule.vjp
    levels = state.levels
    for i, level in enumerate(levels):
        active = []
        for name, value in values.items():
            if _concerns(level, value):
                if name in differentiable:
                    if differentiable[name]:  # an empty text says that the derivative is zero
                        active.append(name)
                elif rule.shape != "elementwise":
                    raise missing(function, f" with respect to its parameter {name!r}")
        if active:
            at(levels[:i], level.operation, rule, y, values, active)


def _can_depend(y: Any) -> bool:
    if isinstance(y, np.ndarray):
        if y.dtype.kind == "O":
            where = places()
            raise UnsupportedSyntaxError(
                "an array of dtype object holds values that a derivative depends on",
                where[0] if where else None,
                calls=where[1:],
                ways=("use an array of floats",),
            )
        return y.dtype.kind in "fc"
    if isinstance(y, (float, complex, np.inexact)):
        return True
    if isinstance(y, (list, tuple)):
        return any(_can_depend(part) for part in y)
    return False


def _shows_memory_of(y: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a result is one of the operands or a view of one: then it needs no entry of its own."""
    if isinstance(y, (list, tuple)):
        return len(y) > 0 and all(_shows_memory_of(part, args, kwargs) for part in y)
    operands = [*args, *kwargs.values()]
    if isinstance(y, np.ndarray):
        whole = memory.owner(y)
        return any(_owned_by(whole, x) for x in operands)
    return any(y is x for x in operands)


def _owned_by(whole: np.ndarray, x: Any) -> bool:
    if isinstance(x, np.ndarray):
        return memory.owner(x) is whole
    if isinstance(x, (list, tuple)):
        return any(_owned_by(whole, part) for part in x)
    return False


def _bound(rule: Rule, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The values of the rule's parameters for one call."""
    try:
        bound = rule.signature.bind(*args, **kwargs)
    except TypeError as error:
        raise missing(function, f" called like this ({error})") from None
    bound.apply_defaults()
    values: dict[str, Any] = {}
    for name, value in bound.arguments.items():
        parameter = rule.signature.parameters[name]
        if parameter.kind is parameter.VAR_POSITIONAL:
            values[name] = tuple(_as_array(v) for v in value)
        elif isinstance(value, (list, tuple)) and getattr(function, "__name__", "") not in _SEQUENCES:
            values[name] = _as_array(value)
        else:
            values[name] = value
    return values


def _as_array(value: Any) -> Any:
    """A list or tuple of active numbers as the array that NumPy makes of it."""
    if isinstance(value, (list, tuple)) and is_active(value):
        from srcgrad.runtime.calls import call

        return call(np.array, value)
    return value
