"""Random expressions of a known kind: a float, or a vector of a known length.

Choices are drawn so that the first of each list is the simplest: a failing program shrinks to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]
CONSTANTS = ("0.5", "1.0", "-0.3", "0.2", "1.3", "-0.7")


@dataclass
class Scope:
    """The names that are certainly bound here, by kind."""

    floats: list[str] = field(default_factory=lambda: ["x", "y"])
    vectors: dict[str, int] = field(default_factory=lambda: {"v": 4})
    matrices: dict[str, tuple[int, int]] = field(default_factory=lambda: {"m": (3, 4)})
    lists: list[str] = field(default_factory=list)
    dicts: list[str] = field(default_factory=list)
    indices: dict[str, int] = field(default_factory=dict)
    functions: list[str] = field(default_factory=list)
    meters: list[str] = field(default_factory=list)

    def inner(self) -> Scope:
        """A copy for a block: what the block binds is not certain after it."""
        return Scope(
            list(self.floats),
            dict(self.vectors),
            dict(self.matrices),
            list(self.lists),
            list(self.dicts),
            dict(self.indices),
            list(self.functions),
            list(self.meters),
        )


class Expressions:
    """Writes expressions over the names of a scope."""

    def __init__(self, draw: Draw, plain: bool = False) -> None:
        self.draw = draw
        self.plain = plain
        self.used: set[str] = set()

    def pick(self, options: Any) -> Any:
        options = list(options)
        return options[self.draw(st.integers(0, len(options) - 1))]

    def helper(self, name: str) -> str:
        self.used.add(name)
        return name

    def constant(self) -> str:
        return str(self.pick(CONSTANTS))

    def index(self, scope: Scope, bound: int) -> str:
        """An index below `bound`: a literal, from either end, or a loop counter."""
        choices = [str(k) for k in range(bound)] + ["-1"]
        choices += [name for name, limit in scope.indices.items() if limit <= bound]
        choices += [f"{name} - 1" for name, limit in scope.indices.items() if limit <= bound]
        return str(self.pick(choices))

    def place(self, scope: Scope) -> str:
        """Something that can be read as a float and also assigned."""
        choices: list[Callable[[], str]] = [lambda: self.pick(scope.floats)]

        def element() -> str:
            name = self.pick(scope.vectors)
            return f"{name}[{self.index(scope, scope.vectors[name])}]"

        def entry() -> str:
            name = self.pick(scope.matrices)
            rows, columns = scope.matrices[name]
            return f"{name}[{self.index(scope, rows)}, {self.index(scope, columns)}]"

        choices += [element, entry]
        if scope.lists:
            choices.append(lambda: f"{self.pick(scope.lists)}[{self.pick(['0', '-1'])}]")
        if scope.dicts:
            choices.append(lambda: f'{self.pick(scope.dicts)}["{self.pick("pq")}"]')
        if scope.meters:
            choices.append(lambda: f"{self.pick(scope.meters)}.total")
        return str(self.pick(choices)())

    def condition(self, scope: Scope) -> str:
        form = self.pick(["{} > {}", "{} < {}", "{} > {} and {} < {}", "not {} > {}"])
        parts = []
        for k in range(form.count("{}")):
            parts.append(self.number(scope, 1) if k % 2 == 0 else self.constant())
        return str(form.format(*parts))

    def number(self, scope: Scope, depth: int = 2) -> str:
        """An expression whose value is a float."""
        if depth == 0:
            return self.place(scope) if self.draw(st.integers(0, 4)) < 4 else self.constant()
        n = lambda: self.number(scope, depth - 1)  # noqa: E731
        w = lambda: self.vector(scope, self.length(scope), depth - 1)  # noqa: E731
        forms: list[Callable[[], str]] = [
            lambda: self.place(scope),
            lambda: f"({n()} + {n()})",
            lambda: f"({n()} - {n()})",
            lambda: f"({self.constant()} * {n()})",
            lambda: f"np.sin({n()})",
            lambda: f"math.cos({n()})",
            lambda: f"np.tanh({n()} * {n()})",
            lambda: f"({n()} / (1.0 + {n()} ** 2))",
            lambda: f"np.exp(-({n()} ** 2))",
            lambda: f"math.sqrt(1.0 + abs({n()}))",
            lambda: f"(-{n()})",
            lambda: f"np.mean({w()})",
            lambda: f"np.tanh(np.sum({w()}))",
            lambda: f"float({w()}.max())",
            lambda: f"max({n()}, {n()})",
            lambda: f"min({n()}, {self.constant()}, {n()})",
            lambda: f"({n()} if {self.condition(scope)} else {n()})",
            lambda: f"{self.helper('wave')}({n()})",
            lambda: f"{self.helper('wave')}(b={n()}, a={n()})",
            lambda: self.dot(scope, depth),
        ]
        if self.plain:
            return str(self.pick(forms)())
        forms += [
            lambda: f"{self.helper('first_above')}({w()}, {self.constant()})",
            lambda: f"{self.helper('fold')}({self.vector(scope, 3, depth - 1)}, 2)",
            lambda: f"{self.helper('both')}({n()}, {n()})[{self.pick('01')}]",
            lambda: f"{self.helper('apply')}(lambda t: t * {n()}, {n()}, {n()})",
            lambda: f"{self.helper('apply')}(math.sin, *{w()}, scale={n()})",
            lambda: f"sum({self.helper('running')}({w()}))",
        ]
        if scope.lists:
            forms.append(lambda: f"np.tanh(sum({self.pick(scope.lists)}))")
            forms.append(lambda: f"sum(0.3 * t for t in {self.pick(scope.lists)} if t > {n()})")
        if scope.functions:
            forms.append(lambda: f"{self.pick(scope.functions)}({n()})")
        if scope.meters:
            forms.append(lambda: f"{self.pick(scope.meters)}.add({n()})")
            forms.append(lambda: f"{self.pick(scope.meters)}.trace[{self.pick('012')}]")
        return str(self.pick(forms)())

    def dot(self, scope: Scope, depth: int) -> str:
        length = self.length(scope)
        left, right = (self.vector(scope, length, depth - 1) for _ in range(2))
        return f"np.sin({left} @ {right})"

    def length(self, scope: Scope) -> int:
        return int(self.pick(sorted(set(scope.vectors.values()) | {4, 3}, reverse=True)))

    def view(self, scope: Scope, length: int) -> str:
        """Memory of the given length that a name refers to; falls back to a fresh array."""
        choices: list[str] = [name for name, size in scope.vectors.items() if size == length]
        for name, size in scope.vectors.items():
            choices += [f"{name}[{k}:{k + length}]" for k in range(size - length + 1)]
            if size == length:
                choices.append(f"{name}[::-1]")
            if size == 2 * length:
                choices += [f"{name}[::2]", f"{name}[1::2]"]
        for name, (rows, columns) in scope.matrices.items():
            if columns == length:
                choices += [f"{name}[{self.index(scope, rows)}]", f"{name}[{rows - 1}, :]"]
            if rows == length:
                choices += [f"{name}[:, {self.index(scope, columns)}]", f"{name}.T[1]"]
            if rows * columns == length:
                choices.append(f"{name}.reshape(-1)")
            if columns > length:
                choices.append(f"{name}[0, :{length}]")
        if not choices:
            return f"np.full({length}, {self.number(scope, 0)})"
        return str(self.pick(choices))

    def vector(self, scope: Scope, length: int, depth: int = 2) -> str:
        """An expression whose value is a vector of the given length."""
        if depth <= 0:
            if self.draw(st.integers(0, 5)) == 5:
                name = self.pick(scope.vectors)
                return f"{name}[{self.places(length, scope.vectors[name])}]"
            return self.view(scope, length)
        n = lambda: self.number(scope, depth - 1)  # noqa: E731
        w = lambda: self.vector(scope, length, depth - 1)  # noqa: E731
        forms: list[Callable[[], str]] = [
            lambda: self.view(scope, length),
            lambda: f"({w()} + {w()})",
            lambda: f"({w()} - {n()})",
            lambda: f"({self.constant()} * {w()})",
            lambda: f"np.sin({w()})",
            lambda: f"np.tanh({w()} * {w()})",
            lambda: f"({w()} * {n()})",
            lambda: f"({w()} / (1.0 + {w()} ** 2))",
            lambda: f"{w()}.copy()",
            lambda: f"np.roll({w()}, 1)",
            lambda: f"(0.5 * np.cumsum({w()}))",
            lambda: f"np.where({w()} > {self.constant()}, {w()}, {n()})",
            lambda: f"np.maximum({w()}, {n()})",
            lambda: f"np.sort({w()})",
            lambda: f"{w()}[{self.places(length, length)}]",
            lambda: "np.array([" + ", ".join(n() for _ in range(length)) + "])",
            lambda: f"np.zeros({length})",
            lambda: f"np.full({length}, {n()})",
            lambda: f"np.outer({w()}, {w()})[{self.index(scope, length)}]",
        ]
        if not self.plain:
            forms.append(lambda: f"{self.helper('smooth')}({w()})")
            forms.append(lambda: f"np.array([0.4 * t * t for t in {w()}])")
        if length > 1:
            forms.append(lambda: f"np.concatenate([{w()}[1:], [{n()}]])")
        forms += [
            lambda: f"(0.5 * ({name} @ {self.vector(scope, columns, depth - 1)}))"
            for name, (rows, columns) in scope.matrices.items()
            if rows == length
        ]
        return str(self.pick(forms)())

    def places(self, count: int, bound: int) -> str:
        """A list of indices, repeats allowed."""
        return str([int(self.draw(st.integers(0, bound - 1))) for _ in range(count)])
