"""What code that is not recorded calls back: functions of the user's that get at an active value without being given it."""

import array
import contextvars
import functools
import itertools
import json
import operator
import re
import statistics
import threading
import types
import weakref
from collections import defaultdict, deque
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import integrate, ndimage, optimize, spatial
from scipy.sparse import linalg as sparse_linalg

import srcgrad as sg
from srcgrad.build.compiled import switch
from srcgrad.errors import SrcgradError

A = np.array([[1.0, 2.0], [3.0, 4.0]])
V = np.array([1.0, 2.0, 3.0])
state = types.SimpleNamespace()
boxes = {}
number = 0.0
variable = contextvars.ContextVar("variable")
local = threading.local()


def times(c, v):
    return c * v


def times_first(box, v):
    return box[0] * v


def times_next(iterator, v):
    return next(iterator) * v


def times_pointed(pointer, v):
    return pointer().c * v


class Scale:
    def __init__(self, c):
        self.c = c

    def method(self, v):
        return self.c * v

    def __call__(self, v):
        return self.c * v


class Slotted:
    __slots__ = ("c",)

    def __init__(self, c):
        self.c = c

    def method(self, v):
        return self.c * v


class Hidden:
    def __init__(self, c):
        self._c = c

    @property
    def c(self):
        return 1.0 * self._c


class Inherited(Hidden):
    @property
    def c(self):
        return super().c

    def method(self, v):
        return self.c * v


class Listed(list):
    def method(self, v):
        return self.c * v


class Shared:
    pass


class Missing(dict):
    def __missing__(self, key):
        return times(self.c, key)


def by_name(v):
    return number * v


def by_helper(v):
    return by_name(v)


def by_box(v):
    return boxes["c"] * v


def by_object(v):
    return state.c * v


def by_class(v):
    return Shared.c * v


def by_attribute(v):
    return by_attribute.c * v


def by_context(v):
    return variable.get() * v


def by_thread(v):
    return local.c * v


def named(c):
    global number
    number = c
    return by_name


def helped(c):
    global number
    number = c
    return by_helper


def boxed(c):
    boxes["c"] = c
    return by_box


def held(c):
    state.c = c
    return by_object


def shared(c):
    Shared.c = c
    return by_class


def attributed(c):
    by_attribute.c = c
    return by_attribute


def in_context(c):
    variable.set(c)
    return by_context


def in_thread(c):
    local.c = c
    return by_thread


def listed(c):
    made = Listed([1])
    made.c = c
    return made.method


def pointed(c):
    state.kept = Scale(c)
    return functools.partial(times_pointed, weakref.ref(state.kept))


HOLDERS = {
    "partial": lambda c: functools.partial(times, c),
    "partial of C": lambda c: functools.partial(operator.mul, c),
    "bound method": lambda c: Scale(c).method,
    "object": Scale,
    "slots": lambda c: Slotted(c).method,
    "properties": lambda c: Inherited(c).method,
    "list with an attribute": listed,
    "number's method": lambda c: c.__mul__,
    "bound function": lambda c: types.MethodType(times, c),
    "vectorize": lambda c: np.vectorize(functools.partial(times, c)),
    "ufunc": lambda c: np.frompyfunc(functools.partial(times, c), 1, 1),
    "deque": lambda c: functools.partial(times_first, deque([c])),
    "array": lambda c: functools.partial(times_first, np.array([c, c])),
    "iterator": lambda c: functools.partial(times_next, itertools.repeat(c)),
    "weak reference": pointed,
    "global": named,
    "global of a helper": helped,
    "dict": boxed,
    "namespace": held,
    "class": shared,
    "function's attribute": attributed,
    "context": in_context,
    "thread's": in_thread,
}


def put(f, results, *_):
    results.append(f(2.0))
    return "x"


def started(thread, results):
    thread.start()
    thread.join()
    return results[0]


def in_a_thread(f):
    results = []
    return started(threading.Thread(target=functools.partial(put, f, results)), results)


def in_a_timer(f):
    results = []
    return started(threading.Timer(0.0, functools.partial(put, f, results)), results)


def in_a_pool(f):
    with ThreadPoolExecutor(1) as pool:
        return sum(pool.map(f, [3.0, 4.0])) + pool.submit(f, 1.0).result()


def with_default(f):
    return defaultdict(functools.partial(f, 2.0))["a"]


def in_substitution(f):
    results = []
    re.sub("a", functools.partial(put, f, results), "aa")
    return sum(results)


def in_json(f):
    results = []
    json.dumps([object()], default=functools.partial(put, f, results))
    return results[0]


def with_missing(f):
    made = Missing()
    made.c = f(1.0)
    return made[2.0]


def decayed(f, y, t):
    return -f(y)


def residual(f, t):
    return f(t) - 3.0


def distance(f, u, v):
    return f(np.sum((u - v) ** 2))


def reduced(f, window):
    return float(np.sum(f(window)))


def added(f, a, b):
    return f(a) + b


CALLERS = {
    "apply_along_axis": lambda f: np.sum(np.apply_along_axis(f, 0, A)),
    "piecewise": lambda f: np.sum(np.piecewise(V, [V < 2, V >= 2], [f, f])),
    "map": lambda f: sum(map(f, [1.0, 2.0])),
    "sorted": lambda f: f(sorted([3.0, -1.0], key=f)[0]),
    "filter": lambda f: f(sum(filter(f, [1.0, 2.0]))),
    "reduce": lambda f: functools.reduce(functools.partial(added, f), [1.0, 2.0, 3.0]),
    "accumulate": lambda f: list(itertools.accumulate([1.0, 2.0], functools.partial(added, f)))[-1],
    "groupby": lambda f: [key for key, _ in itertools.groupby([1.0, 2.0], key=f)][1],
    "vectorize": lambda f: np.sum(np.vectorize(f)(V)),
    "frompyfunc": lambda f: np.frompyfunc(f, 1, 1)(V).astype(float).sum(),
    "frompyfunc, reduced": lambda f: np.frompyfunc(functools.partial(added, f), 2, 1).reduce([1.0, 2.0]),
    "quad": lambda f: integrate.quad(f, 0.0, 1.0)[0],
    "odeint": lambda f: integrate.odeint(functools.partial(decayed, f), 1.0, [0.0, 1.0])[-1, 0],
    "brentq": lambda f: optimize.brentq(functools.partial(residual, f), 0.0, 10.0),
    "toms748": lambda f: optimize.toms748(functools.partial(residual, f), 0.0, 10.0),
    "golden": lambda f: optimize.golden(lambda t: residual(f, t) ** 2),
    "constraints": lambda f: optimize.minimize(
        np.sum, np.ones(1), constraints=[{"type": "eq", "fun": functools.partial(residual, f)}]
    ).x[0],
    "cdist": lambda f: np.sum(spatial.distance.cdist(A, A, functools.partial(distance, f))),
    "generic_filter": lambda f: np.sum(ndimage.generic_filter(V, functools.partial(reduced, f), 3)),
    "LinearOperator": lambda f: np.sum(sparse_linalg.LinearOperator((2, 2), matvec=f, dtype=float) @ np.ones(2)),
    "thread": in_a_thread,
    "timer": in_a_timer,
    "pool": in_a_pool,
    "context": lambda f: contextvars.copy_context().run(f, 2.0),
    "defaultdict": with_default,
    "missing": with_missing,
    "re.sub": in_substitution,
    "json.dumps": in_json,
    "array of a map": lambda f: array.array("d", map(f, [2.0]))[0],
    "array of an iterator": lambda f: array.array("d", iter([f(2.0)]))[0],
    "mean": lambda f: statistics.fmean(map(f, [1.0, 2.0])),
    "loadtxt": lambda f: float(np.loadtxt([str(f(2.0))])),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("static", [True, False], ids=["static", "recorded"])
@pytest.mark.parametrize("holder", HOLDERS)
def test_a_derivative_through_a_callback_is_right_or_refused(holder, static, monkeypatch):
    monkeypatch.setattr(switch, "on", static)
    step = 1e-5
    right = 0
    for name, caller in CALLERS.items():

        def f(c, caller=caller):
            return caller(HOLDERS[holder](c))

        try:
            expected = float((f(1.7 + step) - f(1.7 - step)) / (2 * step))
        except Exception:
            continue  # this caller takes no callback of this kind
        try:
            slope = float(sg.grad(f)(1.7))
        except SrcgradError:
            continue
        assert abs(expected - slope) < 1e-3 * (1 + abs(expected)), name
        right += 1
    assert right > 12
