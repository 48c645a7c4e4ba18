"""Axes that subscripts add, and kinds and terms with and without them: `x[:, None]`."""

from __future__ import annotations

from dataclasses import replace

from srcgrad.passes.kinds import Kind
from srcgrad.passes.view import View
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Const, Expr, Subscript


def added_axes(e: Expr, view: View) -> tuple[int, ...]:
    """The axes that a subscript of None and whole slices adds, such as 1 and 2 of `x[:, None, None]`."""
    if not isinstance(e, Subscript):
        return ()
    kind = view.kind(e.value)
    if kind.form != "array" or kind.dims is None:
        return ()
    parts = list(e.index.items) if isinstance(e.index, ir.Sequence) and e.index.form == "tuple" else [e.index]
    taken = sum(isinstance(p, ir.Slice) for p in parts)
    if taken > len(kind.dims):
        return ()
    found: list[int] = []
    at = 0
    for p in parts:
        if isinstance(p, Const) and p.value is None:
            found.append(at)
            at += 1
        elif isinstance(p, Const) and p.value is ...:
            at += len(kind.dims) - taken
        elif p == ir.Slice(None, None, None):
            at += 1
        else:
            return ()
    return tuple(found)


def without_axes(kind: Kind, axes: tuple[int, ...]) -> Kind:
    """The kind of an array without some of its axes."""
    return replace(kind, dims=tuple(d for k, d in enumerate(kind.dims or ()) if k not in axes))


def with_axes(term: Expr, axes: tuple[int, ...], put: Expr) -> Expr:
    """`term[:, None]`, or `term[:, 0]`: something put at each of the axes."""
    parts = [put if k in axes else ir.Slice(None, None, None) for k in range(max(axes) + 1)]
    return Subscript(term, parts[0] if len(parts) == 1 else ir.Sequence("tuple", tuple(parts)))
