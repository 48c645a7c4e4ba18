"""The static tier: from a function's intermediate representation to the text of its derivative."""

from __future__ import annotations

from srcgrad.passes.kinds import kind_of
from srcgrad.passes.pipeline import Generated, generate
from srcgrad.syntax.ir import NotStatic

__all__ = ["Generated", "NotStatic", "generate", "kind_of"]
