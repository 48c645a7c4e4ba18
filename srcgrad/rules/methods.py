"""Methods of arrays that differ from the function of their name in the order of their parameters.

A method with the same parameters shares its function's entry, where that is entered.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.support import delivered
from srcgrad.rules.table import composed, zero


@composed(np.ndarray.dot)
def dot_method(a: Any, other: Any, out: Any = None) -> Any:
    """As np.dot."""
    return delivered(np.dot(a, other), out)


@composed(np.ndarray.clip)
def clip_method(a: Any, min: Any = None, max: Any = None, out: Any = None) -> Any:
    """As np.clip."""
    return delivered(np.clip(a, min, max), out)


@composed(np.ndarray.conj, np.ndarray.conjugate)
def conj_method(a: Any) -> Any:
    """As np.conj."""
    return np.conj(a)


@composed(np.ndarray.compress)
def compress_method(a: Any, condition: Any, axis: Any = None, out: Any = None) -> Any:
    """As np.compress, whose first parameter is the condition."""
    return delivered(np.take(a, np.flatnonzero(condition), axis), out)


zero(np.ndarray.round, np.ndarray.__len__, np.ndarray.__contains__)
