"""The cotangents of an expression's variables, given the cotangent of its value.

    e = y * np.sin(x), cotangent z_bar     ->     y_bar += z_bar * np.sin(x)
                                                  x_bar += z_bar * y * np.cos(x)

The cotangent goes down the tree of the expression; at each node the rule's text decides what each
operand receives. What the texts read again and is not cheap to compute twice is asked for by name
(`wanted`): `hoist` then computes it once, in the forward sweep.

A cotangent is `full` when it has exactly the shape of the value. One that is not, such as what the sum of an
array sends to its elements, is a scalar that stands for an array of equal elements; it stays one
through products and is filled at the variable.
"""

from __future__ import annotations

import builtins
import functools
import operator
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from srcgrad.passes import algebra, kinds, results
from srcgrad.passes.algebra import add, call, div, mul, neg, number
from srcgrad.passes.kinds import Kind, stretches
from srcgrad.passes.namer import Module
from srcgrad.passes.resolve import UNRESOLVED, bind, callee
from srcgrad.passes.view import View
from srcgrad.rules import support, table
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Attribute, Binary, Const, Expr, Name, NotStatic, Subscript
from srcgrad.syntax.lower import expression_of

OPERATORS: dict[str, Any] = {"%": np.remainder, "**": np.power}


@dataclass(frozen=True)
class Contribution:
    """What a variable's cotangent, or the part of it under `place`, receives."""

    variable: str
    place: Expr | None  # the subscripted variable, `x[i]`, or None for all of it
    term: Expr
    full: bool


@dataclass(frozen=True)
class Cotangent:
    expr: Expr
    full: bool


@dataclass
class Sink:
    """Where the contributions of one statement are gathered."""

    temps: list[tuple[str, Expr]] = field(default_factory=list)
    contributions: list[Contribution] = field(default_factory=list)
    wanted: list[Expr] = field(default_factory=list)
    reads_result: bool = False

    def names(self) -> frozenset[str]:
        """Every variable whose value the reverse statement reads."""
        read: set[str] = set()
        for _, e in self.temps:
            read |= ir.names(e)
        for c in self.contributions:
            read |= ir.names(c.term)
            if c.place is not None:
                read |= _index_names(c.place)
        return frozenset(read)


def _index_names(place: Expr) -> frozenset[str]:
    read: frozenset[str] = frozenset()
    while isinstance(place, (Subscript, Attribute)):
        if isinstance(place, Subscript):
            read |= ir.names(place.index)
        place = place.value
    return read


class Adjoint:
    """Pushes one statement's cotangent down its right side."""

    def __init__(
        self,
        view: View,
        module: Module,
        fresh: Callable[[str], str],
        result: str | None,
        selects: Callable[[Expr], bool],
    ) -> None:
        self.view = view
        self.module = module
        self.fresh = fresh
        self.result = result  # the variable that holds the value of the whole right side
        self.selects = selects
        self.sink = Sink()
        self.top: Expr | None = None
        self.bars: dict[str, Kind] = {}  # kinds of the cotangents named so far

    def run(self, e: Expr, cotangent: Expr, kind: Kind) -> Sink:
        if isinstance(cotangent, Name):
            self.bars[cotangent.id] = kind
        self.top = e
        self.push(e, Cotangent(cotangent, True))
        return self.sink

    # Values -------------------------------------------------------------------------------------

    def kind(self, e: Expr) -> Kind:
        """The kind of an expression that may mention cotangents."""
        env = {**self.view.env, **{n: _value(k) for n, k in self.bars.items()}}
        if self.result is not None and self.result not in env and self.top is not None:
            env[self.result] = _value(self.view.kind(self.top))
        variables = self.view.scope.variables | env.keys()
        scope = replace(self.view.scope, variables=variables, read={}, imported=self.module.objects)
        return View(env, scope).kind(e)

    def value(self, e: Expr) -> Expr:
        """The expression, where computing it again is cheap; else a name for it is asked for."""
        if isinstance(e, ir.Sequence):
            return replace(e, items=tuple(self.value(i) for i in e.items))
        if cost(e) <= (0 if self.view.kind(e).form == "array" else 2):
            return e
        self.sink.wanted.append(e)
        return e

    def result_of(self, e: Expr) -> Expr:
        """The value of a node whose rule reads its result."""
        if e is self.top and self.result is not None:
            self.sink.reads_result = True
            return Name(self.result)
        self.sink.wanted.append(e)
        return e

    def named(self, c: Cotangent, e: Expr) -> Cotangent:
        """A cotangent that is about to be used more than once."""
        if cost(c.expr) == 0:
            return c
        hint = {"+": "s_bar", "-": "d_bar", "*": "p_bar", "/": "q_bar"}
        name = self.fresh(hint.get(e.op, "u_bar") if isinstance(e, Binary) else "u_bar")
        self.bars[name] = self.kind(c.expr)
        self.sink.temps.append((name, c.expr))
        return Cotangent(Name(name), c.full)

    # The walk -----------------------------------------------------------------------------------

    def push(self, e: Expr, c: Cotangent) -> None:
        if not self.view.active(e):
            return
        kind = self.view.kind(e)
        if not kind.is_real:
            raise NotStatic("a value of an unknown kind is differentiated", e.span)
        c = replace(c, expr=self.real(c.expr))
        match e:
            case Name():
                self.sink.contributions.append(Contribution(e.id, None, c.expr, c.full))
            case ir.Unary(op="-"):
                self.push(e.operand, Cotangent(neg(c.expr), c.full))
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

    def real(self, term: Expr) -> Expr:
        """A cotangent of floats: `1.0 * mask` for what would be an array of truths or integers."""
        kind = self.kind(term)
        if kind.form != "array" or kind.dtype == kinds.REAL:
            return term
        if isinstance(term, ir.Unary) and term.op == "-":
            return Binary("*", number(-1.0), term.operand)  # NumPy negates no truths
        return Binary("*", number(1.0), term)

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
                if left == right:
                    double = mul(number(2), self.value(left)) if self.view.active(left) else left
                    self.elementwise(e, left, c, lambda b: mul(b, double))
                    return
                if self.view.active(left):
                    other = self.value(right)
                    self.elementwise(e, left, c, lambda b: mul(b, other))
                if self.view.active(right):
                    first = self.value(left)
                    self.elementwise(e, right, c, lambda b: mul(b, first))
            case "/":
                if both:
                    c = self.named(c, e)
                below = self.value(right)
                self.elementwise(e, left, c, lambda b: div(b, below))
                if self.view.active(right):
                    above = self.value(left)
                    square = Binary("**", below, Const(2, "2"))
                    if cost(below) == 0:
                        square = Binary("*", below, below)
                    self.elementwise(e, right, c, lambda b: neg(div(mul(b, above), square)))
            case "**" if isinstance(_literal(right), Const):
                self.power(e, _literal(right), c)
            case "@":
                self.product(e, left, right, c)
            case _ if e.op in OPERATORS:
                self.rule(e, OPERATORS[e.op], (ir.Argument(left), ir.Argument(right)), c)
            case _:
                raise NotStatic(f"the operator {e.op} on active values", e.span)

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

    def elementwise(
        self,
        e: Expr,
        operand: Expr,
        c: Cotangent,
        times: Callable[[Expr], Expr],
    ) -> None:
        """Send `times(cotangent)` to an operand that may have been broadcast."""
        if not self.view.active(operand):
            return
        result, kind = self.view.kind(e), self.view.kind(operand)
        skipped = not algebra.is_number(c.expr) and self.may_skip(e)
        # Only a partial that reads something can be infinite.
        skipped = skipped and bool(ir.names(times(algebra.ONE)) & (self.view.env.keys() | {self.result}))
        if skipped:
            c = self.named(c, e)
        term = times(c.expr)
        if skipped:
            term = call(self.module.reference(support.guarded), c.expr, term)
        given = self.kind(term)
        if given.form in ("int", "bool"):
            term = call(Name("float"), term)
        term = self.real(term)
        if not stretches(kind, result) or self.alone(e, operand):
            full = c.full or (not stretches(self.kind(term), result) and not result.is_scalar)
            self.push(operand, Cotangent(term, full))
            return
        if not (c.full or not stretches(self.kind(term), result)):
            spread = self.filled(e, c)
            self.elementwise(e, operand, spread, times)
            return
        if kind.is_scalar:
            if result.form == "array":
                summed: Expr = call(Attribute(self.module.reference(np), "sum"), term)
            else:
                summed = self.unbroadcast(term, operand)
        else:
            summed = self.unbroadcast(term, operand)
        self.push(operand, Cotangent(summed, True))

    def alone(self, e: Expr, operand: Expr) -> bool:
        """Whether an operand gives the result its shape: the others are scalars, or itself."""
        parts: tuple[Expr, ...] = ()
        if isinstance(e, Binary):
            parts = (e.left, e.right)
        elif isinstance(e, ir.Call):
            parts = tuple(a.value for a in callee(e, self.view.scope, self.view.kind)[1])
        return not self.view.kind(operand).is_scalar and all(
            part == operand or self.view.kind(part).is_scalar for part in parts
        )

    def may_skip(self, e: Expr) -> bool:
        """Whether elements of a value may be left unused, whose partials may be infinite."""
        return self.selects(e)

    def unbroadcast(self, term: Expr, operand: Expr) -> Expr:
        return call(self.module.reference(support.unbroadcast), term, self.value(operand))

    def filled(self, e: Expr, c: Cotangent) -> Cotangent:
        """The cotangent with the shape of the value of e."""
        if c.full:
            return c
        np_ = self.module.reference(np)
        return Cotangent(call(Attribute(np_, "full_like"), self.shaped_like(e), c.expr), True)

    def shaped_like(self, e: Expr) -> Expr:
        """Something cheap with the shape of e's value."""
        wanted = self.view.kind(e)
        for node in ir.walk(e):
            if isinstance(node, Name) and node.id in self.view.env:
                kind = self.view.kind(node)
                if kind.form == "array" and kinds.same_shape(kind, wanted) and kind.dtype == "d":
                    return node
        return self.value(e)

    def place(self, e: Expr, c: Cotangent) -> None:
        """A subscripted variable: the part of its cotangent is added to."""
        if isinstance(e, Attribute):
            self.push(e.value, Cotangent(Attribute(c.expr, "T") if c.full else c.expr, c.full))
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
        parts = e.index.items if isinstance(e.index, ir.Sequence) else (e.index,)
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
        if function in (builtins.max, builtins.min):
            return lambda e, args, c: self.extremum(e, function, args, c)
        return None

    def identity(self, e: ir.Call, args: tuple[ir.Argument, ...], c: Cotangent) -> bool:
        if len(args) != 1 or not self.view.kind(args[0].value).is_scalar:
            return False
        self.push(args[0].value, c)
        return True

    def duplicate(self, e: ir.Call, args: tuple[ir.Argument, ...], c: Cotangent) -> bool:
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
        rule = table.lookup(function)
        if rule is None:
            return False
        bound = bind(rule.signature, args, e.span)
        if set(bound) - {"a", "axis", "keepdims"}:
            return False
        operand, axis, keep = bound["a"], bound.get("axis"), bound.get("keepdims")
        kind = self.view.kind(operand)
        if kind.form != "array" or (keep is not None and not isinstance(keep, Const)):
            return False
        everything = axis is None or (isinstance(axis, Const) and axis.value is None)
        if everything and keep is None:
            term = c.expr
            if function is np.mean:
                term = div(term, Attribute(self.shaped_like(operand), "size"))
            self.push(operand, Cotangent(term, False))
            return True
        if everything or kind.dims is None or axis is None:
            return False
        gone = results.axes_of(axis, len(kind.dims))
        if gone is None or not (c.full or self.view.kind(e).is_scalar):
            return False
        term = c.expr
        if function is np.mean:
            shape = Attribute(self.shaped_like(operand), "shape")
            for k in gone:
                term = div(term, Subscript(shape, number(k)))
        kept = isinstance(keep, Const) and keep.value is True
        leading = set(gone) == set(range(len(gone)))
        if not kept and not leading:
            np_ = self.module.reference(np)
            term = call(Attribute(np_, "expand_dims"), term, axis)
        self.push(operand, Cotangent(term, False))
        return True

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
                    term = Binary("@", b, c.expr)
                case 2, 2:
                    term = Binary("@", c.expr, Attribute(b, "T"))
                case _:
                    raise NotStatic("a product of arrays of unknown rank", e.span)
            self.push(left, Cotangent(term, True))
        if self.view.active(right):
            a = self.value(left)
            match ranks:
                case 1, 1:
                    term = mul(c.expr, a)
                case 2, 1 | 2:
                    term = Binary("@", Attribute(a, "T"), c.expr)
                case 1, 2:
                    term = call(outer, a, c.expr)
                case _:
                    raise NotStatic("a product of arrays of unknown rank", e.span)
            self.push(right, Cotangent(term, True))

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
                term = self.instance(expression_of(rule.vjp[p]), rule, bound, e, {"y_bar": c.expr})
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

        return simplified(ir.rewrite(text, change))


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
        if isinstance(node, ir.IfExp) and isinstance(node.test, Const):
            return simplified(node.body if node.test.value else node.orelse)
        return None

    return ir.rewrite(e, change)


def _uses(text: str, name: str) -> int:
    return sum(1 for n in ir.walk(expression_of(text)) if isinstance(n, Name) and n.id == name)


def _literal(e: Expr) -> Expr:
    if isinstance(e, ir.Unary) and e.op == "-" and isinstance(e.operand, Const):
        return neg(e.operand) if algebra.is_number(e.operand) else e
    return e


def _value(kind: Kind) -> Any:
    from srcgrad.passes.view import Value

    return Value(kind)


def cost(e: Expr) -> int:
    """How much it costs to compute an expression again, in arithmetic operations."""
    match e:
        case Name() | Const():
            return 0
        case Binary() | ir.Compare() | ir.BoolOp():
            return 1 + sum(cost(child) for child in ir.children(e))
        case ir.Unary():
            return (0 if isinstance(e.operand, Const) else 1) + cost(e.operand)
        case Subscript() | Attribute() | ir.Slice() | ir.Sequence(form="tuple"):
            return sum(cost(child) for child in ir.children(e))
        case ir.Call(function=Name(id="len"), args=(ir.Argument(value=Name()),)):
            return 0
        case _:
            return 100


__all__ = ["Adjoint", "Contribution", "Cotangent", "Sink", "add", "cost"]
