"""What every variable is at every statement: its kind, and whether it depends on the arguments.

An abstract interpretation: the environment goes forward through the statements, joins where
branches meet, and goes round a loop until it no longer changes. A variable that is bound on one of
the joining paths only is marked so: where it is unbound the user's own statement raises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from srcgrad.passes import kinds, results
from srcgrad.passes.kinds import BOOL, FLOAT, INT, NONE, OBJECT, SCALAR, TEXT, UNKNOWN, Dim, Kind
from srcgrad.passes.resolve import UNRESOLVED, Scope, callee
from srcgrad.rules import table
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Block, Expr, NotStatic, Stmt


@dataclass(frozen=True)
class Value:
    """What is known of a variable. `sure` is False where some path does not bind it."""

    kind: Kind
    active: bool = False
    sure: bool = True


Env = Mapping[str, Value]
CallKind = Callable[[Any, tuple[Value, ...], ir.Span], Value]


@dataclass(frozen=True)
class Facts:
    """The environments before and after each statement, by the statement's key."""

    before: dict[int, Env]
    after: dict[int, Env]
    entry: dict[int, Env]  # before a loop's first iteration; `before` joins all of them
    scope: Scope
    returned: Value | None
    views: dict[int, View] = field(default_factory=dict, compare=False, repr=False)

    def at(self, s: Stmt) -> View:
        view = self.views.get(s.key)
        if view is None or view.env is not self.before[s.key]:
            view = self.views[s.key] = View(self.before[s.key], self.scope)
        return view

    def past(self, s: Stmt) -> View:
        return View(self.after[s.key], self.scope)


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
                return results.result_kind(function, args, self.kind)
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
            return _integer(e, left, right)
        if e.op == "**" and left.form == "float" and not _raises_to_real(e.right):
            # A negative Python float to a power that is not whole is complex.
            return OBJECT
        if not all(k.is_scalar or k.form in ("array", "numeric") for k in (left, right)):
            return OBJECT
        if e.op in ("&", "|", "^", "<<", ">>"):
            return kinds.broadcast(left, right) if left.dtype == right.dtype == "?" else OBJECT
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

    def _advanced(
        self, dims: tuple[Dim, ...], parts: list[Expr], advanced: list[Expr]
    ) -> tuple[Dim, ...] | None:
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
                    out.append(_sliced(dim, part))
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
                out.append(_sliced(rest.pop(0), part))
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


# Functions of active values whose results are integers or truths, that no rule file needs to name.
INTEGER_RESULTS = {int, len, bool, isinstance, range, print, type, hasattr, callable}


def _raises_to_real(exponent: Expr) -> bool:
    if isinstance(exponent, ir.Unary) and exponent.op == "-":
        exponent = exponent.operand
    return isinstance(exponent, ir.Const) and isinstance(exponent.value, (int, float))


def _integer(e: ir.Binary, left: Kind, right: Kind) -> Kind:
    if e.op == "/":
        return FLOAT
    if e.op == "**" and not isinstance(e.right, ir.Const):
        return OBJECT  # a negative power of an integer is a float
    at = e.right
    if e.op == "-" and left.dims and isinstance(at, ir.Const) and isinstance(at.value, int):
        dim = left.dims[0]
        if dim.symbol != "?" and dim != kinds.ONE:
            return Kind("int", dims=(Dim(dim.symbol, dim.less + at.value),))
    return INT if e.op in "+-*//%**" else OBJECT


def _is_const(e: Expr, value: object) -> bool:
    return isinstance(e, ir.Const) and e.value is value


def _sliced(dim: Dim, part: ir.Slice) -> Dim:
    """The length after `[a:]`, `[:-b]` or `[a:-b]` with literal a and b."""
    if part.step is not None or dim.symbol == "?" or dim == kinds.ONE:
        return dim if part == ir.Slice(None, None, None) else UNKNOWN
    less = dim.less
    if part.lower is not None:
        if not (isinstance(part.lower, ir.Const) and type(part.lower.value) is int):
            return UNKNOWN
        less += part.lower.value
    if part.upper is not None:
        upper = part.upper
        if not (isinstance(upper, ir.Unary) and upper.op == "-"):
            return UNKNOWN
        if not (isinstance(upper.operand, ir.Const) and type(upper.operand.value) is int):
            return UNKNOWN
        if upper.operand.value == 0:
            return UNKNOWN
        less += upper.operand.value
    return dim if less == dim.less else Dim(dim.symbol, less)


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


# The interpretation -----------------------------------------------------------------------------


def infer(unit: ir.Unit, start: Env, scope: Scope, call: CallKind | None = None) -> Facts:
    """Run the unit on kinds."""
    facts = Facts({}, {}, {}, scope, None)
    run = _Run(facts, call)
    run.block(unit.body, start)
    return replace(facts, returned=run.returned)


class _Run:
    """One interpretation: the facts as they grow."""

    def __init__(self, facts: Facts, call: CallKind | None) -> None:
        self.facts = facts
        self.call = call
        self.returned: Value | None = None
        self.leaving: list[list[Env]] = []  # environments at the breaks of each enclosing loop
        self.continuing: list[list[Env]] = []

    def block(self, body: Block, env: Env | None) -> Env | None:
        """The environment after a block; None where control does not get there."""
        for s in body:
            if env is None:
                raise NotStatic("a statement that is never reached", s.span)
            self.facts.before[s.key] = env
            env = self.statement(s, env)
            if env is not None:
                self.facts.after[s.key] = env
        return env

    def statement(self, s: Stmt, env: Env) -> Env | None:
        view = View(env, self.facts.scope)
        match s:
            case ir.Assign():
                return self._assign(s, view)
            case ir.UserCall():
                given = tuple(Value(view.kind(e), view.active(e)) for _, e in s.bound)
                assert self.call is not None
                value = self.call(s.function, given, s.span)
                return {**env, s.target.id: value, s.pullback: Value(OBJECT)}
            case ir.If():
                view.kind(s.test)
                verdict = view.decided(s.test)
                if verdict is not None:
                    return self.block(s.body if verdict else s.orelse, env)
                return joined(self.block(s.body, env), self.block(s.orelse, env))
            case ir.While() | ir.For():
                return self._loop(s, env)
            case ir.Return():
                value = Value(view.kind(s.value), view.active(s.value))
                old = self.returned
                self.returned = value if old is None else _join_values(old, value)
                return None
            case ir.Break():
                self.leaving[-1].append(env)
                return None
            case ir.Continue():
                self.continuing[-1].append(env)
                return None
            case ir.Evaluate():
                if not isinstance(s.value, ir.Opaque):
                    self._check_effect(s.value, view)
                return None if s.ends else env
            case _:
                raise NotStatic(f"a statement of the form {type(s).__name__}", s.span)

    def _check_effect(self, e: Expr, view: View) -> None:
        if isinstance(e, ir.Call):
            function, _ = callee(e, self.facts.scope, view.kind)
            if function is print:
                return
            raise NotStatic("a call for its effect", e.span)

    def _assign(self, s: ir.Assign, view: View) -> Env:
        value = s.value
        if s.op:
            value = ir.Binary(s.op, s.target, s.value, span=s.span)
        result = Value(view.kind(value), view.active(value))
        return self._bind(s.target, value, result, view)

    def _bind(self, target: Expr, value: Expr | None, result: Value, view: View) -> Env:
        match target:
            case ir.Name():
                if result.active and not result.kind.is_real and result.kind.form != "tuple":
                    raise NotStatic(f"{target.id} has a value of an unknown kind", target.span)
                return {**view.env, target.id: result}
            case ir.Subscript():
                base = ir.root(target)
                if base is None or base not in view.env or not isinstance(target.value, ir.Name):
                    raise NotStatic("a write into something other than a local array", target.span)
                old = view.env[base]
                view.kind(target)
                if old.kind.form != "array" or old.kind.dtype != kinds.REAL and result.active:
                    raise NotStatic("a write into something other than an array", target.span)
                if result.active and not result.kind.is_real:
                    raise NotStatic("a value of an unknown kind is written", target.span)
                return {**view.env, base: replace(old, active=old.active or result.active)}
            case ir.Sequence():
                env = view.env
                single = [r for t in ir.targets(target) if (r := ir.root(t)) is not None]
                if len(set(single)) < len(single) or len(single) > len(target.items):
                    raise NotStatic("a variable that is bound twice at once", target.span)
                items: list[Value]
                if isinstance(value, ir.Sequence) and len(value.items) == len(target.items):
                    items = [Value(view.kind(v), view.active(v)) for v in value.items]
                elif result.kind.form == "tuple" and len(result.kind.items) == len(target.items):
                    items = [Value(k, result.active) for k in result.kind.items]
                elif value is not None and result.kind.form == "array" and result.kind.dims:
                    parts = [ir.Subscript(value, ir.Const(k, str(k))) for k in range(len(target.items))]
                    items = [Value(view.kind(part), result.active) for part in parts]
                elif not result.active:
                    items = [Value(OBJECT) for _ in target.items]
                else:
                    raise NotStatic("an active value is unpacked", target.span)
                for t, v in zip(target.items, items, strict=True):
                    env = self._bind(t, None, v, View(env, view.scope))
                return env
            case _:
                raise NotStatic("an assignment of this form", target.span)

    def _loop(self, s: ir.While | ir.For, env: Env) -> Env:
        self.leaving.append([])
        self.continuing.append([])
        head = env
        self.facts.entry[s.key] = env
        for _ in range(50):
            self.leaving[-1], self.continuing[-1] = [], []
            start = head
            if isinstance(s, ir.For):
                start = self._enter(s, head)
            else:
                View(head, self.facts.scope).kind(s.test)
            end: Env | None = self.block(s.body, start)
            for other in self.continuing[-1]:
                end = joined(end, other)
            again = joined(head, end)
            assert again is not None
            if again == head:
                break
            head = again
        else:
            raise NotStatic("a loop whose values change kind without end", s.span)
        out: Env | None = None if _is_forever(s) else head
        for left in self.leaving[-1]:
            out = joined(out, left)
        self.leaving.pop()
        self.continuing.pop()
        if out is None:
            raise NotStatic("a loop without an end", s.span)
        self.facts.before[s.key] = head
        return out

    def _enter(self, s: ir.For, env: Env) -> Env:
        """The environment at the start of an iteration, with the loop's variables bound."""
        view = View(env, self.facts.scope)
        bound = iterated(s, view)
        if bound is None:
            raise NotStatic("a loop over something other than a range or an array", s.span)
        return {**env, **bound}


def iterated(s: ir.For, view: View) -> dict[str, Value] | None:
    """What a loop binds its variables to, or None where that is not understood."""
    target, iterable = s.target, s.iterable
    kind = view.kind(iterable)
    if isinstance(target, ir.Name):
        if kind.form == "range":
            return {target.id: Value(INT)}
        if isinstance(iterable, ir.Sequence) and not view.active(iterable):
            items = [view.kind(i) for i in iterable.items]
            if items and all(k.is_scalar for k in items):
                found = items[0]
                for k in items[1:]:
                    found = kinds.join(found, k)
                return {target.id: Value(found)}
        element = _element(kind)
        return None if element is None else {target.id: Value(element, view.active(iterable))}
    if not (isinstance(target, ir.Sequence) and isinstance(iterable, ir.Call)):
        return None
    function = view.scope.object_of(iterable.function)
    if any(a.keyword or a.star for a in iterable.args):
        return None
    given = [a.value for a in iterable.args]
    if function is enumerate and len(given) == 1 and len(target.items) == 2:
        elements = [Value(INT), *_elements(given, view)]
    elif function is zip and len(given) == len(target.items):
        elements = _elements(given, view)
    else:
        return None
    if len(elements) != len(target.items):
        return None
    if not all(isinstance(t, ir.Name) for t in target.items):
        return None
    return {t.id: v for t, v in zip(target.items, elements, strict=True) if isinstance(t, ir.Name)}


def _elements(given: list[Expr], view: View) -> list[Value]:
    found = []
    for e in given:
        element = _element(view.kind(e))
        if element is not None:
            found.append(Value(element, view.active(e)))
    return found


def _element(kind: Kind) -> Kind | None:
    """The kind of what iterating over an array gives."""
    if kind.form != "array" or not kind.dims:
        return None
    if len(kind.dims) > 1:
        return replace(kind, dims=kind.dims[1:])
    return SCALAR if kind.dtype == kinds.REAL else INT if kind.dtype == kinds.INTEGER else BOOL


def _is_forever(s: ir.While | ir.For) -> bool:
    return isinstance(s, ir.While) and isinstance(s.test, ir.Const) and bool(s.test.value)


def _join_values(a: Value, b: Value) -> Value:
    return Value(kinds.join(a.kind, b.kind), a.active or b.active, a.sure and b.sure)


def joined(a: Env | None, b: Env | None) -> Env | None:
    """What is known where two paths meet; a name that one of them does not bind is not sure."""
    if a is None or b is None:
        return a if b is None else b
    out: dict[str, Value] = {}
    for name in (*a, *(n for n in b if n not in a)):
        one, other = a.get(name), b.get(name)
        if one is not None and other is not None:
            out[name] = _join_values(one, other)
        else:
            present = one or other
            assert present is not None
            out[name] = replace(present, sure=False)
    return out
