"""Names that collide with NumPy's, Python's or with those of a generated program."""

import math
import math as _math

import numpy
import numpy as np
import numpy.linalg as npl
from numpy import cos
from numpy import exp as e
from numpy.linalg import norm as length

from tests.corpus import case


@case(np=2.0, x=0.5)
def parameter_named_np(np, x):
    return np * x * np


@case(x=0.5)
def locals_like_generated_names(x):
    x_bar = x * x
    y_bar = x_bar + x
    x_dot = math.sin(y_bar)
    y_saved = [x_dot, x_bar]
    x_saved = y_saved.pop()
    tape = rec = sg = x_saved * x_dot
    return x_bar * y_bar * tape + rec * sg


@case(x_bar=0.5, x=1.2, y=0.1)
def parameters_like_generated_names(x_bar, x, y):
    y_bar = x_bar * x
    return y_bar * y + x


@case(list=np.array([0.5, 1.5]), float=2.0)
def builtins_shadowed(list, float):
    sum = list[0] * float
    len = sum * list[1]
    return len * sum


@case(x=np.array([0.5, 1.5]))
def imported_under_other_names(x):
    return length(x) + e(x[0]) * cos(x[1]) + npl.norm(x * 2) + numpy.sum(x) + _math.exp(x[0])


@case(x=0.5)
def import_inside(x):
    import math as m
    from operator import add, itemgetter, mul

    first = itemgetter(0)
    return m.exp(x) * add(x, mul(x, 2.0)) + first([x, 3.0])


@case(_=0.5, __x=2.0)
def underscored(_, __x):
    for _i in range(2):
        _ = _ * __x
    return _


@case(λ=0.5, Δt=0.1)
def unicode_names(λ, Δt):
    x = 1.0
    for _ in range(5):
        x += -λ * x * Δt
    return x


@case(x=1.5)
def name_reused_for_everything(x):
    x = [x, x * x]
    x = {"x": x[0] * x[1]}
    x = np.array([x["x"], 1.0])
    x = x.sum()
    return x


@case(grad=0.5, value=2.0)
def named_like_the_library(grad, value):
    def vjp(y):
        return y * grad

    return vjp(value) * vjp(grad)


class list_of_things:  # noqa: N801
    pass


@case(self=0.5, cls=2.0)
def self_and_cls(self, cls):
    thing = list_of_things()
    thing.self = self
    return thing.self * cls**2


scale = 3.0


@case(x=0.5)
def global_written(x):
    global scale
    scale = 2.0
    scale = scale * x
    y = scale * scale
    scale = 3.0
    return y


def scaled(np, v):
    return abs(v) * np


@case(x=numpy.array([0.5, 1.5]), c=3.0)
def callee_with_a_parameter_named_np(x, c):
    return numpy.sum(scaled(c, x))


@case(np=2.0, x=-0.5)
def kink_beside_a_parameter_named_np(np, x):
    return abs(np) * abs(x) * np**0.5


@case(y=2.0, y_bar=3.0)
def parameters_named_like_cotangents(y, y_bar):
    value_bar = y * y_bar
    value = value_bar * y
    return value * value_bar


@case(x=2.0)
def compatibility_characters(x):
    µ = x * 2
    return µ * x


@case(x=numpy.array([0.5, 1.5]), w=numpy.array([2.0, 3.0]))
@case(x=numpy.array([0.5, 1.5]), argnums=(0,))
def default_that_is_an_array(x, w=numpy.ones(2) * 2):
    return numpy.sum(x * w)
