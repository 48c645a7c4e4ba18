"""Calls of the user's own functions, split for the two sweeps.

before                      after
    z = x * g(x, 2)             u, g_pullback = g_vjp(x, 2)
                                z = x * u
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from srcgrad.passes.repeatable import check_function
from srcgrad.passes.resolve import UNRESOLVED, Scope, bind, is_user_function
from srcgrad.rules import table
from srcgrad.runtime import forgetting
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Block, Call, Const, Expr, Name, NotStatic, Stmt


def split_calls(unit: ir.Unit, scope: Scope, fresh: Callable[[str], str]) -> ir.Unit:
    """The unit with each call of a user's function in a statement of its own."""

    def block(body: Block) -> Block:
        out: list[Stmt] = []
        for s in body:
            match s:
                case ir.If():
                    s = replace(s, body=block(s.body), orelse=block(s.orelse))
                    s = _first(s, "test", s.test, out)
                case ir.For():
                    s = replace(s, body=block(s.body))
                    s = _first(s, "iterable", s.iterable, out)
                case ir.While():
                    s = replace(s, body=block(s.body))
                    if _user_call(s.test, scope) is not None:
                        raise NotStatic("a user's function in the condition of a loop", s.span)
                case ir.Assign() | ir.Return():
                    s = _first(s, "value", s.value, out)
                case _:
                    pass
            out.append(s)
        return tuple(out)

    def _first(s: Stmt, part: str, e: Expr, out: list[Stmt]) -> Stmt:
        """Move the calls in an expression in front of the statement, innermost first."""
        while (found := _user_call(e, scope)) is not None:
            node, called = found
            function = forgetting.under(called)
            name = name_of(function, node)
            if e is node and isinstance(s, ir.Assign) and isinstance(s.target, Name) and not s.op:
                target = s.target
            else:
                target = Name(fresh("u"))
            bound = bound_arguments(function, node)
            if function is not called:
                check_function(function, s)
            out.append(
                ir.UserCall(
                    target, fresh(f"{name}_pullback"), function, bound, node,
                    span=s.span, leading=s.leading, comment=s.comment if e is node else "",
                    primal=s.primal, forgets=function is not called,
                )
            )  # fmt: skip
            if e is node and target == getattr(s, "target", None):
                return ir.Evaluate(ir.Opaque("pass", frozenset()), span=s.span)
            comment = "" if e is node else s.comment
            e = _with(e, node, target)
            changed: Any = {part: e, "text": None, "leading": (), "comment": comment}
            s = replace(s, **changed)
        return s

    body = block(unit.body)
    return replace(unit, body=_without_pass(body))


def _without_pass(body: Block) -> Block:
    """Drop the empty statements that `split_calls` leaves where a call was a whole statement."""
    out: list[Stmt] = []
    for s in body:
        match s:
            case ir.If():
                s = replace(s, body=_without_pass(s.body), orelse=_without_pass(s.orelse))
            case ir.For() | ir.While():
                s = replace(s, body=_without_pass(s.body))
            case ir.Evaluate(value=ir.Opaque(text="pass")) if s.text is None:
                continue
            case _:
                pass
        out.append(s)
    return tuple(out)


def _with(e: Expr, node: Expr, target: Expr) -> Expr:
    return ir.rewrite(e, lambda n: target if n is node else None)


def _user_call(e: Expr, scope: Scope) -> tuple[Call, Any] | None:
    """The first call of a user's function in order of evaluation, arguments before calls."""
    if (
        isinstance(e, (ir.BoolOp, ir.IfExp, ir.Compare))
        and any(_user_call(child, scope) is not None for child in ir.children(e))
        and (isinstance(e, (ir.IfExp, ir.BoolOp)) or len(e.ops) > 1)
    ):
        raise NotStatic("a user's function that is called on a condition", e.span)
    for child in ir.children(e):
        found = _user_call(child, scope)
        if found is not None:
            return found
    if isinstance(e, Call):
        function = scope.object_of(e.function)
        if function is UNRESOLVED:
            return None
        if table.lookup(function) is None and not table.is_zero(function):
            composed = table.substitute(function)
            if composed is not None:
                return e, composed
            if is_user_function(forgetting.under(function)) and not is_library(forgetting.under(function)):
                return e, function
    return None


def chooses_calls(e: Expr, scope: Scope) -> bool:
    """Whether a branch of a conditional expression calls a user's function."""
    return any(
        isinstance(node, ir.IfExp) and any(_calls(child, scope) for child in (node.test, node.body, node.orelse))
        for node in ir.walk(e)
    )


def _calls(e: Expr, scope: Scope) -> bool:
    called = (scope.object_of(n.function) for n in ir.walk(e) if isinstance(n, Call))
    return any(is_user_function(forgetting.under(function)) for function in called)


def name_of(function: Any, call: Expr) -> str:
    """What to call a function of the user's: a lambda by the name under which it is called."""
    name: str = function.__name__
    if name.isidentifier():
        return name
    return call.function.id if isinstance(call, Call) and isinstance(call.function, Name) else "function"


def is_library(function: Any) -> bool:
    """Whether a function is not the user's: what it does is for a rule to say."""
    return (function.__module__ or "").split(".")[0] in ("numpy", "scipy", "srcgrad", "math")


def bound_arguments(function: Any, node: Call) -> tuple[tuple[str, Expr], ...]:
    """The callee's parameters in order; what is left out takes its default, if it is a literal."""
    signature = inspect.signature(function)
    given = bind(signature, node.args, node.span)
    out = []
    for name, p in signature.parameters.items():
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            raise NotStatic("a call of a function with *args or **kwargs", node.span)
        if name in given:
            out.append((name, given[name]))
        elif p.default is None or type(p.default) in (bool, int, float, str):
            out.append((name, Const(p.default, repr(p.default))))
        else:
            raise NotStatic("a default that cannot be written as a literal", node.span)
    return tuple(out)
