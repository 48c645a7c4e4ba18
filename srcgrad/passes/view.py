"""What is known of an expression at one place: its kind, and whether it has a derivative.

x an array of floats, n an int      x[1:n] * 2 is an array of floats and active where x is
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from srcgrad.passes import kinds, results
from srcgrad.passes.kinds import BOOL, FLOAT, INT, NONE, OBJECT, SCALAR, TEXT, UNKNOWN, Dim, Kind
from srcgrad.passes.resolve import UNRESOLVED, Scope, callee
from srcgrad.rules import table
from srcgrad.syntax import ir
from srcgrad.syntax.emit import text_of
from srcgrad.syntax.ir import Expr, NotStatic


@dataclass(frozen=True)
class Value:
    """What is known of a variable. `sure` is False where some path does not bind it."""

    kind: Kind
    active: bool = False
    sure: bool = True


Env = Mapping[str, Value]


@dataclass(frozen=True)
class View:
    """Questions about expressions at one place."""

    env: Env
    scope: Scope
    # By identity, with the expression itself so that its identity stays its own.
    known: dict[int, tuple[Expr, Kind]] = field(default_factory=dict, compare=False, repr=False)

    def kind(self, e: Expr) -> Kind:
        """The kind of an expression's value."""
        known = self.known.get(id(e))
        if known is None:
            known = self.known[id(e)] = (e, self._kind(e))
        return known[1]

    def _kind(self, e: Expr) -> Kind:
        match e:
            case ir.Name():
                return self._name(e)
            case ir.Const():
                return _constant(e.value)
            case ir.Unary(op="not") | ir.Compare():
                return self._truth(e)
            case ir.Unary():
                kind = self.kind(e.operand)
                if e.op == "~":
                    return kind if kind.dtype == kinds.BOOLEAN else OBJECT
                return replace(INT) if kind.form in ("int", "bool") else kind
            case ir.Binary():
                return self._binary(e)
            case ir.BoolOp():
                return kinds.join(self.kind(e.left), self.kind(e.right))
            case ir.IfExp():
                verdict = self.decided(e.test)
                if verdict is not None:
                    return self.kind(e.body if verdict else e.orelse)
                return kinds.join(self.kind(e.body), self.kind(e.orelse))
            case ir.Sequence():
                if e.form == "tuple":
                    return Kind("tuple", items=tuple(self.kind(i) for i in e.items))
                return OBJECT
            case ir.Attribute():
                return self._attribute(e)
            case ir.Subscript():
                return self._subscript(e)
            case ir.Call():
                function, args = callee(e, self.scope, self.kind)
                if function is UNRESOLVED or not results.is_pure(function):
                    return OBJECT
                return results.result_kind(function, args, self.kind, self.scope.object_of)
            case _:
                return OBJECT

    def active(self, e: Expr) -> bool:
        """Whether an expression's value has a derivative with respect to the arguments."""
        match e:
            case ir.Name():
                value = self.env.get(e.id)
                return value is not None and value.active
            case ir.Const() | ir.Compare() | ir.Unary(op="not" | "~"):
                return False
            case ir.Opaque():
                if any(n in self.env and self.env[n].active for n in e.reads):
                    raise NotStatic("an expression of this form reads an active value", e.span)
                return False
            case ir.Attribute():
                return e.name not in ("shape", "ndim", "size", "dtype") and self.active(e.value)
            case ir.Subscript():
                return self.active(e.value)
            case ir.Binary(op="//"):
                return False
            case ir.BoolOp():
                return self.kind(e) != BOOL and (self.active(e.left) or self.active(e.right))
            case ir.IfExp():
                verdict = self.decided(e.test)
                sides = [e.body] if verdict is not False else []
                sides += [e.orelse] if verdict is not True else []
                return any(self.active(side) for side in sides)
            case ir.Call():
                function, args = callee(e, self.scope, self.kind)
                if function is UNRESOLVED:
                    return any(self.active(child) for child in ir.children(e))
                if function in (str, repr, format, ascii):
                    if any(self.active(a.value) for a in args):
                        raise NotStatic("an active value as text", e.span)
                    return False
                if table.is_zero(function) or function in INTEGER_RESULTS:
                    return False
                return any(self.active(a.value) for a in args)
            case _:
                return any(self.active(child) for child in ir.children(e))

    def decided(self, test: Expr) -> bool | None:
        """What a condition is for values of these kinds, where the kinds alone decide it."""
        match test:
            case ir.Unary(op="not"):
                inside = self.decided(test.operand)
                return None if inside is None else not inside
            case ir.Compare(ops=("is" | "is not",), rest=(ir.Const(value=None),)):
                kind = self.kind(test.first)
                if kind.form in ("object", "bottom"):
                    return None
                return (kind == NONE) == (test.ops[0] == "is")
            case ir.Call(args=(ir.Argument(value=ir.Name() as value), ir.Argument(value=kind_))):
                if self.scope.object_of(test.function) is not isinstance:
                    return None
                kind = self.kind(value)
                if self.scope.object_of(kind_) is np.ndarray and kind.form != "numeric":
                    known = kind.form in ("array", "float", "int", "bool", "scalar", "text", "none")
                    return kind.form == "array" if known else None
                return None
            case _:
                return None

    def _name(self, e: ir.Name) -> Kind:
        value = self.env.get(e.id)
        if value is not None:
            return value.kind
        found = self.scope.lookup(e.id)
        if found is UNRESOLVED:
            raise NotStatic(f"{e.id} is read before it is bound", e.span)
        return kind_of_global(found, e.id)

    def _truth(self, e: Expr) -> Kind:
        parts = [self.kind(child) for child in ir.children(e)]
        if isinstance(e, ir.Compare) and len(parts) == 2:
            arrays = [k for k in parts if k.form == "array" and k.dims is not None]
            if arrays and all(k.form == "array" or k.is_scalar for k in parts):
                real = [replace(k, dtype=kinds.REAL) if k.form == "array" else k for k in parts]
                return replace(kinds.broadcast(*real), dtype=kinds.BOOLEAN)
        return BOOL if all(k.is_scalar or k.form in ("text", "none") for k in parts) else OBJECT

    def _binary(self, e: ir.Binary) -> Kind:
        left, right = self.kind(e.left), self.kind(e.right)
        if e.op == "@":
            return results.product_kind(left, right)
        if kinds.BOTTOM in (left, right):
            return kinds.BOTTOM
        if left.form in ("int", "bool") and right.form in ("int", "bool"):
            return _integer(e, left)
        whole = right.form in ("int", "bool")
        python = left.form == "float" or (left.form in ("int", "bool") and right.form == "float")
        if e.op == "**" and python and not whole and not (_raises_to_real(e.right) or _is_positive(e.left)):
            # A negative number of Python's to a power that is not whole is complex.
            return OBJECT
        if not all(k.is_scalar or k.form in ("array", "numeric") for k in (left, right)):
            return OBJECT
        if e.op in ("&", "|", "^", "<<", ">>"):
            both = left.dtype == right.dtype == kinds.BOOLEAN
            return replace(kinds.broadcast(left, right), dtype=kinds.BOOLEAN) if both else OBJECT
        if not (left.is_real or right.is_real):
            return OBJECT if e.op != "/" else replace(kinds.broadcast(left, right), dtype=kinds.REAL)
        return kinds.broadcast(left, right)

    def _attribute(self, e: ir.Attribute) -> Kind:
        found = self.scope.object_of(e)
        if found is not UNRESOLVED:
            return kind_of_global(found, e.name)
        owner = self.kind(e.value)
        if owner.form == "array" and owner.dims is not None:
            match e.name:
                case "T":
                    return replace(owner, dims=tuple(reversed(owner.dims)))
                case "shape":
                    return Kind("tuple", items=tuple(Kind("int", dims=(d,)) for d in owner.dims))
                case "ndim" | "size":
                    return INT
        if owner.form == "array" and e.name in ("ndim", "size"):
            return INT
        return OBJECT

    def _subscript(self, e: ir.Subscript) -> Kind:
        owner = self.kind(e.value)
        if owner.form == "tuple":
            at = e.index
            if isinstance(at, ir.Const) and isinstance(at.value, int) and at.value < len(owner.items):
                return owner.items[at.value]
            return OBJECT
        if owner.form == "numeric":
            return kinds.NUMERIC
        if owner.form != "array":
            return OBJECT
        if owner.dims is None:
            return kinds.NUMERIC if owner.dtype == kinds.REAL else OBJECT
        dims = self._indexed(owner.dims, e.index)
        if dims is None:
            return OBJECT
        if dims:
            return replace(owner, dims=dims)
        return SCALAR if owner.dtype == kinds.REAL else INT if owner.dtype == "l" else BOOL

    def index_kind(self, e: Expr) -> Kind:
        """The kind of an index; a list of integers selects as the array of them does."""
        if isinstance(e, ir.Sequence) and e.form == "list" and e.items:
            if all(self.kind(i).form == "int" for i in e.items):
                dim = kinds.ONE if len(e.items) == 1 else Dim(f"#{len(e.items)}", 0, False)
                return kinds.array(dim, dtype=kinds.INTEGER)
            return OBJECT
        if isinstance(e, ir.Slice):
            return Kind("slice")
        return self.kind(e)

    def _advanced(self, dims: tuple[Dim, ...], parts: list[Expr], advanced: list[Expr]) -> tuple[Dim, ...] | None:
        """The shape under several indices, of which some are arrays of integers."""
        if len(parts) > len(dims):
            return None
        given = [self.index_kind(p) for p in parts]
        if any(k.form == "array" and k.dtype != kinds.INTEGER for k in given):
            return None
        if all(k.form in ("array", "int") for k in given):
            shape = kinds.array(kinds.ONE)
            for k in given:
                if k.form == "array":
                    shape = kinds.broadcast(shape, k) if shape.dims != (kinds.ONE,) else k
            return None if shape.dims is None else (*shape.dims, *dims[len(parts) :])
        if len(advanced) == 1 and all(k.form in ("array", "slice") for k in given):
            out: list[Dim] = []
            for dim, part, k in zip(dims, parts, given, strict=False):
                if isinstance(part, ir.Slice):
                    out.append(self._sliced(dim, part))
                elif k.dims is None:
                    return None
                else:
                    out += k.dims
            return (*out, *dims[len(parts) :])
        return None

    def _indexed(self, dims: tuple[Dim, ...], index: Expr) -> tuple[Dim, ...] | None:
        parts = [index]
        if isinstance(index, ir.Sequence) and index.form == "tuple":
            parts = list(index.items)
        advanced = [p for p in parts if self.index_kind(p).form == "array"]
        if advanced and len(parts) > 1:
            return self._advanced(dims, parts, advanced)
        consumed = sum(1 for p in parts if not _is_const(p, None) and not _is_const(p, ...))
        out: list[Dim] = []
        rest = list(dims)
        for part in parts:
            if _is_const(part, None):
                out.append(kinds.ONE)
            elif _is_const(part, ...):
                keep = len(dims) - consumed
                if keep < 0:
                    return None
                out += rest[:keep]
                del rest[:keep]
            elif not rest:
                return None
            elif isinstance(part, ir.Slice):
                out.append(self._sliced(rest.pop(0), part))
            else:
                kind = self.index_kind(part)
                if kind.form == "int":
                    rest.pop(0)
                elif kind.form == "array" and len(parts) == 1 and kind.dims is not None:
                    if kind.dtype == kinds.BOOLEAN and len(kind.dims) <= len(rest):
                        del rest[: len(kind.dims)]
                        out.append(UNKNOWN)
                    elif kind.dtype == kinds.INTEGER:
                        rest.pop(0)
                        out += kind.dims
                    else:
                        return None
                else:
                    return None
        return tuple(out + rest)

    def _sliced(self, dim: Dim, part: ir.Slice) -> Dim:
        """The length of a slice: two with the same bounds from equal lengths are equally long."""
        if part in (ir.Slice(None, None, None), _REVERSED):
            return dim
        if dim.symbol == "?" or dim == kinds.ONE:
            return UNKNOWN
        less = _shorter(part)
        if less is not None:
            return dim if less == 0 else replace(dim, less=dim.less + less, one=None)
        for node in ir.walk(part):
            whole = isinstance(node, ir.Name) and node.id in self.env and self.env[node.id].kind.form == "int"
            literal = isinstance(node, ir.Const) and type(node.value) is int
            if not (whole or literal or isinstance(node, (ir.Slice, ir.Binary, ir.Unary))):
                return UNKNOWN
        return Dim(f"{dim.symbol}-{dim.less}[{text_of(part)}]", reads=dim.reads | ir.names(part))


_REVERSED = ir.Slice(None, None, ir.Unary("-", ir.Const(1, "1")))  # [::-1]

# Functions of active values whose results are integers or truths, that no rule file needs to name.
INTEGER_RESULTS = {int, len, bool, isinstance, range, print, type, hasattr, callable}


def _raises_to_real(exponent: Expr) -> bool:
    if isinstance(exponent, ir.Unary) and exponent.op == "-":
        exponent = exponent.operand
    return isinstance(exponent, ir.Const) and isinstance(exponent.value, (int, float))


def _is_positive(base: Expr) -> bool:
    return isinstance(base, ir.Const) and base.value > 0


def _integer(e: ir.Binary, left: Kind) -> Kind:
    if e.op == "/":
        return FLOAT
    if e.op == "**" and not isinstance(e.right, ir.Const):
        return OBJECT  # a negative power of an integer is a float
    at = e.right
    if e.op == "-" and left.dims and isinstance(at, ir.Const) and isinstance(at.value, int):
        dim = left.dims[0]
        if dim.symbol != "?" and dim != kinds.ONE:
            return Kind("int", dims=(replace(dim, less=dim.less + at.value, one=None),))
    return INT if e.op in "+-*//%**" else OBJECT


def _is_const(e: Expr, value: object) -> bool:
    return isinstance(e, ir.Const) and e.value is value


def _shorter(part: ir.Slice) -> int | None:
    """By how much `[a:]`, `[:-b]` or `[a:-b]` with literal a and b is shorter than the whole."""
    less = 0
    if part.step is not None:
        return None
    if part.lower is not None:
        if not (isinstance(part.lower, ir.Const) and type(part.lower.value) is int):
            return None
        less += part.lower.value
    if part.upper is not None:
        upper = part.upper
        if not (isinstance(upper, ir.Unary) and upper.op == "-"):
            return None
        if not (isinstance(upper.operand, ir.Const) and type(upper.operand.value) is int):
            return None
        if upper.operand.value == 0:
            return None
        less += upper.operand.value
    return less


def _constant(value: object) -> Kind:
    match value:
        case bool():
            return BOOL
        case int():
            return INT
        case float():
            return FLOAT
        case str():
            return TEXT
        case None:
            return NONE
        case _:
            return OBJECT


def kind_of_global(value: Any, name: str) -> Kind:
    """The kind of a global or closure value, as it is now."""
    if isinstance(value, (float, int, np.ndarray, tuple, str)) or value is None:
        return kinds.abstract(kinds.kind_of(value), name)
    return OBJECT
