"""torch.hann_window and its like: windows for spectra, periodic unless asked otherwise.

What enters: a length. What leaves: a tensor. A periodic window is the symmetric one of one element more, without its last element.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.torch import dtypes
from srcgrad.torch.creation import check_placement, numpy_dtype
from srcgrad.torch.kernels.bessel_functions import i0
from srcgrad.torch.names import op
from srcgrad.torch.tensor import Tensor, wrap


def _made(
    name: str, length: int, periodic: bool, options: dict[str, Any], compute: Callable[[Any, int], Any]
) -> Tensor:
    dtype = options.pop("dtype", None)
    check_placement(options.pop("device", None), options.pop("layout", None))
    requires_grad = options.pop("requires_grad", False)
    options.pop("pin_memory", None)
    if options:
        raise TypeError(f"{name}() got an unexpected keyword argument '{next(iter(options))}'")
    kind = numpy_dtype(dtype)
    if kind.kind not in "fc":
        word = {"Long": "long int", "Int": "int"}.get(dtypes.of(kind)._c_name, dtypes.of(kind)._c_name.lower())
        raise RuntimeError(
            f"{name} expects floating point dtypes, got: TensorOptions(dtype={word}, device=cpu, layout=Strided (default), "
            "requires_grad=false (default), pinned_memory=false, memory_format=(nullopt))"
        )
    if length < 0:
        raise RuntimeError(f"{name} requires non-negative window_length, got window_length={length}")
    if length < 2:
        values: Any = np.ones(length, kind)
    else:
        n = length + 1 if periodic else length
        values = compute(np.arange(n, dtype=kind), n)[:length]
    return wrap(np.ascontiguousarray(values)).requires_grad_(requires_grad)


@op("hamming_window", method=False)
def hamming_window(
    window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, **options: Any
) -> Tensor:
    """alpha - beta cos."""
    return _raised_cosine("hamming_window", window_length, periodic, alpha, beta, options)


@op("hann_window", method=False)
def hann_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """0.5 - 0.5 cos."""
    return _raised_cosine("hann_window", window_length, periodic, 0.5, 0.5, options)


def _raised_cosine(
    name: str, length: int, periodic: bool, alpha: float, beta: float, options: dict[str, Any]
) -> Tensor:
    return _made(name, length, periodic, options, lambda k, n: np.cos(k * (2.0 * math.pi / (n - 1))) * -beta + alpha)


@op("blackman_window", method=False)
def blackman_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """0.42 - 0.5 cos + 0.08 cos of twice that."""

    def compute(k: Any, n: int) -> Any:
        k = k * (math.pi / (n - 1))
        return np.cos(k * 4) * 0.08 - np.cos(k * 2) * 0.5 + 0.42

    return _made("blackman_window", window_length, periodic, options, compute)


@op("bartlett_window", method=False)
def bartlett_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """A triangle."""

    def compute(k: Any, n: int) -> Any:
        k = k * (2.0 / (n - 1))
        half = ((n - 1) >> 1) + 1
        k[half:] = 2 - k[half:]
        return k

    return _made("bartlett_window", window_length, periodic, options, compute)


@op("kaiser_window", method=False)
def kaiser_window(window_length: int, periodic: bool = True, beta: float = 12.0, **options: Any) -> Tensor:
    """Kaiser's window of Bessel functions."""

    def compute(k: Any, n: int) -> Any:
        middle = (n - 1) / 2.0
        t = (k - middle) / middle
        return i0(beta * np.sqrt(np.maximum(1 - t * t, 0))) / i0(np.asarray(beta, k.dtype))

    return _made("kaiser_window", window_length, periodic, options, compute)
