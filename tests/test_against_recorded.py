"""Derivatives agree with those that JAX and PyTorch have computed.

The record is read from tests/oracles_data. With `pytest --live` those of the two that are installed are
asked again instead.
"""

from __future__ import annotations

import functools
import importlib.util
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import srcgrad as sg
from tests.recorded import FAMILIES, samples
from tests.recorded.drawing import seed_of
from tools.record_oracles import FIRST_ORDER, ORACLES, directions, filled, flat, path_of, plain, sample

# Where an oracle's derivative is another one, and why ours is not.
DIFFERENT = {
    ("elementwise", "arccosh of complex numbers", "jax"): "has the other sign where the real part is negative",
    ("ties", "abs at zero", "jax"): "gives 1, where the symmetric choice is 0",
    ("ties", "max of equals along 0", "torch"): "gives all to the first of equal elements along one axis",
    ("ties", "fmax of equals", "jax"): "gives all to the first operand",
    ("ties", "fmax of equals", "torch"): "gives all to the first operand",
    ("ties", "clip at its bounds", "torch"): "counts the bounds as inside",
    ("ties", "median of equals", "torch"): "shares among all elements that equal the median",
}

NAMES = [(family, name) for family in FAMILIES for name in samples(family, np)]


@functools.cache
def recorded(family: str) -> dict[str, Any]:
    """The numbers of a family."""
    found: dict[str, Any] = json.loads(path_of(family).read_text())
    return found


def said(family: str, name: str, live: bool) -> dict[str, Any]:
    """What the oracles say about a sample, keyed "jax vjp", "torch second" …"""
    if live:
        asked = {oracle: ask for oracle, ask in ORACLES.items() if importlib.util.find_spec(oracle)}
        found = {f"{oracle} {q}": v for oracle, ask in asked.items() for q, v in ask(family, name).items()}
    else:
        found = dict(recorded(family)[name])
        assert found.pop("seed") == seed_of(family, name)
    return {key: v for key, v in found.items() if (family, name, key.split()[0]) not in DIFFERENT}


def stored_otherwise(given: Any) -> Any:
    """The same arguments with their elements elsewhere in memory: by columns, with gaps, backwards."""
    if isinstance(given, list):
        return [stored_otherwise(x) for x in given]
    if not isinstance(given, np.ndarray):
        return given
    roomy = np.full(tuple(2 * n for n in given.shape[::-1]), np.nan, given.dtype)
    x = roomy[(..., *(slice(None, None, -2) for _ in given.shape))].T
    x[...] = given
    return x


def inexact(x: Any) -> bool:
    return bool(np.asarray(x).dtype.kind in "fc")


def like(tree: Any, leaves: Iterator[Any]) -> Any:
    """The lists and tuples of a result around other leaves."""
    if isinstance(tree, list):
        return [like(part, leaves) for part in tree]
    if isinstance(tree, tuple):
        parts = [like(part, leaves) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else tuple(parts)
    return next(leaves)


def quantities(family: str, name: str, given: list[Any], forward: bool) -> dict[str, list[Any]]:
    """The derivatives by srcgrad in the order of the record; second ones forward, or reverse, over reverse."""
    function, _ = sample(family, name, np)
    seed = seed_of(family, name)
    along = zip(flat(given), directions(seed + 1, given), strict=True)
    tangents = filled(given, (v if isinstance(x, np.ndarray) else type(x)(v) for x, v in along))

    def pulled(*args: Any) -> Any:
        y, pull = sg.vjp(function, *args)
        weights = iter(directions(seed + 2, [part for part in flat(y) if inexact(part)]))
        return list(pull(like(y, iter([next(weights) if inexact(part) else None for part in flat(y)]))))

    y, y_dot = sg.jvp(function, given, tangents)
    x_bars = pulled(*given)
    for x, x_bar in zip(flat(given), flat(x_bars), strict=True):
        same_kind(x, x_bar)
    for part, part_dot in zip(flat(y), flat(y_dot), strict=True):
        same_kind(part, part_dot if inexact(part) else part)
    found = {"vjp": x_bars, "jvp": [v for part, v in zip(flat(y), flat(y_dot), strict=True) if inexact(part)]}
    if family not in FIRST_ORDER:
        found["second"] = sg.jvp(pulled, given, tangents)[1] if forward else sg.vjp(pulled, *given)[1](tangents)
    return {quantity: list(flat(v)) for quantity, v in found.items()}


def same_kind(x: Any, derivative: Any) -> None:
    """A derivative has the shape and the dtype of what it belongs to."""
    assert np.shape(x) == np.shape(derivative)
    assert np.asarray(x).dtype == np.asarray(derivative).dtype


def compare(expected: dict[str, Any], actual: dict[str, list[Any]], given: list[Any]) -> None:
    """Every recorded number is ours up to the precision of the arguments."""
    # A result in single precision, as a cast gives, has derivatives of that precision too.
    values = [*flat(given), *(v for found in actual.values() for v in found)]
    rough = any(np.asarray(x).dtype.name in ("float32", "complex64") for x in values)
    rtol, atol = (2e-4, 2e-5) if rough else (1e-8, 1e-9)
    for key, theirs in expected.items():
        ours = [plain(np.asarray(leaf)) for leaf in actual[key.split()[1]]]
        assert len(theirs) == len(ours), f"{key} has {len(theirs)} parts, ours has {len(ours)}"
        for n, (a, b) in enumerate(zip(theirs, ours, strict=True)):
            np.testing.assert_allclose(b, a, rtol=rtol, atol=atol, err_msg=f"{key}, part {n}")


@pytest.mark.parametrize(("family", "name"), NAMES, ids=["/".join(pair) for pair in NAMES])
def test_against_recorded(family: str, name: str, pytestconfig: pytest.Config) -> None:
    expected = said(family, name, pytestconfig.getoption("live"))
    _, given = sample(family, name, np)
    compare(expected, quantities(family, name, given, forward=True), given)
    otherwise = stored_otherwise(given)
    compare(expected, quantities(family, name, otherwise, forward=False), given)


def test_every_sample_is_recorded() -> None:
    numbers = {(family, name): len(recorded(family).get(name, {})) - 1 for family, name in NAMES}
    assert [pair for pair, count in numbers.items() if count < 1] == []
    assert {name for family in FAMILIES for name in recorded(family)} <= {name for _, name in NAMES}
    assert {(family, name) for family, name, _ in DIFFERENT} <= set(NAMES)
