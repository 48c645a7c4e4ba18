"""What stays the same in a loop, worked out in front of it: lengths get a name, and arrays for a moment are made once.

while …:                                 n = u.shape[0]
    s = np.empty((u.shape[0],))          s = np.empty((n,))
    for i in range(u.shape[0]):    ->    while …:
        s[i] = 2.0 * u[i]                    for i in range(n):
    …                                            s[i] = 2.0 * u[i]
"""

from __future__ import annotations

import ast
import copy
import functools
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from typing import Any

from srcgrad.backends.kinds import Kinds, Module


def steady(tree: ast.Module, module: Module, bordered: Collection[tuple[str, str]]) -> None:
    """Rewrite the functions of a module in place; `bordered` are the arrays of zeros whose border is never written."""
    for s in tree.body:
        if isinstance(s, ast.FunctionDef) and (kinds := module.kinds(s.name)) is not None:
            taken = {n.id for n in ast.walk(s) if isinstance(n, ast.Name)} | set(kinds.names) | module.names
            _Once(s).visit(s)
            lengths_named(s, functools.partial(fresh, taken=taken))
            buffers_kept(s, kinds, {name for function, name in bordered if function == s.name})


class _Once(ast.NodeTransformer):
    """Loops of one trip as what they do: of a dimension whose length is known to be 1."""

    def __init__(self, function: ast.FunctionDef) -> None:
        self.mentions = Counter(n.id for n in ast.walk(function) if isinstance(n, ast.Name))

    def visit_For(self, node: ast.For) -> ast.stmt | list[ast.stmt]:
        self.generic_visit(node)
        match node:
            case ast.For(
                target=ast.Name(id=name),
                iter=ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=1)]),
                body=body,
                orelse=[],
            ) if self.alone(node, name) and not any(_leaves(n, name) for s in body for n in ast.walk(s)):
                return [_Zero(name).visit(s) for s in body]
        return node

    def alone(self, loop: ast.For, name: str) -> bool:
        """Whether nothing outside of the loop has its number."""
        return self.mentions[name] == sum(isinstance(n, ast.Name) and n.id == name for n in ast.walk(loop))


def _leaves(node: ast.AST, name: str) -> bool:
    stores = isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load)
    return stores or isinstance(node, (ast.Break, ast.Continue))


class _Zero(ast.NodeTransformer):
    def __init__(self, name: str) -> None:
        self.name = name

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.copy_location(ast.Constant(0), node) if node.id == self.name else node


def fresh(name: str, taken: set[str]) -> str:
    """The name, or the next like it that is free."""
    k, found = 1, name
    while found in taken:
        k += 1
        found = f"{name}{k}"
    taken.add(found)
    return found


def lengths_named(function: ast.FunctionDef, fresh: Callable[[str], str]) -> None:
    """Give the lengths of arrays that are bound once a name, in place."""
    while True:
        at = _bound_at(function)
        found = _Lengths(at)
        found.visit(function)
        counts = {text: n for text, n in found.counts.items() if n > 1 or text in found.inside}
        if not counts:
            return
        names = {text: fresh("n" if text.endswith("]") else "m") for text in counts}
        _Named(names).visit(function)
        placed: dict[int, list[ast.stmt]] = {}
        for text, name in names.items():
            made = ast.parse(f"{name} = {text}").body[0]
            where = max(at[n.id] for n in ast.walk(made) if isinstance(n, ast.Name) and n.id in at)
            placed.setdefault(where, []).append(ast.copy_location(made, function.body[max(where, 0)]))
        for where, lines in sorted(placed.items(), reverse=True):
            function.body[where + 1 : where + 1] = lines


def _bound_at(function: ast.FunctionDef) -> dict[str, int]:
    """The names that are bound once and outside of all loops and branches, and by which statement."""
    stores: dict[str, int] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            stores[node.id] = stores.get(node.id, 0) + 1
    found = {a.arg: -1 for a in function.args.args if a.arg not in stores}
    for k, s in enumerate(function.body):
        match s:
            case ast.Assign(targets=[ast.Name(id=name)]) if stores[name] == 1 and name not in {
                a.arg for a in function.args.args
            }:
                found[name] = k
    return found


class _Lengths(ast.NodeVisitor):
    """The innermost expressions of lengths that have no name yet."""

    def __init__(self, at: Collection[str]) -> None:
        self.at = at
        self.counts: dict[str, int] = {}
        self.inside: set[str] = set()
        self.loops = 0

    def visit_For(self, node: ast.For) -> None:
        self.visit(node.iter)
        self.loops += 1
        for s in [*node.body, *node.orelse]:
            self.visit(s)
        self.loops -= 1

    def visit_While(self, node: ast.While) -> None:
        self.loops += 1
        self.generic_visit(node)
        self.loops -= 1

    def visit_Assign(self, node: ast.Assign) -> None:
        if not (isinstance(node.targets[0], ast.Name) and is_length(node.value, self.at)):
            self.generic_visit(node)

    def generic_visit(self, node: ast.AST) -> None:
        if is_length(node, self.at):
            text = ast.unparse(node)
            self.counts[text] = self.counts.get(text, 0) + 1
            if self.loops:
                self.inside.add(text)
        else:
            super().generic_visit(node)


def is_length(node: ast.AST, at: Collection[str]) -> bool:
    """Whether it is `u.shape[0]`, or `max(n - 2, 0)` for a name."""
    match node:
        case ast.Subscript(value=ast.Attribute(value=ast.Name(id=name), attr="shape"), slice=ast.Constant()):
            return name in at
        case ast.Call(
            func=ast.Name(id="max"), args=[ast.BinOp(left=ast.Name(id=name), right=ast.Constant()), ast.Constant()]
        ):
            return name in at
    return False


class _Named(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def generic_visit(self, node: ast.AST) -> Any:
        if isinstance(node, (ast.Subscript, ast.Call)):
            name = self.names.get(ast.unparse(node))
            if name is not None:
                return ast.copy_location(ast.Name(name, ast.Load()), node)
        return super().generic_visit(node)


def buffers_kept(function: ast.FunctionDef, kinds: Kinds, around: Collection[str]) -> None:
    """Make arrays that nothing outlives in front of the loops that fill them, in place.

    `around` are the arrays of zeros of which a border is never written.
    """
    passing = dict(_passing(function, kinds, around))
    if passing:
        function.body = _kept(function.body, passing)


def _kept(body: list[ast.stmt], passing: dict[str, ast.Assign]) -> list[ast.stmt]:
    made: list[ast.stmt] = []
    for s in body:
        if isinstance(s, (ast.For, ast.While)):
            bound = {n.id for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            inside = {id(n) for n in ast.walk(s)}
            for name, allocation in [*passing.items()]:
                shape = {n.id for n in ast.walk(allocation.value) if isinstance(n, ast.Name)}
                if id(allocation) in inside and not shape & bound and _lasts(allocation.value):
                    made.append(copy.copy(allocation))
                    _Without(allocation).visit(s)
                    del passing[name]
        for part in ("body", "orelse"):
            if isinstance(s, (ast.For, ast.While, ast.If)) and getattr(s, part):
                setattr(s, part, _kept(getattr(s, part), passing))
        made.append(s)
    return made


def _lasts(made: ast.expr) -> bool:
    """Whether a shape changes with its names alone: it is no element of an array and no length of a list."""
    assert isinstance(made, ast.Call)
    for node in ast.walk(made):
        match node:
            case ast.Subscript(value=ast.Attribute(attr="shape")) | ast.Call(func=ast.Name(id="max" | "min")):
                pass
            case ast.Subscript() | ast.Call() if node is not made:
                return False
    return True


def _passing(function: ast.FunctionDef, kinds: Kinds, around: Collection[str]) -> Iterator[tuple[str, ast.Assign]]:
    """Arrays that are bound once, and of which only numbers are read and written."""
    stores: dict[str, list[ast.AST]] = {}
    uses: dict[str, int] = {}
    numbers: dict[str, int] = {}
    for node in ast.walk(function):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                uses[name] = uses.get(name, 0) + 1
            case ast.Name(id=name):
                stores.setdefault(name, []).append(node)
            case ast.Subscript(value=ast.Name(id=name)):
                if kinds.of(node).is_number:
                    numbers[name] = numbers.get(name, 0) + 1
            case ast.Attribute(value=ast.Name(id=name), attr="shape"):
                numbers[name] = numbers.get(name, 0) + 1
    for node in ast.walk(function):
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=maker)),
            ) if (maker == "empty" or (maker == "zeros" and name in around)) and len(stores[name]) == 1:
                if uses.get(name, 0) == numbers.get(name, 0):
                    yield name, node


class _Without(ast.NodeTransformer):
    def __init__(self, statement: ast.stmt) -> None:
        self.statement = statement

    def visit_Assign(self, node: ast.Assign) -> ast.stmt | None:
        return None if node is self.statement else node
