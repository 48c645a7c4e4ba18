"""What a name in the user's function stands for, before it runs: modules, functions, global data.

np.sin  ->  numpy.sin          x.sum(axis=0), x an array  ->  numpy.sum with x in front
"""

from __future__ import annotations

import builtins
import inspect
import types
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from srcgrad.passes.kinds import Kind
from srcgrad.runtime import dispatchers
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Argument, Expr, NotStatic

UNRESOLVED = object()

# Modules whose attributes do not change under a program.
STABLE = ("numpy", "scipy", "math", "builtins")

# Methods of arrays and the functions of the same meaning, with the array as the first argument.
METHODS: dict[str, Any] = {
    name: getattr(np, name)
    for name in (
        "sum mean prod max min std var cumsum cumprod dot ravel reshape transpose "
        "copy argmax argmin argsort all any clip trace diagonal repeat swapaxes squeeze"
    ).split()
}


@dataclass(frozen=True)
class Scope:
    """Where a function's free names are looked up, and which of them its text has been found to read."""

    function: Any
    variables: frozenset[str]
    read: dict[str, Any] = field(default_factory=dict)
    # What the generated module itself imports, for expressions that mention it.
    imported: dict[str, Any] = field(default_factory=dict)
    # What the global names of functions mean that have become part of this one.
    given: dict[str, Any] = field(default_factory=dict)

    def lookup(self, name: str) -> Any:
        """The object that a free name is bound to now."""
        if name in self.variables:
            return UNRESOLVED
        if name in self.imported:
            return self.imported[name]
        if name in self.given:
            self.read[name] = self.given[name]
            return self.given[name]
        code, closure = self.function.__code__, self.function.__closure__ or ()
        if name in code.co_freevars:
            cell = closure[code.co_freevars.index(name)]
            try:
                value = cell.cell_contents
            except ValueError as error:
                raise NotStatic(f"the closure variable {name} is not bound yet") from error
        elif name in self.function.__globals__:
            value = self.function.__globals__[name]
        elif hasattr(builtins, name):
            return getattr(builtins, name)
        else:
            raise NotStatic(f"the name {name} is not bound")
        self.read[name] = value
        return value

    def object_of(self, e: Expr) -> Any:
        """The object that an expression stands for whatever the arguments are, or UNRESOLVED.

        Attributes are followed through the modules of NumPy, SciPy and the standard library's math
        only: those of other objects may change.
        """
        if isinstance(e, ir.Name):
            return dispatchers.plain(self.lookup(e.id))
        if isinstance(e, ir.Attribute):
            owner = self.object_of(e.value)
            if isinstance(owner, types.ModuleType) and owner.__name__.split(".")[0] in STABLE:
                found = getattr(owner, e.name, UNRESOLVED)
                if found is UNRESOLVED:
                    raise NotStatic(f"{owner.__name__} has no attribute {e.name}", e.span)
                return found
        return UNRESOLVED


def callee(e: ir.Call, scope: Scope, kind: Any) -> tuple[Any, tuple[Argument, ...]]:
    """The function that a call calls and its arguments; a method's array comes first."""
    if any(a.keyword == "out" for a in e.args):
        raise NotStatic("a call that writes into its argument out=", e.span)
    found = scope.object_of(e.function)
    if found is not UNRESOLVED:
        if isinstance(found, np.ufunc) and (len(e.args) > found.nin or any(a.keyword for a in e.args)):
            raise NotStatic("a ufunc called with more than its operands", e.span)
        return found, e.args
    if isinstance(e.function, ir.Attribute):
        owner: Kind = kind(e.function.value)
        if owner.form == "array" and e.function.name in METHODS:
            first = Argument(e.function.value)
            args = e.args
            if e.function.name in ("reshape", "transpose") and len(args) > 1:
                packed = ir.Sequence("tuple", tuple(a.value for a in args))
                if any(a.keyword or a.star for a in args):
                    return UNRESOLVED, e.args
                args = (Argument(packed),)
            return METHODS[e.function.name], (first, *args)
    return UNRESOLVED, e.args


def bind(signature: inspect.Signature, args: tuple[Argument, ...], span: ir.Span = ir.NOWHERE) -> dict[str, Expr]:
    """Which parameter each argument goes to; starred arguments are not understood."""
    positional: list[Expr] = []
    named: dict[str, Expr] = {}
    for a in args:
        if a.star:
            raise NotStatic("a call with starred arguments", span)
        if a.keyword:
            named[a.keyword] = a.value
        else:
            positional.append(a.value)
    try:
        bound = signature.bind(*positional, **named).arguments
    except TypeError as error:
        raise NotStatic(f"a call whose arguments do not fit: {error}", span) from error
    for value in bound.values():
        if not isinstance(value, Expr):
            raise NotStatic("a call of a function with *args or **kwargs", span)
    if "out" in bound:
        raise NotStatic("a call that writes into its argument out", span)
    return bound


def is_user_function(function: Any) -> bool:
    """Whether a function is one that this tier would have to differentiate itself."""
    return isinstance(function, types.FunctionType)
