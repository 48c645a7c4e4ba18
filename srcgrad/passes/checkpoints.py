"""Loops of which a few states are kept: the reverse sweep runs each step again, from the state in front of it.

    before                                      after
        for t in checkpoint(range(n), budget=3):    def step(t, u):
            u = u + dt * np.sin(u)                      u = u + dt * np.sin(u)
                                                        return (u,)

                                                    (u,), kept = run_keeping(step, range(n), (u,), budget=3)
                                                    …
                                                    for t, (u,) in steps_back(step, kept):
                                                        # the reverse of one step

A state is what the body reads and overwrites, or leaves for what comes after the loop. What the body reads and
nothing overwrites is no part of it: `step` reads that as it is, or is given it where its name stands for several values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from srcgrad.passes import kinds
from srcgrad.passes.infer import Facts
from srcgrad.passes.lines import Lines
from srcgrad.passes.namer import Module
from srcgrad.passes.normalise import breaks
from srcgrad.passes.places import negated
from srcgrad.passes.reading import reads
from srcgrad.passes.record import Plan
from srcgrad.passes.repeatable import check_repeatable
from srcgrad.passes.resolve import UNRESOLVED, Scope
from srcgrad.passes.sweep import Saves, Sweep
from srcgrad.runtime import forgetting, schedules
from srcgrad.syntax import emit, ir
from srcgrad.syntax.ir import Block, Expr, Name, NotStatic, Stmt

Loop = ir.For | ir.While


def marked_loops(unit: ir.Unit, scope: Scope, fresh: Callable[[str], str], *, plain: bool) -> ir.Unit:
    """The unit with each checkpointed loop marked as one, or as a `plain` loop: forward mode keeps nothing."""
    whole = forgetting.budget_of(unit.function)

    def block(body: Block, outermost: bool) -> Block:
        out: list[Stmt] = []
        for s in body:
            match s:
                case ir.If():
                    s = replace(s, body=block(s.body, outermost), orelse=block(s.orelse, outermost))
                case ir.For() | ir.While():
                    s = loop(s, outermost)
                case _:
                    pass
            out.append(s)
        return tuple(out)

    def loop(s: Loop, outermost: bool) -> Loop:
        given = _spelled(s, scope)
        if given is not None:
            iterable, budget, memory = given
            s = replace(s, iterable=iterable, text=None)  # type: ignore[arg-type]
        elif whole is not None and outermost:
            budget, memory = (None if v is None else ir.Const(v, repr(v)) for v in whole)
        else:
            return replace(s, body=block(s.body, outermost))
        s = replace(s, body=block(s.body, False))
        if plain:
            return s
        names = (fresh(name) for name in ("step", "kept", "left", "going"))
        return replace(s, checkpoints=ir.Checkpoints(budget, memory, *names))

    return replace(unit, body=block(unit.body, True))


def _spelled(s: Loop, scope: Scope) -> tuple[Expr, Expr | None, Expr | None] | None:
    """The iterable, the budget and the memory of `for … in checkpoint(…)`."""
    if not isinstance(s, ir.For) or not isinstance(s.iterable, ir.Call):
        return None
    if not forgetting.is_checkpoint(_meaning(s.iterable.function, scope)):
        return None
    first, *rest = s.iterable.args
    named = {a.keyword: a.value for a in rest}
    if first.keyword or first.star or len(named) < len(rest) or named.keys() - {"budget", "memory"}:
        raise NotStatic("a checkpoint with such arguments", s.span)
    return first.value, named.get("budget"), named.get("memory")


def _meaning(e: Expr, scope: Scope) -> Any:
    """What `checkpoint`, `srcgrad.checkpoint` or `sg.checkpoint` stands for."""
    if isinstance(e, Name):
        return scope.lookup(e.id)
    if isinstance(e, ir.Attribute):
        return getattr(_meaning(e.value, scope), e.name, UNRESOLVED)
    return UNRESOLVED


# What a body reads and leaves ---------------------------------------------------------------------


def exposed(body: Block, defined: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """The variables that a block may read before it binds them, and those that it has bound at its end."""
    found: frozenset[str] = frozenset()
    for s in body:
        found |= reads(s) - defined
        match s:
            case ir.Assign() | ir.UserCall():
                defined |= ir.bound_names(s.target)
            case ir.If():
                then, after_then = exposed(s.body, defined)
                orelse, after_else = exposed(s.orelse, defined)
                found |= then | orelse
                if s.body and isinstance(s.body[-1], ir.Break):
                    defined = after_else
                elif s.orelse and isinstance(s.orelse[-1], ir.Break):
                    defined = after_then
                else:
                    defined = after_then & after_else
            case ir.For():
                found |= exposed(s.body, defined | ir.bound_names(s.target))[0]
            case ir.While():
                found |= exposed(s.body, defined)[0]
            case _:
                pass
    return found, defined


def live_after(unit: ir.Unit, loop: Loop) -> frozenset[str]:
    """The variables of which the values at the end of a loop may be read."""
    live: frozenset[str] = frozenset()
    defined: frozenset[str] = frozenset()
    for body, k, owner in reversed(list(_path(unit.body, None, loop))):
        found, defined = exposed(body[k + 1 :], defined)
        live |= found
        if isinstance(owner, (ir.For, ir.While)):
            live |= exposed(owner.body, defined)[0] | reads(owner)
    return live


def _path(body: Block, owner: Stmt | None, loop: Stmt) -> Iterator[tuple[Block, int, Stmt | None]]:
    """The blocks around a loop from outside, with the place of what holds it and the statement that each belongs to."""
    for k, s in enumerate(body):
        if s is loop or any(t is loop for t in ir.statements((s,))):
            yield body, k, owner
            if s is not loop:
                assert isinstance(s, (ir.If, ir.For, ir.While))
                orelse = isinstance(s, ir.If) and any(t is loop for t in ir.statements(s.orelse))
                yield from _path(s.orelse if orelse else s.body, s, loop)
            return


@dataclass
class Shape:
    """What the text of one checkpointed loop is made of."""

    state: list[str]
    given: list[str]
    breaks: bool


@dataclass
class Rewound:
    """Writes the checkpointed loops of one function, in both sweeps."""

    unit: ir.Unit
    plan: Plan
    saves: Saves
    facts: Facts
    module: Module
    callee: Callable[[ir.UserCall], str]
    users: frozenset[str]  # the variables that the user named
    shapes: dict[int, Shape] = field(default_factory=dict)

    def shape(self, s: Loop) -> Shape:
        known = self.shapes.get(s.key)
        if known is None:
            known = self.shapes[s.key] = self._shape(s)
        return known

    def _shape(self, s: Loop) -> Shape:
        assert s.checkpoints is not None
        check_repeatable(s, self.facts)
        target = ir.bound_names(s.target) if isinstance(s, ir.For) else frozenset()
        test = ir.names(s.test) if isinstance(s, ir.While) else frozenset()
        if isinstance(s, ir.For) and not isinstance(s.target, Name):
            raise NotStatic("a checkpointed loop over something other than a range or an array", s.span)
        written = ir.written_in(s.body)
        variables = {n for t in ir.statements(s.body) for n in ir.written_names(t)}
        pullbacks = {t.pullback for t in ir.statements(s.body) if isinstance(t, ir.UserCall)}
        after = live_after(self.unit, s)
        if target & after:
            raise NotStatic("the variable of a checkpointed loop is read after it", s.span)
        state = ((exposed(s.body, target)[0] | test | after) & variables) - target - pullbacks
        entry = self.facts.entry[s.key]
        read = frozenset().union(test, *(reads(t) for t in ir.statements(s.body)))
        given = (read & entry.keys()) - written - target
        for name in sorted(state | given):
            if name not in entry or not entry[name].sure:
                if name in self.users:
                    raise NotStatic(f"{name} may be unbound before a checkpointed loop", s.span)
                self.plan.initial.add(name)
        for name in sorted(state):
            for env in (entry, self.facts.before[s.key]):
                kind = env[name].kind if name in env else kinds.NONE
                if not (kind.is_scalar or kind.form in ("array", "numeric", "text", "none")):
                    raise NotStatic(f"{name} is no number or array in a checkpointed loop", s.span)
        order = [*self.unit.function.__code__.co_varnames, *sorted(state | given)].index
        moving = sorted([n for n in given if not self._is_fixed(n)], key=order)
        return Shape(sorted(state, key=order), moving, breaks(s.body))

    def _is_fixed(self, name: str) -> bool:
        """Whether a variable has one value throughout the function, for an inner function to read."""
        bindings = [s for s in ir.statements(self.unit.body) if name in ir.written_names(s)]
        if name in self.unit.params:
            return not bindings
        return len(bindings) == 1 and any(s is bindings[0] for s in self.unit.body)

    # The forward sweep --------------------------------------------------------------------------

    def forward(self, s: Loop, out: Lines) -> None:
        assert s.checkpoints is not None
        shape, names = self.shape(s), s.checkpoints
        values = [*shape.state, *([names.left] if shape.breaks else [])]
        item = s.target.id if isinstance(s, ir.For) and isinstance(s.target, Name) else "_"
        body = Step(Plan(), Saves(), self.facts, self.callee, own=s, leaving=f"return {_tuple([*shape.state, 'True'])}")
        text = body.block(s.body, (s,))
        if out.lines and not out.lines[-1].startswith("#"):
            out.add("")
        text.add(f"return {_tuple([*shape.state, *(['False'] if shape.breaks else [])])}")
        out.nest(f"def {names.step}({', '.join([item, *values, *shape.given])}):", text)
        out.add("")
        function = schedules.run_keeping
        arguments = [names.step, emit.text_of(s.iterable) if isinstance(s, ir.For) else "None"]
        arguments.append(_tuple([*shape.state, *(["False"] if shape.breaks else [])]))
        for word, e in (("budget", names.budget), ("memory", names.memory)):
            if e is not None:
                arguments.append(f"{word}={emit.text_of(e)}")
        if shape.given:
            arguments.append(f"given={_tuple(shape.given)}")
        if shape.breaks or isinstance(s, ir.While):
            function = schedules.run_until
        if isinstance(s, ir.While) and s.test != ir.Const(True, "True"):
            out.nest(
                f"def {names.going}({', '.join([*values, *shape.given])}):",
                Lines([f"return {emit.text_of(s.test)}"]),
            )
            out.add("")
            arguments.append(f"going={names.going}")
        if shape.breaks:
            arguments.append("breaks=True")
        called = f"{emit.text_of(self.module.reference(function))}({', '.join(arguments)})"
        out.add(f"{_tuple([*shape.state, *(['_'] if shape.breaks else [])])}, {names.kept} = {called}{s.comment}")

    # The reverse sweep --------------------------------------------------------------------------

    def header(self, s: Loop) -> str:
        assert s.checkpoints is not None
        shape, names = self.shape(s), s.checkpoints
        item = emit.target_text(s.target) if isinstance(s, ir.For) else "_"
        state = _tuple([*shape.state, *(["_"] if shape.breaks else [])])
        given = f", {_tuple(shape.given)}" if shape.given else ""
        called = f"{emit.text_of(self.module.reference(schedules.steps_back))}({names.step}, {names.kept}{given})"
        return f"for {item}, {state} in {called}:"

    def again(self, s: Loop, reverse: Lines) -> Lines:
        """The step once more, with what its reverse needs and without what that does not read."""
        sweep = Step(self.plan, self.saves, self.facts, self.callee, own=s, leaving="", rewound=self)
        parts: list[Lines] = []
        needed = _words(reverse)
        bound = [name for t in ir.statements(s.body) for name in ir.written_names(t)]
        local = frozenset(bound) - frozenset(self.shape(s).state)
        for t in reversed(s.body):
            own = ir.written_in((t,)) & local
            # Of what nobody reads the shape may still be asked for.
            if t.key in self.plan.skipped and not (own & needed and all(bound.count(n) == 1 for n in own)):
                continue
            inside = {u.key for u in ir.statements((t,))}
            saved = {name for (key, _), name in self.saves.names.items() if key in inside}
            saved |= {name for key, name in [*self.plan.trips.items(), *self.saves.trips.items()] if key in inside}
            if not needed & (ir.written_in((t,)) | saved):
                continue
            part = sweep.block((replace(t, leading=()),), (s,))
            needed |= _words(part)
            parts.append(part)
        out = Lines()
        for part in reversed(parts):
            out.extend(part)
        missing = (_words(reverse) & local) - _words(out)
        if missing:
            raise NotStatic(f"{min(missing)} is read where it is not computed again", s.span)
        return out


def checkpointed(unit: ir.Unit) -> list[Loop]:
    """The loops of a function of which few states are kept."""
    loops = (s for s in ir.statements(unit.body) if isinstance(s, (ir.For, ir.While)))
    return [s for s in loops if s.checkpoints is not None]


def _tuple(names: list[str]) -> str:
    return f"({', '.join(names)}{',' * (len(names) == 1)})"


def _words(text: Lines) -> frozenset[str]:
    """The names in a text, without those in comments."""
    code = [line for line in text.lines if not line.lstrip().startswith("#")]
    return frozenset(re.findall(r"\w+", "\n".join(code)))


@dataclass
class Step(Sweep):
    """Writes the body of a checkpointed loop: as a function that saves nothing, or once more in the reverse sweep."""

    own: Loop | None = None
    leaving: str = ""  # what takes the place of a break of the loop

    def statement(self, s: Stmt, out: Lines, ends: tuple[Loop, ...]) -> None:
        match s:
            case ir.Break() if ends[-1] is self.own:
                out.add(self.leaving or "pass")
            case ir.UserCall() if self.rewound is None:
                out.add(f"{s.target.id} = {emit.text_of(s.call)}{s.comment}")
            case _:
                super().statement(s, out, ends)

    def conditional(self, s: ir.If, out: Lines, ends: tuple[Loop, ...], word: str = "if") -> None:
        leaves = ends and ends[-1] is self.own and s.body and isinstance(s.body[-1], ir.Break)
        if not leaves or self.leaving:
            super().conditional(s, out, ends, word)
            return
        before, rest = self.block(s.body[:-1], ends), self.block(s.orelse, ends)
        if before:
            out.nest(f"{word} {emit.text_of(s.test)}:", before)
            if rest:
                out.nest("else:", rest)
        elif rest:
            out.nest(f"{word} {emit.text_of(negated(s.test))}:", rest)
