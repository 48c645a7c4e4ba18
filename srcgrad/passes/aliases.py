"""Two names for one array: understood only where nothing writes into it.

    b = a[1:]; b[0] = 2.0      a write through a view: not static
    b = a * 1; b[0] = 2.0      an array of its own

An array that a statement writes into must be the only variable that refers to its memory.
"""

from __future__ import annotations

import types
from dataclasses import replace

import numpy as np

from srcgrad.passes.infer import Facts
from srcgrad.passes.kinds import stretches
from srcgrad.passes.resolve import UNRESOLVED, callee
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Expr, Name, NotStatic

# Functions whose result is an array of its own.
MAKES = {
    np.zeros, np.ones, np.empty, np.full, np.zeros_like, np.ones_like, np.empty_like, np.full_like,
    np.array, np.copy, np.arange, np.linspace, np.dot, np.matmul, np.outer, np.where, np.cumsum,
    np.concatenate, np.stack, np.hstack, np.vstack, np.sum, np.mean, np.linalg.solve, np.linalg.inv, np.sort,
    np.linalg.cholesky, np.linalg.pinv, np.linalg.det, np.linalg.norm, np.triu, np.tril, np.roll, np.cumprod, np.diff,
    np.repeat, np.tile, np.kron, np.inner, np.tensordot, np.max, np.min, np.prod, np.std, np.var, np.eye, np.identity,
    np.convolve, np.interp, np.ndarray, np.clip, np.trace, np.append, np.cross,
}  # fmt: skip


def check_aliases(unit: ir.Unit, facts: Facts, apart: bool) -> frozenset[str]:
    """The parameters that the function writes into; NotStatic where a written array has two names."""
    written: dict[str, ir.Span] = {}
    groups: dict[str, set[str]] = {}
    itself: set[str] = set()  # what is bound to what shows its own memory, as in `w = w[1:]`

    def merge(a: str, b: str) -> None:
        group = groups.setdefault(a, {a}) | groups.setdefault(b, {b})
        for name in group:
            groups[name] = group

    for s in ir.statements(unit.body):
        if s.key not in facts.before:
            continue
        view = facts.at(s)
        match s:
            case ir.Assign():
                for t in ir.targets(s.target):
                    if isinstance(t, ir.Subscript) and (base := ir.root(t)) is not None:
                        written.setdefault(base, s.span)
                    elif isinstance(t, Name) and s.op and not view.kind(t).is_scalar:
                        written.setdefault(t.id, s.span)
                pairs = [(s.target, s.value)]
                if isinstance(s.target, ir.Sequence) and isinstance(s.value, ir.Sequence):
                    pairs = list(zip(s.target.items, s.value.items, strict=False))
                for target, value in pairs:
                    if s.op or isinstance(target, ir.Subscript):
                        continue
                    kind = view.kind(value)
                    if all(k.is_scalar or k.form in ("text", "none", "range") for k in kind.items or (kind,)):
                        continue
                    if not is_own(value, view):
                        for name in ir.bound_names(target):
                            for other in ir.names(value):
                                if other == name and other in facts.before[s.key]:
                                    itself.add(name)
                                if other in facts.before[s.key]:
                                    merge(name, other)
                                elif _is_data(other, facts):
                                    merge(name, f"{other} (global)")
            case ir.UserCall():
                # The callee may return an array that it keeps a reference to.
                merge(s.target.id, s.pullback)
                for _, e in s.bound:
                    if not (view.kind(e).is_scalar or is_own(e, view)):
                        for other in ir.names(e) & facts.before[s.key].keys():
                            if other == s.target.id:
                                itself.add(other)
                            merge(s.target.id, other)
            case _:
                pass
    for name, span in written.items():
        if name in itself:
            # Under the name of a later version it would be a second name for one array.
            raise NotStatic(f"{name} is written to and bound to a view of itself", span)
        others = groups.get(name, {name}) - {name}
        if others:
            raise NotStatic(f"{name} is written to and may share memory with {min(others)}", span)
    params = _written_params(unit, facts)
    if params:
        entry = facts.before[unit.body[0].key]
        arrays = [p for p in unit.params if p in entry and not entry[p].kind.is_scalar]
        if len(arrays) > 1 and not apart:
            raise NotStatic("a parameter is written to and may share memory with another")
        if any(isinstance(value, np.ndarray) for value in facts.scope.read.values()):
            raise NotStatic("a parameter is written to and may share memory with a global array")
    return params


def _written_params(unit: ir.Unit, facts: Facts) -> frozenset[str]:
    """The parameters whose arrays, as the caller knows them, a statement writes into.

    `x += 1` counts: it becomes `x = x + 1`, which the array's other names would not see.
    """
    found: set[str] = set()
    left = set(unit.params)  # not given an array of their own yet
    for outer in unit.body:
        for s in ir.statements((outer,)):
            if not isinstance(s, ir.Assign) or s.key not in facts.before:
                continue
            for t in ir.targets(s.target):
                in_place = bool(s.op) and not facts.at(s).kind(t).is_scalar
                if isinstance(t, ir.Subscript) or in_place:
                    found |= {r for r in (ir.root(t),) if r in left and r is not None}
        match outer:
            case ir.Assign(target=Name() as target, op="") if outer.key in facts.before:
                if is_own(outer.value, facts.at(outer)):
                    left.discard(target.id)
            case _:
                pass
    return frozenset(found)


def _is_data(name: str, facts: Facts) -> bool:
    """Whether a free name is bound to something that may be or hold an array."""
    found = facts.scope.lookup(name)
    return not isinstance(found, types.ModuleType) and not callable(found)


def is_own(e: Expr, view: object) -> bool:
    """Whether the value is an array that nothing else refers to."""
    from srcgrad.passes.view import View

    assert isinstance(view, View)
    match e:
        case ir.Binary():
            return True
        case ir.Unary(op="-"):
            return True
        case ir.Const() | ir.Compare():
            return True
        case ir.Subscript():
            parts = [e.index]
            if isinstance(e.index, ir.Sequence) and e.index.form == "tuple":
                parts = list(e.index.items)
            return any(view.index_kind(p).form == "array" for p in parts)
        case ir.Call(function=ir.Attribute(name="copy" | "sum" | "mean" | "dot", value=Name())):
            return True
        case ir.Call():
            function, _ = callee(e, view.scope, view.kind)
            if function is UNRESOLVED:
                return False
            return isinstance(function, np.ufunc) or function in MAKES
        case _:
            return False


def updates_in_place(unit: ir.Unit, facts: Facts) -> frozenset[int]:
    """The keys of statements such as `y += e`, for an array, that may stay as they are."""
    if any(isinstance(s, (ir.For, ir.While)) and s.checkpoints is not None for s in ir.statements(unit.body)):
        return frozenset()  # a checkpoint refers to the arrays of its iteration
    return frozenset(
        s.key
        for s in ir.statements(unit.body)
        if isinstance(s, ir.Assign)
        and isinstance(s.target, Name)
        and s.op in ("+", "-")
        and s.target.id not in ir.names(s.value)
        and (kind := facts.at(s).kind(s.target)).form == "array"
        and kind.dims is not None
    )


def plain_updates(unit: ir.Unit, facts: Facts, stay: frozenset[int] = frozenset()) -> ir.Unit:
    """`y += e` as `y = y + e` for an array: the old array can then be kept as it is.

    Those whose keys `stay` stay: nothing keeps a reference to their old arrays.
    """

    def change(body: ir.Block) -> ir.Block:
        out: list[ir.Stmt] = []
        for s in body:
            match s:
                case ir.If():
                    s = replace(s, body=change(s.body), orelse=change(s.orelse))
                case ir.For() | ir.While():
                    s = replace(s, body=change(s.body))
                case ir.Assign(target=Name() as target) if s.op:
                    kind = facts.at(s).kind(target)
                    if not kind.is_scalar and s.key not in stay:
                        value = ir.Binary(s.op, target, s.value, span=s.span)
                        if stretches(kind, facts.at(s).kind(value)):
                            raise NotStatic("an array is updated in place", s.span)
                        s = replace(s, value=value, op="", text=None)
                case _:
                    pass
            out.append(s)
        return tuple(out)

    return replace(unit, body=change(unit.body))
