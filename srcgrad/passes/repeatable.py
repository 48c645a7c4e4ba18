"""Whether a part of a function may be run again: the same arguments give the same values, and nothing else happens.

y = np.sin(x) + g(x)       yes, where g is such a function too
y = x * rng.normal()       no: another number each time
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from srcgrad.passes import results
from srcgrad.passes.infer import Facts
from srcgrad.passes.resolve import METHODS, UNRESOLVED, Scope, callee, is_user_function
from srcgrad.passes.statements import evaluated
from srcgrad.passes.view import View
from srcgrad.runtime import forgetting
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Expr, NotStatic, Stmt
from srcgrad.syntax.lower import unit_of

Constants = dict[tuple[Any, str], Any]  # by the function that reads it, and the name


def check_repeatable(loop: ir.For | ir.While, facts: Facts) -> None:
    """Raise NotStatic where the body of a loop may not be run again."""
    for s in ir.statements(loop.body):
        for e in evaluated(s):
            _check(e, s, facts.at(s))
        if isinstance(s, ir.UserCall):
            check_function(s.function, s)
    if isinstance(loop, ir.While):
        _check(loop.test, loop, facts.at(loop))


def _check(e: Expr, s: Stmt, view: View) -> None:
    for node in ir.walk(e):
        if isinstance(node, ir.Opaque) and not isinstance(s, ir.Evaluate):
            raise NotStatic("an expression that may not be the same when it is evaluated again", node.span)
        if isinstance(node, ir.Call):
            function, _ = callee(node, view.scope, view.kind)
            if function is UNRESOLVED or not results.is_pure(function):
                raise NotStatic("a call that may not give the same when it is made again", node.span)


def check_function(function: Any, s: Stmt) -> None:
    """Raise NotStatic where a user's function may not be run again."""
    try:
        _follow(function, {})
    except NotStatic as error:
        raise NotStatic(f"a call of a function that may not do the same again: {error}", s.span) from error


def constants(function: Any) -> Constants | None:
    """The numbers, texts and functions that a function reads by name; None where it may not be run again."""
    found: Constants = {}
    try:
        _follow(function, found)
    except NotStatic:
        return None
    plain = all(_is_constant(value) for value in found.values())
    return found if plain else None


def _is_constant(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(_is_constant(v) for v in value)
    number = value is None or isinstance(value, (bool, int, float, complex, str, np.generic))
    return number or callable(value) or isinstance(value, ModuleType)


def _follow(function: Any, found: Constants, seen: frozenset[Any] = frozenset()) -> None:
    """Note what a function and those that it calls read by name."""
    function = forgetting.under(function)
    if function in seen:
        return
    unit = unit_of(function)
    read: dict[str, Any] = {}
    scope = Scope(function, frozenset(function.__code__.co_varnames), read)
    for t in ir.statements(unit.body):
        for e in evaluated(t):
            for node in ir.walk(e):
                match node:
                    case ir.Opaque() if not isinstance(t, ir.Evaluate):
                        raise NotStatic("an expression that is not understood", node.span)
                    case ir.Name():
                        scope.lookup(node.id)
                    case ir.Call():
                        _follow_call(node, scope, found, seen | {function})
                    case _:
                        pass
    found.update({(function, name): value for name, value in read.items()})


def _follow_call(node: ir.Call, scope: Scope, found: Constants, seen: frozenset[Any]) -> None:
    called = forgetting.under(scope.object_of(node.function))
    if any(a.keyword == "out" for a in node.args):
        raise NotStatic("a call that writes into its argument out=", node.span)
    if called is UNRESOLVED:
        if not (isinstance(node.function, ir.Attribute) and node.function.name in METHODS):
            raise NotStatic("a call of something that is known only when it runs", node.span)
    elif is_user_function(called) and not str(called.__module__).startswith("numpy"):
        _follow(called, found, seen)
    elif isinstance(called, np.ufunc) and (len(node.args) > called.nin):
        raise NotStatic("a call that writes into an argument", node.span)
    elif not results.is_pure(called):
        raise NotStatic("a call of a function that is not known to be pure", node.span)
