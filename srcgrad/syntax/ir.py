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
from functools import cached_property
from itertools import count
from operator import is_
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
    """An expression never changes, so what is asked of it often is worked out once."""

    span: Span = field(default=NOWHERE, compare=False, repr=False, kw_only=True)

    @cached_property
    def children(self) -> tuple[Expr, ...]:
        return tuple(_children(self))

    @cached_property
    def names(self) -> frozenset[str]:
        if isinstance(self, Name):
            return frozenset((self.id,))
        own = self.reads if isinstance(self, Opaque) else frozenset()
        return own.union(*[child.names for child in self.children])


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


def next_key() -> int:
    """A key that no statement has yet."""
    return next(_keys)


@dataclass(frozen=True)
class Stmt:
    """`text` is the statement as written, or None once a pass has changed it."""

    span: Span = field(default=NOWHERE, compare=False, repr=False, kw_only=True)
    text: str | None = field(default=None, compare=False, repr=False, kw_only=True)
    leading: tuple[str, ...] = field(default=(), compare=False, repr=False, kw_only=True)
    comment: str = field(default="", compare=False, repr=False, kw_only=True)
    # The line that a reverse statement's comment shows; it survives changes to the statement.
    primal: str = field(default="", compare=False, repr=False, kw_only=True)
    # Where the line stands, if not in the file of the unit.
    file: str = field(default="", compare=False, repr=False, kw_only=True)
    key: int = field(default_factory=next_key, compare=False, repr=False, kw_only=True)

    @cached_property
    def written(self) -> frozenset[str]:
        match self:
            case Assign() | For():
                into = frozenset(r for t in targets(self.target) if not isinstance(t, Name) and (r := root(t)))
                kept = self.checkpoints if isinstance(self, For) else None
                return bound_names(self.target) | into | ({kept.kept} if kept is not None else frozenset())
            case While() if self.checkpoints is not None:
                return frozenset({self.checkpoints.kept})
            case UserCall():
                return frozenset({self.target.id} if self.forgets else {self.target.id, self.pullback})
            case _:
                return frozenset()


Block = tuple[Stmt, ...]


@dataclass(frozen=True)
class Assign(Stmt):
    """`target = value`, or `target op= value` where op is given.

    `in_place` says that the program is another one unless the target is an array: a callee's `p += e`
    on its parameter, in the place of the call.
    """

    target: Expr
    value: Expr
    op: str = ""
    in_place: bool = field(default=False, compare=False, kw_only=True)


@dataclass(frozen=True)
class If(Stmt):
    test: Expr
    body: Block
    orelse: Block


@dataclass(frozen=True)
class Checkpoints:
    """How a loop is reversed from few of its states: their number or memory, and the names of what that takes."""

    budget: Expr | None
    memory: Expr | None
    step: str  # the function of one iteration
    kept: str  # the states that are kept
    left: str  # whether an iteration has broken the loop off
    going: str  # the condition of a while loop as a function

    @property
    def reads(self) -> frozenset[str]:
        return names(self.budget) | names(self.memory)


@dataclass(frozen=True)
class For(Stmt):
    target: Expr
    iterable: Expr
    body: Block
    orelse: Block = ()  # one_way_out puts it behind the loop
    checkpoints: Checkpoints | None = None


@dataclass(frozen=True)
class While(Stmt):
    test: Expr
    body: Block
    orelse: Block = ()
    checkpoints: Checkpoints | None = None


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
    forgets: bool = False  # whether the callee is run again in the reverse sweep, which makes the pullback


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


def children(e: Expr) -> tuple[Expr, ...]:
    """The direct subexpressions, in order of evaluation."""
    return e.children


def _children(e: Expr) -> Iterator[Expr]:
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
    """The expression and everything inside it, from left to right."""
    todo = [e]
    while todo:
        node = todo.pop()
        yield node
        todo.extend(reversed(node.children))


def names(e: Expr | None) -> frozenset[str]:
    """Every name that an expression reads."""
    return frozenset() if e is None else e.names


def rewrite(e: Expr, change: Callable[[Expr], Expr | None]) -> Expr:
    """The expression with every node for which `change` gives another replaced, outermost first.

    What has nothing replaced in it stays the object that it is.
    """
    replaced = change(e)
    if replaced is not None:
        return replaced
    old = e.children
    if not old:
        return e
    new = [rewrite(child, change) for child in old]
    return e if all(map(is_, old, new)) else _with_children(e, new)


def _with_children(e: Expr, new: list[Expr]) -> Expr:
    """The expression with other subexpressions, in the order of `children`."""
    match e:
        case Binary() | BoolOp():
            return type(e)(e.op, *new, span=e.span)
        case Unary():
            return Unary(e.op, *new, span=e.span)
        case Compare():
            return Compare(new[0], e.ops, tuple(new[1:]), span=e.span)
        case IfExp():
            return IfExp(*new, span=e.span)
        case Call():
            arguments = zip(e.args, new[1:], strict=True)
            return Call(new[0], tuple([Argument(v, a.keyword, a.star) for a, v in arguments]), span=e.span)
        case Attribute():
            return Attribute(new[0], e.name, span=e.span)
        case Slice():
            given = iter(new)
            parts = [None if part is None else next(given) for part in (e.lower, e.upper, e.step)]
            return Slice(*parts, span=e.span)
        case Subscript():
            return Subscript(*new, span=e.span)
        case Sequence():
            return Sequence(e.form, tuple(new), span=e.span)
        case _:
            raise TypeError(e)


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
            case If() | For() | While():
                yield from statements(s.body)
                yield from statements(s.orelse)


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
    return s.written


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
        fresh = dataclasses.replace(s, key=next_key())
        match fresh:
            case If():
                fresh = dataclasses.replace(fresh, body=copied(fresh.body), orelse=copied(fresh.orelse))
            case For() | While():
                fresh = dataclasses.replace(fresh, body=copied(fresh.body))
            case _:
                pass
        out.append(fresh)
    return tuple(out)
