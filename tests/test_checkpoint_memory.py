"""Checkpoints: how many steps are run again, how many states are kept, and what memory that takes."""

import doctest
import functools
import itertools
import math
import tracemalloc

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.runtime import schedules
from srcgrad.runtime.schedules import reach, repetitions, run_keeping, run_until, steps_again, steps_back


@functools.cache
def fewest(steps, states):
    """The least number of steps to be run before their reverses, by trying each place for the next state."""
    if steps <= 1:
        return 0
    if states == 1:
        return steps * (steps - 1) // 2
    return min(m + fewest(steps - m, states - 1) + fewest(m, states) for m in range(1, steps))


def walked(run, n):
    """How often each step ran, having checked the state in front of each in the walk back."""
    runs = [0] * n
    states = list(itertools.accumulate(range(n), lambda x, t: x * 31 + t, initial=1))

    def step(t, x):
        runs[t] += 1
        return (x * 31 + t,)

    (last,), kept = run(step)
    assert last == states[n]
    backwards = [(t, states[t]) for t in reversed(range(n))]
    assert [(t, x) for t, (x,) in steps_back(step, kept)] == backwards
    first_time = list(runs)
    assert [(t, x) for t, (x,) in steps_back(step, kept)] == backwards  # a pullback may be called again
    return first_time, kept


@pytest.mark.parametrize("k", [1, 2, 3, 4, 7, 12])
def test_number_of_steps_run_again_is_least(k):
    for n in (1, 2, 3, 4, 5, 8, 13, 21, 40):
        runs, _ = walked(lambda step: run_keeping(step, range(n), (1,), k), n)  # noqa: B023 - called at once
        times = repetitions(n, k)
        formula = times * n - math.comb(k + times, k + 1) if n > 1 else 0
        assert formula == fewest(n, k) == steps_again(n, k) == sum(runs) - 1  # the last step ends the forward sweep
        assert max(runs[:-1], default=0) <= times


@pytest.mark.parametrize("k", [1, 2, 3, 5, 9])
def test_unknown_number_of_steps(k):
    for n in (1, 2, 5, 9, 30, 80):
        count = itertools.count()
        runs, kept = walked(
            lambda step: run_until(step, None, (1,), k, going=lambda x: next(count) < n),  # noqa: B023 - called at once
            n,
        )
        assert max(runs) <= repetitions(n, k) + 1
        assert len(kept[2]) <= k


@pytest.mark.parametrize("k", [1, 2, 3, 6])
def test_states_kept(k, monkeypatch):
    """Never more than the budget, besides the one in front of the step that is reversed next."""
    alive = [0]

    class State:
        def __init__(self, t):
            self.t = t
            alive[0] += 1

        def __del__(self):
            alive[0] -= 1

    monkeypatch.setattr(schedules, "copied_state", lambda state: tuple([State(s.t) for s in state]))
    most = 0

    def step(_, x):
        nonlocal most
        most = max(most, alive[0])
        return (State(x.t + 1),)

    state, kept = run_keeping(step, range(50), (State(0),), k)
    del state
    for t, (x,) in steps_back(step, kept):
        assert t == x.t
        most = max(most, alive[0])
    assert most <= k + 3  # those kept, the one in front of the last step, and two that a step goes from and to


def test_least_repetitions_for_the_default():
    for n in (1, 10, 1000, 12345):
        k = schedules.states_allowed(None, None, (), n)
        assert reach(k, 2) >= n
        assert k == 1 or reach(k - 1, 2) < n


def test_memory_as_text():
    state = (np.zeros(1000), 1.0)
    assert schedules.states_allowed(None, "1MB", state, 10**6) == 10**6 // 8032
    assert schedules.states_allowed(5, "1MB", state, 10**6) == 5
    assert schedules.states_allowed(None, 1, state, 10**6) == 1
    with pytest.raises(ValueError, match="'200MB'"):
        sg.checkpoint(len, memory="200 apples")
    with pytest.raises(ValueError, match="at least one state"):
        sg.checkpoint(range(3), budget=0)
    with pytest.raises(TypeError):
        sg.checkpoint(3)


def test_documentation():
    runner = doctest.DocTestRunner()
    for shown in (sg.checkpoint, schedules.reach, schedules.steps_again, schedules.bytes_in):
        runner.run(doctest.DocTestParser().get_doctest(shown.__doc__, vars(schedules).copy(), shown.__name__, None, 0))
    assert runner.summarize().failed == 0


def test_primal_runs_over_the_iterable_itself():
    steps = range(5)
    assert sg.checkpoint(steps, budget=2) is steps


def plain(x, n):
    u = np.array(x)
    for _ in range(n):
        u[1:-1] += 0.1 * np.sin(u[2:]) * u[1:-1]
    return np.sum(u)


def bounded(x, n):
    u = np.array(x)
    for _ in sg.checkpoint(range(n), budget=4):
        u[1:-1] += 0.1 * np.sin(u[2:]) * u[1:-1]
    return np.sum(u)


def in_bytes(x, n):
    u = np.array(x)
    for _ in sg.checkpoint(range(n), memory="30kB"):
        u[1:-1] += 0.1 * np.sin(u[2:]) * u[1:-1]
    return np.sum(u)


def by_default(x, n):
    u = np.array(x)
    for _ in sg.checkpoint(range(n)):
        u[1:-1] += 0.1 * np.sin(u[2:]) * u[1:-1]
    return np.sum(u)


@sg.checkpoint(budget=4)
def until(x, n):
    u, t = x, 0
    while t < n:
        u = u + 0.01 * np.sin(u)
        t = t + 1
    return np.sum(u)


@sg.checkpoint
def stage(u):
    for _ in range(50):
        u = u + 0.01 * np.sin(u)
    return u


def stages(x, n):
    u = x
    for _ in range(n):
        u = stage(u)
    return np.sum(u)


def peak(f, *args):
    """The most bytes held at a time during a call."""
    f(*args)
    tracemalloc.start()
    try:
        f(*args)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def exponent(f, sizes):
    """The slope of the logarithm of a gradient's memory over that of the number of steps."""
    x = np.linspace(0.1, 0.9, 1000)
    return np.polyfit(np.log(sizes), np.log([peak(sg.grad(f), x, n) for n in sizes]), 1)[0]


@pytest.mark.parametrize(
    ("f", "least", "most"),
    [
        (plain, 0.9, 1.1),
        (bounded, -0.05, 0.05),
        (in_bytes, -0.05, 0.05),
        (until, -0.05, 0.05),
        (by_default, 0.2, 0.5),
    ],
    ids=lambda f: getattr(f, "__name__", ""),
)
def test_memory_against_the_number_of_steps(f, least, most):
    assert least <= exponent(f, (30, 100, 300, 1000)) <= most


def test_calls_keep_their_arguments_alone():
    x = np.linspace(0.1, 0.9, 1000)
    each = (peak(sg.grad(stages), x, 40) - peak(sg.grad(stages), x, 20)) / 20
    assert each < 2 * x.nbytes


def carried(x, n):
    s = 0.1
    for _ in range(n):
        s = s * x + np.sin(s)
    return s


def elements(x):
    y = np.zeros(len(x))
    y[0] = x[0]
    for i in range(1, len(x)):
        y[i] = 0.5 * y[i - 1] * x[i]
    return y[-1]


def overwritten(x):
    y = np.array(x)
    for i in range(1, len(x)):
        y[i] = y[i] * np.sin(y[i - 1]) + y[i] * y[i]
    return np.sum(y)


def test_trace_of_one_float_per_step():
    gradient = sg.grad(carried)
    assert (peak(gradient, 0.5, 20_000) - peak(gradient, 0.5, 10_000)) / 10_000 <= 45


@pytest.mark.parametrize("f", [elements, overwritten], ids=lambda f: f.__name__)
def test_writes_of_elements_copy_no_array(f):
    gradient = sg.grad(f)
    small, large = (peak(gradient, np.linspace(0.1, 0.9, n)) for n in (2_000, 20_000))
    assert large <= 20 * small
    assert large / 20_000 <= 200  # a handful of arrays and lists, where a copy for each write took 160 kB
