"""Functions with steps: their slope is zero wherever there is one, and PyTorch gives zeros, not nothing.

What enters: real arrays. What leaves: arrays of the same dtype.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import elementwise, rule
from srcgrad.torch.kernels.masks import signs


def flat(function: Any, signature: str = "x") -> None:
    """Enter a function whose derivative by each of its operands is zero."""
    names = [part.strip() for part in signature.split(",") if "=" not in part]
    rule(
        function,
        signature,
        vjp=dict.fromkeys(names, "np.zeros_like(y_bar)"),
        jvp={name: f"np.zeros_like({name}_dot)" for name in names},
        depth=1,
    )


def floor(x: Any) -> Any:
    """The largest whole number that is not above x."""
    return np.floor(x)


def ceil(x: Any) -> Any:
    """The smallest whole number that is not below x."""
    return np.ceil(x)


def trunc(x: Any) -> Any:
    """x without its fraction."""
    return np.trunc(x)


def rint(x: Any) -> Any:
    """The nearest whole number, of two the even one."""
    return np.rint(x) if x.dtype.kind == "f" else x.copy()


def sign(x: Any) -> Any:
    """-1, 0 or 1; 0 for NaN."""
    return np.greater(x, 0) if x.dtype.kind == "b" else signs(x)


for _function in (floor, ceil, trunc, rint, sign):
    flat(_function)


def round_to(x: Any, decimals: Any) -> Any:
    """x rounded to a number of decimals, or with a negative number to tens, hundreds …"""
    if decimals == 0:
        return np.rint(x)
    scale = x.dtype.type(10.0 ** abs(decimals))
    return np.rint(x / scale) * scale if decimals < 0 else np.rint(x * scale) / scale


rule(
    round_to,
    "x, decimals",
    vjp={"x": "np.zeros_like(y_bar)"},
    jvp={"x": "np.zeros_like(x_dot)"},
)


def frac(x: Any) -> Any:
    """The fraction, with the sign of x."""
    return x - np.trunc(x)


elementwise(frac, "1")


def floor_quotient(x1: Any, x2: Any) -> Any:
    """The quotient rounded down."""
    return np.floor_divide(x1, x2)


def trunc_quotient(x1: Any, x2: Any) -> Any:
    """The quotient rounded towards zero."""
    y = np.divide(x1, x2)
    if np.asarray(x1).dtype.kind == "f":
        return np.trunc(y)
    down = np.floor_divide(x1, x2)
    return down + ((np.remainder(x1, x2) != 0) & (np.less(x1, 0) != np.less(x2, 0)))


elementwise(floor_quotient, "0", "0")
elementwise(trunc_quotient, "0", "0")


def nextafter(x1: Any, x2: Any) -> Any:
    """The next floating point number from x1 towards x2."""
    return np.nextafter(x1, x2)


elementwise(nextafter, "np.not_equal(x1, x2)", "0")


def remainder(x1: Any, x2: Any) -> Any:
    """What division rounded down leaves; a zero keeps the sign of x1."""
    y = np.fmod(x1, x2)
    return np.where((y != 0) & (np.less(x2, 0) != (y < 0)), y + x2, y)


elementwise(remainder, "1", "-floor_quotient(x1, x2)")
