"""Writing arrays: assignment through every index, augmented, out=, where=, in place."""

import numpy as np

from tests.corpus import case

V = np.array([0.5, -1.0, 2.0, 0.3, 1.2])
A = np.array([[0.5, 1.0, -0.3], [2.0, 0.7, 1.1]])


@case(x=V)
def empty_filled_in_loop(x):
    y = np.empty(5)
    for i in range(5):
        y[i] = x[i] ** 2 + (y[i - 1] if i else 1.0)
    return np.sum(np.sin(y))


@case(x=V)
def zeros_like_filled(x):
    y = np.zeros_like(x)
    y[1:] = x[:-1] * 2.0
    y[0] = x[-1] ** 2
    return y @ x


@case(x=V)
def prefix_sums_in_place(x):
    for i in range(1, len(x)):
        x[i] += x[i - 1]
    return np.sum(x**2)


@case(x=V)
def overwrites_argument(x):
    x[0] = 3.0
    x[1] = x[2] * x[0]
    x[2] = 0.0
    return np.sum(x * x)


@case(x=V)
def slice_assignment_overlap(x):
    a = x.copy()
    a[1:] = a[:-1] * 1.5
    a[:-1] += a[1:] * a[:-1]
    return np.sum(a**2)


@case(x=V)
def reversed_onto_itself(x):
    x[:] = x[::-1] * x
    x[::2] = x[::-2] + 1.0
    return x @ np.arange(5.0)


@case(x=V)
def element_swap(x):
    x[0], x[3] = x[3], x[0]
    x[1:3], x[3:5] = x[3:5].copy(), x[1:3] * 2
    return np.sum(x * np.arange(1.0, 6.0) ** 2)


@case(x=V)
def masked_assignment(x):
    y = x * 1.0
    y[y < 0] = 0.1
    y[x > 1.0] *= x[x > 1.0]
    y[[True, False, True, False, False]] = x[0]
    return np.sum(y**2)


@case(x=V)
def integer_array_assignment(x):
    y = np.zeros(4)
    y[np.array([3, 0])] = x[:2]
    y[[1, 1]] = x[2:4]
    y[[0, 2]] += x[0] * x[3]
    return np.sum(y**3)


@case(x=V)
def augmented_repeated_index(x):
    # += through repeated indices counts one of them only.
    y = x.copy()
    y[[0, 0, 2]] += x[[1, 1, 3]] * 2.0
    y[[4, 4]] *= x[1]
    return np.sum(y * y)


@case(x=V)
def add_at_with_repeats(x):
    y = np.zeros(3)
    np.add.at(y, [0, 0, 2, 1, 0], x**2)
    return np.sum(y**2)


@case(a=A)
def writes_rows_and_columns(a):
    b = np.zeros((3, 2))
    b[:, 0] = a[0]
    b[1] = a[:, 2] * a[0, 0]
    b[..., 1] += a[1] ** 2
    b[0, 1] -= b[1, 0]
    b[-1, :] /= 2.0
    return np.sum(b**2)


@case(a=A)
def broadcasting_assignment(a):
    b = np.ones((2, 3))
    b[:] = a[0]
    b[:, 1] = a[0, 0] * a[1, 1]
    b += a[:, :1]
    b[:, None, 0] = a[:, 1:2]
    return np.sum(b**2)


@case(a=A)
def mixed_index_assignment(a):
    t = np.zeros((2, 3, 2))
    t[0, [0, 2], 1] = a[0, :2]
    t[1, :, 0] = a[1]
    t[:, [1, 1], 0] = a[:, 1:] * 3
    t[np.array([0, 1]), np.array([1, 0])] += a[:, 2:]
    return np.sum(t**2) + t[0, 1, 0]


@case(x=0.7)
def every_augmented_operator(x):
    y = np.array([1.0, 2.0, 3.0]) * x
    y += x
    y -= 0.5
    y *= x + 1.0
    y /= 2.0
    y **= 2
    z = x
    z += y[0]
    z *= z
    z -= x
    z /= 3.0
    z **= 2
    z %= 100.0
    return np.sum(y) + z


@case(x=np.array([5.3, 7.8]), order=2)
def augmented_modulo_and_floor(x):
    y = x * 2.0
    y %= 3.0
    z = x * 1.5
    z //= 2.0
    return np.sum(y**2) + np.sum(z * x)


@case(a=np.array([[0.2, 0.4], [0.1, 0.9]]))
def augmented_matmul(a):
    b = a.copy()
    b @= a
    b @= b
    return np.sum(b * a)


@case(x=V)
def out_argument(x):
    buffer = np.empty(5)
    np.multiply(x, x, out=buffer)
    np.add(buffer, x, buffer)
    np.sin(buffer, out=buffer)
    return np.sum(buffer) * buffer[2]


@case(x=V)
def reduction_with_out(x):
    total, columns = np.empty(()), np.zeros(2)
    np.sum(x * x, out=total)
    np.mean(np.outer(x, x[:2]), axis=0, out=columns)
    return float(total) * columns[0] + columns[1]


@case(x=V)
def where_argument(x):
    y = np.zeros(5)
    np.log(x, out=y, where=x > 0)
    r = np.divide(1.0, x, out=np.ones(5), where=x > 0.4)
    return np.sum(y * r) + np.sum(x, where=x > 0) ** 2 + np.mean(x, where=x < 1)


@case(x=V)
def copyto_and_putmask(x):
    y = np.ones(5)
    np.copyto(y, x * 2.0)
    np.copyto(y, 3.0 * x[0], where=x < 0)
    np.putmask(y, x > 1.5, x**2)
    return np.sum(y**2)


@case(x=V)
def fill_and_full(x):
    y = np.full(3, x[0])
    z = np.empty((2, 2))
    z.fill(x[1] * x[2])
    z[0, 0] += y[1]
    y.fill(0.0)
    return np.sum(z**2) + np.sum(np.full_like(x, x[3]) * x) + y[0]


@case(x=V)
def sort_in_place(x):
    y = x * x
    y.sort()
    x.sort()
    return np.sum(y * np.arange(5.0)) + x[0] * x[4]


@case(a=A)
def sort_along_axis_in_place(a):
    b = a.copy()
    b.sort(axis=0)
    a[1].sort()
    return np.sum(b * np.arange(6.0).reshape(2, 3)) + a[1, 0] * a[1, 2]


def normalise(v):
    v /= np.sum(v)


def accumulate_into(target, k, value):
    target[k] += value
    return target


@case(x=np.array([0.5, 1.0, 2.0]))
def mutated_in_callee(x):
    y = x**2
    normalise(y)
    z = accumulate_into(y, 1, x[0])
    z[0] = x[2]
    return y @ np.array([1.0, 2.0, 3.0])


@case(x=np.array([0.5, 1.0, 2.0]))
def mutated_through_container(x):
    store = {"buffer": np.zeros(3), "list": [np.ones(2)]}
    for i, v in enumerate(x):
        store["buffer"][i] = v * v
    store["list"][0][1] *= x[0]
    store["buffer"] += store["list"][0][1]
    return np.sum(store["buffer"] ** 2)


class Tank:
    def __init__(self, n):
        self.level = np.zeros(n)

    def pour(self, i, amount):
        self.level[i] += amount
        self.level[i + 1 :] += 0.5 * amount * self.level[i]


@case(x=np.array([0.5, 1.0, 2.0]))
def mutated_through_attribute(x):
    tank = Tank(3)
    for i in range(3):
        tank.pour(i, x[i])
    tank.level *= tank.level
    return np.sum(tank.level)


@case(x=V)
def writes_in_while_loop(x):
    i = 0
    while i < len(x) - 1:
        x[i + 1] = x[i + 1] + 0.5 * np.tanh(x[i])
        i += 2 if x[i] > 1 else 1
    return x.sum() + x[-1] ** 2


@case(u=np.array([0.0, 0.3, 1.0, 0.5, 0.0]))
def heat_stencil_in_place(u):
    for _ in range(4):
        u[1:-1] = u[1:-1] + 0.2 * (u[2:] - 2 * u[1:-1] + u[:-2])
    return np.sum(u**2)


@case(u=np.array([[0.0, 0.3, 1.0], [0.5, 0.2, 0.7], [1.0, 0.4, 0.0]]))
def gauss_seidel_sweep(u):
    for _ in range(3):
        for i in range(1, 2):
            for j in range(3):
                u[i, j] = 0.25 * (u[i - 1, j] + u[i + 1, j] + u[i, (j + 1) % 3] + u[i, j - 1])
    return np.sum(u * u)


@case(x=V)
def scatter_then_gather(x):
    order = np.argsort(x)
    y = np.empty_like(x)
    y[order] = np.arange(5.0) * x
    return y @ x


@case(x=np.array([0.3, 0.6]))
def grows_by_append(x):
    out = np.array([])
    for v in x:
        out = np.append(out, [v, v * v])
    return np.sum(np.delete(out, 0) ** 2) + np.insert(out, 1, x[0])[1]


@case(x=V)
def put_and_place_and_diagonal(x):
    y = np.zeros(5)
    np.put(y, [0, 3], x[:2])
    m = np.zeros((3, 3))
    np.fill_diagonal(m, x[2:])
    m.flat[1] = x[0]
    m.flat[5:7] = x[3:] * x[0]
    return np.sum(y**2) + np.sum(m**2) * x[1]


@case(x=np.array([1.0, 2.0]), y=np.array([3.0, 4.0]))
def array_object_of_arguments_swapped(x, y):
    x, y = y, x
    x[0] = y[0] * y[1]
    y += x
    return np.sum(x * y)


@case(x=np.array([0.5, 1.5, -0.5]))
def itemset_like_zero_dimensional(x):
    acc = np.array(0.0)
    for v in x:
        acc[()] = acc + v * v
        acc[...] *= 1.1
        acc += v
    return acc.item() * float(acc)


@case(x=np.array([0.5, 1.5, -0.5]), n=4)
def trajectory_of_states(x, n):
    path = np.empty((n + 1, 3))
    path[0] = x
    for k in range(n):
        path[k + 1] = path[k] + 0.1 * np.sin(np.roll(path[k], 1))
    return np.sum(path[-1] ** 2) + path[2, 1]


@case(a=np.array([0.5, 1.5, 2.0]), b=np.array([1.5, 2.5, 3.0]))
def factor_restored_after_it_was_a_cotangent(a, b):
    a[0] = b[1] * a[1]
    b[1:] += a[:-1]
    return np.sum(a * b)


@case(x=np.array([0.5, 1.5, 2.0]))
def product_with_an_array_written_in_a_loop(x):
    y = x * 1.0
    z = x * 2.0
    total = 0.0
    for k in range(3):
        y[k] = y[k] * y[k]
        total = total + np.sum(y * z)
    return total


@case(x=np.array([0.3, 1.1, 0.7, 1.4, 0.2]))
def copy_by_a_factor_of_one(x):
    a = x * x
    a[-1] -= 1.5
    b = a * 1.0
    a[-2:] += b[1:3] * 2.0
    return b @ a


@case(x=np.array([0.3, 1.1]), w=np.array([0.5, 2.0]))
def update_that_cancels(x, w):
    a = x * w
    a[-1] += x[-1]
    a += w - a
    return a @ x


@case(x=np.array([0.3, 1.1, 0.7]))
def slice_scaled_by_a_slice(x):
    a = x * x
    a[:2] *= x[1:] * 1.5
    a[-1] = x[0]
    return np.sum(a)


def shifted(v):
    v += 1.0
    return np.sum(v * v)


@case(x=np.array([0.3, 1.1, 0.7]))
def callee_updates_its_argument(x):
    y = x * 2.0
    s = shifted(y)
    return s + np.sum(y * y)


@case(x=np.array([0.3, 1.1, 0.7]), y=np.array([1.3, 0.1, 0.7]))
def parameter_updated(x, y):
    x += 1.0
    return np.sum(x * y)


@case(m=np.array([[0.5, 1.2, 0.3, 0.9], [0.7, 0.4, 1.1, 0.2], [0.6, 0.8, 0.5, 1.3]]))
def rows_eliminated_and_columns_updated(m):
    y = m * 1.0
    for i in range(1, 3):
        y[i] = y[i] - y[i - 1] * y[i, 0] / y[i - 1, 1]
        y[i, 1:3] *= 2.0
        y[:, 3] += y[i, 0]
    return np.sum(y * y)
