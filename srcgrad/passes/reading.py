"""What single statements read, and what blocks change in place."""

from __future__ import annotations

from srcgrad.syntax import ir
from srcgrad.syntax.ir import Block, Name, Stmt


def reads(s: Stmt) -> frozenset[str]:
    """The variables that a statement itself reads, the arrays included into parts of which it writes."""
    match s:
        case ir.Assign():
            indices = (ir.names(t) for t in ir.targets(s.target) if not isinstance(t, Name))
            own = ir.names(s.target) if s.op else frozenset()
            return ir.names(s.value).union(own, *indices)
        case ir.Return() | ir.Evaluate():
            return ir.names(s.value)
        case ir.If():
            return ir.names(s.test)
        case ir.For() | ir.While():
            own = s.checkpoints.reads if s.checkpoints is not None else frozenset()
            return own | ir.names(s.iterable if isinstance(s, ir.For) else s.test)
        case ir.UserCall():
            return frozenset().union(*(ir.names(e) for _, e in s.bound))
        case _:
            return frozenset()


def writes_into(body: Block, name: str) -> bool:
    """Whether a block changes an array in place."""

    def changes(s: Stmt) -> bool:
        if not isinstance(s, ir.Assign):
            return False
        into = any(isinstance(e, ir.Subscript) and ir.root(e) == name for e in ir.targets(s.target))
        return into or (bool(s.op) and s.target == Name(name))

    return any(changes(s) for s in ir.statements(body))
