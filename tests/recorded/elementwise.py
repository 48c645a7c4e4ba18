"""Functions that act element by element, with broadcasting."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from tests.recorded.drawing import above_one, complex_, inside, number, numpy_number, positive, real, single


def samples(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    return {**operators(xp), **of_one(xp), **of_two(xp), **of_complex(xp)}


def operators(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    return {
        "+": (lambda a, b: a + b, real(3, 1), real(4)),
        "-": (lambda a, b: a - b, real(4), real(3, 1)),
        "*": (lambda a, b: a * b, real(2, 3, 1), real(4)),
        "/": (lambda a, b: a / b, real(3, 4), positive(1, 4)),
        "**": (lambda a, b: a**b, positive(3, 4), real(4)),
        "** 2": (lambda a: a**2, real(3)),
        "** -1.5": (lambda a: a**-1.5, positive(3)),
        "** 0": (lambda a: a**0, real(3)),
        "2 **": (lambda a: 2.0**a, real(3)),
        "%": (lambda a, b: a % b, real(3, 4), positive(4)),
        "//": (lambda a, b: a // b, real(3, 4), positive(4)),
        "divmod": (lambda a, b: xp.divmod(a, b), real(3, 4), positive(4)),
        "unary -": (lambda a: -a, real(2, 3)),
        "unary +": (lambda a: +a, real(2, 3)),
        "abs()": (lambda a: abs(a), real(2, 3)),
        "a number left": (lambda a: 3.0 - 2.0 / a, real(3)),
        "numbers": (lambda a, b: a * b - a / b + a**b, number, number),
        "NumPy's numbers": (lambda a, b: a * b - a / b + a**b, numpy_number, numpy_number),
        "a number and an array": (lambda a, b: a * b + a, number, real(3)),
        "a NumPy number and an array": (lambda a, b: a / b - b, numpy_number, real(3)),
        "no dimension": (lambda a, b: xp.sin(a) * b, real(), real()),
        "no dimension and three": (lambda a, b: a * b, real(), real(3)),
        "one element and none": (lambda a, b: a * b, real(1), real()),
        "no element": (lambda a, b: xp.sin(a) * b, real(0, 3), real(3)),
        "where a comparison holds": (lambda a: a * (a > 0) + 3.0 * a * (a <= 0), real(5)),
    }


def of_one(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    return {
        "negative": (lambda x: xp.negative(x), real(3)),
        "positive": (lambda x: xp.positive(x), real(3)),
        "absolute": (lambda x: xp.absolute(x), real(3)),
        "fabs": (lambda x: xp.fabs(x), real(3)),
        "sqrt": (lambda x: xp.sqrt(x), positive(3)),
        "cbrt": (lambda x: xp.cbrt(x), real(3)),
        "square": (lambda x: xp.square(x), real(3)),
        "reciprocal": (lambda x: xp.reciprocal(x), real(3)),
        "exp": (lambda x: xp.exp(x), real(3)),
        "exp2": (lambda x: xp.exp2(x), real(3)),
        "expm1": (lambda x: xp.expm1(x), real(3)),
        "log": (lambda x: xp.log(x), positive(3)),
        "log2": (lambda x: xp.log2(x), positive(3)),
        "log10": (lambda x: xp.log10(x), positive(3)),
        "log1p": (lambda x: xp.log1p(x), positive(3)),
        "sin": (lambda x: xp.sin(x), real(3)),
        "cos": (lambda x: xp.cos(x), real(3)),
        "tan": (lambda x: xp.tan(x), inside(3)),
        "arcsin": (lambda x: xp.arcsin(x), inside(3)),
        "arccos": (lambda x: xp.arccos(x), inside(3)),
        "arctan": (lambda x: xp.arctan(x), real(3)),
        "sinh": (lambda x: xp.sinh(x), real(3)),
        "cosh": (lambda x: xp.cosh(x), real(3)),
        "tanh": (lambda x: xp.tanh(x), real(3)),
        "arcsinh": (lambda x: xp.arcsinh(x), real(3)),
        "arccosh": (lambda x: xp.arccosh(x), above_one(3)),
        "arctanh": (lambda x: xp.arctanh(x), inside(3)),
        "sign": (lambda x: xp.sign(x) * x, real(3)),
        "floor": (lambda x: xp.floor(x) * x, real(3)),
        "ceil": (lambda x: xp.ceil(x) * x, real(3)),
        "trunc": (lambda x: xp.trunc(x) * x, real(3)),
        "rint": (lambda x: xp.rint(x) * x, real(3)),
        "round": (lambda x: xp.round(x) * x, real(3)),
        "deg2rad": (lambda x: xp.deg2rad(x), real(3)),
        "rad2deg": (lambda x: xp.rad2deg(x), real(3)),
        "degrees": (lambda x: xp.degrees(x), real(3)),
        "radians": (lambda x: xp.radians(x), real(3)),
        "sinc": (lambda x: xp.sinc(x), real(3)),
        "i0": (lambda x: xp.i0(x), real(3)),
        "nan_to_num": (lambda x: xp.nan_to_num(xp.where(np.array([True, False, False]), x, np.nan), nan=2.0), real(3)),
        "clip": (lambda x: xp.clip(x, -0.9, 0.9), real(7)),
        "clip between arrays": (lambda x, a, b: xp.clip(x, a - 1.5, b + 0.5), real(7), positive(7), positive(1)),
        "clip from below": (lambda x: xp.clip(x, min=0.0), real(7)),
        "heaviside": (lambda x: xp.heaviside(x, 0.5) * x, real(4)),
        "modf": (lambda x: xp.modf(2 * x), real(4)),
        "frexp": (lambda x: xp.frexp(x)[0], positive(4)),
        "piecewise": (
            lambda x: xp.piecewise(x, [x < -0.5, x > 0.8], [lambda t: t**2, lambda t: xp.exp(t), lambda t: 3 * t]),
            real(6),
        ),
        "sigmoid by tanh": (lambda x: 0.5 * (xp.tanh(0.5 * x) + 1), real(3, 2)),
        "softplus": (lambda x: xp.logaddexp(0.0, x), real(4)),
    }


def of_two(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    return {
        "add": (lambda a, b: xp.add(a, b), real(3, 1), real(2)),
        "subtract": (lambda a, b: xp.subtract(a, b), real(3, 1), real(2)),
        "multiply": (lambda a, b: xp.multiply(a, b), real(3, 1), real(2)),
        "divide": (lambda a, b: xp.divide(a, b), real(3, 1), real(2)),
        "power": (lambda a, b: xp.power(a, b), positive(3, 1), real(2)),
        "float_power": (lambda a, b: xp.float_power(a, b), positive(3, 1), real(2)),
        "maximum": (lambda a, b: xp.maximum(a, b), real(3, 1), real(4)),
        "minimum": (lambda a, b: xp.minimum(a, b), real(3, 1), real(4)),
        "fmax": (lambda a, b: xp.fmax(a, b), real(3, 1), real(4)),
        "fmin": (lambda a, b: xp.fmin(a, b), real(3, 1), real(4)),
        "fmod": (lambda a, b: xp.fmod(a, b), real(3, 1), positive(4)),
        "mod": (lambda a, b: xp.mod(a, b), real(3, 1), real(4)),
        "remainder": (lambda a, b: xp.remainder(a, b), real(3, 4), real(4)),
        "floor_divide": (lambda a, b: xp.floor_divide(a, b) * a, real(3, 4), real(4)),
        "arctan2": (lambda a, b: xp.arctan2(a, b), real(3, 1), real(4)),
        "hypot": (lambda a, b: xp.hypot(a, b), real(3, 1), real(4)),
        "copysign": (lambda a, b: xp.copysign(a, b), real(4), real(3, 4)),
        "logaddexp": (lambda a, b: xp.logaddexp(a, b), real(3, 1), real(4)),
        "logaddexp2": (lambda a, b: xp.logaddexp2(a, b), real(3, 1), real(4)),
        "logaddexp of large numbers": (lambda a, b: xp.logaddexp(700.0 + a, 700.0 + b), real(3), real(3)),
        "ldexp": (lambda a: xp.ldexp(a, np.array([1, -2, 3])), real(3)),
        "where": (lambda a, b: xp.where(np.array([True, False, True]), a, b), real(2, 3), real(1)),
        "where, by the values": (lambda a, b: xp.where(a > 0, a * b, b - a), real(2, 3), real(3)),
        "where, a branch not taken": (
            lambda a: xp.where(a > 0, xp.log(xp.where(a > 0, a, 1.0)), 0.0),
            real(5),
        ),
        "a single and a double": (lambda a, b: a * xp.sin(b), single(real(3)), real(3)),
        "a single and a number": (lambda a: 2.5 * a + a**3, single(real(3))),
        "a single and a Python float": (lambda a, b: a * b + xp.exp(a), single(real(3)), number),
    }


def of_complex(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    functions = (
        "negative square reciprocal exp expm1 log log10 log2 log1p sin cos tan sinh cosh tanh "
        "arcsin arccos arctan arcsinh arccosh arctanh sqrt real imag conj conjugate angle absolute"
    )

    def sample(name: str) -> tuple[Any, ...]:
        function = getattr(xp, name, None)
        return (lambda z: function(z), complex_(3))

    return {
        **{f"{name} of complex numbers": sample(name) for name in functions.split()},
        "complex +": (lambda a, b: a + b, complex_(3), real(2, 1)),
        "complex -": (lambda a, b: a - b, real(3), complex_(2, 1)),
        "complex *": (lambda a, b: a * b, complex_(3), real(2, 1)),
        "complex /": (lambda a, b: a / b, complex_(3), complex_(2, 1)),
        "real / complex": (lambda a, b: a / b, real(3), complex_(2, 1)),
        "complex **": (lambda a, b: a**b, complex_(3), complex_(2, 1)),
        "complex ** real": (lambda a, b: a**b, complex_(3), real(2, 1)),
        "complex ** 3": (lambda a: a**3, complex_(3)),
        "complex from two": (lambda a, b: a + 1j * b, real(3), real(3)),
        "complex where": (lambda a, b: xp.where(np.array([True, False]), a, b), complex_(3, 2), real(2)),
        "complex abs squared": (lambda z: xp.real(z * xp.conj(z)), complex_(3)),
        "complex64": (lambda z: xp.exp(z) * z, single(complex_(3))),
        "angle in degrees": (lambda z: xp.angle(z, deg=True), complex_(3)),
        "angle of reals": (lambda x: xp.angle(x) * x, real(3)),
        "real of reals": (lambda x: xp.real(x) + xp.imag(x) + xp.conj(x), real(3)),
        "real_if_close": (lambda z: abs(z) ** 2 + z.real * z.imag, complex_(2, 2)),
    }
