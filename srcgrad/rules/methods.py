"""Methods of arrays that differ from the function of their name in the order of their parameters.

A method with the same parameters shares its function's entry, where that is entered.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import composed, zero


@composed(np.ndarray.dot)
def dot(a: Any, other: Any, out: Any = None) -> Any:
    """As np.dot."""
    return _stored(np.dot(a, other), out)


@composed(np.ndarray.clip)
def clip(a: Any, min: Any = None, max: Any = None, out: Any = None) -> Any:
    """As np.clip."""
    return _stored(np.clip(a, min, max), out)


@composed(np.ndarray.conj, np.ndarray.conjugate)
def conj(a: Any) -> Any:
    """As np.conj."""
    return np.conj(a)


@composed(np.ndarray.compress)
def compress(a: Any, condition: Any, axis: Any = None, out: Any = None) -> Any:
    """As np.compress, whose first parameter is the condition."""
    return _stored(np.take(a, np.flatnonzero(condition), axis), out)


def _stored(y: Any, out: Any) -> Any:
    if out is None:
        return y
    out[...] = y
    return out


zero(np.ndarray.round, np.ndarray.__len__, np.ndarray.__contains__)
