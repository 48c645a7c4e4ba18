"""What an iteration saves, on one list that the reverse sweep runs over.

    before                                      after
        for _ in range(n):                          for _ in range(n):
            s = x * x                                   s = x * x
            x_saved.append(x)                           saved.append((s, x))
            x = np.sin(s)                               x = np.sin(s)
            s_saved.append(s)

        for _ in reversed(range(n)):                for s, x in reversed(saved):
            s = s_saved.pop()                           s_bar = x_bar * np.cos(s)
            s_bar = x_bar * np.cos(s)                   x_bar = 2 * s_bar * x
            x = x_saved.pop()
            x_bar = 2 * s_bar * x

All is appended at one place of the iteration, at which everything that is kept at its end has got its value and
nothing that is saved before it is overwritten has lost it; and it is all put back before the iteration's reverse,
which must not ask for a value that came after.
"""

from __future__ import annotations

from dataclasses import dataclass

from srcgrad.passes.normalise import breaks
from srcgrad.passes.reading import reads
from srcgrad.passes.record import Plan
from srcgrad.passes.switches import on
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Name, Stmt


@dataclass(frozen=True)
class Trace:
    """What one list keeps of each iteration of a loop: the sites that save, and the variables."""

    before: int | None  # the key of the statement in front of which it is appended to; None: at the end
    sites: frozenset[tuple[int, str]]
    names: tuple[str, ...]


def traces(unit: ir.Unit, plan: Plan) -> dict[int, Trace]:
    """The traces of the loops that are in no other, by the key of the loop."""
    found: dict[int, Trace] = {}

    def block(body: ir.Block) -> None:
        for s in body:
            match s:
                case ir.For() | ir.While():
                    trace = _trace(s, plan) if s.checkpoints is None and s.key not in plan.trips else None
                    if trace is not None:
                        found[s.key] = trace
                case ir.If():
                    block(s.body)
                    block(s.orelse)
                case _:
                    pass

    if on("one_trace"):
        block(unit.body)
    return found


def _trace(loop: ir.For | ir.While, plan: Plan) -> Trace | None:
    body = loop.body
    kept = [*plan.kept.get(loop.key, ())]
    if breaks(body):
        return None
    last = max((k + 1 for k, s in enumerate(body) if ir.written_in((s,)) & set(kept)), default=0)
    sites = [
        (k, s.key, name)
        for k, s in enumerate(body)
        if isinstance(s, ir.Assign) and k >= last
        for name in sorted(plan.overwritten.get(s.key, ()))
        if name not in kept and _may_come_early(loop, k, name, plan)
    ]
    if not kept and not sites:
        return None
    at = min((k for k, _, _ in sites), default=len(body))
    # What is written between the place where all is appended and its own overwriting is not there yet.
    sites = [(k, key, name) for k, key, name in sites if name not in ir.written_in(body[at:k])]
    # Of several values of a variable the last is put back first.
    sites = [s for n, s in enumerate(sites) if s[2] not in [name for _, _, name in sites[n + 1 :]]]
    names = tuple(sorted([*kept, *(name for _, _, name in sites)]))
    found = frozenset([(loop.key, name) for name in kept] + [(key, name) for _, key, name in sites])
    return Trace(body[at].key if at < len(body) else None, found, names)


def _may_come_early(loop: ir.For | ir.While, k: int, name: str, plan: Plan) -> bool:
    """Whether a variable may have its value from before statement number k when the iteration's reverse begins."""
    s = loop.body[k]
    assert isinstance(s, ir.Assign)
    if name not in ir.bound_names(s.target):
        return False  # a part of an array
    again = {n for t in plan.again.get(loop.key, []) for n in ir.names(t.value)}
    asked = again.union(*(_asked(t, plan) for t in ir.statements(loop.body[k + 1 :])))
    sink = plan.sinks.get(s.key)
    return name not in asked and not (sink is not None and sink.reads_result)


def _asked(s: Stmt, plan: Plan) -> frozenset[str]:
    """Every variable that the reverse of a statement may ask for."""
    asked: frozenset[str] = frozenset()
    sink = plan.sinks.get(s.key)
    if sink is not None:
        asked |= sink.names() | sink.shapes()
        asked |= {c.variable for c in sink.contributions}
    if isinstance(s, ir.Assign):
        asked = asked.union(*(ir.names(t) for t in ir.targets(s.target) if not isinstance(t, Name)))
        return asked
    return asked | reads(s) | {n for t in plan.again.get(s.key, []) for n in ir.names(t.value)}
