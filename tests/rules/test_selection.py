"""Samples for the rules of indexing, selection, diagonals, sorting and counting."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest
from checking import check, vjp_of

from srcgrad.rules.support import scatter_add

rng = np.random.default_rng(22)
s = 0.7
v = rng.normal(size=5)
m = rng.normal(size=(3, 4))
t = rng.normal(size=(2, 3, 4))
z = m + 1j * rng.normal(size=(3, 4))
single = m.astype(np.float32)
holed = np.array([2.0, np.nan, -1.0, np.nan, 0.5])

INDICES: list[Any] = [
    *(1, -1, slice(None), slice(None, None, -2), (0, -1), (slice(1, None), 2), Ellipsis, None),
    *((Ellipsis, None, 0), np.int64(2), np.array(1), [0, 2, 0], [-1, 2], np.array([[0, 1], [1, 1]])),
    *(([0, 1, 0], [1, 1, 1]), (slice(None), [3, 0, 3]), ([0, 2], slice(0, 2)), (None, [1, 1])),
    *(m > 0, (m[:, 0] > 0, 1), (slice(None), [True, False, True, True]), True, [], np.ix_([0, 0], [1, 3])),
    *((np.array([True, False, True]), [1, 1]), (m[:, 0] > 9, slice(None)), (2, [0, 0], None)[:2]),
]
PLACES = [0, -1, [0, 1, 1], np.array([[0, 1], [1, -1]])]
ORDER = np.argsort(t, axis=1)

SETS: list[Any] = [np.union1d, np.intersect1d, np.setdiff1d, np.setxor1d]
UNIQUE: list[Any] = [
    getattr(np, name) for name in ("unique_all", "unique_inverse", "unique_counts") if hasattr(np, name)
]

SAMPLES: list[Any] = [
    *[(operator.getitem, (m, index), {}) for index in INDICES],
    *[(operator.getitem, (a, ([0, 0], 1)), {}) for a in (z, single, t)],
    *[(scatter_add, ((3, 4), index, m[index]), {}) for index in INDICES],
    (scatter_add, ((3, 4), [0, 0, 1], s), {}),
    (scatter_add, ((3, 4), slice(0, 2), v[:4]), {}),
    *[
        (function, (a, where), {"axis": axis})
        for function in (np.take, np.ndarray.take)
        for a in (m, t, z)
        for where in PLACES
        for axis in (None, 0, -1)
    ],
    *[(np.take, (m, [-7, 5, 2]), {"axis": 1, "mode": mode}) for mode in ("wrap", "clip")],
    *[(np.take, (m, [-30, 5, 22]), {"mode": mode}) for mode in ("wrap", "clip")],
    (np.take, ([1.0, s, 2.0], [0, 0]), {}),
    (np.take_along_axis, (t, ORDER, 1), {}),
    (np.take_along_axis, (t, ORDER[:, :1] * 0 + 1, 1), {}),
    (np.take_along_axis, (m, np.array([[0, 0, 2]]), 1), {}),
    (np.take_along_axis, (m[:1], np.array([[0, 0], [1, 3]]), -1), {}),
    (np.take_along_axis, (m, np.array([0, 5, 5]), None), {}),
    (np.take_along_axis, (m, np.array([[0, 0], [1, -1], [2, 2]])), {}),
    *[(np.compress, ([True, False, True], m), {"axis": axis}) for axis in (0, 1, None)],
    (np.ndarray.compress, (m, [False, True, True]), {"axis": 0}),
    *[(np.extract, (m > 0, m), {}), (np.extract, ([1, 0, 1], v[:3]), {})],
    (np.choose, (np.array([[0, 1], [2, 0]]), [m[:2, :2], s, v[:2]]), {}),
    (np.choose, (np.array([0, 1, 1]), m[:, :3]), {}),
    (np.choose, (1, [s, 2.0]), {}),
    *[(np.choose, (np.array([-1, 5, 1]), [v[:3], v[1:4]]), {"mode": mode}) for mode in ("wrap", "clip")],
    (np.ndarray.choose, (np.array([0, 1, 1]), [v[:3], s]), {}),
    (np.select, ([m > 1, m > 0], [m, m**2]), {}),
    (np.select, ([m > 1, v[:4] > 0], [s, v[:4]]), {"default": m * 3}),
    (np.select, ([m > 1], [single]), {"default": 2.5}),
    (np.piecewise, (m, [m < 0, m > 1], [np.sin, 2.5]), {}),
    (np.piecewise, (m, [m < 0, m > 1], [np.sin, 2.5, np.exp]), {}),
    (np.piecewise, (m, [m < 0], [lambda x, k: k * x, lambda x, k: x**k]), {"k": 3.0}),
    (np.piecewise, (v, [True, False, True, False, False], [1.5, np.exp]), {}),
    (np.piecewise, (np.array(s), [s > 0], [np.exp, 0.0]), {}),
    *[(np.diag, (a, k), {}) for a in (v, m, m.T, z) for k in (0, 1, -1, 2)],
    *[(np.diag, (m, k), {}) for k in (4, -3, 9)],
    *[
        (function, (t,), {"offset": k, "axis1": a, "axis2": b})
        for function in (np.diagonal, np.trace, np.ndarray.diagonal, np.ndarray.trace)
        for k in (0, 1, -1)
        for a, b in ((0, 1), (2, 0), (-1, 1))
    ],
    *[(np.trace, (a,), {}) for a in (m, z, single)],
    (np.trace, (single,), {"dtype": np.float64}),
    *[(np.diagflat, (a, k), {}) for a in (m, s, v) for k in (0, -1)],
    *[(function, (a, k), {}) for function in (np.tril, np.triu) for a in (t, m, v) for k in (0, 1, -2)],
    *[(np.sort, (a,), {"axis": axis}) for a in (m, t, z, single) for axis in (None, 0, -1)],
    (np.sort, (v,), {"kind": "stable"}),
    (np.sort, ([s, 0.2, 5.0],), {}),
    *[(np.partition, (a, 1), {"axis": axis}) for a in (m, t, z) for axis in (None, 0, -1)],
    (np.partition, (rng.permutation(200) / 4, [20, 90]), {}),
    (np.partition, (rng.permuted(np.arange(300.0)).reshape(3, 100), 50), {"axis": 1}),
    (np.unique, (v,), {}),
    (np.unique, (m,), {"return_index": True, "return_counts": True}),
    (np.unique, (m,), {"axis": 0}),
    (np.unique, (m,), {"axis": 1, "return_inverse": True}),
    (np.unique, (z,), {}),
    (np.unique_values, (m,), {}),
    (np.bincount, (np.array([0, 3, 3, 1, 0]), v), {}),
    (np.bincount, (np.array([0, 3, 3, 1, 0]), v), {"minlength": 7}),
    *[
        (np.histogram, (a,), dict(kwargs))
        for a in (m, v)
        for kwargs in (
            *({}, {"bins": 4}, {"bins": 3, "range": (-1.0, 0.5)}, {"bins": [-2.0, 0.0, 0.5, 1.0]}),
            *({"bins": 4, "weights": a**2}, {"bins": 4, "weights": a, "density": True}),
            *({"density": True}, {"range": (-2, 2), "weights": a}),
            {"bins": 4, "weights": a * 1j},
        )
    ],
    (np.histogram, (np.full(3, s),), {"bins": 2}),
    *[(np.histogram_bin_edges, (a, bins), {}) for a in (m, np.zeros(0)) for bins in (3, [0.0, 1.0])],
    (np.histogram_bin_edges, (m,), {"range": (-1.0, 2.0)}),
    *[
        (np.histogramdd, (t[0].T, *args), dict(kwargs))
        for args, kwargs in (
            *(((), {"bins": 3}), ((2,), {"weights": v[:4]}), ((2,), {"density": True})),
            *((([2, 3, 1],), {"weights": v[:4], "density": True}), ((2, [(-2, 2), None, (0.0, 1.0)]), {})),
            ((([-1.0, 0.0, 1.0], 2, 3),), {"weights": v[:4]}),
        )
    ],
    (np.histogramdd, ([m[0], m[1]],), {"bins": 2}),
    (np.histogramdd, (single,), {"bins": 2, "weights": single[:, 0]}),
    *[
        (np.histogram2d, (m[0], m[1]), dict(kwargs))
        for kwargs in (
            *({}, {"bins": 3}, {"bins": [2, 3], "weights": m[2]}, {"bins": [-1.0, 0.0, 1.0]}),
            *({"bins": [2, [-1.0, 0.0, 2.0]], "density": True}, {"range": [(-1, 1), (-2, 2)], "bins": 2}),
        )
    ],
    *[(function, (v, [v[1], 0.3, v[0]]), {}) for function in SETS],
    *[(function, (m, m[:2, :2]), {}) for function in SETS],
    *[(function, (np.zeros(0), v[:2]), {}) for function in SETS],
    *[(function, (v, single[0]), {"assume_unique": True}) for function in SETS[1:]],
    *[(np.intersect1d, (a, v[[1, 0]]), {"return_indices": True}) for a in (v, v[[0, 1, 0, 3]])],
    (np.intersect1d, (v, v[[3, 1]], True, True), {}),
    (np.setxor1d, (np.zeros(0), np.zeros(0)), {}),
    *[(np.sort_complex, (a,), {}) for a in (v, m, z, single, np.arange(3), np.arange(3, dtype=np.int8))],
    *[(function, (a,), {}) for function in UNIQUE for a in (v, m, z, holed, np.array([2.0, 1.0, 2.0]))],
    (np.ndarray.dot, (m, v[:4]), {}),
    (np.ndarray.clip, (m, -0.5, 0.5), {}),
    (np.ndarray.clip, (m,), {"max": 0.5}),
    *[(np.ndarray.conj, (a,), {}) for a in (m, z)],
]


def test_repeated_indices_add_up() -> None:
    bar = vjp_of(operator.getitem, np.array([1.0, 2.0, 3.0]), np.zeros(2), [0, 1, 0])["x"]
    np.testing.assert_array_equal([4.0, 2.0], bar)


@pytest.mark.parametrize("axis", [0, None])
def test_equal_elements_are_sorted_in_their_order(axis: int | None) -> None:
    equal = np.array([2.0, 1.0, 2.0, 1.0])
    bar = vjp_of(np.sort, np.array([1.0, 2.0, 3.0, 4.0]), equal, axis=axis)["a"]
    np.testing.assert_array_equal([3.0, 1.0, 4.0, 2.0], bar)
    bar = vjp_of(np.partition, np.arange(4.0), np.ones(4), 2, axis=axis)["a"]
    assert sorted(bar) == [0.0, 1.0, 2.0, 3.0]


def test_nan_is_sorted_to_the_end() -> None:
    bar = vjp_of(np.sort, np.arange(1.0, 6.0), holed)["a"]
    np.testing.assert_array_equal([3.0, 4.0, 1.0, 5.0, 2.0], bar)


def test_a_value_belongs_to_the_first_that_has_it() -> None:
    tied = np.array([2.0, 1.0, 2.0, 1.0])
    np.testing.assert_array_equal([9.0, 4.0, 0, 0], vjp_of(np.unique, np.array([4.0, 9.0]), tied)["ar"])
    rows = np.array([[1.0, 2.0], [0.0, 1.0], [1.0, 2.0]])
    bar = vjp_of(np.unique, np.array([[1.0, 2.0], [3.0, 4.0]]), rows, axis=0)["ar"]
    np.testing.assert_array_equal([[3.0, 4.0], [1.0, 2.0], [0.0, 0.0]], bar)


def test_bincount_of_a_list() -> None:
    check(np.bincount, [0, 1, 1], [0.5, 1.5, 2.0])
