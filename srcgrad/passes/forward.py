"""Forward mode: each statement beside the statement of its tangent.

    def f_jvp(x, x_dot):
        y_dot = x_dot * np.cos(x)
        y = np.sin(x)
        return y, y_dot

A variable has a tangent wherever it depends on the arguments. Where it does so on one branch only,
or from the second iteration of a loop on, its tangent is zero elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from srcgrad.passes import algebra
from srcgrad.passes.infer import Facts
from srcgrad.passes.kinds import Kind
from srcgrad.passes.lines import Lines
from srcgrad.passes.namer import Module
from srcgrad.passes.places import is_fresh, may_show
from srcgrad.passes.tangent import Tangent
from srcgrad.passes.view import Env
from srcgrad.syntax import emit, ir
from srcgrad.syntax.emit import text_of
from srcgrad.syntax.ir import Block, Expr, Name, NotStatic, Stmt


@dataclass
class Forward:
    """Writes the forward-mode function's body."""

    facts: Facts
    module: Module
    dots: dict[str, str]
    written: frozenset[str]  # arrays that some statement writes into
    tangent: Callable[[Stmt, str | None], Tangent]
    callee: Callable[[ir.UserCall], str]

    def block(self, body: Block, after: Env | None) -> Lines:
        """The block's text; at its end the tangents that `after` takes for granted."""
        out = Lines()
        for s in body:
            for line in s.leading:
                out.add(line)
            self.statement(s, out)
        if after is not None and body:
            end = self.facts.after.get(body[-1].key)
            if end is not None:
                self.settle(end, after, out)
        return out

    def settle(self, have: Env, need: Env, out: Lines) -> None:
        """Zero tangents for the variables that are active on another path only."""
        for name in sorted(need):
            if need[name].active and name in have and not have[name].active:
                out.add(f"{self.dots[name]} = {self.zero(name, have[name].kind)}")

    def settle_breaks(self, s: Stmt, entry: Env, need: Env, out: Lines) -> None:
        """Zero tangents for what becomes active only where the loop is broken off."""
        after = self.facts.after.get(s.key, {})
        for name in sorted(after):
            late = after[name].active and not (name in need and need[name].active)
            if not late:
                continue
            if name not in entry or not after[name].kind.is_scalar:
                raise NotStatic("a tangent that only a broken-off loop gives", s.span)
            out.add(f"{self.dots[name]} = 0.0")

    def zero(self, name: str, kind: Kind) -> str:
        if kind.is_scalar:
            return "0.0"
        np_ = self.module.reference(np)
        return text_of(algebra.call(ir.Attribute(np_, "zeros_like"), Name(name)))

    def text(self, s: Stmt) -> str:
        return f"{s.text if s.text is not None else emit.header(s)}{s.comment}"

    def statement(self, s: Stmt, out: Lines) -> None:
        match s:
            case ir.Assign():
                self.assignment(s, out)
            case ir.UserCall():
                self.user_call(s, out)
            case ir.If():
                self.conditional(s, out)
            case ir.For() | ir.While():
                entry, need = self.facts.entry[s.key], self.facts.before[s.key]
                self.settle(entry, need, out)
                self.settle_breaks(s, entry, need, out)
                out.nest(self.text(s), self.loop_body(s, need))
            case ir.Break():
                out.add(self.text(s))
            case ir.Return():
                pass
            case _:
                out.add(self.text(s))

    def loop_body(self, s: ir.For | ir.While, need: Env) -> Lines:
        for t in ir.statements(s.body):
            if isinstance(t, ir.Break):
                here = self.facts.before[t.key]
                after = self.facts.after[s.key]
                if any(after[n].active and n in here and not here[n].active for n in after):
                    raise NotStatic("a break past which a tangent is missing", t.span)
        return self.block(s.body, need)

    def conditional(self, s: ir.If, out: Lines, word: str = "if") -> None:
        after = self.facts.after.get(s.key)
        header = self.text(s)
        then = self.block(s.body, after)
        orelse = self.block(s.orelse, after)
        if not s.orelse and after is not None:
            self.settle(self.facts.before[s.key], after, orelse)
        out.nest(f"{word}{header.removeprefix('if')}", then)
        if s.body and isinstance(s.body[-1], ir.Break):
            out.extend(orelse)
        elif orelse.lines:
            out.nest("else:", orelse)

    # Assignments --------------------------------------------------------------------------------

    def assignment(self, s: ir.Assign, out: Lines) -> None:
        view = self.facts.at(s)
        match s.target:
            case Name() as target:
                value = ir.Binary(s.op, target, s.value) if s.op else s.value
                self.rebound(s, target, value, out)
            case ir.Subscript() as target:
                self.stored(s, target, out)
            case ir.Sequence() as target if isinstance(s.value, ir.Sequence):
                dots: list[str] = []
                terms: list[str] = []
                for t, e in zip(target.items, s.value.items, strict=True):
                    if not view.active(e):
                        continue
                    if not isinstance(t, Name):
                        raise NotStatic("a parallel write into arrays", s.span)
                    dots.append(self.dots[t.id])
                    terms.append(text_of(self.full(s, t.id, e, None), 1))
                if dots:
                    out.add(f"{', '.join(dots)} = {', '.join(terms)}")
                out.add(self.text(s))
            case _:
                if view.active(s.value):
                    raise NotStatic("an active value is unpacked", s.span)
                out.add(self.text(s))

    def full(self, s: Stmt, name: str, e: Expr, result: str | None) -> Expr:
        """The tangent that a variable is given, with the shape of its value."""
        tangent = self.tangent(s, result)
        tangent.top = e
        dot = tangent.of(e)
        assert dot is not None
        dot = tangent.fitted(e, dot)
        # A tangent such as that of `b = 1.0 * a` would be one array with that of a.
        shown = may_show(dot) & {self.dots[w] for w in self.written}
        scalar = self.facts.at(s).kind(e).is_scalar
        if (name in self.written or (shown and not scalar)) and not is_fresh(dot):
            np_ = self.module.reference(np)
            dot = algebra.call(ir.Attribute(np_, "array"), dot)
        return dot

    def rebound(self, s: ir.Assign, target: Name, value: Expr, out: Lines) -> None:
        view = self.facts.at(s)
        if not view.active(value):
            out.add(self.text(s))
            return
        result = target.id if target.id not in ir.names(value) else None
        dot = self.full(s, target.id, value, result)
        line = f"{self.dots[target.id]} = {text_of(dot)}"
        if dot == Name(self.dots[target.id]):
            out.add(self.text(s))
        elif result is not None and result in ir.names(dot):
            out.add(self.text(s))
            out.add(line)
        else:
            out.add(line)
            out.add(self.text(s))

    def stored(self, s: ir.Assign, target: ir.Subscript, out: Lines) -> None:
        view, base = self.facts.at(s), ir.root(target)
        assert base is not None
        env = view.env
        active = view.active(s.value) or (bool(s.op) and view.active(target))
        if not active and not env[base].active:
            out.add(self.text(s))
            return
        if not env[base].active:
            out.add(f"{self.dots[base]} = {self.zero(base, env[base].kind)}")
        place = text_of(ir.Subscript(Name(self.dots[base]), target.index))
        if not isinstance(target.value, Name):
            raise NotStatic("a write into a part of a part", s.span)
        if not active:
            out.add(f"{place} = 0.0")
        else:
            value = ir.Binary(s.op, target, s.value) if s.op else s.value
            tangent = self.tangent(s, None)
            dot = tangent.of(s.value if s.op in ("+", "-") else value)
            if dot is None:
                dot = algebra.ZERO
            op = s.op if s.op in ("+", "-") else ""
            if op and dot == algebra.ZERO:
                out.add(self.text(s))
                return
            out.add(f"{place} {op}= {text_of(dot)}")
        out.add(self.text(s))

    def user_call(self, s: ir.UserCall, out: Lines) -> None:
        view = self.facts.at(s)
        given = [text_of(e) for _, e in s.bound]
        active = [e for _, e in s.bound if view.active(e)]
        if not active:
            out.add(f"{s.target.id} = {text_of(s.call)}{s.comment}")
            return
        given += [text_of(self.full(s, "", e, None)) for e in active]
        dot = self.dots[s.target.id]
        out.add(f"{s.target.id}, {dot} = {self.callee(s)}({', '.join(given)}){s.comment}")
