"""Why a cotangent is zero: because a value is not used, or because of the numbers that stand there now.

    np.where(x > 0, np.sqrt(x), 0)      at 0 the root is not used: the cotangent of x is 0
    np.sqrt(x) * np.sqrt(x)             at 0 each root's cotangent is the other root, which happens to be 0;
                                        0 times infinity is not the derivative, and is left as NaN

A sweep that meets a zero times something not finite is begun anew with a second sweep beside it, the
support: the same entries, with random cotangents, at values a little beside those of the program. Where
the support is zero, no value that a derivative depends on has made the cotangent zero. Of the support only that
matters, so each step puts fresh random numbers in place of what it computed.

The support is never differentiated itself.
"""

from __future__ import annotations

import random
from types import FunctionType
from typing import Any

import numpy as np

from srcgrad.rules.table import Rule
from srcgrad.runtime.binding import Binding, binding_of
from srcgrad.runtime.cotangents import LEAVES, SCALARS, Cotangents
from srcgrad.runtime.entries import Operation, Placed, Put, Reshape, Step, StepOfOne, Watched, Write
from srcgrad.runtime.formulas import rules_by_function
from srcgrad.runtime.levels import LIBRARIES
from srcgrad.runtime.operations import is_active


class Support:
    """The second sweep so far."""

    def __init__(self, known: dict[int, Any]) -> None:
        self.known = known
        self.bars = Cotangents()
        self.numbers = random.Random(0)  # noqa: S311 - any numbers but zero will do
        self.arrays = np.random.default_rng(0)
        self.rules = rules_by_function()

    def weights(self, used: Any, like: Any) -> Any:
        """A random cotangent of a value, zero where it is not used."""
        if not isinstance(like, np.ndarray):
            return self.numbers.uniform(0.5, 1.5) if used else 0.0
        drawn: Any = self.arrays.uniform(0.5, 1.5, np.shape(used))
        if like.dtype.kind == "c":
            drawn = drawn + 1j * self.arrays.uniform(0.5, 1.5, np.shape(used))
        return np.where(used, drawn, 0.0)

    def beside(self, x: Any) -> Any:
        """A value with each number in it a little larger."""
        if isinstance(x, (list, tuple)):
            parts = [self.beside(part) for part in x]
            return tuple(parts) if isinstance(x, tuple) else parts
        if isinstance(x, np.ndarray) and x.dtype.kind in "fc":
            return (x + (np.abs(x) + 1.0) * _STEP * self.arrays.uniform(0.5, 1.5, x.shape)).astype(x.dtype)
        if isinstance(x, SCALARS):
            kind: Any = type(x)
            number: Any = x
            step = (abs(number) + 1.0) * _STEP
            drawn: Any = self.numbers.uniform(0.5, 1.5)
            return kind(
                number + step * (complex(drawn, 0.5) if isinstance(x, (complex, np.complexfloating)) else drawn)
            )
        return x


# Large enough that high powers of it do not underflow, small enough to leave most choices as they are.
_STEP = 1e-4


def started(trace: Any, outputs: list[Any], y_bars: list[Any]) -> Support:
    """The support of the cotangents that a sweep begins with."""
    support = Support(trace.known)
    for y, y_bar in zip(outputs, y_bars, strict=True):
        if trace.is_active(y):
            used = (np.asarray(y_bar) != 0) | is_active(y_bar)
            support.bars.add(y, support.weights(np.broadcast_to(used, np.shape(y)), y))
    return support


def where_unused(support: Support, entry: Any, bars: Cotangents) -> Any:
    """Walk the support back over an entry, and say where its result is not used; `bars` is the sweep itself."""
    while isinstance(entry, (Placed, Watched)):
        entry = entry.operation if isinstance(entry, Placed) else entry.entry
    with np.errstate(all="ignore"):
        if isinstance(entry, Operation):
            return _over(support, bars, entry.rule, entry.y, entry.values, entry.active)
        if isinstance(entry, Step):
            pulls = (entry.pull1, entry.pull2)
            active = [k for k in (0, 1) if pulls[k] is not None]
            rule = support.rules[id(pulls[active[0]])]
            return _over(support, bars, rule, entry.y, (entry.x1, entry.x2), active)
        if isinstance(entry, StepOfOne):
            return _over(support, bars, support.rules[id(entry.pull)], entry.y, (entry.x,), [0])
        if hasattr(entry, "pull"):
            _over_pulled(support, bars, entry)
            return True
        # What only moves numbers moves those of the support alike.
        entry.reverse(support.bars)
        if isinstance(entry, (Put, Write, Reshape)):
            entry.again()
        return True


def _over(support: Support, bars: Cotangents, rule: Rule, y: Any, values: tuple[Any, ...], active: list[int]) -> Any:
    """The support before an operation from that after it."""
    several = isinstance(y, (tuple, list))
    parts = list(y) if several else [y]
    used = [_used(support, bars, part) for part in parts]
    unused = [np.logical_not(u) for u in used] if several else np.logical_not(used[0])
    if not any(np.any(u) for u in used):
        return unused
    beside = tuple([support.beside(v) if k in active or _concerns(support, v) else v for k, v in enumerate(values)])
    y_bar: Any = [support.weights(u, part) for u, part in zip(used, parts, strict=True)]
    y_bar = (y_bar if isinstance(y, list) else tuple(y_bar)) if several else y_bar[0]
    binding = binding_of(rule)
    try:
        y_beside = computed(rule, beside)
    except Exception:
        y_beside = None
    for k in active:
        amount = None if y_beside is None else _pulled(binding, k, y_beside, y_bar, beside)
        if rule.shape == "elementwise" and not several:
            amount = used[0] if amount is None else used[0] & (amount != 0)
        _add(support, values[k], amount)
    return unused


def _used(support: Support, bars: Cotangents, y: Any) -> Any:
    """Where the result of an operation is used: where its cotangent or the support of that is not zero."""
    weights = support.bars.take(y) if isinstance(y, LEAVES) else None
    actual = bars.known(y) if isinstance(y, LEAVES) else None
    used = np.zeros(np.shape(y), bool)
    for part in (weights, actual):
        if part is not None:
            used = used | (np.asarray(part) != 0)
    return used if isinstance(y, np.ndarray) else bool(used)


def _concerns(support: Support, x: Any) -> bool:
    """Whether a value depends on an input of this derivative or of one that is taken of this."""
    if isinstance(x, (list, tuple)):
        return any(_concerns(support, part) for part in x)
    return (isinstance(x, SCALARS) and id(x) in support.known) or is_active(x)


def computed(rule: Rule, values: tuple[Any, ...]) -> Any:
    """The result of a rule's function at other values; None where that is a function of the user's."""
    function = rule.function
    if isinstance(function, FunctionType) and function.__module__.partition(".")[0] not in LIBRARIES:
        return None
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    named = False  # after a default is left out, everything is given by name
    for parameter, value in zip(rule.signature.parameters.values(), values, strict=True):
        if parameter.kind is parameter.VAR_POSITIONAL:
            args += value
        elif parameter.kind is parameter.VAR_KEYWORD:
            kwargs.update(value)
        elif value is parameter.default:
            named = True
        elif named or parameter.kind is parameter.KEYWORD_ONLY:
            kwargs[parameter.name] = value
        else:
            args.append(value)
    return function(*args, **kwargs)


def _pulled(binding: Binding, k: int, y: Any, y_bar: Any, values: tuple[Any, ...]) -> Any:
    """A rule's cotangent of parameter number k, or None where the formula fails beside the program's values."""
    try:
        return binding.vjp(k)(y, y_bar, *[np.float64(v) if type(v) is float else v for v in values])
    except Exception:
        return None


def _add(support: Support, x: Any, amount: Any) -> None:
    """Add to the support of an operand where a cotangent of it is not zero, or everywhere."""
    if isinstance(x, (list, tuple)):
        for k, part in enumerate(x):
            _add(support, part, None if amount is None else amount[k])
    elif isinstance(x, LEAVES):
        used = np.ones(np.shape(x), bool) if amount is None else np.asarray(amount) != 0
        support.bars.add(x, support.weights(used, np.asarray(x)))


def _over_pulled(support: Support, bars: Cotangents, entry: Any) -> None:
    """A call with a derivative of the user's own: where anything is used, everything is."""
    used = [np.any(_used(support, bars, y)) for y in entry.outputs]
    if any(used):
        for x in entry.inputs:
            _add(support, x, None)
