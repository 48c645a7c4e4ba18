"""Small programs whose operands differ in kind: lists, numbers, dtypes, ranks."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from tests.recorded.drawing import complex_, definite, number, numpy_number, positive, real, single


def samples(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    return {
        "a list of arrays": (lambda xs: xp.stack(xs) * xs[0], [real(3), real(3)]),
        "a list of numbers": (lambda xs: xp.array(xs) ** 2, [number, number]),
        "a list with a constant": (lambda x: xp.sum(xp.stack([x, xp.ones(3), x**2]), axis=0), real(3)),
        "a single and complex": (lambda a, z: a * z + a, single(real(3)), complex_(3)),
        "a single, complex single": (lambda a, z: a * z, single(real(3)), single(complex_(3))),
        "a single and a NumPy number": (lambda a, b: a * b, single(real(3)), numpy_number),
        "a real part": (lambda x, z: xp.real(x * z), real(3), complex_(3)),
        "complex made real": (lambda x: xp.abs(xp.exp(1j * x) + x), real(3)),
        "integers beside": (lambda x: x * np.arange(3) + np.array([1, 2, 3]) / x, real(3)),
        "a mask beside": (lambda x: x * np.array([True, False, True]), real(3)),
        "ranks that grow": (lambda a, b, c: a * b + b[0] @ c, real(), real(2, 3), real(3)),
        "logistic regression": (
            lambda w, x: xp.sum(xp.log1p(xp.exp(-(x @ w) * np.array([1.0, -1.0, 1.0])))),
            real(2),
            real(3, 2),
        ),
        "a normal density": (
            lambda m, s, x: -0.5 * xp.sum((x - m) @ xp.linalg.inv(s) * (x - m)) - xp.linalg.slogdet(s)[1],
            real(2),
            definite(2, 2),
            real(4, 2),
        ),
        "attention": (
            lambda q, k, v: (lambda s: xp.exp(s) / xp.sum(xp.exp(s), -1, keepdims=True))(q @ k.T / 2.0) @ v,
            real(3, 2),
            real(4, 2),
            real(4, 2),
        ),
        "layer norm": (
            lambda x, g: (x - x.mean(-1, keepdims=True)) / xp.sqrt(x.var(-1, keepdims=True) + 1e-5) * g,
            real(2, 4),
            positive(4),
        ),
        "distances": (lambda x: xp.sum(xp.sqrt(xp.sum((x[:, None] - x[None]) ** 2, -1) + 1.0)), real(3, 2)),
        "pairs": (lambda x: xp.triu(xp.outer(x, x), 1), real(4)),
        "a gaussian process": (
            lambda x, y: y @ xp.linalg.solve(xp.exp(-((x[:, None] - x) ** 2)) + xp.eye(3), y),
            real(3),
            real(3),
        ),
    }
