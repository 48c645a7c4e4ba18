"""The static tier: from a function's intermediate representation to the text of its derivative.

`generate` is the whole of it: a function and the kinds of its arguments in, the text of a module out, or
NotStatic where anything in the function is not positively understood. It is loaded when first used:
a pickled or saved gradient does without it.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from srcgrad.passes.kinds import kind_of
from srcgrad.syntax.ir import NotStatic

if TYPE_CHECKING:
    from srcgrad.passes.pipeline import Generated


def generate(
    function: Any,
    kinds: tuple[Hashable, ...],
    argnums: tuple[int, ...],
    mode: str,
    *,
    apart: bool = False,
    guarded: bool = False,
) -> Generated:
    """The module of a derivative, for arguments of these kinds; see `pipeline`."""
    from srcgrad.passes import pipeline

    return pipeline.generate(function, kinds, argnums, mode, apart=apart, guarded=guarded)


def likely_kinds(function: Any, argnums: tuple[int, ...], mode: str) -> tuple[Hashable, ...] | None:
    """Kinds of arguments for which the function makes sense; see `pipeline`."""
    from srcgrad.passes import pipeline

    return pipeline.likely_kinds(function, argnums, mode)


__all__ = ["NotStatic", "generate", "kind_of", "likely_kinds"]
