"""A new name for a variable that straight-line code overwrites while the reverse sweep needs it.

    before                  after
        y = x * x               y = x * x
        y = np.sin(y)           y2 = np.sin(y)
        return y                return y2

Nothing is then saved: the old value is still there under its old name. A value that was named only to be
given to such a variable gets the variable's new name at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeGuard

from srcgrad.passes.record import Plan
from srcgrad.passes.statements import evaluated
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Block, Expr, Stmt


def rename_overwritten(unit: ir.Unit, plan: Plan, fresh: Callable[[str], str], users: frozenset[str]) -> ir.Unit | None:
    """The unit with new versions from the first such statement on, or None if there is none.

    `users` are the variables that the user named.
    """
    for k, s in enumerate(unit.body):
        bound: frozenset[str] = frozenset()
        if isinstance(s, (ir.Assign, ir.For, ir.UserCall)):
            bound = ir.bound_names(s.target)
        lost = sorted(plan.overwritten.get(s.key, set()) & bound)
        if not lost:
            continue
        mapping = {name: fresh(name) for name in lost}
        first: Stmt
        if isinstance(s, ir.Assign):
            value = s.value
            if s.op:
                value = ir.Binary(s.op, s.target, value, span=s.span)
            first = replace(s, target=_target(s.target, mapping), value=value, op="", text=None)
        elif isinstance(s, ir.UserCall):
            first = replace(s, target=ir.Name(mapping[s.target.id]))
        else:
            first = _renamed(s, mapping)
        rest = tuple(_renamed(t, mapping) for t in unit.body[k + 1 :])
        before = unit.body[k - 1] if k else s
        if isinstance(first, ir.Assign) and _names_for(before, s, unit, users):
            before = replace(before, target=first.target, text=None, comment=before.comment or s.comment)
            return replace(unit, body=(*unit.body[: k - 1], before, *rest))
        return replace(unit, body=(*unit.body[:k], first, *rest))
    return None


def _names_for(before: Stmt, s: Stmt, unit: ir.Unit, users: frozenset[str]) -> TypeGuard[ir.Assign]:
    """Whether a statement gives a value a name of ours, which is read by the next one alone: `u = e; y = u`."""
    match before, s:
        case ir.Assign(target=ir.Name(id=name), op=""), ir.Assign(target=ir.Name(), value=value, op=""):
            reads = [e for t in ir.statements(unit.body) for e in evaluated(t) if name in ir.names(e)]
            bound = [t for t in ir.statements(unit.body) if name in ir.written_names(t)]
            return name not in users and value == before.target and len(reads) == 1 and bound == [before]
        case _:
            return False


def _target(target: Expr, mapping: dict[str, str]) -> Expr:
    """The target with its bound names renamed; the array and the index of a subscript are old."""
    match target:
        case ir.Name():
            return replace(target, id=mapping.get(target.id, target.id))
        case ir.Sequence():
            return replace(target, items=tuple(_target(t, mapping) for t in target.items))
        case _:
            return target


def _block(body: Block, mapping: dict[str, str]) -> Block:
    return tuple(_renamed(s, mapping) for s in body)


def _renamed(s: Stmt, mapping: dict[str, str]) -> Stmt:
    """A statement with variables renamed; one that mentions none keeps its text."""

    def e(x: Expr) -> Expr:
        return ir.renamed(x, mapping)

    new: Stmt
    match s:
        case ir.Assign():
            new = replace(s, target=e(s.target), value=e(s.value))
        case ir.If():
            new = replace(s, test=e(s.test), body=_block(s.body, mapping), orelse=_block(s.orelse, mapping))
            return new if e(s.test) == s.test else replace(new, text=None)
        case ir.For():
            target, iterable = e(s.target), e(s.iterable)
            new = replace(s, target=target, iterable=iterable, body=_block(s.body, mapping))
            same = target == s.target and iterable == s.iterable
            return new if same else replace(new, text=None)
        case ir.While():
            new = replace(s, test=e(s.test), body=_block(s.body, mapping))
            return new if e(s.test) == s.test else replace(new, text=None)
        case ir.Return() | ir.Evaluate():
            new = replace(s, value=e(s.value))
        case ir.UserCall():
            target_ = e(s.target)
            assert isinstance(target_, ir.Name)
            bound = tuple((p, e(x)) for p, x in s.bound)
            new = replace(
                s,
                target=target_,
                bound=bound,
                call=e(s.call),
                pullback=mapping.get(s.pullback, s.pullback),
            )
        case _:
            return s
    return s if new == s else replace(new, text=None)
