"""The cotangents of a reverse sweep: one number per scalar, one array per buffer of memory.

Like the sweep itself this is plain Python over NumPy, and is differentiated for second derivatives.
"""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np

from srcgrad.rules.support import unbroadcast
from srcgrad.runtime import memory

SCALARS = (float, complex, np.inexact)
LARGEST = float(np.finfo(float).max)
LEAVES = (np.ndarray, float, complex, np.inexact)


class ZeroMet(Exception):
    """A cotangent of zero has met a partial that is not finite, and nobody knows why it is zero."""


class _Present(threading.local):
    """What a careful sweep knows of the entry that it is at, and a careful run of its operation; see `zeros`, `varying`."""

    unused: Any = None  # where the result is not used; a list where that is a tuple, whose cotangent `parts` then is
    parts: Any = ()
    run: Any = None  # the forward trace that computes a tangent
    still: Any = False  # where the operand does not vary


present = _Present()


def settled(y_bar: Any, amount: Any) -> Any:
    """A product `y_bar * partial`, taken as zero where the partial is not finite and the result is not used."""
    if isinstance(amount, float):
        return amount if y_bar != 0 or math.isfinite(amount) else (0.0 if unused_of(y_bar) else amount)
    finite = np.isfinite(amount)
    if finite.all():
        return amount
    met = (np.asarray(y_bar) == 0) & ~finite
    return np.where(met & unused_of(y_bar), 0.0, amount) if met.any() else amount


def moved(x_dot: Any, share: Any) -> Any:
    """A product `x_dot * partial`, taken as zero where the partial is not finite and the operand does not vary."""
    finite = np.isfinite(share)
    if finite.all() or present.run is None:
        return share
    met = (np.asarray(x_dot) == 0) & ~finite
    if present.run.support is not None:
        met = met & present.still
    elif met.any():
        present.run.met = True
    return np.where(met, 0.0, share) if met.any() else share


def unused_of(y_bar: Any) -> Any:
    """Where a result with this cotangent is not used; ZeroMet where that is not known."""
    unused = present.unused
    if unused is None:
        raise ZeroMet
    if isinstance(unused, list):
        return next((mask for mask, part in zip(unused, present.parts, strict=True) if part is y_bar), False)
    return unused


class Cotangents:
    """The cotangents of a sweep: one number per scalar, one array per buffer of memory."""

    def __init__(self) -> None:
        self.scalars: dict[int, Any] = {}
        self.shadows: dict[int, np.ndarray] = {}

    def shadow(self, x: np.ndarray) -> np.ndarray:
        """The part of the shadow that belongs to x, made of zeros where there was none."""
        whole = memory.owner(x)
        shadow = self.shadows.get(id(whole))
        if shadow is None:
            shadow = self.shadows[id(whole)] = np.zeros_like(whole)
        return memory.view_of(shadow, whole, x)

    def add(self, x: Any, amount: Any) -> None:
        """Add to the cotangent of a value: a number, an array, or a sequence of such."""
        if isinstance(x, np.ndarray):
            if x.dtype.kind not in "fc":
                return
            amount = unbroadcast(amount, x)
            whole = memory.owner(x)
            if x is whole and id(whole) not in self.shadows:
                shadow = np.empty_like(whole)
                shadow[...] = amount
                self.shadows[id(whole)] = shadow
            else:
                shadow = self.shadow(x)
                if memory.sign_of(whole, x) < 0:
                    amount = -amount
                memory.add_into(shadow, amount)
        elif isinstance(x, SCALARS):
            amount = as_scalar(amount, x)
            known = self.scalars.get(id(x))
            self.scalars[id(x)] = amount if known is None else known + amount
        elif isinstance(x, (list, tuple)):
            for part, share in zip(x, amount, strict=True):
                self.add(part, share)

    def take(self, y: Any) -> Any:
        """The cotangent of a value at its birth, or None where nothing depends on it."""
        if isinstance(y, np.ndarray):
            whole = memory.owner(y)
            shadow = self.shadows.pop(id(whole), None)
            if shadow is None:
                return None
            part = memory.each_once(memory.view_of(shadow, whole, y))
            return -part if memory.sign_of(whole, y) < 0 else part
        return self.scalars.pop(id(y), None)

    def known(self, x: Any) -> Any:
        """The cotangent of a value so far, or None."""
        if isinstance(x, np.ndarray):
            if x.base is None:
                shadow = self.shadows.get(id(x))
                return shadow if shadow is None or shadow.shape == x.shape else memory.view_of(shadow, x, x)
            return self.shadow(x) if id(memory.owner(x)) in self.shadows else None
        return self.scalars.get(id(x))

    def get(self, x: Any) -> Any:
        """The cotangent of an input, zero where nothing depends on it."""
        if isinstance(x, np.ndarray):
            return self.shadow(x)
        known = self.scalars.get(id(x))
        return type(x)(0.0) if known is None else known


def with_infinities(formula: Any, *values: Any) -> Any:
    """A formula whose Python numbers raise ArithmeticError, with NumPy's, which become infinite or NaN instead."""
    with np.errstate(all="ignore"):
        try:
            return formula(*[np.float64(v) if type(v) is float else v for v in values])
        except ArithmeticError:
            # What raised is a whole number, as the count of no elements; an axis would not have.
            return formula(*[np.float64(v) if type(v) in (int, float) else v for v in values])


def as_scalar(amount: Any, x: Any) -> Any:
    """A cotangent in the type of the scalar that it belongs to."""
    if type(amount) is type(x):
        return amount
    amount = unbroadcast(amount, x)
    if isinstance(x, np.inexact):
        return np.asarray(amount, dtype=x.dtype)[()]
    if isinstance(amount, (np.ndarray, np.generic)):
        amount = amount.item()
    return amount if isinstance(amount, type(x)) else type(x)(amount)


def zeros_of(y: Any) -> Any:
    """The zero cotangent of one member of a tuple of results."""
    if isinstance(y, np.ndarray):
        return np.zeros(y.shape, y.dtype if y.dtype.kind in "fc" else float)
    return 0.0
