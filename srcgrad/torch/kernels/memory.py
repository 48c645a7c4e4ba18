"""Arrays as windows on a piece of memory: sizes, strides and an offset, all counted in elements.

What enters: an array and a geometry (size, stride, offset). What leaves: what is seen through it. The transpose
lays a cotangent out through one geometry and reads it back through another.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import linear
from srcgrad.torch.plan import SHAPE_READERS

Geometry = tuple[tuple[int, ...], tuple[int, ...], int]


def owner(a: Any) -> Any:
    """The array that holds the memory into which `a` looks."""
    while a.base is not None:
        # Between a strided view and its array stands an object of NumPy's.
        below = a.base if a.base.__class__ is np.ndarray else getattr(a.base, "base", None)
        if below.__class__ is not np.ndarray:
            break
        a = below
    return a


def dense(a: Any) -> bool:
    """Whether the elements fill their memory without gaps and lie apart."""
    reach = a.itemsize
    for s, n in sorted([(s, n) for n, s in zip(a.shape, a.strides, strict=True) if n > 1]):
        if s != reach:
            return False
        reach *= n
    return True


def address(a: Any) -> int:
    """Where the first element lies."""
    found: int = a.__array_interface__["data"][0]
    return found


def flat(a: Any) -> Any:
    """All of the memory into which `a` looks, as a vector of elements of its dtype."""
    whole = owner(a)
    if not whole.flags.c_contiguous:
        order = sorted(range(whole.ndim), key=lambda k: -whole.strides[k])
        whole = whole.transpose(order)
        if not whole.flags.c_contiguous:
            return a.reshape(-1)
    line = whole.reshape(-1)
    if line.dtype == a.dtype:
        return line
    usable = line.nbytes // a.itemsize * a.itemsize
    return line.view(np.uint8)[:usable].view(a.dtype)


def elements(a: Any) -> tuple[int, ...]:
    """The strides in elements."""
    size = a.itemsize
    return tuple([s // size for s in a.strides])


def offset_of(a: Any) -> int:
    """How many elements lie before the first one of `a` in its memory."""
    whole = owner(a)
    return 0 if whole is a or not a.size else (address(a) - address(whole)) // a.itemsize


def geometry(a: Any) -> Geometry:
    """Where `a` looks in its memory."""
    return a.shape, elements(a), offset_of(a)


def extent(seen: Geometry) -> int:
    """The number of the last element seen, plus one."""
    size, stride, offset = seen
    return 0 if 0 in size else offset + 1 + sum((n - 1) * s for n, s in zip(size, stride, strict=True))


def through(line: Any, seen: Geometry) -> Any:
    """What is seen of a vector through a geometry."""
    size, stride, offset = seen
    if 0 in size:
        return np.empty(size, line.dtype)
    strides = tuple([s * line.itemsize for s in stride])
    return np.ndarray(size, line.dtype, line, offset * line.itemsize, strides)


def restrided(x: Any, shape: tuple[int, ...], strides: tuple[int, ...]) -> Any:
    """A view of the memory of x from its first element on; the strides are in bytes."""
    if 0 in shape:
        return np.empty(shape, x.dtype)
    line = flat(x)
    if not line.flags.c_contiguous or not np.may_share_memory(line, x):
        return np.lib.stride_tricks.as_strided(x, shape, strides, writeable=x.flags.writeable)
    return np.ndarray(shape, x.dtype, line, address(x) - address(line), strides)


def overlaps(seen: Geometry) -> bool:
    """Whether a geometry may show an element twice."""
    reach = 0
    for s, n in sorted((s, n) for n, s in zip(*seen[:2], strict=True) if n > 1):
        if s <= reach:
            return True
        reach += s * (n - 1)
    return False


def strided(x: Any, seen: Geometry, home: Geometry) -> Any:  # noqa: ARG001 - the rule asks where x lies
    """What is seen through a geometry of the memory of x, which lies there itself as `home` says."""
    return through(flat(x), seen)


def relocated(g: Any, source: Geometry, target: Geometry) -> Any:
    """A cotangent that was laid out as `source`, as it is seen through `target`."""
    line = np.zeros(max(extent(source), extent(target), 1), g.dtype)
    if overlaps(source):
        np.add.at(line, through(np.arange(line.size), source), g)
    else:
        through(line, source)[...] = g
    return np.array(through(line, target))


SHAPE_READERS[strided] = (0,)
linear(strided, "x, seen, home", x="relocated(y_bar, seen, home)")
linear(relocated, "g, source, target", g="relocated(y_bar, target, source)")


# A window is a geometry in bytes, from the start of a base, with a dtype.
Window = tuple[tuple[int, ...], tuple[int, ...], int, Any]


def window(a: Any, base: Any) -> Window:
    """Where `a` looks, counted from the first element of `base`."""
    return a.shape, a.strides, address(a) - address(base) if a.size else 0, a.dtype


def _on(line: Any, w: Window) -> Any:
    """What a window shows of some bytes."""
    shape, strides, offset, dtype = w
    if 0 in shape:
        return np.empty(shape, dtype)
    return np.ndarray(shape, dtype, line, offset, strides)


def _reach(w: Window) -> int:
    shape, strides, offset, dtype = w
    return (
        0 if 0 in shape else offset + dtype.itemsize + sum([(n - 1) * s for n, s in zip(shape, strides, strict=True)])
    )


def laid_out(g: Any, home: Window, part: Window) -> tuple[Any, Any]:
    """A copy of a cotangent that lies as its base does, and the part of it that a window shows."""
    home = (*home[:3], g.dtype) if g.dtype.itemsize == home[3].itemsize else home
    line = np.zeros(max(_reach(home), _reach(part)), np.uint8)
    whole = _on(line, home)
    whole[...] = g
    return whole, _on(line, part)


def read(g: Any, home: Window, part: Window) -> Any:
    """The part of a cotangent of the base that a window shows."""
    return np.array(laid_out(g, home, part)[1])


def laid(p: Any, home: Window, part: Window) -> Any:
    """A cotangent of the base with zeros around what a window shows."""
    whole, shown = laid_out(np.zeros(home[0], home[3]), home, part)
    shown[...] = p
    return whole


def blanked(g: Any, home: Window, part: Window) -> Any:
    """A cotangent of the base with zeros in what a window shows."""
    whole, shown = laid_out(g, home, part)
    shown[...] = 0
    return whole


def turned(x: Any, home: Window, part: Window) -> Any:
    """The conjugate, where the window shows the parts of complex numbers or the reverse.

    The table's cotangent of a complex number is the conjugate of PyTorch's.
    """
    return np.conj(x) if (home[3].kind == "c") != (part[3].kind == "c") else x


linear(read, "g, home, part", g="turned(laid(y_bar, home, part), home, part)")
linear(laid, "p, home, part", p="read(turned(y_bar, home, part), home, part)")
linear(blanked, "g, home, part", g="blanked(y_bar, home, part)")
