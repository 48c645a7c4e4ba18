"""Loops that write into arrays which they also read: before, after, and beyond what they write."""

import numpy as np

from tests.corpus import case

X = np.array([0.7, 1.3, 0.4, 2.1, 0.9])
SIGNED = np.array([0.7, -1.3, 0.4, 2.1, -0.9])


@case(x=X)
def first_reads_the_last(x):
    y = x * 1.0
    for i in range(len(x)):
        y[i] = y[i] * y[i - 1]
    return np.sum(y * y)


@case(x=X)
def several_rounds(x):
    y = np.zeros(len(x))
    for k in range(3):
        for i in range(1, len(x)):
            y[i] = y[i - 1] * x[i] + y[i] * x[k] + 1.0
    return np.sum(y)


@case(x=X)
def read_between_two_loops(x):
    y = np.zeros(len(x))
    for i in range(len(x)):
        y[i] = x[i] * x[i]
    between = np.sum(y * y * x)
    for i in range(len(x)):
        y[i] = y[i] * x[i]
    return between + np.sum(y * y)


@case(x=SIGNED)
def downwards(x):
    n = len(x)
    y = np.zeros(n)
    for i in range(n - 1, -1, -1):
        y[i] = x[i] * x[i]
        if i < n - 1:
            y[i] = y[i] + y[i + 1] * x[i]
    return np.sum(y * y)


@case(x=X)
def reads_what_comes_later(x):
    y = x.copy()
    for i in range(1, len(x) - 1):
        y[i] = y[i + 1] * y[i - 1] / y[i]
    return np.sum(y * y)


@case(x=X)
def divided_by_the_old_value(x):
    y = x.copy()
    for i in range(len(x)):
        y[i] = y[i] / (1.0 + y[i] * y[i])
    return np.sum(y * y)


@case(x=X)
def slices_that_meet(x):
    n = len(x)
    y = x.copy()
    for k in range(n - 1):
        y[k + 1 :] = y[k + 1 :] / (1.5 + y[k] * y[: n - 1 - k])
    return np.sum(y * y)


@case(x=SIGNED)
def elimination(x):
    n = len(x)
    a = np.outer(x, x) + 3.0 * np.eye(n)
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            a[i, k + 1 :] -= a[i, k] * a[k, k + 1 :]
    return np.sum(np.log(np.abs(np.diag(a))))


@case(x=SIGNED)
def elimination_above_and_below(x):
    n = len(x)
    a = np.outer(x, x) + np.eye(n)
    for k in range(n):
        for i in range(n):
            if i != k:
                a[i, k] = a[i, k] * 0.5 / (1.0 + a[k, k] * a[k, k])
                a[i, :k] = a[i, :k] - a[i, k] * a[k, :k]
    return np.sum(a * a)


@case(x=SIGNED)
def states_over_time(x):
    y = np.zeros((6, len(x)))
    y[0] = x
    for t in range(5):
        y[t + 1] = y[t] + 0.1 * np.sin(y[t]) * y[t]
    return np.sum(y[-1] * y[2])


@case(x=X)
def quotients_overwritten(x):
    y = np.zeros(len(x))
    z = np.zeros(len(x))
    for i in range(len(x)):
        y[i] = x[i] / (2.0 + np.sin(x[i]))
        z[i] = y[i] / (1.0 + x[i] * x[i])
        y[i] = z[i] * y[i]
    return np.sum(y * z)


@case(x=X)
def thomas(x):
    n = len(x)
    c = np.zeros(n)
    d = np.zeros(n)
    y = np.zeros(n)
    c[0] = 0.3 / (2.0 + x[0])
    d[0] = x[0] / (2.0 + x[0])
    for i in range(1, n):
        pivot = 2.0 + x[i] - 0.3 * c[i - 1]
        c[i] = 0.3 / pivot
        d[i] = (x[i] - 0.3 * d[i - 1]) / pivot
    y[n - 1] = d[n - 1]
    for i in range(n - 2, -1, -1):
        y[i] = d[i] - c[i] * y[i + 1]
    return np.sum(y * y)


@case(x=SIGNED)
def new_array_in_each_round(x):
    y = np.zeros(len(x))
    for _ in range(3):
        z = np.zeros(len(x))
        for i in range(1, len(x)):
            z[i] = z[i - 1] * x[i] + x[i] * y[i]
        y = z * z + 1.0
    return np.sum(y)


@case(x=SIGNED)
def written_in_branches(x):
    y = np.zeros(len(x))
    for i in range(1, len(x)):
        if x[i] > x[i - 1]:
            y[i] = y[i - 1] / x[i]
        else:
            y[i] = x[i] * x[i]
        if y[i] > 0.3:
            y[i] = y[i] * 0.5 + x[0]
    return np.sum(y * y)


@case(x=X)
def written_by_a_while(x):
    y = x.copy()
    i = 0
    while i < len(x) - 1:
        y[i + 1] = y[i + 1] * y[i] / (1.0 + y[i] ** 2)
        i += 1
    return np.sum(y * y)


@case(x=X)
def lengths_named_by_a_variable(x):
    k = 1
    v = x[k:] * x[k:]
    k = 2
    w = x[k:] * x[0]
    return np.sum(v) + np.sum(w * v[1:])


@case(x=X)
def shape_that_changes(x):
    y = x[1:] * 1.0
    first = y[0] + y[1]
    y = x[2:] * 2.0
    return first + y[0] + y[1]


@case(x=np.arange(1.0, 10.0).reshape(3, 3))
def sums_of_a_transpose(x):
    return np.sum(np.sum(x.T, axis=0) ** 2)


@case(x=SIGNED)
def replaced_by_a_part_of_itself(x):
    p = np.outer(x, x)
    for _ in range(3):
        p = p - 0.1 * np.outer(p[0], p[:, 1])
    return np.sum(p * p)


@case(x=SIGNED)
def sum_that_starts_again(x):
    s = 0.0
    for i in range(len(x)):
        if x[i] > 0:
            s = s + x[i]
        else:
            s = x[i] * x[i]
    return s


@case(x=np.array([0.7, 1.3, 0.4]))
def pole_that_is_not_read(x):
    with np.errstate(all="ignore"):
        u = 1.0 / (np.arange(3) * x[0])
        v = x[1] * u
        return np.sum(v[1:])


def inverse_distances(x):
    r = np.arange(3) * x[0]
    u = 1.0 / r
    return np.sum((x[1] * u)[1:])


@case(x=np.array([0.7, 1.3, 0.4]))
def pole_in_a_callee(x):
    with np.errstate(all="ignore"):
        return inverse_distances(x)


@case(v=np.array([0.3, 0.8, 0.2]))
def slice_added_to_itself(v):
    v = v * 1.0
    v[0:2] += v[0:2]
    return np.sum(np.sin(v))


@case(v=np.array([0.3, 0.8, 0.2]))
def elements_added_to_themselves(v):
    v = v * 1.0
    for i in range(2):
        v[i] += v[i]
        v[i] = v[i] + v[i + 1] + v[i]
    v[2] -= v[2] * v[0]
    return np.sum(np.sin(v))


@case(a=np.array([[4.0, 1.0, 0.5], [1.2, 5.0, 0.3], [0.4, 0.8, 6.0]]))
def elimination_over_its_own_lengths(a):
    for i in range(a.shape[0]):
        for j in range(i):
            a[i, j] /= a[j, j]
            a[i, j + 1 :] -= a[i, j] * a[j, j + 1 :]
    total = 0.0
    for row in range(len(a)):
        a[row] = a[row] * a[row, row]
        total += a[row, len(a) - 1 - row]
    return total


@case(x=np.array([0.4, -0.9, 1.2, 0.3, 0.7]))
def loop_over_an_array_that_gets_shorter(x):
    total = 0.0
    for k in range(3):
        for i in range(len(x)):
            x[i] = x[i] * x[i] + k
            total += x[i]
        if len(x) > 2:
            x = x[1:] * 0.5
    return total
