"""Arrays as memory: which buffer an array lives in, and the same view of that buffer's shadow.

An array's derivative belongs to the memory that it shows, not to the name that shows it. Two views
of one buffer are two views of one shadow, so writes through any of them are right by construction.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def owner(a: np.ndarray) -> np.ndarray:
    """The array that owns the memory of `a`: `a` itself, or the end of its chain of bases."""
    base: Any = a.base
    while base is not None:
        if isinstance(base, np.ndarray):
            a = base
            base = a.base
        elif isinstance(base, memoryview):
            base = base.obj
        elif type(base).__name__ == "DummyArray":  # NumPy's as_strided keeps the base behind it
            base = base.base
        else:
            break
    return a


def keeper(a: np.ndarray) -> Any:
    """The object that keeps the memory of `a`: its owner, or what is not an array behind that.

    Several arrays over one bytearray or one mapped file are owners each, with one keeper.
    """
    a = owner(a)
    base: Any = a.base
    if base is None:
        return a
    while isinstance(base, memoryview):
        base = base.obj
    return base


def is_foreign(a: np.ndarray) -> bool:
    """Whether memory belongs to something else than an array, which may show it to others as well."""
    return owner(a).base is not None


def reinterprets(a: np.ndarray) -> bool:
    """Whether an array shows memory in another type than it was made in, other than as parts of it."""
    whole, kind = owner(a).dtype, a.dtype
    if whole == kind or whole.kind == "V" or kind.kind == "V":
        return False
    if whole.kind != "c" or kind.kind != "f" or 2 * kind.itemsize != whole.itemsize:
        return True
    # Real parts and imaginary parts side by side have cotangents of different signs.
    return any(s % whole.itemsize for s, n in zip(a.strides, a.shape, strict=True) if n > 1)


def record(v: np.void) -> np.ndarray | None:
    """A record taken from a structured array, as an array of no dimension over the same memory."""
    base: Any = v.base
    if not isinstance(base, np.ndarray):
        return None
    whole = owner(base)
    start = int(v.__array_interface__["data"][0]) - address(whole)
    return np.ndarray((), v.dtype, buffer=whole, offset=start) if whole.flags.forc else None


def address(a: np.ndarray) -> int:
    """The address of an array's first element."""
    return int(a.__array_interface__["data"][0])


def overlaps_itself(a: np.ndarray) -> bool:
    """Whether two elements of one view may share memory, as after np.broadcast_to.

    Sufficient for disjointness: sorted by stride, each dimension steps over all smaller ones.
    """
    reach = a.itemsize
    for stride, n in sorted((abs(s), n) for s, n in zip(a.strides, a.shape, strict=True) if n > 1):
        if stride < reach:
            return True
        reach = stride * (n - 1) + reach
    return False


def view_of(shadow: np.ndarray, whole: np.ndarray, part: np.ndarray) -> np.ndarray:
    """The view of `shadow` that `part` is of `whole`; shadow has the memory layout of whole."""
    if part is whole and part.shape == shadow.shape:
        return shadow
    if part.size == 0:
        return np.zeros(part.shape, part.dtype)
    return np.ndarray(
        part.shape,
        part.dtype,
        buffer=shadow.reshape(-1, order="A") if shadow.flags.forc else shadow.ravel(order="K"),
        offset=address(part) - address(whole),
        strides=part.strides,
    )


def sign_of(whole: np.ndarray, part: np.ndarray) -> int:
    """-1 for a view of the imaginary parts of complex memory, else 1.

    The cotangent of z = a + ib is du/da - i du/db, so that of b is minus the imaginary part.
    """
    if whole.dtype.kind != "c" or part.dtype.kind == "c" or part.size == 0:
        return 1
    if any(s % whole.itemsize for s, n in zip(part.strides, part.shape, strict=True) if n > 1):
        raise TypeError("a real view that mixes real and imaginary parts has no cotangent")
    return -1 if (address(part) - address(whole)) % whole.itemsize else 1


def numbers_of(a: np.ndarray) -> np.ndarray:
    """For each element of a view, the number of its element in the owner's memory."""
    whole = owner(a)
    numbers = np.arange(whole.size)
    start = (address(a) - address(whole)) // whole.itemsize * numbers.itemsize
    scaled = tuple([s // whole.itemsize * numbers.itemsize for s in a.strides])
    return np.ndarray(a.shape, numbers.dtype, buffer=numbers, offset=start, strides=scaled)


def add_into(target: np.ndarray, amount: Any) -> None:
    """`target += amount`, each element counted where a view shows the same memory twice."""
    if overlaps_itself(target):
        flat = owner(target).reshape(-1, order="A")
        np.add.at(flat, numbers_of(target), amount)
    else:
        target[...] += amount


def each_once(part: np.ndarray) -> np.ndarray:
    """A view's elements with each element of memory at one of the places that show it, else zero."""
    if not overlaps_itself(part):
        return part
    _, first = np.unique(numbers_of(part), return_index=True)
    where = np.zeros(part.size, bool)
    where[first] = True
    return np.where(where.reshape(part.shape), part, 0.0)


def repeats(index: Any) -> bool:
    """Whether an index may name an element twice: it holds an array or list of integers."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(
        (isinstance(p, np.ndarray) and p.dtype.kind != "b" and p.size > 1) or (isinstance(p, list) and len(p) > 1)
        for p in parts
    )


def snapshot(index: Any) -> Any:
    """The index as it is now: arrays and lists in it may be changed by the program later."""
    if isinstance(index, tuple):
        return tuple(snapshot(p) for p in index)
    if isinstance(index, (np.ndarray, list)):
        return np.array(index) if isinstance(index, np.ndarray) or index else np.empty(0, int)
    return index
