"""Which values may be computed and then not used, and which partial derivatives may be infinite there.

    np.where(x > 0, np.log(x), 0.0)         chosen: the logarithm may be infinite where it is not taken
    y = np.log(x); y[1:]                    placed: an element that is never read
    m = np.max(x); np.log(np.sum(x - m))    used: what is selected from is x itself

The cotangent of an element that is not used is zero, and zero times an infinite partial derivative
must be zero. Where values decide what is chosen, each product with a partial that may be infinite is guarded.
Where only the place of an element decides, or a factor that happens to be zero, none is, since a loop over the
elements of an array uses them all as a rule: the module is marked as bare, and a result of it that is not finite gives
way to recording.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from srcgrad.passes.namer import Module
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Attribute, Binary, Call, Const, Expr, Name, Stmt, Subscript

Names = frozenset[str] | set[str]

USED, PLACED, CHOSEN = "used", "placed", "chosen"
# Chosen by a condition of its own, as `np.where(x > 30, x, np.log1p(np.exp(x)))`, and not for being the largest.
SHELTERED = "sheltered"

SELECTING = {
    "where", "maximum", "minimum", "fmax", "fmin", "clip", "max", "min", "amax", "amin", "select",
    "choose", "nan_to_num", "nansum", "nanmean", "sort", "median", "percentile", "quantile",
    "tril", "triu", "take", "compress", "extract", "delete",
}  # fmt: skip
EXTREMA = {
    "maximum",
    "minimum",
    "fmax",
    "fmin",
    "max",
    "min",
    "amax",
    "amin",
    "sort",
    "median",
    "percentile",
    "quantile",
}
PLACING = {"diag", "diagonal", "trace"}
# Functions whose values and partial derivatives are finite for finite operands.
TAME = {
    "abs", "absolute", "add", "all", "any", "arctan", "arange", "argmax", "argmin", "array", "asarray", "ascontiguousarray",
    "atan", "bool", "ceil", "clip", "concatenate", "copy", "copysign", "cos", "cumsum", "diag", "diagonal", "diff",
    "dot", "einsum", "empty", "empty_like", "enumerate", "expand_dims", "eye", "fabs", "flip", "float", "float64", "floor", "fmax",
    "fmin", "full", "full_like", "hstack", "identity", "inner", "int", "isfinite", "isnan", "len", "linspace", "logical_and",
    "logical_not", "logical_or", "matmul", "max", "maximum", "mean", "min", "minimum", "multiply", "negative", "ones",
    "ones_like", "outer", "positive", "prod", "range", "ravel", "repeat", "reshape", "rint", "roll", "round", "shape", "sign", "sin",
    "size", "sort", "square", "squeeze", "stack", "subtract", "sum", "swapaxes", "take", "tanh", "tensordot", "tile",
    "trace", "transpose", "tril", "triu", "unbroadcast", "vdot", "vstack", "where", "zeros", "zeros_like",
}  # fmt: skip
# Functions whose values are infinite for finite operands by overflow only, which hardly ever happens.
OVERFLOWING = {"exp", "exp2", "expm1", "sinh", "cosh", "square", "logaddexp"}
NONFINITE = {"inf", "nan", "Inf", "Infinity", "NaN", "NAN", "NINF", "PINF", "infty"}


class Uses:
    """What is known of a whole unit: which variables are selected from, and which may be infinite."""

    def __init__(self, unit: ir.Unit, integers: frozenset[str], selected: bool) -> None:
        self.unit = unit
        self.selected = selected  # whether the caller may leave parts of the result unused
        everything = list(ir.statements(unit.body))
        # A parameter that is rebound no longer stands for an argument.
        self.params = frozenset(p for p in unit.params if p not in ir.written_in(unit.body))
        self.masks = frozenset(
            s.target.id
            for s in everything
            if isinstance(s, ir.Assign) and isinstance(s.target, Name) and isinstance(s.value, ir.Compare)
        )
        self.integers = self._integers(everything, integers)
        self.chosen = self._feeding(everything, CHOSEN)
        self.placed = self._feeding(everything, PLACED) | self.chosen
        self.sheltered = self._feeding(everything, SHELTERED)
        self.positive = self._positive(everything)
        self.wild = self._wild(everything)
        self.singular = self._wild(everything, self.integers)

    def about(self, s: Stmt) -> tuple[object, ...]:
        """What is known of the variables of one statement: all that its derivative asks for."""
        own = ir.written_names(s).union(*(ir.names(e) for e in _expressions(s)))
        if isinstance(s, ir.Assign):
            own |= ir.names(s.target)
        found = (
            self.params,
            self.masks,
            self.integers,
            self.chosen,
            self.placed,
            self.sheltered,
            self.wild,
            self.singular,
            self.positive,
        )
        return self.selected, *(names & own for names in found)

    def _integers(self, everything: list[Stmt], integers: frozenset[str]) -> frozenset[str]:
        """The variables that are whole numbers wherever they are bound, as far as the text tells."""
        steps = {
            name
            for s in everything
            if isinstance(s, ir.For) and isinstance(s.iterable, Call) and ir.names(s.iterable.function) == {"range"}
            for name in ir.bound_names(s.target)
        }
        found = steps | integers
        while True:
            more = set()
            for s in everything:
                if isinstance(s, ir.Assign) and isinstance(s.target, Name) and is_whole(s.value, found):
                    more.add(s.target.id)
                elif isinstance(s, ir.Assign) and isinstance(s.value, Attribute) and s.value.name == "shape":
                    more |= ir.bound_names(s.target)
            for s in everything:
                if isinstance(s, ir.Assign) and not self._keeps(s, found | more):
                    more -= ir.bound_names(s.target)
            if more <= found:
                return frozenset(found)
            found |= more

    def _keeps(self, s: ir.Assign, whole: set[str]) -> bool:
        """Whether what the statement binds stays a whole number."""
        shape = isinstance(s.value, Attribute) and s.value.name == "shape"
        return shape or is_whole(s.value, whole)

    def _feeding(self, everything: list[Stmt], how: str) -> frozenset[str]:
        """The variables from whose values something selects, directly or through other variables."""
        found: set[str] = set()
        if self.selected and how in (CHOSEN, SHELTERED):
            return frozenset(n for s in everything for n in ir.written_names(s))
        for s in everything:
            if isinstance(s, ir.Assign):
                # What a write into an array replaces is not used either.
                for t in ir.targets(s.target):
                    root = ir.root(t)
                    if isinstance(t, Subscript) and root is not None and self.index(t.index) in (how, CHOSEN):
                        found.add(root)
        flows = []
        for s in everything:
            values = _expressions(s)
            flows.append((ir.written_names(s), frozenset[str]().union(*(ir.names(e) for e in values))))
            for e in values:
                for part in self.parts(e, how):
                    found |= ir.names(part)
        while True:
            before = len(found)
            for written, read in flows:
                if written & found:
                    found |= read
            if len(found) == before:
                return frozenset(found)

    def index(self, index: Expr) -> str:
        """How an index selects: by values, by places, or not at all."""
        parts = index.items if isinstance(index, ir.Sequence) and index.form == "tuple" else (index,)
        if all(p == ir.Slice(None, None, None) or (isinstance(p, Const) and p.value in (None, ...)) for p in parts):
            return USED
        bounds = [b for p in parts for b in (ir.children(p) if isinstance(p, ir.Slice) else (p,))]
        literal = all(is_whole(b, self.integers) or (isinstance(b, Const) and b.value in (None, ...)) for b in bounds)
        return PLACED if literal else CHOSEN

    def parts(self, e: Expr, how: str) -> Iterator[Expr]:
        """The subexpressions of whose values only some elements may be used."""
        words = {CHOSEN: SELECTING, SHELTERED: SELECTING - EXTREMA}.get(how, SELECTING | PLACING)
        for node in ir.walk(e):
            match node:
                case Call(function=f):
                    if _word(f) in words:
                        yield from (a.value for a in node.args)
                        if isinstance(f, Attribute):
                            yield f.value
                case Subscript():
                    # What is selected from an argument is not computed here.
                    if ir.root(node) not in self.params and self.index(node.index) in (how, CHOSEN):
                        yield node.value
                case Binary(op="*"):
                    # `(x > 0) * y`
                    sides = (node.left, node.right)
                    if any(isinstance(p, ir.Compare) or (isinstance(p, Name) and p.id in self.masks) for p in sides):
                        yield from sides
                case _:
                    pass

    def _positive(self, everything: list[Stmt]) -> frozenset[str]:
        """The variables that are greater than zero by what they are bound to, once and for all."""
        found: set[str] = set()
        bound = [n for s in everything for n in ir.written_names(s)]
        for s in everything:
            if isinstance(s, ir.Assign) and isinstance(s.target, Name) and not s.op:
                once = bound.count(s.target.id) == 1 and s.target.id not in self.unit.params
                if once and is_positive(s.value, found):
                    found.add(s.target.id)
        return frozenset(found)

    def _wild(self, everything: list[Stmt], integers: Names | None = None) -> frozenset[str]:
        """The variables whose values may be infinite, or no numbers, for finite arguments; see `is_wild`."""
        found: set[str] = set(self.unit.params) if self.selected else set()
        while True:
            before = len(found)
            for s in everything:
                match s:
                    case ir.Assign():
                        value = Binary(s.op, s.target, s.value) if s.op else s.value
                        if is_wild(value, found, self.positive, integers):
                            found |= ir.written_names(s)
                    case ir.For():
                        if is_wild(s.iterable, found, self.positive, integers):
                            found |= ir.bound_names(s.target)
                    case ir.UserCall():
                        found.add(s.target.id)
                    case _:
                        pass
            if len(found) == before:
                return frozenset(found)


@dataclass(frozen=True)
class Use:
    """How the values of one statement's expressions are used."""

    uses: Uses
    s: Stmt

    def __call__(self, e: Expr) -> str:
        target = ir.written_names(self.s)
        for how, found in ((CHOSEN, self.uses.chosen), (PLACED, self.uses.placed)):
            if target & found or (how == CHOSEN and self.uses.selected):
                return how
            for value in _expressions(self.s):
                if any(node is e for part in self.uses.parts(value, how) for node in ir.walk(part)):
                    return how
        return USED

    def is_sheltered(self, e: Expr) -> bool:
        """Whether a condition decides if a value is used."""
        if self.uses.selected or ir.written_names(self.s) & self.uses.sheltered:
            return True
        parts = (part for value in _expressions(self.s) for part in self.uses.parts(value, SHELTERED))
        return any(node is e for part in parts for node in ir.walk(part))

    def is_wild(self, e: Expr) -> bool:
        """Whether a value may be infinite, or no number, for finite arguments."""
        return is_wild(e, self.uses.wild, self.uses.positive)

    def is_singular(self, e: Expr) -> bool:
        """Whether a value may be infinite, or no number, for finite arguments that do not make it overflow."""
        return is_wild(e, self.uses.singular, self.uses.positive, self.uses.integers)


def unguarded(text: Expr, module: Module) -> Expr:
    """A rule's text without the guards in it, which a module needs if nothing looks at its results."""

    def change(node: Expr) -> Expr | None:
        match node:
            case Call(function=Name(id="guarded"), args=(_, ir.Argument(value=product))):
                module.bare = True
                return product
            case _:
                return None

    return text if module.guarded else ir.rewrite(text, change)


def is_wild(e: Expr, wild: Names, positive: Names = frozenset(), integers: Names | None = None) -> bool:
    """Whether a value may be infinite, or no number, where these variables may be and others are not.

    With `integers`, the variables that are whole numbers, overflow does not count, nor does division by
    a whole number, which makes all elements infinite or none; and functions of `math` raise instead.
    """
    if integers is not None and _is_quiet(e, integers):
        return any(is_wild(part, wild, positive, integers) for part in _operands(e))
    match e:
        case Name():
            return e.id in wild
        case Const():
            return isinstance(e.value, float) and not math.isfinite(e.value)
        case ir.Opaque():
            return True
        case ir.Compare() | ir.Unary(op="not"):
            return False
        case Attribute():
            return e.name in NONFINITE or is_wild(e.value, wild, positive, integers)
        case Binary(op="/" | "//" | "%"):
            safe = (isinstance(e.right, Const) and e.right.value) or is_positive(e.right, positive)
            return not safe or is_wild(e.left, wild, positive, integers) or is_wild(e.right, wild, positive, integers)
        case Binary(op="**"):
            n = e.right.value if isinstance(e.right, Const) else None
            tame = isinstance(n, (int, float)) and (n == 0 or n >= 1 or is_positive(e.left, positive))
            return not tame or is_wild(e.left, wild, positive, integers)
        case Call(function=f):
            operands = [a.value for a in e.args]
            if isinstance(f, Attribute):
                operands.append(f.value)
            safe = _word(f) in TAME or (_word(f) in ("sqrt", "log") and is_positive(operands[0], positive))
            return not safe or any(is_wild(a, wild, positive, integers) for a in operands)
        case _:
            return any(is_wild(child, wild, positive, integers) for child in ir.children(e))


def _is_quiet(e: Expr, integers: Names) -> bool:
    """Whether an operation on finite numbers is finite unless it overflows, or raises otherwise."""
    match e:
        case Binary(op="/"):
            return is_whole(e.right, integers)
        case Call(function=Attribute(value=Name(id="math"))):
            return True
        case Call(function=f):
            return _word(f) in OVERFLOWING
        case _:
            return False


def _operands(e: Expr) -> list[Expr]:
    """What an operation is applied to: of `x.clip(a)` the array too, of `np.exp(x)` not the module."""
    if not isinstance(e, Call):
        return [*ir.children(e)]
    owner = [e.function.value] if isinstance(e.function, Attribute) and not isinstance(e.function.value, Name) else []
    return [*owner, *(a.value for a in e.args)]


def is_positive(e: Expr, positive: Names) -> bool:
    """Whether a value is greater than zero by its text, if it is a number: `np.maximum(x, 1e-3)`, `1 + x * x`."""
    match e:
        case Name():
            return e.id in positive
        case Const():
            return isinstance(e.value, (int, float)) and e.value > 0
        case Binary(op="+"):
            a, b = e.left, e.right
            return (is_positive(a, positive) and is_least_zero(b, positive)) or (
                is_positive(b, positive) and is_least_zero(a, positive)
            )
        case Binary(op="*"):
            return is_positive(e.left, positive) and is_positive(e.right, positive)
        case Call(function=f, args=args):
            given = [a.value for a in args]
            if _word(f) in ("maximum", "max") and len(given) == 2:
                return any(is_positive(a, positive) for a in given)
            return _word(f) in ("sqrt", "abs") and len(given) == 1 and is_positive(given[0], positive)
        case _:
            return False


def is_least_zero(e: Expr, positive: Names) -> bool:
    """Whether a value is zero or greater by its text: a square, an absolute value, an exponential."""
    match e:
        case Const():
            return isinstance(e.value, (int, float)) and e.value >= 0
        case Binary(op="+"):
            return is_least_zero(e.left, positive) and is_least_zero(e.right, positive)
        case Binary(op="*"):
            both = is_least_zero(e.left, positive) and is_least_zero(e.right, positive)
            return e.left == e.right or both
        case Binary(op="**"):
            return isinstance(e.right, Const) and e.right.value == 2
        case Call(function=f, args=(ir.Argument(value=operand), *_)):
            within = _word(f) in ("sum", "mean") and is_least_zero(operand, positive)
            return within or _word(f) in ("abs", "exp", "square", "sqrt")
        case _:
            return is_positive(e, positive)


def is_whole(e: Expr, integers: Names) -> bool:
    """Whether an index is a whole number by its text alone."""
    match e:
        case Name():
            return e.id in integers
        case Const():
            return type(e.value) is int
        case Binary(op="+" | "-" | "*" | "//" | "%") | ir.Unary(op="-" | "+"):
            return all(is_whole(child, integers) for child in ir.children(e))
        case Call(function=Name(id="len")):
            return True
        case Subscript(value=Attribute(name="shape"), index=Const()):
            return True
        case _:
            return False


def _word(f: Expr) -> str:
    return f.name if isinstance(f, Attribute) else f.id if isinstance(f, Name) else ""


def _expressions(s: Stmt) -> list[Expr]:
    match s:
        case ir.Assign():
            return [s.value]
        case ir.Return():
            return [s.value]
        case ir.UserCall():
            return [e for _, e in s.bound]
        case _:
            return []
