"""Sums along the last axis, which are added up in a number and stored once.

for k in range(n):                             s_at = s[i]
    s[i] = plus(s[i], a[i, k])        ->       for k in range(n):
                                                   s_at = plus(s_at, a[i, k])
                                               s[i] = s_at
"""

from __future__ import annotations

import ast
from collections.abc import Collection


def in_numbers(function: ast.FunctionDef, sums: Collection[str]) -> None:
    """Rewrite a function in place; `sums` are arrays of which no other name holds a part."""
    taken = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)}
    _Loops(sums, taken).visit(function)


class _Loops(ast.NodeTransformer):
    def __init__(self, sums: Collection[str], taken: set[str]) -> None:
        self.sums = sums
        self.taken = taken

    def visit_For(self, node: ast.For) -> ast.stmt | list[ast.stmt]:
        self.generic_visit(node)
        if not isinstance(node.target, ast.Name) or node.orelse:
            return node
        before: list[ast.stmt] = []
        after: list[ast.stmt] = []
        for s in node.body:
            match s:
                case ast.Assign(
                    targets=[ast.Subscript(value=ast.Name(id=name)) as place],
                    value=ast.Call(func=ast.Name(id="plus"), args=[ast.Subscript() as read, _]) as total,
                ) if name in self.sums and ast.unparse(place) == ast.unparse(read):
                    pass
                case _:
                    continue
            bound = {
                n.id for b in node.body for n in ast.walk(b) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            }
            index = {n.id for n in ast.walk(place.slice) if isinstance(n, ast.Name)}
            mentions = [n for b in node.body for n in ast.walk(b) if isinstance(n, ast.Name) and n.id == name]
            if len(mentions) != 2 or index & {node.target.id, *bound}:
                continue
            number = self.fresh(f"{name}_at")
            before.append(ast.copy_location(ast.Assign([ast.Name(number, ast.Store())], read), s))
            after.append(ast.copy_location(ast.Assign([place], ast.Name(number, ast.Load())), s))
            s.targets = [ast.Name(number, ast.Store())]
            total.args[0] = ast.Name(number, ast.Load())
        if not before:
            return node
        return [ast.fix_missing_locations(s) for s in [*before, node, *after]]

    def fresh(self, name: str) -> str:
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name
