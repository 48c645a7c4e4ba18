"""The tangent of an expression of a generated gradient, as an expression.

    a * np.sin(b)      a_dot * np.sin(b) + a * (b_dot * np.cos(b))
    y_saved.pop()      y_saved_dot.pop()

The derivatives of library functions come from the table of rules, as everywhere.
"""

from __future__ import annotations

import ast
import copy
import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from srcgrad.backends import library
from srcgrad.backends.kind import Kind
from srcgrad.backends.kinds import Kinds
from srcgrad.backends.moving import is_smooth
from srcgrad.backends.refusal import Untranslatable
from srcgrad.rules import table

# Of the helpers of generated code, the argument in which each is linear.
_LINEAR = {
    "unbroadcast": 0, "spread": 0, "with_axes": 0, "diagonal_bar": 0, "cast": 0, "mT": 0, "taken": 0,
    "guarded": 1, "lowered": 1,
}  # fmt: skip
_LINEAR_METHODS = frozenset("copy sum mean reshape ravel transpose cumsum flatten pop".split())
_LINEAR_FUNCTIONS = frozenset(
    "array asarray copy ascontiguousarray sum mean cumsum reshape transpose ravel squeeze flip roll diag trace "
    "expand_dims repeat broadcast_to concatenate stack".split()
)
_METHODS = {"max": np.max, "min": np.min, "prod": np.prod, "var": np.var, "std": np.std, "dot": np.dot}


class Dots:
    """Tangents of the expressions of one function; `dots` are the names of the tangents of what moves."""

    def __init__(self, kinds: Kinds, dots: Mapping[str, str], moves: Callable[[ast.expr], bool]) -> None:
        self.kinds = kinds
        self.dots = dots
        self.moves = moves
        self.result: str | None = None  # the name that the value of the expression has, where it has one

    def of(self, e: ast.expr) -> ast.expr | None:
        """The tangent, None for zero."""
        if not self.moves(e):
            return None
        match e:
            case ast.Name(id=name):
                return ast.Name(self.dots[name], ast.Load())
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as op, operand=operand):
                inner = self.of(operand)
                return None if inner is None else ast.UnaryOp(op, inner)
            case ast.BinOp(left=left, op=op, right=right):
                return self.binary(e, left, op, right)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return ast.IfExp(test, self.or_zero(body), self.or_zero(orelse))
            case ast.Subscript(value=value, slice=index):
                inner = self.of(value)
                return None if inner is None else ast.Subscript(inner, index, ast.Load())
            case ast.Attribute(value=value, attr="T"):
                inner = self.of(value)
                return None if inner is None else ast.Attribute(inner, "T", ast.Load())
            case ast.Tuple(elts=parts):
                return ast.Tuple([self.or_zero(p) for p in parts], ast.Load())
            case ast.List(elts=parts):
                return ast.List([self.or_zero(p) for p in parts], ast.Load())
            case ast.Call():
                return self.call(e)
        raise Untranslatable(f"the second derivative of `{ast.unparse(e)}`", e)

    def or_zero(self, e: ast.expr) -> ast.expr:
        """The tangent, written out where it is zero."""
        found = self.of(e)
        return found if found is not None else zero(e, self.kinds.of(e))

    def binary(self, e: ast.expr, a: ast.expr, op: ast.operator, b: ast.expr) -> ast.expr | None:
        da, db = self.of(a), self.of(b)
        match op:
            case ast.Add() | ast.Sub():
                if da is None or db is None:
                    return da if db is None else ast.UnaryOp(ast.USub(), db) if isinstance(op, ast.Sub) else db
                return ast.BinOp(da, op, db)
            case ast.Mult() | ast.MatMult():
                return plus(da and ast.BinOp(da, op, b), db and ast.BinOp(a, op, db))
            case ast.Div():
                below = db and made("a * db / (b * b)", a=a, b=b, db=db)
                return plus(da and ast.BinOp(da, op, b), below, ast.Sub())
            case ast.Pow() if db is None and isinstance(b, ast.Constant) and isinstance(b.value, (int, float)):
                n = b.value
                if n == 2:
                    return made("2.0 * a * da", a=a, da=da)
                return None if n == 0 else made(f"{n} * a ** {n - 1} * da", a=a, da=da)
            case ast.Pow():
                return self.ruled(e, np.power, [a, b], {})
            case ast.Mod():
                return self.ruled(e, np.remainder, [a, b], {})
            case ast.FloorDiv():
                return None
        raise Untranslatable(f"the second derivative of `{ast.unparse(e)}`", e)

    # Calls

    def call(self, e: ast.Call) -> ast.expr | None:
        named = {k.arg: k.value for k in e.keywords if k.arg}
        if len(named) < len(e.keywords) or any(isinstance(a, ast.Starred) for a in e.args):
            raise Untranslatable("starred arguments", e)
        match e.func:
            case ast.Attribute(value=ast.Name(id="np" | "math" as home), attr=name):
                return self.of_library(e, home, name, named)
            case ast.Attribute(value=owner, attr=name) if name in _LINEAR_METHODS:
                inner = self.of(owner)
                return None if inner is None else ast.Call(ast.Attribute(inner, name, ast.Load()), e.args, e.keywords)
            case ast.Attribute(value=owner, attr=name) if name in _METHODS:
                return self.ruled(e, _METHODS[name], [owner, *e.args], named)
            case ast.Name(id=name) if name in _LINEAR:
                k = _LINEAR[name]
                inner = self.of(e.args[k])
                return None if inner is None else replaced(e, k, inner)
            case ast.Name(id="over"):
                return self.binary(e, e.args[0], ast.Div(), e.args[1])
            case ast.Name(id="log_nonzero"):
                return made("dx / x if x != 0 else 0.0", x=e.args[0], dx=self.or_zero(e.args[0]))
            case ast.Name(id="float"):
                return self.of(e.args[0])
            case ast.Name(id="abs"):
                return self.ruled(e, np.abs, e.args, named)
            case ast.Name(id="max" | "min" as name) if len(e.args) == 2:
                return self.ruled(e, np.maximum if name == "max" else np.minimum, e.args, named)
        raise Untranslatable(f"the second derivative of {ast.unparse(e.func)}()", e)

    def of_library(self, e: ast.Call, home: str, name: str, named: dict[str, ast.expr]) -> ast.expr | None:
        if name == "where" and len(e.args) == 3:
            return ast.Call(e.func, [e.args[0], *[self.of(a) or ast.Constant(0.0) for a in e.args[1:]]], [])
        if name in _LINEAR_FUNCTIONS and e.args and not any(self.moves(a) for a in e.args[1:]):
            inner = self.of(e.args[0])
            return None if inner is None else replaced(e, 0, inner)
        if name in ("full", "full_like") and len(e.args) == 2:
            return replaced(e, 1, self.or_zero(e.args[1]))
        function = getattr(math if home == "math" else np, name, None)
        return self.ruled(e, function, e.args, named)

    def ruled(self, e: ast.expr, function: Any, args: list[ast.expr], named: dict[str, ast.expr]) -> ast.expr | None:
        """The tangent of a call by the rule of its function."""
        rule = table.lookup(function)
        if rule is None:
            raise Untranslatable(f"the second derivative of `{ast.unparse(e)}`", e)
        bound = rule.signature.bind(*args, **named).arguments
        total = None
        for p, operand in bound.items():
            if not isinstance(operand, ast.expr) or not self.moves(operand):
                continue
            if p not in rule.jvp:
                raise Untranslatable(f"the derivative of {rule.name} by {p}", e)
            dot = self.of(operand)
            if dot is None or not rule.jvp[p]:
                continue
            if rule.shape == "linear" and isinstance(e, ast.Call) and operand in e.args:
                term = replaced(e, e.args.index(operand), dot)
            else:
                term = self.instance(e, rule, p, dot, bound)
            total = plus(total, term)
        return total

    def instance(self, e: ast.expr, rule: table.Rule, p: str, dot: ast.expr, bound: Mapping[str, Any]) -> ast.expr:
        """The text of a rule with the operands in the places of its parameters."""
        parts: dict[str, ast.expr] = {"y": ast.Name(self.result, ast.Load()) if self.result else e, f"{p}_dot": dot}
        for name, parameter in rule.signature.parameters.items():
            if name in bound:
                parts[name] = bound[name]
            elif parameter.default is not inspect.Parameter.empty:
                default = None if parameter.default is np._NoValue else parameter.default
                parts[name] = ast.Constant(default)
        text = ast.parse(rule.jvp[p], mode="eval").body
        known = {*parts, "np", "math", "abs", "float", *library.names()}
        if any(isinstance(node, ast.Name) and node.id not in known for node in ast.walk(text)):
            raise Untranslatable(f"the second derivative of {rule.name}", e)
        return substituted(text, parts)


def zero(e: ast.expr, kind: Kind) -> ast.expr:
    """A tangent of zero for a value of a kind."""
    if kind.is_number or not is_smooth(kind):
        return ast.Constant(0.0 if kind.form in ("float", "scalar") else 0)
    if kind.is_array:
        return made("np.zeros(e.shape)", e=e)
    if kind.form == "tuple":
        items = [zero(ast.Subscript(e, ast.Constant(k), ast.Load()), item) for k, item in enumerate(kind.items)]
        return ast.Tuple(items, ast.Load())
    raise Untranslatable(f"the second derivative of `{ast.unparse(e)}`", e)


def plus(a: ast.expr | None, b: ast.expr | None, op: ast.operator | None = None) -> ast.expr | None:
    """A sum, or with `op` a difference, of tangents either of which may be zero."""
    if a is None or b is None:
        return a if b is None else ast.UnaryOp(ast.USub(), b) if isinstance(op, ast.Sub) else b
    return ast.BinOp(a, op or ast.Add(), b)


def replaced(e: ast.Call, k: int, argument: ast.expr) -> ast.expr:
    """A call with another argument."""
    return ast.Call(e.func, [*e.args[:k], argument, *e.args[k + 1 :]], e.keywords)


def made(text: str, **parts: ast.expr | None) -> ast.expr:
    """An expression with others in the places of names."""
    return substituted(ast.parse(text, mode="eval").body, {k: v for k, v in parts.items() if v is not None})


def substituted(text: ast.expr, parts: Mapping[str, ast.expr]) -> ast.expr:
    """An expression with others in the places of names."""

    class Names(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return copy.deepcopy(parts[node.id]) if node.id in parts else node

    found: ast.expr = Names().visit(text)
    return found
