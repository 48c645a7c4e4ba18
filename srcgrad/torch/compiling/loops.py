"""Loops: written out, or as loops of the program.

What enters: a loop of the user's function. What leaves: a loop of the program where its variables have the same kinds at
the start of each iteration, after the first one if need be; else its iterations one after the other.
"""

from __future__ import annotations

import ast
from typing import Any

from srcgrad.torch.compiling.branches import NUMBERS, Branches, kind_of
from srcgrad.torch.compiling.interpreter import Ended, Mark, Returned, Unset
from srcgrad.torch.compiling.program import Block, Carried, Loop, NotCompilable, Number, Unavailable, Value, met
from srcgrad.torch.tensor import Tensor

# Shorter loops are written out.
SHORT = 3
TURNS = 2000


class Loops(Branches):
    """`for` and `while`."""

    def do_For(self, s: ast.For) -> Any:
        things = self.eval(s.iter)
        if isinstance(things, Tensor):
            if not things._a.ndim:
                raise self.refuse("iteration over a tensor without dimensions", s)
            rows, things = things, range(len(things._a))
        else:
            rows = None
            things = self.sequence(things, s)
        k = 0
        if isinstance(things, range) and len(things) > SHORT and not _leaves(s) and not s.orelse:
            for first in (0, 1):
                if first == 0 and self.leaks(s):
                    continue
                mark = self.mark()
                try:
                    for i in things[:first]:
                        self.turn(s, rows, i)
                    self.looped(s, rows, things[first:])
                except (NotCompilable, Unavailable, Unsettled):
                    self.back(mark)
                    continue
                return None
        for k, i in enumerate(things):
            if k >= TURNS:
                raise self.refuse("so long a loop", s)
            ended = self.turn(s, rows, i)
            if isinstance(ended, Returned):
                return ended
            if isinstance(ended, Ended) and ended.word == "break":
                return None
        return self.run(s.orelse)

    def turn(self, s: ast.For, rows: Any, thing: Any) -> Any:
        """One iteration, written out."""
        self.at(s)
        self.assign(s.target, thing if rows is None else self.item(rows, thing, s, _named(s.target)))
        return self.run(s.body)

    def leaks(self, s: ast.For) -> bool:
        """Whether names that the loop binds first are read outside of it."""
        known = self.frame.names
        new = {n for n in _bound(s) if n not in known}
        inside = {id(n) for n in ast.walk(s)}
        return any(
            isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and n.id in new and id(n) not in inside
            for n in ast.walk(self.frame.tree)
        )

    def looped(self, s: ast.For, rows: Any, things: range) -> None:
        """A loop that stays a loop."""
        if self.leaks(s):
            raise Unsettled
        wanted = _named(s.target) if rows is None else "k"
        variable = Value(self.samples.names.fresh(wanted), None, int)
        number = Number(variable.name, things[0], (variable,))

        def body() -> None:
            self.assign(s.target, number if rows is None else self.item(rows, number, s, _named(s.target)))
            if self.run(s.body) is not None:
                raise Unsettled

        loop = self.settled(s, body, turns=len(things), given=variable)
        loop.variable = variable
        step = f", {things.step}" if things.step != 1 else ""
        start = f"{things.start}, " if things.start or step else ""
        loop.iterable = f"range({start}{things.stop}{step})"
        self.samples.emit(loop)

    def settled(self, s: Any, body: Any, *, turns: int, given: Value | None = None, test: Any = None) -> Loop:
        """A loop whose variables have the same kinds at the start of each iteration."""
        names = [n for n in _bound(s) if n in self.frame.names and n != _loop_name(s)]
        start = self.mark()
        origin = self.samples.origin
        needs: dict[str, Any] = {}
        constant: set[str] = set()
        for _ in range(4):
            heads, before = self.heads(names, needs, constant)
            block = Block(given=[*([given] if given is not None else []), *(h for h in heads.values())])
            trial = None
            condition: Any = None
            if test is not None:
                trial = Block()
                with self.inside(trial):
                    condition = self.truth(test())
                if not isinstance(condition, Number):
                    raise Unsettled
            with self.inside(block):
                body()
            if self.changed(start):
                raise Unsettled
            if self.rebound(start, names, _loop_name(s)):
                self.back(start)
                continue
            finals = {n: self.frame.names.get(n) for n in names}
            if self.agrees(heads, before, finals, needs, constant):
                break
            self.back(start)
        else:
            raise Unsettled
        after = dict(start.frames[-1][1])
        carried = [self.carried(n, before[n], heads[n], finals[n], after, turns) for n in names if n in heads]
        for n in _bound(s):
            if n not in names:
                after[n] = Unset(n)
        self.restore_names(start)
        self.frame.names.update(after)
        self.samples.origin = origin
        steps = Value(self.samples.names.fresh("steps"), None, list)
        loop = Loop(block, carried, steps)
        loop.test, loop.condition = trial, condition
        return loop

    def rebound(self, start: Mark, names: list[str], target: str) -> bool:
        """Whether the body has given names new values without binding them: these are variables of the loop too."""
        found = [
            (frame, n)
            for frame, before in start.frames
            for n, thing in before.items()
            if frame.names.get(n) is not thing and not (frame is self.frame and n in {*names, target})
        ]
        if any(frame is not self.frame for frame, _ in found):
            raise Unsettled
        names.extend(n for _, n in found)
        return bool(found)

    def restore_names(self, mark: Mark) -> None:
        """The names of all frames as they were."""
        for frame, names in mark.frames:
            frame.names.clear()
            frame.names.update(names)

    def heads(self, names: list[str], needs: dict[str, Any], constant: set[str]) -> Any:
        """What the variables of a loop are at the start of an iteration."""
        heads: dict[str, Value] = {}
        before: dict[str, Any] = {}
        for n in names:
            thing = self.frame.names[n]
            if n in constant:
                continue
            if isinstance(thing, Tensor):
                value = self.samples.value_of(thing)
                if n not in needs:
                    needs[n] = value.needs
                head = Value(self.samples.names.fresh(n), value.shape, value.dtype, needs[n])
                before[n] = thing
                heads[n] = head
                self.frame.names[n] = self.samples.enter(head, thing._a.copy())
            elif isinstance(thing, NUMBERS):
                head = Value(self.samples.names.fresh(n), None, kind_of(thing))
                before[n] = thing
                heads[n] = head
                sample = thing.sample if isinstance(thing, Number) else thing
                self.frame.names[n] = Number(head.name, sample, (head,))
        return heads, before

    def agrees(self, heads: Any, before: Any, finals: Any, needs: Any, constant: set[str]) -> bool:
        """Whether an iteration ends with the kinds with which it starts; notes what to assume instead."""
        same = True
        for n, final in finals.items():
            if n not in heads:
                if n in constant and not isinstance(final, NUMBERS) and final is not self.frame.names.get(n):
                    raise Unsettled
                continue
            first = before[n]
            if isinstance(first, Tensor):
                if not isinstance(final, Tensor):
                    raise Unsettled
                value = self.samples.value_of(final)
                head = heads[n]
                if (value.shape, value.dtype) != (head.shape, head.dtype):
                    raise Unsettled
                if value is not head and value.needs is not head.needs and needs[n] is not None:
                    needs[n] = None
                    same = False
            elif not isinstance(final, NUMBERS) or kind_of(final) is not kind_of(first):
                raise Unsettled
        return same

    def carried(self, name: str, before: Any, head: Value, final: Any, after: Any, turns: int) -> Carried:
        """The variable of a loop that has settled, and what its name means afterwards."""
        if isinstance(before, Tensor):
            first, last = self.samples.value_of(before), self.samples.value_of(final)
            needs = (last.needs if last is not head else first.needs) if turns else met(first.needs, last.needs)
            value = Value(head.name, head.shape, head.dtype, needs)
            after[name] = self.samples.enter(value, final._a.copy())
            return Carried(first, head, last, value)
        value = Value(head.name, None, head.dtype)
        after[name] = Number(head.name, final.sample if isinstance(final, Number) else final, (value,))
        return Carried(self.number_value(before), head, self.number_value(final), value)

    def do_While(self, s: ast.While) -> Any:
        turned = _turned(s)
        if turned is not None:
            first, s = turned
            ended = self.run(first)
            if ended is not None:
                return ended
        for _ in range(TURNS):
            mark = self.mark()
            test = self.test(s.test)
            if isinstance(test, Number):
                self.back(mark)
                if _leaves(s) or s.orelse:
                    raise self.refuse("a loop that the data decide, with break, continue or return", s)
                try:
                    loop = self.settled(s, lambda: self._plain(s.body), turns=0, test=lambda: self.test(s.test))
                except (Unsettled, Unavailable):
                    raise self.refuse("a loop that the data decide, whose variables change their kinds", s) from None
                self.samples.emit(loop)
                return None
            if not test:
                return self.run(s.orelse)
            ended = self.run(s.body)
            if isinstance(ended, Returned):
                return ended
            if isinstance(ended, Ended) and ended.word == "break":
                return None
        raise self.refuse("so long a loop", s)

    def _plain(self, body: list[ast.stmt]) -> None:
        if self.run(body) is not None:
            raise Unsettled


class Unsettled(Exception):
    """The body of a loop does not do the same in each iteration."""


def _bound(s: ast.AST) -> list[str]:
    """The names that a statement binds, in order."""
    found: dict[str, None] = {}
    for n in ast.walk(s):
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store):
            found[n.id] = None
    return list(found)


def _loop_name(s: Any) -> str:
    return s.target.id if isinstance(s, ast.For) and isinstance(s.target, ast.Name) else ""


def _named(target: ast.expr) -> str:
    return target.id if isinstance(target, ast.Name) else "item"


def _turned(s: ast.While) -> tuple[list[ast.stmt], ast.While] | None:
    """`while True: A; if c: break; B` as what it amounts to: `A`, then `while not c: B; A`."""
    exits = [
        k for k, part in enumerate(s.body) if isinstance(part, ast.If) and _is_break(part.body) and not part.orelse
    ]
    if not (isinstance(s.test, ast.Constant) and s.test.value is True) or len(exits) != 1 or s.orelse:
        return None
    (k,) = exits
    before, test, after = s.body[:k], s.body[k], s.body[k + 1 :]
    if any(_leaves(part) for part in (*before, *after)):
        return None
    assert isinstance(test, ast.If)
    negated = ast.copy_location(ast.UnaryOp(ast.Not(), test.test), test.test)
    return before, ast.copy_location(ast.While(negated, [*after, *before], []), s)


def _is_break(body: list[ast.stmt]) -> bool:
    return len(body) == 1 and isinstance(body[0], ast.Break)


def _leaves(s: ast.stmt) -> bool:
    """Whether a loop may be left, or an iteration cut short."""
    return any(isinstance(n, (ast.Break, ast.Continue, ast.Return)) for n in ast.walk(s))
