"""The static tier from end to end: a function in, the text of its derivative out.

`generate` is the only entry. The stages of one function read from top to bottom in `_Function.plan`;
SRCGRAD_DUMP=<name of a stage> prints the unit as it is after that stage.
"""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from srcgrad.passes import algebra, kinds
from srcgrad.passes.adjoint import Adjoint, Sink
from srcgrad.passes.aliases import check_aliases, plain_updates
from srcgrad.passes.calls import chooses_calls, split_calls
from srcgrad.passes.forward import Forward
from srcgrad.passes.hoist import hoist_once, name_conditions
from srcgrad.passes.infer import Facts, Value, View, infer
from srcgrad.passes.kinds import FLOAT, INT, Kind
from srcgrad.passes.lines import Lines
from srcgrad.passes.iteration import index_loops
from srcgrad.passes.namer import Module
from srcgrad.passes.normalise import (
    choices_as_branches,
    decided_branches,
    named_indices,
    one_way_out,
    parallel_writes,
)
from srcgrad.passes.pullback import own_variables
from srcgrad.passes.record import Plan, record
from srcgrad.passes.resolve import Scope
from srcgrad.passes.reverse import OWNED, SHARED, Reverse, State, selects
from srcgrad.passes.selection import at_risk, selected_from
from srcgrad.passes.sweep import Sweep, name_saves, settle_trip_counts, trip_counts
from srcgrad.passes.tangent import Tangent
from srcgrad.passes.useful import useful
from srcgrad.passes.views import separate_views
from srcgrad.passes.versions import rename_overwritten
from srcgrad.syntax import emit, ir
from srcgrad.syntax.emit import text_of
from srcgrad.syntax.ir import Expr, Name, NotStatic, Stmt
from srcgrad.syntax.lower import unit_of

# Functions of Python's that the generated text may call by their names.
WRITTEN_BUILTINS = {"range", "reversed", "len", "float", "slice"}
MODES = ("grad", "value_and_grad", "vjp", "jvp")


@dataclass(frozen=True)
class Generated:
    """A generated module: its text, the entry's name, and the user's values that it reads."""

    source: str
    entry: str
    bindings: dict[str, Any]


def generate(
    function: Any,
    kinds: tuple[Hashable, ...],
    argnums: tuple[int, ...],
    mode: str,
    *,
    apart: bool = False,
) -> Generated:
    """The module of a derivative, for arguments of these kinds.

    `apart` says that the caller has made sure that no two arrays among the arguments share memory;
    without it a function that writes into one of several array parameters is not static.

    Raises NotStatic when anything in the function is not positively understood.
    """
    if mode not in MODES:
        raise NotStatic(f"the mode {mode}")
    session = Session(apart)
    try:
        written = session.entry(function, kinds, argnums, mode)
    except RecursionError as error:
        raise NotStatic("its expressions are too deep") from error
    source = session.assemble(written)
    compile(source, "<generated>", "exec")
    return Generated(source, session.names[function, mode], dict(session.module.bindings))


Key = tuple[Any, tuple[Value, ...]]


@dataclass
class Session:
    """One generated module as it grows: the entry and the callees' functions."""

    apart: bool
    function: Any = None
    module: Module = field(default_factory=Module)
    names: dict[Any, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    results: dict[Key, Value] = field(default_factory=dict)
    working: dict[Key, Value] = field(default_factory=dict)

    def entry(
        self, function: Any, given: tuple[Hashable, ...], argnums: tuple[int, ...], mode: str
    ) -> str:
        unit = unit_of(function)
        if len(given) != len(unit.params):
            raise NotStatic("the kinds of some parameters are not given")
        values = []
        for k, (kind, name) in enumerate(zip(given, unit.params, strict=True)):
            known = kinds.abstract(kind, name)
            if k in argnums:
                if known in (INT, kinds.BOOL):
                    known = FLOAT
                if not known.is_real:
                    raise NotStatic(f"the kind of {name} has no derivative")
            values.append(Value(known, k in argnums))
        self.module.reserve(frozenset(function.__code__.co_names) | {unit.name})
        self.names[function, mode] = self.module.fresh(f"{unit.name}_{mode}")
        integers = frozenset(k for k in argnums if given[k] in ("int", "bool"))
        compiled = _Function(self, unit, tuple(values), argnums, integers)
        return compiled.write(self.names[function, mode], mode)

    # Calls of the user's functions ---------------------------------------------------------------

    def call(self, function: Any, given: tuple[Value, ...], span: ir.Span) -> Value:
        """What a call returns: the callee is interpreted too, a recursion until nothing changes."""
        key = (function, given)
        if key in self.results:
            return self.results[key]
        if key in self.working:
            return self.working[key]
        if len(self.working) > 20:
            raise NotStatic("calls nested too deeply", span)
        self.working[key] = Value(kinds.BOTTOM)
        try:
            while True:
                compiled = self.compiled(key)
                found = compiled.outline()
                if found == self.working[key]:
                    break
                self.working[key] = found
        finally:
            found = self.working.pop(key)
        if found.kind == kinds.BOTTOM or found.kind == kinds.OBJECT and found.active:
            raise NotStatic("a callee whose result is of an unknown kind", span)
        if not self.working:
            # Results found on the way of a recursion may rest on an assumption that has changed.
            self.results[key] = found
        return found

    def compiled(self, key: Key, selected: bool = False) -> _Function:
        function, given = key
        unit = unit_of(function)
        argnums = tuple(k for k, v in enumerate(given) if v.active)
        return _Function(self, unit, given, argnums, selected=selected)

    def callee(
        self, s: ir.UserCall, given: tuple[Value, ...], selected: bool, mode: str = "vjp"
    ) -> str:
        """The name of the callee's derivative, which is written on first use."""
        key = (s.function, given)
        if (key, mode, selected) not in self.names:
            name = self.names[key, mode, selected] = self.module.fresh(f"{s.function.__name__}_{mode}")
            compiled = self.compiled(key, selected)
            self.texts[name] = ""
            self.texts[name] = compiled.write(name, mode, callee=True)
        return self.names[key, mode, selected]

    def assemble(self, written: str) -> str:
        parts = []
        if self.module.imports:
            parts.append("\n".join(gathered_imports(self.module.imports.values())))
        return "\n\n\n".join([*parts, *self.texts.values(), written]) + "\n"


class _Function:
    """One function on its way through the passes."""

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
        self.variables = set(code.co_varnames) | set(code.co_cellvars)
        self.taken = self.variables | set(code.co_names) | set(code.co_freevars)
        if code.co_cellvars:
            raise NotStatic("a variable that an inner function reads")
        self.module.hide(self.variables)
        own = self.variables | (set(code.co_names) & unit.function.__globals__.keys())
        if own & WRITTEN_BUILTINS:
            raise NotStatic(f"{min(own & WRITTEN_BUILTINS)} is not Python's")
        if any(ir.names(e) & {"_"} for s in ir.statements(unit.body) for e in _expressions(s)):
            raise NotStatic("the variable _ is read")
        self.start = dict(zip(unit.params, values, strict=True))
        self.selected = selected  # whether the caller may leave parts of the result unused
        self.risk: tuple[ir.Unit | None, frozenset[str]] = (None, frozenset())
        self.read: dict[str, Any] = {}
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

    # The stages ---------------------------------------------------------------------------------

    def outline(self) -> Value:
        """What the function returns, without writing anything."""
        self.open()
        self.step("separate_views", separate_views(self.unit, self.facts(), self.variable))
        facts = self.facts()
        check_aliases(self.unit, facts, self.session.apart)
        return facts.returned or Value(kinds.BOTTOM)

    def open(self) -> None:
        self.step("one_way_out", one_way_out(self.unit, self.variable("value"), self.variable))
        self.step("parallel_writes", parallel_writes(self.unit, self.variable))
        self.step("named_indices", named_indices(self.unit, self.variable))
        scope = self.scope()
        calling = frozenset(
            s.key
            for s in ir.statements(self.unit.body)
            if isinstance(s, (ir.Assign, ir.Return)) and chooses_calls(s.value, scope)
        )
        self.step("choices", choices_as_branches(self.unit, calling, self.variable))
        self.step("split_calls", split_calls(self.unit, self.scope(), self.variable))

    def prepare(self) -> None:
        """From the unit as written to the unit that the two sweeps are written from."""
        self.open()
        self.step("separate_views", separate_views(self.unit, self.facts(), self.variable))
        facts = self.facts()
        self.step("decided_branches", decided_branches(self.unit, facts))
        facts = self.facts()
        self.step("index_loops", index_loops(self.unit, facts, self.variable))
        facts = self.facts()
        active = frozenset(
            s.key
            for s in ir.statements(self.unit.body)
            if isinstance(s, (ir.Assign, ir.Return)) and facts.at(s).active(s.value)
        )
        choices = choices_as_branches(self.unit, active, self.variable)
        self.step("choices_as_branches", choices)
        facts = self.facts()
        self.written_params = check_aliases(self.unit, facts, self.session.apart)
        self.step("plain_updates", plain_updates(self.unit, facts))
        for _ in range(100):
            hoisted = hoist_once(self.unit, self.dry, self.facts(), self.variable)
            if hoisted is None:
                break
            self.step("hoist", hoisted)
        else:
            raise NotStatic("values that name one another without end")
        if self.mode == "jvp":
            self.final = self.facts()
            return
        self.step("name_conditions", name_conditions(self.unit, self.variable))
        for _ in range(100):
            facts = self.facts()
            plan = self.plan(facts)
            renamed = rename_overwritten(self.unit, plan, self.variable)
            if renamed is None:
                break
            self.step("rename_overwritten", renamed)
        else:
            raise NotStatic("versions without end")
        self.final, self.reverse_plan = facts, plan

    def step(self, name: str, unit: ir.Unit) -> None:
        self.unit = unit
        if os.environ.get("SRCGRAD_DUMP") == name:
            sys.stderr.write(f"--- {unit.name} after {name}\n{shown(unit)}\n")

    def scope(self) -> Scope:
        return Scope(self.unit.function, frozenset(self.variables), self.read)

    def facts(self) -> Facts:
        scope = self.scope()
        facts = infer(self.unit, self.start, scope, self.session.call)
        for name, value in self.read.items():
            self.module.bind(name, value)
        return facts

    def selects(self, s: Stmt) -> Callable[[Expr], bool]:
        """Whether elements of the value of a part of the statement may be left unused."""
        if self.risk[0] is not self.unit:
            self.risk = (self.unit, at_risk(self.unit, self.selected))
        risk = self.risk[1]
        target = bool(ir.written_names(s) & risk) or "" in risk
        inside: set[int] = set()
        if isinstance(s, (ir.Assign, ir.Return)):
            for part in selected_from(s.value, self.unit.params):
                inside |= {id(node) for node in ir.walk(part)}
        return lambda e: target or id(e) in inside

    def adjoint(self, s: Stmt, view: View, result: str | None) -> Adjoint:
        used: set[str] = set()

        def fresh(wanted: str) -> str:
            name, k = wanted, 2
            while name in self.taken or name in used or name in self.bar_names():
                name, k = f"{wanted}{k}", k + 1
            used.add(name)
            return name

        return Adjoint(view, self.module, fresh, result, self.selects(s))

    def bar(self, name: str) -> str:
        """The name of a variable's cotangent."""
        wanted, k = f"{name}_bar", 2
        while wanted in self.taken or wanted in self.module.taken:
            wanted, k = f"{name}_bar{k}", k + 1
        return wanted

    def bar_names(self) -> frozenset[str]:
        return frozenset(self.bar(v) for v in self.variables)

    def seed(self, kind: Kind) -> Expr:
        if kind.is_scalar:
            return algebra.ONE
        raise NotStatic("the result is not known to be a scalar")

    def dry(self, s: Stmt, view: View) -> list[Expr]:
        """What the derivative of a statement asks to have by name."""
        if self.mode == "jvp":
            return self.dry_tangent(s, view)
        sink = self.sink(s, view, None)
        return sink.wanted if sink is not None else []

    def sink(self, s: Stmt, view: View, plan: Plan | None) -> Sink | None:
        """The contributions of a statement, whether or not its target's cotangent is zero."""
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
            case ir.Assign(target=Name() as target):
                value = ir.Binary(s.op, target, s.value) if s.op else s.value
                if not view.active(value):
                    return Sink()
                result = target.id if target.id not in ir.names(value) else None
                adjoint = self.adjoint(s, view, result)
                return adjoint.run(value, Name(self.bar(target.id)), view.kind(value))
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

    def user_call(self, s: ir.UserCall, view: View, plan: Plan | None) -> Sink:
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
        if plan is not None:
            plan.received[s.key] = received
        return total

    def return_bar(self, kind: Kind) -> Expr:
        if self.mode == "vjp":
            return Name(self.result_bar)
        return self.seed(kind)

    def store(self, s: ir.Assign, target: ir.Subscript, view: View, plan: Plan | None) -> Sink:
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
                if plan is not None:
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
        self, s: Stmt, value: Expr, part: Kind, cotangent: Expr, view: View, temps: dict[str, Kind]
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
        if kind.is_scalar and not part.is_scalar:
            np_ = self.module.reference(np)
            cotangent = algebra.call(ir.Attribute(np_, "sum"), cotangent)
        elif not kind.is_scalar and kinds.stretches(kind, part):
            cotangent = adjoint.unbroadcast(cotangent, value)
        return adjoint.run(value, cotangent, kind)

    def parallel(
        self, s: ir.Assign, target: ir.Sequence, value: ir.Sequence, view: View
    ) -> Sink:
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

    def plan(self, facts: Facts) -> Plan:
        plan = Plan()
        wanted = useful(self.unit, facts)
        for s in ir.statements(self.unit.body):
            if s.key in wanted:
                sink = self.sink(s, facts.at(s), plan)
                if sink is not None:
                    if sink.wanted:
                        raise NotStatic("a value that could not be named", s.span)
                    plan.sinks[s.key] = sink
        trip_counts(self.unit, plan, self.variable)
        return record(self.unit, plan, facts, self.users)

    # Text ---------------------------------------------------------------------------------------

    # Forward mode --------------------------------------------------------------------------------

    def tangent(self, s: Stmt, view: View, result: str | None) -> Tangent:
        tangent = Tangent(view, self.module, self.fresh, result, self.selects(s))
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

    def write_forward(self, name: str) -> str:
        """The function of forward mode."""
        facts = self.final
        written = frozenset(
            r
            for s in ir.statements(self.unit.body)
            if isinstance(s, ir.Assign)
            for t in ir.targets(s.target)
            if isinstance(t, ir.Subscript) and (r := ir.root(t)) is not None
        )
        dots = {v: self.dot(v) for v in self.variables}

        def callee(s: ir.UserCall) -> str:
            view = facts.at(s)
            given = tuple(Value(view.kind(e), view.active(e)) for _, e in s.bound)
            return self.session.callee(s, given, self.selects(s)(s.target), "jvp")

        def tangent(s: Stmt, result: str | None) -> Tangent:
            return self.tangent(s, facts.at(s), result)

        forward = Forward(facts, self.module, dots, written, tangent, callee)
        body = Lines()
        given = [dots[self.unit.params[k]] for k in self.argnums]
        for p in self.unit.params:
            if p in self.written_params:
                body.add(f"{p} = {p}.copy()")
                if dots[p] in given:
                    body.add(f"{dots[p]} = {dots[p]}.copy()")
        body.extend(forward.block(self.unit.body, None))
        returned = self.unit.body[-1]
        assert isinstance(returned, ir.Return)
        for line in returned.leading:
            body.add(line)
        view = facts.at(returned)
        kind = view.kind(returned.value)
        if not kind.is_real and kind.form not in ("int", "bool"):
            raise NotStatic("a result that is not a number or an array", returned.span)
        if view.active(returned.value):
            dot = text_of(forward.full(returned, "", returned.value, None), 1)
        else:
            dot = "0.0" if kind.is_scalar else ""
            if not dot:
                raise NotStatic("a result that does not depend on the arguments", returned.span)
        body.add(f"return {text_of(returned.value, 1)}, {dot}")
        out = Lines()
        out.nest(f"def {name}({', '.join([*self.unit.params, *given])}):", body)
        return out.text()

    def write(self, name: str, mode: str, callee: bool = False) -> str:
        self.mode = mode
        self.result_bar = "value_bar" if "y" in self.variables else "y_bar"
        self.prepare()
        if callee and self.written_params:
            raise NotStatic("a callee that writes into its arguments")
        if mode == "jvp":
            return self.write_forward(name)
        plan, facts = self.reverse_plan, self.final
        counted = settle_trip_counts(self.unit, plan)
        saves = name_saves(self.unit, plan, self.fresh)
        bars = {v: self.bar(v) for v in self.variables}
        sweep = Sweep(plan, saves, facts, self.callee)
        body = Lines()
        for p in self.unit.params:
            if p in self.written_params:
                body.add(f"{p} = {p}.copy()")
        for name_ in sorted(plan.initial):
            body.add(f"{name_} = None")
        body.extend(sweep.block(self.unit.body))
        returned = self.unit.body[-1]
        assert isinstance(returned, ir.Return)
        for line in returned.leading:
            body.add(line)
        value = self.value_text(returned, body, mode) if mode != "grad" else ""
        if body.lines:
            body.add("")
        lists: dict[str, str] = {}
        if mode == "vjp":
            listed = [x for group in saves.lists.values() for x in group]
            lists = {x: self.fresh(x.replace("_saved", "_left")) for x in listed}
        reverse = Reverse(
            plan, saves, facts, self.module, bars, counted, self.unit.file, self.fresh, lists
        )
        lines, results = self.backward(reverse, returned, bars)
        signature = self.unit.signature
        if callee:
            signature = ", ".join(self.unit.params)
        if mode == "vjp":
            body.extend(self.pullback(lines, results))
            body.add("")
            body.add(f"return {value}, {self.pullback_name}")
        else:
            gradient = ", ".join(results)
            if mode == "value_and_grad" and len(results) > 1:
                gradient = f"({gradient})"
            body.extend(lines)
            body.add(f"return {value}, {gradient}" if value else f"return {gradient}")
        out = Lines()
        out.nest(f"def {name}({signature}):", body)
        return out.text()

    def callee(self, s: ir.UserCall) -> str:
        view = self.final.at(s)
        given = tuple(Value(view.kind(e), view.active(e)) for _, e in s.bound)
        return self.session.callee(s, given, self.selects(s)(s.target))

    def backward(
        self, reverse: Reverse, returned: ir.Return, bars: dict[str, str]
    ) -> tuple[Lines, list[str]]:
        """The reverse sweep, and the gradient of each parameter as text."""
        plan, facts = self.reverse_plan, self.final
        sink = plan.sinks[returned.key]
        if not facts.at(returned).active(returned.value):
            sink = Sink()
        state: State = {}
        lines = Lines()
        if self.mode == "vjp" and isinstance(returned.value, Name) and sink.contributions:
            name = returned.value.id
            self.result_bar = bars[name]
            scalar = facts.at(returned).kind(returned.value).is_scalar
            state[name] = OWNED if scalar else SHARED
            sink = Sink()
        if not isinstance(returned.value, Name):
            reverse.above(returned, lines)
            if not sink.contributions:
                lines.lines.clear()
        reverse.contribute(returned, sink, state, lines, frozenset())
        lines, state = reverse.block(self.unit.body[:-1], state, lines)
        return lines, [self.result(k, bars, state, lines) for k in self.argnums]

    def pullback(self, lines: Lines, results: list[str]) -> Lines:
        """The reverse sweep as an inner function that leaves what it reads as it was."""
        self.pullback_name = self.fresh("pullback")
        body = Lines()
        for a in sorted(self.rewritten_arrays()):
            body.add(f"{a} = {a}.copy()")
        body.extend(lines)
        comma = "," if len(results) == 1 else ""
        body.add(f"return ({', '.join(results)}{comma})" if results else "return ()")
        own = [name for name in own_variables(body) if name != self.result_bar]
        returned = self.unit.body[-1]
        assert isinstance(returned, ir.Return)
        env = self.final.before[returned.key]
        for name in own:
            sure = (name in env and env[name].sure) or name in ir.names(returned.value)
            if not sure:
                raise NotStatic(f"{name} may be unbound where the pullback reads it")
        given = "".join(f", {name}={name}" for name in own)
        out = Lines()
        out.nest(f"def {self.pullback_name}({self.result_bar}{given}):", body)
        return out

    def rewritten_arrays(self) -> frozenset[str]:
        """The arrays into which the reverse sweep puts back what was overwritten."""
        plan = self.reverse_plan
        found: set[str] = set()
        listed: set[str] = set().union(*plan.kept.values())
        for s in ir.statements(self.unit.body):
            lost = plan.overwritten.get(s.key, set())
            whole = ir.bound_names(s.target) if isinstance(s, (ir.Assign, ir.For)) else set()
            found |= lost - whole
            listed |= lost & whole
        if found & listed:
            raise NotStatic("an array that is saved whole and in parts")
        return frozenset(found)

    def value_text(self, returned: ir.Return, body: Lines, mode: str) -> str:
        if isinstance(returned.value, Name):
            if mode == "vjp" or returned.value.id not in self.restored():
                return returned.value.id
        if mode == "vjp":
            return text_of(returned.value)
        name = self.fresh("value")
        body.add(f"{name} = {text_of(returned.value)}{returned.comment}")
        return name

    def restored(self) -> frozenset[str]:
        """The variables to which the reverse sweep gives other values."""
        plan = self.reverse_plan
        found: set[str] = set().union(*plan.overwritten.values(), *plan.kept.values())
        for again in plan.again.values():
            found |= {t.target.id for t in again if isinstance(t.target, Name)}
        for s in ir.statements(self.unit.body):
            if isinstance(s, ir.For):
                found |= ir.bound_names(s.target)
        return frozenset(found)

    def result(self, k: int, bars: dict[str, str], state: State, lines: Lines) -> str:
        """The gradient of one parameter, as an expression that aliases nothing."""
        name = self.unit.params[k]
        kind = self.values[k].kind
        known = state.get(name)
        if kind.is_scalar:
            if k in self.integers:
                return f"float({bars[name]})" if known else "0.0"
            return bars[name] if known else "0.0"
        np_ = self.module.reference(np)
        if known is None:
            return text_of(algebra.call(ir.Attribute(np_, "zeros_like"), Name(name)))
        if known == SHARED:
            return text_of(algebra.call(ir.Attribute(np_, "array"), Name(bars[name])))
        return bars[name]


def gathered_imports(lines: Iterable[str]) -> list[str]:
    """The import lines, with what comes from one module on one line."""
    whole: set[str] = set()
    parts: dict[str, set[str]] = {}
    for line in lines:
        if line.startswith("from "):
            module, _, name = line.removeprefix("from ").partition(" import ")
            parts.setdefault(module, set()).add(name)
        else:
            whole.add(line)
    gathered = [f"from {m} import {', '.join(sorted(n))}" for m, n in sorted(parts.items())]
    return [*sorted(whole), *([""] if whole and gathered else []), *gathered]


def _expressions(s: Stmt) -> list[Expr]:
    match s:
        case ir.Assign() | ir.Return() | ir.Evaluate():
            return [s.value]
        case ir.If() | ir.While():
            return [s.test]
        case ir.For():
            return [s.iterable]
        case ir.UserCall():
            return [e for _, e in s.bound]
        case _:
            return []


def shown(unit: ir.Unit) -> str:
    """The unit as text, for looking at it between two passes."""

    def block(body: ir.Block) -> Lines:
        out = Lines()
        for s in body:
            match s:
                case ir.If():
                    out.nest(emit.header(s), block(s.body))
                    if s.orelse:
                        out.nest("else:", block(s.orelse))
                case ir.For() | ir.While():
                    out.nest(emit.header(s), block(s.body))
                case ir.UserCall():
                    given = ", ".join(f"{p}={text_of(e)}" for p, e in s.bound)
                    out.add(f"{s.target.id}, {s.pullback} = {s.function.__name__}({given})")
                case _:
                    out.add(emit.header(s))
        return out

    out = Lines()
    out.nest(f"def {unit.name}({unit.signature}):", block(unit.body))
    return out.text()


__all__ = ["OWNED", "Generated", "generate", "replace"]
