"""One function on its way through the passes, up to the point where its derivative can be written.

`prepare` is the table of contents: each stage takes the unit and returns it rewritten;
SRCGRAD_DUMP=<name of a stage> prints the unit as it is after that stage.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from srcgrad.passes import kinds
from srcgrad.passes.aliases import check_aliases, plain_updates, updates_in_place
from srcgrad.passes.calls import chooses_calls, split_calls
from srcgrad.passes.checkpoints import marked_loops
from srcgrad.passes.hoist import hoist_once, name_conditions
from srcgrad.passes.infer import Facts, infer
from srcgrad.passes.inline import Inlining
from srcgrad.passes.iteration import index_loops
from srcgrad.passes.lines import Lines
from srcgrad.passes.normalise import (
    choices_as_branches,
    decided_branches,
    named_indices,
    one_way_out,
    parallel_writes,
)
from srcgrad.passes.record import Plan, record
from srcgrad.passes.resolve import Scope
from srcgrad.passes.simple import Simple
from srcgrad.passes.statements import Statements
from srcgrad.passes.sweep import trip_counts
from srcgrad.passes.switches import on
from srcgrad.passes.useful import useful
from srcgrad.passes.versions import rename_overwritten
from srcgrad.passes.view import Value
from srcgrad.passes.views import separate_views
from srcgrad.syntax import emit, ir
from srcgrad.syntax.emit import text_of
from srcgrad.syntax.ir import NotStatic

if TYPE_CHECKING:
    pass


class Function(Statements):
    """One function on its way through the passes."""

    def outline(self) -> Value:
        """What the function returns, without writing anything."""
        self.open()
        self.step("separate_views", separate_views(self.unit, self.facts(), self.variable))
        facts = self.facts()
        check_aliases(self.unit, facts, self.session.apart)
        return facts.returned or Value(kinds.BOTTOM)

    def open(self, plain: bool = True) -> None:
        """The stages before the kinds are known; loops are `plain` where nothing is to be kept of them."""
        arrays = frozenset(p for p, value in self.start.items() if value.kind.form == "array")
        inlining = Inlining(self.scope, self.variable, self.fresh, self.brought, arrays)
        self.step("inline", inlining.into(self.unit))
        self.users |= inlining.variables
        self.module.hide(inlining.variables)
        self.value = self.variable("value")
        self.step("one_way_out", one_way_out(self.unit, self.value, self.variable))
        self.step("parallel_writes", parallel_writes(self.unit, self.variable))
        self.step("named_indices", named_indices(self.unit, self.variable))
        self.step("marked_loops", marked_loops(self.unit, self.scope(), self.variable, plain=plain))
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
        self.open(self.mode == "jvp")
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
        if self.mode != "jvp" and on("updates_in_place"):
            self.in_place = updates_in_place(self.unit, facts)
        self.step("plain_updates", plain_updates(self.unit, facts, self.in_place))
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
            kept = self.in_place - plan.referred(self.unit)
            if kept != self.in_place:
                self.in_place = kept
                self.step("plain_updates", plain_updates(self.unit, facts, kept))
                continue
            renamed = rename_overwritten(self.unit, plan, self.variable, self.users)
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
        return Scope(self.unit.function, frozenset(self.variables), self.read, given=self.brought)

    def facts(self) -> Facts:
        scope = self.scope()
        facts = infer(self.unit, self.start, scope, self.session.call, self.memory)
        for name, value in self.read.items():
            self.module.bind(name, value)
        return facts

    def plan(self, facts: Facts) -> Plan:
        plan = Plan()
        wanted = useful(self.unit, facts)
        simple = Simple(self.unit)
        for s in reversed(list(ir.statements(self.unit.body))):
            if s.key in wanted:
                given = simple.settle(s, plan, facts)
                found = self.sink(s, facts.at(s), given)
                if given != (None, None) and found.sink is not None and found.sink.wanted:
                    simple.withdraw(s, plan)
                    found = self.sink(s, facts.at(s))
                if found.sink is not None:
                    if found.sink.wanted:
                        raise NotStatic("a value that could not be named", s.span)
                    plan.sinks[s.key] = found.sink
                    plan.added |= found.plan.added
                    plan.received |= found.plan.received
        simple.finish(plan)
        plan = record(self.unit, plan, facts, self.users)
        # What is saved decides too which loops are run backwards.
        trip_counts(self.unit, plan, self.variable)
        return plan


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
