"""Operations of the facade on arrays, for what a generated text cannot write out.

What enters: arrays. What leaves: arrays; of `Graphed` also what takes cotangents of the results to those of the operands.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.torch.autograd.sweeping import grad
from srcgrad.torch.compiling.program import Unavailable
from srcgrad.torch.compiling.structures import flat, samples_in
from srcgrad.torch.modes import enable_grad, no_grad
from srcgrad.torch.primitive import wrapped
from srcgrad.torch.tensor import Tensor, wrap


class Eager:
    """An operation of the facade on arrays, where no gradient flows through its results."""

    def __init__(self, function: Callable[..., Any], picks: tuple[int, ...], expected: Any) -> None:
        self.function = function
        self.picks = picks
        self.expected = expected
        self.__name__ = getattr(function, "__name__", "operation")

    def same(self, other: Eager) -> bool:
        return (self.function, self.picks, self.expected) == (other.function, other.picks, other.expected)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with no_grad():
            result = self.function(*_tensors(args), **_tensors(kwargs))
        made = [t for t in flat(result) if isinstance(t, Tensor)]
        found = [made[k]._a for k in self.picks]
        if tuple((a.shape, a.dtype) for a in found) != self.expected:
            raise Unavailable(self.__name__)
        return found[0] if len(found) == 1 else found


def _tensors(given: Any) -> Any:
    """Arrays as tensors, in tuples, lists and dictionaries too."""
    if isinstance(given, (np.ndarray, np.generic)):
        return wrapped(given)
    if type(given) in {list, tuple}:
        return type(given)(_tensors(v) for v in given)
    if type(given) is dict:
        return {k: _tensors(v) for k, v in given.items()}
    return given


class Graphed(Eager):
    """An operation on arrays that are leaves of a graph; `active` says which of them need a gradient."""

    def __init__(self, function: Callable[..., Any], active: tuple[bool, ...], expected: Any) -> None:
        super().__init__(function, active, expected)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        given, named = _tensors(args), _tensors(kwargs)
        leaves = [t for t, a in zip(samples_in((given, named)), self.picks, strict=True) if a]
        for t in leaves:
            t._needs = True
        with enable_grad():
            made = [t for t in flat(self.function(*given, **named)) if isinstance(t, Tensor)]
        if tuple((t._a.shape, t._a.dtype) for t in made) != self.expected:
            raise Unavailable(self.__name__)
        outs = [t for t in made if t._needs]

        def pulled(*bars: Any) -> list[Any]:
            """The cotangents of the operands."""
            cotangents = [wrap(np.asarray(bar)) for bar in bars]
            found = grad(outs, leaves, cotangents, retain_graph=True, allow_unused=True)
            return [np.zeros(t._a.shape, t._a.dtype) if g is None else g._a for t, g in zip(leaves, found, strict=True)]

        return (*(t._a for t in made), pulled)
