"""torch.signal.windows: windows for spectra, symmetric unless asked otherwise.

What enters: a length and a shape's parameters. What leaves: a tensor of that length. A window that is not symmetric is the
symmetric one of one element more, without its last element.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from srcgrad.torch.creation import check_placement, numpy_dtype
from srcgrad.torch.dtypes import float32, float64, of, strided
from srcgrad.torch.names import FUNCTIONS
from srcgrad.torch.tensor import Tensor, wrap

__all__ = [
    "bartlett", "blackman", "cosine", "exponential", "gaussian", "general_cosine", "general_hamming", "hamming", "hann",
    "kaiser", "nuttall",
]  # fmt: skip


def _made(name: str, m: int, options: dict[str, Any], compute: Callable[[Any, int], Any]) -> Tensor:
    """A window, computed by `compute(dtype, length of the symmetric one)`."""
    sym = options.pop("sym", True)
    dtype = options.pop("dtype", None)
    requires_grad = options.pop("requires_grad", False)
    check_placement(options.pop("device", None))
    layout = options.pop("layout", strided)
    if options:
        raise TypeError(f"{name}() got an unexpected keyword argument '{next(iter(options))}'")
    if m < 0:
        raise ValueError(f"{name} requires non-negative window length, got M={m}")
    if layout is not strided:
        raise ValueError(f"{name} is implemented for strided tensors only, got: {layout}")
    if dtype not in {None, float32, float64}:
        raise ValueError(f"{name} expects float32 or float64 dtypes, got: {dtype}")
    kind = numpy_dtype(dtype)
    if m == 0:
        values: Any = np.zeros(0, kind)
    elif m == 1:
        values = np.ones(1, kind)
    else:
        values = compute(kind, m if sym else m + 1)
    return wrap(values).requires_grad_(requires_grad)


def _line(start: float, end: float, m: int, kind: Any) -> Any:
    return FUNCTIONS["linspace"](start, end, m, dtype=of(kind))._a


def general_cosine(M: int, *, a: Iterable[float], **options: Any) -> Tensor:
    """A sum of cosines with coefficients a, of alternating signs."""
    if not isinstance(a, Iterable):
        raise TypeError("Coefficients must be a list/tuple")
    weights = list(a)
    if not weights:
        raise ValueError("Coefficients cannot be empty")

    def compute(kind: Any, n: int) -> Any:
        step = 2 * math.pi / (n - 1)
        k = _line(0, (M - 1) * step, M, kind)
        signed = np.array([(-1) ** j * w for j, w in enumerate(weights)], kind)[:, None]
        return (signed * np.cos(np.arange(len(weights), dtype=kind)[:, None] * k)).sum(0)

    return _made("general_cosine", M, options, compute)


def general_hamming(M: int, *, alpha: float = 0.54, **options: Any) -> Tensor:
    """alpha - (1 - alpha) cos."""
    return general_cosine(M, a=[alpha, 1.0 - alpha], **options)


def hamming(M: int, **options: Any) -> Tensor:
    """0.54 - 0.46 cos."""
    return general_hamming(M, **options)


def hann(M: int, **options: Any) -> Tensor:
    """0.5 - 0.5 cos."""
    return general_hamming(M, alpha=0.5, **options)


def blackman(M: int, **options: Any) -> Tensor:
    """0.42 - 0.5 cos + 0.08 cos of twice that."""
    return general_cosine(M, a=[0.42, 0.5, 0.08], **options)


def nuttall(M: int, **options: Any) -> Tensor:
    """Nuttall's window of four cosines."""
    return general_cosine(M, a=[0.3635819, 0.4891775, 0.1365995, 0.0106411], **options)


def cosine(M: int, **options: Any) -> Tensor:
    """Half a wave of the sine."""

    def compute(kind: Any, n: int) -> Any:
        step = math.pi / n
        return np.sin(_line(0.5 * step, (0.5 + (M - 1)) * step, M, kind))

    return _made("cosine", M, options, compute)


def gaussian(M: int, *, std: float = 1.0, **options: Any) -> Tensor:
    """The normal distribution's density, 1 in the middle."""
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std} instead.")

    def compute(kind: Any, n: int) -> Any:
        start, scale = -(n - 1) / 2.0, 1 / (std * math.sqrt(2))
        k = _line(start * scale, (start + (M - 1)) * scale, M, kind)
        return np.exp(-k * k)

    return _made("gaussian", M, options, compute)


def exponential(M: int, *, center: float | None = None, tau: float = 1.0, **options: Any) -> Tensor:
    """exp(-|k - center| / tau)."""
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau} instead.")
    if options.get("sym", True) and center is not None:
        raise ValueError("Center must be None for symmetric windows")

    def compute(kind: Any, n: int) -> Any:
        middle = (n - 1) / 2.0 if center is None else center
        return np.exp(-np.abs(_line(-middle / tau, (-middle + (M - 1)) / tau, M, kind)))

    return _made("exponential", M, options, compute)


def kaiser(M: int, *, beta: float = 12.0, **options: Any) -> Tensor:
    """Kaiser's window of Bessel functions."""
    from srcgrad.torch.kernels.bessel_functions import i0

    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta} instead.")

    def compute(kind: Any, n: int) -> Any:
        step = 2.0 * beta / (n - 1)
        k = _line(-beta, min(beta, -beta + (M - 1) * step), M, kind)
        return i0(np.sqrt(np.maximum(beta * beta - k * k, 0))) / i0(np.asarray(beta, kind))

    return _made("kaiser", M, options, compute)


def bartlett(M: int, **options: Any) -> Tensor:
    """A triangle."""

    def compute(kind: Any, n: int) -> Any:
        step = 2 / (n - 1)
        return 1 - np.abs(_line(-1, -1 + (M - 1) * step, M, kind))

    return _made("bartlett", M, options, compute)
