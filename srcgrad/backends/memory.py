"""Which names of a function may hold parts of the same memory."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from srcgrad.backends.kinds import BINARY, BOTTOM, PAIRED_TESTS, TESTS, UNARY, Kinds


def shared_memory(function: ast.FunctionDef, kinds: Kinds) -> dict[str, str]:
    """Names that may hold parts of the same memory, as one name for each group.

    An array that a statement works out is fresh; one that comes from a name, a list, a tuple or a call of a
    function is of the group of all that is read there.
    """
    group: dict[str, str] = {}

    def find(name: str) -> str:
        while group.get(name, name) != name:
            name = group[name]
        return name

    def join(names: Sequence[str]) -> None:
        for name in names[1:]:
            group[find(name)] = find(names[0])

    parameters = [a.arg for a in function.args.args if not kinds.names.get(a.arg, BOTTOM).is_number]
    join(parameters)
    for node in ast.walk(function):
        if isinstance(node, (ast.Assign, ast.For)):
            value = node.value if isinstance(node, ast.Assign) else node.iter
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            # What is stored into an array is copied.
            targets = [t for t in targets if not (isinstance(t, ast.Subscript) and kinds.of(t.value).is_array)]
            if not targets or _is_fresh(value, kinds):
                continue
            bound = [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)]
            read = [n.id for n in ast.walk(value) if isinstance(n, ast.Name)]
            together = [n for n in [*bound, *read] if not kinds.names.get(n, BOTTOM).is_number]
            join([n for n in together if n in kinds.names])
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "append":
            read = [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]
            join([n for n in read if n in kinds.names and not kinds.names[n].is_number])
    return {name: find(name) for name in kinds.names}


_MAKERS = frozenset("zeros ones empty full zeros_like ones_like empty_like full_like copy array outer dot eye".split())


def _is_fresh(value: ast.expr, kinds: Kinds) -> bool:
    kind = kinds.of(value)
    if kind.is_number or isinstance(value, (ast.Constant, ast.Compare)):
        return True
    match value:
        case ast.BinOp() | ast.UnaryOp(op=ast.USub()):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=name)):
            return name in UNARY | BINARY | TESTS | PAIRED_TESTS | _MAKERS | {"where"}
        case ast.Call(func=ast.Attribute(attr="copy" | "sum" | "mean")):
            return kind.is_array
    return False
