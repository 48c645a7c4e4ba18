"""The state of the random numbers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from srcgrad.torch.generator import Generator, default_generator
from srcgrad.torch.tensor import Tensor


def manual_seed(seed: Any) -> Generator:
    """Start the random numbers from a seed: they are PyTorch's for that seed."""
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Start the random numbers from the operating system's entropy; the seed is returned."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed that the random numbers started from."""
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The state of the random numbers, as bytes."""
    return default_generator.get_state()  # type: ignore[no-any-return]


def set_rng_state(new_state: Tensor) -> None:
    """Take up a state of the random numbers."""
    default_generator.set_state(new_state)


@contextlib.contextmanager
def fork_rng(devices: Any = None, enabled: bool = True, **_: Any) -> Iterator[None]:
    """Leave the state of the random numbers after the block as it was before."""
    del devices
    before = get_rng_state()
    try:
        yield
    finally:
        if enabled:
            set_rng_state(before)


def thread_safe_generator() -> Any:
    """None: items are loaded in the thread itself."""
