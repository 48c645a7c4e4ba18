"""Loops over ranges run backwards, in the form that numba takes.

    for k in reversed(range(1, n)):      ->     for k in range(n - 1, 0, -1):
    for k in reversed(range(n)[:trips])  ->     for k in range(trips - 1, -1, -1):
    while y_saved:                       ->     while len(y_saved) > 0:
"""

from __future__ import annotations

import ast
from typing import Any


class Backwards(ast.NodeTransformer):
    """The rewriting; `lists` are the names that hold lists, found by their `[]`."""

    def __init__(self, function: ast.FunctionDef) -> None:
        self.lists = {
            target.id
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and _is_list(node.value)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        self.ranges: dict[str, ast.Call | None] = {}
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                known = name not in self.ranges and _is_range(node.value)
                self.ranges[name] = node.value if known else None  # type: ignore[assignment]

    def visit_Call(self, node: ast.Call) -> Any:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Name(id="reversed"), args=[inner]):
                made = self._backwards(inner)
                return node if made is None else ast.copy_location(made, node)
        return node

    def visit_While(self, node: ast.While) -> Any:
        self.generic_visit(node)
        node.test = self._length(node.test)
        return node

    def visit_If(self, node: ast.If) -> Any:
        self.generic_visit(node)
        node.test = self._length(node.test)
        return node

    def _length(self, test: ast.expr) -> ast.expr:
        if isinstance(test, ast.Name) and test.id in self.lists:
            return ast.copy_location(expression(f"len({test.id}) > 0"), test)
        return test

    def _backwards(self, inner: ast.expr) -> ast.expr | None:
        trips = None
        if isinstance(inner, ast.Subscript) and isinstance(inner.slice, ast.Slice):
            part = inner.slice
            if part.lower is not None or part.step is not None or part.upper is None:
                return None
            inner, trips = inner.value, ast.unparse(part.upper)
        if isinstance(inner, ast.Name):
            known = self.ranges.get(inner.id)
            if known is None or not all(isinstance(a, ast.Constant) for a in known.args):
                return None
            inner = known
        if not _is_range(inner):
            return None
        assert isinstance(inner, ast.Call)
        given = [f"({ast.unparse(a)})" for a in inner.args]
        start, stop = ("0", given[0]) if len(given) == 1 else (given[0], given[1])
        step = _literal(inner.args[2]) if len(given) == 3 else 1
        if step is None:
            return None
        if trips is not None:
            last = f"{start} + ({trips} - 1) * {step}"
        elif step == 1:
            last = f"{stop} - 1"
        elif step == -1:
            last = f"{stop} + 1"
        else:
            # The last number of the range: a count of steps from its start.
            last = f"{start} + ({stop} - {start} - {1 if step > 0 else -1}) // {step} * {step}"
        return expression(f"range({last}, {start} - {step}, {-step})")


def _is_list(value: ast.expr) -> bool:
    match value:
        case ast.List(elts=[]):
            return True
        case ast.Call(func=ast.Attribute(attr="copy", value=ast.Name(id=name)), args=[]):
            return name.endswith(("saved", "left")) or "_saved" in name
    return False


def _is_range(value: ast.expr) -> bool:
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id == "range"
        and not any(isinstance(a, ast.Starred) for a in value.args)
    )


def _literal(node: ast.expr) -> int | None:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value if isinstance(value, int) and value else None


def expression(text: str) -> ast.expr:
    """The tree of an expression."""
    return ast.parse(text, mode="eval").body
