"""Arguments drawn from a seed, the same on every machine and with every NumPy.

NumPy promises that the stream of RandomState never changes; that of default_rng may.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Draw = Callable[[np.random.RandomState], Any]


def seed_of(family: str, name: str) -> int:
    """The seed of a sample: by its name, so that a new sample leaves the others' numbers alone."""
    return zlib.crc32(f"{family}/{name}".encode()) % 2**31


def arguments(seed: int, draws: Sequence[Any]) -> list[Any]:
    """The arguments of a sample."""
    rng = np.random.RandomState(seed)
    return [drawn(d, rng) for d in draws]


def drawn(d: Any, rng: np.random.RandomState) -> Any:
    """One argument: a list of draws becomes a list, a constant stays what it is."""
    if isinstance(d, list):
        return [drawn(part, rng) for part in d]
    return d(rng) if callable(d) else d


def real(*shape: int) -> Draw:
    """Any sign, and not near zero, where many functions have a kink or a pole."""
    return lambda rng: np.asarray(rng.choice([-1.0, 1.0], shape) * rng.uniform(0.3, 1.7, shape))


def positive(*shape: int) -> Draw:
    return lambda rng: np.asarray(rng.uniform(0.4, 1.9, shape))


def above_one(*shape: int) -> Draw:
    return lambda rng: np.asarray(rng.uniform(1.2, 2.5, shape))


def inside(*shape: int) -> Draw:
    """Within (-1, 1)."""
    return lambda rng: np.asarray(rng.choice([-1.0, 1.0], shape) * rng.uniform(0.1, 0.9, shape))


def complex_(*shape: int) -> Draw:
    return lambda rng: real(*shape)(rng) + 1j * real(*shape)(rng)


def apart(*shape: int) -> Draw:
    """Values no two of which are near each other, for functions that sort."""
    return lambda rng: rng.permutation(np.prod(shape, dtype=int)).reshape(shape) * 0.37 - 1.1


def definite(*shape: int) -> Draw:
    """Symmetric positive definite matrices."""

    def draw(rng: np.random.RandomState) -> Any:
        a = rng.standard_normal(shape)
        return a @ np.swapaxes(a, -1, -2) / shape[-1] + np.eye(shape[-1])

    return draw


def regular(*shape: int) -> Draw:
    """Matrices far from singular ones."""

    def draw(rng: np.random.RandomState) -> Any:
        return 0.4 * rng.standard_normal(shape) + np.eye(*shape[-2:]) * np.arange(1.0, 1 + shape[-1])

    return draw


def number(rng: np.random.RandomState) -> float:
    """A Python float."""
    return float(positive()(rng))


def numpy_number(rng: np.random.RandomState) -> Any:
    """A scalar of NumPy's."""
    return np.float64(positive()(rng))


def single(draw: Draw) -> Draw:
    """The same in single precision."""

    def narrowed(rng: np.random.RandomState) -> Any:
        x = draw(rng)
        return x.astype(np.complex64 if np.iscomplexobj(x) else np.float32)

    return narrowed
