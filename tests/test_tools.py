"""The kernels that are benchmarked have right gradients, ours and those written by hand."""

import numpy as np
import pytest

import srcgrad as sg
from tools import size_report
from tools.bench import peers
from tools.bench.growth import exponent
from tools.bench.kernels import KERNELS
from tools.bench.table import bench_kernels, check


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


def test_ports_have_the_same_gradients():
    quick = {"mlp", "gaussian_mixture", "horizontal_diffusion", "azimuthal", "black_scholes"}
    found, _ = peers.installed(("jax", "torch", "autograd"))
    for peer in found:
        for kernel in KERNELS:
            if kernel.name in quick:
                arguments = kernel.arguments(np.random.default_rng(5))
                actions = {"srcgrad": lambda k=kernel, a=arguments: sg.grad(k.function, k.argnums)(*a)}
                actions[peer.name] = peer.gradient(kernel, arguments)
                assert not check(kernel, actions)


def test_the_fitted_exponent():
    assert exponent((10, 100, 1000), (3e2, 3e4, 3e6)) == pytest.approx(2.0)


def test_the_table(capsys):
    (row,) = bench_kernels(1, {"heron"}, alone=True)
    assert {"primal", "srcgrad", "by hand"} == row["median"].keys()
    assert "srcgrad / by hand: geometric mean" in capsys.readouterr().out
