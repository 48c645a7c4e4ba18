"""Adding to cotangents: what a statement contributes, as lines of text.

The first contribution to a cotangent is an assignment, so what is known of each cotangent goes along:
absent (zero), owned (an array that nothing else refers to: it may be added to in place) or shared.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from srcgrad.passes import algebra
from srcgrad.passes.cotangent import Contribution, Sink
from srcgrad.passes.infer import Facts
from srcgrad.passes.kinds import BOTTOM, Kind, join
from srcgrad.passes.lines import Lines
from srcgrad.passes.namer import Module
from srcgrad.passes.places import OWNED, SHARED, State, aliased, as_object, is_fresh, may_show, selects, with_root
from srcgrad.passes.record import Plan
from srcgrad.passes.sweep import Saves
from srcgrad.syntax import ir
from srcgrad.syntax.emit import text_of
from srcgrad.syntax.ir import Binary, Expr, Name, Stmt

if TYPE_CHECKING:
    from srcgrad.passes.checkpoints import Rewound


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


# How long a line may become that adds several terms at once.
WIDTH = 100


def add_to(place: str, sign: str, term: Expr, out: Lines) -> None:
    """`x_bar += term`, or `x_bar += other + term` where the line before adds to it too."""
    last = out.lines[-1] if out.lines else ""
    longer = f"{last} {sign} {text_of(term, 10)}"
    sums = last.startswith(f"{place} += ") and not re.search(r" (if|or|and|not|==|!=|[<>]=?) ", last)
    root = place.split("[", maxsplit=1)[0]
    if sums and len(longer) <= WIDTH and root not in ir.names(term):
        out.lines[-1] = longer
    else:
        out.add(f"{place} {sign}= {text_of(term)}")


@dataclass
class Adding:
    """What the reverse sweep knows, and how it adds to a cotangent."""

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
    fused: int | None = None  # the key of the loop that runs forward and backward at once
    rewound: Rewound | None = None  # writes the checkpointed loops

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
            add_to(bar, sign, core, out)
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
            add_to(text_of(place), sign, core, out)

    def make_owned(self, s: Stmt, name: str, state: State, out: Lines) -> None:
        """Give a cotangent that is about to be changed in place an array of its own."""
        known = state.get(name)
        if known is None:
            out.add(self.zero(name, self.kind(s, name)))
        elif known == SHARED:
            out.add(f"{self.bars[name]} = {self.bars[name]}.copy()")
        state[name] = OWNED
