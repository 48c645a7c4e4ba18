"""Which derivatives are being taken at this moment, per thread: one trace per nested transform.

The outermost comes first. A trace's own arithmetic (tangents, sweeps) is done `at` the levels
outside of it, so that a derivative of a derivative sees that arithmetic as its program.
"""

from __future__ import annotations

import linecache
import sys
import threading
from collections.abc import Callable, Iterable
from types import CodeType, FrameType
from typing import Any

from srcgrad.errors import Place, UnsupportedSyntaxError


class _State(threading.local):
    levels: tuple[Any, ...] = ()
    # Texts made of numbers that a derivative depends on, by id, while one is being taken.
    texts: dict[int, Any] | None = None
    shown = False


state = _State()

# The code of rewritten functions: calls of these need no further rewriting, and a frame that runs
# one of these stands in the user's file.
rewritten: set[CodeType] = set()

LIBRARIES = frozenset(sys.stdlib_module_names) | {"numpy", "scipy"}


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
    if not saved:
        state.texts = {}
    try:
        return call(function, *args, **kwargs)
    finally:
        state.levels = saved
        if not saved:
            state.texts = None
        trace.open = False


def carried(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function for another thread to call, recorded in the traces of this one."""
    from srcgrad.runtime.calls import call

    levels = state.levels

    def carry(*args: Any, **kwargs: Any) -> Any:
        saved = state.levels
        state.levels = tuple([level for level in levels if level.open])
        try:
            return call(function, *args, **kwargs)
        finally:
            state.levels = saved

    return carry


def places() -> list[Place]:
    """Where in the user's program this is, innermost call first."""
    return [_place(frame) for frame in _frames() if not _is_library(frame)]


def user_place() -> tuple[Place | None, list[Place], str]:
    """The user's place and the calls that led to it; and, if inside of a library, its function."""
    frames = _frames()
    inside = ""
    own = [frame for frame in frames if not _is_library(frame)]
    if own:
        if frames[0] is not own[0]:
            entered = frames[frames.index(own[0]) - 1]
            inside = f", inside {entered.f_globals.get('__name__')}.{entered.f_code.co_qualname}()"
        frames = own
    found = [_place(frame) for frame in frames]
    return (found[0] if found else None), found[1:], inside


def user_frame() -> FrameType | None:
    """The frame of the user's program in which this is."""
    return next((frame for frame in _frames() if not _is_library(frame)), None)


def refused(what: str, *, ways: Iterable[str]) -> UnsupportedSyntaxError:
    """The refusal of what the user's program is doing at this moment."""
    place, calls, inside = user_place()
    return UnsupportedSyntaxError(f"{what}{inside}", place, calls=calls, ways=ways)


def _frames() -> list[FrameType]:
    frames = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code in rewritten and not frame.f_globals.get("__name__", "").startswith("srcgrad."):
            frames.append(frame)
        frame = frame.f_back
    return frames


def is_users(frame: FrameType) -> bool:
    """Whether a frame runs code of the user's, not of a library or of srcgrad."""
    return not _is_library(frame) and not str(frame.f_globals.get("__name__", "")).startswith("srcgrad.")


def _is_library(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] in LIBRARIES


def _place(frame: FrameType) -> Place:
    # The position of one instruction, without making a list of all.
    instruction = frame.f_lasti // 2
    line, end_line, column, end_column = next(
        position for k, position in enumerate(frame.f_code.co_positions()) if k == instruction
    )
    filename, number = frame.f_code.co_filename, line or frame.f_lineno
    text = linecache.getline(filename, number)
    return Place(
        filename,
        number,
        _characters(text, column or 0),
        _characters(text, end_column) if end_line == line and end_column is not None else None,
        function=frame.f_code.co_name,
    )


def _characters(text: str, column: int) -> int:
    """Python counts columns in bytes of UTF-8."""
    return column if text.isascii() else len(text.encode()[:column].decode(errors="ignore"))
