# fmt: off
"""Programs whose blocks stand on the line of their header, and lambdas."""

from __future__ import annotations

import numpy as np
from programs import A, W, X, case


@case(1.3)
def whole(x): return x * x  # a square


@case(1.3, 0.7)
def several(x, y): a = x * y; b = a + np.sin(a); return b * x


@case(X)
def loop(xs):
    s = 0.0
    for x in xs: s += x * x  # the squares
    return s


@case(0.3)
@case(5.0)
def branches(x):
    if x < 0.5: y = x * x
    elif x < 2.0: y = 3.0 * x
    else: y = np.sin(x)  # beyond
    return y * x


@case(9.0)
def shrinks(x):
    while x > 1.0: x = x * 0.5; x -= 0.01
    return x * x


@case(0.3)
@case(2.3)
def leaves(x):
    total = 0.0
    for k in range(6):
        if k * x > 3.0: break
        if k == 2: continue  # not this one
        total += k * x * x; total *= 1.5
    return total


@case(0.3)
@case(2.3)
def returns_early(x):
    if x > 1.0: return x * x * x  # large
    y = 2.0 * x; return y * x


@case(X, W)
def semicolons(x, w):
    a = x * w; b = np.exp(-a); c = np.zeros_like(a); c[0] = b[1]; c[1:] = b[:-1]  # shifted
    return np.sum(c * x)


@case(1.3)
def nested(x):
    y = 1.0
    for k in range(3):
        if k > 0:
            for j in range(k): y = y * x + j
        else: y = x
    return y


def of_one_line(x): y = x * x; return y + 1.0


squares = lambda x: x * x
mixes = lambda x, w=2.0, *, k=3.0: x * w + squares(x) * k


@case(1.3)
def calls_of_one_line(x):
    return of_one_line(x) * squares(x) + mixes(x) * mixes(x, 0.5, k=x)


case(1.3)(lambda x: x * x)
case(1.3, 0.4)(lambda x, y: np.sin(x) * y + x / y); case(X)(lambda x: np.sum(x * x)); case(X)(lambda x: x @ x * x[0])
case(X, W, A)(lambda x, w, a: np.sum(np.tanh(a @ x)) * np.mean(w))
case(0.4)(lambda x: x * x if x < 1.0 else 3.0 * x)
case(1.4)(lambda x: (
    x * x +  # over
    squares(x)
))
