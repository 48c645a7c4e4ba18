"""Arrays without elements: the gradient is one too, whatever the value."""

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.build.compiled import switch

FUNCTIONS = {
    "mean": np.mean,
    "mean of a product": lambda x: np.mean(x * 3.0) * 2.0,
    "mean along an axis": lambda x: np.sum(np.mean(x, axis=0)),
    "method": lambda x: (x * x).mean(),
    "var": np.var,
    "std": np.std,
    "average": lambda x: np.average(x, axis=tuple(range(x.ndim))),
    "nanmean": np.nanmean,
    "median": np.median,
    "norm": np.linalg.norm,
    "einsum": lambda x: np.sum(np.einsum("...i->...", x)),
    "dot": lambda x: np.sum(x @ x.T),
    "loop": lambda x: sum([np.sum(row) for row in x], 0.0),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("static", [True, False])
@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0)])
@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)
def test_gradient_of_nothing(f, shape, static, monkeypatch):
    monkeypatch.setattr(switch, "on", static)
    x = np.zeros(shape)
    value, gradient = sg.value_and_grad(f)(x)
    assert np.array_equal(f(x), value, equal_nan=True)
    assert shape == gradient.shape
    assert gradient.dtype == x.dtype
    y, y_dot = sg.jvp(f, (x,), (x,))
    assert np.array_equal(f(x), y, equal_nan=True)
    assert np.shape(y) == np.shape(y_dot)
    assert (*shape, *shape) == sg.hessian(f)(x).shape


def mean_of_some(x):
    """The mean of no elements, of a square, besides what does not depend on it."""
    none = np.mean(x[x > 100.0])
    spread = np.cov(x[x > 100.0])
    return np.sum(x * x) + np.nan_to_num(none**2) + np.nan_to_num(spread)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("static", [True, False])
def test_order_two_past_a_selection_of_nothing(static, monkeypatch):
    """A count of no elements divides as in NumPy, which does not raise, in the derivative of the rule too."""
    monkeypatch.setattr(switch, "on", static)
    x = np.array([1.0, 2.0])
    assert np.array_equal(2.0 * x, sg.grad(mean_of_some)(x))
    assert np.array_equal(2.0 * x, sg.hvp(mean_of_some)(x, x))
