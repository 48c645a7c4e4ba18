"""Breakpoints in a function that is being recorded: the debugger stops in the user's frame, not in the recorder's."""

from __future__ import annotations

import os
import sys
from typing import Any

from srcgrad.runtime.levels import user_frame


def stopped(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`breakpoint()` and `pdb.set_trace()`: pdb stops in the user's function, another debugger where it will."""
    frame = user_frame()
    if frame is None or (f is breakpoint and sys.breakpointhook is not sys.__breakpointhook__):
        return f(*args, **kwargs)
    if f is breakpoint and os.environ.get("PYTHONBREAKPOINT") not in (None, "", "pdb.set_trace"):
        return f(*args, **kwargs)
    import pdb  # noqa: T100 - the user asked for it

    debugger = pdb.Pdb(**{name: value for name, value in kwargs.items() if name == "commands"})
    if kwargs.get("header") is not None:
        debugger.message(kwargs["header"])
    debugger.set_trace(frame)
    return None
