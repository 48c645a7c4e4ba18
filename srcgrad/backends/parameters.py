"""Parameters that are bound anew, under two names: what was given, and what is computed.

    def f_grad(u, n):                  def f_grad(u_given, n):
        u = u.copy()            ->         u = u_given.copy()

What was given may share memory with other arguments; what is computed does not.
"""

from __future__ import annotations

import ast


def apart(tree: ast.Module) -> None:
    """Rename in the functions of a module, in place."""
    by_keyword = {k.arg for n in ast.walk(tree) if isinstance(n, ast.Call) for k in n.keywords}
    for f in tree.body:
        if isinstance(f, ast.FunctionDef):
            taken = {n.id for n in ast.walk(f) if isinstance(n, ast.Name)} | {a.arg for a in f.args.args}
            for argument in f.args.args:
                if argument.arg not in by_keyword:
                    _separate(f, argument, taken)


def _separate(f: ast.FunctionDef, argument: ast.arg, taken: set[str]) -> None:
    name = argument.arg
    for k, s in enumerate(f.body):
        if not any(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store) for n in ast.walk(s)):
            continue
        if not (isinstance(s, ast.Assign) and isinstance(s.targets[0], ast.Name) and len(s.targets) == 1):
            return
        given = f"{name}_given"
        while given in taken:
            given += "_"
        taken.add(given)
        renaming = _Renamed(name, given)
        for earlier in f.body[:k]:
            renaming.visit(earlier)
        renaming.visit(s.value)
        argument.arg = given
        return


class _Renamed(ast.NodeTransformer):
    def __init__(self, old: str, new: str) -> None:
        self.old = old
        self.new = new

    def visit_Name(self, node: ast.Name) -> ast.Name:
        if node.id == self.old:
            node.id = self.new
        return node
