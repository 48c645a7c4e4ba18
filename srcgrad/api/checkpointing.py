"""`checkpoint`: forget what a call computed, and compute it again when the reverse sweep comes by."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from srcgrad.api.custom import Wrapped, apply
from srcgrad.build import recorded
from srcgrad.errors import NotDifferentiableError
from srcgrad.runtime import custom, forgetting, tree
from srcgrad.runtime.calls import call
from srcgrad.runtime.leaves import copied_tree
from srcgrad.runtime.levels import at, state
from srcgrad.runtime.reverse import ReverseTrace
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
        f = self.under
        leaves = list(tree.leaves((args, kwargs)))
        level = custom.innermost(leaves)
        read = None if level < 0 or not _are_values(args, kwargs) else constants_of(f)
        if read is None or any(_is_active(v) for v in read.values()):
            return call(f, *args, **kwargs)
        # Containers of its own: the caller's may hold something else by then.
        arguments = tree.map_leaves(lambda x: x, (list(args), kwargs))
        outer = state.levels[:level]
        given = at(outer, copied_tree, arguments, {})
        y = at(outer, apply, f, given)
        if not _equal(given, arguments) or _shares(y, given):
            # f writes into its arguments: what it did must be recorded as it happens.
            return call(f, *args, **kwargs)
        outputs = list(tree.leaves(y))

        def pull(y_bars: list[Any]) -> list[Any]:
            _check_constants(f, read)
            _, pullback = recorded.vjp(apply, [f, arguments], {}, (1,))
            return pullback(y_bars)

        def push(x_dots: list[Any]) -> list[Any]:
            return recorded.jvp(apply, [f, arguments], {}, (1,), x_dots)[1]

        trace = state.levels[level]
        if isinstance(trace, ReverseTrace):
            trace.hold([x for x in _arrays(arguments) if not tree.is_leaf(x)])
        custom.record(outputs, leaves, level, pull, push)
        return y


def constants_of(f: Any) -> dict[tuple[Any, str], Any] | None:
    """What a function reads besides its arguments; None where a second run of it may not be like the first.

    It may be run again where all that it does is known to depend on its arguments and on numbers, texts and
    functions that it reads by name.
    """
    from srcgrad.passes.repeatable import constants

    return constants(f) if isinstance(f, FunctionType) else None


def _check_constants(f: Any, read: dict[tuple[Any, str], Any]) -> None:
    now = constants_of(f)
    changed = [key[1] for key in read if now is None or now.get(key, read) is not read[key]]
    if changed:
        raise NotDifferentiableError(
            f"{f.__name__}() is to be run again for its derivative, but {changed[0]} has changed since its call",
            ways=("make it a parameter", "leave out srcgrad.checkpoint"),
        )


def _is_active(x: Any) -> bool:
    return any(level.is_active(leaf) for level in state.levels for leaf in tree.leaves(x))


def _are_values(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    return all(_is_value(v) for v in (*args, *kwargs.values()))


def _arrays(x: Any) -> list[np.ndarray]:
    if isinstance(x, np.ndarray):
        return [x]
    return [a for member in tree.children(x) or () for a in _arrays(member)]


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
    """Recomputation instead of memory: in a call, in the loops of a function, or in one loop.

    `checkpoint(f)` is a function that means what f means. Of a call the derivative keeps the arguments alone; the
    reverse sweep runs f again. With `budget=k` or `memory=…` the loops of f, each that stands in no other, keep no
    more than k states besides, or as many as fit into that many bytes (`10**8`, `"200MB"`, `"1.5 GiB"`).
    Also a decorator: `@checkpoint`, `@checkpoint(budget=k)`.

    `for t in checkpoint(range(n), budget=k):` bounds the states of one loop. It is the iterable itself: without a
    derivative, and in forward mode, nothing happens. With neither budget nor memory as many states are kept as let
    each step be run twice more at the most: the square root of 2 n.

    A state is what an iteration reads and overwrites; arrays that are written into are copied into it, what does not
    change is not. Kept states stand where the fewest steps are run again, at binomial places; where the number of
    steps is not known beforehand (`while`, `break`) they are placed as the loop goes on.

    >>> import numpy as np, srcgrad as sg
    >>> def swing(angle, dt=0.01):
    ...     speed = 0.0
    ...     for _ in sg.checkpoint(range(1000), budget=8):
    ...         speed = speed - dt * np.sin(angle)
    ...         angle = angle + dt * speed
    ...     return angle
    >>> round(sg.grad(swing)(0.5), 10)
    -1.041201586
    >>> layer = sg.checkpoint(lambda x: np.sin(x) * np.exp(-x))
    >>> sg.grad(lambda x: layer(layer(x)))(0.0)
    1.0

    What runs again prints again. A call or a loop of which it is not known that a second run does the same, because it
    draws random numbers, calls methods of objects or changes what others see, is recorded as if nothing had been
    asked: right, with all the memory. So are loops in functions that no adjoint is generated for (`.source` shows
    which).
    Raises ValueError for a budget below 1, TypeError for what is neither called nor run over, NotDifferentiableError
    where a number that f reads by name has changed before f is run again.

    Griewank and Walther 2000, Algorithm 799: revolve. Wang, Moin and Iaccarino 2009, Minimal repetition dynamic
    checkpointing algorithm for unsteady adjoint calculation.
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
