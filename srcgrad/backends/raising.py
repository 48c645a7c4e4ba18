"""What raises in a loop, counted instead: an exception on a thread of numba's is lost.

    for i in range(n):                              odd = 0
        a[i] = defined(math.sqrt(x[i]))             for i in range(n):
                                           ->           odd += not math.isfinite(math.sqrt(x[i]))
                                                        a[i] = math.sqrt(x[i])
                                                    if odd:
                                                        raise Unfit

What is worked out in one case alone, as in `x / y if y else 0.0`, stays as it is.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence
from typing import Any

from srcgrad.backends.ranges import expression

# What the calls stand for, and when they raise.
_CALLS = {
    "defined": ("a", "not math.isfinite(a)"),
    "countable": ("a", "not abs(a) < 9e18"),
    "quotient": ("a / b", "b == 0"),
    "floored": ("a // b", "b == 0"),
    "remainder": ("a % b", "b == 0"),
}


def without(loop: ast.For) -> ast.For:
    """A copy of a loop in which nothing raises."""
    (made,) = _statements([loop], None)
    assert isinstance(made, ast.For)
    return made


def counted(loop: ast.For, number: str) -> list[ast.stmt]:
    """A copy in which a number counts what would raise, and what raises after it; the copy alone where nothing would."""
    made = _statements([loop], number)
    if not any(isinstance(n, ast.Name) and n.id == number for n in ast.walk(made[-1])):
        return made
    after = ast.parse(f"if {number} > 0:\n    raise Unfit").body
    return [*ast.parse(f"{number} = 0").body, *made, *after]


def _statements(body: Sequence[ast.stmt], number: str | None) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    for s in body:
        s = copy.copy(s)
        calls = _Calls()
        for name, value in ast.iter_fields(s):
            if isinstance(value, ast.expr):
                setattr(s, name, calls.visit(copy.deepcopy(value)))
            elif isinstance(value, list) and value and isinstance(value[0], ast.expr):
                setattr(s, name, [calls.visit(copy.deepcopy(e)) for e in value])
            elif name in ("body", "orelse"):
                setattr(s, name, _statements(value, number))
        if number is not None:
            found += [ast.AugAssign(ast.Name(number, ast.Store()), ast.Add(), test) for test in calls.tests]
        found.append(s)
    return [ast.fix_missing_locations(ast.copy_location(s, body[0])) for s in found]


class _Calls(ast.NodeTransformer):
    def __init__(self) -> None:
        self.tests: list[ast.expr] = []

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        return node

    def visit_Call(self, node: ast.Call) -> Any:
        self.generic_visit(node)
        if not (isinstance(node.func, ast.Name) and node.func.id in _CALLS):
            return node
        value, test = map(expression, _CALLS[node.func.id])
        self.tests.append(_Operands(node.args).visit(test))
        return _Operands(node.args).visit(value)


class _Operands(ast.NodeTransformer):
    def __init__(self, args: Sequence[ast.expr]) -> None:
        self.args = dict(zip("ab", args, strict=False))

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return copy.deepcopy(self.args.get(node.id, node))
