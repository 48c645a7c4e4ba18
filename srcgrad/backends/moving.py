"""Which names of a gradient's text change when its arguments move: those that get a tangent.

y_saved.append(y)        y_saved moves if y does
v = u[1:]; v[0] = y      so do v, and u, whose memory v shows
k = len(u)               k is an integer and never moves
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

import numpy as np

from srcgrad.backends.kind import BOTTOM, Kind
from srcgrad.backends.kinds import Kinds, Module
from srcgrad.rules import table

_STILL = frozenset("len int bool range shares isinstance print round".split())
_STILL_METHODS = frozenset("argmax argmin argsort any all".split())
_MAKERS = frozenset("zeros ones empty zeros_like ones_like empty_like eye arange linspace shape ndim size".split())


class Moving:
    """The moving names of each function of a module, grown until nothing changes."""

    def __init__(self, module: Module, entry: str, parameters: Iterable[str]) -> None:
        self.module = module
        self.kinds: dict[str, Kinds] = {}
        for name in module.functions:
            known = module.kinds(name)
            if known is not None:
                self.kinds[name] = known
        self.names: dict[str, set[str]] = {name: set() for name in self.kinds}
        self.results: set[str] = set()  # functions whose results move
        self.names[entry] |= set(parameters)
        size = -1
        while size != (size := len(self.results) + sum(map(len, self.names.values()))):
            for name in self.kinds:
                self._function(name)

    def moves(self, where: str, e: ast.expr) -> bool:
        """Whether the value of an expression moves."""
        if not is_smooth(self.kinds[where].of(e)):
            return False
        match e:
            case ast.Name(id=name):
                return name in self.names[where]
            case ast.Constant() | ast.Compare():
                return False
            case ast.Attribute(value=value, attr=attr):
                return attr not in ("shape", "size", "ndim") and self.moves(where, value)
            case ast.Subscript(value=value):
                return self.moves(where, value)
            case ast.IfExp(body=body, orelse=orelse):
                return self.moves(where, body) or self.moves(where, orelse)
            case ast.Call():
                return self._call(where, e)
        return any(self.moves(where, child) for child in ast.iter_child_nodes(e) if isinstance(child, ast.expr))

    def _call(self, where: str, e: ast.Call) -> bool:
        parts = [*e.args, *[k.value for k in e.keywords]]
        match e.func:
            case ast.Name(id=name) if name in self.kinds:
                return name in self.results
            case ast.Name(id=name) if name in _STILL:
                return False
            case ast.Attribute(value=ast.Name(id="np" | "math" as home), attr=name):
                function = getattr(np, name, None) if home == "np" else None
                if name in _MAKERS or (function is not None and table.is_zero(function)):
                    return False
            case ast.Attribute(value=owner, attr=name):
                return name not in _STILL_METHODS and any(self.moves(where, p) for p in [owner, *parts])
        return any(self.moves(where, p) for p in parts)

    def _function(self, where: str) -> None:
        function = self.module.functions[where]
        for node in ast.walk(function):
            match node:
                case ast.Assign(targets=[target], value=value):
                    self._bind(where, target, value)
                case ast.AugAssign(target=target, value=value) if self.moves(where, value):
                    self._mark(where, target)
                case ast.For(target=target, iter=iterable) if self.moves(where, iterable):
                    self._mark(where, target)
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[value]):
                    if self.moves(where, value):
                        self.names[where].add(name)
                case ast.Return(value=ast.expr() as value) if self.moves(where, value):
                    self.results.add(where)
                case _:
                    pass
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in self.kinds:
                self._called(where, node, node.func.id)

    def _called(self, where: str, e: ast.Call, name: str) -> None:
        for parameter, given in zip(self.module.functions[name].args.args, e.args, strict=False):
            if self.moves(where, given):
                self.names[name].add(parameter.arg)
            elif parameter.arg in self.names[name] and self.kinds[where].of(given).is_array:
                self._mark(where, given)  # the function may write into it

    def _bind(self, where: str, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for t, v in zip(target.elts, value.elts, strict=False):
                self._bind(where, t, v)
            return
        if self.moves(where, value):
            self._mark(where, target)
        elif isinstance(target, ast.Name) and target.id in self.names[where] and is_view(value):
            self._mark(where, value)

    def _mark(self, where: str, target: ast.expr) -> None:
        match target:
            case ast.Name(id=name) if is_smooth(self.kinds[where].names.get(name, BOTTOM)):
                self.names[where].add(name)
            case ast.Tuple(elts=parts):
                for part in parts:
                    self._mark(where, part)
            case ast.Subscript(value=value) | ast.Attribute(value=value):
                self._mark(where, value)


def is_view(e: ast.expr) -> bool:
    """Whether an expression shows an array that is there already."""
    match e:
        case ast.Name():
            return True
        case ast.Subscript(value=value) | ast.Attribute(value=value, attr="T"):
            return is_view(value)
    return False


def is_smooth(kind: Kind) -> bool:
    """Whether values of a kind can have a tangent."""
    if kind.form in ("int", "bool", "none", "text", "range"):
        return False
    if kind.is_array:
        return kind.dtype == "f"
    if kind.form == "tuple":
        return any(is_smooth(k) for k in kind.items)
    return is_smooth(kind.items[0]) if kind.form == "list" else True
