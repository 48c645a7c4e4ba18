"""Samples of NumPy's functions whose derivatives JAX and PyTorch have computed.

Each file holds one family: `samples(xp)` gives functions of arrays over a module xp, which is NumPy
under srcgrad and jax.numpy or torch for the record, and the arguments to draw for each:

    "hypot": (lambda a, b: xp.hypot(a, b), real(3, 4), real(4)),

tools/record_oracles.py writes tests/oracles_data from them; tests/test_against_recorded.py compares.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

FAMILIES = tuple(
    "elementwise reductions shapes selection products linalg numerics fft kinds ties special matrices distributions".split()
)


def samples(family: str, xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    """The samples of a family by name: a function of xp's arrays, then what its arguments are drawn from."""
    found: dict[str, tuple[Any, ...]] = importlib.import_module(f"tests.recorded.{family}").samples(xp)
    return found
