"""Expressions of Python's syntax tree to those of the intermediate representation."""

from __future__ import annotations

import ast
import functools
from typing import Any

from srcgrad.syntax import ir
from srcgrad.syntax.ir import NotStatic, Span
from srcgrad.syntax.written import Written

OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.USub: "-",
    ast.UAdd: "+",
    ast.Not: "not",
    ast.Invert: "~",
    ast.Lt: "<",
    ast.Gt: ">",
    ast.LtE: "<=",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.And: "and",
    ast.Or: "or",
}
_BINDS_OR_SUSPENDS = (ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Await, ast.Lambda, ast.GeneratorExp)


class Expressions:
    """Lowers expressions; `written` is where they stand."""

    def __init__(self, written: Written) -> None:
        self.written = written

    def span(self, node: Any) -> Span:
        return self.written.span(node)

    def text(self, node: Any) -> str:
        return self.written.text(node)

    def is_one_string(self, node: ast.Constant) -> bool:
        return self.written.is_one_string(node)

    def expression(self, node: ast.expr) -> ir.Expr:
        span = self.span(node)
        match node:
            case ast.Name():
                return ir.Name(node.id, span=span)
            case ast.Constant():
                return self._constant(node, span)
            case ast.BinOp():
                left, right = self.expression(node.left), self.expression(node.right)
                return ir.Binary(OPERATORS[type(node.op)], left, right, span=span)
            case ast.UnaryOp():
                return ir.Unary(OPERATORS[type(node.op)], self.expression(node.operand), span=span)
            case ast.BoolOp():
                return self._bool_op(node)
            case ast.Compare():
                ops = tuple([OPERATORS[type(op)] for op in node.ops])
                rest = tuple([self.expression(c) for c in node.comparators])
                return ir.Compare(self.expression(node.left), ops, rest, span=span)
            case ast.IfExp():
                parts = [self.expression(p) for p in (node.test, node.body, node.orelse)]
                return ir.IfExp(*parts, span=span)
            case ast.Attribute():
                return ir.Attribute(self.expression(node.value), node.attr, span=span)
            case ast.Call():
                return ir.Call(self.expression(node.func), self._arguments(node), span=span)
            case ast.Subscript():
                return ir.Subscript(self.expression(node.value), self._index(node.slice), span=span)
            case ast.Tuple() | ast.List() if not any(isinstance(e, ast.Starred) for e in node.elts):
                form = "tuple" if isinstance(node, ast.Tuple) else "list"
                return ir.Sequence(form, tuple([self.expression(e) for e in node.elts]), span=span)
            case _:
                return self.opaque(node, span)

    def opaque(self, node: ast.AST, span: Span) -> ir.Opaque:
        check_opaque(node, span)
        return ir.Opaque(f"({self.text(node)})", reads(node), span=span)

    def _constant(self, node: ast.Constant, span: Span) -> ir.Expr:
        value = node.value
        if value is None or value is ... or isinstance(value, bool):
            return ir.Const(value, "..." if value is ... else repr(value), span=span)
        if isinstance(value, complex) or (isinstance(value, (str, bytes)) and not self.is_one_string(node)):
            return self.opaque(node, span)
        return ir.Const(value, self.text(node), span=span)

    def _bool_op(self, node: ast.BoolOp) -> ir.Expr:
        """`a and b and c` as `(a and b) and c`."""
        op = OPERATORS[type(node.op)]
        found = self.expression(node.values[0])
        for value in node.values[1:]:
            right = self.expression(value)
            span = Span(found.span.line, found.span.column, right.span.end_line, right.span.end_column)
            found = ir.BoolOp(op, found, right, span=span)
        return found

    def _arguments(self, node: ast.Call) -> tuple[ir.Argument, ...]:
        """The arguments in the order in which they are written."""
        found: list[tuple[tuple[int, int], ir.Argument]] = []
        for a in node.args:
            star = "*" if isinstance(a, ast.Starred) else ""
            value = self.expression(a.value if isinstance(a, ast.Starred) else a)
            found.append(((a.lineno, a.col_offset), ir.Argument(value, None, star)))
        for k in node.keywords:
            argument = ir.Argument(self.expression(k.value), k.arg, "" if k.arg else "**")
            found.append(((k.lineno, k.col_offset), argument))
        if node.keywords:
            found.sort(key=lambda pair: pair[0])
        return tuple([argument for _, argument in found])

    def _index(self, node: ast.expr) -> ir.Expr:
        if isinstance(node, ast.Tuple):
            return ir.Sequence("tuple", tuple([self._index_part(e) for e in node.elts]), span=self.span(node))
        return self._index_part(node)

    def _index_part(self, node: ast.expr) -> ir.Expr:
        if isinstance(node, ast.Starred):
            raise NotStatic("a starred index", self.span(node))
        if isinstance(node, ast.Slice):
            parts = [None if p is None else self.expression(p) for p in (node.lower, node.upper, node.step)]
            return ir.Slice(*parts, span=self.span(node))
        return self.expression(node)


def reads(node: ast.AST) -> frozenset[str]:
    """Every variable that is mentioned."""
    return frozenset(found.id for found in ast.walk(node) if isinstance(found, ast.Name))


def check_opaque(node: ast.AST, span: Span) -> None:
    """What is kept as text may bind nothing that is seen elsewhere, and must end."""
    for found in ast.walk(node):
        items = found.elts if isinstance(found, (ast.List, ast.Tuple, ast.Set)) else []
        if isinstance(found, _BINDS_OR_SUSPENDS) or any(isinstance(e, ast.Starred) for e in items):
            raise NotStatic(f"an expression of the form {type(node).__name__}", span)


class _Loose(Expressions):
    """Lowers an expression that has no place in a file."""

    def __init__(self, source: str) -> None:
        self.source = source

    def span(self, node: Any) -> Span:  # noqa: ARG002 - the signature of what it replaces
        return ir.NOWHERE

    def text(self, node: Any) -> str:
        return ast.get_source_segment(self.source, node) or ""

    def is_one_string(self, node: ast.Constant) -> bool:  # noqa: ARG002 - the signature of what it replaces
        return True


@functools.cache
def expression_of(text: str) -> ir.Expr:
    """The expression that a text stands for.

    >>> expression_of("y_bar * np.cos(x)").op
    '*'
    """
    return _Loose(text).expression(ast.parse(text, mode="eval").body)
