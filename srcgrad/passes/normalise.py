"""One way out: early returns, continues and choices become branches.

    before                              after
        if x < 0:                           if x < 0:
            return 0.0                          value = 0.0
        y = x * x                           else:
        return y                                y = x * x
                                                value = y
                                            return value

A `continue` gives the rest of its loop's body to the other branch. So does a `break`, which stays
in its branch: whatever follows it in the body belongs to the branch not taken, so that the reverse
sweep of an iteration that broke off skips it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from srcgrad.passes.infer import Facts
from srcgrad.passes.view import View
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Block, Expr, NotStatic, Stmt

# How many statements may be written twice where two paths lead to them.
LARGEST_COPY = 8


def one_way_out(unit: ir.Unit, value: str, fresh: Callable[[str], str]) -> ir.Unit:
    """The unit with a single return at its end."""
    body = _loops(_returns_as_breaks(_without_else(unit.body, fresh), fresh))
    if not any(isinstance(s, ir.Return) for s in ir.statements(body)):
        raise NotStatic("a function that returns nothing")
    if _returns(body[:-1]) or not isinstance(body[-1], ir.Return):
        span = body[-1].span
        body = (*_gather(body, value), ir.Return(ir.Name(value), span=span))
    return replace(unit, body=body)


def _without_else(body: Block, fresh: Callable[[str], str]) -> Block:
    """What a loop does when nothing breaks it off, behind the loop.

    before                              after
        for i in range(n):                  broken = False
            if c:                           for i in range(n):
                break                           if c:
        else:                                       broken = True
            y = x                                   break
                                            if not broken:
                                                y = x
    """
    out: list[Stmt] = []
    for s in body:
        match s:
            case ir.If():
                s = replace(s, body=_without_else(s.body, fresh), orelse=_without_else(s.orelse, fresh))
            case ir.For() | ir.While():
                orelse = _without_else(s.orelse, fresh)
                s = replace(s, body=_without_else(s.body, fresh), orelse=())
                if orelse and breaks(s.body):
                    flag = fresh("broken")
                    out += [_flag(flag, False), replace(s, body=_telling(s.body, flag))]
                    out.append(ir.If(ir.Unary("not", ir.Name(flag)), orelse, (), span=s.span))
                    continue
                out += [s, *orelse]
                continue
            case _:
                pass
        out.append(s)
    return tuple(out)


def _telling(body: Block, flag: str) -> Block:
    """The body of a loop that sets the flag before it breaks off."""
    out: list[Stmt] = []
    for s in body:
        match s:
            case ir.Break():
                out.append(_flag(flag, True))
            case ir.If():
                s = replace(s, body=_telling(s.body, flag), orelse=_telling(s.orelse, flag))
            case _:
                pass
        out.append(s)
    return tuple(out)


def breaks(body: Block) -> bool:
    """Whether a block has a break of the loop that it stands in."""
    return any(isinstance(s, ir.Break) or (isinstance(s, ir.If) and (breaks(s.body) or breaks(s.orelse))) for s in body)


def _returns_as_breaks(body: Block, fresh: Callable[[str], str]) -> Block:
    """A return inside a loop leaves the loop first, and the function after it.

    before                              after
        for i in range(n):                  returned = False
            if c:                           for i in range(n):
                return y                        if c:
                                                    result = y
                                                    returned = True
                                                    break
                                            if returned:
                                                return result
    """
    out: list[Stmt] = []
    for s in body:
        match s:
            case ir.If():
                s = replace(
                    s,
                    body=_returns_as_breaks(s.body, fresh),
                    orelse=_returns_as_breaks(s.orelse, fresh),
                )
            case ir.For() | ir.While() if _returns(s.body):
                result, flag = fresh("result"), fresh("returned")
                inner = _returns_as_breaks(s.body, fresh)
                out.append(_flag(flag, False))
                out.append(replace(s, body=_leave(inner, result, flag)))
                last = ir.Return(ir.Name(result), span=s.span)
                out.append(ir.If(ir.Name(flag), (last,), (), span=s.span))
                continue
            case _:
                pass
        out.append(s)
    return tuple(out)


def _flag(name: str, value: bool) -> ir.Assign:
    return ir.Assign(ir.Name(name), ir.Const(value, repr(value)))


def _leave(body: Block, result: str, flag: str) -> Block:
    out: list[Stmt] = []
    for s in body:
        match s:
            case ir.Return():
                out += [_assigned(s, result), _flag(flag, True), ir.Break(span=s.span)]
                continue
            case ir.If():
                s = replace(s, body=_leave(s.body, result, flag), orelse=_leave(s.orelse, result, flag))
            case _:
                pass
        out.append(s)
    return tuple(out)


def _returns(body: Block) -> bool:
    return any(isinstance(s, ir.Return) for s in ir.statements(body))


def falls_through(body: Block) -> bool:
    """Whether control can reach what follows a block."""
    if not body:
        return True
    last = body[-1]
    match last:
        case ir.Return() | ir.Break() | ir.Continue():
            return False
        case ir.Evaluate():
            return not last.ends
        case ir.If():
            return falls_through(last.body) or falls_through(last.orelse)
        case _:
            return True


def _gather(body: Block, value: str) -> Block:
    """A block on every path of which `value` is assigned where it returned."""
    out: list[Stmt] = []
    for k, s in enumerate(body):
        match s:
            case ir.Return():
                out.append(_assigned(s, value))
                return tuple(out)
            case ir.If() if _returns((s,)):
                rest = body[k + 1 :]
                through = [falls_through(s.body), falls_through(s.orelse)]
                if all(through) and len(list(ir.statements(rest))) > LARGEST_COPY:
                    raise NotStatic("returns on some paths through a condition", s.span)
                if any(through) and not rest:
                    raise NotStatic("a path that returns nothing", s.span)
                then = (*s.body, *rest) if through[0] else s.body
                if all(through):
                    rest = ir.copied(rest)
                orelse = (*s.orelse, *rest) if through[1] else s.orelse
                out.append(replace(s, body=_gather(then, value), orelse=_gather(orelse, value)))
                return tuple(out)
            case ir.For() | ir.While() if _returns(s.body):
                raise NotStatic("a return inside a loop", s.span)
            case _:
                out.append(s)
    if falls_through(tuple(out)):
        raise NotStatic("a path that returns nothing", body[-1].span if body else ir.NOWHERE)
    return tuple(out)


def _assigned(s: ir.Return, value: str) -> ir.Assign:
    return ir.Assign(ir.Name(value), s.value, span=s.span, leading=s.leading, comment=s.comment, primal=s.primal)


def _loops(body: Block) -> Block:
    """Loops whose continues and breaks stand at the end of a branch."""
    out: list[Stmt] = []
    for s in body:
        match s:
            case ir.For() | ir.While():
                out.append(replace(s, body=_straight(_loops(s.body))))
            case ir.If():
                out.append(replace(s, body=_loops(s.body), orelse=_loops(s.orelse)))
            case _:
                out.append(s)
    return tuple(out)


def _leaves(body: Block) -> bool:
    """Whether a block has a break or continue of the loop that it stands in."""
    return any(
        isinstance(s, (ir.Break, ir.Continue)) or (isinstance(s, ir.If) and (_leaves(s.body) or _leaves(s.orelse)))
        for s in body
    )


def _straight(body: Block) -> Block:
    out: list[Stmt] = []
    for k, s in enumerate(body):
        if isinstance(s, ir.Continue):
            return tuple(out)
        if isinstance(s, ir.If) and _leaves((s,)):
            rest = body[k + 1 :]
            through = [falls_through(s.body), falls_through(s.orelse)]
            if all(through) and len(list(ir.statements(rest))) > LARGEST_COPY:
                raise NotStatic("a break or continue deep inside a condition", s.span)
            then = _straight((*s.body, *rest) if through[0] else s.body)
            rest = ir.copied(rest) if all(through) else rest
            orelse = _straight((*s.orelse, *rest) if through[1] else s.orelse)
            if not then:
                test = ir.Unary("not", s.test, span=s.test.span)
                s = replace(s, test=test, text=None, body=orelse, orelse=())
            else:
                s = replace(s, body=then, orelse=orelse)
            out.append(s)
            return tuple(out)
        out.append(s)
    return tuple(out)


def choices_as_branches(unit: ir.Unit, active: frozenset[int], fresh: Callable[[str], str]) -> ir.Unit:
    """Conditional expressions in active statements as if-statements.

    before   y = a * a if a > 0 else b
    after    if a > 0: y = a * a
             else: y = b
    """

    def inside(s: Stmt, value: Expr, out: list[Stmt]) -> Expr:
        """The value with each conditional expression computed in front of the statement."""

        def change(node: Expr) -> Expr | None:
            if isinstance(node, ir.BoolOp) or (isinstance(node, ir.Compare) and len(node.ops) > 1):
                return node  # what is not always evaluated stays where it is
            if isinstance(node, ir.IfExp):
                name = ir.Name(fresh("chosen"))
                assign = ir.Assign(name, node, span=s.span, primal=s.primal)
                out.extend(branches(assign, node))
                return name
            return None

        return ir.rewrite(value, change)

    def branches(s: ir.Assign, choice: ir.IfExp) -> Block:
        arms = []
        for arm in (choice.body, choice.orelse):
            before: list[Stmt] = []
            if isinstance(arm, ir.IfExp):
                inner = ir.Assign(s.target, arm, span=s.span, primal=s.primal)
                arms.append(branches(inner, arm))
                continue
            arm = inside(s, arm, before)
            arms.append((*before, ir.Assign(s.target, arm, span=s.span, primal=s.primal)))
        return (ir.If(choice.test, *arms, span=s.span, leading=s.leading, comment=s.comment),)

    def change(body: Block) -> Block:
        out: list[Stmt] = []
        for s in body:
            match s:
                case ir.If():
                    s = replace(s, body=change(s.body), orelse=change(s.orelse))
                case ir.For() | ir.While():
                    s = replace(s, body=change(s.body))
                case ir.Assign(value=ir.IfExp() as choice) if s.key in active and not s.op:
                    out.extend(branches(s, choice))
                    continue
                case ir.Assign() | ir.Return() if s.key in active:
                    value = inside(s, s.value, out)
                    if value != s.value:
                        s = replace(s, value=value, text=None)
                case _:
                    pass
            out.append(s)
        return tuple(out)

    return replace(unit, body=change(unit.body))


def decided_branches(unit: ir.Unit, facts: Facts) -> ir.Unit:
    """Only the branch that is taken, where the kinds of the arguments decide.

    before   if weights is None: weights = 1.0        after, for an array of weights: nothing
    """

    def choose(e: Expr, view: View) -> Expr:
        def change(node: Expr) -> Expr | None:
            if isinstance(node, ir.IfExp):
                verdict = view.decided(node.test)
                if verdict is not None:
                    return choose(node.body if verdict else node.orelse, view)
            return None

        return ir.rewrite(e, change)

    def block(body: Block) -> Block:
        out: list[Stmt] = []
        for s in body:
            if s.key not in facts.before:
                continue
            match s:
                case ir.If():
                    verdict = facts.at(s).decided(s.test)
                    if verdict is not None:
                        out.extend(block(s.body if verdict else s.orelse))
                        continue
                    s = replace(s, body=block(s.body), orelse=block(s.orelse))
                case ir.For() | ir.While():
                    s = replace(s, body=block(s.body))
                case ir.Assign() | ir.Return():
                    value = choose(s.value, facts.at(s))
                    if value != s.value:
                        s = replace(s, value=value, text=None)
                case _:
                    pass
            out.append(s)
        return tuple(out)

    return replace(unit, body=block(unit.body))


def parallel_writes(unit: ir.Unit, fresh: Callable[[str], str]) -> ir.Unit:
    """A parallel assignment into arrays, one write after the other.

    before   a[i], a[j] = a[j], a[i]
    after    u = a[j]; u2 = a[i]; a[i] = u; a[j] = u2
    """

    def block(body: Block) -> Block:
        out: list[Stmt] = []
        for s in body:
            match s:
                case ir.If():
                    s = replace(s, body=block(s.body), orelse=block(s.orelse))
                case ir.For() | ir.While():
                    s = replace(s, body=block(s.body))
                case ir.Assign(target=ir.Sequence() as target, value=ir.Sequence() as value):
                    if any(not isinstance(t, ir.Name) for t in target.items):
                        out.extend(_one_by_one(s, target, value, fresh))
                        continue
                case _:
                    pass
            out.append(s)
        return tuple(out)

    return replace(unit, body=block(unit.body))


def _one_by_one(s: ir.Assign, target: ir.Sequence, value: ir.Sequence, fresh: Callable[[str], str]) -> Block:
    if len(target.items) != len(value.items):
        raise NotStatic("an unpacking", s.span)
    names = [ir.Name(fresh("u")) for _ in value.items]
    reads = [
        ir.Assign(n, e, span=s.span, leading=() if k else s.leading, primal=s.primal)
        for k, (n, e) in enumerate(zip(names, value.items, strict=True))
    ]
    writes = [ir.Assign(t, n, span=s.span, primal=s.primal) for t, n in zip(target.items, names, strict=True)]
    return (*reads, *writes)


def named_indices(unit: ir.Unit, fresh: Callable[[str], str]) -> ir.Unit:
    """Name what a write computes from the array that it writes into, to find the place again.

    before   v[v > 0.5] = 0.0
    after    at = v > 0.5; v[at] = 0.0
    """

    def block(body: Block) -> Block:
        out: list[Stmt] = []
        for s in body:
            match s:
                case ir.If():
                    s = replace(s, body=block(s.body), orelse=block(s.orelse))
                case ir.For() | ir.While():
                    s = replace(s, body=block(s.body))
                case ir.Assign(target=ir.Subscript() as target):
                    base = ir.root(target)
                    place = named(target, base, s, out) if base is not None else target
                    if place != target:
                        s = replace(s, target=place, text=None, leading=())
                case _:
                    pass
            out.append(s)
        return tuple(out)

    def named(e: Expr, base: str, s: Stmt, out: list[Stmt]) -> Expr:
        """The place with each part of its indices that reads the array under a name."""
        if not isinstance(e, ir.Subscript):
            return e

        def change(node: Expr) -> Expr | None:
            if isinstance(node, (ir.Slice, ir.Sequence)) or base not in ir.names(node):
                return None
            name = ir.Name(fresh("at"))
            out.append(ir.Assign(name, node, span=s.span, leading=s.leading, primal=s.primal))
            return name

        index = ir.rewrite(e.index, change)
        return replace(e, value=named(e.value, base, s, out), index=index)

    return replace(unit, body=block(unit.body))
