"""Which derivatives are being taken at this moment, per thread: one trace per nested transform.

The outermost comes first. A trace's own arithmetic (tangents, sweeps) is done `at` the levels
outside of it, so that a derivative of a derivative sees that arithmetic as its program.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from srcgrad.errors import Place


class _State(threading.local):
    levels: tuple[Any, ...] = ()


state = _State()

# The code of rewritten functions: calls of these need no further rewriting, and a frame that runs
# one of these stands in the user's file.
rewritten: set[CodeType] = set()


def at(levels: tuple[Any, ...], function: Callable[..., Any], *args: Any) -> Any:
    """Call a function of the runtime's own as a program of the given outer levels."""
    saved = state.levels
    state.levels = levels
    try:
        if not levels:
            return function(*args)
        from srcgrad.runtime.calls import call  # calls.py is built upon this module

        return call(function, *args)
    finally:
        state.levels = saved


def run(trace: Any, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a user's function with one more trace inside the present ones."""
    from srcgrad.runtime.calls import call

    saved = state.levels
    state.levels = (*saved, trace)
    try:
        return call(function, *args, **kwargs)
    finally:
        state.levels = saved
        trace.open = False


def _user_frames() -> list[FrameType]:
    frames = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code in rewritten and not frame.f_globals.get("__name__", "").startswith("srcgrad."):
            frames.append(frame)
        frame = frame.f_back
    return frames


def places() -> list[Place]:
    """Where in the user's program this is, innermost call first."""
    found = []
    for frame in _user_frames():
        positions = list(frame.f_code.co_positions())
        line, end_line, column, end_column = positions[frame.f_lasti // 2]
        found.append(
            Place(
                frame.f_code.co_filename,
                line or frame.f_lineno,
                column or 0,
                end_column if end_line == line else None,
                function=frame.f_code.co_name,
            )
        )
    return found
