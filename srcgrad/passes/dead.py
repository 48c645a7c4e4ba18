"""Statements of the forward sweep that a gradient does not need: nothing reads what they compute.

    loss = 0.0                              h = np.zeros(n)
    h = np.zeros(n)                         for x in rows:
    for x in rows:                              h = np.tanh(w @ h + x)
        h = np.tanh(w @ h + x)
        loss = loss + np.sum(h * h)

Only where running them could do nothing else: a statement that may raise stays, unless its reverse would raise too.
"""

from __future__ import annotations

import re

import numpy as np

from srcgrad.passes import kinds
from srcgrad.passes.infer import Facts
from srcgrad.passes.reading import reads
from srcgrad.passes.record import Plan
from srcgrad.passes.resolve import callee
from srcgrad.passes.view import View
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Expr, Name, Stmt

# Functions of arrays of floats that give a result for any values and shapes.
TOTAL = {np.sum, np.mean, np.zeros, np.ones, np.zeros_like, np.ones_like, np.copy, np.transpose, len, float}


def dead(unit: ir.Unit, plan: Plan, facts: Facts, reverse: str) -> frozenset[int]:
    """The keys of statements that a gradient with this reverse sweep can do without."""
    found: set[int] = set()
    everything = [s for s in ir.statements(unit.body) if s.key in facts.before and not isinstance(s, ir.Return)]
    kept = frozenset(re.findall(r"\w+", reverse)).union(*plan.overwritten.values(), *plan.kept.values(), plan.initial)
    bindings: dict[str, list[Stmt]] = {}
    for s in everything:
        for name in ir.written_names(s):
            bindings.setdefault(name, []).append(s)
    while True:
        before = len(found)
        for name, bound in bindings.items():
            left = [s for s in everything if s.key not in found and name in reads(s) and s not in bound]
            if name in kept or left or name in unit.params:
                continue
            if all(_is_idle(s, name, plan, facts) for s in bound):
                found |= {s.key for s in bound}
        for s in everything:
            empty = isinstance(s, ir.For) and all(t.key in found for t in s.body)
            if empty and s.key not in plan.trips and not plan.kept.get(s.key) and _is_plain_range(s, everything):
                found.add(s.key)
            if isinstance(s, ir.If) and all(t.key in found for t in (*s.body, *s.orelse)) and plan.acts(s):
                found.add(s.key)  # its reverse asks for the condition again
        if len(found) == before:
            return frozenset(found)


def _is_idle(s: Stmt, name: str, plan: Plan, facts: Facts) -> bool:
    """Whether a statement only gives its variable a value."""
    if not isinstance(s, ir.Assign) or s.target != Name(name) or plan.overwritten.get(s.key):
        return False
    sink = plan.sinks.get(s.key)
    again: list[Expr] = []
    if sink is not None:
        again = [node for e in sink.expressions() for node in ir.walk(e)]
        again += [node for c in sink.contributions if c.place is not None for node in ir.walk(c.place)]
    value = ir.Binary(s.op, s.target, s.value) if s.op else s.value
    return _is_total(value, facts.at(s), again)


def _is_total(e: Expr, view: View, again: list[Expr]) -> bool:
    """Whether an expression has a value whatever its variables are; what is computed `again` raises there."""
    match e:
        case Name():
            return e.id in view.env and view.env[e.id].sure
        case ir.Const():
            return True
        case ir.Unary(op="-"):
            return _is_total(e.operand, view, again)
        case ir.Binary(op="+" | "-" | "*"):
            left, right = view.kind(e.left), view.kind(e.right)
            fits = all(k.is_real or k.is_scalar for k in (left, right)) and (
                left.is_scalar or right.is_scalar or kinds.same_shape(left, right)
            )
            return fits and all(_is_total(side, view, again) for side in (e.left, e.right))
        case ir.Binary(op="**"):
            square = isinstance(e.right, ir.Const) and e.right.value in (1, 2, 3)
            return square and view.kind(e.left).form == "array" and _is_total(e.left, view, again)
        case ir.Subscript():
            return any(node == e for node in again) and isinstance(e.value, Name)
        case ir.Attribute():
            return e.name in ("T", "shape", "size", "ndim") and _is_total(e.value, view, again)
        case ir.Call():
            function, args = callee(e, view.scope, view.kind)
            known = isinstance(function, np.ufunc) and function.nin == 1 and function.signature is None
            if not known and not (getattr(function, "__hash__", None) and function in TOTAL):
                return False
            if view.kind(e) == kinds.OBJECT or any(a.keyword for a in args):
                return False
            return all(_is_total(a.value, view, again) for a in args)
        case _:
            return False


def _is_plain_range(s: Stmt, everything: list[Stmt]) -> bool:
    """Whether a loop over a range may be left out: nobody reads its variable after it."""
    match s:
        case ir.For(iterable=ir.Call(function=Name(id="range"), args=args)):
            names = ir.bound_names(s.target)
            inside = {t.key for t in ir.statements((s,))}
            others = [t for t in everything if t.key not in inside and names & reads(t)]
            loops = [f for f in everything if isinstance(f, ir.For) and names <= ir.bound_names(f.target)]
            bound = {t.key for f in loops for t in ir.statements((f,))}
            plain = all(
                isinstance(a.value, (Name, ir.Const))
                or (isinstance(a.value, ir.Call) and ir.names(a.value.function) == {"len"})
                for a in args
            )
            return plain and all(t.key in bound for t in others)
        case _:
            return False
