"""Where something holds, as arrays that carry no derivative, and what they let through.

What enters: operands. What leaves: arrays of True and False, or of small constants, in the operands' shape.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import linear, zero

# Whole numbers of the size of floating point ones: all bits set keep a value, none make it zero. That is several
# times as quick as np.where, which guesses at every element which way it will go.
_BITS = {np.dtype(np.float32): np.int32, np.dtype(np.float64): np.int64}
FEW = 256
# Zero as an array of a dtype: NumPy takes twice as long over a Python number.
ZEROS = {np.dtype(kind): np.zeros((), kind) for kind in (np.float32, np.float64)}


def kept(g: Any, mask: Any) -> Any:
    """The values where the mask holds and zero elsewhere, whatever stood there."""
    bits = _BITS.get(g.dtype)
    if bits is None or g.size < FEW or g.shape != mask.shape:
        return np.where(mask, g, ZEROS.get(g.dtype, 0))
    keep = mask.astype(bits)
    np.negative(keep, out=keep)
    keep &= g.view(bits)
    return keep.view(g.dtype)


def dropped(g: Any, mask: Any) -> Any:
    """The values where the mask does not hold and zero elsewhere."""
    bits = _BITS.get(g.dtype)
    if bits is None or g.size < FEW or g.shape != mask.shape:
        if g.shape != mask.shape:
            return np.where(mask, 0, g)
        few = g.copy()
        few[mask] = 0
        return few
    keep = mask.astype(bits)
    keep -= 1
    keep &= g.view(bits)
    return keep.view(g.dtype)


linear(kept, "g, mask", g="kept(y_bar, mask)")
linear(dropped, "g, mask", g="dropped(y_bar, mask)")


def inside(x: Any, low: Any, high: Any) -> Any:
    """Where low <= x <= high; a bound that is None does not bind."""
    if low is None:
        return x <= high
    if high is None:
        return x >= low
    return (x >= low) & (x <= high)


def above(x: Any, bound: Any) -> Any:
    """Where x > bound."""
    return x > bound


def winner(x: Any, other: Any) -> Any:
    """1 where x is not the smaller of the two, half where they are equal."""
    return np.where(x == other, x.dtype.type(0.5) if hasattr(x, "dtype") else 0.5, ~np.less(x, other))


def loser(x: Any, other: Any) -> Any:
    """1 where x is not the larger of the two, half where they are equal."""
    return np.where(x == other, x.dtype.type(0.5) if hasattr(x, "dtype") else 0.5, ~np.greater(x, other))


def signs(x: Any) -> Any:
    """-1, 0 or 1; 0 for NaN."""
    return np.subtract(x > 0, x < 0, dtype=x.dtype)


def first_is_larger(x: Any, other: Any) -> Any:
    """Where the larger one, or the one that is a number, is the first; at a tie it is."""
    return (x >= other) | np.isnan(other)


def first_is_smaller(x: Any, other: Any) -> Any:
    """Where the smaller one, or the one that is a number, is the first; at a tie it is."""
    return (x <= other) | np.isnan(other)


def outside(mask: Any) -> Any:
    """Where the mask does not hold."""
    return ~mask


def low_binds(x: Any, low: Any, high: Any) -> Any:
    """Where clamping gives the lower bound."""
    return x < low if high is None else (low < high) & (x < low)


def high_binds(x: Any, low: Any, high: Any) -> Any:
    """Where clamping gives the upper bound."""
    return x > high if low is None else (x > high) | (low > high)


def mantissa_slope(x: Any) -> Any:
    """The mantissa over the number: a power of 2."""
    return np.ldexp(x.dtype.type(1), -np.frexp(x)[1])


MASKS = (
    mantissa_slope,
    inside,
    above,
    winner,
    loser,
    signs,
    first_is_larger,
    first_is_smaller,
    outside,
    low_binds,
    high_binds,
)
zero(*MASKS)
