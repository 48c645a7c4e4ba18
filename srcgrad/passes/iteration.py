"""Loops over arrays as loops over their indices.

before                              after
    for c in a[::-1]:                   items = a[::-1]
        s = s * x + c                   for k in range(len(items)):
                                            c = items[k]
                                            s = s * x + c
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from dataclasses import replace

from srcgrad.passes.infer import Facts
from srcgrad.passes.kinds import same_length
from srcgrad.passes.view import View
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Argument, Block, Call, Expr, Name, NotStatic, Stmt


def index_loops(unit: ir.Unit, facts: Facts, fresh: Callable[[str], str]) -> ir.Unit:
    """The unit with every loop over an array, an enumerate or a zip of arrays as one over a range."""

    def block(body: Block) -> Block:
        out: list[Stmt] = []
        for s in body:
            match s:
                case ir.If():
                    s = replace(s, body=block(s.body), orelse=block(s.orelse))
                case ir.While():
                    s = replace(s, body=block(s.body))
                case ir.For():
                    view = View(facts.entry[s.key], facts.scope)
                    s = replace(s, body=block(s.body))
                    out.extend(_indexed(s, view, fresh))
                    continue
                case _:
                    pass
            out.append(s)
        return tuple(out)

    return replace(unit, body=block(unit.body))


def _indexed(s: ir.For, view: View, fresh: Callable[[str], str]) -> Block:
    if view.kind(s.iterable).form == "range" or isinstance(s.iterable, ir.Sequence):
        return (s,)
    for name in ("len", "range", "min"):
        if view.scope.lookup(name) is not getattr(builtins, name):
            raise NotStatic(f"a loop over an array where {name} is something else", s.span)
    targets: list[Expr] = [s.target]
    sources: list[Expr] = [s.iterable]
    index: Expr | None = None
    if isinstance(s.target, ir.Sequence):
        assert isinstance(s.iterable, Call)
        targets = list(s.target.items)
        sources = [a.value for a in s.iterable.args]
        if view.scope.object_of(s.iterable.function) is enumerate:
            index = targets.pop(0)
    before: list[Stmt] = []
    lengths: list[Expr] = []
    reads: list[Stmt] = []
    k = index if isinstance(index, Name) else Name(fresh("k"))
    for target, source in zip(targets, sources, strict=True):
        if not isinstance(source, Name) or source.id in ir.written_in(s.body):
            items = Name(fresh("items"))
            before.append(ir.Assign(items, source, span=s.span, leading=s.leading, primal=s.primal))
            s = replace(s, leading=())
        else:
            items = source
        lengths.append(Call(Name("len"), (Argument(items),)))
        reads.append(ir.Assign(target, ir.Subscript(items, k), span=s.span, primal=s.primal))
    dims = [view.kind(source).dims for source in sources]
    first = dims[0][0] if dims[0] else None
    same = first is not None and all(d and same_length(d[0], first) for d in dims)
    if same or len(sources) == 1:
        length = lengths[0]
    else:
        length = Call(Name("min"), tuple(Argument(n) for n in lengths))
    steps = Call(Name("range"), (Argument(length),))
    loop = replace(s, target=k, iterable=steps, body=(*reads, *s.body), text=None)
    return (*before, loop)
