"""Random numerical kernels: array code of the kinds that the generator of adjoints takes, with functions that call one another.

Unlike the programs of programs.py, nearly all of these get a generated adjoint; what they are about is its sweeps:
names rebound in branches, loops and calls, elements and slices written, callees that rebind their parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.expressions import CONSTANTS, Draw

Shape = tuple[int, ...]
LARGEST = 30  # lines of a function, after which only simple statements are written
PARAMETERS: tuple[Shape, ...] = ((), (4,), (3, 4), (4, 4), (3,))


@dataclass(frozen=True)
class Callee:
    """A function written before: its name, the shapes of its parameters and of its results."""

    name: str
    parameters: tuple[Shape, ...]
    results: tuple[Shape, ...]  # one is returned as it is, none where the function only writes into its arguments


class Kernel:
    """Writes one function, line by line."""

    def __init__(self, draw: Draw, names: dict[str, Shape], callees: list[Callee], checkpoints: bool) -> None:
        self.draw = draw
        self.checkpoints = checkpoints
        self.names = dict(names)
        self.owned = {name for name, shape in names.items() if shape}
        self.callees = callees
        self.indices: dict[str, int] = {}
        self.lines: list[str] = []
        self.count = 0
        self.loops = 0

    def pick(self, options: Any) -> Any:
        options = list(options)
        return options[self.draw(st.integers(0, len(options) - 1))]

    def line(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def new(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    # Expressions

    def constant(self) -> str:
        return str(self.pick(CONSTANTS))

    def index(self, bound: int) -> str:
        choices = [*map(str, range(bound)), "-1"]
        choices += [text for name, limit in self.indices.items() if limit <= bound for text in (name, f"{name} - 1")]
        return str(self.pick(choices))

    def known(self, shape: Shape) -> list[str]:
        return [name for name, s in self.names.items() if s == shape]

    def leaf(self, shape: Shape) -> str:
        """A name, or a part of one, of the shape."""
        choices = self.known(shape)
        for name, s in self.names.items():
            if s[:-1] == shape and s:
                choices.append(f"{name}[{self.index(s[0])}]" if len(s) == 1 else f"{name}[:, {self.index(s[1])}]")
            if len(s) == 2 and s[1:] == shape:
                choices.append(f"{name}[{self.index(s[0])}]")
            if len(s) == 2 and not shape:
                choices.append(f"{name}[{self.index(s[0])}, {self.index(s[1])}]")
            if len(s) == len(shape) and s and s[0] > shape[0] and s[1:] == shape[1:]:
                choices.append(f"{name}[{s[0] - shape[0]}:]")
            if s == shape and s:
                choices.append(f"{name}[::-1]")
            if len(s) == 2 and s[::-1] == shape and s != shape:
                choices.append(f"{name}.T")
        if not choices:
            return f"np.full({shape}, {self.expression((), 0)})"
        return str(self.pick(choices))

    def expression(self, shape: Shape, depth: int = 2) -> str:
        """An expression whose value has the shape, not much larger than 1."""
        if depth <= 0:
            return self.constant() if not shape and self.draw(st.integers(0, 4)) == 4 else self.leaf(shape)
        same = lambda: self.expression(shape, depth - 1)  # noqa: E731
        number = lambda: self.expression((), depth - 1)  # noqa: E731
        vector = lambda n: self.expression((n,), depth - 1)  # noqa: E731
        matrix = lambda *s: self.expression(s, depth - 1)  # noqa: E731
        forms: list[Callable[[], str]] = [
            lambda: self.leaf(shape),
            lambda: f"({same()} + {same()})",
            lambda: f"({same()} - {number()})",
            lambda: f"({same()} * {number()})",
            lambda: f"np.tanh({same()} * {same()})",
            lambda: f"np.sin({same()})",
            lambda: f"({self.constant()} * {same()})",
            lambda: f"({same()} / (1.0 + {same()} ** 2))",
            lambda: f"np.maximum({same()}, {number()})",
            lambda: f"-{same()}",
        ]
        fitting = [c for c in self.callees if c.results == (shape,)]
        if fitting:
            forms += [lambda: self.call(self.pick(fitting), depth)] * 4
        if not shape:
            forms += [
                lambda: f"np.tanh(np.sum({vector(4)}))",
                lambda: f"np.sin({vector(3)} @ {vector(3)})",
                lambda: f"math.cos({number()})",
                lambda: f"({number()} if {self.condition()} else {number()})",
                lambda: f"np.mean({matrix(3, 4)})",
            ]
        elif len(shape) == 1:
            n = shape[0]
            forms += [
                lambda: f"(0.5 * ({matrix(n, 4)} @ {vector(4)}))",
                lambda: f"(0.5 * ({vector(3)} @ {matrix(3, n)}))",
                lambda: f"np.sum({matrix(3, n)}, axis=0)",
                lambda: f"np.where({same()} > {self.constant()}, {same()}, {same()})",
            ]
        else:
            rows, columns = shape
            forms += [
                lambda: f"(0.5 * ({matrix(rows, 4)} @ {matrix(4, columns)}))",
                lambda: f"np.outer({vector(rows)}, {vector(columns)})",
                lambda: f"({same()} * {vector(columns)})",
                lambda: f"({same()} - {vector(rows)}[:, None])",
                lambda: f"np.exp(-({same()} ** 2))",
            ]
        return str(self.pick(forms)())

    def call(self, callee: Callee, depth: int) -> str:
        return f"{callee.name}({', '.join(self.expression(s, depth - 1) for s in callee.parameters)})"

    def condition(self) -> str:
        return f"{self.expression((), 1)} {self.pick('<>')} {self.constant()}"

    # Statements

    def block(self, depth: int, in_loop: bool, most: int = 3) -> None:
        """Statements that may bind names of their own, forgotten afterwards."""
        names, owned = dict(self.names), set(self.owned)
        for _ in range(self.draw(st.integers(1, most))):
            self.statement(depth, in_loop)
        if depth > 1:
            self.names, self.owned = names, owned & self.owned

    def statement(self, depth: int, in_loop: bool) -> None:
        simple = [self.rebind, self.bind, self.write, self.write_slice]
        if any(len(c.results) != 1 for c in self.callees):
            simple += [self.call_statement] * 2
        compound: list[Callable[[int, bool], None]] = [self.branch, self.for_loop, self.while_loop, self.escape]
        if depth >= 4 or len(self.lines) > LARGEST or self.draw(st.integers(0, 9)) < 6:
            self.pick(simple)(depth)
        else:
            self.pick(compound)(depth, in_loop)

    def rebind(self, depth: int) -> None:
        name = self.pick(self.names)
        shape = self.names[name]
        operator = self.pick(["=", "=", "=", "+=", "*="])
        if shape and operator != "=" and name not in self.owned:
            operator = "="
        value = self.expression(shape, 3 if operator == "=" else 1)
        if operator == "=":
            self.owned.discard(name)
        self.line(depth, f"{name} {operator} {value if operator != '*=' else f'np.cos({value})'}")

    def bind(self, depth: int) -> None:
        shape = self.pick(PARAMETERS)
        name, value = self.new("a" if not shape else "w"), self.expression(shape)
        copied = shape and self.draw(st.booleans())
        self.line(depth, f"{name} = ({value}).copy()" if copied else f"{name} = {value}")
        self.names[name] = shape
        if copied:
            self.owned.add(name)

    def call_statement(self, depth: int) -> None:
        """A call for its effect, or for several results at once."""
        callee = self.pick([c for c in self.callees if len(c.results) != 1])
        text = self.call(callee, 2)
        targets = []
        for shape in callee.results:
            twins = [name for name in self.known(shape) if name not in targets]
            if twins and self.draw(st.booleans()):
                targets.append(self.pick(twins))
            else:
                targets.append(self.new("a" if not shape else "w"))
        self.line(depth, f"{', '.join(targets)} = {text}" if targets else text)
        for name, shape in zip(targets, callee.results, strict=True):
            self.names[name] = shape
            self.owned.discard(name)

    def own(self, depth: int) -> str:
        """The name of an array that may be written into."""
        if not self.owned:
            shape = self.pick(PARAMETERS[1:])
            name = self.new("w")
            self.line(depth, f"{name} = np.zeros({shape})")
            self.names[name] = shape
            self.owned.add(name)
        return str(self.pick(sorted(self.owned)))

    def write(self, depth: int) -> None:
        """An element, a row or a column."""
        name = self.own(depth)
        shape = self.names[name]
        places = [(f"{name}[{self.index(shape[0])}]", shape[1:])]
        if len(shape) == 2:
            row, column = (self.index(n) for n in shape)
            places += [(f"{name}[{row}, {column}]", ()), (f"{name}[:, {column}]", shape[:1])]
        place, part = self.pick(places)
        operator = self.pick(["=", "=", "+=", "-=", "*="])
        value = self.expression(part)
        self.line(depth, f"{place} {operator} {value if operator != '*=' else f'np.cos({value})'}")

    def write_slice(self, depth: int) -> None:
        name = self.own(depth)
        shape = self.names[name]
        n = shape[0]
        place, rows = self.pick([("1:", n - 1), (":-1", n - 1), ("1:-1", n - 2), ("::2", (n + 1) // 2), (":", n)])
        own = {"1:": ":-1", ":-1": "1:", ":": "::-1"}.get(place, place)
        values = [f"{self.constant()} * {name}[{own}]", f"np.sin({name}[{own}]) + {self.expression((), 1)}"]
        values += [self.expression((rows, *shape[1:]), 1) for _ in range(2)]
        values.append(self.expression((), 1))
        self.line(depth, f"{name}[{place}] {self.pick(['=', '+=', '-='])} {self.pick(values)}")

    def branch(self, depth: int, in_loop: bool) -> None:
        self.line(depth, f"if {self.condition()}:")
        self.block(depth + 1, in_loop)
        if self.draw(st.booleans()):
            self.line(depth, "else:")
            self.block(depth + 1, in_loop)

    def for_loop(self, depth: int, _: bool) -> None:
        if self.loops >= 2:
            self.rebind(depth)
            return
        self.loops += 1
        name = self.new("i")
        headers = [("range(3)", 3), ("range(1, 3)", 3), ("range(2, -1, -1)", 3), ("range(2)", 2)]
        for array, shape in self.names.items():
            if shape:
                headers += [(f"range(len({array}))", shape[0]), (f"range(1, {array}.shape[-1])", shape[-1])]
        header, limit = self.pick(headers)
        if self.checkpoints and self.draw(st.booleans()):
            header = f"sg.checkpoint({header}, budget={self.pick('213')})"
        self.line(depth, f"for {name} in {header}:")
        self.indices[name] = limit
        self.block(depth + 1, True)
        del self.indices[name]
        self.loops -= 1

    def while_loop(self, depth: int, _: bool) -> None:
        if self.loops >= 2:
            self.rebind(depth)
            return
        self.loops += 1
        counter = self.new("c")
        self.line(depth, f"{counter} = 0")
        also = f" and {self.condition()}" if self.draw(st.booleans()) else ""
        self.line(depth, f"while {counter} < {self.pick('321')}{also}:")
        self.line(depth + 1, f"{counter} += 1")
        self.block(depth + 1, True)
        self.loops -= 1

    def escape(self, depth: int, in_loop: bool) -> None:
        self.line(depth, f"if {self.condition()}:")
        if in_loop:
            if self.draw(st.booleans()):
                self.rebind(depth + 1)
            self.line(depth + 1, self.pick(["break", "continue"]))
        else:
            self.block(depth + 1, False)


@st.composite
def kernels(draw: Any, *, checkpoints: bool = False) -> str:
    """The source of a module with `program(x, y, v, m)` and the functions that it calls.

    With `checkpoints` some of its loops and functions are checkpointed.
    """
    texts: list[str] = []
    callees: list[Callee] = []
    for k in range(draw(st.integers(0, 3))):
        shapes = tuple(PARAMETERS[draw(st.integers(0, 4))] for _ in range(draw(st.integers(1, 3))))
        names = dict(zip("pqr", shapes, strict=False))
        kernel = Kernel(draw, names, callees, checkpoints)
        for name, shape in names.items():
            choice = draw(st.integers(0, 2)) if shape else 0
            if choice == 1:
                kernel.line(1, f"{name} = {name}.copy()")
            elif choice == 0:
                kernel.owned.discard(name)
        kernel.block(1, False, most=4)
        count = (1, 1, 0, 2)[draw(st.integers(0, 3))]
        results = tuple(PARAMETERS[draw(st.integers(0, 4))] for _ in range(count))
        values = []
        for result in results:
            named = kernel.known(result)
            values.append(kernel.pick(named) if named and draw(st.booleans()) else kernel.expression(result, 1))
        if values:
            kernel.line(1, f"return {', '.join(values)}")
        callee = Callee(f"part{k}", shapes, results)
        mark = "@sg.checkpoint\n" if checkpoints and draw(st.booleans()) else ""
        texts.append(f"{mark}def {callee.name}({', '.join(names)}):\n" + "\n".join(kernel.lines))
        callees.append(callee)
    main = Kernel(draw, {"x": (), "y": (), "v": (4,), "m": (3, 4)}, callees, checkpoints)
    main.block(1, False, most=7)
    terms = [
        f"{0.5 + 0.1 * k:.1f} * {f'np.sum(np.sin({n}))' if s else n}" for k, (n, s) in enumerate(main.names.items())
    ]
    main.line(1, f"return {' + '.join(terms)}")
    texts.append("def program(x, y, v, m):\n" + "\n".join(main.lines))
    own = "import srcgrad as sg\n" * checkpoints
    return f"import math\n\nimport numpy as np\n{own}\n\n" + "\n\n\n".join(texts) + "\n"
