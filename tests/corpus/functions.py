"""Calls: recursion, defaults, keywords, star arguments, partial, decorators, generators."""

import functools
import math
from functools import partial, reduce
from math import exp as natural_exp

import numpy as np

from tests.corpus import case


def square(x):
    return x * x


def affine(x, slope=2.0, *, offset=0.5):
    return slope * x + offset


@case(x=1.2)
def calls_helper_twice(x):
    return square(x) + square(square(x) + x)


@case(x=1.2, s=0.4)
def keyword_and_default_arguments(x, s):
    return affine(x) * affine(s, slope=x) + affine(offset=s, x=x)


@case(x=1.2, width=0.4)
def keyword_only(x, *, width):
    return math.exp(-((x / width) ** 2)) + width


@case(1.2, 0.4)
def positional_only(x, y, /):
    return x**2 * y


def positional_then_keyword(a, /, b, *, c=1.0):
    return a * b + c * c


@case(x=0.6)
def calls_with_slash_and_star(x):
    return positional_then_keyword(x, b=x * 2, c=x) + positional_then_keyword(x, x)


@case(1.0, 2.0, 3.0)
def star_args(*values):
    total = 0.0
    for k, v in enumerate(values):
        total += v ** (k + 1)
    return total


@case(x=0.7, scale=2.0, shift=0.3)
def star_kwargs(x, **options):
    return x * options["scale"] + options.get("shift", 0.0) * options.get("missing", x)


def norm_of(*parts, power=2):
    return sum(abs(p) ** power for p in parts) ** (1.0 / power)


@case(x=np.array([1.0, -2.0, 0.5]))
def unpacking_into_call(x):
    options = {"power": 4}
    return norm_of(*x) + norm_of(x[0], *x[1:], **options)


@case(x=4.3)
def recursive_descent(x):
    if x < 1.0:
        return x * x
    return x * recursive_descent(x - 1.0)


@case(x=1.3, n=6)
def fibonacci_recursive(x, n):
    if n < 2:
        return x
    return fibonacci_recursive(x, n - 1) + x * fibonacci_recursive(x, n - 2)


def even_step(x, n):
    return x if n == 0 else odd_step(math.sin(x) + x, n - 1)


def odd_step(x, n):
    return x * x if n == 0 else even_step(0.5 * x * x, n - 1)


@case(x=0.8, n=4)
@case(x=0.8, n=5)
def mutual_recursion(x, n):
    return even_step(x, n)


@case(tree=((1.0, 2.0), (0.5, (3.0, 4.0))))
def recursive_tree_sum(tree):
    if isinstance(tree, tuple):
        return sum(recursive_tree_sum(branch) ** 2 for branch in tree)
    return tree


def split(x):
    return math.sin(x), math.cos(x)


@case(x=0.8)
def multiple_results(x):
    s, c = split(x)
    both = split(s)
    return s * c + both[0] * both[1]


@case(x=0.8)
def callee_with_two_kinds(x):
    v = np.array([x, 2 * x])
    return square(x) + np.sum(square(v)) + float(np.sum(square(np.outer(v, v))))


@case(x=1.1)
def functions_in_containers(x):
    steps = [math.sin, square, lambda v: v + 1.0]
    named = {"exp": natural_exp, "half": lambda v: v / 2}
    for step in steps:
        x = step(x)
    for step in named.values():
        x = step(x)
    return x


def apply_twice(f, x):
    return f(f(x))


@case(x=0.6)
def function_as_argument(x):
    return apply_twice(square, x) + apply_twice(lambda v: v * x, x) + apply_twice(np.sin, x)


@case(x=0.6)
def partial_application(x):
    steep = partial(affine, slope=x)
    fixed = partial(math.pow, x)
    return steep(3.0, offset=x) * steep(x) + fixed(3.0)


@case(xs=[0.5, 1.5, 2.5])
def reduce_with_lambda(xs):
    return reduce(lambda a, b: a * b + a, xs) + reduce(lambda a, b: a + b * b, xs, 10.0)


@case(xs=[0.5, 1.5, 2.5])
def map_and_filter(xs):
    squares = list(map(square, filter(lambda v: v > 1, xs)))
    mixed = map(lambda a, b: a * b, xs, squares)
    return sum(mixed) + max(squares)


def logged(f):
    calls = []

    @functools.wraps(f)
    def wrapper(*args, **kwargs):
        calls.append(f.__name__)
        return f(*args, **kwargs)

    return wrapper


@logged
def decay(t, rate=0.5):
    return math.exp(-rate * t)


@case(t=1.3)
def calls_decorated(t):
    return decay(t) + decay(t, rate=t)


@case(t=1.3)
@logged
def is_decorated(t):
    return t * decay(t)


@functools.lru_cache(maxsize=None)
def binomial(n, k):
    if k in (0, n):
        return 1
    return binomial(n - 1, k - 1) + binomial(n - 1, k)


@case(p=0.3, n=5)
def lru_cached_helper(p, n):
    return sum(k * k * binomial(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1))


def squares_of(values):
    for v in values:
        yield v * v


def running_mean(values):
    total = 0.0
    for count, v in enumerate(values, start=1):
        total += v
        yield total / count


@case(x=np.array([0.5, 1.5, -1.0]))
def generator_helpers(x):
    return sum(squares_of(x)) + max(running_mean(x)) * 2.0


def countdown(x, n):
    while n > 0:
        sent = yield x**n
        n -= 1 if sent is None else sent
    return x


@case(x=0.9)
def generator_with_send_and_return(x):
    def outer():
        last = yield from countdown(x, 4)
        yield last * 10.0

    return sum(outer())


def fill_default(x, weights=(1.0, 2.0)):
    return x * weights[0] + x**2 * weights[1]


GLOBAL_SCALE = 1.7


def scaled_by_global(x, factor=None):
    if factor is None:
        factor = GLOBAL_SCALE
    return factor * x * x


@case(x=0.4)
def defaults_and_globals(x):
    return fill_default(x) + fill_default(x, weights=(x, 3.0)) + scaled_by_global(x)


@case(x=1.4)
def name_shadowing_a_function(x):
    square = x + 1.0
    math = square * x
    return math * square


@case(x=0.7)
def immediately_called_lambda(x):
    return (lambda a, b=x: a * b + b)(x * x) + (lambda: x)()


@case(x=0.7)
def returns_its_argument(x):
    def identity(v):
        return v

    return identity(identity(x)) * identity(x)


@case(x=np.array([0.4, 0.3]))
def same_argument_twice(x):
    def weighted(a, b):
        return np.sum(a * b * b)

    return weighted(x, x)


@case(x=2.2)
def conditional_callee(x):
    f = math.log if x > 1 else math.exp
    g = getattr(math, "atan")
    return f(x) * g(x)


def newton(f, slope, start, steps=8):
    for _ in range(steps):
        start = start - f(start) / slope(start)
    return start


@case(a=5.0)
def higher_order_newton(a):
    return newton(lambda r: r**3 - a, lambda r: 3 * r * r, 2.0)


case(x=0.4)(np.sin)
case(x=np.array([0.4, 1.2]))(np.tanh)
case(x=0.4)(math.exp)
case(x=np.array([0.4, 1.2, -0.7]))(np.linalg.norm)
case(x=np.array([0.4, 1.2, -0.7]))(np.sum)
case(0.5, 1.5, name="partial_of_affine")(partial(affine, offset=3.0))
two_on_a_line = (lambda x: 5.0 * x, lambda x: x**4)
case(x=1.5, name="lambda_one_of_two")(two_on_a_line[0])
case(x=1.5, name="lambda_two_of_two")(two_on_a_line[1])
