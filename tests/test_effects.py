"""Functions of other modules that are called for their effect: their globals, their errors, pickles."""

import pickle

import numpy as np
import pytest

import srcgrad as sg
from tests import effects_helpers, oracles
from tests.effects_helpers import relax, scale

RATE = 3.0
U = np.linspace(0.2, 1.1, 6)


def relaxed(u):
    relax(u, 4)
    return np.sum(u * u)


def scaled_by_both(u):
    scale(u)
    return np.sum(u * u) * RATE


def too_long(u):
    relax(u, 101)
    return np.sum(u)


def agrees(gradient, f):
    expected, error = oracles.gradient(lambda given: np.array(f(*given)), [U])
    oracles.assert_close(expected, gradient(U.copy()), 1e-6, error, "gradient")


@pytest.mark.parametrize("f", [relaxed, scaled_by_both])
def test_a_changed_global_of_the_callee_is_noticed(f, monkeypatch):
    gradient = sg.grad(f)
    agrees(gradient, f)
    assert "rec." not in gradient.source
    monkeypatch.setattr(effects_helpers, "RATE", 0.6)
    agrees(gradient, f)
    monkeypatch.setattr(effects_helpers, "bent", lambda a: 0.1 * a * a)
    agrees(gradient, f)


@pytest.mark.parametrize("f", [relaxed, scaled_by_both])
def test_an_unpickled_gradient_takes_globals_as_they_are(f, monkeypatch):
    stored = pickle.dumps(sg.grad(f))
    gradient = pickle.loads(stored)
    agrees(gradient, f)
    monkeypatch.setattr(effects_helpers, "RATE", 0.6)
    agrees(gradient, f)
    agrees(pickle.loads(stored), f)


def test_a_message_with_a_parameter_of_the_callee():
    with pytest.raises(ValueError, match="too many steps: 101"):
        sg.grad(too_long)(U)


def test_comments_name_the_file_of_the_callee():
    gradient = sg.grad(relaxed)
    gradient(U)
    assert "# effects_helpers.py:" in gradient.source
    assert "# test_effects.py:" in gradient.source


def doubled(v, i):
    if i < 2:
        t = v[i] * 1.0
    v[i] = t * 2.0


def doubled_in_a_loop(v):
    for i in range(4):
        doubled(v, i)
    return np.sum(v * v)


def test_a_variable_of_the_callee_does_not_outlive_its_call():
    with pytest.raises(UnboundLocalError):
        sg.grad(doubled_in_a_loop)(U)
