"""Branches that the data decide.

What enters: a test and two ways. What leaves: a branch of the program, and what the names mean after it: a
value that is the one or the other where both ways give the same kind.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from srcgrad.torch.compiling.expressions import Expressions
from srcgrad.torch.compiling.interpreter import Ended, Returned, Unset
from srcgrad.torch.compiling.program import Block, Branch, Number, Value, met
from srcgrad.torch.tensor import Tensor

NUMBERS = (Number, int, float, bool)


class Branches(Expressions):
    """`if` and its relatives."""

    def dynamic_if(self, s: ast.If, test: Number, rest: Sequence[ast.stmt]) -> Any:
        """A branch that the data decide; a way that ends early takes the rest of the block with it."""
        ways = [list(s.body), list(s.orelse)]
        whole = _ends_early(s)
        if whole:
            ways = [[*way, *rest] for way in ways]
        ended = self.branched(test, [lambda way=way: self.run(way) for way in ways])
        if whole or ended is not None:
            return ended
        return self.run(rest)

    def branched(self, test: Number, ways: list[Any]) -> Any:
        """Read both ways, and merge what they leave behind."""
        names = self.samples.names
        kept = Value(names.fresh("kept_of_branch"), None, tuple)
        results = []
        start = self.mark()
        origin = self.samples.origin
        for way in ways:
            block = Block()
            with self.inside(block):
                ended = way()
            if self.changed(start):
                raise self.refuse("a list that is changed on one of two ways")
            results.append((block, ended, [dict(f.names) for f in self.state.frames]))
            for frame, before in start.frames:
                frame.names.clear()
                frame.names.update(before)
        (then, ended, names_then), (other, ended_other, names_other) = results
        merged: list[tuple[Value, Value | str, Value | str]] = []
        if type(ended) is not type(ended_other):
            raise self.refuse("a branch of which one way ends the block")
        end: Any = None
        if isinstance(ended, Returned):
            end = Returned(self.merge(ended.value, ended_other.value, "returned", merged, strict=True))
        elif isinstance(ended, Ended):
            raise self.refuse(f"{ended.word} in a branch that the data decide")
        else:
            for frame, one, two in zip(self.state.frames, names_then, names_other, strict=True):
                for name in {**one, **two}:
                    frame.names[name] = (
                        self.merge(one[name], two[name], name, merged) if name in one and name in two else Unset(name)
                    )
        self.samples.origin = origin
        self.samples.emit(Branch(test.reads[0], then, other, merged, kept))
        return end

    def number_value(self, thing: Any) -> Value | str:
        """A number as what ends an iteration: a name, or a literal."""
        return thing.reads[0] if isinstance(thing, Number) else repr(thing)

    def merge(self, one: Any, other: Any, name: str, merged: Any, *, strict: bool = False) -> Any:
        """What is the one after one way and the other after the other."""
        if one is other:
            return one
        if isinstance(one, Tensor) and isinstance(other, Tensor):
            a, b = self.samples.value_of(one), self.samples.value_of(other)
            if (a.shape, a.dtype) == (b.shape, b.dtype):
                value = Value(self.samples.names.fresh(name), a.shape, a.dtype, met(a.needs, b.needs))
                merged.append((value, a, b))
                return self.samples.enter(value, one._a.copy())
        elif isinstance(one, NUMBERS) and isinstance(other, NUMBERS):
            if not isinstance(one, Number) and type(one) is type(other) and one == other:
                return one
            if kind_of(one) is kind_of(other):
                value = Value(self.samples.names.fresh(name), None, kind_of(one))
                merged.append((value, self.number_value(one), self.number_value(other)))
                return Number(value.name, one.sample if isinstance(one, Number) else one, (value,))
        elif type(one) is type(other) and type(one) in {tuple, list} and len(one) == len(other):
            return type(one)(self.merge(a, b, name, merged, strict=strict) for a, b in zip(one, other, strict=True))
        elif type(one) is dict and type(other) is dict and one.keys() == other.keys():
            return {k: self.merge(one[k], other[k], name, merged, strict=strict) for k in one}
        if strict:
            raise self.refuse("a branch whose ways return different kinds of results")
        return Unset(name)


def kind_of(thing: Any) -> type:
    return type(thing.sample) if isinstance(thing, Number) else type(thing)


def _ends_early(s: ast.If) -> bool:
    """Whether a way of a branch may end the block: loops inside keep their own breaks."""
    todo: list[ast.AST] = [*s.body, *s.orelse]
    while todo:
        n = todo.pop()
        if isinstance(n, (ast.Return, ast.Break, ast.Continue)):
            return True
        if isinstance(n, (ast.For, ast.While)):
            todo.extend(r for r in ast.walk(n) if isinstance(r, ast.Return))
        elif not isinstance(n, (ast.FunctionDef, ast.Lambda)):
            todo.extend(ast.iter_child_nodes(n))
    return False
