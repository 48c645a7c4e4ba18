"""backend="auto": what it chooses, and what it says where it cannot choose."""

from __future__ import annotations

import importlib.util
import time
import warnings

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.backends import choosing
from srcgrad.backends.form import numba_form
from srcgrad.build import derive
from srcgrad.errors import MissingExtraError
from srcgrad.passes.kinds import kind_of
from tests.backends import programs


def form_of(f, *args):
    entry = derive.entry(f, list(args), (0,), "grad")
    return numba_form(entry.text.module, entry.text.entry, "grad", [kind_of(a) for a in args])


def test_loops_over_numbers_are_told_from_those_over_arrays():
    assert not form_of(programs.decay, 0.7, 5).over_arrays
    assert not form_of(programs.prefix, np.ones(4)).over_arrays
    assert form_of(programs.network, np.ones((3, 3)), np.ones((4, 3))).over_arrays


def test_a_recursion_is_a_loop():
    assert choosing.has_loops("def f(n):\n    return 1.0 if n == 0 else f(n - 1)")
    assert not choosing.has_loops("def f(x):\n    return x * x")


def slow(x):
    time.sleep(0.004)
    return ("slow", x)


def fast(x):
    time.sleep(0.001)
    return ("fast", x)


@pytest.mark.parametrize(("native", "plain"), [(slow, fast), (fast, slow)])
def test_the_faster_one_is_chosen(native, plain):
    run = choosing.faster(native, plain)
    for k in range(2 * choosing.ROUNDS):
        assert run(k)[1] == k
    assert [run(k)[0] for k in range(3)] == ["fast"] * 3


def test_results_are_the_same_while_it_measures():
    w, x = np.random.default_rng(0).normal(size=(2, 3, 3))
    g = sg.value_and_grad(programs.network, (0, 1), backend="auto")
    expected = sg.value_and_grad(programs.network, (0, 1))(w, x)
    for _ in range(2 * choosing.ROUNDS + 2):
        value, gradients = g(w, x)
        assert type(value) is type(expected[0])
        np.testing.assert_allclose(value, expected[0], rtol=1e-12)
        for one, other in zip(gradients, expected[1], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-10)


@pytest.fixture
def _no_numba(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "numba" else find(name, *rest))


@pytest.mark.usefixtures("_no_numba")
def test_without_numba_the_error_says_what_to_install():
    with pytest.raises(MissingExtraError, match="needs numba") as caught:
        sg.grad(programs.decay, backend="numba")(0.7, 4)
    assert "pip install srcgrad[numba]" in str(caught.value)
    assert isinstance(caught.value, ImportError)


@pytest.mark.usefixtures("_no_numba")
def test_without_numba_auto_says_so_once():
    def local(x, n):
        for _ in range(n):
            x = x * 1.5
        return x

    g = sg.grad(local, backend="auto")
    with pytest.warns(RuntimeWarning, match="numba is not installed") as told:
        assert g(1.0, 2) == 2.25
    assert told[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert g(1.0, 3) == 1.5**3
        assert sg.value_and_grad(local, backend="auto")(1.0, 2)[1] == 2.25


@pytest.mark.parametrize("transform", [sg.grad, sg.elementwise_grad, sg.jacobian])
def test_what_is_recorded_is_said_once_with_its_line(transform):
    def local(x):
        try:
            return x * x
        except ValueError:
            return x

    g = transform(local, backend="auto")
    with pytest.warns(RuntimeWarning, match=r"runs as NumPy: .* at .*test_auto\.py:\d+"):
        assert g(3.0) == 6.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert g(4.0) == 8.0
