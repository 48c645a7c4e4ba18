"""The methods of ufuncs beside the library's own: reduce, accumulate, outer, reduceat, at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import special

import srcgrad as sg
from srcgrad.rules.ufunc_methods import added_at, maximum_accumulate, written_out

rng = np.random.default_rng(23)
s = 0.7
v = rng.normal(size=5)
m = rng.normal(size=(3, 4))
t = rng.normal(size=(2, 3, 4))
positive = rng.random(size=(3, 4)) + 0.5
holed = np.where(m > 0.5, np.nan, m)
single = m.astype(np.float32)

SAMPLES: list[Any] = [
    *[(added_at, (m, index, m[index]), {}) for index in ([0, 0, 1], ([0, 0, 0], [1, 1, 2]))],
    (added_at, (v, [0, 0, 2], s), {}),
]

BINARY = (
    np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum, np.fmax, np.fmin, np.logaddexp, np.logaddexp2,
    np.hypot, np.copysign, np.fmod, np.remainder, special.xlogy, special.beta,
)  # fmt: skip


def written(ufunc: np.ufunc, method: str) -> Callable[..., Any]:
    found = written_out(ufunc, method)
    assert found is not None
    return found


INDICES: list[Any] = [
    *(0, slice(1, None), [0, 1, 0], ([0, 1, 0], [2, 2, 2]), m > 0, (slice(None), [1, 1, 0])),
    *([[0, 0], [2, 0]], (np.array([True, False, True]), 1), []),
]


def same_result(expected: Any, actual: Any) -> None:
    """The library's result and ours have the shape, the dtype and the values of each other."""
    assert np.shape(expected) == np.shape(actual)
    assert np.asarray(expected).dtype == np.asarray(actual).dtype
    np.testing.assert_allclose(actual, expected, rtol=1e-12)


@pytest.mark.parametrize("ufunc", [*BINARY, np.power, np.arctan2], ids=str)
@pytest.mark.parametrize("index", INDICES, ids=str)
def test_at(ufunc: np.ufunc, index: Any) -> None:
    for b in (s, rng.random(size=np.shape(m[index])) + 0.5):
        expected, actual = positive.copy(), positive.copy()
        ufunc.at(expected, index, b)
        written(ufunc, "at")(actual, index, b)
        same_result(expected, actual)


@pytest.mark.parametrize("ufunc", [np.negative, np.square, np.sin, special.erf], ids=str)
@pytest.mark.parametrize("index", INDICES, ids=str)
def test_at_of_one(ufunc: np.ufunc, index: Any) -> None:
    expected, actual = positive.copy(), positive.copy()
    ufunc.at(expected, index)
    written(ufunc, "at")(actual, index)
    same_result(expected, actual)


@pytest.mark.parametrize("ufunc", BINARY, ids=str)
def test_reduce(ufunc: np.ufunc) -> None:
    ours = written(ufunc, "reduce")
    for array in (positive, t, v, single):
        same_result(ufunc.reduce(array), ours(array))
        same_result(ufunc.reduce(array, axis=-1), ours(array, axis=-1))
        same_result(ufunc.reduce(array, axis=0, keepdims=True), ours(array, axis=0, keepdims=True))
    same_result(ufunc.reduce(m, 1, initial=s), ours(m, 1, initial=s))
    same_result(ufunc.reduce(single, dtype=float), ours(single, dtype=float))
    same_result(ufunc.reduce(v, axis=None), ours(v, axis=None))
    expected, actual = np.zeros(4), np.zeros(4)
    assert ours(m, out=actual) is actual
    ufunc.reduce(m, out=expected)
    same_result(expected, actual)


SEVERAL = (np.add, np.multiply, np.maximum, np.minimum, np.logaddexp, np.hypot, np.fmax, np.fmin)


@pytest.mark.parametrize("ufunc", SEVERAL, ids=str)
def test_reduce_over_several_axes(ufunc: np.ufunc) -> None:
    ours = written(ufunc, "reduce")
    same_result(ufunc.reduce(t, axis=None, keepdims=True), ours(t, axis=None, keepdims=True))
    same_result(ufunc.reduce(t, axis=(-1, 0), initial=s), ours(t, axis=(-1, 0), initial=s))
    same_result(ufunc.reduce(t, axis=()), ours(t, axis=()))
    same_result(ufunc.reduce(np.array(0.7)), ours(np.array(0.7)))
    if ufunc.identity is not None:
        same_result(ufunc.reduce(t[:0]), ours(t[:0]))
    same_result(ufunc.reduce(t, axis=None), ours(t, axis=None))
    same_result(ufunc.reduce(t, axis=(0, 2)), ours(t, axis=(0, 2)))
    same_result(ufunc.reduce(m, initial=s, where=m > 0), ours(m, initial=s, where=m > 0))


@pytest.mark.parametrize("ufunc", BINARY, ids=str)
def test_accumulate(ufunc: np.ufunc) -> None:
    ours = written(ufunc, "accumulate")
    for array in (positive, t, v, single, holed):
        same_result(ufunc.accumulate(array), ours(array))
        same_result(ufunc.accumulate(array, axis=-1), ours(array, axis=-1))
    same_result(ufunc.accumulate(single, dtype=float), ours(single, dtype=float))


def test_accumulated_maximum_of_ties() -> None:
    assert maximum_accumulate([1.0, 3.0, 3.0, 2.0]).tolist() == [1.0, 3.0, 3.0, 3.0]


@pytest.mark.parametrize("ufunc", [*BINARY, np.power, np.arctan2], ids=str)
def test_outer(ufunc: np.ufunc) -> None:
    for a, b in ((positive, v), (s, positive), (positive, s), (abs(v), m)):
        same_result(ufunc.outer(a, b), written(ufunc, "outer")(a, b))


@pytest.mark.parametrize("ufunc", BINARY, ids=str)
def test_reduceat(ufunc: np.ufunc) -> None:
    for indices in ([0], [0, 2], [1, 0, 2], [2, 2, 0]):
        same_result(ufunc.reduceat(m, indices), written(ufunc, "reduceat")(m, indices))
        same_result(ufunc.reduceat(t, indices, axis=1), written(ufunc, "reduceat")(t, indices, axis=1))


def methods(u: np.ufunc) -> list[Callable[..., Any]]:
    """Functions of an array over the methods of a ufunc."""

    def at(x: Any) -> Any:
        y = 2.0 * x
        u.at(y, [0, 2, 0], x[:3])
        return y

    return [
        lambda x: u.reduce(x),
        lambda x: u.accumulate(x),
        lambda x: u.outer(x[:2], x),
        lambda x: u.reduceat(x, [0, 3, 1, 2]),
        at,
    ]


@pytest.mark.parametrize("ufunc", BINARY, ids=str)
def test_derivatives(ufunc: np.ufunc) -> None:
    x = np.array([1.3, 0.8, 1.7, 2.3])
    for f in methods(ufunc):
        sg.check_grads(f, (x,), order=1)


def test_higher_derivatives() -> None:
    for f in methods(np.logaddexp):
        sg.check_grads(f, (np.array([1.3, 0.8, 1.2, 1.1]),), order=3)


def test_a_ufunc_without_a_rule_has_none_for_its_methods() -> None:
    assert written_out(special.bdtr, "reduce") is None
    assert written_out(np.divmod, "outer") is None
    assert written_out(np.matmul, "reduce") is None
    assert written_out(np.power, "reduce") is None
    with pytest.raises(sg.errors.MissingRuleError, match="ufunc.outer of eval_sh_legendre"):
        sg.grad(lambda x: np.sum(special.eval_sh_legendre.outer([1, 2], x)))(v)
