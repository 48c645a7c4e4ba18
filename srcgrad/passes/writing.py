"""The text of one function's derivative: the two sweeps put together for each mode."""

from __future__ import annotations

import numpy as np

from srcgrad.passes import algebra, kinds
from srcgrad.passes.adding import zeros_for
from srcgrad.passes.checkpoints import Rewound, checkpointed
from srcgrad.passes.cotangent import Sink
from srcgrad.passes.dead import dead
from srcgrad.passes.forward import Forward
from srcgrad.passes.function import Function
from srcgrad.passes.fusing import fused_loop, put_in
from srcgrad.passes.lines import Lines
from srcgrad.passes.places import OWNED, SHARED, State
from srcgrad.passes.pullback import own_variables
from srcgrad.passes.reverse import Reverse
from srcgrad.passes.selection import CHOSEN
from srcgrad.passes.sweep import Sweep, name_saves, settle_trip_counts
from srcgrad.passes.tangent import Tangent
from srcgrad.passes.traces import traces
from srcgrad.passes.view import Value, View
from srcgrad.syntax import ir
from srcgrad.syntax.emit import text_of
from srcgrad.syntax.ir import Name, NotStatic, Stmt


class Writing(Function):
    """A prepared function and the text of its derivatives."""

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
            given = self.given(s, facts.at(s))
            return self.session.callee(s, given, self.use(s)(s.target) == CHOSEN, "jvp")

        def tangent(s: Stmt, result: str | None) -> Tangent:
            return self.tangent(s, facts.at(s), result)

        forward = Forward(facts, self.module, dots, written, tangent, callee)
        body = Lines()
        given = [dots[self.unit.params[k]] for k in self.argnums]
        for p in self.unit.params:
            if p in self.written_params:
                body.add(f"{p} = {self.copied(p)}")
                if dots[p] in given:
                    body.add(f"{dots[p]} = {dots[p]}.copy()")
        body.extend(forward.block(self.unit.body, None))
        returned = self.unit.body[-1]
        assert isinstance(returned, ir.Return)
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
        body.add(f"return {text_of(returned.value, 1)}, {dot}{returned.comment}")
        out = Lines()
        out.nest(f"def {name}({', '.join([*self.unit.params, *given])}):", body)
        return out.text()

    def copied(self, name: str) -> str:
        """A copy with the memory layout of the argument: the order of a sum, and so its last bit, depends on it."""
        copy = ir.Attribute(self.module.reference(np), "copy")
        return text_of(algebra.call(copy, Name(name)))

    def write(self, name: str, mode: str, callee: bool = False) -> str:
        self.mode = mode
        self.result_bar = "value_bar" if "y" in self.variables else "y_bar"
        if self.result_bar in self.taken or {"y", "value"} <= self.variables:
            self.result_bar = self.fresh("result_bar")
        self.prepare()
        if callee and self.written_params:
            raise NotStatic("a callee that writes into its arguments")
        if mode == "jvp":
            return self.write_forward(name)
        plan, facts = self.reverse_plan, self.final
        counted = settle_trip_counts(self.unit, plan)
        fused = fused_loop(self.unit, plan, facts, mode)
        if fused is not None:
            plan.kept.pop(fused.key, None)
            plan.again.pop(fused.key, None)
        saves = name_saves(self.unit, plan, traces(self.unit, plan), self.fresh)
        bars = {v: self.bar(v) for v in self.variables}
        returned = self.unit.body[-1]
        assert isinstance(returned, ir.Return)
        lists: dict[str, str] = {}
        if mode == "vjp":
            rerun = {t.key for s in checkpointed(self.unit) for t in ir.statements(s.body)}
            whole = saves.all_at_once()
            listed = [x for key, group in saves.lists.items() if key not in rerun for x in group if x not in whole]
            lists = {x: self.fresh(x.replace("saved", "left")) for x in listed}
        rewritten = frozenset(
            name
            for s in ir.statements(self.unit.body)
            if isinstance(s, ir.Assign)
            for name in plan.overwritten.get(s.key, set()) - ir.bound_names(s.target)
        )
        reverse = Reverse(plan, saves, facts, self.module, bars, counted, self.unit.file, self.fresh, lists, rewritten)
        reverse.rewound = Rewound(self.unit, plan, saves, facts, self.module, self.callee, self.users)
        reverse.fused = None if fused is None else fused.key
        lines, results = self.backward(reverse, returned, bars)
        sweep = Sweep(plan, saves, facts, self.callee, rewound=reverse.rewound)
        if mode == "grad":
            code = [line for line in lines.lines if not line.lstrip().startswith("#")]
            sweep.dead = dead(self.unit, plan, facts, "\n".join([*code, *results]))
        body = Lines()
        for p in self.unit.params:
            if p in self.written_params:
                body.add(f"{p} = {self.copied(p)}")
        for name_ in sorted(plan.initial):
            body.add(f"{name_} = None")
        if fused is not None:
            put_in(lines, sweep.block(fused.body))
        swept = sweep.block(self.unit.body if fused is None else self.unit.body[:-2])
        if body.lines and swept.lines[:1] and swept.lines[0].startswith("def "):
            body.add("")
        body.extend(swept)
        value = self.value_text(returned, body, mode) if mode != "grad" else ""
        if returned.comment and mode != "vjp" and value in ("", text_of(returned.value)):
            body.add(returned.comment.lstrip())
        if body.lines:
            body.add("")
        signature = self.unit.signature
        if callee:
            signature = ", ".join(self.unit.params)
        if mode == "vjp":
            body.extend(self.pullback(lines, results, reverse))
            body.add("")
            body.add(f"return {value}, {self.pullback_name}{returned.comment}")
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
        return self.session.callee(s, self.given(s, self.final.at(s)), self.use(s)(s.target) == CHOSEN)

    def given(self, s: ir.UserCall, view: View) -> tuple[Value, ...]:
        """What the callee knows of its arguments."""
        return tuple(Value(kinds.abroad(view.kind(e)), view.active(e)) for _, e in s.bound)

    def backward(self, reverse: Reverse, returned: ir.Return, bars: dict[str, str]) -> tuple[Lines, list[str]]:
        """The reverse sweep, and the gradient of each parameter as text."""
        plan, facts = self.reverse_plan, self.final
        sink = plan.sinks[returned.key]
        if not facts.at(returned).active(returned.value):
            sink = Sink()
        state: State = dict.fromkeys(plan.constant, OWNED)
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
        return lines, [self.result(k, bars, state) for k in self.argnums]

    def pullback(self, lines: Lines, results: list[str], reverse: Reverse) -> Lines:
        """The reverse sweep as an inner function that leaves what it reads as it was."""
        self.pullback_name = self.fresh("pullback")
        body = Lines()
        for a in sorted(self.rewritten_arrays()):
            body.add(f"{a} = {a}.copy()")
        body.extend(lines)
        comma = "," if len(results) == 1 else ""
        body.add(f"return ({', '.join(results)}{comma})" if results else "return ()")
        rerun = {t.key for s in checkpointed(self.unit) for t in ir.statements(s.body)}
        elsewhere = {n for s in ir.statements(self.unit.body) if s.key not in rerun for n in ir.written_names(s)}
        again = ir.written_in(tuple(s for s in ir.statements(self.unit.body) if s.key in rerun)) - elsewhere
        again -= frozenset(self.unit.params) | self.reverse_plan.initial
        again |= {saved for (key, _), saved in reverse.saves.names.items() if key in rerun}
        own = [name for name in own_variables(body) if name != self.result_bar and name not in again]
        returned = self.unit.body[-1]
        assert isinstance(returned, ir.Return)
        env = self.final.before[returned.key]
        for name in own:
            sure = (name in env and env[name].sure) or name in ir.names(returned.value)
            sure = sure or name in self.reverse_plan.initial
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
        rerun = {t.key for s in checkpointed(self.unit) for t in ir.statements(s.body)}
        for s in ir.statements(self.unit.body):
            lost = plan.overwritten.get(s.key, set())
            if s.key in rerun:
                continue  # its arrays are copies of kept states
            if isinstance(s, (ir.For, ir.While)) and s.checkpoints is not None:
                listed |= lost
                continue
            whole = ir.bound_names(s.target) if isinstance(s, (ir.Assign, ir.For, ir.UserCall)) else set()
            found |= lost - whole
            listed |= lost & whole
        if found & listed:
            raise NotStatic("an array that is saved whole and in parts")
        return frozenset(found)

    def value_text(self, returned: ir.Return, body: Lines, mode: str) -> str:
        if isinstance(returned.value, Name) and (mode == "vjp" or returned.value.id not in self.restored()):
            return returned.value.id
        if mode == "vjp":
            return text_of(returned.value)
        reads = {n for t in ir.statements(self.unit.body) for n in ir.written_names(t)}
        name = self.value if self.value not in reads else self.fresh("value")
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
        return frozenset(found).union(*(ir.written_in(s.body) for s in checkpointed(self.unit)))

    def result(self, k: int, bars: dict[str, str], state: State) -> str:
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
            return zeros_for(name, kind, self.module)
        if known == SHARED:
            return text_of(algebra.call(ir.Attribute(np_, "array"), Name(bars[name])))
        return bars[name]
