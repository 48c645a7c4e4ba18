"""Watching for the first NaN or infinity: where an entry was made, and whether its numbers are finite."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from srcgrad.errors import AnomalyError, Place
from srcgrad.runtime.levels import places


class _Watch(threading.local):
    on = False
    counts: Counter[tuple[str, int, int]] = Counter()


watch = _Watch()


@contextmanager
def watching() -> Iterator[None]:
    """Switch watching on for this thread."""
    saved, watch.on = watch.on, True
    watch.counts = Counter()
    try:
        yield
    finally:
        watch.on = saved


def check_forward(y: Any) -> tuple[list[Place], int]:
    """Refuse a result that is not finite; else say where it was made, and for the how-manieth time."""
    where = places()
    turn = 0
    if where:
        key = (where[0].filename, where[0].line, where[0].column)
        watch.counts[key] += 1
        turn = watch.counts[key]
    refuse_unless_finite(y, where, turn, "the result of this expression")
    return where, turn


def refuse_unless_finite(value: Any, where: list[Place], turn: int, what: str) -> None:
    """Raise AnomalyError where a value holds a NaN or an infinity."""
    if isinstance(value, (tuple, list)):
        for part in value:
            refuse_unless_finite(part, where, turn, what)
        return
    if np.all(np.isfinite(value)):
        return
    kind = "NaN" if np.any(np.isnan(value)) else "infinity"
    often = f", at its evaluation number {turn}" if turn > 1 else ""
    raise AnomalyError(
        f"{what} holds a {kind}{often}" if kind == "NaN" else f"{what} holds an {kind}{often}",
        where[0] if where else None,
        calls=where[1:],
        ways=("guard the operands: clip them, or use np.where on the operand as well as on the result",),
    )
