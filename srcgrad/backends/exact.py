"""Whole numbers that may outgrow 64 bits: Python's have no largest one, numba's begin again from below.

    fact = fact * i        ->    fact = times(fact, i)       raises OverflowError, and the plain form is run
    s += x / (k * k * k)   ->    s += x / times(k * k, k)

How many bits a number may need is followed through the function: lengths and the numbers of loops need few, what
is counted up needs no more than a loop can run, and what is computed from itself may need any number. Arguments are
compared once. Indices are left alone: one beyond 64 bits would be out of any bounds.
"""

from __future__ import annotations

import ast
from typing import Any

from srcgrad.backends.kind import INT
from srcgrad.backends.kinds import Kinds, Module
from srcgrad.backends.ranges import expression

_ALL = 63  # bits of a number of 64 bits without its sign
_FEW = 31  # of an argument, and of how often a loop runs
_LENGTH = 40
_ELEMENT = 62  # of an array, which NumPy keeps in 64 bits too
_CALLS: dict[type[ast.operator], str] = {ast.Add: "added", ast.Sub: "less", ast.Mult: "times", ast.LShift: "raised"}


def exact(tree: ast.Module, module: Module) -> None:
    """Rewrite the functions of a module in place."""
    for s in tree.body:
        if isinstance(s, ast.FunctionDef) and (kinds := module.kinds(s.name)) is not None:
            compared = _Compared(kinds, _Widths(s, kinds))
            compared.visit(s)
            if compared.products:
                given = [a.arg for a in s.args.args if kinds.names.get(a.arg) == INT]
                tests = " or ".join(f"abs({name}) >= {2**_FEW}" for name in given)
                s.body[:0] = ast.parse(f"if {tests}:\n    raise Unfit").body if given else []
                ast.fix_missing_locations(s)


class _Widths:
    """How many bits the whole numbers of a function may need."""

    def __init__(self, function: ast.FunctionDef, kinds: Kinds) -> None:
        self.kinds = kinds
        self.names = {a.arg: _FEW for a in function.args.args}
        for passed in range(8):
            before = dict(self.names)
            for s in ast.walk(function):
                self.statement(s)
            grown = [name for name, bits in self.names.items() if bits != before.get(name)]
            if not grown:
                return
            if passed > 3:
                # Computed from itself.
                self.names |= dict.fromkeys(grown, _ALL)

    def statement(self, s: ast.AST) -> None:
        match s:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self.bind(target, value)
            case ast.AugAssign(target=ast.Name(id=name) as target, op=op, value=value):
                self.bind(target, ast.BinOp(ast.Name(name, ast.Load()), op, value))
            case ast.For(target=target, iter=ast.Call(func=ast.Name(id="range"), args=args)):
                self.widen(target, max(map(self.of, args), default=_ALL) + 1)
            case ast.For(target=target):
                self.widen(target, _ELEMENT)

    def bind(self, target: ast.expr, value: ast.expr) -> None:
        match target, value:
            case ast.Tuple(elts=parts), ast.Tuple(elts=values) if len(parts) == len(values):
                for part, one in zip(parts, values, strict=True):
                    self.bind(part, one)
            case ast.Name(id=name), ast.BinOp(left=ast.Name(id=old), op=ast.Add() | ast.Sub(), right=by) if old == name:
                # Counted up or down, once in every trip.
                bits = self.of(by)
                self.widen(target, bits + _FEW if bits <= _FEW else _ALL)
            case _:
                self.widen(target, self.of(value))

    def widen(self, target: ast.expr, bits: int) -> None:
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.names[node.id] = max(self.names.get(node.id, 0), min(bits, _ALL))

    def of(self, e: ast.expr) -> int:
        """The bits of an expression's value, where none of its own operations is beyond them."""
        return min(self.unbounded(e), _ALL)

    def unbounded(self, e: ast.expr) -> int:
        """The bits that an operation may need of its operands."""
        match e:
            case ast.Constant(value=int() as value):
                return value.bit_length()
            case ast.Name(id=name):
                return self.names.get(name, 0)
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
                return 1
            case ast.UnaryOp(operand=operand):
                return self.of(operand)
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
                return max(self.of(left), self.of(right)) + 1
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return self.of(left) + self.of(right)
            case ast.BinOp(op=ast.LShift()):
                return _ALL + 1
            case ast.BinOp(left=left, op=ast.FloorDiv() | ast.RShift()):
                return self.of(left)
            case ast.BinOp(op=ast.Mod(), right=right):
                return self.of(right)
            case ast.IfExp(body=body, orelse=orelse):
                return max(self.of(body), self.of(orelse))
            case ast.Subscript(value=ast.Attribute(attr="shape")) | ast.Call(func=ast.Name(id="len")):
                return _LENGTH
            case ast.Call(func=ast.Name(id="max" | "min" | "abs"), args=args):
                return max(map(self.of, args), default=_ALL)
            case ast.Subscript(value=value) if self.kinds.of(value).is_array:
                return _ELEMENT
            case ast.Call(func=ast.Attribute(attr="pop")):
                return _ELEMENT
        return _ALL


class _Compared(ast.NodeTransformer):
    """Operations whose result may need more bits than there are, as calls that compare."""

    def __init__(self, kinds: Kinds, widths: _Widths) -> None:
        self.kinds = kinds
        self.widths = widths
        self.products = False  # whether arguments are multiplied, which are taken to be small

    def visit_If(self, node: ast.If) -> Any:
        match node.body:
            case [ast.Raise(exc=ast.Name(id="IndexError"))]:
                return node  # an index
        return self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.Subscript:
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        name = self.called(node)
        self.generic_visit(node)
        return ast.copy_location(expression_of(name, node.left, node.right), node) if name else node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        if isinstance(node.target, ast.Name):
            target = ast.Name(node.target.id, ast.Load())
            name = self.called(ast.BinOp(target, node.op, node.value))
            self.generic_visit(node)
            if name:
                made = ast.Assign([node.target], expression_of(name, target, node.value))
                return ast.fix_missing_locations(ast.copy_location(made, node))
            return node
        self.generic_visit(node)
        return node

    def called(self, e: ast.BinOp) -> str | None:
        """What an operation is to be, or None where it stays."""
        name = _CALLS.get(type(e.op))
        if name is None or self.kinds.of(e) != INT:
            return None
        self.products |= isinstance(e.op, (ast.Mult, ast.LShift)) and not any(
            isinstance(side, ast.Constant) for side in (e.left, e.right)
        )
        return name if self.widths.unbounded(e) > _ALL else None


def expression_of(name: str, left: ast.expr, right: ast.expr) -> ast.expr:
    """The call of a function of two operands."""
    call = expression(f"{name}(a, b)")
    assert isinstance(call, ast.Call)
    call.args = [left, right]
    return call
