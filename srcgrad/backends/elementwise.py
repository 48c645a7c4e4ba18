"""Statements over whole arrays and slices, element by element.

    u[1:-1] = 0.5 * (v[2:] + v[:-2])    ->    m = max(len(u) - 2, 0)
                                              if m != max(len(v) - 2, 0):
                                                  raise Unfit
                                              for i in range(m):
                                                  u[1 + i] = 0.5 * (v[2 + i] + v[i])
    total += np.sum(u * v)              ->    s = 0.0
                                              for i in range(len(u)):
                                                  s += u[i] * v[i]
                                              total += s

NumPy computes the right side before it writes: where it reads, at other places, the array that is written, the loop
goes through a fresh array. Lengths that differ, which NumPy might broadcast, raise Unfit in
the loop form, and the plain form is run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from srcgrad.backends.element import Element, Whole, in_step
from srcgrad.backends.expressions import OPERATORS
from srcgrad.backends.fusion import Access, Item, Nest, contracted, fused, words
from srcgrad.backends.gather import gathered
from srcgrad.backends.kind import Kind
from srcgrad.backends.kinds import Kinds, Module
from srcgrad.backends.reductions import Reductions
from srcgrad.backends.steps import steps
from srcgrad.backends.sums import in_numbers


@dataclass
class Loops:
    """What is known of the loops that were made."""

    bordered: set[tuple[str, str]] = field(default_factory=set)  # functions, and arrays whose border stays zero
    inside: dict[ast.Subscript, frozenset[int]] = field(default_factory=dict)  # dimensions that cannot be left
    whole: set[ast.For] = field(default_factory=set)  # those that stand for statements over arrays


def in_loops(tree: ast.Module, module: Module) -> Loops:
    """Rewrite the functions of a module in place."""
    made = Loops()
    for s in tree.body:
        if isinstance(s, ast.FunctionDef):
            kinds = module.kinds(s.name)
            if kinds is not None:
                _Function(s, kinds, made).rewrite()
    return made


class _Function(Reductions):
    def __init__(self, function: ast.FunctionDef, kinds: Kinds, loops: Loops) -> None:
        super().__init__(function, kinds)
        self.loops = loops

    def rewrite(self) -> None:
        self.function.body = self.block(self.function.body)
        contracted(self.function)
        in_numbers(self.function, self.sums)

    def block(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        made: list[Item] = []
        for s in body:
            for name in _bound(s):
                self.forget(name)
            if isinstance(s, (ast.For, ast.While, ast.If)):
                kept, lasting = self.same, self.lasting
                self.depth += not isinstance(s, ast.If)
                for part in ("body", "orelse"):
                    if getattr(s, part):
                        self.same, self.lasting = dict(kept), dict(lasting)
                        setattr(s, part, self.block(getattr(s, part)))
                self.depth -= not isinstance(s, ast.If)
                self.same, self.lasting = kept, lasting
            saved = self.taken.copy(), self.kinds.names.copy(), self.same.copy(), self.lasting.copy()
            self.before, self.known = [], {}
            try:
                items = self.statement(s)
            except Whole:
                self.taken, self.kinds.names, self.same, self.lasting = saved
                made.append(s)
                self.note(s)
                continue
            made += self.before + items
            if not items:
                made.append(s)
        if steps.gather:
            made = gathered(made, self.memory.shared, self.around)
        return self.statements(fused(made, self.memory.shared) if steps.fusion else made, body)

    def around(self, name: str, rank: int) -> str:
        """A new array of zeros around something, or a new number."""
        made = self.fresh(name, Kind("array", "f", (False,) * rank) if rank else Kind("int"))
        if rank:
            self.loops.bordered.add((self.function.name, made))
        return made

    def statements(self, items: Sequence[Item], body: Sequence[ast.stmt]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for item in _compared(items):
            if isinstance(item, ast.stmt):
                found.append(item)
                continue
            for s in ast.parse(item if isinstance(item, str) else "\n".join(item.lines)).body:
                for node in ast.walk(s):
                    if isinstance(node, (ast.stmt, ast.expr)):
                        node.lineno = node.end_lineno = body[0].lineno
                    if isinstance(item, Nest) and isinstance(node, ast.For):
                        self.loops.whole.add(node)
                    if isinstance(item, Nest) and isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
                        self.loops.inside[node] = self.within(node.slice, node.value.id, item)
                found.append(s)
        return found

    def within(self, index: ast.expr, name: str, nest: Nest) -> frozenset[int]:
        """The dimensions through which the loops of a nest run, and those of length 1."""
        parts = index.elts if isinstance(index, ast.Tuple) else [index]
        dims = self.kinds.names[name].dims if name in self.kinds.names else ()
        found = set()
        for d, part in enumerate(parts):
            single = isinstance(part, ast.Constant) and part.value == 0 and dims[d : d + 1] == (True,)
            if single or any(isinstance(n, ast.Name) and n.id in nest.indices for n in ast.walk(part)):
                found.add(d)
        return frozenset(found)

    # Lengths

    def note(self, s: ast.stmt) -> None:
        """What is known of the lengths of an array that is made of another one's shape."""
        match s:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                kind = self.kinds.names.get(name)
                if kind is None or not kind.is_array or name in words(ast.unparse(value)):
                    return
            case _:
                return
        match value:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="np"), attr="zeros" | "ones" | "empty" | "full"),
                args=[ast.Attribute(value=ast.Name() as found, attr="shape"), *_],
            ):
                like = found.id
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="np"), attr="zeros_like" | "ones_like"),
                args=[ast.Name() as found],
            ):
                like = found.id
            case ast.Name():
                like = value.id
            case _:
                return
        if like != name and self.kinds.names.get(like, kind).rank == kind.rank:
            for k in range(kind.rank):
                self.same[f"{name}.shape[{k}]"] = self.length(f"{like}.shape[{k}]")

    def statement(self, s: ast.stmt) -> list[Item]:
        """What stands for a statement; nothing where it stays, after the lines of `before`."""
        match s:
            case ast.Assign(targets=[target], value=value):
                return self.assign(target, value)
            case ast.AugAssign(target=target, op=op, value=value):
                return self.update(target, op, value)
            case ast.Return(value=ast.expr() as value):
                s.value = self.without_reductions(value)
                return []
            case ast.If(test=test):
                s.test = self.without_reductions(test)
                return []
        raise Whole

    def assign(self, target: ast.expr, value: ast.expr) -> list[Item]:
        kind = self.kinds.of(value)
        if isinstance(target, ast.Subscript):
            place = self.kinds.of(target)
            if place.is_array:
                return self.store(target, None, value)
            if place.is_number:
                return self.of_number(ast.unparse(target), "=", value)
            raise Whole
        if isinstance(target, ast.Name) and kind.is_array and kind.dtype != "i" and self.computes(value):
            element = self.element(value)
            return self.array_of(element, kind, target.id)
        if isinstance(target, ast.Name) and kind.is_array:
            before = ast.unparse(value)
            made = ast.unparse(self.without_reductions(value))
            if made != before:
                return [f"{target.id} = {made}"]
        if kind.is_number or (isinstance(value, ast.Tuple) and isinstance(target, ast.Tuple)):
            return self.of_number(ast.unparse(target), "=", value)
        raise Whole

    def update(self, target: ast.expr, op: ast.operator, value: ast.expr) -> list[Item]:
        place = self.kinds.of(target)
        if place.is_array and place.dtype == "f" and type(op) in OPERATORS:
            return self.store(target, op, value)
        if place.is_number:
            return self.of_number(ast.unparse(target), f"{OPERATORS.get(type(op), '@')}=", value)
        raise Whole

    def of_number(self, target: str, sign: str, value: ast.expr) -> list[Item]:
        made = self.without_reductions(value)
        return [f"{target} {sign} {ast.unparse(made)}"]

    def store(self, target: ast.expr, op: ast.operator | None, value: ast.expr) -> list[Item]:
        name, index = self.base(target)
        if index is not None and self.kinds.is_mask(index, self.kinds.names[name]):
            return self.masked(name, index, op, value)
        place = self.element(target)
        kind = self.kinds.of(value)
        if kind.is_number:
            scalar = self.scalar(value)
            element = Element(lambda _: scalar, (), [], [])
        elif kind.is_array:
            element = self.element(value)
        else:
            raise Whole
        if len(element.lengths) > len(place.lengths):
            raise Whole
        sign = "=" if op is None else f"{OPERATORS[type(op)]}="
        way = place.reads[0][1]
        if any(self.memory.shared(n, name) and not in_step((n, w), (name, way))
               for n, w in element.reads):  # fmt: skip
            between = self.fresh("whole", Kind("array", "f", tuple(n is None for n in element.lengths)))
            self.before += self.array_of(element, self.kinds.names[between], between)
            element = Element(self.of_name(between, self.kinds.names[between]).at, element.lengths, [], [])
        off = len(place.lengths) - len(element.lengths)
        return self.nest(
            place,
            element,
            lambda names: [f"{place.at(names)} {sign} {element.at(names[off:])}"],
            written=[Access(n, w, True) for n, w in place.reads],
        )

    def masked(self, name: str, index: ast.expr, op: ast.operator | None, value: ast.expr) -> list[Item]:
        """`a[mask] += 2.0`: every element, where the mask says so."""
        if not self.kinds.of(value).is_number:
            raise Whole
        text = self.scalar(value)
        mask, place = self.element(index), self.of_name(name, self.kinds.names[name])
        sign = "=" if op is None else f"{OPERATORS[type(op)]}="
        return self.nest(
            place,
            mask,
            lambda names: [f"if {mask.at(names)}:", f"    {place.at(names)} {sign} {text}"],
            written=[Access(n, w, True) for n, w in place.reads],
        )

    def array_of(self, element: Element, kind: Kind, name: str) -> list[Item]:
        """Lines that make an array of all elements."""
        shape = tuple(length or "1" for length in element.lengths)
        dtype = ", np.bool_" if kind.dtype == "b" else ""
        made = self.fresh(f"{name}_new") if any(n == name for n, _ in element.reads) else name
        sizes = f"({', '.join(shape)}{',' * (len(shape) == 1)})"
        target = Element(lambda names: f"{made}[{', '.join(names)}]", element.lengths, [], [])
        items = self.nest(
            target,
            element,
            lambda names: [f"{target.at(names)} = {element.at(names)}"],
            [f"{made} = np.empty({sizes}{dtype})"],
            [Access(made, tuple(f"{k}:0" for k in range(len(shape))), True)],
        )
        self.forget(made)
        stable = [self.length(n) for n in shape]
        for k, n in enumerate(stable):
            if not re.search(rf"\b{name}\b", n):
                self.same[f"{name}.shape[{k}]"] = n
        return items if made == name else [*items, f"{name} = {made}"]


_RAISES = ":\n    raise Unfit"


def _compared(items: Sequence[Item]) -> list[Item]:
    """The items, with comparisons of lengths that follow one another as one."""
    made: list[Item] = []
    for item in items:
        if isinstance(item, str) and item.startswith("if ") and item.endswith(_RAISES):
            before = made[-1] if made else None
            if isinstance(before, str) and before.startswith("if ") and before.endswith(_RAISES):
                test = item.removeprefix("if ").removesuffix(_RAISES)
                if test not in before.removeprefix("if ").removesuffix(_RAISES).split(" or "):
                    made[-1] = f"{before.removesuffix(_RAISES)} or {test}{_RAISES}"
                continue
        made.append(item)
    return made


def _bound(s: ast.stmt) -> set[str]:
    """The names that a statement, or one inside it, binds."""
    return {n.id for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
