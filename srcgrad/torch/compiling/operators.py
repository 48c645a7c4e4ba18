"""Operators and comparisons.

What enters: two operands. What leaves: the result. Between tensors it is an operation of the facade; with a number of run
time it is an expression of the program; else Python's own.
"""

from __future__ import annotations

import ast
import operator
from typing import Any

import numpy as np

from srcgrad.torch.compiling.calls import Calls
from srcgrad.torch.compiling.known import comparable, settled
from srcgrad.torch.compiling.program import Number, Unavailable
from srcgrad.torch.compiling.structures import flat
from srcgrad.torch.tensor import Tensor

BINARY: dict[type, tuple[str, Any, str]] = {
    ast.Add: ("+", operator.add, "add"),
    ast.Sub: ("-", operator.sub, "sub"),
    ast.Mult: ("*", operator.mul, "mul"),
    ast.Div: ("/", operator.truediv, "div"),
    ast.FloorDiv: ("//", operator.floordiv, "floor_divide"),
    ast.Mod: ("%", operator.mod, "remainder"),
    ast.Pow: ("**", operator.pow, "pow"),
    ast.MatMult: ("@", operator.matmul, "matmul"),
    ast.BitAnd: ("&", operator.and_, "bitwise_and"),
    ast.BitOr: ("|", operator.or_, "bitwise_or"),
    ast.BitXor: ("^", operator.xor, "bitwise_xor"),
    ast.LShift: ("<<", operator.lshift, "shifted"),
    ast.RShift: (">>", operator.rshift, "shifted"),
}
UNARY: dict[type, tuple[str, Any, str]] = {
    ast.USub: ("-", operator.neg, "neg"),
    ast.UAdd: ("+", operator.pos, "positive"),
    ast.Invert: ("~", operator.invert, "bitwise_not"),
}
COMPARED: dict[type, tuple[str, Any, str]] = {
    ast.Lt: ("<", operator.lt, "lt"),
    ast.LtE: ("<=", operator.le, "le"),
    ast.Gt: (">", operator.gt, "gt"),
    ast.GtE: (">=", operator.ge, "ge"),
    ast.Eq: ("==", operator.eq, "eq"),
    ast.NotEq: ("!=", operator.ne, "ne"),
}


class Operators(Calls):
    """What stands between operands."""

    def on_BinOp(self, e: ast.BinOp) -> Any:
        return self.binary(type(e.op), self.eval(e.left), self.eval(e.right), e)

    def binary(self, kind: type, one: Any, other: Any, e: ast.AST) -> Any:
        """one ∘ other."""
        symbol, function, name = BINARY[kind]
        if isinstance(one, Tensor) or isinstance(other, Tensor):
            number = next((x for x in (one, other) if isinstance(x, Number)), None)
            if number is not None:
                return self.with_number(symbol, function, name, one, other, e)
            return self.operation(function, name, (one, other), {}, e)
        if isinstance(one, Number) or isinstance(other, Number):
            return self.of_numbers(symbol, function, one, other)
        self.plain(one, e)
        self.plain(other, e)
        if isinstance(one, str) and not settled(other):
            raise self.refuse("a text of an object", e)
        made = function(one, other)
        return self.local(made) if type(made) is list else made

    def with_number(self, symbol: str, function: Any, name: str, one: Any, other: Any, e: ast.AST) -> Any:
        """A tensor and a number of run time: NumPy promotes them as PyTorch does where the tensor holds floats."""
        tensor, number = (one, other) if isinstance(one, Tensor) else (other, one)
        if tensor._a.dtype.kind != "f" or symbol not in {"+", "-", "*", "/"} or number.sample.__class__ is bool:
            raise Unavailable("a number that depends on the data")
        array = np.array(number.sample, tensor._a.dtype)
        value = self.samples.fresh("scalar", array, False)
        self.let(value, number.text, number.reads)
        shown = self.samples.enter(value, array)
        return self.operation(function, name, (one, shown) if tensor is one else (shown, other), {}, e)

    def of_numbers(self, symbol: str, function: Any, one: Any, other: Any) -> Any:
        """Two numbers, one of them known at run time only."""
        reads = [v for x in (one, other) if isinstance(x, Number) for v in x.reads]
        texts = [x.text if isinstance(x, Number) else self.samples.literal(x) for x in (one, other)]
        samples = [x.sample if isinstance(x, Number) else x for x in (one, other)]
        try:
            made = function(*samples)
        except ZeroDivisionError:
            raise self.refuse("a division of numbers of the data by zero") from None
        wanted = "test" if isinstance(made, bool) else "number"
        return self.number(f"{texts[0]} {symbol} {texts[1]}", made, reads, wanted)

    def on_UnaryOp(self, e: ast.UnaryOp) -> Any:
        if isinstance(e.op, ast.Not):
            found = self.test(e.operand)
            return self.number(f"not {found.text}", not found.sample, found.reads, "test") if isinstance(
                found, Number) else not found  # fmt: skip
        operand = self.eval(e.operand)
        symbol, function, name = UNARY[type(e.op)]
        if isinstance(operand, Tensor):
            return self.operation(function, name, (operand,), {}, e)
        if isinstance(operand, Number):
            return self.number(f"{symbol}{operand.text}", function(operand.sample), operand.reads)
        self.plain(operand, e)
        return function(operand)

    def on_Compare(self, e: ast.Compare) -> Any:
        left = self.eval(e.left)
        results: list[Any] = []
        for op, right_expression in zip(e.ops, e.comparators, strict=True):
            right = self.unconditionally(right_expression) if results else self.eval(right_expression)
            results.append(self.compared(op, left, right, e))
            left = right
        found = results[0]
        for other in results[1:]:
            found = self.both(found, other, e)
        return found

    def compared(self, op: ast.cmpop, one: Any, other: Any, e: ast.AST) -> Any:
        """One comparison."""
        if isinstance(op, (ast.Is, ast.IsNot)):
            if one is not other and isinstance(one, Tensor) and isinstance(other, Tensor):
                self.distinct(one, other, e)
            return (one is other) == isinstance(op, ast.Is)
        if isinstance(op, (ast.In, ast.NotIn)):
            self.concrete((one, other))
            if any(isinstance(v, Tensor) for v in flat((one, list(other)))):
                raise self.refuse("in, among tensors", e)
            if not comparable(one) or not (settled(other) or comparable(list(other))):
                raise self.refuse("in, among objects", e)
            return (one in other) == isinstance(op, ast.In)
        symbol, function, name = COMPARED[type(op)]
        if isinstance(one, Tensor) or isinstance(other, Tensor):
            return self.comparison(symbol, function, name, one, other, e)
        if isinstance(one, Number) or isinstance(other, Number):
            return self.of_numbers(symbol, function, one, other)
        if any(isinstance(v, Tensor) for v in flat((one, other))):
            raise self.refuse("a comparison of containers with tensors", e)
        if not comparable(one) or not comparable(other):
            raise self.refuse(f"a comparison of a {type(one).__name__} and a {type(other).__name__}", e)
        return function(one, other)

    def distinct(self, one: Tensor, other: Tensor, e: ast.AST) -> None:
        """Refuse to say that two tensors are not the same one where no guard sees that they have become so."""
        gets = {id(s): get for (_, s), (_, get) in zip(
            self.state.outside.values(), self.state.inputs, strict=True)}  # fmt: skip
        if id(one) in gets and id(other) in gets and not (
            isinstance(gets[id(one)], int) and isinstance(gets[id(other)], int)
        ):  # fmt: skip
            raise self.refuse("a question whether two tensors from outside are the same", e)

    def comparison(self, symbol: str, function: Any, name: str, one: Any, other: Any, e: ast.AST) -> Any:
        """A comparison of tensors: NumPy's where it says the same, else the operation."""
        if any(isinstance(x, Number) for x in (one, other)):
            raise Unavailable("a number that depends on the data")
        dtypes = {x._a.dtype for x in (one, other) if isinstance(x, Tensor)}
        exact = [x for x in (one, other) if not isinstance(x, Tensor)]
        dtype = next(iter(dtypes))
        if len(dtypes) > 1 or not all(_exact(x, dtype) for x in exact):
            return self.operation(function, name, (one, other), {}, e)
        array = np.asarray(function(*(x._a if isinstance(x, Tensor) else x for x in (one, other))))
        reads = tuple(self.samples.value_of(x) for x in (one, other) if isinstance(x, Tensor))
        texts = [self.samples.value_of(x).name if isinstance(x, Tensor) else repr(x) for x in (one, other)]
        value = self.samples.fresh(name, array, False)
        self.let(value, f"{texts[0]} {symbol} {texts[1]}", reads)
        return self.samples.enter(value, array)

    def both(self, one: Any, other: Any, e: ast.AST) -> Any:
        """one and other, of a chain of comparisons."""
        one, other = self.truth(one), self.truth(other)
        if isinstance(one, bool) and isinstance(other, bool):
            return one and other
        del e
        return self.of_numbers("and", lambda a, b: bool(a and b), one, other)

    def test(self, e: ast.expr) -> bool | Number:
        """Whether an expression counts as true."""
        return self.truth(self.junction(e, of_truth=True) if isinstance(e, ast.BoolOp) else self.eval(e))

    def on_BoolOp(self, e: ast.BoolOp) -> Any:
        return self.junction(e, of_truth=False)

    def unconditionally(self, e: ast.expr) -> Any:
        """The value of an expression that Python evaluates on some ways only: it must leave nothing behind."""
        before = self.mark()
        found = self.test(e) if isinstance(e, ast.BoolOp) else self.eval(e)
        if self.changed(before) or any(
            f.names.keys() != names.keys() or any(f.names[n] is not v for n, v in names.items())
            for f, names in before.frames
        ):
            raise self.refuse("a part of a test that binds names or writes", e)
        return found

    def junction(self, e: ast.BoolOp, *, of_truth: bool) -> Any:
        """`and`, `or`: the operand that decides, or with `of_truth` whether it counts as true."""
        found = self.eval(e.values[0])
        conjunction = isinstance(e.op, ast.And)
        for part in e.values[1:]:
            test = self.truth(found)
            if not isinstance(test, Number):
                if test is not conjunction:
                    return found
                found = self.eval(part)
                continue
            if not of_truth and not _is_truth(found):
                raise self.refuse("and, or of values that the data decide between", e)
            found = self.unconditionally(part)
            if not of_truth and not _is_truth(found):
                raise self.refuse("and, or of values that the data decide between", e)
            rest = self.truth(found)
            word = "and" if conjunction else "or"
            found = self.of_numbers(word, operator.and_ if conjunction else operator.or_, test, rest)
        return found

    def on_IfExp(self, e: ast.IfExp) -> Any:
        test = self.test(e.test)
        if not isinstance(test, Number):
            return self.eval(e.body if test else e.orelse)
        return self.chosen(test, e)

    def chosen(self, test: Number, e: ast.IfExp) -> Any:
        """One of two expressions, as the data decide."""
        name = "chosen of both"

        def way(part: ast.expr) -> Any:
            def run() -> None:
                self.frame.names[name] = self.eval(part)

            return run

        self.branched(test, [way(e.body), way(e.orelse)])
        found = self.look_up(name, e)
        del self.frame.names[name]
        return found


def _is_truth(thing: Any) -> bool:
    return isinstance(thing.sample if isinstance(thing, Number) else thing, bool)


def _exact(x: Any, dtype: Any) -> bool:
    """Whether a number is the same in a dtype."""
    if isinstance(x, bool) or not isinstance(x, (int, float)):
        return False
    if dtype.kind == "f":
        return bool(float(dtype.type(x)) == x)
    return dtype.kind in "iu" and isinstance(x, int) and abs(x) < 128
