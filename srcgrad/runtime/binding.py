"""A call's arguments as the values of a rule's parameters, in their order.

Calls by position, which are nearly all, are bound without `inspect`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.rules import table
from srcgrad.rules.table import Rule
from srcgrad.runtime.formulas import jvp_function, vjp_function
from srcgrad.runtime.undefined import may_refuse

# Functions that take a sequence of arrays as one argument: a list of floats stays a list there,
# where elsewhere it becomes an array.
_SEQUENCES = frozenset(
    "concatenate concat stack vstack hstack dstack column_stack row_stack block multi_dot select choose "
    "array asarray asanyarray ascontiguousarray asfortranarray fsum prod dist sumprod append unstack piecewise".split()
)
_EMPTY = object()


class Binding:
    """The parameters of one rule, and its formulas by the number of the parameter."""

    __slots__ = ("defaults", "jvps", "names", "pulls", "refusing", "required", "rule", "simple", "variadic", "vjps")

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        parameters = list(rule.signature.parameters.values())
        self.names = [p.name for p in parameters]
        self.variadic = [p.kind is p.VAR_POSITIONAL for p in parameters]
        self.defaults = [_EMPTY if p.default is p.empty else p.default for p in parameters]
        self.simple = all(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
        self.required = sum(1 for d in self.defaults if d is _EMPTY)
        self.vjps: list[Callable[..., Any] | None] = [None] * len(parameters)
        self.jvps: list[Callable[..., Any] | None] = [None] * len(parameters)
        self.pulls: list[Any] = [False] * len(parameters)
        self.refusing: list[bool | None] = [None] * len(parameters)

    def vjp(self, k: int) -> Callable[..., Any]:
        """The cotangent of parameter number k, as a function of y, y_bar and all the parameters."""
        known = self.vjps[k]
        if known is None:
            known = self.vjps[k] = vjp_function(self.rule, self.names[k])
        return known

    def jvp(self, k: int) -> Callable[..., Any]:
        """What the tangent of parameter number k adds, as a function of y, that tangent and the parameters."""
        known = self.jvps[k]
        if known is None:
            known = self.jvps[k] = jvp_function(self.rule, self.names[k])
        return known

    def may_refuse(self, k: int) -> bool:
        """Whether there may be no cotangent of parameter number k for some arguments."""
        known = self.refusing[k]
        if known is None:
            known = self.refusing[k] = may_refuse(self.vjp(k))
        return known

    def pull(self, k: int) -> Callable[..., Any] | None:
        """As vjp, or None where the derivative by parameter number k is zero."""
        known: Any = self.pulls[k]
        if known is False:
            known = self.pulls[k] = self.vjp(k) if self.rule.vjp.get(self.names[k]) else None
        return known  # type: ignore[no-any-return]

    def bind(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """The values of all parameters, lists as they are now; a TypeError where they do not fit."""
        if not kwargs and self.simple and self.required <= len(args) <= len(self.names):
            values = [*args, *self.defaults[len(args) :]]
        else:
            bound = self.rule.signature.bind(*args, **kwargs)
            bound.apply_defaults()
            values = list(bound.arguments.values())
        for k, value in enumerate(values):
            if isinstance(value, (list, tuple)):
                values[k] = self._sequence(k, value, function)
        return tuple(values)

    def _sequence(self, k: int, value: Any, function: Callable[..., Any]) -> Any:
        if self.variadic[k]:
            return tuple([as_array(v) for v in value])
        name = getattr(function, "__name__", "")
        if self.rule.shape == "elementwise" or (name == "choose" and k == 0):
            return call_of_array(value)
        if name not in _SEQUENCES:
            value = as_array(value)
        return as_now(value)


def as_now(value: Any) -> Any:
    """A sequence that later changes of the program's lists do not reach."""
    if type(value) is list:
        return [as_now(v) for v in value]
    if type(value) is tuple:
        return tuple([as_now(v) for v in value])
    return value


def as_array(value: Any) -> Any:
    """A list or tuple of active numbers as the array that NumPy makes of it."""
    if isinstance(value, (list, tuple)):
        from srcgrad.runtime.operations import is_active

        if is_active(value):
            from srcgrad.runtime.calls import call

            return call(np.array, value)
    return value


def call_of_array(value: Any) -> Any:
    """A list or tuple of numbers as an array, recorded where a number is active."""
    from srcgrad.runtime.calls import call

    return call(np.array, value)


_bindings: dict[int, Binding] = {}
_of_functions: dict[Any, Binding] = {}


def binding_for(function: Any) -> Binding | None:
    """The binding of a library function's rule, or None; the quick way to it."""
    rule = table.lookup(function)
    if rule is None:
        return None
    known = _of_functions.get(function)
    if known is None or known.rule is not rule:
        known = _of_functions[function] = binding_of(rule)
    return known


def binding_of(rule: Rule) -> Binding:
    """The binding of a rule, made once."""
    known = _bindings.get(id(rule))
    if known is None:
        known = _bindings[id(rule)] = Binding(rule)
    return known
