"""The forward sweep of a program.

What enters: a program, and the values that its backward sweep reads. What leaves: the lines of its forward sweep.
A value that is used once stands where it is used, as a person would write it.
"""

from __future__ import annotations

import ast
from collections import Counter
from typing import Any

from srcgrad.torch.compiling.program import (
    Apply,
    Block,
    Branch,
    Cast,
    Item,
    Let,
    Loop,
    Program,
    Put,
    Recorded,
    Statement,
    Value,
)
from srcgrad.torch.compiling.rendering import Imports, call, tuple_of

# Longer expressions are not put into others.
WIDEST = 88


def unused(program: Program, read: set[Value]) -> None:
    """Take out what nobody reads, from the last statement to the first."""
    while True:
        uses = counted(program)
        if not _thinned(program.block, uses, read):
            return


def counted(program: Program) -> Counter[Value]:
    """How often each value is read."""
    uses: Counter[Value] = Counter()
    for out in program.outputs:
        uses.update([out] if isinstance(out, Value) else out.reads)
    _count(program.block, uses)
    return uses


def _count(block: Block, uses: Counter[Value]) -> None:
    for s in block.statements:
        uses.update(s.reads())
        if isinstance(s, Loop):
            _count(s.body, uses)
            uses.update(c.final for c in s.carried if isinstance(c.final, Value))
            if s.test is not None:
                _count(s.test, uses)
            if s.condition is not None:
                uses.update(s.condition.reads)
        elif isinstance(s, Branch):
            _count(s.then, uses)
            _count(s.other, uses)
            for _, one, other in s.merged:
                uses.update(v for v in (one, other) if isinstance(v, Value))


def _thinned(block: Block, uses: Counter[Value], read: set[Value]) -> bool:
    """Whether something could be taken out of a block."""
    changed = False
    for s in list(block.statements):
        if isinstance(s, Loop):
            changed |= _thinned(s.body, uses, read)
            for c in list(s.carried):
                own = uses[c.head] - (1 if c.final is c.head else 0)
                if not own and not uses[c.after] and not {c.head, c.after} & read:
                    s.carried.remove(c)
                    changed = True
            if not s.carried and s.test is None:
                block.statements.remove(s)
                changed = True
        elif isinstance(s, Branch):
            changed |= _thinned(s.then, uses, read) | _thinned(s.other, uses, read)
            for merged in list(s.merged):
                if not uses[merged[0]] and merged[0] not in read:
                    s.merged.remove(merged)
                    changed = True
            if not s.merged and s.kept not in read:
                block.statements.remove(s)
                changed = True
        elif not any(uses[v] or v in read for v in s.binds()):
            block.statements.remove(s)
            changed = True
    return changed


class Forward:
    """The forward sweep as it is written."""

    def __init__(self, program: Program, read: set[Value], imports: Imports, literal: Any) -> None:
        self.read = read
        self.imports = imports
        self.literal = literal
        self.uses = counted(program)
        self.pending: dict[Value, str] = {}

    def text(self, a: Any) -> str:
        """An argument as text: a name, an expression that was waiting for its only use, or a literal."""
        if isinstance(a, Value):
            waiting = self.pending.pop(a, None)
            return a.name if waiting is None else f"({waiting})"
        if isinstance(a, list) and any(isinstance(v, Value) for v in a):
            return "[" + ", ".join(self.text(v) for v in a) + "]"
        return str(self.literal(a))

    def block(self, block: Block) -> list[str]:
        """The statements of a block."""
        lines: list[str] = []
        local = self._local(block)
        for s in block.statements:
            if isinstance(s, Recorded) and not s.text:
                continue
            made = self.statement(s)
            target = s.binds()[0] if len(s.binds()) == 1 else None
            if made is not None and target is not None and target in local and len(made) < WIDEST:
                self.pending[target] = made
            elif made is not None:
                lines.append(f"{', '.join(v.name for v in s.binds())} = {made}")
            else:
                lines += self.compound(s)
        return lines

    def _local(self, block: Block) -> set[Value]:
        """The values that are used once, in a simple statement of the block where they are made."""
        found: set[Value] = set()
        for s in block.statements:
            rendered = [s.source] if isinstance(s, (Cast, Item)) else s.reads() if isinstance(s, Apply) else []
            found.update(v for v in rendered if self.uses[v] == 1 and v not in self.read)
        return found

    def statement(self, s: Statement) -> str | None:
        """The expression of a simple statement; None for others."""
        if isinstance(s, Apply):
            texts = [self.text(a) for a in s.args]
            return _tidy(call(s.primitive.kernel, texts, self.imports))
        if isinstance(s, (Let, Recorded)):
            return s.text
        if isinstance(s, Cast):
            text = self.text(s.source)
            return text if s.source.dtype == s.target.dtype else _tidy(f"{text}.astype(np.{s.target.dtype.name})")
        if isinstance(s, Item):
            return _tidy(f"{self.text(s.source)}[{s.index}]")
        return None

    def compound(self, s: Statement) -> list[str]:
        """The lines of any other statement."""
        if isinstance(s, Put):
            name = s.target.name
            return [f"{name} = np.array({s.source.name})", f"{name}[{s.index}] = {self.text(s.value)}"]
        if isinstance(s, Loop):
            return self.loop(s)
        assert isinstance(s, Branch)
        return self.branch(s)

    def loop(self, s: Loop) -> list[str]:
        """A loop, with what it keeps of each iteration."""
        lines = _assigned([c.head for c in s.carried], [c.before for c in s.carried])
        keeps = s.steps in self.read
        if keeps:
            lines.append(f"{s.steps.name} = []")
        body = self.block(s.body)
        if keeps:
            kept = [v.name for v in s.body.defined() if v in self.read]
            what = "None" if not kept else kept[0] if len(kept) == 1 else tuple_of(kept)
            body.append(f"{s.steps.name}.append({what})")
        body += _assigned([c.head for c in s.carried], [c.final for c in s.carried])
        if s.test is None:
            assert s.variable is not None
            head = f"for {s.variable.name} in {s.iterable}:"
        else:
            assert s.condition is not None
            head = "while True:"
            body = [*self.block(s.test), f"if not {_atom(s.condition.text)}:", "    break", *body]
        return [*lines, head, *(f"    {line}" for line in body or ["pass"])]

    def branch(self, s: Branch) -> list[str]:
        """Both ways, with what the one that is taken keeps."""
        lines = [f"if {s.taken.name}:"]
        for block, which, head in ((s.then, 1, ""), (s.other, 2, "else:")):
            inner = self.block(block)
            if s.kept in self.read:
                kept = [v.name for v in block.defined() if v in self.read]
                inner.append(f"{s.kept.name} = {tuple_of(kept)}")
            inner += _assigned([m[0] for m in s.merged], [m[which] for m in s.merged])
            if head and inner:
                lines.append(head)
            if inner or not head:
                lines += [f"    {line}" for line in inner or ["pass"]]
        return lines


def _assigned(targets: list[Value], sources: list[Any]) -> list[str]:
    """All at once, since one may be read by the next."""
    pairs = [(t.name, v.name if isinstance(v, Value) else v) for t, v in zip(targets, sources, strict=True)]
    pairs = [(t, v) for t, v in pairs if t != v]
    return [f"{', '.join(t for t, _ in pairs)} = {', '.join(v for _, v in pairs)}"] if pairs else []


def _atom(text: str) -> str:
    return text if text.isidentifier() or text.endswith(")") else f"({text})"


def _tidy(text: str) -> str:
    """The expression without parentheses that say nothing."""
    return ast.unparse(ast.parse(text, mode="eval"))
