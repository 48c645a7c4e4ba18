"""Cotangents brought to the shape and dtype of the operand that they belong to."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

_ndarray = np.ndarray


def summed(g: Any, shape: tuple[int, ...]) -> Any:
    """A cotangent summed over the dimensions along which its operand was broadcast."""
    if g.size == math.prod(shape):
        return g.reshape(shape)
    extra = g.ndim - len(shape)
    if extra > 0:
        g = np.add.reduce(g, axis=tuple(range(extra)))
    if g.shape != shape:
        stretched = tuple([k for k, (n, m) in enumerate(zip(shape, g.shape, strict=False)) if n == 1 and m != 1])
        if stretched:
            g = np.add.reduce(g, axis=stretched, keepdims=True)
        if g.shape != shape:
            g = np.broadcast_to(g, shape)
    return g if g.__class__ is _ndarray else np.asarray(g)


def fitted(g: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """A cotangent of the operand's own shape and dtype; None stays what it is."""
    if g is None:
        return None
    if g.__class__ is not _ndarray:
        g = np.asarray(g)
    if g.shape != shape:
        g = summed(g, shape)
    return g if g.dtype is dtype else converted(g, dtype)


def converted(g: Any, dtype: Any) -> Any:
    """A cotangent in the operand's dtype; of a complex one the real part, where the operand is real."""
    if g.dtype == dtype:
        return g
    if g.dtype.kind == "c" and dtype.kind != "c":
        g = g.real
    return g.astype(dtype)
