"""The statements of a compiled function, between its source and the generated text.

What enters: what the interpreter has understood. What leaves: blocks of statements over values, each of which is
bound in one place only, so that the reverse sweep can read any of them by name.
"""

from __future__ import annotations

import builtins
import keyword
import re
from dataclasses import dataclass, field
from typing import Any

from srcgrad.errors import Place, SrcgradError


class NotCompilable(SrcgradError, RuntimeError):
    """Why a function is not compiled: a construct that `torch.compile` leaves to the operations one by one."""

    guards: Any = None  # what had been read by then

    def __str__(self) -> str:
        return SrcgradError.__str__(self)


class Unavailable(Exception):
    """A number that is known only when the function runs was asked for while it is compiled."""


@dataclass(eq=False, slots=True)
class Value:
    """What a name of the generated text holds: an array of a shape and dtype, or with shape None something else.

    `needs` says whether a gradient flows through it; None that it depends on the way taken.
    """

    name: str
    shape: tuple[int, ...] | None = None
    dtype: Any = None
    needs: bool | None = False


@dataclass(eq=False, slots=True)
class Number:
    """A Python number that is known only at run time: the name that holds it, with a sample of what it may be."""

    text: str
    sample: Any
    reads: tuple[Value, ...]


@dataclass(eq=False, slots=True)
class Statement:
    """What all statements know: the line of the user's file that they come from."""

    origin: str = field(default="", kw_only=True)

    def reads(self) -> list[Value]:
        """The values that it reads, each as often as its text mentions it."""
        return []

    def binds(self) -> list[Value]:
        return []


@dataclass(eq=False, slots=True)
class Apply(Statement):
    """A kernel with an entry in the rule table.

    `args` are values, lists of values, and constants. `fits` says for each edge whether the text of the rule gives a
    cotangent of another shape and of another dtype than the operand's.
    """

    targets: list[Value]
    primitive: Any
    args: list[Any]
    names: list[str]  # the operands for which the rule has a text
    edges: list[Value | None]
    counts: list[int]  # how many edges each operand has
    fits: list[tuple[bool, bool]]
    needs: bool | None

    def reads(self) -> list[Value]:
        return [v for a in self.args for v in (a if isinstance(a, list) else [a]) if isinstance(v, Value)]

    def binds(self) -> list[Value]:
        return self.targets


@dataclass(eq=False, slots=True)
class Let(Statement):
    """An expression without a derivative."""

    targets: list[Value]
    text: str
    read: tuple[Value, ...]

    def reads(self) -> list[Value]:
        return list(self.read)

    def binds(self) -> list[Value]:
        return self.targets


@dataclass(eq=False, slots=True)
class Recorded(Statement):
    """An operation that has no text of its own: it runs as it is, and its graph runs backward.

    `graph` is bound to what takes the cotangents of the results to those of `operands`. Without a text both the results
    and the graph are given from outside.
    """

    targets: list[Value]
    graph: Value
    text: str
    read: tuple[Value, ...]
    operands: list[Value | None]

    def reads(self) -> list[Value]:
        return list(self.read)

    def binds(self) -> list[Value]:
        return [*self.targets, self.graph]


@dataclass(eq=False, slots=True)
class Cast(Statement):
    """The same values in another dtype, or under another name."""

    target: Value
    source: Value

    def reads(self) -> list[Value]:
        return [self.source]

    def binds(self) -> list[Value]:
        return [self.target]


@dataclass(eq=False, slots=True)
class Item(Statement):
    """`target = source[index]`, for an index of numbers and slices."""

    target: Value
    source: Value
    index: str
    read: tuple[Value, ...]

    def reads(self) -> list[Value]:
        return [self.source, *self.read]

    def binds(self) -> list[Value]:
        return [self.target]


@dataclass(eq=False, slots=True)
class Put(Statement):
    """`target` is `source` with another value at an index; the value is a Value or a literal."""

    target: Value
    source: Value
    index: str
    value: Any
    read: tuple[Value, ...]

    def reads(self) -> list[Value]:
        return [self.source, *([self.value] if isinstance(self.value, Value) else []), *self.read]

    def binds(self) -> list[Value]:
        return [self.target]


@dataclass(eq=False, slots=True)
class Carried:
    """A variable of a loop: what it is before, at the start and at the end of an iteration, and afterwards."""

    before: Value | str
    head: Value
    final: Value | str
    after: Value


@dataclass(eq=False, slots=True)
class Block:
    """Statements in order, and the values that are bound where the block starts."""

    statements: list[Statement] = field(default_factory=list)
    given: list[Value] = field(default_factory=list)

    def defined(self) -> list[Value]:
        return [*self.given, *(v for s in self.statements for v in s.binds())]


@dataclass(eq=False, slots=True)
class Loop(Statement):
    """`for variable in iterable` or, with a test, `while`. `steps` is the list that the forward sweep keeps."""

    body: Block
    carried: list[Carried]
    steps: Value
    variable: Value | None = None
    iterable: str = ""
    read: tuple[Value, ...] = ()
    test: Block | None = None
    condition: Number | None = None

    def reads(self) -> list[Value]:
        return [*self.read, *(c.before for c in self.carried if isinstance(c.before, Value))]

    def binds(self) -> list[Value]:
        return [self.steps, *(c.after for c in self.carried)]


@dataclass(eq=False, slots=True)
class Branch(Statement):
    """`if`. Each merged value is bound at the end of both blocks; `kept` is what the block that ran keeps."""

    taken: Value
    then: Block
    other: Block
    merged: list[tuple[Value, Value | str, Value | str]]
    kept: Value

    def reads(self) -> list[Value]:
        return [self.taken]

    def binds(self) -> list[Value]:
        return [self.kept, *(m for m, _, _ in self.merged)]


class Names:
    """Names of the generated text, none given twice."""

    def __init__(self) -> None:
        self.used = {"np", "kept", *dir(builtins), *keyword.kwlist}
        self.functions: dict[str, Any] = {}

    def reserve(self, function: Any) -> None:
        """Keep the name of a function for it."""
        name = function.__name__
        if name not in self.used:
            self.used.add(name)
            self.functions[name] = function

    def fresh(self, wanted: str) -> str:
        wanted = re.sub(r"\W", "_", wanted).strip("_") or "value"
        wanted = f"p{wanted}" if wanted[0].isdigit() else wanted
        name, k = wanted, 1
        while name in self.used or f"{name}_bar" in self.used:
            name, k = f"{wanted}_{k}", k + 1
        self.used |= {name, f"{name}_bar"}
        return name


@dataclass
class Program:
    """A compiled function: its inputs, its block, and what it returns."""

    name: str
    inputs: list[Value]
    block: Block
    outputs: list[Value | Number]
    constants: dict[str, Any]
    names: Names


def either(*needs: bool | None) -> bool | None:
    """Whether a gradient flows through what is computed from several values."""
    return True if True in needs else None if None in needs else False


def met(one: bool | None, other: bool | None) -> bool | None:
    """Whether a gradient flows through what is the one value or the other."""
    return one if one is other else None


def refused(reason: str, place: Place | None = None) -> NotCompilable:
    """The refusal, with its ways out."""
    return NotCompilable(
        f"torch.compile cannot take {reason}",
        place,
        ways=("leave out fullgraph=True: the function then runs operation by operation",),
    )
