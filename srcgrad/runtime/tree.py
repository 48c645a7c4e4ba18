"""Arguments and results as trees: lists, tuples, dicts, dataclasses and plain objects over leaves.

A leaf that can carry a derivative is a float, a complex number, a NumPy inexact scalar, or an array
of such. Everything else is part of the structure.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


def is_leaf(x: Any) -> bool:
    """Whether x is a number or array that can carry a derivative."""
    return isinstance(x, (float, complex, np.inexact)) or (isinstance(x, np.ndarray) and x.dtype.kind in "fc")


def children(tree: Any) -> list[Any] | None:
    """The members of a container in a fixed order, or None for what is not a container."""
    if isinstance(tree, (list, tuple)):
        return list(tree)
    if isinstance(tree, dict):
        return list(tree.values())
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        return [getattr(tree, f.name) for f in dataclasses.fields(tree) if hasattr(tree, f.name)]
    if type(tree).__name__ == "deque":
        return list(tree)
    return None


def rebuild(tree: Any, parts: list[Any]) -> Any:
    """A container like `tree` with other members."""
    if isinstance(tree, tuple):
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    if isinstance(tree, list):
        return parts if type(tree) is list else type(tree)(parts)
    if isinstance(tree, dict):
        if type(tree) is dict:
            return dict(zip(tree, parts, strict=True))
        new = copy.copy(tree)
        for key, part in zip(list(tree), parts, strict=True):
            new[key] = part
        return new
    if type(tree).__name__ == "deque":
        return type(tree)(parts, tree.maxlen)
    new = copy.copy(tree)
    names = [f.name for f in dataclasses.fields(tree) if hasattr(tree, f.name)]
    for name, part in zip(names, parts, strict=True):
        object.__setattr__(new, name, part)
    return new


def leaves(tree: Any) -> Iterator[Any]:
    """The leaves that can carry a derivative, in order."""
    if is_leaf(tree):
        yield tree
        return
    members = children(tree)
    if members is not None:
        for member in members:
            yield from leaves(member)


def map_leaves(f: Callable[[Any], Any], tree: Any) -> Any:
    """The tree with f applied to each leaf; containers are new, everything else is shared."""
    if is_leaf(tree):
        return f(tree)
    members = children(tree)
    return tree if members is None else rebuild(tree, [map_leaves(f, member) for member in members])
