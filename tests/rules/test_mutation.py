"""Samples for what writes into an argument, and the methods of ufuncs beside the library's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from srcgrad.rules.mutation import (
    UFUNC_ACCUMULATE,
    UFUNC_AT,
    UFUNC_OUTER,
    UFUNC_REDUCE,
    UFUNC_REDUCEAT,
)
from srcgrad.rules.ufunc_methods import added_at, maximum_accumulate

rng = np.random.default_rng(23)
s = 0.7
v = rng.normal(size=5)
m = rng.normal(size=(3, 4))
t = rng.normal(size=(2, 3, 4))
square = rng.normal(size=(3, 3))
tall = rng.normal(size=(8, 3))
positive = rng.random(size=(3, 4)) + 0.5
holed = np.where(m > 0.5, np.nan, m)
single = m.astype(np.float32)

SAMPLES: list[Any] = [
    *[(added_at, (m, index, m[index]), {}) for index in ([0, 0, 1], ([0, 0, 0], [1, 1, 2]))],
    (added_at, (v, [0, 0, 2], s), {}),
    *[(np.copyto, (m, src), {}) for src in (s, v[:4], m**2, 3, [s, 1.0, 2, 3])],
    *[(np.copyto, (m, src), {"where": mask}) for src in (s, v[:4]) for mask in (m > 0, m[:1] > 0)],
    (np.copyto, (single, m), {}),
    (np.copyto, (np.zeros(()), s), {}),
    *[(np.put, (m, where, values), {}) for where in (1, [0, 5, -1], [0, 5, 0, 5, 2], []) for values in (s, v[:2], v)],
    *[(np.put, (m, [-40, 5, 30], v[:3]), {"mode": mode}) for mode in ("wrap", "clip")],
    *[(np.ndarray.put, (m, [0, 5], values), {}) for values in (s, v[:2])],
    *[(np.place, (m, m > 0, values), {}) for values in (v, v[:2], s)],
    *[(np.place, (m, m > 9, v), {}), (np.place, (m, np.ravel(m > 0), v), {})],
    *[(np.putmask, (m, m > 0, values), {}) for values in (s, v, m**2)],
    *[(np.fill_diagonal, (a, values), {}) for a in (square, tall, tall.T) for values in (s, v[:2], v)],
    (np.fill_diagonal, (tall, v), {"wrap": True}),
    (np.fill_diagonal, (rng.normal(size=(2, 2, 2)), s), {}),
    *[
        (np.put_along_axis, (m, np.array([[0], [2], [1]]), values, axis), {})
        for values in (s, v[:3, None])
        for axis in (1, -1)
    ],
    (np.put_along_axis, (m, np.array([[0, 1, 2, 0]]), v[:4], 0), {}),
    (np.put_along_axis, (m, np.array([0, -1, 5]), v[:3], None), {}),
    (np.ndarray.fill, (m, s), {}),
    *[(np.ndarray.sort, (t,), {"axis": axis}) for axis in (0, -1)],
    (np.ndarray.sort, (v,), {"stable": True}),
    *[(np.ndarray.partition, (m, 1), {"axis": axis}) for axis in (0, -1)],
]

INDICES: list[Any] = [
    *(0, slice(1, None), [0, 1, 0], ([0, 1, 0], [2, 2, 2]), m > 0, (slice(None), [1, 1, 0])),
    *([[0, 0], [2, 0]], (np.array([True, False, True]), 1), []),
]


def same_result(expected: Any, actual: Any) -> None:
    """The library's result and ours have the shape, the dtype and the values of each other."""
    assert np.shape(expected) == np.shape(actual)
    assert np.asarray(expected).dtype == np.asarray(actual).dtype
    np.testing.assert_allclose(actual, expected, rtol=1e-12)


@pytest.mark.parametrize("ufunc", [f for f in UFUNC_AT if f.nin == 2], ids=str)
@pytest.mark.parametrize("index", INDICES, ids=str)
def test_at(ufunc: np.ufunc, index: Any) -> None:
    for b in (s, rng.random(size=np.shape(m[index])) + 0.5):
        expected, actual = positive.copy(), positive.copy()
        ufunc.at(expected, index, b)
        UFUNC_AT[ufunc](actual, index, b)
        same_result(expected, actual)


@pytest.mark.parametrize("ufunc", [np.negative, np.square, np.sin], ids=str)
@pytest.mark.parametrize("index", INDICES, ids=str)
def test_at_of_one(ufunc: np.ufunc, index: Any) -> None:
    expected, actual = positive.copy(), positive.copy()
    ufunc.at(expected, index)
    UFUNC_AT[ufunc](actual, index)
    same_result(expected, actual)


@pytest.mark.parametrize("ufunc", UFUNC_REDUCE, ids=str)
def test_reduce(ufunc: np.ufunc) -> None:
    ours = UFUNC_REDUCE[ufunc]
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
    ours = UFUNC_REDUCE[ufunc]
    same_result(ufunc.reduce(t, axis=None, keepdims=True), ours(t, axis=None, keepdims=True))
    same_result(ufunc.reduce(t, axis=(-1, 0), initial=s), ours(t, axis=(-1, 0), initial=s))
    same_result(ufunc.reduce(t, axis=()), ours(t, axis=()))
    same_result(ufunc.reduce(np.array(0.7)), ours(np.array(0.7)))
    if ufunc.identity is not None:
        same_result(ufunc.reduce(t[:0]), ours(t[:0]))
    same_result(ufunc.reduce(t, axis=None), ours(t, axis=None))
    same_result(ufunc.reduce(t, axis=(0, 2)), ours(t, axis=(0, 2)))
    same_result(ufunc.reduce(m, initial=s, where=m > 0), ours(m, initial=s, where=m > 0))


@pytest.mark.parametrize("ufunc", UFUNC_ACCUMULATE, ids=str)
def test_accumulate(ufunc: np.ufunc) -> None:
    ours = UFUNC_ACCUMULATE[ufunc]
    for array in (positive, t, v, single, holed):
        same_result(ufunc.accumulate(array), ours(array))
        same_result(ufunc.accumulate(array, axis=-1), ours(array, axis=-1))
    same_result(ufunc.accumulate(single, dtype=float), ours(single, dtype=float))


def test_accumulated_maximum_of_ties() -> None:
    assert maximum_accumulate([1.0, 3.0, 3.0, 2.0]).tolist() == [1.0, 3.0, 3.0, 3.0]


@pytest.mark.parametrize("ufunc", UFUNC_OUTER, ids=str)
def test_outer(ufunc: np.ufunc) -> None:
    for a, b in ((positive, v), (s, positive), (positive, s), (abs(v), m)):
        same_result(ufunc.outer(a, b), UFUNC_OUTER[ufunc](a, b))


@pytest.mark.parametrize("ufunc", UFUNC_REDUCEAT, ids=str)
def test_reduceat(ufunc: np.ufunc) -> None:
    for indices in ([0], [0, 2], [1, 0, 2], [2, 2, 0]):
        same_result(ufunc.reduceat(m, indices), UFUNC_REDUCEAT[ufunc](m, indices))
        same_result(ufunc.reduceat(t, indices, axis=1), UFUNC_REDUCEAT[ufunc](t, indices, axis=1))
