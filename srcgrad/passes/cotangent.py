"""What the derivative of an expression is made of: cotangents, where they go, and their shapes.

A cotangent is `full` when it has exactly the shape of the value. One that is not, such as what the sum of an
array sends to its elements, is a scalar that stands for an array of equal elements; it stays one
through products and is filled at the variable.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from srcgrad.passes import algebra, kinds
from srcgrad.passes.algebra import call, mul, number
from srcgrad.passes.axes import added_axes, without_axes
from srcgrad.passes.kinds import Kind, stretches
from srcgrad.passes.namer import Module
from srcgrad.passes.resolve import callee
from srcgrad.passes.selection import CHOSEN, Use
from srcgrad.passes.switches import on
from srcgrad.passes.view import View
from srcgrad.rules import support
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Attribute, Binary, Const, Expr, Name, Subscript


@dataclass(frozen=True)
class Contribution:
    """What a variable's cotangent, or the part of it under `place`, receives."""

    variable: str
    place: Expr | None  # the subscripted variable, `x[i]`, or None for all of it
    term: Expr
    full: bool
    kind: Kind | None = None  # of a term that is not full


@dataclass(frozen=True)
class Cotangent:
    expr: Expr
    full: bool
    wide: Kind | None = None  # what it is where it has not been summed yet to the shape of the value


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
        for e in self.expressions():
            read |= ir.names(without_shapes(e))
        for c in self.contributions:
            if c.place is not None:
                read |= _index_names(c.place)
        return frozenset(read)

    def shapes(self) -> frozenset[str]:
        """The variables of which the reverse statement reads at most the shape."""
        return frozenset().union(*(ir.names(e) for e in self.expressions())) - self.names()

    def expressions(self) -> list[Expr]:
        return [*(e for _, e in self.temps), *(c.term for c in self.contributions)]


def without_shapes(e: Expr) -> Expr:
    """An expression with a number in the place of each variable of which it reads the shape only."""

    def change(node: Expr) -> Expr | None:
        match node:
            case Attribute(value=Name(), name="shape" | "size" | "ndim"):
                return algebra.ONE
            case ir.Call(function=Name(id="len"), args=(ir.Argument(value=Name()),)):
                return algebra.ONE
            case ir.Call(function=Name(id="unbroadcast"), args=(ir.Argument(value=term), ir.Argument(value=like))):
                return ir.Sequence("tuple", (without_shapes(term), *_indices(like)))
            case ir.Call(function=Attribute(name="full_like" | "ones_like"), args=(ir.Argument(value=like), *rest)):
                return ir.Sequence("tuple", (*_indices(like), *(without_shapes(a.value) for a in rest)))
            case _:
                return None

    return ir.rewrite(e, change)


def _indices(like: Expr) -> list[Expr]:
    """What `x[i:j]` reads if only its shape is asked for; anything but a part of a variable is read itself."""
    found: list[Expr] = []
    while isinstance(like, Subscript):
        found.append(like.index)
        like = like.value
    return found if isinstance(like, Name) else [*found, like]


def _index_names(place: Expr) -> frozenset[str]:
    read: frozenset[str] = frozenset()
    while isinstance(place, (Subscript, Attribute)):
        if isinstance(place, Subscript):
            read |= ir.names(place.index)
        place = place.value
    return read


class Pushing:
    """What one statement's derivative is built with, in either mode."""

    def __init__(
        self,
        view: View,
        module: Module,
        fresh: Callable[[str], str],
        result: str | None,
        use: Use,
    ) -> None:
        self.view = view
        self.module = module
        self.fresh = fresh
        self.result = result  # the variable that holds the value of the whole right side
        self.stored: Expr | None = None  # or the place into which it has been written
        self.use = use
        self.sink = Sink()
        self.top: Expr | None = None
        self.bars: dict[str, Kind] = {}  # kinds of the cotangents named so far
        # A view of what is known of them, and for what.
        self.within: tuple[dict[str, Kind], Expr | None, View | None] = ({}, None, None)

    def run(self, e: Expr, cotangent: Expr, kind: Kind, full: bool = True, wide: Kind | None = None) -> Sink:
        """The contributions to the variables of an expression; `wide` is what its cotangent is before it is summed."""
        if isinstance(cotangent, Name):
            self.bars.setdefault(cotangent.id, kind)
        self.top = e
        if wide is not None and stretches(kind, wide):
            if self.may_wait(e, wide):
                self.push(e, Cotangent(cotangent, True, wide))
                return self.sink
            cotangent = self.gathered(cotangent, e, wide)
        self.push(e, Cotangent(cotangent, full))
        return self.sink

    # Values -------------------------------------------------------------------------------------

    def kind(self, e: Expr) -> Kind:
        """The kind of an expression that may mention cotangents."""
        known, top, view = self.within
        if view is None or known != self.bars or top is not self.top:
            view = self._view()
            self.within = (dict(self.bars), self.top, view)
        return view.kind(e)

    def _view(self) -> View:
        """The statement's view with the cotangents and the result among the variables."""
        env = {**self.view.env, **{n: _value(k) for n, k in self.bars.items()}}
        if self.result is not None and self.result not in env and self.top is not None:
            env[self.result] = _value(self.view.kind(self.top))
        variables = self.view.scope.variables | env.keys()
        scope = replace(self.view.scope, variables=variables, read={}, imported=self.module.objects)
        return View(env, scope)

    def value(self, e: Expr) -> Expr:
        """The expression, where computing it again is cheap; else a name for it is asked for."""
        if isinstance(e, ir.Sequence):
            return replace(e, items=tuple(self.value(i) for i in e.items))
        if cost(e) <= (0 if self.view.kind(e).form == "array" else 2) or _is_sign(e):
            return e
        self.sink.wanted.append(e)
        return e

    def result_of(self, e: Expr) -> Expr:
        """The value of a node whose rule reads its result."""
        if e is self.top and (self.result is not None or self.stored is not None):
            self.sink.reads_result = True
            return Name(self.result) if self.result is not None else self.stored or e
        self.sink.wanted.append(e)
        return e

    def named(self, c: Cotangent, e: Expr) -> Cotangent:
        """A cotangent that is about to be used more than once."""
        sign, core = algebra.signed(c.expr)
        if cost(core) == 0:
            return c
        for name, known in self.sink.temps:
            if known == core:
                return replace(c, expr=algebra.with_sign(sign, Name(name)))
        hint = {"+": "s_bar", "-": "d_bar", "*": "p_bar", "/": "q_bar"}
        name = self.fresh(hint.get(e.op, "u_bar") if isinstance(e, Binary) else "u_bar")
        self.bars[name] = self.kind(core)
        self.sink.temps.append((name, core))
        return replace(c, expr=algebra.with_sign(sign, Name(name)))

    def push(self, e: Expr, c: Cotangent) -> None:
        """Send a cotangent to the variables of an expression."""
        raise NotImplementedError

    # Shapes -------------------------------------------------------------------------------------

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
        result, kind = c.wide or self.view.kind(e), self.view.kind(operand)
        skipped = not algebra.is_number(c.expr) and self.guards(e, times(algebra.ONE))
        if skipped:
            c = self.named(c, e)
        term = times(c.expr)
        if skipped:
            sign, core = algebra.signed(term)
            _, cotangent = algebra.signed(c.expr)
            term = algebra.with_sign(sign, call(self.module.reference(support.guarded), cotangent, core))
        given = self.kind(term)
        if given.form in ("int", "bool"):
            term = call(Name("float"), term)
        term = self.real(term)
        if c.wide is not None and self.alone(e, operand) and self.is_passed_on(operand):
            self.push(operand, replace(c, expr=term))
            return
        if not stretches(kind, result) or (c.wide is None and self.alone(e, operand)):
            full = c.full or (not stretches(self.kind(term), result) and not result.is_scalar)
            self.push(operand, Cotangent(term, full))
            return
        if not (c.full or not stretches(self.kind(term), result)):
            spread = self.filled(e, c)
            self.elementwise(e, operand, spread, times)
            return
        added = added_axes(operand, self.view)
        if added and isinstance(operand, Subscript):
            inner = self.view.kind(operand.value)
            if result.dims is not None and not stretches(inner, without_axes(kind, added)):
                beyond = len(result.dims) - len(kind.dims or ())
                gone = (*range(beyond), *(beyond + k for k in added))
                self.push(operand.value, Cotangent(self.sum(term, result, gone), True))
                return
        if self.may_wait(operand, result):
            self.push(operand, Cotangent(term, True, result))
            return
        self.push(operand, Cotangent(self.gathered(term, operand, result), True))

    def may_wait(self, e: Expr, result: Kind) -> bool:
        """Whether a cotangent is left to the operands of an expression to sum to their shapes.

        Nobody then asks for the shape of the whole, which has no name.
        """
        waits = self.is_passed_on(e) and self.reference(e) is None and not _is_settled(self.view.kind(e), result)
        return waits and on("late_sums")

    def is_passed_on(self, e: Expr) -> bool:
        """Whether the operands of an expression receive its cotangent as it is, or times one another."""
        if self.view.kind(e).form != "array":
            return False
        match e:
            case Binary(op="+" | "-" | "*") | ir.Unary(op="-"):
                return True
            case _:
                return False

    def gathered(self, term: Expr, operand: Expr, result: Kind) -> Expr:
        """A cotangent with the shape of a result, summed over where the operand was stretched."""
        kind = self.view.kind(operand)
        if kind.is_scalar:
            return self.sum(term, result, None)
        if kind.dims is None or result.dims is None:
            return self.unbroadcast(term, operand)
        beyond = len(result.dims) - len(kind.dims)
        if not _is_settled(kind, result):
            return self.unbroadcast(term, operand)
        pairs = list(zip(kind.dims, result.dims[beyond:], strict=True))
        term = self.sum(term, result, tuple(range(beyond))) if beyond else term
        single = tuple(k for k, (o, r) in enumerate(pairs) if o == kinds.ONE and r != kinds.ONE)
        if not single:
            return term
        left = replace(result, dims=result.dims[beyond:])
        return self.sum(term, left, single, keepdims=Const(True, "True"))

    def sum(self, term: Expr, kind: Kind, axes: tuple[int, ...] | None, **named: Expr) -> Expr:
        """The sum of an array's elements over some axes, or over all of them."""
        sign, core = algebra.signed(term)
        head, rest = algebra.leading_number(core)
        if head is not None and rest is not None:
            return algebra.with_sign(sign, mul(head, self.sum(rest, kind, axes, **named)))
        over = dict(named)
        if axes is not None and len(axes) < (kind.rank or 0):
            at = number(axes[0]) if len(axes) == 1 else ir.Sequence("tuple", tuple(number(k) for k in axes))
            over = {"axis": at, **named}
        if self.kind(core).form != "array":
            total = call(Attribute(self.module.reference(np), "sum"), core, **over)
            return algebra.with_sign(sign, total)
        if axes is None and isinstance(core, Binary) and core.op == "*":
            sides = self.kind(core.left), self.kind(core.right)
            if kinds.same_shape(*sides) and sides[0].rank == 1 and all(k.dtype == kinds.REAL for k in sides):
                return algebra.with_sign(sign, Binary("@", core.left, core.right))
        if isinstance(core, Binary) and core.op in "*/" and self.is_constant(core.right, kind, axes, named):
            before = self.sum(core.left, kind, axes, **named)
            whole = algebra.div(before, core.right) if core.op == "/" else mul(before, core.right)
            return algebra.with_sign(sign, whole)
        return algebra.with_sign(sign, call(Attribute(core, "sum"), **over))

    def is_constant(self, factor: Expr, kind: Kind, axes: tuple[int, ...] | None, named: dict[str, Expr]) -> bool:
        """Whether a factor is the same for all elements that are summed, so that it may come after the sum."""
        own = self.kind(factor)
        if own.is_scalar:
            return axes is None or on("factors_out")
        if axes is None or not named or own.dims is None or own.rank != kind.rank:
            return False
        return on("factors_out") and all(own.dims[k] == kinds.ONE for k in axes)

    def real(self, term: Expr) -> Expr:
        """A cotangent of floats: `1.0 * mask` for what would be an array of truths or integers."""
        kind = self.kind(term)
        if kind.form != "array" or kind.dtype == kinds.REAL:
            return term
        if isinstance(term, ir.Unary) and term.op == "-":
            return Binary("*", number(-1.0), term.operand)  # NumPy negates no truths
        return Binary("*", number(1.0), term)

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

    def guards(self, e: Expr, partial: Expr) -> bool:
        """Whether a product with a partial derivative must be zero wherever the cotangent is."""
        if not self.use.is_wild(partial):
            return False
        if self.module.guarded:
            return True
        if self.use(e) == CHOSEN:
            rare = not (self.use.is_singular(partial) or self.use.is_sheltered(e))
            if not (rare and on("rare_guards")):
                return True
        # Whether an element is used at a place of an array, multiplied by zero, or overflows, is left to looking at the result.
        # Python's floats have no such places, and divide by no zero.
        self.module.bare = self.module.bare or self.view.kind(e).form not in ("float", "int")
        return False

    def unbroadcast(self, term: Expr, operand: Expr) -> Expr:
        sign, core = algebra.signed(term)
        summed = call(self.module.reference(support.unbroadcast), core, self.shaped_like(operand))
        return algebra.with_sign(sign, summed)

    def filled(self, e: Expr, c: Cotangent) -> Cotangent:
        """The cotangent with the shape of the value of e."""
        if c.full:
            return c
        np_ = self.module.reference(np)
        return Cotangent(call(Attribute(np_, "full_like"), self.shaped_like(e), c.expr), True)

    def shaped_like(self, e: Expr) -> Expr:
        """Something cheap with the shape of e's value."""
        return self.reference(e) or self.value(e)

    def reference(self, e: Expr) -> Expr | None:
        """A variable, or a part of one, with the shape of e's value."""
        wanted = self.view.kind(e)
        for part in (Name, Subscript):
            for node in ir.walk(e):
                if isinstance(node, part) and cost(node) == 0 and ir.names(node) <= self.view.env.keys():
                    kind = self.view.kind(node)
                    if kind.form == "array" and kinds.same_shape(kind, wanted) and kind.dtype == "d":
                        return node
        return None


def _is_sign(e: Expr) -> bool:
    """The signs of a variable's elements, which cost less than an array of memory to keep them in."""
    match e:
        case ir.Call(function=Attribute(value=Name(id="np" | "numpy"), name="sign"), args=(ir.Argument(value=Name()),)):
            return True
        case _:
            return False


def _is_settled(kind: Kind, result: Kind) -> bool:
    """Whether it is known of each axis of an operand if it was stretched to the shape of a result."""
    if kind.dims is None or result.dims is None:
        return False
    beyond = len(result.dims) - len(kind.dims)
    pairs = zip(kind.dims, result.dims[beyond:], strict=True)
    return all(o == kinds.ONE or o.one is False or kinds.same_length(o, r) for o, r in pairs)


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
        case Subscript():
            # Finding the place costs little beside what is read there.
            return cost(e.value) + max(0, cost(e.index) - 4)
        case Attribute() | ir.Slice() | ir.Sequence(form="tuple"):
            return sum(cost(child) for child in ir.children(e))
        case ir.Call(function=Name(id="len"), args=(ir.Argument(value=Name()),)):
            return 0
        case _:
            return 100
