"""scipy.signal: convolutions and recursive filters.

What SciPy itself writes in Python over these and over scipy.fft (fftconvolve, filtfilt, stft, resample …) is
differentiated as it stands.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import signal  # type: ignore[import-untyped]

from srcgrad.rules.table import composed, linear, rule

# Convolutions of several dimensions, bilinear: y_k is the sum of a_i v_{k-i}, of which each mode keeps a block.


def kept_from(shape: Any, other: Any, mode: str) -> list[int]:
    """Where the block that is kept of the full convolution begins, along each dimension."""
    if mode == "valid":
        return [min(n, m) - 1 for n, m in zip(shape, other, strict=True)]
    return [(m - 1) // 2 if mode == "same" else 0 for m in other]


def convolve_bar(y_bar: Any, x: Any, other: Any, start: list[int], method: str) -> Any:
    """The cotangent of the operand x of a convolution."""
    if np.ndim(x) == 0:
        return np.sum(y_bar * other)
    sizes = [n + m - 1 for n, m in zip(np.shape(x), np.shape(other), strict=True)]
    pads = [(k, size - k - n) for k, size, n in zip(start, sizes, np.shape(y_bar), strict=True)]
    return signal.convolve(np.pad(y_bar, pads), np.flip(other), "valid", method)


linear(
    signal.convolve,
    "in1, in2, mode='full', method='auto'",
    in1="convolve_bar(y_bar, in1, in2, kept_from(np.shape(in1), np.shape(in2), mode), method)",
    in2="convolve_bar(y_bar, in2, in1, kept_from(np.shape(in1), np.shape(in2), mode), method)",
)


@composed(signal.correlate)
def correlate(in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Any:
    """The convolution with the reversed conjugate."""
    in1, in2 = np.asarray(in1), np.asarray(in2)
    turned = np.conj(np.flip(in2))
    if mode == "same":
        full = signal.convolve(in1, turned, "full", method)
        return full[tuple(slice((m - 1) // 2, (m - 1) // 2 + n) for n, m in zip(in1.shape, in2.shape, strict=True))]
    return signal.convolve(in1, turned, mode, method)


# In two dimensions, with a boundary that is filled, repeated or reflected.


def beyond(n: int, reach: int, boundary: str) -> Any:
    """For each place from -reach to n + reach, the place that it stands for."""
    place = np.arange(-reach, n + reach)
    if boundary == "wrap":
        return place % n
    place = place % (2 * n)
    return np.minimum(place, 2 * n - 1 - place)


@composed(signal.convolve2d)
def convolve2d(in1: Any, in2: Any, mode: str = "full", boundary: str = "fill", fillvalue: Any = 0) -> Any:
    """The convolution of a matrix that has been extended."""
    in1, in2 = np.asarray(in1), np.asarray(in2)
    if mode == "valid" and any(n < m for n, m in zip(in1.shape, in2.shape, strict=True)):
        in1, in2 = in2, in1
    if mode == "valid":
        return signal.convolve(in1, in2, "valid", "direct")
    (n, m), (rows, columns) = in1.shape, in2.shape
    if boundary in ("wrap", "symm", "symmetric", "circular"):
        kind = "wrap" if boundary in ("wrap", "circular") else "symm"
        extended = in1[beyond(n, rows - 1, kind)][:, beyond(m, columns - 1, kind)]
    else:
        pads = [(rows - 1, rows - 1), (columns - 1, columns - 1)]
        mask = np.pad(np.zeros((n, m)), pads, constant_values=1.0)
        extended = np.pad(in1, pads) + fillvalue * mask
    full = signal.convolve(extended, in2, "valid", "direct")
    if mode == "full":
        return full
    first, second = (rows - 1) // 2, (columns - 1) // 2
    return full[first : first + n, second : second + m]


@composed(signal.correlate2d)
def correlate2d(in1: Any, in2: Any, mode: str = "full", boundary: str = "fill", fillvalue: Any = 0) -> Any:
    """The convolution with the reversed conjugate."""
    in1, in2 = np.asarray(in1), np.asarray(in2)
    turned = np.conj(np.flip(in2))
    if mode == "valid":
        swapped = any(n < m for n, m in zip(in1.shape, in2.shape, strict=True))
        y = convolve2d(in1, turned, mode, boundary, fillvalue)
        return np.conj(y) if swapped and np.iscomplexobj(y) and not np.iscomplexobj(in2) else y
    full = convolve2d(in1, turned, "full", boundary, fillvalue)
    if mode == "full":
        return full
    first, second = in2.shape[0] // 2, in2.shape[1] // 2
    return full[first : first + in1.shape[0], second : second + in1.shape[1]]


# Recursive filters: a delayed sum of the input, then a_0 y_n + a_1 y_{n-1} + … = u_n along the last axis.


def recursion(a: Any, u: Any) -> Any:
    """The filter with poles alone."""
    return signal.lfilter(np.ones(1, np.asarray(a).dtype), a, u)


def recursion_bar(y_bar: Any, a: Any) -> Any:
    """Its transpose: the filter run backwards in time."""
    return np.flip(recursion(a, np.flip(y_bar, -1)), -1)


def delayed(x: Any, k: int) -> Any:
    """x_{n-k} along the last axis, zero at first."""
    if k == 0:
        return x
    size = np.shape(x)[-1]
    lost = min(k, size)
    return np.concatenate([np.zeros((*np.shape(x)[:-1], lost)), x[..., : size - lost]], -1)


rule(
    recursion,
    "a, u",
    vjp={
        "a": "-np.stack([np.sum(recursion_bar(y_bar, a) * delayed(y, k)) for k in range(len(a))])",
        "u": "recursion_bar(y_bar, a)",
    },
    jvp={
        "a": "-recursion(a, sum([a_dot[k] * delayed(y, k) for k in range(len(a))]))",
        "u": "recursion(a, u_dot)",
    },
)


@composed(signal.lfilter)
def lfilter(b: Any, a: Any, x: Any, axis: int = -1, zi: Any = None) -> Any:
    """The sum of delayed inputs, the state at the start added to it, and the recursion."""
    b, a = np.atleast_1d(b), np.atleast_1d(a)
    b, a = b / a[0], a / a[0]
    x = np.moveaxis(np.asarray(x), axis, -1)
    size, states = np.shape(x)[-1], max(len(a), len(b)) - 1
    u = sum([b[k] * delayed(x, k) for k in range(len(b))])
    state: Any = None
    if zi is not None:
        state = np.moveaxis(np.asarray(zi), axis, -1)
        lead = np.shape(x)[:-1]
        state = np.concatenate([np.broadcast_to(state, (*lead, states)), np.zeros((*lead, size))], -1)
        u = u + state[..., :size]
    y = recursion(a, u)
    if zi is None:
        return np.moveaxis(y, -1, axis)
    # What the sums of a silent continuation still owe to the past is the state at the end.
    owed = []
    for k in range(states):
        z = state[..., size + k]
        for j in range(k + 1, states + 1):
            past = size + k - j
            if past >= 0:
                z = z + (b[j] * x[..., past] if j < len(b) else 0.0) - (a[j] * y[..., past] if j < len(a) else 0.0)
        owed.append(z)
    return np.moveaxis(y, -1, axis), np.moveaxis(np.stack(owed, -1), -1, axis)


@composed(signal.sosfilt)
def sosfilt(sos: Any, x: Any, axis: int = -1, zi: Any = None) -> Any:
    """One section after the other."""
    sos = np.asarray(sos)
    ends = []
    for k in range(len(sos)):
        if zi is None:
            x = signal.lfilter(sos[k, :3], sos[k, 3:], x, axis)
        else:
            x, end = signal.lfilter(sos[k, :3], sos[k, 3:], x, axis, zi[k])
            ends.append(end)
    return x if zi is None else (x, np.stack(ends))


@composed(signal.upfirdn)
def upfirdn(h: Any, x: Any, up: int = 1, down: int = 1, axis: int = -1, mode: str = "constant", cval: Any = 0) -> Any:
    """Zeros put between the inputs, a convolution, and every so-manieth result."""
    if mode not in (None, "constant") or cval != 0:
        raise NotImplementedError(f"upfirdn with mode={mode!r}", "extend the signal before it is filtered")
    h, x = np.asarray(h), np.moveaxis(np.asarray(x), axis, -1)
    size = (np.shape(x)[-1] - 1) * up + 1
    spaced = np.reshape(np.stack([x, *[np.zeros_like(x)] * (up - 1)], -1), (*np.shape(x)[:-1], -1))[..., :size]
    extended = np.concatenate([spaced, np.zeros((*np.shape(x)[:-1], len(h) - 1))], -1)
    full = sum([h[k] * delayed(extended, k) for k in range(len(h))])
    return np.moveaxis(full[..., ::down], -1, axis)
