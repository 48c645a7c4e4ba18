"""Generated functions written into the file of the function that they belong to.

before                          after
    def loss(w):                    def loss(w):
        ...                             ...

    # the rest                      # srcgrad: begin loss_grad, generated from loss()
                                    def loss_grad(w):
                                        ...
                                    # srcgrad: end loss_grad

                                    # the rest

The file is edited as a concrete syntax tree, so that whatever is not between the two comments stays as it is to the
byte: comments, blank lines, line ends and encoding. This is the one place for which Python's own ast does not do.
"""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement
_BEGIN, _END = "# srcgrad: begin ", "# srcgrad: end "


def names_of_blocks(source: bytes) -> set[str]:
    """The names that the generated parts of a file define."""
    found: set[str] = set()
    inside = False
    for statement in cst.parse_module(source).body:
        for line in _leading(statement):
            inside = (inside or _says(line, _BEGIN)) and not _says(line, _END)
        if inside:
            found |= _defined(statement)
    return found


def with_block(source: bytes, path: str, name: str, block: str) -> bytes:
    """The file with a block of text beneath a function, in place of an earlier block of that name.

    `path` is the function's dotted name. Raises LookupError where the file does not define it.
    """
    module = _without(cst.parse_module(source), name)
    top = path.partition(".")[0]
    places = [k for k, statement in enumerate(module.body) if top in _defined(statement)]
    if not places:
        raise LookupError(top)
    after = places[-1] + 1
    made = list(cst.parse_module(block).body)
    begin = [_blank(), _blank(), _comment(f"{_BEGIN}{name}, generated from {path}()")]
    made[0] = _led(made[0], begin)
    end = [_comment(f"{_END}{name}")]
    body: list[Statement] = [*module.body[:after], *made, *module.body[after:]]
    if after < len(module.body):
        following = body[after + len(made)]
        body[after + len(made)] = _led(following, [*end, *_leading(following)])
        return module.with_changes(body=body).bytes
    return module.with_changes(body=body, footer=[*end, *module.footer]).bytes


def _without(module: cst.Module, name: str) -> cst.Module:
    """The module without the block of a name, if there is one."""
    body: list[Statement] = []
    inside = False
    waiting: list[cst.EmptyLine] = []  # the lines that stood before the block
    for statement in module.body:
        kept, inside_now = _outside(_leading(statement), name, inside)
        if inside_now and not inside:
            waiting = kept
        elif inside and not inside_now:
            kept, waiting = [*waiting, *kept], []
        inside = inside_now
        if not inside:
            body.append(_led(statement, kept))
    if not inside:
        return module.with_changes(body=body)
    kept, _ = _outside(module.footer, name, inside)
    return module.with_changes(body=body, footer=[*waiting, *kept])


def _outside(lines: Sequence[cst.EmptyLine], name: str, inside: bool) -> tuple[list[cst.EmptyLine], bool]:
    """Those of some lines that stand outside of the block, and whether what follows them is inside."""
    kept: list[cst.EmptyLine] = []
    for line in lines:
        if _says(line, _BEGIN, name):
            inside = True
            for _ in range(2):  # the blank lines that belong to the block
                if kept and kept[-1].comment is None:
                    kept.pop()
        elif inside and _says(line, _END, name):
            inside = False
        elif not inside:
            kept.append(line)
    return kept, inside


def _says(line: cst.EmptyLine, what: str, name: str | None = None) -> bool:
    text = "" if line.comment is None else line.comment.value
    return text.startswith(what) and (name is None or text[len(what) :].partition(",")[0] == name)


def _leading(statement: Statement) -> Sequence[cst.EmptyLine]:
    found: Sequence[cst.EmptyLine] = getattr(statement, "leading_lines", ())
    return found


def _led(statement: Statement, lines: Sequence[cst.EmptyLine]) -> Statement:
    return statement if list(lines) == list(_leading(statement)) else statement.with_changes(leading_lines=lines)


def _blank() -> cst.EmptyLine:
    return cst.EmptyLine(indent=False)


def _comment(text: str) -> cst.EmptyLine:
    return cst.EmptyLine(indent=False, comment=cst.Comment(text))


def _defined(statement: Statement) -> set[str]:
    """The names that a statement of a module binds by def, class, import or assignment."""
    found = _Names()
    statement.visit(found)
    return found.names


class _Names(cst.CSTVisitor):
    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        self.names.add(node.name.value)
        return False

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        self.names.add(node.name.value)
        return False

    def visit_Lambda(self, _node: cst.Lambda) -> bool:
        return False

    def visit_AssignTarget(self, node: cst.AssignTarget) -> None:
        if isinstance(node.target, cst.Name):
            self.names.add(node.target.value)

    def visit_ImportAlias(self, node: cst.ImportAlias) -> None:
        self.names.add(node.evaluated_alias or node.evaluated_name.partition(".")[0])
