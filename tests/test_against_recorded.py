"""Derivatives agree with those that JAX and PyTorch have computed.

The record is read from tests/oracles_data; `pytest --live` asks JAX again instead, where it can be imported.
"""

from __future__ import annotations

import functools
import json
from typing import Any

import numpy as np
import pytest

import srcgrad as sg
from tests.recorded import FAMILIES, samples
from tests.recorded.drawing import arguments, seed_of
from tools.record_oracles import FIRST_ORDER, ORACLES, directions, filled, flat, path_of, plain

# Where an oracle's convention is another one, with ours.
DIFFERENT: dict[tuple[str, str], str] = {}

NAMES = [(family, name) for family in FAMILIES for name in samples(family, np)]


@functools.cache
def recorded(family: str) -> dict[str, Any]:
    """The numbers of a family."""
    found: dict[str, Any] = json.loads(path_of(family).read_text())
    return found


def said(family: str, name: str, live: bool) -> dict[str, Any]:
    """What the oracles say about a sample, keyed "jax vjp", "torch second" …"""
    if not live:
        assert seed_of(family, name) == recorded(family)[name]["seed"]
        return {k: v for k, v in recorded(family)[name].items() if k != "seed"}
    return {f"{oracle} {q}": v for oracle, ask in ORACLES.items() for q, v in ask(family, name).items()}


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


def quantities(family: str, name: str, given: list[Any]) -> dict[str, list[Any]]:
    """The derivatives by srcgrad, in the order and form of the record."""
    function = samples(family, np)[name][0]
    seed = seed_of(family, name)
    dots = directions(seed + 1, given)
    tangents = filled(given, (type(x)(v) if type(x) is float else v for x, v in zip(flat(given), dots, strict=True)))

    def weights(y: Any) -> Any:
        leaves = list(flat(y))
        active = [np.asarray(leaf).dtype.kind in "fc" for leaf in leaves]
        drawn = iter(directions(seed + 2, [leaf for leaf, a in zip(leaves, active, strict=True) if a]))
        return like(y, iter([next(drawn) if a else None for a in active]))

    def pulled(*args: Any) -> Any:
        y, pull = sg.vjp(function, *args)
        return list(pull(weights(y)))

    y, y_dot = sg.jvp(function, given, tangents)
    for part, part_dot in zip(flat(y), flat(y_dot), strict=True):
        assert np.shape(part) == np.shape(part_dot)
        assert np.asarray(part).dtype == np.asarray(part_dot).dtype or np.asarray(part).dtype.kind not in "fc"
    found = {"vjp": pulled(*given), "jvp": y_dot}
    if family not in FIRST_ORDER:
        found["second"] = sg.jvp(pulled, given, tangents)[1]
    for x, x_bar in zip(flat(given), flat(found["vjp"]), strict=True):
        assert np.shape(x) == np.shape(x_bar)
        assert np.asarray(x).dtype == np.asarray(x_bar).dtype
    return {quantity: list(flat(v)) for quantity, v in found.items()}


def like(tree: Any, leaves: Any) -> Any:
    """The structure of a result around other leaves."""
    if isinstance(tree, list):
        return [like(part, leaves) for part in tree]
    if isinstance(tree, tuple):
        parts = [like(part, leaves) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else tuple(parts)
    return next(leaves)


def compare(expected: dict[str, Any], actual: dict[str, list[Any]], where: str) -> None:
    for key, numbers in expected.items():
        quantity = key.split()[1]
        leaves = [np.asarray(leaf) for leaf in actual[quantity]]
        if quantity == "jvp":
            leaves = [leaf for leaf in leaves if leaf.dtype.kind in "fc"]
        assert len(numbers) == len(leaves), f"{where}: {key} has {len(numbers)} parts, ours {len(leaves)}"
        rough = any(leaf.dtype.itemsize // (1 + (leaf.dtype.kind == "c")) == 4 for leaf in leaves)
        for n, (theirs, ours) in enumerate(zip(numbers, leaves, strict=True)):
            np.testing.assert_allclose(
                plain(ours), theirs, rtol=2e-4 if rough else 1e-8, atol=2e-5 if rough else 1e-9,
                err_msg=f"{where}: {key}, part {n}",
            )  # fmt: skip


@pytest.mark.parametrize(("family", "name"), NAMES, ids=["/".join(pair) for pair in NAMES])
def test_against_recorded(family: str, name: str) -> None:
    expected = said(family, name, live=False)
    given = arguments(seed_of(family, name), samples(family, np)[name][1:])
    for arranged in (given, stored_otherwise(given)):
        compare(expected, quantities(family, name, arranged), f"{family}/{name}")
