"""Random programs: statements over the expressions of expressions.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.expressions import Draw, Expressions, Scope
from tests.fuzz.helpers import HELPERS

LARGEST = 60  # lines, after which only simple statements are written


class Writer(Expressions):
    """Writes the body of one program, line by line."""

    def __init__(self, draw: Draw, plain: bool) -> None:
        super().__init__(draw, plain)
        self.lines: list[str] = []
        self.names = 0
        self.loops = 0

    def line(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def new(self, prefix: str) -> str:
        self.names += 1
        return f"{prefix}{self.names}"

    def block(self, scope: Scope, depth: int, in_loop: bool, most: int = 3) -> None:
        for _ in range(self.draw(st.integers(1, most))):
            self.statement(scope, depth, in_loop)

    def statement(self, scope: Scope, depth: int, in_loop: bool) -> None:
        simple: list[Callable[[Scope, int], None]] = [
            self.assign_number,
            self.assign_place,
            self.augment_place,
            self.assign_vector,
            self.bind_view,
            self.write_slice,
            self.augment_vector,
            self.write_fancy,
            self.write_mask,
            self.swap,
            self.out_argument,
            self.write_matrix,
        ]
        compound: list[Callable[[Scope, int, bool], None]] = [
            self.branch,
            self.for_loop,
            self.while_loop,
            self.escape,
        ]
        if not self.plain:
            simple += [
                self.call_that_writes,
                self.list_statement,
                self.dict_statement,
                self.unpack,
                self.make_meter,
            ]
            compound += [self.attempt, self.closure]
        if depth >= 4 or len(self.lines) > LARGEST or self.draw(st.integers(0, 9)) < 6:
            self.pick(simple)(scope, depth)
        else:
            self.pick(compound)(scope, depth, in_loop)

    # Simple statements

    def assign_number(self, scope: Scope, depth: int) -> None:
        value = self.number(scope)
        if self.draw(st.booleans()):
            self.line(depth, f"{self.pick(scope.floats)} = {value}")
        else:
            name = self.new("a")
            self.line(depth, f"{name} = {value}")
            scope.floats.append(name)

    def assign_place(self, scope: Scope, depth: int) -> None:
        self.line(depth, f"{self.place(scope)} = {self.number(scope)}")

    def augment_place(self, scope: Scope, depth: int) -> None:
        operator = self.pick(["+=", "-=", "*="])
        value = self.number(scope, 1)
        if operator == "*=":
            value = f"np.cos({value})"
        self.line(depth, f"{self.place(scope)} {operator} {value}")

    def assign_vector(self, scope: Scope, depth: int) -> None:
        if self.draw(st.booleans()):
            name = self.pick(scope.vectors)
            self.line(depth, f"{name} = {self.vector(scope, scope.vectors[name])}")
        else:
            length = self.length(scope)
            value = self.vector(scope, length)
            name = self.new("w")
            self.line(depth, f"{name} = {value}")
            scope.vectors[name] = length

    def bind_view(self, scope: Scope, depth: int) -> None:
        length = self.pick([4, 3, 2, 12])
        value = self.view(scope, length)
        name = self.new("w")
        self.line(depth, f"{name} = {value}")
        scope.vectors[name] = length

    def write_slice(self, scope: Scope, depth: int) -> None:
        """A slice, row or column written, its value perhaps from the same memory."""
        length = self.pick([2, 3, 4])
        target = self.view(scope, length)
        if target.startswith("np."):
            return
        value = self.pick([self.vector(scope, length), self.number(scope)])
        operator = self.pick(["=", "+=", "-="])
        if target.isidentifier() and operator == "=":
            target += "[:]"
        self.line(depth, f"{target} {operator} {value}")

    def augment_vector(self, scope: Scope, depth: int) -> None:
        name = self.pick(scope.vectors)
        length = scope.vectors[name]
        if self.draw(st.booleans()):
            self.line(depth, f"{name} += {self.vector(scope, length, 1)}")
        else:
            self.line(depth, f"{name} *= np.cos({self.number(scope, 1)})")

    def write_fancy(self, scope: Scope, depth: int) -> None:
        name = self.pick(scope.vectors)
        length = scope.vectors[name]
        value = self.pick([self.vector(scope, 3, 1), self.number(scope, 1)])
        places = self.places(3, length)
        form = self.pick(
            [
                "{n}[{p}] = {v}",
                "{n}[{p}] += {v}",
                "np.add.at({n}, {p}, {v})",
                "{n}[{p}] *= np.cos({v})",
            ]
        )
        self.line(depth, form.format(n=name, p=places, v=value))

    def write_mask(self, scope: Scope, depth: int) -> None:
        name = self.pick(scope.vectors)
        length = scope.vectors[name]
        mask = f"{name} > {self.constant()}"
        form = self.pick(
            [
                "{n}[{k}] = {a}",
                "{n}[{k}] += {a}",
                "{n}[{k}] *= {w}[{k}]",
                "np.copyto({n}, {w}, where={k})",
            ]
        )
        text = form.format(n=name, k=mask, a=self.number(scope, 1), w=self.vector(scope, length, 1))
        self.line(depth, text)

    def swap(self, scope: Scope, depth: int) -> None:
        left, right = self.place(scope), self.place(scope)
        if self.draw(st.booleans()):
            self.line(depth, f"{left}, {right} = {right}, {left}")
        else:
            name = self.pick(scope.vectors)
            twins = [other for other, n in scope.vectors.items() if n == scope.vectors[name]]
            other = self.pick(twins)
            self.line(depth, f"{name}, {other} = {other}, {name}")

    def call_that_writes(self, scope: Scope, depth: int) -> None:
        length = self.length(scope)
        target = self.view(scope, length)
        if self.draw(st.booleans()):
            store = self.helper("store")
            self.line(depth, f"{store}({target}, {self.index(scope, length)}, {self.number(scope, 1)})")
        else:
            name = self.new("w")
            value = self.pick([self.number(scope, 1), self.vector(scope, length, 1)])
            self.line(depth, f"{name} = {self.helper('shift')}({target}, {value})")
            scope.vectors[name] = length

    def list_statement(self, scope: Scope, depth: int) -> None:
        if not scope.lists or self.draw(st.integers(0, 3)) == 0:
            name = self.new("xs")
            start = f"[{self.number(scope, 1)}, {self.number(scope, 1)}]"
            mapped = f"[t * {self.number(scope, 0)} for t in {self.vector(scope, 4, 0)}]"
            self.line(depth, f"{name} = {self.pick([start, mapped])}")
            scope.lists.append(name)
            return
        name = self.pick(scope.lists)
        forms = [
            f"{name}.append({self.number(scope)})",
            f"{name}[0] = {self.number(scope)}",
            f"{name}.insert(0, {self.number(scope, 1)})",
            f"{name} = [np.sin(t) for t in {name}] + [{self.number(scope, 1)}]",
            f"{name}[-1], {name}[0] = {name}[0], {name}[-1]",
            f"{name}.extend({name}[:1])",
            f"{name} = {name}[::-1]",
            f"{name}.sort()",
        ]
        self.line(depth, self.pick(forms))

    def dict_statement(self, scope: Scope, depth: int) -> None:
        if not scope.dicts or self.draw(st.integers(0, 3)) == 0:
            name = self.new("d")
            self.line(depth, f'{name} = {{"p": {self.number(scope, 1)}, "q": {self.number(scope, 1)}}}')
            scope.dicts.append(name)
            return
        name = self.pick(scope.dicts)
        forms = [
            f'{name}["p"] += {self.number(scope)}',
            f'{name}["q"] = {name}.get("p", 0.0) * {self.number(scope, 1)}',
            f"{name} = {{k: np.sin(t) for k, t in {name}.items()}}",
            f"{name}.update(p={self.number(scope)})",
        ]
        self.line(depth, self.pick(forms))

    def unpack(self, scope: Scope, depth: int) -> None:
        first, second = self.new("a"), self.new("a")
        sources = [
            f"{self.number(scope, 1)}, {self.number(scope, 1)}",
            f"{self.helper('both')}({self.number(scope, 1)}, {self.number(scope, 1)})",
            f"{self.vector(scope, 4, 1)}[:2]",
        ]
        self.line(depth, f"{first}, {second} = {self.pick(sources)}")
        scope.floats += [first, second]

    def make_meter(self, scope: Scope, depth: int) -> None:
        if scope.meters:
            self.line(depth, f"{self.pick(scope.meters)}.add({self.number(scope, 1)})")
            return
        name = self.new("meter")
        self.line(depth, f"{name} = {self.helper('Meter')}({self.number(scope, 1)})")
        scope.meters.append(name)

    def out_argument(self, scope: Scope, depth: int) -> None:
        name = self.pick(scope.vectors)
        length = scope.vectors[name]
        form = self.pick(["np.sin({w}, out={n})", "np.add({w}, {s}, out={n})", "np.maximum({w}, {s}, out={n})"])
        self.line(depth, form.format(n=name, w=self.vector(scope, length, 1), s=self.number(scope, 1)))

    def write_matrix(self, scope: Scope, depth: int) -> None:
        """The matrix written or rebound as a whole, by rows, by columns, by broadcasting."""
        name = self.pick(scope.matrices)
        rows, columns = scope.matrices[name]
        row, column = (lambda n=n: self.vector(scope, n, 1) for n in (columns, rows))
        forms: list[Callable[[], str]] = [
            lambda: f"{name} += {row()}",
            lambda: f"{name} *= np.cos({column()})[:, None]",
            lambda: f"{name}[1:] = {name}[:-1] * {self.number(scope, 1)}",
            lambda: f"{name}[:, ::2] -= {self.number(scope, 1)}",
            lambda: f"{name} = np.tanh({name} + {row()})",
            lambda: f"{name}[[0, 2]] = {name}[[2, 0]]",
            lambda: f"{name}[:, [0, 0, 3]] += 0.5 * {name}[:, 1:]",
            lambda: f"{name}[0], {name}[1] = {name}[1] * 0.5, {name}[0] + {row()}",
            lambda: f"{name}[{name} > {self.constant()}] = {self.number(scope, 1)}",
            lambda: f"{name}[[0, 1, 1], [0, 2, 2]] *= np.sin({column()})",
            lambda: f"{name} = np.where({name} > {self.constant()}, {name}, {column()}[:, None])",
            lambda: f"{name}.sort(axis={self.pick('01')})",
            lambda: f"{name} = np.stack([{', '.join(row() for _ in range(rows))}])",
        ]
        self.line(depth, self.pick(forms)())

    # Compound statements

    def branch(self, scope: Scope, depth: int, in_loop: bool) -> None:
        self.line(depth, f"if {self.condition(scope)}:")
        self.block(scope.inner(), depth + 1, in_loop)
        shape = self.draw(st.integers(0, 2))
        if shape == 2:
            self.line(depth, f"elif {self.condition(scope)}:")
            self.block(scope.inner(), depth + 1, in_loop)
        if shape:
            self.line(depth, "else:")
            self.block(scope.inner(), depth + 1, in_loop)

    def for_loop(self, scope: Scope, depth: int, in_loop: bool) -> None:
        if self.loops >= 3:
            self.assign_number(scope, depth)
            return
        self.loops += 1
        body = scope.inner()
        kind = self.draw(st.integers(0, 6))
        if kind <= 1:
            name, trips = self.new("i"), self.pick([3, 2, 1, 0])
            body.indices[name] = max(trips, 1)
            self.line(depth, f"for {name} in range({trips}):")
        elif kind == 2:
            name, value = self.new("i"), self.new("t")
            body.indices[name] = 3
            body.floats.append(value)
            self.line(depth, f"for {name}, {value} in enumerate({self.vector(scope, 3, 1)}):")
        elif kind == 3:
            left, right = self.new("t"), self.new("t")
            body.floats += [left, right]
            pair = f"{self.vector(scope, 3, 1)}, {self.vector(scope, 3, 0)}"
            self.line(depth, f"for {left}, {right} in zip({pair}):")
        elif kind == 4:
            row = self.new("row")
            name = self.pick(scope.matrices)
            body.vectors[row] = scope.matrices[name][1]
            self.line(depth, f"for {row} in {name}:")
        elif kind == 5 and scope.lists:
            value = self.new("t")
            body.floats.append(value)
            self.line(depth, f"for {value} in reversed({self.pick(scope.lists)}[:3]):")
        else:
            value = self.new("t")
            body.floats.append(value)
            self.line(depth, f"for {value} in {self.vector(scope, 4, 1)}:")
        self.block(body, depth + 1, True)
        if self.draw(st.integers(0, 5)) == 5:
            self.line(depth, "else:")
            self.block(scope.inner(), depth + 1, in_loop)
        self.loops -= 1

    def while_loop(self, scope: Scope, depth: int, _: bool) -> None:
        if self.loops >= 3:
            self.assign_place(scope, depth)
            return
        self.loops += 1
        counter = self.new("c")
        self.line(depth, f"{counter} = 0")
        if self.draw(st.booleans()):
            self.line(depth, f"while {counter} < {self.pick([3, 2, 1])}:")
        elif self.draw(st.booleans()):
            self.line(depth, f"while {counter} < 4 and {self.condition(scope)}:")
        else:
            self.line(depth, "while True:")
            self.line(depth + 1, f"if {counter} >= {self.pick([2, 3])}:")
            self.line(depth + 2, "break")
        self.line(depth + 1, f"{counter} += 1")
        self.block(scope.inner(), depth + 1, True)
        self.loops -= 1

    def escape(self, scope: Scope, depth: int, in_loop: bool) -> None:
        """break, continue or return, if something holds."""
        self.line(depth, f"if {self.condition(scope)}:")
        if self.draw(st.booleans()):
            self.statement(scope.inner(), 5 if depth >= 4 else depth + 1, in_loop)
        words = ["break", "continue"] if in_loop else []
        word = self.pick([*words, "return"])
        self.line(depth + 1, f"return {self.number(scope)}" if word == "return" else word)

    def attempt(self, scope: Scope, depth: int, in_loop: bool) -> None:
        self.line(depth, "try:")
        self.block(scope.inner(), depth + 1, in_loop, 2)
        self.line(depth + 1, f"if {self.condition(scope)}:")
        self.line(depth + 2, 'raise ValueError("out of range")')
        self.block(scope.inner(), depth + 1, in_loop, 2)
        self.line(depth, "except ValueError:")
        self.block(scope.inner(), depth + 1, in_loop, 2)
        if self.draw(st.integers(0, 2)) == 2:
            self.line(depth, "finally:")
            self.assign_place(scope, depth + 1)

    def closure(self, scope: Scope, depth: int, _: bool) -> None:
        name, value = self.new("inner"), self.new("t")
        body = scope.inner()
        self.line(depth, f"def {name}({value}):")
        free = [n for n in scope.floats if n[0] == "a"]
        if free and self.draw(st.booleans()):
            captured = self.pick(free)
            self.line(depth + 1, f"nonlocal {captured}")
            self.line(depth + 1, f"{captured} = 0.5 * {captured} + {value}")
            self.line(depth + 1, f"return {captured} * {self.pick(scope.floats)}")
        else:
            body.floats.append(value)
            self.line(depth + 1, f"return {value} * {self.number(body)}")
        scope.functions.append(name)


def result(scope: Scope) -> str:
    """The sum of everything that is alive, with different weights."""
    terms = [f"{0.5 + 0.1 * k:.1f} * {name}" for k, name in enumerate(scope.floats)]
    terms += [f"np.sum(np.sin({n}))" for n in [*scope.vectors, *scope.matrices]]
    terms += [f"0.7 * sum({name})" for name in scope.lists]
    terms += [f'{name}["p"] - {name}["q"]' for name in scope.dicts]
    terms += [f"{name}.total + np.sum({name}.trace ** 2)" for name in scope.meters]
    return " + ".join(terms)


@st.composite
def programs(draw: Any, plain: bool | None = None) -> str:
    """The source of a module with `program(x, y, v, m)`: two floats, a 4-vector, a 3x4 matrix.

    A plain program is made of numbers, arrays, branches and loops alone; by default half are.
    """
    plain = draw(st.booleans()) if plain is None else plain
    writer, scope = Writer(draw, plain), Scope()
    writer.block(scope, 1, False, most=8)
    final = result(scope) if draw(st.booleans()) else writer.number(scope)
    writer.line(1, f"return {final}")
    prelude = "".join("\n\n" + HELPERS[name].rstrip() for name in sorted(writer.used))
    head = "import math\n\nimport numpy as np"
    return f"{head}{prelude}\n\n\n" + "def program(x, y, v, m):\n" + "\n".join(writer.lines) + "\n"
