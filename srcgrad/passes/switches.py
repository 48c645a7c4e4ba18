"""Optimisations of generated code that can be left out, each by its name.

    SRCGRAD_WITHOUT=updates_in_place,sigmoids python your_program.py

Generated code is the same with and without them but for its speed and its last digits: to find out which is to
blame, and for the tests that run with each one off.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

NAMES = frozenset({
    "late_sums",  # a cotangent is summed to the shapes of operands, not of the expressions between
    "updates_in_place",  # `y += e` on an array stays as it is written
    "one_trace",  # what an iteration saves goes onto one list, read by `for … in reversed(saved)`
    "fused_sums",  # a loop that only adds to the result runs forward and backward at once
    "sigmoids",  # 1 / (1 + exp(-x)) is differentiated by its result
    "factors_out",  # a factor that is the same along an axis comes after the sum over it
    "rare_guards",  # what only an overflow makes infinite is looked for in the result
})  # fmt: skip

_off = frozenset(name for name in os.environ.get("SRCGRAD_WITHOUT", "").split(",") if name)
if not _off <= NAMES:
    raise ValueError(f"SRCGRAD_WITHOUT names no optimisation: {', '.join(sorted(_off - NAMES))}")


def on(name: str) -> bool:
    """Whether an optimisation is made."""
    return name not in _off


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Leave optimisations out of what is generated inside."""
    global _off
    saved, _off = _off, _off | frozenset(names)
    try:
        yield
    finally:
        _off = saved
