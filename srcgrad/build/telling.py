"""Exceptions out of generated code, with a note of the user's line.

The traceback shows the generated source. Which line of the user's that is, the user's function tells
when it is called once more: functions that are compiled do nothing but compute. What only the reverse
sweep raises stands below a comment that names the line.
"""

from __future__ import annotations

import linecache
import os
import re
import traceback
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from srcgrad.errors import SrcgradError
from srcgrad.runtime.leaves import copied_tree

_HEAD = "in the function to be differentiated:"
_MARK = re.compile(r"^\s*# ([^:]+):(\d+)  (.*)")


def tell(error: BaseException, f: Callable[..., Any], args: Sequence[Any]) -> None:
    """Add to an exception where in the user's files it comes from."""
    if isinstance(error, SrcgradError) or any(n.startswith(_HEAD) for n in getattr(error, "__notes__", ())):
        return
    trace = _generated(error.__traceback__)
    if trace is None:
        return
    shown = _of_the_function(error, f, args) or _of_a_comment(trace, f)
    if shown:
        error.add_note(f"{_HEAD}\n{shown.rstrip()}")


def _generated(trace: TracebackType | None) -> TracebackType | None:
    """The last frame of a traceback that runs generated code."""
    found = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.startswith("<srcgrad "):
            found = trace
        trace = trace.tb_next
    return found


def _of_the_function(error: BaseException, f: Callable[..., Any], args: Sequence[Any]) -> str:
    """The frames in which the function itself raises an exception of this kind, if it does.

    What it says then is what is said: a generated line may fail in other words.
    """
    seen: dict[int, Any] = {}
    try:
        f(*[copied_tree(a, seen) for a in args])
    except Exception as own:
        if type(own) is type(error) and own.__traceback__ is not None:
            error.args = own.args
            return "".join(traceback.format_tb(own.__traceback__.tb_next))
    return ""


def _of_a_comment(trace: TracebackType, f: Any) -> str:
    """The line that the nearest comment above a generated line names."""
    filename = trace.tb_frame.f_code.co_filename
    for number in range(trace.tb_lineno, 0, -1):
        mark = _MARK.match(linecache.getline(filename, number))
        if mark:
            file, line, text = mark.groups()
            own: str = f.__code__.co_filename
            path = own if os.path.basename(own) == file else file
            return f'  File "{path}", line {line}, in {f.__name__}\n    {text}'
    return ""
