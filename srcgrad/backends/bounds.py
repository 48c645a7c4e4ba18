"""Indices compared with lengths before a loop, so that nothing in it has to be.

    for j in range(1, n):                 if 1 < n and (n - 1 >= u.shape[0] or …):
        s += u[j] * u[j - 1]       ->         raise IndexError
                                          for j in range(1, n):
                                              s += u[j] * u[j - 1]

A comparison in a loop keeps a processor from working on several elements at a time. The loops that stand for
statements over arrays stay within them by their lengths; indices of the program's own are compared here, where
they are the sum of a loop's number and of what does not change in front of the loop, and where not, in front
of the statement. A function with an index that is not understood is compiled with all its comparisons.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from srcgrad.backends.indexing import indices
from srcgrad.backends.kind import UNKNOWN
from srcgrad.backends.kinds import Kinds


class Unclear(Exception):
    """The function keeps its comparisons."""


Sum = dict[str, int]  # factors of names and of other terms; that of "" is the constant


@dataclass(frozen=True)
class Check:
    """The least and the largest index of a dimension; `where` are the loops that reach them."""

    length: str
    least: tuple[tuple[str, int], ...]
    largest: tuple[tuple[str, int], ...]
    where: tuple[str, ...] = ()

    @property
    def names(self) -> set[str]:
        return _names(" ".join([self.length, *(t for t, _ in self.least + self.largest), *self.where]))

    @property
    def bare(self) -> Check:
        """The same whether or not a loop runs."""
        return replace(self, where=())

    def tests(self, counts: Collection[str]) -> list[str]:
        """What is true of an index that is out of bounds; `counts` are names of numbers that are never negative."""
        least = dict(self.least)
        known = all((t in counts and k > 0) or (not t and k >= 0) for t, k in least.items())
        below = [] if known else [f"{_text(least)} < -{self.length}"]
        return [*below, f"{_text(dict(self.largest))} >= {self.length}"]


def checked(
    function: ast.FunctionDef,
    kinds: Kinds,
    inside: Mapping[ast.Subscript, Collection[int]],
    whole: Collection[ast.For] = (),
) -> bool:
    """Put the comparisons into a function; False, and nothing put, where it needs all of them.

    `inside` are subscripts of which some dimensions are known to be within the array; `whole` are loops that stand
    for statements over arrays, whose other indices NumPy compares even where there is no element.
    """
    try:
        body, _ = _Function(kinds, inside, whole).block(function.body, None, frozenset())
    except Unclear:
        return False
    function.body = body
    return True


class _Function:
    def __init__(
        self, kinds: Kinds, inside: Mapping[ast.Subscript, Collection[int]], whole: Collection[ast.For]
    ) -> None:
        self.kinds = kinds
        self.inside = inside
        self.whole = whole

    def block(
        self, body: Sequence[ast.stmt], loop: ast.For | None, counts: frozenset[str]
    ) -> tuple[list[ast.stmt], list[Check]]:
        """The statements with their comparisons, and those that can stand in front of the loop."""
        made: list[ast.stmt] = []
        outside: dict[Check, None] = {}
        known: set[Check] = set()
        waiting: list[tuple[ast.stmt, list[Check]]] = []
        leaves = loop is None or any(isinstance(n, (ast.Break, ast.Continue, ast.Return)) for n in ast.walk(loop))
        bound = {n.id for s in body for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        counts = counts - bound | _count(loop)
        for s in body:
            replaced, checks = self.statement(s, counts)
            here = []
            for check in checks:
                movable = loop is not None and not leaves and self.lasts(check)
                moved = _moved(check, loop, bound, loop in self.whole) if loop is not None and movable else None
                if moved is None:
                    here.append(check)
                else:
                    outside[moved] = None
                    if not check.where:
                        known.add(check)  # in every trip
            waiting.append((replaced, here))
        for s, here in waiting:
            new = [c for c in dict.fromkeys(here) if c.bare not in known and c not in known]
            made += _compared(new, counts, s)
            made.append(s)
            stored = {n.id for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            known = {c for c in {*known, *new} if not c.names & stored and self.lasts(c)}
        return made, [*outside]

    def lasts(self, check: Check) -> bool:
        """Whether what is compared changes with its names alone: no element of an array and no length of a list."""
        text = _LENGTH.sub("0", " ".join([*(t for t, _ in check.least + check.largest), *check.where]))
        text = _LEN.sub(lambda m: "0" if self.kinds.names.get(m[1], UNKNOWN).is_array else m[0], text)
        return re.search(r"\w\(|\[", _PURE_CALL.sub("(", text)) is None

    def statement(self, s: ast.stmt, counts: frozenset[str]) -> tuple[ast.stmt, list[Check]]:
        match s:
            case ast.For(target=ast.Name() | ast.Tuple()):
                checks = self.of(s.iter) + self.of(s.target)
                body, outside = self.block(s.body, s, counts)
                orelse, _ = self.block(s.orelse, None, counts)
                made = ast.For(s.target, s.iter, body, orelse)
                return ast.copy_location(made, s), checks + outside
            case ast.While():
                if self.of(s.test):
                    raise Unclear
                body, _ = self.block(s.body, None, counts)
                orelse, _ = self.block(s.orelse, None, counts)
                return ast.copy_location(ast.While(s.test, body, orelse), s), []
            case ast.If():
                body, _ = self.block(s.body, None, counts)
                orelse, _ = self.block(s.orelse, None, counts)
                return ast.copy_location(ast.If(s.test, body, orelse), s), self.of(s.test)
            case (
                ast.Assign()
                | ast.AugAssign()
                | ast.Expr()
                | ast.Return()
                | ast.Raise()
                | ast.Pass()
                | ast.Break()
                | ast.Continue()
            ):
                checks = self.of(s)
                bound = {n.id for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
                if any(isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store) and bound for n in ast.walk(s)):
                    raise Unclear  # `i, u[i] = …`
                return s, checks
        raise Unclear

    def of(self, node: ast.AST) -> list[Check]:
        """The comparisons for all subscripts in an expression or a simple statement."""
        found: list[Check] = []
        match node:
            case ast.IfExp(test=test):
                found += self.of(test)
                rest = [node.body, node.orelse]
            case ast.BoolOp(values=[first, *others]):
                found += self.of(first)
                rest = others
            case ast.Lambda() | ast.ListComp() | ast.GeneratorExp() | ast.SetComp() | ast.DictComp() | ast.NamedExpr():
                rest = [node]
            case _:
                found += [c for child in ast.iter_child_nodes(node) for c in self.of(child)]
                return found + (self.subscript(node) if isinstance(node, ast.Subscript) else [])
        # What may be skipped is not compared before.
        for e in rest:
            for n in ast.walk(e):
                if isinstance(n, ast.Subscript) and self.subscript(n):
                    raise Unclear
        return found

    def subscript(self, node: ast.Subscript) -> list[Check]:
        kind = self.kinds.of(node.value)
        if kind.form in ("list", "tuple", "range"):
            return []
        if not kind.is_array:
            raise Unclear
        parts = indices(node.slice, kind.rank)
        if parts is None:
            raise Unclear
        found = []
        d = -1
        for part in parts:
            if isinstance(part, ast.Constant) and part.value is None:
                continue
            d += 1
            if isinstance(part, ast.Slice) or d in self.inside.get(node, ()):
                continue
            if self.kinds.of(part).form != "int" or not isinstance(node.value, ast.Name):
                raise Unclear
            if any(isinstance(n, ast.Call) and not _is_pure(n) for n in ast.walk(part)):
                raise Unclear  # `u[order.pop()]`: to be called once
            at = _sorted(summed(part))
            found.append(Check(f"{node.value.id}.shape[{d}]", at, at))
        return found


def _compared(checks: Sequence[Check], counts: Collection[str], before: ast.stmt) -> list[ast.stmt]:
    """The comparisons that stand in front of a statement, one for each condition under which they are made."""
    by_loops: dict[tuple[str, ...], dict[tuple[object, ...], Check]] = {}
    for check in checks:
        same = by_loops.setdefault(check.where, {})
        least, largest = dict(check.least), dict(check.largest)
        low, high = least.pop("", 0), largest.pop("", 0)
        key = (check.length, *least.items(), None, *largest.items())
        if key in same:
            low = min(low, dict(same[key].least).get("", 0))
            high = max(high, dict(same[key].largest).get("", 0))
        same[key] = replace(check, least=_sorted(plus(least, low)), largest=_sorted(plus(largest, high)))
    made = []
    for where, same in by_loops.items():
        tests = " or ".join([t for check in same.values() for t in check.tests(counts)])
        text = " and ".join([*where, f"({tests})" if where else tests])
        line = ast.parse(f"if {text}:\n    raise IndexError").body[0]
        for node in ast.walk(line):
            if isinstance(node, (ast.stmt, ast.expr)):
                node.lineno = node.end_lineno = before.lineno
        made.append(line)
    return made


def _sorted(terms: Sum) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((t, k) for t, k in terms.items() if k))


def _count(loop: ast.For | None) -> set[str]:
    """The loop's number, where it is never negative."""
    match loop:
        case ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"), args=args)):
            ends = _ends(args)
            bound = {
                n.id for s in loop.body for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            }
            if ends and name not in bound and not set(ends[0]) - {""} and ends[0].get("", 0) >= 0:
                return {name}
    return set()


def _moved(check: Check, loop: ast.For, bound: set[str], whole: bool) -> Check | None:
    """A comparison in a loop as one in front of it, for all its trips; `whole` where it is to be made without any."""
    match loop:
        case ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"), args=args)):
            pass
        case _:
            return None
    if check.names & bound or name in bound or name in _names(" ".join([check.length, *check.where])):
        return None
    terms = [t for t, _ in check.least + check.largest]
    # What is not a name may be another number in every trip.
    if any(t != name and ("(" in t or "[" in _LENGTH.sub("", t) or name in _names(t)) for t in terms):
        return None
    ends = _ends(args)
    if ends is None:
        return None
    first, last, runs = ends
    if _names(_text(first) + " " + _text(last)) & bound:
        return None

    def at(s: tuple[tuple[str, int], ...], *, largest: bool) -> tuple[tuple[str, int], ...]:
        terms = dict(s)
        factor = terms.pop(name, 0)
        for term, k in (last if (factor > 0) == largest else first).items() if factor else ():
            terms[term] = terms.get(term, 0) + factor * k
        return _sorted(terms)

    if runs is None or runs in check.where or (whole and name not in terms):
        where = check.where
    else:
        where = (runs, *check.where)
    return replace(check, least=at(check.least, largest=False), largest=at(check.largest, largest=True), where=where)


def _ends(args: Sequence[ast.expr]) -> tuple[Sum, Sum, str | None] | None:
    """The least and the largest number of a range, and what says that it has any."""
    start = summed(args[0]) if len(args) > 1 else {}
    stop = summed(args[1] if len(args) > 1 else args[0])
    step = summed(args[2]) if len(args) > 2 else {"": 1}
    if step == {"": 1}:
        least, largest = start, plus(stop, -1)
    elif step == {"": -1}:
        least, largest = plus(stop, 1), start
    else:
        return None
    return least, largest, f"{_text(least)} <= {_text(largest)}"


def plus(a: Sum, k: int) -> Sum:
    """A sum and a constant."""
    made = {**a, "": a.get("", 0) + k}
    return {t: n for t, n in made.items() if n}


def summed(e: ast.expr) -> Sum:
    """An integer expression as a sum of terms.

    >>> summed(ast.parse("n - (i + 1)", mode="eval").body)
    {'n': 1, 'i': -1, '': -1}
    """
    match e:
        case ast.Constant(value=int() as value):
            return {"": value} if value else {}
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return {t: -k for t, k in summed(inner).items()}
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            made = summed(left)
            for t, k in summed(right).items():
                made[t] = made.get(t, 0) + (k if isinstance(op, ast.Add) else -k)
            return {t: k for t, k in made.items() if k}
        case ast.BinOp(left=ast.Constant(value=int() as factor), op=ast.Mult(), right=inner):
            return {t: factor * k for t, k in summed(inner).items() if factor}
        case ast.BinOp(left=inner, op=ast.Mult(), right=ast.Constant(value=int() as factor)):
            return {t: factor * k for t, k in summed(inner).items() if factor}
    text = ast.unparse(e)
    return {text if isinstance(e, (ast.Name, ast.Call, ast.Attribute, ast.Subscript)) else f"({text})": 1}


_LENGTH = re.compile(r"\w+\.shape\[\d+\]")
_LEN = re.compile(r"\blen\((\w+)\)")
_PURE_CALL = re.compile(r"(?<![\w.])(?:abs|int|max|min)\(")


def _is_pure(e: ast.Call) -> bool:
    return isinstance(e.func, ast.Name) and e.func.id in ("abs", "int", "len", "max", "min")


def _names(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w.])[A-Za-z_]\w*", text))


def _text(terms: Sum) -> str:
    found = ""
    for t, k in sorted(terms.items(), key=lambda item: (item[1] < 0, item[0] == "", item[0])):
        size = str(abs(k)) if not t else t if abs(k) == 1 else f"{abs(k)} * {t}"
        found += f" {'+' if k > 0 else '-'} {size}" if found else f"{'-' if k < 0 else ''}{size}"
    return found or "0"
