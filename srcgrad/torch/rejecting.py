"""Random numbers that take an unforeseeable count of draws: gamma, Dirichlet, Poisson and binomial ones, PyTorch's own for a seed.

Each element is drawn in turn with Python's floats, in float64 whatever the dtype, as PyTorch's processor kernels do it; a
constant that is a float there is one here.

Marsaglia and Tsang 2000, A simple method for generating gamma variables; Hoermann 1993, The transformed rejection method for
generating Poisson random variables, and The generation of binomial random variates.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Self

import numpy as np

from srcgrad.torch.drawing import unit
from srcgrad.torch.generator import Generator, default_generator

Array = np.ndarray[Any, Any]

_THIRD, _SQUEEZE = float(np.float32(1) / np.float32(3)), float(np.float32(0.0331))


class Stream:
    """The generator's uniform numbers in [0, 1), one by one; on leaving, the generator stands where the last was drawn."""

    def __init__(self, generator: Generator | None) -> None:
        self.source = generator or default_generator
        self.ahead = self.source.clone_state()
        self.spare = self.source.spare
        self.used = 0
        self.uniform: Callable[[], float] = self._numbers().__next__

    def _numbers(self) -> Iterator[float]:
        block = 16
        while True:
            for value in unit(self.ahead, block, np.dtype(np.float64)).tolist():
                self.used += 1
                yield value
            block = min(2 * block, 4096)

    def normal(self) -> float:
        """A standard normal number, of which the second of a pair is kept."""
        if self.spare is not None:
            kept, self.spare = self.spare, None
            return kept
        angle, radius = 2 * math.pi * self.uniform(), math.sqrt(-2 * math.log1p(-self.uniform()))
        self.spare = radius * math.sin(angle)
        return radius * math.cos(angle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.source.double_words(self.used)
        self.source.spare = self.spare


def standard_gamma(shape: Array, generator: Generator | None = None) -> Array:
    """Gamma distributed numbers of rate one; `shape` holds the parameters of shape."""
    with Stream(generator) as stream:
        drawn = [_gamma(a, stream) for a in shape.ravel()]
    found: Array = np.maximum(_in(drawn, shape), np.finfo(shape.dtype).tiny)
    return found


def dirichlet(concentration: Array, generator: Generator | None = None) -> Array:
    """Probabilities along the last axis."""
    with Stream(generator) as stream:
        wide = concentration.astype(np.float64)
        drawn = np.array([_gamma(a, stream) for a in wide.ravel()]).reshape(wide.shape)
    found = (drawn / drawn.sum(-1, keepdims=True)).astype(concentration.dtype)
    one, info = concentration.dtype.type(1), np.finfo(concentration.dtype)
    kept: Array = np.clip(found, info.tiny, np.nextafter(one, concentration.dtype.type(0)))
    return kept


def poisson(rate: Array, generator: Generator | None = None) -> Array:
    """Poisson distributed numbers."""
    with Stream(generator) as stream:
        return _in([_poisson(v, stream) for v in rate.ravel().tolist()], rate)


def binomial(count: Array, prob: Array, generator: Generator | None = None) -> Array:
    """How many of a count of trials succeed."""
    counts, probs = (a.ravel().tolist() for a in np.broadcast_arrays(count, prob))
    with Stream(generator) as stream:
        found = [_binomial(n, p, stream) for n, p in zip(counts, probs, strict=True)]
    return np.array(found, count.dtype).reshape(np.broadcast_shapes(count.shape, prob.shape))


def _in(drawn: list[Any], like: Array) -> Array:
    return np.array(drawn).astype(like.dtype).reshape(like.shape)


def _gamma(alpha: Any, stream: Stream) -> float:
    """A number for a parameter, a NumPy scalar: what PyTorch computes in its dtype is computed in it."""
    if alpha == 0:
        return 0.0
    one, scale = alpha.dtype.type(1), 1.0
    if alpha < 1:
        scale = (1 - stream.uniform()) ** float(one / alpha)
        alpha = alpha + one
    d = float(alpha - alpha.dtype.type(_THIRD))
    c = 1 / math.sqrt(9 * d)
    while True:
        x = stream.normal()
        while (y := 1 + c * x) <= 0:
            x = stream.normal()
        v, u, square = y * y * y, 1 - stream.uniform(), x * x
        if u < 1 - _SQUEEZE * square * square or math.log(u) < 0.5 * square + d * (1 - v + math.log(v)):
            return scale * d * v


def _poisson(rate: float, stream: Stream) -> int:
    if not rate >= 0:
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    if rate == 0:
        return 0
    if rate >= 10:
        return _large_poisson(rate, stream)
    limit, product, count = math.exp(-rate), stream.uniform(), 0
    while product > limit:
        product *= stream.uniform()
        count += 1
    return count


def _large_poisson(rate: float, stream: Stream) -> int:
    log_rate = math.log(rate)
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    v_r = 0.9277 - 3.6224 / (b - 2)
    while True:
        u, v = stream.uniform() - 0.5, stream.uniform()
        us = 0.5 - abs(u)
        k = math.floor((2 * a / us + b) * u + rate + 0.43)
        if us >= 0.07 and v <= v_r:
            return k
        if k < 0 or (us < 0.013 and v > us):
            continue
        bound = k * log_rate - rate - math.lgamma(k + 1)
        if math.log(v) + math.log(inverse_alpha) - math.log(a / (us * us) + b) <= bound:
            return k


def _binomial(count: float, prob: float, stream: Stream) -> float:
    if count <= 0 or prob <= 0:
        return 0
    if prob >= 1:
        return count
    if prob > 0.5:
        return count - _binomial_of_half(count, 1 - prob, stream)
    return _binomial_of_half(count, prob, stream) if prob <= 0.5 else math.nan


def _binomial_of_half(count: float, prob: float, stream: Stream) -> float:
    """Of a probability up to a half."""
    if count * prob >= 10:
        return _large_binomial(count, prob, stream)
    # Waiting times between successes are geometric.
    log_fail, waited, found = math.log1p(-prob), 0.0, 0
    while True:
        u = stream.uniform()
        waited += math.ceil(math.log(u) / log_fail) if u else math.inf
        if waited > count:
            return found
        found += 1


def _large_binomial(count: float, prob: float, stream: Stream) -> float:
    spread = math.sqrt(count * prob * (1 - prob))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * prob
    c = count * prob + 0.5
    v_r = 0.92 - 4.2 / b
    r = prob / (1 - prob)
    alpha = (2.83 + 5.1 / b) * spread
    m = math.floor((count + 1) * prob)
    while True:
        u, v = stream.uniform() - 0.5, stream.uniform()
        us = 0.5 - abs(u)
        k = math.floor((2 * a / us + b) * u + c)
        if not 0 <= k <= count:
            continue
        if us >= 0.07 and v <= v_r:
            return k
        bound = (
            (m + 0.5) * math.log((m + 1) / (r * (count - m + 1)))
            + (count + 1) * math.log((count - m + 1) / (count - k + 1))
            + (k + 0.5) * math.log(r * (count - k + 1) / (k + 1))
            + _stirling_rest(m) + _stirling_rest(count - m) - _stirling_rest(k) - _stirling_rest(count - k)
        )  # fmt: skip
        if math.log(v * alpha / (a / (us * us) + b)) <= bound:
            return k


def _stirling_rest(k: float) -> float:
    """What Stirling's formula for log(k!) leaves out."""
    if k <= 9:
        return math.lgamma(k + 1) - ((k + 0.5) * math.log(k + 1) - (k + 1) + 0.5 * math.log(2 * math.pi))
    square = (k + 1) ** 2
    return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1)
