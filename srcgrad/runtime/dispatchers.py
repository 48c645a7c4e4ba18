"""Functions that numba compiles, as the Python functions under its decorators.

    @numba.njit                            step.py_func
    def step(x): ...

    @numba.vectorize                       slope.__wrapped__: of numbers; of arrays it runs for each element
    def slope(x): ...

Nothing is imported: whoever has such a function has imported numba.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any

import numpy as np


def plain(f: Any) -> Any:
    """The Python function under numba's `jit` or `njit`; anything else as it is."""
    inner = getattr(f, "py_func", None) if is_compiled(f) else None
    return inner if isinstance(inner, FunctionType) else f


def is_compiled(f: Any) -> bool:
    """Whether a callable was made by one of numba's decorators."""
    return type(f).__module__.startswith("numba.")


def elementwise(f: Any) -> FunctionType | None:
    """The Python function of numbers under numba's `vectorize`; None for anything else."""
    inner = getattr(f, "__wrapped__", None) if is_compiled(f) and type(f).__name__ == "DUFunc" else None
    return inner if isinstance(inner, FunctionType) else None


def written(f: Any, args: tuple[Any, ...]) -> Any:
    """What to differentiate in the place of a function of numba's that is called with these arguments, or None."""
    inner = plain(f)
    if inner is not f:
        return inner
    scalar = elementwise(f)
    if scalar is None:
        return None
    return np.vectorize(scalar) if any(np.ndim(a) for a in args) else scalar
