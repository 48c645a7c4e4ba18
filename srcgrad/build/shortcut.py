"""The shortest way from a call of a gradient to the generated function: a function for the arguments at hand.

    def direct(args):
        if state.levels or watchers.count or not switch.on:
            return MISSED
        if len(args) == 1:
            (a0,) = args
            if type(a0) is float and v0['RATE'] is v1:
                try:
                    g0 = f0(a0)
                except FALLING:
                    return recorded(args)
                ...
                return g0
        return MISSED

It does what the general way does, in tenths of microseconds: everything that does not depend on the call is
settled when it is written.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcgrad.build import compiled, derive
from srcgrad.build.meanings import is_empty
from srcgrad.build.telling import tell
from srcgrad.build.unguarded import is_finite
from srcgrad.passes.kinds import kind_of
from srcgrad.runtime.anomaly import watchers
from srcgrad.runtime.levels import state

MISSED = object()  # the answer where the general way is to be taken
Direct = Callable[[tuple[Any, ...]], Any]

_MOST = 8  # kinds of arguments that one function knows


def missed(_args: tuple[Any, ...]) -> Any:
    """What a gradient begins with, which knows no arguments yet."""
    return MISSED


@dataclass(frozen=True)
class Way:
    """One generated function, the arguments that it is for, and which of them are differentiated."""

    entry: compiled.Entry
    tests: tuple[str, ...]
    scope: dict[str, Any]
    keys: tuple[int, ...]
    types: tuple[type, ...]  # of all arguments, a differentiated int as a float
    whole: frozenset[int]  # the positions of differentiated ints
    vectors: frozenset[int]  # those of differentiated arrays of one dimension


class Shortcuts:
    """The ways that a gradient has found, by the kinds of their arguments, and the function that picks."""

    def __init__(
        self, primal: Callable[..., Any], with_value: bool, alone: bool, recorded: Callable[[tuple[Any, ...]], Any]
    ) -> None:
        self.with_value = with_value
        self.alone = alone
        self.given: dict[str, Any] = {"primal": primal, "recorded": recorded}
        self.ways: dict[Hashable, Way] = {}
        self.met: compiled.Entry | None = None

    def found(
        self,
        entry: compiled.Entry,
        args: tuple[Any, ...],
        values: Sequence[Any],
        keys: tuple[int, ...],
    ) -> Direct | None:
        """The function to ask first, when an entry is met for the second time; None where nothing changes."""
        if self.met is not entry:
            self.met = entry
            return None
        whole = frozenset(k for k in keys if type(args[k]) is int)
        if not all(k in whole or a is b for k, (a, b) in enumerate(zip(args, values, strict=True))):
            return None
        scope: dict[str, Any] = {}
        tests = [_test(f"a{k}", a, scope) for k, a in enumerate(args)]
        if entry.apart:
            tests.append("apart(args)")
        what = (tuple([kind_of(a) for a in args]), entry.apart)
        known = self.ways.pop(what, None)
        if known is not None and known.entry is entry:
            # What its tests do not tell apart goes the general way.
            self.ways[what] = known
            return None
        self.ways = dict([*self.ways.items()][1 - _MOST :])
        vectors = frozenset(k for k in keys if type(args[k]) is np.ndarray and args[k].ndim == 1)
        self.ways[what] = Way(entry, tuple(tests), scope, keys, tuple(map(type, values)), whole, vectors)
        return self._written()

    def _written(self) -> Direct:
        scope: dict[str, Any] = {
            **self.given, "MISSED": MISSED, "state": state, "watchers": watchers, "switch": compiled.switch,
            "fitting": derive.fitting, "apart": derive.apart, "kind_of": kind_of, "tell": tell,
            "is_finite": is_finite, "isfinite": math.isfinite, "ndarray": np.ndarray,
            "empty": is_empty, "FALLING": (ArithmeticError, NotImplementedError),
        }  # fmt: skip
        lines = ["def direct(args):", " if state.levels or watchers.count or not switch.on:", "  return MISSED"]
        for way in self.ways.values():
            lines += self._way(way, scope)
        lines.append(" return MISSED")
        exec(compile("\n".join(lines), "<shortcut>", "exec"), scope)
        made: Direct = scope["direct"]
        return made

    def _way(self, way: Way, scope: dict[str, Any]) -> list[str]:
        def name(value: Any) -> str:
            scope[f"v{len(scope)}"] = value
            return f"v{len(scope) - 1}"

        renamed = {old: name(value) for old, value in way.scope.items()}
        tests = [t.format_map(renamed) for t in way.tests]
        function = name(way.entry.plain)
        given = ", ".join([f"float(a{k})" if k in way.whole else f"a{k}" for k in range(len(way.types))])
        made = ", ".join([f"g{k}" for k in way.keys]) + "," * (len(way.keys) > 1)
        target = f"y, ({made})" if self.with_value and len(way.keys) > 1 else f"y, {made}" if self.with_value else made
        fitted = []
        for k in way.keys:
            plain = name(way.types[k])
            if way.entry.text.bare:
                sure = f"g{k} - g{k} == 0.0" if way.types[k] is float else f"is_finite(g{k})"
                if k in way.vectors:
                    # The sum of its squares is finite unless one of them is not, or they overflow.
                    sure = f"type(g{k}) is ndarray and isfinite(g{k}.dot(g{k})) or {sure}"
                fitted += [
                    f"if not ({sure}):",
                    ' raise FloatingPointError("a generated derivative is not finite")',
                ]
            fit = f"float(g{k})" if way.types[k] is float else f"fitting(a{k}, g{k})"
            fitted += [f"if type(g{k}) is not {plain}:", f" g{k} = {fit}"]
        result = f"({made})" if not self.alone or len(way.keys) > 1 else made
        if len(way.keys) == 1 and not self.alone:
            result = f"({made},)"
        result = f"(y, {result})" if self.with_value else result
        count = len(way.types)
        names = ", ".join([f"a{k}" for k in range(count)])
        return [
            f" if len(args) == {count}:",
            f"  ({names}{',' * (count == 1)}) = args",
            "  try:",
            f"   fits = {' and '.join([*tests, *way.entry.meanings.terms(name)])}",
            "  except (KeyError, ValueError):",  # a name was deleted, a cell emptied
            "   return MISSED",
            "  if fits:",
            "   try:",
            f"    {target} = {function}({given})",
            *[f"    {line}" for line in fitted],
            "   except FALLING:",
            "    return recorded(args)",
            "   except Exception as error:",
            "    tell(error, primal, args)",
            "    raise",
            f"   return {result}",
        ]


def _test(name: str, value: Any, scope: dict[str, Any]) -> str:
    """A test that an argument is of the kind of this one; in braces what stands in the scope."""

    def known(constant: Any) -> str:
        scope[f"{name}_{len(scope)}"] = constant
        return f"{{{name}_{len(scope) - 1}}}"

    if type(value) is np.ndarray:
        test = f"type({name}) is ndarray and {name}.dtype is {known(value.dtype)}"
        if 1 in value.shape:
            ones = tuple(map(operator.eq, value.shape, (1,) * value.ndim))
            return f"{test} and tuple([n == 1 for n in {name}.shape]) == {known(ones)}"
        if value.ndim == 1:
            return f"{test} and {name}.ndim == 1 and len({name}) != 1"
        return f"{test} and {name}.ndim == {value.ndim}" + f" and 1 not in {name}.shape" * (value.ndim > 0)
    if type(value) is tuple:
        return f"kind_of({name}) == {known(kind_of(value))}"
    return f"type({name}) is {known(type(value))}"
