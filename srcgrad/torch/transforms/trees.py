"""Nested tuples, lists and dicts: taken apart into their leaves, and put together again.

What enters: any nested value. What leaves: its leaves in order, and a `Spec` that rebuilds it from such leaves.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

_TUPLE_OF_NAMES = "_fields"


class Spec:
    """The structure around leaves. Two are equal where the structures are."""

    __slots__ = ("children", "context", "kind")

    def __init__(self, kind: Any = None, context: Any = None, children: Sequence[Spec] = ()) -> None:
        self.kind = kind
        self.context = context
        self.children = tuple(children)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Spec):
            return NotImplemented
        return (self.kind, self.context, self.children) == (other.kind, other.context, other.children)

    def __hash__(self) -> int:
        return hash((self.kind, len(self.children)))

    @property
    def count(self) -> int:
        """How many leaves there are."""
        return 1 if self.kind is None else sum(child.count for child in self.children)

    def text(self, indent: int = 0) -> str:
        """PyTorch's description of the structure."""
        if self.kind is None:
            return "*"
        inner = (",\n" + " " * (indent + 2)).join(child.text(indent + 2) for child in self.children)
        return f"TreeSpec({self.kind.__name__}, {self.context!r}, [{inner}])"

    def short(self) -> str:
        """The structure as Python writes it, with a star for each leaf."""
        return repr(self.filled(itertools.repeat(_Star())))

    def filled(self, leaves: Iterator[Any]) -> Any:
        """The structure around the next leaves."""
        if self.kind is None:
            return next(leaves)
        parts = [child.filled(leaves) for child in self.children]
        if issubclass(self.kind, dict):
            return self.kind(zip(self.context, parts, strict=True))
        return self.kind(*parts) if hasattr(self.kind, _TUPLE_OF_NAMES) else self.kind(parts)


class _Star:
    def __repr__(self) -> str:
        return "*"


LEAF = Spec()


def parts_of(value: Any) -> tuple[Any, list[Any]] | None:
    """What a node of the tree needs to be rebuilt, and its parts; None for a leaf."""
    kind = type(value)
    if kind in (tuple, list) or (
        isinstance(value, tuple) and (hasattr(value, _TUPLE_OF_NAMES) or hasattr(value, "_names"))
    ):
        return None, list(value)
    if kind in (dict, OrderedDict):
        return list(value), list(value.values())
    return None if not isinstance(value, (tuple, list)) else (None, list(value))


def flattened(value: Any) -> tuple[list[Any], Spec]:
    """The leaves, and the structure around them."""
    found = parts_of(value)
    if found is None:
        return [value], LEAF
    context, parts = found
    leaves: list[Any] = []
    children = []
    for part in parts:
        own, spec = flattened(part)
        leaves.extend(own)
        children.append(spec)
    return leaves, Spec(type(value), context, children)


def mapped(function: Callable[[Any], Any], value: Any) -> Any:
    """The same structure with a function of each leaf in its place."""
    leaves, spec = flattened(value)
    return spec.filled(iter([function(leaf) for leaf in leaves]))


def spread(prefix: Any, value: Any) -> list[Any] | None:
    """A prefix of a structure, with one entry for each leaf of the whole; None where it does not fit."""
    inner = parts_of(prefix)
    if inner is None:
        return [prefix] * len(flattened(value)[0])
    outer = parts_of(value)
    if outer is None or len(inner[1]) != len(outer[1]) or (inner[0] is not None and inner[0] != outer[0]):
        return None
    if isinstance(prefix, dict) != isinstance(value, dict):
        return None
    found: list[Any] = []
    for p, v in zip(inner[1], outer[1], strict=True):
        entries = spread(p, v)
        if entries is None:
            return None
        found.extend(entries)
    return found
