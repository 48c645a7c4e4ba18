"""Closures: cells, nonlocal, closures in containers, the same code with different cells."""

import math

import numpy as np

from tests.corpus import case


def make_power(n):
    def power(x):
        return x**n

    return power


# One code object, two closures.
case(x=1.3, name="power_two")(make_power(2))
case(x=1.3, name="power_five")(make_power(5))


def make_model(weights):
    bias = weights[0] * 0.5

    def model(x):
        return np.tanh(x @ weights + bias).sum()

    return model


case(x=np.array([[0.1, 0.4], [0.7, -0.2]]), name="model_with_array_cell")(make_model(np.array([0.3, -1.2])))


@case(x=0.6)
def nested_def(x):
    def inner(t):
        return t * x

    return inner(x) + inner(2.0)


@case(x=0.6)
def counter_by_nonlocal(x):
    total = 0.0

    def add(v):
        nonlocal total
        total += v * v

    for k in range(4):
        add(x * k)
    return total * x


@case(x=0.6, y=1.1)
def nonlocal_two_levels(x, y):
    state = x

    def outer():
        def inner():
            nonlocal state
            state = state * y + x

        inner()
        inner()

    outer()
    y = y + 1.0
    outer()
    return state


@case(x=0.6)
def cell_that_changes(x):
    scale = 1.0

    def f(v):
        return scale * v

    a = f(x)
    scale = x * x
    b = f(x)
    scale = b
    return a + b * f(x)


@case(x=0.6)
def late_binding_in_list(x):
    factors = []
    for k in range(3):
        factors.append(lambda v: v * k + x)
    bound = [lambda v, k=k: v**k + x for k in range(3)]
    return sum(f(x) for f in factors) + sum(g(x) for g in bound)


@case(x=0.6, y=0.9)
def closures_in_dict(x, y):
    energy = {
        "kinetic": lambda v: 0.5 * x * v * v,
        "potential": lambda v: y * math.cos(v),
    }
    return sum(term(x + y) for term in energy.values())


@case(x=0.6)
def function_returned(x):
    def compose(f, g):
        return lambda v: f(g(v))

    def twice(f):
        return compose(f, f)

    return twice(twice(lambda v: v * x + 0.1))(x)


@case(a=0.3, b=1.2)
def curried(a, b):
    def add(p):
        def multiply(q):
            def final(r):
                return (p + q) * r + a

            return final

        return multiply

    return add(a)(b)(a * b)


@case(x=np.array([1.0, 2.0, 3.0]))
def closure_writes_captured_array(x):
    buffer = np.zeros(3)

    def store(i, v):
        buffer[i] = v

    for i in range(3):
        store(i, x[i] * x[(i + 1) % 3])
    return np.sum(buffer**2)


@case(x=0.8)
def closure_over_list_state(x):
    history = []

    def step(v):
        history.append(v * x)
        return math.sin(v)

    y = x
    for _ in range(3):
        y = step(y)
    return y + sum(history)


@case(x=1.4)
def recursive_closure(x):
    def go(n):
        if n == 0:
            return x
        return go(n - 1) * x + n

    return go(4)


@case(x=0.5)
def accumulator_factory(x):
    def make():
        total = 0.0

        def add(v):
            nonlocal total
            total = total + v * x
            return total

        return add

    first, second = make(), make()
    first(1.0)
    second(x)
    return first(x) * second(3.0)


@case(x=0.5)
def mutual_closures(x):
    def f(n):
        return x if n == 0 else math.sin(g(n - 1))

    def g(n):
        return x * x if n == 0 else math.exp(-f(n - 1))

    return f(3) + g(4)


@case(x=0.5)
def comprehension_of_closures(x):
    steps = [lambda v, k=k: v + k * v * x for k in range(4)]
    for step in steps:
        x = step(x)
    return x


@case(x=np.array([0.2, 0.3]))
def class_defined_inside(x):
    class Spring:
        stiffness = 2.0

        def energy(self, stretch):
            return 0.5 * self.stiffness * stretch**2 * x[0]

    return Spring().energy(x[1]) + Spring.stiffness * x[1]


@case(x=1.1)
def memo_dict_in_closure(x):
    memo = {}

    def hermite(n):
        if n not in memo:
            if n == 0:
                memo[n] = 1.0
            elif n == 1:
                memo[n] = 2.0 * x
            else:
                memo[n] = 2 * x * hermite(n - 1) - 2 * (n - 1) * hermite(n - 2)
        return memo[n]

    return hermite(5) + hermite(3)
