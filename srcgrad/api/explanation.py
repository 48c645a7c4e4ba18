"""A function and its derivative side by side, with the lines that belong together marked.

The generated source names the primal's line above each reverse statement; that is what ties the two.
"""

from __future__ import annotations

import html
import inspect
import re
import textwrap
from dataclasses import dataclass
from typing import Any

from srcgrad.errors import SourceUnavailableError

_MARK = re.compile(r"^\s*# [^:]+:(\d+)  ")


@dataclass(frozen=True)
class Line:
    """One line of source; `origin` is the primal's line that it belongs to, 0 for none."""

    text: str
    origin: int


class Explanation:
    """What `gradient.explain()` returns: text when printed, a page where HTML is shown."""

    def __init__(self, gradient: Any) -> None:
        f = gradient.primal
        try:
            lines, first = inspect.getsourcelines(f)
        except (OSError, TypeError) as error:
            raise SourceUnavailableError(
                f"the source of {getattr(f, '__name__', f)!s} is not there to be shown"
            ) from error
        text = textwrap.dedent("".join(lines)).rstrip("\n").split("\n")
        self.title = getattr(f, "__name__", "function")
        self.primal = [Line(line, first + k) for k, line in enumerate(text)]
        self.derivative = _with_origins(gradient.source.rstrip("\n").split("\n"), self.primal)

    def __str__(self) -> str:
        left = [f"{line.origin:4d}  {line.text}" for line in self.primal]
        right = [f"{line.origin or '':>4}  {line.text}" for line in self.derivative]
        width = max(len(line) for line in left)
        count = max(len(left), len(right))
        left += [""] * (count - len(left))
        right += [""] * (count - len(right))
        return "\n".join(f"{a:<{width}}  |  {b}".rstrip() for a, b in zip(left, right, strict=True))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<style>{_STYLE}</style>{self._columns()}<script>{_SCRIPT}</script>"

    def page(self) -> str:
        """One self-contained HTML page."""
        title = html.escape(f"{self.title} and its derivative")
        return (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
            f"<body><h1>{title}</h1>{self._repr_html_()}</body></html>\n"
        )

    def _columns(self) -> str:
        return f'<div class="sg"><pre>{_block(self.primal)}</pre><pre>{_block(self.derivative)}</pre></div>'


def _block(lines: list[Line]) -> str:
    return "".join(
        f'<span class="l" data-o="{line.origin}"><i>{line.origin or ""}</i>{html.escape(line.text) or " "}\n</span>'
        for line in lines
    )


def _with_origins(lines: list[str], primal: list[Line]) -> list[Line]:
    """Each generated line with the primal's line: named in a comment above it, or the same statement."""
    by_text = {line.text.strip(): line.origin for line in reversed(primal) if line.text.strip()}
    found = []
    origin = 0
    for line in lines:
        mark = _MARK.match(line)
        if mark:
            origin = int(mark[1])
        elif line.strip() in by_text:
            origin = by_text[line.strip()]
        elif not line.strip():
            origin = 0
        found.append(Line(line, origin))
    return found


_STYLE = (
    ".sg{display:flex;gap:2em;font-size:13px}.sg pre{margin:0}.sg .l{display:block;min-height:1.2em}"
    ".sg .l i{display:inline-block;width:3em;color:#888;font-style:normal}.sg .l.on{background:#fe8}"
)
_SCRIPT = (
    "document.querySelectorAll('.sg').forEach(box=>box.querySelectorAll('.l').forEach(line=>{"
    "const same=()=>line.dataset.o==='0'?[line]:box.querySelectorAll(`.l[data-o='${line.dataset.o}']`);"
    "line.onmouseenter=()=>same().forEach(l=>l.classList.add('on'));"
    "line.onmouseleave=()=>same().forEach(l=>l.classList.remove('on'))}))"
)
