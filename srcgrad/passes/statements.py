"""What each statement of a function contributes to the cotangents of its variables, and under which names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from srcgrad.passes import algebra, kinds
from srcgrad.passes.adjoint import Adjoint
from srcgrad.passes.cotangent import Contribution, Sink
from srcgrad.passes.kinds import Kind
from srcgrad.passes.memory import Memory
from srcgrad.passes.overlap import Overlap, indices_of
from srcgrad.passes.places import selects
from srcgrad.passes.record import Plan
from srcgrad.passes.selection import Use, Uses
from srcgrad.passes.simple import Given
from srcgrad.passes.tangent import Tangent
from srcgrad.passes.view import Env, Value, View
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Expr, Name, NotStatic, Stmt

if TYPE_CHECKING:
    from srcgrad.passes.pipeline import Session

# Functions of Python's that the generated text may call by their names.
WRITTEN_BUILTINS = {"range", "reversed", "len", "float", "slice"}


@dataclass
class Derived:
    """What a statement contributes, and all that this has been worked out from."""

    s: Stmt
    env: Env
    uses: tuple[object, ...]
    given: Given
    plan: Plan  # what it adds to the plan besides the sink
    sink: Sink | None = None
    taken: set[str] = field(default_factory=set)
    handed_out: set[str] = field(default_factory=set)
    bars: frozenset[str] = frozenset()


class Statements:
    """One function, statement by statement."""

    mode: str
    in_place: frozenset[int] = frozenset()  # the statements `y += e` that change an array in place
    result_bar: str  # the cotangent of a result that is not a variable

    def __init__(
        self,
        session: Session,
        unit: ir.Unit,
        values: tuple[Value, ...],
        argnums: tuple[int, ...],
        integers: frozenset[int] = frozenset(),
        selected: bool = False,
    ) -> None:
        self.session = session
        self.module = session.module
        self.unit = unit
        self.values = values
        self.argnums = argnums
        self.integers = integers
        code = unit.function.__code__
        self.users = frozenset(code.co_varnames)
        assigned = [ir.bound_names(s.target) for s in ir.statements(unit.body) if isinstance(s, ir.Assign)]
        self.variables = set(code.co_varnames).union(code.co_cellvars, *assigned)
        self.taken = self.variables | set(code.co_names) | set(code.co_freevars)
        if code.co_cellvars:
            raise NotStatic("a variable that an inner function reads")
        self.module.hide(self.variables)
        own = self.variables | (set(code.co_names) & unit.function.__globals__.keys())
        if own & WRITTEN_BUILTINS:
            raise NotStatic(f"{min(own & WRITTEN_BUILTINS)} is not Python's")
        if any(ir.names(e) & {"_"} for s in ir.statements(unit.body) for e in evaluated(s)):
            raise NotStatic("the variable _ is read")
        self.start = dict(zip(unit.params, values, strict=True))
        self.selected = selected  # whether the caller may leave parts of the result unused
        self.uses: Uses | None = None
        self.overlap: Overlap | None = None
        self.read: dict[str, Any] = {}
        self.brought: dict[str, Any] = {}  # what the global names of inlined functions mean
        self.memory = Memory()
        self.derived: dict[int, Derived] = {}  # by the identity of the statement
        self.handed_out: set[str] = set()
        self.bars_then: tuple[tuple[int, int, int], frozenset[str]] = ((0, 0, 0), frozenset())
        self.originals: dict[str, str] = {}  # the name that a numbered name of ours was made from

    # Names --------------------------------------------------------------------------------------

    def fresh(self, wanted: str) -> str:
        name, k = wanted, 2
        while name in self.taken or name in self.module.taken or name in self.module.objects:
            name, k = f"{wanted}{k}", k + 1
        self.taken.add(name)
        return name

    def variable(self, wanted: str) -> str:
        wanted = self.originals.get(wanted, wanted)
        name = self.fresh(wanted)
        self.originals[name] = wanted
        self.variables.add(name)
        return name

    def use(self, s: Stmt) -> Use:
        """Whether elements of the value of a part of the statement may be left unused."""
        if self.uses is None or self.uses.unit is not self.unit:
            integers = frozenset(p for p, v in self.start.items() if v.kind.form == "int")
            self.uses = Uses(self.unit, integers, self.selected)
        return Use(self.uses, s)

    def adjoint(self, s: Stmt, view: View, result: str | None) -> Adjoint:
        used: set[str] = set()

        def fresh(wanted: str) -> str:
            name, k = wanted, 2
            while name in self.taken or name in used or name in self.bar_names():
                name, k = f"{wanted}{k}", k + 1
            used.add(name)
            self.handed_out.add(name)
            return name

        return Adjoint(view, self.module, fresh, result, self.use(s))

    def bar(self, name: str) -> str:
        """The name of a variable's cotangent."""
        wanted, k = f"{name}_bar", 2
        while wanted in self.taken or wanted in self.module.taken:
            wanted, k = f"{name}_bar{k}", k + 1
        return wanted

    def bar_names(self) -> frozenset[str]:
        sizes = len(self.variables), len(self.taken), len(self.module.taken)  # which only grow
        if self.bars_then[0] != sizes:
            self.bars_then = sizes, frozenset([self.bar(v) for v in self.variables])
        return self.bars_then[1]

    # Reverse mode --------------------------------------------------------------------------------

    def seed(self, kind: Kind) -> Expr:
        if kind.is_scalar:
            return algebra.ONE
        raise NotStatic("the result is not known to be a scalar")

    def dry(self, s: Stmt, view: View) -> list[Expr]:
        """What the derivative of a statement asks to have by name."""
        if self.mode == "jvp":
            return self.dry_tangent(s, view)
        sink = self.sink(s, view).sink
        return sink.wanted if sink is not None else []

    def sink(self, s: Stmt, view: View, given: Given = (None, None)) -> Derived:
        """The contributions of a statement, whether or not its target's cotangent is zero."""
        uses = self.use(s).uses.about(s)
        known = self.derived.get(id(s))
        if (
            known is not None
            and known.env is view.env
            and known.given == given
            and known.uses == uses
            and self.are_free(known)
        ):
            return known
        self.handed_out = set()
        found = Derived(s, view.env, uses, given, Plan())
        found.sink = self.contributions(s, view, found.plan, given)
        found.taken = self.taken | self.module.taken
        found.handed_out, found.bars = self.handed_out, self.bar_names()
        self.derived[id(s)] = found
        return found

    def are_free(self, known: Derived) -> bool:
        """Whether the names that were given to cotangents would be given again."""
        later = (self.taken | self.module.taken) - known.taken
        return later.isdisjoint(known.handed_out | known.bars) and self.bar_names().isdisjoint(known.handed_out)

    def contributions(self, s: Stmt, view: View, plan: Plan, given: Given) -> Sink | None:
        match s:
            case ir.Return():
                kind = view.kind(s.value)
                if not (kind.is_real or kind.is_scalar):
                    raise NotStatic("a result that is not a number or an array", s.span)
                if not view.active(s.value):
                    if self.mode != "vjp":
                        self.seed(kind)
                    return Sink()
                if not kind.is_real:
                    raise NotStatic("a result that is not a number or an array", s.span)
                return self.adjoint(s, view, None).run(s.value, self.return_bar(kind), kind)
            case ir.Assign(target=Name() as target) if s.key in self.in_place:
                return self.update(s, target, view)
            case ir.Assign(target=Name() as target):
                value = ir.Binary(s.op, target, s.value) if s.op else s.value
                if not view.active(value):
                    return Sink()
                result = target.id if target.id not in ir.names(value) else None
                adjoint = self.adjoint(s, view, result)
                kind, bar = view.kind(value), Name(self.bar(target.id))
                constant, thin = given
                if constant is not None:
                    return adjoint.run(value, constant, kind, kind.is_scalar)
                return adjoint.run(value, bar, thin or kind, thin is None)
            case ir.Assign(target=ir.Subscript() as target):
                return self.store(s, target, view, plan)
            case ir.Assign(target=ir.Sequence() as target, value=ir.Sequence() as value):
                return self.parallel(s, target, value, view)
            case ir.Assign():
                if view.active(s.value):
                    raise NotStatic("an active value is unpacked", s.span)
                return Sink()
            case ir.UserCall():
                return self.user_call(s, view, plan)
            case _:
                return None

    def user_call(self, s: ir.UserCall, view: View, plan: Plan) -> Sink:
        """The pullback's results go on to the arguments."""
        total = Sink()
        received: list[str] = []
        for name, e in s.bound:
            if not view.active(e):
                continue
            adjoint = self.adjoint(s, view, None)
            for taken in received:
                adjoint.fresh(taken)
            bar = adjoint.fresh(f"{name}_bar")
            received.append(bar)
            one = adjoint.run(e, Name(bar), view.kind(e))
            if one.temps and total.temps:
                raise NotStatic("a call with such arguments", s.span)
            total.temps += one.temps
            total.contributions += one.contributions
            total.wanted += one.wanted
        plan.received[s.key] = received
        return total

    def return_bar(self, kind: Kind) -> Expr:
        if self.mode == "vjp":
            return Name(self.result_bar)
        return self.seed(kind)

    def update(self, s: ir.Assign, target: Name, view: View) -> Sink:
        """An array that is added to in place: its cotangent stays what it is, and goes to what is added."""
        adjoint = self.adjoint(s, view, None)
        bar, kind = Name(self.bar(target.id)), view.kind(target)
        if view.active(target):
            adjoint.sink.contributions.append(Contribution(target.id, None, bar, True))
        adjoint.bars = {bar.id: kind}
        if not view.active(s.value):
            return adjoint.sink
        return adjoint.run(s.value, algebra.neg(bar) if s.op == "-" else bar, view.kind(s.value), wide=kind)

    def store(self, s: ir.Assign, target: ir.Subscript, view: View, plan: Plan) -> Sink:
        base = ir.root(target)
        assert base is not None
        part = view.kind(target)
        if part == kinds.OBJECT:
            raise NotStatic("a write at an index of an unknown kind", s.span)
        if selects(target.index, view) == "repeats":
            raise NotStatic("a write at an array of indices", s.span)
        if s.op in ("+", "-"):
            at = ir.substituted(target.value, {base: Name(self.bar(base))})
            place = ir.Subscript(at, target.index)
            cotangent: Expr = algebra.neg(place) if s.op == "-" else place
            sink = self.written(s, s.value, part, cotangent, view, {})
            if not any(c.variable == base for c in sink.contributions):
                plan.added.add(s.key)
                return sink
        value = ir.Binary(s.op, target, s.value) if s.op else s.value
        temp = "e_bar"
        while temp in self.taken or temp in self.bar_names():
            temp += "_"
        sink = self.written(s, value, part, Name(temp), view, {temp: part})
        sink.temps.insert(0, (temp, algebra.ZERO))
        return sink

    def written(
        self, s: ir.Assign, value: Expr, part: Kind, cotangent: Expr, view: View, temps: dict[str, Kind]
    ) -> Sink:
        """The contributions of a value that is written into a place of a certain shape."""
        if not view.active(value):
            return Sink()
        kind = view.kind(value)
        adjoint = self.adjoint(s, view, None)
        base = ir.root(s.target)
        assert base is not None
        adjoint.bars = {**temps, self.bar(base): view.kind(Name(base))}
        for temp in temps:
            adjoint.fresh(temp)
        if temps and isinstance(s.target, ir.Subscript) and not kinds.stretches(kind, part):
            adjoint.stored = self.result_place(s, s.target, value)
        return adjoint.run(value, cotangent, kind, wide=part)

    def result_place(self, s: ir.Assign, target: ir.Subscript, value: Expr) -> Expr | None:
        """The place that holds the value afterwards, if the derivative may be taken before it is restored."""
        if not isinstance(target.value, Name):
            return None
        if self.overlap is None or self.overlap.unit is not self.unit:
            self.overlap = Overlap(self.unit)
        read = list(indices_of(target.value.id, value))
        old = [index for index in read if index == target.index]
        divided = isinstance(value, ir.Binary) and value.op == "/" and value.left == target
        if old and not (len(old) == 1 and divided):
            return None
        others = [index for index in read if index != target.index]
        apart = all(index is not None and self.overlap.are_apart(index, target.index, s) for index in others)
        return target if apart else None

    def parallel(self, s: ir.Assign, target: ir.Sequence, value: ir.Sequence, view: View) -> Sink:
        total = Sink()
        if len(target.items) != len(value.items):
            raise NotStatic("an unpacking", s.span)
        for t, e in zip(target.items, value.items, strict=True):
            if not isinstance(t, Name):
                if view.active(e) or view.active(t):
                    raise NotStatic("a parallel write into arrays", s.span)
                continue
            if not view.active(e):
                continue
            one = self.adjoint(s, view, None).run(e, Name(self.bar(t.id)), view.kind(e))
            if one.temps and total.temps:
                raise NotStatic("a parallel assignment with large values", s.span)
            total.temps += one.temps
            total.contributions += one.contributions
            total.wanted += one.wanted
        return total

    # Forward mode --------------------------------------------------------------------------------

    def tangent(self, s: Stmt, view: View, result: str | None) -> Tangent:
        tangent = Tangent(view, self.module, self.fresh, result, self.use(s))
        tangent.dots = {v: self.dot(v) for v in self.variables}
        return tangent

    def dot(self, name: str) -> str:
        """The name of a variable's tangent."""
        wanted, k = f"{name}_dot", 2
        while wanted in self.taken or wanted in self.module.taken:
            wanted, k = f"{name}_dot{k}", k + 1
        return wanted

    def dry_tangent(self, s: Stmt, view: View) -> list[Expr]:
        if not isinstance(s, (ir.Assign, ir.Return)):
            return []
        wanted: list[Expr] = []
        pairs: list[tuple[Expr | None, Expr]] = [(None, s.value)]
        if isinstance(s, ir.Assign):
            pairs = [(s.target, s.value)]
            if s.op:
                pairs = [(s.target, ir.Binary(s.op, s.target, s.value))]
            if isinstance(s.target, ir.Sequence) and isinstance(s.value, ir.Sequence):
                pairs = [(None, e) for e in s.value.items]
        for target, e in pairs:
            name = target.id if isinstance(target, Name) else None
            result = name if name is not None and name not in ir.names(e) else None
            tangent = self.tangent(s, view, result)
            tangent.top = e
            dot = tangent.of(e)
            if dot is not None and not isinstance(target, ir.Subscript):
                tangent.fitted(e, dot)
            wanted += tangent.sink.wanted
        return wanted


def evaluated(s: Stmt) -> list[Expr]:
    """The expressions that a statement itself evaluates."""
    match s:
        case ir.Assign():
            return [s.value, *(t for t in ir.targets(s.target) if not isinstance(t, ir.Name))]
        case ir.Return() | ir.Evaluate():
            return [s.value]
        case ir.If() | ir.While():
            return [s.test]
        case ir.For():
            return [s.iterable]
        case ir.UserCall():
            return [e for _, e in s.bound]
        case _:
            return []
