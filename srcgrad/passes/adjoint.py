"""The cotangents of an expression's variables, given the cotangent of its value.

    e = y * np.sin(x), cotangent z_bar     ->     y_bar += z_bar * np.sin(x)
                                                  x_bar += z_bar * y * np.cos(x)

The cotangent goes down the tree of the expression; at each node the rule's text decides what each
operand receives. What the texts read again and is not cheap to compute twice is asked for by name
(`wanted`): `hoist` then computes it once, in the forward sweep.
"""

from __future__ import annotations

import builtins
import functools
import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from srcgrad.passes import algebra, results
from srcgrad.passes.algebra import call, div, mul, neg, number, transposed
from srcgrad.passes.axes import added_axes, with_axes
from srcgrad.passes.cotangent import Contribution, Cotangent, cost
from srcgrad.passes.products import Products
from srcgrad.passes.resolve import UNRESOLVED, bind, callee
from srcgrad.passes.selection import CHOSEN, unguarded
from srcgrad.rules import reductions, table
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Attribute, Binary, Const, Expr, Name, NotStatic, Subscript
from srcgrad.syntax.lower import expression_of

EVERYTHING: tuple[int, ...] = ()  # instead of the axes of a reduction to one number
OPERATORS: dict[str, Any] = {"%": np.remainder, "**": np.power}


class Adjoint(Products):
    """Pushes one statement's cotangent down its right side."""

    # The walk -----------------------------------------------------------------------------------

    def push(self, e: Expr, c: Cotangent) -> None:
        if not self.view.active(e):
            return
        kind = self.view.kind(e)
        if not kind.is_real:
            raise NotStatic("a value of an unknown kind is differentiated", e.span)
        c = replace(c, expr=self.real(c.expr))
        if c.wide is not None and not self.is_passed_on(e):
            c = Cotangent(self.gathered(c.expr, e, c.wide), True)
        match e:
            case Name():
                thin = None if c.full else self.kind(c.expr)
                self.sink.contributions.append(Contribution(e.id, None, c.expr, c.full, thin))
            case ir.Unary(op="-"):
                self.push(e.operand, replace(c, expr=neg(c.expr)))
            case ir.Unary(op="+"):
                self.push(e.operand, c)
            case Binary():
                self.binary(e, c)
            case Subscript() | Attribute(name="T"):
                self.place(e, c)
            case ir.Call():
                self.call(e, c)
            case _:
                raise NotStatic(f"a {type(e).__name__} of active values", e.span)

    def binary(self, e: Binary, c: Cotangent) -> None:
        left, right = e.left, e.right
        both = self.view.active(left) and self.view.active(right)
        match e.op:
            case "+" | "-":
                if both:
                    c = self.named(c, e)
                self.elementwise(e, left, c, lambda b: b)
                self.elementwise(e, right, c, (lambda b: b) if e.op == "+" else neg)
            case "*":
                if both:
                    c = self.named(c, e)
                factors = _factors(e)
                if all(factor == right for factor in factors):
                    # x * x * x is differentiated as a power.
                    power: Expr = number(len(factors))
                    for factor in factors[1:]:
                        power = mul(power, self.value(factor))
                    self.elementwise(e, right, c, lambda b: mul(b, power))
                    return
                if self.view.active(left):
                    other = self.value(right)
                    self.elementwise(e, left, c, lambda b: mul(b, other))
                if self.view.active(right):
                    first = self.value(left)
                    self.elementwise(e, right, c, lambda b: mul(b, first))
            case "/" if self.sigmoid(e, c):
                pass
            case "/":
                if both:
                    c = self.named(c, e)
                plain = self.view.kind(e).is_scalar and cost(right) == 0 and not self.is_at_hand(e)
                if not both or plain or self.guards(e, div(number(1.0), right)):
                    self.elementwise(e, left, c, lambda b: div(b, self.value(right)))
                    if self.view.active(right):
                        self.elementwise(e, right, c, self.below(e))
                    return
                self.quotient(e, c)
            case "**" if isinstance(_literal(right), Const):
                self.power(e, _literal(right), c)
            case "@":
                self.product(e, left, right, c)
            case _ if e.op in OPERATORS:
                self.rule(e, OPERATORS[e.op], (ir.Argument(left), ir.Argument(right)), c)
            case _:
                raise NotStatic(f"the operator {e.op} on active values", e.span)

    def place(self, e: Expr, c: Cotangent) -> None:
        """A subscripted variable: the part of its cotangent is added to."""
        if isinstance(e, Attribute):
            # A number is its own transpose, and stands for an array of any shape.
            number_ = self.kind(c.expr).is_scalar
            self.push(e.value, c if number_ else Cotangent(transposed(self.filled(e, c).expr), True))
            return
        added = added_axes(e, self.view)
        if isinstance(e, Subscript) and added:
            if not self.kind(c.expr).is_scalar:
                c = Cotangent(with_axes(self.filled(e, c).expr, added, number(0)), True)
            self.push(e.value, c)
            return
        base: Expr = e
        while isinstance(base, (Subscript, Attribute)):
            if isinstance(base, Attribute) and base.name != "T":
                raise NotStatic(f"the attribute {base.name} of an active value", e.span)
            if isinstance(base, Subscript) and base is not e and not self._is_basic(base):
                raise NotStatic("a subscript of an advanced subscript", e.span)
            base = base.value
        if not isinstance(base, Name):
            self.sink.wanted.append(base)
            return
        if self.view.kind(base).form not in ("array", "numeric"):
            raise NotStatic("a subscript of something other than an array", e.span)
        self.sink.contributions.append(Contribution(base.id, e, c.expr, c.full))

    def _is_basic(self, e: Subscript) -> bool:
        parts: tuple[Expr, ...] = (e.index,)
        if isinstance(e.index, ir.Sequence) and e.index.form == "tuple":
            parts = e.index.items
        return all(
            isinstance(p, ir.Slice)
            or (isinstance(p, Const) and (p.value is None or p.value is ...))
            or self.view.kind(p).form == "int"
            for p in parts
        )

    # Calls --------------------------------------------------------------------------------------

    def call(self, e: ir.Call, c: Cotangent) -> None:
        function, args = callee(e, self.view.scope, self.view.kind)
        if function is UNRESOLVED:
            raise NotStatic("a call of something that is known only when it runs", e.span)
        special = self.special(function)
        if special is not None and special(e, args, c):
            return
        if table.lookup(function) is None:
            raise NotStatic(f"no rule for {table.full_name(function)}", e.span)
        self.rule(e, function, args, c)

    def special(self, function: Any) -> Callable[..., bool] | None:
        if function in (np.sum, np.mean):
            return lambda e, args, c: self.reduction(e, function, args, c)
        if function in (np.max, np.min, np.amax, np.amin):
            return self.attained
        if function in (np.dot, np.matmul):
            return self.dot
        if function in (builtins.abs, np.abs, operator.abs):
            return self.absolute
        if function is np.where:
            return self.where
        if function in (float, np.float64):
            return self.identity
        if function in (np.array, np.asarray):
            return self.display
        if function is np.copy:
            return self.duplicate
        if function is np.outer:
            return self.outer
        if function in (builtins.max, builtins.min):
            return lambda e, args, c: self.extremum(e, function, args, c)
        return None

    def identity(self, _e: ir.Call, args: tuple[ir.Argument, ...], c: Cotangent) -> bool:
        if len(args) != 1 or not self.view.kind(args[0].value).is_scalar:
            return False
        self.push(args[0].value, c)
        return True

    def duplicate(self, _e: ir.Call, args: tuple[ir.Argument, ...], c: Cotangent) -> bool:
        """A copy of an array: the cotangent goes through."""
        if len(args) != 1 or self.view.kind(args[0].value).form != "array":
            return False
        self.push(args[0].value, c)
        return True

    def display(self, e: ir.Call, args: tuple[ir.Argument, ...], c: Cotangent) -> bool:
        """`np.array([a, b])`: each item receives its element."""
        if len(args) != 1 or args[0].keyword:
            return False
        if not isinstance(args[0].value, ir.Sequence):
            if self.view.kind(args[0].value).form != "array":
                return False
            self.push(args[0].value, c)
            return True
        c = self.named(self.filled(e, c), e)

        def items(sequence: ir.Sequence, place: tuple[Expr, ...]) -> None:
            for k, item in enumerate(sequence.items):
                at = (*place, Const(k, str(k)))
                if isinstance(item, ir.Sequence):
                    items(item, at)
                else:
                    index = at[0] if len(at) == 1 else ir.Sequence("tuple", at)
                    self.push(item, Cotangent(Subscript(c.expr, index), True))

        items(args[0].value, ())
        return True

    def extremum(self, e: ir.Call, function: Any, args: tuple[ir.Argument, ...], c: Cotangent) -> bool:
        """Python's max and min of two numbers, whose ties share as NumPy's do."""
        scalars = all(self.view.kind(a.value).is_scalar and not a.keyword for a in args)
        if len(args) != 2 or not scalars:
            return False
        self.rule(e, np.maximum if function is builtins.max else np.minimum, args, c)
        return True

    def absolute(self, e: ir.Call, args: tuple[ir.Argument, ...], c: Cotangent) -> bool:
        if len(args) != 1:
            return False
        sign = call(Attribute(self.module.reference(np), "sign"), self.value(args[0].value))
        self.elementwise(e, args[0].value, c, lambda b: mul(b, sign))
        return True

    def where(self, e: ir.Call, args: tuple[ir.Argument, ...], c: Cotangent) -> bool:
        if len(args) != 3 or any(a.keyword or a.star for a in args):
            return False
        condition = self.value(args[0].value)
        np_where = Attribute(self.module.reference(np), "where")
        spread = self.named(c, e)
        for k, operand in enumerate((args[1].value, args[2].value)):

            def chosen(b: Expr, k: int = k) -> Expr:
                parts = (b, algebra.ZERO) if k == 0 else (algebra.ZERO, b)
                return call(np_where, condition, *parts)

            self.elementwise(e, operand, spread, chosen)
        return True

    def reduction(self, e: ir.Call, function: Any, args: tuple[ir.Argument, ...], c: Cotangent) -> bool:
        """A sum or a mean: every element receives the cotangent of the result that it went into."""
        bound = self.bound(e, function, args)
        gone = None if bound is None else self.gone(e, bound, c)
        if bound is None or gone is None:
            return False
        operand, term = bound["a"], c.expr
        if function is np.mean and gone == EVERYTHING:
            term = div(term, Attribute(self.shaped_like(operand), "size"))
        elif function is np.mean:
            shape = Attribute(self.shaped_like(operand), "shape")
            for k in gone:
                term = div(term, Subscript(shape, number(k)))
        self.push(operand, Cotangent(_put_back(term, gone, bound), False))
        return True

    def attained(self, e: ir.Call, args: tuple[ir.Argument, ...], c: Cotangent) -> bool:
        """A maximum or a minimum: the elements that attain it share its cotangent."""
        function, _ = callee(e, self.view.scope, self.view.kind)
        bound = self.bound(e, function, args)
        gone = None if bound is None else self.gone(e, bound, c)
        if bound is None or gone is None:
            return False
        none, keep = Const(None, "None"), bound.get("keepdims", Const(False, "False"))
        operand, result = self.value(bound["a"]), self.result_of(e)
        given = (result, operand, bound.get("axis", none), keep, none, Const(True, "True"))
        share = call(self.module.reference(reductions.shares), *given)
        self.push(bound["a"], Cotangent(mul(_put_back(c.expr, gone, bound), share), True))
        return True

    def bound(self, e: ir.Call, function: Any, args: tuple[ir.Argument, ...]) -> dict[str, Expr] | None:
        """The arguments of a reduction of an array that is given by axes alone."""
        rule = table.lookup(function)
        bound = {} if rule is None else bind(rule.signature, args, e.span)
        keep = bound.get("keepdims")
        plain = "a" in bound and not set(bound) - {"a", "axis", "keepdims"}
        if not plain or self.view.kind(bound["a"]).form != "array" or not (keep is None or isinstance(keep, Const)):
            return None
        return dict(bound)

    def gone(self, e: ir.Call, bound: dict[str, Expr], c: Cotangent) -> tuple[int, ...] | None:
        """The axes that a reduction takes away; None where they are not known."""
        axis, kind = bound.get("axis"), self.view.kind(bound["a"])
        if axis is None or (isinstance(axis, Const) and axis.value is None):
            return None if "keepdims" in bound else EVERYTHING
        if kind.dims is None or not (c.full or self.view.kind(e).is_scalar):
            return None
        return results.axes_of(axis, len(kind.dims))

    def rule(self, e: Expr, function: Any, args: tuple[ir.Argument, ...], c: Cotangent) -> None:
        """A function of the table: its texts, with the operands in the parameters' places."""
        rule = table.lookup(function)
        if rule is None:
            raise NotStatic(f"no rule for {table.full_name(function)}", e.span)
        bound = bind(rule.signature, args, e.span)
        active = [p for p, value in bound.items() if self.view.active(value)]
        for p in active:
            if p not in rule.vjp:
                raise NotStatic(f"no rule for {rule.name} with respect to {p}", e.span)
        if rule.shape != "elementwise":
            c = self.filled(e, c)
        if len(active) > 1 or sum(_uses(rule.vjp[p], "y_bar") for p in active) > 1:
            c = self.named(c, e)
        for p in active:
            if rule.shape == "elementwise":
                partial = self.instance(expression_of(rule.partials[p]), rule, bound, e, {})
                self.elementwise(e, bound[p], c, functools.partial(_times, partial))
            else:
                text = expression_of(rule.vjp[p])
                text = text if self.use(e) == CHOSEN else unguarded(text, self.module)
                term = self.instance(text, rule, bound, e, {"y_bar": c.expr})
                if self.view.kind(bound[p]).is_scalar and not self.kind(term).is_scalar:
                    # An array without dimensions may be a view, which a later += would write into.
                    term = call(self.module.reference(float), term)
                self.push_all(bound[p], Cotangent(term, True))

    def push_all(self, operand: Expr, c: Cotangent) -> None:
        """A cotangent of an operand, or the list of those of a sequence of operands."""
        if not isinstance(operand, ir.Sequence):
            self.push(operand, c)
            return
        parts = self.named(c, operand)
        self.bars.pop(parts.expr.id if isinstance(parts.expr, Name) else "", None)
        for k, item in enumerate(operand.items):
            if self.view.active(item):
                name = self.fresh("part_bar")
                self.bars[name] = self.view.kind(item)
                self.sink.temps.append((name, Subscript(parts.expr, Const(k, str(k)))))
                self.push(item, Cotangent(Name(name), True))

    def instance(self, text: Expr, rule: table.Rule, bound: dict[str, Expr], e: Expr, given: dict[str, Expr]) -> Expr:
        """A rule's text with the operands, the result and the cotangent put in."""

        def literals(node: Expr) -> Expr | None:
            if isinstance(node, Name) and node.id in rule.signature.parameters and node.id not in given:
                literal = bound[node.id] if node.id in bound else _default(rule, node.id, e)
                return literal if isinstance(literal, Const) else None
            return None

        def change(node: Expr) -> Expr | None:
            if isinstance(node, ir.Opaque):
                raise NotStatic(f"the rule of {rule.name} is not a plain expression", e.span)
            if not isinstance(node, Name):
                return None
            if node.id in given:
                return given[node.id]
            if node.id == "y":
                return self.result_of(e)
            if node.id in rule.signature.parameters:
                if node.id in bound:
                    return self.value(bound[node.id])
                return _default(rule, node.id, e)
            if node.id in rule.scope:
                return self.module.reference(rule.scope[node.id])
            return self.module.reference(getattr(builtins, node.id))

        return simplified(ir.rewrite(simplified(ir.rewrite(text, literals)), change))


def _factors(e: Expr) -> list[Expr]:
    """`[a, b, c]` for `a * b * c`."""
    if isinstance(e, Binary) and e.op == "*":
        return [*_factors(e.left), e.right]
    return [e]


def _put_back(term: Expr, gone: tuple[int, ...], bound: dict[str, Expr]) -> Expr:
    """The cotangent of a reduction with axes of length 1 where it has none, as far as broadcasting does not add them."""
    keep = bound.get("keepdims")
    kept = isinstance(keep, Const) and keep.value is True
    leading = set(gone) == set(range(len(gone)))
    return term if kept or leading else with_axes(term, gone, Const(None, "None"))


def _times(partial: Expr, b: Expr) -> Expr:
    return mul(b, partial)


def _default(rule: table.Rule, name: str, e: Expr) -> Expr:
    default = rule.signature.parameters[name].default
    if default is None or type(default) in (bool, int, float, str):
        return Const(default, repr(default))
    raise NotStatic(f"a default of {rule.name} that cannot be written", e.span)


def simplified(e: Expr) -> Expr:
    """Products by hand: `1 * x`, and conditions on literals decided."""

    def change(node: Expr) -> Expr | None:
        if isinstance(node, ir.IfExp):
            test = node.test
            if isinstance(test, ir.Compare) and isinstance(test.first, Const) and test.ops in (("is",), ("is not",)):
                (other,) = test.rest
                if isinstance(other, Const) and other.value is None:
                    test = Const((test.first.value is None) == (test.ops == ("is",)), "")
            if isinstance(test, Const):
                return simplified(node.body if test.value else node.orelse)
        return None

    return ir.rewrite(e, change)


def _uses(text: str, name: str) -> int:
    return sum(1 for n in ir.walk(expression_of(text)) if isinstance(n, Name) and n.id == name)


def _literal(e: Expr) -> Expr:
    if isinstance(e, ir.Unary) and e.op == "-" and isinstance(e.operand, Const):
        return neg(e.operand) if algebra.is_number(e.operand) else e
    return e
