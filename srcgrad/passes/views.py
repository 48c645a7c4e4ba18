"""Parts of an array that are given names, where the array is also written into.

    before                                  after
        hares, lynxes = state                   hares, lynxes = state[0], state[1]

        z = states[i]                           z = states[i].copy()
        states[i + 1] = z + f(z)                states[i + 1] = z + f(z)

A view that is read only while nothing writes into its array is as good as a copy of it, and a copy is an
array of its own. Where a write could show in the view, it stays a view, for `aliases` to refuse.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from srcgrad.passes.infer import Facts
from srcgrad.passes.view import View
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Name


def separate_views(unit: ir.Unit, facts: Facts, variable: Callable[[str], str]) -> ir.Unit:
    """Unpacked arrays as their elements, and harmless views as copies."""
    written = _written_arrays(unit, facts)

    def change(body: ir.Block) -> ir.Block:
        out: list[ir.Stmt] = []
        for n, s in enumerate(body):
            match s:
                case ir.If():
                    s = replace(s, body=change(s.body), orelse=change(s.orelse))
                case ir.For() | ir.While():
                    s = replace(s, body=change(s.body))
                case ir.Assign() if s.key in facts.before and not s.op:
                    view = facts.at(s)
                    if _unpacks(s, view):
                        s = _spread(s, out, variable)
                    elif _is_view(s, view, written) and _harmless(s, body[n + 1 :], unit):
                        copied = ir.Call(ir.Attribute(s.value, "copy"), (), span=s.value.span)
                        s = replace(s, value=copied, text=None)
                case _:
                    pass
            out.append(s)
        return tuple(out)

    return replace(unit, body=change(unit.body))


def _written_arrays(unit: ir.Unit, facts: Facts) -> frozenset[str]:
    """The variables whose arrays a statement writes into."""
    found = set()
    for s in ir.statements(unit.body):
        if isinstance(s, ir.Assign) and s.key in facts.before:
            for t in ir.targets(s.target):
                if isinstance(t, ir.Subscript) or (s.op and not facts.at(s).kind(t).is_scalar):
                    found |= {r for r in (ir.root(t),) if r is not None}
    return frozenset(found)


def _unpacks(s: ir.Assign, view: View) -> bool:
    """Whether an active array is unpacked into names."""
    return (
        isinstance(s.target, ir.Sequence)
        and not isinstance(s.value, ir.Sequence)
        and all(isinstance(t, Name) for t in s.target.items)
        and view.kind(s.value).form == "array"
        and view.active(s.value)
    )


def _spread(s: ir.Assign, before: list[ir.Stmt], variable: Callable[[str], str]) -> ir.Assign:
    """The unpacking as an assignment of elements; what is not a name gets one first."""
    assert isinstance(s.target, ir.Sequence)
    value = s.value
    text = s.text
    if not isinstance(value, Name):
        name = Name(variable("parts"))
        before.append(ir.Assign(name, value, span=s.span, leading=s.leading, primal=s.primal))
        value, text = name, None
        s = replace(s, leading=())
    assert isinstance(s.target, ir.Sequence)
    elements = tuple(ir.Subscript(value, ir.Const(k, str(k))) for k in range(len(s.target.items)))
    return replace(s, value=ir.Sequence("tuple", elements, span=s.value.span), text=text)


def _is_view(s: ir.Assign, view: View, written: frozenset[str]) -> bool:
    """Whether a name is given a part of an array that is written into somewhere, and is not itself."""
    return (
        isinstance(s.target, Name)
        and isinstance(s.value, ir.Subscript)
        and ir.root(s.value) in written
        and s.target.id not in written
        and view.kind(s.value).form == "array"
        and view.index_kind(s.value.index).form != "array"
    )


def _harmless(s: ir.Assign, rest: ir.Block, unit: ir.Unit) -> bool:
    """Whether every read of the view comes after its definition, in the same block, and before
    any write into an array.

    A name for a part of the view would prolong it; a write into whatever array counts, since it
    may be the same memory under another name.
    """
    assert isinstance(s.target, Name)
    name = s.target.id
    inside = 0
    stale = False
    for later in rest:
        reads = sum(_reads(inner, name) for inner in ir.statements((later,)))
        inside += reads
        writes = any(_writes(inner) for inner in ir.statements((later,)))
        if reads and (stale or (writes and isinstance(later, (ir.If, ir.For, ir.While)))):
            return False
        if reads and _prolongs(later, name):
            return False
        stale = stale or writes
    everywhere = sum(_reads(inner, name) for inner in ir.statements(unit.body))
    bindings = sum(name in ir.written_names(inner) for inner in ir.statements(unit.body))
    return inside == everywhere and bindings == 1


def _reads(s: ir.Stmt, name: str) -> int:
    """1 where the statement itself reads the variable."""
    match s:
        case ir.Assign():
            indices = [t for t in ir.targets(s.target) if not isinstance(t, Name)]
            parts: list[ir.Expr] = [s.value, *indices]
        case ir.Return() | ir.Evaluate():
            parts = [s.value]
        case ir.If() | ir.While():
            parts = [s.test]
        case ir.For():
            parts = [s.iterable]
        case ir.UserCall():
            parts = [e for _, e in s.bound]
        case _:
            parts = []
    return int(any(name in ir.names(e) for e in parts))


def _writes(s: ir.Stmt) -> bool:
    if not isinstance(s, ir.Assign):
        return False
    return bool(s.op) or any(isinstance(t, ir.Subscript) for t in ir.targets(s.target))


def _prolongs(s: ir.Stmt, name: str) -> bool:
    """Whether a statement makes another name for the view's memory."""
    match s:
        case ir.Assign(value=value):
            bare = value.items if isinstance(value, ir.Sequence) else (value,)
            return (
                any(ir.root(e) == name if isinstance(e, (Name, ir.Subscript, ir.Attribute)) else False for e in bare)
                and any(isinstance(t, Name) for t in ir.targets(s.target))
                and not _elements(value)
            )
        case ir.Return():
            return True
        case _:
            return False


def _elements(value: ir.Expr) -> bool:
    """Whether all that is bound are single elements of a display that an unpacking became."""
    return isinstance(value, ir.Sequence) and all(
        isinstance(e, ir.Subscript) and isinstance(e.index, ir.Const) for e in value.items
    )
