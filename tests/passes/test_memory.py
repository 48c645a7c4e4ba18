"""What is remembered between the stages changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import one_line_programs  # noqa: F401 - it enters its programs too
import pytest
from programs import CASES

from srcgrad.passes import NotStatic, generate, kind_of, statements
from srcgrad.passes.memory import Memory

Program = tuple[Callable[..., Any], tuple[Any, ...], tuple[int, ...]]


class Forgets(dict[int, Any]):
    """A dictionary that keeps nothing."""

    def __setitem__(self, key: int, value: Any) -> None:
        pass

    def setdefault(self, key: int, default: Any = None) -> Any:
        return default


def generated(program: Program, mode: str) -> str:
    f, args, argnums = program
    try:
        return generate(f, tuple(kind_of(a) for a in args), argnums, mode).source
    except NotStatic as error:
        return str(error)


@pytest.mark.parametrize("program", CASES, ids=[f.__name__ for f, _, _ in CASES])
def test_the_same_text_without_memory(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    remembered = [generated(program, mode) for mode in ("grad", "vjp", "jvp")]
    monkeypatch.setattr(statements, "Memory", lambda: Memory(Forgets(), Forgets()))
    monkeypatch.setattr(statements.Statements, "are_free", lambda self, known: False)
    assert [generated(program, mode) for mode in ("grad", "vjp", "jvp")] == remembered
