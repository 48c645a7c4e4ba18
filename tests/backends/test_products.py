"""Products with Jacobians and Hessians, compiled: those of the NumPy form."""

from __future__ import annotations

import ast

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.backends.closures import lifted
from srcgrad.backends.kind import FLOAT, array
from srcgrad.backends.kinds import Module
from srcgrad.backends.tangent import with_tangent
from srcgrad.build import accelerated
from srcgrad.errors import UnsupportedSyntaxError
from tests.backends import programs

RNG = np.random.default_rng(5)

SCALARS = [
    (programs.decay, (0.7, 50)),
    (programs.diffusion, (RNG.normal(size=(5, 4)), 3)),
    (programs.network, (RNG.normal(size=(3, 3)), RNG.normal(size=(4, 3)))),
    (programs.softmax_loss, (RNG.normal(size=(2, 3)),)),
    (programs.broadcast, (RNG.normal(size=(3, 1)), RNG.normal(size=(1, 4)))),
    (programs.of_a_function, (0.5, 4)),
]


@pytest.fixture(autouse=True)
def _compiled_alone(monkeypatch):
    """What falls back to recording would agree without any of the code here."""

    def refused(*_):
        raise AssertionError("left to recording")

    monkeypatch.setattr(accelerated, "_by_recording", refused)


def same(actual, expected, rtol=1e-10):
    assert type(actual) is type(expected)
    if isinstance(expected, tuple):
        for a, b in zip(actual, expected, strict=True):
            same(a, b, rtol)
        return
    assert np.shape(actual) == np.shape(expected)
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=1e-12)


def direction(x):
    return float(RNG.normal()) if isinstance(x, float) else RNG.normal(size=x.shape)


@pytest.mark.parametrize(("f", "args"), SCALARS, ids=lambda v: getattr(v, "__name__", None))
def test_products(f, args):
    v = direction(args[0])
    y, pull = sg.vjp(f, *args, argnums=0, backend="numba")
    expected, plain = sg.vjp(f, *args, argnums=0)
    same(y, expected)
    same(pull(1.7), plain(1.7))
    same(pull(-0.5), plain(-0.5))
    same(sg.jvp(f, args, v, argnums=0, backend="numba"), sg.jvp(f, args, v, argnums=0))
    same(sg.hvp(f, backend="numba")(args[0], v, *args[1:]), sg.hvp(f)(args[0], v, *args[1:]))
    same(sg.hessian(f, backend="numba")(*args), sg.hessian(f)(*args))


def test_blocks_of_a_hessian():
    args = RNG.normal(size=(2, 1)), RNG.normal(size=(1, 3))
    f = programs.broadcast
    same(sg.hessian(f, (0, 1), backend="numba")(*args), sg.hessian(f, (0, 1))(*args))


@pytest.mark.parametrize("transform", [sg.jacobian, sg.jacrev, sg.jacfwd])
def test_jacobians(transform):
    x = RNG.normal(size=4)
    same(transform(programs.running, backend="numba")(x, 3), transform(programs.running)(x, 3))


def test_elementwise():
    x = RNG.normal(size=(3, 2))
    f = programs.iterated
    same(sg.elementwise_grad(f, backend="numba")(x, 3), sg.elementwise_grad(f)(x, 3))
    same(sg.elementwise_grad(f, backend="numba")(0.3, 3), sg.elementwise_grad(f)(0.3, 3))


def test_the_tangent_of_another_argument():
    x, x_dot = RNG.normal(size=4), RNG.normal(size=4)
    f = programs.scaled_sum
    same(sg.jvp(f, (3, x), x_dot, argnums=1, backend="numba"), sg.jvp(f, (3, x), x_dot, argnums=1))


def test_a_pullback_reads_the_arguments_as_they_were():
    x = np.array([1.0, 2.0, 3.0])
    _, pull = sg.vjp(programs.prefix, x, argnums=0, backend="numba")
    expected = pull(1.0)
    x[:] = 0.0
    same(pull(1.0), expected)


def test_what_has_no_static_form_is_refused():
    with pytest.raises(UnsupportedSyntaxError, match="cannot take this") as caught:
        sg.hvp(programs.caught, backend="numba")(2.0, 1.0)
    assert caught.value.place.source_line().strip() == "try:"


def test_pickled_products_keep_their_backend():
    import pickle

    g = pickle.loads(pickle.dumps(sg.hvp(programs.decay, backend="numba")))
    assert g.backend == "numba"
    same(g(0.7, 1.0, 5), sg.hvp(programs.decay)(0.7, 1.0, 5))


def test_an_unknown_backend():
    for transform in (sg.grad, sg.hvp, sg.jacobian, sg.elementwise_grad):
        with pytest.raises(ValueError, match="backend must be"):
            transform(programs.decay, backend="fortran")
    with pytest.raises(ValueError, match="backend must be"):
        sg.vjp(programs.decay, 1.0, 3, argnums=0, backend="fortran")


def tangent_of(text: str, *kinds) -> str:
    tree = lifted(ast.parse(text))
    entry = tree.body[-1].name
    made = with_tangent(tree, Module(tree, entry, kinds), entry, [0])
    return next(ast.unparse(s) for s in tree.body if s.name == made)


def test_the_tangent_of_a_statement_goes_before_what_it_reads_is_lost():
    before = """
def f_grad(x):
    y_saved = []
    y = x
    for k in range(3):
        y_saved.append(y)
        y = y * y
    y_bar = 1.0
    for k in range(2, -1, -1):
        y = y_saved.pop()
        y_bar = 2 * y_bar * y
    return y_bar
"""
    after = """
def f_grad_dot(x, x_dot):
    y_saved_dot = []
    y_saved = []
    y = x
    y_dot = x_dot
    for k in range(3):
        y_saved_dot.append(y_dot)
        y_saved.append(y)
        y_dot = y_dot * y + y * y_dot
        y = y * y
    y_bar = 1.0
    y_bar_dot = 0.0
    for k in range(2, -1, -1):
        y = y_saved.pop()
        y_dot = y_saved_dot.pop()
        y_bar_dot = 2 * y_bar_dot * y + 2 * y_bar * y_dot
        y_bar = 2 * y_bar * y
    return y_bar_dot
"""
    assert after.strip() == tangent_of(before, FLOAT)


def test_a_tangent_has_the_shape_of_its_value_and_memory_of_its_own():
    text = """
def f_grad(x):
    c = np.ones((3, 4))
    u = x + c
    v = x + 2.0
    v[0] = 1.0
    return u * v
"""
    made = tangent_of(text, array(False))
    assert "u_dot = np.zeros(u.shape)\n    u_dot += x_dot" in made
    assert "v_dot = x_dot.copy()" in made
    assert "v_dot[0] = 0.0" in made
