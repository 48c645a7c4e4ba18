"""Whether a part of a function may be run again: the same arguments give the same values, and nothing else happens.

y = np.sin(x) + g(x)       yes, where g is such a function too
y = x * rng.normal()       no: another number each time
"""

from __future__ import annotations

from typing import Any

from srcgrad.passes import results
from srcgrad.passes.infer import Facts
from srcgrad.passes.resolve import METHODS, UNRESOLVED, Scope, callee, is_user_function
from srcgrad.passes.view import View
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Expr, NotStatic, Stmt
from srcgrad.syntax.lower import unit_of


def check_repeatable(loop: ir.For | ir.While, facts: Facts) -> None:
    """Raise NotStatic where the body of a loop may not be run again."""
    for s in ir.statements(loop.body):
        for e in _evaluated(s):
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


def check_function(function: Any, s: Stmt, seen: frozenset[Any] = frozenset()) -> None:
    """Raise NotStatic where a user's function may not be run again."""
    if function in seen:
        return
    unit = unit_of(function)
    scope = Scope(function, frozenset(function.__code__.co_varnames))
    for t in ir.statements(unit.body):
        for e in _evaluated(t):
            for node in ir.walk(e):
                if isinstance(node, ir.Opaque) and not isinstance(t, ir.Evaluate):
                    raise NotStatic("a call of a function that may not do the same again", s.span)
                if not isinstance(node, ir.Call):
                    continue
                found = scope.object_of(node.function)
                if is_user_function(found) and not str(found.__module__).startswith("numpy"):
                    check_function(found, s, seen | {function})
                elif found is UNRESOLVED:
                    method = isinstance(node.function, ir.Attribute) and node.function.name in METHODS
                    if not method:
                        raise NotStatic("a call of a function that may not do the same again", s.span)
                elif not results.is_pure(found):
                    raise NotStatic("a call of a function that may not do the same again", s.span)


def _evaluated(s: Stmt) -> list[Expr]:
    """The expressions that a statement itself evaluates."""
    match s:
        case ir.Assign():
            return [s.value, *(t for t in ir.targets(s.target) if not isinstance(t, ir.Name))]
        case ir.Return() | ir.Evaluate():
            return [s.value]
        case ir.If() | ir.While():
            return [s.test]
        case ir.For():
            return [s.iterable]
        case ir.UserCall():
            return [e for _, e in s.bound]
        case _:
            return []
