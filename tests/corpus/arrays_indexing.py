"""Reading arrays: every form of index, shape changes, broadcasting."""

import numpy as np

from tests.corpus import case

A = np.array([[0.5, 1.0, -0.3], [2.0, 0.7, 1.1]])
V = np.array([0.5, -1.0, 2.0, 0.3, 1.2])


@case(x=np.array([3.0, 4.0]))
def repeated_subscript(x):
    return x[0] * x[0] + x[1]


@case(x=V)
def negative_and_strided(x):
    return x[-1] * x[-2] + np.sum(x[::2] ** 2) + np.sum(x[3:0:-2] * x[:2]) + x[-3:].prod()


@case(a=A)
def tuple_index(a):
    return a[0, 1] * a[1, -1] + a[1][2] ** 2


@case(a=A)
def rows_and_columns(a):
    return a[0] @ a[1] + np.sum(a[:, 1] ** 3) + np.sum(a[:, 1:] * a[:, :-1])


@case(a=A)
def none_and_ellipsis(a):
    outer = a[0][:, None] * a[1][None, :]
    return np.sum(outer[..., 0]) * outer[1, ...].sum() + np.sum(a[..., np.newaxis] ** 2)


@case(x=V)
def boolean_mask(x):
    positive = x[x > 0]
    return np.sum(positive**2) * len(positive) + np.sum(x[np.array([True, False, True, False, False])])


@case(a=A)
def mask_of_two_dimensions(a):
    return np.prod(a[a > 0.6]) + np.sum(a[:, np.array([True, False, True])] ** 2)


@case(x=V)
def integer_array_with_repeats(x):
    idx = np.array([0, 2, 2, 4, -1])
    return np.sum(x[idx] * np.arange(5.0)) + np.sum(x[[1, 1, 1]] ** 2)


@case(a=A)
def paired_integer_arrays(a):
    i = np.array([0, 1, 1, 0])
    j = np.array([2, 0, 0, 1])
    return np.sum(a[i, j] ** 2 * np.arange(1.0, 5.0)) + np.sum(a[np.ix_([0, 1], [0, 2])])


@case(a=A)
def mixed_advanced_and_slice(a):
    t = np.stack([a, a * 2, a**2])
    return np.sum(t[[0, 2], :, 1] ** 2) + np.sum(t[:, [1, 0, 1], 1:] * 0.3) + t[1, [0, 1], [2, 0]].sum()


@case(a=A)
def index_of_two_dimensions(a):
    x = a.ravel()
    idx = np.array([[0, 5], [3, 3]])
    return np.linalg.norm(x[idx]) + np.take(a, [0, 0, 4]).sum()


@case(x=V)
def index_computed_from_values(x):
    k = int(np.argmax(x))
    order = np.argsort(x)
    return x[k] ** 2 + np.sum(x[order] * np.arange(5)) + x[np.searchsorted(np.sort(x), 0.4)]


@case(a=A)
def ellipsis_only_and_full_slice(a):
    return np.sum(a[...] * a[:]) + a[()].sum()


@case(a=A)
def reshape_ravel_transpose(a):
    return np.sum(a.reshape(3, 2) * a.T) + a.ravel()[4] ** 2 + np.sum(a.T.reshape(-1)[::2])


@case(a=A)
def flatten_squeeze_expand(a):
    b = np.expand_dims(a, 0)
    return np.sum(np.squeeze(b, axis=0)[0] * a.flatten()[:3]) + b.swapaxes(0, 2)[1, 0, 0] ** 2


@case(a=A)
def concatenate_stack_split(a):
    left, right = np.split(np.concatenate([a, a * 2], axis=1), 2, axis=1)
    s = np.stack((left, right), axis=-1)
    top, bottom = np.vstack([a, a[:1]])[0], np.hstack([a[0], a[1]])
    return np.sum(s[..., 0] * s[..., 1]) + top @ bottom[3:]


@case(x=V)
def flips_rolls_repeats(x):
    return x @ np.roll(x, 2) + np.sum(np.flip(x)[:2] * x[:2]) + np.sum(np.repeat(x, 2)[::3]) ** 2


@case(x=V)
def tile_and_pad(x):
    tiled = np.tile(x, (2, 2))
    padded = np.pad(x, (1, 2), mode="edge")
    return np.sum(tiled[0] * tiled[1, ::-1]) + padded[0] * padded[-1] + np.sum(np.pad(x, 1)[1:-1] ** 2)


@case(x=np.array([[1.0], [2.0], [3.0]]), y=np.array([0.5, -1.0, 2.0, 4.0]))
def broadcast_column_with_row(x, y):
    return np.sum(np.sin(x * y) + x / (y + 5.0))


@case(x=np.ones((2, 1, 3)) * 0.7, y=np.array([[0.5], [1.5]]), z=2.0)
def broadcast_three_dimensions(x, y, z):
    return np.sum((x + y) * z - x * y**2)


@case(x=np.array(0.7), y=np.array([1.0, 2.0]))
def broadcast_zero_dimensional(x, y):
    return np.sum(x * y + x**2)


@case(x=np.array([0.7]), y=np.array([[1.0, 2.0], [3.0, 4.0]]))
def broadcast_length_one(x, y):
    return np.sum(np.maximum(x, y - 2.5) * y)


@case(a=A, b=np.array([1.0, -0.5, 0.25]))
def broadcast_to_explicitly(a, b):
    big = np.broadcast_to(b, a.shape)
    p, q = np.broadcast_arrays(a, b)
    return np.sum(big * a) + np.sum(p * q**2)


@case(x=V)
def where_with_scalars(x):
    return np.sum(np.where(x > 0.4, x * x, -1.0)) + np.sum(np.where(x < 0, 0.0, x))


@case(x=V)
def select_clip_piecewise(x):
    y = np.select([x < 0, x < 1], [x**2, 2 * x], default=x**3)
    return np.sum(y) + np.sum(np.clip(x, -0.5, 1.0) * x)


@case(a=A)
def diagonals_and_triangles(a):
    square = a @ a.T
    return np.trace(square) * np.diag(square)[1] + np.sum(np.triu(a[:, :2])) + np.sum(np.tril(square, -1) ** 2)


@case(x=V)
def meshgrid_and_outer(x):
    p, q = np.meshgrid(x[:2], x[2:], indexing="ij")
    return np.sum(p * q**2) + np.sum(np.outer(x, x)[1])


@case(x=V)
def index_with_numpy_integers(x):
    total = 0.0
    for i in np.arange(5)[::2]:
        total = total + x[i] * x[np.int64(1)]
    for i in np.flatnonzero(x > 1.0):
        total += x[i] ** 3
    return total


@case(x=V)
def take_along_and_nonzero(x):
    order = np.argsort(-x)
    (places,) = np.nonzero(x < 0)
    return np.take_along_axis(x, order, axis=0)[:2].prod() + x[places].sum() ** 2


@case(a=np.arange(24.0).reshape(2, 3, 4) / 10)
def moveaxis_and_einsum(a):
    b = np.moveaxis(a, 0, -1)
    return np.einsum("ijk,jkl->", a[:, :2, :2], b[:2, :2]) + np.einsum("iij->j", a[:, :2])[1] ** 2


@case(x=V)
def sliding_windows(x):
    windows = np.lib.stride_tricks.sliding_window_view(x, 3)
    return np.sum(windows[0] * windows[-1]) + np.sum(np.mean(windows, axis=1) ** 2)


@case(x=V)
def unpacking_an_array(x):
    a, b, *rest = x
    (c,) = x[2:3]
    return a * b + rest[1] * c


@case(a=A)
def array_attributes(a):
    rows, cols = a.shape
    return a.T[0, 1] * a.size + np.sum(a.flat[2:4]) * a.ndim + rows * cols * a.mT[2, 0]


@case(x=V)
def methods_of_arrays(x):
    return x.sum() * x.mean() + x.dot(x) + x.max() * x.min() + x.cumsum()[2] ** 2 + x.var() + x.clip(0, 1).std()


@case(v=np.array([0.3, 0.8, 0.9, 0.1]))
def part_of_a_gathered_copy(v):
    v[v > 0.5] *= v[[0, 0, 0, 0]][v > 0.5]
    return np.sum(np.sin(v)) + v[[1, 1, 2]][0] * v[np.array([2, 0])][1:].sum()
