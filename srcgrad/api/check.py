"""`check_grads`: derivatives against finite differences, in random directions."""

from __future__ import annotations

import contextlib
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcgrad.api.arguments import arranged, name_of, signature_of
from srcgrad.build import derive
from srcgrad.runtime import tree
from srcgrad.runtime.calls import call

# Steps and tolerances for results of double and of single precision: the cube root of the unit roundoff
# makes the two errors of a central difference about equal.
_DOUBLE = (6e-6, 1e-6, 1e-5)
_SINGLE = (5e-3, 5e-3, 5e-3)
# Beyond so many coordinates, the search for the wrong one looks at these first ones only.
_SEARCHED = 200


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int = 2,
    modes: str | Sequence[str] = ("rev", "fwd"),
    *,
    kwargs: Mapping[str, Any] | None = None,
    atol: float | None = None,
    rtol: float | None = None,
    eps: float | None = None,
    seed: int = 0,
) -> None:
    """Raise an AssertionError, which says where, unless f's derivatives agree with finite differences.

    `args` are the arguments, those with a derivative checked together in random directions; `kwargs` are
    constants. For each order up to `order`, in each of the modes "rev" and "fwd", the derivative of the
    derivative before is compared with its central difference; f may return any structure of arrays.
    Where f returns a scalar, "rev" checks what `grad` returns.

    >>> import numpy as np, srcgrad as sg
    >>> sg.check_grads(lambda x: np.sum(np.sin(x)), (np.array([0.1, 0.2]),))

    Raises TypeError where no argument is a float or holds one.
    Directional comparison by random projection as in Griewank and Walther 2008, section 2.
    """
    if not isinstance(args, (tuple, list)):
        raise TypeError(f"check_grads takes the arguments as a tuple, not {type(args).__name__}")
    if order < 1:
        raise ValueError(f"order counts derivatives from 1, not {order}")
    modes = (modes,) if isinstance(modes, str) else tuple(modes)
    for mode in modes:
        if mode not in ("rev", "fwd"):
            raise ValueError(f"a mode is 'rev' or 'fwd', not {mode!r}")
    keys = tuple(
        [n for n, a in enumerate(args) if next(tree.leaves(float(a) if type(a) is int else a), None) is not None]
    )
    if not keys:
        raise TypeError(f"no argument of {name_of(f)}() that was given is a float or holds one")
    values, _, chosen = arranged(f, tuple(args), {}, keys)
    g = _Fixed(f, dict(kwargs)) if kwargs else f
    leaves = [leaf for k in keys for leaf in tree.leaves(values[k])]
    usual = _SINGLE if any(np.asarray(leaf).dtype.char in "feF" for leaf in leaves) else _DOUBLE
    eps, atol, rtol = (u if given is None else given for given, u in zip((eps, atol, rtol), usual, strict=True))
    check = _Check(
        name_of(f), values, chosen, modes, atol, rtol, eps, np.random.default_rng(seed), _labels(f, values, chosen)
    )
    check.compare(g, order, "")


@dataclass
class _Check:
    name: str
    values: list[Any]
    keys: Sequence[int | str]
    modes: tuple[str, ...]
    atol: float
    rtol: float
    eps: float
    rng: np.random.Generator
    labels: list[str]

    def compare(self, f: Callable[..., Any], order: int, route: str) -> None:
        """Check the first derivative of f and, up to the order, those of its derivatives."""
        inputs = self.inputs()
        direction = [_random(self.rng, x) for x in inputs]
        outputs = list(tree.leaves(f(*self.copied())))
        weights = [_random(self.rng, y) for y in outputs]
        for mode in self.modes:
            actual = _projected(mode, f, self.values, self.keys, weights, direction)
            if not self.agree(self.slope(f, direction, weights), actual):
                raise AssertionError(self.message(f, f"{route}{mode}", mode, weights, direction))
            if order > 1:
                self.compare(_Projection(mode, f, self.keys, weights, direction), order - 1, f"{route}{mode} > ")

    def agree(self, expected: float, actual: float) -> bool:
        scale = max(abs(expected), abs(actual), 1.0)
        return bool(abs(expected - actual) <= self.atol + self.rtol * scale)

    def inputs(self) -> list[Any]:
        return [leaf for k in self.keys for leaf in tree.leaves(self.values[k])]  # type: ignore[index]

    def copied(self) -> list[Any]:
        return [tree.map_leaves(lambda x: np.array(x) if isinstance(x, np.ndarray) else x, v) for v in self.values]

    def slope(self, f: Callable[..., Any], direction: list[Any], weights: list[Any]) -> float:
        """The central difference of the weighted result along a direction."""
        sides = []
        for step in (self.eps, -self.eps):
            moved = iter([_moved(x, step, d) for x, d in zip(self.inputs(), direction, strict=True)])
            made = self.copied()
            for k in self.keys:
                made[k] = tree.map_leaves(lambda _, moved=moved: next(moved), self.values[k])  # type: ignore[index, misc]
            sides.append(list(tree.leaves(f(*made))))
        return sum(
            _product(w, (np.asarray(a, _wide(a)) - np.asarray(b, _wide(b))) / (2 * self.eps))
            for w, a, b in zip(weights, *sides, strict=True)
        )

    def message(self, f: Callable[..., Any], route: str, mode: str, weights: list[Any], direction: list[Any]) -> str:
        """Which derivative is wrong, and for which element of which argument."""
        head = f"{self.name}(): the derivative of order {route.count('>') + 1} ({route}) is wrong"
        worst: tuple[float, str] = (-1.0, "")
        for label, unit in self.units():
            expected, actual = self.slope(f, unit, weights), _projected(mode, f, self.values, self.keys, weights, unit)
            off = abs(expected - actual)
            if not self.agree(expected, actual) and not off <= worst[0]:
                worst = (off, f"by {label} it is {actual:.10g}, finite differences give {expected:.10g}")
        if not worst[1]:
            expected = self.slope(f, direction, weights)
            actual = _projected(mode, f, self.values, self.keys, weights, direction)
            return f"{head}: in a random direction it is {actual:.10g}, finite differences give {expected:.10g}"
        what = "" if len(weights) == 1 and not np.shape(weights[0]) else " of a random combination of the results"
        return f"{head}: the one{what} {worst[1]}"

    def units(self) -> Iterator[tuple[str, list[Any]]]:
        """The directions of the coordinates, with their names."""
        inputs = self.inputs()
        count = 0
        for n, (label, x) in enumerate(zip(self.labels, inputs, strict=True)):
            for index in np.ndindex(np.shape(x)):
                count += 1
                if count > _SEARCHED:
                    return
                unit = np.zeros(np.shape(x), np.asarray(x).dtype)
                unit[index] = 1.0
                place = f"[{', '.join(map(str, index))}]" if index else ""
                others = [np.zeros_like(v) for v in inputs]
                yield label + place, [*others[:n], unit if isinstance(x, np.ndarray) else unit[()], *others[n + 1 :]]


class _Fixed:
    """A function with some keyword arguments given."""

    def __init__(self, f: Callable[..., Any], kwargs: dict[str, Any]) -> None:
        self.f = f
        self.kwargs = kwargs

    def __call__(self, *args: Any) -> Any:
        return call(self.f, *args, **self.kwargs)


class _Projection:
    """The derivative in one mode, projected, as the function to be checked next.

    What it is projected on varies with the arguments too, as in a program that computes with derivatives:
    the cotangent is the weights plus the result, the tangent the direction plus the argument.
    """

    def __init__(self, mode: str, f: Any, keys: Any, weights: list[Any], direction: list[Any]) -> None:
        self.parts = (mode, f, keys, weights, direction)

    def __call__(self, *args: Any) -> Any:
        mode, f, keys, weights, direction = self.parts
        values = list(args)
        if mode == "fwd":
            inputs = [leaf for k in keys for leaf in tree.leaves(values[k])]
            return _derivative(mode, f, values, keys, weights, _plus(direction, inputs))
        return _derivative(mode, f, values, keys, _plus(weights, tree.leaves(call(f, *values))), direction)


def _plus(fixed: list[Any], varying: Iterable[Any]) -> list[Any]:
    return [call(operator.add, a, b) for a, b in zip(fixed, varying, strict=True)]


def _derivative(mode: str, f: Any, values: list[Any], keys: Any, weights: list[Any], direction: list[Any]) -> list[Any]:
    """The gradient of the weighted result (reverse), or the tangent of the result (forward)."""
    if mode == "fwd":
        return derive.jvp(f, values, {}, keys, direction)[1]
    if len(weights) == 1 and isinstance(weights[0], float):
        entry = derive.entry(f, values, keys, "grad")
        if entry is not None:
            # What the generated text cannot compute is left to recording.
            with contextlib.suppress(ArithmeticError, NotImplementedError):
                made = derive.run(f, entry, values)
                return derive.scaled(weights[0], list(tree.leaves(made)))
    _, pull = derive.vjp(f, values, {}, keys)
    return pull(weights)


def _projected(mode: str, f: Any, values: list[Any], keys: Any, weights: list[Any], direction: list[Any]) -> float:
    found = _derivative(mode, f, values, keys, weights, direction)
    others = direction if mode == "rev" else weights
    return float(sum(_product(a, b) for a, b in zip(others, found, strict=True)))


def _random(rng: np.random.Generator, x: Any) -> Any:
    drawn = rng.standard_normal(np.shape(x))
    if np.iscomplexobj(x):
        drawn = drawn + 1j * rng.standard_normal(np.shape(x))
    return np.asarray(drawn, dtype=np.asarray(x).dtype) if isinstance(x, np.ndarray) else type(x)(drawn)


def _moved(x: Any, step: float, direction: Any) -> Any:
    if not isinstance(x, np.ndarray):
        return type(x)(x + step * direction)
    made = np.empty_like(x)  # laid out in memory as x is: functions may ask
    made[...] = x + step * direction
    return made


def _wide(x: Any) -> type:
    return complex if np.iscomplexobj(x) else float


def _product(a: Any, b: Any) -> float:
    """The pairing of a cotangent with a tangent: the real part of the sum of products."""
    return float(np.real(np.sum(np.asarray(a) * np.asarray(b))))


def _labels(f: Callable[..., Any], values: list[Any], keys: Sequence[int | str]) -> list[str]:
    """The names of the leaves of the arguments: `x`, `p['w'][0]`."""
    signature = signature_of(f)
    names = list(signature.parameters) if signature is not None else []
    labels = []
    for k in keys:
        assert isinstance(k, int)
        labels += list(_paths(values[k], names[k] if k < len(names) else f"argument {k}"))
    return labels


def _paths(x: Any, path: str) -> Iterator[str]:
    if tree.is_leaf(x):
        yield path
        return
    members = tree.children(x)
    if members is None:
        return
    if isinstance(x, dict):
        names = [f"[{key!r}]" for key in x]
    elif isinstance(x, tuple) and hasattr(x, "_fields"):
        names = [f".{name}" for name in x._fields]
    elif hasattr(x, "__dataclass_fields__"):
        names = [f".{name}" for name in x.__dataclass_fields__ if hasattr(x, name)]
    else:
        names = [f"[{k}]" for k in range(len(members))]
    for name, member in zip(names, members, strict=True):
        yield from _paths(member, path + name)
