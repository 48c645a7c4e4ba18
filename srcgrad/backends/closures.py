"""Functions inside functions, which numba does not return, as functions of the module that take what they read.

def area_vjp(w, h):                      def area_vjp_pullback(y_bar, kept):
    def pullback(y_bar):                     h = kept[0]
        return (y_bar * h,)                  return (y_bar * h,)
    return w * h, pullback        ->     def area_vjp(w, h):
                                             return w * h, (h,)
u, area_pullback = area_vjp(x, 2.0)
(x_bar,) = area_pullback(u_bar)          (x_bar,) = area_vjp_pullback(u_bar, area_pullback)
"""

from __future__ import annotations

import ast
from typing import Any

from srcgrad.backends.refusal import Untranslatable


def lifted(module: ast.Module) -> ast.Module:
    """The module with no function inside another."""
    functions = [s for s in module.body if isinstance(s, ast.FunctionDef)]
    names = {f.name for f in functions}
    inner = {f.name: nested for f in functions for nested in f.body if isinstance(nested, ast.FunctionDef)}
    for function in functions:
        for node in ast.walk(function) if function.name in inner else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function.name:
                raise Untranslatable("a function that calls itself: what its calls save nests to no known depth", node)
    taken: dict[str, str] = {}
    for name in inner:
        taken[name] = f"{name}_pullback"
        while taken[name] in names:
            taken[name] += "_"
    body: list[ast.stmt] = []
    for statement in module.body:
        if not isinstance(statement, ast.FunctionDef):
            body.append(statement)
            continue
        pullbacks = _pullbacks(statement, taken)
        _Calls(pullbacks).visit(statement)
        nested = inner.get(statement.name)
        if nested is not None:
            body.append(_outside(statement, nested, taken[statement.name]))
        body.append(statement)
    return ast.fix_missing_locations(ast.Module(body, module.type_ignores))


def _pullbacks(function: ast.FunctionDef, taken: dict[str, str]) -> dict[str, str]:
    """The names that hold what a function's pullback reads, and that pullback."""
    found: dict[str, str] = {}
    for node in ast.walk(function):
        match node:
            case ast.Assign(
                targets=[ast.Tuple(elts=[_, ast.Name(id=held)])], value=ast.Call(func=ast.Name(id=called))
            ) if called in taken:
                if found.setdefault(held, taken[called]) != taken[called]:
                    raise Untranslatable("a name that holds the pullbacks of two functions", node)
    return found


class _Calls(ast.NodeTransformer):
    def __init__(self, pullbacks: dict[str, str]) -> None:
        self.pullbacks = pullbacks

    def visit_Call(self, node: ast.Call) -> Any:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in self.pullbacks:
            held = node.func
            node.args.append(ast.copy_location(ast.Name(held.id, ast.Load()), held))
            node.func = ast.copy_location(ast.Name(self.pullbacks[held.id], ast.Load()), held)
        return node


def _outside(function: ast.FunctionDef, nested: ast.FunctionDef, name: str) -> ast.FunctionDef:
    """Take the nested function out of the other; what that one returns of it is what it reads.

    A default, `def pullback(y_bar, y=y)`, is what the name was when the pullback was made: it is kept too.
    """
    defaults = nested.args.defaults
    captured = (
        {a.arg: value for a, value in zip(nested.args.args[-len(defaults) :], defaults, strict=True)}
        if defaults
        else {}
    )
    nested.args.args = nested.args.args[: len(nested.args.args) - len(defaults)]
    nested.args.defaults = []
    own = {a.arg for a in nested.args.args} | _bound(nested)
    local = {a.arg for a in function.args.args} | _bound(function)
    read = [n.id for n in ast.walk(nested) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and n.id in local]
    free = [n for n in dict.fromkeys(read) if n not in own and n not in captured]
    kept = "kept"
    while kept in own | local:
        kept += "_"
    function.body.remove(nested)
    held = ast.Tuple([*[ast.Name(n, ast.Load()) for n in free], *captured.values()], ast.Load())

    class Returned(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return ast.copy_location(held, node) if node.id == nested.name else node

    Returned().visit(function)
    loads = [ast.parse(f"{n} = {kept}[{k}]").body[0] for k, n in enumerate([*free, *captured])]
    nested.name = name
    nested.args.args.append(ast.arg(kept))
    nested.body = [ast.copy_location(load, nested) for load in loads] + nested.body
    return nested


def _bound(function: ast.FunctionDef) -> set[str]:
    """The names that a function's own statements bind, those of functions inside it left out."""
    found: set[str] = set()

    def walk(node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef):
                continue
            if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
                found.add(child.id)
            walk(child)

    walk(function)
    return found
