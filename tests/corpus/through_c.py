"""Values that travel through functions of C, through caches and through other objects' slots."""

import bisect
import collections
import copy
import dataclasses
import functools
import heapq
import itertools
import math
import operator
import statistics
import types
import warnings

import numpy as np

from tests.corpus import case


@functools.lru_cache(maxsize=8)
def cached_energy(x):
    return x * x + math.sin(x)


@case(x=0.7)
def cache_filled_by_an_earlier_call(x):
    # The undifferentiated call of the same program has filled the cache with the same key.
    return cached_energy(x) * cached_energy(2 * x)


class Mesh:
    def __init__(self, spacing):
        self.spacing = spacing

    @functools.cached_property
    def weights(self):
        return self.spacing * np.array([0.5, 1.0, 0.5])


@case(h=0.3)
def cached_property_of_active(h):
    mesh = Mesh(h)
    return np.sum(mesh.weights**2) + mesh.weights[1]


@case(x=0.7)
def dunder_methods_called_by_name(x):
    return x.__mul__(2.0) + (3.0).__rsub__(x) + float.__pow__(x, 2.0) + x.__neg__() * abs(x).__float__()


@case(x=np.array([0.7, 1.2]))
def methods_of_the_class(x):
    y = np.ndarray.__mul__(x, x)
    return np.ndarray.sum(y) + getattr(x, "dot")(y) + type(x[0])(x[1]) + operator.matmul(x, x)


@case(xs=[0.7, 1.2, 0.4])
def functional_tools(xs):
    products = itertools.starmap(operator.mul, zip(xs, xs[1:]))
    longest = [a * b for a, b in itertools.zip_longest(xs, [2.0], fillvalue=1.5)]
    kept = list(itertools.compress(xs, [1, 0, 1]))
    running = list(itertools.accumulate(xs, max))
    first, second = itertools.tee(map(math.sqrt, xs))
    return sum(products) + sum(longest) + math.prod(kept) + running[1] + sum(first) * max(second)


@case(xs=[0.7, 1.2, 0.4])
def heap_merge_and_bisect(xs):
    ordered = sorted(xs)
    bisect.insort(ordered, xs[0] * 1.5)
    place = bisect.bisect_left(ordered, 0.9)
    merged = list(heapq.merge(ordered, [0.5, 2.0]))
    large = heapq.nlargest(2, xs, key=lambda v: -v)
    return merged[1] * merged[3] + ordered[place] + large[0] * 2 + large[1]


@case(xs=[0.7, 1.2, 0.4])
def statistics_module(xs):
    return statistics.fmean(xs) ** 2 * statistics.median(xs)


@case(x=0.7)
def namespaces_and_chain_maps(x):
    space = types.SimpleNamespace(a=x, b=2.0)
    space.b *= space.a
    maps = collections.ChainMap({"k": x * x}, {"k": 1.0, "m": x})
    data = collections.UserDict(p=x)
    data["q"] = data["p"] * 2
    return space.b * maps["k"] + maps["m"] + data["q"]


@dataclasses.dataclass
class Sample:
    value: float
    scale: float = 2.0
    total: float = dataclasses.field(init=False)

    def __post_init__(self):
        self.total = self.value * self.scale


@case(x=0.7)
def dataclass_conversions(x):
    sample = Sample(x, scale=x + 1.0)
    value, scale, total = dataclasses.astuple(sample)
    return value * total + dataclasses.asdict(sample)["scale"] ** 2 + Sample(x * 2).total * scale


@case(x=np.array([0.7, 1.2, 0.1, 2.0]))
def shuffled(x):
    rng = np.random.default_rng(2)
    mixed = rng.permutation(x)
    y = x * 2.0
    rng.shuffle(y)
    return mixed[0] * mixed[3] + y[0] * y[1] ** 2


@case(x=np.array([0.7, 1.2, 0.1, 2.0]))
def drawn_with_replacement(x):
    rng = np.random.default_rng(2)
    return np.sum(rng.choice(x, size=3) ** 2) * rng.choice(x)


@case(x=np.array([0.7, 1.2, 0.1]))
def bootstrap_means(x):
    rng = np.random.default_rng(0)
    means = []
    for _ in range(4):
        index = rng.integers(0, len(x), len(x))
        means.append(x[index].mean())
    return np.std(means) + rng.normal() * means[0]


class Temperature:
    def __init__(self, kelvin):
        self.kelvin = kelvin

    def __float__(self):
        return float(self.kelvin)

    def __array__(self, dtype=None, copy=None):
        return np.array([self.kelvin, 1.0], dtype=dtype)

    def __index__(self):
        return 1

    def __round__(self, digits=None):
        return self.kelvin * 10

    def __radd__(self, other):
        return other + self.kelvin


@case(k=0.7)
def conversions_called_by_c(k):
    t = Temperature(k * k)
    return math.sin(t) + np.sum(np.asarray(t) * 2.0) + round(t) + sum([t, t]) + [1.0, k][t]


@case(x=np.array([[0.7, 1.2], [0.1, 0.5]]))
def shape_set_in_place(x):
    y = x * 2.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # from NumPy 2.5 on
        y.shape = (4,)
    y[1] *= y[0]
    return y[1] * x[0, 1] + np.sum(y[2:] ** 2)


@case(x=np.array([0.7, 1.2, 0.1, 2.0]))
def strided_and_plain_views(x):
    pairs = np.lib.stride_tricks.as_strided(x, shape=(3, 2), strides=(8, 8))
    plain = x.view()
    plain[3] = x[0] * 3
    same = x.astype(float, copy=False)
    same[2] += 1.0
    return np.sum(pairs[:, 0] * pairs[:, 1]) + np.real(x)[1] ** 2


@case(x=np.array([0.7, 1.2, 0.1, 2.0]))
def partitioned_in_place(x):
    y = x * 1.0
    y.partition(2)
    z = np.partition(x, 1)
    return y[2] ** 2 + z[1] + x[np.argpartition(x, 2)[2]]


@case(x=np.array([0.7, 1.2, 0.1, 2.0]))
def flat_assignment_and_resize(x):
    y = np.zeros((2, 2))
    y.flat = x
    y.flat[[0, 3]] = x[1]
    z = np.resize(x[:3], (2, 3))
    return np.sum(y**2) + z[1, 2] * z[0, 0]


@case(x=np.array([0.7, 1.2, 0.1, 2.0]))
def flat_assignment_of_too_few_or_too_many(x):
    y = np.zeros((2, 3)).T
    y.flat = x[:2] ** 2
    y.flat[3:] = x
    y.flat[:1] = []
    y.flat[[5, 0]] = [x[0] * x[1]]
    return np.sum(y**3 * np.arange(6.0).reshape(3, 2))


@case(x=np.array([0.7, 1.2]))
def vectorised_python_functions(x):
    double = np.frompyfunc(lambda v: v * v + 1.0, 1, 1)
    table = np.fromfunction(lambda i, j: i * x[0] + j, (2, 2))
    return sum(double(x)) + table.sum() * x[1]


@case(x=0.7)
def deep_copies_of_objects(x):
    t = Temperature(x * x)
    twin = copy.deepcopy([t, {"v": x}])
    twin[0].kelvin *= 3.0
    return twin[0].kelvin * twin[1]["v"] + t.kelvin


class Registry:
    """Values in class-level and module-level state."""

    entries = {}

    def __class_getitem__(cls, key):
        return cls.entries[key]

    @classmethod
    def put(cls, key, value):
        cls.entries[key] = value


BUFFER = np.zeros(3)


@case(x=np.array([0.7, 1.2, 0.1]))
def module_level_state(x):
    Registry.put("x", x * 2.0)
    BUFFER[:] = x
    BUFFER[1:] += BUFFER[:-1]
    return np.sum(Registry["x"] * BUFFER)


class Field:
    """A descriptor that scales what it is given."""

    def __set_name__(self, owner, name):
        self.name = "_" + name

    def __get__(self, instance, owner=None):
        return getattr(instance, self.name) * 2.0

    def __set__(self, instance, value):
        setattr(instance, self.name, value + 1.0)


class Record:
    amount = Field()

    def __new__(cls, x):
        record = super().__new__(cls)
        record.raw = x * x
        return record

    def __init__(self, x):
        self.amount = x

    def __setattr__(self, name, value):
        object.__setattr__(self, name, value)

    def __getattr__(self, name):
        if name == "missing":
            return self.raw * 3.0
        raise AttributeError(name)


@case(x=0.7)
def descriptors_and_new(x):
    record = Record(x)
    record.amount = record.amount * x
    return record.amount + record.missing


class Series:
    def __init__(self, *values):
        self.values = values

    def __reversed__(self):
        return iter(self.values[::-1])

    def __getitem__(self, k):
        return self.values[k]

    def __divmod__(self, k):
        return self.values[0] / k, self.values[1]

    def __iter__(self):
        return iter(self.values)


@functools.total_ordering
class Ranked:
    def __init__(self, score):
        self.score = score

    def __eq__(self, other):
        return self.score == other.score

    def __lt__(self, other):
        return self.score < other.score


@case(x=0.7)
def protocols_used_by_builtins(x):
    s = Series(x, x * x, 2.0)
    quotient, second = divmod(s, x + 1.0)
    last, *_ = reversed(s)
    best = max(Ranked(v) for v in s)
    a, b, c = s
    return quotient * second + last * a * b + best.score * c + min(map(Ranked, (x, b))).score


@case(x=np.array([0.7, 1.2]))
def iterator_class(x):
    class Steps:
        def __init__(self, start):
            self.value = start

        def __iter__(self):
            return self

        def __next__(self):
            self.value = self.value * 0.5 + x[1]
            if self.value > 2.0:
                raise StopIteration
            return self.value

    return sum(itertools.islice(Steps(x[0]), 3)) + list(zip(Steps(x[0]), "ab"))[1][0]


@case(x=0.7)
def getters_of_operator(x):
    sample = Sample(x)
    get, item = operator.attrgetter("value", "total"), operator.itemgetter(1, "k")
    value, total = get(sample)
    one, k = item({1: x * x, "k": 3.0 * x})
    bump = operator.methodcaller("__add__", x)
    return value * total + one * k + bump(2.0)


@case(x=0.7)
def in_place_operators(x):
    v = operator.iadd([x], [x * x])
    total = operator.imul(v[0], v[1])
    operator.setitem(v, 0, total)
    return functools.reduce(operator.add, v) * x


@case(x=0.7)
def single_dispatch_method_and_partialmethod(x):
    class Tool:
        @functools.singledispatchmethod
        def apply(self, v):
            return v * x

        @apply.register
        def _(self, v: list):
            return sum(self.apply(part) for part in v)

        twice = functools.partialmethod(lambda self, k, v: k * self.apply(v), 2.0)

    tool = Tool()
    return tool.apply(x) + tool.apply([x, 3.0]) + tool.twice(x)


@case(x=np.array([0.7, 1.2, 0.1]))
def min_max_with_defaults(x):
    empty = max([], default=x[0])
    return empty * sorted(x, reverse=True)[1] + max(x) + min(x.tolist(), key=abs) + sum(x, x[1])


@case(z=0.7 + 0.2j)
def complex_library(z):
    import cmath

    r, phi = cmath.polar(z)
    w = cmath.rect(r * 2.0, phi) + cmath.sqrt(z) + z.conjugate() ** 2
    return abs(w) + cmath.phase(z) + (z**2).imag


@case(x=1.3, y=0.7)
def lists_changed_after_use(x, y):
    xs = [x, y]
    a = np.array(xs)
    rows = [a, a * x]
    b = np.stack(rows)
    xs[0] = 5.0
    rows.clear()
    return np.sum(a**3) + np.sum(b * b)


@case(a=np.array([0.5, -1.0, 2.0, 0.3]))
def rows_flattened_by_itertools(a):
    m = a.reshape(2, 2)
    total = 0.0
    for k, v in enumerate(itertools.chain.from_iterable([m[0], [a[3]], m[1]])):
        total += (k + 1) * v * v
    table = dict(m)
    return total + sum(table.values()) * sum(table)


@case(a=np.array([0.5, -1.0, 2.0, 0.3]))
def failed_writes(a):
    b = a * 2.0
    for wrong in (np.array([1.0, 2.0]), a[:2] * a[0]):
        try:
            b[0:3] = wrong
        except ValueError:
            b[3] *= a[2]
    try:
        b += np.ones(3) * a[0]
    except ValueError:
        b[1] = a[0]
    return np.sum(b * b)


@case(a=np.array([0.5, -1.0, 2.0, 0.3]))
def constants_changed_by_c(a):
    b = np.array([1.0, 2.0, 3.0, 4.0])
    c = a * b
    np.random.default_rng(0).shuffle(b)
    for v in np.nditer(b, op_flags=["readwrite"]):
        v[...] = 2.0 * v
    d = c * b
    memoryview(b)[0] = 100.0
    np.median(b, overwrite_input=True)
    return np.sum(d) + np.sum(c * c)


@case(x=1.2)
def called_by_the_names_of_methods(x):
    f = lambda y: y * y
    wrapped = property(lambda factor: x * factor)
    return f.__call__(x) + np.sin.__call__(x) + type(f).__call__(f, x) + f.__get__(x)() + wrapped.__get__(2.0)


class Meter:
    """Methods that Python calls by itself, each with an effect on the value."""

    def __init__(self, value):
        self.value = value

    def __bool__(self):
        self.value = self.value * 2.0
        return True

    def __lt__(self, other):
        self.value = self.value * self.value
        return True

    def __contains__(self, item):
        self.value = self.value * item
        return True

    def __delitem__(self, key):
        self.value = self.value * key

    def __format__(self, spec):
        self.value = self.value + 1.0
        return "m"


@case(x=1.2)
def effects_of_special_methods(x):
    meter = Meter(x)
    if meter:
        del meter[3.0]
    assert meter < 2
    assert 0.5 in meter
    label = f"{meter}"
    kept = [k for k in range(2) if not meter or meter]
    return meter.value * (len(kept) + len(label))


@case(a=np.array([0.5, -1.0, 2.0, 0.3]))
def overlapping_windows_written(a):
    b = a * a
    w = np.lib.stride_tricks.sliding_window_view(b, 2, writeable=True)
    w[0] = a[2:]
    w += 1.0
    return np.sum(b * b) + np.sum(w * w)


@case(a=np.array([0.5, 1.0, 2.0, 0.3]))
def lists_beside_arrays(a):
    weights = [1.5, 2.0, 0.7, 1.0]
    return (
        np.sum(weights * a**2)
        + np.sum(np.power(weights, a))
        + weights @ np.hypot(a, weights)
        - np.sum([1, 2, 3, 4] / a)
    )
