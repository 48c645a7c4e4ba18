"""Statements over whole arrays and slices, element by element.

    u[1:-1] = 0.5 * (v[2:] + v[:-2])    ->    m = max(len(u) - 2, 0)
                                              if m != max(len(v) - 2, 0):
                                                  raise NotImplementedError
                                              for i in range(m):
                                                  u[1 + i] = 0.5 * (v[2 + i] + v[i])
    total += np.sum(u * v)              ->    s = 0.0
                                              for i in range(len(u)):
                                                  s += u[i] * v[i]
                                              total += s

NumPy computes the right side before it writes: where it reads, at other places, the array that is written, the loop
goes through a fresh array. Lengths that differ, which NumPy might broadcast, raise NotImplementedError in
the loop form, and the plain form is run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from srcgrad.backends.fusion import Access, Item, Nest, contracted, fused, words
from srcgrad.backends.kinds import (
    BINARY,
    BOTTOM,
    PAIRED_TESTS,
    TESTS,
    UNARY,
    Kind,
    Kinds,
    Module,
    axis_and_keepdims,
    axis_of,
    indices,
)

_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.Mod: "%", ast.FloorDiv: "//",
    ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_OF_TWO = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "true_divide": "/", "power": "**", "less": "<",
    "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!=",
    "logical_and": "and", "logical_or": "or",
}  # fmt: skip


Way = tuple[str, ...]


class Whole(Exception):
    """The statement stays as it is."""


@dataclass
class Element:
    """An array expression as one element of it.

    `at` gives the text of the element at an index, one text per dimension; `lengths` the text of each dimension's
    length, None where it is known to be 1; `checks` the lengths that must agree; `reads` the places that are read:
    the array's name and how the index runs through it.
    """

    at: Callable[[Sequence[str]], str]
    lengths: tuple[str | None, ...]
    checks: list[tuple[str, str]]
    reads: Sequence[tuple[str, Way]]


def in_loops(tree: ast.Module, module: Module) -> None:
    """Rewrite the functions of a module in place."""
    for s in tree.body:
        if isinstance(s, ast.FunctionDef):
            kinds = module.kinds(s.name)
            if kinds is not None:
                _Function(s, kinds).rewrite()


class _Function:
    def __init__(self, function: ast.FunctionDef, kinds: Kinds) -> None:
        self.function = function
        self.kinds = kinds
        self.taken = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)} | set(kinds.names)
        self.taken |= {a.arg for a in function.args.args} | kinds.module.names
        self.before: list[Item] = []  # what runs before the statement at hand
        self.same: dict[str, str] = {}  # lengths that are known to be equal to others
        self.known: dict[str, str] = {}  # what of these lines has a name already
        self.groups = _shared_memory(function, kinds)

    def rewrite(self) -> None:
        self.function.body = self.block(self.function.body)
        contracted(self.function)

    def fresh(self, name: str, kind: Kind | None = None) -> str:
        k = 1
        found = name
        while found in self.taken:
            k += 1
            found = f"{name}{k}"
        self.taken.add(found)
        if kind is not None:
            self.kinds.names[found] = kind
        return found

    # Statements

    def block(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        made: list[Item] = []
        for s in body:
            for name in _bound(s):
                self.forget(name)
            if isinstance(s, (ast.For, ast.While, ast.If)):
                kept = self.same
                for part in ("body", "orelse"):
                    if getattr(s, part):
                        self.same = dict(kept)
                        setattr(s, part, self.block(getattr(s, part)))
                self.same = kept
            saved = self.taken.copy(), self.kinds.names.copy(), self.same.copy()
            self.before, self.known = [], {}
            try:
                items = self.statement(s)
            except Whole:
                self.taken, self.kinds.names, self.same = saved
                made.append(s)
                self.note(s)
                continue
            made += self.before + items
            if not items:
                made.append(s)
        return self.statements(fused(made, self.group), body)

    def statements(self, items: Sequence[Item], body: Sequence[ast.stmt]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for item in items:
            if isinstance(item, ast.stmt):
                found.append(item)
                continue
            for s in ast.parse(item if isinstance(item, str) else "\n".join(item.lines)).body:
                for node in ast.walk(s):
                    if isinstance(node, (ast.stmt, ast.expr)):
                        node.lineno = node.end_lineno = body[0].lineno
                found.append(s)
        return found

    def group(self, name: str) -> str:
        return self.groups.get(name, name)

    # Lengths

    def length(self, text: str) -> str:
        """A length by the name that all equal ones have."""
        while text in self.same:
            text = self.same[text]
        return text

    def forget(self, name: str) -> None:
        """A name is bound anew."""
        mentions = re.compile(rf"\b{re.escape(name)}\b")
        self.same = {a: b for a, b in self.same.items() if not mentions.search(a) and not mentions.search(b)}

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
        if place.is_array and place.dtype == "f" and type(op) in _OPERATORS:
            return self.store(target, op, value)
        if place.is_number:
            return self.of_number(ast.unparse(target), f"{_OPERATORS.get(type(op), '@')}=", value)
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
        sign = "=" if op is None else f"{_OPERATORS[type(op)]}="
        way = place.reads[0][1]
        if any(self.groups.get(n, n) == self.groups.get(name, name) and not _in_step((n, w), (name, way))
               for n, w in element.reads):  # fmt: skip
            between = self.fresh("whole", Kind("array", "f", tuple(n is None for n in element.lengths)))
            self.before += self.array_of(element, self.kinds.names[between], between)
            element = Element(self.of_name(between, self.kinds.names[between]).at, element.lengths, [], [])
        off = len(place.lengths) - len(element.lengths)
        mode = "+" if isinstance(op, (ast.Add, ast.Sub)) else "w"
        return self.nest(
            place,
            element,
            lambda names: [f"{place.at(names)} {sign} {element.at(names[off:])}"],
            written=[Access(n, w, mode) for n, w in place.reads],
        )

    def masked(self, name: str, index: ast.expr, op: ast.operator | None, value: ast.expr) -> list[Item]:
        """`a[mask] += 2.0`: every element, where the mask says so."""
        if not self.kinds.of(value).is_number:
            raise Whole
        text = self.scalar(value)
        mask, place = self.element(index), self.of_name(name, self.kinds.names[name])
        sign = "=" if op is None else f"{_OPERATORS[type(op)]}="
        return self.nest(
            place,
            mask,
            lambda names: [f"if {mask.at(names)}:", f"    {place.at(names)} {sign} {text}"],
            written=[Access(n, w, "w") for n, w in place.reads],
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
            [Access(made, tuple(f"{k}:0" for k in range(len(shape))), "w")],
        )
        self.forget(made)
        stable = [self.length(n) for n in shape]
        for k, n in enumerate(stable):
            if not re.search(rf"\b{name}\b", n):
                self.same[f"{name}.shape[{k}]"] = n
        return items if made == name else [*items, f"{name} = {made}"]

    def nest(
        self,
        target: Element,
        element: Element,
        body: Callable[[list[str]], list[str]],
        head: Sequence[str] = (),
        written: Sequence[Access] = (),
        sums: Sequence[str] = (),
    ) -> list[Item]:
        """The loops over all elements of a target, after the comparisons of lengths."""
        checks = list(element.checks)
        for ours, its in zip(reversed(target.lengths), reversed(element.lengths), strict=False):
            if its is not None and its != ours:
                checks.append((ours or "1", its))
        items: list[Item] = []
        for a, b in checks:
            p, q = self.length(a), self.length(b)
            if p != q:
                items.append(f"if {p} != {q}:\n    raise NotImplementedError")
                self.same[q] = p
        items += head
        names = [self.fresh("ijklmn"[k] if k < 6 else "i", Kind("int")) for k in range(len(target.lengths))]
        lengths = tuple(self.length(n or "1") for n in target.lengths)
        off = len(target.lengths) - len(element.lengths)
        reads = [Access(n, tuple(_by(w, off) for w in way), "r") for n, way in element.reads]
        items.append(Nest(lengths, tuple(names), body(names), [*written, *reads], set(sums)))
        return items

    # Expressions

    def computes(self, e: ast.expr) -> bool:
        """Whether an expression is worked out element by element, and not an array that is there, or made as it is."""
        match e:
            case ast.BinOp(op=ast.MatMult()):
                return False
            case ast.BinOp() | ast.Compare():
                return True
            case ast.UnaryOp():
                return True
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=name)):
                return name in UNARY | BINARY | TESTS | PAIRED_TESTS | {"where", "outer", "copy", "array"}
            case ast.Call(func=ast.Attribute(attr="copy"), args=[]):
                return True
            case ast.Call(func=ast.Name(id=name)):
                return name in ("unbroadcast", "guarded", "lowered", "spread", "shares", "with_axes", "abs")
        return False

    def base(self, target: ast.expr) -> tuple[str, ast.expr | None]:
        match target:
            case ast.Name(id=name):
                return name, None
            case ast.Subscript(value=ast.Name(id=name), slice=index):
                return name, index
        raise Whole

    def hoisted(self, e: ast.expr, name: str = "t") -> str:
        """The name of an expression's value, worked out before the statement."""
        if isinstance(e, (ast.Name, ast.Constant)):
            return ast.unparse(e)
        text = ast.unparse(e)
        made = self.known.get(text)
        if made is None:
            made = self.known[text] = self.fresh(name, self.kinds.of(e))
            self.before.append(f"{made} = {text}")
        return made

    def scalar(self, e: ast.expr) -> str:
        if isinstance(e, ast.Constant) or (isinstance(e, ast.UnaryOp) and isinstance(e.operand, ast.Constant)):
            return ast.unparse(e)
        return self.hoisted(self.without_reductions(e))

    def element(self, e: ast.expr) -> Element:
        kind = self.kinds.of(e)
        if kind.is_number:
            text = self.scalar(e)
            return Element(lambda _: text, (), [], [])
        if not kind.is_array:
            raise Whole
        match e:
            case ast.Name(id=name):
                return self.of_name(name, kind)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                if kind.dtype == "b" and not isinstance(op, (ast.BitAnd, ast.BitOr, ast.BitXor)):
                    raise Whole
                sign = _OPERATORS[type(op)]
                return _together([self.element(left), self.element(right)], lambda a, b: f"({a} {sign} {b})")
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPERATORS:
                sign = _OPERATORS[type(op)]
                return _together([self.element(left), self.element(right)], lambda a, b: f"({a} {sign} {b})")
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return _together([self.element(inner)], lambda a: f"(-{a})")
            case ast.UnaryOp(op=ast.Invert(), operand=inner) if self.kinds.of(inner).dtype == "b":
                return _together([self.element(inner)], lambda a: f"(not {a})")
            case ast.Attribute(value=inner, attr="T"):
                return _turned(self.element(inner))
            case ast.Subscript(value=inner, slice=index):
                return self.part(inner, index)
            case ast.Call():
                found = self.call(e)
                if found is not None:
                    return found
        return self.of_name(self.hoisted(self.without_reductions(e), "a"), kind)

    def of_name(self, name: str, kind: Kind) -> Element:
        dims = kind.dims

        def at(index: Sequence[str]) -> str:
            return f"{name}[{', '.join('0' if one else i for one, i in zip(dims, index, strict=True))}]"

        lengths = tuple(None if one else self.length(f"{name}.shape[{k}]") for k, one in enumerate(dims))
        return Element(at, lengths, [], [(name, tuple(f"{k}:0" for k in range(len(dims))))])

    def call(self, e: ast.Call) -> Element | None:
        match e:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=name), args=args, keywords=[]):
                if name in UNARY | TESTS and len(args) == 1:
                    if name == "square":
                        return _together([self.element(args[0])], lambda a: f"({a} ** 2)")
                    return _together([self.element(args[0])], lambda a: f"np.{name}({a})")
                if name in _OF_TWO and len(args) == 2:
                    sign = _OF_TWO[name]
                    return _together([self.element(a) for a in args], lambda a, b: f"({a} {sign} {b})")
                if name in BINARY and len(args) == 2:
                    return _together([self.element(a) for a in args], lambda a, b: f"np.{name}({a}, {b})")
                if name == "where" and len(args) == 3:
                    return _together([self.element(a) for a in args], lambda c, a, b: f"({a} if {c} else {b})")
                if name in ("copy", "array") and len(args) == 1:
                    return self.element(args[0])
                if name == "transpose" and len(args) == 1:
                    return _turned(self.element(args[0]))
                if name == "outer" and len(args) == 2:
                    return _outer(self.element(args[0]), self.element(args[1]))
            case ast.Call(func=ast.Attribute(value=inner, attr="copy"), args=[], keywords=[]):
                return self.element(inner)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self.helper(name, args)
        return None

    def helper(self, name: str, args: Sequence[ast.expr]) -> Element | None:
        if name == "abs" and len(args) == 1:
            return _together([self.element(args[0])], lambda a: f"abs({a})")
        if name == "guarded" and len(args) == 2:
            return _together([self.element(a) for a in args], lambda a, b: f"guarded({a}, {b})")
        if name == "lowered" and len(args) == 2:
            return _together([self.element(a) for a in args], lambda a, b: f"lowered({a}, {b})")
        if name == "unbroadcast" and len(args) == 2:
            ours, its = self.element(args[0]), self.element(args[1])
            if len(ours.lengths) != len(its.lengths):
                return None
            if any((a is None) != (b is None) for a, b in zip(ours.lengths, its.lengths, strict=True)):
                return None
            pairs = zip(ours.lengths, its.lengths, strict=True)
            ours.checks += [(a, b) for a, b in pairs if a is not None and b is not None and a != b]
            return ours
        if name == "spread" and len(args) == 4:
            a = self.element(args[1])
            y_bar = self.along_again(args[0], a, args[2], args[3])
            return None if y_bar is None else _together([y_bar, Element(lambda _: "", a.lengths, a.checks, [])],
                                                        lambda y, _: y)  # fmt: skip
        if name == "shares" and len(args) == 6 and _is_none(args[4]) and _is_true(args[5]):
            a = self.element(args[1])
            y = self.along_again(args[0], a, args[2], args[3])
            if y is None:
                return None
            tied = _together([a, y], lambda a, y: f"({a} == {y})")
            if _is_none(args[2]):
                number: Element = self.of_number_text(self.total(tied, "0"))
            else:
                axis = axis_of(args[2], len(a.lengths))
                assert axis is not None
                number = self.element(ast.Name(self.along(tied, axis, True, "sum"), ast.Load()))
            return _together([tied, number], lambda t, n: f"({t} / {n})")
        if name == "with_axes" and len(args) == 4 and self.kinds.of(args[0]).is_array:
            return self.along_again(args[0], self.element(args[1]), args[2], args[3])
        return None

    def of_number_text(self, text: str) -> Element:
        return Element(lambda _: text, (), [], [])

    def along_again(self, y: ast.expr, a: Element, axis: ast.expr, keepdims: ast.expr) -> Element | None:
        """A reduction's result with the reduced axis put back as one of length 1."""
        if not isinstance(keepdims, ast.Constant):
            return None
        if self.kinds.of(y).is_number:
            return self.of_number_text(self.scalar(y)) if _is_none(axis) else None
        found = self.element(y)
        k = axis_of(axis, len(a.lengths))
        if k is None:
            return None
        if keepdims.value:
            return found if len(found.lengths) == len(a.lengths) else None
        if len(found.lengths) != len(a.lengths) - 1:
            return None
        reads = [(name, ("?",)) for name, _ in found.reads]
        return Element(
            lambda names: found.at([*names[:k], *names[k + 1 :]]),
            (*found.lengths[:k], None, *found.lengths[k:]),
            found.checks,
            reads,
        )

    def part(self, inner: ast.expr, index: ast.expr) -> Element:
        """A subscript of an array: which element of it an index means."""
        whole = self.element(inner)
        parts = indices(index, len(whole.lengths))
        if parts is None:
            raise Whole
        places: list[Callable[[Sequence[str]], str]] = []
        lengths: list[str | None] = []
        ways: list[str] = []
        axis = 0
        for part in parts:
            if _is_none(part):
                lengths.append(None)
                continue
            n = whole.lengths[axis]
            axis += 1
            if isinstance(part, ast.Slice):
                if part.lower is None and part.upper is None and part.step is None:
                    start, length = "0", n
                elif part.step is not None or n is None:
                    view = ast.Subscript(inner, index, ast.Load())
                    made = self.of_name(self.hoisted(view, "a"), self.kinds.of(view))
                    return Element(made.at, made.lengths, made.checks, [(name, ("?",)) for name, _ in whole.reads])
                else:
                    start, length = self.bounds(part, n)
                k = len(lengths)
                lengths.append(length)
                places.append(_shifted(k, start))
                ways.append(f"{k}:{start}")
            else:
                fixed = self.scalar(part)
                places.append(_fixed(fixed))
                ways.append("fixed")
        name, way = whole.reads[0] if len(whole.reads) == 1 else ("", ())
        plain = way == tuple(f"{k}:0" for k in range(len(way)))
        reads = (
            [(name, tuple(ways))] if plain and name and len(way) == len(ways) else [(n, ("?",)) for n, _ in whole.reads]
        )
        return Element(lambda names: whole.at([place(names) for place in places]), tuple(lengths), whole.checks, reads)

    def bounds(self, part: ast.Slice, n: str) -> tuple[str, str]:
        """The first index and the length of a slice, as NumPy cuts it to what there is."""
        start, low = self.bound(part.lower, n, "0")
        stop, high = self.bound(part.upper, n, n)
        text = stop if start == "0" else f"{stop} - {start}"
        if low == 0 and part.upper is None:
            length = n
        elif low is not None and low >= 0 and (part.upper is None or (high is not None and high < 0)):
            length = f"max({n} - {low - (high or 0)}, 0)"
        else:
            length = self.once(f"max({text}, 0)", "m")
        return start, length

    def bound(self, e: ast.expr | None, n: str, missing: str) -> tuple[str, int | None]:
        if e is None:
            return missing, (0 if missing == "0" else None)
        value: int | None = None
        try:
            found = ast.literal_eval(e)
            value = found if isinstance(found, int) else None
        except ValueError:
            pass
        if value is not None and value >= 0:
            return (str(value) if missing == "0" else f"min({value}, {n})"), value
        if value is not None:
            return f"max({n} - {-value}, 0)", value
        if self.kinds.of(e).form != "int":
            raise Whole
        made = self.hoisted(e, "at")
        return self.once(f"min({made}, {n}) if {made} >= 0 else max({made} + {n}, 0)", "at"), None

    def once(self, text: str, name: str) -> str:
        """The name of an integer that is worked out before the statement, once for all that ask."""
        made = self.known.get(text)
        if made is None:
            made = self.known[text] = self.fresh(name, Kind("int"))
            self.before.append(f"{made} = {text}")
        return made

    # Reductions

    def without_reductions(self, e: ast.expr) -> ast.expr:
        """The expression with sums and dots over arrays worked out before the statement."""
        outer = self

        class Reductions(ast.NodeTransformer):
            def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
                return node  # only one branch is worked out

            def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
                return node

            def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
                return node

            def visit_ListComp(self, node: ast.ListComp) -> ast.expr:
                return node

            def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.expr:
                return node

            def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
                if isinstance(node.op, ast.MatMult):
                    made = outer.product(node.left, node.right)
                    if made is not None:
                        return ast.Name(made, ast.Load())
                self.generic_visit(node)
                return node

            def visit_Call(self, node: ast.Call) -> ast.expr:
                made = outer.reduction(node)
                if made is not None:
                    return ast.Name(made, ast.Load())
                self.generic_visit(node)
                return node

        return Reductions().visit(e)  # type: ignore[no-any-return]

    def product(self, a: ast.expr, b: ast.expr) -> str | None:
        """The dot product of two vectors."""
        p, q = self.kinds.of(a), self.kinds.of(b)
        if not (p.is_array and q.is_array and p.rank == q.rank == 1 and p.dtype == q.dtype == "f"):
            return None
        made = _together([self.element(a), self.element(b)], lambda x, y: f"{x} * {y}")
        return self.total(made)

    def reduction(self, e: ast.Call) -> str | None:
        match e:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=name), args=[inner, *more]):
                pass
            case ast.Call(func=ast.Attribute(value=inner, attr=name), args=[*more]):
                pass
            case _:
                return None
        kind = self.kinds.of(inner)
        if name == "dot" and len(more) == 1:
            return self.product(inner, more[0])
        if name not in ("sum", "mean", "max", "min", "amax", "amin") or not kind.is_array or kind.dtype == "i":
            return None
        axis, keepdims = axis_and_keepdims({k.arg: k.value for k in e.keywords}, more)
        if axis is None and name in ("sum", "mean") and not keepdims:
            element = self.element(inner)
            if kind.dtype == "b" and name == "sum":
                return self.total(element, "0")
            total = self.total(element)
            if name == "mean":
                made = self.fresh("mean", Kind("scalar"))
                self.before.append(f"{made} = {total} / ({' * '.join(n or '1' for n in element.lengths)})")
                return made
            return total
        k = None if axis is None else axis_of(axis, kind.rank)
        if k is None or name == "mean" or kind.dtype != "f" or (kind.rank == 1 and (keepdims or name != "sum")):
            return None
        if kind.rank == 1:
            return self.total(self.element(inner))
        return self.along(self.element(inner), k, keepdims, name)

    def total(self, element: Element, zero: str = "0.0") -> str:
        made = self.fresh("total", Kind("int" if zero == "0" else "scalar"))
        self.before += self.nest(
            element, element, lambda names: [f"{made} = {_plus(made, element.at(names), zero)}"],
            [f"{made} = {zero}"], sums=[made],
        )  # fmt: skip
        return made

    def along(self, element: Element, axis: int, keepdims: bool, name: str) -> str:
        """The sum or an extremum along one axis, as an array."""
        rest = element.lengths[:axis] + (None,) * keepdims + element.lengths[axis + 1 :]
        made = self.fresh("sums" if name == "sum" else "tops", Kind("array", "f", tuple(n is None for n in rest)))
        shape = ", ".join(n or "1" for n in rest)
        between = ["0"] * keepdims
        start = {"sum": "0.0", "max": "-np.inf", "amax": "-np.inf"}.get(name, "np.inf")

        def body(names: list[str]) -> list[str]:
            place = f"{made}[{', '.join(names[:axis] + between + names[axis + 1 :])}]"
            if name == "sum":
                return [f"{place} = plus({place}, {element.at(names)})"]
            return [f"{place} = np.{'max' if 'max' in name else 'min'}imum({place}, {element.at(names)})"]

        checks = [] if name == "sum" else [f"not_empty({element.lengths[axis] or 1})"]
        self.before += checks
        head = [f"{made} = np.full(({shape},), {start})"]
        self.before += self.nest(element, element, body, head, [Access(made, ("?",), "w")])
        for k, n in enumerate(rest):
            self.same[f"{made}.shape[{k}]"] = self.length(n or "1")
        return made


def _plus(total: str, term: str, zero: str) -> str:
    """A sum that may be taken in any order, as NumPy takes it in its own."""
    return f"{total} + ({term})" if zero == "0" else f"plus({total}, {term})"


def _by(way: str, off: int) -> str:
    k, colon, start = way.partition(":")
    return f"{int(k) + off}:{start}" if colon and k.isdigit() else way


def _bound(s: ast.stmt) -> set[str]:
    """The names that a statement, or one inside it, binds."""
    return {n.id for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _shifted(k: int, start: str) -> Callable[[Sequence[str]], str]:
    return lambda names: names[k] if start == "0" else f"{start} + {names[k]}"


def _fixed(text: str) -> Callable[[Sequence[str]], str]:
    return lambda _: text


def _together(parts: Sequence[Element], text: Callable[..., str]) -> Element:
    """An elementwise operation on operands that are broadcast."""
    rank = max((len(p.lengths) for p in parts), default=0)
    lengths: list[str | None] = [None] * rank
    checks = [c for p in parts for c in p.checks]
    for p in parts:
        for k, n in enumerate(p.lengths, rank - len(p.lengths)):
            known = lengths[k]
            if known is None:
                lengths[k] = n
            elif n is not None and n != known:
                checks.append((known, n))

    def at(names: Sequence[str]) -> str:
        found = []
        for p in parts:
            own = list(names[rank - len(p.lengths) :]) if p.lengths else []
            found.append(p.at(["0" if n is None else i for n, i in zip(p.lengths, own, strict=True)]))
        return text(*found)

    reads = []
    for p in parts:
        off = rank - len(p.lengths)
        for name, way in p.reads:
            reads.append((name, tuple(_moved(w, off, p.lengths, lengths) for w in way)))
    return Element(at, tuple(lengths), checks, reads)


def _moved(way: str, off: int, own: Sequence[str | None], lengths: Sequence[str | None]) -> str:
    k, _, start = way.partition(":")
    if not k.isdigit():
        return way
    # A dimension of length 1 that is broadcast is read at one place over and over.
    if own[int(k)] is None and lengths[int(k) + off] is not None:
        return "?"
    return f"{int(k) + off}:{start}"


def _turned(e: Element) -> Element:
    reads = [(n, ("?",)) for n, _ in e.reads]
    return Element(lambda names: e.at(list(names)[::-1]), e.lengths[::-1], e.checks, reads)


def _outer(a: Element, b: Element) -> Element:
    reads = [(n, ("?",)) for n, _ in [*a.reads, *b.reads]]
    return Element(
        lambda names: f"({a.at(names[:1])} * {b.at(names[1:])})", a.lengths + b.lengths, a.checks + b.checks, reads
    )


def _in_step(read: tuple[str, tuple[str, ...]], written: tuple[str, tuple[str, ...]]) -> bool:
    """Whether a loop reads each element of an array no later than it is written, and at no other trip.

    So it is where every dimension that the loop runs through is run through alike; what stays fixed may differ.
    """
    if read[0] != written[0] or len(read[1]) != len(written[1]):
        return False
    pairs = list(zip(read[1], written[1], strict=True))
    return "?" not in read[1] + written[1] and all(p == q for p, q in pairs)


def _is_true(e: ast.expr) -> bool:
    return isinstance(e, ast.Constant) and e.value is True


def _is_none(e: ast.expr) -> bool:
    return isinstance(e, ast.Constant) and e.value is None


def _shared_memory(function: ast.FunctionDef, kinds: Kinds) -> dict[str, str]:
    """Names that may hold parts of the same memory, as one name for each group.

    An array that a statement works out is fresh; one that comes from a name, a list, a tuple or a call of a
    function is of the group of all that is read there.
    """
    group: dict[str, str] = {}

    def find(name: str) -> str:
        while group.get(name, name) != name:
            name = group[name]
        return name

    def join(names: Sequence[str]) -> None:
        for name in names[1:]:
            group[find(name)] = find(names[0])

    parameters = [a.arg for a in function.args.args if not kinds.names.get(a.arg, BOTTOM).is_number]
    join(parameters)
    for node in ast.walk(function):
        if isinstance(node, (ast.Assign, ast.For)):
            value = node.value if isinstance(node, ast.Assign) else node.iter
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            # What is stored into an array is copied.
            targets = [t for t in targets if not (isinstance(t, ast.Subscript) and kinds.of(t.value).is_array)]
            if not targets or _is_fresh(value, kinds):
                continue
            bound = [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)]
            read = [n.id for n in ast.walk(value) if isinstance(n, ast.Name)]
            together = [n for n in [*bound, *read] if not kinds.names.get(n, BOTTOM).is_number]
            join([n for n in together if n in kinds.names])
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "append":
            read = [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]
            join([n for n in read if n in kinds.names and not kinds.names[n].is_number])
    return {name: find(name) for name in kinds.names}


_MAKERS = frozenset("zeros ones empty full zeros_like ones_like empty_like full_like copy array outer dot eye".split())


def _is_fresh(value: ast.expr, kinds: Kinds) -> bool:
    kind = kinds.of(value)
    if kind.is_number or isinstance(value, (ast.Constant, ast.Compare)):
        return True
    match value:
        case ast.BinOp() | ast.UnaryOp(op=ast.USub()):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=name)):
            return name in UNARY | BINARY | TESTS | PAIRED_TESTS | _MAKERS | {"where"}
        case ast.Call(func=ast.Attribute(attr="copy" | "sum" | "mean")):
            return kind.is_array
    return False
