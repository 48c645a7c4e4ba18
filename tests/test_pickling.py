"""Gradient functions as values: pickled, copied, sent to spawned processes, called by threads and by themselves."""

import copy
import multiprocessing
import pickle
import sys
import threading

import numpy as np
import pytest

import srcgrad as sg
from tests import pickled_models as models
from tests.trees import assert_same


@pytest.mark.parametrize("name", models.CASES)
def test_pickled_before_and_after_a_call(name):
    derivative, args = models.CASES[name]
    before = pickle.dumps(derivative)
    expected = derivative(*args)
    assert_same(expected, pickle.loads(before)(*args))
    assert_same(expected, pickle.loads(pickle.dumps(derivative))(*args))


@pytest.mark.parametrize("name", models.CASES)
def test_copied(name):
    derivative, args = models.CASES[name]
    assert_same(derivative(*args), copy.copy(derivative)(*args))
    assert_same(derivative(*args), copy.deepcopy(derivative)(*args))


def test_by_cloudpickle():
    cloudpickle = pytest.importorskip("cloudpickle")
    assert_same(16.0, pickle.loads(cloudpickle.dumps(sg.grad(models.closure(4.0))))(2.0))


def answers(cases):
    """In the other process: each derivative of each pickle, and whether libcst was needed."""
    found = []
    for name, (dumped, args) in cases.items():
        derivative = pickle.loads(dumped)
        found.append((name, derivative(*args), "libcst" in sys.modules))
    return found


def test_in_a_spawned_process_without_libcst():
    # A bound method goes by Python's own pickle of it, which takes no texts along.
    sent = {name: case for name, case in models.CASES.items() if name != "method"}
    cases = {name: (pickle.dumps(derivative), args) for name, (derivative, args) in sent.items()}
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found = pool.apply_async(answers, (cases,)).get(timeout=120)
    for name, value, libcst in found:
        derivative, args = models.CASES[name]
        assert_same(derivative(*args), value)
        assert not libcst, name


def test_a_pickle_whose_module_has_changed_is_not_served_from_its_text(monkeypatch):
    gradient = sg.grad(models.plain)
    gradient(models.X)
    dumped = pickle.dumps(gradient)

    def plain(x):
        return np.sum(x * x * x)

    monkeypatch.setattr(models.plain, "__code__", plain.__code__)
    assert_same(3 * models.X**2, pickle.loads(dumped)(models.X))


def test_a_name_that_is_gone_is_said(monkeypatch):
    dumped = pickle.dumps(sg.grad(models.plain))
    monkeypatch.delattr(models, "plain")
    with pytest.raises(pickle.UnpicklingError, match="no longer has a function plain"):
        pickle.loads(dumped)


def together(count, work):
    """Run `work(k)` in as many threads, and return what each returned."""
    results = {}
    threads = [threading.Thread(target=lambda k=k: results.update({k: work(k)})) for k in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count == len(results)
    return results


def test_threads_share_a_gradient():
    compiled, recorded = sg.grad(models.long_loop), sg.grad(lambda p: models.long_loop(p["x"]))
    points = [np.full(5, 0.1 * k) for k in range(6)]
    expected = [compiled(x) for x in points]
    for k, (first, second) in together(6, lambda k: (compiled(points[k]), recorded({"x": points[k]})["x"])).items():
        assert_same(expected[k], first)
        assert_same(expected[k], second)


def test_the_first_call_from_several_threads_at_once():
    def fourth(x):
        y = x
        for _ in range(3):
            y = y * x
        return y

    gradient = sg.grad(fourth)
    assert [32.0] * 6 == list(together(6, lambda _: gradient(2.0)).values())


def nested(x, n):
    return x * x if n == 0 else sg.grad(nested)(x, n - 1) * x


def test_a_gradient_that_takes_itself():
    # n = 1: 2x·x, so 4x; n = 2: 4x·x, so 8x.
    assert_same([4.0, 8.0, 16.0], [sg.grad(nested)(2.0, n) for n in (0, 1, 2)])
