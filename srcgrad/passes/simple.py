"""Cotangents that need no variable of their own, or no array of their variable's shape.

    for row in rows:                the cotangent of a sum is the same all the way: 1
        s += f(row)
    return s

    u = np.exp(x)                   what np.sum sends to u is one number, and stays one
    return np.log(np.sum(u))

The statements are asked for backwards, so that what a variable's cotangent is made of is known by then.
"""

from __future__ import annotations

from dataclasses import replace

from srcgrad.passes import algebra
from srcgrad.passes.infer import Facts
from srcgrad.passes.kinds import Kind
from srcgrad.passes.reading import reads
from srcgrad.passes.record import Plan
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Binary, Block, Name, Stmt

# The cotangent of a statement's target where it is a number, or its kind where that is not the target's.
Given = tuple[ir.Const | None, Kind | None]


class Simple:
    """What is known of a unit's variables: where they are bound, and whether only added to."""

    def __init__(self, unit: ir.Unit) -> None:
        self.unit = unit
        self.block: dict[int, Block] = {}  # by a statement's key, the block that it stands in
        self.order: dict[int, int] = {}
        self._enter(unit.body)
        self.bindings: dict[str, list[Stmt]] = {}
        for s in ir.statements(unit.body):
            for name in ir.written_names(s):
                self.bindings.setdefault(name, []).append(s)

    def _enter(self, body: Block) -> None:
        for s in body:
            self.block[s.key] = body
            self.order[s.key] = len(self.order)
            match s:
                case ir.If():
                    self._enter(s.body)
                    self._enter(s.orelse)
                case ir.For() | ir.While():
                    self._enter(s.body)
                case _:
                    pass

    def settle(self, s: Stmt, plan: Plan, facts: Facts) -> Given:
        """Note a cotangent that is simple, before its variable's binding is differentiated."""
        if not isinstance(s, ir.Assign) or not isinstance(s.target, Name) or s.key not in facts.after:
            return None, None
        name = s.target.id
        if name not in plan.constant and name not in plan.thin and name not in self.unit.params:
            self._settle(s, name, plan, facts)
        return plan.constant.get(name), plan.thin.get(name)

    def _settle(self, s: ir.Assign, name: str, plan: Plan, facts: Facts) -> None:
        sources = [(k, c) for k, sink in plan.sinks.items() for c in sink.contributions if c.variable == name]
        if len(sources) != 1 or sources[0][1].place is not None:
            return
        key, c = sources[0]
        scalar = facts.after[s.key][name].kind.is_scalar
        number = c.term if isinstance(c.term, ir.Const) and algebra.is_number(c.term) else None
        if number is not None and scalar and key == self.unit.body[-1].key and self._is_sum(name):
            plan.constant[name] = number
        elif self.bindings[name] == [s] and not s.op and self._follows(key, s, name):
            if number is not None and (scalar or not c.full):
                plan.constant[name] = number
            elif not c.full and c.kind is not None and not scalar:
                plan.thin[name] = c.kind

    def _follows(self, key: int, s: Stmt, name: str) -> bool:
        """Whether a statement comes after the binding in its block, and nothing reads the variable before."""
        if self.block[key] is not self.block[s.key] or self.order[key] < self.order[s.key]:
            return False
        return not any(
            name in reads(t) for t in ir.statements(self.unit.body) if self.order[t.key] <= self.order[s.key]
        )

    def _is_sum(self, name: str) -> bool:
        """Whether the variable is bound on each path once, then only added to, and only returned."""
        for s in ir.statements(self.unit.body):
            computes = isinstance(s, (ir.Assign, ir.UserCall)) and s not in self.bindings[name]
            if computes and name in reads(s):
                return False
        return self._adds(self.unit.body, name)

    def _adds(self, body: Block, name: str) -> bool:
        first = True
        for s in body:
            inside = [t for t in ir.statements((s,)) if name in ir.written_names(t)]
            if not inside:
                continue
            if first and isinstance(s, ir.If):
                if not (self._adds(s.body, name) and self._adds(s.orelse, name)):
                    return False
            else:
                bound = first and isinstance(s, ir.Assign) and isinstance(s.target, Name)
                if not bound and not all(_is_added_to(t, name) for t in inside):
                    return False
            first = False
        return True

    def withdraw(self, s: Stmt, plan: Plan) -> None:
        """The derivative of a binding asks for the shape of a value that has no name."""
        assert isinstance(s, ir.Assign)
        assert isinstance(s.target, Name)
        plan.constant.pop(s.target.id, None)
        plan.thin.pop(s.target.id, None)

    def finish(self, plan: Plan) -> None:
        """What constant cotangents would receive is known already."""
        for key, sink in plan.sinks.items():
            if any(c.variable in plan.constant for c in sink.contributions):
                left = [c for c in sink.contributions if c.variable not in plan.constant]
                plan.sinks[key] = replace(sink, contributions=left)


def _is_added_to(s: Stmt, name: str) -> bool:
    """`s += e`, `s = s + e` or `s = s - e`, where e does not read s."""
    if not (isinstance(s, ir.Assign) and s.target == Name(name)):
        return False
    if s.op:
        return s.op in ("+", "-") and name not in ir.names(s.value)
    e = s.value
    while isinstance(e, Binary) and e.op in ("+", "-") and name not in ir.names(e.right):
        e = e.left
    return e == Name(name)
