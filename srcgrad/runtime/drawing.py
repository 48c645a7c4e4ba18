"""Arrays rearranged at random: `rng.permutation(x)`, `rng.choice(x)`, `rng.shuffle(x)`.

The generator is asked which places it exchanges, by having it rearrange the numbers of the places
from the same state. Both results are compared: where a generator treats numbers and places
differently, the call is refused.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from srcgrad.runtime.calls import call
from srcgrad.runtime.operations import any_active, missing

_NAMES = ("permutation", "choice", "shuffle")


def rearranged(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The call of a generator's method whose first argument is an array that a derivative depends on."""
    x, *rest = args
    if f.__name__ not in _NAMES or any_active(tuple(rest), kwargs) or not isinstance(x, np.ndarray):
        raise missing(f, " with parameters to be differentiated")
    axis = kwargs.get("axis", 0)
    before = _state(f.__self__)
    real = np.array(x)
    y = f(real, *rest, **kwargs)
    after = _state(f.__self__)
    _restore(f.__self__, before)
    places = np.arange(x.shape[axis])
    order = f(places, *rest, **{k: v for k, v in kwargs.items() if k != "axis"})
    _restore(f.__self__, after)
    if f.__name__ == "shuffle":
        y, order = real, places
    if not np.array_equal(np.take(x, order, axis), y, equal_nan=True):
        raise missing(f, " in this version of NumPy")
    if f.__name__ == "shuffle":
        access.setitem(x, Ellipsis, call(np.take, x, order, axis))
        return None
    if np.ndim(order) == 0 and x.ndim == 1:
        return access.getitem(x, int(order))
    return call(np.take, x, order, axis)


def _state(generator: Any) -> Any:
    if isinstance(generator, np.random.RandomState):
        return generator.get_state()
    return copy.deepcopy(generator.bit_generator.state)


def _restore(generator: Any, state: Any) -> None:
    if isinstance(generator, np.random.RandomState):
        generator.set_state(state)
    else:
        generator.bit_generator.state = state


# This is built upon this module.
from srcgrad.runtime import access  # noqa: E402
