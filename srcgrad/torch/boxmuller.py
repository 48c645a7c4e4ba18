"""Normal numbers from uniform ones, bit for bit as PyTorch's processor kernels round them.

Sixteen uniform numbers make sixteen normal ones: the first eight give the radii, the last eight the angles; the cosines come first.
In float32 PyTorch's vector kernel takes logarithm, sine and cosine from the Cephes polynomials (Moshier 1989) with fused
multiply-adds, and so does this module: a fused step is a float64 product and sum, rounded to float32 once.
In float64 the C library's functions serve; NumPy's own differ from them in the last digit, hence the calls through `math`.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

# Numbers a chunk: its temporaries stay in the processor's cache, which makes a million numbers twice as fast.
CHUNK = 1 << 14

TWO_PI = 2 * math.pi


def libm(function: Callable[[float], float], values: Array) -> Array:
    """The C library's function of each of the float64 values."""
    return np.array(list(map(function, values.ravel().tolist())), np.float64).reshape(values.shape)


def fused(a: Array, b: Any, c: Any) -> Array:
    """a * b + c for floating point a, rounded once."""
    if a.dtype == np.float32:
        result: Array = (np.multiply(a, b, dtype=np.float64) + c).astype(np.float32)
        return result
    # The error of a product and of a sum is itself a float64 (Dekker 1971, Knuth's TwoSum); both are added back at the end.
    b, c = np.float64(b), np.float64(c)
    product = a * b
    split = np.float64((1 << 27) + 1)
    a_high = a * split - (a * split - a)
    b_high = b * split - (b * split - b)
    a_low, b_low = a - a_high, b - b_high
    lost = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    total = product + c
    back = total - product
    lost = lost + ((product - (total - back)) + (c - back))
    exact: Array = np.where(np.isfinite(lost), total + lost, total)
    return exact


def normal_blocks(uniform: Array, mean: float, std: float) -> Array:
    """The normal numbers of a flat array of uniform ones in [0, 1) whose size is a multiple of 16."""
    result = np.empty_like(uniform)
    transform = _blocks_float32 if uniform.dtype == np.float32 else _blocks_float64
    for start in range(0, uniform.size, CHUNK):
        blocks = uniform[start : start + CHUNK].reshape(-1, 2, 8)
        cosines, sines = transform(blocks[:, 0], blocks[:, 1])
        out = result[start : start + CHUNK].reshape(-1, 2, 8)
        if mean == 0 and std == 1:
            out[:, 0], out[:, 1] = cosines, sines
        else:
            scale, shift = uniform.dtype.type(std), uniform.dtype.type(mean)
            out[:, 0], out[:, 1] = fused(cosines, scale, shift), fused(sines, scale, shift)
    return result


def normal_pairs(uniform: Array) -> Array:
    """Two standard normal numbers for each two uniform ones of a flat float64 array, as the element by element kernel draws them."""
    angle, radius = TWO_PI * uniform[0::2], np.sqrt(-2 * libm(math.log1p, -uniform[1::2]))
    return np.stack([radius * libm(math.cos, angle), radius * libm(math.sin, angle)], 1).ravel()


def _blocks_float64(first: Array, second: Array) -> tuple[Array, Array]:
    radius, angle = np.sqrt(-2 * libm(math.log, 1 - first)), TWO_PI * second
    return radius * libm(math.cos, angle), radius * libm(math.sin, angle)


def _blocks_float32(first: Array, second: Array) -> tuple[Array, Array]:
    radius = np.sqrt(np.float32(-2) * _log(np.float32(1) - first))
    sine, cosine = _sine_and_cosine(np.float32(TWO_PI) * second)
    return radius * cosine, radius * sine


def _polynomial(x: Array, coefficients: tuple[float, ...]) -> Array:
    """Horner's scheme in float32 with fused steps."""
    wide = x.astype(np.float64)
    y = np.float64(np.float32(coefficients[0])) * wide
    for coefficient in coefficients[1:-1]:
        y += np.float64(np.float32(coefficient))
        y[...] = y.astype(np.float32)
        y *= wide
    y += np.float64(np.float32(coefficients[-1]))
    return y.astype(np.float32)


_LOG = (
    7.0376836292e-2,
    -1.1514610310e-1,
    1.1676998740e-1,
    -1.2420140846e-1,
    1.4249322787e-1,
    -1.6668057665e-1,
    2.0000714765e-1,
    -2.4999993993e-1,
    3.3333331174e-1,
)
_SINE = (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
_COSINE = (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
# ln 2 and a quarter of pi, in parts whose products with small integers are exact or nearly so.
_LN2 = (np.float32(0.693359375), np.float32(-2.12194440e-4))
_QUARTER_PI = (np.float32(0.78515625), np.float32(2.4187564849853515625e-4), np.float32(3.77489497744594108e-8))


def _log(x: Array) -> Array:
    """The natural logarithm of float32 numbers in (0, 1]."""
    half, one = np.float32(0.5), np.float32(1)
    bits = x.view(np.int32)
    exponent = ((bits >> 23) - 126).astype(np.float32)
    mantissa = ((bits & 0x007FFFFF) | 0x3F000000).view(np.float32)
    low = mantissa < np.float32(math.sqrt(0.5))
    exponent -= low
    m = (mantissa - one) + np.where(low, mantissa, np.float32(0))
    square = m * m
    y = fused(_polynomial(m, _LOG) * m, square, exponent * _LN2[1])
    return fused(exponent, _LN2[0], m + (y - square * half))


def _sine_and_cosine(x: Array) -> tuple[Array, Array]:
    """Sine and cosine of float32 angles in [0, 2 pi]."""
    half, one = np.float32(0.5), np.float32(1)
    octant = ((x * np.float32(4 / math.pi)).astype(np.int32) + 1) & ~1
    turns = octant.astype(np.float32)
    for part in _QUARTER_PI:
        x = fused(turns, -part, x)
    square = x * x
    cosine = fused(_polynomial(square, _COSINE) * square, square, -(square * half)) + one
    sine = fused(_polynomial(square, _SINE) * square, x, x)
    straight = (octant & 2) == 0
    sines, cosines = np.where(straight, sine, cosine), np.where(straight, cosine, sine)
    np.negative(sines, out=sines, where=(octant & 4) != 0)
    np.negative(cosines, out=cosines, where=((octant + 2) & 4) != 0)
    return sines, cosines
