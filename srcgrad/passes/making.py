"""The kinds of arrays that are made: of numbers, of other arrays, of a shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from srcgrad.passes import kinds
from srcgrad.passes.kinds import OBJECT, ONE, UNKNOWN, Dim, Kind, array
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Expr

KindOf = Callable[[Expr], Kind]


def display_kind(e: Expr, kind: KindOf) -> Kind:
    """The kind of `np.array([[a, b], [c, d]])`; an array stays what it is."""
    if not isinstance(e, ir.Sequence):
        given = kind(e)
        return given if given.form == "array" else OBJECT
    inner = [display_kind(i, kind) if isinstance(i, ir.Sequence) else kind(i) for i in e.items]
    if not inner:
        return OBJECT
    length = ONE if len(inner) == 1 else Dim(f"#{len(inner)}", 0, False)
    if all(k.form == "array" and k.dims is not None for k in inner):
        first = inner[0]
        same = all(kinds.same_shape(first, k) and first.dtype == k.dtype for k in inner)
        return array(length, *(first.dims or ()), dtype=first.dtype) if same else OBJECT
    if all(k.is_scalar for k in inner):
        if all(k.form == "int" for k in inner):
            return array(length, dtype=kinds.INTEGER)
        return array(length) if any(k.is_real for k in inner) else OBJECT
    return OBJECT


def joined_kind(function: Any, parts: list[Kind], bound: Mapping[str, Expr]) -> Kind:
    """The kind of `np.concatenate([a, b])` and of `np.stack([a, b])`."""
    if not all(k.form == "array" and k.dims for k in parts):
        return OBJECT
    if not parts or any(k.dtype != kinds.REAL for k in parts):
        return OBJECT
    ranks = {len(k.dims or ()) for k in parts}
    if len(ranks) != 1 or set(bound) - {"arrays", "axis", "x1", "tup"}:
        return OBJECT
    rank = ranks.pop()
    if function is np.vstack or (function is np.hstack and rank > 1):
        return array(UNKNOWN, *(UNKNOWN for _ in range(max(rank, 2) - 1)))
    return array(*(UNKNOWN for _ in range(rank + (function is np.stack))))


def filled_kind(function: Any, bound: Mapping[str, Expr], kind: KindOf, object_of: Callable[[Expr], Any]) -> Kind:
    """The kind of `np.zeros(shape, dtype=x.dtype)`."""
    shape, dtype = bound.get("shape"), bound.get("dtype")
    if shape is None or set(bound) - {"shape", "dtype", "fill_value"}:
        return OBJECT
    if dtype is None:
        element = kinds.REAL if function is not np.full or kind(bound["fill_value"]).is_real else ""
    elif isinstance(dtype, ir.Attribute) and dtype.name == "dtype" and kind(dtype.value).form == "array":
        element = kind(dtype.value).dtype
    else:
        given = object_of(dtype)
        element = _ELEMENTS.get(given, "") if isinstance(given, type) else ""
    made = of_shape(shape, kind)
    return replace(made, dtype=element) if element and made.form == "array" else OBJECT


# Elements whose arithmetic is known; others, such as single precision, are left to the recorded tier.
_ELEMENTS: dict[Any, str] = {
    float: kinds.REAL, np.float64: kinds.REAL, bool: kinds.BOOLEAN, np.bool_: kinds.BOOLEAN,
    int: kinds.INTEGER, np.int64: kinds.INTEGER,
}  # fmt: skip


def of_shape(shape: Expr, kind: KindOf) -> Kind:
    lengths = shape.items if isinstance(shape, ir.Sequence) else (shape,)
    out = []
    for length in lengths:
        if isinstance(length, ir.Const) and isinstance(length.value, int):
            out.append(ONE if length.value == 1 else Dim(f"#{length.value}", 0, False))
            if length.value < 0:
                out[-1] = UNKNOWN
            continue
        k = kind(length)
        if k.form != "int":
            if k.form == "tuple" and not isinstance(shape, ir.Sequence):
                if all(i.form == "int" and i.dims for i in k.items):
                    return array(*(i.dims[0] for i in k.items if i.dims))
                return array(*(UNKNOWN for _ in k.items))
            return OBJECT
        named = Dim(f"={length.id}", reads=frozenset({length.id})) if isinstance(length, ir.Name) else UNKNOWN
        out.append(k.dims[0] if k.dims else named)
    return array(*out)
