"""Which values the forward sweep must keep.

A value is kept when the reverse sweep reads it and it has been overwritten by then.

    before                              after
        for i in range(n):                  y_saved = []
            y = y * x[i]                    for i in range(n):
                                                y_saved.append(y)
                                                y = y * x[i]

The set of variables to be recorded goes forward through the statements: each adds what its own
reverse reads; at an overwrite of one of them its value is saved. A variable that each iteration of
a loop sets before it reads it is saved at the end of the iteration instead, or computed again from
what is still there, where that is cheap.

Hascoët and Pascual 2013, The Tapenade automatic differentiation tool, section 4: "to be recorded".
"""

from __future__ import annotations

from dataclasses import dataclass, field

from srcgrad.passes.cotangent import Sink, cost
from srcgrad.passes.infer import Facts
from srcgrad.passes.kinds import Kind
from srcgrad.passes.lengths import elements_read, of_fixed_shape
from srcgrad.passes.overlap import Overlap, reads_of
from srcgrad.passes.reading import reads as all_read
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Block, NotStatic, Stmt


@dataclass
class Plan:
    """What the two sweeps do at each statement, by the statement's key."""

    sinks: dict[int, Sink] = field(default_factory=dict)
    # Saved before the statement overwrites them.
    overwritten: dict[int, set[str]] = field(default_factory=dict)
    # Saved at the end of each iteration of a loop, or computed again at the start of its reverse.
    kept: dict[int, list[str]] = field(default_factory=dict)
    again: dict[int, list[ir.Assign]] = field(default_factory=dict)
    trips: dict[int, str] = field(default_factory=dict)
    # Writes `a[i] += e` whose cotangent stays where it is.
    added: set[int] = field(default_factory=set)
    # The names of the cotangents that a call's pullback returns.
    received: dict[int, list[str]] = field(default_factory=dict)
    # Cotangents that are numbers, and the kinds of those that only stand for an array of their variable's shape.
    constant: dict[str, ir.Const] = field(default_factory=dict)
    thin: dict[str, Kind] = field(default_factory=dict)
    # Writes into places whose cotangents nothing adds to or reads again.
    spent: set[int] = field(default_factory=set)
    overlap: Overlap | None = None
    # Assignments in checkpointed loops that are not made again.
    skipped: set[int] = field(default_factory=set)
    # Names of the generator's that are given a value first, since some path does not bind them.
    initial: set[str] = field(default_factory=set)

    def referred(self, unit: ir.Unit) -> frozenset[int]:
        """The statements `y += e` of whose variables something keeps the value."""
        kept: set[str] = set().union(*self.overwritten.values(), *self.kept.values())
        kept |= {t.target.id for again in self.again.values() for t in again if isinstance(t.target, ir.Name)}
        return frozenset(
            s.key
            for s in ir.statements(unit.body)
            if isinstance(s, ir.Assign) and s.op and isinstance(s.target, ir.Name) and s.target.id in kept
        )

    def acts(self, s: Stmt) -> bool:
        """Whether the reverse sweep has anything to do for a statement."""
        if s.key in self.sinks or self.overwritten.get(s.key):
            return True
        match s:
            case ir.If():
                return any(self.acts(t) for t in (*s.body, *s.orelse))
            case ir.For() | ir.While():
                return any(self.acts(t) for t in s.body)
            case _:
                return False


def record(unit: ir.Unit, plan: Plan, facts: Facts, users: frozenset[str]) -> Plan:
    """Fill in what is saved where. `users` are the variables that the user named."""
    overlap = plan.overlap = Overlap(unit)
    recorder = _Recorder(plan, facts, users, overlap)
    recorder.block(unit.body, frozenset())
    plan.spent = _spent(unit, plan, facts, overlap)
    return plan


def _spent(unit: ir.Unit, plan: Plan, facts: Facts, overlap: Overlap) -> set[int]:
    """The writes after whose reverse the cotangent of what was written need not be zero.

    The array begins without a derivative, and nothing earlier reads or writes what the statement writes.
    """
    stores: dict[str, list[tuple[Stmt, ir.Subscript]]] = {}
    others: set[str] = set(unit.params)
    for s in ir.statements(unit.body):
        if isinstance(s, ir.Assign):
            for t in ir.targets(s.target):
                name = ir.root(t)
                if isinstance(t, ir.Subscript) and t is s.target and isinstance(t.value, ir.Name) and name:
                    stores.setdefault(name, []).append((s, t))
                elif isinstance(t, ir.Subscript) and name:
                    others.add(name)
    found: set[int] = set()
    for name, writes in stores.items():
        bindings = overlap.bindings.get(name, [])
        known = [facts.after[b.key][name] for b in bindings if b.key in facts.after]
        if name in others or len(known) != len(bindings) or any(v.active for v in known):
            continue
        touched: list[tuple[Stmt, ir.Expr | None]] = [(s, t.index) for s, t in writes]
        for key, sink in plan.sinks.items():
            for c in sink.contributions:
                if c.variable == name:
                    match c.place:
                        case ir.Subscript(value=ir.Name(), index=index):
                            touched.append((overlap.statements[key], index))
                        case _:
                            touched.append((overlap.statements[key], None))
        for s, place in writes:
            past = (overlap.is_past(s, place, t, at, itself=s is t and at is place.index) for t, at in touched)
            if s.key in plan.sinks and s.key not in plan.added and all(past):
                found.add(s.key)
    return found


class _Recorder:
    def __init__(self, plan: Plan, facts: Facts, users: frozenset[str], overlap: Overlap) -> None:
        self.plan = plan
        self.users = users
        self.facts = facts
        self.overlap = overlap
        self.fixed = of_fixed_shape(overlap.unit)
        self.reads: dict[str, list[tuple[Stmt, ir.Expr | None]]] = {}
        # The arrays whose shape is not the same wherever they are bound.
        known: dict[str, Kind] = {}
        self.reshaped: set[str] = set()
        for env in facts.after.values():
            for name, value in env.items():
                if known.setdefault(name, value.kind) != value.kind:
                    self.reshaped.add(name)
        self.lasting = _bound_once(overlap)

    def block(self, body: Block, needed: frozenset[str]) -> frozenset[str]:
        for s in body:
            needed = self.statement(s, needed)
        return needed

    def statement(self, s: Stmt, needed: frozenset[str]) -> frozenset[str]:
        """What is to be recorded after the statement, from what is before it."""
        match s:
            case ir.Assign() | ir.UserCall():
                return self._assign(s, needed)
            case ir.Return():
                return needed | self._reads(s)
            case ir.If():
                then = self.block(s.body, needed)
                orelse = self.block(s.orelse, needed)
                test = self._known(s, elements_read(s.test, self.fixed)) if self.plan.acts(s) else frozenset()
                return then | orelse | test
            case ir.For() | ir.While() if s.checkpoints is not None and self.plan.acts(s):
                return self._checkpointed(s, needed)
            case ir.For() | ir.While():
                return self._loop(s, needed)
            case _:
                return needed

    def _known(self, s: Stmt, names: frozenset[str]) -> frozenset[str]:
        return frozenset(n for n in names if n in self.facts.before[s.key])

    def _reads(self, s: Stmt) -> frozenset[str]:
        sink = self.plan.sinks.get(s.key)
        if sink is None:
            return frozenset()
        reads = self._known(s, sink.names())
        env = self.facts.before[s.key]
        shapes = {c.variable for c in sink.contributions if c.place is not None or not c.full}
        for name in shapes | sink.shapes():
            if name in env and name not in self.lasting:
                dims = env[name].kind.dims
                if dims is None or not all(d.settled for d in dims) or name in self.reshaped:
                    reads |= {name}
        if isinstance(s, ir.UserCall) and self.plan.received.get(s.key):
            reads |= self._known(s, all_read(s)) if s.forgets else {s.pullback}
        return reads

    def _assign(self, s: ir.Assign | ir.UserCall, needed: frozenset[str]) -> frozenset[str]:
        if s.key in self.plan.skipped:
            return needed | self._reads(s)
        sink = self.plan.sinks.get(s.key)
        bound = ir.bound_names(s.target)
        written = ir.written_names(s)
        reads = self._reads(s)
        if isinstance(s, ir.UserCall):
            bound = ir.written_names(s)
            after = reads & (bound - {s.target.id})
            needed |= reads - after
        else:
            after = bound if sink is not None and sink.reads_result else frozenset()
            needed |= reads - after
        into = written - bound
        for target in ir.targets(s.target):
            if isinstance(target, ir.Subscript):
                index = self._known(s, ir.names(target.index))
                if sink is not None or into & needed:
                    needed |= index
        lost = frozenset(n for n in written & needed if n in bound or self._is_read_again(s, n))
        if lost:
            env = self.facts.before[s.key]
            for name in lost:
                if name not in env or not env[name].sure:
                    self._bind_first(name, s)
            self.plan.overwritten.setdefault(s.key, set()).update(lost)
        return (needed - bound) | after

    def _is_read_again(self, s: Stmt, name: str) -> bool:
        """Whether the reverse sweep may read what a write into an array overwrites."""
        if not isinstance(s, ir.Assign) or not isinstance(s.target, ir.Subscript):
            return True
        if not isinstance(s.target.value, ir.Name):
            return True
        if name not in self.reads:
            self.reads[name] = list(reads_of(name, self.overlap.unit, self.plan.sinks))
        place = s.target
        late = self.plan.sinks[s.key].reads_result if s.key in self.plan.sinks else False
        for t, index in self.reads[name]:
            if late and t.key == s.key and index == place.index:
                continue  # the result of the write itself
            if not self.overlap.is_past(s, place, t, index):
                return True
        return False

    def _loop(self, s: ir.For | ir.While, needed: frozenset[str]) -> frozenset[str]:
        plan, entry = self.plan, self.facts.entry[s.key]
        target = ir.bound_names(s.target) if isinstance(s, ir.For) else frozenset()
        written = ir.written_in(s.body)
        # A variable that the loop may not find bound is set by each iteration before it is read.
        local = {n for n in written if n not in entry or not entry[n].sure} - target
        if local & needed:
            raise NotStatic(f"{min(local & needed)} may be unbound before a loop", s.span)
        head = needed
        while True:
            start = head - target - local
            end = self.block(s.body, start)
            end = self._carry(s, end, local, target)
            again = head | end
            if again == head:
                break
            head = again
        lost = target & needed
        if any(name not in entry or not entry[name].sure for name in lost):
            raise NotStatic("a loop variable that may be unbound before its loop", s.span)
        if lost:
            plan.overwritten.setdefault(s.key, set()).update(lost)
        out = head - target if plan.acts(s) else head
        if plan.acts(s) and isinstance(s, ir.For):
            out |= self._known(s, elements_read(s.iterable, self.fixed))
        return out

    def _unread(self, body: Block) -> set[int]:
        """The assignments whose values no reverse of the same iteration reads: they are not made again."""
        found: set[int] = set()
        live: frozenset[str] = frozenset()
        for s in reversed(body):
            inside = list(ir.statements((s,)))
            sinks = [self.plan.sinks[t.key] for t in inside if t.key in self.plan.sinks]
            later = live
            live = live.union(*(sink.names() | sink.shapes() for sink in sinks))
            late = any(sink.reads_result for sink in sinks)
            if isinstance(s, ir.Assign) and not late and not ir.written_names(s) & later:
                found.add(s.key)
            elif isinstance(s, ir.Assign) or self.plan.acts(s) or ir.written_in((s,)) & live:
                live = live.union(*(all_read(t) for t in inside))
        return found

    def _checkpointed(self, s: ir.For | ir.While, needed: frozenset[str]) -> frozenset[str]:
        """Each iteration is run again right before its reverse: nothing is saved from one to the next."""
        assert s.checkpoints is not None
        self.plan.skipped |= self._unread(s.body)
        self.block(s.body, frozenset())
        entry = self.facts.entry[s.key]
        target = ir.bound_names(s.target) if isinstance(s, ir.For) else frozenset()
        written = ir.written_in(s.body) | target
        lost = needed & written
        for name in lost:
            if name not in entry or not entry[name].sure:
                self._bind_first(name, s)
        if lost:
            self.plan.overwritten.setdefault(s.key, set()).update(lost)
        read = frozenset().union(all_read(s), *(all_read(t) for t in ir.statements(s.body)))
        return (needed - written) | (self._known(s, read) - written) | {s.checkpoints.kept}

    def _carry(
        self, s: ir.For | ir.While, end: frozenset[str], local: set[str], target: frozenset[str]
    ) -> frozenset[str]:
        """Decide for the loop's own variables what becomes of them at the end of an iteration."""
        plan = self.plan
        written = ir.written_in(s.body)
        again: list[ir.Assign] = []
        fixed: set[str] = set()
        for t in s.body:
            if not (isinstance(t, ir.Assign) and isinstance(t.target, ir.Name) and not t.op):
                continue
            name = t.target.id
            if name not in local or self._writes(s.body, name) != 1:
                continue
            reads = self._known(t, ir.names(t.value))
            kind = self.facts.at(t).kind(t.value)
            limit = 0 if kind.form not in ("float", "int", "bool", "scalar") else 4
            if reads & written <= fixed and cost(t.value) <= limit:
                fixed.add(name)
                again.append(t)
        wanted = end & local
        chosen: list[ir.Assign] = []
        for t in reversed(again):
            assert isinstance(t.target, ir.Name)
            if t.target.id in wanted:
                chosen.insert(0, t)
                wanted = (wanted - {t.target.id}) | (ir.names(t.value) & local)
                end |= self._known(t, ir.names(t.value))
        plan.again[s.key] = chosen
        for name in wanted:
            self._check_sure(s, name)
        plan.kept[s.key] = sorted(wanted)
        return end - local - target

    def _writes(self, body: Block, name: str) -> int:
        return sum(name in ir.written_names(t) for t in ir.statements(body))

    def _check_sure(self, s: ir.For | ir.While, name: str) -> None:
        """The variable is bound wherever an iteration ends."""
        for t in _own(s.body):
            ends = isinstance(t, ir.Break)
            if ends or t is s.body[-1]:
                env = self.facts.before[t.key] if ends else self.facts.after.get(t.key)
                if env is not None and (name not in env or not env[name].sure):
                    self._bind_first(name, s)

    def _bind_first(self, name: str, s: Stmt) -> None:
        """Saving a name of the generator's that was not bound yet is harmless: nothing reads it."""
        if name in self.users:
            raise NotStatic(f"{name} may be unbound where it is saved", s.span)
        self.plan.initial.add(name)


def _bound_once(overlap: Overlap) -> frozenset[str]:
    """The arrays that are made once, and after that only changed in place: their shape is always the same."""
    found = set()
    for name in {*overlap.bindings, *overlap.unit.params}:
        made = [s for s in overlap.bindings.get(name, []) if not (isinstance(s, ir.Assign) and s.op)]
        looped = any(isinstance(t, (ir.For, ir.While)) for s in made for t, _ in overlap.above[s.key])
        if len(made) + (name in overlap.unit.params) == 1 and not looped:
            found.add(name)
    return frozenset(found)


def _own(body: Block) -> list[Stmt]:
    """The statements of a loop's body that are not inside another loop."""
    out: list[Stmt] = []
    for s in body:
        out.append(s)
        if isinstance(s, ir.If):
            out += _own(s.body) + _own(s.orelse)
    return out
