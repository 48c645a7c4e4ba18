"""Which values may be computed and then not used: the branch that np.where does not take.

    np.where(x > 0, np.log(x), 0.0)         the logarithm may be infinite where it is not chosen
    y = np.log(x); y[1:]                    and so may an element that is never read
    m = np.max(x); np.log(np.sum(x - m))    nothing is at risk: what is selected from is x itself

The cotangent of such an element is zero, and zero times an infinite partial derivative must be zero.
"""

from __future__ import annotations

from srcgrad.syntax import ir
from srcgrad.syntax.ir import Expr, Name, Stmt

SELECTING = {
    "where", "maximum", "minimum", "fmax", "fmin", "clip", "max", "min", "amax", "amin", "select",
    "choose", "nan_to_num", "nansum", "nanmean", "sort", "median", "percentile", "quantile",
    "tril", "triu", "diag", "diagonal", "trace", "take", "compress", "extract", "delete",
}  # fmt: skip


def at_risk(unit: ir.Unit, everything: bool) -> frozenset[str]:
    """The variables from whose values something selects, directly or through other variables."""
    found: set[str] = set()
    if everything:
        return frozenset(n for s in ir.statements(unit.body) for n in ir.written_names(s)) | {""}
    # A parameter that is rebound no longer stands for an argument.
    params = tuple(p for p in unit.params if p not in ir.written_in(unit.body))
    for s in ir.statements(unit.body):
        if isinstance(s, ir.Assign):
            # What a write into an array replaces is not used either.
            places = [t for t in ir.targets(s.target) if isinstance(t, ir.Subscript)]
            found |= {r for t in places if (r := ir.root(t)) is not None}
    masks = frozenset(
        s.target.id
        for s in ir.statements(unit.body)
        if isinstance(s, ir.Assign) and isinstance(s.target, Name) and isinstance(s.value, ir.Compare)
    )
    while True:
        before = len(found)
        for s in ir.statements(unit.body):
            for e in _expressions(s):
                for part in [*selected_from(e, params), *masked(e, masks)]:
                    found |= ir.names(part)
            if ir.written_names(s) & found:
                for e in _expressions(s):
                    found |= ir.names(e)
        if len(found) == before:
            return frozenset(found)


def selected_from(e: Expr, params: tuple[str, ...]) -> list[Expr]:
    """The subexpressions of whose values only some elements may be used."""
    parts: list[Expr] = []
    for node in ir.walk(e):
        if isinstance(node, ir.Call):
            f = node.function
            word = f.name if isinstance(f, ir.Attribute) else f.id if isinstance(f, ir.Name) else ""
            if word in SELECTING:
                parts += [a.value for a in node.args]
                if isinstance(f, ir.Attribute):
                    parts.append(f.value)
        if isinstance(node, ir.Subscript) and ir.root(node) not in params:
            parts.append(node.value)
    return parts


def masked(e: Expr, masks: frozenset[str]) -> list[Expr]:
    """The factors of products with a mask, such as `(x > 0) * y`."""
    parts: list[Expr] = []
    for node in ir.walk(e):
        if isinstance(node, ir.Binary) and node.op == "*":
            sides = (node.left, node.right)
            if any(isinstance(p, ir.Compare) or (isinstance(p, Name) and p.id in masks) for p in sides):
                parts += sides
    return parts


def _expressions(s: Stmt) -> list[Expr]:
    match s:
        case ir.Assign():
            return [s.value]
        case ir.Return():
            return [s.value]
        case ir.UserCall():
            return [e for _, e in s.bound]
        case _:
            return []
