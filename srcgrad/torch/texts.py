"""The texts of rules made quicker without changing what they compute.

What enters: the statements of a plan's source. What leaves: lines in which a number beside an array is an array of
its dtype, over which NumPy takes half as long as over Python's, and in which the shape of an operand that is not
kept is read from the node.

    x_bar = y_bar * (1 - y * y)                →  x_bar = y_bar * (number_0 - y * y)
    x_bar = spread_out(y_bar / x.size, x.shape)  →  x_bar = spread_out(y_bar / x_size, x_shape)
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from srcgrad.torch.plan import Ghost, _named

_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div)


def quickened(
    body: Sequence[ast.stmt], shapes: Mapping[str, str], real: set[str], dtype: Any, scope: dict[str, Any]
) -> list[str]:
    """The lines of a body; what they need more enters the scope.

    `shapes` says for the names that are asked for their shape alone where that is found, `real` are the names of
    arrays of the dtype, a float's; in the text of a rule a name is assigned once.
    """
    asked = _Shapes(shapes, scope)
    numbers = _Numbers(real, dtype, scope)
    changed = [numbers.visit(asked.visit(statement)) for statement in body]
    text = "\n".join(ast.unparse(ast.fix_missing_locations(statement)) for statement in changed)
    lines = []
    for name, source in shapes.items():
        lines.append(f"{name}_shape = {source}")
        if name in asked.sizes:
            lines.append(f"{name}_size = prod_of({name}_shape)")
        if name in asked.whole:
            lines.append(f"{name} = ghost_of({name}_shape, dtype_of)")
    scope.update({"prod_of": math.prod, "ghost_of": Ghost.of})
    return [*lines, *text.splitlines()]


class _Shapes(ast.NodeTransformer):
    """`x.shape`, `np.shape(x)` and `x.size` of an array that is not there."""

    def __init__(self, names: Mapping[str, str], scope: Mapping[str, Any]) -> None:
        self.names = names
        self.scope = scope
        self.sizes: set[str] = set()
        self.whole: set[str] = set()  # what is wanted in another way

    def visit_Name(self, e: ast.Name) -> ast.expr:
        if e.id in self.names:
            self.whole.add(e.id)
        return e

    def visit_Attribute(self, e: ast.Attribute) -> ast.expr:
        if isinstance(e.value, ast.Name) and e.value.id in self.names and e.attr in {"shape", "size"}:
            if e.attr == "size":
                self.sizes.add(e.value.id)
            return ast.Name(f"{e.value.id}_{e.attr}", ast.Load())
        self.generic_visit(e)
        return e

    def visit_Call(self, e: ast.Call) -> ast.expr:
        if len(e.args) == 1 and _named(e.func, self.scope) is np.shape:
            operand = e.args[0]
            if isinstance(operand, ast.Name) and operand.id in self.names:
                return ast.Name(f"{operand.id}_shape", ast.Load())
        self.generic_visit(e)
        return e


class _Numbers(ast.NodeTransformer):
    """Numbers beside arrays of a dtype become arrays of that dtype: NumPy would compute in it all the same."""

    def __init__(self, names: set[str], dtype: Any, scope: dict[str, Any]) -> None:
        self.names = names
        self.dtype = dtype
        self.scope = scope

    def visit_BinOp(self, e: ast.BinOp) -> ast.expr:
        if isinstance(e.op, _ARITHMETIC):
            if self._real(e.right):
                e.left = self._number(e.left)
            elif self._real(e.left):
                e.right = self._number(e.right)
        self.generic_visit(e)
        return e

    def _number(self, e: ast.expr) -> ast.expr:
        if not isinstance(e, ast.Constant) or e.value.__class__ not in {int, float}:
            return e
        name = f"number_{len(self.scope)}"
        value = np.array(e.value, self.dtype)
        value.flags.writeable = False
        self.scope[name] = value
        return ast.Name(name, ast.Load())

    def _real(self, e: ast.expr) -> bool:
        """Whether the value of an expression is certainly of the dtype."""
        if isinstance(e, ast.Name):
            return e.id in self.names
        if isinstance(e, ast.UnaryOp):
            return isinstance(e.op, ast.USub) and self._real(e.operand)
        if isinstance(e, ast.BinOp):
            sides = [self._real(side) or isinstance(side, ast.Constant) for side in (e.left, e.right)]
            return isinstance(e.op, _ARITHMETIC) and all(sides) and (self._real(e.left) or self._real(e.right))
        if isinstance(e, ast.Call):
            function = _named(e.func, self.scope)
            if not isinstance(function, np.ufunc) or function.nin != len(e.args) or function.nout != 1 or e.keywords:
                return False
            kinds = function.resolve_dtypes((*[self.dtype] * function.nin, None))
            return kinds[-1] == self.dtype and all(map(self._real, e.args))
        return False
