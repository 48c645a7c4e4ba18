"""`srcgrad profile`: what a gradient costs, by the lines of its function."""

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.api.profiling import profile
from srcgrad.errors import UnsupportedSyntaxError


def program(x, n):
    y = x.copy()
    for _ in range(n):
        y = np.sin(y) * np.exp(y)
    total = np.sum(y)
    return total * total


def by_code(found):
    return {line.text.strip(): line for line in found.lines}


def test_the_cost_goes_to_the_lines_of_the_function():
    x = 0.01 * np.ones(10000)
    lines = by_code(profile(sg.grad(program), x, 5))
    heavy = lines["y = np.sin(y) * np.exp(y)"]
    light = lines["total = np.sum(y)"]
    assert heavy.forward > light.forward >= 0.0
    assert heavy.backward > lines["return total * total"].backward
    assert 5 * x.nbytes <= heavy.kept <= 16 * x.nbytes
    assert abs(light.kept) < 1000


def test_it_is_printed_as_a_table():
    text = str(profile(sg.value_and_grad(program), np.ones(3), n=2))
    head, *rows, total = text.splitlines()
    assert head.split() == ["forward", "backward", "kept", "program()"]
    assert len(rows) == 6
    assert rows[2].endswith("for _ in range(n):")
    assert total.endswith("in all")


def test_what_is_called_counts_where_it_is_called():
    def helper(x):
        return np.tanh(x @ x)

    def f(x):
        y = helper(x)
        return np.sum(y)

    lines = by_code(profile(sg.grad(f), np.full((60, 60), 0.01)))
    assert lines["y = helper(x)"].forward > 0.0
    assert lines["y = helper(x)"].backward > lines["return np.sum(y)"].backward


def test_a_recorded_gradient_has_no_lines():
    def f(d):
        return d["a"] * 2.0

    with pytest.raises(UnsupportedSyntaxError, match="its calls are recorded"):
        profile(sg.grad(f), {"a": 1.0})
