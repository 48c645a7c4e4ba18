"""Tuples, lists and dictionaries with tensors in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from srcgrad.torch.tensor import Tensor


def flat(thing: Any) -> Iterator[Any]:
    """The leaves of tuples, lists, dictionaries and slices."""
    if isinstance(thing, (list, tuple)):
        for v in thing:
            yield from flat(v)
    elif isinstance(thing, dict):
        for v in thing.values():
            yield from flat(v)
    elif isinstance(thing, slice):
        yield from (thing.start, thing.stop, thing.step)
    else:
        yield thing


def samples_in(thing: Any) -> Iterator[Tensor]:
    """The tensors among the leaves."""
    return (t for t in flat(thing) if isinstance(t, Tensor))


def mapped(thing: Any, face: Callable[[Any], Any]) -> Any:
    """The same structure with other tensors."""
    if isinstance(thing, Tensor):
        return face(thing)
    if isinstance(thing, tuple):
        inner = [mapped(v, face) for v in thing]
        if hasattr(thing, "_fields"):
            return type(thing)(*inner)
        return type(thing)(inner)
    if type(thing) is list:
        return [mapped(v, face) for v in thing]
    if isinstance(thing, dict):
        return type(thing)((k, mapped(v, face)) for k, v in thing.items())
    return thing
