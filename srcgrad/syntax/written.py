"""A definition as it stands in its file: the text of each part, and the comments around it.

Python's own tree says where everything is, except for comments and colons. Those are found in the text.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from typing import Any

from srcgrad.syntax.ir import NotStatic, Span
from srcgrad.syntax.source import FunctionSource

Position = tuple[int, int]
_PLAIN_STRING = re.compile(r"""[A-Za-z]*('[^'\\\n]*'|"[^"\\\n]*")""")


class Written:
    """The lines of a definition; positions are lines of the file and columns in characters."""

    def __init__(self, source: FunctionSource) -> None:
        self.lines = [line.rstrip("\r\n") for line in source.lines]
        self.first = source.first_line
        # Python counts columns in bytes.
        self.plain = all(line.isascii() for line in self.lines)
        self.comments: dict[int, Position] = {}  # by line: the columns where a comment starts and ends
        if not isinstance(source.tree, ast.Lambda) and any("#" in line for line in self.lines):
            self.comments = _comments("".join(source.lines), self.first)

    def line(self, number: int) -> str:
        return self.lines[number - self.first]

    # Places -------------------------------------------------------------------------------------

    def column(self, line: int, column: int) -> int:
        if self.plain:
            return column
        return len(self.line(line).encode()[:column].decode())

    def start(self, node: Any) -> Position:
        return node.lineno, self.column(node.lineno, node.col_offset)

    def end(self, node: Any) -> Position:
        return node.end_lineno, self.column(node.end_lineno, node.end_col_offset)

    def span(self, node: Any) -> Span:
        return Span(*self.start(node), *self.end(node))

    def colon(self, after: Position) -> Position:
        """Where the first colon is, for a place that only brackets, commas and comments part from it."""
        line, column = after
        while True:
            text = self.line(line)
            if line in self.comments:
                text = text[: self.comments[line][0]]
            at = text.find(":", column)
            if at >= 0:
                return line, at
            line, column = line + 1, 0

    # Text ---------------------------------------------------------------------------------------

    def slice(self, start: Position, end: Position) -> str:
        """The text between two places; later lines keep their indentation relative to the first."""
        (line, column), (last, stop) = start, end
        if line == last:
            return self.line(line)[column:stop]
        first = self.line(line)
        indent = len(first) - len(first.lstrip())
        middle = [*(self.line(k) for k in range(line + 1, last)), self.line(last)[:stop]]
        if any(part[:indent].strip() for part in middle):
            indent = 0
        text = "\n".join([first[column:], *(part[indent:] for part in middle)])
        if '"""' in text or "'''" in text:
            raise NotStatic("a string over several lines", Span(line, column, last, stop))
        return text

    def text(self, node: Any) -> str:
        return self.slice(self.start(node), self.end(node))

    def is_one_string(self, node: ast.Constant) -> bool:
        """Whether a string is a single literal, not several in a row, on one line."""
        text = self.text(node)
        if _PLAIN_STRING.fullmatch(text):
            return True
        if "\n" in text:
            return False
        words = tokenize.generate_tokens(io.StringIO(text).readline)
        return sum(word.type == tokenize.STRING for word in words) == 1

    # Comments -----------------------------------------------------------------------------------

    def beside(self, line: int, column: int = 0) -> str:
        """The comment behind a place on its line, with the space in front of it."""
        if line not in self.comments or self.comments[line][0] < column:
            return ""
        text = self.line(line)
        start, end = self.comments[line]
        return text[len(text[:start].rstrip()) : end]

    def above(self, previous: int, line: int, deepest: int | None) -> tuple[str, ...]:
        """The comments on the lines between two, with one empty line kept where there were some.

        What is indented by more than `deepest`, and what is above that, ends the block before.
        """
        if line - previous < 2 or not self.comments:
            return ()
        found = list(range(previous + 1, line))
        if deepest is not None:
            ends = [k for k in found if k in self.comments and self.comments[k][0] > deepest]
            found = [k for k in found if not ends or k > ends[-1]]
        texts = [self.line(k)[slice(*self.comments[k])] if k in self.comments else "" for k in found]
        out: list[str] = []
        for text in texts:
            if text or (out and out[-1]):
                out.append(text)
        if texts and not texts[0] and any(out):
            out.insert(0, "")
        return tuple(out)


def _comments(text: str, first: int) -> dict[int, Position]:
    found = {}
    try:
        for word in tokenize.generate_tokens(io.StringIO(text).readline):
            if word.type == tokenize.COMMENT:
                found[word.start[0] + first - 1] = (word.start[1], word.end[1])
    except (tokenize.TokenError, SyntaxError) as error:
        raise NotStatic("its text could not be read") from error
    return found
