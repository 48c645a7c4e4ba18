"""Loops: every iterable, while, break, continue, else, trip counts that change."""

import itertools
import math

import numpy as np

from tests.corpus import case


@case(x=2.0, n=5)
@case(x=2.0, n=0)
@case(x=2.0, n=1)
def power_by_loop(x, n):
    y = 1.0
    for _ in range(n):
        y *= x
    return y


@case(coefficients=np.array([1.0, -2.0, 0.5, 3.0]), x=0.7)
def horner(coefficients, x):
    result = 0.0
    for c in coefficients[::-1]:
        result = result * x + c
    return result


@case(m=np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.2]]))
def over_rows(m):
    total = 0.0
    for row in m:
        total = total + row[0] * row[1] ** 2
    return total


@case(m=np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.2]]))
def over_columns_unpacked(m):
    total = 0.0
    for a, b, c in m.T:
        total += a * b - c**2
    return total


@case(x=3.0)
def heron(x):
    y = x
    while abs(y * y - x) > 1e-13 * x:
        y = 0.5 * (y + x / y)
    return y


@case(x=0.3)
def while_counter(x):
    i = 0
    total = x
    while i < 6:
        total = total + math.sin(total) / (i + 1)
        i += 1
    return total


@case(x=np.array([0.5, 1.5, -0.3, 2.0, 0.1]))
def while_true_break(x):
    i = 0
    total = 0.0
    while True:
        total += x[i] ** 2
        if total > 2.0:
            break
        i += 1
    return total * x[i]


@case(x=np.array([0.5, 1.5, -0.3, 2.0, 0.1]))
def continue_skips(x):
    total = 1.0
    for i, v in enumerate(x):
        if i % 2 == 1:
            continue
        total *= 1.0 + v * v
    return total


@case(x=np.array([0.5, 1.5, -0.3]), threshold=1.0)
@case(x=np.array([0.5, 0.2, -0.3]), threshold=1.0)
def for_else(x, threshold):
    for v in x:
        if v > threshold:
            found = v * v
            break
    else:
        found = x[0] * x[-1]
    return found * 2.0


@case(x=8.0)
@case(x=0.5)
def while_else(x):
    steps = 0
    while x > 1.0:
        x = x / 2.0 + 0.1
        steps += 1
        if steps > 10:
            break
    else:
        x = x * x
    return x + 0.1 * x**3


@case(x=np.array([[1.0, 2.0, 3.0], [0.5, -1.0, 4.0], [2.0, 2.5, 1.0]]))
def break_in_inner_loop(x):
    total = 0.0
    for row in x:
        for v in row:
            if v < 0:
                break
            total += v**2
        else:
            total *= 1.5
        total += row[0]
    return total


@case(x=np.array([1.0, 2.0, 0.5, -0.4]))
def break_in_loop_that_writes(x):
    y = x.copy()
    for i in range(1, len(y)):
        y[i] = y[i] * y[i - 1]
        if y[i] > 1.5:
            y[i] *= 3.0
            break
        y[i - 1] = 0.0
    return np.sum(y * y)


@case(x=np.array([1.0, 2.0, 0.5]))
def loop_variable_after_loop(x):
    for v in x:
        pass
    for i in range(2):
        v = v * x[i]
    return v * x[i]


@case(x=1.3, n=3)
def trip_count_changed_in_loop(x, n):
    for i in range(n):
        x = x * (1.0 + 0.1 * i)
        n = n + 5
    return x * n


@case(x=1.3, n=4)
def loop_variable_reassigned(x, n):
    total = 0.0
    for i in range(n):
        i = i * 2
        total += x**i
    return total


@case(x=np.array([0.3, 0.9]), y=[1.0, 2.0])
def zip_array_and_list(x, y):
    total = 0.0
    for a, b in zip(x, y, strict=True):
        total += math.sin(a) * b
    return total


@case(xs=[0.3, 0.9, 1.4])
def enumerate_from_one(xs):
    total = 0.0
    for k, x in enumerate(xs, start=1):
        total += x**k
    return total


@case(xs=[0.3, 0.9, 1.4])
def reversed_recurrence(xs):
    acc = 0.0
    for x in reversed(xs):
        acc = x + 0.5 * acc * x
    return acc


@case(xs=[2.0, 0.3, 1.1])
def sorted_weights(xs):
    total = 0.0
    for rank, x in enumerate(sorted(xs)):
        total += (rank + 1) * x * x
    return total


@case(rates={"birth": 0.4, "death": 0.1, "drift": 0.7})
def dict_items(rates):
    total = 1.0
    for name, rate in rates.items():
        total *= 1.0 + rate * len(name)
    return total


@case(rates={"birth": 0.4, "death": 0.1, "drift": 0.7})
def dict_keys_and_values(rates):
    total = 0.0
    for name in rates:
        total += rates[name] ** 2
    for value in rates.values():
        total *= value
    return total


@case(x=np.array([0.2, 0.4, 0.8]))
def over_generator_expression(x):
    total = 0.0
    for square in (v * v for v in x if v > 0.3):
        total += math.sqrt(square + 1.0)
    return total


@case(x=np.array([0.2, 0.4, 0.8]))
def itertools_product(x):
    total = 0.0
    for a, b in itertools.product(x, repeat=2):
        total += math.cos(a - 2 * b)
    return total


@case(x=[0.2, 0.4, 0.8, 1.6])
def itertools_combinations(x):
    energy = 0.0
    for a, b in itertools.combinations(x, 2):
        energy += 1.0 / (b - a)
    return energy


@case(x=[0.2, 0.4, 0.8, 1.6])
def itertools_pairwise_and_chain(x):
    total = 0.0
    for a, b in itertools.pairwise(itertools.chain(x, [x[0]])):
        total += (b - a) ** 2
    return total


@case(x=[0.2, 0.4, 0.8, 1.6])
def itertools_accumulate(x):
    running = list(itertools.accumulate(x))
    products = list(itertools.accumulate(x, lambda a, b: a * b + 1.0, initial=2.0))
    return sum(r * p for r, p in zip(running, products, strict=False))


@case(x=1.4)
def itertools_islice_count_cycle(x):
    signs = itertools.cycle([1.0, -1.0])
    total = 0.0
    for k, sign in itertools.islice(zip(itertools.count(1, 2), signs, strict=False), 5):
        total += sign * x**k / math.factorial(k)
    return total


@case(x=[0.5, 0.7, 2.0, 0.1])
def itertools_takewhile_groupby(x):
    head = sum(itertools.takewhile(lambda v: v < 1.0, x))
    total = head * head
    for large, group in itertools.groupby(x, key=lambda v: v > 1.0):
        part = sum(group)
        total += part * (3.0 if large else 1.0)
    return total


@case(m=np.arange(6.0).reshape(2, 3) / 5 + 0.1)
def over_nditer(m):
    total = 0.0
    for v in np.nditer(m):
        total += float(v) ** 2
    return total


@case(m=np.arange(6.0).reshape(2, 3) / 5 + 0.1)
def ndindex_and_ndenumerate(m):
    total = 0.0
    for i, j in np.ndindex(*m.shape):
        total += m[i, j] * m[i - 1, j - 1]
    for (i, j), v in np.ndenumerate(m):
        total += v**2 * (i + 2 * j)
    for v in m.flat:
        total += v**3
    return total


@case(x=np.array([0.4, 0.2, 0.9]))
def iterator_protocol_by_hand(x):
    it = iter(x)
    acc = next(it)
    while True:
        v = next(it, None)
        if v is None:
            break
        acc = acc * 0.5 + v * v
    return acc


@case(x=0.37)
def logistic_map(x):
    r = 3.2
    for _ in range(8):
        x = r * x * (1.0 - x)
    return x


@case(x=1.0, y=0.5)
def swaps_in_a_loop(x, y):
    for k in range(5):
        x, y = y, x + 0.3 * y * k
    return x * y


@case(x=np.array([1.0, 2.0, 3.0]), n=0)
@case(x=np.array([1.0, 2.0, 3.0]), n=2)
def zero_trip_loop(x, n):
    y = x[0]
    for i in range(n):
        z = x[i] * y
        y = z + 1.0
    return y * x[2]


@case(x=1.5)
def name_changes_kind(x):
    y = x * x
    y = np.array([y, x, 1.0])
    y = y * x
    y = float(y[0]) + y.sum()
    return y


@case(a=np.array([1.0, 2.0, 4.0]))
def range_with_steps(a):
    total = 0.0
    for i in range(len(a) - 1, -1, -2):
        total += a[i] ** 2
    for i in range(0, len(a), 2):
        total *= a[i]
    return total


@case(x=2.5)
def nested_while_loops(x):
    total = 0.0
    i = 0
    while i < 3:
        y = x + i
        while y > 1.1:
            y = math.sqrt(y)
            total += y
        i += 1
    return total


@case(x=0.9)
def loop_with_list_stack(x):
    stack = [(x, 0)]
    total = 0.0
    while stack:
        value, depth = stack.pop()
        total += value
        if depth < 3:
            stack.append((value * 0.5, depth + 1))
            stack.append((value * value, depth + 1))
    return total


@case(x=2.0)
def loop_variable_read_between_two_loops(x):
    y = x
    for i in range(3):
        y = y * x
    y = y * (x + i)
    for i in range(5):
        last = i
    return y * y * last


@case(x=2.0)
def counter_goes_on_after_its_loop(x):
    y = x
    for i in range(3):
        y = y * x
    z = y * i * x
    while i < 10:
        i = i + 1
    return y * z * i


@case(x=np.array([0.7]))
@case(x=np.array([0.7, 1.3]))
def active_only_where_the_loop_breaks(x):
    found = 0.0
    for i in range(len(x)):
        if x[i] > 1.0:
            found = x[i] ** 2
            break
    return found


@case(x=np.array([0.3, 1.1, 0.7]), s=0.7)
def inactive_loop_overwrites_what_is_needed(x, s):
    a = x * s
    a[a > 0.3] *= s
    i = 0
    while i < 3:
        s = 0.2 * i
        if a[0] > 1.2:
            break
        i = i + 1
    return x @ a
