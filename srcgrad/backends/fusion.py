"""Neighbouring loops over the same elements as one loop.

    for i in range(m):                       for i in range(m):
        s_bar[i] = 0.1 * e_bar[i]                s_bar[i] = 0.1 * e_bar[i]
    for i in range(m):                ->         u_bar[1 + i] += s_bar[i]
        u_bar[1 + i] += s_bar[i]                 v_bar[i] -= s_bar[i]
    for i in range(m):
        v_bar[i] -= s_bar[i]

Two loops become one where every place that one of them writes and the other one reads or writes is reached in the
same trip of both. What stands between them moves in front of both. Sums into an array from several sides, as the
reverse of a stencil has them, stay loops of their own: as one loop they would wait for one another.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Access:
    """A place of an array that a loop reads or writes; `way` says how an index runs
    through each dimension: "0:1" along the outermost loop from 1, "fixed" not at all, "?" in no known way."""

    name: str
    way: tuple[str, ...]
    written: bool


@dataclass
class Nest:
    """A nest of loops: its lengths, the names of its indices, and what it does for each element."""

    lengths: tuple[str, ...]
    indices: tuple[str, ...]
    body: list[str]
    accesses: list[Access]
    sums: set[str] = field(default_factory=set)  # numbers that it adds up

    @property
    def lines(self) -> list[str]:
        made = []
        for depth, (name, length) in enumerate(zip(self.indices, self.lengths, strict=True)):
            made.append(f"{'    ' * depth}for {name} in range({length}):")
        return made + [f"{'    ' * len(self.indices)}{line}" for line in self.body]

    @property
    def mentioned(self) -> set[str]:
        return words(" ".join([*self.body, *self.lengths]))


Item = str | Nest | ast.stmt
Shared = Callable[[str, str], bool]


def words(text: str) -> set[str]:
    """The names in a text whose values it reads; of an array whose shape alone is asked, none."""
    return set(re.findall(r"(?<![\w.])[A-Za-z_]\w*", re.sub(r"\b\w+\.shape\b", "0", text)))


def fused(items: Sequence[Item], shared: Shared) -> list[Item]:
    """Statements in order, with loops put together; `shared` says of two names whether they may share memory."""
    made: list[Item] = []
    for item in items:
        if isinstance(item, Nest):
            at = next((k for k in range(len(made) - 1, -1, -1) if not movable(made[k])), None)
            earlier = made[at] if at is not None else None
            if at is not None and isinstance(earlier, Nest):
                between = made[at + 1 :]
                if _together(earlier, item, shared) and all(
                    not isinstance(b, Nest) and passes(b, earlier, shared) for b in between
                ):
                    made[at:] = [*between, _merged(earlier, item)]
                    continue
        made.append(item)
    return made


def movable(item: Item) -> bool:
    """Whether an item only binds a name to what it works out, or compares lengths."""
    if isinstance(item, str):
        return item.startswith("if ") or _BINDS.match(item) is not None
    match item:
        case ast.Assign(targets=[ast.Name()], value=value):
            return all(_is_pure(n) for n in ast.walk(value))
    return False


_BINDS = re.compile(r"([A-Za-z_]\w*) = ")
_PURE = frozenset("len range float int bool min max abs taken quotient".split())


def _is_pure(node: ast.AST) -> bool:
    match node:
        case ast.Lambda() | ast.NamedExpr() | ast.ListComp() | ast.GeneratorExp():
            return False
        case ast.Call(func=ast.Name(id=name)):
            return name in _PURE
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "math"))):
            return True
        case ast.Call(func=ast.Attribute(attr=attr)):
            return attr in ("pop", "copy", "sum", "mean", "max", "min")
        case ast.Call():
            return False
    return True


def passes(item: str | ast.stmt, nest: Nest, shared: Shared) -> bool:
    """Whether a statement that stands after a loop may stand before it."""
    text = item if isinstance(item, str) else ast.unparse(item)
    match = _BINDS.match(text)
    read = words(text[match.end() :] if match else text)
    if match and any(re.search(rf"\b{match[1]}\b", t) for t in (*nest.body, *nest.lengths)):
        return False
    written = {a.name for a in nest.accesses if a.written}
    return not read & nest.sums and not any(shared(n, name) for n in read for name in written)


def _together(a: Nest, b: Nest, shared: Shared) -> bool:
    if a.lengths != b.lengths or a.sums & (b.mentioned | b.sums) or b.sums & a.mentioned:
        return False
    for p in a.accesses:
        for q in b.accesses:
            if not (p.written or q.written) or not shared(p.name, q.name):
                continue
            if p.name != q.name or p.way != q.way or not _each_once(p.way, len(a.indices)):
                return False
    return True


def _each_once(way: Iterable[str], loops: int) -> bool:
    """Whether every trip reaches another element."""
    seen = [w.partition(":")[0] for w in way]
    return "?" not in seen and all(str(k) in seen for k in range(loops))


def _merged(a: Nest, b: Nest) -> Nest:
    body = b.body
    for old, new in zip(b.indices, a.indices, strict=True):
        body = [re.sub(rf"\b{old}\b", new, line) for line in body]
    return Nest(a.lengths, a.indices, a.body + body, a.accesses + b.accesses, a.sums | b.sums)


def contracted(function: ast.FunctionDef) -> None:
    """Arrays that one loop makes and alone uses, element by element, become numbers; in place.

    s_bar = np.empty((m,))
    for i in range(m):                        for i in range(m):
        s_bar[i] = 0.1 * e_bar[i]                 s_bar_at = 0.1 * e_bar[i]
        u_bar[2 + i] += s_bar[i]       ->         u_bar[2 + i] += s_bar_at
    """
    made: dict[str, list[ast.Assign]] = {}
    counts: dict[str, int] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            counts[node.id] = counts.get(node.id, 0) + 1
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="empty")),
            ):
                made.setdefault(name, []).append(node)
    for loop in [n for n in ast.walk(function) if isinstance(n, ast.For)]:
        if any(isinstance(s, (ast.For, ast.While, ast.If)) for s in loop.body):
            continue
        places: dict[str, list[ast.Subscript]] = {}
        stored: dict[str, int] = {}
        for k, s in enumerate(loop.body):
            for node in ast.walk(s):
                if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
                    places.setdefault(node.value.id, []).append(node)
                    # Stored before anything reads it, the statement itself included.
                    if isinstance(s, ast.Assign) and node is s.targets[0] and len(places[node.value.id]) == 1:
                        stored[node.value.id] = k
        for name, nodes in places.items():
            allocations = made.get(name, [])
            same = len({ast.unparse(n) for n in nodes}) == 1
            if len(allocations) != 1 or name not in stored or not same or counts[name] != len(nodes) + 1:
                continue
            number = f"{name}_at"
            while number in counts:
                number += "_"
            counts[number] = 1
            _Numbers(name, number).visit(loop)
            _Without(allocations[0]).visit(function)


class _Numbers(ast.NodeTransformer):
    def __init__(self, name: str, number: str) -> None:
        self.name = name
        self.number = number

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if isinstance(node.value, ast.Name) and node.value.id == self.name:
            return ast.copy_location(ast.Name(self.number, node.ctx), node)
        self.generic_visit(node)
        return node


class _Without(ast.NodeTransformer):
    def __init__(self, statement: ast.stmt) -> None:
        self.statement = statement

    def visit_Assign(self, node: ast.Assign) -> ast.stmt | None:
        return None if node is self.statement else node
