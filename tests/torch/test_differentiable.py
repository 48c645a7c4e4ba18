"""A function under `@differentiable`, called with tensors, is one node of their graph."""

from __future__ import annotations

import numpy as np
import pytest

import srcgrad as sg
import srcgrad.torch as torch


@sg.differentiable
def energy(u, k=2.0):
    v = np.zeros(len(u))
    for i in range(1, len(u)):
        v[i] = k * u[i] * u[i - 1] + np.sin(v[i - 1])
    return np.sum(v**2)


@sg.differentiable
def parts(a, b):
    return {"sum": a + b, "both": (a * b, a)}


def point(*values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def differences(f, x, step=1e-6):
    found = []
    for k in range(len(x)):
        e = np.eye(len(x))[k] * step
        found.append((f(x + e) - f(x - e)) / (2 * step))
    return np.array(found)


def test_it_is_one_node_whose_source_is_the_adjoint():
    x = point(1.0, 2.0, 3.0)
    y = energy(x * 2, k=1.5)
    assert y.grad_fn.name() == "energyBackward"
    assert [n.name() for n, _ in y.grad_fn.next_functions] == ["MulBackward0"]
    assert "def energy_grad(" in y.grad_fn.source
    y.backward()
    expected = differences(lambda u: energy(2 * u, k=1.5), np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-6)


def test_gradcheck_to_the_second_order():
    x = point(1.0, 2.0, 0.5)
    assert torch.autograd.gradcheck(energy, (x,))
    assert torch.autograd.gradgradcheck(energy, (x,))


def test_structures_come_back():
    a, b = point(1.0, 2.0), point(3.0, 4.0)
    found = parts(a, b)
    (found["both"][0].sum() + 2 * found["sum"].sum() + found["both"][1].sum()).backward()
    np.testing.assert_allclose(a.grad.numpy(), [3.0 + 2 + 1, 4.0 + 2 + 1])
    np.testing.assert_allclose(b.grad.numpy(), [1.0 + 2, 2.0 + 2])
    # A result that is an argument is a copy of it: a write into it leaves the argument alone.
    with torch.no_grad():
        found["both"][1].zero_()
    assert a.tolist() == [1.0, 2.0]


def test_a_tensor_by_keyword_is_put_in_its_place():
    u, k = point(1.0, 2.0), torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
    energy(u, k=k).backward()
    assert float(k.grad) == pytest.approx(2 * 1.5 * 2.0**2)


def test_nothing_is_recorded_without_need():
    assert energy(torch.ones(3, dtype=torch.float64)).grad_fn is None
    with torch.no_grad():
        assert energy(point(1.0, 2.0)).grad_fn is None
