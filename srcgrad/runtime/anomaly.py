"""Watching for the first NaN or infinity: where an entry was made, and whether its numbers are finite."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcgrad.errors import AnomalyError, Place
from srcgrad.runtime.levels import user_place


class _Watch(threading.local):
    on = False

    def __init__(self) -> None:
        self.counts: dict[tuple[str, int, int], int] = {}


watch = _Watch()


class _Watchers:
    """How many threads are watching: quicker to ask than what belongs to each thread."""

    count = 0
    lock = threading.Lock()

    def changed(self, by: int) -> None:
        with self.lock:
            self.count += by


watchers = _Watchers()


@dataclass(frozen=True)
class Birth:
    """Where in the program a value was made, and at which evaluation of that expression."""

    place: Place | None
    calls: list[Place]
    inside: str
    turn: int


@contextmanager
def watching() -> Iterator[None]:
    """Switch watching on for this thread."""
    saved, watch.on = watch.on, True
    watch.counts = {}
    watchers.changed(+1)
    try:
        yield
    finally:
        watch.on = saved
        watchers.changed(-1)


def here() -> Birth:
    """The expression that is being evaluated."""
    place, calls, inside = user_place()
    turn = 0
    if place is not None:
        key = (place.filename, place.line, place.column)
        turn = watch.counts[key] = watch.counts.get(key, 0) + 1
    return Birth(place, calls, inside, turn)


def check_forward(y: Any) -> Birth:
    """Refuse a result that is not finite; else say where it was made."""
    birth = here()
    _refuse_unless_finite(y, birth, "the result of this expression")
    return birth


def check_tangent(y_dot: Any, birth: Birth) -> None:
    """Refuse a tangent that is not finite."""
    _refuse_unless_finite(y_dot, birth, "the tangent of this expression")


def check_backward(bar: Any, birth: Birth) -> None:
    """Refuse a cotangent that is not finite after an expression's reverse step."""
    if bar is not None:
        _refuse_unless_finite(bar, birth, "the cotangent that this expression passes back")


def _refuse_unless_finite(value: Any, birth: Birth, what: str) -> None:
    if isinstance(value, (tuple, list)):
        for part in value:
            _refuse_unless_finite(part, birth, what)
        return
    if np.all(np.isfinite(value)):
        return
    kind = "a NaN" if np.any(np.isnan(value)) else "an infinity"
    often = f", at its evaluation number {birth.turn}" if birth.turn > 1 else ""
    raise AnomalyError(
        f"{what} holds {kind}{often}{birth.inside}",
        birth.place,
        calls=birth.calls,
        ways=("guard the operands: clip them, or use np.where on the operand as well as on the result",),
    )
