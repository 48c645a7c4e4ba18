"""Functions of the user's that are called for what they do to their arguments, in the place of the call.

    before                          after
        smooth(u, 3)                    for t in range(3):
        return np.sum(u)                    u[1:-1] = 0.5 * (u[:-2] + u[2:])
                                        return np.sum(u)

A call whose result is all that matters is differentiated as a function of its own; see `calls`. One that
writes into the caller's arrays, or whose results are unpacked, becomes part of the caller: its parameters are
the caller's variables, its own variables get names that are free there.
"""

from __future__ import annotations

import ast
import builtins
import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from srcgrad.passes.calls import bound_arguments, is_library
from srcgrad.passes.normalise import one_way_out
from srcgrad.passes.resolve import UNRESOLVED, Scope, is_user_function
from srcgrad.passes.statements import evaluated
from srcgrad.rules import table
from srcgrad.syntax import ir
from srcgrad.syntax.emit import text_of
from srcgrad.syntax.ir import Block, Call, Const, Expr, Name, NotStatic, Stmt
from srcgrad.syntax.lower import unit_of

LARGEST = 400  # statements that calls are replaced by


@dataclass
class Inlining:
    """What the functions that have been put into one caller bring along."""

    scope: Callable[[], Scope]
    variable: Callable[[str], str]  # a variable for the caller, named as wanted if that name is free
    fresh: Callable[[str], str]  # a name that nothing in the caller has
    given: dict[str, Any]  # the global names that only the callees can see, and what they mean
    arrays: frozenset[str]  # the caller's parameters that are arrays
    variables: set[str] = field(default_factory=set)  # the callees' own
    statements: int = 0  # that have been put

    def into(self, unit: ir.Unit) -> ir.Unit:
        """The unit with the bodies of such functions in it."""
        return dataclasses.replace(unit, body=self.block(unit.body, (unit.function,)))

    def block(self, body: Block, inside: tuple[Any, ...]) -> Block:
        """The block, which has come out of the bodies of these functions."""
        out: list[Stmt] = []
        for s in body:
            match s:
                case ir.If():
                    then, orelse = self.block(s.body, inside), self.block(s.orelse, inside)
                    out.append(dataclasses.replace(s, body=then, orelse=orelse))
                case ir.For() | ir.While():
                    inner, orelse = self.block(s.body, inside), self.block(s.orelse, inside)
                    out.append(dataclasses.replace(s, body=inner, orelse=orelse))
                case (
                    ir.Evaluate(value=Call() as call)
                    | ir.Assign(value=Call() as call)
                    | ir.Return(value=Call() as call)
                ):
                    function = self._function(call)
                    if function is None or not self._belongs_here(s, call, function):
                        out.append(s)
                    else:
                        if function in inside:
                            raise NotStatic("a recursion that writes into its arguments", s.span)
                        put = self._put(s, call, function)
                        self.statements += len(list(ir.statements(put)))
                        if self.statements > LARGEST:
                            raise NotStatic("too many calls of functions that write into their arguments", s.span)
                        out.extend(self.block(put, (*inside, function)))
                case _:
                    out.append(s)
        return tuple(out)

    def _function(self, call: Call) -> Any:
        """The user's function that a call calls, or None."""
        function = self.scope().object_of(call.function)
        if function is UNRESOLVED or not is_user_function(function) or is_library(function):
            return None
        known = table.lookup(function) or table.substitute(function) or table.is_zero(function)
        return None if known or function.__code__.co_cellvars else function

    def _belongs_here(self, s: Stmt, call: Call, function: Any) -> bool:
        if isinstance(s, ir.Evaluate):
            return True
        if isinstance(s, ir.Assign) and s.op and not isinstance(s.target, Name):
            return False  # of `v[i] += f(v)` the element is read before the call
        callee = unit_of(function)
        unpacked = isinstance(s, ir.Assign) and isinstance(s.target, ir.Sequence)
        return writes_for_its_caller(callee) or (unpacked and returns_several(callee)) or self._updates(call, function)

    def _updates(self, call: Call, function: Any) -> bool:
        """Whether the callee's `p += e` changes an array of the caller's."""
        rebound, updated = _bindings(unit_of(function).body)
        return any(
            p in updated - rebound and isinstance(value, Name) and value.id in self.arrays
            for p, value in bound_arguments(function, call)
        )

    # The body in the caller's names ---------------------------------------------------------------

    def _put(self, s: Stmt, call: Call, function: Any) -> Block:
        callee = unit_of(function)
        if any(isinstance(t, ir.Return) for t in ir.statements(callee.body)):
            fresh = _counted(function.__code__.co_varnames)
            callee = one_way_out(callee, fresh("value"), fresh)
        elif not isinstance(s, ir.Evaluate):
            raise NotStatic("the value of a function that returns nothing", s.span)
        _check_bound(callee.body, set(callee.params), _own_variables(callee))
        before: list[Stmt] = []
        mapping, updated = self._parameters(s, call, function, callee, before)
        body = callee.body
        final: Expr | None = None
        match body:
            case (*_, ir.Return(value=final)):
                body = body[:-1]
        if final is not None and isinstance(s, ir.Assign) and not s.op:
            mapping |= _named_by_the_caller(s.target, final, call, _own_variables(callee) - mapping.keys())
        mapping |= self._variables(callee, mapping)
        mapping |= self._globals(function, callee, mapping)
        file = callee.file if callee.file != self.scope().function.__code__.co_filename else ""
        moved = _Moved(mapping, updated, file)
        before.extend(moved.block(body))
        if final is not None:
            before.extend(_taken(s, moved.expression(final)))
        if before:
            before[0] = dataclasses.replace(before[0], leading=(*s.leading, *before[0].leading))
        return tuple(before)

    def _parameters(
        self, s: Stmt, call: Call, function: Any, callee: ir.Unit, before: list[Stmt]
    ) -> tuple[dict[str, Expr], frozenset[str]]:
        """What stands for each parameter, and the parameters that `p += e` changes in place."""
        rebound, updated = _bindings(callee.body)
        mapping: dict[str, Expr] = {}
        for p, value in bound_arguments(function, call):
            variable = isinstance(value, Name) and value.id in self.scope().variables
            constant = isinstance(value, Const) and p not in updated
            if p not in rebound and (variable or constant):
                mapping[p] = value
            else:
                own = Name(self._own(p))
                before.append(ir.Assign(own, value, span=s.span, primal=s.primal))
                mapping[p] = own
        named = frozenset(p for p in updated - rebound if isinstance(mapping.get(p), Name))
        return mapping, named

    def _variables(self, callee: ir.Unit, known: dict[str, Expr]) -> dict[str, Expr]:
        return {name: Name(self._own(name)) for name in sorted(_own_variables(callee) - known.keys())}

    def _own(self, wanted: str) -> str:
        name = self.variable(wanted)
        self.variables.add(name)
        return name

    def _globals(self, function: Any, callee: ir.Unit, known: dict[str, Expr]) -> dict[str, Expr]:
        """The callee's global names: as they are where they mean the same to the caller."""
        there = Scope(function, frozenset())
        mapping: dict[str, Expr] = {}
        for name in sorted(
            {n for s in ir.statements(callee.body) for e in evaluated(s) for n in ir.names(e)} - known.keys()
        ):
            meant = there.lookup(name)
            if getattr(builtins, name, None) is meant and name not in self.scope().variables:
                continue
            here = self._meaning(name)
            if here is meant:
                continue
            own = name if here is UNRESOLVED and name not in self.scope().variables else self.fresh(name)
            self.given[own] = meant
            if own != name:
                mapping[name] = Name(own)
        return mapping

    def _meaning(self, name: str) -> Any:
        if name in self.given:
            return self.given[name]
        try:
            return self.scope().lookup(name)
        except NotStatic:
            return UNRESOLVED


@dataclass
class _Moved:
    """Statements in the names of another function."""

    mapping: dict[str, Expr]
    updated: frozenset[str]
    file: str

    def expression(self, e: Expr) -> Expr:
        def change(node: Expr) -> Expr | None:
            if isinstance(node, ir.Opaque):
                new = {n: self.mapping[n] for n in node.reads if self.mapping.get(n, Name(n)) != Name(n)}
                return _retold(node, new) if new else None
            return self.mapping.get(node.id) if isinstance(node, Name) else None

        return ir.rewrite(e, change)

    def block(self, body: Block) -> Block:
        return tuple(self.statement(s) for s in body)

    def statement(self, s: Stmt) -> Stmt:
        new: Stmt
        match s:
            case ir.Assign():
                new = dataclasses.replace(s, target=self.expression(s.target), value=self.expression(s.value))
                if s.op and isinstance(s.target, Name) and s.target.id in self.updated:
                    new = dataclasses.replace(new, in_place=True)
                same = new.target == s.target and new.value == s.value
            case ir.If():
                then, orelse = self.block(s.body), self.block(s.orelse)
                new = dataclasses.replace(s, test=self.expression(s.test), body=then, orelse=orelse)
                same = new.test == s.test
            case ir.For():
                target, iterable = self.expression(s.target), self.expression(s.iterable)
                inner, orelse = self.block(s.body), self.block(s.orelse)
                new = dataclasses.replace(s, target=target, iterable=iterable, body=inner, orelse=orelse)
                same = (target, iterable) == (s.target, s.iterable)
            case ir.While():
                inner, orelse = self.block(s.body), self.block(s.orelse)
                new = dataclasses.replace(s, test=self.expression(s.test), body=inner, orelse=orelse)
                same = new.test == s.test
            case ir.Evaluate() | ir.Return():
                new = dataclasses.replace(s, value=self.expression(s.value))
                same = new.value == s.value
            case ir.Break() | ir.Continue():
                new, same = s, True
            case _:
                raise NotStatic("a statement of a callee that is not understood", s.span)
        # A second call of the function gives statements of their own.
        return dataclasses.replace(new, text=s.text if same else None, file=s.file or self.file, key=ir.next_key())


class _Renamed(ast.NodeTransformer):
    """The names in a text replaced by the texts of what stands for them."""

    def __init__(self, new: dict[str, Expr]) -> None:
        self.new = new

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.parse(text_of(self.new[node.id]), mode="eval").body if node.id in self.new else node


def _retold(e: ir.Opaque, new: dict[str, Expr]) -> ir.Opaque:
    """An expression or statement that is kept as text, such as a raise, in other names."""
    tree = ast.parse(e.text)
    if any(isinstance(node, (ast.comprehension, ast.Lambda, ast.NamedExpr)) for node in ast.walk(tree)):
        raise NotStatic("a renamed variable is read by an expression that binds names", e.span)
    reads = (e.reads - new.keys()).union(*(ir.names(value) for value in new.values()))
    return dataclasses.replace(e, text=ast.unparse(_Renamed(new).visit(tree)), reads=reads)


def _taken(s: Stmt, value: Expr) -> Iterator[Stmt]:
    """What the calling statement does with the value; nothing where a variable would be given itself."""
    match s:
        case ir.Assign(target=target, op="") if target == value:
            return
        case ir.Assign(target=ir.Sequence(items=targets), op="") if isinstance(value, ir.Sequence):
            pairs = [pair for pair in zip(targets, value.items, strict=False) if pair[0] != pair[1]]
            if len(targets) != len(value.items):
                raise NotStatic("an unpacking", s.span)
            if len(pairs) == 1:
                yield dataclasses.replace(s, target=pairs[0][0], value=pairs[0][1], text=None, leading=())
            elif pairs:
                left, right = (ir.Sequence("tuple", tuple(side)) for side in zip(*pairs, strict=True))
                yield dataclasses.replace(s, target=left, value=right, text=None, leading=())
        case ir.Assign() | ir.Return():
            yield dataclasses.replace(s, value=value, text=None, leading=())
        case ir.Evaluate() if any(isinstance(node, Call) for node in ir.walk(value)):
            yield dataclasses.replace(s, value=value, text=None, leading=())


def _own_variables(callee: ir.Unit) -> set[str]:
    return {n for s in ir.statements(callee.body) for n in _bound(s)}


def _check_bound(body: Block, bound: set[str], own: set[str]) -> set[str]:
    """The variables that are certainly bound after a block; NotStatic where one may be read before it is.

    In a loop of the caller's the variable would still have its value from the call before.
    """
    for s in body:
        reads = frozenset().union(*(ir.names(e) for e in evaluated(s)))
        if isinstance(s, ir.Assign) and s.op:
            reads |= ir.names(s.target)
        if unbound := (reads & own) - bound:
            raise NotStatic(f"{min(unbound)} may be unbound in a function that is called for its effect", s.span)
        match s:
            case ir.If():
                bound = _check_bound(s.body, set(bound), own) & _check_bound(s.orelse, set(bound), own)
            case ir.For() | ir.While():
                _check_bound(s.body, bound | _bound(s), own)
                _check_bound(s.orelse, set(bound), own)
            case _:
                bound = bound | _bound(s)
    return bound


def _named_by_the_caller(target: Expr, value: Expr, call: Call, own: set[str]) -> dict[str, Expr]:
    """The callee's variables that it returns, under the names that the caller gives them.

    An array has then one name, and not two of which a write through one would show in the other.
    """
    pairs = [(target, value)]
    if isinstance(target, ir.Sequence) and isinstance(value, ir.Sequence):
        pairs = list(zip(target.items, value.items, strict=False))
    found: dict[str, Expr] = {}
    for t, v in pairs:
        match t, v:
            case Name(), Name() if t.id not in ir.names(call) and v.id in own:
                if v.id not in found and t not in found.values():
                    found[v.id] = t
            case _:
                pass
    return found


def writes_for_its_caller(callee: ir.Unit) -> bool:
    """Whether a function may write into an array that it has been given, as far as its text tells.

    `p += e` does not count: it changes an array but not a number, and the text does not tell which p is.
    """
    theirs = set(callee.params)  # the variables that may refer to an array of the caller's
    for s in ir.statements(callee.body):
        match s:
            case ir.Assign(target=target, value=value):
                into = {r for t in ir.targets(target) if not isinstance(t, Name) and (r := ir.root(t))}
                if into & theirs:
                    return True
                if isinstance(target, Name) and not s.op:
                    if _is_reference(value, theirs):
                        theirs.add(target.id)
                    elif s in callee.body:
                        theirs.discard(target.id)
                elif isinstance(target, ir.Sequence) and ir.names(value) & theirs:
                    theirs |= ir.bound_names(target)
            case ir.For():
                if ir.names(s.iterable) & theirs and not _is_range(s.iterable):
                    theirs |= ir.bound_names(s.target)
            case ir.Evaluate(value=Call(args=args)):
                if any(ir.names(a.value) & theirs for a in args):
                    return True
            case _:
                pass
    return False


def _is_range(e: Expr) -> bool:
    return isinstance(e, Call) and e.function == Name("range")


def _is_reference(value: Expr, theirs: set[str]) -> bool:
    """Whether a value may be an array that one of the variables refers to, or a part of it."""
    match value:
        case Name():
            return value.id in theirs
        case ir.Subscript() | ir.Attribute():
            return ir.root(value) in theirs or ir.root(value) is None
        case ir.IfExp():
            return _is_reference(value.body, theirs) or _is_reference(value.orelse, theirs)
        case ir.BoolOp():
            return _is_reference(value.left, theirs) or _is_reference(value.right, theirs)
        case Call(function=ir.Attribute(name="copy")):
            return False
        case Call(function=ir.Attribute(name="reshape" | "ravel" | "transpose" | "view" | "squeeze" | "swapaxes")):
            return True
        case _:
            return False


def returns_several(callee: ir.Unit) -> bool:
    """Whether a function ends in `return a, b` and returns nowhere else."""
    returns = [s for s in ir.statements(callee.body) if isinstance(s, ir.Return)]
    return len(returns) == 1 and isinstance(returns[0].value, ir.Sequence) and returns[0] is callee.body[-1]


def _bindings(body: Block) -> tuple[frozenset[str], frozenset[str]]:
    """The variables that a block rebinds, and those that it updates as `x += e`."""
    rebound: set[str] = set()
    updated: set[str] = set()
    for s in ir.statements(body):
        if isinstance(s, ir.Assign) and s.op and isinstance(s.target, Name):
            updated.add(s.target.id)
        else:
            rebound |= _bound(s)
    return frozenset(rebound), frozenset(updated)


def _bound(s: Stmt) -> frozenset[str]:
    return ir.bound_names(s.target) if isinstance(s, (ir.Assign, ir.For)) else frozenset()


def _counted(taken: tuple[str, ...]) -> Callable[[str], str]:
    """Names that a function does not have yet."""
    known = set(taken)

    def fresh(wanted: str) -> str:
        name, k = wanted, 2
        while name in known:
            name, k = f"{wanted}{k}", k + 1
        known.add(name)
        return name

    return fresh
