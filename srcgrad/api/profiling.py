"""Where a gradient spends its time and memory, by the lines of the function that it is of.

The generated function runs under a line tracer. Its forward sweep repeats the primal's lines, each part of its
reverse sweep stands below a comment that names one, and that is where the cost of a generated line goes.
"""

from __future__ import annotations

import inspect
import linecache
import os
import re
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

from srcgrad.errors import SourceUnavailableError, UnsupportedSyntaxError

_MARK = re.compile(r"^\s*# (.+):(\d+)  ")

_ASSIGNMENT = re.compile(r"^\s*([^=(]+?) [-+*/@%|&^<>]*= ")


@dataclass
class Spent:
    """What one line costs: seconds of each sweep, and the bytes that the forward sweep leaves for the other."""

    number: int
    text: str
    forward: float = 0.0
    backward: float = 0.0
    kept: int = 0


class Profile:
    """What `profile` returns: printed, it is a table."""

    def __init__(self, title: str, lines: list[Spent]) -> None:
        self.title = title
        self.lines = lines

    def __str__(self) -> str:
        rows = [f"{'forward':>11} {'backward':>11} {'kept':>11}  {self.title}"]
        for line in self.lines:
            seconds = "".join([f"{1e3 * s:9.3f} ms " if s else " " * 13 for s in (line.forward, line.backward)])
            kept = f"{line.kept / 1e3:8.1f} kB" if line.kept else " " * 11
            rows.append(f"{seconds[:12]}{seconds[13:25]}{kept}  {line.number:4d}  {line.text}".rstrip())
        total = [sum(line.forward for line in self.lines), sum(line.backward for line in self.lines)]
        rows.append(
            f"{1e3 * total[0]:8.3f} ms {1e3 * total[1]:8.3f} ms {sum(n.kept for n in self.lines) / 1e3:8.1f} kB  in all"
        )
        return "\n".join(rows)

    __repr__ = __str__


def profile(gradient: Any, *args: Any, **kwargs: Any) -> Profile:
    """The cost of `gradient(*args)` by the lines of its primal.

    Times are the least of a few calls; `kept` is what is allocated on a line in the forward sweep and still
    there when the reverse sweep begins. What a line calls counts as the line's own.

    Raises UnsupportedSyntaxError for a gradient that is recorded, which has no generated lines.
    """
    primal = gradient.primal
    gradient(*args, **kwargs)
    function = gradient.function
    if function is None:
        raise UnsupportedSyntaxError(
            f"{gradient!r} has no generated source whose lines could be measured: its calls are recorded",
            ways=("measure its parts, or see `python -m cProfile`",),
        )
    try:
        text, first = inspect.getsourcelines(primal)
    except (OSError, TypeError) as error:
        raise SourceUnavailableError(f"the source of {primal.__name__}() is not there to be shown") from error
    lines = {first + k: Spent(first + k, line.rstrip("\n")) for k, line in enumerate(text)}
    belongs = _origins(function.__code__, lines, os.path.basename(primal.__code__.co_filename))
    given = inspect.signature(primal).bind(*args, **kwargs)
    given.apply_defaults()
    rounds = [_measured(function, given.args, time.perf_counter) for _ in range(3)]
    bytes_ = _held(function, given.args)
    for number, (origin, is_forward) in belongs.items():
        seconds = min(spent.get(number, 0.0) for spent in rounds)
        if is_forward:
            lines[origin].forward += seconds
            lines[origin].kept += int(bytes_.get(number, 0))
        else:
            lines[origin].backward += seconds
    return Profile(f"{primal.__name__}()", list(lines.values()))


def _origins(code: CodeType, lines: dict[int, Spent], file: str) -> dict[int, tuple[int, bool]]:
    """For each generated line the primal's, and whether it is of the forward sweep."""
    known = [(number, spent.text.strip(), _target(spent.text)) for number, spent in lines.items()]
    found: dict[int, tuple[int, bool]] = {}
    waiting: list[int] = []
    first = min(lines)
    origin, is_forward = first, True
    last = max(n for _, _, n in code.co_lines() if n is not None)
    for number in range(code.co_firstlineno, last + 1):
        line = linecache.getline(code.co_filename, number)
        mark = _MARK.match(line)
        if mark and mark[1] == file and int(mark[2]) in lines:
            origin, is_forward = int(mark[2]), False
        elif not line.strip():
            is_forward = is_forward and number == code.co_firstlineno
        elif is_forward and (same := _same(line, known, origin)):
            origin = same
            # What has been named on the way to a statement belongs to it.
            found.update(dict.fromkeys(waiting, (origin, True)))
            waiting = []
        elif is_forward:
            waiting.append(number)
        found[number] = (origin, is_forward)
    return found


def _same(line: str, known: list[tuple[int, str, str]], after: int) -> int:
    """The primal's line that a generated line repeats, or whose variable it binds: the next one, or any."""
    text, target = line.strip(), _target(line)
    fits = [n for n, own, _ in known if own == text] or [n for n, _, own in known if target and own == target]
    return next((n for n in fits if n > after), fits[0] if fits else 0)


def _target(line: str) -> str:
    """What an assignment binds first."""
    assignment = _ASSIGNMENT.match(line)
    return assignment[1].partition(",")[0] if assignment else ""


def _measured(function: Callable[..., Any], args: tuple[Any, ...], clock: Callable[[], float]) -> dict[int, float]:
    """How far a clock moves on each line of one call; the tracer's own part is left out."""
    spent: dict[int, float] = {}
    line, since = 0, 0.0

    def step(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal line, since
        now = clock()
        if line:
            spent[line] = spent.get(line, 0.0) + now - since
        line = frame.f_lineno if event == "line" else 0
        since = clock()
        return step

    def enter(frame: FrameType, event: str, _: Any) -> Any:
        return step if event == "call" and frame.f_code is function.__code__ else None

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        function(*args)
    finally:
        sys.settrace(before)
    return spent


def _held(function: Callable[..., Any], args: tuple[Any, ...]) -> dict[int, float]:
    """The bytes by which the memory in use grows on each line of one call."""
    running = tracemalloc.is_tracing()
    if not running:
        tracemalloc.start()
    try:
        return _measured(function, args, lambda: tracemalloc.get_traced_memory()[0])
    finally:
        if not running:
            tracemalloc.stop()
