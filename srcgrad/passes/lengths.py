"""What is read of an array: its elements, or its shape alone, which writes into it do not change.

for i in range(a.shape[0]):         the reverse sweep asks for a.shape[0] again, whatever the loop writes into a
    a[i] = f(a[i])
"""

from __future__ import annotations

from srcgrad.syntax import ir
from srcgrad.syntax.ir import Attribute, Call, Expr, Name


def of_fixed_shape(unit: ir.Unit) -> frozenset[str]:
    """The variables that are bound once and for all: parameters, and what is bound outside of every block."""
    bound = [n for s in ir.statements(unit.body) for n in _rebound(s)]
    once = {n for s in unit.body if isinstance(s, ir.Assign) and not s.op for n in _rebound(s) if bound.count(n) == 1}
    return frozenset(once | (set(unit.params) - set(bound)))


def _rebound(s: ir.Stmt) -> frozenset[str]:
    match s:
        case ir.Assign() | ir.For():
            return ir.bound_names(s.target)
        case ir.UserCall():
            return frozenset({s.target.id})
        case _:
            return frozenset()


def elements_read(e: Expr, fixed: frozenset[str]) -> frozenset[str]:
    """The variables of which an expression reads more than the shape, of those that are never bound again."""
    match e:
        case Attribute(value=Name(id=name), name="shape" | "ndim" | "size") if name in fixed:
            return frozenset()
        case Call(function=Name(id="len"), args=(ir.Argument(value=Name(id=name)),)) if name in fixed:
            return frozenset()
        case Name() | ir.Opaque():
            return ir.names(e)
        case _:
            return frozenset().union(*(elements_read(child, fixed) for child in ir.children(e)))
