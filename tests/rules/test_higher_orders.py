"""Second and third derivatives of every rule, along a line through a sample.

The weighted sum of a function's results is a number phi(t) on the line x + t d. What reverse mode gives for phi' is right
at all t, as test_every_rule.py sees to; the forward derivative of it must be its difference, and the next one the
difference of that. What is composed is a program of functions with rules, and not asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from checking import PRECISE, active, copied, direction, leaves, precision
from test_every_rule import Sample, samples

import srcgrad as sg
from srcgrad.build.compiled import switch
from srcgrad.rules import table

STEP = 3e-4


def along(function: Callable[..., Any], args: Any, kwargs: dict[str, Any], argnums: Any) -> Callable[[float], float]:
    """The weighted sum of all results, and of what is left in the arguments, along a random line."""
    rng = np.random.default_rng(7)
    given = copied([*args, *kwargs.values()])
    names = list(kwargs)
    chosen = argnums if isinstance(argnums, tuple) else (argnums,)
    entry = table.lookup(function)
    assert entry is not None
    parameters = [*list(entry.signature.parameters)[: len(args)], *names]
    dots = [
        direction(x, rng) if argnums is None or k in chosen or name in chosen else None
        for k, (x, name) in enumerate(zip(given, [*parameters, *[""] * len(given)], strict=False))
    ]
    end = len(args)
    weights: list[Any] = []

    def phi(t: float) -> Any:
        moved = [shifted(x, dot, t) for x, dot in zip(given, dots, strict=True)]
        y = function(*moved[:end], **dict(zip(names, moved[end:], strict=True)))
        total = 0.0
        for k, leaf in enumerate(varying([y, moved])):
            if k == len(weights):
                weights.append(direction(leaf, rng))
            total = total + np.real(np.sum(leaf * weights[k]))
        return total

    return phi


def shifted(x: Any, dot: Any, t: float) -> Any:
    if dot is None:
        return copied(x)
    if isinstance(x, (list, tuple)):
        parts = [shifted(part, d, t) for part, d in zip(x, dot, strict=True)]
        return parts if isinstance(x, list) else tuple(parts)
    if active(x):
        return x + t * dot
    return x.copy() if isinstance(x, np.ndarray) else x


def varying(tree: Any) -> Iterator[Any]:
    for leaf in leaves(tree):
        if active(leaf):
            yield leaf


def tangent(f: Callable[[float], Any]) -> Callable[[float], Any]:
    return lambda t: sg.jvp(f, (t,), (1.0,))[1]


def difference(f: Callable[[float], Any]) -> float:
    """The derivative at 0 by a central difference."""
    return float((f(STEP) - f(-STEP)) / (2 * STEP))


# Samples beside a pole or a crossing of eigenvalues, where differences of this step have no digits left.
STEEP = {"numpy.linalg.eigh", "numpy.linalg.svd", "scipy.linalg._decomp_qr.qr", "scipy.linalg._decomp_svd.svd"}


def smooth_samples() -> dict[str, Sample]:
    """For each rule the first sample in double precision."""
    chosen: dict[int, str] = {}
    everything = samples()
    for key, (function, args, kwargs) in everything.items():
        entry = table.lookup(function)
        if entry is not None and entry.name not in STEEP and precision((args, kwargs)) <= PRECISE:
            chosen.setdefault(id(entry), key)
    return {key: everything[key] for key in chosen.values()}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("sample", smooth_samples().values(), ids=smooth_samples())
def test_second_and_third_derivative(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    function, args, kwargs = sample
    monkeypatch.setattr(
        switch, "on", False
    )  # the generator's own tests are elsewhere, and a text for each order is dear
    options = {name: value for name, value in kwargs.items() if name not in ("tol", "order", "argnums")}
    first = sg.grad(along(function, args, options, kwargs.get("argnums")))
    second = tangent(first)
    scale = 1 + abs(first(0.0))
    for derivative, below in ((second, first), (tangent(second), second)):
        value, expected = float(derivative(0.0)), difference(below)
        scale += abs(expected)
        assert abs(value - expected) <= 1e-4 * scale, f"{table.full_name(function)}: {value}, by differences {expected}"
