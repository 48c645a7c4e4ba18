"""Which statements the result depends on: the others have no reverse.

    y = np.sin(x)        useful: the result reads y
    debug = y * y        not useful
    return y

Goes backwards through the statements with the set of variables whose cotangent may be nonzero.
"""

from __future__ import annotations

from srcgrad.passes.infer import Facts
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Block, Expr, Stmt


def useful(unit: ir.Unit, facts: Facts) -> frozenset[int]:
    """The keys of the assignments whose target has a cotangent."""
    found: set[int] = set()

    def active(e: Expr, s: Stmt) -> frozenset[str]:
        env = facts.before[s.key]
        return frozenset(n for n in ir.names(e) if n in env and env[n].active)

    def block(body: Block, live: frozenset[str]) -> frozenset[str]:
        for s in reversed(body):
            live = statement(s, live)
        return live

    def statement(s: Stmt, live: frozenset[str]) -> frozenset[str]:
        match s:
            case ir.Return():
                found.add(s.key)
                return live | active(s.value, s)
            case ir.UserCall():
                if s.target.id in live:
                    found.add(s.key)
                    live -= {s.target.id}
                    for _, e in s.bound:
                        live |= active(e, s)
                return live
            case ir.Assign():
                written = ir.written_names(s)
                if not (written & live):
                    return live
                found.add(s.key)
                if not s.op:
                    live -= ir.bound_names(s.target)
                return live | active(s.value, s)
            case ir.If():
                return block(s.body, live) | block(s.orelse, live)
            case ir.For() | ir.While():
                while True:
                    again = live | block(s.body, live)
                    if again == live:
                        return live
                    live = again
            case _:
                return live

    block(unit.body, frozenset())
    return frozenset(found)
