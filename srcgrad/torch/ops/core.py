"""What backward sweeps on tensors need: sums to a shape, conversions, copies."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules import support
from srcgrad.rules.table import linear, rule
from srcgrad.torch.primitive import converted, primitive, summed
from srcgrad.torch.recorded import FACES
from srcgrad.torch.tensor import Tensor


def sum_to_size(x: Any, shape: Any) -> Any:
    """The sum over broadcast dimensions, down to a shape."""
    return summed(x, tuple(shape))


def to_dtype(x: Any, dtype: Any) -> Any:
    """The same values in another dtype, the real part of complex values in a real one."""
    return converted(x, dtype)


def clone(x: Any) -> Any:
    """The same values in memory of their own."""
    return np.array(x)


linear(sum_to_size, "x, shape", x="np.broadcast_to(y_bar, np.shape(x))")
rule(to_dtype, "x, dtype", vjp={"x": "y_bar"}, jvp={"x": "to_dtype(x_dot, dtype)"})
linear(clone, "x", x="y_bar")

sum_to = primitive(sum_to_size, "SumBackward1")
convert = primitive(to_dtype, "ToCopyBackward0")
copy = primitive(clone, "CloneBackward0")
copy_to = primitive(clone, "ToCopyBackward0")

FACES[summed] = sum_to
FACES[converted] = convert
FACES[np.copy] = copy
FACES[support.unbroadcast] = lambda g, x: (
    g
    if g._a.shape == tuple(np.shape(x._a if isinstance(x, Tensor) else x))
    else sum_to(g, tuple(np.shape(x._a if isinstance(x, Tensor) else x)))
)
