"""What kinds decide before anything runs, and what numba computes in another way than Python.

np.diag(u, 0) if np.ndim(a) == 1 else b      ->    b                     a has rank 2
np.array(x_bar)                              ->    x_bar.copy()          x_bar is an array
np.where(x > 0, x, 0.0)                      ->    x if x > 0 else 0.0   x is a number
image[ring]                                  ->    taken(image, ring)    ring is an array of bools
np.add.at(x_bar, idx, y_bar)                 ->    add_at(x_bar, idx, y_bar)
x / y                                        ->    quotient(x, y)        Python's floats: 1.0 / 0.0 raises
i % n                                        ->    remainder(i, n)
math.sqrt(x)                                 ->    defined(math.sqrt(x)) math.sqrt(-1.0) raises
int(x)                                       ->    int(countable(x))     int(nan) raises
"""

from __future__ import annotations

import ast
from typing import Any

from srcgrad.backends.kinds import Kinds, Module
from srcgrad.backends.refusal import Untranslatable


def settle(tree: ast.Module, module: Module) -> None:
    """Rewrite the functions of a module in place, before their statements are looped."""
    for s in tree.body:
        if isinstance(s, ast.FunctionDef) and (kinds := module.kinds(s.name)) is not None:
            _Settled(kinds).visit(s)


def divided(tree: ast.Module, module: Module) -> None:
    """Make Python's divisions, and its functions of numbers, raise where Python does."""
    for s in tree.body:
        if isinstance(s, ast.FunctionDef) and (kinds := module.kinds(s.name)) is not None:
            _Divided(kinds).visit(s)


class Plainly(ast.NodeTransformer):
    """What a program raises is raised by the plain form, with the text that it says.

    raise ValueError(f"{n} steps")      ->    raise Unfit
    """

    def visit_Raise(self, node: ast.Raise) -> ast.Raise:
        return ast.copy_location(ast.Raise(ast.Call(ast.Name("Unfit", ast.Load()), [], [])), node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id in ("print", "input", "open"):
            raise Untranslatable(f"{node.func.id}() in the function", node)
        return self.generic_visit(node)

    def visit_Assert(self, node: ast.Assert) -> ast.If:
        left = ast.copy_location(ast.Raise(ast.Call(ast.Name("Unfit", ast.Load()), [], [])), node)
        return ast.copy_location(ast.If(ast.UnaryOp(ast.Not(), node.test), [left], []), node)


class _Settled(ast.NodeTransformer):
    def __init__(self, kinds: Kinds) -> None:
        self.kinds = kinds

    def visit_Call(self, node: ast.Call) -> Any:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="ndim"), args=[inner]):
                kind = self.kinds.of(inner)
                if kind.is_array or kind.is_number:
                    return ast.copy_location(ast.Constant(kind.rank), node)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="array" | "asarray"), args=[inner]):
                if not node.keywords and self.kinds.of(inner).is_array:
                    return ast.copy_location(ast.Call(ast.Attribute(inner, "copy", ast.Load()), [], []), node)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="where"), args=[test, a, b]):
                if all(self.kinds.of(e).is_number for e in (test, a, b)):
                    return ast.copy_location(ast.IfExp(test, a, b), node)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="full_like"), args=[inner, value]):
                if self.kinds.of(inner).is_array and not node.keywords:
                    shape = ast.Attribute(inner, "shape", ast.Load())
                    full = ast.Attribute(ast.Name("np", ast.Load()), "full", ast.Load())
                    return ast.copy_location(ast.Call(full, [shape, value], []), node)
                if self.kinds.of(inner).is_number and not node.keywords:
                    return value
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="shape"), args=[inner]):
                if self.kinds.of(inner).is_array:
                    return ast.copy_location(ast.Attribute(inner, "shape", ast.Load()), node)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="flip"), args=[inner, *axis], keywords=[]):
                only = all(isinstance(k, ast.Constant) and k.value in (None, 0) for k in axis)
                if only and self.kinds.of(inner).is_array and self.kinds.of(inner).rank == 1:
                    back = ast.Slice(None, None, ast.UnaryOp(ast.USub(), ast.Constant(1)))
                    return ast.fix_missing_locations(ast.copy_location(ast.Subscript(inner, back, ast.Load()), node))
            case ast.Call(func=ast.Name(id="cast"), args=[inner, _]):
                kind = self.kinds.of(inner)
                if kind.form in ("float", "scalar") or (kind.is_array and kind.dtype == "f"):
                    return inner
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="broadcast_to"), args=[inner, shape]):
                kind = self.kinds.of(inner)
                if kind.is_array and kind == self.kinds.of(node):
                    return inner
                if kind.is_number and kind.form in ("float", "scalar"):
                    full = ast.Attribute(ast.Name("np", ast.Load()), "full", ast.Load())
                    return ast.copy_location(ast.Call(full, [shape, inner], []), node)
            case ast.Call(func=ast.Name(id="float"), args=[inner]) if self.kinds.of(inner).form in ("float", "scalar"):
                return inner
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.Expr:
        self.generic_visit(node)
        match node.value:
            case ast.Call(
                func=ast.Attribute(value=ast.Attribute(value=ast.Name(id="np"), attr="add"), attr="at"),
                args=[ast.Name() as place, at, value],
            ) if self.kinds.of(place).rank == 1 and self.kinds.of(at).is_array and self.kinds.of(at).dtype == "i":
                if self.kinds.of(value).is_number:
                    full = ast.Attribute(ast.Name("np", ast.Load()), "full", ast.Load())
                    value = ast.Call(full, [ast.Attribute(at, "shape", ast.Load()), value], [])
                added = ast.Call(ast.Name("add_at", ast.Load()), [place, at, value], [])
                node.value = ast.fix_missing_locations(ast.copy_location(added, node.value))
        return node

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        self.generic_visit(node)
        kind = self.kinds.of(node.value)
        if isinstance(node.ctx, ast.Load) and kind.is_array and self.kinds.is_mask(node.slice, kind):
            return ast.copy_location(ast.Call(ast.Name("taken", ast.Load()), [node.value, node.slice], []), node)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        self.generic_visit(node)
        match node.test:
            case ast.Compare(
                left=ast.Constant(value=int() as a), ops=[ast.Eq()], comparators=[ast.Constant(value=int() as b)]
            ):
                return node.body if a == b else node.orelse
        return node


class _Divided(ast.NodeTransformer):
    def __init__(self, kinds: Kinds) -> None:
        self.kinds = kinds

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        name = self.raising(node.left, node.op, node.right)
        self.generic_visit(node)
        return ast.copy_location(_called(name, node.left, node.right), node) if name else node

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        if not isinstance(node.target, ast.Name):
            return self.generic_visit(node)
        target = ast.Name(node.target.id, ast.Load())
        name = self.raising(target, node.op, node.value)
        self.generic_visit(node)
        if name:
            return ast.copy_location(ast.Assign([node.target], _called(name, target, node.value)), node)
        return node

    def visit_Call(self, node: ast.Call) -> Any:
        numbers = all(self.kinds.of(a).is_number for a in node.args)
        floats = [a for a in node.args if self.kinds.of(a).form in ("float", "scalar")]
        self.generic_visit(node)
        match node.func:
            case ast.Name(id="int") | ast.Attribute(value=ast.Name(id="math"), attr="floor" | "ceil" | "trunc"):
                if len(node.args) == len(floats) == 1:
                    node.args = [_called("countable", *node.args)]
            case ast.Attribute(value=ast.Name(id="math"), attr=name) if numbers and name in _REFUSING:
                return ast.copy_location(_called("defined", node), node)
        return node

    def raising(self, a: ast.expr, op: ast.operator, b: ast.expr) -> str | None:
        """What stands for a division of Python's numbers; None where it cannot raise."""
        if isinstance(b, ast.Constant) and b.value:
            return None
        name = _DIVISIONS.get(type(op))
        return name if all(self.kinds.of(e).form in ("float", "int", "bool") for e in (a, b)) else None


_DIVISIONS: dict[type[ast.operator], str] = {ast.Div: "quotient", ast.FloorDiv: "floored", ast.Mod: "remainder"}

# Those of Python that raise where numba gives nan or infinity.
_REFUSING = frozenset(
    "sqrt exp expm1 log log2 log10 log1p pow sin cos tan sinh cosh acos asin acosh atanh gamma lgamma fmod".split()
)


def _called(name: str, *args: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(name, ast.Load()), [*args], [])
