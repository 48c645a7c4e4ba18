"""Loops on several threads: only where no trip touches what another one computes."""

from __future__ import annotations

import ast
import textwrap

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.backends import parallel
from srcgrad.backends.kind import INT, array
from srcgrad.backends.kinds import Module
from tests.backends import programs

VECTOR, INDICES = array(False), array(False, dtype="i")


def threaded(body: str) -> str:
    """The function with this body, as it is rewritten; its arguments are arrays x, w, of integers k, and numbers n, m."""
    tree = ast.parse(
        f"def f(x, w, k, n, m):\n    a = np.zeros(n)\n    b = np.zeros(n)\n{textwrap.indent(body, '    ')}\n"
    )
    module = Module(tree, "f", (VECTOR, VECTOR, INDICES, INT, INT))
    made = parallel.on_threads(tree, module, {"f"})
    text = ast.unparse(tree)
    assert bool(made) == ("prange" in text)
    return text


@pytest.mark.parametrize(
    "body",
    [
        "for i in range(n):\n    a[i] = x[i] * x[i + 1]",
        "for i in range(n):\n    t = x[i]\n    a[i] += t * t\n    b[i] -= t",
        "for i in range(n):\n    s = 0.0\n    for j in range(m):\n        s += x[j]\n    a[i] = s",
        "for i in range(1, n):\n    if x[i] > 0.0:\n        a[i - 1] = x[k[i]]",
    ],
)
def test_independent(body):
    assert "prange" in threaded(body)


@pytest.mark.parametrize(
    "body",
    [
        "for i in range(n):\n    a[k[i]] += x[i]",  # two trips may meet at one place
        "for i in range(1, n):\n    a[i] = a[i - 1]",  # a trip reads what another one writes
        "for i in range(n):\n    a[0] += x[i]",
        "for i in range(n):\n    a[i % 2] = x[i]",
        "for i in range(n):\n    a[m - i] = x[i]",  # counts down: not understood
        "s = 0.0\nfor i in range(n):\n    s += x[i]\na[0] = s",
        "t = 0.0\nfor i in range(n):\n    a[i] = t\n    t = x[i]",
        "for i in range(n):\n    t = x[i]\n    a[i] = t\nb[0] = t",  # of the last trip
        "for i in range(n):\n    if x[i] > 0.0:\n        t = x[i]\n    a[i] = t",
        "for i in range(n):\n    x[i] = w[i + 1]",  # arguments may be one array
        "for i in range(n):\n    a[i] = f(x, w, k, i, m)",
        "for i in range(n):\n    if x[i] > 0.0:\n        raise ValueError\n    a[i] = 1.0",
        "for i in range(n):\n    if x[i] > 0.0:\n        break\n    a[i] = 1.0",
        "for i in range(n):\n    a[i] = np.max(a) + x[i]",  # read as a whole
        "for i in range(n):\n    a[i] = quotient(x[i], n) if m else 0.0",  # raises in one case alone
        "c = a\nfor i in range(n):\n    a[i] = c[m]",
    ],
)
def test_dependent(body):
    assert "prange" not in threaded(body)


def test_an_index_that_may_count_from_the_end_is_tested():
    assert "> 16384 and -m >= 0" in threaded("for i in range(n):\n    a[i - m] = x[i]")


def test_what_would_raise_on_a_thread_is_counted():
    text = threaded("for i in range(n):\n    a[i] = defined(math.sqrt(quotient(x[i], m)))")
    for line in ("odd = 0", "odd += m == 0", "odd += not math.isfinite(math.sqrt(x[i] / m))", "if odd > 0:"):
        assert line in text


@pytest.mark.parametrize(("least", "m"), [(0.5, 3), (-0.5, 3), (0.5, 0)])
def test_exceptions_of_threads(least, m, monkeypatch):
    monkeypatch.setattr(parallel, "WORTH", 10)
    x = np.linspace(least, 2.0, 40)
    g = sg.grad(programs.roots, backend="numba", parallel=True)
    if least < 0:
        with pytest.raises(ValueError, match="math domain error"):
            g(x, m)
    elif m == 0:
        with pytest.raises(ZeroDivisionError):
            g(x, m)
    else:
        np.testing.assert_allclose(g(x, m), sg.grad(programs.roots)(x, m), rtol=1e-12)


def test_few_elements_stay_on_one_thread():
    assert "if n * m > 16384:" in threaded("for i in range(n):\n    for j in range(m):\n        a[i] += x[j]")


def test_results_are_those_of_one_thread(monkeypatch):
    monkeypatch.setattr(parallel, "WORTH", 10)
    u = np.random.default_rng(1).normal(size=(30, 40))
    one = sg.value_and_grad(programs.diffusion, backend="numba")(u, 3)
    several = sg.value_and_grad(programs.diffusion, backend="numba", parallel=True)(u, 3)
    assert one[0] == several[0]
    np.testing.assert_array_equal(one[1], several[1])


def test_numpy_has_no_threads():
    with pytest.raises(ValueError, match="parallel=True needs"):
        sg.grad(programs.decay, parallel=True)
