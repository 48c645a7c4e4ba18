"""Other arrangements of the elements in fresh memory: mirrored, shifted, repeated, cut to a triangle, on a diagonal."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import linear, rule

Shape = tuple[int, ...]


def flip(x: Any, dims: Shape) -> Any:
    """Some dimensions in reverse."""
    return np.array(np.flip(x, dims))


def roll(x: Any, shifts: Shape, dims: Shape) -> Any:
    """Some dimensions shifted in a circle; without dimensions the flattened array."""
    rolled = np.roll(x, shifts if dims else shifts[0], dims or None)
    return np.array(rolled, order="C") if not rolled.flags.c_contiguous else rolled


def opposite(shifts: Shape) -> Shape:
    """The shifts that undo others."""
    return tuple([-n for n in shifts])


def rot90(x: Any, k: int, dims: Shape) -> Any:
    """Quarter turns in the plane of two dimensions."""
    turns = k % 4
    if not turns:
        return np.array(x, order="C")
    if turns == 2:
        return flip(x, dims)
    return flip(x, (dims[1 if turns == 1 else 0],)).swapaxes(*dims)


def repeat(x: Any, repeats: Shape) -> Any:
    """Tiles beside one another."""
    return np.tile(x, repeats)


def unrepeat(g: Any, shape: Shape, repeats: Shape) -> Any:
    """The sum of the tiles."""
    whole = (1,) * (len(repeats) - len(shape)) + tuple(shape)
    if 0 in repeats:
        return np.zeros(shape, g.dtype)
    split = tuple([n for pair in zip(repeats, whole, strict=True) for n in pair])
    return np.reshape(np.sum(np.reshape(g, split), axis=tuple(range(0, 2 * len(repeats), 2))), shape)


def tril(x: Any, diagonal: int) -> Any:
    """Zeros above a diagonal."""
    return np.tril(x, diagonal)


def triu(x: Any, diagonal: int) -> Any:
    """Zeros below a diagonal."""
    return np.triu(x, diagonal)


def diag_embed(x: Any, offset: int, dim1: int, dim2: int) -> Any:
    """Matrices in the plane of two dimensions, with the last dimension of x on a diagonal."""
    n = x.shape[-1] + abs(offset)
    y = np.zeros((*x.shape[:-1], n, n), x.dtype)
    y = np.moveaxis(y, (-2, -1), (dim1, dim2))
    on = y.diagonal(offset, dim1, dim2)
    on.flags.writeable = True
    on[...] = x
    return np.ascontiguousarray(y)


def diagonal_copy(x: Any, offset: int, dim1: int, dim2: int) -> Any:
    """The diagonal in the plane of two dimensions, as the last."""
    return np.array(x.diagonal(offset, dim1, dim2), order="C")


def undiagonal(g: Any, shape: Shape, offset: int, dim1: int, dim2: int) -> Any:
    """Zeros with a diagonal filled."""
    x = np.zeros(shape, g.dtype)
    on = x.diagonal(offset, dim1, dim2)
    on.flags.writeable = True
    on[...] = g
    return x


def block_diag(parts: Any) -> Any:
    """Matrices on the diagonal of a matrix."""
    blocks = [np.atleast_2d(p) for p in parts]
    y = np.zeros((sum([b.shape[0] for b in blocks]), sum([b.shape[1] for b in blocks])), np.result_type(*blocks))
    i = j = 0
    for b in blocks:
        y[i : i + b.shape[0], j : j + b.shape[1]] = b
        i += b.shape[0]
        j += b.shape[1]
    return y


def blocks_of(g: Any, parts: Any) -> Any:
    """What of a matrix lies in each block."""
    found = []
    i = j = 0
    for p in parts:
        shape = np.shape(p)
        rows, columns = shape if len(shape) == 2 else (1, shape[0] if shape else 1)
        found.append(np.reshape(g[i : i + rows, j : j + columns], shape))
        i += rows
        j += columns
    return found


linear(flip, "x, dims", x="flip(y_bar, dims)")
linear(roll, "x, shifts, dims", x="roll(y_bar, opposite(shifts), dims)")
linear(rot90, "x, k, dims", x="rot90(y_bar, -k, dims)")
linear(repeat, "x, repeats", x="unrepeat(y_bar, np.shape(x), repeats)")
linear(unrepeat, "g, shape, repeats", g="repeat(np.reshape(y_bar, shape), repeats)")
linear(tril, "x, diagonal", x="tril(y_bar, diagonal)")
linear(triu, "x, diagonal", x="triu(y_bar, diagonal)")
linear(diag_embed, "x, offset, dim1, dim2", x="diagonal_copy(y_bar, offset, dim1, dim2)")
linear(diagonal_copy, "x, offset, dim1, dim2", x="undiagonal(y_bar, np.shape(x), offset, dim1, dim2)")
rule(block_diag, "parts", vjp={"parts": "blocks_of(y_bar, parts)"}, jvp={"parts": "block_diag(parts_dot)"})
rule(
    blocks_of,
    "g, parts",
    vjp={"g": "block_diag(y_bar)", "parts": ""},
    jvp={"g": "blocks_of(g_dot, parts)", "parts": ""},
)
linear(undiagonal, "g, shape, offset, dim1, dim2", g="diagonal_copy(y_bar, offset, dim1, dim2)")
