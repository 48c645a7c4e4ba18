"""Short forms: blocks on the line of their header, several statements on one line, lambdas."""

# fmt: off

import numpy as np

from tests.corpus import case


@case(x=1.3)
def square(x): return x * x


@case(x=0.4, y=1.7)
def several_statements(x, y): a = x * y; b = np.sin(a) + a; return b * x


@case(xs=np.array([0.5, -1.5, 2.0]))
def sum_on_one_line(xs):
    s = 0.0
    for x in xs: s += x * x * x
    return s


@case(x=30.0)
@case(x=0.5)
def halved(x):
    while x > 1.0: x /= 2.0; x = x + 0.01 * x * x
    return x * x


@case(x=0.2)
@case(x=1.2)
@case(x=3.0)
def graded(x):
    if x < 1.0: return x * x
    elif x < 2.0: y = x * x * x
    else: y = np.log(x); y = y * x
    return y + x


@case(x=0.8, n=6)
@case(x=2.5, n=6)
@case(x=2.5, n=0)
def left_early(x, n):
    total = 1.0
    for k in range(n):
        if total > 20.0: break
        if k == 1: continue
        total = total * x + k; total += x * x
    return total


@case(a=np.array([1.0, 2.0, 3.0]), x=0.5)
def written_on_one_line(a, x):
    b = a * x; b[0] = b[1] * b[2]; b[1:] += x  # all of it
    return np.sum(b * b)


case(x=0.7)(lambda x: x**3 - 2.0 * x)
case(x=0.7, y=np.array([1.0, 2.0]))(lambda x, y: np.sum(np.exp(-x * y)) / x); case(x=0.7)(lambda x: square(x) * 3.0)
case(x=-0.3)(lambda x: x * x if x > 0 else np.exp(x))
case(x=np.array([1.0, 2.0]))(lambda x, scale=2.5: scale * (x @ x))

cube = lambda x: square(x) * x
scaled = lambda x, *, by=2.0: by * x
halving = lambda x: x * x if x < 1.0 else halving(x / 2.0) + x


@case(x=1.4)
def calls_of_lambdas(x):
    return cube(x) + scaled(cube(x), by=x) - scaled(x)


@case(x=0.5)
@case(x=5.0)
def recursion_of_a_lambda(x):
    return halving(x) * x


def power_of(n): return lambda x: x**n + n * x


case(x=1.5)(power_of(3))
case(x=-1.5)(power_of(2))


@case(x=0.7, n=4)
@case(x=3.0, n=4)
@case(x=3.0, n=0)
def else_of_a_loop(x, n):
    y = x
    for k in range(n):
        y = y * x
        if y > 20.0: break
    else: y = np.sin(y) * x
    return y * y


@case(x=0.7)
@case(x=2.0)
def searched(x):
    for k in range(5):
        for j in range(3):
            if k * j * x > 3.0: break
        else: continue
        return k * j * x * x
    else: x = x * x
    return x * 3.0
