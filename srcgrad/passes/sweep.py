"""The forward sweep's text: the user's code, with what must be saved.

before                              after
    while abs(y * y - x) > tol:         y_saved = []
        y = 0.5 * (y + x / y)           while abs(y * y - x) > tol:
                                            y_saved.append(y)
                                            y = 0.5 * (y + x / y)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from srcgrad.passes.infer import Facts
from srcgrad.passes.lines import Lines
from srcgrad.passes.normalise import breaks
from srcgrad.passes.places import negated
from srcgrad.passes.reading import writes_into
from srcgrad.passes.record import Plan
from srcgrad.passes.traces import Trace
from srcgrad.syntax import emit, ir
from srcgrad.syntax.ir import Block, Name, NotStatic, Stmt

if TYPE_CHECKING:
    from srcgrad.passes.checkpoints import Rewound


@dataclass
class Saves:
    """The name under which each site keeps what it saves, and the loop that creates its list."""

    names: dict[tuple[int, str], str] = field(default_factory=dict)
    lists: dict[int, list[str]] = field(default_factory=dict)  # by the key of the outermost loop
    in_loop: set[tuple[int, str]] = field(default_factory=set)
    trips: dict[int, str] = field(default_factory=dict)  # the lists of the counts of inner loops
    traces: dict[int, Trace] = field(default_factory=dict)  # by the key of the loop
    together: dict[tuple[int, str], int] = field(default_factory=dict)  # the loop that keeps what a site saves

    def trace_of(self, loop: int) -> str:
        """The list that a loop's trace is kept on."""
        return self.names[min(self.traces[loop].sites)]

    def all_at_once(self) -> set[str]:
        """The lists that the reverse sweep leaves as they are."""
        return {self.trace_of(loop) for loop in self.traces}


def name_saves(unit: ir.Unit, plan: Plan, found: dict[int, Trace], fresh: Callable[[str], str]) -> Saves:
    """Give each place that saves a variable its `x_saved`."""
    saves = Saves(traces=found)

    def trace(key: int) -> None:
        names = found[key].names
        saved = fresh(f"{names[0]}_saved" if len(names) == 1 else "saved")
        saves.lists.setdefault(key, []).append(saved)
        for s, name in found[key].sites:
            saves.names[s, name] = saved
            saves.together[s, name] = key

    def site(key: int, name: str, outer: int | None) -> None:
        if (key, name) in saves.together:
            return
        saved = saves.names[key, name] = fresh(f"{name}_saved")
        if outer is not None:
            saves.in_loop.add((key, name))
            saves.lists.setdefault(outer, []).append(saved)

    def block(body: Block, outer: int | None) -> None:
        for s in body:
            for name in sorted(plan.overwritten.get(s.key, ())):
                site(s.key, name, outer)
            inner = outer
            if isinstance(s, (ir.For, ir.While)) and s.checkpoints is not None:
                block(s.body, None)  # an iteration is run again right before its reverse
            elif isinstance(s, (ir.For, ir.While)):
                inner = outer if outer is not None else s.key
                if s.key in found:
                    trace(s.key)
                if outer is not None and s.key in plan.trips:
                    counts = saves.trips[s.key] = fresh(f"{plan.trips[s.key]}_saved")
                    saves.lists.setdefault(outer, []).append(counts)
                kept = plan.kept.get(s.key, ()) if s.key not in found else ()
                if len(kept) > 1:
                    together = fresh("saved")
                    saves.lists.setdefault(inner, []).append(together)
                    saves.names.update({(s.key, name): together for name in kept})
                    saves.in_loop |= {(s.key, name) for name in kept}
                else:
                    for name in kept:
                        site(s.key, name, inner)
                block(s.body, inner)
            elif isinstance(s, ir.If):
                block(s.body, outer)
                block(s.orelse, outer)

    block(unit.body, None)
    return saves


@dataclass
class Sweep:
    """Writes the forward sweep."""

    plan: Plan
    saves: Saves
    facts: Facts
    callee: Callable[[ir.UserCall], str]
    dead: frozenset[int] = frozenset()  # statements that are left out
    rewound: Rewound | None = None  # writes the checkpointed loops

    def block(self, body: Block, ends: tuple[ir.For | ir.While, ...] = ()) -> Lines:
        out = Lines()
        for s in body:
            if s.key in self.dead:
                continue
            for line in s.leading:
                out.add(line)
            self.statement(s, out, ends)
        return out

    def statement(self, s: Stmt, out: Lines, ends: tuple[ir.For | ir.While, ...]) -> None:
        match s:
            case ir.For() | ir.While():
                self.loop(s, out)
            case ir.If():
                self.conditional(s, out, ends)
            case ir.Break():
                self.keep(ends[-1], out)
                out.add(self.text(s))
            case ir.UserCall():
                self.before(s, out)
                if s.forgets or not any(self.facts.at(s).active(e) for _, e in s.bound):
                    out.add(f"{s.target.id} = {emit.text_of(s.call)}{s.comment}")
                    return
                arguments = ", ".join(f"{emit.text_of(e)}" for _, e in s.bound)
                out.add(f"{s.target.id}, {s.pullback} = {self.callee(s)}({arguments}){s.comment}")
            case ir.Return():
                pass
            case _:
                self.before(s, out)
                out.add(self.text(s))

    def text(self, s: Stmt) -> str:
        return f"{s.text if s.text is not None else emit.header(s)}{s.comment}"

    def before(self, s: Stmt, out: Lines) -> None:
        for loop, trace in self.saves.traces.items():
            if trace.before == s.key:
                out.add(self.appended(loop))
        for name in sorted(self.plan.overwritten.get(s.key, ())):
            if (s.key, name) in self.saves.together:
                continue
            saved = self.saves.names[s.key, name]
            value = self.lost(s, name)
            if (s.key, name) in self.saves.in_loop:
                out.add(f"{saved}.append({value})")
            else:
                out.add(f"{saved} = {value}")

    def lost(self, s: Stmt, name: str) -> str:
        """The text of what is overwritten: the variable, or the part of it that is written to."""
        if isinstance(s, (ir.For, ir.While)) and writes_into(s.body, name):
            return name if self.facts.at(s).kind(Name(name)).is_scalar else f"{name}.copy()"
        if isinstance(s, ir.Assign):
            for target in ir.targets(s.target):
                if isinstance(target, ir.Subscript) and ir.root(target) == name:
                    view = self.facts.at(s)
                    text = emit.text_of(target)
                    return text if view.kind(target).is_scalar else f"{text}.copy()"
        return name

    def appended(self, loop: int) -> str:
        """The statement that keeps what an iteration saves, all of it together."""
        names = self.saves.traces[loop].names
        values = f"({', '.join(names)})" if len(names) > 1 else names[0]
        return f"{self.saves.trace_of(loop)}.append({values})"

    def keep(self, loop: Stmt, out: Lines) -> None:
        """Save what an iteration leaves behind: one value, or all of them together."""
        if loop.key in self.saves.traces:
            if self.saves.traces[loop.key].before is None:
                out.add(self.appended(loop.key))
            return
        kept = self.plan.kept.get(loop.key, ())
        if kept:
            values = ", ".join(kept)
            out.add(f"{self.saves.names[loop.key, kept[0]]}.append({f'({values})' if len(kept) > 1 else values})")

    def loop(self, s: ir.For | ir.While, out: Lines) -> None:
        for saved in self.saves.lists.get(s.key, ()):
            out.add(f"{saved} = []")
        self.before(s, out)
        if s.checkpoints is not None and self.rewound is not None and self.plan.acts(s):
            self.rewound.forward(s, out)
            return
        trips = self.plan.trips.get(s.key)
        if trips is not None:
            out.add(f"{trips} = 0")
        body = Lines()
        if trips is not None:
            body.add(f"{trips} += 1")
        body.extend(self.block(s.body, (s,)))
        self.keep(s, body)
        out.nest(self.text(s), body)
        if s.key in self.saves.trips:
            out.add(f"{self.saves.trips[s.key]}.append({trips})")

    def conditional(self, s: ir.If, out: Lines, ends: tuple[ir.For | ir.While, ...], word: str = "if") -> None:
        header = self.text(s)
        if all(t.key in self.dead for t in s.body) and any(t.key not in self.dead for t in s.orelse):
            out.nest(f"{word} {emit.text_of(negated(s.test))}:{s.comment}", self.block(s.orelse, ends))
            return
        out.nest(f"{word}{header.removeprefix('if')}", self.block(s.body, ends))
        if all(t.key in self.dead for t in s.orelse):
            return
        if s.body and isinstance(s.body[-1], ir.Break):
            # What follows a break needs no else.
            out.extend(self.block(s.orelse, ends))
            return
        only = s.orelse[0]
        if len(s.orelse) == 1 and isinstance(only, ir.If):
            for line in only.leading:
                out.add(line)
            self.conditional(only, out, ends, "elif")
        else:
            out.nest("else:", self.block(s.orelse, ends))


def trip_counts(unit: ir.Unit, plan: Plan, fresh: Callable[[str], str]) -> None:
    """Give each loop whose number of iterations only running it tells a variable that counts them."""
    for s in ir.statements(unit.body):
        counts = isinstance(s, (ir.For, ir.While)) and s.checkpoints is None
        if counts and (isinstance(s, ir.While) or (isinstance(s, ir.For) and breaks(s.body))) and plan.acts(s):
            plan.trips[s.key] = fresh("trips")


def settle_trip_counts(unit: ir.Unit, plan: Plan) -> dict[int, str]:
    """The variable saved once per iteration of an outermost while loop: its list counts for it.

    Returns, by loop, the variable; `while y_saved:` then replaces the count.
    """
    counted: dict[int, str] = {}

    def block(body: Block, outermost: bool) -> None:
        for s in body:
            match s:
                case ir.For() | ir.While() if s.checkpoints is not None:
                    block(s.body, True)
                case ir.While():
                    if outermost and s.key in plan.trips:
                        name = _saved_each_time(s, plan)
                        if name is not None:
                            del plan.trips[s.key]
                            counted[s.key] = name
                    block(s.body, False)
                case ir.For():
                    block(s.body, False)
                case ir.If():
                    block(s.body, outermost)
                    block(s.orelse, outermost)
                case _:
                    pass

    block(unit.body, True)
    return counted


def _saved_each_time(s: ir.While, plan: Plan) -> str | None:
    if plan.kept.get(s.key):
        return f"{s.key}:{plan.kept[s.key][0]}"
    for t in s.body:
        if isinstance(t, (ir.Assign, ir.UserCall)) and plan.overwritten.get(t.key):
            return f"{t.key}:{min(plan.overwritten[t.key])}"
        if isinstance(t, ir.If) and breaks((t,)):
            return None
    return None


__all__ = ["Name", "NotStatic", "Saves", "Sweep", "name_saves", "settle_trip_counts", "trip_counts"]
