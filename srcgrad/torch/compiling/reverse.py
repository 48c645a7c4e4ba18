"""The backward sweep of a program.

What enters: a program. What leaves: the lines of its backward sweep, and the values that they read: what the forward
sweep has to keep. Statements are gone through from the last to the first; the cotangent of `x` is `x_bar`.

    forward                             backward
        steps = []                          for t, h_1, tanh in reversed(steps):
        for t in range(5):                      tanh_bar = h_1_bar
            tanh = np.tanh(h_1 * w)             mul_bar = tanh_bar * (1 - tanh * tanh)
            steps.append((t, h_1, tanh))        w_bar += mul_bar * h_1
            h_1 = tanh                          h_1_bar = mul_bar * w
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from srcgrad.torch.compiling.program import (
    Apply,
    Block,
    Branch,
    Carried,
    Cast,
    Item,
    Let,
    Loop,
    Put,
    Recorded,
    Statement,
    Value,
)
from srcgrad.torch.compiling.rendering import Imports, substituted, tuple_of
from srcgrad.torch.primitive import converted, summed


@dataclass(eq=False)
class Scope:
    """The cotangents of one block: which there are, and of which one this function owns the memory."""

    defined: set[Value]
    owned: dict[Value, bool] = field(default_factory=dict)
    touched: dict[Value, None] = field(default_factory=dict)  # of outer values
    lines: list[str] = field(default_factory=list)


class Reverse:
    """The backward sweep as it is written."""

    def __init__(self, imports: Imports, texts: Any) -> None:
        self.imports = imports
        self.texts = texts
        self.read: set[Value] = set()

    def bar(self, value: Value) -> str:
        """The name of a value's cotangent."""
        return f"{value.name}_bar"

    def zeros(self, value: Value) -> str:
        """Zeros for a cotangent that nothing has reached."""
        assert value.dtype is not None
        return f"np.zeros({value.shape!r}, np.{value.dtype.name})"

    # Cotangents ----------------------------------------------------------------------------------

    def add(self, scope: Scope, value: Value, text: str) -> None:
        """Add to the cotangent of a value."""
        if value.needs is False or value.shape is None:
            return
        bar = self.bar(value)
        if value not in scope.defined:
            scope.touched[value] = None
            scope.lines.append(f"{bar} += {text}")
        elif value in scope.owned:
            scope.lines.append(f"{bar} = {bar} + {_operand(text)}")
            scope.owned[value] = True
        else:
            scope.lines.append(f"{bar} = {text}")
            scope.owned[value] = False

    def own(self, scope: Scope, value: Value) -> None:
        """Make sure that there is a cotangent into which may be written."""
        if value not in scope.defined:
            scope.touched[value] = None
        elif value not in scope.owned:
            scope.lines.append(f"{self.bar(value)} = {self.zeros(value)}")
        elif not scope.owned[value]:
            scope.lines.append(f"{self.bar(value)} = np.array({self.bar(value)})")
        scope.owned[value] = True

    def has(self, scope: Scope, value: Value) -> bool:
        return value in scope.owned

    # Statements ----------------------------------------------------------------------------------

    def block(self, block: Block, scope: Scope) -> None:
        """The statements of a block in reverse."""
        origin = ""
        for s in reversed(block.statements):
            before = len(scope.lines)
            self.statement(s, scope)
            if len(scope.lines) > before and s.origin and s.origin != origin:
                scope.lines.insert(before, f"# {s.origin}")
                origin = s.origin

    def statement(self, s: Statement, scope: Scope) -> None:
        """The cotangents that one statement passes on."""
        if isinstance(s, Apply):
            self.apply(s, scope)
        elif isinstance(s, Cast):
            if self.has(scope, s.target) and s.source.needs is not False:
                bar = self.bar(s.target)
                same = s.source.dtype == s.target.dtype
                self.add(scope, s.source, bar if same else f"{bar}.astype(np.{s.source.dtype.name})")
        elif isinstance(s, Item):
            if self.has(scope, s.target) and s.source.needs is not False:
                self.own(scope, s.source)
                scope.lines.append(f"{self.bar(s.source)}[{s.index}] += {self.bar(s.target)}")
                self.read.update(s.read)
        elif isinstance(s, Put):
            self.put(s, scope)
        elif isinstance(s, Recorded):
            self.recorded(s, scope)
        elif isinstance(s, Loop):
            self.loop(s, scope)
        elif isinstance(s, Branch):
            self.branch(s, scope)
        else:
            assert isinstance(s, Let)

    def apply(self, s: Apply, scope: Scope) -> None:
        """The texts of the rule table's entry."""
        if not any(self.has(scope, t) for t in s.targets):
            return
        rule = s.primitive.rule
        parameters = list(rule.signature.parameters)
        given = {p: self.texts(a) for p, a in zip(parameters, s.args, strict=False)}
        values = {p: a for p, a in zip(parameters, s.args, strict=False) if isinstance(a, Value)}
        for p, default in zip(parameters, s.primitive.defaults, strict=True):
            given.setdefault(p, repr(default))
        bars = [self.bar(t) if self.has(scope, t) else self.zeros(t) for t in s.targets]
        if len(s.targets) > 1:
            given |= {"y": f"({', '.join(t.name for t in s.targets)})", "y_bar": f"({', '.join(bars)})"}
        else:
            given |= {"y": s.targets[0].name, "y_bar": bars[0]}
            values["y"] = s.targets[0]
        start = 0
        for name, count in zip(s.primitive.operands, s.counts, strict=True):
            edges = range(start, start + count)
            start += count
            if name not in s.names or all(s.edges[k] is None or s.edges[k].needs is False for k in edges):  # type: ignore[union-attr]
                continue
            text, mentioned = substituted(rule.vjp[name], given, values, rule, self.imports)
            self._reads(s, parameters, mentioned, text)
            argument = s.args[parameters.index(name)]
            if isinstance(argument, list):
                parts = f"{s.targets[0].name}_parts"
                scope.lines.append(f"{parts} = {text}")
            for j, k in enumerate(edges):
                operand = s.edges[k]
                if operand is not None:
                    part = f"{parts}[{j}]" if isinstance(argument, list) else text
                    self.add(scope, operand, self.fitting(part, operand, *s.fits[k]))

    def _reads(self, s: Apply, parameters: list[str], mentioned: set[str], text: str) -> None:
        for name in mentioned:
            if name == "y":
                # Of several results only those that are asked for are kept.
                self.read.update(t for t in s.targets if len(s.targets) == 1 or t.name in text)
            elif name in parameters and parameters.index(name) < len(s.args):
                a = s.args[parameters.index(name)]
                self.read.update(v for v in (a if isinstance(a, list) else [a]) if isinstance(v, Value))

    def fitting(self, text: str, operand: Value, shape: bool, dtype: bool) -> str:
        """A cotangent of the operand's shape and dtype."""
        if not shape:
            text = f"{self.imports.function(summed)}({text}, {operand.shape!r})"
        if not dtype:
            text = f"{self.imports.function(converted)}(np.asarray({text}), np.dtype({operand.dtype.name!r}))"
        return text

    def recorded(self, s: Recorded, scope: Scope) -> None:
        """What the graph of an operation passes on."""
        if not any(self.has(scope, t) for t in s.targets):
            return
        self.read.add(s.graph)
        outs = [t for t in s.targets if t.needs is not False]
        bars = [self.bar(t) if self.has(scope, t) else self.zeros(t) for t in outs]
        parts = f"{s.graph.name}_parts"
        scope.lines.append(f"{parts} = {s.graph.name}({', '.join(bars)})")
        for k, operand in enumerate(s.operands):
            if operand is not None:
                self.add(scope, operand, f"{parts}[{k}]")

    def put(self, s: Put, scope: Scope) -> None:
        """What was overwritten gets no cotangent, what was written gets its part."""
        if not self.has(scope, s.target):
            return
        bar = self.bar(s.target)
        self.read.update(s.read)
        if isinstance(s.value, Value) and s.value.needs is not False:
            text = f"{self.imports.function(summed)}({bar}[{s.index}], {s.value.shape!r})"
            self.add(scope, s.value, text if s.value.shape else f"np.array({text})")
        if s.source.needs is not False:
            scope.lines.append(f"{bar} = np.array({bar})")
            scope.lines.append(f"{bar}[{s.index}] = 0")
            self.add(scope, s.source, bar)

    # Control flow --------------------------------------------------------------------------------

    def inner(self, block: Block) -> Scope:
        return Scope(set(block.defined()))

    def reach(self, inner: Scope, scope: Scope) -> None:
        """Before a loop or a branch: a cotangent for each value of outside that it adds to."""
        for value in inner.touched:
            self.own(scope, value)

    def loop(self, s: Loop, scope: Scope) -> None:
        """The iterations in reverse."""
        carried = [c for c in s.carried if c.head.needs is not False or c.after.needs is not False]
        if not any(self.has(scope, c.after) for c in carried):
            return
        inner = self.inner(s.body)
        waiting = self._finals(carried, inner)
        self.block(s.body, inner)
        for c in carried:
            if c.head not in inner.owned:
                inner.lines.append(f"{self.bar(c.head)} = {self.zeros(c.head)}")
        kept = [v for v in s.body.defined() if v in self.read]
        self.read.add(s.steps)
        for c in carried:
            if not self.has(scope, c.after):
                scope.lines.append(f"{self.bar(c.after)} = {self.zeros(c.after)}")
        self.reach(inner, scope)
        unpacked = ", ".join(v.name for v in kept) or "_"
        scope.lines.append(f"for {unpacked} in reversed({s.steps.name}):")
        scope.lines += [f"    {line}" for line in (*waiting, *inner.lines)]
        for c in carried:
            if isinstance(c.before, Value):
                self.add(scope, c.before, self.bar(c.head))

    def _finals(self, carried: list[Carried], inner: Scope) -> list[str]:
        """The cotangents at the end of an iteration: those at the start of the next one."""
        heads = {c.head for c in carried}
        crossing = any(isinstance(c.final, Value) and c.final in heads for c in carried)
        first = [f"{self.bar(c.head)}_next = {self.bar(c.head)}" for c in carried if crossing]
        for c in carried:
            if isinstance(c.final, Value):
                self.add(inner, c.final, self.bar(c.head) + ("_next" if crossing else ""))
        return first

    def branch(self, s: Branch, scope: Scope) -> None:
        """The branch that was taken."""
        if not any(self.has(scope, m) for m, _, _ in s.merged):
            return
        parts = []
        for block, which in ((s.then, 1), (s.other, 2)):
            inner = self.inner(block)
            for merged in s.merged:
                source = merged[which]
                if self.has(scope, merged[0]) and isinstance(source, Value):
                    self.add(inner, source, self.bar(merged[0]))
            self.block(block, inner)
            kept = [v for v in block.defined() if v in self.read]
            packed = tuple_of([v.name for v in kept])
            unpack = [f"{packed if len(kept) == 1 else packed[1:-1]} = {s.kept.name}"] if kept else []
            self.reach(inner, scope)
            parts.append((inner, unpack))
        self.read |= {s.taken, s.kept}
        if not any(inner.lines for inner, _ in parts):
            return
        for (inner, unpack), head in zip(parts, (f"if {s.taken.name}:", "else:"), strict=True):
            if inner.lines or head != "else:":
                scope.lines.append(head)
                scope.lines += [f"    {line}" for line in ([*unpack, *inner.lines] if inner.lines else ["pass"])]


def _operand(text: str) -> str:
    return f"({text})" if " if " in text else text
