"""Random numbers of every distribution, the ones that PyTorch draws on a processor for the same seed.

A function fills an array in place and returns it. Elements are filled in the order of memory, which is not the order of indices for a
transposed array; `torch.rand` and its kind fill an empty array. Each element draws one 32-bit number, or one of 64 bits where float64
takes part.
"""

import math
import warnings
from typing import Any

import numpy as np

from srcgrad.torch import dtypes
from srcgrad.torch.boxmuller import fused, libm, normal_blocks, normal_pairs
from srcgrad.torch.generator import Generator, default_generator

Array = np.ndarray[Any, Any]

# What the types of the elements are called in C++, which some messages show.
CPP = {
    "float16": "c10::Half",
    "float32": "float",
    "float64": "double",
    "complex64": "c10::complex<float>",
    "complex128": "c10::complex<double>",
    "uint8": "unsigned char",
    "int8": "signed char",
    "int16": "short",
    "int32": "int",
    "int64": "long int",
    "bool": "bool",
    "uint16": "unsigned short",
    "uint32": "unsigned int",
    "uint64": "unsigned long",
}

INT64_MIN, INT64_MAX = -(1 << 63), (1 << 63) - 1


def rand(shape: Any, dtype: Any = np.float32, generator: Generator | None = None) -> Array:
    return uniform_(np.empty(shape, dtype), 0.0, 1.0, generator)


def randn(shape: Any, dtype: Any = np.float32, generator: Generator | None = None) -> Array:
    return normal_(np.empty(shape, dtype), 0.0, 1.0, generator)


def randint(low: int, high: int, shape: Any, dtype: Any = np.int64, generator: Generator | None = None) -> Array:
    return random_(np.empty(shape, dtype), low, high, generator)


def uniform_(a: Array, low: float = 0.0, high: float = 1.0, generator: Generator | None = None) -> Array:
    if a.dtype.kind == "c":
        uniform_(_real_and_imaginary(a), low, high, generator)
        return a
    _check_floating(a, "check_uniform_bounds")
    limit = float(np.finfo(a.dtype).max)
    for bound, value in (("from", low), ("to", high)):
        if not -limit <= value <= limit:
            raise RuntimeError(f"{bound} is out of bounds for {CPP[a.dtype.name]}")
    if low > high:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}")
    if high - low > limit:
        raise RuntimeError(
            f"uniform_ expects to-from <= std::numeric_limits<{dtypes.of(a.dtype)._c_name}>::max(), but found to={high:g} and from={low:g} "
            "which result in to-from to exceed the limit"
        )
    # Half numbers are drawn as float32 and rounded.
    dtype = np.dtype(np.float64) if a.dtype == np.float64 else np.dtype(np.float32)
    values = unit(generator or default_generator, a.size, dtype)
    start, end = dtype.type(low), dtype.type(high)
    if (low, high) != (0, 1):
        values = fused(values, end - start, start)
    values = values.astype(a.dtype, copy=False)
    # Rounding may reach the upper bound, which is excluded.
    values[values == a.dtype.type(high)] = a.dtype.type(low)
    return _fill(a, values)


def normal_(a: Array, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Array:
    """Blocks of 16 for contiguous arrays of 16 and more, otherwise one by one in pairs, the second of a pair being kept."""
    if not std >= 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
    if a.size == 0:
        return a
    if a.dtype.kind == "c":
        normal_(_real_and_imaginary(a), mean, std / math.sqrt(2), generator)
        return a
    _check_floating(a, "normal_kernel_cpu")
    source = generator or default_generator
    if a.size < 16 or not a.flags.c_contiguous:
        return _fill(a, _paired(source, a.size, mean, std))
    dtype = np.dtype(np.float64) if a.dtype == np.float64 else np.dtype(np.float32)
    whole = a.size & ~15
    # The last block is drawn anew when the size is no multiple of 16; what it covers has been drawn in vain, except for half numbers.
    drawn = whole if a.dtype == np.float16 else a.size
    values = np.empty(a.size, dtype)
    values[:whole] = normal_blocks(unit(source, drawn, dtype)[:whole], mean, std)
    if whole != a.size:
        values[-16:] = normal_blocks(unit(source, 16, dtype), mean, std)
    return _fill(a, values)


def normal(mean: Any, std: Any, generator: Generator | None = None) -> Array:
    """torch.normal of arrays: standard numbers (or those of a number std), then scaled and shifted."""
    if isinstance(std, np.ndarray):
        if std.dtype.kind == "c":
            raise RuntimeError("normal expects standard deviation to be non-complex")
        if std.size and not std.min() >= 0:
            raise RuntimeError("normal expects all elements of std >= 0.0")
        dtype = mean.dtype if isinstance(mean, np.ndarray) else std.dtype
        values = randn(np.broadcast_shapes(np.shape(mean), std.shape), dtype, generator)
        values *= std
    else:
        values = normal_(np.empty(mean.shape, mean.dtype), 0.0, std, generator)
    values += mean
    return values


def random_(a: Array, low: int | None = None, high: int | None = None, generator: Generator | None = None) -> Array:
    """Whole numbers in [low, high); without bounds, all that the dtype counts exactly; random_(a, n) is [0, n)."""
    source, kind = generator or default_generator, a.dtype.kind
    if low is None and high is None:
        return _random_of_dtype(a, source)
    if low is not None and high is None and low != INT64_MIN:
        return _random_from(a, low, source)
    if low == INT64_MIN and high is None:
        if a.dtype not in (np.int64, np.float64, np.float32):
            raise RuntimeError("random_full_64_bits_range_kernel_cpu handles only int64, double, float and bfloat16")
        return _fill(a, source.double_words(a.size).view(np.int64)) if a.size else a
    low = 0 if low is None else low
    assert high is not None
    for bound in (low, high):
        if not INT64_MIN <= bound <= INT64_MAX:
            raise ValueError("Overflow when unpacking long long")
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    if kind == "f":
        low, high = _representable_from(low, a.dtype), _representable_to(high, a.dtype)
        if low >= high:
            raise RuntimeError(
                "random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, "
                f"but got from={low} >= to={high}"
            )
    _check_within(low, high - 1, a.dtype)
    return _integers(a, low, high - low, source)


def _random_from(a: Array, low: int, source: Generator) -> Array:
    if a.dtype.kind == "f":
        last = 1 << (np.finfo(a.dtype).nmant + 1)
        low = _representable_from(low, a.dtype)
        if low >= last:
            raise RuntimeError(
                "random_ expects 'from' casted to dtype to be less than or equal to 'to_inc' casted to dtype, "
                f"but got from={low} > to_inc={last}"
            )
    else:
        last = 1 if a.dtype.kind == "b" else min(int(np.iinfo(a.dtype).max), INT64_MAX)
    _check_within(low, last, a.dtype)
    return _integers(a, low, last - low + 1, source)


def _random_of_dtype(a: Array, source: Generator) -> Array:
    if a.size == 0:
        return a
    if a.dtype.kind == "b":
        span = 2
    elif a.dtype.kind == "f":
        span = (1 << (np.finfo(a.dtype).nmant + 1)) + 1
    elif a.dtype.kind == "i" or a.dtype == np.uint8:
        span = int(np.iinfo(a.dtype).max) + 1
    else:
        raise NotImplementedError(f'"random_kernel_cpu" not implemented for {dtypes.of(a.dtype)._c_name!r}')
    words = source.double_words(a.size) if a.dtype in (np.float64, np.int64) else source.words(a.size)
    return _fill(a, words % np.uint64(span))


def _integers(a: Array, low: int, span: int, source: Generator) -> Array:
    if a.size == 0:
        return a
    # Remainders of 32 bits would be skewed by more than a few per cent beyond this span.
    words = source.double_words(a.size) if span >= 1 << 28 else source.words(a.size)
    if span < 1 << 64:
        words %= np.uint64(span)
    words += np.uint64(low & 0xFFFFFFFFFFFFFFFF)
    return _fill(a, words.view(np.int64))


def _representable_from(low: int, dtype: "np.dtype[Any]") -> int:
    """The next bound to the right that rounding to the dtype does not push out of the range."""
    rounded = int(dtype.type(low + 1))
    if rounded < low:
        low = rounded + (1 << (abs(low + 1).bit_length() - 1 - np.finfo(dtype).nmant))
    return low


def _representable_to(high: int, dtype: "np.dtype[Any]") -> int:
    with np.errstate(over="ignore"):
        rounded = dtype.type(high - 1)
    if math.isfinite(rounded) and int(rounded) >= high:
        high = int(rounded) - (1 << (abs(high - 1).bit_length() - 1 - np.finfo(dtype).nmant))
    return high


def _check_within(first: int, last: int, dtype: "np.dtype[Any]") -> None:
    name = CPP[dtype.name]
    if dtype.kind == "f":
        lowest, highest = -float(np.finfo(dtype).max), float(np.finfo(dtype).max)
    elif dtype.kind == "b":
        lowest, highest = 0, 1
    elif dtype.kind in "iu":
        lowest, highest = int(np.iinfo(dtype).min), min(int(np.iinfo(dtype).max), INT64_MAX)
    else:
        raise RuntimeError("check_random_bounds handles only integral, floating-point and boolean types")
    for bound, value in (("from", first), ("to - 1", last)):
        if not lowest <= value <= highest:
            raise RuntimeError(f"{bound} is out of bounds for {name}")
    if dtype.kind == "f":
        digits = np.finfo(dtype).nmant + 1
        for bound, value in (("from", first), ("to - 1", last)):
            if abs(value) > 1 << digits:
                warnings.warn(
                    f"{bound} is out of bounds [-(2^{digits}), 2^{digits}]. Due to precision limitations {name} can support discrete "
                    "uniform distribution only within this range. This warning will become an error in version 1.7 release, "
                    "please fix the code in advance",
                    UserWarning,
                    stacklevel=4,
                )


def bernoulli_(a: Array, p: Any = 0.5, generator: Generator | None = None) -> Array:
    """Ones with probability p, a number or an array of floating point numbers."""
    source = generator or default_generator
    if isinstance(p, np.ndarray):
        return _bernoulli_of_array(a, p, source)
    if not 0 <= p <= 1:
        raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
    if a.size == 0:
        return a
    _check_real(a, "bernoulli_scalar_cpu_")
    return _fill(a, unit(source, a.size, np.dtype(np.float64)) < p)


def _bernoulli_of_array(a: Array, p: Array, source: Generator) -> Array:
    if a.size == 0:
        return a
    _check_real(a, "bernoulli_tensor_cpu_self_")
    if p.dtype.kind != "f":
        raise NotImplementedError(f'"bernoulli_tensor_cpu_p_" not implemented for {dtypes.of(p.dtype)._c_name!r}')
    if not ((p >= 0) & (p <= 1)).all():
        raise RuntimeError(
            "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  "
            "(Could this error message be improved?  If so, please report an enhancement request to PyTorch.)"
        )
    dtype = np.dtype(np.float64) if p.dtype == np.float64 else np.dtype(np.float32)
    target = _by_memory(a)
    drawn = unit(source, a.size, dtype).reshape(target.shape)
    # The probabilities follow the elements to their places in memory.
    target[...] = drawn < np.broadcast_to(p, a.shape).transpose(_memory_order(a))
    return a


def dropout_mask(a: Array, p: float, generator: Generator | None = None) -> Array:
    """What dropout multiplies `a` by: zero with probability p, otherwise 1 / (1 - p)."""
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p:g}")
    # PyTorch draws nothing in these two cases.
    if p == 0 or a.size == 0:
        return np.ones_like(a)
    if p == 1:
        return np.zeros_like(a)
    mask = bernoulli_(np.empty_like(a), 1 - p, generator)
    kept = np.float64 if a.dtype == np.float64 else np.float32
    mask *= (kept(1) / kept(1 - p)).astype(a.dtype)
    return mask


def exponential_(a: Array, lambd: float = 1.0, generator: Generator | None = None) -> Array:
    if not lambd > 0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd:g}")
    if a.dtype.kind != "f":
        raise RuntimeError(_continuous("Exponential", dtypes.of(a.dtype)._c_name))
    return _fill(a, -1.0 / lambd * libm(math.log1p, -_uniform64(a, generator)))


def log_normal_(a: Array, mean: float = 1.0, std: float = 2.0, generator: Generator | None = None) -> Array:
    if not std > 0:
        raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}")
    if a.size == 0:
        return a
    _check_floating(a, "log_normal_cpu")
    exponents = _paired(generator or default_generator, a.size, mean, std)
    # math.exp raises where C returns infinity.
    large = exponents > 709
    values = libm(math.exp, np.where(large, 0.0, exponents))
    with np.errstate(over="ignore"):
        values[large] = np.exp(exponents[large])
        return _fill(a, values)


def cauchy_(a: Array, median: float = 0.0, sigma: float = 1.0, generator: Generator | None = None) -> Array:
    if not sigma > 0:
        raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
    if a.dtype.kind != "f":
        raise RuntimeError(_continuous("Cauchy", CPP[a.dtype.name]))
    tangents = libm(math.tan, math.pi * (_uniform64(a, generator) - 0.5))
    with np.errstate(over="ignore"):
        return _fill(a, fused(tangents, sigma, median))


def geometric_(a: Array, p: float, generator: Generator | None = None) -> Array:
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
    if a.size == 0:
        return a
    if a.dtype.kind not in "iuf":
        raise NotImplementedError(f'"geometric_cpu" not implemented for {dtypes.of(a.dtype)._c_name!r}')
    uniform = _uniform64(a, generator)
    # Zero, one draw in 2**53, has no finite logarithm; the smallest other draw stands in.
    uniform[uniform == 0] = 2.0**-53
    return _fill(a, np.ceil(libm(math.log, uniform) / math.log1p(-p)))


def unit(source: Generator, count: int, dtype: "np.dtype[Any]") -> Array:
    """Uniform numbers in [0, 1): as many low bits of a word as the dtype's mantissa has."""
    if dtype == np.float64:
        words = source.double_words(count)
        words &= np.uint64((1 << 53) - 1)
        return words * 2.0**-53
    words = source.words(count)
    words &= np.uint64((1 << 24) - 1)
    return words.astype(np.float32) * np.float32(2.0**-24)


def _uniform64(a: Array, generator: Generator | None) -> Array:
    return unit(generator or default_generator, a.size, np.dtype(np.float64))


def _paired(source: Generator, count: int, mean: float, std: float) -> Array:
    """Normal numbers drawn in pairs; the one left over waits in the generator."""
    kept = [] if source.spare is None else [source.spare]
    pairs = (count - len(kept) + 1) // 2
    values = np.concatenate([kept, normal_pairs(unit(source, 2 * pairs, np.dtype(np.float64)))])
    source.spare = float(values[-1]) if len(values) > count else None
    return fused(values[:count], std, mean)


def _fill(a: Array, values: Array) -> Array:
    if a.dtype == np.float16:
        values = values.astype(np.float32)  # on the way to half numbers PyTorch rounds twice
    if a.flags.c_contiguous:
        a[...] = values.reshape(a.shape)
    else:
        target = _by_memory(a)
        target[...] = values.reshape(target.shape)
    return a


def _memory_order(a: Array) -> list[int]:
    return sorted(range(a.ndim), key=lambda axis: -abs(a.strides[axis]))


def _by_memory(a: Array) -> Array:
    return a.transpose(_memory_order(a))


def _real_and_imaginary(a: Array) -> Array:
    """The parts of a complex array as a last axis, sharing its memory."""
    real = a.real
    return np.lib.stride_tricks.as_strided(real, (*a.shape, 2), (*a.strides, real.itemsize))


def _check_floating(a: Array, kernel: str) -> None:
    if a.dtype.kind != "f":
        raise NotImplementedError(f'"{kernel}" not implemented for {dtypes.of(a.dtype)._c_name!r}')


def _check_real(a: Array, kernel: str) -> None:
    if a.dtype.kind == "c" or a.dtype.name in {"uint16", "uint32", "uint64"}:
        raise NotImplementedError(f'"{kernel}" not implemented for {dtypes.of(a.dtype)._c_name!r}')


def _continuous(distribution: str, dtype: str) -> str:
    return (
        f"{distribution} distribution is a continuous probability distribution. "
        f"dtype must be a floating point but you specified {dtype}"
    )
