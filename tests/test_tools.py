"""The kernels that are benchmarked have right gradients, ours and those written by hand."""

import numpy as np
import pytest

import srcgrad as sg
from tools import size_report
from tools.bench.kernels import KERNELS


def slope(f, x, direction):
    """The directional derivative by central differences, extrapolated once."""

    def difference(h):
        return (f(x + h * direction) - f(x - h * direction)) / (2 * h)

    return (4 * difference(1e-5) - difference(2e-5)) / 3


def agrees(gradient, kernel):
    x, *others = kernel.arguments(np.random.default_rng(5))
    direction = np.random.default_rng(6).normal(size=np.shape(x))[()]
    expected = slope(lambda x: kernel.function(x, *others), x, direction)
    np.testing.assert_allclose(np.sum(gradient(x, *others) * direction), expected, rtol=1e-6)


@pytest.mark.parametrize("kernel", [k for k in KERNELS if k.by_hand], ids=lambda k: k.name)
def test_a_gradient_written_by_hand(kernel):
    agrees(kernel.by_hand, kernel)


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.name)
def test_a_generated_gradient(kernel):
    agrees(sg.grad(kernel.function), kernel)


def test_lines_of_code_are_neither_prose_nor_blank():
    source = '"""A module."""\n\nimport os  # why\n\n\ndef f():\n    """One\n    idea."""\n    # first\n    return """a\nb"""\n'
    assert 4 == size_report.code_lines(source)
