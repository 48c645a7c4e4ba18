"""The backward of one operation, as a function made from the texts of the rule table.

What enters: an entry of the table, and which operands need a gradient. What leaves: a `Plan`, compiled once
for each such pattern: its source is what `y.grad_fn.source` shows.

    def MulBackward0(y_bar, x1, x2):
        x1_bar = y_bar * (x2)
        x2_bar = y_bar * (x1)
        return x1_bar, x2_bar

Which values a node must save follows from the texts: a name that is only asked for its shape is kept as
a `Ghost`, which has a shape and no memory.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from srcgrad.rules import support
from srcgrad.rules.table import Rule

# The functions that ask an argument, by position, for its shape alone.
SHAPE_READERS: dict[Any, tuple[int, ...]] = {
    np.shape: (0,),
    np.ndim: (0,),
    np.size: (0,),
    np.iscomplexobj: (0,),
    support.unbroadcast: (1,),
    support.spread: (1,),
    support.counted: (0,),
    support.with_axes: (1,),
}
_SHAPE_NAMES = frozenset({"shape", "ndim", "size", "dtype"})


# Not empty while `torch.compile` looks at operations: it asks which array a shape was taken of.
KEEPING: list[Any] = []


class Ghost:
    """An array's shape and dtype without its memory."""

    __slots__ = ("dtype", "origin", "shape")

    def __init__(self, array: Any) -> None:
        self.shape = array.shape
        self.dtype = array.dtype
        if KEEPING:
            self.origin = array

    @classmethod
    def of(cls, shape: tuple[int, ...], dtype: Any) -> Ghost:
        """The same from a shape and a dtype."""
        ghost = object.__new__(cls)
        ghost.shape = shape
        ghost.dtype = dtype
        return ghost

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def array(self) -> Any:
        """Zeros of that shape that take the memory of one."""
        return np.broadcast_to(np.zeros((), self.dtype), self.shape)


class Plan:
    """How the cotangents of some operands are computed, and what must be kept for that."""

    __slots__ = ("_recorded", "entries", "function", "keeps_values", "names", "places", "results", "rule", "source")

    def __init__(self, rule: Rule, title: str, names: list[str]) -> None:
        parameters = list(rule.signature.parameters)
        self.rule = rule
        self.names = names
        self.places = [parameters.index(name) for name in names]
        texts = {name: divided(rule.vjp[name]) for name in names}
        read = _read(texts.values(), ["y", *parameters], rule.scope)
        # (the position in the call, or -1 for the result; the name; whether its shape is enough)
        self.entries = [
            (-1 if name == "y" else parameters.index(name), name, read[name] == "shape")
            for name in ["y", *parameters]
            if name in read
        ]
        self.results = _results(texts.values())
        self.keeps_values = any(not shape for _, name, shape in self.entries)
        title = title if title.isidentifier() else "backward"
        lines = [f"def {title}({', '.join(['y_bar', *(name for _, name, _ in self.entries)])}):"]
        lines += [f"    {name}_bar = {texts[name] or 'None'}" for name in names]
        lines.append(f"    return ({', '.join(f'{name}_bar' for name in names)}{',' if len(names) == 1 else ''})")
        self.source = "\n".join(lines) + "\n"
        self.function = _compiled(self.source, title, rule.scope)
        self._recorded: Any = None

    @property
    def recorded(self) -> Callable[..., Any]:
        """The same function for tensors, so that what it computes has a graph."""
        if self._recorded is None:
            from srcgrad.torch.recorded import on_tensors

            self._recorded = on_tensors(self)
        made: Callable[..., Any] = self._recorded
        return made


def divided(text: str) -> str:
    """The text of a rule with `y_bar / x` for `y_bar * (1 / x)`: one rounding and one operation less."""
    e = ast.parse(text.strip() or "None", mode="eval").body
    if (
        isinstance(e, ast.BinOp) and isinstance(e.op, ast.Mult) and isinstance(e.left, ast.Name) and e.left.id == "y_bar"
        and isinstance(e.right, ast.BinOp) and isinstance(e.right.op, ast.Div)
        and isinstance(e.right.left, ast.Constant) and e.right.left.value == 1
    ):  # fmt: skip
        return ast.unparse(ast.BinOp(e.left, ast.Div(), e.right.right))
    return text


def _compiled(source: str, title: str, scope: Mapping[str, Any]) -> Callable[..., Any]:
    filename = f"<{title} {id(source):x}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace = {**scope, "__name__": "srcgrad.torch.generated"}
    exec(compile(source, filename, "exec"), namespace)
    function: Callable[..., Any] = namespace[title]
    return function


def _read(texts: Any, names: list[str], scope: Mapping[str, Any]) -> dict[str, str]:
    """For each name that the texts mention, "value" or "shape"."""
    read: dict[str, str] = {}
    wanted = set(names)

    def visit(e: ast.AST) -> None:
        if isinstance(e, ast.Name):
            if e.id in wanted:
                read[e.id] = "value"
            return
        if isinstance(e, ast.Attribute) and isinstance(e.value, ast.Name) and e.value.id in wanted:
            if e.attr in _SHAPE_NAMES:
                read.setdefault(e.value.id, "shape")
            else:
                read[e.value.id] = "value"
            return
        if isinstance(e, ast.Call):
            positions = SHAPE_READERS.get(_named(e.func, scope), ())
            visit(e.func)
            for k, argument in enumerate(e.args):
                if k in positions and isinstance(argument, ast.Name) and argument.id in wanted:
                    read.setdefault(argument.id, "shape")
                else:
                    visit(argument)
            for keyword in e.keywords:
                visit(keyword.value)
            return
        for child in ast.iter_child_nodes(e):
            visit(child)

    for text in texts:
        if text:
            visit(ast.parse(text.strip(), mode="eval"))
    return read


def _results(texts: Any) -> frozenset[int] | None:
    """Which results of an operation with several the texts ask for, by their numbers; None if for `y` as a whole."""
    nodes = [e for text in texts if text for e in ast.walk(ast.parse(text.strip(), mode="eval"))]
    chosen = [
        e
        for e in nodes
        if isinstance(e, ast.Subscript) and isinstance(e.value, ast.Name) and e.value.id == "y"
        and isinstance(e.slice, ast.Constant) and isinstance(e.slice.value, int)
    ]  # fmt: skip
    if len(chosen) < sum(isinstance(e, ast.Name) and e.id == "y" for e in nodes):
        return None
    return frozenset(e.slice.value for e in chosen)  # type: ignore[attr-defined]


def _named(e: ast.expr, scope: Mapping[str, Any]) -> Any:
    """The object that a dotted name in a rule's text stands for, or None."""
    if isinstance(e, ast.Name):
        found = scope.get(e.id)
    elif isinstance(e, ast.Attribute):
        owner = _named(e.value, scope)
        found = None if owner is None else getattr(owner, e.attr, None)
    else:
        return None
    try:
        hash(found)
    except TypeError:
        return None
    return found


def defaults(signature: inspect.Signature) -> list[Any]:
    """The default of each parameter; `inspect.Parameter.empty` where there is none."""
    return [p.default for p in signature.parameters.values()]
