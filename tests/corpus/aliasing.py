"""One memory under several names: views, writes through views, arguments that alias."""

import numpy as np

from tests.corpus import case

V = np.array([0.5, -1.0, 2.0, 0.3])
A = np.array([[0.5, 1.0, -0.3], [2.0, 0.7, 1.1]])


@case(a=V)
def view_incremented(a):
    b = a[1:]
    b += 1.0
    b *= a[0]
    return np.sum(a**2)


@case(a=V)
def same_name_twice(a):
    b = a
    b[0] = 2.0
    b[1] = a[2] * a[3]
    return np.sum(a * b)


@case(a=V)
def rebinding_is_not_writing(a):
    b = a
    b = b + 1.0
    b[0] = 7.0
    c = a
    c += b
    return np.sum(a * b)


@case(a=A)
def write_through_transpose(a):
    a.T[0] = a[1, :2] * 2.0
    t = a.T
    t[2, 1] += t[0, 0]
    return np.sum(a**2)


@case(a=A)
def write_through_reshape(a):
    flat = a.reshape(-1)
    flat[4] = flat[0] * flat[1]
    flat[:2] *= 3.0
    return np.sum(a**2)


@case(a=A)
def reshape_that_copies(a):
    flat = a.T.reshape(-1)
    flat[0] = 10.0 * a[0, 1]
    a[0, 0] = 3.0
    return np.sum(flat**2) + np.sum(a)


@case(a=A)
def ravel_views_flatten_copies(a):
    r, f = a.ravel(), a.flatten()
    r[0] = a[1, 1] ** 2
    f[1] = 5.0
    a[0, 2] *= f[2]
    return np.sum(r * f)


@case(a=V)
def slice_of_slice(a):
    b = a[1:]
    c = b[::2]
    c[0] = a[0] * a[1]
    b[-1] += c[1]
    return np.sum(a**2) + c[0]


@case(a=V)
def view_read_after_base_written(a):
    b = a[:2]
    a[0] = a[3] ** 2
    return b[0] * b[1] + a[0]


@case(a=V)
def copy_is_independent(a):
    b = a[:2].copy()
    a[0] = 9.0
    b[1] += a[0] * b[0]
    return np.sum(b**2) + a[1]


@case(a=A)
def row_views_in_a_loop(a):
    for row in a:
        row[0] = row[1] * row[2]
        row *= 2.0
    return np.sum(a**2)


@case(a=A)
def views_in_a_list(a):
    rows = [a[0], a[1], a[:, 0]]
    rows[2] += 1.0
    rows[0][1:] *= rows[1][1:]
    rows[1], rows[0] = rows[0], rows[1]
    rows[0][0] = rows[1][2]
    return np.sum(a * a)


@case(x=np.array([1.0, 2.0]))
def one_cotangent_two_owners(x):
    y = x * 2.0
    z = x + y
    w = z
    z = z * x
    return np.sum(z * y + w * w)


@case(x=np.array([1.0, 2.0]))
def sum_shared_then_added_to(x):
    y = x + x
    a = y + 0.0
    b = y
    b = b + a
    c = x[:1] * y
    return np.sum(a * 2 + b) + np.sum(c) + np.sum(x)


def add_into(a, b):
    a += b
    return a


@case(x=np.array([1.0, 2.0]))
def same_array_for_two_parameters(x):
    y = x * x
    add_into(y, y)
    z = add_into(y, x)
    return np.sum(z * y)


@case(x=np.array([1.0, 2.0, 3.0]))
def overlapping_views_for_two_parameters(x):
    y = x * 1.0
    add_into(y[1:], y[:-1])
    return np.sum(y**2)


@case(x=np.array([1.0, 2.0]))
def returns_argument_written(x):
    return add_into(x, np.array([1.0, 1.0]) * x[0])


@case(a=V, b=V)
def one_array_given_twice(a, b):
    # The caller hands over one array as both arguments; each has its own gradient.
    return np.sum(a * b * b)


@case(x=np.array([1.0, 2.0]))
def asarray_shares_memory(x):
    y = np.asarray(x)
    y[0] = y[1] ** 2
    z = np.array(x)
    z[1] = 5.0
    w = np.asarray(x, dtype=float)
    w += z
    return np.sum(x * y) + z[0]


@case(x=np.array([1.0, 2.0]))
def default_buffer(x):
    def work(v, buffer=np.zeros(2)):  # noqa: B008
        buffer[:] = 0.0
        buffer += v * v
        return buffer

    first = work(x)
    second = work(x * 2)
    return np.sum(first * second)


@case(x=np.array([1.0, 2.0, 3.0, 4.0]))
def split_views_written(x):
    left, right = np.split(x, 2)
    left[0] = right[1] * 2
    right += left
    return np.sum(x**2)


@case(a=A)
def swapaxes_and_none_views(a):
    column = a[:, 0][:, None]
    column *= 2.0
    s = np.swapaxes(a, 0, 1)
    s[1] -= s[0]
    np.moveaxis(a, 0, 1)[2] = a[0, :2]
    return np.sum(a**2)


@case(a=A)
def diagonal_view_of_einsum(a):
    m = a @ a.T
    d = np.einsum("ii->i", m)
    d += 1.0
    d[0] *= a[0, 0]
    return np.sum(m**2)


@case(a=V)
def fancy_index_copies(a):
    b = a[[0, 1]]
    b[0] = 5.0
    b *= a[2]
    a[0] = 1.5
    return np.sum(b) * np.sum(a)


@case(a=V)
def conditional_alias(a):
    b = a if a[0] > 0 else a.copy()
    b[1] = a[0] * 4.0
    c = b[2:] if b[3] < 0 else b[:2]
    c *= 3.0
    return np.sum(a**2)


@case(a=V)
def list_copy_is_shallow(a):
    rows = [a, a[:2]]
    twin = list(rows)
    twin[0][0] = a[1] * 2
    twin[1] = a[2:] * 3
    return np.sum(rows[0] ** 2) + np.sum(twin[1]) + np.sum(rows[1])


@case(x=np.array([1.0, 2.0, 3.0]))
def buffer_reused_each_iteration(x):
    buffer = np.zeros(3)
    total = 0.0
    for k in range(3):
        buffer[:] = x * k
        buffer += total
        total = total + np.sum(buffer * x)
    return total + np.sum(buffer)


@case(x=np.array([1.0, 2.0, 3.0]))
def ping_pong_buffers(x):
    old, new = x.copy(), np.zeros(3)
    for _ in range(3):
        new[1:] = old[:-1] * 0.5 + old[1:]
        new[0] = old[-1]
        old, new = new, old
    return old @ x


@case(x=np.array([1.0, 2.0, 3.0]))
def broadcast_view_read(x):
    wide = np.broadcast_to(x, (2, 3))
    x[0] = x[1] * x[2]
    return np.sum(wide**2)


@case(z=np.array([1.0 + 2.0j, 0.5 - 1.0j]))
def real_and_imag_views(z):
    z.real *= 2.0
    z.imag[0] = z.real[1]
    r = z.real
    r += 1.0
    return np.sum(np.abs(z) ** 2)


@case(x=0.7, p=np.array([0.3, -0.6, 0.9, 0.5]))
def written_and_bound_to_itself(x, p):
    w = np.zeros(4)
    w[1] = x
    w[1] = x / (2.0 + w[1] ** 2) + (p[1] - p[0])
    for _ in range(0):
        w = w * 0.5
    w = w
    return np.sum(w * p)


@case(x=0.7, p=np.array([0.3, -0.6, 0.9, 0.5]))
def written_and_bound_to_its_reverse(x, p):
    w = np.zeros(4)
    w[1] = x
    w[1] = x / (2.0 + w[1] ** 2) + p[1]
    w = w[::-1]
    return np.sum(w * p)
