"""Which names of a function may hold parts of the same memory.

    u = np.copy(v)            u holds what this statement made
    saved.append((u, w))      the tuples in saved hold that at 0, and what w holds at 1
    p, q = saved.pop()        p holds what u held, q what w held: p and q share nothing

An array is known by the statement that made it; one that the function was given may be any that it was given.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from srcgrad.backends.kind import BINARY, BOTTOM, PAIRED_TESTS, TESTS, UNARY
from srcgrad.backends.kinds import Kinds

Path = tuple[int, ...]
Held = Mapping[Path, frozenset[int]]  # at a place in tuples in lists, the statements that made what is there
ELEMENT, ANYWHERE = -1, (-2,)  # an element of a list, and a place that is not known


class Memory:
    """What the names of a function hold."""

    def __init__(self, function: ast.FunctionDef, kinds: Kinds) -> None:
        self.kinds = kinds
        self.names: dict[str, dict[Path, frozenset[int]]] = {}
        for a in function.args.args:
            if not kinds.names.get(a.arg, BOTTOM).is_number:
                self.names[a.arg] = {ANYWHERE: frozenset({-1})}
        statements = [n for n in ast.walk(function) if isinstance(n, (ast.Assign, ast.AugAssign, ast.For, ast.Expr))]
        before = None
        while before != self.names:
            before = {name: dict(held) for name, held in self.names.items()}
            for k, s in enumerate(statements):
                self.statement(k, s)

    def shared(self, a: str, b: str) -> bool:
        """Whether two names may hold parts of the same array."""
        return a == b or bool(_arrays(self.names.get(a, {})) & _arrays(self.names.get(b, {})))

    def statement(self, k: int, s: ast.stmt) -> None:
        match s:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self.bind(target, self.held(k, value))
            case ast.AugAssign(target=ast.Name(id=name), value=value):
                if not self.kinds.names.get(name, BOTTOM).is_array:
                    self.add(name, self.held(k, value))
            case ast.For(target=target, iter=value):
                self.bind(target, _part(self.held(k, value), ELEMENT))
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[value])):
                self.add(name, {(ELEMENT, *path): made for path, made in self.held(k, value).items()})
            case ast.Expr(value=value):
                # A call that may put anything into whatever it is given.
                read = [n.id for n in ast.walk(value) if isinstance(n, ast.Name) and n.id in self.names]
                for name in read:
                    self.add(name, _anywhere(self.names[n] for n in read))

    def bind(self, target: ast.expr, held: Held) -> None:
        match target:
            case ast.Name(id=name):
                if not self.kinds.names.get(name, BOTTOM).is_number:
                    self.add(name, held)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for k, part in enumerate(parts):
                    self.bind(part, _part(held, k))
            case ast.Starred(value=value):
                self.bind(value, _anywhere([held]))
            case ast.Subscript(value=ast.Name(id=name)) if not self.kinds.of(ast.Name(name, ast.Load())).is_array:
                # What is stored into an array is copied; into a list it is not.
                self.add(name, _anywhere([held]))

    def add(self, name: str, held: Held) -> None:
        known = self.names.setdefault(name, {})
        for path, made in held.items():
            known[path] = known.get(path, frozenset()) | made

    def held(self, k: int, e: ast.expr) -> Held:
        """What an expression of the statement with this number holds."""
        if self.kinds.of(e).is_number or is_fresh(e, self.kinds):
            return {(): frozenset({k})} if self.kinds.of(e).is_array else {}
        match e:
            case ast.Name(id=name):
                return self.names.get(name, {})
            case ast.Tuple(elts=parts):
                several = [(n, self.held(k, p)) for n, p in enumerate(parts)]
                return {(n, *path): made for n, held in several for path, made in held.items()}
            case ast.List(elts=parts):
                found: dict[Path, frozenset[int]] = {}
                for part in parts:
                    for path, made in self.held(k, part).items():
                        found[ELEMENT, *path] = found.get((ELEMENT, *path), frozenset()) | made
                return found
            case ast.Subscript(value=value, slice=index):
                inner, kind = self.held(k, value), self.kinds.of(value)
                if kind.is_array:
                    return inner
                if kind.form == "list" and not isinstance(index, ast.Slice):
                    return _part(inner, ELEMENT)
                if kind.form == "tuple" and isinstance(index, ast.Constant) and isinstance(index.value, int):
                    return _part(inner, index.value) if index.value >= 0 else _anywhere([inner])
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="pop")) if name in self.names:
                return _part(self.names[name], ELEMENT)
            case ast.Attribute(value=value, attr="T"):
                return self.held(k, value)
        read = {n.id for n in ast.walk(e) if isinstance(n, ast.Name)}
        any_of = _anywhere([*(self.names.get(n, {}) for n in read), {(): frozenset({k})}])
        if any(isinstance(n, ast.Call) for n in ast.walk(e)):
            # A function may put what it is given into a list that it is given.
            for name in read & self.names.keys():
                if not self.kinds.of(ast.Name(name, ast.Load())).is_array:
                    self.add(name, any_of)
        return any_of


def _arrays(held: Held) -> frozenset[int]:
    return held.get((), frozenset()) | held.get(ANYWHERE, frozenset())


def _part(held: Held, k: int) -> Held:
    """What is at a place of a tuple, or in a list."""
    found = {path[1:]: made for path, made in held.items() if path[:1] == (k,)}
    if ANYWHERE in held:
        found[ANYWHERE] = held[ANYWHERE]
    elif () in held:
        found[()] = found.get((), frozenset()) | held[()]  # a row of an array
    return found


def _anywhere(several: Iterable[Held]) -> Held:
    made = frozenset[int]().union(*(m for held in several for m in held.values()))
    return {ANYWHERE: made} if made else {}


_MAKERS = frozenset("zeros ones empty full zeros_like ones_like empty_like full_like copy array outer dot eye".split())

_HELPERS = frozenset("matmul unbroadcast spread shares prod_partial norm_slope taken diagonal_bar".split())


def is_fresh(value: ast.expr, kinds: Kinds) -> bool:
    """Whether an expression's value shares memory with nothing that was there before."""
    kind = kinds.of(value)
    if kind.is_number or isinstance(value, (ast.Constant, ast.Compare)):
        return True
    match value:
        case ast.BinOp() | ast.UnaryOp(op=ast.USub()):
            return kind.is_array
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=name)):
            return name in UNARY | BINARY | TESTS | PAIRED_TESTS | _MAKERS | {"where"}
        case ast.Call(func=ast.Name(id=name)):
            return name in _HELPERS and kind.is_array
        case ast.Call(func=ast.Attribute(attr="copy" | "sum" | "mean")):
            return kind.is_array
    return False
