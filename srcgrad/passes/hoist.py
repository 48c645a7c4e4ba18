"""Name what the reverse sweep reads again, so that it is computed once.

    before                              after
        y = b * np.tanh(A @ x)              u = np.tanh(A @ x)
                                            y = b * u

A dry run of each statement's adjoint says which values its rules read and are not cheap to compute
twice. Conditions and ranges whose operands the block itself changes are named too, for the reverse sweep asks
for them after the block.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from srcgrad.passes.aliases import is_own
from srcgrad.passes.cotangent import cost
from srcgrad.passes.infer import Facts
from srcgrad.passes.lengths import elements_read, of_fixed_shape
from srcgrad.passes.view import View
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Block, Expr, Name, NotStatic, Stmt

Dry = Callable[[Stmt, View], list[Expr]]
Valued = ir.Assign | ir.Return | ir.UserCall


def hoist_once(unit: ir.Unit, dry: Dry, facts: Facts, fresh: Callable[[str], str]) -> ir.Unit | None:
    """The unit with one round of values named, or None when there is nothing to name."""
    changed = False
    stores = frozenset(
        r
        for s in ir.statements(unit.body)
        if isinstance(s, ir.Assign)
        for t in ir.targets(s.target)
        if (isinstance(t, ir.Subscript) or (s.op and not facts.at(s).kind(t).is_scalar))
        and (r := ir.root(t)) is not None
    )

    bound = [n for s in ir.statements(unit.body) for n in ir.written_names(s)] + list(unit.params)
    variables = frozenset(bound)
    again = frozenset(n for n in variables if bound.count(n) > 1)

    def block(body: Block, outside: list[Stmt] | None) -> Block:
        """`outside` is what goes in front of the outermost loop, None where there is none or a condition decides."""
        nonlocal changed
        out: list[Stmt] = []
        for s in body:
            match s:
                case ir.If():
                    s = replace(s, body=block(s.body, None), orelse=block(s.orelse, None))
                case ir.For() | ir.While():
                    s = replace(s, body=block(s.body, out if outside is None and body is unit.body else outside))
                case ir.Assign() | ir.Return() | ir.UserCall():
                    wanted = dry(s, facts.at(s))
                    if wanted:
                        changed = True
                        # What precedes the loop holds in every turn if nothing binds it or its operands again.
                        once = [
                            b
                            for b in outside or ()
                            if isinstance(b, ir.Assign) and not (ir.names(b.value) | ir.written_names(b)) & again
                        ]
                        before, after = _named(s, wanted, fresh, facts.at(s), stores, [*once, *out])
                        for b in before:
                            if outside is None or ir.names(b.value) & variables:
                                out.append(b)
                            else:
                                # A constant, such as np.eye(3), is the same in every turn.
                                outside.append(replace(b, leading=()))
                                after = replace(after, leading=b.leading)
                        out.append(after)
                        continue
                case _:
                    pass
            out.append(s)
        return tuple(out)

    body = block(unit.body, None)
    return replace(unit, body=body) if changed else None


def _named(
    s: Valued,
    wanted: list[Expr],
    fresh: Callable[[str], str],
    view: View,
    stores: frozenset[str],
    earlier: list[Stmt],
) -> tuple[list[ir.Assign], Valued]:
    """The statement with the innermost of the wanted expressions computed in front of it, or taken from earlier on."""
    target = _innermost(wanted)
    if isinstance(s, ir.Assign) and s.op and not any(n == target for n in ir.walk(s.value)):
        # What is wanted is the value of `a[i] * e` in `a[i] *= e`.
        s = replace(s, value=ir.Binary(s.op, s.target, s.value, span=s.span), op="", text=None)
    values = [e for _, e in s.bound] if isinstance(s, ir.UserCall) else [s.value]
    if not any(n == target for e in values for n in ir.walk(e)):
        raise NotStatic("a value that cannot be named", s.span)
    same = _computed(target, earlier, stores)
    if same is not None:
        return [], _with(s, target, same)
    whole = isinstance(s, ir.Return) and target == s.value
    name = fresh("y" if whole else _hint(target))
    value = target
    if ir.names(target) & stores and not (view.kind(target).is_scalar or is_own(target, view)):
        # A view of an array that is written into would not keep its values.
        if values == [ir.Call(ir.Attribute(target, "copy"), ())]:
            raise NotStatic("a result that may share memory with an array that is written into", s.span)
        value = ir.Call(ir.Attribute(target, "copy"), ())
    before = ir.Assign(
        Name(name),
        value,
        span=s.span,
        leading=s.leading,
        comment=s.comment if whole else "",
        primal=s.primal,
    )

    return [before], replace(_with(s, target, Name(name)), leading=(), comment="" if whole else s.comment)


def _with(s: Valued, part: Expr, name: Name) -> Valued:
    """The statement with a variable in the place of a part of its value."""

    def change(node: Expr) -> Expr | None:
        return name if node == part else None

    if isinstance(s, ir.UserCall):
        given = tuple((p, ir.rewrite(e, change)) for p, e in s.bound)
        return replace(s, bound=given, call=ir.rewrite(s.call, change), text=None)
    return replace(s, value=ir.rewrite(s.value, change), text=None)


def _computed(e: Expr, earlier: list[Stmt], stores: frozenset[str]) -> Name | None:
    """The variable that holds the value of an expression already, from the same block."""
    if ir.names(e) & stores:
        return None
    written: set[str] = set()
    for s in reversed(earlier):
        if isinstance(s, ir.Assign) and not s.op and isinstance(s.target, Name) and s.value == e:
            return None if s.target.id in written | stores | ir.names(e) else s.target
        written |= ir.written_in((s,))
        if written & ir.names(e):
            break
    return None


def _innermost(wanted: list[Expr]) -> Expr:
    for e in wanted:
        inside = {id(n) for n in ir.walk(e)} - {id(e)}
        if not any(id(other) in inside or _contains(e, other) for other in wanted if other != e):
            return e
    return wanted[0]


def _contains(e: Expr, part: Expr) -> bool:
    return any(n == part for n in ir.walk(e) if n is not e)


def _hint(e: Expr) -> str:
    match e:
        case ir.Binary(op="+"):
            return "s"
        case ir.Binary(op="-"):
            return "d"
        case ir.Binary(op="/"):
            return "q"
        case ir.Binary():
            return "p"
        case ir.Compare():
            return "holds"
        case _:
            return "u"


def name_conditions(unit: ir.Unit, fresh: Callable[[str], str]) -> ir.Unit:
    """Name the conditions and ranges that could not be computed again after their block."""
    fixed = of_fixed_shape(unit)

    def block(body: Block) -> Block:
        out: list[Stmt] = []
        for s in body:
            match s:
                case ir.If():
                    s = replace(s, body=block(s.body), orelse=block(s.orelse))
                    written = ir.written_in(s.body) | ir.written_in(s.orelse)
                    if cost(s.test) >= 10 or elements_read(s.test, fixed) & written:
                        name = fresh("branch")
                        out.append(ir.Assign(Name(name), s.test, span=s.span, leading=s.leading))
                        s = replace(s, test=Name(name), text=None, leading=())
                case ir.For():
                    s = replace(s, body=block(s.body))
                    if elements_read(s.iterable, fixed) & ir.written_in(s.body):
                        name = fresh("steps")
                        out.append(ir.Assign(Name(name), s.iterable, span=s.span, leading=s.leading))
                        s = replace(s, iterable=Name(name), text=None, leading=())
                    if ir.bound_names(s.target) & ir.written_in(s.body):
                        raise NotStatic("a loop that rebinds its own variable", s.span)
                case ir.While():
                    s = replace(s, body=block(s.body))
                case _:
                    pass
            out.append(s)
        return tuple(out)

    return replace(unit, body=block(unit.body))
