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
) -> tuple[list[str], set[str]]:
    """The lines of a body, and which names they assign values that are certainly of the dtype, by arithmetic alone.

    `shapes` says for the names that are asked for their shape alone where that is found, `real` are the names of
    arrays of the dtype, a float's. What the lines need more enters the scope.
    """
    asked = _Shapes(shapes, scope)
    direct = _Methods(scope)
    numbers = _Numbers(real, {f"{name}_size" for name in shapes}, dtype, scope)
    changed = [numbers.visit(direct.visit(asked.visit(statement))) for statement in body]
    text = "\n".join(ast.unparse(ast.fix_missing_locations(statement)) for statement in changed)
    lines = []
    for name, source in shapes.items():
        lines.append(f"{name}_shape = {source}")
        if name in asked.sizes:
            lines.append(f"{name}_size = prod_of({name}_shape)")
        if name in asked.whole:
            lines.append(f"{name} = ghost_of({name}_shape, dtype_of)")
    scope.update({"prod_of": math.prod, "ghost_of": Ghost.of, "count_of": number})
    return [*lines, *text.splitlines()], {
        s.targets[0].id
        for s in changed
        if isinstance(s, ast.Assign) and isinstance(s.targets[0], ast.Name) and numbers.real(s.value)
    }


# Numbers as arrays of a dtype: NumPy takes twice as long over a product with a Python number.
NUMBERS32: dict[Any, Any] = {}
NUMBERS64: dict[Any, Any] = {}
_FEW = 256
_float32, _float64 = np.dtype(np.float32), np.dtype(np.float64)


def number(x: Any, dtype: Any) -> Any:
    """A number beside an array of a floating dtype: an array without dimensions, where it is of a usual size."""
    if dtype is not _float32 and dtype is not _float64:
        return x
    numbers = NUMBERS32 if dtype is _float32 else NUMBERS64
    found = numbers.get(x)
    if found is None:
        if not 1e-4 < abs(x) < 1e4:  # nor zero, of which there are two
            return x
        if len(numbers) >= _FEW:
            numbers.clear()
        found = np.array(x, dtype)
        found.flags.writeable = False
        numbers[x] = found
    return found


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


class _Methods(ast.NodeTransformer):
    """`np.reshape(y_bar, shape)` as the array's method, which is there four times as soon."""

    def __init__(self, scope: Mapping[str, Any]) -> None:
        self.scope = scope

    def visit_Call(self, e: ast.Call) -> ast.expr:
        self.generic_visit(e)
        if len(e.args) == 2 and not e.keywords and _named(e.func, self.scope) is np.reshape:
            array, shape = e.args
            if isinstance(array, ast.Name) and array.id == "y_bar":
                return ast.Call(ast.Attribute(array, "reshape", ast.Load()), [shape], [])
        return e


class _Numbers(ast.NodeTransformer):
    """Numbers beside arrays of a dtype become arrays of that dtype: NumPy would compute in it all the same."""

    def __init__(self, names: set[str], counts: set[str], dtype: Any, scope: dict[str, Any]) -> None:
        self.names = names
        self.counts = counts  # names of whole numbers that are found when the text runs
        self.dtype = dtype
        self.scope = scope
        self.made: set[str] = set()

    def visit_BinOp(self, e: ast.BinOp) -> ast.expr:
        if isinstance(e.op, _ARITHMETIC):
            if self.real(e.right):
                e.left = self._number(e.left)
            elif self.real(e.left):
                e.right = self._number(e.right)
        self.generic_visit(e)
        return e

    def visit_Compare(self, e: ast.Compare) -> ast.expr:
        if len(e.ops) == 1 and self.real(e.left):
            e.comparators = [self._number(e.comparators[0])]
        self.generic_visit(e)
        return e

    def _number(self, e: ast.expr) -> ast.expr:
        if isinstance(e, ast.Name) and e.id in self.counts:
            return ast.Call(ast.Name("count_of", ast.Load()), [e, ast.Name("dtype_of", ast.Load())], [])
        if not isinstance(e, ast.Constant) or e.value.__class__ not in {int, float}:
            return e
        name = f"number_{len(self.scope)}"
        value = np.array(e.value, self.dtype)
        value.flags.writeable = False
        self.scope[name] = value
        self.made.add(name)
        return ast.Name(name, ast.Load())

    @staticmethod
    def _counted(e: ast.expr) -> bool:
        return isinstance(e, ast.Call) and isinstance(e.func, ast.Name) and e.func.id == "count_of"

    def real(self, e: ast.expr) -> bool:
        """Whether the value of an expression is certainly of the dtype."""
        if isinstance(e, ast.Name):
            return e.id in self.names or e.id in self.made
        if isinstance(e, ast.UnaryOp):
            return isinstance(e.op, ast.USub) and self.real(e.operand)
        if isinstance(e, ast.BinOp):
            sides = [
                self.real(side) or isinstance(side, ast.Constant) or self._counted(side) for side in (e.left, e.right)
            ]
            return isinstance(e.op, _ARITHMETIC) and all(sides) and (self.real(e.left) or self.real(e.right))
        if self._counted(e):
            return True
        if isinstance(e, ast.Call):
            function = _named(e.func, self.scope)
            if not isinstance(function, np.ufunc) or function.nin != len(e.args) or function.nout != 1 or e.keywords:
                return False
            kinds = function.resolve_dtypes((*[self.dtype] * function.nin, None))
            return kinds[-1] == self.dtype and all(map(self.real, e.args))
        return False
