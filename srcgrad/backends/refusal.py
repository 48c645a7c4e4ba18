"""The signal that a text has no form for numba."""

from __future__ import annotations

import ast


class Untranslatable(Exception):
    """What numba, or a rewriting for it, cannot take; `line` is that of the generated text.

    `missing` says that numba itself is not there.
    """

    def __init__(self, reason: str, node: ast.AST | None = None, line: int = 0, *, missing: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.missing = missing
        self.line = line or getattr(node, "lineno", 0)
