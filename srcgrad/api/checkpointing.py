"""`checkpoint`: forget what a call computed, and compute it again when the reverse sweep comes by."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from srcgrad.api.custom import Wrapped, apply
from srcgrad.build import recorded
from srcgrad.runtime import custom, forgetting, tree
from srcgrad.runtime.calls import call
from srcgrad.runtime.leaves import copied_tree
from srcgrad.runtime.levels import at, state
from srcgrad.runtime.schedules import bytes_in


class Checkpointed(Wrapped):
    """What `checkpoint` returns of a function; see there."""

    def __init__(self, f: Callable[..., Any], budget: int | None = None, memory: int | str | None = None) -> None:
        super().__init__(f)
        self.budget = budget
        self.memory = memory

    @property
    def __srcgrad_under__(self) -> Callable[..., Any]:
        """The function that is differentiated in its place."""
        return self.under

    @functools.cached_property
    def under(self) -> Callable[..., Any]:
        """The primal; with a bound on what its loops keep, where one is given."""
        f = self.primal
        if isinstance(f, FunctionType) and (self.budget is not None or self.memory is not None):
            return forgetting.with_budget(f, self.budget, self.memory)
        return f

    def __srcgrad_call__(self, *args: Any, **kwargs: Any) -> Any:
        f = self.primal
        arguments = (list(args), kwargs)
        leaves = list(tree.leaves(arguments))
        level = custom.innermost(leaves)
        if level < 0 or not self._forgettable(arguments):
            return call(f, *args, **kwargs)
        outer = state.levels[:level]
        given = at(outer, copied_tree, arguments, {})
        y = at(outer, apply, f, given)
        if not _equal(given, arguments) or _shares(y, given):
            # f writes into its arguments: what it did must be recorded as it happens.
            return call(f, *args, **kwargs)
        outputs = list(tree.leaves(y))

        def pull(y_bars: list[Any]) -> list[Any]:
            _, pullback = recorded.vjp(apply, [f, arguments], {}, (1,))
            return pullback(y_bars)

        def push(x_dots: list[Any]) -> list[Any]:
            return recorded.jvp(apply, [f, arguments], {}, (1,), x_dots)[1]

        custom.record(outputs, leaves, level, pull, push)
        return y

    def _forgettable(self, arguments: Any) -> bool:
        """Whether everything that f can depend on is in its arguments."""
        cells = getattr(self.primal, "__closure__", None) or ()
        contents = [cell.cell_contents for cell in cells]
        return all(_is_value(v) for v in (*arguments[0], *arguments[1].values())) and not any(
            level.is_active(leaf) for level in state.levels for v in contents for leaf in tree.leaves(v)
        )


def _is_value(x: Any) -> bool:
    if isinstance(x, (float, complex, int, str, bytes, np.ndarray, np.generic, type(None))):
        return True
    return type(x) in (list, tuple, dict) and all(_is_value(m) for m in tree.children(x) or ())


def _equal(a: Any, b: Any) -> bool:
    """Whether f left its copies of the arguments as they were."""
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    members, others = tree.children(a), tree.children(b)
    if members is None or others is None:
        return True
    return len(members) == len(others) and all(_equal(m, n) for m, n in zip(members, others, strict=True))


def _shares(y: Any, given: Any) -> bool:
    """Whether a result shows an argument's memory, or is an argument."""
    outputs, inputs = list(tree.leaves(y)), list(tree.leaves(given))
    return any(
        o is i or (isinstance(o, np.ndarray) and isinstance(i, np.ndarray) and np.may_share_memory(o, i))
        for o in outputs
        for i in inputs
    )


def checkpoint(f: Any = None, *, budget: int | None = None, memory: int | str | None = None) -> Any:
    """A function whose inner values are forgotten after a call and computed again in the reverse sweep.

    Trades one more evaluation of f for the memory of its trace. Also `@checkpoint(budget=k)`, where
    k bounds how many states a loop of f may keep; at present every call keeps its arguments alone,
    which is within any budget.

    >>> import numpy as np, srcgrad as sg
    >>> layer = sg.checkpoint(lambda x: np.sin(x) * np.exp(-x))
    >>> sg.grad(lambda x: layer(layer(x)))(0.0)
    1.0

    Griewank and Walther 2000, Algorithm 799: revolve.
    """
    if budget is not None and budget < 1:
        raise ValueError("a budget is at least one state")
    if memory is not None and bytes_in(memory) < 1:
        raise ValueError("memory is at least one byte")
    if f is None:
        return functools.partial(checkpoint, budget=budget, memory=memory)
    if callable(f):
        return Checkpointed(f, budget, memory)
    iter(f)  # what is neither called nor run over raises here, not where a derivative is taken
    return f
