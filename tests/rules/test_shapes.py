"""Samples for the rules of shapes, joining, padding, creation and differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checking import check, jvp_of, vjp_of

from srcgrad.rules import table
from srcgrad.rules.creation import listed

rng = np.random.default_rng(21)
s = 0.7
v = rng.normal(size=5)
m = rng.normal(size=(3, 4))
t = rng.normal(size=(2, 3, 4))
z = m + 1j * rng.normal(size=(3, 4))
single = m.astype(np.float32)
turned = np.asfortranarray(m)
strided = np.transpose(t, (1, 0, 2))
backwards = t[::-1, :, ::-1]

RESHAPING: list[Any] = [
    *[(np.reshape, (a, (2, -1)), {}) for a in (m, turned, z, single)],
    *[(np.reshape, (a, 6, order), {}) for a in (m[:, :2], turned[:2, :3]) for order in "CF"],
    (np.reshape, (s, (1, 1)), {}),
    (np.ndarray.reshape, (m, 2, 6), {}),
    (np.ndarray.reshape, (m, (2, -1)), {}),
    *[
        (function, (a, order), {})
        for function in (np.ravel, np.ndarray.flatten, np.ndarray.ravel)
        for a in (m, strided, backwards)
        for order in "CF"
    ],
    (np.ravel, (s,), {}),
    (np.squeeze, (t[:, :1],), {}),
    (np.squeeze, (t[:1, :1],), {"axis": (0,)}),
    (np.ndarray.squeeze, (t[:, :1], 1), {}),
    (np.expand_dims, (m, 1), {}),
    (np.expand_dims, (m, (0, -1)), {}),
    *[
        (function, args, {})
        for function in (np.atleast_1d, np.atleast_2d, np.atleast_3d)
        for args in ((s,), (v,), (m,), (t,), (s, v, m))
    ],
    *[(np.transpose, (t, axes), {}) for axes in (None, (1, 2, 0), (-1, 0, 1))],
    (np.permute_dims, (t, (2, 0, 1)), {}),
    *[(np.ndarray.transpose, (t, *axes), {}) for axes in ((), (1, 2, 0), ((1, 2, 0),), (None,))],
    (np.matrix_transpose, (t,), {}),
    (np.moveaxis, (t, 0, -1), {}),
    (np.moveaxis, (t, (0, 1), (-1, 0)), {}),
    (np.swapaxes, (t, 0, -1), {}),
    (np.ndarray.swapaxes, (t, 1, 2), {}),
    *[(np.rollaxis, (t, axis, start), {}) for axis in (0, 1, -1) for start in (0, 1, 2, 3, -1)],
    (np.broadcast_to, (m[:, :1], (2, 3, 4)), {}),
    (np.broadcast_to, (s, (2,)), {}),
    (np.broadcast_arrays, (m, v[:4], s), {}),
    (np.broadcast_arrays, (m,), {}),
    *[(np.tile, (a, reps), {}) for a in (s, v, m) for reps in (2, (2, 1), (2, 1, 3), (0, 1))],
    *[(np.repeat, (t, 2), {"axis": axis}) for axis in (None, 0, -1)],
    *[(np.repeat, (m, [2, 0, 3], 0), {}), (np.repeat, (m, np.arange(4), -1), {})],
    *[(np.repeat, (m, np.arange(12)), {}), (np.repeat, (s, 3), {}), (np.repeat, (v, [2]), {})],
    (np.ndarray.repeat, (m, 2), {"axis": 1}),
    *[(np.resize, (m, shape), {}) for shape in (5, (2, 3), (5, 4), (0,))],
    *[(np.roll, (m, shift), {}) for shift in (2, -1)],
    *[(np.roll, (m, 1, 0), {}), (np.roll, (m, (1, -2)), {"axis": (0, 1)})],
    *[(np.flip, (t,), {"axis": axis}) for axis in (None, 0, (0, -1))],
    *[(function, (m,), {}) for function in (np.fliplr, np.flipud)],
    *[(np.rot90, (t, k), {"axes": axes}) for k in (1, 2, -1) for axes in ((0, 1), (2, 0))],
]

JOINING: list[Any] = [
    *[(function, ([m, m[:1] ** 2, m[:0]],), {}) for function in (np.concatenate, np.concat, np.vstack)],
    (np.concatenate, ((m, t[0, :, :2]),), {"axis": -1}),
    (np.concatenate, ([m, v],), {"axis": None}),
    (np.concatenate, (t,), {}),
    (np.concatenate, (t,), {"axis": 1}),
    (np.concatenate, ([single, single],), {"dtype": np.float64}),
    (np.concatenate, ([single, m, z],), {}),
    *[(np.stack, ([m, m**2],), {"axis": axis}) for axis in (0, 1, -1)],
    *[(np.stack, ([s, 2 * s],), {}), (np.stack, (t, 1), {})],
    *[
        (function, (arrays,), {})
        for function in (np.vstack, np.hstack, np.dstack, np.column_stack)
        for arrays in ([v, v**2], (m, m**2), [s, 2 * s], t)
    ],
    *[(np.column_stack, ([m, v[:3]],), {}), (np.vstack, ([m, v[:4]],), {"dtype": float})],
    *[(np.append, (m, v), {}), (np.append, (m, m[:1]), {"axis": 0}), (np.append, (v, s), {})],
    *[(np.block, (blocks,), {}) for blocks in (s, m, [v, v], [[m, m], [m, m]], [[m], [v[:4]]], [[[s, s]], [[s, s]]])],
    *[(np.split, (t, 2), {}), (np.split, (v, [1, 3, 4]), {}), (np.split, (m, [-1], 1), {})],
    *[(np.array_split, (v, 3), {}), (np.array_split, (m, [1, 7]), {"axis": 1})],
    *[(np.hsplit, (v[:4], 2), {}), (np.hsplit, (m, [1]), {}), (np.vsplit, (m, [1, 2]), {})],
    (np.dsplit, (t, 2), {}),
    *[(np.unstack, (t,), {"axis": axis}) for axis in (0, -1)],
    *[
        (np.insert, args, {})
        for args in (
            *((v, 2, s), (v, [1, 3], s), (v, [1, 3], [s, 2 * s]), (v, [3, 1], v[:2]), (m, 1, s)),
            *((m, 1, v[:4], 0), (m, 1, v[:3], 1), (m, [1], v[:3, None], 1), (m, [0, 2], s, 1)),
            *((m, slice(0, 2), m[:2], 0), (m, [0, 2], m[:, :2], -1), (v, 1, v[:3]), (v, -1, s)),
            (v, np.array([True, False, True, False, False]), s),
            (m, 1, m[:2, :3], 1),
        )
    ],
    *[(np.delete, args, {}) for args in ((v, 1), (v, [0, 3]), (v, slice(1, 4, 2)), (m, 1, 1), (m, [5, 6]), (m, -1, 0))],
    *[(np.trim_zeros, (np.array([0.0, 0.0, 1.5, 0.0, 2.0, 0.0]), trim), {}) for trim in ("fb", "f", "B")],
    *[(np.trim_zeros, (np.pad(m, 1),), {"axis": axis}) for axis in (None, 0, (1,))],
    (np.trim_zeros, (np.zeros(3),), {}),
    *[
        (type(np.r_).__getitem__, (np.r_, key), {})
        for key in (
            *((v, v), (s, v, 0.0), v, slice(0.0, 1.0, 5j), (v, slice(0.0, s, 0.2)), ("-1", m, m)),
            *(("0,2", v, v), ("1,2,0", v, v), ("0,3,1", m, m), (s, slice(1.0, None, 1))[:1]),
        )
    ],
    *[(type(np.r_).__getitem__, (np.c_, key), {}) for key in ((v, v), (m, v[:3]), (s, s), (m, m))],
]

PADDING: list[Any] = [
    *[
        (np.pad, (a, width, mode), dict(kwargs))
        for a, width in (
            *((v, 2), (v, (0, 3)), (m, ((1, 2), (0, 1))), (m, ((0, 0), (7, 5))), (single, 1)),
            *((m, {0: (1, 0)}), (m, {-1: 2}), (t, ((1, 1), (0, 0), (2, 0))), (m, 0)),
        )
        for mode, kwargs in (
            *(("constant", {}), ("constant", {"constant_values": 1.5}), ("edge", {})),
            *(("constant", {"constant_values": (1.5, s)}), ("linear_ramp", {"end_values": (s, 2.0)})),
            *(("reflect", {}), ("symmetric", {}), ("wrap", {}), ("linear_ramp", {}), ("mean", {})),
            *(("mean", {"stat_length": 2}), ("maximum", {}), ("minimum", {"stat_length": (1, 3)})),
            ("median", {}),
        )
    ],
    (np.pad, (m, 1), {"constant_values": ((1.0, 2.0), (s, 4.0))}),
    (np.pad, (m, 1, "linear_ramp"), {"end_values": ((1.0, 2.0), (s, 4.0))}),
    *[(np.pad, (m, 2, mode), {"reflect_type": kind}) for mode in ("reflect", "symmetric") for kind in ("even", "odd")],
]

CREATION: list[Any] = [
    *[
        (np.array, (given,), dict(kwargs))
        for given in (s, v, single, [s, 2.0], [[s, 1.0], [v[0], 2.0]], (v, v), [v, (1.0, 2.0, 3, 4, 5)])
        for kwargs in ({}, {"ndmin": 3}, {"dtype": complex}, {"dtype": np.float64})
    ],
    (np.array, (z,), {"dtype": np.complex64, "tol": 1e-2}),
    (np.array, ([v[0], z[0, 0]],), {}),
    *[
        (function, (given,), {})
        for function in (
            np.asarray,
            np.asarray_chkfinite,
            np.asanyarray,
            np.ascontiguousarray,
            np.asfortranarray,
            np.copy,
        )
        for given in (s, m, turned, [s, 1.0], [[s], [2.0]])
    ],
    (np.asarray, (m, np.float32), {"tol": 1e-2}),
    (np.ndarray.copy, (m,), {}),
    *[(np.ndarray.astype, (m, dtype), {}) for dtype in (float, complex)],
    (np.ndarray.astype, (m, np.float32), {"tol": 1e-2}),
    *[(np.astype, (m, dtype), {"tol": 1e-2}) for dtype in (float, np.float32)],
    *[
        (scalar, (given,), {"tol": 1e-2 if scalar is np.float32 else 1e-6})
        for scalar in (np.float64, np.float32, np.longdouble)
        for given in (s, v, [s, 1.0])
    ],
    *[
        (scalar, (given,), {"tol": 1e-2 if scalar is np.complex64 else 1e-6})
        for scalar in (np.complex128, np.complex64, np.clongdouble)
        for given in (s, z, s + 1j)
    ],
    (np.complex128, (s, 2.0), {}),
    (np.fromiter, ([s, 1.0, 2.0], float), {}),
    (np.fromiter, ((s, 1.0, 2.0), float, 2), {}),
    *[(np.ndarray.tolist, (a,), {}) for a in (v, m, z)],
    *[(listed, (a,), {}) for a in (v, z[0])],
    *[(np.ndarray.item, args, {}) for args in ((np.array([[s]]),), (m, 5), (m, -2), (m, 1, 2), (v, 3))],
    (np.ndarray.item, (m, (1, 2)), {}),
    *[(np.full, ((3, 2), fill), {}) for fill in (s, v[:2], [s, 1.0], z[0, 0])],
    *[(np.full_like, (np.ones((3, 2)), fill), {}) for fill in (s, v[:2], [s, 1.0])],
    (np.full_like, (np.ones(3, np.float32), s), {"shape": (2, 2)}),
    *[
        (np.meshgrid, args, dict(kwargs))
        for args in ((v,), (v, v[:2]), (v, v[:2], v[:3]), (s, v))
        for kwargs in ({}, {"indexing": "ij"}, {"sparse": True}, {"copy": False})
    ],
    *[
        (np.linspace, (a, b), dict(kwargs))
        for a, b in ((s, 2.0), (v, 1.0), (m, v[:4]), (0, s))
        for kwargs in (
            *({}, {"num": 4}, {"num": 4, "endpoint": False}, {"num": 1}, {"num": 3, "axis": -1}),
            {"num": 4, "retstep": True},
        )
    ],
    *[
        (np.geomspace, (a, b), dict(kwargs))
        for a, b in ((s, 2.0), (v**2 + 1.0, 9.0), (-s, -3.0), (1.0 + 0.5j, 2.0j), (m**2 + 1, v[:4] ** 2 + 2))
        for kwargs in ({"num": 4}, {"num": 4, "endpoint": False}, {"num": 3, "axis": -1})
    ],
    *[
        (np.logspace, (a, b), dict(kwargs))
        for a, b in ((s, 2.0), (v, 1.0))
        for kwargs in ({"num": 4}, {"num": 3, "base": 2.5, "endpoint": False}, {"axis": -1, "num": 3})
    ],
    (np.logspace, (s, 2.0), {"num": 3, "base": np.array([2.0, 3.0])}),
    (np.logspace, (v, 2.0), {"num": 3, "base": v**2 + 1.0, "axis": -1}),
    *[(np.arange, args, {}) for args in ((2.5,), (s, 3.0), (s, 3.0, 0.25), (3.0, s, -0.5), (3.0, s))],
    (np.arange, (s, 3.0), {"dtype": np.float32}),
]

DIFFERENCES: list[Any] = [
    *[(np.diff, (t, n, axis), {}) for n in (0, 1, 2) for axis in (0, -1)],
    (np.diff, (m,), {"prepend": 0.5, "axis": 0}),
    (np.diff, (m,), {"prepend": m[:, :2], "append": s}),
    (np.diff, (z, 2), {}),
    *[(np.ediff1d, (m,), dict(kwargs)) for kwargs in ({}, {"to_begin": s}, {"to_end": v})],
    *[
        (np.gradient, (m, *spacing), dict(kwargs))
        for spacing in ((), (0.3,), (0.3, 0.5), (np.array([0.0, 1.0, 1.5]), 0.3), (0.1, v[:4] ** 2 * 9))
        for kwargs in ({}, {"edge_order": 2})
    ],
    *[(np.gradient, (t, s), {"axis": axis}) for axis in (1, (1, -1))],
    (np.gradient, (v, np.arange(5.0)), {}),
    (np.gradient, (single, 0.5), {"axis": 0}),
    (np.gradient, (z,), {"axis": 1}),
]

SAMPLES = [*RESHAPING, *JOINING, *PADDING, *CREATION, *DIFFERENCES]


def test_cotangents_have_the_nesting_of_the_argument() -> None:
    bar = vjp_of(np.array, np.arange(4.0).reshape(2, 2), [(1.0, 2.0), [3.0, 4.0]])["object"]
    assert bar == [(0.0, 1.0), [2.0, 3.0]]


@pytest.mark.parametrize("function", [np.ravel, np.ndarray.flatten])
@pytest.mark.parametrize("a", [m, turned, strided, backwards], ids=["C", "F", "mixed", "backwards"])
@pytest.mark.parametrize("order", "CFAK")
def test_order_of_memory(function: Any, a: Any, order: str) -> None:
    """Flattening reads the operand's memory; tangent and cotangent have another."""
    dot = rng.normal(size=a.shape)
    # The position of each element in the result, read off a result of distinct numbers.
    base = np.arange(a.size, dtype=float).reshape((a if a.base is None else a.base).shape)
    numbered = np.lib.stride_tricks.as_strided(base, a.shape, a.strides)
    if a is backwards:
        numbered = base[::-1, :, ::-1]
    source = np.argsort(np.ravel(numbered))
    expected = dot.ravel()[source][function(numbered, order).astype(int)]
    np.testing.assert_array_equal(expected, jvp_of(function, {"a": dot}, a, order))
    bar = rng.normal(size=a.size)
    x_bar = vjp_of(function, bar, a, order)["a"]
    np.testing.assert_allclose(np.sum(bar * expected), np.sum(x_bar * dot))


def test_reshape_reads_the_order_of_memory() -> None:
    dot = rng.normal(size=turned.shape)
    expected = np.reshape(np.asfortranarray(dot), (2, 6), order="A")
    np.testing.assert_array_equal(expected, jvp_of(np.reshape, {"a": dot}, turned, (2, 6), "A"))
    bar = np.ascontiguousarray(expected)
    np.testing.assert_array_equal(dot, vjp_of(np.reshape, bar, turned, (2, 6), "A")["a"])


def test_linspace_of_one_point() -> None:
    check(np.linspace, 0.3, 0.7, 1, argnums=0)


def test_refused_padding() -> None:
    pad = table.substitute(np.pad)
    assert pad is not None
    for mode in ("empty", "unheard of", lambda *_: None):
        with pytest.raises(NotImplementedError):
            pad(v, 1, mode)
    with pytest.raises(NotImplementedError):
        pad(v, 9, "reflect", reflect_type="odd")


def test_overlapping_splits_are_refused() -> None:
    with pytest.raises(NotImplementedError):
        vjp_of(np.split, [v[:3], v[3:1], v[1:]], v, [3, 1])


def test_numbers_made_integers_are_constant() -> None:
    assert all(table.is_zero(kind) for kind in (np.int64, np.int32, np.uint8, np.intp, np.bool_))
