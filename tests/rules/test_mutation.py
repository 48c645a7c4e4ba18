"""Samples for what writes into an argument."""

from __future__ import annotations

from typing import Any

import numpy as np

rng = np.random.default_rng(23)
s = 0.7
v = rng.normal(size=5)
m = rng.normal(size=(3, 4))
t = rng.normal(size=(2, 3, 4))
square = rng.normal(size=(3, 3))
tall = rng.normal(size=(8, 3))
single = m.astype(np.float32)

SAMPLES: list[Any] = [
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
