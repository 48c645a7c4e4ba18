"""Objects: attributes, methods, inheritance, properties, operators, dataclasses, namedtuples."""

import enum
import math
from collections import namedtuple
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from tests.corpus import case


class Particle:
    def __init__(self, position, velocity, mass=1.0):
        self.position = position
        self.velocity = velocity
        self.mass = mass

    def kick(self, force, dt):
        self.velocity += force / self.mass * dt

    def drift(self, dt):
        self.position += self.velocity * dt

    def kinetic(self):
        return 0.5 * self.mass * self.velocity**2


@case(x=0.4, v=1.1, k=2.0)
def leapfrog_on_object(x, v, k):
    p = Particle(x, v, mass=k)
    for _ in range(5):
        p.kick(-k * p.position, 0.05)
        p.drift(0.1)
        p.kick(-k * p.position, 0.05)
    return p.kinetic() + 0.5 * k * p.position**2


@case(x=np.array([0.4, 0.2]), v=np.array([1.1, -0.3]))
def in_place_array_attribute(x, v):
    # The attribute is the caller's array: += writes into it.
    p = Particle(x, v)
    p.kick(x * 3.0, 0.1)
    p.drift(0.5)
    return np.sum(p.position * x) + np.sum(v)


class Layer:
    def forward(self, x):
        raise NotImplementedError

    def __call__(self, x):
        return self.forward(x)


class Linear(Layer):
    def __init__(self, w, b):
        self.w, self.b = w, b

    def forward(self, x):
        return x @ self.w + self.b


class Sine(Layer):
    def __init__(self, frequency):
        super().__init__()
        self.frequency = frequency

    def forward(self, x):
        return np.sin(self.frequency * x)


class Residual(Linear):
    def forward(self, x):
        return x + super().forward(x)


@case(w=np.array([[0.2, -0.4], [0.7, 0.1]]), b=np.array([0.1, 0.3]), frequency=1.7)
def inheritance_and_call(w, b, frequency):
    x = np.array([[0.5, -1.0], [0.3, 0.8], [1.0, 1.0]])
    for layer in [Linear(w, b), Sine(frequency), Residual(w * 0.5, b)]:
        x = layer(x)
    return np.mean(x**2)


class Thermometer:
    scale = 1.8

    def __init__(self, celsius):
        self._celsius = celsius

    @property
    def fahrenheit(self):
        return self._celsius * self.scale + 32.0

    @fahrenheit.setter
    def fahrenheit(self, value):
        self._celsius = (value - 32.0) / self.scale

    @classmethod
    def from_kelvin(cls, kelvin):
        return cls(kelvin - 273.15)

    @staticmethod
    def midpoint(a, b):
        return 0.5 * (a + b)


@case(t=300.0)
def property_setter_classmethod_staticmethod(t):
    thermometer = Thermometer.from_kelvin(t)
    reading = thermometer.fahrenheit
    thermometer.fahrenheit = reading * reading / 100.0
    return thermometer.midpoint(thermometer._celsius, Thermometer.midpoint(reading, t))


class Vec:
    """A vector of the plane with the operators of one."""

    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __add__(self, other):
        return Vec(self.x + other.x, self.y + other.y)

    def __sub__(self, other):
        return Vec(self.x - other.x, self.y - other.y)

    def __mul__(self, k):
        return Vec(self.x * k, self.y * k)

    __rmul__ = __mul__

    def __matmul__(self, other):
        return self.x * other.x + self.y * other.y

    def __neg__(self):
        return Vec(-self.x, -self.y)

    def __iadd__(self, other):
        self.x += other.x
        self.y += other.y
        return self

    def __abs__(self):
        return math.hypot(self.x, self.y)

    def __getitem__(self, k):
        return (self.x, self.y)[k]

    def __setitem__(self, k, value):
        setattr(self, "xy"[k], value)

    def __iter__(self):
        yield self.x
        yield self.y

    def __len__(self):
        return 2

    def __eq__(self, other):
        return self.x == other.x and self.y == other.y

    def __lt__(self, other):
        return abs(self) < abs(other)

    def __bool__(self):
        return self.x != 0 or self.y != 0

    def __contains__(self, value):
        return value in (self.x, self.y)

    def __truediv__(self, k):
        return Vec(self.x / k, self.y / k)

    def __pow__(self, n):
        return (self @ self) ** (n / 2)


@case(a=1.2, b=-0.4)
def operator_methods(a, b):
    u, v = Vec(a, b), Vec(b, 2.0)
    w = 2.0 * u + v * a - (-u) / 3.0
    w += u
    w[0] = w[1] * a
    if w and len(w) == 2 and not (u == v):
        return abs(w) + (u @ v) + w[0] * w[-1] + sum(w) + u**3
    return 0.0


@case(a=1.2, b=-0.4)
def objects_sorted_and_maximised(a, b):
    vectors = [Vec(a, b), Vec(b, b), Vec(a * a, a)]
    ordered = sorted(vectors)
    longest = max(vectors, key=abs)
    return ordered[0].x * 3.0 + longest @ ordered[1] + min(vectors).y


class Grid:
    def __init__(self, values):
        self.values = values
        self.history = []

    def __enter__(self):
        self.history.append(self.values.copy())
        return self.values

    def __exit__(self, *exc):
        self.values = self.values * 0.5

    def __call__(self, x):
        return float(np.interp(x, np.arange(len(self.values)), self.values))


@case(y=np.array([1.0, 3.0, 2.0]), x=0.6)
def enter_exit_and_call(y, x):
    grid = Grid(y)
    with grid as values:
        values[1] += x
    return grid(x) * np.sum(grid.history[0]) + grid(1.3)


@dataclass
class Params:
    weight: np.ndarray
    bias: float
    name: str = "model"


@case(p=Params(np.array([0.5, -0.2]), 0.3), x=np.array([1.0, 2.0]))
def dataclass_argument(p, x):
    return math.tanh(float(p.weight @ x) + p.bias) * len(p.name)


@case(p=Params(np.array([0.5, -0.2]), 0.3))
def dataclass_result(p):
    return replace(p, weight=p.weight * p.bias, bias=p.bias**2)


@dataclass(frozen=True)
class State:
    s: float
    i: float
    r: float = 0.0
    log: list = field(default_factory=list)

    def step(self, beta, gamma):
        new = beta * self.s * self.i
        out = gamma * self.i
        return State(self.s - new, self.i + new - out, self.r + out, [*self.log, new])


@case(beta=0.6, gamma=0.2)
def frozen_dataclass_state(beta, gamma):
    state = State(0.99, 0.01)
    for _ in range(6):
        state = state.step(beta, gamma)
    return state.i + 2 * state.r + max(state.log)


Point = namedtuple("Point", "x y")


class Segment(NamedTuple):
    start: Point
    end: Point
    weight: float = 1.0

    def length(self):
        return math.hypot(self.end.x - self.start.x, self.end.y - self.start.y)


@case(s=Segment(Point(0.0, 1.0), Point(2.0, -0.5), 1.5))
def namedtuple_argument(s):
    (x0, y0), end, w = s
    moved = s._replace(end=Point(end.y, end.x * w))
    return s.length() * s.weight + moved.length() + x0 * y0


@case(p=Point(0.4, 1.1))
def namedtuple_result(p):
    return Point(x=p.x * p.y, y=math.sin(p.x))


class Phase(enum.Enum):
    SOLID = 1
    LIQUID = 2


class Order(enum.IntEnum):
    FIRST = 1
    SECOND = 2


@case(t=0.5)
@case(t=-0.5)
def enum_constants(t):
    phase = Phase.SOLID if t < 0 else Phase.LIQUID
    heat = {Phase.SOLID: 2.1, Phase.LIQUID: 4.2}[phase]
    if phase is Phase.SOLID:
        return heat * t**Order.SECOND
    return heat * t**3 * Order.FIRST + phase.value


class Model:
    """A method as the function, and a callable instance."""

    order = 3

    def __init__(self, data):
        self.data = data

    def loss(self, w):
        residual = self.data - w * np.arange(self.order)
        return np.sum(residual**2)

    def __call__(self, w):
        return self.loss(w) + w**2


case(w=0.7)(Model(np.array([0.1, 1.2, 2.2])).loss)
case(w=0.7, name="callable_instance")(Model(np.array([0.1, 1.2, 2.2])))


class Meter:
    """State that a call carries to the next one."""

    def __init__(self):
        self.total = 0.0
        self.calls = 0

    def __call__(self, x):
        self.total = self.total + x * x
        self.calls += 1
        return self.total / self.calls


@case(x=0.7)
def state_between_calls(x):
    meter = Meter()
    meter(x)
    meter(math.sin(x))
    return meter(x * 3.0) + meter.total


@case(x=0.7, y=0.2)
def attributes_by_name(x, y):
    p = Particle(x, y)
    for name in ("position", "velocity"):
        setattr(p, name, getattr(p, name) ** 2 + x)
    p.__dict__["mass"] = p.position * y
    return p.mass * vars(p)["velocity"] + p.kinetic()


class Node:
    def __init__(self, value, left=None, right=None):
        self.value, self.left, self.right = value, left, right

    def total(self):
        below = sum(child.total() for child in (self.left, self.right) if child is not None)
        return self.value * (1.0 + below)


@case(a=0.5, b=0.8)
def linked_objects(a, b):
    root = Node(a, Node(b, Node(a * b)), Node(a + b))
    root.left.left.value *= 2.0
    return root.total()


class Stack(list):
    def top(self):
        return self[-1]


@case(x=1.5)
def subclass_of_list(x):
    stack = Stack()
    stack.append(x)
    stack.append(stack.top() * x)
    stack.append(stack.top() * stack[0])
    return stack.top() + len(stack) * stack.pop()


@case(x=0.3)
def class_attribute_counter(x):
    class Counter:
        total = 0.0

        @classmethod
        def add(cls, v):
            cls.total = cls.total + v
            return cls.total

    Counter.add(x)
    Counter.add(x * x)
    return Counter.total * x


class Fraction:
    def __init__(self, value):
        self.value = value

    def __float__(self):
        return float(self.value)

    def __getattr__(self, name):
        if name.startswith("times_"):
            return self.value * int(name.removeprefix("times_"))
        raise AttributeError(name)


@case(x=0.3)
def dynamic_attributes(x):
    f = Fraction(x * x)
    return float(f) * f.times_3 + getattr(f, "absent", x)


class Interval:
    """Comparisons that compute: what they give is more than true or false."""

    def __init__(self, low):
        self.low = low

    def __bool__(self):
        return bool(self.low > 0.0)

    def __lt__(self, other):
        return Interval(other.low - self.low)

    def __ge__(self, other):
        return Interval(self.low * other.low)

    def __contains__(self, other):
        self.low = self.low * other.low
        return True


@case(x=0.7)
@case(x=-0.7)
def comparisons_that_compute(x):
    first = Interval(x) < Interval(3.0 * x * x) < Interval(2.0 * x)
    second = Interval(x) >= Interval(x * x) >= Interval(2.0 * x) >= Interval(3.0)
    return first.low + second.low


@case(x=0.7)
def short_circuits_of_objects(x):
    either = Interval(-x) or Interval(x * x)
    both = Interval(x) and Interval(3.0 * x) and (Interval(x) < Interval(x * x))
    box = Interval(x)
    found = [v * v for v in (x, 2.0 * x) if 0.0 < v * 3.0 < 4.0 and Interval(v) in box and not Interval(-v)]
    return either.low * both.low + box.low + sum(found)


@case(x=0.7)
def operands_of_a_chain_are_evaluated_once(x):
    seen = []

    def noted(v):
        seen.append(v)
        return Interval(v)

    result = noted(x) < noted(0.5 * x) < noted(1.0 / 0.0 if seen else x)
    return result.low * len(seen) + sum(1.0 for v in seen if 0.1 < v * 2.0 <= 10.0) * x


@case(x=0.7)
def chains_inside_of_classes_and_comprehensions(x):
    class Limits:
        middle = Interval(2.0 * x)
        ordered = Interval(x) < middle < Interval(x * x)
        inside = 0.0 < x * 2.0 < 3.0

    return Limits.ordered.low * sum(v * v for v in ([x, 1.0] if 0.0 < x * 2.0 < 3.0 else [x]) if Limits.inside)


class Samples:
    """Turns itself into an array wherever NumPy wants one."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values * 1.0)


class Reading:
    def __init__(self, value):
        self.value = value

    def __float__(self):
        return float(self.value * 1.0)


SAMPLES = np.array([0.7, 1.2, -0.4, 2.2])


@case(x=SAMPLES)
def objects_in_ufuncs_with_keywords(x):
    total = np.sum(np.sin(Samples(x), dtype=float)) + np.sum(np.subtract(Samples(x), Samples(x * x), casting="unsafe"))
    chosen = np.multiply(Samples(x), 2.0, where=[True, False, True, True], out=np.zeros(4))
    return total + np.sum(chosen**2)


@case(x=SAMPLES)
def objects_in_methods_of_ufuncs(x):
    outer = np.add.outer(Samples(x), Samples(x))
    total = np.add.reduce(Samples(x)) + np.maximum.reduce(Samples(x)) + np.add.reduceat(Samples(x), [0, 2])[1]
    y = np.zeros(4)
    np.add.at(y, [0, 1, 1, 3], Samples(x))
    return np.sum(outer**2) + total + np.sum(np.multiply.accumulate(Samples(x))) + np.sum(y**2)


@case(x=SAMPLES)
def objects_as_keywords(x):
    counts = np.histogram2d([0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 2.0, 3.0], bins=2, weights=Samples(x))[0]
    return np.sum(counts**2) + np.interp(x=0.5, xp=[0.0, 1.0, 2.0, 3.0], fp=Samples(x)) + np.sum(a=Samples(x))


@case(x=SAMPLES)
def objects_as_numbers(x):
    return complex(Reading(x[0])).real * float(Reading(x[1])) + np.array(Reading(x[2]), dtype=float) ** 2


@case(x=SAMPLES)
def polynomials_as_objects(x):
    p = np.poly1d(x)
    quotient, remainder = p / np.poly1d([1.0, 2.0])
    total = quotient(2.0) + remainder(1.0) + np.polyadd(p, [1.0, 2.0])(2.0) + np.polymul(p, p)(1.5)
    total += np.polyder(p)(0.5) + p.deriv()(0.3) + np.polyint(p)(1.5) + p.integ(k=x[0])(1.0)
    return total + np.polysub([1.0, 2.0], p)(3.0) + np.polyval(p, np.poly1d([1.0, x[0]]))(2.0) + (p**2)(1.1)
