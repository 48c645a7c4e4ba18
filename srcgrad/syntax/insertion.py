"""Generated functions written into the file of the function that they belong to.

before                          after
    def loss(w):                    def loss(w):
        ...                             ...

    # the rest                      # srcgrad: begin loss_grad, generated from loss()
                                    def loss_grad(w):
                                        ...
                                    # srcgrad: end loss_grad

                                    # the rest

Whatever is not between the two comments stays as it is, to the byte: comments, blank lines, line ends and encoding.
Where a comment stands, and where the line ends that a statement is on, only a concrete syntax tree knows; it is
the one thing here for which Python's own ast does not do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

_BEGIN, _END = "# srcgrad: begin ", "# srcgrad: end "


@dataclass(slots=True)
class Statement:
    """A statement of the module: where it and its comments end, and the names that it binds."""

    start: int
    end: int
    names: set[str] = field(default_factory=set)


class _File:
    """A file's text as UTF-8, its statements, and where its comments are."""

    def __init__(self, source: bytes) -> None:
        wrapper = MetadataWrapper(cst.parse_module(source))
        self.encoding = wrapper.module.encoding
        self.data = source.decode(self.encoding).encode()
        self.newline = wrapper.module.default_newline
        self.spans = wrapper.resolve(ByteSpanPositionProvider)
        self.statements = []
        for statement in wrapper.module.body:
            found = _Reader(self)
            statement.visit(found)
            span = self.spans[statement]
            end = max([span.start + span.length, *[end for start, end, _ in found.comments if start > span.start]])
            self.statements.append(Statement(span.start, end, found.names))
        everything = _Reader(self)
        wrapper.module.visit(everything)
        self.comments = everything.comments

    def line_end(self, place: int) -> int:
        """Where the line ends, with its line end, in which a place is."""
        found = re.compile(rb"[^\r\n]*(\r\n|\n|\r)?").match(self.data, place)
        assert found is not None
        return found.end()

    def blocks(self, name: str | None = None) -> list[tuple[int, int]]:
        """From where to where generated parts go, with the two comments and up to two blank lines above."""
        found = []
        begin: int | None = None
        for start, end, text in self.comments:
            if text.startswith(_BEGIN) and (name is None or text[len(_BEGIN) :].partition(",")[0] == name):
                begin = start
            elif begin is not None and text.startswith(_END) and (name is None or text[len(_END) :] == name):
                above = re.search(rb"(?<=\n)(\r?\n){1,2}\Z|(?<=\r)\r{1,2}\Z", self.data[:begin])
                found.append((above.start() if above else begin, self.line_end(end)))
                begin = None
        return found


def names_of_blocks(source: bytes) -> set[str]:
    """The names that the generated parts of a file define."""
    file = _File(source)
    blocks = file.blocks()
    inside = [s for s in file.statements if any(start <= s.start < end for start, end in blocks)]
    return set().union(*[s.names for s in inside])


def with_block(source: bytes, path: str, name: str, block: str) -> bytes:
    """The file with a block of text beneath a function, in place of an earlier block of that name.

    `path` is the function's dotted name. Raises LookupError where the file does not define it.
    """
    file = _File(source)
    for start, end in reversed(file.blocks(name)):
        source = (file.data[:start] + file.data[end:]).decode().encode(file.encoding)
        file = _File(source)
    places = [s.end for s in file.statements if path.partition(".")[0] in s.names]
    if not places:
        raise LookupError(path)
    place = file.line_end(places[-1])
    text = f"\n\n{_BEGIN}{name}, generated from {path}()\n{block.rstrip()}\n{_END}{name}\n"
    above = file.data[:place].decode()
    if not above.endswith(("\n", "\r")):
        text = f"\n{text}"
    made = above + text.replace("\n", file.newline) + file.data[place:].decode()
    return made.encode(file.encoding)


class _Reader(cst.CSTVisitor):
    """The comments in a part of the tree, and the names that it binds by def, class, import or assignment."""

    def __init__(self, file: _File) -> None:
        self.file = file
        self.comments: list[tuple[int, int, str]] = []
        self.names: set[str] = set()
        self.depth = 0

    def visit_Comment(self, node: cst.Comment) -> None:
        span = self.file.spans[node]
        self.comments.append((span.start, span.start + span.length, node.value))

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.bind(node.name.value)
        self.depth += 1

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:  # noqa: ARG002 - libcst's signature
        self.depth -= 1

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self.bind(node.name.value)
        self.depth += 1

    def leave_ClassDef(self, original_node: cst.ClassDef) -> None:  # noqa: ARG002 - libcst's signature
        self.depth -= 1

    def visit_AssignTarget(self, node: cst.AssignTarget) -> None:
        if isinstance(node.target, cst.Name):
            self.bind(node.target.value)

    def visit_ImportAlias(self, node: cst.ImportAlias) -> None:
        self.bind(node.evaluated_alias or node.evaluated_name.partition(".")[0])

    def bind(self, name: str) -> None:
        """Note a name of the module's."""
        if not self.depth:
            self.names.add(name)
