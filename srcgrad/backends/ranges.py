"""Loops over ranges run backwards, in the form that numba takes.

for k in reversed(range(1, n)):      ->     for k in range(n - 1, 0, -1):
for k in reversed(range(n)[:trips])  ->     for k in range(trips - 1, -1, -1):
for k in reversed(steps):            ->     for k in range(steps.start + (len(steps) - 1) * steps.step, …):
"""

from __future__ import annotations

import ast
from typing import Any


class Emptied(ast.NodeTransformer):
    """Loops along lists, which numba does not run backwards, as loops that empty them.

    for k, x in zip(reversed(range(n)), reversed(kept)):    ->    for k in reversed(range(n)):
                                                                      x = kept.pop()
    A function inside another, which may be called again, empties a copy.
    """

    def __init__(self) -> None:
        self.lists: set[str] = set()  # those that the outer function makes
        self.inside = False

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        outer = self.lists, self.inside
        if self.inside is False and not self.lists:
            for s in ast.walk(node):
                match s:
                    case ast.Assign(targets=targets, value=ast.List(elts=[])):
                        self.lists = self.lists | {t.id for t in targets if isinstance(t, ast.Name)}
        else:
            self.inside = True
        self.generic_visit(node)
        self.lists, self.inside = outer
        return node

    def visit_For(self, node: ast.For) -> Any:
        self.generic_visit(node)
        target: ast.expr = ast.Name("_", ast.Store())
        steps: ast.expr | None = None
        match node:
            case ast.For(
                target=ast.Tuple(elts=[index, kept]), iter=ast.Call(func=ast.Name(id="zip"), args=[over, along])
            ):
                target, steps = index, over
            case ast.For(target=kept, iter=along):
                pass
        name = self._along(along)
        if name is None:
            return node
        before: list[ast.stmt] = []
        emptied = f"{name}_left" if self.inside else name
        if self.inside:
            before = ast.parse(f"{emptied} = {name}.copy()").body
        node.target = target
        node.iter = steps or expression(f"range(len({emptied}))")
        node.body = [ast.copy_location(ast.Assign([kept], expression(f"{emptied}.pop()")), node), *node.body]
        return [*before, node]

    def _along(self, e: ast.expr) -> str | None:
        """The list that is run backwards."""
        match e:
            case ast.Call(func=ast.Name(id="reversed"), args=[ast.Name(id=name)]) if name in self.lists:
                return name
        return None


class Backwards(ast.NodeTransformer):
    """The rewriting of every loop; what is run backwards and is no range stays as it is."""

    def visit_Call(self, node: ast.Call) -> Any:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Name(id="reversed"), args=[inner]):
                made = _backwards(inner)
                return node if made is None else ast.copy_location(made, node)
        return node


def _backwards(inner: ast.expr) -> ast.expr | None:
    trips = None
    match inner:
        case ast.Subscript(value=whole, slice=ast.Slice(lower=None, upper=ast.expr() as upper, step=None)):
            inner, trips = whole, f"({ast.unparse(upper)})"
    match inner:
        case ast.Name(id=name):
            start, step = f"{name}.start", f"{name}.step"
            return expression(f"range({start} + ({trips or f'len({name})'} - 1) * {step}, {start} - {step}, -{step})")
        case ast.Call(func=ast.Name(id="range"), args=args) if not any(isinstance(a, ast.Starred) for a in args):
            pass
        case _:
            return None
    given = [_enclosed(a) for a in args]
    first, stop = ("0", given[0]) if len(given) == 1 else (given[0], given[1])
    by = _literal(args[2]) if len(given) == 3 else 1
    if by is None:
        return None
    if trips is not None:
        last = f"{first} + {trips} - 1" if by == 1 else f"{first} + ({trips} - 1) * {by}"
    elif abs(by) == 1:
        last = f"{stop} - {by}"
    else:
        # The last number of the range: whole steps from its start.
        last = f"{first} + ({stop} - {first} - {1 if by > 0 else -1}) // {by} * {by}"
    made: ast.expr = Folded().visit(expression(f"range({last}, {first} - {by}, {-by})"))
    return made


def _enclosed(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if isinstance(node, (ast.Name, ast.Constant, ast.Call)) else f"({text})"


def _literal(node: ast.expr) -> int | None:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value if isinstance(value, int) and value else None


class Folded(ast.NodeTransformer):
    """Sums of integer constants, worked out: `n - 1 - 1` is `n - 2`, and `x + 0` is `x`."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        if not isinstance(node.op, (ast.Add, ast.Sub)):
            return node
        base, offset = apart(node)
        if base is None:
            return ast.copy_location(integer(offset), node)
        if offset == 0:
            return base
        op: ast.operator = ast.Add() if offset > 0 else ast.Sub()
        return ast.copy_location(ast.BinOp(base, op, integer(abs(offset))), node)


def apart(node: ast.expr) -> tuple[ast.expr | None, int]:
    """A sum as what is not constant and an integer.

    >>> base, offset = apart(expression("n - 1 - 2"))
    >>> base.id, offset
    ('n', -3)
    """
    match node:
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            return None, value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)):
            return None, -value
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            base, offset = apart(left)
            other, more = apart(right)
            sign = 1 if isinstance(op, ast.Add) else -1
            if other is None:
                return base, offset + sign * more
            if base is None:
                if sign == 1:
                    return other, offset + more
                if offset == 0:
                    return ast.UnaryOp(ast.USub(), other), -more
                return ast.BinOp(integer(offset - more), op, other), 0
            return ast.BinOp(base, op, other), offset + sign * more
    return node, 0


def integer(value: int) -> ast.expr:
    """The tree of an integer."""
    return ast.Constant(value) if value >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-value))


def expression(text: str) -> ast.expr:
    """The tree of an expression."""
    return ast.parse(text, mode="eval").body
