"""Indexing, sorting and choosing."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from tests.recorded.drawing import apart, complex_, real

ROWS = np.array([2, 0, 2])
GRID = np.array([[0, 1], [1, 2]])
MASK = np.array([True, False, True])


def samples(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    return {**indexed(xp), **chosen(xp), **ordered(xp)}


def indexed(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    return {
        "[1]": (lambda x: x[1] ** 2, real(3, 4)),
        "[-1, 2]": (lambda x: x[-1, 2] ** 2, real(3, 4)),
        "[1:]": (lambda x: x[1:] * x[:-1], real(5)),
        "[::-1]": (lambda x: x[::-1] * x, real(5)),
        "[::-2, 1::2]": (lambda x: x[::-2, 1::2] ** 2, real(4, 5)),
        "[None, :, None]": (lambda x: x[None, :, None] ** 2, real(3)),
        "[..., 0]": (lambda x: x[..., 0] * x[..., 1], real(2, 3, 2)),
        "[rows]": (lambda x: x[ROWS] ** 2, real(3, 2)),
        "[:, rows]": (lambda x: x[:, ROWS] ** 2, real(2, 3)),
        "[rows, rows]": (lambda x: x[ROWS, ROWS] ** 2, real(3, 3)),
        "[rows, 1:]": (lambda x: x[ROWS, 1:] ** 2, real(3, 3)),
        "[rows, None, ::-1]": (lambda x: x[ROWS, None, ::-1] ** 2, real(3, 2)),
        "[0, :, rows]": (lambda x: x[0, :, ROWS] ** 2, real(2, 2, 3)),
        "[grid]": (lambda x: x[GRID] ** 2, real(3)),
        "[mask]": (lambda x: x[MASK] ** 2, real(3, 2)),
        "[mask, 1]": (lambda x: x[MASK, 1] ** 2, real(3, 2)),
        "a repeated element": (lambda x: x[0] * x[0] + x[1], real(3)),
        "no element": (lambda x: x[3:] * 2.0, real(3)),
        "complex [rows]": (lambda x: x[ROWS] ** 2, complex_(3, 2)),
    }


def chosen(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    return {
        "take": (lambda x: xp.take(x**2, GRID), real(2, 3)),
        "take along 1": (lambda x: xp.take(x**2, ROWS, axis=1), real(2, 3)),
        "take, wrapped": (lambda x: xp.take(x**2, np.array([-1, 4, 7]), axis=0, mode="wrap"), real(3, 2)),
        "take, clipped": (lambda x: xp.take(x**2, np.array([0, 4, 7]), axis=0, mode="clip"), real(3, 2)),
        "take_along_axis": (lambda x: xp.take_along_axis(x**2, np.array([[1, 1], [2, 0]]), axis=1), real(2, 3)),
        "compress": (lambda x: xp.compress(MASK, x**2, axis=0), real(3, 2)),
        "extract": (lambda x: xp.extract(MASK, x**2), real(3)),
        "choose": (lambda a, b: xp.choose(np.array([0, 1, 1]), [a, b**2], mode="clip"), real(3), real(3)),
        "select": (lambda a, b: xp.select([MASK, ~MASK], [a**2, b], 0.0), real(3), real(3)),
        "select, with a default": (lambda a, b: xp.select([MASK & False, MASK], [a, a**2], b), real(3), real(3)),
        "where of three": (lambda c, a: xp.where(c > 0, a, a**2), real(3), real(2, 3)),
        "apply_along_axis": (lambda x: xp.apply_along_axis(lambda v: v[0] * v, 1, x), real(2, 3)),
        "apply_over_axes": (lambda x: xp.apply_over_axes(xp.sum, x**2, [0, 2]), real(2, 3, 2)),
        "vectorize": (lambda x, y: xp.vectorize(lambda a, b: a * a * b)(x, y), real(3), real(2, 1)),
        "bincount": (lambda w: xp.bincount(ROWS, weights=w**2), real(3)),
        "histogram": (
            lambda w: xp.histogram(np.array([0.1, 0.5, 0.2, 0.9]), bins=3, range=(0.0, 1.0), weights=w**2)[0],
            real(4),
        ),
    }


def ordered(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    return {
        "sort": (lambda x: xp.sort(x) ** 2, apart(5)),
        "sort along 0": (lambda x: xp.sort(x, axis=0) ** 2, apart(3, 2)),
        "sort flat": (lambda x: xp.sort(x, axis=None) ** 2, apart(3, 2)),
        "partition": (lambda x: xp.partition(x, 2)[2] ** 2, apart(5)),
        "argsort then index": (lambda x, w: w[xp.argsort(x)] * x, apart(5), real(5)),
        "argmax then index": (lambda x: x[xp.argmax(x)] ** 2, apart(5)),
        "top two": (lambda x: xp.sort(x)[-2:] * np.array([1.0, 3.0]), apart(5)),
        "unwrap": (lambda x: xp.unwrap(x * 4.0), apart(6)),
    }
