"""What a rule must satisfy, checked from its texts alone, without any engine.

`check(np.hypot, x, y)` evaluates the table's texts for the given arguments and compares the tangent
with differences of the function itself, and the cotangent with the tangent by their inner product.

A file of rules `srcgrad/rules/<family>.py` has its samples in `tests/rules/test_<family>.py`, in a
module-level list `SAMPLES` of tuples `(function, args, kwargs)`. `test_every_rule.py` runs check over all of
them and asks that no entry is without one; the kwargs may hold check's own `argnums`, `tol` and `order`.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np

from srcgrad.rules import table
from srcgrad.rules.support import guarded, unbroadcast

Function = Callable[..., Any]


def check(
    function: Function,
    *args: Any,
    argnums: int | str | tuple[int | str, ...] | None = None,
    tol: float = 1e-6,
    order: int = 1,
    **kwargs: Any,
) -> None:
    """Raise an AssertionError that says what is wrong with the entry of `function` at this sample.

    Every parameter that holds floats is checked alone, then all of them jointly; one for which
    the entry has no text must have the derivative zero. `argnums` (positions or names) restricts
    this to some parameters. Lower precision than double is compared more loosely. An entry that is composed
    must return what the library function returns and leave the arguments as it does.
    With `order=2`, whatever the texts and their helpers call must have rules itself.
    """
    tol = max(tol, 1e-3 if precision((args, kwargs)) > PRECISE else 0.0)
    replacement = table.substitute(function)
    if replacement is not None:
        _check_substitute(function, replacement, args, kwargs, tol)
        if order > 1:
            assert not (lost := without_rule(replacement)), f"no rule for {lost}"
        return
    rule = table.lookup(function)
    if rule is None:
        assert table.is_zero(function), f"{table.full_name(function)} has no entry"
        rule = table.Rule(function, "general", _positional(args, kwargs), {}, {}, {})
    sample = Sample(replace(rule, function=function), args, kwargs)
    names = sample.names(argnums)
    assert names, f"{rule.name}: the sample holds no float to differentiate with respect to"
    for chosen in [*((name,) for name in names), *([tuple(names)] if len(names) > 1 else [])]:
        _check_direction(sample, chosen, tol)
    if order > 1:
        assert not (lost := without_rule(rule)), f"{rule.name}: no rule for {lost}"


class Sample:
    """A rule at some arguments: the environment in which its texts are evaluated."""

    def __init__(self, rule: table.Rule, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.rule = rule
        self.given = rule.signature.bind(*args, **kwargs)
        complete = rule.signature.bind(*args, **kwargs)
        complete.apply_defaults()
        self.arguments = complete.arguments
        self.y = self.value({})

    def names(self, argnums: int | str | tuple[int | str, ...] | None) -> list[str]:
        """The parameters to differentiate with respect to."""
        if argnums is None:
            return [p for p, v in self.arguments.items() if any(active(x) for x in leaves(v))]
        parameters = list(self.rule.signature.parameters)
        chosen = argnums if isinstance(argnums, tuple) else (argnums,)
        return [a if isinstance(a, str) else parameters[min(a, len(parameters) - 1)] for a in chosen]

    def value(self, replaced: dict[str, Any]) -> Any:
        """The function with some arguments replaced; it never sees the sample's own arrays."""
        given = inspect.BoundArguments(self.rule.signature, copied({**self.given.arguments, **replaced}))
        return self.rule.function(*given.args, **given.kwargs)

    def tangent(self, dots: dict[str, Any]) -> Any:
        """What the jvp texts give for tangents of some parameters, summed."""
        total = mapped(lambda y: np.zeros_like(y) if active(y) else None, self.y)
        for name, dot in dots.items():
            if name in self.rule.jvp:
                part = self._evaluate(self.rule.jvp[name], **{f"{name}_dot": dot})
                total = mapped(lambda t, p, d=dot: self._sum(t, p, d), total, part)
        return total

    def _sum(self, total: Any, part: Any, dot: Any) -> Any:
        if total is None:
            assert part is None or not np.any(part), f"{self.rule.name}: the tangent of an integer is zero, not {part}"
            return None
        if self.rule.shape == "elementwise":
            part = guarded(dot, part) if self.rule.singular else part
            return total + np.broadcast_to(part, np.shape(total))
        assert np.shape(part) == np.shape(total), (
            f"{self.rule.name}: the tangent has shape {np.shape(part)}, not {np.shape(total)}"
        )
        return total + part

    def cotangent(self, name: str, y_bar: Any) -> Any:
        """What the vjp text gives for one parameter, summed over broadcast dimensions and made real."""
        x = self.arguments[name]
        if name not in self.rule.vjp:
            return mapped(lambda leaf: np.zeros_like(leaf) if active(leaf) else None, x)
        x_bar = self._evaluate(self.rule.vjp[name], y_bar=y_bar)
        if self.rule.shape == "elementwise":
            x_bar = unbroadcast(guarded(y_bar, x_bar) if self.rule.singular else x_bar, x)

        def settled(leaf: Any, bar: Any) -> Any:
            if not active(leaf):
                return None
            assert np.shape(bar) == np.shape(leaf), (
                f"{self.rule.name}: {name}_bar has shape {np.shape(bar)}, not {np.shape(leaf)}"
            )
            return bar if np.iscomplexobj(leaf) else np.real(bar)

        return mapped(settled, x, x_bar)

    def _evaluate(self, text: str, **given: Any) -> Any:
        names = {**self.arguments, "y": self.y, **given}
        before = copied(names)
        try:
            result = eval(text, {**self.rule.scope, **names})  # noqa: S307 - the table is ours
        except Exception as error:
            error.add_note(f"in the rule of {self.rule.name}: {text}")
            raise
        for name in names:
            for old, new in zip(leaves(before[name]), leaves(names[name]), strict=True):
                if isinstance(old, np.ndarray):
                    assert np.array_equal(old, new, equal_nan=old.dtype.kind in "fc"), (
                        f"{self.rule.name}: the rule writes into {name}: {text}"
                    )
        return result


def vjp_of(function: Function, y_bar: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """The cotangents that the entry gives, by parameter: for assertions at degenerate points."""
    rule = table.lookup(function)
    assert rule is not None, f"{table.full_name(function)} has no rule"
    sample = Sample(replace(rule, function=function), args, kwargs)
    return {name: sample.cotangent(name, y_bar) for name in sample.names(None) if name in rule.vjp}


def jvp_of(function: Function, dots: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
    """The tangent that the entry gives for tangents by parameter."""
    rule = table.lookup(function)
    assert rule is not None, f"{table.full_name(function)} has no rule"
    return Sample(replace(rule, function=function), args, kwargs).tangent(dots)


def _check_direction(sample: Sample, names: tuple[str, ...], tol: float) -> None:
    what = f"{sample.rule.name} in {', '.join(names)}"
    rng = np.random.default_rng(sum(map(ord, what)))
    dots = {name: direction(sample.arguments[name], rng) for name in names}
    y_bar = direction(sample.y, rng)
    y_dot = sample.tangent(dots)
    if (eps := precision((sample.arguments, sample.y))) > PRECISE:
        tol = max(tol, 3 * eps**0.5)
    for expected, actual in zip(leaves(_differences(sample, dots)), leaves(y_dot), strict=True):
        if expected is not None:
            assert np.all(np.isfinite(expected)), f"{what}: not finite next to the sample"
            _assert_close(expected, actual, tol, f"{what}: differences and the jvp disagree")
    right = left = scale = 0.0
    for bar, dot in zip(leaves(y_bar), leaves(y_dot), strict=True):
        if dot is not None:
            products = widened(bar) * widened(dot)
            left += float(np.real(np.sum(products)))
            scale += float(np.sum(np.abs(products)))
    for name in names:
        x_bars = sample.cotangent(name, y_bar)
        for bar, dot in zip(leaves(x_bars), leaves(dots[name]), strict=True):
            if bar is not None:
                products = widened(bar) * widened(dot)
                right += float(np.real(np.sum(products)))
                scale += float(np.sum(np.abs(products)))
    assert abs(left - right) <= 1e-2 * tol * (1 + scale), (
        f"{what}: <y_bar, y_dot> = {left}, but <x_bar, x_dot> = {right}"
    )


def _differences(sample: Sample, dots: dict[str, Any]) -> Any:
    """The derivative in a direction by central differences of fourth order, in double precision.

    The step balances the error of the formula with the rounding of the result, which the function
    may give in lower precision.
    """

    def at(step: float) -> Any:
        def shifted(x: Any, dot: Any) -> Any:
            if not active(x):
                return x
            moved = widened(x)
            if isinstance(moved, np.ndarray):
                moved += step * widened(dot)  # in place: the order of axes in memory is part of the sample
                return moved
            return moved + step * widened(dot)

        wide = {name: mapped(widened, x) for name, x in sample.given.arguments.items()}
        moved = {name: mapped(shifted, sample.arguments[name], dots[name]) for name in dots}
        return sample.value({**wide, **moved})

    with np.errstate(all="ignore"):
        h = precision(at(0.0)) ** 0.25

        def combined(y: Any, far: Any, near: Any, near_: Any, far_: Any) -> Any:
            if not active(y):
                return None
            return (8 * (widened(near) - widened(near_)) - (widened(far) - widened(far_))) / (12 * h)

        return mapped(combined, sample.y, at(2 * h), at(h), at(-h), at(-2 * h))


def _check_substitute(function: Function, replacement: Function, args: Any, kwargs: Any, tol: float) -> None:
    name = table.full_name(function)
    theirs, ours = copied((args, kwargs)), copied((args, kwargs))
    expected = function(*theirs[0], **theirs[1])
    actual = replacement(*ours[0], **ours[1])
    for what, a, b in [("value", expected, actual), ("arguments afterwards", theirs, ours)]:
        assert len(list(leaves(a))) == len(list(leaves(b))), f"{name}: the {what} differ in number"
        for x, z in zip(leaves(a), leaves(b), strict=True):
            if isinstance(x, (np.ndarray, np.generic, int, float, complex)):
                assert np.asarray(x).dtype == np.asarray(z).dtype, f"{name}: {what}: dtypes differ"
                _assert_close(np.asarray(x), z, tol, f"{name}: the {what} differ")


def _assert_close(expected: Any, actual: Any, tol: float, message: str) -> None:
    assert np.shape(expected) == np.shape(actual), f"{message}: shapes {np.shape(expected)} and {np.shape(actual)}"
    if np.asarray(expected).dtype.kind not in "fc":
        assert np.array_equal(expected, actual), f"{message}: {expected} and {actual}"
        return
    scale = np.max(np.abs(expected), initial=1.0, where=np.isfinite(expected))
    assert np.allclose(expected, actual, rtol=tol, atol=tol * scale, equal_nan=True), (
        f"{message}:\n{expected}\nand\n{actual}"
    )


# Values are trees: lists and tuples of arrays, scalars and anything else.


def active(leaf: Any) -> bool:
    """Whether a leaf can vary: a float, a complex number or an array of them."""
    return isinstance(leaf, (float, complex, np.inexact)) or (isinstance(leaf, np.ndarray) and leaf.dtype.kind in "fc")


def leaves(tree: Any) -> Iterator[Any]:
    """The members of nested lists, tuples and dicts, in order."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, (list, tuple)):
        for member in tree:
            yield from leaves(member)
    else:
        yield tree


def mapped(function: Function, tree: Any, *others: Any) -> Any:
    """The function applied to corresponding leaves; the first tree decides what is a leaf."""
    if isinstance(tree, (list, tuple)):
        for other in others:
            assert isinstance(other, (list, tuple, np.ndarray)), f"a sequence, not {other!r}"
            assert len(other) == len(tree), f"{len(tree)} members expected, {len(other)} given"
        members = [mapped(function, *group) for group in zip(tree, *others, strict=True)]
        return members if isinstance(tree, list) else tuple(members)
    return function(tree, *others)


def copied(tree: Any) -> Any:
    """The same tree with arrays of its own."""
    if isinstance(tree, dict):
        return {key: copied(value) for key, value in tree.items()}
    return mapped(lambda x: x.copy(order="K") if isinstance(x, np.ndarray) else x, tree)


def widened(leaf: Any) -> Any:
    """A copy of a leaf in double precision; a Python float stays one."""
    if not active(leaf) or type(leaf) in (float, complex):
        return leaf
    wide = np.asarray(leaf).astype(complex if np.iscomplexobj(leaf) else float, order="K")
    return wide if isinstance(leaf, np.ndarray) else wide[()]


PRECISE = float(np.finfo(float).eps)


def precision(tree: Any) -> float:
    """The relative spacing of the coarsest numbers in a tree, at least that of double precision."""
    spacings = [float(np.finfo(np.asarray(leaf).dtype).eps) for leaf in leaves(tree) if active(leaf)]
    return max([PRECISE, *spacings])


def direction(tree: Any, rng: np.random.Generator) -> Any:
    """A random tangent or cotangent of the same structure and dtypes; zeros where nothing varies."""

    def drawn(leaf: Any) -> Any:
        if not active(leaf):
            numeric = isinstance(leaf, (np.ndarray, np.generic, int))
            return np.zeros(np.shape(leaf)) if numeric else leaf
        shape = np.shape(leaf)
        dot = np.asarray(rng.normal(size=shape))
        if np.iscomplexobj(leaf):
            dot = dot + 1j * rng.normal(size=shape)
        if isinstance(leaf, np.ndarray):
            return dot.astype(leaf.dtype)
        return type(leaf)(dot[()])

    return mapped(drawn, tree)


def _positional(args: tuple[Any, ...], kwargs: dict[str, Any]) -> inspect.Signature:
    kind = inspect.Parameter
    return inspect.Signature(
        [kind(f"x{k}", kind.POSITIONAL_ONLY) for k, _ in zip(count(1), args, strict=False)]
        + [kind(name, kind.KEYWORD_ONLY) for name in kwargs]
    )


def without_rule(entry: table.Rule | Function) -> list[str]:
    """The library functions that an entry's texts or helpers call and that have no rule.

    Second derivatives differentiate texts and helpers, so what they call must be in the table.
    """
    if isinstance(entry, table.Rule):
        texts = {*entry.vjp.values(), *entry.jvp.values()}
        pending = [(ast.parse(text, mode="eval"), entry.scope) for text in texts]
    else:
        pending = [_source(entry)]
    lost: dict[str, None] = {}
    seen: set[Any] = set()
    while pending:
        tree, scope = pending.pop()
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            function = _resolved(call.func, scope)
            if function is None or function in seen:
                continue
            seen.add(function)
            if table.has_rule(function):
                continue
            if (getattr(function, "__module__", None) or "").startswith("srcgrad.rules"):
                pending.append(_source(function))
            else:
                lost[table.full_name(function)] = None
    return list(lost)


def _source(function: Function) -> tuple[ast.AST, Any]:
    source = textwrap.dedent(inspect.getsource(function))
    return ast.parse(source), function.__globals__


def _resolved(node: ast.expr, scope: Any) -> Any:
    """The global function that `np.linalg.inv` or `mT` names; None for methods, locals and builtins."""
    if isinstance(node, ast.Name):
        found = scope.get(node.id)
        return found if callable(found) else None
    if isinstance(node, ast.Attribute):
        owner = _module(node.value, scope)
        return getattr(owner, node.attr, None) if owner is not None else None
    return None


def _module(node: ast.expr, scope: Any) -> Any:
    if isinstance(node, ast.Name):
        found = scope.get(node.id)
    elif isinstance(node, ast.Attribute) and (owner := _module(node.value, scope)) is not None:
        found = getattr(owner, node.attr, None)
    else:
        found = None
    # Ufuncs own functions as modules do: np.add.at, np.add.reduce.
    return found if inspect.ismodule(found) or isinstance(found, np.ufunc) else None
