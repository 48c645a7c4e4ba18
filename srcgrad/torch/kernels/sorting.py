"""One element of each line along a dimension, by its number there."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import linear


def chosen(x: Any, dim: int, where: Any) -> Any:
    """The elements that `where`, which has not the dimension, names along it."""
    if not x.ndim:
        return np.array(x)
    return np.take_along_axis(x, np.expand_dims(where, dim), dim).squeeze(dim)


def unchosen(g: Any, shape: tuple[int, ...], dim: int, where: Any) -> Any:
    """Zeros with one element of each line along a dimension filled."""
    if not shape:
        return np.array(g)
    x = np.zeros(shape, g.dtype)
    np.put_along_axis(x, np.expand_dims(where, dim), np.expand_dims(g, dim), dim)
    return x


linear(chosen, "x, dim, where", x="unchosen(y_bar, np.shape(x), dim, where)")
linear(unchosen, "g, shape, dim, where", g="chosen(y_bar, dim, where)")
