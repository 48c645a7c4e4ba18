"""Values at places of an array's space, and their way back.

Arrays are (images, channels, *space); places number the space of an image's channel, row by row.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from srcgrad.rules.table import linear, rule
from srcgrad.torch.kernels.windows import Sizes


def gather_places(x: Any, places: Any) -> Any:
    """The values at (images, channels, *results) places."""
    return x.reshape(-1).take(_in_the_whole(places, prod(x.shape[2:]))).reshape(places.shape)


def scatter_places(values: Any, places: Any, space: Sizes, apart: bool = False) -> Any:
    """Zeros with the values added at their places; `apart` says that no place occurs twice."""
    shape = (*places.shape[:2], *space)
    where = _in_the_whole(places, prod(space))
    return accumulated(np.broadcast_to(values, places.shape).reshape(-1), where, prod(shape), apart).reshape(shape)


def accumulated(values: Any, where: Any, size: int, apart: bool = False) -> Any:
    """A vector of zeros with values added at the given indices."""
    total = np.zeros(size, values.dtype)
    if apart:
        total[where] = values
    elif values.dtype.kind == "f" and values.dtype.itemsize <= 8:
        total[...] = np.bincount(where, values, size)
    else:
        np.add.at(total, where, values)
    return total


def _in_the_whole(places: Any, size: int) -> Any:
    """Places as indices of the flattened array, as a vector."""
    planes = places.shape[0] * places.shape[1]
    return (
        places.reshape(planes, prod(places.shape[2:])) + np.arange(0, planes * size, max(1, size))[:planes, None]
    ).reshape(-1)


def max_unpool(x: Any, places: Any, space: Sizes) -> Any:
    """Zeros with the values put at their places; of several at one place, the last."""
    y = np.zeros((*x.shape[:2], *space), x.dtype)
    y.reshape(-1)[_in_the_whole(places, prod(space))] = x.reshape(-1)
    return y


linear(gather_places, "x, places", x="scatter_places(y_bar, places, np.shape(x)[2:])")
linear(scatter_places, "values, places, space, apart=False", values="gather_places(y_bar, places)")
rule(
    max_unpool,
    "x, places, space",
    vjp={"x": "gather_places(y_bar, places)"},
    jvp={"x": "max_unpool(x_dot, places, space)"},
)
