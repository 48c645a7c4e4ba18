"""Distributions say, draw and compute what PyTorch's do; derivatives of samples are those of their quantiles."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import srcgrad.torch as torch
from tests.torch.agreement import differences
from tools.record_torch import asked, said


def test_as_pytorch(pytestconfig: pytest.Config) -> None:
    expected = said("distributions", live=pytestconfig.getoption("live"))
    actual = json.loads(json.dumps(asked("distributions", torch)))
    # The inverse of tanh, and powers of small numbers, lose a few digits of what the libraries agree on.
    assert differences(expected, actual, rel=1e-7, small=1e-9) == []


@pytest.mark.parametrize("a", [0.05, 0.5, 1.0, 3.0, 40.0, 2000.0])
def test_gamma_samples_move_with_their_quantile(a: float) -> None:
    """Differences of the quantile function, P(a, x) being kept, against the derivative of the sample."""
    torch.manual_seed(0)
    shape = torch.full((20,), a, dtype=torch.float64, requires_grad=True)
    x = torch._standard_gamma(shape)
    x.sum().backward()
    h = 1e-6 * a
    a_more, a_less = (shape.detach() + h, shape.detach() - h)
    p = torch.special.gammainc
    slope = (p(a_more, x.detach()) - p(a_less, x.detach())) / (2 * h)
    density = torch.exp((shape - 1) * x.log() - x - torch.lgamma(shape)).detach()
    np.testing.assert_allclose(shape.grad.numpy(), -(slope / density).numpy(), rtol=2e-5)


def test_a_gradient_through_beta_samples_is_that_of_the_mean() -> None:
    """The mean of x² under Beta(a, b) is a (a + 1) / ((a + b) (a + b + 1))."""
    torch.manual_seed(1)
    a, b = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (2.0, 3.0))

    def square(a: Any, b: Any) -> Any:
        return a * (a + 1) / ((a + b) * (a + b + 1))

    expected = torch.autograd.grad(square(a, b), [a, b])
    drawn = torch.distributions.Beta(a, b).rsample((20_000,))
    actual = torch.autograd.grad(drawn.square().mean(), [a, b])
    np.testing.assert_allclose([g.item() for g in actual], [g.item() for g in expected], rtol=0.02)


def test_samples_are_constant_in_what_moves_them_in_steps() -> None:
    rate = torch.tensor([3.0, 20.0], requires_grad=True)
    y = torch.poisson(rate)
    y.sum().backward()
    assert (y.grad_fn.name(), rate.grad.tolist()) == ("PoissonBackward0", [0.0, 0.0])
