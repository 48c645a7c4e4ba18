"""Random choices among indices, the ones that PyTorch makes on a processor for the same seed: randperm and multinomial."""

from typing import Any

import numpy as np

from srcgrad.torch import dtypes
from srcgrad.torch.drawing import exponential_, unit
from srcgrad.torch.generator import Generator, default_generator

Array = np.ndarray[Any, Any]


def randperm(n: int, dtype: Any = np.int64, generator: Generator | None = None) -> Array:
    """The numbers below n in random order: Fisher and Yates, from the front."""
    dtype = np.dtype(dtype)
    if n < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
    if dtype.kind not in "iuf":
        raise NotImplementedError(f'"randperm" not implemented for {dtypes.of(dtype)._c_name!r}')
    _check_permutation_fits(n, dtype)
    if n < 2:
        return np.arange(n).astype(dtype)
    source = generator or default_generator
    chosen = source.words(n - 1) % np.arange(n, 1, -1, dtype=np.uint64)
    order = list(range(n))
    for i, step in enumerate(chosen.tolist()):
        j = i + step
        order[i], order[j] = order[j], order[i]
    return np.array(order, dtype)


def _check_permutation_fits(n: int, dtype: "np.dtype[Any]") -> None:
    if dtype.kind == "f":
        limit = (1 << (np.finfo(dtype).nmant + 1)) + 1
        if n > limit:
            raise RuntimeError(f"n cannot be greater than {limit} for {dtypes.of(dtype)._c_name} type.")
    elif n - 1 > np.iinfo(dtype).max:
        raise RuntimeError(f"value cannot be converted to type {dtype.name}_t without overflow")


def multinomial(p: Array, count: int, replacement: bool = False, generator: Generator | None = None) -> Array:
    """Indices drawn with the probabilities (weights) in the last axis of p, of one or two axes."""
    if p.ndim not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if p.dtype.kind != "f":
        raise RuntimeError(
            f"multinomial only supports floating-point dtypes for input, got: {dtypes.of(p.dtype)._c_name}"
        )
    if count <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and count > p.shape[-1]:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    if p.size == 0:
        return np.empty((*p.shape[:-1], count), np.int64)
    if replacement and count > 1:
        return _with_replacement(p, count, generator or default_generator)
    if not ((p >= 0) & (p < np.inf)).all():
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if (p.sum(-1) == 0).any():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    # The first arrivals of competing exponential clocks.
    race = exponential_(np.empty_like(p), 1.0, generator)
    np.divide(p, race, out=race)
    if count == 1:
        winners: Array = np.argmax(race, -1, keepdims=True)
        return winners
    return np.argsort(-race, -1, kind="stable")[..., :count]


def _with_replacement(p: Array, count: int, source: Generator) -> Array:
    rows = p.reshape(-1, p.shape[-1])
    if (rows < 0).any() or np.isnan(rows).any():
        raise RuntimeError("invalid multinomial distribution (encountering probability entry < 0)")
    if np.isinf(rows).any():
        raise RuntimeError("invalid multinomial distribution (encountering probability entry = infinity or NaN)")
    cumulative = np.cumsum(rows, -1, dtype=np.promote_types(p.dtype, np.float32))
    if not (cumulative[:, -1] > 0).all():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    cumulative /= cumulative[:, -1:].copy()
    cumulative[:, -1] = 1
    drawn = unit(source, len(rows) * count, np.dtype(np.float64)).reshape(-1, count)
    chosen = [np.searchsorted(row.astype(np.float64), numbers) for row, numbers in zip(cumulative, drawn, strict=True)]
    return np.array(chosen, np.int64).reshape(*p.shape[:-1], count)
