"""Every program of the static tier against central differences."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import one_line_programs  # noqa: F401 - it enters its programs too
import pytest
from programs import CASES

from srcgrad.passes import NotStatic, generate, kind_of

# The gradients of programs at points where one branch has no finite value.
CHOSEN = {"guarded_log": [0.0, 1.0, 0.5], "guarded_product": [0.0, 1.0, 1.0 + np.log(2.0)]}
IDS = [f.__name__ for f, _, _ in CASES]


def compiled(f: Callable[..., Any], args: tuple[Any, ...], argnums: tuple[int, ...], mode: str) -> Any:
    """The generated function itself."""
    made = generate(f, tuple(kind_of(a) for a in args), argnums, mode)
    namespace = dict(made.bindings)
    exec(compile(made.source, made.entry, "exec"), namespace)
    return namespace[made.entry]


def differences(f: Callable[..., Any], args: tuple[Any, ...], k: int, h: float = 1e-6) -> Any:
    """The gradient with respect to argument k by central differences."""

    def value(at: Any) -> float:
        moved = [copy.deepcopy(a) for a in args]
        moved[k] = at
        return float(f(*moved))

    if isinstance(args[k], float):
        return (value(args[k] + h) - value(args[k] - h)) / (2 * h)
    out = np.zeros_like(args[k])
    for at in np.ndindex(out.shape):
        step = np.zeros_like(out)
        step[at] = h
        out[at] = (value(args[k] + step) - value(args[k] - step)) / (2 * h)
    return out


def as_tuple(gradient: Any, argnums: tuple[int, ...]) -> tuple[Any, ...]:
    return gradient if len(argnums) > 1 else (gradient,)


def check(gradient: tuple[Any, ...], f: Any, args: tuple[Any, ...], argnums: tuple[int, ...]) -> None:
    for k, found in zip(argnums, gradient, strict=True):
        if f.__name__ in CHOSEN:
            expected: Any = np.array(CHOSEN[f.__name__])
        else:
            expected = differences(f, args, k)
        assert np.shape(found) == np.shape(args[k])
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize(("f", "args", "argnums"), CASES, ids=IDS)
def test_grad(f: Any, args: Any, argnums: Any) -> None:
    before = copy.deepcopy(args)
    gradient = compiled(f, args, argnums, "grad")(*args)
    check(as_tuple(gradient, argnums), f, args, argnums)
    for old, new in zip(before, args, strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize(("f", "args", "argnums"), CASES, ids=IDS)
def test_value_and_grad(f: Any, args: Any, argnums: Any) -> None:
    value, gradient = compiled(f, args, argnums, "value_and_grad")(*args)
    assert f(*copy.deepcopy(args)) == value
    check(as_tuple(gradient, argnums), f, args, argnums)


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize(("f", "args", "argnums"), CASES, ids=IDS)
def test_one_argument_at_a_time(f: Any, args: Any, argnums: Any) -> None:
    for k in argnums:
        gradient = compiled(f, args, (k,), "grad")(*args)
        check((gradient,), f, args, (k,))


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize(("f", "args", "argnums"), CASES, ids=IDS)
def test_vjp(f: Any, args: Any, argnums: Any) -> None:
    y, pullback = compiled(f, args, argnums, "vjp")(*args)
    assert f(*copy.deepcopy(args)) == y
    check(tuple(g / 2 for g in pullback(2.0)), f, args, argnums)
    check(pullback(1.0), f, args, argnums)


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize(("f", "args", "argnums"), CASES, ids=IDS)
def test_jvp(f: Any, args: Any, argnums: Any) -> None:
    rng = np.random.default_rng(0)
    tangents = [rng.normal(size=np.shape(args[k]))[()] for k in argnums]
    tangents = [float(t) if isinstance(args[k], float) else t for k, t in zip(argnums, tangents)]
    if "returns_from" in f.__name__:
        with pytest.raises(NotStatic):
            compiled(f, args, argnums, "jvp")
        return
    before = copy.deepcopy((args, tangents))
    y, y_dot = compiled(f, args, argnums, "jvp")(*args, *tangents)
    np.testing.assert_equal(before, (args, tangents))
    assert f(*copy.deepcopy(args)) == y
    if f.__name__ in CHOSEN:
        expected: Any = tangents[0] @ CHOSEN[f.__name__]
    else:
        expected = sum(np.sum(differences(f, args, k) * t) for k, t in zip(argnums, tangents, strict=True))
    np.testing.assert_allclose(y_dot, expected, rtol=1e-5, atol=1e-7)
