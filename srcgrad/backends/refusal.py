"""The signals that a text has no form for numba, and that its form is not for the arguments at hand."""

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


class Unfit(Exception):
    """Raised by compiled code for what it leaves to the NumPy form, which then computes the whole call.

    Lengths that NumPy would broadcast, a reduction's special cases, derivatives that are not finite, exceptions of
    the program itself: the NumPy form raises those with their text.
    """
