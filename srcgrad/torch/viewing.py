"""Views: tensors that share the memory, the version and the base of another.

What enters: a tensor and what NumPy sees of it. What leaves: a tensor on that, entered with its base, so that a
write through either reaches the history of both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from weakref import ref

import numpy as np

from srcgrad.torch.modes import MODES, state
from srcgrad.torch.operation import NEEDED, OTHER
from srcgrad.torch.primitive import Primitive
from srcgrad.torch.tensor import Tensor

_new = Tensor.__new__
_ndarray = np.ndarray
# The kinds of the arguments of a view that needs a gradient, by the number of the arguments after the tensor.
_KINDS = [NEEDED << 2 * n | sum(OTHER << 2 * k for k in range(n)) for n in range(8)]


def seen(x: Tensor, array: Any, several: bool = False) -> Tensor:
    """A view of x on an array that shares its memory, as yet without a node."""
    t = _new(Tensor)
    t._a = array
    version = x._counter
    if version is None:
        version = x._writes
    t._counter = version
    base = x._base
    t._base = x if base is None else base
    if several or x._several:
        t._several = True
    if (MODES and not state.enabled) or x._made_untracked:
        t._made_untracked = True
        if state.inference:
            t._inference = True
    views = version.views
    if views is None or len(views) > version.limit:
        version.enter(t)
    else:
        views.append(ref(t))
    return t


class View(Primitive):
    """A primitive whose result, or each of whose results, shares the memory of its first operand."""

    def __init__(self, kernel: Callable[..., Any], name: str, *, several: bool = False) -> None:
        super().__init__(kernel, name, operands=["x"], view=True, several=several)

    def __call__(self, x: Tensor, *args: Any) -> Any:
        found = self.kernel(x._a, *args)
        if self.several:
            return self.see_all(x, found, *args)
        return self.see(x, found, *args)

    def see(self, x: Tensor, array: Any, *args: Any) -> Tensor:
        """The view on an array that the kernel, or something quicker, has found."""
        t = seen(x, array if array.__class__ is _ndarray else np.asarray(array))
        if x._needs:
            if MODES and not state.enabled:
                t._needs = True
            else:
                kinds = _KINDS[len(args)]
                (self.makers.get(kinds) or self.enter_by(kinds))(x, *args, x._a, *args, t)
        return t

    def see_all(self, x: Tensor, arrays: Sequence[Any], *args: Any) -> tuple[Tensor, ...]:
        """The same for several views that one operation makes."""
        views = tuple([seen(x, a, several=True) for a in arrays])
        if x._needs:
            if state.enabled:
                self.record((x, *args), [x._a, *args], views)
            else:
                for t in views:
                    t._needs = True
        return views

    def copying(self) -> Primitive:
        """The same operation into fresh memory; its node's name ends in `_copy`."""
        return Copy(self)


class Copy(Primitive):
    """What a view sees, in memory of its own."""

    def __init__(self, view: View) -> None:
        super().__init__(view.kernel, f"{view.name}_copy", operands=["x"])

    def __call__(self, x: Tensor, *args: Any) -> Any:
        found = self.kernel(x._a, *args)
        result: Any
        if found.__class__ is tuple:
            result = tuple([Tensor._wrap(np.array(part, order="C")) for part in found])
        else:
            result = Tensor._wrap(np.array(found, order="C"))
        if x._needs and state.enabled:
            self.record((x, *args), [x._a, *args], result)
        return result
