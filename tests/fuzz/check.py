"""Runs one program through srcgrad and compares it with finite differences."""

from __future__ import annotations

import copy
import linecache
import types
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from tests import oracles

ARGUMENTS = (
    0.7,
    -0.4,
    np.array([0.3, -0.8, 1.1, 0.55]),
    np.array([[0.25, -0.6, 0.9, 0.1], [1.2, 0.45, -0.35, 0.75], [-1.05, 0.65, 0.15, -0.2]]),
)
TOLERANCE = 2e-6


class Unusable(Exception):
    """The program has no derivative at the sample point, or no value."""


def load(source: str) -> Callable[..., Any]:
    """The function of a program's text, its source visible to inspect and tracebacks."""
    filename = f"<random program {zlib.crc32(source.encode()):08x}>"
    module = types.ModuleType("random_program")
    module.__file__ = filename
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    exec(compile(source, filename, "exec"), module.__dict__)
    program: Callable[..., Any] = module.__dict__["program"]
    return program


def truth(program: Callable[..., Any]) -> tuple[Any, np.ndarray, float]:
    """Value and gradient of a program by differences, or Unusable."""

    def scalar(arguments: Any) -> np.ndarray:
        value = float(program(*arguments))
        if not abs(value) < 1e4:
            raise Unusable
        return np.array(value)

    try:
        with np.errstate(all="ignore"):
            value = program(*copy.deepcopy(ARGUMENTS))
            gradient, error = oracles.gradient(scalar, list(ARGUMENTS))
    except Exception as reason:
        # A kink at the point, or the program itself fails: a name not bound, an overflow.
        raise Unusable from reason
    scale = 1.0 + float(np.max(np.abs(gradient)))
    if error > 1e-7 * scale or scale > 1e5:
        raise Unusable
    return value, gradient, error


def check(source: str) -> None:
    """Raises Unusable, or whatever is wrong with the derivatives of the program."""
    import srcgrad as sg

    program = load(source)
    value, expected, error = truth(program)
    arguments = copy.deepcopy(ARGUMENTS)
    every = (0, 1, 2, 3)

    found, gradient = sg.value_and_grad(program, every)(*arguments)
    assert type(found) is type(value), f"value of {type(found)} for {type(value)}"
    assert oracles.same_bits(value, found), f"value {found!r} for {value!r}"
    assert oracles.same_bits(ARGUMENTS, arguments), "the arguments were changed"
    for like, part in zip(ARGUMENTS, gradient, strict=True):
        oracles.assert_same_structure(like, part)
    actual = oracles.coordinates(gradient)
    oracles.assert_close(expected, actual, TOLERANCE, error, "gradient")

    direction = np.random.default_rng(3).uniform(-1.0, 1.0, expected.size)
    tangents = oracles.rebuild(ARGUMENTS, direction)
    found, slope = sg.jvp(program, arguments, tangents)
    assert oracles.same_bits(value, found), f"value {found!r} for {value!r} in forward mode"
    assert oracles.same_bits(ARGUMENTS, arguments), "the arguments were changed in forward mode"
    exact = np.array([float(expected @ direction)])
    oracles.assert_close(exact, np.array([float(slope)]), 16 * TOLERANCE, 16 * error, "forward mode")


def check_compiled(source: str) -> None:
    """The same of the gradient that numba compiles, and of its tangent; Unusable where numba does not take it."""
    import srcgrad as sg
    from srcgrad.errors import UnsupportedSyntaxError

    program = load(source)
    value, expected, error = truth(program)
    arguments = copy.deepcopy(ARGUMENTS)
    try:
        found, gradient = sg.value_and_grad(program, (0, 1, 2, 3), backend="numba")(*arguments)
    except UnsupportedSyntaxError as reason:
        raise Unusable from reason
    # A program that returns Python's floats here and NumPy's there has NumPy's everywhere, which are floats too.
    assert isinstance(found, type(value)), f"value of {type(found)} for {type(value)}"
    np.testing.assert_allclose(found, value, rtol=1e-9, atol=1e-12)
    assert oracles.same_bits(ARGUMENTS, arguments), "the arguments were changed"
    for like, part in zip(ARGUMENTS, gradient, strict=True):
        oracles.assert_same_structure(like, part)
    oracles.assert_close(expected, oracles.coordinates(gradient), TOLERANCE, error, "compiled gradient")
    try:
        blocks = sg.hessian(program, (0, 2), backend="numba")(*arguments)
    except UnsupportedSyntaxError:
        return
    for row, plain in zip(blocks, sg.hessian(program, (0, 2))(*arguments), strict=True):
        for block, known in zip(row, plain, strict=True):
            np.testing.assert_allclose(block, known, rtol=1e-7, atol=1e-7, err_msg="compiled Hessian")


def check_second_order(source: str) -> None:
    """The product of the Hessian with a direction against differences of the gradient."""
    import srcgrad as sg

    program = load(source)
    truth(program)
    gradient = sg.grad(program, (0, 1, 2, 3))
    direction = np.random.default_rng(4).uniform(-1.0, 1.0, oracles.coordinates(ARGUMENTS).size)
    tangents = oracles.rebuild(ARGUMENTS, direction)
    try:
        expected, error = oracles.directional(
            lambda values: gradient(*values), list(copy.deepcopy(ARGUMENTS)), direction
        )
    except oracles.NotSmoothError as reason:
        raise Unusable from reason
    _, product = sg.jvp(gradient, copy.deepcopy(ARGUMENTS), tangents)
    actual = oracles.coordinates(product)
    oracles.assert_close(expected, actual, 20 * TOLERANCE, error, "second order")
