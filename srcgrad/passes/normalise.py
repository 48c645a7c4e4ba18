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

from dataclasses import replace

from srcgrad.passes.infer import Facts, View
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Block, Expr, NotStatic, Stmt


def one_way_out(unit: ir.Unit, value: str) -> ir.Unit:
    """The unit with a single return at its end."""
    body = _loops(unit.body)
    if not any(isinstance(s, ir.Return) for s in ir.statements(body)):
        raise NotStatic("a function that returns nothing")
    if _returns(body[:-1]) or not isinstance(body[-1], ir.Return):
        span = body[-1].span
        body = (*_gather(body, value), ir.Return(ir.Name(value), span=span))
    return replace(unit, body=body)


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
                if all(through) and rest:
                    raise NotStatic("returns in both branches of a condition that is gone on from", s.span)
                if any(through) and not rest:
                    raise NotStatic("a path that returns nothing", s.span)
                then = (*s.body, *rest) if through[0] else s.body
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
    return ir.Assign(
        ir.Name(value), s.value, span=s.span, leading=s.leading, comment=s.comment, primal=s.primal
    )


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
        isinstance(s, (ir.Break, ir.Continue))
        or (isinstance(s, ir.If) and (_leaves(s.body) or _leaves(s.orelse)))
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
            if all(through) and rest:
                raise NotStatic("a break or continue deep inside a condition", s.span)
            then = _straight((*s.body, *rest) if through[0] else s.body)
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


def choices_as_branches(unit: ir.Unit, active: frozenset[int]) -> ir.Unit:
    """Active conditional expressions that are a statement's whole value, as if-statements.

    before   y = a * a if a > 0 else b
    after    if a > 0: y = a * a
             else: y = b
    """

    def change(body: Block) -> Block:
        out: list[Stmt] = []
        for s in body:
            match s:
                case ir.If():
                    s = replace(s, body=change(s.body), orelse=change(s.orelse))
                case ir.For() | ir.While():
                    s = replace(s, body=change(s.body))
                case ir.Assign(value=ir.IfExp() as choice) if s.key in active and not s.op:
                    arms = [
                        change((ir.Assign(s.target, arm, span=s.span, primal=s.primal),))
                        for arm in (choice.body, choice.orelse)
                    ]
                    s = ir.If(choice.test, *arms, span=s.span, leading=s.leading, comment=s.comment)
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
