"""How indices and reductions are written: which part of an index goes to which dimension, which axis is meant."""

from __future__ import annotations

import ast
from collections.abc import Sequence


def indices(index: ast.expr, rank: int) -> list[ast.expr] | None:
    """The parts of an index, one for each dimension and each None; None where a part is no slice or number."""
    parts = list(index.elts) if isinstance(index, ast.Tuple) else [index]
    new = sum(isinstance(p, ast.Constant) and p.value is None for p in parts)
    dots = [k for k, p in enumerate(parts) if isinstance(p, ast.Constant) and p.value is Ellipsis]
    missing = rank - (len(parts) - new - len(dots))
    if missing < 0 or len(dots) > 1:
        return None
    whole: list[ast.expr] = [ast.Slice() for _ in range(missing)]
    if dots:
        parts[dots[0] : dots[0] + 1] = whole
    else:
        parts += whole
    return parts


def axis_and_keepdims(keywords: dict[str | None, ast.expr], more: Sequence[ast.expr]) -> tuple[ast.expr | None, bool]:
    """The axis of a reduction, None for all, and whether it stays as one of length 1; an axis of "?" is not understood."""
    odd: tuple[ast.expr | None, bool] = (ast.Constant("?"), False)
    keepdims = keywords.get("keepdims", ast.Constant(False))
    if len(more) > 1 or set(keywords) - {"axis", "keepdims"} or not isinstance(keepdims, ast.Constant):
        return odd
    axis = keywords.get("axis", more[0] if more else None)
    if isinstance(axis, ast.Constant) and axis.value is None:
        axis = None
    return axis, bool(keepdims.value)


def axis_of(node: ast.expr, rank: int) -> int | None:
    """An axis that is written as a number."""
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value % rank if isinstance(value, int) and -rank <= value < rank else None
