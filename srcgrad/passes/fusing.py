"""A loop that only adds to its result, forward and backward at once.

    before                                      after
        saved = []                                  a_bar = 0.0
        for x in xs:                                for x in xs:
            u = np.exp(a * x)                           u = np.exp(a * x)
            saved.append((u, x))
            s = s + u                                   a_bar += u * x

        a_bar = 0.0                                 return a_bar
        for u, x in reversed(saved):
            a_bar += u * x

The cotangent of a sum is the same in every iteration and known beforehand, so the reverse of an iteration may follow
it directly, while everything that it reads is still there.
"""

from __future__ import annotations

from srcgrad.passes.infer import Facts
from srcgrad.passes.lines import Lines
from srcgrad.passes.normalise import breaks
from srcgrad.passes.reading import reads
from srcgrad.passes.record import Plan
from srcgrad.passes.switches import on
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Name

HERE = "# the iteration itself"  # stands where its lines are put in


def fused_loop(unit: ir.Unit, plan: Plan, facts: Facts, mode: str) -> ir.For | None:
    """The loop at the end of a function whose iterations can be reversed one by one, or None."""
    if mode not in ("grad", "value_and_grad") or len(unit.body) < 2 or not on("fused_sums"):
        return None
    loop, returned = unit.body[-2:]
    if not isinstance(loop, ir.For) or loop.checkpoints is not None or not isinstance(returned, ir.Return):
        return None
    sink = plan.sinks.get(returned.key)
    if sink is None or sink.contributions or sink.temps or not (mode == "grad" or isinstance(returned.value, Name)):
        return None
    inside = list(ir.statements(loop.body))
    plain = all(isinstance(s, (ir.Assign, ir.If)) for s in inside) and not breaks(loop.body)
    if not plain or loop.key in plan.trips or plan.initial or not any(plan.acts(s) for s in loop.body):
        return None
    if any(isinstance(t, ir.Subscript) for s in inside if isinstance(s, ir.Assign) for t in ir.targets(s.target)):
        return None
    if any(plan.overwritten.get(s.key) for s in (loop, *inside)):
        return None
    entry, written = facts.entry[loop.key], ir.written_in(loop.body) - plan.constant.keys()
    if any(n in entry for n in written):
        return None
    # What an iteration reads it has computed itself, on whatever path.
    own = all(facts.before[s.key][n].sure for s in inside for n in reads(s) & written if n in facts.before[s.key])
    return loop if own else None


def put_in(lines: Lines, iteration: Lines) -> None:
    """The lines of the iteration in the place that is kept for them."""
    (at,) = (k for k, line in enumerate(lines.lines) if line.lstrip() == HERE)
    margin = lines.lines[at].removesuffix(HERE)
    apart = [""] if iteration.lines else []
    lines.lines[at : at + 1] = [f"{margin}{line}" if line else "" for line in [*iteration.lines, *apart]]
