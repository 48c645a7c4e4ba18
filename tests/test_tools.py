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
    """The gradient by the first of the arguments that a kernel is differentiated by."""
    arguments = list(kernel.arguments(np.random.default_rng(5)))
    several = isinstance(kernel.argnums, tuple)
    k = kernel.argnums[0] if several else kernel.argnums
    direction = np.random.default_rng(6).normal(size=np.shape(arguments[k]))[()]
    expected = slope(lambda x: kernel.function(*arguments[:k], x, *arguments[k + 1 :]), arguments[k], direction)
    found = gradient(*arguments)
    np.testing.assert_allclose(np.sum((found[0] if several else found) * direction), expected, rtol=1e-6)


@pytest.mark.parametrize("kernel", [k for k in KERNELS if k.by_hand], ids=lambda k: k.name)
def test_a_gradient_written_by_hand(kernel):
    agrees(kernel.by_hand, kernel)


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.name)
def test_a_generated_gradient(kernel):
    agrees(sg.grad(kernel.function, kernel.argnums), kernel)


def test_lines_of_code_are_neither_prose_nor_blank():
    source = '"""A module."""\n\nimport os  # why\n\n\ndef f():\n    """One\n    idea."""\n    # first\n    return """a\nb"""\n'
    assert 4 == size_report.code_lines(source)
