"""The reverse sweep's text: the statements backwards, each under its primal line.

    # roots.py:4  y = 0.5 * (y + x / y)
    s_bar = 0.5 * y_bar
    x_bar += s_bar / y
    y_bar = s_bar - s_bar * x / (y * y)

Where branches or the iterations of a loop disagree on what is known of a cotangent, it is given a value first.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace

from srcgrad.passes.adding import Adding
from srcgrad.passes.cotangent import Sink
from srcgrad.passes.fusing import HERE
from srcgrad.passes.lines import Lines
from srcgrad.passes.places import OWNED, SHARED, State, is_fresh, negated, occurrences, replaced, with_root
from srcgrad.syntax import emit, ir
from srcgrad.syntax.emit import text_of
from srcgrad.syntax.ir import Block, Name, NotStatic, Stmt


class Reverse(Adding):
    """Writes the reverse sweep."""

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
            comment = f"# {os.path.basename(s.file or self.file)}:{s.span.line}  {s.primal}"
            last = next((line for line in reversed(out.lines) if line.startswith("# ")), "")
            if last != comment:
                out.add(comment)

    def restore(self, s: Stmt, out: Lines, *, late: frozenset[str] = frozenset()) -> None:
        """Give back what the statement overwrote, all but the names that are to be read first."""
        for name in sorted(self.plan.overwritten.get(s.key, set()) - late, reverse=True):
            if (s.key, name) in self.saves.together:
                continue  # the loop has given it back
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
        # By identity: of `a[i] += a[i]` two contributions are equal, and only one of them stays where it is.
        rest = Sink(sink.temps[1:], [c for c in sink.contributions if not any(c is o for o in own)])
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
        # The arguments are read as they were before the call, which may have rebound one; the pullback is its own.
        pullback = frozenset({s.pullback})
        self.restore(s, out, late=pullback)
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
            if s.forgets:
                assert self.rewound is not None
                arguments = ", ".join([text_of(e) for _, e in s.bound])
                out.add(f"_, {s.pullback} = {self.rewound.callee(s)}({arguments})")
            out.add(f"{left} = {s.pullback}({self.bars[name]})")
            state.update(direct)
            self.contribute(s, Sink(sink.temps, rest), state, out, frozenset({name}))
        else:
            state.pop(name, None)
        self.restore(s, out, late=frozenset(self.plan.overwritten.get(s.key, ())) - pullback)

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
                    if not self.is_final(s, name):
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
            if name not in state:
                self.check_shape(s, name)
            body.add(self.zero(name, self.kind(s, name)))
            after[name] = OWNED
        state.clear()
        state.update({n: SHARED if SHARED in (entry[n], after[n]) else OWNED for n in entry})
        if s.checkpoints is not None:
            assert self.rewound is not None
            inner = self.rewound.again(s, body)
            inner.extend(body)
            out.nest(self.rewound.header(s), inner)
            self.restore(s, out)
            return
        if s.key == self.fused:
            if entry.keys() & ir.written_in(s.body) - self.plan.constant.keys():
                raise NotStatic("a cotangent that one iteration hands to another", s.span)
            body.lines.insert(0, HERE)
            for line in s.leading:
                out.add(line)
            out.nest(f"{s.text if s.text is not None else emit.header(s)}{s.comment}", body)
            return
        inner = Lines()
        kept = self.plan.kept.get(s.key, [])
        if kept and s.key not in self.saves.traces:
            inner.add(f"{', '.join(kept)} = {self.taken(self.saves.names[s.key, kept[0]])}")
        for t in self.plan.again.get(s.key, []):
            inner.add(emit.header(t))
        inner.extend(body)
        for saved in self.saves.lists.get(s.key, ()):
            if saved in self.lists:
                out.add(f"{self.lists[saved]} = {saved}.copy()")
        out.nest(self.along(s, inner) if s.key in self.saves.traces else self.backwards(s), inner)
        self.restore(s, out)

    def copy_of(self, name: str) -> str:
        """The statement that makes a shared cotangent one of our own."""
        return f"{self.bars[name]} = {self.bars[name]}.copy()"

    def copies(self, name: str, body: Lines) -> bool:
        return any(line.strip() == self.copy_of(name) for line in body.lines)

    def is_final(self, s: ir.For | ir.While, name: str) -> bool:
        """Whether what a loop leaves in a variable is still there when its reverse begins."""
        overlap = self.plan.overlap
        if overlap is None or any(isinstance(t, (ir.For, ir.While)) for t, _ in overlap.above[s.key]):
            return False
        inside = {t.key for t in ir.statements((s,))}
        bound = [t.key for t in overlap.bindings.get(name, [])]
        order = [*overlap.statements]
        return all(k in inside or order.index(k) < order.index(s.key) for k in bound)

    def check_shape(self, s: ir.For | ir.While, name: str) -> None:
        """A zero of the shape after the loop must have the shape of every iteration."""
        kind = self.kind(s, name)
        varies = kind.dims is None or not all(d.settled for d in kind.dims)
        rebound = any(
            name in ir.bound_names(t.target) for t in ir.statements(s.body) if isinstance(t, (ir.Assign, ir.UserCall))
        )
        if not kind.is_scalar and varies and rebound:
            raise NotStatic(f"the shape of {name} may change in a loop", s.span)

    def along(self, s: ir.For | ir.While, body: Lines) -> str:
        """The header of a reversed loop that takes what each iteration kept from a list."""
        names = ", ".join(self.saves.traces[s.key].names)
        kept = f"reversed({self.saves.trace_of(s.key)})"
        if isinstance(s, ir.For) and ir.bound_names(s.target) & _words(body):
            group = f"({names})" if "," in names else names
            return f"for {emit.target_text(s.target)}, {group} in zip(reversed({text_of(s.iterable, 14)}), {kept}):"
        return f"for {names} in {kept}:"

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


def _words(body: Lines) -> frozenset[str]:
    """All words of some lines of code."""
    code = (line for line in body.lines if not line.lstrip().startswith("#"))
    return frozenset(word for line in code for word in re.findall(r"\w+", line))
