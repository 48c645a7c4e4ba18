"""Checkpointed loops: gradients of both tiers against those without checkpoints and against differences."""

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.build import compiled, derive

C = np.array([0.3, -0.2, 0.5, 0.1, 0.7])


def scalar(x, n, k):
    y = x[0]
    for t in sg.checkpoint(range(n), budget=k):
        y = y + 0.1 * np.sin(y * x[1]) * x[2] + 0.01 * t
    return y


def stencil(x, n, k):
    u = np.array(x)
    s = 0.0
    for _ in sg.checkpoint(range(n), budget=k):
        u[1:-1] += 0.1 * (u[2:] - 2 * u[1:-1] + u[:-2]) * u[1:-1]
        s = s + u[3] ** 2
    return s + np.sum(u)


def elements(x, n, k):
    a = np.zeros(n + 1)
    a[0] = x[0]
    for i in sg.checkpoint(range(n), budget=k):
        a[i + 1] = a[i] * x[1] + np.sin(a[i])
    return a[n] + a[n // 2]


def two_steps_back(x, n, k):
    before, now = x[0], x[1]
    for _ in sg.checkpoint(range(n), budget=k):
        before, now = now, now * x[2] - before * before
    return now * before


def branches(x, n, k):
    y = x[0]
    z = 1.0
    for t in sg.checkpoint(range(n), budget=k):
        if y > 0.4:
            y = y * x[1] - 0.2
        elif t % 3 == 0:
            y = np.exp(y) * x[2]
            z = z + y
        else:
            z = z * y
    return y + z


def inner_loops(x, n, k):
    y = np.array(x)
    for t in sg.checkpoint(range(n), budget=k):
        h = 0.0
        for i in range(len(x)):
            h = h + y[i] * x[i]
        for i in range(1, len(x)):
            y[i] = 0.5 * y[i - 1] + np.tanh(h) * y[i]
        y[0] = y[0] * np.cos(h) + 0.1 * t
    return np.sum(y * y)


def nested(x, n, k):
    y = x[0]
    for t in sg.checkpoint(range(n), budget=k):
        z = y * x[1]
        for s in sg.checkpoint(range(t + 1), budget=2):
            z = z + 0.1 * np.sin(z * x[2]) * s
        y = y + 0.1 * z
    return y


def inside_a_plain_loop(x, n, k):
    y, c = x[0], x[1]
    for t in range(3):
        c = c * x[2] + y
        for s in sg.checkpoint(range(n), budget=k):
            y = y + 0.1 * np.sin(y * c) * s
        y = y * c
    return y


def broken_off(x, n, k):
    y = x[0]
    for t in sg.checkpoint(range(n), budget=k):
        y = y * (1.0 + x[1]) + 0.3
        if y > 2.0:
            y = y * x[2]
            break
        y = np.sin(y) + 0.3 * t
    return y


def returned_from(x, n, k):
    y = x[0]
    for t in sg.checkpoint(range(n), budget=k):
        y = y + x[1] * np.exp(-y) + 0.3
        if y > 1.5:
            return y * x[2]
    return y


def continued(x, n, k):
    y = x[0]
    for t in sg.checkpoint(range(n), budget=k):
        y = y * x[4]
        if t % 2:
            continue
        y = y + np.cos(y) * x[2]
    return y


def with_else(x, n, k):
    y = x[0]
    for t in sg.checkpoint(range(n), budget=k):
        y = y + x[1] * np.exp(-y) + 0.3
        if y > 1.5:
            break
    else:
        y = y * x[2]
    return y


def over_an_array(x, n, k):
    y = 0.0
    for v in sg.checkpoint(x, budget=k):
        y = np.sin(y + v) * v
    return y


def over_pairs(x, n, k):
    y = 0.0
    for v, c in sg.checkpoint(zip(x, C), budget=k):
        y = np.sin(y + v) * c
    return y


def numbered(x, n, k):
    y = 0.0
    for t, v in sg.checkpoint(enumerate(x), budget=k):
        y = np.sin(y + v) * (t + 1)
    return y


def read_later(x, n, k):
    y = x[0]
    last = 0.0
    for t in sg.checkpoint(range(n), budget=k):
        last = y * x[1] + t
        y = y * 0.5 + last * x[2]
    return last * y


def overwritten_around(x, n, k):
    y = np.sin(x)
    z = y * y
    for _ in sg.checkpoint(range(n), budget=k):
        y[0] = np.sin(y[0] * z[1]) + x[0]
        z = z * 0.9 + 0.1 * y[0]
    w = z * y
    z = np.cos(z)
    y[1] = 3.0 * z[0]
    return np.sum(w * z) + np.sum(y)


def constant_changes_later(x, n, k):
    c = x[0] * x[1]
    y = x[2]
    for _ in sg.checkpoint(range(n), budget=k):
        y = y * c + np.sin(y)
    c = np.exp(c)
    return y * c


def array_constant_changes_later(x, n, k):
    c = np.array(x) * 1.0
    y = x[2]
    for _ in sg.checkpoint(range(n), budget=k):
        y = y * c[0] + np.sin(y * c[1])
    c[0] = 5.0 * x[3]
    c[1] = y
    return y * np.sum(c)


def helper(v, w):
    return np.tanh(v * w) + v * v


def calls(x, n, k):
    y = x[0]
    for t in sg.checkpoint(range(n), budget=k):
        y = 0.3 * helper(y, x[1]) + helper(x[2], y) * 0.1
    return y


def replaced_arrays(x, n, k):
    u, v = x * 1.0, np.zeros(len(x))
    for _ in sg.checkpoint(range(n), budget=k):
        v = v - 0.1 * np.sin(u)
        u = u + 0.1 * v * x
    return np.sum(u * v)


def in_place_operators(x, n, k):
    u = np.array(x)
    s = 0.0
    for _ in sg.checkpoint(range(n), budget=k):
        u *= 1.01
        u += 0.1 * np.sin(u)
        s += u[2] * u[1]
    return s


def swapped(x, n, k):
    a, b = np.array(x), np.zeros(len(x))
    for _ in sg.checkpoint(range(n), budget=k):
        b[1:-1] = a[1:-1] + 0.2 * (a[2:] * a[:-2])
        a, b = b, a
    return np.sum(a * a)


def history(x, n, k):
    states = np.zeros((n + 1, len(x)))
    states[0] = x
    for t in sg.checkpoint(range(n), budget=k):
        states[t + 1] = states[t] + 0.1 * np.sin(states[t]) * x
    return np.sum(states[-1] * states[n // 2])


def counted_in_memory(x, n, k):
    y = np.array(x)
    for t in sg.checkpoint(range(n), memory=100 * k):
        y = y + 0.1 * np.sin(y) * x
    return np.sum(y)


def unbounded(x, n, k):
    y = np.array(x)
    for t in sg.checkpoint(range(n)):
        y = y + 0.1 * np.sin(y) * x
    return np.sum(y)


def counting(x, n, k):
    y, m = x[0], 0
    for t in sg.checkpoint(range(n), budget=k):
        if y > 0.2:
            m = m + 1
        y = np.sin(y + m * x[1])
    return y * m


def listed(x, n, k):
    y, seen = x[0], []
    for t in sg.checkpoint(range(n), budget=k):
        y = np.sin(y * x[1]) + x[2]
        seen.append(y * y)
    return sum(seen, y)


def views_across(x, n, k):
    u = np.array(x)
    edge = u[1:]
    for t in sg.checkpoint(range(n), budget=k):
        u[0] = np.sin(edge[0] * u[0]) + 0.1
        edge[1] = u[0] * edge[2]
    return np.sum(u * u)


def view_of_the_last(x, n, k):
    u = np.array(x)
    part = u[:2]
    for t in sg.checkpoint(range(n), budget=k):
        u[1] = part[0] * np.cos(u[1])
        part = u[t % 2 : t % 2 + 3]
        part[0] = part[0] + 0.3 * part[1]
    return np.sum(u * u) + np.sum(part)


def once_only(x, n, k):
    y = x[0]
    for v in sg.checkpoint((w * w for w in x), budget=k):
        y = np.sin(y + v) * v
    return y


def mapped(x, n, k):
    y = x[0]
    for v in sg.checkpoint(map(np.sin, x), budget=k):
        y = np.sin(y + v) * v
    return y


def closed_over(x, n, k):
    state = [x[0]]

    def advance(c):
        state[0] = np.sin(state[0] * c) + x[1]

    for t in sg.checkpoint(range(n), budget=k):
        advance(x[2] + 0.1 * t)
    return state[0]


class Box:
    pass


def on_an_object(x, n, k):
    box = Box()
    box.y = x[0]
    for t in sg.checkpoint(range(n), budget=k):
        box.y = np.sin(box.y * x[1]) + x[2]
    return box.y


def in_a_dict(x, n, k):
    d = {"y": x[0]}
    for t in sg.checkpoint(range(n), budget=k):
        d["y"] = np.sin(d["y"] * x[1]) + x[2]
    return d["y"]


def first_bound_inside(x, n, k):
    for t in sg.checkpoint(range(max(n, 1)), budget=k):
        if t == 0:
            y = x[0]
        y = np.sin(y * x[1]) + x[2]
    return y + t


def lambdas(x, n, k):
    y = x[0]
    for t in sg.checkpoint(range(n), budget=k):
        f = lambda v: np.sin(v * y) + x[1]
        y = f(x[2] + 0.1 * t)
    return y


def two_names(x, n, k):
    a = np.array(x)
    b = a
    for t in sg.checkpoint(range(n), budget=k):
        a[0] = np.sin(b[0] * b[1])
        b[1] = a[0] + a[2]
    return np.sum(b)


def broken_off_inside(x, n, k):
    y, z = x[0], 0.0
    z += x[1]
    for t in sg.checkpoint(range(n), budget=k):
        for i in range(3):
            h = np.sin(y * x[i])
            if h > 0.3:
                y = y * h
                if y < 0.2:
                    y += x[2]
                    break
            z += h * z
    w = z * z
    z *= x[3]
    return y * z + w


def counted_inside(x, n, k):
    y = x[0]
    for t in sg.checkpoint(range(n), budget=k):
        for i in range(3):
            if x[i] > 0.7 + t:
                break
            y = y * 0.7 + x[i]
        c = 0
        while c < 2:
            c += 1
            y = y + x[c] * 0.3
    return y


def result_then_written(x, n, k):
    w = x * 0.5
    if x[0] > 0:
        w = np.tanh(w + x)
    for _ in sg.checkpoint(range(n), budget=k):
        w[1:] -= 0.3 * w[:-1] * x[1:]
    return np.sum(w * x)


def parameter_rebound(x, n, k):
    for t in sg.checkpoint(range(n), budget=k):
        v = np.tanh(x)
        x = 0.9 * x + v * x[0]
    return np.sum(np.sin(x))


LOOPS = [v for v in list(globals().values()) if getattr(v, "__module__", "") == __name__ and callable(v)]
LOOPS = [f for f in LOOPS if f not in (helper, Box)]
X = np.array([0.5, 0.8, -0.3, 0.9, 1.1])


@pytest.fixture(params=[True, False], ids=["static", "recorded"])
def tier(request, monkeypatch):
    monkeypatch.setattr(compiled.switch, "on", request.param)
    return request.param


def slope(f, x, direction, h=1e-5):
    """The derivative of f in a direction by Richardson's extrapolation."""

    def quotient(h):
        return (f(x + h * direction) - f(x - h * direction)) / (2 * h)

    return (4 * quotient(h / 2) - quotient(h)) / 3


@pytest.mark.parametrize("f", LOOPS, ids=lambda f: f.__name__)
def test_gradient(f, tier):
    direction = np.array([0.2, -0.7, 0.4, 0.1, 0.5])
    for n in (0, 1, 2, 7):
        for k in (1, 2, 9):
            expected = slope(lambda x: f(x, n, k), X, direction)  # noqa: B023 - called at once
            given = X.copy()
            np.testing.assert_allclose(sg.grad(f)(given, n, k) @ direction, expected, rtol=1e-6, atol=1e-8)
            value, pullback = sg.vjp(f, given, n, k, argnums=0)
            np.testing.assert_allclose(value, f(X, n, k), rtol=1e-14)
            for _ in range(2):
                np.testing.assert_allclose(pullback(2.0) @ direction, 2 * expected, rtol=1e-6, atol=1e-8)
            _, slope_ = sg.jvp(f, (given, n, k), direction, argnums=0)
            np.testing.assert_allclose(slope_, expected, rtol=1e-6, atol=1e-8)
            np.testing.assert_array_equal(given, X)


@pytest.mark.parametrize(
    "f", [stencil, branches, broken_off, nested, inside_a_plain_loop, two_names], ids=lambda f: f.__name__
)
def test_second_order(f, tier):
    direction = np.array([0.2, -0.7, 0.4, 0.1, 0.5])

    def along(x):
        return sg.grad(f)(x, 6, 2) @ direction

    expected = slope(along, X, direction)
    np.testing.assert_allclose(sg.jvp(along, (X,), (direction,))[1], expected, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(sg.grad(along)(X) @ direction, expected, rtol=1e-6, atol=1e-8)
    product = sg.hvp(lambda x: f(x, 6, 2))(X, direction)
    np.testing.assert_allclose(product @ direction, expected, rtol=1e-6, atol=1e-8)


DRAWS = np.random.default_rng(0)


def drawing(x, n):
    y = x
    for _ in sg.checkpoint(range(n), budget=2):
        y = y * DRAWS.uniform(0.5, 1.5)
    return y


def test_random_numbers_are_not_drawn_again(tier):
    state = DRAWS.bit_generator.state
    value, gradient = sg.value_and_grad(drawing)(2.0, 9)
    after = DRAWS.bit_generator.state
    np.testing.assert_allclose(gradient, value / 2.0, rtol=1e-14)
    DRAWS.bit_generator.state = state
    assert drawing(2.0, 9) == value
    assert DRAWS.bit_generator.state == after


GENERATED = [
    scalar, stencil, elements, two_steps_back, branches, inner_loops, nested, inside_a_plain_loop, broken_off, returned_from,
    continued, with_else, over_an_array, over_pairs, numbered, read_later, constant_changes_later, calls, replaced_arrays,
    in_place_operators, history, counted_in_memory, unbounded, counting, broken_off_inside, counted_inside,
    parameter_rebound,
]  # fmt: skip


@pytest.mark.parametrize("f", GENERATED, ids=lambda f: f.__name__)
@pytest.mark.parametrize("mode", ["grad", "vjp"])
def test_generated(f, mode):
    entry = derive.entry(f, [X, 3, 2], (0,), mode)
    assert entry is not None
    assert "steps_back(" in entry.text.source


@pytest.mark.parametrize("mode", ["grad", "vjp"])
def test_loops_of_a_function_with_a_budget(mode):
    def root(x):
        y = x
        while abs(y * y - x) > 1e-10:
            y = 0.5 * (y + x / y)
        return y

    bounded = sg.checkpoint(budget=2)(root)
    entry = derive.entry(bounded.under, [2.0], (0,), mode)
    assert entry is not None
    assert "going=going, budget=2" in entry.text.source or "budget=2, going=going" in entry.text.source
    np.testing.assert_allclose(sg.grad(bounded)(2.0), 0.5 / np.sqrt(2.0), rtol=1e-9)
    assert "steps_back" not in sg.grad(root).source
