"""Comprehensions of every kind."""

import math

import numpy as np

from tests.corpus import case


@case(x=0.7)
def list_comprehension(x):
    return sum([x**k for k in range(5)])


@case(xs=[0.7, -0.2, 1.5])
def filtered(xs):
    return sum([v * v for v in xs if v > 0]) + sum(v for v in xs if v < 0)


@case(xs=[0.7, -0.2, 1.5])
def nested_for(xs):
    return sum([a * b for a in xs for b in xs if a < b])


@case(m=np.array([[1.0, 0.2], [0.4, 2.0]]))
def nested_comprehension(m):
    squares = [[v * v for v in row] for row in m]
    return sum(sum(row) for row in squares) + squares[0][1]


@case(names=["a", "b"], x=0.4)
def dict_comprehension(names, x):
    d = {name: x ** (k + 1) for k, name in enumerate(names)}
    inverted = {v: k for k, v in enumerate(names)}
    return d["a"] * d["b"] + inverted["b"]


@case(x=0.4)
def generator_sum(x):
    return sum(math.sin(k * x) / k for k in range(1, 6))


@case(xs=[0.4, 0.9])
def tuple_from_generator(xs):
    a, b = (math.exp(v) for v in xs)
    c = tuple(v * a for v in xs)
    return a * b + c[1]


@case(xs=[0.4, 0.9, 1.6])
def array_from_comprehension(xs):
    v = np.array([math.sqrt(x) for x in xs])
    w = np.array([[x, x * x] for x in xs])
    return np.sum(v[:, None] * w)


@case(x=np.array([0.4, 0.9, 1.6]))
def ternary_in_comprehension(x):
    return sum(v if v > 1 else v * v for v in x)


@case(x=0.4)
def shadowed_variable(x):
    values = [x * x for x in (x, 2.0 * x)]
    return sum(values) * x


@case(x=0.8)
def comprehension_over_comprehension(x):
    powers = [x**k for k in range(4)]
    return sum(a * b for a, b in zip(powers, [p + x for p in powers], strict=True))


@case(xs=[0.3, 0.6])
def conditional_dict_values(xs):
    table = {k: (v if k else v * v) for k, v in enumerate(xs)}
    return sum(k * v + v for k, v in table.items())


@case(x=0.8)
def set_of_constants(x):
    degrees = {k % 3 for k in range(9)}
    return sum(x**d for d in sorted(degrees))


@case(x=np.array([0.3, 0.6, 0.9]))
def fromiter_and_stack(x):
    a = np.fromiter((v * v for v in x), dtype=float)
    b = np.stack([x * k for k in range(3)])
    return a @ b @ a
