"""Sets of values: what belongs to which is decided by equality, the values themselves pass through."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import composed


@composed(np.union1d)
def union1d(ar1: Any, ar2: Any) -> Any:
    """The values of both, each once, in order."""
    return np.unique(np.concatenate((ar1, ar2), axis=None))


@composed(np.setdiff1d)
def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """The values of the first that are not in the second."""
    values = np.ravel(np.asarray(ar1)) if assume_unique else np.unique(ar1)
    return values[~np.isin(values, ar2)]


@composed(np.setxor1d)
def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """The values that are in one of the two alone."""
    parts = (ar1, ar2) if assume_unique else (np.unique(ar1), np.unique(ar2))
    both = np.sort(np.concatenate(parts, axis=None))
    if np.size(both) == 0:
        return both
    border = np.concatenate(([True], both[1:] != both[:-1], [True]))
    return both[border[1:] & border[:-1]]


@composed(np.intersect1d)
def intersect1d(ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False) -> Any:
    """The values that are in both, as they stand in the first, and where they stand if that is asked."""
    first, second = np.ravel(np.asarray(ar1)), np.ravel(np.asarray(ar2))
    places1, places2 = np.arange(np.size(first)), np.arange(np.size(second))
    if not assume_unique:
        places1 = np.unique(first, return_index=True)[1]
        places2 = np.unique(second, return_index=True)[1]
    both = np.concatenate((first[places1], second[places2]))
    order = np.argsort(both, kind="stable")
    shared = np.flatnonzero(both[order][1:] == both[order][:-1])
    found1, found2 = order[shared], order[shared + 1] - np.size(places1)
    values = both[found1]
    return (values, places1[found1], places2[found2]) if return_indices else values


@composed(np.sort_complex)
def sort_complex(a: Any) -> Any:
    """The values in order, as complex numbers."""
    b = np.sort(a)
    if np.iscomplexobj(b):
        return b
    return b.astype({"b": "F", "h": "F", "B": "F", "H": "F", "g": "G"}.get(b.dtype.char, "D"))


if hasattr(np, "unique_all"):  # NumPy 2.0
    UniqueAll: Any = type(np.unique_all(np.zeros(0)))
    UniqueInverse: Any = type(np.unique_inverse(np.zeros(0)))
    UniqueCounts: Any = type(np.unique_counts(np.zeros(0)))

    @composed(np.unique_all)
    def unique_all(x: Any) -> Any:
        """The values, where each stands first, which stands where, and how often each does."""
        found = np.unique(x, return_index=True, return_inverse=True, return_counts=True, equal_nan=False)
        return UniqueAll._make(found)

    @composed(np.unique_inverse)
    def unique_inverse(x: Any) -> Any:
        """The values, and which stands where."""
        found = np.unique(x, return_inverse=True, equal_nan=False)
        return UniqueInverse._make(found)

    @composed(np.unique_counts)
    def unique_counts(x: Any) -> Any:
        """The values, and how often each stands there."""
        found = np.unique(x, return_counts=True, equal_nan=False)
        return UniqueCounts._make(found)
