"""What every variable is at every statement: its kind, and whether it depends on the arguments.

An abstract interpretation: the environment goes forward through the statements, joins where
branches meet, and goes round a loop until it no longer changes. A variable that is bound on one of
the joining paths only is marked so: where it is unbound the user's own statement raises.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from srcgrad.passes import kinds
from srcgrad.passes.kinds import BOOL, INT, OBJECT, SCALAR, Dim, Kind
from srcgrad.passes.memory import Memory
from srcgrad.passes.resolve import Scope, callee
from srcgrad.passes.view import Env, Value, View
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Block, Expr, NotStatic, Stmt

CallKind = Callable[[Any, tuple[Value, ...], ir.Span], Value]


@dataclass(frozen=True)
class Facts:
    """The environments before and after each statement, by the statement's key."""

    before: dict[int, Env]
    after: dict[int, Env]
    entry: dict[int, Env]  # before a loop's first iteration; `before` joins all of them
    scope: Scope
    returned: Value | None
    memory: Memory

    def at(self, s: Stmt) -> View:
        return self.memory.view(self.before[s.key], self.scope)

    def past(self, s: Stmt) -> View:
        return self.memory.view(self.after[s.key], self.scope)


# The interpretation -----------------------------------------------------------------------------


def infer(unit: ir.Unit, start: Env, scope: Scope, call: CallKind, memory: Memory) -> Facts:
    """Run the unit on kinds; `memory` is that of earlier runs of the same function."""
    facts = Facts({}, {}, {}, scope, None, memory)
    run = _Run(facts, call)
    run.block(unit.body, start)
    return replace(facts, returned=run.returned)


class _Run:
    """One interpretation: the facts as they grow."""

    def __init__(self, facts: Facts, call: CallKind) -> None:
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
            step = self.facts.memory.step(s, env)
            self.facts.before[s.key] = env = step.before
            if step.after is not None:
                env = step.after
            else:
                env = self.statement(s, env)
                if isinstance(s, ir.Assign):
                    step.after = env
            if env is not None:
                self.facts.after[s.key] = env
        return env

    def statement(self, s: Stmt, env: Env) -> Env | None:
        view = self.facts.memory.view(env, self.facts.scope)
        match s:
            case ir.Assign():
                return self._assign(s, view)
            case ir.UserCall():
                given = tuple(Value(view.kind(e), view.active(e)) for _, e in s.bound)
                given = tuple(replace(v, kind=kinds.abroad(v.kind)) for v in given)
                value = self.call(s.function, given, s.span)
                value = replace(value, kind=kinds.abroad(value.kind))
                after = bound(env, s.target.id, value)
                return after if s.forgets else {**after, s.pullback: Value(OBJECT)}
            case ir.If():
                view.kind(s.test)
                verdict = view.decided(s.test)
                if verdict is not None:
                    return self.block(s.body if verdict else s.orelse, env)
                return joined(self.block(s.body, env), self.block(s.orelse, env))
            case ir.While() | ir.For():
                after = self._loop(s, env)
                return after if s.checkpoints is None else {**after, s.checkpoints.kept: Value(OBJECT)}
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
        if s.op and s.in_place and view.kind(s.target).form != "array":
            raise NotStatic("a parameter that a callee changes", s.span)
        if s.op and isinstance(s.target, ir.Name) and view.kind(s.target).form == "array":
            # An array that is updated keeps its shape.
            result = replace(result, kind=view.kind(s.target))
        return self._bind(s.target, value, result, view)

    def _bind(self, target: Expr, value: Expr | None, result: Value, view: View) -> Env:
        match target:
            case ir.Name():
                if result.active and not result.kind.is_real and result.kind.form != "tuple":
                    raise NotStatic(f"{target.id} has a value of an unknown kind", target.span)
                return bound(view.env, target.id, result)
            case ir.Subscript():
                base = ir.root(target)
                if base is None or base not in view.env or not isinstance(target.value, ir.Name):
                    raise NotStatic("a write into something other than a local array", target.span)
                old = view.env[base]
                view.kind(target)
                if old.kind.form != "array" or (old.kind.dtype != kinds.REAL and result.active):
                    raise NotStatic("a write into something other than an array", target.span)
                if result.active and not result.kind.is_real:
                    raise NotStatic("a value of an unknown kind is written", target.span)
                return {**view.env, base: replace(old, active=old.active or result.active)}
            case ir.Sequence():
                env = view.env
                single = [r for t in ir.targets(target) if (r := ir.root(t)) is not None]
                # Of names that stand twice, such as _, the last counts.
                plain = not result.active and all(isinstance(t, ir.Name) for t in target.items)
                twice = len(set(single)) < len(single) and not plain
                if twice or len(single) > len(target.items):
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
                names = ir.bound_names(target)
                for t, v in zip(target.items, items, strict=True):
                    # What the others are bound to is not what a length was computed from.
                    kind = kinds.without(v.kind, lambda d: bool(d.reads & names))
                    env = self._bind(t, None, replace(v, kind=kind), View(env, view.scope))
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
                self.facts.memory.view(head, self.facts.scope).kind(s.test)
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
        view = self.facts.memory.view(env, self.facts.scope)
        given = iterated(s, view)
        if given is None:
            raise NotStatic("a loop over something other than a range or an array", s.span)
        for name, value in given.items():
            env = bound(env, name, value)
        return env


def bound(env: Env, name: str, value: Value) -> Env:
    """The environment with a variable bound anew: lengths that spoke of the old one are unknown.

    A length of its own that is not known is named after the variable: what is computed from it is as long.
    """
    kind, old = value.kind, env.get(name)
    same = old is not None and kind.dims is not None and kind.dims == old.kind.dims
    if not same or any(d.symbol == "?" for d in kind.dims or ()):
        env = {n: _forgetting(v, name) for n, v in env.items()}
        if kind.form == "array" and kind.dims:
            dims = []
            for k, d in enumerate(kind.dims):
                own = d.symbol == "?" or name in d.reads
                dims.append(Dim(f"{name}:{k}", 0, d.one, frozenset({name})) if own else d)
            value = replace(value, kind=replace(kind, dims=tuple(dims)))
    return {**env, name: value}


def _forgetting(value: Value, name: str) -> Value:
    kind = kinds.without(value.kind, lambda d: name in d.reads)
    return value if kind is value.kind else replace(value, kind=kind)


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
    if a == b:
        return a
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
