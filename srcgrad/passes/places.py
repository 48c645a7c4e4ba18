"""Places and memory: the part of a cotangent that belongs to `x[i]`, and which arrays are whose."""

from __future__ import annotations

from srcgrad.passes import algebra
from srcgrad.passes.cotangent import Contribution, Sink
from srcgrad.passes.view import View
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Binary, Expr, Name, NotStatic

# Only of these is the opposite also right for NaN.
OPPOSITE = {"==": "!=", "!=": "==", "is": "is not", "is not": "is", "in": "not in", "not in": "in"}

OWNED, SHARED = "owned", "shared"
State = dict[str, str]

# Functions whose results share no memory with their arguments.
FRESH = {
    "sum", "outer", "full_like", "zeros_like", "ones_like", "where", "sign", "cos", "sin", "exp",
    "copy", "power", "sqrt", "cosh", "sinh",
}  # fmt: skip


def negated(test: Expr) -> Expr:
    """The opposite condition: `n != 0` for `n == 0`."""
    match test:
        case ir.Unary(op="not"):
            return test.operand
        case ir.Compare(ops=(op,)) if op in OPPOSITE:
            return ir.Compare(test.first, (OPPOSITE[op],), test.rest)
        case _:
            return ir.Unary("not", test)


def with_root(e: Expr, name: str) -> Expr:
    """`x[i][j]` with x_bar in the place of x; the indices stay."""
    match e:
        case Name():
            return Name(name)
        case ir.Subscript():
            return ir.Subscript(with_root(e.value, name), e.index)
        case ir.Attribute():
            return ir.Attribute(with_root(e.value, name), e.name)
        case _:
            raise NotStatic("a place of this form", e.span)


def replaced(sink: Sink, temp: str, put: Expr) -> Sink:
    mapping = {temp: put}
    return Sink(
        [(name, ir.substituted(e, mapping)) for name, e in sink.temps if name != temp],
        [Contribution(c.variable, c.place, ir.substituted(c.term, mapping), c.full) for c in sink.contributions],
    )


def occurrences(name: str, expressions: list[Expr]) -> int:
    """How many times the expressions read a variable."""
    return sum(node == Name(name) for e in expressions for node in ir.walk(e))


def selects(index: Expr, view: View) -> str:
    """Whether an index names each element at most once, or may name some again."""
    parts = [index]
    if isinstance(index, ir.Sequence) and index.form == "tuple":
        parts = list(index.items)
    repeats = False
    for p in parts:
        if isinstance(p, ir.Slice) or (isinstance(p, ir.Const) and p.value in (None, ...)):
            continue
        kind = view.index_kind(p)
        if kind.form == "array" and kind.dtype == "l":
            repeats = True
        elif not (kind.form == "int" or (kind.form == "array" and len(parts) == 1)):
            raise NotStatic("an index of an unknown kind", p.span)
    return "repeats" if repeats else "once"


def as_object(index: Expr) -> Expr:
    """An index as a value: `(slice(None), k)` for `[:, k]`."""
    none = ir.Const(None, "None")

    def change(node: Expr) -> Expr | None:
        if isinstance(node, ir.Slice):
            given = [node.lower, node.upper, node.step]
            if given == [None, None, None]:
                return algebra.call(Name("slice"), none)
            return algebra.call(Name("slice"), *(g or none for g in given))
        return None

    return ir.rewrite(index, change)


def aliased(e: Expr) -> list[str]:
    """The names whose arrays the value of an expression may share memory with."""
    if is_fresh(e):
        return []
    if isinstance(e, Name):
        return [e.id]
    return [name for child in ir.children(e) for name in aliased(child)]


def is_fresh(e: Expr) -> bool:
    """Whether computing the expression makes a new array."""
    match e:
        case Binary() | ir.Unary(op="-"):
            return True
        case ir.Call(function=Name(id="guarded"), args=(_, ir.Argument(value=product))):
            return is_fresh(product)
        case ir.Call(function=ir.Attribute(name="reshape"), args=(ir.Argument(value=operand), _)):
            return is_fresh(operand)
        case ir.Call(function=ir.Attribute(name=name)):
            return name in FRESH
        case _:
            return False


def may_show(e: Expr) -> frozenset[str]:
    """The variables whose memory the value of an expression may be, whole or in part."""
    if is_fresh(e):
        return frozenset()
    if isinstance(e, ir.Call) and isinstance(e.function, Name) and e.args:
        # Both return an operand of theirs, or something new.
        passed = {"unbroadcast": 0, "guarded": 1}.get(e.function.id)
        if passed is not None and passed < len(e.args):
            return may_show(e.args[passed].value)
    return ir.names(e)
