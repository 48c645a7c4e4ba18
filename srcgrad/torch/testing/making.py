"""Tensors of random numbers for tests."""

from __future__ import annotations

import math
from typing import Any

import srcgrad.torch as torch
from srcgrad.torch.creation import sizes
from srcgrad.torch.devices import on_cpu


def make_tensor(
    *shape: Any, dtype: Any, device: Any = "cpu", low: Any = None, high: Any = None, requires_grad: bool = False,
    noncontiguous: bool = False, exclude_zero: bool = False, memory_format: Any = None,
) -> Any:  # fmt: skip
    """Uniform numbers in [low, high), by default from -9 to 9, from 0 to 9 for unsigned integers, or 0 and 1 for bools."""
    del memory_format
    on_cpu(device)
    size = sizes(shape)
    if noncontiguous and math.prod(size) > 1:
        size = (*size, 2)
    if dtype is torch.bool:
        low, high = 0 if low is None else low, 2 if high is None else high
        found = torch.randint(int(low), max(int(high), 1), size).bool()
    elif not (dtype.is_floating_point or dtype.is_complex):
        info = torch.iinfo(dtype)
        low = max(info.min, -9 if dtype.is_signed else 0) if low is None else max(info.min, math.ceil(low))
        high = 10 if high is None else min(info.max, math.ceil(high))
        found = torch.randint(low, high, size).to(dtype)
    else:
        low, high = -9.0 if low is None else low, 9.0 if high is None else high
        if not low < high:
            raise ValueError(f"`make_tensor` requires `low` to be less than `high`, but got {low} >= {high}")
        found = torch.empty(size, dtype=dtype)
        (torch.view_as_real(found) if dtype.is_complex else found).uniform_(low, high)
    if size and size != sizes(shape):
        found = found[..., 0]
    if exclude_zero:
        found[found == 0] = 1 if not dtype.is_floating_point else torch.finfo(dtype).tiny
    return found.requires_grad_(requires_grad) if dtype.is_floating_point or dtype.is_complex else found
