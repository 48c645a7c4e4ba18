"""Array expressions taken apart: which element of which array each element needs, and what must be there before.

a[i, k + 1 :] * np.exp(b)      the element at j:  a[i, at + j] * np.exp(b[j])
                               before:            at = k + 1, and the lengths are compared
"""

from __future__ import annotations

import ast
import re
from abc import abstractmethod
from collections.abc import Callable, Sequence

from srcgrad.backends.element import (
    Element,
    Whole,
    by,
    fixed,
    is_none,
    is_true,
    outer,
    shifted,
    together,
    turned,
)
from srcgrad.backends.fusion import Access, Item, Nest
from srcgrad.backends.indexing import axis_of, indices
from srcgrad.backends.kind import BINARY, PAIRED_TESTS, TESTS, UNARY, Kind
from srcgrad.backends.kinds import Kinds
from srcgrad.backends.memory import Memory
from srcgrad.backends.steps import steps

OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.Mod: "%", ast.FloorDiv: "//",
    ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_OF_TWO = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "true_divide": "/", "power": "**", "less": "<",
    "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!=",
    "logical_and": "and", "logical_or": "or",
}  # fmt: skip


_ARITHMETIC = (ast.BinOp, ast.operator, ast.Name, ast.expr_context, ast.Constant)


class Expressions:
    """The expressions of one function, and what has to stand before the statement at hand."""

    @abstractmethod
    def without_reductions(self, e: ast.expr) -> ast.expr:
        """The expression with sums and dots over arrays worked out before the statement."""

    @abstractmethod
    def total(self, element: Element, zero: str = "0.0") -> str:
        """The name of the sum of all elements."""

    @abstractmethod
    def along(self, element: Element, axis: int, keepdims: bool, name: str) -> str:
        """The sum or an extremum along one axis, as an array."""

    def __init__(self, function: ast.FunctionDef, kinds: Kinds) -> None:
        self.function = function
        self.kinds = kinds
        self.taken = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)} | set(kinds.names)
        self.taken |= {a.arg for a in function.args.args} | kinds.module.names
        self.depth = 0  # of the loops around the statement at hand
        self.sums: set[str] = set()  # arrays of sums, of which no other name holds a part
        self.before: list[Item] = []  # what runs before the statement at hand
        self.same: dict[str, str] = {}  # lengths that are known to be equal to others
        self.known: dict[str, str] = {}  # what of these lines has a name already
        self.lasting: dict[str, str] = {}  # what has one until one of its names is bound anew
        self.memory = Memory(function, kinds)

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

    def length(self, text: str) -> str:
        """A length by the name that all equal ones have."""
        while text in self.same:
            text = self.same[text]
        return text

    def forget(self, name: str) -> None:
        """A name is bound anew."""
        mentions = re.compile(rf"\b{re.escape(name)}\b")
        for known in ("same", "lasting"):
            pairs = getattr(self, known).items()
            setattr(self, known, {a: b for a, b in pairs if not mentions.search(a) and not mentions.search(b)})

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
                items.append(f"if {p} != {q}:\n    raise Unfit")
                self.same[q] = p
        items += head
        names = [self.fresh("ijklmn"[k] if k < 6 else "i", Kind("int")) for k in range(len(target.lengths))]
        lengths = tuple(self.length(n or "1") for n in target.lengths)
        off = len(target.lengths) - len(element.lengths)
        reads = [Access(n, tuple(by(w, off) for w in way), False) for n, way in element.reads]
        items.append(Nest(lengths, tuple(names), body(names), [*written, *reads], set(sums)))
        return items

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
            case ast.Subscript(value=ast.BinOp() | ast.UnaryOp() | ast.Call() as inner):
                return self.computes(inner)
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
        if steps.lengths and self.kinds.of(e).form == "int" and all(isinstance(n, _ARITHMETIC) for n in ast.walk(e)):
            return self.once(text, name)
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
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
                if kind.dtype == "b" and not isinstance(op, (ast.BitAnd, ast.BitOr, ast.BitXor)):
                    raise Whole
                sign = OPERATORS[type(op)]
                return together([self.element(left), self.element(right)], lambda a, b: f"({a} {sign} {b})")
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in OPERATORS:
                sign = OPERATORS[type(op)]
                return together([self.element(left), self.element(right)], lambda a, b: f"({a} {sign} {b})")
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return together([self.element(inner)], lambda a: f"(-{a})")
            case ast.UnaryOp(op=ast.Invert(), operand=inner) if self.kinds.of(inner).dtype == "b":
                return together([self.element(inner)], lambda a: f"(not {a})")
            case ast.Attribute(value=inner, attr="T"):
                return turned(self.element(inner))
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
                        return together([self.element(args[0])], lambda a: f"({a} ** 2)")
                    return together([self.element(args[0])], lambda a: f"np.{name}({a})")
                if name in _OF_TWO and len(args) == 2:
                    sign = _OF_TWO[name]
                    return together([self.element(a) for a in args], lambda a, b: f"({a} {sign} {b})")
                if name in BINARY and len(args) == 2:
                    return together([self.element(a) for a in args], lambda a, b: f"np.{name}({a}, {b})")
                if name == "where" and len(args) == 3:
                    return together([self.element(a) for a in args], lambda c, a, b: f"({a} if {c} else {b})")
                if name in ("copy", "array") and len(args) == 1:
                    return self.element(args[0])
                if name == "transpose" and len(args) == 1:
                    return turned(self.element(args[0]))
                if name == "outer" and len(args) == 2:
                    return outer(self.element(args[0]), self.element(args[1]))
            case ast.Call(func=ast.Attribute(value=inner, attr="copy"), args=[], keywords=[]):
                return self.element(inner)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self.helper(name, args)
        return None

    def helper(self, name: str, args: Sequence[ast.expr]) -> Element | None:
        if name == "abs" and len(args) == 1:
            return together([self.element(args[0])], lambda a: f"abs({a})")
        if name == "guarded" and len(args) == 2:
            return together([self.element(a) for a in args], lambda a, b: f"guarded({a}, {b})")
        if name == "lowered" and len(args) == 2:
            return together([self.element(a) for a in args], lambda a, b: f"lowered({a}, {b})")
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
            return None if y_bar is None else together([y_bar, Element(lambda _: "", a.lengths, a.checks, [])],
                                                        lambda y, _: y)  # fmt: skip
        if name == "shares" and len(args) == 6 and is_none(args[4]) and is_true(args[5]):
            a = self.element(args[1])
            y = self.along_again(args[0], a, args[2], args[3])
            if y is None:
                return None
            tied = together([a, y], lambda a, y: f"({a} == {y})")
            if is_none(args[2]):
                number: Element = self.of_number_text(self.total(tied, "0"))
            else:
                axis = axis_of(args[2], len(a.lengths))
                assert axis is not None
                number = self.element(ast.Name(self.along(tied, axis, True, "sum"), ast.Load()))
            return together([tied, number], lambda t, n: f"({t} / {n})")
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
            return self.of_number_text(self.scalar(y)) if is_none(axis) else None
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
            if is_none(part):
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
                places.append(shifted(k, start))
                ways.append(f"{k}:{start}")
            else:
                number = self.scalar(part)
                places.append(fixed(number))
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
        known = self.lasting if steps.lengths else self.known
        made = known.get(text)
        if made is None:
            made = known[text] = self.fresh(name, Kind("int"))
            self.before.append(f"{made} = {text}")
        return made
