"""The intermediate representation: a dozen frozen dataclasses between two texts.

What enters: what `lower` reads from a function's source. What leaves: the same program in a form
that an analysis can walk in a page. Expressions stay nested as the user wrote them; statements keep
their comments and their own text, so that what a pass leaves alone is emitted as it was written.
A span takes no part in comparisons: two expressions are equal when they mean the same.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any


@dataclass(frozen=True)
class Span:
    """A place in the user's file; lines count from 1, columns from 0."""

    line: int
    column: int
    end_line: int
    end_column: int


NOWHERE = Span(0, 0, 0, 0)


class NotStatic(Exception):
    """The static tier does not understand something; the recorded tier takes the function."""

    def __init__(self, reason: str, span: Span = NOWHERE) -> None:
        super().__init__(reason)
        self.reason = reason
        self.span = span

    def __str__(self) -> str:
        return f"{self.reason} (line {self.span.line})" if self.span.line else self.reason


# Expressions ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Expr:
    span: Span = field(default=NOWHERE, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True)
class Name(Expr):
    id: str


@dataclass(frozen=True)
class Const(Expr):
    """A literal; its text is kept so that 1e-10 does not become 0.0000000001."""

    value: Any
    text: str = field(compare=False)


@dataclass(frozen=True)
class Binary(Expr):
    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True)
class Unary(Expr):
    op: str
    operand: Expr


@dataclass(frozen=True)
class Compare(Expr):
    first: Expr
    ops: tuple[str, ...]
    rest: tuple[Expr, ...]


@dataclass(frozen=True)
class BoolOp(Expr):
    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True)
class IfExp(Expr):
    test: Expr
    body: Expr
    orelse: Expr


@dataclass(frozen=True)
class Argument:
    """One argument of a call: `value`, `keyword=value`, `*value` or `**value`."""

    value: Expr
    keyword: str | None = None
    star: str = ""


@dataclass(frozen=True)
class Call(Expr):
    function: Expr
    args: tuple[Argument, ...]


@dataclass(frozen=True)
class Attribute(Expr):
    value: Expr
    name: str


@dataclass(frozen=True)
class Slice(Expr):
    lower: Expr | None
    upper: Expr | None
    step: Expr | None


@dataclass(frozen=True)
class Subscript(Expr):
    """`value[index]`; an index with a comma is a Sequence."""

    value: Expr
    index: Expr


@dataclass(frozen=True)
class Sequence(Expr):
    """A tuple or a list display."""

    form: str
    items: tuple[Expr, ...]


@dataclass(frozen=True)
class Opaque(Expr):
    """An expression that is kept as text: it may be read, never differentiated."""

    text: str
    reads: frozenset[str]


# Statements -------------------------------------------------------------------------------------

_keys = count(1)


@dataclass(frozen=True)
class Stmt:
    """`text` is the statement as written, or None once a pass has changed it."""

    span: Span = field(default=NOWHERE, compare=False, repr=False, kw_only=True)
    text: str | None = field(default=None, compare=False, repr=False, kw_only=True)
    leading: tuple[str, ...] = field(default=(), compare=False, repr=False, kw_only=True)
    comment: str = field(default="", compare=False, repr=False, kw_only=True)
    # The line that a reverse statement's comment shows; it survives changes to the statement.
    primal: str = field(default="", compare=False, repr=False, kw_only=True)
    key: int = field(default_factory=lambda: next(_keys), compare=False, repr=False, kw_only=True)


Block = tuple[Stmt, ...]


@dataclass(frozen=True)
class Assign(Stmt):
    """`target = value`, or `target op= value` where op is given."""

    target: Expr
    value: Expr
    op: str = ""


@dataclass(frozen=True)
class If(Stmt):
    test: Expr
    body: Block
    orelse: Block


@dataclass(frozen=True)
class For(Stmt):
    target: Expr
    iterable: Expr
    body: Block


@dataclass(frozen=True)
class While(Stmt):
    test: Expr
    body: Block


@dataclass(frozen=True)
class Return(Stmt):
    value: Expr


@dataclass(frozen=True)
class Break(Stmt):
    pass


@dataclass(frozen=True)
class Continue(Stmt):
    pass


@dataclass(frozen=True)
class Evaluate(Stmt):
    """A statement run for its effect on the world: a bare call, an assertion, a raise, pass."""

    value: Expr
    ends: bool = False  # control does not pass beyond it


@dataclass(frozen=True)
class UserCall(Stmt):
    """`target, pullback = callee(args)`: a call of a user's function, split for both sweeps."""

    target: Name
    pullback: str
    function: Any
    bound: tuple[tuple[str, Expr], ...]  # the callee's parameters and what they are given
    call: Expr  # as the user wrote it


@dataclass(frozen=True)
class Unit:
    """One function: what every pass takes and returns."""

    name: str
    params: tuple[str, ...]
    signature: str
    body: Block
    file: str
    function: Any = field(compare=False)
    trailing: tuple[str, ...] = ()


# Walking ----------------------------------------------------------------------------------------


def children(e: Expr) -> Iterator[Expr]:
    """The direct subexpressions, in order of evaluation."""
    match e:
        case Binary() | BoolOp():
            yield e.left
            yield e.right
        case Unary():
            yield e.operand
        case Compare():
            yield e.first
            yield from e.rest
        case IfExp():
            yield e.test
            yield e.body
            yield e.orelse
        case Call():
            yield e.function
            for argument in e.args:
                yield argument.value
        case Attribute():
            yield e.value
        case Slice():
            yield from (part for part in (e.lower, e.upper, e.step) if part is not None)
        case Subscript():
            yield e.value
            yield e.index
        case Sequence():
            yield from e.items
        case _:
            pass


def walk(e: Expr) -> Iterator[Expr]:
    """The expression and everything inside it."""
    yield e
    for child in children(e):
        yield from walk(child)


def names(e: Expr | None) -> frozenset[str]:
    """Every name that an expression reads."""
    found: set[str] = set()
    if e is not None:
        for node in walk(e):
            if isinstance(node, Name):
                found.add(node.id)
            elif isinstance(node, Opaque):
                found |= node.reads
    return frozenset(found)


def rewrite(e: Expr, change: Callable[[Expr], Expr | None]) -> Expr:
    """The expression with every node for which `change` gives another replaced, outermost first."""
    replaced = change(e)
    if replaced is not None:
        return replaced

    def again(child: Expr) -> Expr:
        return rewrite(child, change)

    def maybe(child: Expr | None) -> Expr | None:
        return None if child is None else again(child)

    match e:
        case Binary() | BoolOp():
            return dataclasses.replace(e, left=again(e.left), right=again(e.right))
        case Unary():
            return dataclasses.replace(e, operand=again(e.operand))
        case Compare():
            return dataclasses.replace(e, first=again(e.first), rest=tuple(again(r) for r in e.rest))
        case IfExp():
            return dataclasses.replace(e, test=again(e.test), body=again(e.body), orelse=again(e.orelse))
        case Call():
            arguments = tuple(dataclasses.replace(a, value=again(a.value)) for a in e.args)
            return dataclasses.replace(e, function=again(e.function), args=arguments)
        case Attribute():
            return dataclasses.replace(e, value=again(e.value))
        case Slice():
            return dataclasses.replace(e, lower=maybe(e.lower), upper=maybe(e.upper), step=maybe(e.step))
        case Subscript():
            return dataclasses.replace(e, value=again(e.value), index=again(e.index))
        case Sequence():
            return dataclasses.replace(e, items=tuple(again(i) for i in e.items))
        case _:
            return e


def renamed(e: Expr, mapping: dict[str, str]) -> Expr:
    """The expression with variables renamed; an opaque text that mentions one is not understood."""
    if not mapping:
        return e

    def change(node: Expr) -> Expr | None:
        if isinstance(node, Name) and node.id in mapping:
            return dataclasses.replace(node, id=mapping[node.id])
        if isinstance(node, Opaque) and node.reads & mapping.keys():
            raise NotStatic("a renamed variable is read by an expression kept as text", node.span)
        return None

    return rewrite(e, change)


def substituted(e: Expr, mapping: dict[str, Expr]) -> Expr:
    """The expression with names replaced by expressions."""

    def change(node: Expr) -> Expr | None:
        return mapping.get(node.id) if isinstance(node, Name) else None

    return rewrite(e, change)


def statements(block: Block) -> Iterator[Stmt]:
    """Every statement of a block and of the blocks inside it, in the order of the text."""
    for s in block:
        yield s
        match s:
            case If():
                yield from statements(s.body)
                yield from statements(s.orelse)
            case For() | While():
                yield from statements(s.body)


def bound_names(target: Expr) -> frozenset[str]:
    """The variables that an assignment to the target binds (a subscript binds none)."""
    match target:
        case Name():
            return frozenset({target.id})
        case Sequence():
            return frozenset().union(*(bound_names(t) for t in target.items))
        case _:
            return frozenset()


def root(e: Expr) -> str | None:
    """The variable in `a[i][j]`, `a.T[0]`, `a`: the array that a write to the target changes."""
    while isinstance(e, (Subscript, Attribute)):
        e = e.value
    return e.id if isinstance(e, Name) else None


def written_names(s: Stmt) -> frozenset[str]:
    """The variables that the statement itself (not its blocks) rebinds or writes into."""
    match s:
        case Assign() | For():
            into = frozenset(r for t in targets(s.target) if not isinstance(t, Name) and (r := root(t)))
            return bound_names(s.target) | into
        case UserCall():
            return frozenset({s.target.id, s.pullback})
        case _:
            return frozenset()


def targets(target: Expr) -> Iterator[Expr]:
    """The single targets of `a, (b[i], c) = …`."""
    if isinstance(target, Sequence):
        for item in target.items:
            yield from targets(item)
    else:
        yield target


def written_in(block: Block) -> frozenset[str]:
    """Every variable that a block rebinds or writes into, at any depth."""
    return frozenset().union(*(written_names(s) for s in statements(block)))


def copied(block: Block) -> Block:
    """The block as statements of their own, for a second place in the program."""
    out: list[Stmt] = []
    for s in block:
        fresh = dataclasses.replace(s, key=next(_keys))
        match fresh:
            case If():
                fresh = dataclasses.replace(fresh, body=copied(fresh.body), orelse=copied(fresh.orelse))
            case For() | While():
                fresh = dataclasses.replace(fresh, body=copied(fresh.body))
            case _:
                pass
        out.append(fresh)
    return tuple(out)
