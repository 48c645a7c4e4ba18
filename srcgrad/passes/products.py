"""Quotients, powers and matrix products: what their operands receive.

q = a / b       the cotangent of q divided by b goes to a, and times -q to b
c = A @ B       A receives c_bar @ B.T, B receives A.T @ c_bar
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.passes import algebra, kinds, results
from srcgrad.passes.algebra import call, div, matmul, mul, neg, number, transposed
from srcgrad.passes.cotangent import Cotangent, Pushing, cost
from srcgrad.passes.kinds import stretches
from srcgrad.passes.resolve import callee
from srcgrad.passes.switches import on
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Attribute, Binary, Const, Expr, NotStatic


class Products(Pushing):
    """The part of `Adjoint` that knows quotients, powers and matrix products."""

    def is_at_hand(self, e: Binary) -> bool:
        """Whether the quotient has been kept and is cheaper to read than its dividend."""
        return e is self.top and (self.stored is not None or (self.result is not None and cost(e.left) > 0))

    def quotient(self, e: Binary, c: Cotangent) -> None:
        """Both operands of a quotient: the cotangent is divided once."""
        left, right = e.left, e.right
        divisor = self.value(right)
        divided = div(c.expr, divisor)
        full = c.full or not stretches(self.kind(divided), self.view.kind(e))
        shared = self.named(Cotangent(divided, full), e)
        self.elementwise(e, left, shared, lambda b: b)
        if self.is_at_hand(e):
            y = self.result_of(e)
            self.elementwise(e, right, shared, lambda b: neg(mul(b, y)))
        else:
            above = self.value(left)
            self.elementwise(e, right, shared, lambda b: neg(div(mul(b, above), divisor)))

    def below(self, e: Binary) -> Callable[[Expr], Expr]:
        """What a quotient sends to its divisor; by the quotient itself where that is at hand."""
        left, right = e.left, e.right
        if e is self.top and (self.result or self.stored) and algebra.is_number(left) and cost(right) > 0:
            y = self.result_of(e)
            return lambda b: neg(div(mul(mul(b, y), y), left))
        divisor = self.value(right)
        if self.is_at_hand(e):
            y = self.result_of(e)
            return lambda b: neg(div(mul(b, y), divisor))
        above = self.value(left)
        square = Binary("*", divisor, divisor) if cost(divisor) == 0 else Binary("**", divisor, Const(2, "2"))
        return lambda b: neg(div(mul(b, above), square))

    def sigmoid(self, e: Binary, c: Cotangent) -> bool:
        """`y = 1 / (1 + np.exp(-x))`, whose derivative is y * (1 - y)."""
        below = e.right
        if not (algebra.is_number(e.left, 1) and isinstance(below, Binary) and below.op == "+" and on("sigmoids")):
            return False
        one, power = (below.left, below.right) if algebra.is_number(below.left, 1) else (below.right, below.left)
        if not (algebra.is_number(one, 1) and isinstance(power, ir.Call) and self.view.kind(e).is_real):
            return False
        function, args = callee(power, self.view.scope, self.view.kind)
        if function not in (np.exp, math.exp) or len(args) != 1 or self.guards(e, power):
            return False
        y = self.result_of(e)
        slope = mul(y, Binary("-", number(1), y))
        self.push(args[0].value, Cotangent(neg(mul(c.expr, slope)), True))
        return True

    def power(self, e: Binary, exponent: Any, c: Cotangent) -> None:
        n = exponent.value
        if type(n) not in (int, float):
            raise NotStatic("a power with such an exponent", e.span)
        base = self.value(e.left)
        if n == 0:
            return
        if n == 1:
            partial: Expr = number(1)
        elif n == 2:
            partial = mul(number(2), base)
        elif 0 < n < 1 or (isinstance(n, float) and n < 0):
            # Python raises for a negative power of 0.0, where NumPy gives the infinite derivative.
            power = Attribute(self.module.reference(np), "power")
            partial = mul(number(n), call(power, base, algebra.number(n - 1)))
        else:
            partial = mul(number(n), Binary("**", base, algebra.number(n - 1)))
        self.elementwise(e, e.left, c, lambda b: mul(b, partial))

    def dot(self, e: ir.Call, args: tuple[ir.Argument, ...], c: Cotangent) -> bool:
        if len(args) != 2 or any(a.keyword or a.star for a in args):
            return False
        left, right = args[0].value, args[1].value
        if results.product_kind(self.view.kind(left), self.view.kind(right)) == kinds.OBJECT:
            return False
        self.product(e, left, right, c)
        return True

    def product(self, e: Expr, left: Expr, right: Expr, c: Cotangent) -> None:
        """The matrix product for each pair of ranks."""
        c = self.named(self.filled(e, c), e)
        ranks = (self.view.kind(left).rank, self.view.kind(right).rank)
        outer = Attribute(self.module.reference(np), "outer")
        if self.view.active(left):
            b = self.value(right)
            match ranks:
                case 1, 1:
                    term: Expr = mul(c.expr, b)
                case 2, 1:
                    term = call(outer, c.expr, b)
                case 1, 2:
                    term = matmul(b, c.expr)
                case _, 2:
                    term = matmul(c.expr, transposed(b))
                case _:
                    raise NotStatic("a product of arrays of unknown rank", e.span)
            self.push(left, Cotangent(term, True))
        if self.view.active(right):
            a = self.value(left)
            match ranks:
                case 1, 1:
                    term = mul(c.expr, a)
                case 2, 1 | 2:
                    term = matmul(transposed(a), c.expr)
                case 1, 2:
                    term = call(outer, a, c.expr)
                case int(rank), 2:
                    # All matrices of the stack are multiplied by the same one.
                    axes = ir.Sequence("tuple", tuple(number(k) for k in range(rank - 1)))
                    tensordot = Attribute(self.module.reference(np), "tensordot")
                    term = call(tensordot, a, c.expr, ir.Sequence("tuple", (axes, axes)))
                case _:
                    raise NotStatic("a product of arrays of unknown rank", e.span)
            self.push(right, Cotangent(term, True))

    def outer(self, e: ir.Call, args: tuple[ir.Argument, ...], c: Cotangent) -> bool:
        """The outer product of two vectors."""
        if len(args) != 2 or any(a.keyword or self.view.kind(a.value).rank != 1 for a in args):
            return False
        c = self.named(self.filled(e, c), e)
        left, right = args[0].value, args[1].value
        if self.view.active(left):
            self.push(left, Cotangent(matmul(c.expr, self.value(right)), True))
        if self.view.active(right):
            self.push(right, Cotangent(matmul(self.value(left), c.expr), True))
        return True
