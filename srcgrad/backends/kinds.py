"""What each name of a generated function holds, worked out from the kinds of the arguments.

    def f_grad(x, n):            x: an array of rank 1, n: an int
        s = 0.0                  s: a float, or a NumPy number
        for i in range(n):       i: an int
            s += x[i]

One kind per name: a name that holds different kinds is of an unknown one, and statements with it stay as they are.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """Forms: float (Python's), scalar (NumPy's float64), int, bool, array, tuple, list, range, none, text, unknown.

    `dims` says of each dimension of an array whether its length is known to be 1, `dtype` is f, i or b.
    """

    form: str
    dtype: str = ""
    dims: tuple[bool, ...] = ()
    items: tuple[Kind, ...] = ()

    @property
    def is_number(self) -> bool:
        return self.form in ("float", "scalar", "int", "bool")

    @property
    def is_array(self) -> bool:
        return self.form == "array"

    @property
    def rank(self) -> int:
        return len(self.dims)


UNKNOWN = Kind("unknown")
BOTTOM = Kind("bottom")
FLOAT, SCALAR, INT, BOOL = Kind("float"), Kind("scalar"), Kind("int"), Kind("bool")
NONE, TEXT, RANGE = Kind("none"), Kind("text"), Kind("range")
_NAMED = {"float": FLOAT, "scalar": SCALAR, "int": INT, "bool": BOOL, "none": NONE, "text": TEXT}

# Functions that work element by element, and what they give.
UNARY = frozenset(
    "sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh exp exp2 expm1 log log2 log10 log1p "
    "sqrt cbrt abs absolute fabs sign square negative positive floor ceil rint trunc reciprocal deg2rad rad2deg".split()
)
BINARY = frozenset("add subtract multiply divide true_divide power maximum minimum fmax fmin arctan2 hypot".split())
TESTS = frozenset("isnan isfinite isinf logical_not".split())
PAIRED_TESTS = frozenset(
    "logical_and logical_or less less_equal greater greater_equal equal not_equal".split()
)  # fmt: skip


def array(*dims: bool, dtype: str = "f") -> Kind:
    return Kind("array", dtype, tuple(dims))


def of_argument(kind: Hashable) -> Kind:
    """The kind of an argument, from the key that `srcgrad.passes.kinds.kind_of` gives."""
    if isinstance(kind, str):
        return _NAMED.get(kind, UNKNOWN)
    if isinstance(kind, tuple) and kind[0] == "array":
        dtype = {"d": "f", "?": "b", "l": "i", "q": "i"}.get(kind[1])
        # An array without dimensions is a case apart.
        return UNKNOWN if dtype is None or not kind[2] else array(*kind[2], dtype=dtype)
    if isinstance(kind, tuple) and kind[0] == "tuple":
        return Kind("tuple", items=tuple(of_argument(k) for k in kind[1]))
    return UNKNOWN


def join(a: Kind, b: Kind) -> Kind:
    """What is known of a name that holds one or the other."""
    if a == b or b == BOTTOM:
        return a
    if a == BOTTOM:
        return b
    if a.is_number and b.is_number:
        forms = {a.form, b.form}
        if "scalar" in forms:
            return SCALAR
        return FLOAT if "float" in forms else INT
    if a.is_array and b.is_array and a.rank == b.rank and a.dtype == b.dtype:
        return array(*(p and q for p, q in zip(a.dims, b.dims, strict=True)), dtype=a.dtype)
    if a.form == b.form == "tuple" and len(a.items) == len(b.items):
        return Kind("tuple", items=tuple(join(p, q) for p, q in zip(a.items, b.items, strict=True)))
    if a.form == b.form == "list":
        return Kind("list", items=(join(a.items[0], b.items[0]),))
    return UNKNOWN


def combined(a: Kind, b: Kind, test: bool = False) -> Kind:
    """The kind of an elementwise operation's result."""
    if BOTTOM in (a, b):
        return BOTTOM
    if not all(k.is_number or k.is_array for k in (a, b)):
        return UNKNOWN
    if a.is_array or b.is_array:
        p, q = a.dims, b.dims
        p, q = (True,) * (len(q) - len(p)) + p, (True,) * (len(p) - len(q)) + q
        kinds = {("f" if k.form in ("float", "scalar") else k.form[0]) if k.is_number else k.dtype for k in (a, b)}
        dtype = "b" if test else "f" if "f" in kinds else "i" if "i" in kinds else "b"
        return array(*(x and y for x, y in zip(p, q, strict=True)), dtype=dtype)
    if test:
        return BOOL
    return join(join(a, b), INT)


class Kinds:
    """The kinds of the names of one function; `functions` are those of the module by name."""

    def __init__(self, module: Module, function: ast.FunctionDef, given: Sequence[Kind]) -> None:
        self.module = module
        self.names: dict[str, Kind] = dict(zip([a.arg for a in function.args.args], given, strict=False))
        self.result = BOTTOM
        for _ in range(8):
            before = (dict(self.names), self.result)
            self.block(function.body)
            if before == (self.names, self.result):
                break

    # Statements

    def block(self, body: Sequence[ast.stmt]) -> None:
        for s in body:
            self.statement(s)

    def statement(self, s: ast.stmt) -> None:
        match s:
            case ast.Assign(targets=targets, value=value):
                kind = self.of(value)
                for target in targets:
                    self.bind(target, kind)
            case ast.AugAssign(target=ast.Name(id=name) as target, op=op, value=value):
                old = self.names.get(name, BOTTOM)
                made = self.binary(op, old, self.of(value))
                self.bind(target, old if old.is_array else made)
            case ast.For(target=target, iter=iterable, body=body, orelse=orelse):
                self.bind(target, self.element(self.of(iterable)))
                self.block(body)
                self.block(orelse)
            case ast.While(body=body, orelse=orelse) | ast.If(body=body, orelse=orelse):
                self.block(body)
                self.block(orelse)
            case ast.Return(value=value):
                self.result = join(self.result, NONE if value is None else self.of(value))
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[value])) if (
                self.names.get(name, UNKNOWN).form == "list"
            ):
                self.names[name] = join(self.names[name], Kind("list", items=(self.of(value),)))
            case _:
                pass

    def bind(self, target: ast.expr, kind: Kind) -> None:
        match target:
            case ast.Name(id=name):
                self.names[name] = join(self.names.get(name, BOTTOM), kind)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                kinds = kind.items if kind.form == "tuple" and len(kind.items) == len(parts) else None
                other = BOTTOM if kind == BOTTOM else self.element(kind) if kind.is_array else UNKNOWN
                for k, part in enumerate(parts):
                    self.bind(part, other if kinds is None else kinds[k])
            case _:
                pass

    def element(self, kind: Kind) -> Kind:
        """What a loop over a value gives."""
        if kind.form == "range":
            return INT
        if kind.form == "list":
            return kind.items[0]
        if kind.form == "tuple":
            found = BOTTOM
            for item in kind.items:
                found = join(found, item)
            return found
        if kind.is_array:
            return _number(kind.dtype) if kind.rank == 1 else array(*kind.dims[1:], dtype=kind.dtype)
        return kind if kind == BOTTOM else UNKNOWN

    # Expressions

    def of(self, e: ast.expr) -> Kind:
        """The kind of an expression's value."""
        match e:
            case ast.Constant(value=value):
                if isinstance(value, bool):
                    return BOOL
                if value is None:
                    return NONE
                return {int: INT, float: FLOAT, str: TEXT}.get(type(value), UNKNOWN)
            case ast.Name(id=name):
                return self.names.get(name, self.module.constants.get(name, UNKNOWN if self.known(name) else BOTTOM))
            case ast.BinOp(left=left, op=op, right=right):
                return self.binary(op, self.of(left), self.of(right))
            case ast.UnaryOp(op=op, operand=operand):
                inner = self.of(operand)
                return BOOL if isinstance(op, ast.Not) else INT if inner == BOOL else inner
            case ast.BoolOp(values=values):
                found = BOTTOM
                for value in values:
                    found = join(found, self.of(value))
                return found
            case ast.Compare(left=left, ops=ops, comparators=[right]) if not isinstance(
                ops[0], (ast.Is, ast.IsNot, ast.In, ast.NotIn)
            ):
                a, b = self.of(left), self.of(right)
                return combined(a, b, test=True) if a.is_array or b.is_array else BOOL
            case ast.Compare():
                return BOOL
            case ast.IfExp(body=body, orelse=orelse):
                return join(self.of(body), self.of(orelse))
            case ast.Tuple(elts=parts):
                return Kind("tuple", items=tuple(self.of(p) for p in parts))
            case ast.List(elts=parts):
                found = BOTTOM
                for part in parts:
                    found = join(found, self.of(part))
                return Kind("list", items=(found,))
            case ast.Attribute(value=value, attr=attr):
                return self.attribute(value, attr)
            case ast.Subscript(value=value, slice=index):
                return self.subscript(self.of(value), index)
            case ast.Call():
                return self.call(e)
        return UNKNOWN

    def known(self, name: str) -> bool:
        return name in self.module.names

    def binary(self, op: ast.operator, a: Kind, b: Kind) -> Kind:
        if BOTTOM in (a, b):
            return BOTTOM
        if isinstance(op, ast.MatMult):
            if not (a.is_array and b.is_array):
                return UNKNOWN
            if a.rank == b.rank == 1:
                return SCALAR
            if a.rank <= 2 and b.rank <= 2:
                return array(*a.dims[:-1], *(b.dims[1:] if b.rank == 2 else ()))
            return UNKNOWN
        made = combined(a, b)
        if isinstance(op, ast.Div):
            return SCALAR if made == SCALAR else FLOAT if made.is_number else _floats(made)
        if isinstance(op, ast.Pow) and made == INT:
            return UNKNOWN
        return made

    def attribute(self, value: ast.expr, attr: str) -> Kind:
        if isinstance(value, ast.Name) and value.id in ("np", "math", "numpy") and value.id not in self.names:
            return FLOAT if attr in ("pi", "e", "inf", "nan", "tau") else UNKNOWN
        kind = self.of(value)
        if kind == BOTTOM:
            return BOTTOM
        if kind.is_array:
            match attr:
                case "shape":
                    return Kind("tuple", items=(INT,) * kind.rank)
                case "size" | "ndim":
                    return INT
                case "T":
                    return array(*kind.dims[::-1], dtype=kind.dtype)
        return UNKNOWN

    def subscript(self, kind: Kind, index: ast.expr) -> Kind:
        if kind == BOTTOM:
            return BOTTOM
        if kind.form == "tuple":
            if isinstance(index, ast.Constant) and isinstance(index.value, int) and index.value < len(kind.items):
                return kind.items[index.value]
            return self.element(kind) if not isinstance(index, ast.Slice) else UNKNOWN
        if kind.form == "list" and not isinstance(index, ast.Slice):
            return kind.items[0]
        if kind.form == "range":
            return RANGE if isinstance(index, ast.Slice) else INT
        if not kind.is_array:
            return UNKNOWN
        if self.is_mask(index, kind):
            return array(False, dtype=kind.dtype)
        parts = indices(index, kind.rank)
        if parts is None:
            return UNKNOWN
        dims: list[bool] = []
        left = list(kind.dims)
        for part in parts:
            if isinstance(part, ast.Constant) and part.value is None:
                dims.append(True)
                continue
            single = left.pop(0)
            if isinstance(part, ast.Slice):
                whole = part.lower is None and part.upper is None
                dims.append(single and whole)
            elif self.of(part) not in (INT, BOTTOM):
                return UNKNOWN
        return array(*dims, dtype=kind.dtype) if dims else _number(kind.dtype)

    def is_mask(self, index: ast.expr, kind: Kind) -> bool:
        """Whether an index is an array of bools of the rank of what it is an index of."""
        if isinstance(index, (ast.Tuple, ast.Slice, ast.Constant)):
            return False
        mask = self.of(index)
        return mask.is_array and mask.dtype == "b" and mask.rank == kind.rank

    def call(self, e: ast.Call) -> Kind:
        arguments = [self.of(a) for a in e.args]
        match e.func:
            case ast.Attribute(value=ast.Name(id="np" | "numpy" as home), attr=name) if home not in self.names:
                return self.of_numpy(name, e, arguments)
            case ast.Attribute(value=ast.Name(id="math"), attr=name) if "math" not in self.names:
                return INT if name in ("floor", "ceil") else BOOL if name.startswith("is") else FLOAT
            case ast.Attribute(value=value, attr=name):
                return self.of_method(self.of(value), name, e)
            case ast.Name(id=name):
                return self.of_name(name, e, arguments)
        return UNKNOWN

    def of_name(self, name: str, e: ast.Call, arguments: list[Kind]) -> Kind:
        if name in self.module.functions:
            return self.module.result(name, arguments)
        match name:
            case "len" | "int":
                return INT
            case "float":
                return FLOAT
            case "bool":
                return BOOL
            case "range":
                return RANGE
            case "reversed" if arguments:
                return arguments[0]
            case "abs" if arguments:
                return arguments[0]
            case "max" | "min" if len(arguments) > 1:
                found = BOTTOM
                for kind in arguments:
                    found = join(found, kind)
                return found if found.is_number or found == BOTTOM else UNKNOWN
            case "unbroadcast" if len(arguments) == 2:
                return _floats(arguments[1]) if arguments[1].is_array else arguments[0]
            case "guarded" if len(arguments) == 2:
                return combined(arguments[0], arguments[1])
            case "lowered" if len(arguments) == 2:
                return combined(combined(arguments[0], arguments[1]), SCALAR)
            case "spread" | "shares" | "prod_partial" if len(arguments) > 1:
                return _floats(arguments[0 if name == "spread" and not arguments[1].is_array else 1])
            case "diagonal_bar" if len(arguments) > 1:
                return _floats(arguments[1])
            case "with_axes" if len(arguments) == 4:
                axis = axis_of(e.args[2], arguments[1].rank) if arguments[1].is_array else None
                if arguments[0].is_number or axis is None:
                    return arguments[0] if arguments[0].is_number else UNKNOWN
                return array(*arguments[0].dims[:axis], True, *arguments[0].dims[axis:])
            case "taken":
                return array(False)
            case "cast" if arguments:
                return arguments[0]
            case "over" | "quotient":
                return FLOAT
        return UNKNOWN

    def of_numpy(self, name: str, e: ast.Call, arguments: list[Kind]) -> Kind:
        if any(isinstance(a, ast.Starred) for a in e.args):
            return UNKNOWN
        keywords = {k.arg: k.value for k in e.keywords}
        first = arguments[0] if arguments else UNKNOWN
        if first == BOTTOM:
            return BOTTOM
        if name in UNARY and len(arguments) == 1 and not keywords:
            return _floats(first) if first.is_array else SCALAR
        if name in BINARY and len(arguments) == 2 and not keywords:
            made = combined(arguments[0], arguments[1])
            return made if made.is_array or made in (BOTTOM, UNKNOWN) else SCALAR
        if (name in TESTS and len(arguments) == 1) or (name in PAIRED_TESTS and len(arguments) == 2):
            return combined(first, arguments[-1], test=True)
        match name:
            case "where" if len(arguments) == 3:
                made = combined(arguments[1], arguments[2])
                whole = combined(arguments[0], made)
                if whole.is_array and (made.is_array or made.is_number):
                    dtype = made.dtype if made.is_array else "f" if made in (FLOAT, SCALAR) else made.form[0]
                    return Kind("array", dtype, whole.dims)
                return UNKNOWN if whole != BOTTOM else BOTTOM
            case "copy" | "ascontiguousarray" | "array" | "asarray" if not keywords:
                if first.form == "list" and name == "array":
                    return _of_lists(first)
                return first if first.is_array else UNKNOWN
            case "zeros" | "ones" | "empty" | "full" if not keywords:
                if first == INT:
                    return array(False)
                return array(*(False,) * len(first.items)) if first.form == "tuple" else UNKNOWN
            case "zeros_like" | "ones_like" | "empty_like" | "full_like" if not keywords:
                return first if first.is_array and first.dtype == "f" else FLOAT if first == FLOAT else UNKNOWN
            case "sum" | "mean" | "max" | "min" | "amax" | "amin":
                return self.reduced(first, keywords, e.args[1:])
            case "prod" | "var" | "std" if len(arguments) == 1 and not keywords:
                return _number(first.dtype) if first.is_array else UNKNOWN
            case "shape" if first.is_array:
                return Kind("tuple", items=(INT,) * first.rank)
            case "broadcast_to" if len(arguments) == 2 and arguments[1].form == "tuple":
                return self.of_shape(e.args[1], len(arguments[1].items))
            case "dot" | "matmul" if len(arguments) == 2:
                return self.binary(ast.MatMult(), *arguments)
            case "outer" if len(arguments) == 2 and all(k.is_array and k.rank == 1 for k in arguments):
                return array(*first.dims, *arguments[1].dims)
            case "transpose" if len(arguments) == 1:
                return array(*first.dims[::-1], dtype=first.dtype) if first.is_array else UNKNOWN
            case "diag" if len(arguments) == 1 and first.is_array:
                return array(False) if first.rank == 2 else array(False, False)
            case "eye" if len(arguments) == 1:
                return array(False, False)
            case "arange" if all(k == INT for k in arguments):
                return array(False, dtype="i")
            case "linspace":
                return array(False)
            case "float64":
                return SCALAR
        return UNKNOWN

    def of_shape(self, shape: ast.expr, rank: int) -> Kind:
        """An array of floats of the shape that an expression gives, best of another array."""
        match shape:
            case ast.Attribute(value=like, attr="shape") | ast.Call(func=ast.Attribute(attr="shape"), args=[like]):
                return _floats(self.of(like))
        return array(*(False,) * rank)

    def reduced(self, kind: Kind, keywords: dict[str | None, ast.expr], more: Sequence[ast.expr]) -> Kind:
        if not kind.is_array:
            return BOTTOM if kind == BOTTOM else UNKNOWN
        axis, keepdims = axis_and_keepdims(keywords, more)
        if axis is None:
            return SCALAR if kind.dtype == "f" and not keepdims else INT if kind.dtype != "f" else UNKNOWN
        k = axis_of(axis, kind.rank)
        if k is None or kind.dtype != "f":
            return UNKNOWN
        rest = kind.dims[:k] + (True,) * keepdims + kind.dims[k + 1 :]
        return array(*rest) if rest else SCALAR

    def of_method(self, kind: Kind, name: str, e: ast.Call) -> Kind:
        if kind == BOTTOM:
            return BOTTOM
        if kind.form == "list":
            return kind.items[0] if name == "pop" else kind if name == "copy" else UNKNOWN
        if not kind.is_array:
            return UNKNOWN
        keywords = {k.arg: k.value for k in e.keywords}
        match name:
            case "copy" if not e.args:
                return kind
            case "sum" | "mean" | "max" | "min":
                return self.reduced(kind, keywords, e.args)
            case "prod" | "std" | "var" if not e.args and not keywords:
                return _number(kind.dtype)
        return UNKNOWN


class Module:
    """The functions of a generated module, and the kinds with which they call one another."""

    def __init__(self, tree: ast.Module, entry: str, given: Sequence[Kind]) -> None:
        self.functions = {s.name: s for s in tree.body if isinstance(s, ast.FunctionDef)}
        self.names = set(self.functions) | {
            n.asname or n.name for s in tree.body if isinstance(s, (ast.Import, ast.ImportFrom)) for n in s.names
        }
        self.constants: dict[str, Kind] = {}
        self.given: dict[str, tuple[Kind, ...]] = {}
        self.results: dict[str, Kind] = {}
        self.working: set[str] = set()
        empty = ast.parse("def f(): pass").body[0]
        assert isinstance(empty, ast.FunctionDef)
        for s in tree.body:
            if isinstance(s, ast.Assign) and isinstance(s.targets[0], ast.Name):
                self.constants[s.targets[0].id] = Kinds(self, empty, ()).of(s.value)
        self.names |= set(self.constants)
        for _ in range(4):
            before = (dict(self.given), dict(self.results))
            self.done: set[str] = set()
            self.result(entry, given)
            if before == (self.given, self.results):
                break

    def result(self, name: str, arguments: Sequence[Kind]) -> Kind:
        """What a function returns; called with different kinds it is known by what they have in common."""
        old = self.given.get(name, tuple(arguments))
        if len(old) != len(arguments):
            return UNKNOWN
        self.given[name] = tuple(join(p, q) for p, q in zip(old, arguments, strict=True))
        if name not in self.working and (name not in self.done or self.given[name] != old):
            self.working.add(name)
            self.done.add(name)
            self.results[name] = Kinds(self, self.functions[name], self.given[name]).result
            self.working.discard(name)
        return self.results.get(name, BOTTOM)

    def kinds(self, name: str) -> Kinds | None:
        """The kinds of a function's names, or None for one that is never called."""
        given = self.given.get(name)
        return None if given is None else Kinds(self, self.functions[name], given)


def indices(index: ast.expr, rank: int) -> list[ast.expr] | None:
    """The parts of an index, one for each dimension and each None; None where a part is no slice or number."""
    parts = list(index.elts) if isinstance(index, ast.Tuple) else [index]
    new = sum(isinstance(p, ast.Constant) and p.value is None for p in parts)
    dots = [k for k, p in enumerate(parts) if isinstance(p, ast.Constant) and p.value is Ellipsis]
    missing = rank - (len(parts) - new - len(dots))
    if missing < 0 or len(dots) > 1:
        return None
    whole: list[ast.expr] = [ast.Slice() for _ in range(missing)]
    if dots:
        parts[dots[0] : dots[0] + 1] = whole
    else:
        parts += whole
    return parts


def axis_and_keepdims(keywords: dict[str | None, ast.expr], more: Sequence[ast.expr]) -> tuple[ast.expr | None, bool]:
    """The axis of a reduction, None for all, and whether it stays as one of length 1; an axis of "?" is not understood."""
    odd: tuple[ast.expr | None, bool] = (ast.Constant("?"), False)
    keepdims = keywords.get("keepdims", ast.Constant(False))
    if len(more) > 1 or set(keywords) - {"axis", "keepdims"} or not isinstance(keepdims, ast.Constant):
        return odd
    axis = keywords.get("axis", more[0] if more else None)
    if isinstance(axis, ast.Constant) and axis.value is None:
        axis = None
    return axis, bool(keepdims.value)


def axis_of(node: ast.expr, rank: int) -> int | None:
    """An axis that is written as a number."""
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value % rank if isinstance(value, int) and -rank <= value < rank else None


def _of_lists(kind: Kind) -> Kind:
    """The array that nested lists make."""
    dims: list[bool] = []
    while kind.form == "list":
        dims.append(False)
        kind = kind.items[0]
    return array(*dims, dtype="i" if kind == INT else "f") if kind in (INT, FLOAT, SCALAR) else UNKNOWN


def _number(dtype: str) -> Kind:
    return {"f": SCALAR, "i": INT, "b": BOOL}[dtype]


def _floats(kind: Kind) -> Kind:
    return array(*kind.dims) if kind.is_array else kind
