"""The tangent of an expression, from the same rules as its cotangents.

y * np.sin(x)     ->     y_dot * np.sin(x) + y * x_dot * np.cos(x)
"""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from srcgrad.passes import algebra, results
from srcgrad.passes.adjoint import Adjoint, _literal
from srcgrad.passes.algebra import add, call, div, mul, neg, number
from srcgrad.passes.cotangent import cost
from srcgrad.passes.resolve import UNRESOLVED, bind, callee
from srcgrad.passes.selection import unguarded
from srcgrad.rules import support, table
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Attribute, Binary, Const, Expr, Name, NotStatic, Subscript
from srcgrad.syntax.lower import expression_of


class Tangent(Adjoint):
    """Builds the tangent of one statement's right side; None stands for zero."""

    dots: dict[str, str]

    def of(self, e: Expr) -> Expr | None:
        """The tangent, whose shape may broadcast to the value's."""
        if not self.view.active(e):
            return None
        if not self.view.kind(e).is_real:
            raise NotStatic("a value of an unknown kind is differentiated", e.span)
        match e:
            case Name():
                return Name(self.dots[e.id])
            case ir.Unary(op="-"):
                inner = self.of(e.operand)
                return None if inner is None else neg(inner)
            case ir.Unary(op="+"):
                return self.of(e.operand)
            case Binary():
                return self.of_binary(e)
            case Subscript():
                return self.full(e.value, lambda dot: Subscript(dot, e.index))
            case Attribute(name="T"):
                return self.full(e.value, lambda dot: Attribute(dot, "T"))
            case ir.Call():
                return self.of_call(e)
            case _:
                raise NotStatic(f"a {type(e).__name__} of active values", e.span)

    def full(self, e: Expr, then: Callable[[Expr], Expr]) -> Expr | None:
        """A tangent that must have the shape of its value, as that of a variable has."""
        dot = self.of(e)
        return None if dot is None else then(self.fitted(e, dot))

    def fitted(self, e: Expr, dot: Expr) -> Expr:
        """The tangent with the shape of the value of e."""
        from srcgrad.passes.kinds import stretches

        kind = self.view.kind(e)
        if kind.is_scalar or self.is_full(e):
            return dot
        env = {d: v for v, d in self.dots.items()}
        for name, variable in env.items():
            if variable in self.view.env:
                self.bars.setdefault(name, self.view.env[variable].kind)
        if not stretches(self.kind(dot), kind):
            return dot
        np_ = self.module.reference(np)
        like = self.result_of(e) if e is self.top else self.shaped_like(e)
        return call(Attribute(np_, "broadcast_to"), dot, call(Attribute(np_, "shape"), like))

    def is_full(self, e: Expr) -> bool:
        """Whether the tangent that `of` builds is known to have the shape of the value."""
        match e:
            case Name() | Subscript() | Attribute() | Binary(op="@"):
                return True
            case ir.Unary():
                return self.is_full(e.operand)
            case Binary(op="**" | "%"):
                return self.is_full(e.left) and not self.view.active(e.right)
            case Binary():
                active = [side for side in (e.left, e.right) if self.view.active(side)]
                if not all(self.is_full(side) for side in active):
                    return False
                if e.op in "*/" or len(active) == 2:
                    return True
                other = e.right if active[0] is e.left else e.left
                return self.view.kind(other).is_scalar
            case ir.Call(args=(ir.Argument(value=operand),)):
                function, _ = callee(e, self.view.scope, self.view.kind)
                return not isinstance(function, np.ufunc) or self.is_full(operand)
            case _:
                return False

    def of_binary(self, e: Binary) -> Expr | None:
        left, right = e.left, e.right
        first: Expr | None
        second: Expr | None
        match e.op:
            case "**" if isinstance(_literal(right), Const):
                return self.of_power(e, _literal(right))
            case "@":
                a, b = self.full(left, lambda d: d), self.full(right, lambda d: d)
                first = None if a is None else Binary("@", a, self.value(right))
                second = None if b is None else Binary("@", self.value(left), b)
                return plus(first, second)
        if e.op not in "+-*/":
            operands = (ir.Argument(left), ir.Argument(right))
            function = {"%": np.remainder, "**": np.power}.get(e.op)
            if function is None:
                raise NotStatic(f"the operator {e.op} on active values", e.span)
            return self.of_rule(e, function, operands)
        a, b = self.of(left), self.of(right)
        match e.op:
            case "+":
                return plus(a, b)
            case "-":
                return plus(a, None if b is None else neg(b))
            case "*":
                if left == right and a is not None:
                    return self.guard(a, mul(mul(number(2), self.value(left)), a))
                first = None if a is None else self.guard(a, mul(a, self.value(right)))
                second = None if b is None else self.guard(b, mul(self.value(left), b))
                return plus(first, second)
            case _:
                below = self.value(right)
                first = None if a is None else self.guard(a, div(a, below))
                if b is None:
                    return first
                square = Binary("*", below, below) if cost(below) == 0 else Binary("**", below, Const(2, "2"))
                second = neg(self.guard(b, div(mul(self.value(left), b), square)))
                return plus(first, second)

    def guard(self, dot: Expr, term: Expr) -> Expr:
        """The product of a tangent with a partial that may be infinite.

        What is chosen afterwards leaves a NaN where it is. One that gets into the result leads to recording, which finds
        out why the tangent is zero.
        """
        partial = ir.rewrite(term, lambda node: algebra.ONE if node == dot else None)
        if not self.use.is_wild(partial):
            return term
        if self.module.guarded:
            return call(self.module.reference(support.guarded), dot, term)
        self.module.bare = True
        return term

    def of_power(self, e: Binary, exponent: Any) -> Expr | None:
        dot, n = self.of(e.left), exponent.value
        if dot is None or type(n) not in (int, float):
            raise NotStatic("a power with such an exponent", e.span)
        if n == 0:
            return mul(number(0.0), dot)
        base = self.value(e.left)
        if n == 1:
            return dot
        if n == 2:
            return self.guard(dot, mul(mul(number(2), base), dot))
        if 0 < n < 1 or (isinstance(n, float) and n < 0):
            power = Attribute(self.module.reference(np), "power")
            partial: Expr = mul(number(n), call(power, base, number(n - 1)))
        else:
            partial = mul(number(n), Binary("**", base, number(n - 1)))
        term = mul(partial, dot)
        return self.guard(dot, term)

    # Calls --------------------------------------------------------------------------------------

    def of_call(self, e: ir.Call) -> Expr | None:
        function, args = callee(e, self.view.scope, self.view.kind)
        if function is UNRESOLVED:
            raise NotStatic("a call of something that is known only when it runs", e.span)
        plain = not any(a.keyword or a.star for a in args)
        if function in (np.sum, np.mean) and plain_axis(args):
            return self.same_call(function, args)
        if function in (builtins.abs, np.abs, operator.abs) and len(args) == 1:
            dot = self.of(args[0].value)
            assert dot is not None
            sign = call(Attribute(self.module.reference(np), "sign"), self.value(args[0].value))
            return mul(dot, sign)
        if function is np.where and len(args) == 3 and plain:
            return self.of_where(args)
        if function in (float, np.float64) and len(args) == 1 and self.view.kind(args[0].value).is_scalar:
            return self.of(args[0].value)
        if function in (np.dot, np.matmul) and plain and len(args) == 2:
            left, right = args[0].value, args[1].value
            kind = results.product_kind(self.view.kind(left), self.view.kind(right))
            if kind.form != "object":
                return self.of_binary(Binary("@", left, right, span=e.span))
        if function in (np.array, np.asarray) and len(args) == 1 and isinstance(args[0].value, ir.Sequence):
            items = self.of_display(args[0].value)
            return call(Attribute(self.module.reference(np), "array"), items)
        if function in (np.array, np.asarray) and self.view.kind(args[0].value).form == "array":
            return self.of(args[0].value)
        scalars = plain and all(self.view.kind(a.value).is_scalar for a in args)
        if function in (builtins.max, builtins.min) and len(args) == 2 and scalars:
            function = np.maximum if function is builtins.max else np.minimum
        return self.of_rule(e, function, args)

    def of_display(self, e: ir.Sequence) -> Expr:
        items = []
        for item in e.items:
            if isinstance(item, ir.Sequence):
                items.append(self.of_display(item))
            else:
                items.append(self.full(item, lambda d: d) or self.zero_like(item))
        return replace(e, items=tuple(items))

    def zero_like(self, e: Expr) -> Expr:
        if self.view.kind(e).is_scalar:
            return algebra.ZERO
        return call(Attribute(self.module.reference(np), "zeros_like"), self.shaped_like(e))

    def of_where(self, args: tuple[ir.Argument, ...]) -> Expr:
        condition = self.value(args[0].value)
        parts = [self.of(a.value) or algebra.ZERO for a in args[1:]]
        return call(Attribute(self.module.reference(np), "where"), condition, *parts)

    def same_call(self, function: Any, args: tuple[ir.Argument, ...]) -> Expr | None:
        """The tangent of a sum is the sum of the tangents."""
        dot = self.full(args[0].value, lambda d: d)
        if dot is None:
            return None
        first = ir.Argument(dot)
        return ir.Call(self.module.reference(function), (first, *args[1:]))

    def of_rule(self, e: Expr, function: Any, args: tuple[ir.Argument, ...]) -> Expr | None:
        rule = table.lookup(function)
        if rule is None:
            raise NotStatic(f"no rule for {table.full_name(function)}", e.span)
        bound = bind(rule.signature, args, e.span)
        out: Expr | None = None
        for p, operand in bound.items():
            if not self.view.active(operand):
                continue
            if p not in rule.jvp:
                raise NotStatic(f"no rule for {rule.name} with respect to {p}", e.span)
            if rule.shape == "elementwise":
                dot = self.of(operand)
                assert dot is not None
                partial = self.instance(expression_of(rule.partials[p]), rule, bound, e, {})
                term = mul(dot, partial)
                term = self.guard(dot, term)
            else:
                full = self.full_all(operand)
                scope = {**rule.scope, "function": function}
                text = unguarded(expression_of(rule.jvp[p]), self.module)
                given = {f"{p}_dot": full}
                term = self.instance(text, replace(rule, scope=scope), bound, e, given)
            out = plus(out, term)
        return out

    def full_all(self, operand: Expr) -> Expr:
        """The tangent of an operand, or the list of those of a sequence of operands."""
        if isinstance(operand, ir.Sequence):
            items = tuple(self.full(i, lambda d: d) or self.zero_like(i) for i in operand.items)
            return replace(operand, items=items)
        full = self.full(operand, lambda d: d)
        assert full is not None
        return full


def plain_axis(args: tuple[ir.Argument, ...]) -> bool:
    return all(a.keyword in ("axis", "keepdims") and not a.star for a in args[1:]) or len(args) == 1


def plus(a: Expr | None, b: Expr | None) -> Expr | None:
    """The sum of two tangents, either of which may be zero."""
    if a is None or b is None:
        return b if a is None else a
    return add(a, b)
