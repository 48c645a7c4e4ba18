"""Reading a function with samples in place of its tensors.

What enters: a function and its arguments. What leaves: a program. Plain Python runs as it stands, once, while the function
is read; an operation on tensors runs on samples and becomes statements. Calls of the user's functions and modules
are read too. What a number of a tensor decides becomes a branch of the program, and a loop over a range
stays a loop where its body does the same in each iteration.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from srcgrad.errors import Place, SourceUnavailableError
from srcgrad.syntax.source import source_of
from srcgrad.torch.compiling.capture import Samples
from srcgrad.torch.compiling.guards import Guards
from srcgrad.torch.compiling.known import always_true, settled
from srcgrad.torch.compiling.program import Block, Let, Names, NotCompilable, Number, Unavailable, Value, refused
from srcgrad.torch.compiling.structures import flat
from srcgrad.torch.nn import Module
from srcgrad.torch.tensor import Tensor

# More statements than this are no text that anyone wants to read, nor to wait for.
LONGEST = 4000
DEEPEST = 40


class Unset:
    """What a name is that is bound on some ways only."""

    def __init__(self, name: str) -> None:
        self.name = name


@dataclass
class Frame:
    """A call that is being read."""

    function: str
    filename: str
    names: dict[str, Any]
    outer: Frame | None  # of a function defined in another one that is being read
    code: FunctionType | None  # where globals and closures are found
    tree: Any = None
    place: ast.AST | None = None


@dataclass(eq=False)
class Closure:
    """A function that the one that is read defines."""

    tree: ast.FunctionDef | ast.Lambda
    frame: Frame
    defaults: list[Any]
    kw_defaults: dict[str, Any]
    __name__: str = "<lambda>"


@dataclass(eq=False)
class Method:
    """A method of a sample that has not been called yet."""

    sample: Tensor
    name: str


@dataclass
class Returned:
    """A block ended with `return`."""

    value: Any


class Ended:
    """A block ended with `break` or `continue`."""

    def __init__(self, word: str) -> None:
        self.word = word


@dataclass
class Mark:
    """Where reading stood, to go back there."""

    block: Block
    length: int
    frames: list[tuple[Frame, dict[str, Any]]]
    containers: list[tuple[Any, Any]]
    used: set[str]
    constants: dict[str, Any]
    stale: set[int]


@dataclass
class State:
    """All that one reading of a function shares."""

    samples: Samples
    guards: Guards
    inputs: list[tuple[Value, Any]] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    local: dict[int, Any] = field(default_factory=dict)  # containers that the function itself makes
    outside: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)  # tensors from outside and their samples


class Reader:
    """What the parts of the interpreter stand on."""

    def __init__(self) -> None:
        self.samples = Samples(Names())
        self.guards = Guards()
        self.state = State(self.samples, self.guards)
        self.depth = 0  # of loops and branches of the program
        self.make_sample: Callable[[Any], Any] = lambda a: a

    # Places and refusals -------------------------------------------------------------------------

    @property
    def frame(self) -> Frame:
        return self.state.frames[-1]

    def refuse(self, reason: str, at: ast.AST | None = None) -> NotCompilable:
        """The refusal of what stands at a place."""
        return refused(reason, self.place(at))

    def place(self, at: ast.AST | None = None) -> Place | None:
        """Where reading is, in the user's file."""
        if not self.state.frames:
            return None
        frame = self.frame
        node = at if at is not None and hasattr(at, "lineno") else frame.place
        if node is None:
            return None
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        return Place(frame.filename, line, column, getattr(node, "end_col_offset", None), function=frame.function)

    def at(self, node: ast.AST) -> None:
        """Reading has come to a statement."""
        self.frame.place = node
        frame = self.frame
        if len(self.samples.block.statements) > LONGEST:
            raise self.refuse("so long a program")
        text = ast.unparse(node).splitlines()[0] if not isinstance(node, ast.Lambda) else ast.unparse(node)
        line = getattr(node, "lineno", 0)
        self.samples.origin = f"{frame.filename.rpartition('/')[2]}:{line}  {text[:70]}"

    # Programs under construction -----------------------------------------------------------------

    @contextmanager
    def inside(self, block: Block) -> Iterator[Block]:
        """Statements go into another block."""
        before = self.samples.block
        self.samples.block = block
        self.depth += 1
        try:
            yield block
        finally:
            self.samples.block = before
            self.depth -= 1

    def mark(self) -> Mark:
        """Where reading stands."""
        block = self.samples.block
        return Mark(
            block,
            len(block.statements),
            [(f, dict(f.names)) for f in self.state.frames],
            [(c, type(c)(c)) for c in self.state.local.values()],
            set(self.samples.names.used),
            dict(self.samples.constants),
            set(self.samples.stale),
        )

    def back(self, mark: Mark) -> None:
        """Read on from a mark, as if nothing had happened since."""
        self.samples.block = mark.block
        del mark.block.statements[mark.length :]
        for frame, names in mark.frames:
            frame.names.clear()
            frame.names.update(names)
        del self.state.frames[len(mark.frames) :]
        self.samples.names.used = set(mark.used)
        self.samples.constants = dict(mark.constants)
        self.samples.stale = set(mark.stale)
        self.restore(mark)

    def restore(self, mark: Mark) -> None:
        """Give local containers what they held."""
        for container, held in mark.containers:
            if isinstance(container, list):
                container[:] = held
            else:
                container.clear()
                container.update(held)

    def changed(self, mark: Mark) -> bool:
        """Whether a container that existed at the mark holds something else now."""
        return any(
            len(c) != len(held) or any(a is not b for a, b in zip(_content(c), _content(held), strict=False))
            for c, held in mark.containers
        )

    def local(self, container: Any) -> Any:
        """Remember a container that the function itself has made."""
        self.state.local[id(container)] = container
        return container

    # Names ---------------------------------------------------------------------------------------

    def look_up(self, name: str, at: ast.AST) -> Any:
        """What a name means."""
        frame: Frame | None = self.frame
        while frame is not None:
            if name in frame.names:
                found = frame.names[name]
                if isinstance(found, Unset):
                    raise self.refuse(f"{name}, which is bound in different ways before", at)
                return found
            last = frame
            frame = frame.outer
        return self.outer(last, name, at)

    # What the parts of the interpreter ask each other --------------------------------------------

    def outer(self, frame: Frame, name: str, at: ast.AST) -> Any:
        raise NotImplementedError

    def eval(self, e: ast.expr) -> Any:
        raise NotImplementedError

    def guard_module(self, module: Module) -> None:
        raise NotImplementedError

    def elements(self, parts: list[ast.expr]) -> list[Any]:
        raise NotImplementedError

    def run(self, statements: Sequence[ast.stmt]) -> Any:
        raise NotImplementedError

    def inlined(self, function: Any, args: Any, kwargs: dict[str, Any], e: ast.AST) -> Any:
        raise NotImplementedError

    def operation(self, function: Any, name: str, args: Any, kwargs: dict[str, Any], e: ast.AST) -> Any:
        raise NotImplementedError

    def item(self, thing: Any, index: Any, e: ast.AST, wanted: str) -> Any:
        raise NotImplementedError

    def binary(self, kind: type, one: Any, other: Any, e: ast.AST) -> Any:
        raise NotImplementedError

    def fitted(self, before: Tensor, made: Tensor, at: ast.AST) -> Tensor:
        raise NotImplementedError

    def replace(self, before: Tensor, made: Tensor, at: ast.AST) -> None:
        raise NotImplementedError

    def branched(self, test: Number, ways: list[Any]) -> Any:
        raise NotImplementedError

    def let(self, value: Value, text: str, reads: tuple[Value, ...]) -> None:
        """A statement without a derivative."""
        self.samples.emit(Let([value], text, reads))

    def all_frames(self) -> Iterator[Frame]:
        """All frames whose names may be read again."""
        seen: dict[int, Frame] = {}
        todo = list(self.state.frames)
        while todo:
            frame = todo.pop()
            if id(frame) in seen:
                continue
            seen[id(frame)] = frame
            if frame.outer is not None:
                todo.append(frame.outer)
            todo += [thing.frame for thing in frame.names.values() if isinstance(thing, Closure)]
        return iter(seen.values())

    # Numbers and truth ---------------------------------------------------------------------------

    def number(self, text: str, sample: Any, reads: Sequence[Value], wanted: str = "number") -> Number:
        """A number of run time, bound to a name."""
        value = Value(self.samples.names.fresh(wanted), None, type(sample))
        self.samples.emit(Let([value], text, tuple(reads)))
        return Number(value.name, sample, (value,))

    def number_of(self, sample: Tensor, kind: type) -> Number:
        """float(t), int(t), bool(t) of a sample."""
        if sample._a.size != 1:
            raise self.refuse(f"{kind.__name__}() of a tensor with {sample._a.size} elements")
        value = self.samples.value_of(sample)
        wanted = "test" if kind is bool else "number"
        return self.number(f"{kind.__name__}({value.name})", kind(sample._a.reshape(())[()]), (value,), wanted)

    def truth(self, thing: Any) -> bool | Number:
        """Whether something counts as true: a bool, or a number of run time."""
        if isinstance(thing, Number):
            return thing
        if isinstance(thing, Tensor):
            return self.number_of(thing, bool)
        if isinstance(thing, Module) and hasattr(type(thing), "__len__"):
            self.guard_module(thing)
        elif not (settled(thing) or isinstance(thing, (list, tuple, dict, set)) or always_true(thing)):
            raise self.refuse(f"the truth of a {type(thing).__name__}")
        return bool(thing)

    def concrete(self, thing: Any) -> Any:
        """Something that is known while the function is read."""
        if any(isinstance(v, Number) for v in flat(thing)):
            raise Unavailable("a number that depends on the data")
        return thing


def _content(container: Any) -> Iterator[Any]:
    return iter(container.values() if isinstance(container, dict) else container)


def definition(function: FunctionType) -> Any:
    """The syntax tree of a function; refused where its text is not to be had or it is no plain function."""
    try:
        found = source_of(function)
    except SourceUnavailableError as error:
        raise refused(f"{function.__qualname__}(): {error.what}") from None
    tree = found.tree
    if isinstance(tree, ast.AsyncFunctionDef) or function.__code__.co_flags & 0x20:
        raise refused(f"{function.__qualname__}(), a generator or coroutine")
    return tree
