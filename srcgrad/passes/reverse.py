"""The reverse sweep's text: the statements backwards, each under its primal line.

    # roots.py:4  y = 0.5 * (y + x / y)
    s_bar = 0.5 * y_bar
    x_bar += s_bar / y
    y_bar = s_bar - s_bar * x / (y * y)

The first contribution to a cotangent is an assignment, so what is known of each cotangent goes along:
absent (zero), owned (an array that nothing else refers to: it may be added to in place) or shared.
Where branches or the iterations of a loop disagree, the cotangent is given a value first.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from srcgrad.passes import algebra
from srcgrad.passes.cotangent import Contribution, Sink
from srcgrad.passes.infer import Facts
from srcgrad.passes.kinds import BOTTOM, Kind, join
from srcgrad.passes.lines import Lines
from srcgrad.passes.namer import Module
from srcgrad.passes.places import (
    OWNED,
    SHARED,
    State,
    aliased,
    as_object,
    is_fresh,
    may_show,
    negated,
    occurrences,
    replaced,
    selects,
    with_root,
)
from srcgrad.passes.record import Plan
from srcgrad.passes.sweep import Saves
from srcgrad.syntax import emit, ir
from srcgrad.syntax.emit import text_of
from srcgrad.syntax.ir import Binary, Block, Expr, Name, NotStatic, Stmt


def zeros_for(name: str, kind: Kind, module: Module) -> str:
    """A new array of zeros with the shape of a variable's."""
    np_ = module.reference(np)
    if kind.form == "array" and kind.dtype == "d":
        return text_of(algebra.call(ir.Attribute(np_, "zeros"), ir.Attribute(Name(name), "shape")))
    return text_of(algebra.call(ir.Attribute(np_, "zeros_like"), Name(name)))


def gathered(contributions: list[Contribution]) -> list[Contribution]:
    """The contributions, with those to one place as one."""
    found: dict[tuple[str, Expr], list[Contribution]] = {}
    out: list[Contribution] = []
    for c in contributions:
        if c.place is not None and (c.variable, c.place) in found:
            found[c.variable, c.place].append(c)
        else:
            out.append(c)
            if c.place is not None:
                found[c.variable, c.place] = [c]
    for k, c in enumerate(out):
        same = found[c.variable, c.place] if c.place is not None else [c]
        if len(same) > 1:
            out[k] = replace(c, term=algebra.total(d.term for d in same), full=any(d.full for d in same))
    return out


@dataclass
class Reverse:
    """Writes the reverse sweep."""

    plan: Plan
    saves: Saves
    facts: Facts
    module: Module
    bars: dict[str, str]
    counted: dict[int, str]
    file: str
    fresh: Callable[[str], str]
    lists: dict[str, str] = field(default_factory=dict)  # how a pullback names its saved lists
    # The arrays into which this sweep puts back what was overwritten.
    rewritten: frozenset[str] = frozenset()

    # Blocks -------------------------------------------------------------------------------------

    def block(self, body: Block, state: State, out: Lines | None = None) -> tuple[Lines, State]:
        out = Lines() if out is None else out
        state = dict(state)
        for s in reversed(body):
            if self.plan.acts(s):
                self.statement(s, state, out)
        return out, state

    def statement(self, s: Stmt, state: State, out: Lines) -> None:
        match s:
            case ir.Assign():
                self.assignment(s, state, out)
            case ir.UserCall():
                self.user_call(s, state, out)
            case ir.Return():
                self.contribute(s, self.plan.sinks[s.key], state, out, frozenset())
            case ir.If():
                self.conditional(s, state, out)
            case ir.For() | ir.While():
                self.loop(s, state, out)
            case _:
                raise NotStatic("a statement that cannot be reversed", s.span)

    def above(self, s: Stmt, out: Lines) -> None:
        """The comment with the primal line."""
        if s.primal:
            comment = f"# {os.path.basename(self.file)}:{s.span.line}  {s.primal}"
            last = next((line for line in reversed(out.lines) if line.startswith("# ")), "")
            if last != comment:
                out.add(comment)

    def restore(self, s: Stmt, out: Lines) -> None:
        for name in sorted(self.plan.overwritten.get(s.key, ()), reverse=True):
            saved = self.saves.names[s.key, name]
            place = name
            if isinstance(s, ir.Assign):
                for target in ir.targets(s.target):
                    if isinstance(target, ir.Subscript) and ir.root(target) == name:
                        place = text_of(target)
            listed = (s.key, name) in self.saves.in_loop
            out.add(f"{place} = {self.taken(saved) if listed else saved}")

    def taken(self, saved: str) -> str:
        return f"{self.lists.get(saved, saved)}.pop()"

    # Cotangents ---------------------------------------------------------------------------------

    def kind(self, s: Stmt, name: str) -> Kind:
        """The kind of a variable at a statement; of one that is bound elsewhere only, what it is there."""
        for env in (self.facts.before.get(s.key, {}), self.facts.after.get(s.key, {})):
            if name in env:
                return env[name].kind
        found = BOTTOM
        for env in self.facts.after.values():
            if name in env:
                found = join(found, env[name].kind)
        return found

    def zero(self, name: str, kind: Kind) -> str:
        if kind.is_scalar:
            return f"{self.bars[name]} = 0.0"
        return f"{self.bars[name]} = {zeros_for(name, kind, self.module)}"

    def contribute(self, s: Stmt, sink: Sink, state: State, out: Lines, targets: frozenset[str]) -> None:
        """Write a statement's contributions; those to its own targets come last, together."""
        for name, e in sink.temps:
            out.add(f"{name} = {text_of(e)}")
        mine = self.given_up(sink, state, targets)
        order: dict[str, list[Contribution]] = {}
        later: list[Contribution] = []
        for c in gathered(sink.contributions):
            if c.place is not None and c.variable in targets:
                later.append(self.kept_apart(c, out))
            elif c.place is not None:
                self.part(s, c, state, out)
            else:
                order.setdefault(c.variable, []).append(c)
        for name, contributions in order.items():
            if name not in targets:
                self.whole(s, name, contributions, state, out, mine)
        own = [name for name in order if name in targets]
        for name in targets - set(own) - self.plan.constant.keys():
            state.pop(name, None)
        if len(own) == 1:
            self.own(s, own[0], order[own[0]], state, out)
        elif own:
            self.together(s, own, order, state, out)
        for c in later:
            self.part(s, c, state, out)

    def kept_apart(self, c: Contribution, out: Lines) -> Contribution:
        """What a part of the statement's own target receives, computed before the target's cotangent changes."""
        name = self.fresh("part_bar")
        term = c.term
        if not is_fresh(term):
            term = algebra.call(ir.Attribute(self.module.reference(np), "copy"), term)
        out.add(f"{name} = {text_of(term)}")
        return replace(c, term=Name(name))

    def whole(
        self,
        s: Stmt,
        name: str,
        contributions: list[Contribution],
        state: State,
        out: Lines,
        mine: frozenset[str] = frozenset(),
    ) -> None:
        """`x_bar = term`, or `x_bar += term` where it has a value."""
        bar, kind = self.bars[name], self.kind(s, name)
        term, full = self.summed(contributions, kind)
        known = state.get(name)
        if known is None:
            if not full and name not in self.plan.thin:
                term = self.filled(name, term)
            term = self.lasting(term, kind)
            out.add(f"{bar} = {text_of(term)}")
            state[name] = self.ownership(term, kind, state, mine)
        elif kind.is_scalar or known == OWNED:
            sign, core = algebra.signed(term)
            out.add(f"{bar} {sign}= {text_of(core)}")
        else:
            out.add(f"{bar} = {text_of(algebra.add(Name(bar), term))}")
            state[name] = OWNED

    def own(self, s: Stmt, name: str, contributions: list[Contribution], state: State, out: Lines) -> None:
        """The new cotangent of a variable that the statement assigned from itself."""
        bar, kind = self.bars[name], self.kind(s, name)
        itself = [c for c in contributions if c.term == Name(bar)]
        rest = [c for c in contributions if c.term != Name(bar)]
        if len(itself) == 1 and not any(bar in ir.names(c.term) for c in rest):
            if rest:
                self.whole(s, name, rest, state, out)
            return
        term, full = self.summed(contributions, kind)
        if not full:
            term = self.filled(name, term)
        in_place = kind.is_scalar or state.get(name) == OWNED
        if isinstance(term, Binary) and term.op == "*" and term.right == Name(bar):
            term = Binary("*", term.right, term.left)
        if (
            isinstance(term, Binary)
            and term.op in "*/"
            and term.left == Name(bar)
            and bar not in ir.names(term.right)
            and in_place
        ):
            out.add(f"{bar} {term.op}= {text_of(term.right)}")
            return
        term = self.lasting(term, kind)
        out.add(f"{bar} = {text_of(term)}")
        state[name] = self.ownership(term, kind, state)

    def together(
        self,
        s: Stmt,
        own: list[str],
        order: dict[str, list[Contribution]],
        state: State,
        out: Lines,
    ) -> None:
        """`a_bar, b_bar = b_bar, a_bar`: several targets at once."""
        terms = []
        for name in own:
            term, full = self.summed(order[name], self.kind(s, name))
            term = term if full else self.filled(name, term)
            terms.append(self.lasting(term, self.kind(s, name)))
        left = ", ".join(self.bars[name] for name in own)
        out.add(f"{left} = {', '.join(text_of(t, 1) for t in terms)}")
        for name, term in zip(own, terms, strict=True):
            state[name] = self.ownership(term, self.kind(s, name), state)

    def summed(self, contributions: list[Contribution], kind: Kind) -> tuple[Expr, bool]:
        term = algebra.total(c.term for c in contributions)
        # Terms that cancel leave a number.
        full = any(c.full for c in contributions) and not algebra.is_number(term)
        return term, kind.is_scalar or full

    def filled(self, name: str, term: Expr) -> Expr:
        """A term that stands for an array of equal elements, with the variable's shape."""
        np_ = self.module.reference(np)
        if algebra.is_number(term, 1):
            return algebra.call(ir.Attribute(np_, "ones_like"), Name(name))
        return algebra.call(ir.Attribute(np_, "full_like"), Name(name), term)

    def lasting(self, term: Expr, kind: Kind) -> Expr:
        """A copy of a term that is an array of the primal's, if the sweep writes into that later."""
        if kind.is_scalar or not may_show(term) & self.rewritten:
            return term
        return algebra.call(ir.Attribute(self.module.reference(np), "copy"), term)

    def ownership(self, term: Expr, kind: Kind, state: State, mine: frozenset[str] = frozenset()) -> str:
        """What a cotangent is that has just been given a term; what it may alias is shared too.

        `mine` are arrays that nothing else refers to, and that are not read again.
        """
        if kind.is_scalar or is_fresh(term):
            return OWNED
        if isinstance(term, Name) and term.id in mine:
            return OWNED
        read = ir.names(term)
        for name in state:
            if self.bars[name] in read:
                state[name] = SHARED
        return SHARED

    def given_up(self, sink: Sink, state: State, targets: frozenset[str]) -> frozenset[str]:
        """The arrays that this statement is the last to read, once, and that nothing else refers to."""
        own = {name for name, e in sink.temps if is_fresh(e)}
        kept = {c.variable for c in sink.contributions if c.place is None}
        own |= {self.bars[t] for t in targets - kept if state.get(t) == OWNED}
        passed = [n for c in sink.contributions for n in aliased(c.term)]
        passed += [n for _, e in sink.temps for n in aliased(e)]
        return frozenset(name for name in own if passed.count(name) == 1)

    def part(self, s: Stmt, c: Contribution, state: State, out: Lines) -> None:
        """`x_bar[i] += term`."""
        assert c.place is not None
        blank = state.get(c.variable) is None
        self.make_owned(s, c.variable, state, out)
        bar = self.bars[c.variable]
        place = with_root(c.place, bar)
        assert isinstance(place, ir.Subscript)
        sign, core = algebra.signed(c.term)
        chosen = selects(place.index, self.facts.at(s))
        if chosen == "repeats":
            np_ = self.module.reference(np)
            word = ir.Attribute(ir.Attribute(np_, "add" if sign == "+" else "subtract"), "at")
            out.add(text_of(algebra.call(word, place.value, as_object(place.index), core)))
        elif blank:
            out.add(f"{text_of(place)} = {text_of(c.term)}")
        else:
            out.add(f"{text_of(place)} {sign}= {text_of(core)}")

    def make_owned(self, s: Stmt, name: str, state: State, out: Lines) -> None:
        """Give a cotangent that is about to be changed in place an array of its own."""
        known = state.get(name)
        if known is None:
            out.add(self.zero(name, self.kind(s, name)))
        elif known == SHARED:
            out.add(f"{self.bars[name]} = {self.bars[name]}.copy()")
        state[name] = OWNED

    # Statements ---------------------------------------------------------------------------------

    def assignment(self, s: ir.Assign, state: State, out: Lines) -> None:
        sink = self.plan.sinks.get(s.key)
        late = sink is not None and sink.reads_result
        if not late:
            self.restore(s, out)
        single = list(ir.targets(s.target))
        plain = all(isinstance(t, Name) for t in single)
        roots = {r for t in single if (r := ir.root(t)) is not None}
        if sink is not None and any(r in state for r in roots):
            start = len(out.lines)
            self.above(s, out)
            headed = len(out.lines)
            if plain:
                for t in single:
                    assert isinstance(t, Name)
                    if t.id not in state and len(single) > 1 and t.id in self.bars:
                        after = self.facts.after[s.key][t.id].kind
                        if self.facts.after[s.key][t.id].active:
                            out.add(self.zero(t.id, after))
                            state[t.id] = OWNED
                self.contribute(s, sink, state, out, frozenset(roots))
            else:
                self.store(s, sink, state, out)
            if len(out.lines) == headed:
                del out.lines[start:]
        elif plain:
            for r in roots:
                state.pop(r, None)
        if late:
            self.restore(s, out)

    def store(self, s: ir.Assign, sink: Sink, state: State, out: Lines) -> None:
        """A write into an array: the part's cotangent goes to the value, and becomes zero."""
        target = s.target
        assert isinstance(target, ir.Subscript)
        name = ir.root(target)
        assert name is not None
        self.make_owned(s, name, state, out)
        bar = text_of(with_root(target, self.bars[name]))
        if s.key in self.plan.added:
            self.contribute(s, sink, state, out, frozenset())
            return
        temp = sink.temps[0][0]
        copied = "" if self.facts.at(s).kind(target).is_scalar else ".copy()"
        spent = s.key in self.plan.spent
        touches = any(c.variable == name for c in sink.contributions)
        touches = touches and not (spent and self.others_apart(s, target, sink))
        reads = [c for c in sink.contributions if temp in ir.names(c.term)]
        consumed = all(c.place is not None or not copied or is_fresh(c.term) for c in sink.contributions)
        if not touches and consumed and len(reads) <= 1 and len(sink.temps) == 1:
            put = with_root(target, self.bars[name])
            self.contribute(s, replaced(sink, temp, put), state, out, frozenset())
            if not spent:
                out.add(f"{bar} = 0.0")
            return
        own = [c for c in sink.contributions if c.place == target][:1]
        rest = Sink(sink.temps[1:], [c for c in sink.contributions if c not in own])
        if self.others_apart(s, target, rest):
            stays = not own or own[0].term == Name(temp)
            copied = copied if not stays or not (own or spent) else ""
        early = occurrences(temp, [e for _, e in rest.temps])
        late = occurrences(temp, [c.term for c in sink.contributions])
        # What is computed from the place before it changes must not be a view of it.
        safe = not copied or spent or all(is_fresh(e) for _, e in rest.temps if occurrences(temp, [e]))
        if early + late == 1 and ((early and safe) or (spent and not own)):
            put = with_root(target, self.bars[name])
            rest = replaced(rest, temp, put)
        else:
            out.add(f"{temp} = {bar}{copied}")
        for name_, e in rest.temps:
            out.add(f"{name_} = {text_of(e)}")
        if own and own[0].term != Name(temp):
            out.add(f"{bar} = {text_of(own[0].term)}")
        elif not own and not spent:
            out.add(f"{bar} = 0.0")
        self.contribute(s, replace(rest, temps=[]), state, out, frozenset())

    def others_apart(self, s: ir.Assign, target: ir.Subscript, sink: Sink) -> bool:
        """Whether nothing else that the statement contributes to touches the place that it writes to."""
        name = ir.root(target)
        mine = [c for c in sink.contributions if c.variable == name]
        return all(
            isinstance(c.place, ir.Subscript)
            and isinstance(c.place.value, Name)
            and self.plan.overlap is not None
            and self.plan.overlap.are_apart(c.place.index, target.index, s)
            for c in mine
        )

    def user_call(self, s: ir.UserCall, state: State, out: Lines) -> None:
        sink = self.plan.sinks.get(s.key)
        name = s.target.id
        if sink is not None and name in state and self.plan.received.get(s.key):
            self.above(s, out)
            received = list(self.plan.received[s.key])
            rest = []
            direct: dict[str, str] = {}
            for c in sink.contributions:
                temp = c.term.id if isinstance(c.term, Name) else ""
                others = [d for d in sink.contributions if d is not c]
                alone = not any(d.variable == c.variable or temp in ir.names(d.term) for d in others)
                alone = alone and not any(temp in ir.names(e) for _, e in sink.temps)
                whole = c.place is None and temp in received and c.variable not in state
                if alone and whole and c.variable != name:
                    received[received.index(temp)] = self.bars[c.variable]
                    scalar = self.kind(s, c.variable).is_scalar
                    direct[c.variable] = OWNED if scalar else SHARED
                else:
                    rest.append(c)
            left = ", ".join(received) if len(received) > 1 else f"({received[0]},)"
            out.add(f"{left} = {s.pullback}({self.bars[name]})")
            state.update(direct)
            self.contribute(s, Sink(sink.temps, rest), state, out, frozenset({name}))
        else:
            state.pop(name, None)
        self.restore(s, out)

    def conditional(self, s: ir.If, state: State, out: Lines) -> None:
        then, after_then = self.block(s.body, state)
        orelse, after_else = self.block(s.orelse, state)
        sides = ((then, after_then), (orelse, after_else))
        for name in sorted(set(after_then) | set(after_else)):
            for lines, after in sides:
                if name not in after:
                    # A branch without statements of its own gets its zero in front of the if.
                    beside = lines if lines or name in state else out
                    beside.add(self.zero(name, self.kind(s, name)))
                    after[name] = OWNED
        state.clear()
        for name in after_then:
            both = (after_then[name], after_else[name])
            state[name] = OWNED if both == (OWNED, OWNED) else SHARED
        test = text_of(s.test)
        if then:
            out.nest(f"if {test}:", then)
            if orelse:
                out.nest("else:", orelse)
        elif orelse:
            out.nest(f"if {text_of(negated(s.test))}:", orelse)

    def loop(self, s: ir.For | ir.While, state: State, out: Lines) -> None:
        if not any(self.plan.acts(t) for t in s.body):
            self.restore(s, out)
            return
        entry = dict(state)
        tried: set[str] = set()  # cotangents that have been given, or cannot keep, their own array
        while True:
            body, after = self.block(s.body, entry)
            late = [n for n in after if n not in entry]
            if late:
                for name in sorted(late):
                    self.check_shape(s, name)
                    out.add(self.zero(name, self.kind(s, name)))
                    entry[name] = OWNED
                continue
            # Copied once before the loop rather than in every iteration.
            own = [n for n in after if entry[n] == SHARED and after[n] == OWNED and self.copies(n, body)]
            if own:
                for name in sorted(own):
                    out.add(self.copy_of(name))
                    entry[name] = OWNED
                continue
            weaker = [n for n in after if entry[n] == OWNED and after[n] == SHARED]
            if weaker:
                for name in weaker:
                    entry[name] = SHARED
                    tried.add(name)
                continue
            owned = [n for n in after if entry[n] == SHARED and after[n] == OWNED and n not in tried]
            if owned:
                for name in owned:
                    out.add(f"{self.bars[name]} = {self.bars[name]}.copy()")
                    entry[name] = OWNED
                    tried.add(name)
                continue
            break
        for name in sorted(set(entry) - set(after)):
            body.add(self.zero(name, self.kind(s, name)))
            after[name] = OWNED
        state.clear()
        state.update({n: SHARED if SHARED in (entry[n], after[n]) else OWNED for n in entry})
        inner = Lines()
        kept = self.plan.kept.get(s.key, [])
        if kept:
            inner.add(f"{', '.join(kept)} = {self.taken(self.saves.names[s.key, kept[0]])}")
        for t in self.plan.again.get(s.key, []):
            inner.add(emit.header(t))
        inner.extend(body)
        for saved in self.saves.lists.get(s.key, ()):
            if saved in self.lists:
                out.add(f"{self.lists[saved]} = {saved}.copy()")
        out.nest(self.backwards(s), inner)
        self.restore(s, out)

    def copy_of(self, name: str) -> str:
        """The statement that makes a shared cotangent one of our own."""
        return f"{self.bars[name]} = {self.bars[name]}.copy()"

    def copies(self, name: str, body: Lines) -> bool:
        return any(line.strip() == self.copy_of(name) for line in body.lines)

    def check_shape(self, s: ir.For | ir.While, name: str) -> None:
        """A zero of the shape after the loop must have the shape of every iteration."""
        kind = self.kind(s, name)
        varies = kind.dims is None or not all(d.settled for d in kind.dims)
        rebound = any(
            name in ir.bound_names(t.target) for t in ir.statements(s.body) if isinstance(t, (ir.Assign, ir.UserCall))
        )
        if not kind.is_scalar and varies and rebound:
            raise NotStatic(f"the shape of {name} may change in a loop", s.span)

    def backwards(self, s: ir.For | ir.While) -> str:
        trips = self.plan.trips.get(s.key)
        if s.key in self.saves.trips:
            trips = self.taken(self.saves.trips[s.key])
        if isinstance(s, ir.For):
            steps = text_of(s.iterable, 14)
            if trips is not None:
                steps = f"{steps}[:{trips}]"
            return f"for {emit.target_text(s.target)} in reversed({steps}):"
        if trips is None:
            key, name = self.counted[s.key].split(":")
            saved = self.saves.names[int(key), name]
            return f"while {self.lists.get(saved, saved)}:"
        return f"for _ in range({trips}):"
