"""Loops whose trips do not touch each other's results, on several threads.

    for i in range(n):                    if n * m > 16384:
        for j in range(m):                    for i in numba.prange(n):
            u[i, j] = 2.0 * v[i, j]   ->          for j in range(m):
                                                      u[i, j] = 2.0 * v[i, j]
                                          else:
                                              …                   as it was

Only what is proven independent: every place of an array that a trip writes is reached by no other trip, since one of
its indices is the loop's number plus something that stays the same, in every read and write of that array; nothing else
shares its memory; each number that a trip computes is bound before it is read and not read behind the loop. Sums
over the trips are left alone, so results are those of one thread. Few elements are left to one thread, which is faster.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Sequence
from typing import Any

from srcgrad.backends.dots import substituted
from srcgrad.backends.kinds import Kinds, Module
from srcgrad.backends.memory import Memory
from srcgrad.backends.raising import counted, without
from srcgrad.backends.ranges import Folded
from srcgrad.backends.steady import fresh

WORTH = 16384  # elements for which starting threads pays

# numba's own parallelism of whole-array operations changes the order of sums: the loops here are all there is.
OPTIONS = {name: name == "prange" for name in
           ("comprehension", "prange", "numpy", "inplace_binop", "reduction", "setitem", "stencil", "fusion")}  # fmt: skip
_PLAIN = (ast.Name, ast.Constant, ast.BinOp, ast.UnaryOp, ast.Add, ast.Sub, ast.Mult, ast.USub, ast.Load)
_PURE = frozenset("abs max min float int range len plus guarded lowered".split())


class Shared(Exception):
    """The trips of a loop may touch each other's results."""


def on_threads(tree: ast.Module, module: Module, clear: Collection[str]) -> set[str]:
    """Rewrite the functions in place whose indices need no comparison; the names of those that got threads."""
    found = set()
    for s in tree.body:
        if isinstance(s, ast.FunctionDef) and s.name in clear and (kinds := module.kinds(s.name)) is not None:
            memory = Memory(s, kinds)
            if _block(s, s.body, kinds, memory):
                found.add(s.name)
    return found


def _block(function: ast.FunctionDef, body: list[ast.stmt], kinds: Kinds, memory: Memory) -> bool:
    """Rewrite the outermost independent loops of a block."""
    changed = False
    for k, s in enumerate(body):
        if isinstance(s, ast.For):
            try:
                least = _proven(function, s, kinds, memory)
            except Shared:
                changed |= _block(function, s.body, kinds, memory)
                continue
            body[k] = _both(s, least, _odd(function))
            changed = True
        elif isinstance(s, (ast.While, ast.If)):
            changed |= _block(function, s.body, kinds, memory)
            changed |= _block(function, s.orelse, kinds, memory)
    return changed


def _both(loop: ast.For, least: Sequence[str], odd: str) -> ast.If:
    """The loop on threads where it is worth it and no index counts from the end, else as it is."""
    threads = counted(loop, odd)
    for s in threads:
        if isinstance(s, ast.For):
            s.iter = ast.parse(f"numba.prange{ast.unparse(s.iter).removeprefix('range')}", mode="eval").body
    tests = [f"{' * '.join(_lengths(loop))} > {WORTH}", *[f"{text} >= 0" for text in least]]
    test = ast.parse(" and ".join(tests), mode="eval").body
    return ast.fix_missing_locations(ast.copy_location(ast.If(test, threads, [loop]), loop))


def _odd(function: ast.FunctionDef) -> str:
    """A name for what would raise."""
    taken = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)} | {a.arg for a in function.args.args}
    return fresh("odd", taken)


def _lengths(loop: ast.For) -> list[str]:
    """The numbers of trips of the loop and of one below it in each level, as far as they are known in front of it."""
    found: list[str] = []
    bound: set[str] = set()
    inner: ast.stmt | None = loop
    while isinstance(inner, ast.For) and isinstance(inner.iter, ast.Call):
        text = [ast.unparse(a) for a in inner.iter.args]
        names = {n.id for n in ast.walk(inner.iter) if isinstance(n, ast.Name)}
        if names & bound or (found and not all(isinstance(n, _PLAIN) for a in inner.iter.args for n in ast.walk(a))):
            break
        found.append(f"({text[0]})" if len(text) == 1 else f"({text[1]} - ({text[0]}))")
        bound |= {n.id for n in ast.walk(inner) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        inner = next((s for s in inner.body if isinstance(s, ast.For)), None)
    return found


def _proven(function: ast.FunctionDef, loop: ast.For, kinds: Kinds, memory: Memory) -> list[str]:
    """The least indices that the first trip must reach from the front; Shared unless the trips are independent.

    An index below zero counts from the end, where another trip may be.
    """
    match loop:
        case ast.For(target=ast.Name(id=index), iter=ast.Call(args=args), orelse=[]) if _is_range(loop.iter):
            start = args[0] if len(args) == 2 else ast.Constant(0)
        case _:
            raise Shared
    if len(args) > 2:
        raise Shared
    private = {n.id for s in loop.body for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    if index in private or _read_elsewhere(function, loop, {*private, index}):
        raise Shared
    body = without(loop).body
    _Order(private, kinds).block(body, {index})
    places: dict[str, list[ast.Subscript]] = {}
    written: set[str] = set()
    whole: set[str] = set()
    for s in body:
        _Places(places, written, whole).visit(s)
    least: dict[str, None] = {}
    for name in written:
        for other in places:
            if other != name and memory.shared(name, other):
                raise Shared
        if any(memory.shared(name, other) for other in whole):
            raise Shared
        at = substituted(copy.deepcopy(_telling_apart(places[name], index, private)), {index: start})
        folded = Folded().visit(at)
        if not (isinstance(folded, ast.Constant) and isinstance(folded.value, int) and folded.value >= 0):
            least[ast.unparse(folded)] = None
    return list(least)


def _is_range(e: ast.expr) -> bool:
    return isinstance(e, ast.Call) and isinstance(e.func, ast.Name) and e.func.id == "range" and not e.keywords


def _read_elsewhere(function: ast.FunctionDef, loop: ast.For, names: Collection[str]) -> bool:
    own = {id(n) for n in ast.walk(loop)}
    return any(
        isinstance(n, ast.Name) and n.id in names and isinstance(n.ctx, ast.Load) and id(n) not in own
        for n in ast.walk(function)
    )


def _telling_apart(places: Sequence[ast.Subscript], index: str, private: Collection[str]) -> ast.expr:
    """The index that differs between trips and is the same in every place of a trip; Shared where there is none."""
    parts = [p.slice.elts if isinstance(p.slice, ast.Tuple) else [p.slice] for p in places]
    if any(isinstance(e, ast.Constant) and (e.value is None or e.value is ...) for part in parts for e in part):
        raise Shared
    for d in range(min(map(len, parts))):
        texts = {ast.unparse(p[d]) for p in parts}
        if len(texts) == 1 and _is_shifted(parts[0][d], index, private):
            return parts[0][d]
    raise Shared


def _is_shifted(e: ast.expr, index: str, private: Collection[str]) -> bool:
    """Whether an index is the loop's number, plus or minus something that stays the same."""
    match e:
        case ast.Name(id=name):
            return name == index
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            for one, other in ((left, right), (right, left)):
                names = {n.id for n in ast.walk(other) if isinstance(n, ast.Name)}
                plain = not any(isinstance(n, (ast.Subscript, ast.Call)) for n in ast.walk(other))
                forward = one is left or isinstance(op, ast.Add)
                if plain and forward and not names & {index, *private} and _is_shifted(one, index, private):
                    return True
    return False


class _Places(ast.NodeVisitor):
    """The subscripts of each array, and what is read as a whole; a subscript of anything else is not understood."""

    def __init__(self, places: dict[str, list[ast.Subscript]], written: set[str], whole: set[str]) -> None:
        self.places = places
        self.written = written
        self.whole = whole  # names that are read without an index

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.whole.add(node.id)

    def visit_Call(self, node: ast.Call) -> None:
        if not (isinstance(node.func, ast.Name) and node.func.id == "len"):
            self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if node.attr != "shape":
            self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        match node.value:
            case ast.Attribute(value=ast.Name(), attr="shape"):
                return
            case ast.Name(id=name):
                self.places.setdefault(name, []).append(node)
                if isinstance(node.ctx, ast.Store):
                    self.written.add(name)
                self.visit(node.slice)
            case _:
                raise Shared


class _Order:
    """Whether every number that a trip computes is bound before it is read, and nothing but numbers is computed."""

    def __init__(self, private: Collection[str], kinds: Kinds) -> None:
        self.private = private
        self.kinds = kinds

    def block(self, body: Sequence[ast.stmt], bound: set[str]) -> None:
        for s in body:
            match s:
                case ast.Assign(targets=[target], value=value):
                    self.read(value, bound)
                    self.place(target, bound)
                    if isinstance(target, ast.Name):
                        bound.add(target.id)
                case ast.AugAssign(target=target, value=value):
                    self.read(value, bound)
                    if isinstance(target, ast.Name) and target.id not in bound:
                        raise Shared
                    self.place(target, bound)
                case ast.For(target=ast.Name(id=name), iter=iterable, orelse=[]) if _is_range(iterable):
                    self.read(iterable, bound)
                    self.block(s.body, {*bound, name})
                case ast.If(test=test):
                    self.read(test, bound)
                    self.block(s.body, set(bound))
                    self.block(s.orelse, set(bound))
                case ast.Pass():
                    pass
                case _:
                    raise Shared

    def place(self, target: ast.expr, bound: set[str]) -> None:
        match target:
            case ast.Name():
                pass
            case ast.Subscript(value=ast.Name(), slice=index):
                self.read(index, bound)
                if not self.kinds.of(target).is_number:
                    raise Shared
            case _:
                raise Shared

    def read(self, e: ast.expr, bound: set[str]) -> None:
        for node in ast.walk(e):
            match node:
                case ast.Name(id=name, ctx=ast.Load()) if name in self.private and name not in bound:
                    raise Shared
                case ast.Call() if not _is_pure(node):
                    raise Shared
                case ast.Lambda() | ast.NamedExpr() | ast.ListComp() | ast.GeneratorExp() | ast.Slice() | ast.List():
                    raise Shared
        if not _is_range(e) and not isinstance(e, ast.Tuple) and not self.kinds.of(e).is_number:
            raise Shared


def _is_pure(e: Any) -> bool:
    match e.func:
        case ast.Name(id=name):
            return name in _PURE
        case ast.Attribute(value=ast.Name(id="np" | "math")):
            return True
    return False
