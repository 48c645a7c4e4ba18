"""Rules that have no derivative for some arguments, and how that is told to the user.

A rule's helper says so by `raise NotImplementedError(what, *ways_out)`: it knows no place, and stands on
NumPy alone. The same exception out of the user's own code is the user's, and passes unchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

from srcgrad.errors import MissingRuleError, Place
from srcgrad.rules.table import full_name
from srcgrad.runtime.levels import user_place

Where = tuple[Place | None, list[Place], str]

_RULES = "srcgrad.rules."


def is_of_rule(error: BaseException) -> bool:
    """Whether the code that raised an exception belongs to the table of rules."""
    trace = error.__traceback__
    if trace is None:
        return False
    while trace.tb_next is not None:
        trace = trace.tb_next
    return str(trace.tb_frame.f_globals.get("__name__")).startswith(_RULES)


def without_derivative(
    function: Callable[..., Any], error: NotImplementedError, where: Where | None = None
) -> Exception:
    """What is to be raised in place of a NotImplementedError that came while a function was differentiated."""
    if not is_of_rule(error):
        return error
    place, calls, inside = where or user_place()
    what, *ways = error.args
    return MissingRuleError(
        f"{full_name(function)} has no derivative here: {what}{inside}",
        place,
        calls=calls,
        ways=[*ways, "if it is constant in the argument: srcgrad.stop_gradient(...) around its operands"],
    )


def may_refuse(function: Any) -> bool:
    """Whether a rule's formula, or a helper that it calls, can say that there is no derivative."""
    seen: set[Any] = set()
    pending = [function]
    while pending:
        f = pending.pop()
        if f in seen or not isinstance(f, FunctionType):
            continue
        seen.add(f)
        names = _names(f.__code__)
        if "NotImplementedError" in names:
            return True
        found = [f.__globals__.get(name) for name in names]
        pending += [g for g in found if isinstance(g, FunctionType) and g.__module__.startswith(_RULES)]
    return False


def _names(code: CodeType) -> set[str]:
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _names(constant)
    return names
