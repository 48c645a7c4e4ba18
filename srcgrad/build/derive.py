"""One question, two ways to answer: the vjp or jvp of a function at given arguments.

The compiled way is tried first; the recorded way takes what the passes do not understand, and every call
made inside another derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from srcgrad.build import recorded
from srcgrad.runtime import tree
from srcgrad.syntax.instrument import recorded_source


def vjp(
    f: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], keys: Sequence[int | str]
) -> tuple[Any, recorded.Pullback]:
    """The result, and a function from cotangents of its leaves to those of the chosen arguments' leaves."""
    return recorded.vjp(f, args, kwargs, keys)


def jvp(
    f: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    keys: Sequence[int | str],
    tangents: list[Any],
) -> tuple[Any, list[Any]]:
    """The result, and the tangents of its leaves."""
    return recorded.jvp(f, args, kwargs, keys, tangents)


def zeros_for(y: Any) -> list[Any]:
    """Zero cotangents for the leaves of a result."""
    return [np.zeros_like(leaf) if isinstance(leaf, np.ndarray) else 0.0 for leaf in tree.leaves(y)]


def source(f: Callable[..., Any], chosen: Sequence[int | str], mode: str) -> str:
    """The text of the generated derivative, for people to read."""
    return recorded_source(f)
