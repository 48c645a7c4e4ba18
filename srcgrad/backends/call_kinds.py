"""What the calls of a generated function give, by the kinds of their arguments."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from srcgrad.backends.indexing import axis_and_keepdims, axis_of
from srcgrad.backends.kind import (
    BINARY,
    BOOL,
    BOTTOM,
    FLOAT,
    INT,
    PAIRED_TESTS,
    RANGE,
    SCALAR,
    TESTS,
    UNARY,
    UNKNOWN,
    Kind,
    array,
    combined,
    join,
    number_of,
    of_floats,
    of_lists,
)

if TYPE_CHECKING:
    from srcgrad.backends.kinds import Module


class Calls:
    """The part of `Kinds` that knows functions."""

    module: Module
    names: dict[str, Kind]

    @abstractmethod
    def of(self, e: ast.expr) -> Kind:
        """The kind of an expression's value."""

    @abstractmethod
    def binary(self, op: ast.operator, a: Kind, b: Kind) -> Kind:
        """The kind of an operator's result."""

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
                return of_floats(arguments[1]) if arguments[1].is_array else arguments[0]
            case "guarded" if len(arguments) == 2:
                return combined(arguments[0], arguments[1])
            case "lowered" if len(arguments) == 2:
                return combined(combined(arguments[0], arguments[1]), SCALAR)
            case "spread" | "shares" | "prod_partial" if len(arguments) > 1:
                return of_floats(arguments[0 if name == "spread" and not arguments[1].is_array else 1])
            case "diagonal_bar" if len(arguments) > 1:
                return of_floats(arguments[1])
            case "with_axes" if len(arguments) == 4:
                axis = axis_of(e.args[2], arguments[1].rank) if arguments[1].is_array else None
                if arguments[0].is_number or axis is None:
                    return arguments[0] if arguments[0].is_number else UNKNOWN
                return array(*arguments[0].dims[:axis], True, *arguments[0].dims[axis:])
            case "taken":
                return array(False)
            case "matmul" if len(arguments) == 2:
                return self.binary(ast.MatMult(), *arguments)
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
            return of_floats(first) if first.is_array else SCALAR
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
            case "flip" if not keywords:
                return first if first.is_array else UNKNOWN
            case "copy" | "ascontiguousarray" | "array" | "asarray" if not keywords:
                if first.form == "list" and name == "array":
                    return of_lists(first)
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
                return number_of(first.dtype) if first.is_array else UNKNOWN
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
                return of_floats(self.of(like))
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
                return number_of(kind.dtype)
        return UNKNOWN
