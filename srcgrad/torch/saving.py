"""Hooks on what operations save for their backward: packed when saved, unpacked when asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

# Not empty while a thread has such hooks or searches for NaNs: new nodes then look for what is wanted of them.
EXTRAS: list[Any] = []


class _Packing(threading.local):
    hooks: tuple[tuple[Callable[[Any], Any], Callable[[Any], Any]], ...] = ()
    refusal: str | None = None


packing = _Packing()


class Packed:
    """What a pack hook made of an array."""

    __slots__ = ("dtype", "held", "shape", "unpack")

    def __init__(self, array: Any) -> None:
        from srcgrad.torch.modes import no_grad
        from srcgrad.torch.tensor import wrap

        if packing.refusal is not None:
            raise RuntimeError(packing.refusal)
        pack, self.unpack = packing.hooks[-1]
        with no_grad():
            self.held = pack(wrap(array))
        self.shape, self.dtype = array.shape, array.dtype

    def array(self) -> Any:
        """The array again."""
        from srcgrad.torch.tensor import Tensor

        found = self.unpack(self.held)
        if not isinstance(found, Tensor):
            raise TypeError(
                "Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                + type(found).__name__
            )
        return found._a
