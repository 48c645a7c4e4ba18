"""What srcgrad refuses, said so that the reader can act on it.

Every refusal is a SrcgradError. It names the place in the user's file, shows the line with a caret
under the expression, says why, tells how the place was reached, and gives at least one way out:

    model.py:12:9: no derivative rule for numpy.i0e

       12 |     k = np.i0e(kappa * r)
          |         ^^^^^^^^^^^^^^^^^
      in likelihood(), called from loss() at model.py:30

      give it one:  srcgrad.register_rule(np.i0e, ...)
      or, if it is constant in the argument:  srcgrad.stop_gradient(np.i0e(kappa * r))
"""

from __future__ import annotations

import linecache
import os
from collections.abc import Iterable
from dataclasses import dataclass

# Longer source lines are cut around the caret, so that a terminal does not wrap them.
WIDEST = 100


@dataclass(frozen=True)
class Place:
    """A span of the user's source.

    `line` counts from 1, columns from 0 in characters, as in libcst; what is printed counts both
    from 1, as editors do. `end_column` is the first column after the span; None stands for the end
    of the line, which is also right for a span that goes on in later lines. Where `text`, the
    line itself, is not given, it is looked up when it is needed.
    """

    filename: str
    line: int
    column: int = 0
    end_column: int | None = None
    text: str = ""
    function: str = ""

    def __str__(self) -> str:
        return f"{_short(self.filename)}:{self.line}:{self.column + 1}"

    def source_line(self) -> str:
        """The text of the line without its newline, or an empty text where there is none."""
        return (self.text or linecache.getline(self.filename, self.line)).rstrip()

    def excerpt(self) -> str:
        """The line with its number in a gutter and carets under the span; empty without a source."""
        text = self.source_line()
        if not text.strip():
            return ""
        start = min(self.column, len(text))
        end = len(text) if self.end_column is None else min(self.end_column, len(text))
        line = text.expandtabs(4)
        start, end = len(text[:start].expandtabs(4)), len(text[:end].expandtabs(4))
        before, span, after = _cut(line[:start], line[start:end], line[end:])
        carets = "^" * max(1, _width(span))
        shown = f"{self.line:5d} | {before}{span}{after}"
        return f"{shown}\n      | {' ' * _width(before)}{carets}"


def _short(filename: str) -> str:
    """A path below the working directory as seen from there; any other name as it is."""
    here = os.path.join(os.path.abspath(os.curdir), "")
    return filename.removeprefix(here)


def _width(text: str) -> int:
    """How many columns of a terminal a text takes: CJK characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def _cut(before: str, span: str, after: str) -> tuple[str, str, str]:
    """Shorten a line that is too wide, keeping the span and what is near it."""
    if len(before) + len(span) + len(after) <= WIDEST:
        return before, span, after
    if len(span) > WIDEST // 2:
        span = span[: WIDEST // 2 - 1] + "…"
        after = ""
    room = (WIDEST - len(span)) // 2
    if len(before) > room:
        before = "…" + before[len(before) - room + 1 :]
    room = WIDEST - len(span) - len(before)
    if len(after) > room:
        after = after[: room - 1] + "…"
    return before, span, after


class SrcgradError(Exception):
    """Base of everything that srcgrad refuses.

    `what` says what is wrong and why, `place` where; `calls` are the call sites by which the place
    was reached, innermost first, each with the name of the calling function; `ways` are ways out,
    each a phrase or a line of code, which read well after the word "or".
    """

    def __init__(
        self, what: str, place: Place | None = None, *, ways: Iterable[str] = (), calls: Iterable[Place] = ()
    ) -> None:
        super().__init__(what)
        self.what = what
        self.place = place
        self.ways = tuple(ways)
        self.calls = tuple(calls)

    def __str__(self) -> str:
        if self.place is None:
            head = self.what
        else:
            where = "\n".join(part for part in (self.place.excerpt(), self._route()) if part)
            head = f"{self.place}: {self.what}" + (f"\n\n{where}" if where else "")
        return f"{head}\n\n{self._ways_out()}" if self.ways else head

    def _route(self) -> str:
        """`in likelihood(), called from loss() at model.py:30`"""
        steps = [f"in {self.place.function}()"] if self.place and self.place.function else []
        for call in self.calls:
            caller = f" {call.function}() at" if call.function else ""
            steps.append(f"called from{caller} {_short(call.filename)}:{call.line}")
        first, rest = steps[:2], steps[2:]
        lines = [", ".join(first), *rest] if first else []
        return ",\n".join(f"  {line}" for line in lines)

    def _ways_out(self) -> str:
        first, *others = self.ways
        return "\n".join("  " + way.replace("\n", "\n  ") for way in (first, *(f"or, {way}" for way in others)))


class UnsupportedSyntaxError(SrcgradError):
    """A construct of Python that has no derivative here: yield in the function, async, exec …"""


class MissingRuleError(SrcgradError):
    """A library function on the way from the argument to the result whose derivative is unknown."""


class MissingExtraError(SrcgradError, ImportError):
    """A package that is installed with one of srcgrad's extras, and is not there."""


class SourceUnavailableError(SrcgradError):
    """A function that cannot be read: written in C, built by exec, its file gone or changed."""


class NotDifferentiableError(SrcgradError, TypeError):
    """An argument or a result of a kind that has no derivative, such as an array of integers.

    A TypeError too, since the caller handed over the wrong type.
    """


class AnomalyError(SrcgradError, FloatingPointError):
    """The first NaN or infinity under detect_anomaly().

    A FloatingPointError too, as NumPy raises under np.errstate(all="raise").
    """
