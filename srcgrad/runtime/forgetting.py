"""How the tiers recognise what `checkpoint` made, without importing it.

A function that is to keep a bounded number of its loops' states is the user's function with one more constant in its
code, which nothing reads: what is generated for that code is never taken for what is generated for the plain one.
"""

from __future__ import annotations

from types import CodeType, FunctionType
from typing import Any

_MARK = "srcgrad.checkpoint"
Budget = tuple[int | None, Any]


def with_budget(f: FunctionType, budget: int | None, memory: Any) -> FunctionType:
    """The same function with a bound on the states that its loops keep."""
    code = f.__code__
    marked = code.replace(co_consts=(*code.co_consts, (_MARK, budget, memory)))
    made = FunctionType(marked, f.__globals__, f.__name__, f.__defaults__, f.__closure__)
    made.__kwdefaults__ = f.__kwdefaults__
    made.__qualname__, made.__module__, made.__doc__ = f.__qualname__, f.__module__, f.__doc__
    made.__dict__.update(f.__dict__)
    return made


def budget_of(f: Any) -> Budget | None:
    """The number of states and the memory that a function's loops may keep, where these are bounded."""
    return f.__code__.co_consts[-1][1:] if _is_marked(f.__code__) else None


def unmarked(code: CodeType) -> CodeType:
    """The code as it was compiled."""
    return code.replace(co_consts=code.co_consts[:-1]) if _is_marked(code) else code


def _is_marked(code: CodeType) -> bool:
    last = code.co_consts[-1] if code.co_consts else None
    return isinstance(last, tuple) and last[:1] == (_MARK,)


def is_checkpoint(f: Any) -> bool:
    """Whether this is `srcgrad.checkpoint`."""
    return getattr(f, "__name__", "") == "checkpoint" and getattr(f, "__module__", "") == "srcgrad.api.checkpointing"


def under(f: Any) -> Any:
    """The function that a checkpointed one is differentiated as; anything else as it is."""
    return getattr(f, "__srcgrad_under__", f) if type(f).__name__ == "Checkpointed" else f


def forgets(f: Any) -> bool:
    """Whether calls of f keep their arguments alone."""
    return under(f) is not f
