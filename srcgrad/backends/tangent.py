"""A generated gradient together with its tangent: Hessian-vector products, forward over reverse.

    def f_grad(x):                       def f_grad_dot(x, x_dot):
        u = np.sin(x)                        u = np.sin(x)
        x_bar = 2 * u * np.cos(x)   ->       u_dot = x_dot * np.cos(x)
        return x_bar                         x_bar_dot = 2 * u_dot * np.cos(x) + 2 * u * (x_dot * -np.sin(x))
                                             x_bar = 2 * u * np.cos(x)
                                             return x_bar_dot

Each statement that computes what moves is preceded by the statement of its tangent; lists of saved values have lists
of saved tangents beside them. What the second derivative of is not known raises Untranslatable.

Pearlmutter 1994, Fast exact multiplication by the Hessian.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence

from srcgrad.backends.dots import Dots, made, zero
from srcgrad.backends.entries import fresh
from srcgrad.backends.kind import BOTTOM
from srcgrad.backends.kinds import Module
from srcgrad.backends.moving import Moving, is_view
from srcgrad.backends.refusal import Untranslatable


def with_tangent(tree: ast.Module, module: Module, entry: str, positions: Sequence[int]) -> str:
    """Add the tangent of a gradient, in the directions of the arguments at these positions; the name of it."""
    parameters = [a.arg for a in module.functions[entry].args.args]
    moving = Moving(module, entry, [parameters[k] for k in positions])
    names: dict[str, str] = {}
    for name in moving.kinds:
        names[name] = fresh(f"{name}_dot", [*module.functions, *names.values()])
    given = {name: _parameters(module.functions[name], moving.names[name]) for name in names}
    given[entry] = [parameters[k] for k in positions]
    for name in names:
        made = _Function(module.functions[name], moving, names, given, whole=name != entry)
        tree.body.append(made.rewritten())
    ast.fix_missing_locations(tree)
    return names[entry]


def _parameters(function: ast.FunctionDef, moving: set[str]) -> list[str]:
    return [a.arg for a in function.args.args if a.arg in moving]


Place = ast.Name | ast.Attribute | ast.Subscript


class _Function:
    """One function and its tangent; `whole` says that it returns its result too."""

    def __init__(
        self,
        function: ast.FunctionDef,
        moving: Moving,
        names: dict[str, str],
        given: dict[str, list[str]],
        whole: bool,
    ) -> None:
        self.function = copy.deepcopy(function)
        self.name = function.name
        self.moving = moving
        self.names = names
        self.given = given
        self.whole = whole
        self.kinds = moving.kinds[self.name]
        self.taken = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)} | set(self.kinds.names)
        self.taken |= {*names, *names.values()}
        self.dots = {name: self.fresh(f"{name}_dot") for name in sorted(moving.names[self.name])}
        self.expressions = Dots(self.kinds, self.dots, self.moves)

    def fresh(self, name: str) -> str:
        found = fresh(name, self.taken)
        self.taken.add(found)
        return found

    def moves(self, e: ast.expr) -> bool:
        return self.moving.moves(self.name, e)

    def rewritten(self) -> ast.FunctionDef:
        function = self.function
        still = [a.arg for a in function.args.args if a.arg in self.dots and a.arg not in self.given[self.name]]
        head = [assign(self.dots[n], zero(ast.Name(n, ast.Load()), self.kinds.names[n])) for n in still]
        function.args.args += [ast.arg(self.dots.get(name) or self.fresh(name)) for name in self.given[self.name]]
        function.body = head + self.block(function.body)
        function.name = self.names[self.name]
        return function

    def block(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for s in body:
            for new in self.statement(s):
                for node in ast.walk(new):
                    if isinstance(node, (ast.stmt, ast.expr)) and not hasattr(node, "lineno"):
                        ast.copy_location(node, s)
                found.append(new)
        return found

    def statement(self, s: ast.stmt) -> list[ast.stmt]:
        self.refuse_inner_calls(s)
        match s:
            case ast.For(iter=iterable):
                if self.moves(iterable):
                    raise Untranslatable("the second derivative of a loop over an array", s)
                s.body, s.orelse = self.block(s.body), self.block(s.orelse)
            case ast.While() | ast.If():
                s.body, s.orelse = self.block(s.body), self.block(s.orelse)
            case ast.Assign(targets=[target], value=value):
                return self.assign(s, target, value)
            case ast.AugAssign():
                return self.update(s)
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[value])):
                if name in self.dots:
                    dot = self.expressions.or_zero(value)
                    return [ast.Expr(made("l.append(v)", l=ast.Name(self.dots[name], ast.Load()), v=dot)), s]
            case ast.Return(value=ast.expr() as value):
                dot = self.expressions.or_zero(value)
                return [ast.Return(ast.Tuple([value, dot], ast.Load()) if self.whole else dot)]
        return [s]

    def refuse_inner_calls(self, s: ast.stmt) -> None:
        """Refuse what must not run twice inside of an expression, which the tangent repeats.

        Generated code has calls of the module's functions, and takes values from lists, in statements of their own.
        """
        outer: ast.AST | None = None
        match s:
            case ast.Assign(value=value) | ast.AugAssign(op=ast.Add() | ast.Sub(), value=value):
                outer = value
        parts = [s] if isinstance(s, (ast.Assign, ast.AugAssign, ast.Return, ast.Expr)) else []
        for node in (n for part in parts for n in ast.walk(part)):
            if node is not outer and isinstance(node, ast.Call) and (self.callee(node) is not None or _pops(node)):
                raise Untranslatable("the second derivative of a call inside of an expression", node)

    def callee(self, e: ast.expr) -> str | None:
        match e:
            case ast.Call(func=ast.Name(id=name)) if name in self.names and name in self.moving.results:
                return name
        return None

    def assign(self, s: ast.Assign, target: ast.expr, value: ast.expr) -> list[ast.stmt]:
        called = self.callee(value)
        if called is not None and isinstance(value, ast.Call):
            return self.call(s, target, value, called)
        match target:
            case ast.Name(id=name) if name in self.dots:
                return self.bind(s, name, value)
            case ast.Subscript(value=base) if self.is_moving(base):
                place = self.place(target)
                return [ast.Assign([place], self.expressions.or_zero(value)), s]
            case ast.Tuple(elts=parts) if isinstance(value, ast.Tuple):
                before = [(p, self.expressions.or_zero(v)) for p, v in zip(parts, value.elts, strict=True)
                          if isinstance(p, ast.Name) and p.id in self.dots]  # fmt: skip
                if any(not isinstance(p, ast.Name) for p in parts):
                    raise Untranslatable("the second derivative of an assignment to several places", s)
                if not before:
                    return [s]
                names = ast.Tuple([ast.Name(self.dots[p.id], ast.Store()) for p, _ in before], ast.Store())
                return [ast.Assign([names], ast.Tuple([v for _, v in before], ast.Load())), s]
            case ast.Tuple() if self.moves(value):
                dot = self.expressions.of(value)
                if dot is None:
                    raise Untranslatable("the second derivative of an unpacking", s)
                whole = self.fresh("dots")
                return [assign(whole, dot), *self.parts(target, ast.Name(whole, ast.Load())), s]
        return [s]

    def bind(self, s: ast.Assign, name: str, value: ast.expr) -> list[ast.stmt]:
        """`name = value`, and the same for the tangent: of the value's shape, and memory of its own where that has."""
        dot_name = self.dots[name]
        kind = self.kinds.of(value)
        reads = {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}
        if name not in reads and isinstance(value, ast.Call):
            self.expressions.result = name
        dot = self.expressions.of(value)
        self.expressions.result = None
        if dot is None:
            if isinstance(value, ast.List) and not value.elts:
                return [assign(dot_name, ast.List([], ast.Load())), s]
            return [s, assign(dot_name, zero(ast.Name(name, ast.Load()), kind))]
        if kind.is_array and not self.is_full(value):
            fresh_array = made("np.zeros(v.shape)", v=ast.Name(name, ast.Load()))
            add = ast.AugAssign(ast.Name(dot_name, ast.Store()), ast.Add(), dot)
            if name not in reads:
                return [s, assign(dot_name, fresh_array), add]
            between = self.fresh(name)
            old = ast.Name(between, ast.Load())
            self.kinds.names[between] = kind
            fresh_array = made("np.zeros(v.shape)", v=old)
            new = self.fresh(dot_name)
            add = ast.AugAssign(ast.Name(new, ast.Store()), ast.Add(), dot)
            return [assign(between, value), assign(new, fresh_array), add,
                    assign(dot_name, ast.Name(new, ast.Load())), assign(name, old)]  # fmt: skip
        if kind.is_array and is_view(dot) and not is_view(value):
            dot = made("d.copy()", d=dot)
        if name in reads:
            return [assign(dot_name, dot), s]
        return [s, assign(dot_name, dot)]

    def is_full(self, e: ast.expr) -> bool:
        """Whether the tangent of an expression is known to have its shape."""
        match e:
            case ast.Name() | ast.Subscript() | ast.Attribute() | ast.List():
                return True
            case ast.UnaryOp(operand=operand):
                return self.is_full(operand)
            case ast.BinOp(op=ast.MatMult()):
                return True
            case ast.BinOp(left=left, op=ast.Mult() | ast.Div(), right=right):
                return all(self.is_full(x) for x in (left, right) if self.moves(x))
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return self.is_full(left) and not self.moves(right)
            case ast.BinOp(left=left, right=right):
                parts = [x for x in (left, right) if not self.kinds.of(x).is_number]
                return all(self.moves(x) and self.is_full(x) for x in parts)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=name)):
                parts = [a for a in e.args if not self.kinds.of(a).is_number]
                if name == "where":
                    return self.kinds.of(e.args[0]).rank == self.kinds.of(e).rank
                return all(self.moves(a) and self.is_full(a) for a in parts[:1]) and len(parts) <= 1
            case ast.Call():
                return True
        return False

    def is_moving(self, base: ast.expr) -> bool:
        while isinstance(base, (ast.Subscript, ast.Attribute)):
            base = base.value
        return isinstance(base, ast.Name) and base.id in self.dots

    def place(self, target: Place) -> Place:
        """The same place of the tangent."""
        found = copy.deepcopy(target)
        base: ast.expr = found
        while isinstance(base, (ast.Subscript, ast.Attribute)):
            base = base.value
        assert isinstance(base, ast.Name)
        base.id = self.dots[base.id]
        return found

    def update(self, s: ast.AugAssign) -> list[ast.stmt]:
        if not self.is_moving(s.target):
            return [s]
        dot = self.expressions.of(s.value)
        place = self.place(s.target)
        if isinstance(s.op, (ast.Add, ast.Sub)):
            return [s] if dot is None else [ast.AugAssign(place, s.op, dot), s]
        now = copy.deepcopy(s.target)
        now.ctx = ast.Load()
        if isinstance(s.op, (ast.Mult, ast.Div)):
            scaled: list[ast.stmt] = [ast.AugAssign(place, s.op, s.value)]
            if dot is None:
                return [*scaled, s]
            if isinstance(s.op, ast.Mult):
                return [*scaled, ast.AugAssign(copy.deepcopy(place), ast.Add(), made("t * d", t=now, d=dot)), s]
            less = made("t * d / (v * v)", t=now, d=dot, v=s.value)
            return [*scaled, ast.AugAssign(copy.deepcopy(place), ast.Sub(), less), s]
        if isinstance(s.target, ast.Name) and self.kinds.names.get(s.target.id, BOTTOM).is_number:
            return self.bind(
                ast.Assign([s.target], ast.BinOp(now, s.op, s.value)), s.target.id, ast.BinOp(now, s.op, s.value)
            )
        raise Untranslatable("the second derivative of such a write", s)

    def call(self, s: ast.Assign, target: ast.expr, value: ast.Call, called: str) -> list[ast.stmt]:
        """A call of a function of the module: both results at once."""
        arguments = dict(zip([a.arg for a in self.moving.module.functions[called].args.args], value.args, strict=True))
        dots = [self.expressions.or_zero(arguments[name]) for name in self.given[called]]
        pair = self.fresh("both")
        first = assign(pair, ast.Call(ast.Name(self.names[called], ast.Load()), [*value.args, *dots], []))
        second = made("both[1]", both=ast.Name(pair, ast.Load()))
        s = ast.Assign([target], made("both[0]", both=ast.Name(pair, ast.Load())))
        return [first, *self.parts(target, second), s]

    def parts(self, target: ast.expr, dot: ast.expr) -> list[ast.stmt]:
        """The tangents of the names that are bound."""
        match target:
            case ast.Name(id=name):
                return [assign(self.dots[name], dot)] if name in self.dots else []
            case ast.Tuple(elts=elements):
                found = []
                for k, element in enumerate(elements):
                    found += self.parts(element, ast.Subscript(dot, ast.Constant(k), ast.Load()))
                return found
        raise Untranslatable("the second derivative of a result that goes into an array", target)


def _pops(e: ast.Call) -> bool:
    return isinstance(e.func, ast.Attribute) and e.func.attr == "pop"


def assign(name: str, value: ast.expr) -> ast.stmt:
    """`name = value`"""
    return ast.Assign([ast.Name(name, ast.Store())], copy.deepcopy(value))
