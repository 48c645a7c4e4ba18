"""`check_grads`: derivatives against finite differences, in random directions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcgrad.api.arguments import arranged
from srcgrad.build import derive
from srcgrad.runtime import tree


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int = 2,
    modes: Sequence[str] = ("rev", "fwd"),
    *,
    atol: float = 1e-6,
    rtol: float = 1e-5,
    eps: float = 1e-5,
    seed: int = 0,
) -> None:
    """Raise an AssertionError, which says where, unless f's derivatives agree with finite differences.

    `args` are the arguments, those with a derivative checked together in random directions. For each
    order up to `order`, in each of the modes "rev" and "fwd", the derivative of the derivative
    before is compared with its central difference; f may return any structure of arrays.

    >>> import numpy as np, srcgrad as sg
    >>> sg.check_grads(lambda x: np.sum(np.sin(x)), (np.array([0.1, 0.2]),))

    Directional comparison by random projection as in Griewank and Walther 2008, section 2.
    """
    values = list(args)
    keys = [n for n, a in enumerate(values) if next(tree.leaves(_floats(a)), None) is not None]
    values, _, chosen = arranged(f, tuple(values), {}, tuple(keys))
    _check(f, values, chosen, order, tuple(modes), atol, rtol, eps, np.random.default_rng(seed), "")


def _floats(a: Any) -> Any:
    return float(a) if type(a) is int else a


def _check(
    f: Callable[..., Any],
    values: list[Any],
    keys: tuple[int | str, ...],
    order: int,
    modes: tuple[str, ...],
    atol: float,
    rtol: float,
    eps: float,
    rng: np.random.Generator,
    route: str,
) -> None:
    inputs = [leaf for k in keys for leaf in tree.leaves(values[k])]  # type: ignore[index]
    direction = [_random(rng, x) for x in inputs]
    moved = [_shifted(values, keys, inputs, direction, sign * eps) for sign in (1.0, -1.0)]
    plus, minus = (list(tree.leaves(f(*m))) for m in moved)
    slope = [(p - m) / (2 * eps) for p, m in zip(plus, minus, strict=True)]
    weights = [_random(rng, y) for y in plus]
    expected = sum(_product(w, s) for w, s in zip(weights, slope, strict=True))
    for mode in modes:
        name = f"{route}{mode}"
        actual = _projected(mode, f, values, keys, weights, direction)
        scale = max(abs(expected), abs(actual), 1.0)
        if not abs(expected - actual) <= atol + rtol * scale:
            raise AssertionError(
                f"{getattr(f, '__name__', 'the function')}: derivative of order {name.count('>') + 1} ({name}) is "
                f"{actual}, finite differences give {expected} (direction drawn with the given seed)"
            )
        if order > 1:
            _check(
                _Projection(mode, f, keys, weights, direction),
                values, keys, order - 1, modes, atol, rtol, eps, rng, f"{name} > ",
            )  # fmt: skip


class _Projection:
    """The derivative in one mode, projected, as the function to be checked next."""

    def __init__(self, mode: str, f: Any, keys: Any, weights: list[Any], direction: list[Any]) -> None:
        self.parts = (mode, f, keys, weights, direction)
        self.__name__ = getattr(f, "__name__", "the function")

    def __call__(self, *args: Any) -> Any:
        mode, f, keys, weights, direction = self.parts
        return _derivative(mode, f, list(args), keys, weights, direction)


def _derivative(mode: str, f: Any, values: list[Any], keys: Any, weights: list[Any], direction: list[Any]) -> list[Any]:
    """The gradient of the weighted result (reverse), or the tangent of the result (forward)."""
    if mode == "rev":
        _, pull = derive.vjp(f, values, {}, keys)
        return pull(weights)
    if mode == "fwd":
        return derive.jvp(f, values, {}, keys, direction)[1]
    raise ValueError(f"a mode is 'rev' or 'fwd', not {mode!r}")


def _projected(mode: str, f: Any, values: list[Any], keys: Any, weights: list[Any], direction: list[Any]) -> float:
    found = _derivative(mode, f, values, keys, weights, direction)
    others = direction if mode == "rev" else weights
    return float(sum(_product(a, b) for a, b in zip(others, found, strict=True)))


def _random(rng: np.random.Generator, x: Any) -> Any:
    drawn = rng.standard_normal(np.shape(x))
    if np.iscomplexobj(x):
        drawn = drawn + 1j * rng.standard_normal(np.shape(x))
    return np.asarray(drawn, dtype=np.asarray(x).dtype) if isinstance(x, np.ndarray) else type(x)(drawn)


def _product(a: Any, b: Any) -> float:
    """The pairing of a cotangent with a tangent: the real part of the sum of products."""
    return float(np.real(np.sum(np.asarray(a) * np.asarray(b))))


def _shifted(values: list[Any], keys: Any, inputs: list[Any], direction: list[Any], step: float) -> list[Any]:
    moved = iter([type(x)(x + step * d) if not isinstance(x, np.ndarray) else (x + step * d).astype(x.dtype)
                  for x, d in zip(inputs, direction, strict=True)])  # fmt: skip
    made = [tree.map_leaves(lambda x: np.array(x) if isinstance(x, np.ndarray) else x, v) for v in values]
    for k in keys:
        made[k] = tree.map_leaves(lambda _: next(moved), values[k])
    return made
