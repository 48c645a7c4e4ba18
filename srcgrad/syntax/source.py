"""Where a function's source is: its text, and its place in the file.

What enters is a function object; nothing but its code object is trusted, since a name may have been
rebound, a decorator may have wrapped it, and several lambdas may share a line.
"""

from __future__ import annotations
import __future__

import ast
import functools
import linecache
import operator
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from srcgrad.errors import SourceUnavailableError
from srcgrad.runtime.forgetting import unmarked


@dataclass(frozen=True)
class FunctionSource:
    """A function's syntax, with line numbers and columns as in its file."""

    filename: str
    text: str  # of the definition alone, indented as in the file
    lines: tuple[str, ...]  # of the file, on which the definition stands
    first_line: int
    tree: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def source_of(function: FunctionType) -> FunctionSource:
    """Find the definition of a function.

    Raises SourceUnavailableError where there is no text, or a text that is not the function's.
    """
    code = function.__code__
    lines = _lines(code.co_filename, function.__globals__)
    node = _definition(lines, function)
    if node is None:
        # The file may have been written since it was read.
        linecache.checkcache(code.co_filename)
        lines = _lines(code.co_filename, function.__globals__)
        node = _definition(lines, function)
    if not lines:
        raise SourceUnavailableError(
            f"the source of {function.__qualname__}() is not available",
            ways=("define it in a file, a notebook cell, or register a rule for it",),
        )
    if node is None:
        raise SourceUnavailableError(
            f"{code.co_filename} no longer holds the source of {function.__qualname__}()",
            ways=("import it again",),
        )
    first = _first_line(node)
    own = tuple(lines[first - 1 : node.end_lineno])
    text = "".join(own)
    if isinstance(node, ast.Lambda):
        text = ast.get_source_segment("".join(lines), node) or ""
    return FunctionSource(code.co_filename, text, own, first, node)


def _lines(filename: str, namespace: dict[str, Any]) -> list[str]:
    """The lines of a file; those of a module frozen into the interpreter from where it was made."""
    if filename.startswith("<frozen ") and isinstance(namespace.get("__file__"), str):
        filename = namespace["__file__"]
    return linecache.getlines(filename, namespace)


def _definition(lines: list[str], function: FunctionType) -> ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | None:
    """The definition in a text that a function was compiled from, or None."""
    text = "".join(lines)
    code = function.__code__
    node = _find(_parsed(text), code)
    if node is None or _is_rewritten(function):
        return node
    made = _compiled(text, code.co_flags & _FUTURE)
    return node if made is None or unmarked(code) in made else None


_FUTURE = functools.reduce(
    operator.or_, [getattr(__future__, name).compiler_flag for name in __future__.all_feature_names]
)


def _is_rewritten(function: FunctionType) -> bool:
    """Whether an import hook (pytest's, a type checker's) compiled something else than the text of the file."""
    loader = function.__globals__.get("__loader__")
    return loader is not None and type(loader).__module__.partition(".")[0] not in _PLAIN_LOADERS


_PLAIN_LOADERS = ("importlib", "_frozen_importlib_external", "_frozen_importlib", "zipimport")


@functools.lru_cache(maxsize=64)
def _compiled(text: str, flags: int) -> frozenset[CodeType] | None:
    """The code of every function in a text, or None where it cannot be compiled as a whole.

    It takes the whole: how a method of a module is called depends on what the file imports.
    """
    try:
        module = compile(text, "", "exec", flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError:
        return None
    found: list[CodeType] = []
    todo = [module]
    while todo:
        inner = [c for c in todo.pop().co_consts if isinstance(c, CodeType)]
        found += inner
        todo += inner
    return frozenset(found)


@functools.lru_cache(maxsize=64)
def _parsed(text: str) -> dict[int, list[ast.AST]]:
    """The function definitions of a file by the line that their code objects name."""
    found: dict[int, list[ast.AST]] = {}
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return found
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found.setdefault(_first_line(node), []).append(node)
        elif isinstance(node, ast.Lambda):
            found.setdefault(node.lineno, []).append(node)
    return found


def _first_line(node: ast.stmt | ast.Lambda) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)])


def _find(
    by_line: dict[int, list[ast.AST]], code: CodeType
) -> ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | None:
    candidates = [n for n in by_line.get(code.co_firstlineno, []) if _name(n) == code.co_name and _fits(n, code)]
    if len(candidates) > 1:
        candidates = [n for n in candidates if _spans(n, code)] or candidates
        # Of nested lambdas, all of which span the innermost one's code, the smallest is meant.
        candidates.sort(key=_extent)
    return candidates[0] if candidates else None  # type: ignore[return-value]


def _name(node: ast.AST) -> str:
    return getattr(node, "name", "<lambda>")


def _fits(node: ast.AST, code: CodeType) -> bool:
    """Whether the parameters are those of the code."""
    a: ast.arguments = node.args  # type: ignore[attr-defined]
    names = [p.arg for p in (*a.posonlyargs, *a.args, *a.kwonlyargs)]
    names += [p.arg for p in (a.vararg, a.kwarg) if p is not None]
    count = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4) + bool(code.co_flags & 8)
    actual = list(code.co_varnames[:count])
    return len(names) == len(actual) and all(n == m or m.endswith(n) for n, m in zip(names, actual, strict=True))


def _spans(node: ast.AST, code: CodeType) -> bool:
    """Whether every instruction of the code lies in the node's body."""
    body = node.body if isinstance(node, ast.Lambda) else node
    start = (body.lineno, body.col_offset)  # type: ignore[attr-defined]
    end = (body.end_lineno, body.end_col_offset)  # type: ignore[attr-defined]
    marks = [
        ((line, column), (end_line, end_column))
        for line, end_line, column, end_column in code.co_positions()
        if None not in (line, end_line, column, end_column) and (column, end_column) != (0, 0)
    ]
    inner = [m for m in marks if start <= m[0] and m[1] <= end]
    return bool(marks) and len(inner) >= len(marks) - 1 and max(m[1] for m in inner) == end if inner else False


def _extent(node: ast.AST) -> tuple[int, int]:
    return (node.end_lineno - node.lineno, node.end_col_offset - node.col_offset)  # type: ignore[attr-defined]
