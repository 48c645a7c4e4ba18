"""What each name of a generated function holds, worked out from the kinds of the arguments.

    def f_grad(x, n):            x: an array of rank 1, n: an int
        s = 0.0                  s: a float, or a NumPy number
        for i in range(n):       i: an int
            s += x[i]

One kind per name: a name that holds different kinds is of an unknown one, and statements with it stay as they are.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from srcgrad.backends.call_kinds import Calls
from srcgrad.backends.indexing import indices
from srcgrad.backends.kind import (
    BOOL,
    BOTTOM,
    FLOAT,
    INT,
    NONE,
    RANGE,
    SCALAR,
    TEXT,
    UNKNOWN,
    Kind,
    array,
    combined,
    join,
    number_of,
    of_floats,
)


class Kinds(Calls):
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
            return number_of(kind.dtype) if kind.rank == 1 else array(*kind.dims[1:], dtype=kind.dtype)
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
            return SCALAR if made == SCALAR else FLOAT if made.is_number else of_floats(made)
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
        return array(*dims, dtype=kind.dtype) if dims else number_of(kind.dtype)

    def is_mask(self, index: ast.expr, kind: Kind) -> bool:
        """Whether an index is an array of bools of the rank of what it is an index of."""
        if isinstance(index, (ast.Tuple, ast.Slice, ast.Constant)):
            return False
        mask = self.of(index)
        return mask.is_array and mask.dtype == "b" and mask.rank == kind.rank


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
