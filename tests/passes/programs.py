"""Programs for the static tier: scalars, control flow, arrays. Each is a trap or an idiom."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

# Each case: the function, its arguments, and the indices of those that are differentiated.
CASES: list[tuple[Callable[..., Any], tuple[Any, ...], tuple[int, ...]]] = []

X = np.array([0.7, -1.3, 2.1, 0.4])
W = np.array([1.5, 0.5, -0.8, 2.2])
A = np.array([[1.0, 0.5, -0.3, 0.2], [0.1, 2.0, 0.4, -0.6], [0.3, -0.2, 1.5, 0.9]])


def case(*args: Any, argnums: tuple[int, ...] | None = None) -> Callable[..., Any]:
    def enter(f: Callable[..., Any]) -> Callable[..., Any]:
        chosen = argnums
        if chosen is None:
            chosen = tuple(k for k, a in enumerate(args) if isinstance(a, (float, np.ndarray)))
        CASES.append((f, args, chosen))
        return f

    return enter


# Scalars ----------------------------------------------------------------------------------------


@case(2.0)
def root(x):
    y = x
    while abs(y * y - x) > 1e-10:
        y = 0.5 * (y + x / y)  # Heron's step
    return y


@case(1.3)
def square(x):
    return x * x


@case(1.3, 0.7)
def polynomial(x, y):
    a = 3 * x**2 - x * y
    b = a * a + 2 * y**3
    return b / (1 + x**2)


@case(1.3)
def overwritten(x):
    y = x * x
    y = np.sin(y)
    y = y * y * x
    return y


@case(1.3)
def twice(x):
    y = x * x
    y *= y
    y -= 2 * x
    return y


@case(0.8)
def transcendental(x):
    # The comment above stays.
    s = math.sin(x) + math.exp(-x)
    t = np.tanh(s) * np.log(x)
    return s / t


@case(1.3, 0.4)
def swapped(x, y):
    x, y = y, x * y
    x, y = y * x, x
    return x - 2 * y


@case(1.7)
def branch(x):
    if x > 1:
        y = x * x
    else:
        y = 3 * x
    return y * x


@case(0.7)
def branch_not_taken(x):
    if x > 1:
        y = x * x
    else:
        y = 3 * x
    return y * x


@case(1.7)
def no_else(x):
    y = x * 2
    if y > 1:
        y = y * y
    return y


@case(-1.7)
def condition_overwritten(x):
    if x < 0:
        x = -x * x
    else:
        x = 2 * x
    return x * x


@case(1.7)
def elif_chain(x):
    if x < 0:
        y = -x
    elif x < 1:
        y = x
    elif x < 2:
        y = x * x * x
    else:
        y = 0.0
    return y


@case(-0.5)
def early_return(x):
    if x < 0:
        return x * x
    y = 3 * x
    return y


@case(0.5)
def late_return(x):
    if x < 0:
        return x * x
    y = 3 * x
    if y > 10:
        return y
    return y * x


@case(1.1, 5)
def power_by_loop(x, n):
    y = 1.0
    for i in range(n):
        y = y * x
    return y


@case(1.1, 0)
def zero_trips(x, n):
    y = x
    for i in range(n):
        y = y * x
    return y


@case(0.3, 6)
def horner(x, n):
    s = 0.0
    for k in range(n):
        s = s * x + 1 / (k + 1)
    return s


@case(0.3, 4)
def loop_local(x, n):
    s = 0.0
    for k in range(n):
        t = x * k
        u = np.sin(t)
        s += u * u
    return s


@case(0.3, 4)
def nested_loops(x, n):
    s = x
    for i in range(n):
        for j in range(i):
            s = s * x + np.sin(s)
    return s


@case(0.3, 4)
def branch_in_loop(x, n):
    s = x
    for i in range(n):
        if s > 0.5:
            s = s * s
        else:
            s = s + x * i
    return s


@case(2.0)
def endless_with_break(x):
    y = x
    while True:
        new = 0.5 * (y + x / y)
        if abs(new - y) < 1e-12:
            break
        y = new
    return y


@case(0.9, 20)
def range_with_break(x, n):
    y = x
    for k in range(n):
        y = y * x + 0.1
        if y < 0.7:
            break
        y = y * 1.01
    return y


@case(0.9, 6)
def continued(x, n):
    y = x
    for k in range(n):
        if k % 2 == 0:
            continue
        y = y * x + k
    return y


@case(1.2, 5)
def while_nested_in_for(x, n):
    s = 0.0
    for k in range(n):
        y = x * k
        while y > 1:
            y = y * 0.5 * x
        s = s + y * y
    return s


@case(0.4, 5)
def loop_variable_after(x, n):
    y = x
    for i in range(n):
        y = y * x
    return y * i


@case(0.9, 4)
def trip_count_changes(x, n):
    y = x
    for i in range(n):
        n = 2
        y = y * x * n
    return y + n


@case(1.5)
def choice(x):
    y = x * x if x > 1 else 2 * x
    return y * x


@case(1.5)
def unused(x):
    y = x * x
    debug = np.exp(y)  # noqa: F841 - the point
    return y


@case(1.5)
def constant(x):
    return 3.0


@case(1.5)
def integer_part(x):
    n = int(x)
    return x * n


@case(0.0)
def powers_at_zero(x):
    return x**2.0 + x**0 + x**1 + 3 * x


@case(2.5, 1.5)
def names_like_ours(x, x_bar):
    y_saved = x * x_bar
    np_ = y_saved * x
    return np_ * y_saved


@case(1.5)
def raises_elsewhere(x):
    if x < 0:
        raise ValueError("negative")
    y = math.sqrt(x)
    return y * x


# Arrays -----------------------------------------------------------------------------------------


@case(X)
def sum_of_squares(x):
    return np.sum(x * x)


@case(X, W)
def dot(x, w):
    return np.dot(x, w)


@case(X, W, 2.0)
def weighted(x, w, s):
    return np.sum(s * x * w) + np.mean(x)


@case(A, W)
def affine(a, w):
    h = np.tanh(a @ w)
    return np.sum(h * h)


@case(A, W[:3].copy())
def transposed(a, w):
    h = a.T @ w
    return h @ h


@case(A, X)
def rows(a, x):
    return np.sum((a - x) ** 2)


@case(A)
def centred(a):
    m = np.mean(a, axis=0)
    d = a - m
    return np.sum(d * d)


@case(A)
def last_axis(a):
    m = np.sum(a, axis=1)
    return np.sum(m * m)


@case(A)
def kept_axis(a):
    m = np.sum(a, axis=1, keepdims=True)
    return np.sum(a / m)


@case(np.array([[1.0], [2.0], [3.0]]), X)
def column_and_row(c, x):
    return np.sum(c * x)


@case(X)
def repeated_subscript(x):
    return x[0] * x[0] + x[1]


@case(X)
def loop_over_elements(x):
    s = 0.0
    for i in range(len(x)):
        s += x[i] * x[i]
    return s


@case(X)
def product_of_elements(x):
    p = 1.0
    for i in range(len(x)):
        p = p * x[i]
    return p


@case(X, 0.3)
def stencil(u, c):
    n = len(u)
    v = np.zeros(n)
    for i in range(1, n - 1):
        v[i] = u[i] + c * (u[i - 1] - 2 * u[i] + u[i + 1])
    return np.sum(v * v)


@case(X, 0.3)
def in_place_stencil(u, c):
    w = u * 1.0
    for t in range(3):
        w[1:-1] = w[1:-1] + c * (w[2:] - 2 * w[1:-1] + w[:-2])
    return np.sum(w * w)


@case(X)
def overlap(a):
    b = a * 2.0
    b[1:] = b[:-1] * b[1:]
    return np.sum(b * b)


@case(X)
def written_argument(a):
    a[0] = a[1] * a[2]
    a[1] = 3.0
    return np.sum(a * a)


@case(X)
def accumulated_elements(x):
    out = np.zeros_like(x)
    for i in range(len(x)):
        out[i] += x[i] * x[i]
        out[i] *= x[0]
    return np.sum(out)


@case(X)
def gathered(x):
    idx = np.array([0, 1, 1, 3])
    y = x[idx]
    return np.sum(y * y)


@case(X)
def masked(x):
    y = x[x > 0]
    return np.sum(y * y)


@case(np.array([0.0, 1.0, 2.0]))
def guarded_log(x):
    return np.sum(np.where(x > 0, np.log(x), 0.0))


@case(X)
def logsumexp(x):
    m = np.max(x)
    return m + np.log(np.sum(np.exp(x - m)))


@case(X, W)
def shared_cotangent(x, w):
    z = x + w
    a = np.sum(x * z)
    b = np.sum(w * w * z)
    return a * b


@case(X)
def array_in_loop(x):
    y = x
    for k in range(3):
        y = y * x + np.sin(y)
    return np.sum(y)


@case(X)
def carried_sum(x):
    s = x * 0.5
    t = x
    for k in range(3):
        s = s + t
        t = t * x
    return np.sum(s * s)


@case(X)
def methods(x):
    return x.sum() * x.mean() + x.dot(x)


@case(X)
def norm(x):
    return np.sqrt(np.sum(x**2))


@case(A)
def element_of_matrix(a):
    s = 0.0
    for i in range(3):
        for j in range(4):
            s += a[i, j] * a[i][j] * a.T[j, i]
    return s


@case(X)
def updated_in_place(x):
    y = x * 2
    y += x * x
    y *= x
    return np.sum(y)


@case(X, W)
def rosenbrock_terms(x, w):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - w[:-1]) ** 2)


# Calls ------------------------------------------------------------------------------------------


def squared(t, scale=1.0):
    return scale * t * t


def factorial_power(x, n):
    if n <= 1:
        return x
    return x * factorial_power(x, n - 1)


def layer(w, h):
    return np.tanh(w @ h)


def smallest_first(p, q):
    if p < q:
        return p * p
    return q


@case(1.3)
def calls(x):
    y = squared(x)
    return squared(y, scale=2.0) + squared(3.0)


@case(1.3, 0.5)
def nested_calls(x, y):
    return squared(squared(x) * y, y) * x


@case(1.1, 4)
def recursive(x, n):
    return factorial_power(x, n)


@case(0.8, 4)
def called_in_loop(x, n):
    s = x
    for k in range(n):
        s = squared(s, x) + k * x
    return s


@case(A[:, :3].copy(), W[:3].copy())
def layers(w, h):
    for k in range(2):
        h = layer(w, h)
    return np.sum(h * h)


@case(1.3, 0.5)
def same_argument_twice(x, y):
    return smallest_first(x, y) + squared(x, x)


@case(1.3, 0.5)
def called_on_a_branch(x, y):
    if smallest_first(x, y) > 1:
        return squared(x, y)
    return squared(y, x)


@case(X)
def clipped(x):
    return np.sum(np.clip(x, -1.0, 1.0) ** 2)


@case(X, W)
def callee_with_two_kinds(x, w):
    return np.sum(squared(x)) * squared(w[0])


# Iteration, choices, exits -----------------------------------------------------------------------


@case(X, 0.7)
def over_reversed_array(coefficients, x):
    s = 0.0
    for c in coefficients[::-1]:
        s = s * x + c
    return s


@case(X, W)
def over_zip(x, w):
    s = 0.0
    for a, b in zip(x, w):
        s += a * b * b
    return s


@case(A)
def over_enumerated_rows(a):
    s = 0.0
    for i, row in enumerate(a):
        s += (i + 1) * np.sum(row * row)
    return s


@case(X)
def swapped_elements(x):
    a = x * 2.0
    a[0], a[2] = a[2], a[0]
    a[1], a[3] = a[0] * a[1], a[1]
    return a[0] * a[1] + a[2] * a[3] ** 2


@case(1.5, 6)
def returns_from_a_loop(x, n):
    y = x
    for k in range(n):
        y = y * x
        if y > 5:
            return y * k
    return -y


@case(0.5, 6)
def never_returns_from_its_loop(x, n):
    y = x
    for k in range(n):
        y = y * x
        if y > 5:
            return y * k
    return -y


@case(1.25, 4)
def returns_from_a_nested_loop(x, n):
    y = x
    for i in range(n):
        for j in range(n):
            y = y + x * i
            if y > 6:
                return y * y
    return y


@case(1.5, 0.4)
def choice_inside(x, y):
    return 2 * (x if x > y else y) + (x * y if x * y > 1 else 0.0)


@case(1.5, 0.4)
def choice_of_calls(x, y):
    return squared(x) if x > y else squared(y)


@case(0.4, 1.5)
def larger(x, y):
    return max(x, y) * min(x * y, 2.0)


@case(A)
def fancy_indices(a):
    rows = a[[0, 0, 2], :]
    cells = a[np.array([0, 1]), np.array([1, 1])]
    columns = a[:, np.array([1, 1])]
    return np.sum(rows * rows) + np.sum(cells**2) + np.sum(columns**3)


@case(X, W)
def joined_arrays(x, w):
    y = np.concatenate([x, w * x])
    z = np.stack([x, w])
    return np.sum(y * y) + np.sum(z**3)


@case(X)
def unknown_slice(x):
    n = len(x) // 2
    a = x * 1.0
    a[:n] = x[n:] * a[:n]
    return np.sum(a * a)


@case(X, 3)
def integer_power(x, n):
    return np.sum(x**n)


@case(1.3)
def chained(x):
    a = b = x * x
    a = a * x
    return a * b


@case(X)
def mask_of_itself(x):
    y = x * 1.0
    for k in range(2):
        y[y > 0.5] = y[y > 0.5] * 0.9
        y[y < 0] = 0.1
    return np.sum(y * y)


@case(np.array([0.0, 1.0, 2.0]))
def guarded_product(p):
    return np.sum(np.where(p > 0, p * np.log(p), 0.0))


# Loops with an else -----------------------------------------------------------------------------


@case(0.7, 4)
@case(3.0, 4)
@case(0.7, 0)
def for_else(x, n):
    y = x
    for k in range(n):
        y = y * x
        if y > 5.0:
            y = y + k * x
            break
    else:
        y = 2.0 * y * x
    return y * x


@case(0.7)
@case(3.0)
def while_else(x):
    y = x
    while y < 10.0:
        y = y * 1.5 + x
        if y * x > 8.0:
            break
    else:
        y = y * y
        y = np.sin(y)
    return y


@case(0.7)
def else_without_break(x):
    y = 1.0
    for _ in range(3):
        y = y * x
    else:
        y = y + x
    return y * y


@case(0.7)
@case(1.2)
@case(2.6)
def else_of_an_inner_loop(x):
    total = 0.0
    for k in range(3):
        for j in range(4):
            if k * j * x > 2.5:
                break
            total = total + j * x * x
        else:
            if total * x > 30.0:
                break
            total = total * x
            continue
        total = total + x
    else:
        total = total + 1.0 / x
    return total


@case(0.7)
@case(2.0)
def returns_from_a_loop_with_else(x):
    for k in range(4):
        if k * x > 5.0:
            return k * x * x
    else:
        x = x * x
    return x * 3.0


@case(1.5, 3)
@case(-1.5, 2)
@case(1.5, -2)
@case(1.5, 0)
def power_of_a_whole_number(x, n):
    total = x**n
    for k in range(3):
        total = total + x**k * (k + 1)
    return total


# Both operands stretched, by functions whose partials call helpers --------------------------------


@case(np.array([[0.7], [1.3], [2.1]]), W)
def stretched_both_ways(x, w):
    return np.sum(np.hypot(x, w) * np.arctan2(w, x)) + np.sum(x**w)


@case(np.array([[0.7, 1.3]]), np.array([[0.4], [1.6], [2.2]]))
def stretched_columns(x, w):
    y = x**w
    return np.sum(np.logaddexp(w, x) * y)
